import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { isRetryable } from '../../src/errors.ts';
import { closeOfNext, collect, networkWith, never, SECRET, serve, settledCount } from './support.ts';

function serveEvents(write: (response: ServerResponse, request: IncomingMessage) => void) {
  return serve((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    write(response, request);
  });
}

async function read(url: string) {
  const batches = await networkWith().eventStream({ url }, never);
  const { items, error } = await collect(batches);
  return { events: items.flat(), error };
}

describe('events', () => {
  test.each([
    ['unnamed', 'data: a\n\n', [{ event: 'message', data: 'a' }]],
    [
      'named, whatever the name',
      'event: log\ndata: a\n\nevent: error\ndata: b\n\n',
      [
        { event: 'log', data: 'a' },
        { event: 'error', data: 'b' },
      ],
    ],
    ['several lines', 'data: a\ndata:  b\n\n', [{ event: 'message', data: 'a\n b' }]],
    [
      'CR LF',
      'event: log\r\ndata: a\r\n\r\ndata: b\r\n\r\n',
      [
        { event: 'log', data: 'a' },
        { event: 'message', data: 'b' },
      ],
    ],
    ['UTF-8', 'data: grün 🎉\n\n', [{ event: 'message', data: 'grün 🎉' }]],
    ['without a blank line at the end', 'data: a\n\ndata: lost\n', [{ event: 'message', data: 'a' }]],
    ['none', '', []],
  ])('%s', async (_name, text, expected) => {
    const { origin } = await serveEvents((response) => response.end(text));
    expect(await read(origin)).toEqual({ events: expected, error: undefined });
  });

  test('split at every byte, a comment being noticed once', async () => {
    const whole = Buffer.from(': ping\r\n\r\nevent: log\r\ndata: é:\r\n\r\n');
    const { origin } = await serveEvents((response) => {
      const more = (at: number) => {
        if (at === whole.length) response.end();
        else response.write(whole.subarray(at, at + 1), () => setImmediate(more, at + 1));
      };
      more(0);
    });
    expect((await read(origin)).events).toEqual([
      { event: '', data: '' },
      { event: 'log', data: 'é:' },
    ]);
  });

  test('comments are signs of life while nothing else comes', async () => {
    const { origin } = await serveEvents((response) => response.write(':\n\n'));
    const batches = await networkWith().eventStream({ url: origin }, never);
    expect((await batches.next()).value).toEqual([{ event: '', data: '' }]);
    await batches.return();
  });
});

describe('ends', () => {
  test('a clean end is an end: it is asked once, whatever `retry` says', async () => {
    let asked = 0;
    const { origin } = await serveEvents((response) => {
      asked += 1;
      response.end('retry: 1\ndata: a\n\n');
    });
    expect((await read(origin)).events).toHaveLength(1);
    await settledCount(() => asked);
    expect(asked).toBe(1);
  });

  test('a cut throws a retryable error behind the events', async () => {
    const { origin } = await serveEvents((response) =>
      response.write('data: a\n\n', () => response.destroy()),
    );
    const { events, error } = await read(origin);
    expect(events).toEqual([{ event: 'message', data: 'a' }]);
    expect(isRetryable(error)).toBe(true);
  });

  test.each(['return', 'abort'] as const)('%s ends the connection', async (how) => {
    const { origin, server } = await serveEvents((response) => response.write('data: a\n\n'));
    const closed = closeOfNext(server);
    const stop = new AbortController();
    const batches = await networkWith().eventStream({ url: origin }, stop.signal);
    await batches.next();
    if (how === 'return') await batches.return();
    else {
      const pending = batches.next();
      stop.abort(new Error('Ctrl-C'));
      await expect(pending).rejects.toThrow('Ctrl-C');
    }
    await closed;
  });

  test.each([
    ['a line', (response: ServerResponse) => response.write(`data: ${'x'.repeat(1024)}`)],
    ['an event', (response: ServerResponse) => response.write(`data: ${'x'.repeat(65_000)}\n`)],
  ])('%s without an end is given up', async (what, write) => {
    const { origin, server } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = () => {
        if (!response.destroyed) write(response) ? setImmediate(more) : response.once('drain', more);
      };
      response.write('data: a\n\n', more);
    });
    const closed = closeOfNext(server);
    const { events, error } = await read(origin);
    expect(events).toEqual([{ event: 'message', data: 'a' }]);
    expect(error).toMatchObject({
      kind: 'platform',
      message: expect.stringContaining(`sent ${what} without an end`),
    });
    await closed;
  });
});

describe('refusals', () => {
  test('a status is an error with its waiting time, asked once', async () => {
    let asked = 0;
    const { origin } = await serve((_request, response) => {
      asked += 1;
      response.writeHead(503, { 'retry-after': '3' }).end('try later');
    });
    const opening = networkWith().eventStream({ url: `${origin}/?token=${SECRET}` }, never);
    await expect(opening).rejects.toMatchObject({
      kind: 'unavailable',
      status: 503,
      retryAfter: 3000,
      message: `Scalingo (prod): ${origin.slice(7)} refused the event stream (503: try later)`,
    });
    expect(asked).toBe(1);
  });

  test('another kind of content is no event stream', async () => {
    const { origin, server } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).write('2026 [web-1] log\n');
    });
    const closed = closeOfNext(server);
    await expect(networkWith().eventStream({ url: origin }, never)).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('text/plain'),
    });
    await closed;
  });

  test('asks for an event stream, with headers and credential', async () => {
    let headers = {};
    const { origin } = await serveEvents((response, request) => {
      headers = request.headers;
      response.end();
    });
    const batches = await networkWith().eventStream(
      { url: origin, headers: { 'x-odd': '1' }, credential: { authorization: SECRET } },
      never,
    );
    await collect(batches);
    expect(headers).toMatchObject({ accept: 'text/event-stream', 'x-odd': '1', authorization: SECRET });
  });
});

test('a slow reader is felt by the server, and nothing is lost', async () => {
  const count = 100_000;
  const padding = 'x'.repeat(1000);
  let sent = 0;
  const { origin } = await serveEvents((response) => {
    const more = () => {
      if (sent === count) response.end();
      else response.write(`data: ${sent++} ${padding}\n\n`, (error) => (error ? undefined : more()));
    };
    more();
  });
  const batches = await networkWith().eventStream({ url: origin }, never);
  const first = await batches.next();
  expect(await settledCount(() => sent)).toBeLessThan(32_000);
  let next = first.value?.length ?? 0;
  for await (const batch of batches) for (const { data } of batch) if (data.startsWith(`${next} `)) next += 1;
  expect(next).toBe(count);
});
