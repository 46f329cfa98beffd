// The station's activity log as a source: paged back, followed by looking for new ids. Knows no console.
import { CliError } from '../../errors.ts';
import type { LogEntry, Notice } from '../../model.ts';
import type {
  Batch,
  HistoryEnd,
  HistoryQuery,
  LiveEnd,
  LiveStart,
  Position,
  Source,
  Traits,
} from '../../provider.ts';
import { wait } from '../../wait.ts';
import { refuseOldestFirst } from './activity-order.ts';
import { walkAfter, walkHistory } from './activity-walk.ts';
import type { StationClient } from './client.ts';
import { clockOfOffset, type StationClock } from './clock.ts';
import { entryOfCsvRow } from './csv-rows.ts';
import type { LogFilters } from './log-query.ts';
import { narrowingOfActivity } from './narrowing.ts';
import type { Pace } from './pace.ts';
import { createRowStack } from './row-stack.ts';
import { type Container, entryOfRow, type LogRow } from './translate.ts';

export interface ActivityOptions {
  readonly filters: LogFilters;
  /** Only the rows that name it; null = all. */
  readonly container: Container | null;
  /** Of the zone that the user named; null: as the login shows. */
  readonly clock: StationClock | null;
}

export function activityTraits(pace: Pace): Traits {
  return {
    history: 'paged',
    archives: null,
    retention: 'everything until the log is cleared',
    join: 'position',
    live: { kind: 'poll', everyMillis: pace.pollMillis },
    ids: true,
    times: 'seconds',
    ordered: true,
    filters: ['level', 'category', 'user', 'text', 'since and until, widened by 14 hours'],
    alive: { proof: 'an answer to the next look', silenceMillis: 90_000 },
    endless: false,
    maxLines: null,
  };
}

export function activityLog(client: StationClient, options: ActivityOptions): Source<LogEntry> {
  const log: ActivityLog = { client, options };
  return {
    traits: activityTraits(client.pace),
    sources: ['platform'],
    narrowing: (query, signal) => narrowingOfActivity(client, { asked: options, query }, signal),
    history: (query, signal) => pastOf(log, query, signal),
    live: (start, signal) => follow(log, start, signal),
    timeOf: (entry) => entry.body.ts,
    // The second is in it because ids may begin anew when the log was cleared. Rows of the CSV have no id.
    keyOf: ({ body, raw }) =>
      body.id === null ? `${body.ts?.nanos} ${raw}` : `${body.id} ${body.ts?.seconds ?? ''}`,
  };
}

interface ActivityLog {
  readonly client: StationClient;
  readonly options: ActivityOptions;
}

/** The newest row that was seen: live goes on after it. Its time tells a new row 7 from the 7 before a clearing. */
interface Mark {
  readonly id: number;
  readonly ts: number | null;
}

/** Entries of one batch. */
const CSV_BATCH = 1000;

const NOTHING: Mark = { id: 0, ts: null };

async function* pastOf(
  log: ActivityLog,
  query: HistoryQuery,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined> {
  const { client, options } = log;
  // Asked first: rows that filters keep out must not be looked through again when live goes on.
  let mark: Mark = (await client.newestRow(signal)) ?? NOTHING;
  const clock = clockOf(log);
  const stack = createRowStack(client.pace.rowsInMemory);
  try {
    const walk = yield* walkHistory({ client, ...options, query, clock, stack }, signal);
    const notices = walk.kept > 0 ? zoneNotices(log) : [];
    if (notices.length > 0) yield { items: [], notices };
    if (walk.missing) yield { items: [], missing: walk.missing };
    for (let at = 0; at < walk.exported.length; at += CSV_BATCH) {
      const rows = walk.exported.slice(at, at + CSV_BATCH);
      yield { items: rows.map((row) => entryOfCsvRow(row, clock)) };
    }
    for await (const rows of stack.drain()) {
      const last = rows.at(-1) ?? NOTHING;
      if (last.id > mark.id || isNewerLog(last, mark)) mark = last;
      yield { items: entriesOf(rows, clock), position: positionOf(last) };
    }
    yield { items: [], position: positionOf(mark) };
    return { complete: walk.complete, begins: walk.begins };
  } finally {
    await stack.close();
  }
}

/** A lower id, and not older: the log was cleared after the newest row had been asked for. In the same second nothing is lost by it. */
function isNewerLog(last: Mark, mark: Mark): boolean {
  return last.id < mark.id && last.ts !== null && mark.ts !== null && last.ts >= mark.ts;
}

async function* follow(
  log: ActivityLog,
  start: LiveStart,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined> {
  const { pollMillis } = log.client.pace;
  let mark = 'after' in start ? readMark(start.after) : NOTHING;
  if ('lines' in start) {
    for await (const batch of pastOf(log, { lines: start.lines, since: null, until: null }, signal)) {
      if (batch.position !== undefined) mark = readMark(batch.position);
      yield batch;
    }
    await wait(pollMillis, signal);
  }
  for (;;) {
    mark = yield* look(log, mark, signal);
    await wait(pollMillis, signal);
  }
}

/** One look at what is new: at least one batch. Returns where the next look goes on. */
async function* look(
  log: ActivityLog,
  after: Mark,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, Mark, undefined> {
  const { client, options } = log;
  // The newest row of all, whatever the filters: a clearing shows in no other way.
  const newest = (await client.newestRow(signal)) ?? NOTHING;
  if (newest.id === after.id && newest.ts === after.ts) {
    yield { items: [], position: positionOf(after) };
    return after;
  }
  const cleared = newest.id <= after.id;
  if (cleared) await refuseOldestFirst(client, signal);
  const stack = createRowStack(client.pace.rowsInMemory);
  try {
    const known = cleared ? NOTHING : after;
    const clock = clockOf(log);
    const walk = yield* walkAfter({ client, ...options, clock, after: known.id, stack }, signal);
    // Its id with another time: the log was cleared, and has grown past it since.
    if (walk.met?.id === known.id && walk.met.ts !== known.ts) {
      yield { items: [], position: positionOf(NOTHING), notices: [clearing(client)] };
      return NOTHING;
    }
    if (cleared) yield { items: [], position: positionOf(NOTHING), notices: [clearing(client)] };
    if (walk.missing) yield { items: [], position: positionOf(known), missing: walk.missing };
    let mark: Mark = newest;
    for await (const rows of stack.drain()) {
      const last = rows.at(-1) ?? NOTHING;
      if (last.id > mark.id) mark = last;
      yield { items: entriesOf(rows, clock), position: positionOf(last) };
    }
    yield { items: [], position: positionOf(mark) };
    return mark;
  } finally {
    await stack.close();
  }
}

function clockOf({ client, options }: ActivityLog): StationClock {
  return options.clock ?? clockOfOffset(client.utcOffset);
}

function entriesOf(rows: readonly LogRow[], clock: StationClock): LogEntry[] {
  return rows.map((row) => entryOfRow(row, clock));
}

function clearing(client: StationClient): Notice {
  return { kind: 'cleared', message: `the activity log of ${client.station} was cleared` };
}

function zoneNotices({ client, options }: ActivityLog): Notice[] {
  if (options.clock || client.utcOffset !== null) return [];
  const message = `${client.station} gives local times and its time zone is unknown: they are taken for UTC; --nas-timezone or POLYLOG_QNAP_TIMEZONE corrects them`;
  return [{ kind: 'warning', message }];
}

function positionOf({ id, ts }: Mark): Position {
  return { id, ts };
}

function readMark(position: Position): Mark {
  if (typeof position === 'object' && position !== null && 'id' in position && 'ts' in position) {
    const { id, ts } = position;
    const dated = ts === null || typeof ts === 'number';
    if (typeof id === 'number' && Number.isSafeInteger(id) && dated) return { id, ts };
  }
  throw new CliError('usage', 'The place to go on from is none of an activity log of Container Station.');
}
