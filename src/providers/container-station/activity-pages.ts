// Walks the activity log page by page from its newest row back. Knows no entry and no following.
import type { StationClient } from './client.ts';
import type { LogQuery } from './log-query.ts';
import type { LogRow } from './translate.ts';

export type PageQuery = Omit<LogQuery, 'limit' | 'offset'>;

/** `end`: the log's first row was reached; `cut`: there are more rows than can be asked for. */
export type WalkEnd = 'end' | 'cut';

/** A station whose largest page is smaller than what it gives unasked is not to be expected (wire: 2.1). */
const UNASKED_ROWS = 20;

/**
 * Pages of rows with descending ids, each row once, also while rows are written. Every page is asked to begin with
 * the last row that is known, because `offset` is documented in one vague phrase: where that row is missing, or the
 * newest row comes again, it means something else, and one large request replaces paging (wire: 2.4).
 */
export async function* newestFirst(
  client: StationClient,
  { pageRows, ...query }: PageQuery & { readonly pageRows: number },
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
      return yield* unpaged(client, { query, below: known.id }, signal);
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
  { query, below }: { readonly query: PageQuery; readonly below: number },
  signal: AbortSignal,
): AsyncGenerator<LogRow[], WalkEnd, undefined> {
  const { unpagedRows } = client.pace;
  const rows = descending(await client.logRows({ ...query, limit: unpagedRows, offset: 0 }, signal));
  const older = rows.filter(({ id }) => id < below);
  if (older.length > 0) yield older;
  return rows.length < unpagedRows ? 'end' : 'cut';
}

/** Also drops ids that come twice in one answer. */
function descending(rows: readonly LogRow[]): LogRow[] {
  const sorted = rows.toSorted((a, b) => b.id - a.id);
  return sorted.filter((row, index) => index === 0 || row.id !== sorted[index - 1]?.id);
}
