// Joined entries on their way through a feed: past, live, drops and repeats.
import { describe, expect, it } from 'vitest';
import { Interruption } from '../../src/errors.ts';
import { LogEntry } from '../../src/model.ts';
import type { Batch, HistoryEnd, LiveEnd, LiveStart, Source, Traits } from '../../src/provider.ts';
import { type FeedOptions, feed } from '../../src/stream/feed.ts';
import { createMultiline } from '../../src/stream/multiline.ts';
import { createPulls } from '../../src/stream/pulls.ts';
import { TRAITS } from './scripted-source.ts';

const TRACE = ['Error: boom', '    at f (/a.js:1:2)', '    at g (/a.js:3:4)'];

/** `at` seconds. */
function line(message: string, at: number): LogEntry {
  return new LogEntry(`${at} ${message}`, () => ({
    ts: { seconds: at, nanos: 0, digits: 0 },
    quality: 'second',
    component: null,
    instance: 'web-1',
    source: 'app',
    stream: null,
    level: null,
    message,
    fields: null,
    id: null,
    deployment: null,
  }));
}

function lines(messages: readonly string[], at = 1): LogEntry[] {
  return messages.map((message, index) => line(message, at + index));
}

interface Script {
  readonly traits?: Partial<Traits>;
  /** All of the past, as it comes. */
  readonly past?: readonly LogEntry[];
  /** Asked for so many lines each time. */
  readonly asked?: (number | 'all')[];
  live?(start: LiveStart, signal: AbortSignal): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined>;
}

function source({ traits, past = [], asked = [], live }: Script): Source<LogEntry> {
  return {
    traits: { ...TRAITS, ...traits },
    async *history(query): AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined> {
      asked.push(query.lines);
      const items = query.lines === 'all' ? past : past.slice(-query.lines);
      for (const item of items) yield { items: [item] };
      return { complete: items.length === past.length, begins: null };
    },
    live:
      live ??
      async function* () {
        yield { items: [] };
        return { end: 'ended', reason: 'not asked' };
      },
    timeOf: (entry) => entry.body.ts,
    keyOf: (entry) => entry.raw,
  };
}

const wishes = {
  keep: () => true,
  lines: 'all',
  since: null,
  until: null,
  follow: false,
  timing: { backoffFirst: 1, backoffMost: 2, idle: 20 },
  multiline: createMultiline({ wait: 5 }),
} satisfies FeedOptions<LogEntry>;

function run(script: Script, more: Partial<FeedOptions<LogEntry>> = {}) {
  const stop = new AbortController();
  const steps = feed(source(script), { ...wishes, ...more }, stop.signal);
  return {
    stop,
    steps,
    /** The messages of the next so many steps that bring any; all until the end without a number. */
    async messages(count = Number.POSITIVE_INFINITY): Promise<string[]> {
      const found: string[] = [];
      for (let steps_ = 0; steps_ < count; ) {
        const step = await steps.next();
        if (step.done) break;
        if (step.value.kind !== 'items') continue;
        found.push(...step.value.items.map((entry) => entry.body.message));
        steps_ += 1;
      }
      return found;
    },
  };
}

/** A live connection that brings the batches and then holds until it is told to end. */
function holding(...batches: (readonly LogEntry[])[]) {
  return async function* (
    _: LiveStart,
    signal: AbortSignal,
  ): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined> {
    yield { items: [] };
    for (const items of batches) yield { items };
    await new Promise<void>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return { end: 'dropped', reason: 'never' };
  };
}

describe('the past', () => {
  const past = [...lines(TRACE), ...lines(['one', 'two'], 10), ...lines(TRACE, 20)];

  it('joins and ends with what waited', async () => {
    expect(await run({ past }).messages()).toEqual([TRACE.join('\n'), 'one', 'two', TRACE.join('\n')]);
  });

  it('counts -n in entries and asks for more until there are so many', async () => {
    const asked: (number | 'all')[] = [];
    const many = Array.from({ length: 400 }, (_, index) => lines(TRACE, index * 10)).flat();
    const entries = await run({ past: many, asked }, { lines: 150 }).messages();
    expect(entries).toEqual(Array.from({ length: 150 }, () => TRACE.join('\n')));
    expect(asked).toEqual([151, 755]);
  });

  it.each([1, 2, 3])('shows no half of an entry for -n %d', async (count) => {
    const whole = [TRACE.join('\n'), 'one', 'two', TRACE.join('\n')];
    expect(await run({ past }, { lines: count }).messages()).toEqual(whole.slice(-count));
  });

  it('puts lines in order before it joins them', async () => {
    const disordered = [past[1], past[0], past[4], past[3], past[2]].flatMap((entry) => entry ?? []);
    const traits = { ordered: false };
    expect(await run({ past: disordered, traits }).messages()).toEqual([TRACE.join('\n'), 'one', 'two']);
  });

  it('shows the filters the whole entry', async () => {
    const keep = ({ body }: LogEntry) => body.message.includes('/a.js:3:4');
    expect(await run({ past }, { keep }).messages()).toEqual([TRACE.join('\n'), TRACE.join('\n')]);
  });
});

describe('live', () => {
  it('joins over batches and gives an entry when it has been quiet', async () => {
    const [head, ...frames] = lines(TRACE);
    const { messages, stop, steps } = run(
      { live: holding(head ? [head] : [], frames) },
      { follow: true, lines: 0, multiline: createMultiline({ wait: 50 }) },
    );
    expect(await messages(1)).toEqual([TRACE.join('\n')]);
    stop.abort(new Interruption('done', 0));
    await expect(messages()).rejects.toMatchObject({ message: 'done' });
    await steps.return({ reason: 'stopped' });
  });

  it('loses nothing when it is stopped', async () => {
    const multiline = createMultiline({ wait: 3_600_000 });
    const { messages, stop, steps } = run(
      { live: holding(lines(['first', ...TRACE])) },
      { follow: true, lines: 0, multiline },
    );
    expect(await messages(1)).toEqual(['first']);
    stop.abort(new Interruption('done', 0));
    expect(await messages(1)).toEqual([TRACE.join('\n')]);
    await expect(messages()).rejects.toMatchObject({ message: 'done' });
    await steps.return({ reason: 'stopped' });
  });

  it('loses nothing when the connection ends', async () => {
    const multiline = createMultiline({ wait: 3_600_000 });
    const live = async function* (): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined> {
      yield { items: lines(TRACE) };
      return { end: 'ended', reason: 'over' };
    };
    expect(await run({ live }, { follow: true, lines: 0, multiline }).messages()).toEqual([TRACE.join('\n')]);
  });

  it('knows the lines of an entry again that the past has brought', async () => {
    const trace = lines(TRACE);
    const live = async function* (): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined> {
      yield { items: [] };
      yield { items: trace.slice(1) };
      yield { items: lines(['next'], 9) };
      return { end: 'ended', reason: 'over' };
    };
    expect(await run({ past: trace, live }, { follow: true }).messages()).toEqual([TRACE.join('\n'), 'next']);
  });

  it('gives what waits when a stream without end has been idle', async () => {
    const traits = { history: 'none', join: 'replay', endless: true } as const;
    const live = holding(lines(['first', ...TRACE]));
    expect(await run({ traits, live }, { lines: 10 }).messages()).toEqual(['first', TRACE.join('\n')]);
    expect(await run({ traits, live }, { lines: 1 }).messages()).toEqual(['first']);
  });
});

describe('pulls', () => {
  it('lose nothing that comes after the wait', async () => {
    let give = (_: number) => {};
    const connection = {
      next: () =>
        new Promise<{ arrived: 0; batch: Batch<number> }>((resolve) => {
          give = (item) => resolve({ arrived: 0, batch: { items: [item] } });
        }),
      close: async () => {},
    };
    const pulls = createPulls(connection);
    expect(await pulls.next(1)).toBeNull();
    expect(await pulls.next(1)).toBeNull();
    const later = pulls.next(null);
    give(7);
    expect(await later).toEqual({ arrived: 0, batch: { items: [7] } });
    const direct = pulls.next(null);
    give(8);
    expect(await direct).toEqual({ arrived: 0, batch: { items: [8] } });
  });

  it('keep a failure for the one who asks next', async () => {
    let fail = (_: Error) => {};
    const connection = {
      next: () =>
        new Promise<{ arrived: 0; batch: Batch<number> }>((_, reject) => {
          fail = reject;
        }),
      close: async () => {},
    };
    const pulls = createPulls(connection);
    expect(await pulls.next(1)).toBeNull();
    fail(new Error('broken'));
    await expect(pulls.next(null)).rejects.toThrow('broken');
  });
});
