import net, { type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Network } from '../../src/transport/network.ts';
import { openNetwork } from '../../src/transport/open-network.ts';
import {
  hasOpenssl,
  listen,
  makeCertificate,
  networkWith,
  never,
  optionsWith,
  SECRET,
  serve,
  serveProxy,
  serveTls,
  settledCount,
} from './support.ts';

const credential = { authorization: `Bearer ${SECRET}` };

async function frameOf(network: Network, url: string): Promise<string> {
  const { frames } = await network.websocket({ url, credential }, never);
  const { value } = await frames.next();
  await frames.return({ code: 1000, reason: '' });
  return Array.isArray(value) ? String(value[0]) : '';
}

function addWebSocket(server: Server): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket: Socket, head) =>
    sockets.handleUpgrade(request, socket, head, (ws) => ws.send(`frame for ${request.headers.host}`)),
  );
}

describe.skipIf(!hasOpenssl)('TLS', () => {
  const certificate = hasOpenssl ? makeCertificate() : { pem: '', key: '', fingerprint: '' };
  const other = hasOpenssl ? makeCertificate('DNS:other.example') : certificate;

  /** Counts what a client says after the handshake. */
  async function serveCounting(shown = certificate) {
    let bytes = 0;
    const served = await serveTls(shown, (_request, response) => response.end('secret answer'));
    addWebSocket(served.server);
    served.server.on('secureConnection', (socket) =>
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length)),
    );
    return { ...served, bytes: () => bytes };
  }

  test('a self-signed certificate is refused with the ways out, before anything is sent', async () => {
    const { origin, bytes } = await serveCounting();
    const network = networkWith();
    for (const send of [network.request, network.websocket]) {
      await expect(send({ url: origin, credential }, never)).rejects.toMatchObject({
        kind: 'usage',
        retryable: false,
        message: `Scalingo (prod): the TLS certificate of ${origin.slice(8)} is self-signed`,
        hint: expect.stringMatching(`--ca FILE.*--fingerprint ${certificate.fingerprint}.*--insecure`),
      });
    }
    expect(bytes()).toBe(0);
  });

  test.each([
    ['--insecure', { insecure: true }],
    ['--ca', { insecure: false, ca: certificate.pem }],
    ['--fingerprint', { insecure: false, fingerprint: certificate.fingerprint }],
    [
      '--fingerprint without colons',
      { insecure: false, fingerprint: certificate.fingerprint.replaceAll(':', '').toLowerCase() },
    ],
    [
      '--fingerprint as openssl prints it',
      { insecure: false, fingerprint: `sha256 Fingerprint=${certificate.fingerprint}\n` },
    ],
  ])('%s lets it pass, for requests and websockets', async (_name, tls) => {
    const { origin, port } = await serveCounting();
    const network = networkWith({ tls });
    expect((await network.request({ url: origin, credential }, never)).text).toBe('secret answer');
    expect((await network.request({ url: `https://localhost:${port}/`, credential }, never)).status).toBe(
      200,
    );
    expect(await frameOf(network, origin)).toBe(`frame for 127.0.0.1:${port}`);
  });

  test('a changed certificate: both fingerprints are shown and not a byte is sent', async () => {
    const { origin, bytes } = await serveCounting(other);
    const network = networkWith({ tls: { insecure: true, fingerprint: certificate.fingerprint } });
    for (const send of [network.request, network.websocket]) {
      await expect(send({ url: origin, credential }, never)).rejects.toMatchObject({
        kind: 'usage',
        message: expect.stringMatching(`expected ${certificate.fingerprint}, found ${other.fingerprint}`),
      });
    }
    expect(bytes()).toBe(0);
  });

  test.each([{ insecure: true }, { insecure: false, fingerprint: certificate.fingerprint }])(
    '%o holds for the profile’s own host only',
    async (tls) => {
      const { origin } = await serveCounting();
      const foreign = networkWith({ tls: { ...tls, host: 'api.example' }, mayCarryCredential: () => false });
      await expect(foreign.request({ url: origin }, never)).rejects.toMatchObject({
        kind: 'usage',
        hint: 'Name its authority with --ca FILE.',
      });
      const sameHost = networkWith({ tls: { ...tls, host: '127.0.0.1' }, mayCarryCredential: () => false });
      expect((await sameHost.request({ url: origin }, never)).status).toBe(200);
    },
  );

  test('a certificate for another name', async () => {
    const { origin } = await serveCounting(other);
    const asking = networkWith({ tls: { insecure: false, ca: other.pem } }).request({ url: origin }, never);
    await expect(asking).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('was made for another host name'),
    });
  });

  test('a CA does not replace the usual ones, and other certificates stay untrusted', async () => {
    const { origin } = await serveCounting();
    const asking = networkWith({ tls: { insecure: false, ca: other.pem } }).request({ url: origin }, never);
    await expect(asking).rejects.toThrow('is self-signed');
  });

  test('https and wss through a proxy; the pin is the target’s', async () => {
    const { port } = await serveCounting();
    const proxy = await serveProxy();
    const network = networkWith({
      proxy: { https: proxy.url },
      tls: { insecure: false, fingerprint: certificate.fingerprint },
    });
    expect((await network.request({ url: `https://shop.test:${port}/`, credential }, never)).text).toBe(
      'secret answer',
    );
    expect(await frameOf(network, `wss://shop.test:${port}/`)).toBe(`frame for shop.test:${port}`);
    expect(proxy.asked).toEqual([`shop.test:${port}`, `shop.test:${port}`]);
  });

  test('a proxy that is spoken to over TLS has to be trusted itself', async () => {
    const proxied = await serve((_request, response) => response.end('through'));
    const proxy = await serveTls(certificate, () => {});
    proxy.server.on('connect', (_request, socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      proxied.server.emit('connection', socket);
    });
    const through = { proxy: { http: proxy.origin }, allowPlainHttp: true };
    const request = { url: 'http://shop.test/', credential };
    await expect(
      networkWith({ ...through, tls: { insecure: true } }).request(request, never),
    ).rejects.toThrow('the proxy 127.0.0.1');
    const trusting = networkWith({ ...through, tls: { insecure: false, ca: certificate.pem } });
    expect((await trusting.request(request, never)).text).toBe('through');
  });
});

test.each(['12:34', 'xyz', '', `${'AB'.repeat(20)}`])('the fingerprint %j is refused', (fingerprint) => {
  expect(() => openNetwork(optionsWith({ tls: { insecure: false, fingerprint } }))).toThrow(
    expect.objectContaining({ kind: 'usage' }),
  );
});

test('a CA file that is none is refused', () => {
  expect(() => openNetwork(optionsWith({ tls: { insecure: false, ca: 'hello' } }))).toThrow(
    expect.objectContaining({ kind: 'usage' }),
  );
});

test('TLS to a port that speaks plain http', async () => {
  const { port } = await serve((_request, response) => response.end());
  const asking = networkWith().request({ url: `https://127.0.0.1:${port}/` }, never);
  await expect(asking).rejects.toMatchObject({
    kind: 'usage',
    message: expect.stringContaining('does not speak TLS with us'),
  });
});

describe('proxies', () => {
  test('http and ws go through, with the proxy’s password, and names are not looked up here', async () => {
    const { port, server } = await serve((request, response) =>
      response.end(`${request.headers.host} ${request.headers['proxy-authorization']}`),
    );
    addWebSocket(server);
    const proxy = await serveProxy();
    const withPassword = proxy.url.replace('//', `//me:${SECRET}%21@`);
    const lines: string[] = [];
    const network = networkWith({
      proxy: { http: withPassword },
      allowPlainHttp: true,
      trace: (line) => lines.push(line),
    });
    const { text } = await network.request({ url: `http://shop.test:${port}/`, credential }, never);
    expect(text).toBe(`shop.test:${port} undefined`);
    expect(await frameOf(network, `ws://shop.test:${port}/`)).toBe(`frame for shop.test:${port}`);
    expect(proxy.asked).toEqual([`shop.test:${port}`, `shop.test:${port}`]);
    expect(proxy.authorizations).toEqual(
      Array(2).fill(`Basic ${Buffer.from(`me:${SECRET}!`).toString('base64')}`),
    );
    expect(lines.join('\n')).not.toContain(SECRET);
  });

  test('NO_PROXY goes past it', async () => {
    const { origin } = await serve((_request, response) => response.end('direct'));
    const proxy = await serveProxy();
    const network = networkWith({ proxy: { http: proxy.url, no: '127.0.0.0/8' } });
    expect((await network.request({ url: origin }, never)).text).toBe('direct');
    expect(proxy.asked).toEqual([]);
  });

  test.each([
    [407, { kind: 'usage', message: expect.stringContaining('asks for a user name and password (407)') }],
    [
      403,
      {
        kind: 'unavailable',
        retryable: false,
        message: expect.stringContaining('does not connect to shop.test:80 (403)'),
      },
    ],
    [502, { kind: 'unavailable', retryable: true }],
  ])('a proxy that answers %i', async (refuse, expected) => {
    const proxy = await serveProxy({ refuse });
    const network = networkWith({ proxy: { http: proxy.url.replace('//', `//me:${SECRET}@`) } });
    for (const send of [network.request, network.websocket]) {
      const asking = send(
        { url: `http://shop.test/?token=${SECRET}`, ...(send === network.request ? { retry: false } : {}) },
        never,
      );
      await expect(asking).rejects.toMatchObject(expected);
      await expect(asking).rejects.toSatisfy(
        (error) => !`${error.message}${error.hint}${error.detail}`.includes(SECRET),
      );
    }
  });

  test('a proxy that is not there is named', async () => {
    const { origin, server } = await serve(() => {});
    await new Promise((resolve) => server.close(resolve));
    const asking = networkWith({ proxy: { http: origin } }).request(
      { url: 'http://shop.test/', retry: false },
      never,
    );
    await expect(asking).rejects.toThrow(`the proxy ${origin.slice(7)} refused the connection`);
  });

  test('a proxy that never answers runs into the limit of connecting', async () => {
    const proxy = await serveProxy({ silent: true });
    const asking = networkWith({ proxy: { http: proxy.url }, connectTimeout: 30 }).request(
      { url: 'http://shop.test/', retry: false },
      never,
    );
    await expect(asking).rejects.toThrow('did not accept a connection within');
  });

  test('a request that is aborted while its connection is made is never sent', async () => {
    let asked = 0;
    const target = await serve((_request, response) => response.end(String(++asked)));
    const stop = new AbortController();
    let release = () => {};
    const proxy = await serve(() => {});
    proxy.server.on('connect', (_request, socket: Socket) => {
      release = () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.server.emit('connection', socket);
      };
      stop.abort(new Error('Ctrl-C'));
    });
    const network = networkWith({ proxy: { http: proxy.origin } });
    await expect(network.request({ url: 'http://shop.test/' }, stop.signal)).rejects.toThrow('Ctrl-C');
    release();
    await settledCount(() => asked);
    expect(asked).toBe(0);
  });

  test('a proxy that speaks no HTTP', async () => {
    const { origin } = await listen(net.createServer((socket) => void socket.end('hello\r\n')));
    const asking = networkWith({ proxy: { http: origin } }).request(
      { url: 'http://shop.test/', retry: false },
      never,
    );
    await expect(asking).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('the proxy'),
    });
  });
});
