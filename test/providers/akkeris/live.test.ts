// One connection after another: sessions, streams in either form and every reading of the wire page, ends and cuts.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { CliError } from '../../../src/errors.ts';
import type { LogEntry } from '../../../src/model.ts';
import type { Batch, Source } from '../../../src/provider.ts';
import { type AkkerisOptions, type AkkerisSandbox, startAkkeris } from '../../../src/sandbox/akkeris.ts';
import { createWorld, type World } from '../../../src/sandbox/world.ts';
import { type FeedStep, feed } from '../../../src/stream/feed.ts';
import {
  type Answers,
  clientFor,
  json,
  never,
  type Opening,
  type OwnServer,
  open,
  POST_SESSION,
  rawsOf,
  readLive,
  sentence,
  startOwn,
  TOKEN,
} from './setup.ts';

const A = '2018-03-24T01:07:20Z api-default app[web.1562910588-cg82f]: Entering api.getTheme: user 339910';
const B = '<0>1 2021-03-24T01:07:20.5Z api-default web.1562910588-cg82f - - - Entering api.getTheme ';
const CHUNKED = { 'content-type': 'text/plain; charset=utf-8' };

let own: OwnServer;
const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(answers: Answers): Promise<void> {
  own = await startOwn(answers);
  closing.push(() => own.close());
}

/** A connection, and a stop that ends it whatever it waits for. */
function connect(source: Source<LogEntry>, lines = 10) {
  const stop = new AbortController();
  const live = source.live({ lines }, stop.signal);
  closing.push(async () => {
    stop.abort(new CliError('unavailable', 'stopped'));
    await live.return({ end: 'dropped', reason: 'test over' });
  });
  return { live, stop };
}

async function batch(live: AsyncGenerator<Batch<LogEntry>, unknown>): Promise<Batch<LogEntry>> {
  const step = await live.next();
  if (step.done === true) throw new Error(`ended: ${JSON.stringify(step.value)}`);
  return step.value as Batch<LogEntry>;
}

/** Hands the response out when the stream is asked for. */
function held(): { stream: NonNullable<Answers['stream']>; response: Promise<ServerResponse> } {
  let give: (response: ServerResponse) => void;
  const response = new Promise<ServerResponse>((resolve) => {
    give = resolve;
  });
  return { stream: (answer) => give(answer), response };
}

describe('a session', () => {
  it('is asked for as JSON, with lines and tail', async () => {
    await start({ stream: (response) => response.writeHead(200).end() });
    await readLive(await open(clientFor(own.url)), 40);
    const [, post] = own.asked;
    expect(post).toMatchObject({
      method: 'POST',
      path: '/apps/api-default/log-sessions',
      body: '{"lines":40,"tail":true}',
    });
    expect(post?.headers['content-type']).toBe('application/json');
    expect(post?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  const asks: [number, string][] = [
    [0, '{"lines":1,"tail":true}'],
    [250, '{"lines":250,"tail":true}'],
    [251, '{"lines":250,"tail":true}'],
  ];
  it.each(asks)('of %d lines: %s', async (lines, body) => {
    await start({ stream: (response) => response.writeHead(200).end() });
    await readLive(await open(clientFor(own.url)), lines);
    expect(own.asked[1]?.body).toBe(body);
  });

  it('says once that more than 250 lines are not asked for', async () => {
    await start({ stream: (response) => response.writeHead(200).end(`${A}\n`) });
    const source = await open(clientFor(own.url));
    const notices = async (lines: number) =>
      (await readLive(source, lines)).batches.flatMap((each) => each.notices ?? []);
    expect(await notices(250)).toEqual([]);
    expect(await notices(1000)).toMatchObject([{ kind: 'limit', message: expect.stringContaining('250') }]);
    expect(await notices(1000)).toEqual([]);
  });

  it('shows its credential to the API alone, and its address is used to the letter', async () => {
    await start({ stream: (response) => response.writeHead(200).end() });
    await readLive(await open(clientFor(own.url)), 1);
    expect(own.streamed.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /tails/1=']);
    expect(own.streamed[0]?.headers.authorization).toBeUndefined();
    expect(JSON.stringify(own.streamed)).not.toContain(TOKEN);
  });

  it('that only lasts for the past is asked for without tail, and its end is the end', async () => {
    await start({ stream: (response) => response.writeHead(200, CHUNKED).end(`${A}\n${A}`) });
    const { lines, end, batches } = await readLive(await open(clientFor(own.url), { follow: false }), 5);
    expect(own.asked[1]?.body).toBe('{"lines":5,"tail":false}');
    expect(lines).toEqual([A, A]);
    expect(batches.some(({ cut }) => cut)).toBe(false);
    expect(end.end).toBe('ended');
  });

  it('is asked for again after a fault when nobody else would', async () => {
    await start({
      routes: {
        [POST_SESSION]: (response, number) =>
          number === 1
            ? sentence(response, 503, 'Service Unavailable Error')
            : json(response, 201, { logplex_url: `${own.logplexUrl}/x` }),
      },
      stream: (response) => response.writeHead(200).end(`${A}\n`),
    });
    const { lines } = await readLive(await open(clientFor(own.url), { follow: false }), 5);
    expect(lines).toEqual([A]);
    await expect(readLive(await open(clientFor(own.url)), 5)).resolves.toMatchObject({ lines: [A] });
  });
});

describe('without a line of the past', () => {
  const created = (created_at: string | undefined): NonNullable<Answers['routes']> => ({
    [POST_SESSION]: (response) => {
      response.setHeader('date', 'Sat, 24 Mar 2018 01:07:25 GMT');
      json(response, 201, { id: 'x', created_at, logplex_url: `${own.logplexUrl}/x` });
    },
  });
  const cases: [string, string | undefined, string, string[]][] = [
    ['the first line, when older than the session', '2018-03-24T01:07:21.000Z', `${A}\n${A}\n`, [A]],
    ['by the date of the answer', undefined, `${A}\n`, []],
    ['never one that may be younger', '2018-03-24T01:07:20.999Z', `${A}\n`, [A]],
    ['never one without a time', '2018-03-24T01:07:21.000Z', `x\n${A}\n`, ['x', A]],
    ['in the newer form as well', '2021-03-24T01:07:20.6Z', `${B}\n`, []],
    ['to the digit', '2021-03-24T01:07:20.59Z', `${B}\n`, [B]],
  ];
  it.each(cases)('is left out: %s', async (_, time, body, expected) => {
    await start({ routes: created(time), stream: (response) => response.writeHead(200).end(body) });
    expect((await readLive(await open(clientFor(own.url)), 0)).lines).toEqual(expected);
  });

  it('keeps it when a line was wanted', async () => {
    await start({
      routes: created('2030-01-01T00:00:00Z'),
      stream: (response) => response.writeHead(200).end(`${A}\n`),
    });
    expect((await readLive(await open(clientFor(own.url)), 1)).lines).toEqual([A]);
  });
});

describe('a silent stream', () => {
  it('counts as open although no headers come', async () => {
    const { stream, response } = held();
    await start({ stream });
    const { live } = connect(await open(clientFor(own.url)));
    expect(await batch(live)).toEqual({ items: [] });
    const answer = await response;
    answer.writeHead(201, { 'content-type': 'text/syslog+rfc5424; charset=utf-8' }).write(`${B}\n`);
    expect(rawsOf([await batch(live)])).toEqual([B]);
  });

  it('is spoken of once', async () => {
    const { stream, response } = held();
    await start({ stream: (answer, number, asked) => number === 2 && stream(answer, number, asked) });
    const source = await open(clientFor(own.url, { hintAfter: 2 }));
    const first = connect(source);
    expect(await batch(first.live)).toEqual({ items: [] });
    expect(await batch(first.live)).toMatchObject({
      items: [],
      notices: [{ kind: 'hint', message: expect.stringContaining('waiting for lines') }],
    });
    const again = connect(source);
    expect(await batch(again.live)).toEqual({ items: [] });
    const answer = await response;
    // Later than the second hint would come.
    setTimeout(() => answer.writeHead(200, CHUNKED).write(`${A}\n`), 20);
    expect(rawsOf([await batch(again.live)])).toEqual([A]);
  });

  it('is not spoken of when headers came and then a line', async () => {
    const { stream, response } = held();
    await start({ stream });
    const { live } = connect(await open(clientFor(own.url, { hintAfter: 600_000 })));
    expect(await batch(live)).toEqual({ items: [] });
    const answer = await response;
    answer.writeHead(200, CHUNKED);
    answer.flushHeaders();
    answer.write(`${A}\n`);
    expect(await batch(live)).toMatchObject({ items: [{ raw: A }] });
  });

  it('ends at once when it is stopped, and the server sees it go', async () => {
    const { stream, response } = held();
    await start({ stream });
    const { live, stop } = connect(await open(clientFor(own.url)));
    await batch(live);
    const gone = once(await response, 'close');
    const pending = live.next();
    stop.abort(new CliError('unavailable', 'enough'));
    await expect(pending).rejects.toThrow('enough');
    await gone;
  });

  it('ends when its reader leaves without a signal', async () => {
    const { stream, response } = held();
    await start({ stream });
    const live = (await open(clientFor(own.url))).live({ lines: 1 }, never);
    await live.next();
    const gone = once(await response, 'close');
    await live.return({ end: 'dropped', reason: 'left' });
    await gone;
  });

  it('does not count as open when nobody listens there', async () => {
    await start({
      routes: { [POST_SESSION]: (response) => json(response, 201, { logplex_url: 'http://127.0.0.1:1/x' }) },
    });
    // There would be a limit to speak of.
    const { live } = connect(await open(clientFor(own.url, { standsAfter: 600_000 })), 1000);
    await expect(live.next()).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
      message: expect.stringMatching(
        /^Akkeris .*127\.0\.0\.1:1 refused the connection, for app "api-default"\.$/,
      ),
    });
  });
});

describe('lines', () => {
  it('come whole, however they are cut into pieces', async () => {
    const text = `${A} – é\r\n${B}\n\nplain\n`;
    const bytes = Buffer.from(text);
    await start({
      stream: async (response) => {
        response.writeHead(200, CHUNKED);
        for (let index = 0; index < bytes.length; index += 1) {
          if (!response.write(bytes.subarray(index, index + 1))) await once(response, 'drain');
        }
        response.end();
      },
    });
    expect((await readLive(await open(clientFor(own.url)), 1)).lines).toEqual([`${A} – é`, B, '', 'plain']);
  });

  it('of both forms may stand in one stream, beside bytes that are no text', async () => {
    const body = Buffer.concat([Buffer.from(`${A}\n${B}\n`), Buffer.from([0xff, 0x78, 0x0a])]);
    await start({ stream: (response) => response.writeHead(200).end(body) });
    const { batches } = await readLive(await open(clientFor(own.url)), 1);
    const entries = batches.flatMap(({ items }) => items);
    expect(entries.map(({ body: { component, message } }) => [component, message])).toEqual([
      ['web', 'Entering api.getTheme: user 339910'],
      ['web', 'Entering api.getTheme'],
      [null, '\ufffdx'],
    ]);
    expect(entries[2]?.bytes).toEqual(Uint8Array.of(0xff, 0x78));
  });

  it('beyond a mebibyte are cut and counted', async () => {
    await start({
      stream: (response) => response.writeHead(200).end(`${'x'.repeat(1024 * 1024 + 5)}\n${A}\n`),
    });
    const { batches } = await readLive(await open(clientFor(own.url)), 1);
    const entries = batches.flatMap(({ items }) => items);
    expect(entries.map(({ raw, truncated }) => [raw.length, truncated])).toEqual([
      [1024 * 1024, 5],
      [A.length, 0],
    ]);
  });
});

describe('the end of a stream', () => {
  it('that ends well is a drop', async () => {
    await start({ stream: (response) => response.writeHead(200, CHUNKED).end(`${A}\n`) });
    const { lines, end } = await readLive(await open(clientFor(own.url)), 1);
    expect(lines).toEqual([A]);
    expect(end).toEqual({ end: 'dropped', reason: 'Akkeris ended the log session' });
  });

  it('without a single line is a drop too', async () => {
    await start({ stream: (response) => response.writeHead(200, { 'content-length': '0' }).end() });
    expect((await readLive(await open(clientFor(own.url)), 1)).end.end).toBe('dropped');
  });

  it('in mid-line marks that line', async () => {
    await start({
      stream: (response) => {
        response.writeHead(201, CHUNKED);
        response.write(`${A}\n${A.slice(0, 40)}`, () => response.destroy());
      },
    });
    const { batches, lines, end } = await readLive(await open(clientFor(own.url)), 1);
    expect(lines).toEqual([A, A.slice(0, 40)]);
    expect(batches.at(-1)).toMatchObject({ items: [{ raw: A.slice(0, 40) }], cut: true });
    expect(end).toEqual({ end: 'dropped', reason: 'Akkeris\'s log stream for app "api-default" broke off' });
  });

  it('in mid-line that looks well while following marks it as well', async () => {
    await start({ stream: (response) => response.writeHead(200, CHUNKED).end(`${A}\nhalf`) });
    const { batches, end } = await readLive(await open(clientFor(own.url)), 1);
    expect(batches.at(-1)).toMatchObject({ items: [{ raw: 'half' }], cut: true });
    expect(end.end).toBe('dropped');
  });

  it('that breaks while only the past is read is a failure, after what had come', async () => {
    await start({
      stream: (response) => {
        response.writeHead(200, CHUNKED);
        response.write(`${A}\nhalf`, () => response.destroy());
      },
    });
    const live = (await open(clientFor(own.url), { follow: false })).live({ lines: 9 }, never);
    const came: string[] = [];
    const drain = async () => {
      for await (const { items } of live) came.push(...items.map(({ raw }) => raw));
    };
    await expect(drain()).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('broke off'),
    });
    expect(came).toEqual([A, 'half']);
  });

  it.each([404, 410])('that has gone (%d) is a drop', async (status) => {
    await start({ stream: (response) => response.writeHead(status).end('404 page not found\n') });
    const { end, lines } = await readLive(await open(clientFor(own.url)), 1);
    expect(end).toEqual({ end: 'dropped', reason: `Akkeris's log session is gone (${status})` });
    expect(lines).toEqual([]);
  });

  const refusals: [string, (response: ServerResponse) => void, string][] = [
    ['503', (response) => response.writeHead(503).end(), 'answered 503 for app "api-default"'],
    ['403', (response) => response.writeHead(403).end(), 'answered 403 for app "api-default"'],
    [
      'a page of HTML',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'a page of HTML (200)',
    ],
  ];
  it.each(refusals)('before it began: %s', async (_, stream, message) => {
    await start({ stream });
    await expect(readLive(await open(clientFor(own.url)), 1)).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
      message: expect.stringContaining(message),
    });
  });
});

describe('what is opened', () => {
  const refused: [string, Opening, Partial<CliError>][] = [
    ['neither app nor site', { app: '' }, { kind: 'usage' }],
    [
      'both',
      { flags: { site: 'www.example.com' } },
      { kind: 'usage', message: expect.stringContaining('not of both') },
    ],
    ['a site without a name', { app: '', flags: { site: true } }, { kind: 'usage' }],
    [
      'a site that is an address',
      { app: '', flags: { site: 'https://www.example.com/' } },
      { kind: 'usage' },
    ],
    [
      'a type that the app does not have',
      { component: 'wrker' },
      { kind: 'not-found', message: expect.stringContaining('"wrker"'), hint: 'It has web, worker.' },
    ],
  ];
  it.each(refused)('not: %s', async (_, opening, expected) => {
    await start({});
    await expect(open(clientFor(own.url), opening)).rejects.toMatchObject(expected);
  });

  it.each(['web', 'worker.1562910588-ccefa'])('the component %s', async (component) => {
    await start({});
    await expect(open(clientFor(own.url), { component })).resolves.toBeDefined();
  });

  it('has no history, and says so', async () => {
    await start({});
    const source = await open(clientFor(own.url));
    const history = source.history({ lines: 'all', since: null, until: null }, never);
    expect(await history.next()).toMatchObject({
      value: { items: [], notices: [{ message: expect.stringContaining('log drain') }] },
    });
    expect(await history.next()).toEqual({ done: true, value: { complete: true, begins: null } });
  });
});

const backends: [AkkerisOptions['backend']][] = [['logsession'], ['logtail']];

describe.each(backends)('beside the sandbox, %s', (backend) => {
  let world: World;
  let sandbox: AkkerisSandbox;

  async function play(options: Partial<AkkerisOptions> = {}, past = 0): Promise<void> {
    world = createWorld({ scale: 0, past });
    sandbox = await startAkkeris({ world, token: TOKEN, ...(backend && { backend }), ...options });
    closing.push(async () => {
      await sandbox.close();
      world.close();
    });
  }

  const source = (opening: Opening = {}) => open(clientFor(sandbox.url), { app: sandbox.appKey, ...opening });
  const sessions = () => sandbox.requests.filter(({ route }) => route.endsWith('log-sessions'));

  it('reads what is written while it watches', async () => {
    await play();
    const { live } = connect(await source());
    expect(await batch(live)).toEqual({ items: [] });
    await sandbox.watched(1);
    world.write({ text: 'Überraschung', component: 'worker' });
    const [entry] = (await batch(live)).items;
    expect(entry?.body).toMatchObject({
      component: 'worker',
      source: 'app',
      level: null,
      message: 'Überraschung',
    });
    expect(entry?.body.instance).toMatch(/^worker\./);
    expect(entry?.body.quality).toBe(backend === 'logtail' ? 'exact' : 'second');
  });

  it('shows a documented past and ends when nothing is to follow', async () => {
    await play({ documented: true }, 20);
    const past = await source({ follow: false });
    const { lines, end } = await readLive(past, 5);
    expect(lines).toHaveLength(5);
    expect(end.end).toBe('ended');
    expect(JSON.parse(sessions()[0]?.body ?? '')).toEqual({ lines: 5, tail: false });
  });

  it('shows a documented past and goes on', async () => {
    await play({ documented: true }, 20);
    const { live } = connect(await source(), 3);
    const came: string[] = [];
    while (came.length < 3) came.push(...rawsOf([await batch(live)]));
    await sandbox.watched(1);
    world.write({ text: 'fresh' });
    while (came.length < 4) came.push(...rawsOf([await batch(live)]));
    expect(came).toHaveLength(4);
    expect(came.at(-1)).toContain('fresh');
  });

  type Step = FeedStep<LogEntry>;
  const follow = async (signal: AbortSignal, lines = 10) =>
    feed(
      await source(),
      {
        keep: () => true,
        lines,
        since: null,
        until: null,
        follow: true,
        timing: { backoffFirst: 1, backoffMost: 2 },
      },
      signal,
    );

  /** Reads on until that message has come, and returns all that came. */
  async function until(
    steps: AsyncGenerator<Step>,
    last: string,
    onNotice: (kind: string) => void = () => undefined,
  ): Promise<string[]> {
    const messages: string[] = [];
    while (!messages.includes(last)) {
      const step = await steps.next();
      if (step.done) throw new Error('ended');
      if (step.value.kind === 'items') messages.push(...step.value.items.map(({ body }) => body.message));
      if (step.value.kind === 'notice') onNotice(step.value.notice.kind);
    }
    return messages;
  }

  it('ends after as many lines as were wanted when nothing is to follow', async () => {
    await play({}, 20);
    const options = { keep: () => true, lines: 2, since: null, until: null, follow: false };
    const steps = feed(await source({ follow: false }), { ...options, timing: { idle: 600_000 } }, never);
    const messages = until(steps, 'two');
    await sandbox.watched(1);
    world.write({ text: 'one' });
    world.write({ text: 'two' });
    world.write({ text: 'three' });
    expect(await messages).toEqual(['one', 'two']);
    expect(await steps.next()).toEqual({ done: true, value: { reason: '2 lines' } });
  });

  const ends = ['clean-end', 'reset-mid-line', 'reset-mid-character'] as const;
  it.each(ends)('goes on with a new session after %s', async (name) => {
    await play();
    sandbox.faults.add({ name, route: 'logplex', afterLines: 1 });
    const stop = new AbortController();
    const steps = await follow(stop.signal);
    closing.push(async () => {
      stop.abort(new CliError('unavailable', 'enough'));
      await steps.return({ reason: 'test over' });
    });
    const first = until(steps, 'one');
    await sandbox.watched(1);
    world.write({ text: 'one' });
    expect(await first).toEqual(['one']);
    world.write({ text: 'twö–twö–twö' });
    const kinds: string[] = [];
    const rest = await until(steps, 'three', (kind) => {
      kinds.push(kind);
      if (kind === 'reconnected') void sandbox.watched(1).then(() => world.write({ text: 'three' }));
    });
    // What broke off is shown as far as it came; what was written meanwhile is gone.
    expect(rest.length).toBeLessThanOrEqual(2);
    expect(rest.at(-1)).toBe('three');
    expect(kinds).toEqual(['disconnected', 'reconnected']);
    expect(sessions()).toHaveLength(2);
    const streams = sandbox.requests.filter(({ route }) => route === 'logplex').map(({ path }) => path);
    expect(new Set(streams).size).toBe(2);
  });

  it('makes another session for one that is too old', async () => {
    await play();
    sandbox.faults.add({ name: 'expired-url', route: 'logplex' });
    const stop = new AbortController();
    const steps = await follow(stop.signal);
    closing.push(async () => {
      stop.abort(new CliError('unavailable', 'enough'));
      await steps.return({ reason: 'test over' });
    });
    const first = until(steps, 'one');
    await sandbox.watched(1);
    world.write({ text: 'one' });
    expect(await first).toEqual(['one']);
    expect(sessions()).toHaveLength(2);
  });

  it(`${backend === 'logtail' ? 'says why a site has no log' : 'reads a site'}`, async () => {
    await play({ documented: false });
    const [site = ''] = sandbox.sites;
    const { live } = connect(await source({ app: '', flags: { site } }));
    if (backend === 'logtail') {
      await expect(live.next()).rejects.toMatchObject({
        kind: 'not-found',
        hint: expect.stringContaining('--source router'),
      });
      return;
    }
    expect(await batch(live)).toEqual({ items: [] });
    await sandbox.watched(1);
    const request = {
      method: 'GET',
      path: '/',
      status: 200,
      duration: 1,
      bytes: 1,
      client: '1.1.1.1',
      id: 'x',
    };
    world.write({ text: '', kind: 'router', request });
    const [entry] = (await batch(live)).items;
    expect(entry?.raw).toContain(` ${site} akkeris/router: `);
    expect(entry?.body.source).toBe('router');
  });
});
