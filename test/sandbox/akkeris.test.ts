// The Akkeris sandbox, by the request and answer pairs of the wire page, sent raw.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type AkkerisOptions, type AkkerisSandbox, startAkkeris } from '../../src/sandbox/akkeris.ts';
import { createWorld, type World, type WorldRequest } from '../../src/sandbox/world.ts';

const MARCH = Date.UTC(2018, 2, 24, 1, 7, 20, 500);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const theme: WorldRequest = {
  method: 'GET',
  path: '/theme',
  status: 200,
  duration: 10,
  bytes: 448,
  client: '1.1.1.1',
  id: '24FB',
};

let sandbox: AkkerisSandbox;
let world: World;
let clock = MARCH;

afterEach(async () => {
  await sandbox.close();
  world.close();
});

async function start(options: Partial<AkkerisOptions> = {}, past = 0): Promise<void> {
  clock = MARCH;
  world = createWorld({ scale: 0, past, now: () => clock });
  sandbox = await startAkkeris({ world, token: 't', ...options });
}

interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  bytes: Buffer;
  text: string;
}

interface Wish {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

function send(url: string, wish: Wish, meet: (response: IncomingMessage) => void, fail: (e: Error) => void) {
  // As written: a URL object would lose a bare question mark.
  const path = url.slice(new URL(url).origin.length);
  const options = { method: wish.method ?? 'GET', headers: wish.headers ?? {}, agent: false as const, path };
  const sent = url.startsWith('https:')
    ? httpsRequest(url, { ...options, rejectUnauthorized: false }, meet)
    : httpRequest(url, options, meet);
  sent.on('error', fail);
  sent.end(wish.body);
  return sent;
}

/** Rejects when the connection breaks before the announced end. */
function ask(url: string, wish: Wish = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    send(
      url,
      wish,
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(pieces);
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, headers, bytes, text: bytes.toString() });
        });
      },
      reject,
    );
  });
}

const signed = { authorization: 'Bearer t' };
const typed = { ...signed, 'content-type': 'application/json' };

function api(path: string, wish: Wish = {}): Promise<Reply> {
  return ask(`${sandbox.url}${path}`, { ...wish, headers: { ...signed, ...wish.headers } });
}

function post(path: string, body: unknown): Promise<Reply> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return api(path, { method: 'POST', headers: typed, body: text });
}

async function json(path: string): Promise<ReturnType<typeof JSON.parse>> {
  const reply = await api(path);
  expect([path, reply.status]).toEqual([path, 200]);
  return JSON.parse(reply.text);
}

async function session(
  order: object = { lines: 100, tail: true },
  path = '/apps/shop-default',
): Promise<string> {
  const reply = await post(`${path}/log-sessions`, order);
  expect(reply.status).toBe(201);
  return JSON.parse(reply.text).logplex_url;
}

interface Stream {
  text(): string;
  pieces: string[];
  head: Promise<IncomingMessage>;
  headArrived(): boolean;
  until(text: string): Promise<void>;
  /** 'end', or the code of what broke it off. */
  over: Promise<string>;
  leave(): void;
}

function open(url: string, method = 'GET'): Stream {
  let tail = '';
  let arrived = false;
  const pieces: string[] = [];
  const waiting: { text: string; resolve: () => void }[] = [];
  let over: (why: string) => void;
  let met: (response: IncomingMessage) => void;
  const ended = new Promise<string>((resolve) => {
    over = resolve;
  });
  const head = new Promise<IncomingMessage>((resolve) => {
    met = resolve;
  });
  const broken = (error: Error) => over((error as { code?: string }).code ?? error.message);
  const sent = send(
    url,
    { method },
    (response) => {
      arrived = true;
      met(response);
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        pieces.push(piece);
        const longest = Math.max(0, ...waiting.map(({ text }) => text.length));
        const end = tail.slice(-longest) + piece;
        for (const wait of waiting) if (end.includes(wait.text)) wait.resolve();
        tail = end.length > 100_000 ? end.slice(-100_000) : end;
      });
      response.on('end', () => over('end'));
      response.on('error', broken);
    },
    broken,
  );
  return {
    text: () => pieces.join(''),
    pieces,
    head,
    headArrived: () => arrived,
    until: (wanted) =>
      new Promise((resolve) => {
        if (pieces.join('').includes(wanted)) resolve();
        else waiting.push({ text: wanted, resolve });
      }),
    over: ended,
    leave: () => sent.destroy(),
  };
}

async function follow(order?: object, path?: string): Promise<Stream> {
  const before = sandbox.watchers();
  const stream = open(await session(order, path));
  await sandbox.watched(before + 1);
  return stream;
}

/** Until the sandbox has noticed that readers left. */
async function unwatched(n: number): Promise<void> {
  while (sandbox.watchers() > n) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('the front door', () => {
  it('answers 401 in plain text without a token (8.1)', async () => {
    await start();
    const reply = await ask(`${sandbox.url}/apps/api-default/builds`);
    expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([
      401,
      'text/plain; charset=utf-8',
      'Unauthorized',
    ]);
  });

  it.each([
    ['Bearer t', 200],
    ['bearer t', 200],
    [`Basic ${Buffer.from('anything:t').toString('base64')}`, 200],
    [`Basic ${Buffer.from('t:anything').toString('base64')}`, 401],
    ['Bearer other', 401],
    ['token t', 401],
    ['t', 401],
    ['Bearer akkeris-outsider-token', 403],
  ])('answers Authorization: %s with %i', async (authorization, status) => {
    await start();
    const reply = await ask(`${sandbox.url}/account`, { headers: { authorization } });
    expect(reply.status).toBe(status);
    if (status === 403) expect(reply.text).toBe('Forbidden');
  });

  it('labels and marks every answer, and compresses only on request', async () => {
    await start();
    const plain = await api('/apps');
    expect(plain.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(plain.headers['ratelimit-remaining']).toBe('2400');
    expect(plain.headers['content-encoding']).toBeUndefined();
    const packed = await api('/apps', { headers: { 'accept-encoding': 'gzip, deflate' } });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.bytes).toString()).toBe(plain.text);
  });

  it('answers unknown routes, undeclared queries and slashes with an empty 404', async () => {
    await start();
    for (const path of [
      '/nothing',
      '/apps/shop-default/builds?page=1',
      '/apps/shop-default/builds?',
      '/apps/shop-default/releases?x=1',
      '/apps/shop-default/builds/',
      '/apps/shop-default/log-sessions',
      '/apps/shop-default/events',
      '/apps/shop-default/dyno/web.1',
      '/events',
      '/apps?simple=a%20b',
      '/audits?user=a@b',
      '/audits?user=a+b',
      '/apps/shop-default/metrics?from=2018-04-25T00%3A00%3A00.000Z',
    ]) {
      const reply = await api(path);
      expect([path, reply.status, reply.text]).toEqual([path, 404, '']);
      expect(reply.headers['content-type']).toBe('application/octet-stream');
      expect(reply.headers['content-length']).toBe('0');
    }
    expect((await api('/apps/shop-default/metrics?from=2018-03-24T00:00:00.000Z')).status).toBe(200);
  });

  it('answers broken JSON with a page, even to strangers, and more than 100 kB with 413', async () => {
    await start();
    const path = `${sandbox.url}/apps/shop-default/log-sessions`;
    const headers = { 'content-type': 'application/json' };
    const broken = await ask(path, { method: 'POST', headers, body: '{"lines":' });
    expect([broken.status, broken.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
    expect(broken.text).toMatch(/<pre>SyntaxError: .*<br> &nbsp; &nbsp;at /);
    expect((await ask(path, { method: 'POST', headers, body: '"text"' })).status).toBe(400);
    const long = JSON.stringify({ lines: 1, more: 'x'.repeat(101 * 1024) });
    expect((await ask(path, { method: 'POST', headers: typed, body: long })).status).toBe(413);
  });

  it('hands out tokens, with a second factor where one is asked for', async () => {
    await start({ otp: '123456' });
    const authorization = `Basic ${Buffer.from('jane:akkeris-sandbox-password').toString('base64')}`;
    const url = `${sandbox.url}/authorizations`;
    const first = await ask(url, { method: 'POST', headers: { authorization } });
    expect([first.status, first.headers['x-akkeris-otp']]).toEqual([401, 'required']);
    expect(first.text).toContain('2FA');
    const second = await ask(url, { method: 'POST', headers: { authorization, 'x-akkeris-otp': '123456' } });
    expect([second.status, JSON.parse(second.text)]).toEqual([201, { token: 't' }]);
    const wrong = `Basic ${Buffer.from('jane:other').toString('base64')}`;
    expect((await ask(url, { method: 'POST', headers: { authorization: wrong } })).status).toBe(401);
  });
});

describe('making a log session', () => {
  it.each([
    [{ lines: 250, tail: 'yes' }, 201, ''],
    [{ lines: 1 }, 201, ''],
    [{ lines: 251 }, 422, 'The specified lines field was larger than allowed (250 is the maximum).'],
    [{ tail: true }, 422, 'The specified lines was either not a number or less than 1.'],
    [{ lines: null }, 422, 'The specified lines was either not a number or less than 1.'],
    [{ lines: '10' }, 422, 'The specified lines was either not a number or less than 1.'],
    [{ lines: 1.5 }, 422, 'The specified lines was either not a number or less than 1.'],
    [{ lines: 0 }, 422, 'The specified lines was either not a number or less than 1.'],
    [{ lines: -1 }, 422, 'The specified lines was either not a number or less than 1.'],
    [{}, 400, 'SyntaxError: Unexpected end of JSON input'],
    ['', 400, 'SyntaxError: Unexpected end of JSON input'],
  ])('%j: %i (8.4)', async (body, status, sentence) => {
    await start();
    const reply = await post('/apps/shop-default/log-sessions', body);
    expect(reply.status).toBe(status);
    if (sentence === '') return;
    expect(reply.text).toBe(sentence);
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('refuses unknown apps, and JSON that is sent as a form (8.4)', async () => {
    await start();
    const unknown = await post('/apps/nope-default/log-sessions', { lines: 1 });
    expect([unknown.status, unknown.text]).toEqual([
      404,
      'The specified application nope-default does not exist.',
    ]);
    const form = await api('/apps/shop-default/log-sessions', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"lines":10,"tail":true}',
    });
    expect([form.status, form.text]).toEqual([
      422,
      'The specified lines was either not a number or less than 1.',
    ]);
    const untyped = await api('/apps/shop-default/log-sessions', { method: 'POST', body: '{"lines":10}' });
    expect(untyped.status).toBe(400);
  });

  it('answers id and logplex_url alone with logsession, on another origin (8.2)', async () => {
    await start();
    const reply = JSON.parse(
      (await post('/apps/shop-default/log-sessions', { lines: 100, tail: true })).text,
    );
    expect(Object.keys(reply)).toEqual(['id', 'logplex_url']);
    expect(reply.id).toMatch(uuid);
    expect(reply.logplex_url).toBe(`${sandbox.logplexUrl}/log-sessions/${reply.id}`);
    expect(sandbox.logplexUrl).not.toBe(sandbox.url);
    const { id } = await json('/apps/shop-default');
    expect((await post(`/apps/${id}/log-sessions`, { lines: 1 })).status).toBe(201);
  });

  it('answers times and an unrelated id with logtail (8.3)', async () => {
    await start({ backend: 'logtail' });
    const reply = JSON.parse(
      (await post('/apps/shop-default/log-sessions', { lines: 100, tail: true })).text,
    );
    expect(Object.keys(reply)).toEqual(['created_at', 'updated_at', 'id', 'logplex_url']);
    expect(reply.created_at).toBe('2018-03-24T01:07:20.500Z');
    expect(reply.logplex_url.startsWith(`${sandbox.logplexUrl}/tails/`)).toBe(true);
    expect(reply.logplex_url).not.toContain(reply.id);
  });

  it('has sites with logsession only', async () => {
    await start({ sites: ['www.example.com'] });
    expect(await session({ lines: 1 }, '/sites/www.example.com')).toContain('/log-sessions/');
    expect((await post('/sites/other.example.com/log-sessions', { lines: 1 })).status).toBe(404);
    await sandbox.close();
    await start({ sites: ['www.example.com'], backend: 'logtail' });
    const reply = await post('/sites/www.example.com/log-sessions', { lines: 1 });
    expect([reply.status, reply.text]).toEqual([
      404,
      'The specified application www.example.com does not exist.',
    ]);
    await sandbox.close();
    await start({ sites: false });
    expect((await post('/sites/www.shop.example.com/log-sessions', { lines: 1 })).status).toBe(404);
  });
});

describe('logsession', () => {
  it('streams format A, one chunk a line, its head with the first one, without a token (8.2)', async () => {
    await start({}, 20);
    const stream = await follow();
    expect(stream.headArrived()).toBe(false);
    world.write({ kind: 'router', text: 'GET /theme', request: theme });
    const head = await stream.head;
    expect(head.statusCode).toBe(200);
    expect(head.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(head.headers['transfer-encoding']).toBe('chunked');
    world.write({ text: '  Entering api.getTheme: user 339910  ' });
    world.write({ text: 'job done', component: 'worker' });
    world.write({ text: 'not in the stream', component: 'db' });
    world.write({ text: 'Scaling dynos on web to 3', kind: 'platform' });
    world.write({ text: 'Process exited with status 137', kind: 'platform' });
    world.write({ text: 'Process started with command: node server.js', kind: 'platform', index: 2 });
    world.write({ text: 'Step 1/5 : FROM node', kind: 'build' });
    await stream.until('FROM node\n');
    const dynos: { type: string; name: string }[] = await json('/apps/shop-default/dynos');
    const [web1, web2, worker] = dynos.map(({ type, name }) => `${type}.${name}`);
    const access =
      'bytes=448 method=GET request_id=24FB fwd=1.1.1.1 origin= status=200 service=10ms total=12ms source=1.1.1.1 dyno=shop-default host=shop path=/theme';
    expect(stream.text()).toBe(
      [
        `akkeris/router: ${access}`,
        `app[${web1}]: Entering api.getTheme: user 339910`,
        `app[${worker}]: job done`,
        'app[web.akkeris/event]: Scaling dynos on web to 3',
        `app[${web1}]: Dyno exited (exit code 137)`,
        `app[${web2}]: Creating Dyno`,
        'akkeris/build: Step 1/5 : FROM node',
      ]
        .map((rest) => `2018-03-24T01:07:20Z shop-default ${rest}\n`)
        .join(''),
    );
    expect(sandbox.requests.at(-2)).toMatchObject({ route: 'logplex', method: 'GET' });
  });

  it.each([
    ['envoy', / akkeris\/router: bytes=448 request_size=.* connect=0\.40ms .* host=shop path=\/theme\n$/],
    ['f5', / fwd="1\.1\.1\.1" .* service=10 connect=0 total=11 dyno=shop-default host=shop path=\/theme\n$/],
  ] as const)('speaks as an %s router', async (router, form) => {
    await start({ router });
    const stream = await follow();
    world.write({ kind: 'router', text: '', request: theme });
    await stream.until('\n');
    expect(stream.text()).toMatch(form);
  });

  it('shows a site its router lines only, under its domain', async () => {
    await start({ sites: ['www.example.com'] });
    const stream = await follow({ lines: 1 }, '/sites/www.example.com');
    world.write({ text: 'hidden' });
    world.write({ kind: 'router', text: '', request: theme });
    await stream.until('\n');
    expect(stream.text()).toMatch(
      /^\S+Z www\.example\.com akkeris\/router: .* host=www\.example\.com path=\S+\n$/,
    );
  });

  it('ends well after the idle time; without any line as an empty body', async () => {
    await start({ idleMs: 20, quietApps: ['calm'] });
    const empty = await ask(await session({ lines: 1 }, '/apps/calm-default'));
    expect([empty.status, empty.headers['content-length'], empty.text]).toEqual([200, '0', '']);
    const stream = await follow();
    world.write({ text: 'one' });
    expect(await stream.over).toBe('end');
  });

  it('lets a URL be opened again until it is too old, and knows no others', async () => {
    await start();
    const url = await session();
    for (let time = 0; time < 2; time += 1) {
      const stream = open(url);
      await sandbox.watched(1);
      world.write({ text: `line ${time}` });
      await stream.until(`line ${time}`);
      stream.leave();
      await unwatched(0);
    }
    sandbox.expireUrls();
    for (const old of [url, `${sandbox.logplexUrl}/log-sessions/unknown`, `${sandbox.logplexUrl}/apps`]) {
      const reply = await ask(old);
      expect([reply.status, reply.text]).toEqual([404, '']);
    }
    await sandbox.close();
    await start({ urlLifeMs: 0 });
    expect((await ask(await session())).status).toBe(404);
  });

  it('loses no line to a slow reader', async () => {
    await start();
    const stream = await follow();
    world.write({ text: 'first' });
    const head = await stream.head;
    head.pause();
    for (let n = 1; n <= 5000; n += 1) world.write({ text: `${n} ${'x'.repeat(2000)}` });
    world.write({ text: 'the last one' });
    head.resume();
    await stream.until('the last one');
    expect(
      stream
        .text()
        .match(/(?<=: )\d+(?= x)/g)
        ?.map(Number),
    ).toEqual(Array.from({ length: 5000 }, (_, at) => at + 1));
  });

  it('speaks https there when told so, also beside a plain API', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'akkeris-'));
    const files = ['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')];
    const kind = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    execFileSync('openssl', [...kind, '-subj', '/CN=127.0.0.1', ...files], { stdio: 'ignore' });
    const key = readFileSync(join(dir, 'key.pem'), 'utf8');
    const cert = readFileSync(join(dir, 'cert.pem'), 'utf8');
    rmSync(dir, { recursive: true });
    await start({ logplexTls: { key, cert } });
    expect([sandbox.url.slice(0, 5), sandbox.logplexUrl.slice(0, 6)]).toEqual(['http:', 'https:']);
    const stream = await follow();
    world.write({ text: 'safe' });
    await stream.until('safe');
  });
});

describe('logtail', () => {
  it('streams format B with 201 and its own type (8.3)', async () => {
    await start({ backend: 'logtail' });
    const stream = await follow();
    expect(stream.headArrived()).toBe(false);
    const at = { ms: MARCH, nanos: 123_456 };
    world.write({ kind: 'router', text: '', request: theme, at });
    world.write({ text: 'Entering api.getTheme', at: { ms: MARCH, nanos: 0 } });
    world.write({ text: 'build line', kind: 'build' });
    world.write({ text: 'Process exited with status 1', kind: 'platform' });
    world.write({ text: 'two\rparts', component: 'worker', at: { ms: MARCH - 500, nanos: 0 } });
    await stream.until('parts');
    const head = await stream.head;
    expect(head.statusCode).toBe(201);
    expect(head.headers['content-type']).toBe('text/syslog+rfc5424; charset=utf-8');
    expect(head.headers['x-content-type-options']).toBe('nosniff');
    const lines = stream.text().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe(
      '<0>1 2018-03-24T01:07:20.500123Z shop-default akkeris/router - - - bytes=448 request_size=300 response_size=448 method=GET request_id=24FB fwd=1.1.1.1 authority=www.shop.example.com protocol=http11 status=200 connect=0.40ms service=10.00ms total=10.40ms path=/theme',
    );
    expect(lines[1]).toMatch(
      /^<0>1 2018-03-24T01:07:20\.5Z shop-default web\.\d+-\w{5} - - - Entering api\.getTheme $/,
    );
    expect(lines[2]).toMatch(/^<0>1 2018-03-24T01:07:20Z shop-default worker\.\S+ - - - two parts $/);
  });

  it('cuts a line at 99,990 bytes', async () => {
    await start({ backend: 'logtail' });
    const stream = await follow();
    world.write({ text: 'é'.repeat(80_000) });
    await stream.until('\n');
    expect(Buffer.byteLength(stream.text())).toBeLessThanOrEqual(99_993);
    expect(stream.text().length).toBeGreaterThan(49_000);
  });

  it('stays silent without end, and cuts an old connection without a last chunk', async () => {
    await start({ backend: 'logtail', maxLifeMs: 30 });
    const stream = await follow();
    world.write({ text: 'one' });
    expect(await stream.over).toBe('ECONNRESET');
  });

  it('forgets a URL when its first reader leaves, and may be opened by POST', async () => {
    await start({ backend: 'logtail' });
    const url = await session();
    const stream = open(url, 'POST');
    await sandbox.watched(1);
    world.write({ text: 'one' });
    await stream.until('one');
    const second = await ask(url);
    expect([second.status, second.text, second.headers['content-type']]).toEqual([
      404,
      '404 page not found\n',
      'text/plain; charset=utf-8',
    ]);
    stream.leave();
    await stream.over;
    expect((await ask(url)).status).toBe(404);
  });

  it('drops lines for a reader that lags, and counts them', async () => {
    await start({ backend: 'logtail' });
    const stream = await follow();
    for (let n = 1; n <= 3000; n += 1) world.write({ text: `${n} ${'x'.repeat(200)}` });
    expect(sandbox.droppedLines()).toBeGreaterThan(0);
    const kept = 3000 - sandbox.droppedLines();
    await stream.until(' x');
    // The one line that lay ready comes as soon as there is room: after it the stream flows again.
    while (stream.text().split('\n').length - 1 < kept) {
      await new Promise<void>((resolve) => {
        void stream.head.then((head) => head.once('data', () => resolve()));
      });
    }
    world.write({ text: 'the last one' });
    await stream.until('the last one');
    expect(stream.text().split('\n')).toHaveLength(kept + 2);
  });

  it('with a shared route silences the viewers that stay', async () => {
    await start({ backend: 'logtail', sharedRoute: true });
    const first = await follow();
    const second = await follow();
    world.write({ text: 'both' });
    await Promise.all([first.until('both'), second.until('both')]);
    first.leave();
    await unwatched(1);
    const third = await follow();
    world.write({ text: 'who hears it' });
    await third.until('who hears it');
    expect(second.text()).not.toContain('who hears it');
  });
});

describe('as documented', () => {
  it('answers the page, takes its example without a content type, and ends after the history', async () => {
    await start({ documented: true }, 300);
    const reply = await api('/apps/shop-default/log-sessions', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"lines":50,"tail":false}',
    });
    expect(reply.status).toBe(201);
    const made = JSON.parse(reply.text);
    expect(Object.keys(made)).toEqual(['created_at', 'id', 'logplex_url', 'updated_at']);
    expect(made.logplex_url).toBe(
      `${sandbox.logplexUrl}/apps/shop-default/log-sessions/eyJsaW5lcyI6NTAsInRhaWwiOmZhbHNlfQ==`,
    );
    const history = await ask(made.logplex_url);
    expect(history.status).toBe(200);
    const lines = history.text.split('\n').slice(0, -1);
    expect(lines).toHaveLength(50);
    expect(lines.every((line) => /^\S+Z shop-default (app\[\S+\]|akkeris\/\w+): /.test(line))).toBe(true);
    expect([...lines].map((line) => line.slice(0, 20)).sort()).toEqual(
      lines.map((line) => line.slice(0, 20)),
    );
    expect((await post('/apps/shop-default/log-sessions', { tail: true })).status).toBe(201);
  });

  it('goes on from the history with tail', async () => {
    await start({ documented: true });
    for (const text of ['one', 'two', 'three']) world.write({ text });
    const stream = await follow({ lines: 2, tail: true });
    world.write({ text: 'four' });
    await stream.until('four');
    const messages = stream.text().match(/(?<=: ).*(?=\n)/g);
    expect(messages).toEqual(['two', 'three', 'four']);
  });

  it('shows build results with id and a last line, also by POST', async () => {
    await start({ documented: true, snapshotMs: 0 });
    const { id } = world.deploy();
    world.advance(id, 'succeeded');
    for (const method of ['GET', 'POST']) {
      const reply = await api(`/apps/shop-default/builds/${id}/result`, { method });
      const result = JSON.parse(reply.text);
      expect(result.build).toEqual({ id, status: 'succeeded' });
      expect(result.lines.at(-1)).toBe('Finshed: SUCCESS');
    }
  });

  it('shows flat metrics as numbers in the resolution asked for', async () => {
    await start({ documented: true });
    const query = 'resolution=1h&from=2018-03-24T00:00:00.000Z&to=2018-03-24T01:00:00.000Z';
    const metrics = await json(`/apps/shop-default/metrics?${query}`);
    expect(Object.keys(metrics)).toHaveLength(13);
    expect(Object.keys(metrics.memory_rss)).toEqual(['1521849600', '1521853200']);
    expect(typeof metrics.memory_rss['1521849600']).toBe('number');
  });
});

describe('faults of the stream', () => {
  it.each([
    ['reset-mid-line', 'ECONNRESET'],
    ['clean-end', 'end'],
    ['reset-mid-character', 'ECONNRESET'],
  ] as const)('%s', async (name, outcome) => {
    await start();
    sandbox.faults.add({ name, route: 'logplex', afterLines: 1 });
    const stream = await follow();
    world.write({ text: 'one' });
    await stream.until('one\n');
    world.write({ text: 'twenty-two é' });
    expect(await stream.over).toBe(outcome);
    expect(stream.text()).not.toContain('é\n');
  });

  it('half-open: the connection stays, nothing comes', async () => {
    await start();
    sandbox.faults.add({ name: 'half-open', route: 'logplex', afterLines: 1 });
    const stream = await follow();
    const other = await follow();
    world.write({ text: 'one' });
    world.write({ text: 'two' });
    await other.until('two');
    await stream.until('one');
    expect(stream.text()).not.toContain('two');
    expect(sandbox.watchers()).toBe(2);
  });

  it('repeated-lines, wrong-shape, slow-body, endless-line', async () => {
    await start();
    sandbox.faults.add({ name: 'repeated-lines', route: 'logplex' });
    const twice = await follow();
    world.write({ text: 'one' });
    await twice.until('one\n');
    expect(twice.text().match(/one\n/g)).toHaveLength(2);
    sandbox.faults.add({ name: 'wrong-shape', route: 'logplex' });
    const strange = await follow();
    sandbox.faults.add({ name: 'slow-body', route: 'logplex', bytes: 1, delayMs: 1 });
    const slow = await follow();
    sandbox.faults.add({ name: 'endless-line', route: 'logplex', bytes: 100_000 });
    const endless = await follow();
    world.write({ text: 'é' });
    await Promise.all([strange.until('é\n'), slow.until(': '), endless.until('x'.repeat(90_000))]);
    expect(strange.text().split('\n')).toHaveLength(3);
    expect(endless.text()).not.toContain('\n');
    expect(Buffer.byteLength(slow.pieces[0] ?? '')).toBeLessThan(20);
  });

  it('out-of-order: history in blocks that are out of order', async () => {
    await start({ documented: true });
    for (let n = 1; n <= 10; n += 1) world.write({ text: `n${n}` });
    sandbox.faults.add({ name: 'out-of-order', route: 'logplex' });
    const reply = await ask(await session({ lines: 10, tail: false }));
    expect(reply.text.match(/n\d+/g)?.join(' ')).toBe('n6 n7 n8 n9 n10 n1 n2 n3 n4 n5');
  });

  it('expired-url, html-error, connection-refused', async () => {
    await start();
    const url = await session();
    sandbox.faults.add({ name: 'expired-url', route: 'logplex' });
    expect((await ask(url)).status).toBe(404);
    sandbox.faults.add({ name: 'html-error', route: 'logplex', status: 502 });
    const page = await ask(url);
    expect([page.status, page.headers['content-type']]).toEqual([502, 'text/html']);
    sandbox.faults.add({ name: 'connection-refused', route: 'logplex' });
    await expect(ask(url)).rejects.toThrow();
  });
});

describe('faults of the API (8.8)', () => {
  it.each([
    [{ name: 'unauthorized' }, 401, 'text/plain; charset=utf-8', 'Unauthorized'],
    [{ name: 'server-error' }, 503, 'application/json; charset=utf-8', 'Service Unavailable Error'],
    [{ name: 'server-error', status: 500 }, 500, 'application/json; charset=utf-8', 'Internal Server Error'],
    [{ name: 'html-error' }, 503, 'text/html; charset=utf-8', 'Internal Server Error'],
    [{ name: 'server-error', status: 504 }, 504, 'text/html', '504 Gateway Time-out'],
    [{ name: 'rate-limited', retryAfter: 7 }, 429, 'text/html', '429 Too Many Requests'],
    [{ name: 'not-json' }, 200, 'application/json; charset=utf-8', 'this is {no JSON'],
    [{ name: 'wrong-shape' }, 200, 'application/json; charset=utf-8', 'unexpected'],
    [{ name: 'slow-body', bytes: 200, delayMs: 1 }, 200, 'application/json; charset=utf-8', 'shop-default'],
  ] as const)('%j: %i %s', async (fault, status, type, text) => {
    await start();
    sandbox.faults.add({ ...fault, route: 'apps' });
    const reply = await api('/apps', { headers: { 'accept-encoding': 'gzip' } });
    const body =
      reply.headers['content-encoding'] === 'gzip' ? gunzipSync(reply.bytes).toString() : reply.text;
    expect([reply.status, reply.headers['content-type']]).toEqual([status, type]);
    expect(body).toContain(text);
    if ('retryAfter' in fault) expect(reply.headers['retry-after']).toBe('7');
    expect((await api('/apps')).status).toBe(200);
  });

  it.each(['connection-refused', 'cut-body'] as const)('%s', async (name) => {
    await start();
    sandbox.faults.add({ name, route: 'apps' });
    await expect(api('/apps')).rejects.toThrow();
  });
});

describe('apps and dynos', () => {
  it('lists apps in full and simply, ordered by name', async () => {
    await start({ quietApps: ['calm'] });
    const apps = await json('/apps');
    expect(apps.map(({ name }: { name: string }) => name)).toEqual(['calm-default', 'shop-default']);
    expect(apps[1]).toMatchObject({
      key: 'shop-default',
      simple_name: 'shop',
      maintenance: false,
      space: { name: 'default' },
      organization: { name: 'akkeris' },
      formation: [
        { type: 'web', quantity: 2 },
        { type: 'worker', quantity: 1 },
      ],
    });
    expect(Object.keys(apps[1])).toEqual(expect.arrayContaining(['id', 'region', 'released_at', 'web_url']));
    const simple = await json('/apps?simple=true');
    expect(Object.keys(simple[0])).not.toContain('formation');
    expect(await json('/favorites')).toMatchObject([{ name: 'shop-default', simple_name: 'shop' }]);
    expect(await json('/apps/shop-default')).toEqual(apps[1]);
    expect((await api('/apps/nope-default')).text).toBe(
      'The specified application nope-default does not exist.',
    );
  });

  it('lists dynos and finds one by type and name', async () => {
    await start();
    const dynos = await json('/apps/shop-default/dynos');
    expect(dynos.map(({ type }: { type: string }) => type)).toEqual(['web', 'web', 'worker']);
    expect(Object.keys(dynos[0]).sort()).toEqual(
      'attach_url command created_at id name release app size state ready restarts type updated_at additional_info'
        .split(' ')
        .sort(),
    );
    expect(dynos[0]).toMatchObject({ state: 'running', ready: true, app: { name: 'shop-default' } });
    expect(dynos[2].updated_at).toBe('0001-01-01T00:00:00Z');
    const [{ type, name }] = dynos;
    expect(await json(`/apps/shop-default/dynos/${type}.${name}`)).toEqual(dynos[0]);
    expect((await api('/apps/shop-default/dynos/web.none')).status).toBe(404);
  });

  it('shows formation and account', async () => {
    await start();
    const formation = await json('/apps/shop-default/formation');
    expect(formation).toMatchObject([
      { type: 'web', quantity: 2, app: { name: 'shop-default' }, port: 9000 },
      { type: 'worker', quantity: 1, port: null },
    ]);
    expect(await json('/account')).toMatchObject({ name: 'Jane', email: 'jane@example.com' });
  });
});

describe('builds and releases (8.5)', () => {
  it('lists builds ascending, with exactly the known keys', async () => {
    await start({ snapshotMs: 0 });
    const first = world.deploy({ message: 'msg' });
    world.advance(first.id, 'succeeded');
    clock += 60_000;
    const second = world.deploy({ fail: true });
    world.advance(second.id, 'failed');
    const builds = await json('/apps/shop-default/builds');
    expect(builds.map(({ id }: { id: string }) => id)).toEqual([first.id, second.id]);
    expect(builds.map(({ status }: { status: string }) => status)).toEqual(['succeeded', 'failed']);
    expect(Object.keys(builds[0])).toEqual(
      'app buildpacks created_at id output_stream_url release slug source_blob status updated_at user'
        .split(' ')
        .sort((a, b) => Object.keys(builds[0]).indexOf(a) - Object.keys(builds[0]).indexOf(b)),
    );
    expect(builds[0]).toMatchObject({
      buildpacks: null,
      release: null,
      slug: { id: first.id, number: '1' },
      output_stream_url: `${sandbox.url}/apps/shop-default/builds/${first.id}/result`,
      source_blob: { url: '', commit: first.commit, author: first.author, message: 'msg' },
      user: { email: '' },
    });
    expect(await json(`/apps/shop-default/builds/${first.id}`)).toEqual(builds[0]);
    expect(await json(`/slugs/${first.id}`)).toEqual(builds[0]);
  });

  it('touches a build when it begins and when it ends, and not for what becomes of its release', async () => {
    await start({ snapshotMs: 0 });
    const deploy = world.deploy();
    const touched = async () => {
      const { status, updated_at } = await json(`/apps/shop-default/builds/${deploy.id}`);
      return [status, Date.parse(updated_at)];
    };
    world.advance(deploy.id, 'building');
    const begun = await touched();
    clock += 60_000;
    world.advance(deploy.id, 'deploying');
    const built = await touched();
    clock += 60_000;
    world.advance(deploy.id, 'succeeded');
    expect(begun[0]).toBe('pending');
    expect(built).toEqual(['succeeded', expect.closeTo(Number(begun[1]) + 60_000, -2)]);
    expect(await touched()).toEqual(built);
  });

  it('refuses what is no id, and what is unknown', async () => {
    await start();
    const latest = await api('/apps/shop-default/builds/latest');
    expect([latest.status, latest.text]).toEqual([422, 'The specified uuid was invalid.']);
    const id = '999b5ce9-b60c-42c4-bca5-e442cd86df78';
    const missing = await api(`/apps/shop-default/builds/${id}`);
    expect([missing.status, missing.text]).toEqual([404, `The specified build ${id} was not found.`]);
    const posted = await api(`/apps/shop-default/builds/${id}/result`, { method: 'POST' });
    expect([posted.status, posted.text]).toEqual([404, '']);
  });

  it('shows the result as a growing snapshot without id', async () => {
    await start({ snapshotMs: 2000 });
    const { id } = world.deploy();
    const result = () => json(`/apps/shop-default/builds/${id}/result`);
    const url = `${sandbox.url}/apps/shop-default/builds/undefined/result`;
    expect(await result()).toEqual({ build: { status: 'queued', output_stream_url: url }, lines: [] });
    world.advance(id, 'building');
    expect(await result()).toEqual({ build: { status: 'pending', output_stream_url: url }, lines: [] });
    clock += 2000;
    const early = await result();
    expect(early.lines.length).toBeGreaterThan(2);
    expect(early.lines[0]).toMatch(
      /^Getting source code for https:\/\/github\.com\/akkeris\/shop\/main SHA /,
    );
    expect(early.lines.at(-1)).toBe('');
    world.advance(id, 'deploying');
    expect(await result()).toMatchObject({ build: { status: 'succeeded' }, lines: early.lines });
    clock += 2000;
    const late = await result();
    expect(late.lines.length).toBeGreaterThan(early.lines.length);
    expect(late.lines.slice(0, early.lines.length - 1)).toEqual(early.lines.slice(0, -1));
    expect(late.lines.join('\n')).not.toContain('Finished');
  });

  it('hides private lines, and may end a snapshot in mid-line', async () => {
    await start({ snapshotMs: 0, partialLines: true });
    const deploy = world.deploy();
    world.advance(deploy.id, 'building');
    const at = world.now();
    for (const text of [
      'Step 2/5 : ARG SECRET=x',
      ' ---> abc',
      '+ set',
      'Step 3/5 : RUN make',
      'half a line',
    ]) {
      deploy.output.push({ at, phase: 'build', text });
    }
    const { lines } = await json(`/apps/shop-default/builds/${deploy.id}/result`);
    expect(lines.slice(-2)).toEqual(['Step 3/5 : RUN make', 'half ']);
    expect(lines.join('\n')).not.toMatch(/SECRET|^ ---> |^\+ set/m);
  });

  it('starts, stops and repeats builds', async () => {
    await start();
    expect((await post('/apps/shop-default/builds', { sha: 'abc' })).status).toBe(422);
    const made = await post('/apps/shop-default/builds', { url: 'https://example.com/a.tgz' });
    expect(made.status).toBe(201);
    const { id, status } = JSON.parse(made.text);
    expect(status).toBe('queued');
    const path = `/apps/shop-default/builds/${id}`;
    expect((await api(path, { method: 'DELETE' })).status).toBe(409);
    world.advance(id, 'building');
    const stopped = await api(path, { method: 'DELETE' });
    expect(stopped.status).toBe(205);
    expect(JSON.parse(stopped.text)).toMatchObject({ id, status: 'failed' });
    expect((await api(path, { method: 'DELETE' })).status).toBe(409);
    const again = await api(path, { method: 'PUT' });
    expect(again.status).toBe(201);
    const fresh = JSON.parse(again.text);
    expect(fresh.output_stream_url).toBe(`${sandbox.url}/apps/shop/builds/${fresh.id}/result`);
    expect((await json(`/apps/shop-default/builds/${fresh.id}`)).output_stream_url).toContain('shop-default');
  });

  it('lists releases of the builds that were released', async () => {
    await start();
    for (const fail of [false, true, false]) {
      const { id } = world.deploy({ fail });
      world.advance(id, fail ? 'failed' : 'succeeded');
      clock += 1000;
    }
    const pending = world.deploy();
    world.advance(pending.id, 'deploying');
    const releases = await json('/apps/shop-default/releases');
    expect(Object.keys(releases[0])).toEqual(
      'app created_at description slug id status state user version current'.split(' '),
    );
    const seen = releases.map(({ version, status, state, current }: Record<string, unknown>) => [
      version,
      status,
      state,
      current,
    ]);
    expect(seen).toEqual([
      [1, 'succeeded', 'success', false],
      [2, 'succeeded', 'success', true],
      [3, 'pending', 'pending', false],
    ]);
    expect(releases[2].slug.id).toBe(pending.id);
    expect(await json(`/apps/shop-default/releases/${releases[0].id}`)).toEqual(releases[0]);
    expect((await json(`/apps/shop-default/releases/${releases[0].id}/statuses`)).state).toBe('success');
    expect((await api('/apps/shop-default/releases/latest')).status).toBe(422);
  });
});

describe('metrics (8.6)', () => {
  const range = 'from=2018-03-23T00:00:05.000Z&to=2018-03-24T00:00:05.000Z';

  it('nests strings by dyno type in 30-minute buckets, whatever the resolution', async () => {
    await start();
    const metrics = await json(`/apps/shop-default/metrics?resolution=1h&${range}`);
    expect(Object.keys(metrics)).toEqual(['web', 'worker']);
    const seconds = Object.keys(metrics.web.memory_usage_bytes);
    expect(seconds).toHaveLength(49);
    expect(seconds.slice(0, 2)).toEqual(['1521763205', '1521765005']);
    expect(Number(metrics.web.memory_usage_bytes['1521763205'])).toBeGreaterThan(1e6);
    expect(typeof metrics.web.cpu_usage_seconds_total['1521763205']).toBe('string');
    expect(Object.keys(metrics.worker)).toHaveLength(10);
    expect(await json(`/apps/shop-default/metrics?resolution=zzz&${range}`)).toEqual(metrics);
  });

  it('counts requests in aligned buckets for web only', async () => {
    await start();
    world.write({ kind: 'router', text: '', request: theme, at: { ms: MARCH - 60_000, nanos: 0 } });
    world.write({ kind: 'router', text: '', request: { ...theme, status: 404, duration: 30 } });
    const metrics = await json('/apps/shop-default/metrics');
    expect(metrics.web.requests['1521853200']).toBe('2');
    expect(metrics.web.requests['1521851400']).toBe('0');
    expect(metrics.web.response_time['1521853200']).toBe('20');
    expect(metrics.web.router_status_404['1521853200']).toBe('1');
    expect(metrics.worker.requests).toBeUndefined();
  });

  it('has no samples beyond what is kept, and fails as the platform does', async () => {
    await start({ quietApps: ['calm'] });
    const old = await json(
      '/apps/shop-default/metrics?from=2017-04-25T00:00:00.000Z&to=2017-04-26T00:00:00.000Z',
    );
    expect(old.web.memory_rss).toEqual({});
    const path = '/apps/shop-default/metrics';
    const wrong = await api(`${path}?from=yesterday`);
    expect([wrong.status, wrong.text]).toEqual([500, 'Internal Server Error']);
    expect((await api(`${path}?from=2018-03-24T00:00:00Z&to=2018-03-23T00:00:00Z`)).status).toBe(503);
    expect((await api(`${path}?from=2000-01-01T00:00:00Z`)).status).toBe(503);
    expect(await json('/apps/calm-default/metrics')).toEqual({});
  });
});

describe('audits (8.7)', () => {
  it('lists records newest first, with the payload as JSON within JSON', async () => {
    await start();
    const record = { component: null, user: 'jane', text: '' };
    world.record({ ...record, kind: 'config', detail: { name: 'FOO', value: 'bar' } });
    world.record({ ...record, kind: 'restart', detail: {} });
    world.record({ ...record, kind: 'scale', component: 'web', detail: { from: 2, to: 3 } });
    world.record({ ...record, kind: 'crash', component: 'worker', user: 'system', detail: { exitCode: 1 } });
    const audits = await json('/audits?app=shop&space=default&size=5');
    expect(audits.map(({ action, username }: Record<string, string>) => [action, username])).toEqual([
      ['crashed', 'System'],
      ['formation_change', 'jane'],
      ['config_change', 'jane'],
    ]);
    expect(Object.keys(audits[0])).toEqual(['action', 'app', 'space', 'received_at', 'username', 'info']);
    expect(audits[0]).toMatchObject({ app: 'shop', space: 'default' });
    expect(JSON.parse(audits[1].info).changes).toEqual([{ type: 'web', quantity: 3 }]);
    expect(JSON.parse(audits[2].info)).toMatchObject({
      action: 'config_change',
      app: { name: 'shop' },
      space: { name: 'default' },
      changes: [{ type: 'update', name: 'FOO' }],
      username: 'jane',
    });
    expect(await json('/audits?user=jane&size=1')).toHaveLength(1);
    expect(await json('/audits?app=other')).toEqual([]);
  });

  it('tells a deploy as builds and a release, ten at most by default', async () => {
    await start();
    const { id } = world.deploy();
    world.advance(id, 'succeeded');
    const told = (await json('/audits')).map(({ info }: { info: string }) => {
      const payload = JSON.parse(info);
      return [payload.action, (payload.release ?? payload.build).result];
    });
    expect(told).toEqual([
      ['release', 'succeeded'],
      ['build', 'succeeded'],
      ['build', 'pending'],
    ]);
    const record = { component: null, user: 'jane', text: '', detail: { name: 'A', value: 'b' } };
    for (let n = 0; n < 20; n += 1) world.record({ ...record, kind: 'config' });
    expect(await json('/audits')).toHaveLength(10);
    expect(await json('/audits?size=1000')).toHaveLength(23);
  });

  it('answers 501 when they are off', async () => {
    await start({ audits: false });
    const reply = await api('/audits?app=shop&space=default');
    expect([reply.status, reply.text]).toEqual([501, 'Not Implemented Error']);
  });
});

describe('log drains', () => {
  it.each(['/apps/shop-default', '/sites/www.shop.example.com'])('are kept for %s', async (owner) => {
    await start();
    const url = 'syslog+tls://logs.example.com:1234';
    const made = await post(`${owner}/log-drains`, { url });
    expect(made.status).toBe(201);
    const drain = JSON.parse(made.text);
    expect(drain).toEqual({
      addon: { id: '', name: '' },
      created_at: '2018-03-24T01:07:20.5Z',
      id: expect.stringMatching(uuid),
      token: owner.split('/')[2],
      updated_at: '2018-03-24T01:07:20.5Z',
      url,
    });
    expect(await json(`${owner}/log-drains`)).toEqual([drain]);
    expect(await json(`${owner}/log-drains/${drain.id}`)).toEqual(drain);
    const again = await post(`${owner}/log-drains`, { url });
    expect([again.status, again.text]).toEqual([
      400,
      'The requested log drain already exists on this application.',
    ]);
    const without = await post(`${owner}/log-drains`, { uri: url });
    expect([without.status, without.text]).toEqual([400, 'The request did not include a "url" parameter.']);
    expect((await post(`${owner}/log-drains`, { url: 'syslog+tcp://logs.example.com:1' })).status).toBe(503);
    expect((await api(`${owner}/log-drains/${drain.id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await api(`${owner}/log-drains/${drain.id}`)).status).toBe(503);
  });
});

describe('what it tells about itself', () => {
  it('names variables, targets and requests', async () => {
    await start();
    expect(sandbox.env).toEqual({
      AKKERIS_API_HOST: sandbox.url,
      AKKERIS_TOKEN: 't',
      POLYLOG_AKKERIS_URL: sandbox.url,
      POLYLOG_AKKERIS_TOKEN: 't',
    });
    expect(sandbox.targets).toEqual(['akkeris:shop-default']);
    const answered: string[] = [];
    sandbox.onAnswered(({ route }) => answered.push(route));
    await post('/apps/shop-default/log-sessions', { lines: 1 });
    expect(sandbox.requests[0]).toMatchObject({ route: 'log-sessions', method: 'POST', body: '{"lines":1}' });
    expect(answered).toEqual(['log-sessions']);
  });

  it('closes what is open at once', async () => {
    await start();
    const stream = await follow();
    await sandbox.close();
    expect(await stream.over).toBe('ECONNRESET');
    expect(sandbox.watchers()).toBe(0);
  });
});
