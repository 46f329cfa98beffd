// Remembers what was shown around the end of a connection, so that a resumed one doubles nothing. Knows no network.
import type { Instant } from '../model.ts';
import { compareInstants } from '../model.ts';

export interface Keyed<T> {
  timeOf(item: T): Instant | null;
  keyOf(item: T): string;
}

export interface Repeats<T> {
  /** Keeps a reference to the batch; costs nothing per item. */
  remember(items: readonly T[]): void;
  /** The newest time that was shown; null when nothing with a time was. */
  watermark(): Instant | null;
  /** Takes a picture of what was shown, against which what a new connection brings is compared. */
  freeze(): Frozen<T>;
}

export interface Frozen<T> {
  readonly watermark: Instant | null;
  /** The oldest time that was shown and is still remembered. */
  readonly oldest: Instant | null;
  /** Whether the item was shown before; each showing excuses one repeat, so a line that was really written twice appears twice. */
  isRepeat(item: T): boolean;
  /** How many of the shown items with a time of `from` or later have not been met again. */
  unmetSince(from: Instant): number;
  /** How many repeats have been met. */
  readonly met: number;
  /** Whether so many items beyond the watermark have come that no repeat is to be expected any more. */
  readonly settled: boolean;
}

const KEPT = 10_000;
const SETTLED_AFTER = 500;

/** `limit`: how many items are remembered at most (whole batches are forgotten, so somewhat more may be). */
export function createRepeats<T>(keyed: Keyed<T>, limit = KEPT): Repeats<T> {
  let batches: (readonly T[])[] = [];
  let size = 0;
  return {
    remember(items) {
      if (items.length === 0) return;
      batches.push(items);
      size += items.length;
      let drop = 0;
      while (drop < batches.length - 1 && size - (batches[drop]?.length ?? 0) >= limit) {
        size -= batches[drop]?.length ?? 0;
        drop += 1;
      }
      if (drop > 0) batches = batches.slice(drop);
    },
    watermark: () => newest(batches, keyed),
    freeze: () => freeze(batches.flat().slice(-limit), keyed),
  };
}

function newest<T>(batches: readonly (readonly T[])[], keyed: Keyed<T>): Instant | null {
  let best: Instant | null = null;
  for (const batch of batches) {
    for (const item of batch) {
      const time = keyed.timeOf(item);
      if (time && (!best || compareInstants(time, best) > 0)) best = time;
    }
  }
  return best;
}

function freeze<T>(shown: readonly T[], keyed: Keyed<T>): Frozen<T> {
  const unused = new Map<string, number>();
  const timed: { time: Instant; key: string }[] = [];
  for (const item of shown) {
    const key = keyed.keyOf(item);
    unused.set(key, (unused.get(key) ?? 0) + 1);
    const time = keyed.timeOf(item);
    if (time) timed.push({ time, key });
  }
  const watermark = newest([shown], keyed);
  const oldest = timed.reduce<Instant | null>(
    (low, { time }) => (low && compareInstants(low, time) <= 0 ? low : time),
    null,
  );
  let beyond = 0;
  let met = 0;
  return {
    watermark,
    oldest,
    isRepeat(item) {
      const time = keyed.timeOf(item);
      if (time && watermark && compareInstants(time, watermark) > 0) {
        beyond += 1;
        return false;
      }
      const key = keyed.keyOf(item);
      const left = unused.get(key) ?? 0;
      if (left === 0) return false;
      unused.set(key, left - 1);
      met += 1;
      return true;
    },
    unmetSince(from) {
      const open = new Map(unused);
      let unmet = 0;
      for (const { time, key } of timed) {
        const left = open.get(key) ?? 0;
        if (left === 0) continue;
        open.set(key, left - 1);
        if (compareInstants(time, from) >= 0) unmet += 1;
      }
      return unmet;
    },
    get met() {
      return met;
    },
    get settled() {
      return beyond >= SETTLED_AFTER || unused.size === 0;
    },
  };
}
