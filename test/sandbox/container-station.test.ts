// The sandbox NAS against the request-and-answer pairs of its wire page and seed, over raw node:http.
import { type IncomingHttpHeaders, request } from 'node:http';
import { parse as parseCsv } from 'csv-parse/sync';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ContainerStationOptions,
  type ContainerStationServer,
  type Dialect,
  type NewLogRow,
  type StationEvent,
  startContainerStation,
} from '../../src/sandbox/container-station.ts';
import { createWorld, type World, type WorldOptions } from '../../src/sandbox/world.ts';

const started: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

const noon = Date.parse('2021-08-11T08:54:45.120Z');

interface Clock {
  ms: number;
}

async function start(
  options: Partial<ContainerStationOptions> = {},
  world: WorldOptions & { clock?: Clock } = {},
): Promise<ContainerStationServer> {
  const { clock = { ms: noon }, ...rest } = world;
  const made = createWorld({ scale: 0, past: 0, now: () => clock.ms, ...rest });
  const server = await startContainerStation({ world: made, ...options });
  started.push(made, server);
  return server;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: unknown;
}

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  cookie?: string;
}

function ask(server: ContainerStationServer, path: string, given: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...given.headers, ...(given.cookie ? { cookie: given.cookie } : {}) };
    const sent = request(`${server.url}${path}`, { method: given.method ?? 'GET', headers, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    sent.end(given.body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const jsonLogin = { method: 'POST', body: '{"username":"admin","password":"secret"}' };
const formLogin = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'username=admin&password=secret',
};

async function cookieFrom(server: ContainerStationServer, given?: Ask): Promise<string> {
  const login = given ?? (server.dialect < 'E' ? formLogin : jsonLogin);
  const answer = await ask(server, `${server.prefix}/api/v1/login`, login);
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

/** Logs in and returns what asks below `/api/v1`. */
async function visitor(
  server: ContainerStationServer,
): Promise<(path: string, given?: Ask) => Promise<Answer>> {
  const cookie = await cookieFrom(server);
  return (path, given) => ask(server, `${server.prefix}/api/v1${path}`, { cookie, ...given });
}

function at(text: string): { ms: number; nanos: number } {
  const [seconds = '', fraction = ''] = text.split('.');
  const micros = Number(fraction.padEnd(6, '0'));
  const ms = Date.parse(`${seconds.replace(' ', 'T')}Z`) + Math.floor(micros / 1000);
  return { ms, nanos: (micros % 1000) * 1000 };
}

// The export of 6.4 in true time (8 hours earlier), and the ids of 6.3.
const exportRows: NewLogRow[] = [
  {
    id: 52,
    at: at('2021-08-11 08:50:18.481793'),
    level: 'ERROR',
    message:
      'Background task error for create lxdTest: Failed creating instance record: Failed initialising instance: Failed to add device "disk0": Missing source path "/share/test/selenium" for disk "disk0"',
  },
  { id: 56, at: at('2021-08-11 08:53:15.250000'), category: 'image', message: 'Registry remove: old_test' },
  { id: 57, at: at('2021-08-11 08:53:20.100000'), category: 'image', message: 'Registry add: new_test' },
  { id: 58, at: at('2021-08-11 08:53:21.913763'), category: 'image', message: 'Registry edit: new_test' },
  { id: 59, at: at('2021-08-11 08:53:22.799467'), category: 'image', message: 'Registry remove: new_test' },
];

const seedRows: NewLogRow[] = [
  [
    'export',
    '17:29:57.755285',
    'Finished export container (docker, 08fd4fac14b8, DockerTestAPI) to (/test/d.tgz) (return=0)',
  ],
  ['import', '17:30:00.154228', 'Start to import container (lxc, utest_import) from (/test/c.tgz)'],
  ['import', '17:30:01.081171', 'Import task logs are cleared'],
  ['system', '17:30:08.269564', 'Create a new folder at /home/vagrant/container-station-web/test/new_folder'],
  [
    'import',
    '17:30:12.508515',
    'Finished import container (lxc, utest_import) from (/test/c.tgz) (return=0)',
  ],
].map(([category = '', time, message = ''], index) => ({
  id: 48 + index,
  at: at(`2015-03-17 ${time}`),
  category,
  message,
  user: 'Anonymous',
}));

function events(count: number): StationEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    at: { ms: (1628671900 + index) * 1000, nanos: 0 },
    category: 'container',
    user: index % 10 === 9 ? 'ada' : 'all',
    payload: { container: `c${index}`, state: 'start', type: 'lxc' },
  }));
}

describe('login', () => {
  it('takes JSON in dialect E and answers as the page has it', async () => {
    const server = await start();
    const answer = await ask(server, '/container-station/api/v1/login', jsonLogin);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers.date).toBe('Wed, 11 Aug 2021 08:54:45 GMT');
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^CS_SESS_ID=[0-9a-f]{32}; Path=\/$/),
    ]);
    expect(answer.text).toBe(
      '{"anonymous": false, "isAdmin": true, "logintime": "2021-08-11 16:54:45", "username": "admin"}',
    );
  });

  it.each<[Dialect, string]>([
    ['A', ''],
    ['B', ''],
    ['C', ''],
    ['D', '/containerstation'],
  ])('takes a form alone in dialect %s', async (dialect, prefix) => {
    const server = await start({ dialect });
    const good = await ask(server, `${prefix}/api/v1/login`, formLogin);
    expect(good.json).toMatchObject({ username: 'admin', anonymous: false });
    expect(good.headers['set-cookie']).toHaveLength(1);
    expect('isVm' in (good.json as object)).toBe(dialect === 'C');
    const bad = await ask(server, `${prefix}/api/v1/login`, jsonLogin);
    expect([bad.status, bad.text]).toEqual([200, '{"error": {"code": 400, "message": "Bad Request"}}']);
  });

  it('answers a form with 400 where JSON is wanted', async () => {
    const e = await ask(await start(), '/container-station/api/v1/login', formLogin);
    expect([e.status, e.json]).toEqual([400, { error: { code: 400, message: 'Bad Request' } }]);
    const f = await ask(await start({ dialect: 'F' }), '/container-station/api/v1/login', formLogin);
    expect([f.status, f.json]).toEqual([400, { code: 1001, message: 'Bad Request' }]);
  });

  it.each<[Dialect, 'always200' | 'real', number]>([
    ['D', 'always200', 200],
    ['D', 'real', 401],
    ['E', 'always200', 200],
    ['E', 'real', 401],
  ])('refuses a wrong password in dialect %s, %s', async (dialect, errorStatus, status) => {
    const server = await start({ dialect, errorStatus });
    const given = dialect === 'D' ? formLogin : jsonLogin;
    const body = given.body.replace('secret', 'wrong');
    const answer = await ask(server, `${server.prefix}/api/v1/login`, { ...given, body });
    expect([answer.status, answer.json]).toEqual([
      status,
      { error: { code: 401, message: 'Wrong username or password' } },
    ]);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('refuses a wrong password on 3.x with its own code', async () => {
    const server = await start({ dialect: 'F' });
    const body = '{"username":"admin","password":"wrong"}';
    const answer = await ask(server, '/container-station/api/v1/login', { method: 'POST', body });
    expect([answer.status, answer.text]).toEqual([401, '{"code":1002,"message":"unauthorized"}']);
  });

  it('answers two factors with 403 and takes the sid', async () => {
    const server = await start({ twoFactor: true, errorStatus: 'always200' });
    const login = '/container-station/api/v1/login';
    expect((await ask(server, login, jsonLogin)).status).toBe(403);
    const bySid = await ask(server, login, { method: 'POST', body: JSON.stringify({ sid: server.sid }) });
    expect(bySid.json).toMatchObject({ username: 'admin' });
    const wrong = await ask(server, login, { method: 'POST', body: '{"sid":"nope"}' });
    expect(wrong.json).toMatchObject({ error: { code: 401 } });
    const qts = await ask(server, `/cgi-bin/authLogin.cgi?user=admin&plain_pwd=secret`);
    expect(qts.text).toContain('<need_2sv><![CDATA[1]]></need_2sv>');
  });

  it('gives a QTS sid for a base64 password, which logs in', async () => {
    const server = await start();
    const pwd = Buffer.from('secret').toString('base64');
    const body = new URLSearchParams({ user: 'admin', pwd }).toString();
    const qts = await ask(server, '/cgi-bin/authLogin.cgi', { method: 'POST', body });
    const sid = /<authSid><!\[CDATA\[(\w+)\]\]>/.exec(qts.text)?.[1];
    const login = { method: 'POST', body: JSON.stringify({ sid }) };
    expect(await cookieFrom(server, login)).toMatch(/^CS_SESS_ID=/);
    const plain = await ask(server, '/cgi-bin/authLogin.cgi?user=admin&pwd=secret');
    expect(plain.text).toContain('<authPassed><![CDATA[0]]>');
    const service = await ask(server, '/cgi-bin/authLogin.cgi?user=admin&plain_pwd=secret&service=100');
    expect(service.text).not.toContain('authSid');
  });

  it('refreshes and logs out', async () => {
    const get = await visitor(await start());
    expect((await get('/login_refresh')).text).toBe(
      '{"anonymous": false, "isAdmin": true, "logintime": "2021-08-11 16:54:45", "username": "admin"}',
    );
    expect((await get('/logout')).status).toBe(404);
    expect((await get('/logout', { method: 'PUT' })).text).toBe('{"username": "admin"}');
    const after = await get('/login_refresh');
    expect([after.status, after.text]).toEqual([401, '{"error": {"code": 401, "message": "unauthorized"}}']);
  });

  it('lets nobody in without a session, A giving its resources all the same', async () => {
    const server = await start({ dialect: 'A' });
    expect((await ask(server, '/api/v1/log')).json).toMatchObject({ error: { code: 401 } });
    expect((await ask(server, '/api/v1/system/resource')).json).toMatchObject({
      memory_usage: { total: 7810 },
    });
    const other = await ask(await start({ dialect: 'B' }), '/api/v1/system/resource');
    expect(other.json).toMatchObject({ error: { code: 401 } });
  });

  it('asks for no login where none is wanted', async () => {
    const server = await start({ loginRequired: false, dialect: 'A', rows: [] });
    expect(server.env).toEqual({ POLYLOG_QNAP_URL: server.url });
    expect((await ask(server, '/api/v1/login_refresh')).json).toMatchObject({
      anonymous: true,
      isAdmin: false,
      username: 'nobody',
    });
    await ask(server, '/api/v1/container/docker/shop-web/stop', { method: 'PUT' });
    expect((await ask(server, '/api/v1/log')).json).toMatchObject([{ user: 'Anonymous' }]);
  });

  it('ends sessions by time, by count and by order', async () => {
    const clock = { ms: noon };
    const timed = await visitor(await start({ sessionLifeMs: 1000 }, { clock }));
    clock.ms += 999;
    expect((await timed('/system')).status).toBe(200);
    clock.ms += 1;
    expect((await timed('/system')).status).toBe(401);

    const counted = await visitor(await start({ sessionLifeRequests: 2 }));
    const statuses = [await counted('/system'), await counted('/system'), await counted('/system')];
    expect(statuses.map((answer) => answer.status)).toEqual([200, 200, 401]);

    const server = await start({ dialect: 'F' });
    const ordered = await visitor(server);
    server.endSessions();
    const answer = await ordered('/container');
    expect([answer.status, answer.text]).toEqual([401, '{"code":1002,"message":"unauthorized"}']);
  });

  it('says what a client needs', async () => {
    const server = await start();
    expect(server.env).toEqual({
      POLYLOG_QNAP_URL: server.url,
      POLYLOG_QNAP_USER: 'admin',
      POLYLOG_QNAP_PASSWORD: 'secret',
    });
    expect(server.url).toBe(`http://${server.curlEnv.QIP}:${server.curlEnv.QPORT}`);
    expect(server.targets).toEqual([
      'qnap:',
      'qnap:docker/shop-web',
      'qnap:docker/shop-worker',
      'qnap:docker/shop-db',
      'qnap:docker/shop-migrate',
      'qnap:lxc/cache',
      'qnap:lxd/lab',
    ]);
  });
});

describe('prefixes', () => {
  it.each<[Dialect, string]>([
    ['A', '/container-station'],
    ['C', '/containerstation'],
    ['D', '/container-station'],
    ['D', ''],
    ['E', '/containerstation'],
    ['F', ''],
  ])('dialect %s is not found below "%s"', async (dialect, wrong) => {
    const server = await start({ dialect });
    const answer = await ask(server, `${wrong}/api/v1/login_refresh`);
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'text/html']);
    const right = await ask(server, `${server.prefix}/api/v1/login_refresh`);
    expect(right.headers['content-type']).toBe('application/json');
  });
});

describe('activity log', () => {
  it('answers 6.3 to the letter', async () => {
    const get = await visitor(await start({ rows: exportRows }));
    const page = await get('/log?limit=2&category=image,export');
    expect(page.text).toBe(
      '[{"category": "image", "id": 59, "level": "INFO", "message": "Registry remove: new_test", "ts": 1628700802, "user": "admin"}, ' +
        '{"category": "image", "id": 58, "level": "INFO", "message": "Registry edit: new_test", "ts": 1628700801, "user": "admin"}]',
    );
    expect((await get('/log?limit=2&category=image,export&offset=2')).json).toMatchObject([
      { id: 57, ts: 1628700800 },
      { id: 56, ts: 1628700795 },
    ]);
    expect((await get('/log?user=nobody')).text).toBe('[]');
  });

  it("answers the seed's request", async () => {
    const get = await visitor(await start({ dialect: 'A', nasUtcOffset: 0, rows: seedRows }));
    const rows = (await get('/log?limit=5')).json;
    expect(rows).toMatchObject([{ id: 52, ts: 1426613412 }, { id: 51 }, { id: 50 }, { id: 49 }, { id: 48 }]);
    expect((rows as unknown[])[2]).toEqual({
      category: 'import',
      id: 50,
      level: 'INFO',
      message: 'Import task logs are cleared',
      ts: 1426613401,
      user: 'Anonymous',
    });
    const csv = (await get('/log/export')).text.split('\r\n');
    expect(csv.slice(-4)).toEqual([
      '2015-03-17 17:30:01.081171,INFO,import,Anonymous,Import task logs are cleared',
      '2015-03-17 17:30:08.269564,INFO,system,Anonymous,Create a new folder at /home/vagrant/container-station-web/test/new_folder',
      '2015-03-17 17:30:12.508515,INFO,import,Anonymous,"Finished import container (lxc, utest_import) from (/test/c.tgz) (return=0)"',
      '',
    ]);
  });

  it('exports 6.4 to the letter, oldest first', async () => {
    const full = { at: { ms: noon - 120, nanos: 0 }, message: 'Stop Container Station', user: 'system' };
    const get = await visitor(await start({ rows: [...exportRows, full] }));
    const answer = await get('/log/export');
    expect(answer.headers['content-type']).toBe('text/csv');
    expect(answer.text.startsWith('Date,Level,Category,User,Message\r\n')).toBe(true);
    expect(answer.text).toContain(
      '2021-08-11 16:50:18.481793,ERROR,container,admin,"Background task error for create lxdTest: Failed creating instance record: Failed initialising instance: Failed to add device ""disk0"": Missing source path ""/share/test/selenium"" for disk ""disk0"""\r\n',
    );
    expect(answer.text).toContain(
      '2021-08-11 16:53:22.799467,INFO,image,admin,Registry remove: new_test\r\n',
    );
    expect(
      answer.text.endsWith('\r\n2021-08-11 16:54:45,INFO,container,system,Stop Container Station\r\n'),
    ).toBe(true);
    expect(parseCsv(answer.text)).toHaveLength(7);
  });

  it('shows 20 of 60 rows when nothing is asked, and pages by rows', async () => {
    const get = await visitor(await start());
    const ids = async (path: string): Promise<number[]> =>
      ((await get(path)).json as { id: number }[]).map((row) => row.id);
    expect(await ids('/log')).toEqual(Array.from({ length: 20 }, (_, index) => 60 - index));
    expect(await ids('/log?limit=3&offset=57')).toEqual([3, 2, 1]);
    expect(await ids('/log?limit=3&offset=60')).toEqual([]);
    expect(await ids('/log?limit=500')).toHaveLength(60);
  });

  it('reads offset as an id, and bounds the limit, where it is told to', async () => {
    const get = await visitor(await start({ logOffset: 'id', maxLogLimit: 3 }));
    expect((await get('/log?limit=20&offset=20')).json).toMatchObject([{ id: 20 }, { id: 19 }, { id: 18 }]);
  });

  it('heeds neither offset nor times where it is told to', async () => {
    const get = await visitor(await start({ logOffset: 'ignored', logTimes: 'ignored' }));
    const newest = [{ id: 60 }, { id: 59 }];
    expect((await get('/log?limit=2&offset=20')).json).toMatchObject(newest);
    expect((await get('/log?limit=2&end=1&time_end=1')).json).toMatchObject(newest);
  });

  it('takes comma lists from B on', async () => {
    const count = async (dialect: Dialect, query: string): Promise<number> =>
      ((await (await visitor(await start({ dialect })))(`/log?limit=99&${query}`)).json as unknown[]).length;
    const [errors, warnings] = [await count('A', 'level=ERROR'), await count('A', 'level=WARN')];
    expect(errors).toBeGreaterThan(0);
    expect(await count('A', 'level=ERROR,WARN')).toBe(0);
    expect(await count('B', 'level=ERROR,WARN')).toBe(errors + warnings);
    expect(await count('E', 'level=error')).toBe(0);
    expect(await count('E', 'category=volume')).toBeGreaterThan(0);
  });

  it.each<[Dialect, string, string]>([
    ['A', 'time_start', 'start'],
    ['B', 'time_start', 'start'],
    ['C', 'start', 'time_start'],
    ['E', 'start', 'time_start'],
  ])('dialect %s reads %s and ignores %s', async (dialect, known, unknown) => {
    const get = await visitor(await start({ dialect, rows: exportRows }));
    const ids = async (query: string): Promise<number[]> =>
      ((await get(`/log?${query}`)).json as { id: number }[]).map((row) => row.id);
    expect(await ids(`${known}=1628700801`)).toEqual([59, 58]);
    expect(await ids(`${known}=0`)).toHaveLength(5);
    expect(await ids(`${unknown}=1628700801`)).toHaveLength(5);
    expect(await ids(`${known.replace('start', 'end')}=1628700795`)).toEqual([56, 52]);
  });

  it('compares with the true time where it is told to', async () => {
    const get = await visitor(await start({ rows: exportRows, logTimes: 'true' }));
    expect((await get(`/log?start=${1628700801 - 28800}`)).json).toHaveLength(2);
    expect((await get('/log?start=1628700801')).json).toEqual([]);
  });

  it('looks for a text in either case, or not', async () => {
    const folded = await visitor(await start({ rows: exportRows }));
    expect((await folded('/log?text=REGISTRY+E')).json).toMatchObject([{ id: 58 }]);
    const strict = await visitor(await start({ rows: exportRows, textCase: 'sensitive' }));
    expect((await strict('/log?text=REGISTRY+E')).json).toEqual([]);
  });

  it.each(['limit=abc', 'offset=-1', 'start=yesterday'])('refuses %s', async (query) => {
    const get = await visitor(await start());
    expect(await get(`/log?${query}`)).toMatchObject({ status: 400, json: { error: { code: 400 } } });
  });

  it('is emptied by DELETE and by its owner, and says so', async () => {
    const server = await start();
    const get = await visitor(server);
    expect((await get('/log', { method: 'DELETE' })).text).toBe('{"records": 60}');
    const left = [{ id: 1, category: 'system', message: 'System logs are cleared', user: 'admin' }];
    expect((await get('/log')).json).toMatchObject(left);
    server.addRow({ message: 'Create network: x' });
    expect(server.clearLog()).toBe(2);
    expect((await get('/log')).json).toMatchObject(left);
    const going = await start({ idsAfterClear: 'continue' });
    going.clearLog();
    expect(going.rows.map((row) => row.id)).toEqual([61]);
  });

  it('has no DELETE in A', async () => {
    const get = await visitor(await start({ dialect: 'A' }));
    expect((await get('/log', { method: 'DELETE' })).status).toBe(404);
  });

  it('shifts by the offset of the moment', async () => {
    const summer = Date.parse('2021-08-11T08:53:20Z');
    const get = await visitor(
      await start({ rows: exportRows, nasUtcOffset: (ms) => (ms >= summer ? 120 : 60) }),
    );
    const [first, , , last] = (await get('/log')).json as { ts: number }[];
    expect([first?.ts, last?.ts]).toEqual([1628700802 - 6 * 3600, 1628700795 - 7 * 3600]);
  });

  it('tells what the world does', async () => {
    const server = await start({ rows: [], routineEvery: 2 });
    const { world } = server;
    const user = 'alice';
    world.record({ kind: 'restart', component: 'web', user, text: '', detail: {} });
    world.record({ kind: 'scale', component: 'web', user, text: '', detail: { from: 2, to: 3 } });
    world.record({ kind: 'crash', component: 'worker', user: 'system', text: '', detail: { exitCode: 137 } });
    world.record({ kind: 'config', component: null, user, text: '', detail: {} });
    world.write({ text: 'one' });
    world.write({ text: 'two' });
    expect(server.rows.map((row) => `${row.user} ${row.message}`)).toEqual([
      expect.stringMatching(/^alice Restart container \(docker, [0-9a-f]{12}, shop-web\)$/),
      'alice Restart application: shop',
      expect.stringMatching(/^system Start container \(docker, [0-9a-f]{12}, shop-worker\)$/),
      'alice Down application: shop, data:{"volume": false}',
      'alice Start application: shop',
      'system Start to backup container (lxc, cache)',
    ]);
    const get = await visitor(server);
    expect((await get('/container/docker/shop-worker/inspect')).json).toMatchObject({
      RestartCount: 1,
      State: { OOMKilled: true, Running: true },
    });
  });

  it('begins with the past of the world in order of time', async () => {
    const server = await start({}, { past: 3000 });
    expect(server.rows.length).toBeGreaterThan(70);
    const times = server.rows.map((row) => row.at.ms);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('background tasks', () => {
  it('shows a deploy as a task, with rows and events', async () => {
    const server = await start({ rows: [], events: [], firstEvent: 0 });
    const get = await visitor(server);
    const deploy = server.world.deploy();
    const name = `shop/web:${deploy.commit.slice(0, 7)}`;
    const newest = async (): Promise<unknown> => ((await get('/background/')).json as unknown[])[0];
    const waiting = await newest();
    expect(waiting).toMatchObject({ id: 3, category: 'image_download', state: 'waiting', name });
    expect(waiting).not.toHaveProperty('start');
    server.world.advance(deploy.id, 'building');
    expect(await newest()).toMatchObject({
      state: 'running',
      start: 1628700885,
      detail_state: expect.stringMatching(/^Download image:\d+%$/),
    });
    expect(await newest()).not.toHaveProperty('end');
    server.world.advance(deploy.id, 'succeeded');
    expect(await newest()).toMatchObject({
      state: 'completed',
      result: 0,
      end: 1628700885,
      detail_state: '',
    });
    expect(server.rows.map((row) => row.message)).toEqual([
      `Start to do background task (image_download, ${name})`,
      `Finished background task (image_download, ${name})`,
    ]);
    const { messages } = (await get('/event')).json as { messages: string[] };
    const prefix = `background:${deploy.author}:1628672085:{"category": "image_download", "container": "${name}"`;
    expect(messages[0]).toBe(`${prefix}, "state": "completed", "result": 0, "tid": 3}`);
    expect(messages.at(-1)).toBe(`${prefix}, "state": "running", "tid": 3}`);
  });

  it('shows a failure, filters by category, and is emptied of what has finished', async () => {
    const server = await start({ rows: [] });
    const get = await visitor(server);
    const failing = server.world.deploy({ fail: true });
    server.world.advance(failing.id, 'failed');
    server.world.deploy();
    expect(server.rows.map((row) => row.level)).toEqual(['INFO', 'ERROR', 'INFO']);
    expect((await get('/background/?category=image_download')).json).toMatchObject([
      { id: 4, state: 'waiting' },
      { id: 3, state: 'error', result: -1 },
    ]);
    const removal = (await get('/background/?category=image_remove')).json;
    expect(removal).toMatchObject([{ id: 2, params: [{ name: 'busybox:latest' }, { name: 'redis:3' }] }]);
    expect((await get('/background/', { method: 'DELETE' })).text).toBe('[1, 2, 3]');
    expect((await get('/background/')).json).toMatchObject([{ id: 4 }]);
  });

  it('has the older lists in A and B', async () => {
    const a = await visitor(await start({ dialect: 'A' }));
    expect((await a('/background/')).status).toBe(404);
    expect((await a('/image/create/')).json).toMatchObject([{ from: 'dockerhub' }, {}]);
    const server = await start({ dialect: 'B', holdMs: 5 });
    const b = await visitor(server);
    server.world.deploy();
    expect((await b('/image/downloadstatus')).json).toEqual([
      { name: expect.stringMatching(/^shop\/web:/), percent: null, status: 'downloading' },
    ]);
    expect((await b('/background/?category=download')).json).toHaveLength(1);
    expect((await b('/export/')).json).toMatchObject([{ state: 'completed', progress: 99 }]);
    expect((await b('/import/progress')).json).toMatchObject([{ cid: 'cache_import' }]);
    expect((await b('/background/')).text).toContain(`"params": "{u'name': u'shop/web'`);
  });
});

describe('events', () => {
  it("answers the seed's sample with three parts", async () => {
    const payloads = [
      { container: 'ctest', type: 'lxc', port: 'add' },
      { action: 'delete', state: 'error', type: 'docker', name: 'lgsd/diamond' },
    ];
    const given = payloads.map((payload, index) => ({
      at: { ms: 0, nanos: 0 },
      category: index === 0 ? 'container' : 'image',
      user: index === 0 ? 'all' : 'Anonymous',
      payload,
    }));
    const get = await visitor(await start({ dialect: 'A', events: given, firstEvent: 74 }));
    expect((await get('/event')).text).toBe(
      '{"index": 56, "messages": ["image:Anonymous:{\\"action\\": \\"delete\\", \\"state\\": \\"error\\", \\"type\\": \\"docker\\", \\"name\\": \\"lgsd/diamond\\"}", ' +
        '"container:all:{\\"container\\": \\"ctest\\", \\"type\\": \\"lxc\\", \\"port\\": \\"add\\"}"], "offset": 76}',
    );
  });

  it('answers 6.5: the newest 20, then what came after the index', async () => {
    const server = await start({ events: events(20), firstEvent: 101 });
    const get = await visitor(server);
    expect((await get('/event')).json).toMatchObject({ index: 101, offset: 121 });
    expect((await get('/event?index=121')).text).toBe('{"index": 121, "messages": [], "offset": 121}');
    server.addEvent({
      at: { ms: 1628672100_000, nanos: 0 },
      category: 'container',
      user: 'all',
      payload: { container: 'web', state: 'die', type: 'docker', id: '5b4b96c56fd7' },
    });
    expect((await get('/event?index=121')).json).toEqual({
      index: 121,
      messages: [
        'container:all:1628672100:{"container": "web", "state": "die", "type": "docker", "id": "5b4b96c56fd7"}',
      ],
      offset: 122,
    });
    expect((await get('/event?index=110&offset=112')).json).toMatchObject({
      index: 110,
      messages: [expect.stringContaining('"c10"'), expect.stringContaining('"c9"')],
      offset: 112,
    });
    expect((await get('/event?index=x')).json).toMatchObject({ error: { code: 400 } });
  });

  it('holds a long poll until something happens or its time is up', async () => {
    const server = await start({ events: events(20), firstEvent: 101, eventIndex: 'longpoll' });
    const get = await visitor(server);
    const held = get('/event?index=121');
    await server.watched(1);
    server.addEvent({ category: 'image', user: 'all', payload: { action: 'update' } });
    expect((await held).json).toMatchObject({ index: 121, messages: [expect.any(String)], offset: 122 });
    expect((await get('/event?index=500')).json).toMatchObject({ index: 122, messages: [], offset: 122 });
    expect(server.watchers()).toBe(0);

    const short = await visitor(
      await start({ events: events(20), firstEvent: 101, eventIndex: 'longpoll', holdMs: 5 }),
    );
    expect((await short('/event?index=121')).json).toEqual({ index: 121, messages: [], offset: 121 });
  });

  it('forgets a held client that has gone', async () => {
    const server = await start({ eventIndex: 'longpoll' });
    const cookie = await cookieFrom(server);
    const sent = request(`${server.url}/container-station/api/v1/event?index=101`, { headers: { cookie } });
    sent.on('error', () => undefined);
    sent.end();
    await server.watched(1);
    sent.destroy();
    await until(() => server.watchers() === 0);
    expect(server.watchers()).toBe(0);
  });

  it('ignores the index where it is told to', async () => {
    const get = await visitor(await start({ events: events(20), firstEvent: 101, eventIndex: 'ignored' }));
    const reply = (await get('/event?index=121')).json as { messages: string[] };
    expect(reply).toMatchObject({ index: 101, offset: 121 });
    expect(reply.messages).toHaveLength(20);
  });

  it('withholds what belongs to others: 18 of 20', async () => {
    const reply = async (options: Partial<ContainerStationOptions>) =>
      (await (await visitor(await start(options)))('/event')).json as {
        index: number;
        messages: string[];
        offset: number;
      };
    const { messages, index, offset } = await reply({ hideOthers: true });
    expect([messages.length, offset - index]).toEqual([18, 20]);
    expect((await reply({})).messages).toHaveLength(20);
  });

  it('loses the oldest of a small ring, and begins anew after a restart', async () => {
    const server = await start({ events: events(30), firstEvent: 0, eventRing: 20 });
    const get = await visitor(server);
    const reply = (await get('/event?index=2')).json as { index: number; messages: string[] };
    expect([reply.index, reply.messages.length]).toEqual([10, 20]);
    server.restartEvents();
    server.addEvent({ category: 'image', user: 'all', payload: {} });
    expect((await get('/event?index=30')).json).toEqual({ index: 1, messages: [], offset: 1 });
    expect((await get('/event')).json).toMatchObject({ offset: 1, messages: [expect.any(String)] });
  });

  it('begins with every form that was seen', async () => {
    const get = await visitor(await start());
    const { messages } = (await get('/event')).json as { messages: string[] };
    const found = (part: string): boolean => messages.some((message) => message.includes(part));
    expect(
      ['"container": null', '"port": "add"', '"sha256:', '"result": -2', 'background:admin:'].every(found),
    ).toBe(true);
    for (const message of messages) {
      expect(message).toMatch(/^(container|image|background|export|import):\w+:16286\d+:\{.*\}$/);
    }
  });
});

describe('waiting for a state', () => {
  it('answers the container as it is when the time is up', async () => {
    const server = await start({ secondMs: 1 });
    const get = await visitor(server);
    const answer = await get('/event/wait/lxc/cache/stopped?duration=5');
    expect([answer.status, answer.json]).toEqual([
      200,
      {
        cpu: 0.0005,
        id: 'cache',
        image: 'ubuntu-bionic:latest',
        ipaddress: ['10.0.3.241'],
        memory: 44904448,
        name: 'cache',
        rx: 393,
        state: 'running',
        tcpPort: [],
        tx: 354,
        type: 'lxc',
      },
    ]);
  });

  it('answers as soon as the state is there', async () => {
    const server = await start();
    const get = await visitor(server);
    expect((await get('/event/wait/docker/shop-web/running')).json).toMatchObject({ state: 'running' });
    const held = get('/event/wait/docker/shop-web/stopped');
    await server.watched(1);
    const last = await get('/container/docker/shop-web/stop', { method: 'PUT' });
    expect(last.json).toMatchObject({ state: 'running' });
    expect((await held).json).toMatchObject({ state: 'stopped' });
    expect((await get('/event')).json).toMatchObject({
      messages: expect.arrayContaining([expect.stringContaining('"state": "die"')]),
    });
    expect((await get('/event/wait/docker/shop-web/paused')).status).toBe(400);
    expect((await get('/event/wait/docker/none/running')).status).toBe(404);
  });
});

describe('containers', () => {
  it('lists running and stopped ones, the stopped without their figures', async () => {
    const get = await visitor(await start());
    const list = (await get('/container')).json as Record<string, unknown>[];
    const named = (name: string) => list.find((container) => container.name === name) ?? {};
    expect(Object.keys(named('shop-web'))).toEqual([
      'cpu',
      'externalIP',
      'id',
      'image',
      'imageID',
      'ipaddress',
      'memory',
      'name',
      'networkMode',
      'project',
      'projectPath',
      'rx',
      'state',
      'tcpPort',
      'tx',
      'type',
    ]);
    expect(named('shop-web')).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      state: 'running',
    });
    expect(Number(named('shop-web').memory) % 4096).toBe(0);
    expect(Number(named('shop-web').cpu)).toBeLessThanOrEqual(1);
    expect(named('shop-migrate')).toMatchObject({ state: 'stopped' });
    for (const key of ['cpu', 'memory', 'rx', 'tx', 'ipaddress'])
      expect(named('shop-migrate')).not.toHaveProperty(key);
    expect(named('cache')).toMatchObject({ id: 'cache', type: 'lxc' });
    expect(named('lab')).toMatchObject({ id: 'lab', type: 'lxd' });
  });

  it.each<[Dialect, string[]]>([
    ['A', ['cpu', 'id', 'image', 'ipaddress', 'memory', 'name', 'rx', 'state', 'tx', 'type']],
    ['C', ['cpu', 'id', 'image', 'ipaddress', 'memory', 'name', 'rx', 'state', 'tcpPort', 'tx', 'type']],
  ])('has the keys of dialect %s', async (dialect, keys) => {
    const get = await visitor(await start({ dialect }));
    expect(Object.keys((await get('/container/docker/shop-web')).json as object)).toEqual(keys);
    expect((await get('/container/lxd/lab')).json).toMatchObject({ error: { code: 404 } });
  });

  it('gives the id as bare text and takes name, id or its beginning', async () => {
    const get = await visitor(await start());
    const id = (await get('/container/docker/getid/shop-web')).text;
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    for (const reference of [id, id.slice(0, 12), 'shop-web']) {
      expect((await get(`/container/docker/${reference}/inspect`)).json).toMatchObject({
        Id: id,
        Config: { Tty: true },
        HostConfig: { LogConfig: { Type: 'json-file' } },
      });
    }
    expect((await get('/container/lxd/lab/inspect')).json).toEqual({ NetworkSettings: { Ports: {} } });
    expect(await get('/container/docker/getid/none')).toMatchObject({
      status: 404,
      json: { error: { code: 404 } },
    });
  });

  it('starts, stops and restarts, answering the last status', async () => {
    const server = await start({ rows: [] });
    const get = await visitor(server);
    const put = (path: string) => get(`/container/${path}`, { method: 'PUT' });
    expect((await put('lxd/lab/restart')).json).toMatchObject({ state: 'stopped' });
    expect((await put('lxd/lab/stop')).json).toMatchObject({ state: 'running' });
    expect((await put('docker/shop-migrate/start')).json).toMatchObject({ state: 'stopped' });
    expect((await put('docker/shop-web/paint')).status).toBe(404);
    expect(server.rows.map((row) => row.message.slice(0, 25))).toEqual([
      'Restart container (lxd, l',
      'Stop container (lxd, lab)',
      'Start container (docker, ',
    ]);
  });
});

describe('console', () => {
  async function console(options: Partial<ContainerStationOptions> = {}) {
    const server = await start(options);
    const get = await visitor(server);
    return { server, world: server.world, logs: (path: string) => get(`/container/${path}`) };
  }

  function fill(world: World, count: number, component = 'web'): void {
    for (let index = 1; index <= count; index += 1) world.write({ component, text: `line ${index}` });
  }

  it('answers 6.7: one string, CR LF with a TTY, LF without', async () => {
    const { world, logs } = await console();
    for (const text of ['GET /a 200', 'GET / 200', 'GET /x 404']) {
      world.write({ text });
      world.write({ text, component: 'worker' });
    }
    world.write({ text: 'by the router', kind: 'router' });
    expect((await logs('docker/shop-web/logs?tail=2')).text).toBe(
      '{"logs": "GET / 200\\r\\nGET /x 404\\r\\n", "tail": 2}',
    );
    expect((await logs('docker/shop-worker/logs?tail=2')).json).toEqual({
      logs: 'GET / 200\nGET /x 404\n',
      tail: 2,
    });
    expect((await logs('docker/shop-db/logs?tail=0')).json).toEqual({ logs: '', tail: 0 });
  });

  it('gives 100 lines when nothing is asked, all of them where tail is ignored', async () => {
    const usual = await console();
    fill(usual.world, 150);
    const answer = (await usual.logs('docker/shop-web/logs')).json as { logs: string; tail: number };
    expect([answer.tail, answer.logs.split('\r\n').length, answer.logs.slice(0, 7)]).toEqual([
      100,
      101,
      'line 51',
    ]);
    const whole = await console({ ignoreTail: true });
    fill(whole.world, 150);
    expect(((await whole.logs('docker/shop-web/logs?tail=2')).json as { logs: string }).logs).toMatch(
      /^line 1\r\n/,
    );
  });

  it('keeps text beyond ASCII whole', async () => {
    const { world, logs } = await console({ tty: [] });
    world.write({ text: 'crème 茶碗 🧙 \u001b[32mok\u001b[0m' });
    const answer = await logs('docker/shop-web/logs');
    expect(answer.text).toMatch(/^[\u0020-\u007e]+$/);
    expect(answer.json).toEqual({ logs: 'crème 茶碗 🧙 \u001b[32mok\u001b[0m\n', tail: 100 });
  });

  it('is a bare string with a prompt for lxd, and nothing for lxc', async () => {
    const { world, logs } = await console();
    const boot = (await logs('lxd/lab/logs')).json;
    expect(boot).toMatch(/^Detected architecture x86-64\.\r\n\r\nWelcome [^\n]*\r\n[\s\S]*\r\nlab login: $/);
    fill(world, 5, 'lab');
    expect((await logs('lxd/lab/logs?tail=2')).json).toBe('line 4\r\nline 5\r\nlab login: ');
    expect((await logs('lxc/cache/logs')).json).toMatchObject({ error: { code: 400 } });
    expect((await logs('docker/none/logs')).json).toMatchObject({ error: { code: 404 } });
    expect((await logs('docker/shop-web/logs?tail=all')).json).toMatchObject({ error: { code: 400 } });
  });

  it('loses 8 bytes as in 2015, repeats lines, or never ends one, where it is told to', async () => {
    const eaten = await console({ eatHead: true });
    eaten.world.write({ text: 'root:x:0:0:root:/root' });
    expect((await eaten.logs('docker/shop-web/logs')).json).toMatchObject({
      logs: ':0:root:/root\r\n',
    });
    const { server, world, logs } = await console();
    world.write({ text: 'one' });
    server.faults.add({ name: 'repeated-lines', route: 'console' });
    expect((await logs('docker/shop-web/logs')).json).toMatchObject({ logs: 'one\r\none\r\n' });
    server.faults.add({ name: 'endless-line', route: 'console', bytes: 100_000 });
    const { logs: text } = (await logs('docker/shop-web/logs?tail=1')).json as { logs: string };
    expect([text.length > 99_000, text.includes('\n')]).toEqual([true, false]);
  });
});

describe('system', () => {
  it('measures the host', async () => {
    const get = await visitor(await start());
    const { cpu_usage, memory_usage } = (await get('/system/resource')).json as {
      cpu_usage: string;
      memory_usage: Record<string, number>;
    };
    expect(cpu_usage).toMatch(/^\d+\.\d$/);
    expect(Object.keys(memory_usage)).toEqual([
      'buffers',
      'cached',
      'percent',
      'percent_buffers',
      'percent_cached',
      'total',
      'used',
    ]);
    expect(memory_usage.percent).toBe(
      Math.floor((100 * (memory_usage.used ?? 0)) / (memory_usage.total ?? 0)),
    );
  });

  it.each<[Dialect, object]>([
    ['A', { cpu_core: 2, version: { web: 'unknown' } }],
    ['B', { cpu_core: 2, version: { web: 'v1.3' } }],
    ['C', { cpuCore: 2, version: { web: 'v1.7.2224' } }],
    ['D', { cpuThread: 4, version: { web: 'v1.8.3138' } }],
    ['E', { memory: 7998068, version: { qpkg: '2.4.0.2316' } }],
  ])('says its version in the keys of dialect %s', async (dialect, shape) => {
    expect((await (await visitor(await start({ dialect })))('/system')).json).toMatchObject(shape);
  });
});

describe('errors', () => {
  it.each([
    ['GET', '/apps/test', '{"error": {"code": 404, "message": "Application not found: test"}}'],
    ['PUT', '/apps/test/kill', '{"error": {"code": 400, "message": "Not running: test"}}'],
    [
      'DELETE',
      '/image/local/docker/lgsd/diamond',
      '{"error": {"code": 404, "message": "Image not found: lgsd/diamond"}}',
    ],
    [
      'GET',
      '/import/config?path=Public&name=c.tgz',
      '{"error": {"code": 400, "message": "File not supported"}}',
    ],
  ])('%s %s is answered with status 200 in D', async (method, path, text) => {
    const get = await visitor(await start({ dialect: 'D' }));
    expect(await get(path, { method })).toMatchObject({ status: 200, text });
  });

  it('plays its faults', async () => {
    const server = await start();
    const get = await visitor(server);
    const hit = async (...[fault]: Parameters<typeof server.faults.add>) => {
      server.faults.add({ route: 'log', ...fault });
      return await get('/log');
    };
    expect(await hit({ name: 'unauthorized' })).toMatchObject({
      status: 401,
      text: '{"error": {"code": 401, "message": "unauthorized"}}',
    });
    expect(await hit({ name: 'rate-limited', retryAfter: 7 })).toMatchObject({
      status: 429,
      headers: { 'retry-after': '7' },
    });
    expect((await hit({ name: 'rate-limited' })).headers).not.toHaveProperty('retry-after');
    expect(await hit({ name: 'server-error' })).toMatchObject({
      status: 503,
      json: { error: { code: 503, message: 'Service Unabailable' } },
    });
    expect(await hit({ name: 'html-error' })).toMatchObject({
      status: 502,
      headers: { 'content-type': 'text/html' },
    });
    expect((await hit({ name: 'not-json' })).json).toBeUndefined();
    expect(Array.isArray((await hit({ name: 'wrong-shape' })).json)).toBe(false);
    expect((await hit({ name: 'slow-body', bytes: 1000, delayMs: 1 })).json).toHaveLength(20);
    await expect(hit({ name: 'cut-body' })).rejects.toThrow();
    await expect(hit({ name: 'connection-refused' })).rejects.toThrow();
    expect((await get('/log')).json).toHaveLength(20);
  });

  it('hides errors in 200 where it is told to', async () => {
    const server = await start({ errorStatus: 'always200' });
    const get = await visitor(server);
    server.faults.add({ name: 'server-error', route: 'log' });
    expect(await get('/log')).toMatchObject({ status: 200, json: { error: { code: 503 } } });
    server.endSessions();
    expect(await get('/log')).toMatchObject({ status: 200, json: { error: { code: 401 } } });
  });

  it('says nothing at all when half open', async () => {
    const server = await start();
    const cookie = await cookieFrom(server);
    server.faults.add({ name: 'half-open', route: 'log' });
    let answered = false;
    const sent = request(`${server.url}/container-station/api/v1/log`, { headers: { cookie } });
    sent.on('error', () => undefined);
    sent.on('response', () => {
      answered = true;
    });
    sent.end();
    await until(() => server.requests.some((seen) => seen.route === 'log'));
    await ask(server, '/container-station/api/v1/system', { cookie });
    expect(answered).toBe(false);
    sent.destroy();
  });

  it('tells that an answer is out before its client can act', async () => {
    const server = await start();
    const get = await visitor(server);
    server.onAnswered((seen) => {
      if (seen.route === 'log') server.addRow({ message: 'right after' });
    });
    expect((await get('/log?limit=1')).json).toMatchObject([{ id: 60 }]);
    expect((await get('/log?limit=1')).json).toMatchObject([{ id: 61, message: 'right after' }]);
  });
});

describe('Container Station 3.x', () => {
  it.each([
    '/log',
    '/log/export',
    '/event',
    '/background/',
    '/system',
    '/system/resource',
    '/container/docker/shop-web',
    '/container/docker/shop-web/logs',
    '/container/docker/shop-web/inspect',
    '/apps/shop',
  ])('has no v1 %s', async (path) => {
    const get = await visitor(await start({ dialect: 'F' }));
    expect(await get(path)).toMatchObject({ status: 404, text: '404 page not found\n' });
  });

  it('keeps the containers, apps and actions of v1, in compact JSON', async () => {
    const get = await visitor(await start({ dialect: 'F' }));
    const list = await get('/container');
    expect(list.text).toContain('"runtime":"runc"');
    expect(list.text).toContain('"privileged":false');
    expect((await get('/apps')).json).toMatchObject([{ name: 'shop' }]);
    expect((await get('/container/docker/shop-web/stop', { method: 'PUT' })).status).toBe(200);
  });

  it('answers v3 to a bearer token, sid or session, and to no cookie', async () => {
    const server = await start({ dialect: 'F' });
    const cookie = await cookieFrom(server);
    const v3 = (path: string, given: Ask) => ask(server, `/container-station/api/v3${path}`, given);
    const denied = await v3('/overview', { cookie });
    expect([denied.status, denied.text]).toEqual([401, '{"code":1002,"message":"unauthorized"}']);
    for (const token of [server.sid, cookie.split('=')[1]]) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await v3('/overview', { headers })).json).toMatchObject({
        data: {
          app: [{ name: 'shop', status: 'running' }],
          container: [{ name: 'shop-web', type: 'docker' }, {}, {}, {}, {}],
        },
      });
    }
    const headers = { authorization: `Bearer ${server.sid}` };
    const items = (
      (await v3('/containers', { headers })).json as { data: { items: { id: string; memory: number }[] } }
    ).data.items;
    expect(items[0]?.memory).toBeGreaterThan(0);
    expect(items[0]?.memory).toBeLessThan(1);
    expect((await v3(`/containers/docker?id=${items[0]?.id}`, { headers })).json).toMatchObject({
      data: { name: 'shop-web', dockerStatus: { running: true, exitCode: 0 } },
    });
    expect(await v3('/containers/docker?id=x', { headers })).toMatchObject({
      status: 404,
      text: '{"code":1009,"message":"Error response from daemon: No such container: x"}',
    });
  });

  it('shows deploys as v3 tasks', async () => {
    const server = await start({ dialect: 'F' });
    const deploy = server.world.deploy();
    server.world.advance(deploy.id, 'succeeded');
    const headers = { authorization: `Bearer ${server.sid}` };
    const tasks = await ask(server, '/container-station/api/v3/tasks', { headers });
    expect(tasks.json).toMatchObject({
      data: { items: [{ id: 't3', category: 'image_pull', progress: 100, state: 'completed' }, {}, {}] },
    });
  });

  it('has no v3 before, and answers what it is told to', async () => {
    const old = await start();
    expect((await ask(old, '/container-station/api/v3/overview')).json).toMatchObject({
      error: { code: 404 },
    });
    const get = await visitor(await start({ dialect: 'F', missing: ['log'] }));
    expect((await get('/system')).json).toMatchObject({ version: { qpkg: '3.0.7.891' } });
    expect((await get('/log')).status).toBe(404);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
