// Puts nearly ordered items in order of time within a bounded window. Knows no clock and no network.
import type { Lot } from '../model.ts';
import { Places, TimedQueue, type TimeOf } from './timed-queue.ts';

export interface Sorter<T> {
  /** Takes items and hands out the oldest ones beyond the window. */
  push(lot: Lot<T>): readonly Lot<T>[];
  /** All that is left, in order. */
  drain(): readonly Lot<T>[];
}

/** `window`: how many items are held. An item without a time stays behind the one it followed. */
export function createSorter<T>(source: TimeOf<T>, window: number): Sorter<T> {
  const queue = new TimedQueue<T>();
  const places = new Places(source);
  const takeUntil = (left: number): readonly Lot<T>[] => {
    const out: Lot<T>[] = [];
    while (queue.size > left) {
      const taken = queue.take(Number.POSITIVE_INFINITY, 0);
      if (taken) out.push(taken.lot);
    }
    return out;
  };
  return {
    push(lot) {
      queue.push(lot, places.of(lot), 0);
      return takeUntil(window);
    },
    drain: () => takeUntil(0),
  };
}
