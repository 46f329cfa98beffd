// What a command has printed, counted for its last words. Knows no form.
import { exitCodeOf, Interruption } from '../errors.ts';
import { compareInstants, type Instant } from '../model.ts';
import type { EndSummary } from '../output/records.ts';
import type { FeedTally } from '../stream/feed.ts';

export interface Tally extends FeedTally {
  records: number;
  gaps: number;
  reconnects: number;
  /** Lines that came after later ones. */
  late: number;
  /** Lines that were cut. */
  cut: number;
  /** Of what was printed. */
  see(time: Instant | null): void;
  end(about: { readonly reason: string; readonly exit: number }): EndSummary;
}

export function createTally(): Tally {
  let oldest: Instant | null = null;
  let newest: Instant | null = null;
  return {
    records: 0,
    gaps: 0,
    reconnects: 0,
    duplicates: 0,
    late: 0,
    cut: 0,
    see(time) {
      if (!time) return;
      if (!oldest || compareInstants(time, oldest) < 0) oldest = time;
      if (!newest || compareInstants(time, newest) > 0) newest = time;
    },
    end({ reason, exit }) {
      const { records, gaps, reconnects, duplicates: duplicatesDropped } = this;
      return { reason, exit, records, gaps, duplicatesDropped, reconnects, oldest, newest, cursor: null };
    },
  };
}

/** Of a command that something else than its own verdict ended. */
export function endOfFailure(error: unknown): { readonly reason: string; readonly exit: number } {
  if (!(error instanceof Interruption)) return { reason: 'failed', exit: exitCodeOf(error) };
  return { reason: error.message === '--timeout' ? 'timeout' : 'interrupted', exit: error.exitCode };
}
