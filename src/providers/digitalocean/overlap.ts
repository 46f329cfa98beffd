// Drops from a live part what the archives before it have brought already. Knows no request.
import { compareInstants, countOf, type Instant, type LogEntry, type Lot } from '../../model.ts';

export interface Overlap {
  /** What the archives bring, in their order. Costs nothing per line. */
  remember(lot: Lot<LogEntry>): void;
  /** What the live part brings, without the lines that were in the archives. */
  fresh(items: readonly LogEntry[]): LogEntry[];
}

/** Lines at the end of the archives that are remembered one by one, and what came together with the first of them. */
const KEPT = 10_000;

/**
 * Whether archives and live part overlap is unknown (wire: DigitalOcean 11.2). A live line is a repeat when it lies not
 * after the archives' last time and stands there as often as it has come. Archives are in order of time: a line of the
 * time before the remembered end is one of those that were forgotten. A line without a time goes with the one before it.
 */
export function createOverlap(kept = KEPT): Overlap {
  const lots: Lot<LogEntry>[] = [];
  let size = 0;
  let first: Instant | null = null;
  let forgotten = false;
  let end: End | undefined;
  let lastWasRepeat = false;

  const isRepeat = ({ raw, body: { ts } }: LogEntry, { last, oldest, unused }: End): boolean => {
    if (ts === null) return lastWasRepeat && use(unused, raw);
    if (last === null || compareInstants(ts, last) > 0) return false;
    if (forgotten && first !== null && oldest !== null && compareInstants(ts, oldest) < 0)
      return compareInstants(ts, first) >= 0;
    return use(unused, raw);
  };
  return {
    remember(lot) {
      if (countOf(lot) === 0) return;
      first ??= timesOf(lot.items)[0] ?? null;
      lots.push(lot);
      size += countOf(lot);
      for (let oldest = lots[0]; oldest && size - countOf(oldest) >= kept; oldest = lots[0]) {
        size -= countOf(oldest);
        lots.shift();
        forgotten = true;
      }
    },
    fresh(items) {
      end ??= endOf(lots.flatMap((lot) => lot.items));
      const known = end;
      return items.filter((entry) => {
        lastWasRepeat = isRepeat(entry, known);
        return !lastWasRepeat;
      });
    },
  };
}

interface End {
  readonly oldest: Instant | null;
  readonly last: Instant | null;
  /** How often a line may come again. */
  readonly unused: Map<string, number>;
}

function endOf(lines: readonly LogEntry[]): End {
  const unused = new Map<string, number>();
  for (const { raw } of lines) unused.set(raw, (unused.get(raw) ?? 0) + 1);
  const times = timesOf(lines);
  const newest = times.reduce<Instant | null>(
    (best, time) => (best !== null && compareInstants(best, time) >= 0 ? best : time),
    null,
  );
  return { oldest: times[0] ?? null, last: newest, unused };
}

function timesOf(lines: readonly LogEntry[]): Instant[] {
  return lines.flatMap(({ body }) => body.ts ?? []);
}

function use(unused: Map<string, number>, raw: string): boolean {
  const left = unused.get(raw) ?? 0;
  if (left > 0) unused.set(raw, left - 1);
  return left > 0;
}
