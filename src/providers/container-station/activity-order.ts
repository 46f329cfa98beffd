// Reads an activity log that a station lists oldest first, against what is documented (wire: Container Station 2.1).
// Knows no entry and no following.
import { CliError } from '../../errors.ts';
import { descending } from './activity-windows.ts';
import type { StationClient } from './client.ts';
import { type LogQuery, NO_FILTERS } from './log-query.ts';
import type { LogRow } from './translate.ts';

type RowQuery = Omit<LogQuery, 'limit' | 'offset'>;

/** As the station gave them. One row shows no order. */
export function isAscending(rows: readonly LogRow[]): boolean {
  return rows.length > 1 && rows.every((row, index) => index === 0 || row.id > (rows[index - 1]?.id ?? 0));
}

/**
 * Whether rows go on above the first page, rather than below it: an ascending page alone may as well be the newest rows
 * in that order. `first`: newest first.
 */
export async function beginsWithOldest(
  client: StationClient,
  { query, first }: { readonly query: RowQuery; readonly first: readonly LogRow[] },
  signal: AbortSignal,
): Promise<boolean> {
  const asked = { ...query, limit: first.length + 1, offset: first.length - 1 };
  const page = await client.logRows(asked, signal);
  const ids = new Set(page.map(({ id }) => id));
  const [newest] = first;
  const lowest = first.at(-1);
  return newest !== undefined && lowest !== undefined && ids.has(newest.id) && !ids.has(lowest.id);
}

/** Throws a platform CliError where the first row is the oldest: what is new can be told by no look at it. */
export async function refuseOldestFirst(client: StationClient, signal: AbortSignal): Promise<void> {
  const query = { ...NO_FILTERS, start: null, end: null };
  const rows = await client.logRows({ ...query, limit: 2, offset: 0 }, signal);
  const first = descending(rows);
  if (!isAscending(rows) || !(await beginsWithOldest(client, { query, first }, signal))) return;
  const message = `${client.station} lists its activity log oldest first, so that it cannot be followed.`;
  throw new CliError('platform', message, { hint: 'Without -f, logs show reads what there is.' });
}

/**
 * All rows, newest first: they are read to the end before the first is given, so that there is a bound.
 * Throws a platform CliError beyond it: the oldest rows must not be taken for the newest.
 */
export async function* fromOldest(
  client: StationClient,
  query: RowQuery,
  signal: AbortSignal,
): AsyncGenerator<LogRow[], 'end', undefined> {
  const { unpagedRows } = client.pace;
  const pages: LogRow[][] = [];
  let highest = 0;
  let widest = 0;
  for (let count = 0; ; ) {
    const offset = Math.max(0, count - 1);
    const page = descending(await client.logRows({ ...query, limit: unpagedRows, offset }, signal));
    // The page begins with the row that is known, unless the log was cleared meanwhile.
    if (count > 0 && !page.some(({ id }) => id === highest)) throw unreadable(client, highest);
    const newer = page.filter(({ id }) => id > highest);
    if (newer.length > 0) pages.push(newer);
    highest = newer[0]?.id ?? highest;
    count += newer.length;
    if (newer.length === 0 || page.length < widest) break;
    if (count > unpagedRows) throw unreadable(client, highest);
    widest = page.length;
  }
  for (let page = pages.pop(); page; page = pages.pop()) yield page;
  return 'end';
}

function unreadable({ station }: StationClient, highest: number): CliError {
  const message = `${station} lists its activity log oldest first, and rows after its row ${highest} were not reached.`;
  return new CliError('platform', message, { hint: 'logs export -o raw brings the whole log.' });
}
