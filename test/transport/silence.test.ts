import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { decompress, NotGzip } from '../../src/transport/gzip.ts';
import { limitSilence } from '../../src/transport/silence.ts';
import { collect, networkWith, never, serve, textOf } from './support.ts';

describe('a body that ends by itself', () => {
  it('is broken off by a silence in it; what came stays, and the connection is closed', async () => {
    let closed = () => {};
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { origin } = await serve((_request, response) => {
      response.once('close', closed);
      response.writeHead(200).write('one');
    });
    const stream = await networkWith({ silence: 20 }).stream({ url: origin, ends: true }, never);
    const { items, error } = await collect(stream.body);
    expect(textOf(items)).toBe('one');
    expect(error).toMatchObject({
      kind: 'unavailable',
      partial: true,
      message: `Scalingo (prod): ${new URL(origin).host} stalled: nothing more has come for 0 s`,
      hint: 'What came is incomplete; try again later.',
    });
    await isClosed;
  });

  it('may be as slow as it likes, as long as something comes', async () => {
    let answer: ServerResponse | undefined;
    const { origin } = await serve((_request, response) => {
      answer = response;
      response.writeHead(200).write('x');
    });
    const stream = await networkWith({ silence: 30_000 }).stream({ url: origin, ends: true }, never);
    let pieces = 0;
    for await (const piece of stream.body) {
      pieces += piece.length;
      if (pieces < 5) answer?.write('x');
      else answer?.end();
    }
    expect(pieces).toBe(5);
  });

  it('has the limit, and one that goes on has none', async () => {
    const { origin } = await serve((_request, response) => {
      response.writeHead(200).write('one');
    });
    const network = networkWith({ silence: 1 });
    const live = await network.stream({ url: origin }, never);
    const read = collect(live.body);
    const ending = await network.stream({ url: origin, ends: true }, never);
    // When the one has stalled, the other has been silent for longer.
    expect((await collect(ending.body)).error).toMatchObject({ partial: true });
    live.cancel();
    const { items, error } = await read;
    expect([textOf(items), error]).toEqual(['one', undefined]);
  });
});

describe('the limit', () => {
  async function* pausing(events: readonly ('x' | 'ping')[], stopped: Promise<void>) {
    yield* events;
    await stopped;
    return 'its own end';
  }

  it('does not run while nobody waits', async () => {
    let stop = () => {};
    let stops = 0;
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const limited = limitSilence(pausing(['x', 'x'], stopped), {
      millis: () => 5,
      stop() {
        stops += 1;
        stop();
      },
      silent: (millis) => `silent for ${millis}`,
    });
    await limited.next();
    // Longer than the limit, by the same kind of clock.
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(stops).toBe(0);
    expect(await limited.next()).toEqual({ done: false, value: 'x' });
    expect(await limited.next()).toEqual({ done: true, value: 'silent for 5' });
  });

  it('is the one that holds after what came last, and signs of life do not count', async () => {
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const limits = [30_000, 1];
    const limited = limitSilence(pausing(['x', 'ping', 'ping'], stopped), {
      millis: () => limits.shift() ?? 60_000,
      counts: (event) => event === 'x',
      stop,
      silent: (millis) => `silent for ${millis}`,
    });
    const items: string[] = [];
    let step = await limited.next();
    for (; step.done !== true; step = await limited.next()) items.push(step.value);
    expect(items).toEqual(['x', 'ping', 'ping']);
    expect(step.value).toBe('silent for 1');
  });
});

it('what turns out to be no gzip lets go of its source', async () => {
  let isClosed = false;
  async function* source() {
    try {
      yield Buffer.from('this is neither gzip nor a line');
      yield Buffer.from('and goes on');
    } finally {
      isClosed = true;
    }
  }
  const { error } = await collect(decompress(source(), { plain: /^\d/ }));
  expect(error).toBeInstanceOf(NotGzip);
  expect(isClosed).toBe(true);
});
