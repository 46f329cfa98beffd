// The exchanges of the wire page's section 8, sent with plain node:http and ws, and each fault and knob once.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ScalingoOptions, type ScalingoServer, startScalingo } from '../../src/sandbox/scalingo.ts';
import { createWorld, type World } from '../../src/sandbox/world.ts';

const noon = Date.UTC(2026, 8, 20, 12, 0, 0);
let world: World;
let server: ScalingoServer;

async function start(options: Partial<ScalingoOptions> = {}, past = 0): Promise<void> {
  world = createWorld({ scale: 0, past, now: () => noon });
  server = await startScalingo({ world, ratePerMinute: 0, keepaliveMs: 0, ...options });
}

afterEach(async () => {
  await server.close();
  world.close();
});

interface Got {
  status: number;
  headers: IncomingMessage['headers'];
  bytes: Buffer;
  text: string;
  end: string;
}

function call(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return new Promise<Got>((resolve, reject) => {
    const { method = 'GET', headers = {} } = options;
    const request = httpRequest(url, { method, headers }, (response) => {
      const pieces: Buffer[] = [];
      const done = (end: string) => {
        const bytes = Buffer.concat(pieces);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          text: bytes.toString(),
          end,
        });
      };
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => done('end'));
      response.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? ''));
    });
    request.on('error', reject);
    request.end(options.body);
  });
}

function exchange(token = server.tokens[0] ?? '') {
  const headers = {
    Authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}`,
    'Content-Type': 'application/json',
  };
  return call(`${server.url}/v1/tokens/exchange`, { method: 'POST', headers, body: '{}' });
}

async function bearer(): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${JSON.parse((await exchange()).text).token}` };
}

async function api(path: string, options: { method?: string; body?: string; url?: string } = {}) {
  const { url = server.url, ...rest } = options;
  return call(`${url}${path}`, { headers: await bearer(), ...rest });
}

async function json(path: string) {
  return JSON.parse((await api(path)).text);
}

async function logsUrl(app = 'shop'): Promise<string> {
  return (await json(`/v1/apps/${app}/logs`)).logs_url;
}

async function dump(query = ''): Promise<Got> {
  return call(`${await logsUrl()}${query}`);
}

function messages(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter(Boolean)
    .map((line) => line.replace(/^.*?\] /, ''));
}

function connect(url: string, first?: string) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { origin: 'http://scalingo-cli.local/1.48.0' });
  const frames: string[] = [];
  let waiting: (() => void)[] = [];
  socket.on('message', (message) => {
    frames.push(String(message));
    for (const wake of waiting.splice(0)) wake();
  });
  if (first !== undefined) socket.on('open', () => socket.send(first));
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    socket.on('close', (code) => resolve(`close ${code}`));
    socket.on('unexpected-response', (_request, response) => resolve(`status ${response.statusCode}`));
  });
  async function take(n: number): Promise<Record<string, unknown>[]> {
    while (frames.length < n) await new Promise<void>((resolve) => (waiting = [...waiting, resolve]));
    return frames.splice(0, n).map((frame) => JSON.parse(frame));
  }
  return { socket, frames, ended, take };
}

describe('authentication (wire: Scalingo 8.1, 8.2)', () => {
  it('exchanges the API token for a JWT of an hour', async () => {
    await start();
    const got = await exchange();
    expect(got).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    const [head, claims, signature] = JSON.parse(got.text).token.split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(head)).toEqual({ typ: 'JWT', alg: 'HS512' });
    expect(read(claims)).toMatchObject({ iss: 'Scalingo', uuid: expect.stringMatching(/^us-/) });
    expect(read(claims).exp - read(claims).iat).toBe(3600);
    expect(signature).toMatch(/^[\w-]+$/);
    expect(server.tokens[0]).toMatch(/^tk-us-[\w-]{48}$/);
  });

  it('refuses a wrong token, a user name, and none', async () => {
    await start();
    expect(await exchange('tk-us-wrong')).toMatchObject({
      status: 401,
      text: '{"error":"Invalid credentials"}',
    });
    const named = { Authorization: `Basic ${Buffer.from(`me:${server.tokens[0]}`).toString('base64')}` };
    const url = `${server.url}/v1/tokens/exchange`;
    expect((await call(url, { method: 'POST', headers: named })).status).toBe(401);
    expect((await call(url, { method: 'POST' })).status).toBe(401);
  });

  it('lists both regions for the user, the public one for anybody', async () => {
    await start();
    const { regions } = await json('/v1/regions?');
    expect(regions.map(({ name }: { name: string }) => name)).toEqual(['osc-fr1', 'osc-secnum-fr1']);
    expect(regions[0]).toMatchObject({ api: server.url, database_api: server.url, default: true });
    const anonymous = JSON.parse((await call(`${server.url}/v1/regions`)).text);
    expect(anonymous.regions.map(({ name }: { name: string }) => name)).toEqual(['osc-fr1']);
    expect(await json('/v1/users/self?')).toMatchObject({ user: { username: 'alice', flags: {} } });
  });

  it('answers an HTML page for what it does not know', async () => {
    await start();
    const got = await call(`${server.url}/v1/tokens/nothing`);
    expect(got).toMatchObject({ status: 404, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(got.text).toMatch(/^<!DOCTYPE html>/);
  });

  it('lets a JWT expire, and takes no API token and no forged JWT in its place', async () => {
    let clock = noon;
    await start({ now: () => clock, jwtSeconds: 100 });
    const headers = await bearer();
    expect((await call(`${server.url}/v1/apps?`, { headers })).status).toBe(200);
    clock += 100_000;
    expect((await call(`${server.url}/v1/apps?`, { headers })).status).toBe(401);
    const wrong = [`Bearer ${server.tokens[0]}`, 'Bearer a.b.c', `${headers.Authorization}x`, 'token x'];
    for (const Authorization of wrong) {
      expect((await call(`${server.url}/v1/apps?`, { headers: { Authorization } })).status).toBe(401);
    }
  });
});

describe('apps', () => {
  it('are found by name and id in their region alone', async () => {
    await start();
    const { apps } = await json('/v1/apps?');
    expect(apps).toHaveLength(1);
    expect(apps[0]).toMatchObject({ name: 'shop', region: 'osc-fr1', router_logs: true });
    expect((await json(`/v1/apps/${apps[0].id}`)).app.name).toBe('shop');
    const other = server.regions[1];
    const missing = await api('/v1/apps/shop-secnum?');
    expect(missing).toMatchObject({ status: 404, text: '{"resource":"app","error":"not found"}' });
    expect((await api('/v1/apps/shop-secnum?', { url: other?.url ?? '' })).status).toBe(200);
    expect((await api('/v1/apps/shop?', { url: other?.url ?? '' })).status).toBe(404);
    expect((await call(`${other?.url}/v1/tokens/exchange`, { method: 'POST' })).status).toBe(404);
  });

  it('have containers, by type and running', async () => {
    await start();
    const { containers } = await json('/v1/apps/shop/containers?');
    const amounts = containers.map(({ name, amount }: { name: string; amount: number }) => [name, amount]);
    expect(amounts).toEqual([
      ['web', 2],
      ['worker', 1],
      ['clock', 0],
    ]);
    const labels = (await json('/v1/apps/shop/ps?')).containers.map(({ label }: { label: string }) => label);
    expect(labels).toEqual(['web-1', 'web-2', 'worker-1']);
  });

  it('keep drains', async () => {
    await start();
    const path = '/v1/apps/shop/log_drains';
    const body = JSON.stringify({ drain: { type: 'syslog', host: 'h', port: 514, token: 't' } });
    expect(await api(path, { method: 'POST', body })).toMatchObject({ status: 201 });
    const [{ url }] = (await json(path)).drains;
    expect((await api(path, { method: 'POST', body: '{' })).status).toBe(422);
    expect((await api(`${path}?url=${encodeURIComponent(url)}`, { method: 'DELETE' })).status).toBe(204);
    expect((await json(path)).drains).toEqual([]);
  });
});

describe('dumps (wire: Scalingo 2.2, 8.3)', () => {
  it('come from a signed address, without authorization, in the recorded line form', async () => {
    await start();
    world.write({ text: 'Listening on 0.0.0.0:5000' });
    world.write({ text: '', index: 2 });
    world.write({ text: 'Process started with command: node server.js', kind: 'platform' });
    world.write({ text: 'not the log', kind: 'build' });
    world.write({ text: 'not the app', component: 'db' });
    const request = {
      method: 'GET',
      path: '/',
      status: 200,
      duration: 25,
      bytes: 551,
      client: '10.127.0.1',
      id: 'uuid',
    };
    world.write({ text: 'GET /', kind: 'router', request });
    const url = await logsUrl();
    expect(url).toMatch(/\/apps\/[0-9a-f]{24}\/logs\?token=[0-9a-f]{64}&timestamp=\d{10}$/);
    const got = await call(`${url}&filter=&n=20`);
    expect(got).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'transfer-encoding': 'chunked' },
    });
    const time = /^2026-09-20 14:00:00\.\d{9} \+0200 CEST /;
    const lines = got.text.split('\r\n');
    expect(lines.slice(0, 4).every((line) => time.test(line))).toBe(true);
    const rest = lines.map((line) => line.replace(time, ''));
    expect(rest).toEqual([
      '[web-1] Listening on 0.0.0.0:5000',
      '[web-2] ',
      expect.stringMatching(/^\[manager\] container \[web-1\] \([0-9a-f]{24}\) started$/),
      '[router] method=GET path="/" host=shop.osc-fr1.scalingo.io request_id=uuid container=web-1 ' +
        'from="10.127.0.1" protocol=https status=200 duration=0.025s bytes=551 referer="-" ' +
        'user_agent="Mozilla/5.0 (X11; Linux x86_64) \\"sandbox\\""',
      '',
    ]);
  });

  it('have the newest n lines, 100 when n is absent', async () => {
    await start();
    for (let n = 1; n <= 150; n += 1) world.write({ text: `line ${n}` });
    expect(messages((await dump()).text)).toHaveLength(100);
    expect(messages((await dump('&n=2')).text)).toEqual(['line 149', 'line 150']);
    expect(messages((await dump('&n=50000')).text)).toHaveLength(150);
  });

  it('say 204, or 404, when there is nothing', async () => {
    await start();
    expect(await dump()).toMatchObject({ status: 204, text: '' });
    server.settings.empty = 404;
    expect((await dump()).status).toBe(404);
  });

  it('are filtered by container, type and simple expressions', async () => {
    await start();
    world.write({ text: 'one' });
    world.write({ text: 'two', index: 2 });
    world.write({ text: 'three', component: 'worker' });
    world.write({ text: 'four', component: 'one-off', index: 594 });
    world.write({ text: 'Process exited with status 0', component: 'one-off', index: 594, kind: 'platform' });
    const got = async (filter: string) => messages((await dump(`&filter=${filter}`)).text);
    expect(await got('web')).toEqual(['one', 'two']);
    expect(await got('web-2')).toEqual(['two']);
    expect(await got('web%7Cworker')).toEqual(['one', 'two', 'three']);
    expect(await got('one-off-594')).toEqual(['four', expect.stringContaining('container [one-off-594]')]);
    expect(await got('one-off')).toEqual(['four']);
    expect((await dump('&filter=(')).status).toBe(400);
    expect((await dump('&filter=router')).status).toBe(204);
  });

  it('hold no router lines once they are switched off', async () => {
    await start({}, 100);
    expect((await dump('&filter=router')).status).toBe(200);
    await api('/v1/apps/shop', { method: 'PATCH', body: '{"app":{"router_logs":false}}' });
    expect((await dump('&filter=router')).status).toBe(204);
    await api('/v1/apps/shop', { method: 'PUT', body: '{"router_logs":true}' });
    expect((await dump('&filter=router')).status).toBe(200);
  });

  it('know other line ends, a missing last one, UTC, and lines without a header', async () => {
    await start({ lineEnding: '\n', finalEnding: 'missing', zone: 'utc', headless: true });
    world.write({ text: 'Error: no' });
    world.write({ text: '    at cart.js:1' });
    expect((await dump()).text).toMatch(
      /^2026-09-20 12:00:00\.\d{9} \+0000 UTC \[web-1\] Error: no\n {4}at cart.js:1$/,
    );
  });

  it('change to winter time', async () => {
    await start();
    world.write({ text: 'summer', at: { ms: Date.UTC(2026, 9, 25, 0, 59, 59), nanos: 1 } });
    world.write({ text: 'winter', at: { ms: Date.UTC(2026, 9, 25, 1, 0, 0), nanos: 0 } });
    expect((await dump()).text.split('\r\n')).toEqual([
      '2026-10-25 02:59:59.000000001 +0200 CEST [web-1] summer',
      '2026-10-25 02:00:00.000000000 +0100 CET [web-1] winter',
      '',
    ]);
  });

  it('are sampled when so chosen: two share a part, unsorted, none newer is sure', async () => {
    await start({ dump: 'sampled' });
    for (let n = 1; n <= 2000; n += 1) world.write({ text: String(n) });
    const [one, two] = [messages((await dump()).text), messages((await dump()).text)];
    expect([one.length, two.length]).toEqual([100, 100]);
    const shared = one.filter((text) => two.includes(text)).length;
    expect(shared).toBeGreaterThan(40);
    expect(shared).toBeLessThan(100);
    expect(one).not.toEqual([...one].sort((a, b) => Number(a) - Number(b)));
    const wide = messages((await dump('&n=1000')).text);
    expect(wide).toEqual(expect.arrayContaining([...one, ...two]));
  });

  it.each(['text-401', 'json-403'] as const)('are refused when forged or expired (%s)', async (form) => {
    let clock = noon;
    await start({ now: () => clock, urlSeconds: 60, denied: form });
    world.write({ text: 'x' });
    const status = form === 'text-401' ? 401 : 403;
    const url = await logsUrl();
    expect((await call(url.replace(/timestamp=\d+/, 'timestamp=1999999999'))).status).toBe(status);
    expect((await call(url.replace(/token=\w{4}/, 'token=0000'))).status).toBe(status);
    expect((await call(url)).status).toBe(200);
    clock += 60_000;
    expect((await call(url)).status).toBe(status);
    expect(await connect(`${url}&stream=true`).ended).toBe(`status ${status}`);
  });

  it('play their faults', async () => {
    await start();
    for (let n = 0; n < 20; n += 1) world.write({ text: `é${n}` });
    const hit = async (fault: Parameters<typeof server.faults.add>[0]) => {
      server.faults.add({ route: 'dump', ...fault });
      return dump();
    };
    expect(messages((await hit({ name: 'out-of-order' })).text).slice(0, 6)).toEqual([
      'é5',
      'é6',
      'é7',
      'é8',
      'é9',
      'é0',
    ]);
    expect(messages((await hit({ name: 'repeated-lines' })).text).slice(0, 3)).toEqual(['é0', 'é0', 'é1']);
    expect((await hit({ name: 'expired-url' })).status).toBe(401);
    expect(await hit({ name: 'reset-mid-line', afterLines: 3 })).toMatchObject({ end: 'ECONNRESET' });
    expect((await hit({ name: 'reset-mid-character' })).bytes.at(-1)).toBe(0xc3);
    expect(messages((await hit({ name: 'clean-end', afterLines: 4 })).text)).toHaveLength(4);
    expect((await hit({ name: 'endless-line', bytes: 100_000 })).text.split('\n')[0]?.length).toBeGreaterThan(
      100_000,
    );
    expect(await hit({ name: 'slow-body', bytes: 100, delayMs: 0 })).toMatchObject({ end: 'end' });
  });
});

describe('the websocket (wire: Scalingo 2.4, 8.4)', () => {
  it('sends what comes, one line a frame, and its past only when asked', async () => {
    await start();
    world.write({ text: 'before' });
    const live = connect(`${await logsUrl()}&stream=true&filter=web|worker`);
    await server.watched(1);
    world.write({ text: 'hello' });
    world.write({ text: 'from the database', component: 'db' });
    world.write({ text: 'work', component: 'worker' });
    expect(await live.take(2)).toEqual([
      {
        event: 'log',
        log: expect.stringMatching(/^2026-09-20 14:00:00\.\d{9} \+0200 CEST \[web-1\] hello\r\n$/),
        timestamp: '2026-09-20T12:00:00.000Z',
      },
      {
        event: 'log',
        log: expect.stringMatching(/\[worker-1\] work\r\n$/),
        timestamp: '2026-09-20T12:00:00.000Z',
      },
    ]);
    const again = connect(`${await logsUrl()}&stream=true&n=2`);
    const replayed = await again.take(2);
    expect(replayed.map(({ log }) => messages(String(log)))).toEqual([['hello'], ['work']]);
    live.socket.terminate();
    again.socket.terminate();
  });

  it('tells when the past has been answered, and loses no line that is written then', async () => {
    await start();
    world.write({ text: 'past' });
    const leave = server.onAnswered(({ route }) => route === 'stream' && world.write({ text: 'race' }));
    const live = connect(`${await logsUrl()}&stream=true&n=1`);
    expect((await live.take(2)).map(({ log }) => messages(String(log)))).toEqual([['past'], ['race']]);
    leave();
    live.socket.terminate();
  });

  it.each([
    ['name', { name: 'log' }],
    ['both', { event: 'log', name: 'log' }],
  ] as const)('names its frames by %s', async (frameKey, expected) => {
    await start({ frameKey });
    world.write({ text: 'x' });
    const live = connect(`${await logsUrl()}&stream=true&n=1`);
    const [frame] = await live.take(1);
    const { log: _log, timestamp: _timestamp, ...keys } = frame ?? {};
    expect(keys).toEqual(expected);
    live.socket.terminate();
  });

  it('puts several lines into one frame', async () => {
    await start({ linesPerFrame: 3 });
    for (let n = 0; n < 7; n += 1) world.write({ text: String(n) });
    const live = connect(`${await logsUrl()}&stream=true&n=7`);
    const frames = await live.take(3);
    expect(frames.map(({ log }) => messages(String(log)))).toEqual([['0', '1', '2'], ['3', '4', '5'], ['6']]);
    live.socket.terminate();
  });

  it('keeps itself alive', async () => {
    await start({ keepaliveMs: 1 });
    const live = connect(`${await logsUrl()}&stream=true`);
    expect(await live.take(1)).toEqual([{ event: 'ping', timestamp: '2026-09-20T12:00:00.000Z' }]);
    live.socket.terminate();
  });

  it('can be refused altogether', async () => {
    await start({ upgrade: 426 });
    expect(await connect(`${await logsUrl()}&stream=true`).ended).toBe('status 426');
  });

  it.each([
    ['reset-mid-line', 'close 1006'],
    ['reset-mid-character', 'close 1006'],
    ['close-1000', 'close 1000'],
    ['close-1001', 'close 1001'],
    ['clean-end', 'close 1000'],
    ['refuse-upgrade', 'status 400'],
    ['unauthorized', 'status 401'],
    ['expired-url', 'status 401'],
    ['rate-limited', 'status 429'],
    ['server-error', 'status 500'],
  ] as const)('plays %s', async (name, end) => {
    await start();
    world.write({ text: 'é' });
    server.faults.add({ name, route: 'stream' });
    expect(await connect(`${await logsUrl()}&stream=true&n=1`).ended).toBe(end);
  });

  it('counts its watchers', async () => {
    await start();
    const live = connect(`${await logsUrl()}&stream=true`);
    await server.watched(1);
    expect(server.watchers()).toBe(1);
    live.socket.close();
    await live.ended;
    await call(`${server.url}/v1/regions`);
    expect(server.watchers()).toBe(0);
  });
});

describe('the event stream (wire: Scalingo 2.5, 8.5)', () => {
  async function read(until: RegExp, write: () => void): Promise<{ type: string | undefined; text: string }> {
    const url = `${await logsUrl()}&stream=true&n=1`;
    return new Promise((resolve) => {
      const request = httpRequest(url, { headers: { Accept: 'text/event-stream' } }, (response) => {
        let text = '';
        response.on('data', (piece: Buffer) => {
          text += piece.toString();
          if (!until.test(text)) return;
          resolve({ type: response.headers['content-type'], text });
          response.destroy();
        });
        response.on('error', () => undefined);
      });
      request.on('error', () => undefined);
      request.end();
      void server.watched(1).then(write);
    });
  }

  it('holds raw lines', async () => {
    await start();
    world.write({ text: 'past' });
    const got = await read(/live\n\n/, () => world.write({ text: 'live' }));
    expect(got.type).toBe('text/event-stream');
    expect(got.text).toMatch(
      /^data: 2026-09-20 14\S+ \+0200 CEST \[web-1\] past\n\ndata: 2026.* \[web-1\] live\n\n$/,
    );
  });

  it('or the frames of the websocket, and keepalives', async () => {
    await start({ eventStream: 'json', keepaliveMs: 1 });
    world.write({ text: 'past' });
    const got = await read(/ping/, () => undefined);
    const [log, ping] = got.text.split('\n\n').map((event) => event.replace(/^data: /, ''));
    expect(JSON.parse(log ?? '')).toMatchObject({
      event: 'log',
      log: expect.stringContaining('[web-1] past\r\n'),
    });
    expect(JSON.parse(ping ?? '')).toMatchObject({ event: 'ping' });
  });
});

describe('archives (wire: Scalingo 3, 8.6)', () => {
  it('are listed newest first, ten a page, by page and by cursor', async () => {
    await start({ linesPerArchive: 10 });
    const first = await json('/v1/apps/shop/logs_archives?page=1');
    expect(first).toMatchObject({ has_more: true, next_cursor: expect.stringMatching(/^\d+$/) });
    expect(first.archives).toHaveLength(10);
    expect(first.archives[0]).toEqual({
      url: expect.stringMatching(/\/arch\/shop_[0-9a-f]{24}\.log-2026092012\.gz\?/),
      size: expect.any(Number),
      from: 'Sun Sep 20 11:00:00 +0000 UTC 2026',
      to: 'Sun Sep 20 12:00:00 +0000 UTC 2026',
    });
    const cursor = await json(`/v1/apps/shop/logs_archives?cursor=${first.next_cursor}`);
    const page = await json('/v1/apps/shop/logs_archives?page=2');
    expect(cursor.archives.map(({ from }: { from: string }) => from)).toEqual(
      page.archives.map(({ from }: { from: string }) => from),
    );
    const last = await json('/v1/apps/shop/logs_archives?page=3');
    expect(last).toMatchObject({ has_more: false, next_cursor: '' });
    expect(last.archives).toHaveLength(3);
    expect(await json('/v1/apps/shop/logs_archives?page=4')).toEqual({
      next_cursor: '',
      has_more: false,
      archives: [],
    });
  });

  it('are gzip files of log lines, for as long as their address holds', async () => {
    let clock = noon;
    await start({ linesPerArchive: 50, now: () => clock });
    const { archives } = await json('/v1/apps/shop/logs_archives?page=1');
    const got = await call(archives[1].url);
    expect(got.headers['content-disposition']).toMatch(
      /^attachment; filename="shop_[0-9a-f]{24}\.log-2026092011\.gz"$/,
    );
    expect(got.headers['content-encoding']).toBeUndefined();
    expect(got.bytes).toHaveLength(archives[1].size);
    const text = gunzipSync(got.bytes).toString();
    expect(text).toBe(server.archiveText(1));
    expect(text).toMatch(/^2026-09-20 1\d:\d\d:\d\d\.\d{9} \+0200 CEST \[/);
    server.settings.archiveEncoding = 'declared';
    expect((await call(archives[1].url)).headers['content-encoding']).toBe('gzip');
    expect((await call(archives[1].url.replace(/sig=\w{4}/, 'sig=0000'))).status).toBe(403);
    server.faults.add({ name: 'expired-url' });
    expect((await call(archives[1].url)).status).toBe(403);
    clock += 3_600_000;
    expect((await call(archives[1].url)).status).toBe(403);
  });
});

describe('addons (wire: Scalingo 2.8)', () => {
  it('have a token of their own that opens their logs alone', async () => {
    await start({ linesPerArchive: 400 });
    world.write({ text: 'LOG:  checkpoint', component: 'db' });
    world.write({ text: 'app' });
    const [{ id }] = (await json('/v1/apps/shop/addons?')).addons;
    const { addon } = JSON.parse((await api(`/v1/apps/shop/addons/${id}/token`, { method: 'POST' })).text);
    const headers = { Authorization: `Bearer ${addon.token}` };
    const { url } = JSON.parse((await call(`${server.url}/api/databases/${id}/logs`, { headers })).text);
    expect((await call(url)).text).toMatch(/ \[postgresql-1\] LOG: {2}checkpoint\r\n$/);
    const listed = await call(`${server.url}/api/databases/${id}/logs_archives?page=1`, { headers });
    const file = await call(JSON.parse(listed.text).archives[0].url);
    expect(gunzipSync(file.bytes).toString()).toMatch(/^(.* \[postgresql-1\] .*\r\n)+$/);
    expect((await call(`${server.url}/v1/apps?`, { headers })).status).toBe(401);
    expect((await api(`/api/databases/${id}/logs`)).status).toBe(401);
    expect((await api('/v1/apps/shop/addons/ad-no/token', { method: 'POST' })).text).toContain(
      '"resource":"addon"',
    );
  });
});

describe('deployments (wire: Scalingo 4, 8.7, 8.8)', () => {
  it('are listed, shown, and have an output', async () => {
    await start();
    const done = world.deploy();
    world.advance(done.id, 'succeeded');
    const failed = world.deploy({ fail: true });
    world.advance(failed.id, 'failed');
    const running = world.deploy();
    const got = await json('/v1/apps/shop/deployments?page=1&per_page=2');
    expect(got.meta.pagination).toEqual({
      current_page: 1,
      prev_page: null,
      next_page: 2,
      total_pages: 2,
      total_count: 3,
    });
    expect(got.deployments).toMatchObject([
      { id: running.id, status: 'queued', finished_at: null, duration: 0, previous_git_ref: done.commit },
      { id: failed.id, status: 'build-error', finished_at: expect.stringMatching(/\+00:00$/) },
    ]);
    const { deployment } = await json(`/v1/apps/shop/deployments/${done.id}?`);
    expect(deployment).toMatchObject({ status: 'success', git_ref: done.commit, type: 'git' });
    const output = await call(`${deployment.links.output}?`, { headers: await bearer() });
    expect(output.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(output.text.startsWith(' \u001b[1m<-- Start deployment of shop -->\u001b[0m\n')).toBe(true);
    expect(output.text).toMatch(/\n2026-09-20 .* \[postdeploy-1\] Migrating the database\r\n/);
    expect(output.text.endsWith(' <-- https://shop.osc-fr1.scalingo.io -->\n')).toBe(true);
    expect((await api(`/v1/apps/shop/deployments/${running.id}/output`)).status).toBe(404);
    expect((await api('/v1/apps/shop/deployments/nope?')).text).toBe(
      '{"resource":"deployment","error":"not found"}',
    );
  });

  it('are streamed after authentication: what has been, then what comes', async () => {
    await start({ keepaliveMs: 0 });
    const running = world.deploy();
    world.advance(running.id, 'building');
    const { links } = (await json('/v1/apps/shop?')).app;
    expect(links.deployments_stream).toBe(`${server.url.replace('http', 'ws')}/apps/shop`);
    const { Authorization = '' } = await bearer();
    const auth = `{"type":"auth","data":{"token":"${Authorization.slice(7)}"}}\n`;
    const live = connect(links.deployments_stream, auth);
    const [created, status, ...lines] = await live.take(2 + running.output.length);
    expect(created).toMatchObject({
      type: 'new',
      data: { deployment: { id: running.id, pusher: { id: expect.any(String) } } },
    });
    expect(status).toEqual({ type: 'status', id: running.id, data: { status: 'building' } });
    expect(lines).toEqual(
      running.output.map(({ text }) => ({ type: 'log', id: running.id, data: { content: `${text}\n` } })),
    );
    const before = running.output.length;
    world.advance(running.id, 'succeeded');
    const rest = await live.take(running.output.length - before + 3);
    expect(rest.filter(({ type }) => type === 'status').map(({ data }) => data)).toEqual([
      { status: 'pushing' },
      { status: 'starting' },
      { status: 'success' },
    ]);
    live.socket.terminate();
  });

  it('close the stream on bad authentication, name new ones by id alone when so chosen, and ping', async () => {
    await start({ newFrame: 'string', keepaliveMs: 1 });
    const url = `${server.url}/apps/shop`;
    expect(await connect(url, '{"type":"auth","data":{"token":"no"}}').ended).toBe('close 1000');
    expect(await connect(url, 'nonsense').ended).toBe('close 1000');
    const { Authorization = '' } = await bearer();
    const live = connect(url, JSON.stringify({ type: 'auth', data: { token: Authorization.slice(7) } }));
    expect(await live.take(1)).toEqual([{ type: 'ping', data: { ts: expect.any(Number) } }]);
    const deploy = world.deploy();
    const isNew = (frame: Record<string, unknown> | undefined) => frame?.type === 'new';
    let [frame] = await live.take(1);
    while (!isNew(frame)) [frame] = await live.take(1);
    expect(frame).toEqual({ type: 'new', id: deploy.id, data: { deployment: deploy.id } });
    live.socket.terminate();
    expect(await connect(`${server.url}/apps/nope`).ended).toBe('status 404');
  });
});

describe('figures and events (wire: Scalingo 8.9)', () => {
  it('show what containers use', async () => {
    await start();
    const { stats } = await json('/v1/apps/shop/stats?');
    expect(stats.map(({ id }: { id: string }) => id)).toEqual(['web-1', 'web-2', 'worker-1']);
    expect(stats[0]).toMatchObject({ cpu_usage: expect.any(Number), memory_limit: 536_870_912 });
    expect(stats[2].swap_limit).toBe(0);
  });

  it('have series as bare arrays', async () => {
    await start({}, 50);
    const series = await json('/v1/apps/shop/stats/memory/web?since=3');
    expect(series).toHaveLength(181);
    expect(series[0]).toEqual({ time: '2026-09-20T09:00:00Z', value: null });
    expect(series[180]).toEqual({ time: '2026-09-20T12:00:00Z', value: expect.any(Number) });
    expect(await json('/v1/apps/shop/stats/cpu/web/2?last=true')).toHaveLength(1);
    expect(await json('/v1/apps/shop/stats/memory/web?since=48')).toHaveLength(206);
    expect(await json('/v1/apps/shop/stats/router?status_code=all')).toHaveLength(181);
    expect((await api('/v1/apps/shop/stats/cpu?since=3')).text).toBe(
      `{"error":"'container' should be defined"}`,
    );
    expect((await api('/v1/apps/shop/stats/router?status_code=1XX')).text).toBe(
      '{"error":"no metrics found"}',
    );
  });

  it('tell events newest first', async () => {
    await start({ previousPage: 'previous_page' });
    world.record({ kind: 'scale', component: 'web', user: 'alice', text: '', detail: { from: 3, to: 1 } });
    world.record({ kind: 'crash', component: 'worker', user: 'system', text: '', detail: { exitCode: 1 } });
    world.record({
      kind: 'config',
      component: null,
      user: 'bob',
      text: '',
      detail: { name: 'KEY', value: 'secret' },
    });
    const deploy = world.deploy();
    world.advance(deploy.id, 'succeeded');
    const { events, meta } = await json('/v1/apps/shop/events?page=1&per_page=30');
    expect(events.map(({ type }: { type: string }) => type)).toEqual([
      'deployment',
      'edit_variable',
      'crash',
      'scale',
      'new_app',
    ]);
    expect(events[0].type_data).toMatchObject({ deployment_uuid: deploy.id, status: 'success' });
    expect(events[1].type_data).toMatchObject({ name: 'KEY', value: 'secret' });
    expect(events[2].user).toMatchObject({ username: 'scalingo-platform', email: 'deploy@scalingo.com' });
    expect(events[3]).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      app_name: 'shop',
      user: { username: 'alice' },
      type_data: { previous_containers: { web: '3:S' }, containers: { web: '1:S' } },
    });
    expect(meta.pagination).toMatchObject({
      current_page: 1,
      previous_page: null,
      next_page: null,
      total_count: 5,
    });
    expect((await json('/v1/apps/shop/events?from=3&page=9')).events).toHaveLength(4);
    expect((await json('/v1/events?page=1&per_page=30')).events.at(-1)).toMatchObject({
      type: 'login_success',
    });
    expect((await json(`/v1/apps/shop/events/${events[3].id}`)).event.type).toBe('scale');
    server.settings.scaleAmounts = 'integer';
    expect((await json('/v1/apps/shop/events')).events[3].type_data.containers).toEqual({ web: 1 });
  });
});

describe('limits and errors (wire: Scalingo 1.6, 8.10)', () => {
  it('lets 60 requests a minute through, as text/plain says', async () => {
    let clock = noon;
    await start({ ratePerMinute: 60, now: () => clock });
    const headers = await bearer();
    const ask = () => call(`${server.url}/v1/apps?`, { headers });
    for (let n = 0; n < 60; n += 1) expect((await ask()).status).toBe(200);
    expect(await ask()).toMatchObject({
      status: 429,
      text: 'Retry later\n',
      headers: { 'content-type': 'text/plain' },
    });
    expect((await exchange()).status).toBe(200);
    server.settings.rateBody = 'json';
    expect(JSON.parse((await ask()).text)).toMatchObject({ code: 'rate_limited' });
    clock += 60_000;
    expect((await ask()).status).toBe(200);
  });

  it.each([
    [{ name: 'unauthorized' }, 401, '{"error":"Invalid credentials"}'],
    [{ name: 'rate-limited', retryAfter: 7 }, 429, 'Retry later\n'],
    [{ name: 'server-error' }, 500, '{"error":"Internal error occured, we\'re on it!"}'],
    [{ name: 'server-error', status: 503 }, 503, expect.stringMatching(/^<!DOCTYPE html>/)],
    [{ name: 'html-error', status: 404 }, 404, expect.stringMatching(/^<!DOCTYPE html>/)],
    [{ name: 'not-json' }, 200, 'this is {no JSON'],
    [{ name: 'wrong-shape' }, 200, '{"unexpected":{"shape":true}}'],
  ] as const)('words %o', async (fault, status, text) => {
    await start();
    server.faults.add({ ...fault, route: 'apps' });
    const got = await api('/v1/apps?');
    expect(got).toMatchObject({ status, text });
    expect(got.headers['retry-after']).toBe('retryAfter' in fault ? '7' : undefined);
  });
});

it('names what a client needs', async () => {
  await start();
  expect(server.env).toMatchObject({ SCALINGO_AUTH_URL: server.url, SCALINGO_API_TOKEN: server.tokens[0] });
  expect(server.targets).toEqual(['scalingo:shop']);
  expect(server.platform).toBe('scalingo');
});
