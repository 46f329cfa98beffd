import { describe, expect, it } from 'vitest';
import { instantFromMillis } from '../../../src/model.ts';
import type { Dialect } from '../../../src/sandbox/container-station.ts';
import {
  ADMIN,
  ALL,
  type Asked,
  clientOf,
  openLogs,
  ownSignal,
  paths,
  readPast,
  sandbox,
  serve,
  type Told,
} from './station.ts';

const ACCOUNT = { anonymous: false, isAdmin: true, logintime: '2021-08-11 16:54:45', username: 'admin' };

function loginBodies(seen: readonly Asked[]) {
  return seen.filter(({ path }) => path.endsWith('/login')).map(({ body }) => body);
}

/** A station under `prefix` whose login is up to the test; all else wants the cookie `s=1`. */
async function station(prefix: string, login: (asked: Asked) => Told | undefined) {
  return serve((asked) => {
    if (!asked.path.startsWith(`${prefix}/api/v1/`)) return undefined;
    const path = asked.path.slice(prefix.length + '/api/v1'.length);
    if (path === '/login') return login(asked);
    const known = asked.headers.cookie?.includes('s=1') ?? false;
    if (!known) return { status: 401, json: { code: 1002, message: 'unauthorized' } };
    if (path === '/login_refresh') return { json: ACCOUNT };
    return path.startsWith('/container') ? { json: [] } : undefined;
  });
}

const welcome: Told = { json: ACCOUNT, headers: { 'set-cookie': ['s=1; Path=/', 't=2'] } };

describe('every dialect', () => {
  it.each<[Dialect, string, number]>([
    ['A', '', 2],
    ['B', '', 2],
    ['C', '', 2],
    ['D', '/containerstation', 2],
    ['E', '/container-station', 1],
    ['F', '/container-station', 1],
  ])('%s is found at "%s" and logged in to with %i tries', async (dialect, prefix, tries) => {
    const nas = await sandbox({ dialect });
    const client = clientOf({ url: nas.url, ...ADMIN });
    const signal = ownSignal();
    expect(await client.identity(signal)).toEqual({ user: 'admin', note: 'administrator' });
    expect(await client.containers(signal)).toContainEqual(expect.objectContaining({ name: 'shop-web' }));
    expect(client.utcOffset).toBe(8 * 3_600_000);
    const logins = nas.requests.filter(({ path }) => path === `${prefix}/api/v1/login`);
    expect(logins).toHaveLength(tries);
  });

  it('no password goes to a prefix that has not answered with JSON', async () => {
    const nas = await sandbox({ dialect: 'A' });
    await clientOf({ url: nas.url, ...ADMIN }).identity(ownSignal());
    const elsewhere = nas.requests.filter(({ path }) => !path.startsWith('/api/v1/'));
    expect(elsewhere.map(({ method, body }) => [method, body])).toEqual([
      ['GET', ''],
      ['GET', ''],
    ]);
  });

  it('a path in the address is the prefix, and nothing is probed', async () => {
    const nas = await station('/behind/proxy', () => welcome);
    await clientOf({ url: `${nas.url}/behind/proxy/`, ...ADMIN }).containers(ownSignal());
    expect(paths(nas.seen)).toEqual([
      'POST /behind/proxy/api/v1/login',
      'GET /behind/proxy/api/v1/container',
    ]);
  });
});

describe('probing', () => {
  it('passes by a JSON 404 when another prefix answers better', async () => {
    const nas = await serve(({ path }) => {
      if (path === '/api/v1/login_refresh') return { json: { error: { code: 401, message: '' } } };
      if (path === '/api/v1/login') return welcome;
      if (path === '/api/v1/container') return { json: [] };
      return { status: 404, json: { error: { code: 404, message: 'no route' } } };
    });
    expect(await clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).toEqual([]);
  });

  it('takes a JSON 404 for an answer when there is no better one', async () => {
    const nas = await serve(({ path }) => {
      if (path === '/containerstation/api/v1/container') return { json: [] };
      return path.startsWith('/containerstation')
        ? { json: { error: { code: 404, message: '' } } }
        : undefined;
    });
    expect(await clientOf({ url: nas.url }).containers(ownSignal())).toEqual([]);
  });

  it('says that nothing there is a Container Station', async () => {
    const nas = await serve(() => ({ text: '<html>Router</html>' }));
    await expect(clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining(`No Container Station answers at ${nas.url}`),
      hint: expect.stringContaining('system port'),
    });
  });

  it('names the place that everything is redirected to', async () => {
    const nas = await serve(() => ({ status: 302, headers: { location: 'https://nas.example/cgi-bin/' } }));
    await expect(clientOf({ url: nas.url }).containers(ownSignal())).rejects.toMatchObject({
      hint: expect.stringContaining('https://nas.example'),
    });
  });

  it('calls a busy NAS unavailable, so that it is tried again', async () => {
    const nas = await serve(() => ({ status: 503, text: 'starting' }));
    await expect(clientOf({ url: nas.url }).containers(ownSignal())).rejects.toMatchObject({
      retryable: true,
    });
  });
});

describe('the login', () => {
  it('is a form where JSON is refused, and a form at once the next time', async () => {
    let lives = 1;
    const nas = await station('/containerstation', ({ headers }) => {
      if (headers['content-type'] !== 'application/x-www-form-urlencoded') {
        return { json: { error: { code: 400, message: 'username is required' } } };
      }
      return { ...welcome, headers: { 'set-cookie': `s=${lives++ === 1 ? 0 : 1}` } };
    });
    await clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal());
    const form = 'username=admin&password=secret';
    expect(loginBodies(nas.seen)).toEqual(['{"username":"admin","password":"secret"}', form, form]);
  });

  it('is a form where JSON logs in a nobody', async () => {
    const nas = await station('', ({ headers }) => {
      if (headers['content-type'] === 'application/json') return { json: { ...ACCOUNT, username: 'nobody' } };
      return welcome;
    });
    expect(await clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).toEqual([]);
  });

  it('may end as the nobody of an open development build', async () => {
    const nas = await station('', () => ({ ...welcome, json: { isAdmin: false, username: 'nobody' } }));
    expect(await clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).toEqual([]);
  });

  it('is tried once where JSON is all that is taken, so that no account is locked', async () => {
    const nas = await station('/container-station', () => ({
      status: 401,
      json: { code: 1002, message: 'unauthorized' },
    }));
    await expect(clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).rejects.toMatchObject({
      kind: 'auth',
      message: `Container Station at ${nas.url} refused the login of admin.`,
    });
    expect(loginBodies(nas.seen)).toHaveLength(1);
  });

  it('holds for the one who was meant', async () => {
    const nas = await station('/container-station', () => ({
      ...welcome,
      json: { ...ACCOUNT, username: 'guest' },
    }));
    await expect(clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).rejects.toMatchObject({
      kind: 'auth',
    });
  });

  it.each(['A', 'D', 'E', 'F'] as const)(
    'refused by dialect %s is an auth error without the password',
    async (dialect) => {
      const nas = await sandbox({ dialect });
      const client = clientOf({ url: nas.url, user: 'admin', password: 'geheim' });
      await expect(client.containers(ownSignal())).rejects.toSatisfy(
        (error) => JSON.stringify(error).includes('"auth"') && !String(error).includes('geheim'),
      );
    },
  );

  it('says what to do when 2-step verification is on', async () => {
    const nas = await sandbox({ twoFactor: true });
    await expect(clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).rejects.toMatchObject({
      kind: 'auth',
      message: expect.stringContaining('2-step verification'),
      hint: expect.stringContaining('POLYLOG_QNAP_SID'),
    });
  });

  it('works with a session id then', async () => {
    const nas = await sandbox({ twoFactor: true });
    const client = clientOf({ url: nas.url, sid: nas.sid });
    expect(await client.containers(ownSignal())).not.toEqual([]);
    expect(nas.requests.filter(({ path }) => path.endsWith('/login')).map(({ body }) => body)).toEqual([
      JSON.stringify({ sid: nas.sid }),
    ]);
  });

  it('says that a session id was refused', async () => {
    const nas = await sandbox();
    await expect(clientOf({ url: nas.url, sid: 'geheim' }).containers(ownSignal())).rejects.toMatchObject({
      kind: 'auth',
      message: expect.not.stringContaining('geheim'),
      hint: expect.stringContaining('expires'),
    });
  });

  it('is not needed where the station asks for none', async () => {
    const nas = await sandbox({ dialect: 'A', loginRequired: false });
    expect(await clientOf({ url: nas.url }).containers(ownSignal())).not.toEqual([]);
    expect(nas.requests.some(({ method }) => method === 'POST')).toBe(false);
  });

  it('is asked for where it is', async () => {
    const nas = await sandbox();
    await expect(clientOf({ url: nas.url }).containers(ownSignal())).rejects.toMatchObject({
      kind: 'auth',
      hint: expect.stringContaining('POLYLOG_QNAP_USER'),
    });
  });

  it('needs both halves', () => {
    expect(() => clientOf({ url: 'http://nas', user: 'admin' })).toThrow(/POLYLOG_QNAP_PASSWORD is missing/);
    expect(() => clientOf({ url: 'http://nas', password: 'x' })).toThrow(/POLYLOG_QNAP_USER is missing/);
  });

  it('goes over plain http to no other machine', async () => {
    const client = clientOf({ url: 'http://192.0.2.1/container-station', ...ADMIN });
    await expect(client.containers(ownSignal())).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('plain http'),
    });
  });

  it('that a failing NAS cannot take is no refusal', async () => {
    const nas = await station('/container-station', () => ({ status: 500, text: 'oops' }));
    await expect(clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
    });
  });
});

describe('the session', () => {
  it('is shared by all who need it at once', async () => {
    const nas = await sandbox();
    const client = clientOf({ url: nas.url, ...ADMIN });
    const signal = ownSignal();
    await Promise.all([client.containers(signal), client.newestRow(signal), client.identity(signal)]);
    expect(paths(nas.requests).filter((path) => path.startsWith('POST'))).toHaveLength(1);
    expect(paths(nas.requests).filter((path) => path.endsWith('login_refresh'))).toHaveLength(2);
  });

  it('sends every cookie back', async () => {
    const nas = await station('', () => welcome);
    await clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal());
    expect(nas.seen.at(-1)?.headers.cookie).toBe('s=1; t=2');
  });

  it.each(['A', 'C', 'D', 'E', 'F'] as const)(
    'of dialect %s is renewed once when it has ended',
    async (dialect) => {
      const nas = await sandbox({ dialect });
      const client = clientOf({ url: nas.url, ...ADMIN });
      const signal = ownSignal();
      await client.containers(signal);
      nas.endSessions();
      const before = nas.requests.length;
      await Promise.all([client.containers(signal), client.containers(signal), client.containers(signal)]);
      const logins = nas.requests.slice(before).filter(({ method }) => method === 'POST');
      expect(logins).toHaveLength(1);
    },
  );

  it('that is refused again right after the login is an error, not a loop', async () => {
    const nas = await station('/container-station', () => ({
      json: ACCOUNT,
      headers: { 'set-cookie': 's=0' },
    }));
    await expect(clientOf({ url: nas.url, ...ADMIN }).containers(ownSignal())).rejects.toMatchObject({
      kind: 'auth',
      message: expect.stringContaining('does not allow admin to see its containers'),
    });
    expect(loginBodies(nas.seen)).toHaveLength(2);
  });

  it('that one caller gives up is made for the other', async () => {
    let arrived: () => void = () => {};
    let goOn: () => void = () => {};
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const nas = await serve(async ({ path }) => {
      if (path === '/x/api/v1/container') return { json: [] };
      arrived();
      await held;
      return welcome;
    });
    const client = clientOf({ url: `${nas.url}/x`, ...ADMIN });
    const impatient = new AbortController();
    const first = client.containers(impatient.signal);
    const second = client.containers(ownSignal());
    await asked;
    impatient.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    goOn();
    expect(await second).toEqual([]);
    expect(loginBodies(nas.seen)).toHaveLength(1);
  });
});

describe('the CSV export', () => {
  async function textOf(client: ReturnType<typeof clientOf>) {
    const { body } = await client.exportCsv(ownSignal());
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  it('comes byte for byte', async () => {
    const csv = Buffer.from(
      'Date,Level,Category,User,Message\r\n2021-08-11 16:50:18,INFO,a,b,"x ""y"""\r\n\xff\x00',
      'latin1',
    );
    const nas = await serve(({ path }) => {
      if (path.endsWith('/log/export')) return { text: csv, headers: { 'content-type': 'text/csv' } };
      return { json: ACCOUNT };
    });
    expect(await textOf(clientOf({ url: nas.url }))).toEqual(csv);
  });

  it('that stalls is broken off', async () => {
    // More is announced than comes.
    const headers = { 'content-type': 'text/csv', 'content-length': '1000' };
    const nas = await serve(({ path }) =>
      path.endsWith('/log/export') ? { text: 'Date,Level', headers } : { json: ACCOUNT },
    );
    await expect(textOf(clientOf({ url: nas.url }, { silence: 20 }))).rejects.toMatchObject({
      kind: 'unavailable',
      partial: true,
    });
  });

  it.each(['A', 'D', 'E'] as const)('of dialect %s comes after a renewed login', async (dialect) => {
    const nas = await sandbox({ dialect });
    nas.addRow({ message: 'Start container (docker, 08fd4fac14b8, web)' });
    const client = clientOf({ url: nas.url, ...ADMIN });
    await client.containers(ownSignal());
    nas.endSessions();
    const text = (await textOf(client)).toString();
    expect(text).toMatch(/^Date,Level,Category,User,Message\r?\n/);
    expect(text).toContain('"Start container (docker, 08fd4fac14b8, web)"');
  });

  it.each([
    [
      'an error body under 200',
      { json: { error: { code: 503, message: 'Service Unabailable' } } },
      'unavailable',
    ],
    ['a page under 500', { status: 500, text: '<html>' }, 'unavailable'],
    ['a 404', { status: 404, text: '<html>' }, 'usage'],
  ])('%s is an error', async (_name, told: Told, kind) => {
    const nas = await serve(({ path }) => (path.endsWith('/log/export') ? told : { json: ACCOUNT }));
    await expect(clientOf({ url: nas.url }).exportCsv(ownSignal())).rejects.toMatchObject({ kind });
  });

  it.each([
    ['a web page', { text: '<!DOCTYPE html><html>login</html>' }],
    ['a web page', { text: '\n<html>', headers: { 'content-type': 'text/csv' } }],
    ['nothing', { text: '' }],
    ['JSON', { json: { rows: 1 } }],
    ['JSON', { json: [{ Date: 1 }] }],
    ['JSON', { json: 'Date,Level' }],
    ['something else', { text: 'Updated: now', headers: { 'content-type': 'text/csv' } }],
  ])('%s in its place is an error', async (form, told: Told) => {
    const nas = await serve(({ path }) => (path.endsWith('/log/export') ? told : { json: ACCOUNT }));
    await expect(clientOf({ url: nas.url }).exportCsv(ownSignal())).rejects.toMatchObject({
      kind: 'platform',
      message: `Container Station at ${nas.url} answers the request for the CSV export of the activity log with ${form} in its place.`,
    });
  });

  const LOGIN_PAGE: Told = { text: '<html>login</html>' };
  it.each([
    ['a login page', LOGIN_PAGE],
    ['the way to one', { status: 302, headers: { location: '/cgi-bin/login.html' } }],
  ])('%s renews the session once, whatever was asked', async (_, page: Told) => {
    let gone = 0;
    const nas = await serve(({ method, path }) => {
      if (method === 'POST') return { json: ACCOUNT, headers: { 'set-cookie': 'CS_SESS_ID=a' } };
      if (path.endsWith('/login_refresh')) return { json: ACCOUNT };
      if (gone-- > 0) return page;
      return path.endsWith('/export') ? { text: 'Date,Level,Category,User,Message\r\n' } : { json: [] };
    });
    const client = clientOf({ url: nas.url, ...ADMIN });
    const logins = () => nas.seen.filter(({ method }) => method === 'POST').length;
    expect(await client.containers(ownSignal())).toEqual([]);
    gone = 1;
    expect((await textOf(client)).toString()).toContain('Date,');
    expect(logins()).toBe(2);
    gone = 1;
    expect(await client.containers(ownSignal())).toEqual([]);
    expect(logins()).toBe(3);
    gone = 2;
    await expect(textOf(client)).rejects.toMatchObject({ kind: 'platform' });
    expect(logins()).toBe(4);
  });
});

describe('times', () => {
  it.each([
    [480, {}, 'corrected'],
    [0, {}, 'second'],
    [-300, {}, 'corrected'],
    [480, { timezone: 'Asia/Taipei' }, 'corrected'],
    [480, { timezone: '+08:00' }, 'corrected'],
  ])(
    'of a NAS %i minutes east are true with %j',
    async (nasUtcOffset, values: Record<string, string>, quality) => {
      const at = Date.UTC(2026, 6, 1, 12, 0, 0);
      const nas = await sandbox({ nasUtcOffset, rows: [{ message: 'x', at: { ms: at, nanos: 0 } }] });
      const source = await openLogs(clientOf({ url: nas.url, ...ADMIN, ...values }), '');
      const { entries } = await readPast(source, ALL);
      expect(entries.map(({ body }) => [body.ts, body.quality])).toEqual([
        [instantFromMillis(at, 0), quality],
      ]);
    },
  );

  it('of a NAS whose zone nobody knows are said to be doubtful', async () => {
    const nas = await sandbox({ dialect: 'A', loginRequired: false, rows: [{ message: 'x' }] });
    const source = await openLogs(clientOf({ url: nas.url }), '');
    const { batches } = await readPast(source, ALL);
    const notices = batches.flatMap((batch) => batch.notices ?? []);
    expect(notices).toEqual([{ kind: 'warning', message: expect.stringContaining('--nas-timezone') }]);
  });

  it('go by --nas-timezone first', async () => {
    const nas = await sandbox({
      rows: [{ message: 'x', at: { ms: Date.UTC(2026, 0, 1, 12), nanos: 0 } }],
      nasUtcOffset: 60,
    });
    const client = clientOf({ url: nas.url, ...ADMIN, timezone: 'Asia/Taipei' });
    const source = await openLogs(client, '', { flags: { 'nas-timezone': 'Europe/Berlin' } });
    const { entries } = await readPast(source, ALL);
    expect(entries[0]?.body.ts).toEqual(instantFromMillis(Date.UTC(2026, 0, 1, 12), 0));
  });
});
