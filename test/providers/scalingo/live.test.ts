import { afterEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../src/model.ts';
import type { Batch, LiveEnd, LogOptions, Source } from '../../../src/provider.ts';
import { type Answers, clientFor, never, type OwnServer, open, startOwn } from './setup.ts';

const started: OwnServer[] = [];
async function sourceOn(answers: Answers, options: Partial<LogOptions> = {}) {
  const server = await startOwn(answers);
  started.push(server);
  const client = clientFor({ 'auth-url': server.url });
  return { server, client, source: await open(client, 'shop', options) };
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
});

async function follow(
  source: Source<LogEntry>,
  signal = never,
): Promise<{ batches: Batch<LogEntry>[]; end: LiveEnd; lines: string[] }> {
  const live = source.live({ lines: 0 }, signal);
  const batches: Batch<LogEntry>[] = [];
  let step = await live.next();
  for (; step.done !== true; step = await live.next()) batches.push(step.value);
  return { batches, end: step.value, lines: batches.flatMap(({ items }) => items.map(({ raw }) => raw)) };
}

const upgrades = (server: OwnServer) => server.asked.filter((line) => line.startsWith('WS '));
const frame = (log: string) => JSON.stringify({ event: 'log', log, timestamp: '2026-09-20T12:15:34Z' });

describe('the websocket', () => {
  it('keeps the signed query to the letter, asks for nothing of the past and sends no token', async () => {
    const { server, source } = await sourceOn(
      { upgrade: (socket) => socket.close(1000) },
      { components: ['web', 'worker'] },
    );
    expect((await follow(source)).end).toEqual({ end: 'dropped', reason: 'closed by Scalingo (1000)' });
    expect(upgrades(server)).toEqual([
      'WS /logs/shop?token=secret1&timestamp=17&x=a%7Cb&stream=true&n=0&filter=web%7Cworker',
    ]);
    expect(server.authorizations.at(-1)).toBeUndefined();
  });

  it('brings an empty batch first, then lines, and pings as signs of life', async () => {
    const { source } = await sourceOn({
      upgrade: (socket) => {
        socket.send(frame('a\r\nb\r\n'));
        socket.send('{"event":"ping","timestamp":"x"}');
        socket.send('{"name":"log","log":"c"}');
        socket.close(1001, 'going away');
      },
    });
    const { batches, lines, end } = await follow(source);
    expect(batches[0]).toEqual({ items: [] });
    expect(lines).toEqual(['a', 'b', 'c']);
    expect(end).toEqual({ end: 'dropped', reason: 'closed by Scalingo (1001: going away)' });
  });

  it('fetches a URL of its own for each connection', async () => {
    const { server, source } = await sourceOn({ upgrade: (socket) => socket.terminate() });
    expect((await follow(source)).end).toEqual({ end: 'dropped', reason: 'the connection broke (1006)' });
    await follow(source);
    await follow(source);
    expect(upgrades(server).map((line) => /secret\d/.exec(line)?.[0])).toEqual([
      'secret1',
      'secret2',
      'secret3',
    ]);
  });

  it('does not use the URL that proved the app’s existence when it has grown old', async () => {
    const server = await startOwn({ upgrade: (socket) => socket.close(1000) });
    started.push(server);
    let now = 0;
    const source = await open(clientFor({ 'auth-url': server.url }, { now: () => now }), 'shop');
    now = 10_000;
    await follow(source);
    expect(upgrades(server)[0]).toContain('secret2');
  });

  it('ends when it is told to, and closes the connection', async () => {
    let closed = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { source } = await sourceOn({ upgrade: (socket) => socket.on('close', closed) });
    const controller = new AbortController();
    const live = source.live({ lines: 0 }, controller.signal);
    await live.next();
    const pending = live.next();
    controller.abort(new Error('stopped'));
    await expect(pending).rejects.toThrow('stopped');
    await gone;
  });
});

describe('a refused upgrade', () => {
  const events = (...data: string[]): NonNullable<Answers['routes']> => ({
    '/logs/shop': (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(data.map((text) => `data: ${text}\n\n`).join(''));
    },
  });

  it('twice running leads to the event stream, with a fresh URL each time, and it is stayed with', async () => {
    const { server, source } = await sourceOn({ routes: events('raw line', frame('of JSON\r\n'), 'ping') });
    const { batches, lines, end } = await follow(source);
    expect(
      server.asked
        .filter((line) => line.includes('/logs/shop'))
        .map((line) => `${line.slice(0, 3).trim()} ${/secret\d/.exec(line)?.[0]}`),
    ).toEqual(['WS secret1', 'WS secret2', 'GET secret3']);
    expect(batches[0]?.notices?.[0]).toMatchObject({
      kind: 'hint',
      message: expect.stringContaining('event stream'),
    });
    expect(lines).toEqual(['raw line', 'of JSON']);
    expect(end.end).toBe('dropped');
    const again = await follow(source);
    expect(upgrades(server)).toHaveLength(2);
    expect(again.batches[0]).toEqual({ items: [] });
  });

  it('leads to an event stream whose comments are signs of life', async () => {
    const { source } = await sourceOn({
      routes: {
        '/logs/shop': (_, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write(': ping\n\n');
        },
      },
    });
    const controller = new AbortController();
    const live = source.live({ lines: 0 }, controller.signal);
    await live.next();
    expect(await live.next()).toEqual({ done: false, value: { items: [] } });
    controller.abort();
    await live.return({ end: 'dropped', reason: '' });
  });

  it('once only is followed by a websocket', async () => {
    let refusals = 0;
    const { source } = await sourceOn({
      refuseUpgrade: () => {
        refusals += 1;
        return refusals === 1 ? 401 : null;
      },
      upgrade: (socket) => {
        socket.send(frame('x\n'));
        socket.close(1000);
      },
    });
    expect((await follow(source)).lines).toEqual(['x']);
  });

  it.each([429, 500, 502, 503])('by %i is thrown to be waited out', async (status) => {
    const { server, source } = await sourceOn({
      refuseUpgrade: () => ({ status, headers: { 'retry-after': '9' } }),
    });
    await expect(follow(source)).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
      status,
      retryAfter: 9000,
      message: expect.stringContaining('app "shop" in osc-fr1'),
    });
    expect(upgrades(server)).toHaveLength(1);
  });

  it('drops the filter that may be the reason', async () => {
    const { server, source } = await sourceOn(
      {
        refuseUpgrade: ({ query }) => (query.has('filter') ? 400 : null),
        upgrade: (socket) => socket.close(1000),
      },
      { components: ['web'] },
    );
    await follow(source);
    expect(upgrades(server).map((line) => line.includes('filter'))).toEqual([true, false]);
  });

  it('together with a refused event stream stays retryable and begins anew', async () => {
    const { server, source } = await sourceOn({ refuseUpgrade: () => 400 });
    await expect(follow(source)).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
      status: 404,
      hint: expect.any(String),
    });
    await expect(follow(source)).rejects.toMatchObject({ status: 404 });
    expect(upgrades(server)).toHaveLength(4);
  });

  it('tries websockets again once the event stream is refused', async () => {
    let streams = 0;
    const { server, source } = await sourceOn({
      routes: {
        '/logs/shop': (asked, response) => {
          streams += 1;
          if (streams === 1) events('x')['/logs/shop']?.(asked, response);
          else response.writeHead(403).end();
        },
      },
    });
    await follow(source);
    await expect(follow(source)).rejects.toMatchObject({ kind: 'unavailable', status: 403 });
    await expect(follow(source)).rejects.toMatchObject({ status: 403 });
    expect(upgrades(server)).toHaveLength(4);
  });

  it('and an event stream that is something else is no reason to stop for good', async () => {
    const { source } = await sourceOn({
      routes: {
        '/logs/shop': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      },
    });
    await expect(follow(source)).rejects.toMatchObject({ kind: 'unavailable', retryable: true });
  });
});
