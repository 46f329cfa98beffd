import { afterEach, describe, expect, it } from 'vitest';
import { CliError } from '../../../src/errors.ts';
import { apps } from '../../../src/providers/scalingo/apps.ts';
import { homeRegion } from '../../../src/providers/scalingo/regions.ts';
import {
  type Answers,
  clientFor,
  json,
  jwt,
  never,
  type OwnServer,
  open,
  plain,
  startOwn,
  TOKEN,
} from './setup.ts';

const started: OwnServer[] = [];
async function own(answers: Answers = {}): Promise<OwnServer> {
  const server = await startOwn(answers);
  started.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
});

const count = (server: OwnServer, start: string) =>
  server.asked.filter((line) => line.startsWith(start)).length;
const self = (response: Parameters<typeof json>[0]) =>
  json(response, 200, { user: { username: 'alice', email: 'a@b' } });
const EXCHANGE = 'POST /v1/tokens/exchange';

describe('the session', () => {
  it('exchanges the token once for all who ask at the same time, with an empty user', async () => {
    const server = await own({ routes: { '/v1/users/self': (_, response) => self(response) } });
    const client = clientFor({ 'auth-url': server.url });
    const answers = await Promise.all([client.self(never), client.self(never), client.self(never)]);
    expect(answers[2]).toEqual({ username: 'alice', email: 'a@b' });
    expect(count(server, EXCHANGE)).toBe(1);
    expect(server.authorizations[0]).toBe(`Basic ${Buffer.from(`:${TOKEN}`).toString('base64')}`);
    expect(server.authorizations[1]).toMatch(/^Bearer eyJ/);
  });

  it('renews five minutes before the end, whatever the local clock says', async () => {
    const server = await own({ routes: { '/v1/users/self': (_, response) => self(response) } });
    let now = 0; // the platform's tokens are of 1970 too: only the difference of their times counts
    const client = clientFor({ 'auth-url': server.url }, { now: () => now + 1e12 });
    await client.self(never);
    now = 54 * 60_000;
    await client.self(never);
    expect(count(server, EXCHANGE)).toBe(1);
    now = 56 * 60_000;
    await Promise.all([client.self(never), client.self(never)]);
    expect(count(server, EXCHANGE)).toBe(2);
  });

  it('does not exchange once per request where tokens live for a minute', async () => {
    const server = await own({
      routes: {
        '/v1/users/self': (_, response) => self(response),
        '/v1/tokens/exchange': (_, response) => json(response, 200, { token: jwt({ iat: 100, exp: 160 }) }),
      },
    });
    let now = 0;
    const client = clientFor({ 'auth-url': server.url }, { now: () => now });
    await client.self(never);
    now = 40_000;
    await client.self(never);
    expect(count(server, EXCHANGE)).toBe(1);
    now = 50_000;
    await client.self(never);
    expect(count(server, EXCHANGE)).toBe(2);
  });

  it('is renewed once per request when refused, and then believes the refusal', async () => {
    let refused = 0;
    const server = await own({
      routes: {
        '/v1/users/self': (_, response) => {
          refused += 1;
          if (refused <= 1 || refused > 2) json(response, 401, { error: 'expired' });
          else self(response);
        },
      },
    });
    const client = clientFor({ 'auth-url': server.url });
    await expect(client.self(never)).resolves.toMatchObject({ username: 'alice' });
    expect(count(server, EXCHANGE)).toBe(2);
    await expect(client.self(never)).rejects.toMatchObject({ kind: 'auth', status: 401, retryable: false });
    expect(count(server, EXCHANGE)).toBe(3);
    expect(count(server, 'GET /v1/users/self')).toBe(4);
  });

  it('goes on for the others when one of those who wait gives up', async () => {
    let answer = () => {};
    let asked = () => {};
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await own({
      routes: {
        '/v1/users/self': (_, response) => self(response),
        '/v1/tokens/exchange': (_, response) => {
          answer = () => json(response, 200, { token: jwt({ iat: 0, exp: 3600 }) });
          asked();
        },
      },
    });
    const client = clientFor({ 'auth-url': server.url });
    const impatient = new AbortController();
    const first = client.self(impatient.signal);
    const second = client.self(never);
    await wasAsked;
    impatient.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    answer();
    await expect(second).resolves.toMatchObject({ username: 'alice' });
    expect(count(server, EXCHANGE)).toBe(1);
  });
});

describe('what refusals say', () => {
  const askLog = async (respond: NonNullable<Answers['routes']>[string], answers: Answers['routes'] = {}) => {
    const server = await own({ routes: { ...answers, '/v1/apps/shop/logs': respond } });
    return open(clientFor({ 'auth-url': server.url }), 'shop').catch((error: unknown) => error);
  };

  it.each([
    [401, 'auth', { error: 'x' }, 'does not allow this token to read app "shop" in osc-fr1 (401)'],
    [402, 'auth', { error: 'Pay first', url: 'https://pay?token=abc' }, 'payment'],
    [403, 'auth', { error: 'no', code: 'region_disabled' }, 'has not opened the region of app "shop"'],
    [
      403,
      'auth',
      { error: 'not enough rights' },
      'does not allow app "shop" in osc-fr1 (403): not enough rights.',
    ],
    [422, 'platform', { errors: { n: ['is too large', 'is odd'], x: 'y' } }, 'n is too large, is odd; x y'],
    [
      500,
      'unavailable',
      { error: "Internal error occured, we're on it!" },
      'has a fault of its own with app "shop"',
    ],
  ])('%i %s', async (status, kind, body, words) => {
    const error = await askLog((_, response) => json(response, status, body));
    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({ kind, status });
    expect((error as CliError).message).toContain(words);
    expect((error as CliError).message).toMatch(/^Scalingo.*\.$/);
  });

  it('reads the plain text of 429 and how long to wait', async () => {
    const error = await askLog((_, response) => {
      response.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '7' }).end('Retry later\n');
    });
    expect(error).toMatchObject({ kind: 'unavailable', status: 429, retryAfter: 7000, retryable: true });
    expect((error as CliError).message).toContain('Retry later');
  });

  it('does not quote pages of HTML', async () => {
    const error = await askLog((_, response) => {
      response.writeHead(503, { 'content-type': 'text/html' }).end('<!DOCTYPE html><h1>Oops</h1>');
    });
    expect((error as CliError).message).not.toContain('<');
    expect(error).toMatchObject({ kind: 'unavailable', status: 503 });
  });

  it('names the field that an answer lacks', async () => {
    for (const body of [{}, { logs_url: 7 }, { logs_url: 'file:///etc/passwd' }]) {
      const error = await askLog((_, response) => json(response, 200, body));
      expect(error).toMatchObject({ kind: 'platform', message: expect.stringContaining('logs_url') });
    }
    const page = await askLog((_, response) => plain(response, 200, '<html>'));
    expect(page).toMatchObject({ kind: 'platform', message: expect.stringContaining('JSON object') });
  });

  it('shows no token and no signed query', async () => {
    const secret = `${TOKEN}-abc ${jwt({ a: 1 })} https://logs.x/apps/1/logs?token=secret&timestamp=1`;
    const error = await askLog((_, response) => json(response, 403, { error: `refused ${secret}` }));
    expect((error as CliError).message).toContain('refused');
    expect((error as CliError).message).not.toMatch(/tk-us|eyJ|secret/);
  });

  it('tells a wrong API token from a wrong address', async () => {
    const refused = await askLog(() => {}, {
      '/v1/tokens/exchange': (_, response) => json(response, 401, { error: 'Invalid credentials' }),
    });
    expect(refused).toMatchObject({ kind: 'auth', hint: expect.stringMatching(/ and put it into token\.$/) });
    const elsewhere = await askLog(() => {}, {
      '/v1/tokens/exchange': (_, response) => {
        response.writeHead(404, { 'content-type': 'text/html' }).end('<!DOCTYPE html>');
      },
    });
    expect(elsewhere).toMatchObject({ kind: 'platform', hint: expect.stringContaining('SCALINGO_AUTH_URL') });
    const odd = await askLog(() => {}, { '/v1/tokens/exchange': (_, response) => json(response, 200, {}) });
    expect(odd).toMatchObject({ kind: 'platform', message: expect.stringContaining('token') });
  });

  it('names the app when nothing answers', async () => {
    const server = await own();
    const client = clientFor({ 'auth-url': server.url });
    await homeRegion(client, never);
    await server.close();
    started.pop();
    await expect(open(client, 'shop')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('"shop"'),
    });
  });
});

describe('regions', () => {
  async function twoRegions(second: Answers['routes'] = {}, isDefault: unknown = true) {
    const other = await own({ routes: second });
    const server: OwnServer = await own({
      routes: {
        '/v1/regions': (_, response) =>
          json(response, 200, {
            regions: [
              { name: 'osc-secnum-fr1', api: `${other.url}/v1/` },
              { name: 'osc-fr1', api: server.url, default: isDefault },
              { name: 'without an address' },
            ],
          }),
      },
    });
    return { server, other };
  }

  it('takes the default region, or the first', async () => {
    const { server } = await twoRegions();
    expect((await homeRegion(clientFor({ 'auth-url': server.url }), never)).name).toBe('osc-fr1');
    const { server: without, other } = await twoRegions({}, null);
    expect(await homeRegion(clientFor({ 'auth-url': without.url }), never)).toMatchObject({
      name: 'osc-secnum-fr1',
      api: other.url,
    });
  });

  it('refuses a region that the account does not have', async () => {
    const { server } = await twoRegions();
    const client = clientFor({ 'auth-url': server.url, region: 'mars-1' });
    await expect(open(client, 'shop')).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('mars-1'),
      hint: expect.stringContaining('osc-secnum-fr1, osc-fr1'),
    });
  });

  it('says in which region an app is, or that none has it, or which could not be asked', async () => {
    const app = '/v1/apps/other';
    const there = await twoRegions({
      [app]: (_, response) => json(response, 200, { app: { name: 'other' } }),
    });
    await expect(open(clientFor({ 'auth-url': there.server.url }), 'other')).rejects.toMatchObject({
      kind: 'not-found',
      message: 'Scalingo has no app "other" in osc-fr1; it is in osc-secnum-fr1.',
      hint: 'Add --region osc-secnum-fr1.',
    });
    const absent = await twoRegions();
    await expect(open(clientFor({ 'auth-url': absent.server.url }), 'other')).rejects.toThrow(
      'Scalingo has no app "other" in osc-fr1, nor in osc-secnum-fr1.',
    );
    const closed = await twoRegions({
      [app]: (_, response) => json(response, 403, { code: 'region_disabled' }),
    });
    await expect(open(clientFor({ 'auth-url': closed.server.url }), 'other')).rejects.toThrow(
      'Scalingo has no app "other" in osc-fr1; osc-secnum-fr1 could not be asked.',
    );
  });

  it('asks no list of regions when the API’s address is configured, until an app is missing', async () => {
    const { server, other } = await twoRegions();
    const client = clientFor({ 'auth-url': server.url, url: `${server.url}/v1` });
    await open(client, 'shop');
    expect(count(server, 'GET /v1/regions')).toBe(0);
    await expect(open(client, 'nope')).rejects.toThrow('nor in osc-secnum-fr1.');
    expect(count(other, 'GET /v1/apps/nope')).toBe(1);
  });

  it('sends the token to no region outside of the profile’s domain', async () => {
    const server = await own({
      routes: {
        '/v1/regions': (_, response) =>
          json(response, 200, { regions: [{ name: 'evil', api: 'https://api.evil.example' }] }),
      },
    });
    const client = clientFor({ 'auth-url': server.url });
    await expect(open(client, 'shop')).rejects.toThrow('credential');
  });

  it('lists the apps of the regions that are open, or says why none is', async () => {
    const closed = {
      '/v1/apps': (_: unknown, response: Parameters<typeof json>[0]) =>
        json(response, 403, { code: 'region_disabled' }),
    };
    const { server } = await twoRegions(closed);
    await expect(
      apps.list(clientFor({ 'auth-url': server.url, region: 'osc-secnum-fr1' }), never),
    ).rejects.toMatchObject({ kind: 'auth' });
    const open = await own({
      routes: {
        '/v1/regions': (_, response) =>
          json(response, 200, {
            regions: [
              { name: 'a', api: open.url },
              { name: 'b', api: server.url },
            ],
          }),
        '/v1/apps': (_, response) => json(response, 200, { apps: [{ name: 'shop' }] }),
      },
    });
    expect(
      (await apps.list(clientFor({ 'auth-url': open.url }), never)).map(({ name, region }) => [name, region]),
    ).toEqual([['shop', 'a']]);
  });
});

describe('the list of apps', () => {
  const appsOf = (amount: number) =>
    Array.from({ length: amount }, (_, index) => ({
      id: `id${index}`,
      name: `app${index}`,
      status: 'running',
      region: 'osc-fr1',
    }));

  it('has components while the apps are few', async () => {
    const server = await own({
      routes: {
        '/v1/apps': (_, response) => json(response, 200, { apps: [...appsOf(1), { nameless: true }] }),
        '/v1/apps/app0/containers': (_, response) =>
          json(response, 200, {
            containers: [
              { name: 'web', amount: 2 },
              { name: 'clock', amount: 0 },
            ],
          }),
      },
    });
    expect(await apps.list(clientFor({ 'auth-url': server.url }), never)).toEqual([
      {
        id: 'id0',
        name: 'app0',
        status: 'running',
        region: 'osc-fr1',
        components: [
          { name: 'web', kind: 'container', instances: 2 },
          { name: 'clock', kind: 'container', instances: 0 },
        ],
      },
    ]);
  });

  it('costs one request per region when they are many', async () => {
    const server = await own({
      routes: { '/v1/apps': (_, response) => json(response, 200, { apps: appsOf(200) }) },
    });
    const list = await apps.list(clientFor({ 'auth-url': server.url }), never);
    expect([list.length, server.asked.length]).toEqual([200, 3]);
  });
});
