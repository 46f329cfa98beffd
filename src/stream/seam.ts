// Compares what a new connection brings with what was shown before it: repeats, doubts, half lines. Knows no connection.
import { compareInstants, type Gap, type Instant, shiftInstant } from '../model.ts';
import type { FeedState } from './feed.ts';
import { askOf } from './feed-steps.ts';
import { createRange } from './range.ts';
import type { Frozen } from './repeats.ts';

/** What a resumed connection asks the past for, round by round, until it covers what was shown last. */
export const RESUME_ASKS: readonly number[] = [200, 1000, 5000, 20_000, 100_000];

export interface Seam<T> {
  pass(items: readonly T[]): { items: readonly T[]; gap: Gap | null; askMore: boolean };
  /** No repeat is to be expected any more. */
  done(): boolean;
}

/** Compares what a new connection brings with what was shown before it. */
export function createSeam<T>(state: FeedState<T>, frozen: Frozen<T>, asked: number | undefined): Seam<T> {
  const { source, options, timing } = state;
  const replayed = asked !== undefined;
  const { watermark } = frozen;
  const from = watermark
    ? laterOf(shiftInstant(watermark, -timing.overlap), frozen.oldest)
    : options.lines === 0
      ? state.connectedAt
      : null;
  // A replay brings older lines than were ever shown or asked for; those are not news.
  const notOlder = replayed && from ? createRange(source, { since: from, until: null }) : () => true;
  let doubted = !replayed;
  return {
    pass(items) {
      const before = frozen.met;
      const fresh = items.filter((item) => !frozen.isRepeat(item) && notOlder(item));
      if (options.tally) options.tally.duplicates += frozen.met - before;
      let gap: Gap | null = null;
      if (!doubted && fresh.length > 0) {
        doubted = true;
        const certainlyWhole = frozen.met > 0 && source.traits.history !== 'none';
        const more =
          asked !== undefined && asked < askOf(source, 'all') && state.resumeAsk < RESUME_ASKS.length;
        if (!certainlyWhole && source.traits.history !== 'none' && more && watermark) {
          state.resumeAsk += 1;
          return { items: [], gap: null, askMore: true };
        }
        state.resumeAsk = 0;
        const to = fresh.map((item) => source.timeOf(item)).find((time) => time !== null) ?? null;
        if (!certainlyWhole) gap = doubt(watermark, to, reasonOfDoubt(source.traits.history));
      }
      return { items: fresh.length > 0 ? withCut(state, fresh) : fresh, gap, askMore: false };
    },
    done: () => frozen.settled,
  };
}

function reasonOfDoubt(history: string): string {
  return history === 'none'
    ? 'the platform keeps no history: what was written while the connection was down is gone'
    : 'the replayed past does not reach back to the last line shown';
}

/** A line that broke off with its connection is forgotten when it comes whole, and shown as such when others come instead. */
export function withCut<T>(state: FeedState<T>, items: readonly T[]): readonly T[] {
  const { cutItem, options } = state;
  if (cutItem === undefined) return items;
  state.cutItem = undefined;
  // A character that broke off with the line has become a replacement mark, which the whole line does not have.
  const beginning = state.source.keyOf(cutItem).replace(/\ufffd+$/, '');
  const isWhole = items.some((item) => state.source.keyOf(item).startsWith(beginning));
  return isWhole ? items : [options.markCut?.(cutItem) ?? cutItem, ...items];
}

export function laterOf(a: Instant, b: Instant | null): Instant {
  return b && compareInstants(b, a) > 0 ? b : a;
}

/** What came may begin at the very time of what was shown last, or before it: that is no span. */
export function doubt(from: Instant | null, to: Instant | null, reason: string): Gap {
  const isSpan = from === null || to === null || compareInstants(from, to) < 0;
  return { from, to: isSpan ? to : null, reason, certainty: 'possible', count: null };
}
