// A past that stands still, one that takes long, and streams that fail before they bring anything.
import { afterEach, describe, expect, it } from 'vitest';
import { CliError } from '../../src/errors.ts';
import type { Batch, HistoryEnd } from '../../src/provider.ts';
import { type FeedEnd, type FeedOptions, feed } from '../../src/stream/feed.ts';
import { doubt } from '../../src/stream/seam.ts';
import { batches, channel, type Line, lines, type Script, scripted, second } from './scripted-source.ts';

const FAST = { backoffFirst: 1, backoffMost: 2, stableAfter: 1e6, startWithin: 30_000, overlap: 1000 };

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort(new Error('stopped'));
});

interface Told {
  /** What came, in order: texts of lines, `gap: …`, `KIND: …` of notices. */
  readonly said: string[];
  readonly end: Promise<FeedEnd>;
  /** Resolves as soon as something begins so. */
  heard(beginning: string): Promise<void>;
}

function tell(
  script: Script,
  { timing, ...more }: Partial<Omit<FeedOptions<Line>, 'timing'>> & { timing?: object } = {},
): Told {
  const stop = new AbortController();
  stops.push(stop);
  const options = { keep: () => true, lines: 100, since: null, until: null, follow: true, ...more };
  const steps = feed(scripted(script), { ...options, timing: { ...FAST, ...timing } }, stop.signal);
  const said: string[] = [];
  const looks = new Set<() => void>();
  const run = async (): Promise<FeedEnd> => {
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
      const { value } = step;
      if (value.kind === 'items') said.push(...value.items.map(({ text }) => text));
      else if (value.kind === 'gap') said.push(`gap: ${value.gap.reason}`);
      else if (value.kind === 'notice') said.push(`${value.notice.kind}: ${value.notice.message}`);
      for (const look of looks) look();
    }
  };
  const end = run();
  end.catch(() => undefined);
  return {
    said,
    end,
    heard: (beginning) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (said.some((words) => words.startsWith(beginning))) resolve();
        };
        looks.add(look);
        look();
        const about = () => reject(new Error(`it ended without ${beginning}: ${said.join(' | ')}`));
        end.then(about, about);
      }),
  };
}

const stall = () => new CliError('unavailable', 'The log of shop stalled.', { partial: true });

async function* stalling(...items: Line[]): AsyncGenerator<Batch<Line>, HistoryEnd, undefined> {
  yield { items };
  throw stall();
}

describe('a past that stands still', () => {
  it.each<[string, number | 'all']>([
    ['of so many lines', 100],
    ['of all', 'all'],
  ])('%s leaves a gap in a tail, which goes on with what is new', async (_, asked) => {
    const live = channel();
    let pasts = 0;
    let connections = 0;
    const tail = tell(
      {
        history() {
          pasts += 1;
          return stalling(...lines(1, 2));
        },
        live(_start, signal) {
          connections += 1;
          return live.run(signal);
        },
      },
      { lines: asked },
    );
    live.push(lines(3));
    await tail.heard('l3');
    expect(tail.said).toEqual(['connected: connected', 'l1', 'l2', 'gap: The log of shop stalled', 'l3']);
    expect([pasts, connections]).toEqual([1, 1]);
  });

  it('ends a reading of the past with what came, and is not asked for again', async () => {
    let pasts = 0;
    const script: Script = {
      history() {
        pasts += 1;
        return stalling(...lines(1, 2));
      },
      live: (_start, signal) => channel().run(signal),
    };
    const show = tell(script, { follow: false });
    await expect(show.end).rejects.toMatchObject({ partial: true });
    expect(show.said).toEqual(['l1', 'l2']);
    expect(pasts).toBe(1);
  });

  it('after a reconnection gives what it brought, and a gap', async () => {
    const [first, next] = [channel(), channel()];
    const connections = [first, next];
    const pasts = [batches([lines(1)]), stalling(...lines(1, 2))];
    const tail = tell({
      history: () => pasts.shift() ?? batches([]),
      live: (_start, signal) => (connections.shift() ?? next).run(signal),
    });
    await tail.heard('l1');
    first.end('dropped');
    next.push(lines(3));
    await tail.heard('l3');
    expect(tail.said.filter((words) => !words.includes('connect'))).toEqual([
      'l1',
      'gap: The log of shop stalled',
      'l2',
      'l3',
    ]);
  });
});

it('a past that takes long is named, once, while live is held back for it', async () => {
  const live = channel();
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const tail = tell(
    {
      async *history() {
        await answered;
        yield { items: lines(1) };
        return { complete: true, begins: null };
      },
      live: (_start, signal) => live.run(signal),
    },
    { timing: { slowAfter: 1 } },
  );
  live.push(lines(2));
  await tail.heard('hint: its history is still to come');
  expect(tail.said).not.toContain('l2');
  answer();
  await tail.heard('l2');
  expect(tail.said.slice(1)).toEqual([expect.stringContaining('still to come'), 'l1', 'l2']);
});

describe('the past of a platform that keeps none', () => {
  const reset = () => new CliError('unavailable', 'The log server of shop closed the connection.');

  /** Opens these, one after the other. */
  function opening(...streams: (() => ReturnType<Script['live']>)[]) {
    let opened = 0;
    const script: Script = {
      traits: { history: 'none', join: 'replay', endless: true },
      live: () => {
        const stream = streams[Math.min(opened, streams.length - 1)];
        opened += 1;
        if (!stream) throw new Error('no stream');
        return stream();
      },
    };
    return { script, opened: () => opened };
  }
  async function* failing(...items: Line[]): ReturnType<Script['live']> {
    yield { items };
    throw reset();
  }
  async function* gone(): ReturnType<Script['live']> {
    yield* [];
    return { end: 'dropped', reason: 'the session is gone (404)' };
  }
  async function* good(): ReturnType<Script['live']> {
    yield { items: lines(1) };
    return { end: 'ended', reason: 'all was said' };
  }

  it.each([
    ['fails', () => failing()],
    ['is gone', gone],
  ])('is opened anew when it %s before it brings anything', async (_, first) => {
    const { script, opened } = opening(first, good);
    const show = tell(script, { follow: false });
    expect(await show.end).toEqual({ reason: 'all was said' });
    expect(show.said).toEqual([expect.stringMatching(/^disconnected: .*; asking again in/), 'l1']);
    expect(opened()).toBe(2);
  });

  it('is given up when the time for that is over', async () => {
    const show = tell(opening(gone).script, { follow: false, timing: { startWithin: 50 } });
    await expect(show.end).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'the stream could not be opened: the session is gone (404)',
    });
  });

  it('is not opened anew behind lines that were shown', async () => {
    const { script, opened } = opening(() => failing(...lines(1)), good);
    const show = tell(script, { follow: false });
    await expect(show.end).rejects.toMatchObject({ message: reset().message });
    expect(show.said).toEqual(['l1']);
    expect(opened()).toBe(1);
  });
});

describe('a gap', () => {
  it('has no end that lies not after its beginning', () => {
    expect(doubt(second(5), second(5), 'x')).toMatchObject({ from: second(5), to: null });
    expect(doubt(second(5), second(4), 'x')).toMatchObject({ from: second(5), to: null });
    expect(doubt(second(5), second(6), 'x')).toMatchObject({ from: second(5), to: second(6) });
  });

  it('is none where a successor follows on what has ended', async () => {
    const [first, next] = [channel(), channel()];
    const connections = [first, next];
    const pasts = [batches([lines(1)]), batches([lines(7)], { anew: { whole: true } })];
    const tail = tell({
      history: () => pasts.shift() ?? batches([]),
      live: (_start, signal) => (connections.shift() ?? next).run(signal),
    });
    await tail.heard('l1');
    first.end('dropped');
    next.push(lines(8));
    await tail.heard('l8');
    expect(tail.said.filter((words) => !words.includes('connect'))).toEqual(['l1', 'l7', 'l8']);
  });
});
