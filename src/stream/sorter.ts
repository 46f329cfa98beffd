// Puts nearly ordered items in order of time within a bounded window. Knows no clock and no network.
import { millisReader, TimedQueue, type TimeOf } from './timed-queue.ts';

export interface Sorter<T> {
  /** Takes items and hands out the oldest ones beyond the window. */
  push(items: readonly T[]): readonly T[];
  /** All that is left, in order. */
  drain(): readonly T[];
}

/** `window`: how many items are held. An item without a time stays behind the one it followed. */
export function createSorter<T>(source: TimeOf<T>, window: number): Sorter<T> {
  const queue = new TimedQueue<T>();
  const millisOf = millisReader(source);
  let last = Number.NEGATIVE_INFINITY;
  const takeUntil = (left: number): readonly T[] => {
    let out: readonly T[] | undefined;
    while (queue.size > left) {
      const taken = queue.take(Number.POSITIVE_INFINITY, 0);
      if (!taken) break;
      out = out ? out.concat(taken.items) : taken.items;
    }
    return out ?? [];
  };
  return {
    push(items) {
      const at = new Array<number>(items.length);
      for (let index = 0; index < items.length; index += 1) {
        const millis = millisOf(items[index] as T);
        if (!Number.isNaN(millis)) last = millis;
        at[index] = last;
      }
      queue.push(items, at, 0);
      return takeUntil(window);
    },
    drain: () => takeUntil(0),
  };
}
