// Walks the activity log page by page from its newest row back. Knows no entry and no following.
import { descending, type Reached, windowsBefore } from './activity-windows.ts';
import type { StationClient } from './client.ts';
import type { StationClock } from './clock.ts';
import type { LogQuery } from './log-query.ts';
import type { LogRow } from './translate.ts';

export type PageQuery = Omit<LogQuery, 'limit' | 'offset'>;

/** `end`: the log's first row was reached; `cut`: the station hands out no more, and whether it has more is not known. */
export type WalkEnd = 'end' | 'cut';

export interface PageWalk extends PageQuery {
  readonly pageRows: number;
  /** Of the station, for time limits. */
  readonly clock: StationClock;
}

/** A station whose largest page is smaller than what it gives unasked is not to be expected (wire: 2.1). */
const UNASKED_ROWS = 20;

/**
 * Pages of rows with descending ids, each row once, also while rows are written. Every page is asked to begin with
 * the last row that is known, because `offset` is documented in one vague phrase: where that row is missing, or the
 * newest row comes again, it means something else: then one large request replaces paging, and what that does not reach
 * is asked for by time (wire: Container Station 2.4).
 */
export async function* newestFirst(
  client: StationClient,
  { pageRows, clock, ...query }: PageWalk,
  signal: AbortSignal,
): AsyncGenerator<LogRow[], WalkEnd, undefined> {
  const first = descending(await client.logRows({ ...query, limit: pageRows, offset: 0 }, signal));
  const newest = first[0];
  let lowest = first.at(-1);
  if (!newest || !lowest) return 'end';
  yield first;
  if (first.length < Math.min(pageRows, UNASKED_ROWS)) return 'end';
  for (let offset = first.length; ; ) {
    // A short page is no end by itself: the station may have a largest page of its own.
    const asked = { ...query, limit: pageRows + 1, offset: offset - 1 };
    const page = descending(await client.logRows(asked, signal));
    const [top] = page;
    if (!top) return 'end';
    const known: LogRow = lowest;
    const beganAgain = asked.offset > 0 && top.id >= newest.id;
    if (beganAgain || !page.some(({ id }) => id === known.id)) {
      return yield* unpaged(client, { query, known, most: first.length, clock }, signal);
    }
    const older: LogRow[] = page.filter(({ id }) => id < known.id);
    if (older.length > 0) yield older;
    else if (page.length === 1) return 'end';
    lowest = older.at(-1) ?? known;
    offset += page.length - 1;
  }
}

async function* unpaged(
  client: StationClient,
  { known, most, ...rest }: Reached,
  signal: AbortSignal,
): AsyncGenerator<LogRow[], WalkEnd, undefined> {
  const { unpagedRows } = client.pace;
  const rows = descending(await client.logRows({ ...rest.query, limit: unpagedRows, offset: 0 }, signal));
  const older = rows.filter(({ id }) => id < known.id);
  if (older.length > 0) yield older;
  const reached = { ...rest, known: older.at(-1) ?? known, most: Math.max(most, rows.length) };
  return yield* windowsBefore(client, reached, signal);
}
