// Keeps a connection that was asked for nothing of the past from printing it all the same. Knows no socket.
import { compareInstants, type Instant, instantToMillis, type LogEntry, shiftInstant } from '../../model.ts';
import type { Batch } from '../../provider.ts';

export interface BacklogFilter {
  pass(batch: Batch<LogEntry>, signal: AbortSignal): Promise<Batch<LogEntry>>;
}

export interface Opening {
  /** When the connection was asked for, in milliseconds of `now`. */
  readonly asked: number;
  /** The platform's clock then, milliseconds since the epoch; null when unknown. */
  readonly platform: number | null;
  /** Of a clock that is never set back. */
  readonly now: () => number;
  /** The time of the newest line that the platform has at the moment; null when it has none or does not say. */
  newest(signal: AbortSignal): Promise<Instant | null>;
}

/** Milliseconds by which the first line may be older than the connection without a suspicion. */
const USUAL_DELAY = 5000;
/** Milliseconds by which lines of several instances may be late. */
const LATE = 1000;
/** So many lines in a row, none of them old, end the watch. */
const SETTLED = 1000;
const MOST_TIMELESS = 50;

/**
 * Some servers may take `tail_lines=0` for "not given" and replay what they have (wire: DigitalOcean 11.5). Our clock
 * says nothing about their lines, and a server's clock and its lines' times need not agree either. So the first line only
 * raises a suspicion when it is older than the platform's clock at the asking; then the newest line is asked for. What is
 * older than that one by more than the time since the asking was written before the asking, by the lines' own clock, and
 * is dropped. Where there is no newest line to be had everything passes: a line twice is better than a line lost.
 */
export function createBacklogFilter(opening: Opening): BacklogFilter {
  let limit: Instant | 'unknown' | null = 'unknown';
  let passed = 0;
  let lastPassed = true;

  const isNew = ({ body: { ts } }: LogEntry, old: Instant): boolean => {
    if (ts !== null) lastPassed = compareInstants(ts, old) >= 0;
    passed = lastPassed ? passed + 1 : 0;
    return lastPassed;
  };
  const decide = async (items: readonly LogEntry[], signal: AbortSignal) => {
    const first = items.find(({ body }) => body.ts !== null)?.body.ts ?? null;
    if (first === null) {
      passed += items.length;
      return passed > MOST_TIMELESS ? null : 'unknown';
    }
    passed = 0;
    const { platform } = opening;
    if (platform !== null && instantToMillis(first) >= platform - USUAL_DELAY) return null;
    const newest = await opening.newest(signal);
    return newest === null ? null : shiftInstant(newest, opening.asked - opening.now() - LATE);
  };
  return {
    async pass(batch, signal) {
      if (limit === null || batch.items.length === 0) return batch;
      if (limit === 'unknown') limit = await decide(batch.items, signal);
      const old = limit;
      if (old === null || old === 'unknown') return batch;
      const items = batch.items.filter((entry) => isNew(entry, old));
      if (passed >= SETTLED) limit = null;
      return items.length === batch.items.length ? batch : { ...batch, items };
    },
  };
}
