// Chooses rows of the activity log while walking it back, for the past and for what is new. Knows no entry.
import { compareInstants, type Instant, type Notice } from '../../model.ts';
import type { Batch, HistoryQuery } from '../../provider.ts';
import { newestFirst, type PageQuery, type WalkEnd } from './activity-pages.ts';
import type { StationClient } from './client.ts';
import type { StationClock } from './clock.ts';
import type { LogFilters } from './log-query.ts';
import type { RowStack } from './row-stack.ts';
import { type Container, type LogRow, names } from './translate.ts';

export interface WalkChoice {
  readonly client: StationClient;
  readonly filters: LogFilters;
  /** Only the rows that name it; null = all. */
  readonly container: Container | null;
  /** Takes the rows that were chosen. */
  readonly stack: RowStack;
}

export interface HistoryWalk {
  /** Rows that were chosen. */
  readonly kept: number;
  readonly complete: boolean;
  readonly begins: Instant | null;
  readonly notices: Notice[];
}

/** Whether the station compares time limits with true or with local time is unknown: so both lie within (wire: 2.2). */
const WIDENED_SECONDS = 14 * 3600;

/** Puts the newest so many rows on the stack; yields an empty batch per page, as a sign of life. */
export async function* walkHistory(
  walk: WalkChoice & { readonly query: HistoryQuery; readonly clock: StationClock },
  signal: AbortSignal,
): AsyncGenerator<Batch<never>, HistoryWalk, undefined> {
  const { client, filters, query, clock, stack } = walk;
  const wanted = query.lines === 'all' ? Number.POSITIVE_INFINITY : query.lines;
  if (wanted === 0) return { kept: 0, complete: false, begins: null, notices: [] };
  const range = widened(query);
  const pageRows = Math.min(client.pace.pageRows, wanted);
  const pages = newestFirst(client, { ...filters, ...range, pageRows }, signal);
  let kept = 0;
  let oldest: LogRow | null = null;
  for (;;) {
    const step = await pages.next();
    if (step.done) {
      const begins = step.value === 'end' ? await beginningOf(walk, { oldest, range }, signal) : null;
      return { kept, complete: true, begins, notices: cutNotices(step.value, client) };
    }
    oldest = step.value.at(-1) ?? oldest;
    const chosen = step.value.filter((row) => isWanted(row, walk) && isWithin(row, query, clock));
    const rows = chosen.slice(0, wanted - kept);
    await stack.push(rows);
    kept += rows.length;
    if (kept >= wanted) return { kept, complete: false, begins: null, notices: [] };
    if (isFarBehind(oldest, range.start, clock)) return { kept, complete: true, begins: null, notices: [] };
    yield { items: [], progress: { done: kept, total: null, unit: 'lines' } };
  }
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
  const { client, filters, after, stack } = walk;
  const { pageRows } = client.pace;
  const pages = newestFirst(client, { ...filters, start: null, end: null, pageRows }, signal);
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

/** Both lists are applied here as well: the first builds take one word each (wire: Container Station 2.1). */
function isWanted(row: LogRow, { filters, container }: Pick<WalkChoice, 'filters' | 'container'>): boolean {
  const { categories, levels } = filters;
  if (categories.length > 0 && !categories.includes(row.category.toLowerCase())) return false;
  if (levels.length > 0 && LEVELS.includes(row.level) && !levels.includes(row.level)) return false;
  return container === null || names(row, container);
}

const LEVELS: readonly string[] = ['INFO', 'WARN', 'ERROR'];

function isWithin(row: LogRow, { since, until }: HistoryQuery, clock: StationClock): boolean {
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
function isFarBehind(oldest: LogRow | null, start: number | null, clock: StationClock): boolean {
  if (start === null || oldest === null || oldest.ts === null) return false;
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
    const older = await client.logRows(before, signal);
    if (older.some(({ id }) => id < oldest.id)) return null;
  }
  return clock(oldest.ts).ts;
}

function cutNotices(end: WalkEnd, { pace, station }: StationClient): Notice[] {
  if (end === 'end') return [];
  return [{ kind: 'limit', message: `${station} gives no more than its newest ${pace.unpagedRows} rows` }];
}
