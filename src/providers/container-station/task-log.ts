// What a background task prints, as a source: the rows of the activity log that name it, and what it is at as that
// changes. Decides nothing about how it ended.
import { CliError } from '../../errors.ts';
import { type LogBody, LogEntry, type Notice } from '../../model.ts';
import type { Batch, HistoryEnd, LiveEnd, LiveStart, Position, Source, Traits } from '../../provider.ts';
import { wait } from '../../wait.ts';
import type { StationClient } from './client.ts';
import type { Pace } from './pace.ts';
import { lastSeen, readTasks } from './task-list.ts';
import { beginOf, isRowOf, rowsSince } from './task-rows.ts';
import { hasEnded, type Task } from './task-words.ts';
import { entryOfRow, type LogRow } from './translate.ts';

export function taskLogTraits(pace: Pace): Traits {
  return {
    history: 'exact',
    archives: null,
    retention: 'until the activity log is cleared; what the task was at in between is not kept',
    join: 'position',
    live: { kind: 'poll', everyMillis: pace.pollMillis },
    ids: false,
    times: 'seconds',
    ordered: true,
    filters: [],
    alive: { proof: 'an answer to the next look', silenceMillis: 90_000 },
    endless: false,
    maxLines: null,
  };
}

/** The task must have been seen by this client. */
export function taskLog(client: StationClient, id: string): Source<LogEntry> {
  return {
    traits: taskLogTraits(client.pace),
    history: (_query, signal) => pastOf(client, id, signal),
    live: (start, signal) => follow(client, { id, start }, signal),
    timeOf: ({ body }) => body.ts,
    keyOf: ({ raw, body }) => `${body.id ?? ''}\n${body.ts?.seconds ?? ''}\n${raw}`,
  };
}

/** How far it has been read. */
interface Mark {
  /** Id and time of the newest row of the whole activity log; the time tells a cleared log. 0 = none yet. */
  readonly row: number;
  readonly ts: number | null;
  /** What the task was last at. */
  readonly detail: string;
}

const NOTHING: Mark = { row: 0, ts: null, detail: '' };

async function* pastOf(
  client: StationClient,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined> {
  const { batch } = await look(client, { id, mark: NOTHING }, signal);
  yield batch;
  return { complete: true, begins: null };
}

async function* follow(
  client: StationClient,
  { id, start }: { readonly id: string; readonly start: LiveStart },
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined> {
  let mark = 'after' in start ? readMark(start.after) : NOTHING;
  let silent = 'lines' in start && start.lines === 0;
  for (;;) {
    const seen = await look(client, { id, mark }, signal);
    yield silent ? { ...seen.batch, items: [] } : seen.batch;
    silent = false;
    mark = seen.mark;
    if (seen.over) return { end: 'ended', reason: `task ${id} is over` };
    await wait(client.pace.pollMillis, signal);
  }
}

interface Seen {
  readonly batch: Batch<LogEntry>;
  readonly mark: Mark;
  /** Nothing can follow. */
  readonly over: boolean;
}

/** What is new behind the mark. The list is asked first: the rows of an end that it shows are there then. */
async function look(
  client: StationClient,
  { id, mark }: { readonly id: string; readonly mark: Mark },
  signal: AbortSignal,
): Promise<Seen> {
  const listed = (await readTasks(client, signal)).find((task) => task.id === id);
  const task = listed ?? lastSeen(client, id);
  if (!task) throw new CliError('not-found', `${client.station} has no background task ${id} (any more).`);
  const over = !listed || hasEnded(task);
  const activity = await newRows(client, { task, mark }, signal);
  const changed = task.detail !== '' && task.detail !== mark.detail;
  const items = linesOf(client, { task, rows: activity.rows, detail: changed ? task.detail : null });
  const next: Mark = { ...activity.mark, detail: task.detail };
  const notices = mark === NOTHING && activity.notice ? [activity.notice] : [];
  return {
    batch: { items, position: positionOf(next), ...(notices.length > 0 ? { notices } : {}) },
    mark: next,
    over,
  };
}

interface Activity {
  /** Oldest first. */
  readonly rows: readonly LogRow[];
  readonly mark: Pick<Mark, 'row' | 'ts'>;
  readonly notice: Notice | null;
}

async function newRows(
  client: StationClient,
  { task, mark }: { readonly task: Task; readonly mark: Mark },
  signal: AbortSignal,
): Promise<Activity> {
  const known = { row: mark.row, ts: mark.ts };
  const begin = beginOf(task);
  const newest = task.list === 'v3' ? undefined : await newestRow(client, signal);
  if (newest === undefined) return { rows: [], mark: known, notice: noActivity(client) };
  const same = newest?.id === mark.row && newest.ts === mark.ts;
  if (newest === null || same || begin === null) return { rows: [], mark: known, notice: null };
  const cleared = newest.id <= mark.row;
  const rows = await rowsSince(client, { since: begin, after: cleared ? 0 : mark.row }, signal);
  const last = rows?.at(-1) ?? newest;
  const { id, ts } = last.id > newest.id ? last : newest;
  return { rows: rows ?? [], mark: { row: id, ts }, notice: null };
}

/** null: the log is empty; undefined: this version has none, or not for this user. */
async function newestRow(client: StationClient, signal: AbortSignal): Promise<LogRow | null | undefined> {
  try {
    return await client.newestRow(signal);
  } catch (error) {
    if (error instanceof CliError && (error.kind === 'usage' || error.kind === 'auth')) return undefined;
    throw error;
  }
}

function noActivity({ station }: StationClient): Notice {
  const message = `${station} shows no activity log: only what the task is at while it is watched`;
  return { kind: 'limit', message };
}

/** In the order in which they happened, as far as that is told: the last thing it was at comes before its end. */
function linesOf(
  client: StationClient,
  {
    task,
    rows,
    detail,
  }: { readonly task: Task; readonly rows: readonly LogRow[]; readonly detail: string | null },
): LogEntry[] {
  const entries = rows.filter((row) => isRowOf(row, task)).map((row) => entryOf(row, client));
  if (detail === null) return entries;
  const at = hasEnded(task) ? Math.max(0, entries.length - 1) : entries.length;
  return entries.toSpliced(at, 0, entryOfDetail(detail));
}

/** Its words alone: a build's log is read as text, not as rows. */
function entryOf(row: LogRow, { clock }: StationClient): LogEntry {
  const { body } = entryOfRow(row, clock);
  const message = oneLine(row.message);
  return new LogEntry(message, () => ({ ...body, message, source: 'build' }));
}

function entryOfDetail(detail: string): LogEntry {
  return new LogEntry(oneLine(detail), bodyOfDetail);
}

/** The station says what a task is at, not since when. */
function bodyOfDetail(message: string): LogBody {
  return {
    ts: null,
    quality: 'observed',
    component: null,
    instance: null,
    source: 'build',
    stream: null,
    level: null,
    message,
    fields: null,
    id: null,
    deployment: null,
  };
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

function positionOf({ row, ts, detail }: Mark): Position {
  return { row, ts, detail };
}

function readMark(position: Position): Mark {
  if (typeof position === 'object' && position !== null && 'row' in position && 'detail' in position) {
    const { row, ts, detail } = position;
    const dated = ts === null || typeof ts === 'number';
    if (typeof row === 'number' && Number.isSafeInteger(row) && dated && typeof detail === 'string') {
      return { row, ts, detail };
    }
  }
  throw new CliError('usage', 'The place to go on from is none of a task of Container Station.');
}
