// Walks the activity log back by time, where paging does not reach. Knows no page and no entry.
import type { StationClient } from './client.ts';
import type { StationClock } from './clock.ts';
import type { LogQuery } from './log-query.ts';
import type { LogRow } from './translate.ts';

export interface Reached {
  readonly query: Omit<LogQuery, 'limit' | 'offset'>;
  /** The oldest row so far. */
  readonly known: LogRow;
  /** The most rows that the station has given at once. */
  readonly most: number;
  readonly clock: StationClock;
}

/** Ids begin with it (wire: Container Station 2.5). */
const FIRST_ID = 1;

/**
 * Rows older than `known`, newest first. An answer counts only when it holds the oldest row that is known: so nothing is
 * left out between. Returns `cut` where the station does not say whether it has more.
 */
export async function* windowsBefore(
  client: StationClient,
  { known, ...reached }: Reached,
  signal: AbortSignal,
): AsyncGenerator<LogRow[], 'end' | 'cut', undefined> {
  for (let oldest = known; oldest.id !== FIRST_ID; ) {
    const older = await rowsBefore(client, { ...reached, known: oldest }, signal);
    const last = older?.at(-1);
    if (!older || !last) return older ? 'end' : 'cut';
    yield older;
    oldest = last;
  }
  return 'end';
}

/** Newest first; empty: there are none; null: that is not to be found out. */
async function rowsBefore(
  client: StationClient,
  { query, known, most, clock }: Reached,
  signal: AbortSignal,
): Promise<LogRow[] | null> {
  const limit = Math.max(client.pace.pageRows, most);
  for (const second of secondsOf(known, clock)) {
    const end = Math.min(query.end ?? Number.POSITIVE_INFINITY, second);
    const rows = descending(await client.logRows({ ...query, end, limit, offset: 0 }, signal));
    if (!rows.some(({ id }) => id === known.id)) continue;
    const older = rows.filter(({ id }) => id < known.id);
    // Fewer than it has given before, so that it was no limit that ended them.
    if (older.length > 0 || rows.length < most) return older;
  }
  return null;
}

/**
 * Whether the station compares time limits with its own or with true time is unknown, and whether it includes them (wire:
 * Container Station 2.2): so either is tried, a second later.
 */
function secondsOf({ ts }: LogRow, clock: StationClock): ReadonlySet<number> {
  if (ts === null) return new Set();
  return new Set([ts + 1, clock(ts).ts.seconds + 1].filter((second) => second > 0));
}

/** Also drops ids that come twice in one answer. */
export function descending(rows: readonly LogRow[]): LogRow[] {
  const sorted = rows.toSorted((a, b) => b.id - a.id);
  return sorted.filter((row, index) => index === 0 || row.id !== sorted[index - 1]?.id);
}
