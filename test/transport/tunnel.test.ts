// What a proxy makes of requests, websockets and event streams: it lets them through, asks for a login, answers itself, hangs.
import net, { type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  hasOpenssl,
  listen,
  makeCertificate,
  networkWith,
  never,
  type ProxyWays,
  SECRET,
  serve,
  serveProxy,
  serveTls,
  settledCount,
} from './support.ts';
import { addWebSocket, answerRequest, askThreeWays, credential, THREE_WAYS } from './three-ways.ts';

const withLogin = (url: string) => url.replace('//', `//me:${SECRET}%21@`);

describe('a proxy', () => {
  test('lets all three through, with its password, and names are not looked up here', async () => {
    const { port, server } = await serve(answerRequest);
    addWebSocket(server);
    const proxy = await serveProxy({ wants: `me:${SECRET}!` });
    const lines: string[] = [];
    const network = networkWith({
      proxy: { http: withLogin(proxy.url) },
      allowPlainHttp: true,
      trace: (line) => lines.push(line),
    });
    const answers = await Promise.all(askThreeWays(network, `http://shop.test:${port}/`));
    // Nothing of the proxy's password behind the host.
    expect(answers).toEqual(THREE_WAYS.map((way) => `${way} for shop.test:${port}`));
    expect(proxy.asked).toEqual(Array(3).fill(`shop.test:${port}`));
    expect(lines.join('\n')).toContain(`shop.test:${port} through the proxy ${proxy.url.slice(7)}`);
    expect(lines.join('\n')).not.toContain(SECRET);
  });

  test('is gone past where NO_PROXY says so', async () => {
    const { origin, server } = await serve(answerRequest);
    addWebSocket(server);
    const proxy = await serveProxy();
    const network = networkWith({ proxy: { http: proxy.url, no: '127.0.0.0/8' } });
    const answers = await Promise.all(askThreeWays(network, origin));
    expect(answers.map((text) => text.split(' ')[0])).toEqual([...THREE_WAYS]);
    expect(proxy.asked).toEqual([]);
  });

  test.each<[string, ProxyWays, object]>([
    [
      '407',
      { refuse: 407, challenge: 'Basic realm="office"' },
      {
        kind: 'usage',
        message: expect.stringMatching(
          /the proxy 127\.0\.0\.1:\d+ does not accept .* in HTTP_PROXY \(407\)$/,
        ),
      },
    ],
    // As tinyproxy says it.
    [
      '401',
      { refuse: 401 },
      { kind: 'usage', message: expect.stringMatching(/does not accept .* \(401\)$/) },
    ],
    [
      '407 that wants something else',
      { refuse: 407, challenge: `Negotiate ${SECRET}` },
      { kind: 'usage', message: expect.stringContaining('login of the kind Negotiate') },
    ],
    [
      '403',
      { refuse: 403 },
      {
        kind: 'unavailable',
        retryable: false,
        message: expect.stringMatching(/the proxy .* does not connect to shop\.test:80 \(403\)$/),
        hint: expect.stringContaining('NO_PROXY'),
      },
    ],
    ['502', { refuse: 502 }, { kind: 'unavailable', retryable: true }],
    [
      'a page',
      { page: 'at once' },
      {
        kind: 'unavailable',
        retryable: false,
        message: expect.stringMatching(/the proxy .* answered with a page of its own/),
      },
    ],
    [
      'a page behind the tunnel',
      { page: 'later' },
      { kind: 'unavailable', message: expect.stringMatching(/shop\.test:80 through the proxy 127\./) },
    ],
    [
      'nothing',
      { silent: true },
      {
        kind: 'unavailable',
        message: expect.stringMatching(/the proxy .* has not connected to shop\.test:80 within/),
        hint: expect.stringContaining('NO_PROXY'),
      },
    ],
  ])('that answers %s is named, without its password', async (_name, ways, expected) => {
    const proxy = await serveProxy(ways);
    const network = networkWith({
      proxy: { http: withLogin(proxy.url) },
      allowPlainHttp: true,
      connectTimeout: ways.silent ? 30 : 10_000,
    });
    for (const asking of askThreeWays(network, `http://shop.test/?token=${SECRET}`)) {
      const error: unknown = await asking.catch((reason: unknown) => reason);
      // A status would be taken for the platform's.
      expect(error).toMatchObject({ status: undefined, ...expected });
      const { message, hint, detail } = error as Record<string, string>;
      expect(`${message}${hint}${detail}`).not.toContain(SECRET);
    }
  });

  test('that wants a login and gets none says where to write it', async () => {
    const proxy = await serveProxy({ wants: 'a:b' });
    const asking = networkWith({ proxy: { https: proxy.url } }).request({ url: 'https://shop.test/' }, never);
    await expect(asking).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('asks for a user name and password (407)'),
      hint: expect.stringContaining('HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT'),
    });
  });

  test('that is not there is named', async () => {
    const asking = networkWith({ proxy: { http: 'http://127.0.0.1:1' } }).request(
      { url: 'http://shop.test/', retry: false },
      never,
    );
    await expect(asking).rejects.toThrow('the proxy 127.0.0.1:1 refused the connection');
  });

  test('that speaks no HTTP is named', async () => {
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

  test('gets no request that is aborted while its connection is made', async () => {
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
});

describe.skipIf(!hasOpenssl)('TLS and proxies', () => {
  const certificate = hasOpenssl ? makeCertificate() : { pem: '', key: '', fingerprint: '' };

  test.each([
    ['--ca', { insecure: false, ca: certificate.pem }, 'localhost'],
    ['--insecure', { insecure: true }, 'shop.test'],
    ['--fingerprint', { insecure: false, fingerprint: certificate.fingerprint }, 'shop.test'],
  ])('%s is about the host behind it, in all ways', async (_name, tls, host) => {
    const { port, server } = await serveTls(certificate, answerRequest);
    addWebSocket(server);
    const proxy = await serveProxy();
    const network = networkWith({ proxy: { https: proxy.url }, tls });
    const answers = await Promise.all(askThreeWays(network, `https://${host}:${port}/`));
    expect(answers).toEqual(THREE_WAYS.map((way) => `${way} for ${host}:${port}`));
    expect(proxy.asked).toEqual(Array(3).fill(`${host}:${port}`));
  });

  test('a certificate that has changed behind it is refused before anything is sent', async () => {
    let bytes = 0;
    const other = makeCertificate('DNS:shop.test');
    const { port, server } = await serveTls(other, answerRequest);
    server.on('secureConnection', (socket) => socket.on('data', (chunk: Buffer) => (bytes += chunk.length)));
    const proxy = await serveProxy();
    const tls = { insecure: false, fingerprint: certificate.fingerprint };
    for (const asking of askThreeWays(
      networkWith({ proxy: { https: proxy.url }, tls }),
      `https://shop.test:${port}/`,
    )) {
      await expect(asking).rejects.toMatchObject({
        kind: 'usage',
        message: expect.stringMatching(`expected ${certificate.fingerprint}, found ${other.fingerprint}`),
      });
    }
    expect(bytes).toBe(0);
  });

  test('a page behind the tunnel is no certificate and no reason to doubt the platform', async () => {
    const proxy = await serveProxy({ page: 'later' });
    const network = networkWith({ proxy: { https: proxy.url } });
    for (const asking of askThreeWays(network, 'https://shop.test/')) {
      await expect(asking).rejects.toMatchObject({
        kind: 'unavailable',
        retryable: false,
        message: expect.stringMatching(/shop\.test:443 through the proxy 127\.0\.0\.1:\d+ is no TLS/),
      });
    }
  });

  test('a proxy that is spoken to over TLS has to be trusted itself, and gets its password', async () => {
    const { port, server } = await serve(answerRequest);
    addWebSocket(server);
    const proxy = await serveProxy({ certificate, wants: `me:${SECRET}!` });
    const through = { proxy: { http: withLogin(proxy.url) }, allowPlainHttp: true };
    const url = `http://shop.test:${port}/`;
    // The profile's word about its own host is none about the proxy.
    for (const tls of [{ insecure: true }, { insecure: false, fingerprint: certificate.fingerprint }]) {
      const asking = networkWith({ ...through, tls }).request({ url, credential }, never);
      await expect(asking).rejects.toThrow(`certificate of the proxy ${proxy.url.slice(8)} is self-signed`);
    }
    expect(proxy.authorizations).toEqual([]);
    const trusting = networkWith({ ...through, tls: { insecure: false, ca: certificate.pem } });
    expect(await Promise.all(askThreeWays(trusting, url))).toEqual(
      THREE_WAYS.map((way) => `${way} for shop.test:${port}`),
    );
  });
});
