// Remembers what was shown around the end of a connection, so that a resumed one doubles nothing. Knows no network.
import { compareInstants, countOf, type Instant, type Lot } from '../model.ts';

export interface Keyed<T> {
  timeOf(item: T): Instant | null;
  keyOf(item: T): string;
}

export interface Repeats<T> {
  /** Keeps a reference to the batch; costs nothing per item. */
  remember(lot: Lot<T>): void;
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
  let lots: Lot<T>[] = [];
  let first = 0;
  let size = 0;
  return {
    remember(lot) {
      if (countOf(lot) === 0) return;
      lots.push(lot);
      size += countOf(lot);
      for (let oldest = lots[first]; oldest && first < lots.length - 1; oldest = lots[first]) {
        if (size - countOf(oldest) < limit) break;
        size -= countOf(oldest);
        first += 1;
      }
      if (first < 64 && first * 2 < lots.length) return;
      lots = lots.slice(first);
      first = 0;
    },
    watermark: () => newest(itemsOf(lots.slice(first)), keyed),
    freeze: () => freeze(itemsOf(lots.slice(first)).slice(-limit), keyed),
  };
}

function itemsOf<T>(lots: readonly Lot<T>[]): T[] {
  return lots.flatMap(({ items }) => items);
}

function newest<T>(items: readonly T[], keyed: Keyed<T>): Instant | null {
  let best: Instant | null = null;
  for (const item of items) {
    const time = keyed.timeOf(item);
    if (time && (!best || compareInstants(time, best) > 0)) best = time;
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
  const watermark = newest(shown, keyed);
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
