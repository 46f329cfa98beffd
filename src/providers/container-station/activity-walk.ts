// Chooses rows of the activity log while walking it back, for the past and for what is new. Knows no entry.
import { compareInstants, type Instant } from '../../model.ts';
import type { Batch, HistoryQuery } from '../../provider.ts';
import { newestFirst, type PageQuery, type WalkEnd } from './activity-pages.ts';
import type { StationClient } from './client.ts';
import type { StationClock } from './clock.ts';
import { type CsvRow, isAlike, olderThan } from './csv-rows.ts';
import type { LogFilters } from './log-query.ts';
import type { RowStack } from './row-stack.ts';
import { type Container, type LogRow, names } from './translate.ts';

export interface WalkChoice {
  readonly client: StationClient;
  readonly clock: StationClock;
  readonly filters: LogFilters;
  /** Only the rows that name it; null = all. */
  readonly container: Container | null;
  /** Takes the rows that were chosen. */
  readonly stack: RowStack;
}

export interface HistoryWalk {
  /** Rows that were chosen, those of the CSV as well. */
  readonly kept: number;
  readonly complete: boolean;
  readonly begins: Instant | null;
  /** Chosen rows of the station's CSV, oldest first: older than all that are on the stack. */
  readonly exported: readonly CsvRow[];
  readonly missing: NonNullable<Batch<never>['missing']> | null;
}

/** Whether the station compares time limits with true or with local time is unknown: so both lie within (wire: 2.2). */
const WIDENED_SECONDS = 14 * 3600;

const ROWS_THAT_SHOW_ORDER = 2;

export interface HistoryChoice extends WalkChoice {
  readonly query: HistoryQuery;
}

/** Puts the newest so many rows on the stack; yields an empty batch per page, as a sign of life. */
export async function* walkHistory(
  walk: HistoryChoice,
  signal: AbortSignal,
): AsyncGenerator<Batch<never>, HistoryWalk, undefined> {
  const { client, filters, query, clock, stack } = walk;
  const wanted = query.lines === 'all' ? Number.POSITIVE_INFINITY : query.lines;
  if (wanted === 0) return { ...NOTHING_MORE, kept: 0, complete: false };
  const range = widened(query);
  const pageRows = Math.min(client.pace.pageRows, Math.max(wanted, ROWS_THAT_SHOW_ORDER));
  const pages = newestFirst(client, { ...filters, ...range, pageRows, clock }, signal);
  let kept = 0;
  let seen = 0;
  let page: readonly LogRow[] = [];
  for (;;) {
    const step = await pages.next();
    const oldest = page.at(-1) ?? null;
    if (step.done && step.value === 'cut' && oldest)
      return await beyondReach(walk, { oldest, page, seen, kept, wanted }, signal);
    if (step.done) {
      const begins = await beginningOf(walk, { oldest, range }, signal);
      return { ...NOTHING_MORE, kept, complete: true, begins };
    }
    page = step.value;
    seen += page.length;
    const chosen = page.filter((row) => isWanted(row, walk) && isWithin(row, query, clock));
    const rows = chosen.slice(0, wanted - kept);
    await stack.push(rows);
    kept += rows.length;
    if (kept >= wanted) return { ...NOTHING_MORE, kept, complete: false };
    if (isFarBehind(page.at(-1), range.start, clock)) return { ...NOTHING_MORE, kept, complete: true };
    yield { items: [], progress: { done: kept, total: null, unit: 'lines' } };
  }
}

const NOTHING_MORE = { begins: null, exported: [], missing: null } as const;

interface Reached {
  readonly oldest: LogRow;
  /** The last page of the walk, which ends with it. */
  readonly page: readonly LogRow[];
  /** Rows of the walk, and those of them that were chosen. */
  readonly seen: number;
  readonly kept: number;
  readonly wanted: number;
}

/** The station's own CSV has what `/log` does not hand out; where that is of no use either, something may be missing. */
async function beyondReach(
  walk: HistoryChoice,
  { oldest, page, seen, kept, wanted }: Reached,
  signal: AbortSignal,
): Promise<HistoryWalk> {
  const { client, clock, filters, query } = walk;
  if (query.since && oldest.ts !== null && compareInstants(clock(oldest.ts).ts, query.since) < 0)
    return { ...NOTHING_MORE, kept, complete: true };
  // How the station searches for a text is not known, so that a search cannot be done in its place.
  const all = filters.text === null ? await client.csvRows(signal) : null;
  const alike = page.filter((row) => isAlike(oldest, row)).length;
  const older = all && olderThan(oldest, alike, all);
  if (!older) {
    const isWhole = !isFiltered(filters) && !walk.container && !query.since && !query.until;
    const missing = missingBefore(oldest, isWhole && all ? all.length - seen : 0);
    return { ...NOTHING_MORE, kept, complete: true, missing };
  }
  const isOfUser = ({ user }: CsvRow) => filters.user === null || user === filters.user;
  const exported = older
    .filter((row) => isOfUser(row) && isWanted(row, walk) && isWithin(row, query, clock))
    .slice(-Math.min(wanted - kept, older.length + 1));
  const first = older[0] ?? oldest;
  const begins = isFiltered(filters) || first.ts === null ? null : clock(first.ts).ts;
  return { ...NOTHING_MORE, kept: kept + exported.length, complete: true, begins, exported };
}

/** `more`: rows that the CSV has beyond those that were seen, though none of them can be told apart; 0: not known. */
function missingBefore({ id }: LogRow, more: number): HistoryWalk['missing'] {
  const none = `the station hands out nothing older than its row ${id}`;
  if (more <= 0) {
    return { count: null, reason: `${none}, and its log may reach further back`, certain: false };
  }
  const reason = `${none}; its CSV, which logs export -o raw brings, has ${more} rows more`;
  return { count: more, reason, certain: true };
}

export interface NewWalk {
  /** The newest row that is not new; null when the walk met none. */
  readonly met: LogRow | null;
  readonly missing: NonNullable<Batch<never>['missing']> | null;
}

/** Puts the rows with an id above `after` on the stack; yields an empty batch per further page. */
export async function* walkAfter(
  walk: WalkChoice & { readonly after: number },
  signal: AbortSignal,
): AsyncGenerator<Batch<never>, NewWalk, undefined> {
  const { client, clock, filters, after, stack } = walk;
  const { pageRows } = client.pace;
  const pages = newestFirst(client, { ...filters, start: null, end: null, pageRows, clock }, signal);
  let oldest: LogRow | null = null;
  for (;;) {
    const step = await pages.next();
    if (step.done) return { met: null, missing: missingAfter(walk, oldest, step.value) };
    const fresh = step.value.filter(({ id }) => id > after);
    await stack.push(fresh.filter((row) => isWanted(row, walk)));
    oldest = fresh.at(-1) ?? oldest;
    const met = step.value.find(({ id }) => id <= after);
    if (met) return { met, missing: null };
    yield { items: [] };
  }
}

/** Under filters of the station's the last known row may well be kept out, so that only a full view proves a hole. */
function missingAfter(
  { filters, after }: { readonly filters: LogFilters; readonly after: number },
  oldest: LogRow | null,
  end: WalkEnd,
): NewWalk['missing'] {
  const next = oldest === null || oldest.id === after + 1;
  if (end === 'end' && (after === 0 || next || isFiltered(filters))) return null;
  return { count: null, reason: 'the station no longer shows the last row that was seen', certain: false };
}

function isFiltered({ categories, levels, user, text }: LogFilters): boolean {
  return categories.length > 0 || levels.length > 0 || user !== null || text !== null;
}

type Row = Pick<LogRow, 'ts' | 'level' | 'category' | 'message'>;

/** Both lists are applied here as well: the first builds take one word each (wire: Container Station 2.1). */
function isWanted(row: Row, { filters, container }: Pick<WalkChoice, 'filters' | 'container'>): boolean {
  const { categories, levels } = filters;
  if (categories.length > 0 && !categories.includes(row.category.toLowerCase())) return false;
  if (levels.length > 0 && LEVELS.includes(row.level) && !levels.includes(row.level)) return false;
  return container === null || names(row, container);
}

const LEVELS: readonly string[] = ['INFO', 'WARN', 'ERROR'];

function isWithin(row: Row, { since, until }: HistoryQuery, clock: StationClock): boolean {
  if (row.ts === null || (!since && !until)) return true;
  const { ts } = clock(row.ts);
  return (!since || compareInstants(ts, since) >= 0) && (!until || compareInstants(ts, until) < 0);
}

/** The range that is asked for. */
export function widened({ since, until }: HistoryQuery): Pick<PageQuery, 'start' | 'end'> {
  const start = since ? since.seconds - WIDENED_SECONDS : 0;
  const end = until ? until.seconds + 1 + WIDENED_SECONDS : 0;
  return { start: start > 0 ? start : null, end: end > 0 ? end : null };
}

/** The station did not heed `start`. */
function isFarBehind(oldest: LogRow | undefined, start: number | null, clock: StationClock): boolean {
  if (start === null || oldest === undefined || oldest.ts === null) return false;
  return clock(oldest.ts).ts.seconds < start - WIDENED_SECONDS;
}

/** Where the log itself begins, when the walk reached its end and saw all rows. */
async function beginningOf(
  { client, filters, clock }: { client: StationClient; filters: LogFilters; clock: StationClock },
  { oldest, range }: { oldest: LogRow | null; range: Pick<PageQuery, 'start' | 'end'> },
  signal: AbortSignal,
): Promise<Instant | null> {
  if (oldest === null || oldest.ts === null || isFiltered(filters)) return null;
  if (range.start !== null && oldest.id !== 1) {
    const before = { ...filters, start: null, end: range.start - 1, limit: 1, offset: 0 };
    // A station that does not heed `end` answers with its newest row: then nothing is known either.
    if ((await client.logRows(before, signal)).length > 0) return null;
  }
  return clock(oldest.ts).ts;
}
