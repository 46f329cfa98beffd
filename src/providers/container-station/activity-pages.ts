// Walks the activity log page by page from its newest row back. Knows no entry and no following.
import { beginsWithOldest, fromOldest, isAscending } from './activity-order.ts';
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

/** Pages in a row that bring nothing older: the log grows as fast as it is read. */
const MOST_FRUITLESS = 3;

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
  const given = await client.logRows({ ...query, limit: pageRows, offset: 0 }, signal);
  const first = descending(given);
  const newest = first[0];
  let lowest = first.at(-1);
  if (!newest || !lowest) return 'end';
  const mayHaveMore = first.length >= Math.min(pageRows, UNASKED_ROWS);
  if (mayHaveMore && isAscending(given) && (await beginsWithOldest(client, { query, first }, signal))) {
    return yield* fromOldest(client, query, signal);
  }
  yield first;
  if (!mayHaveMore) return 'end';
  let widest = first.length;
  let fruitless = 0;
  let grown = 0;
  for (let offset = first.length; ; ) {
    // A short page is no end by itself: the station may have a largest page of its own.
    const asked = { ...query, limit: pageRows + 1 + grown, offset: offset - 1 };
    const page = descending(await client.logRows(asked, signal));
    const [top] = page;
    if (!top) return 'end';
    const known: LogRow = lowest;
    const beganAgain = asked.offset > 0 && top.id >= newest.id;
    if (beganAgain || !page.some(({ id }) => id === known.id)) {
      return yield* unpaged(client, { query, known, most: widest, clock }, signal);
    }
    const older: LogRow[] = page.filter(({ id }) => id < known.id);
    // Rows that are written meanwhile push the known one down: only a full page may have been cut off behind it.
    if (older.length === 0 && (page.length === 1 || page.length < widest)) return 'end';
    widest = Math.max(widest, page.length);
    fruitless = older.length > 0 ? 0 : fruitless + 1;
    // By time, what is written meanwhile is in nobody's way.
    if (fruitless === MOST_FRUITLESS) {
      return yield* unpaged(client, { query, known, most: widest, clock }, signal);
    }
    if (older.length > 0) yield older;
    // So much room the next page has for what is written until then.
    grown = older.length > 0 ? 0 : page.length - 1;
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
