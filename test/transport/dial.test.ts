import dns from 'node:dns';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openNetwork } from '../../src/transport/open-network.ts';
import { hasOpenssl, makeCertificate, networkWith, never, optionsWith, serve, serveTls } from './support.ts';
import { addWebSocket, answerRequest, askThreeWays, THREE_WAYS } from './three-ways.ts';

describe.skipIf(!hasOpenssl)('TLS', () => {
  const certificate = hasOpenssl ? makeCertificate() : { pem: '', key: '', fingerprint: '' };
  const other = hasOpenssl ? makeCertificate('DNS:other.example') : certificate;

  /** Counts what a client says after the handshake. */
  async function serveCounting(shown = certificate) {
    let bytes = 0;
    const served = await serveTls(shown, answerRequest);
    addWebSocket(served.server);
    served.server.on('secureConnection', (socket) =>
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length)),
    );
    return { ...served, bytes: () => bytes };
  }

  test('a self-signed certificate is refused with the ways out, before anything is sent', async () => {
    const { origin, bytes } = await serveCounting();
    const network = networkWith();
    for (const asking of askThreeWays(network, origin)) {
      await expect(asking).rejects.toMatchObject({
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
  ])('%s lets it pass, for requests, websockets and event streams', async (_name, tls) => {
    const { port } = await serveCounting();
    const network = networkWith({ tls });
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      const answers = await Promise.all(askThreeWays(network, `https://${host}/`));
      expect(answers).toEqual(THREE_WAYS.map((way) => `${way} for ${host}`));
    }
  });

  test('a changed certificate: both fingerprints are shown and not a byte is sent', async () => {
    const { origin, bytes } = await serveCounting(other);
    const network = networkWith({ tls: { insecure: true, fingerprint: certificate.fingerprint } });
    for (const asking of askThreeWays(network, origin)) {
      await expect(asking).rejects.toMatchObject({
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
});

describe.skipIf(!hasOpenssl)('a CA beside the ones of NODE_EXTRA_CA_CERTS', () => {
  test('trusts both, whatever else stands in that file', async () => {
    const [given, extra] = [makeCertificate(), makeCertificate()];
    const servers = await Promise.all([given, extra].map((shown) => serveTls(shown, answerRequest)));
    const statuses = (extraCa: string) => {
      const network = networkWith({ tls: { insecure: false, ca: given.pem, extraCa } });
      return Promise.all(
        servers.map(({ origin }) =>
          network.request({ url: origin }, never).then(
            ({ status }) => status,
            ({ kind }) => kind,
          ),
        ),
      );
    };
    expect(await statuses(extra.pem)).toEqual([200, 200]);
    expect(await statuses('nothing of the kind')).toEqual([200, 'usage']);
    expect(await statuses(extra.pem.replace(/\n\w{9}/, '\n*********'))).toEqual([200, 'usage']);
  });
});

describe('addresses of both families', () => {
  async function serveAt(host: string): Promise<number> {
    const server = http.createServer(answerRequest);
    addWebSocket(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return (server.address() as AddressInfo).port;
  }
  const hasIpv6 = Object.values(networkInterfaces()).some((found) =>
    found?.some(({ address }) => address === '::1'),
  );

  test.skipIf(!hasIpv6)('an IPv6 address is asked in all ways', async () => {
    const port = await serveAt('::1');
    const network = networkWith({ mayCarryCredential: () => true });
    expect(await Promise.all(askThreeWays(network, `http://[::1]:${port}/`))).toEqual(
      THREE_WAYS.map((way) => `${way} for [::1]:${port}`),
    );
  });

  test('a name whose IPv6 address refuses is reached over IPv4', async () => {
    const port = await serveAt('127.0.0.1');
    const asked: string[] = [];
    // As a name server of a network whose IPv6 leads nowhere would answer.
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((
      name: string,
      _options: unknown,
      done: (error: null, found: dns.LookupAddress[]) => void,
    ) => {
      asked.push(name);
      done(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]);
    }) as typeof dns.lookup);
    onTestFinished(() => lookup.mockRestore());
    const network = networkWith({ allowPlainHttp: true });
    expect(await Promise.all(askThreeWays(network, `http://dual.test:${port}/`))).toEqual(
      THREE_WAYS.map((way) => `${way} for dual.test:${port}`),
    );
    expect(asked).toContain('dual.test');
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
