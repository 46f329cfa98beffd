// How long lines of a merge wait for earlier ones, on a clock that the test moves.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { merge } from '../../src/stream/merge.ts';
import { Waits } from '../../src/stream/waits.ts';
import { driven, input, live, type Steps } from './driven-feed.ts';
import { type Line, lines } from './scripted-source.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const WINDOW = 1000;
const PATIENCE = 3000;

/** What came out, with the clock's milliseconds at which it did: `1000 0:l5`, late lines with a star. */
function watched(...feeds: readonly ReturnType<typeof driven>[]) {
  const inputs = feeds.map(({ steps }) => input(steps, { window: WINDOW, ordered: false }));
  const merged = merge(inputs, { patience: PATIENCE });
  const out: string[] = [];
  const begun = performance.now();
  const reading = (async () => {
    for await (const step of merged) {
      if (step.kind !== 'items') continue;
      const at = performance.now() - begun;
      for (const { text } of step.items) out.push(`${at} ${step.from}:${text}${step.late ? '*' : ''}`);
    }
  })();
  return {
    out,
    of: (index: number) => out.filter((line) => line.includes(` ${index}:`)),
    async stop() {
      for (const feed of feeds) feed.stop();
      await passing(WINDOW);
      await reading;
    },
  };
}

async function passing(millis: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(millis);
}

/** One that is done with its past. */
function following() {
  const feed = driven();
  feed.send({ kind: 'caught-up' });
  return feed;
}

/** Early seconds, ascending with `index`. */
function hundred(index: number): number[] {
  return Array.from({ length: 100 }, (_, place) => 1000 + index / 1000 + place / 1e6);
}

/** Takes slowly, so that queues fill meanwhile, until the first input has a line. */
async function takenUntil(merged: ReturnType<typeof merge<Line>>, enough: () => boolean): Promise<void> {
  for (;;) {
    const step = await merged.next();
    if (step.done || (step.value.kind === 'items' && step.value.from === 0) || enough()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a source whose clock is slow', () => {
  it('holds up no line of another one beyond the window', async () => {
    const [good, skewed] = [following(), following()];
    const { of, stop } = watched(good, skewed);
    for (let half = 0; half < 8; half += 1) {
      if (half % 2 === 0) good.send(live(5000 + half / 2));
      skewed.send(live(1000 + half));
      await passing(500);
    }
    expect(of(0)).toEqual(['1000 0:l5000', '2000 0:l5001', '3000 0:l5002', '4000 0:l5003']);
    await stop();
  });

  it('has its own lines out within the window: before what lets them go, or marked as late', async () => {
    const [good, skewed] = [following(), following()];
    const { out, stop } = watched(good, skewed);
    good.send(live(5000));
    await passing(900);
    skewed.send(live(1000));
    await passing(150);
    skewed.send(live(1001));
    await passing(1000);
    expect(out).toEqual(['1000 1:l1000', '1000 0:l5000', '2050 1:l1001*']);
    await stop();
  });

  it('changes nothing in the order of what waits with it', async () => {
    const [good, skewed] = [following(), following()];
    const { out, stop } = watched(good, skewed);
    good.send(live(5002, 5003));
    skewed.send(live(5001));
    await passing(400);
    skewed.send(live(1000, 5004));
    await passing(600);
    expect(out).toEqual(['1000 1:l1000', '1000 1:l5001', '1000 0:l5002', '1000 0:l5003']);
    await stop();
  });

  it('may be one instance of a source', async () => {
    const feed = following();
    const { out, stop } = watched(feed);
    for (let half = 0; half < 6; half += 1) {
      feed.send(live(5000 + half));
      feed.send(live(1000 + half));
      await passing(500);
    }
    expect(out.filter((line) => line.includes(':l5'))).toEqual([
      '1000 0:l5000',
      '1500 0:l5001',
      '2000 0:l5002',
      '2500 0:l5003',
      '3000 0:l5004',
    ]);
    await stop();
  });

  it('does not keep back the past of a quiet one', async () => {
    const [quiet, skewed] = [driven(), following()];
    const { of, stop } = watched(quiet, skewed);
    skewed.send(live(1000));
    await passing(500);
    quiet.send({ kind: 'items', items: lines(4000, 5000), past: true });
    quiet.send({ kind: 'caught-up' });
    for (let half = 1; half < 4; half += 1) {
      skewed.send(live(1000 + half));
      await passing(500);
    }
    expect(of(0)).toEqual(['1500 0:l4000', '1500 0:l5000']);
    await stop();
  });

  it('holds up nothing when its lines come faster than they are taken', async () => {
    let now = 0;
    const good = following();
    const endless = (async function* (): Steps {
      yield { kind: 'caught-up' };
      for (let index = 0; ; index += 1) yield live(...hundred(index));
    })();
    const merged = merge([input(good.steps, { window: WINDOW }), input(endless, { window: WINDOW })], {
      bound: 1000,
      now: () => now,
    });
    good.send(live(5000));
    await takenUntil(merged, () => {
      now += 100;
      return now >= 100_000;
    });
    expect(now).toBeLessThan(2 * WINDOW);
    good.stop();
    await merged.return();
  });
});

describe('a past that is still coming', () => {
  it('is put in order with one that has come whole', async () => {
    const [small, big] = [driven(), driven()];
    small.send({ kind: 'items', items: lines(10, 40), past: true });
    small.send({ kind: 'caught-up' });
    const { out, stop } = watched(small, big);
    for (const at of [1, 20, 30]) {
      big.send({ kind: 'items', items: lines(at, at + 15), past: true });
      await passing(WINDOW - 100);
    }
    expect(out.map((line) => line.split(' ')[1])).toEqual([
      '1:l1',
      '0:l10',
      '1:l16',
      '1:l20',
      '1:l35',
      '1:l30*',
      '0:l40',
      '1:l45',
    ]);
    await stop();
  });

  it('holds up live lines as long as sources have to begin, and no longer', async () => {
    let now = 0;
    const good = following();
    const endless = (async function* (): Steps {
      for (let index = 0; ; index += 1) yield { kind: 'items', items: lines(...hundred(index)), past: true };
    })();
    const merged = merge([input(good.steps, { window: WINDOW }), input(endless, { window: WINDOW })], {
      bound: 1000,
      patience: PATIENCE,
      now: () => now,
    });
    good.send(live(5000));
    await takenUntil(merged, () => {
      now += 100;
      return now >= 100_000;
    });
    expect(now).toBeGreaterThanOrEqual(PATIENCE);
    expect(now).toBeLessThan(PATIENCE + WINDOW);
    good.stop();
    await merged.return();
  });
});

describe('Waits', () => {
  it('knows the latest time of what came until then', () => {
    const waits = new Waits();
    waits.add(10, 500);
    waits.add(20, 400);
    waits.add(30, 700);
    expect([9, 10, 29, 30].map((stamp) => waits.latestOf(stamp))).toEqual([
      Number.NEGATIVE_INFINITY,
      500,
      500,
      700,
    ]);
    expect(waits.first).toBe(10);
    waits.drop(500);
    expect([waits.first, waits.latestOf(29), waits.latestOf(30)]).toEqual([
      30,
      Number.NEGATIVE_INFINITY,
      700,
    ]);
    waits.drop(700);
    expect(waits.first).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes what came earlier than the last', () => {
    const waits = new Waits();
    waits.add(30, 700);
    waits.add(40, 800);
    waits.add(10, 750);
    expect([10, 30, 40].map((stamp) => waits.latestOf(stamp))).toEqual([750, 750, 800]);
  });

  it('forgets what has left, however much that is', () => {
    const waits = new Waits();
    for (let index = 0; index < 1000; index += 1) waits.add(index, index);
    waits.drop(899);
    expect([waits.first, waits.latestOf(950)]).toEqual([900, 950]);
  });
});
