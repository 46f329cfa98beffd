// The exchanges that stand in the wire page (DigitalOcean 7), every fault and every knob, sent by node:http and ws.
import { type IncomingHttpHeaders, request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  type DigitaloceanKnobs,
  type DigitaloceanServer,
  startDigitalocean,
} from '../../src/sandbox/digitalocean.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { createWorld, type World, type WorldLine, type WorldOptions } from '../../src/sandbox/world.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json(): Body;
}

/** The fields that tests look into by name; that they are there is what the expectations show. */
interface Body {
  id: string;
  message: string;
  apps: Rows<App>;
  app: App;
  links: { pages: Record<string, string> };
  meta: { total: number };
  live_url: string;
  historic_urls: Rows<string>;
  deployments: Rows<Deployment>;
  deployment: Deployment;
  data: { result: Rows<{ metric: object; values: [number, string][] }> };
  app_health: { components: Rows<{ cpu_usage_percent: number }> };
  date: string;
  events: Rows<{
    id: string;
    type: string;
    deployment: object;
    autoscaling: { components: { web: object } };
  }>;
  instances: object[];
  job_invocations: Rows<{ id: string }>;
  job_invocation: object;
  phase: string;
}

interface App {
  id: string;
  spec: { name: string };
  active_deployment: object;
  in_progress_deployment: Deployment;
  pending_deployment: Deployment;
  last_deployment_active_at: string;
}

interface Deployment {
  id: string;
  phase: string;
  progress: { error_steps: number };
}

type Rows<T> = T[] & { 0: T; 1: T; 3: T };

const base = Date.parse('2026-08-01T10:00:00Z');
const founding = '3aa4d20e-5527-4c00-b496-601fbd22520a';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(
  knobs: DigitaloceanKnobs = {},
  options: WorldOptions = {},
): Promise<DigitaloceanServer & { world: World }> {
  const world = createWorld({ scale: 0, past: 0, now: () => base, ...options });
  const server = await startDigitalocean({ world, ...knobs });
  open.push(() => world.close());
  open.push(() => server.close());
  return server;
}

/** `path` on the server (with its token), or a whole URL (without). */
function ask(
  server: DigitaloceanServer,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const own = path.startsWith('/');
  const headers = own ? { authorization: `Bearer ${server.token}`, accept: 'application/json' } : {};
  return new Promise((resolve, reject) => {
    const asked = request(
      own ? server.url + path : path,
      { method: options.method ?? 'GET', headers: { ...headers, ...options.headers }, agent: false },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(pieces);
          const status = response.statusCode ?? 0;
          resolve({ status, headers: response.headers, body, json: () => JSON.parse(body.toString()) });
        });
      },
    );
    asked.on('error', reject);
    asked.end(options.body);
  });
}

const app = (server: DigitaloceanServer, rest = ''): string => `/v2/apps/${server.appId}${rest}`;

async function json(server: DigitaloceanServer, path: string): Promise<Body> {
  const answer = await ask(server, path);
  expect(answer.body.toString()).not.toBe('');
  expect(answer.status, answer.body.toString()).toBe(200);
  return answer.json();
}

async function liveUrl(
  server: DigitaloceanServer,
  query = 'type=RUN&follow=true&tail_lines=-1',
): Promise<string> {
  const body = await json(server, app(server, `/logs?${query}`));
  expect(Object.keys(body)).toEqual(['live_url']);
  return body.live_url;
}

interface Listener {
  socket: WebSocket;
  frames: string[];
  binary: boolean[];
  pings: number;
  closed: Promise<number>;
  /** The text of all frames once `enough` holds for it. */
  text(enough: (text: string) => boolean): Promise<string>;
}

/** As doctl dials it: http becomes ws, nothing else changes; no Authorization. */
async function listen(url: string): Promise<Listener> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false });
  open.push(() => socket.terminate());
  const waiting = new Set<() => void>();
  const listener: Listener = {
    socket,
    frames: [],
    binary: [],
    pings: 0,
    closed: new Promise((resolve) => socket.on('close', (code) => resolve(code))),
    text: (enough) =>
      new Promise((resolve) => {
        const look = (): void => {
          const text = listener.frames.map(dataOf).join('');
          if (enough(text)) resolve(text);
        };
        waiting.add(look);
        look();
      }),
  };
  socket.on('message', (message, binary) => {
    listener.frames.push(String(message));
    listener.binary.push(binary);
    for (const look of waiting) look();
  });
  socket.on('ping', () => {
    listener.pings += 1;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return listener;
}

function dataOf(frame: string): string {
  try {
    return (JSON.parse(frame) as { data?: string }).data ?? '';
  } catch {
    return frame;
  }
}

const has = (part: string) => (text: string) => text.includes(part);
const at = (ms: number, nanos = 0) => ({ ms: base + ms, nanos });

async function archiveText(server: DigitaloceanServer, urls: string[]): Promise<string> {
  const bodies = await Promise.all(urls.map((url) => ask(server, url)));
  expect(bodies.map(({ status }) => status)).toEqual(urls.map(() => 200));
  return bodies.map(({ body }) => body.toString()).join('');
}

/** A deploy up to this status, and no further. */
function deployTo(world: World, ...statuses: ('building' | 'deploying' | 'succeeded' | 'failed')[]) {
  const deploy = world.deploy();
  for (const status of statuses) world.advance(deploy.id, status);
  return deploy;
}

// --- 7.1 apps, 1 errors, limits, pages

test('lists apps with rate-limit headers and a request id', async () => {
  const server = await start();
  const answer = await ask(server, '/v2/apps?page=1&per_page=200');
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['x-request-id']).toMatch(uuid);
  expect(answer.headers['ratelimit-limit']).toBe('5000');
  expect(answer.headers['ratelimit-remaining']).toBe('4999');
  expect(answer.headers['ratelimit-reset']).toMatch(/^\d{10}$/);
  const body = answer.json();
  expect(body).toMatchObject({ links: {}, meta: { total: 1 } });
  expect(body.apps[0]).toMatchObject({
    id: server.appId,
    spec: {
      name: 'shop',
      region: 'ams',
      services: [{ name: 'web', instance_count: 2 }],
      workers: [{ name: 'worker', instance_count: 1 }],
    },
    active_deployment: { id: founding, phase: 'ACTIVE' },
  });
  expect(await json(server, app(server))).toEqual({ app: body.apps[0] });
});

test('pages over many apps with links made from the Host; a name stands twice in different case', async () => {
  const server = await start({ extraApps: 200 });
  const first = await ask(server, '/v2/apps?page=1&per_page=200', { headers: { host: 'proxy.test:8080' } });
  expect(first.json()).toMatchObject({
    links: {
      pages: {
        next: 'http://proxy.test:8080/v2/apps?page=2&per_page=200',
        last: 'http://proxy.test:8080/v2/apps?page=2&per_page=200',
      },
    },
    meta: { total: 201 },
  });
  expect(first.json().apps).toHaveLength(200);
  expect(first.json().apps[0].spec.name).toBe('Shop');
  expect(await json(server, app(server, '').replace(server.appId, first.json().apps[3].id))).toMatchObject({
    app: { spec: { name: 'extra-003' } },
  });
  const second = await json(server, '/v2/apps?page=2&per_page=200');
  expect(second.apps.map((one: { spec: { name: string } }) => one.spec.name)).toEqual(['shop']);
  expect(second.links.pages).toEqual({
    first: `${server.url}/v2/apps?page=1&per_page=200`,
    prev: `${server.url}/v2/apps?page=1&per_page=200`,
  });
  expect((await json(server, '/v2/apps')).apps).toHaveLength(20);
});

test.each(['per_page=201', 'per_page=0', 'page=0', 'page=x'])('refuses the page limits %s', async (query) => {
  const server = await start();
  const answer = await ask(server, `/v2/apps?${query}`);
  expect(answer.status).toBe(400);
  expect(answer.json().id).toBe('bad_request');
});

test.each([
  ['no token', {}],
  ['a wrong token', { authorization: 'Bearer dop_v1_other' }],
  ['a token without Bearer', { authorization: `dop_v1_${'5e'.repeat(32)}` }],
])('answers 401 to %s, on unknown paths too', async (_name, headers) => {
  const server = await start();
  for (const path of ['/v2/apps', '/v2/nothing']) {
    const answer = await ask(server, server.url + path, { headers });
    expect(answer.status).toBe(401);
    expect(answer.json()).toEqual({ id: 'unauthorized', message: 'Unable to authenticate you.' });
    expect(answer.headers['x-request-id']).toMatch(uuid);
  }
});

test('answers 404 with the request id in body and header', async () => {
  const server = await start();
  const paths = ['', '/deployments', '/events', '/logs?type=RUN'].map(
    (rest) => `/v2/apps/${founding}${rest}`,
  );
  for (const path of [...paths, '/v2/nothing', app(server, '/deployments/x'), app(server, '/events/x')]) {
    const answer = await ask(server, path);
    expect(answer.status, path).toBe(404);
    expect(answer.json()).toEqual({
      id: 'not_found',
      message: 'The resource you requested could not be found.',
      request_id: answer.headers['x-request-id'],
    });
  }
});

test('limits bursts by a sliding window', async () => {
  let now = base;
  const server = await start({ ratePerMinute: 3, clock: () => now });
  for (let count = 0; count < 3; count += 1) {
    expect((await ask(server, '/v2/apps')).status).toBe(200);
    now += 10_000;
  }
  const refused = await ask(server, '/v2/apps');
  expect(refused.status).toBe(429);
  expect(refused.json()).toEqual({ id: 'too_many_requests', message: 'API rate limit exceeded.' });
  expect(refused.headers).toMatchObject({
    'retry-after': '30',
    'ratelimit-remaining': '0',
    'ratelimit-reset': String((base + 60_000) / 1000),
  });
  now = base + 60_000;
  expect((await ask(server, '/v2/apps')).status).toBe(200);
  expect((await ask(server, '/v2/apps')).status).toBe(429);
});

test('tells only ratelimit-reset when it says so, and when the hour is used up', async () => {
  const burst = await start({ ratePerMinute: 1, retryAfter: false, clock: () => base });
  await ask(burst, '/v2/apps');
  const refused = await ask(burst, '/v2/apps');
  expect(refused.status).toBe(429);
  expect(refused.headers['retry-after']).toBeUndefined();
  expect(refused.headers['ratelimit-reset']).toBe(String((base + 60_000) / 1000));
  const hour = await start({ ratePerHour: 1, clock: () => base });
  await ask(hour, '/v2/apps');
  const late = await ask(hour, '/v2/apps');
  expect(late.headers['retry-after']).toBeUndefined();
  expect(late.headers['ratelimit-reset']).toBe(String((base + 3_600_000) / 1000));
});

test.each<[Fault, number, string]>([
  [{ name: 'unauthorized' }, 401, 'unauthorized'],
  [{ name: 'rate-limited', retryAfter: 2 }, 429, 'too_many_requests'],
  [{ name: 'server-error' }, 500, 'server_error'],
  [{ name: 'server-error', status: 503 }, 503, 'server_error'],
])('words the fault %o', async (fault, status, id) => {
  const server = await start();
  server.faults.add({ ...fault, route: 'apps' });
  const answer = await ask(server, '/v2/apps');
  expect([answer.status, answer.json().id]).toEqual([status, id]);
  expect(answer.headers['retry-after']).toBe(fault.retryAfter?.toString());
  expect((await ask(server, '/v2/apps')).status).toBe(200);
});

test('answers with HTML, with no JSON, with another shape, in pieces, and not at all', async () => {
  const server = await start();
  server.faults.add({ name: 'html-error', status: 502 });
  server.faults.add({ name: 'not-json' });
  server.faults.add({ name: 'wrong-shape' });
  server.faults.add({ name: 'slow-body', bytes: 500, delayMs: 0 });
  server.faults.add({ name: 'cut-body' });
  server.faults.add({ name: 'connection-refused' });
  const html = await ask(server, '/v2/apps');
  expect([html.status, html.headers['content-type']]).toEqual([502, 'text/html']);
  expect(String((await ask(server, '/v2/apps')).body)).toBe('this is {no JSON');
  expect((await ask(server, '/v2/apps')).json()).toEqual({ unexpected: { shape: true } });
  expect((await ask(server, '/v2/apps')).json().meta).toEqual({ total: 1 });
  await expect(ask(server, '/v2/apps')).rejects.toThrow(/aborted|ECONNRESET/);
  await expect(ask(server, '/v2/apps')).rejects.toThrow(/hang up|ECONNRESET/);
});

// --- 7.2 run logs, live

test.each([
  'deployments/3aa4d20e-5527-4c00-b496-601fbd22520a/logs?component_name=web&',
  'deployments/3aa4d20e-5527-4c00-b496-601fbd22520a/components/web/logs?',
  'components/web/logs?',
  'logs?component_name=web&',
])('streams the run log of %s', async (form) => {
  const server = await start();
  server.world.write({ text: 'hello', at: at(0, 123_456) });
  server.world.write({ text: 'not mine', component: 'worker' });
  const body = await json(server, app(server, `/${form}type=RUN&follow=true&tail_lines=-1`));
  expect(body.live_url).toMatch(new RegExp(`^${server.url}/live\\?token=[0-9a-f]{32}$`));
  const listener = await listen(body.live_url);
  await listener.text(has('hello'));
  server.world.write({ text: 'grüße', at: at(1000) });
  await listener.text(has('grüße'));
  expect(listener.frames).toEqual([
    '{"data":"web 2026-08-01T10:00:00.000123456Z hello\\n"}',
    '{"data":"web 2026-08-01T10:00:01Z grüße\\n"}',
  ]);
  expect(listener.binary).toEqual([false, false]);
  expect(server.watchers()).toBe(1);
});

test('interleaves components in the aggregate, without router, platform and database lines', async () => {
  const server = await start();
  server.world.write({ text: 'one' });
  server.world.write({ text: 'GET / 200', kind: 'router' });
  server.world.write({ text: 'Container exited', kind: 'platform' });
  server.world.write({ text: 'LOG: checkpoint', component: 'db' });
  server.world.write({ text: 'two', component: 'worker' });
  const listener = await listen(await liveUrl(server, 'type=RUN&follow=false&tail_lines=-1'));
  expect(await listener.closed).toBe(1000);
  expect(listener.frames.map((frame) => dataOf(frame).replace(/\S+Z/, 'TIME'))).toEqual([
    'web TIME one\n',
    'worker TIME two\n',
  ]);
});

test.each([
  ['-1', 4],
  ['2', 2],
  ['0', 0],
  ['900', 4],
])('replays the last lines with tail_lines %s', async (tail, count) => {
  const server = await start();
  for (const text of ['1', '2', '3', '4']) {
    server.world.write({ text });
    server.world.write({ text: 'noise', component: 'db' });
  }
  const listener = await listen(await liveUrl(server, `type=RUN&tail_lines=${tail}`));
  expect(await listener.closed).toBe(1000);
  expect(listener.frames.map((frame) => dataOf(frame).slice(-2, -1))).toEqual(
    ['1', '2', '3', '4'].slice(4 - count),
  );
});

test('without tail_lines only what comes after connecting; with the knob everything', async () => {
  const server = await start();
  server.world.write({ text: 'before' });
  const listener = await listen(await liveUrl(server, 'type=RUN&follow=true'));
  server.world.write({ text: 'after' });
  expect(await listener.text(has('after'))).not.toContain('before');
  const other = await start({ untailed: 'all' });
  other.world.write({ text: 'before' });
  const full = await listen(await liveUrl(other, 'type=RUN&follow=true'));
  expect(await full.text(has('before'))).toContain('before');
});

test('tells onAnswered when the backlog is out, so that no line written then is lost', async () => {
  const server = await start();
  server.world.write({ text: 'past' });
  const stop = server.onAnswered((asked) => {
    if (asked.route !== 'live') return;
    stop();
    server.world.write({ text: 'in between' });
  });
  const listener = await listen(await liveUrl(server, 'type=RUN&follow=true&tail_lines=1'));
  expect(await listener.text(has('in between'))).toMatch(/past\n.*in between\n$/);
});

test('a live token opens one stream, for a while, and takes no credentials', async () => {
  let now = base;
  const server = await start({ liveTokenLifeMs: 1000, clock: () => now });
  const used = await liveUrl(server);
  const first = await listen(used);
  await expect(listen(used)).rejects.toThrow('Unexpected server response: 403');
  first.socket.close(1000);
  expect(await first.closed).toBe(1000);
  const late = await liveUrl(server);
  now += 1001;
  await expect(listen(late)).rejects.toThrow('Unexpected server response: 403');
  const leaked = await ask(server, await liveUrl(server), { headers: { authorization: 'Bearer x' } });
  expect(leaked.status).toBe(400);
});

test('sends several lines per frame, frames that break off in mid-line, binary frames, whole seconds', async () => {
  const knobs = { linesPerFrame: 2, splitLines: true, frames: 'binary', linePrecision: 'second' } as const;
  const server = await start(knobs);
  for (const text of ['eins', 'zwei 🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉', 'drei']) server.world.write({ text });
  const listener = await listen(await liveUrl(server, 'type=RUN&tail_lines=-1'));
  expect(await listener.closed).toBe(1000);
  expect(listener.frames).toHaveLength(3);
  expect(listener.binary).toEqual([true, true, true]);
  expect(dataOf(listener.frames[0] ?? '')).toMatch(/^web \S+ eins\nweb [^\n]+$/);
  expect(dataOf(listener.frames[1] ?? '')).not.toMatch(/\n$/);
  expect(listener.frames.map(dataOf).join('')).toMatch(
    /^web 2026-08-01T10:00:00Z eins\nweb .* zwei (🎉){16}\nweb .* drei\n$/u,
  );
});

test('pings, and answers pings', async () => {
  const server = await start({ keepaliveMs: 2 });
  const listener = await listen(await liveUrl(server));
  await new Promise((resolve) => listener.socket.once('ping', resolve));
  listener.socket.ping();
  await new Promise((resolve) => listener.socket.once('pong', resolve));
  expect(listener.pings).toBeGreaterThan(0);
});

test('hands the live URL out under any scheme', async () => {
  for (const liveScheme of ['http', 'https', 'ws', 'wss'] as const) {
    const server = await start({ liveScheme });
    expect(new URL(await liveUrl(server)).protocol).toBe(`${liveScheme}:`);
  }
});

test('streams raw text over plain HTTP, or refuses it', async () => {
  const server = await start();
  server.world.write({ text: 'one', at: at(0) });
  server.world.write({ text: 'two', at: at(1) });
  const answer = await ask(server, await liveUrl(server, 'type=RUN&tail_lines=-1'));
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(answer.body.toString()).toBe('web 2026-08-01T10:00:00Z one\nweb 2026-08-01T10:00:00.001Z two\n');
  const strict = await start({ livePlain: 'refused' });
  expect((await ask(strict, await liveUrl(strict))).status).toBe(400);
});

test('a redeploy ends the old stream; the new one begins with the new instances', async () => {
  const server = await start();
  server.world.write({ text: 'old' });
  const listener = await listen(await liveUrl(server));
  const deploy = deployTo(server.world, 'building', 'deploying');
  server.world.write({ text: 'last words' });
  server.world.advance(deploy.id, 'succeeded');
  server.world.write({ text: 'new' });
  expect(await listener.closed).toBe(1000);
  const text = listener.frames.map(dataOf).join('');
  expect(text).toMatch(/old\n[\s\S]*last words\n$/);
  const next = await listen(await liveUrl(server, 'type=RUN&tail_lines=-1'));
  expect(await next.closed).toBe(1000);
  expect(next.frames.map(dataOf).join('')).toMatch(/^web \S+ new\n$/);
  const old = await json(server, app(server, `/deployments/${founding}/logs?type=RUN`));
  expect(old).toEqual({ historic_urls: [] });
});

test('a redeploy starves the old stream, and the backlog reaches back, when it says so', async () => {
  const server = await start({ redeploy: 'starves', backlog: 'app' });
  server.world.write({ text: 'old' });
  const starved = await listen(await liveUrl(server));
  deployTo(server.world, 'building', 'deploying', 'succeeded');
  server.world.write({ text: 'new' });
  const next = await listen(await liveUrl(server));
  expect(await next.text(has('new'))).toMatch(/old\n[\s\S]*new\n$/);
  expect(server.watchers()).toBe(2);
  expect(starved.frames.map(dataOf).join('')).toMatch(/old\n$/);
});

test('a slow reader holds the stream back and loses nothing', async () => {
  const server = await start();
  const lines = server.world.lines as WorldLine[];
  let furthest = 0;
  lines.slice = (from = 0, to = lines.length) => {
    furthest = Math.max(furthest, Math.min(to, lines.length));
    return lines.filter((_, index) => index >= from && index < to);
  };
  const count = 8000;
  const listener = await listen(await liveUrl(server));
  listener.socket.pause();
  const long = 'x'.repeat(4000);
  for (let number = 0; number < count; number += 1) server.world.write({ text: `${number} ${long}` });
  for (let asked = 0; asked < 10; asked += 1) await ask(server, '/v2/apps');
  expect(furthest).toBeGreaterThan(0);
  expect(furthest).toBeLessThan(count);
  const all = new Promise<void>((resolve) => {
    listener.socket.on('message', () => listener.frames.length === count && resolve());
  });
  listener.socket.resume();
  await all;
  expect(furthest).toBe(count);
  const numbers = listener.frames.map((frame) => Number(dataOf(frame).split(' ')[2]));
  expect(numbers).toEqual(Array.from({ length: count }, (_, number) => number));
});

// --- 7.2 faults of the stream

test.each([
  ['close-1000', 1000],
  ['close-1001', 1001],
  ['close-1011', 1011],
  ['clean-end', 1000],
  ['reset-mid-line', 1006],
  ['reset-mid-character', 1006],
] as const)('the stream ends by %s', async (name, code) => {
  const server = await start();
  for (const text of ['erste', 'zweite ü']) server.world.write({ text });
  server.faults.add({ name, route: 'live', afterLines: 1 });
  const listener = await listen(await liveUrl(server));
  expect(await listener.closed).toBe(code);
  expect(listener.frames).toHaveLength(1);
});

test('the stream turns out of order, repeats, speaks no JSON, or another shape', async () => {
  const server = await start();
  for (let count = 0; count < 10; count += 1) server.world.write({ text: String(count) });
  const heard = async (fault?: Fault): Promise<string[]> => {
    if (fault) server.faults.add({ ...fault, route: 'live' });
    const listener = await listen(await liveUrl(server, 'type=RUN&tail_lines=-1'));
    await listener.closed;
    return listener.frames;
  };
  const inOrder = await heard();
  const digits = (frames: string[]): string => frames.map((frame) => dataOf(frame).slice(-2, -1)).join('');
  expect(digits(inOrder)).toBe('0123456789');
  expect(digits(await heard({ name: 'out-of-order' }))).toBe('5678901234');
  expect(digits(await heard({ name: 'repeated-lines' }))).toBe('00112233445566778899');
  expect((await heard({ name: 'not-json' }))[0]).toBe('this is {no JSON');
  expect((await heard({ name: 'wrong-shape' }))[0]).toBe('{"unexpected":{"shape":true}}');
});

test('the stream goes silent, pongs included', async () => {
  const server = await start({ keepaliveMs: 1 });
  server.world.write({ text: 'one' });
  server.faults.add({ name: 'half-open', route: 'live', afterLines: 1 });
  const silent = await listen(await liveUrl(server));
  await silent.text(has('one'));
  server.world.write({ text: 'two' });
  const other = await listen(await liveUrl(server));
  await other.text(has('two'));
  const before = silent.pings;
  silent.socket.ping();
  let ponged = false;
  silent.socket.once('pong', () => {
    ponged = true;
  });
  for (let count = 0; count < 5; count += 1)
    await new Promise((resolve) => other.socket.once('ping', resolve));
  expect([silent.frames.length, silent.pings, ponged]).toEqual([1, before, false]);
});

test('one line has no end', async () => {
  const server = await start();
  server.world.write({ text: 'short' });
  server.world.write({ text: 'long' });
  server.faults.add({ name: 'endless-line', route: 'live', afterLines: 1, bytes: 300_000 });
  const listener = await listen(await liveUrl(server));
  const text = await listener.text((all) => all.length > 300_000);
  expect(text).toMatch(/^web \S+ short\nweb \S+ longx+$/);
});

test.each<[Fault, string]>([
  [{ name: 'refuse-upgrade', status: 403 }, '403'],
  [{ name: 'refuse-upgrade' }, '400'],
  [{ name: 'expired-url' }, '403'],
  [{ name: 'server-error', status: 502 }, '502'],
])('refuses the upgrade: %o', async (fault, status) => {
  const server = await start();
  server.faults.add({ ...fault, route: 'live' });
  const url = await liveUrl(server);
  await expect(listen(url)).rejects.toThrow(status);
  await expect(listen(url)).resolves.toBeDefined();
});

test('a raw text stream breaks off in mid-line', async () => {
  const server = await start();
  server.world.write({ text: 'whole' });
  server.world.write({ text: 'cut in two' });
  server.faults.add({ name: 'reset-mid-line', route: 'live-text', afterLines: 1 });
  await expect(ask(server, await liveUrl(server))).rejects.toThrow(/aborted|ECONNRESET/);
});

// --- 2.2, 2.3 which logs there are

test.each([
  '',
  'type=',
  'type=run',
  'type=OTHER',
  'type=AUTOSCALE_EVENT',
  'type=JOB_INVOCATION',
  'type=RUN&follow=yes',
  'type=RUN&tail_lines=many',
  'type=RUN&pod_connection_timeout=soon',
])('refuses the query "%s"', async (query) => {
  const server = await start();
  const answer = await ask(server, app(server, `/logs?${query}`));
  expect(answer.status).toBe(400);
  expect(answer.json().id).toBe('bad_request');
});

test('a component that does not exist is 404, one that does not run has nothing', async () => {
  const server = await start();
  expect((await ask(server, app(server, '/components/nope/logs?type=RUN'))).status).toBe(404);
  expect(await json(server, app(server, '/logs?type=RUN&component_name=cleanup'))).toEqual({
    historic_urls: [],
  });
});

test.each([
  ['flat', { live_url: expect.stringContaining('/live?token=') }],
  ['padded', { live_url: expect.stringContaining('/live?token='), historic_urls: null }],
  [
    'seed',
    {
      value: {
        live_url: expect.stringContaining('/live?token='),
        url: expect.any(String),
        historic_logs: [],
      },
    },
  ],
] as const)('answers in the %s form', async (answerForm, body) => {
  const server = await start({ answerForm });
  expect(await json(server, app(server, '/logs?type=RUN'))).toEqual(body);
});

test.each([
  ['adjoining', 0],
  ['overlapping', 5],
] as const)('has history and live at once, %s', async (runArchive, repeats) => {
  const server = await start({ runArchive });
  for (let count = 0; count < 20; count += 1) server.world.write({ text: `line ${count}` });
  const body = await json(server, app(server, '/logs?type=RUN&tail_lines=-1'));
  const archived = (await archiveText(server, body.historic_urls)).match(/line \d+\n/g) ?? [];
  const listener = await listen(body.live_url);
  await listener.closed;
  const live =
    listener.frames
      .map(dataOf)
      .join('')
      .match(/line \d+\n/g) ?? [];
  expect(archived.length).toBeGreaterThan(5);
  expect([...archived, ...live.slice(repeats)]).toEqual(
    Array.from({ length: 20 }, (_, count) => `line ${count}\n`),
  );
  expect(live.slice(0, repeats)).toEqual(archived.slice(archived.length - repeats));
});

test('waits for instances up to pod_connection_timeout', async () => {
  const server = await start({ instanceDelayMs: 5 });
  await liveUrl(server);
  const answer = await ask(server, app(server, '/logs?type=RUN&pod_connection_timeout=1ms'));
  expect(answer.status).toBe(400);
});

test('has what the crashed instance wrote, as an archive or as a stream that closes', async () => {
  for (const restartedForm of ['historic', 'live'] as const) {
    const server = await start({ restartedForm });
    expect(await json(server, app(server, '/logs?type=RUN_RESTARTED'))).toEqual({ historic_urls: [] });
    server.world.write({ text: 'heap out of memory', component: 'worker' });
    const crash = {
      kind: 'crash',
      component: 'worker',
      user: 'system',
      text: '',
      detail: { exitCode: 134 },
    } as const;
    server.world.record(crash);
    server.world.write({ text: 'again', component: 'worker' });
    const body = await json(server, app(server, '/logs?type=RUN_RESTARTED&tail_lines=-1'));
    if (restartedForm === 'historic') {
      expect(await archiveText(server, body.historic_urls)).toMatch(/^worker \S+ heap out of memory\n$/);
      continue;
    }
    const listener = await listen(body.live_url);
    expect(await listener.closed).toBe(1000);
    expect(listener.frames.map(dataOf).join('')).toMatch(/^worker \S+ heap out of memory\n$/);
  }
});

test('an app without a deployment has no logs', async () => {
  const server = await start({ deployed: false });
  const { app: shown } = await json(server, app(server));
  expect(shown.active_deployment).toBeUndefined();
  expect(shown.last_deployment_active_at).toBe('0001-01-01T00:00:00Z');
  expect((await ask(server, app(server, '/logs?type=RUN'))).status).toBe(404);
  expect((await json(server, app(server, '/deployments'))).deployments).toEqual([]);
});

// --- 7.3 archives, 7.4 nothing, skipped

test('spreads the log of a finished build over several archives, oldest first', async () => {
  const server = await start();
  const deploy = deployTo(server.world, 'building', 'deploying', 'succeeded');
  const query = 'type=BUILD&follow=false&tail_lines=-1';
  const body = await json(server, app(server, `/deployments/${deploy.id}/logs?${query}`));
  expect(body.historic_urls).toHaveLength(2);
  expect(body.historic_urls[0]).toMatch(/\/archive\/1\?sig=[0-9a-f]{32}$/);
  expect((await ask(server, body.historic_urls[0])).headers['content-type']).toBe('text/plain');
  const built = deploy.output.filter(({ phase }) => phase === 'build').map(({ text }) => text);
  const lines = (await archiveText(server, body.historic_urls)).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => line.replace(/^web \S+Z /, ''))).toEqual(built);
  const started = await json(server, app(server, `/deployments/${deploy.id}/logs?type=DEPLOY`));
  expect(await archiveText(server, started.historic_urls)).toContain('web: health check passed\n');
});

test.each(['plain', 'gzip', 'gzip-unlabelled', 'mislabelled', 'cut', 'denied'] as const)(
  'keeps archives in the form %s',
  async (archiveForm) => {
    const server = await start({ archiveForm, archiveParts: 1, archiveFinalNewline: false });
    const { historic_urls } = await json(server, app(server, '/logs?type=BUILD'));
    if (archiveForm === 'cut')
      return await expect(ask(server, historic_urls[0])).rejects.toThrow(/aborted|ECONNRESET/);
    const { status, headers, body } = await ask(server, historic_urls[0]);
    if (archiveForm === 'denied') {
      expect([status, headers['content-type']]).toEqual([403, 'application/xml']);
      return expect(body.toString()).toBe('<Error><Code>AccessDenied</Code></Error>');
    }
    const zipped = archiveForm.startsWith('gzip');
    const label = archiveForm === 'gzip' || archiveForm === 'mislabelled' ? 'gzip' : undefined;
    expect(headers['content-encoding']).toBe(label);
    expect((zipped ? gunzipSync(body) : body).toString()).toMatch(
      /^web \S+Z ╭─+ git repo clone ─+╼\n[\s\S]*[^\n]$/,
    );
  },
);

test('signed archive URLs expire, hold their signature, and take no credentials', async () => {
  let now = base;
  const server = await start({ archiveLifeMs: 1000, clock: () => now });
  const { historic_urls } = await json(server, app(server, '/logs?type=BUILD'));
  const [url] = historic_urls;
  expect((await ask(server, url.replace(/.$/, '-'))).status).toBe(403);
  expect((await ask(server, url, { headers: { authorization: 'Bearer x' } })).status).toBe(400);
  server.faults.add({ name: 'expired-url', route: 'archive' });
  expect((await ask(server, url)).status).toBe(403);
  expect((await ask(server, url)).status).toBe(200);
  now += 1001;
  expect((await ask(server, url)).status).toBe(403);
  const fresh = await json(server, app(server, '/logs?type=BUILD'));
  expect((await ask(server, fresh.historic_urls[0])).status).toBe(200);
});

test('a phase that never ran is 400 skipped, one that has not begun 400 pending', async () => {
  const server = await start();
  const reused = await ask(server, app(server, '/components/worker/logs?type=BUILD'));
  expect([reused.status, reused.json()]).toEqual([
    400,
    { id: 'bad_request', message: 'cannot get build logs for component worker with log task status skipped' },
  ]);
  const queued = deployTo(server.world);
  const pending = await ask(server, app(server, `/deployments/${queued.id}/logs?type=BUILD`));
  expect(pending.json().message).toBe('cannot get build logs for component web with log task status pending');
  const failed = server.world.deploy({ fail: true });
  server.world.advance(failed.id, 'failed');
  const undeployed = await ask(server, app(server, `/deployments/${failed.id}/logs?type=DEPLOY`));
  expect(undeployed.json().message).toBe(
    'cannot get deploy logs for component web with log task status skipped',
  );
  const off = await start({ skipped: ['BUILD'] });
  expect((await ask(off, app(off, '/logs?type=BUILD'))).status).toBe(400);
});

test('old build logs are gone after 90 days', async () => {
  let now = base;
  const server = await start({}, { now: () => now });
  now += 91 * 86_400_000;
  expect(await json(server, app(server, '/logs?type=BUILD'))).toEqual({ historic_urls: [] });
});

// --- 7.5 deployments

test('a build in progress streams until it is over, and its deployment shows the steps', async () => {
  const server = await start();
  const deploy = deployTo(server.world, 'building');
  const path = app(server, `/deployments/${deploy.id}`);
  const { deployment } = await json(server, path);
  expect(deployment).toMatchObject({
    id: deploy.id,
    phase: 'BUILDING',
    cause: `commit ${deploy.commit.slice(0, 7)} pushed to github/acme/shop`,
    cause_details: {
      type: 'DEPLOY_ON_PUSH',
      git_push: { commit_author: deploy.author, commit_sha: deploy.commit, commit_message: deploy.message },
    },
    services: [{ name: 'web', source_commit_hash: deploy.commit }],
    previous_deployment_id: founding,
    progress: {
      pending_steps: 6,
      running_steps: 2,
      success_steps: 1,
      total_steps: 9,
      steps: [
        {
          name: 'build',
          status: 'RUNNING',
          steps: [
            { name: 'initialize', status: 'SUCCESS' },
            {
              name: 'components',
              status: 'RUNNING',
              steps: [{ name: 'web', message_base: 'Building service' }, {}],
            },
          ],
        },
        { name: 'deploy', status: 'PENDING' },
      ],
    },
  });
  expect(deployment.progress.error_steps).toBeUndefined();
  expect((await json(server, app(server))).app.in_progress_deployment.id).toBe(deploy.id);
  const { live_url } = await json(server, `${path}/logs?type=BUILD&follow=true&tail_lines=-1`);
  const listener = await listen(live_url);
  server.world.advance(deploy.id, 'deploying');
  expect(await listener.closed).toBe(1000);
  const built = deploy.output.filter(({ phase }) => phase === 'build').map(({ text }) => `${text}\n`);
  expect(listener.frames.map((frame) => dataOf(frame).replace(/^web \S+Z /, ''))).toEqual(built);
});

test('deployments pass through the phases, newest first, filtered by their type', async () => {
  const server = await start();
  const { world } = server;
  const list = async (query = '') => (await json(server, app(server, `/deployments?${query}`))).deployments;
  const phases = async () => (await list()).map((one: { phase: string }) => one.phase);
  expect(await phases()).toEqual(['ACTIVE']);
  const deploy = world.deploy();
  expect(await phases()).toEqual(['PENDING_BUILD', 'ACTIVE']);
  expect((await json(server, app(server))).app.pending_deployment.id).toBe(deploy.id);
  world.advance(deploy.id, 'building');
  expect(await phases()).toEqual(['BUILDING', 'ACTIVE']);
  world.advance(deploy.id, 'deploying');
  expect((await phases())[0]).toMatch(/^(PENDING_DEPLOY|DEPLOYING)$/);
  world.advance(deploy.id, 'succeeded');
  expect(await phases()).toEqual(['ACTIVE', 'SUPERSEDED']);
  const failed = world.deploy({ fail: true });
  world.advance(failed.id, 'failed');
  world.advance(world.deploy().id, 'cancelled');
  expect(await phases()).toEqual(['CANCELED', 'ERROR', 'ACTIVE', 'SUPERSEDED']);
  const { deployment } = await json(server, app(server, `/deployments/${failed.id}`));
  expect(deployment.progress.error_steps).toBeGreaterThan(0);
  expect(JSON.stringify(deployment.progress)).toContain('"reason":{"code":"BuildJobExitNonZero","message":');
  expect((await list('deployment_types=MANUAL')).map((one: { id: string }) => one.id)).toEqual([founding]);
  expect(await list('deployment_types=MANUAL&deployment_types=DEPLOY_ON_PUSH')).toHaveLength(4);
  expect((await ask(server, app(server, '/deployments?deployment_types=MANUAL,NOPE'))).status).toBe(400);
  const page = await json(server, app(server, '/deployments?per_page=3'));
  expect([page.deployments.length, page.meta.total]).toEqual([3, 4]);
  expect(page.links.pages.next).toBe(`${server.url}${app(server, '/deployments')}?page=2&per_page=3`);
});

// --- 7.6 metrics, health, bandwidth

test('has a matrix of metrics per instance', async () => {
  const server = await start();
  const end = base / 1000;
  const span = `app_id=${server.appId}&start=${end - 600}&end=${end}`;
  const cpu = await json(server, `/v2/monitoring/metrics/apps/cpu_percentage?${span}&app_component=web`);
  expect(cpu).toMatchObject({ status: 'success', data: { resultType: 'matrix' } });
  expect(cpu.data.result.map(({ metric }: { metric: object }) => metric)).toEqual([
    { app_component: 'web', app_component_instance: 'web-0', app_uuid: server.appId },
    { app_component: 'web', app_component_instance: 'web-1', app_uuid: server.appId },
  ]);
  const { values } = cpu.data.result[0];
  expect(values.map(([time]) => time - end)).toEqual([-600, -480, -360, -240, -120, 0]);
  for (const [, value] of values) expect(value).toMatch(/^\d+(\.\d+)?$/);
  const memory = await json(server, `/v2/monitoring/metrics/apps/memory_percentage?${span}`);
  expect(memory.data.result).toHaveLength(3);
  const other = await json(
    server,
    `/v2/monitoring/metrics/apps/restart_count?${span.replace(server.appId, 'x')}`,
  );
  expect(other.data.result).toEqual([]);
  for (const missing of ['app_id', 'start', 'end']) {
    const query = span.replace(new RegExp(`${missing}=[^&]*`), '');
    expect((await ask(server, `/v2/monitoring/metrics/apps/restart_count?${query}`)).status).toBe(400);
  }
});

test('a token without the monitoring scope reads no metrics', async () => {
  const server = await start({ monitoringScope: false });
  const answer = await ask(server, '/v2/monitoring/metrics/apps/cpu_percentage?app_id=x&start=1&end=2');
  expect([answer.status, answer.json()]).toEqual([
    403,
    { id: 'forbidden', message: 'You do not have access for the attempted action.' },
  ]);
  expect((await ask(server, '/v2/apps')).status).toBe(200);
});

test('has health, wrapped or bare', async () => {
  const server = await start();
  const body = await json(server, app(server, '/health'));
  expect(body.app_health.components).toMatchObject([
    { name: 'web', replicas_desired: 2, replicas_ready: 2, state: 'HEALTHY' },
    { name: 'worker', replicas_desired: 1, replicas_ready: 1, state: 'HEALTHY' },
  ]);
  expect(body.app_health.components[0].cpu_usage_percent).toBeGreaterThan(0);
  const bare = await start({ wrapForm: 'bare' });
  expect(await json(bare, app(bare, '/health'))).toEqual(body.app_health);
});

test('has bandwidth of a day, as a string, for one app or many', async () => {
  const server = await start();
  const day = await json(server, app(server, '/metrics/bandwidth_daily?date=2026-07-30T18:00:00Z'));
  expect(day).toEqual({
    app_bandwidth_usage: [{ app_id: server.appId, bandwidth_bytes: expect.stringMatching(/^\d+$/) }],
    date: '2026-07-30T00:00:00Z',
  });
  expect((await json(server, app(server, '/metrics/bandwidth_daily'))).date).toBe('2026-07-31T00:00:00Z');
  const post = (body: unknown): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' };
    return ask(server, '/v2/apps/metrics/bandwidth_daily', {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
  };
  expect((await post({ app_ids: [server.appId, founding], date: '2026-07-30T00:00:00Z' })).json()).toEqual(
    day,
  );
  expect((await post({ app_ids: Array.from({ length: 101 }, () => server.appId) })).status).toBe(400);
  expect((await post([])).status).toBe(400);
});

// --- 7.7 events, instances, jobs

test('has deployments and autoscaling as events, with their logs', async () => {
  const server = await start();
  const scale = {
    kind: 'scale',
    component: 'web',
    user: 'alice',
    text: '',
    detail: { from: 1, to: 3 },
  } as const;
  server.world.record(scale);
  const scaled = await json(server, app(server, '/events?event_types=AUTOSCALING'));
  expect(scaled).toEqual({
    events: [
      {
        id: expect.stringMatching(uuid),
        type: 'AUTOSCALING',
        created_at: '2026-08-01T10:00:00Z',
        deployment_id: founding,
        autoscaling: {
          phase: 'SUCCEEDED',
          components: { web: { from: 1, to: 3, triggering_metric: 'cpu' } },
        },
      },
    ],
    links: { pages: {} },
    meta: { total: 1 },
  });
  const [event] = scaled.events;
  expect(await json(server, app(server, `/events/${event.id}`))).toEqual({ event });
  const logs = await json(
    server,
    app(server, `/events/${event.id}/logs?type=AUTOSCALE_EVENT&tail_lines=100`),
  );
  expect(await archiveText(server, logs.historic_urls)).toMatch(/^web \S+Z .*\n/);
  expect((await ask(server, app(server, `/events/${event.id}/logs?type=RUN`))).status).toBe(400);
  const both = await json(server, app(server, '/events?event_types=DEPLOYMENT&event_types=AUTOSCALING'));
  expect(both.events.map(({ type }: { type: string }) => type)).toEqual(['AUTOSCALING', 'DEPLOYMENT']);
  expect(both.events[1].deployment).toMatchObject({ id: founding, phase: 'ACTIVE' });
  expect((await ask(server, app(server, '/events?event_types=DEPLOYMENT,AUTOSCALING'))).status).toBe(400);
});

test('leaves the zero out when scaling to or from zero', async () => {
  const server = await start();
  server.world.record({ kind: 'scale', component: 'web', user: 'a', text: '', detail: { from: 0, to: 1 } });
  const { events } = await json(server, app(server, '/events?event_types=AUTOSCALING'));
  expect(events[0].autoscaling.components.web).toEqual({ to: 1, triggering_metric: 'scale_from_zero' });
});

test('lists the running instances', async () => {
  const server = await start();
  const { instances } = await json(server, app(server, '/instances'));
  expect(instances).toEqual([
    {
      component_name: 'web',
      component_type: 'SERVICE',
      instance_name: expect.stringMatching(/^web-[a-z0-9]{10}-[a-z0-9]{5}$/),
      instance_alias: 'web-0',
    },
    expect.objectContaining({ instance_alias: 'web-1' }),
    expect.objectContaining({ component_type: 'WORKER', instance_alias: 'worker-0' }),
  ]);
});

test('has lines as the website shows them, and an app whose first deployment is in progress', async () => {
  const server = await start({ lineForm: 'website', deployed: 'world' });
  const deploy = server.world.deploy();
  server.world.advance(deploy.id, 'deploying');
  const shown = await json(server, app(server, ''));
  expect([shown.app.active_deployment, shown.app.in_progress_deployment.id]).toEqual([undefined, deploy.id]);
  const { historic_urls } = await json(server, app(server, `/deployments/${deploy.id}/logs?type=BUILD`));
  expect(await archiveText(server, historic_urls)).toMatch(
    /^\[web\] \[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] .*\n/,
  );
});

test('has job invocations in every form, with their logs', async () => {
  const server = await start();
  const { job_invocations } = await json(server, app(server, '/job-invocations?job_names=cleanup'));
  expect(job_invocations[0]).toMatchObject({
    job_name: 'cleanup',
    deployment_id: founding,
    phase: 'SUCCEEDED',
  });
  expect((await json(server, app(server, '/job-invocations?job_names=other'))).job_invocations).toEqual([]);
  const path = app(server, `/job-invocations/${job_invocations[0].id}?job_name=cleanup`);
  expect(await json(server, path)).toEqual({ job_invocation: job_invocations[0] });
  const logs = app(server, `/jobs/cleanup/invocations/${job_invocations[0].id}/logs`);
  const { historic_urls } = await json(server, `${logs}?type=JOB_INVOCATION&follow=true&tail_lines=7`);
  expect(await archiveText(server, historic_urls)).toMatch(/^cleanup \S+Z .*\n/);
  expect((await ask(server, `${logs}?type=RUN`)).status).toBe(400);
  const example = await start({ wrapForm: 'example' });
  expect((await json(example, path)).job_invocation).toHaveLength(1);
  const bare = await start({ wrapForm: 'bare' });
  expect((await json(bare, path)).phase).toBe('SUCCEEDED');
});

// --- the server itself

test('tells what a client needs, records requests, and ends every stream when closed', async () => {
  const server = await start();
  expect(server.env).toEqual({
    DIGITALOCEAN_API_URL: server.url,
    DIGITALOCEAN_ACCESS_TOKEN: server.token,
    POLYLOG_DIGITALOCEAN_URL: server.url,
    POLYLOG_DIGITALOCEAN_TOKEN: server.token,
  });
  expect([server.platform, server.targets]).toEqual(['digitalocean', ['digitalocean:shop']]);
  const listener = await listen(await liveUrl(server));
  await server.watched(1);
  expect(server.requests.map(({ route }) => route)).toEqual(['logs', 'live']);
  await server.close();
  expect(await listener.closed).toBe(1006);
  expect(server.watchers()).toBe(0);
});

test('shows the story of a world with a past', async () => {
  const server = await start({}, { past: 200 });
  const { deployments } = await json(server, app(server, '/deployments?per_page=200'));
  expect(deployments.filter(({ phase }: { phase: string }) => phase === 'ACTIVE')).toHaveLength(1);
  const listener = await listen(await liveUrl(server, 'type=RUN&tail_lines=-1'));
  await listener.closed;
  const told = server.world.lines.filter(({ kind, component }) => kind === 'app' && component !== 'db');
  expect(listener.frames).toHaveLength(told.length);
});
