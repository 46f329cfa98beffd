// Puts nearly ordered items in order of time within a bounded window. Knows no clock and no network.
import type { Instant } from '../model.ts';
import { instantToMillis } from '../model.ts';

export interface Sorter<T> {
  /** Takes items and hands out the oldest ones beyond the window. */
  push(items: readonly T[]): T[];
  /** All that is left, in order. */
  drain(): T[];
}

/** `window`: how many items are held. An item without a time stays behind the one it followed. */
export function createSorter<T>(timeOf: (item: T) => Instant | null, window: number): Sorter<T> {
  let held: { item: T; at: number }[] = [];
  let last = Number.NEGATIVE_INFINITY;
  return {
    push(items) {
      let disordered = false;
      let tail = held.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
      for (const item of items) {
        const time = timeOf(item);
        last = time ? instantToMillis(time) : last;
        if (last < tail) disordered = true;
        tail = last;
        held.push({ item, at: last });
      }
      if (disordered) held.sort((a, b) => a.at - b.at);
      // Half of the window goes at once, so that sorting costs little per item.
      if (held.length <= window) return [];
      const out = held.slice(0, held.length - Math.floor(window / 2));
      held = held.slice(out.length);
      return out.map((entry) => entry.item);
    },
    drain() {
      const out = held.map((entry) => entry.item);
      held = [];
      return out;
    },
  };
}
