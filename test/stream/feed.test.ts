import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/errors.ts';
import type { HistoryQuery } from '../../src/provider.ts';
import { type FeedEnd, type FeedOptions, type FeedStep, feed } from '../../src/stream/feed.ts';
import { batches, channel, type Line, lines, type Script, scripted, second } from './scripted-source.ts';

const FAST = {
  backoffFirst: 1,
  backoffMost: 2,
  stableAfter: 1e6,
  startWithin: 1000,
  overlap: 1000,
  idle: 20,
};

function options(more: Partial<FeedOptions<Line>> = {}): FeedOptions<Line> {
  return { keep: () => true, lines: 100, since: null, until: null, follow: true, timing: FAST, ...more };
}

interface Seen {
  readonly texts: string[];
  readonly steps: FeedStep<Line>[];
  readonly end: Promise<FeedEnd | Error>;
  /** Resolves once so many lines have come. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

function watch(script: Script, more: Partial<FeedOptions<Line>> = {}): Seen {
  const stop = new AbortController();
  const texts: string[] = [];
  const steps: FeedStep<Line>[] = [];
  let told = () => {};
  const generator = feed(scripted(script), options(more), stop.signal);
  const end = (async () => {
    try {
      for (;;) {
        const step = await generator.next();
        if (step.done) return step.value;
        steps.push(step.value);
        if (step.value.kind === 'items') texts.push(...step.value.items.map((line) => line.text));
        told();
      }
    } catch (error) {
      return error as Error;
    }
  })();
  return {
    texts,
    steps,
    end,
    async until(count) {
      while (texts.length < count) {
        const came = new Promise<void>((resolve) => {
          told = resolve;
        });
        const over = await Promise.race([came.then(() => undefined), end]);
        if (over && texts.length < count)
          throw new Error(`ended early with ${texts.join(' ')}: ${JSON.stringify(over)} ${String(over)}`);
      }
    },
    async stop() {
      stop.abort(new Error('stopped'));
      await end;
    },
  };
}

describe('the first connection', () => {
  it('joins past and live without a hole and without a repeat', async () => {
    const live = channel();
    let answerHistory = () => {};
    const asked = new Promise<void>((resolve) => {
      answerHistory = resolve;
    });
    const seen = watch({
      live: (_start, signal) => live.run(signal),
      async *history() {
        await asked;
        yield { items: lines(1, 2, 3, 4) };
        return { complete: true, begins: null };
      },
    });
    // Written while history is fetched: 3 and 4 are in both, 5 in live alone.
    live.push(lines(3, 4));
    live.push(lines(5));
    await live.opened;
    answerHistory();
    await seen.until(5);
    live.push(lines(6));
    await seen.until(6);
    expect(seen.texts).toEqual(['l1', 'l2', 'l3', 'l4', 'l5', 'l6']);
    await seen.stop();
    expect(live.closed()).toBe(true);
  });

  it('shows a line twice that was really written twice', async () => {
    const live = channel();
    const seen = watch({
      live: (_start, signal) => live.run(signal),
      history: () => batches([[...lines(1), ...lines(2), ...lines(2)]]),
    });
    live.push([...lines(2), ...lines(2), ...lines(2)]);
    live.push(lines(3));
    await seen.until(5);
    expect(seen.texts).toEqual(['l1', 'l2', 'l2', 'l2', 'l3']);
    await seen.stop();
  });

  it('asks for no history with -n 0', async () => {
    const live = channel();
    const seen = watch(
      {
        live: (_start, signal) => live.run(signal),
        history() {
          throw new Error('asked for history');
        },
      },
      { lines: 0 },
    );
    live.push(lines(1));
    await seen.until(1);
    await seen.stop();
  });

  it('goes on after the position that history ended at', async () => {
    const starts: unknown[] = [];
    const first = channel();
    const next = channel();
    const connections = [first, next];
    const seen = watch({
      traits: { join: 'position' },
      async *history() {
        yield { items: lines(1, 2), position: 'two' };
        return { complete: true, begins: null };
      },
      live(start, signal) {
        starts.push(start);
        return (connections.shift() as typeof first).run(signal);
      },
    });
    first.push(lines(3), { position: 'three' });
    await seen.until(3);
    first.end('dropped');
    next.push(lines(4));
    await seen.until(4);
    expect(starts).toEqual([{ after: 'two' }, { after: 'three' }]);
    expect(seen.texts).toEqual(['l1', 'l2', 'l3', 'l4']);
    await seen.stop();
  });

  it('gives up the live connection when more is held than may be, and loses nothing', async () => {
    const first = channel();
    const second = channel();
    const connections = [first, second];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let asks = 0;
    const seen = watch(
      {
        live: (_start, signal) => (connections.shift() as typeof first).run(signal),
        async *history() {
          asks += 1;
          if (asks === 1) {
            await held;
            yield { items: lines(1, 2) };
          } else yield { items: lines(1, 2, 3, 4, 5, 6) };
          return { complete: true, begins: null };
        },
      },
      { holdLimit: 2 },
    );
    await first.opened;
    first.push(lines(3));
    first.push(lines(4, 5));
    first.push(lines(6));
    // Let the held lines pass the limit before the past is answered.
    await new Promise((resolve) => setImmediate(resolve));
    release();
    await seen.until(6);
    expect(seen.texts).toEqual(['l1', 'l2', 'l3', 'l4', 'l5', 'l6']);
    await seen.stop();
  });

  it('gives up when the first connection never succeeds', async () => {
    const seen = watch(
      {
        // biome-ignore lint/correctness/useYield: it fails before anything comes
        async *live() {
          throw new CliError('unavailable', 'no route');
        },
      },
      { timing: { ...FAST, startWithin: 5 } },
    );
    const end = await seen.end;
    expect(end).toBeInstanceOf(CliError);
    expect((end as CliError).message).toBe('no route');
  });

  it('cuts a further try off when the time of all of them is up', async () => {
    let tries = 0;
    const seen = watch(
      {
        async *live(_start, signal) {
          tries += 1;
          if (tries === 1) throw new CliError('unavailable', 'no route');
          await new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
          return { end: 'ended', reason: 'never' };
        },
      },
      { timing: { ...FAST, startWithin: 150 } },
    );
    expect(await seen.end).toMatchObject({ message: 'no route' });
    expect(tries).toBe(2);
  });

  it('counts the opening of the source as trying', async () => {
    let tries = 0;
    const seen = watch(
      {
        // biome-ignore lint/correctness/useYield: it fails before anything comes
        async *live() {
          tries += 1;
          throw new CliError('unavailable', 'no route');
        },
      },
      { timing: { ...FAST, startWithin: 60_000 }, startedAt: performance.now() - 60_000 },
    );
    expect(await seen.end).toMatchObject({ message: 'no route' });
    expect(tries).toBe(1);
  });

  it('does not try again what cannot be mended', async () => {
    let tries = 0;
    const seen = watch({
      // biome-ignore lint/correctness/useYield: it fails before anything comes
      async *live() {
        tries += 1;
        throw new CliError('auth', 'wrong token');
      },
    });
    expect((await seen.end) as CliError).toMatchObject({ kind: 'auth' });
    expect(tries).toBe(1);
  });
});

describe('after a drop', () => {
  it('fetches what was missed and says so', async () => {
    const first = channel();
    const next = channel();
    const connections = [first, next];
    const pasts = [lines(1, 2), lines(1, 2, 3, 4, 5)];
    const seen = watch({
      live: (_start, signal) => (connections.shift() as typeof first).run(signal),
      history: () => batches([pasts.shift() ?? []]),
    });
    first.push(lines(3));
    await seen.until(3);
    first.end('dropped', 'closed by the platform (1001)');
    await seen.until(5);
    next.push(lines(6));
    await seen.until(6);
    expect(seen.texts).toEqual(['l1', 'l2', 'l3', 'l4', 'l5', 'l6']);
    const notices = seen.steps.flatMap((step) => (step.kind === 'notice' ? [step.notice] : []));
    expect(notices.map((notice) => notice.kind)).toEqual(['connected', 'disconnected', 'reconnected']);
    expect(notices[1]?.message).toContain('closed by the platform (1001)');
    expect(seen.steps.filter((step) => step.kind === 'gap')).toEqual([]);
    await seen.stop();
  });

  it('says what may be missing when history does not reach back', async () => {
    const first = channel();
    const next = channel();
    const connections = [first, next];
    const pasts = [lines(1, 2), lines(8, 9)];
    const seen = watch({
      live: (_start, signal) => (connections.shift() as typeof first).run(signal),
      history: () => batches([pasts.shift() ?? lines(8, 9)]),
    });
    first.push(lines(3));
    await seen.until(3);
    first.end('dropped');
    await seen.until(5);
    const gap = seen.steps.find((step) => step.kind === 'gap');
    expect(gap).toMatchObject({ gap: { from: second(3), to: second(8), certainty: 'possible' } });
    expect(seen.texts).toEqual(['l1', 'l2', 'l3', 'l8', 'l9']);
    await seen.stop();
  });

  it('asks a sampled history for more until it holds all that was shown, and still doubts', async () => {
    const first = channel();
    const next = channel();
    const connections = [first, next];
    const asked: (number | 'all')[] = [];
    const seen = watch({
      traits: { history: 'sampled', ordered: false },
      live: (_start, signal) => (connections.shift() as typeof first).run(signal),
      history(query) {
        asked.push(query.lines);
        if (asked.length === 1) return batches([lines(1, 2, 3)]);
        return batches([query.lines === 200 ? lines(3, 5) : lines(1, 2, 3, 4, 5)], { complete: false });
      },
    });
    await seen.until(3);
    await first.opened;
    first.end('dropped');
    await seen.until(5);
    expect(asked.slice(1)).toEqual([200, 1000]);
    expect(seen.texts).toEqual(['l1', 'l2', 'l3', 'l4', 'l5']);
    expect(seen.steps.find((step) => step.kind === 'gap')).toMatchObject({ gap: { certainty: 'possible' } });
    await seen.stop();
  });

  it('drops half a line that the next connection brings whole, and shows it when none does', async () => {
    const first = channel();
    const second = channel();
    const third = channel();
    const connections = [first, second, third];
    const pasts: Line[][] = [[], [{ at: 1, text: 'whole line' }], []];
    const markCut = (line: Line) => ({ ...line, text: `${line.text} (cut)` });
    const seen = watch(
      {
        live: (_start, signal) => (connections.shift() as typeof first).run(signal),
        history: () => batches([pasts.shift() ?? []]),
      },
      { markCut },
    );
    first.push(lines(0));
    first.push([{ at: 1, text: 'whole' }], { cut: true });
    first.end('dropped');
    await seen.until(2);
    expect(seen.texts).toEqual(['l0', 'whole line']);
    second.push([{ at: 2, text: 'never whole' }], { cut: true });
    second.end('dropped');
    await seen.until(3);
    expect(seen.texts[2]).toBe('never whole (cut)');
    await seen.stop();
  });

  it('fetches what came since it stood, where nothing had been shown yet', async () => {
    const first = channel();
    const second = channel();
    const connections = [first, second];
    const now = Date.now() / 1000;
    const queries: HistoryQuery[] = [];
    const seen = watch(
      {
        live: (_start, signal) => (connections.shift() as typeof first).run(signal),
        history(query) {
          queries.push(query);
          return batches([
            [
              { at: now - 60, text: 'before' },
              { at: now + 60, text: 'in between' },
            ],
          ]);
        },
      },
      { lines: 0 },
    );
    await first.opened;
    first.end('dropped');
    second.push([{ at: now + 70, text: 'after' }]);
    await seen.until(2);
    expect(seen.texts).toEqual(['in between', 'after']);
    expect(queries).toHaveLength(1);
    expect(seen.steps.filter(({ kind }) => kind === 'gap')).toEqual([]);
    await seen.stop();
  });

  it('waits as long as the platform asks', async () => {
    const next = channel();
    let tries = 0;
    const asked = performance.now();
    let opened = 0;
    const seen = watch({
      live(_start, signal) {
        tries += 1;
        if (tries === 1) throw new CliError('unavailable', 'rate-limited', { retryAfter: 40 });
        opened = performance.now();
        return next.run(signal);
      },
    });
    next.push(lines(1));
    await seen.until(1);
    expect(opened - asked).toBeGreaterThanOrEqual(39);
    await seen.stop();
  });

  it('does not pass a replayed past off as news, and doubts where the platform keeps none', async () => {
    const first = channel();
    const next = channel();
    const connections = [first, next];
    const starts: unknown[] = [];
    const seen = watch(
      {
        traits: { join: 'replay', history: 'none', maxLines: 250 },
        live(start, signal) {
          starts.push(start);
          return (connections.shift() as typeof first).run(signal);
        },
      },
      { lines: 0 },
    );
    first.push(lines(10, 11));
    await seen.until(2);
    first.end('dropped');
    next.push(lines(8, 9, 10, 11, 12));
    await seen.until(3);
    expect(seen.texts).toEqual(['l10', 'l11', 'l12']);
    expect(starts).toEqual([{ lines: 0 }, { lines: 200 }]);
    expect(seen.steps.some((step) => step.kind === 'gap')).toBe(true);
    await seen.stop();
  });

  it('notices a silence that is no quiet', async () => {
    const first = channel();
    const next = channel();
    const connections = [first, next];
    const seen = watch({
      traits: { alive: { proof: 'a ping', silenceMillis: 15 } },
      live: (_start, signal) => (connections.shift() as typeof first).run(signal),
    });
    await next.opened;
    const drop = seen.steps.find((step) => step.kind === 'notice' && step.notice.kind === 'disconnected');
    expect(drop).toMatchObject({ notice: { message: expect.stringContaining('not even a ping') } });
    await seen.stop();
  });
});

describe('history alone', () => {
  it('asks for growing amounts until enough lines pass', async () => {
    const asked: (number | 'all')[] = [];
    const all = Array.from({ length: 2000 }, (_, index) => ({
      at: index,
      text: index % 300 === 0 ? 'hit' : 'miss',
    }));
    const seen = watch(
      {
        live: () => {
          throw new Error('live');
        },
        history(query) {
          asked.push(query.lines);
          const count = query.lines === 'all' ? all.length : query.lines;
          return batches([all.slice(-count)], { complete: count >= all.length });
        },
      },
      { follow: false, lines: 3, keep: (line) => line.text === 'hit' },
    );
    expect(await seen.end).toEqual({ reason: 'end of history' });
    expect(seen.texts).toEqual(['hit', 'hit', 'hit']);
    expect(asked).toEqual([3, 15, 75, 375, 1875]);
  });

  it('puts disordered lines in order and keeps the newest', async () => {
    const seen = watch(
      {
        traits: { ordered: false },
        live: () => {
          throw new Error('live');
        },
        history: () => batches([[...lines(5, 1), { at: null, text: 'of l1' }], lines(4, 2, 3)]),
      },
      { follow: false, lines: 5 },
    );
    await seen.end;
    expect(seen.texts).toEqual(['of l1', 'l2', 'l3', 'l4', 'l5']);
  });

  it('takes since as inclusive and until as exclusive', async () => {
    const seen = watch(
      {
        live: () => channel().run(new AbortController().signal),
        history: () => batches([lines(1, 2, 3, 4)]),
      },
      { follow: false, lines: 'all', since: second(2), until: second(4) },
    );
    await seen.end;
    expect(seen.texts).toEqual(['l2', 'l3']);
  });

  it('says where history begins when it begins later than asked', async () => {
    const seen = watch(
      {
        live: () => channel().run(new AbortController().signal),
        history: () => batches([lines(5)], { begins: second(5) }),
      },
      { follow: false, lines: 'all', since: second(2) },
    );
    await seen.end;
    expect(seen.steps).toContainEqual({
      kind: 'notice',
      notice: { kind: 'limit', message: expect.stringContaining('1970-01-01T00:00:05.000Z') },
    });
  });

  it('ends after a silence where the stream never ends', async () => {
    const live = channel();
    const seen = watch(
      { traits: { history: 'none', endless: true }, live: (_s, signal) => live.run(signal) },
      { follow: false },
    );
    live.push(lines(1, 2));
    expect(await seen.end).toEqual({ reason: 'nothing came for 0.02 s' });
    expect(seen.texts).toEqual(['l1', 'l2']);
    expect(live.closed()).toBe(true);
  });

  it('ends all of the past with what is written after it was asked for, however busy the stream', async () => {
    const live = channel();
    const seen = watch(
      { traits: { history: 'none', endless: true }, live: (_s, signal) => live.run(signal) },
      { follow: false, lines: 'all', timing: { ...FAST, idle: 1e6 } },
    );
    const later = Date.now() / 1000 + 3600;
    live.push(lines(1, 2));
    live.push([...lines(3), ...lines(later, later + 1)]);
    expect(await seen.end).toEqual({ reason: 'what comes now is new' });
    expect(seen.texts).toEqual(['l1', 'l2', 'l3']);
    expect(live.closed()).toBe(true);
  });
});
