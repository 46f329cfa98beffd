// The program behind a company's proxy: every platform and every kind of connection goes through it, or says why not.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDigitalocean } from '../../src/sandbox/digitalocean.ts';
import type { SandboxServer } from '../../src/sandbox/server.ts';
import { hasOpenssl, makeCertificate, type ProxyWays, serveProxy } from '../transport/support.ts';
import {
  createPlace,
  type Env,
  type Grounds,
  moment,
  type Place,
  polylog,
  startGrounds,
} from './run-polylog.ts';

const PASSWORD = 'marked-proxy-password';

let place: Place;
let grounds: Grounds;
let digitalocean: SandboxServer;

beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({ lines: [{ at: moment('2026-03-01T10:00:00Z'), text: 'hello' }] });
  digitalocean = await startDigitalocean({ world: grounds.world });
});
afterAll(async () => {
  await Promise.all([grounds.close(), digitalocean.close(), place.remove()]);
});

const withPassword = (url: string) => url.replace('//', `//me:${PASSWORD}@`);
const portOf = (server: SandboxServer) => new URL(server.url).port;

/** Names that lead nowhere but through a proxy. */
function elsewhere(): Env {
  const everything: Record<string, string | undefined> = {
    ...grounds.env,
    ...digitalocean.env,
    // The addresses that its list of regions names are on loopback.
    SCALINGO_API_URL: grounds.scalingo.url,
  };
  return Object.fromEntries(
    Object.entries(everything).map(([name, value]) => [
      name,
      String(value).replace('//127.0.0.1:', '//platform.test:'),
    ]),
  );
}

describe('a proxy of the environment', () => {
  it.each([
    ['websockets', []],
    ['event streams', [{ name: 'refuse-upgrade', route: 'stream', times: 100, status: 403 }] as const],
  ])('carries requests and %s', async (_name, faults) => {
    const taken = faults.map((fault) => grounds.scalingo.faults.add(fault));
    const proxy = await serveProxy({ wants: `me:${PASSWORD}` });
    const targets = ['scalingo:shop', 'do:shop', 'qnap:docker/shop-web'];
    const ran = await polylog(['logs', '-f', ...targets, '-s', 'app', '-m', '3', '--insecure', '--debug'], {
      place,
      env: { ...elsewhere(), HTTP_PROXY: withPassword(proxy.url) },
    });
    for (const takeBack of taken) takeBack();
    expect(ran.code).toBe(0);
    expect(ran.stdout.match(/ hello$/gm)).toHaveLength(3);
    const asked = new Set(proxy.asked);
    for (const server of [grounds.scalingo, digitalocean, grounds.station]) {
      expect(asked).toContain(`platform.test:${portOf(server)}`);
    }
    expect(ran.stderr).toContain('WEBSOCKET');
    if (faults.length > 0) expect(ran.stderr).toContain('text/event-stream');
    expect(ran.stderr).not.toMatch(new RegExp(`${PASSWORD}|${btoa(`me:${PASSWORD}`)}`));
  });

  it('is gone past where NO_PROXY says so', async () => {
    const proxy = await serveProxy();
    const env = { ...grounds.env, HTTP_PROXY: proxy.url, NO_PROXY: 'localhost, 127.0.0.0/8' };
    expect(await polylog(['apps', 'list', 'scalingo'], { place, env })).toMatchObject({ code: 0 });
    expect(proxy.asked).toEqual([]);
  });

  it.each<[string, ProxyWays, number, RegExp]>([
    ['asks for another login', { wants: 'you:other' }, 2, /does not accept the user name .* in HTTP_PROXY/],
    ['answers with a page', { page: 'at once' }, 6, /answered with a page of its own/],
    ['closes the door', { refuse: 403 }, 6, /does not connect to 127\.0\.0\.1:\d+ \(403\).*NO_PROXY/],
  ])('that %s is named in one sentence', async (_name, ways, code, sentence) => {
    const proxy = await serveProxy(ways);
    const ran = await polylog(['apps', 'list', 'scalingo'], {
      place,
      env: { ...grounds.env, HTTP_PROXY: withPassword(proxy.url) },
    });
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: '' });
    expect(ran.stderr).toMatch(sentence);
    expect(ran.stderr).toContain(`the proxy ${proxy.url.slice('http://'.length)}`);
    expect(ran.stderr).toMatch(/^polylog: [^\n]*\n$/);
    expect(ran.stderr).not.toContain(PASSWORD);
  });
});

describe.skipIf(!hasOpenssl)('TLS to the proxy and to the host behind it', () => {
  it('trusts NODE_EXTRA_CA_CERTS for the one and --ca for the other', async () => {
    const [ofProxy, ofStation] = [makeCertificate(), makeCertificate()];
    const files = { extra: join(place.root, 'extra.pem'), ca: join(place.root, 'station.pem') };
    writeFileSync(files.extra, ofProxy.pem);
    writeFileSync(files.ca, ofStation.pem);
    const proxy = await serveProxy({ certificate: ofProxy });
    const secure = await startGrounds({
      lines: [{ at: moment('2026-03-01T10:00:00Z'), text: 'over TLS' }],
      station: { tls: { key: ofStation.key, cert: ofStation.pem } },
    });
    const env = { ...secure.station.env, HTTPS_PROXY: proxy.url };
    const line = ['logs', 'qnap:docker/shop-web', '--ca', files.ca];
    const both = await polylog(line, { place, env: { ...env, NODE_EXTRA_CA_CERTS: files.extra } });
    expect(both).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('over TLS') });
    const asked = proxy.asked.length;
    expect(asked).toBeGreaterThan(0);
    const one = await polylog(line, { place, env });
    expect(one).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('certificate of the proxy 127.0.0.1'),
    });
    expect(proxy.asked).toHaveLength(asked);
    await secure.close();
  });
});
