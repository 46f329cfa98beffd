// What the activity log says about background tasks: their rows, and how they ended. Knows no list of tasks.
import { CliError } from '../../errors.ts';
import { newestFirst } from './activity-pages.ts';
import type { StationClient } from './client.ts';
import { NO_FILTERS } from './log-query.ts';
import type { Closing, Task, TaskList } from './task-words.ts';
import type { LogRow } from './translate.ts';

/** Whether the station compares `start` with true or with local time is unknown (wire: Container Station 2.2). */
const WIDENED_SECONDS = 14 * 3600;
const MOST_ROWS = 20_000;

export interface RowRange {
  /** Seconds of the station's wall clock, inclusive; null = as far as may be. */
  readonly since: number | null;
  /** Only rows with a greater id. */
  readonly after: number;
}

/** Oldest first, the newest 20,000 at most; null where this version has no activity log, or not for this user. */
export async function rowsSince(
  client: StationClient,
  { since, after }: RowRange,
  signal: AbortSignal,
): Promise<LogRow[] | null> {
  const start = since === null || since <= WIDENED_SECONDS ? null : since - WIDENED_SECONDS;
  const query = { ...NO_FILTERS, start, end: null, pageRows: client.pace.pageRows, clock: client.clock };
  const rows: LogRow[] = [];
  try {
    for await (const page of newestFirst(client, query, signal)) {
      rows.push(...page);
      const last = page.at(-1);
      const behind = since !== null && last !== undefined && last.ts !== null && last.ts < since;
      if (behind || (last !== undefined && last.id <= after) || rows.length >= MOST_ROWS) break;
    }
  } catch (error) {
    if (error instanceof CliError && (error.kind === 'usage' || error.kind === 'auth')) return null;
    throw error;
  }
  return rows.filter(({ id, ts }) => id > after && (since === null || ts === null || ts >= since)).reverse();
}

/** Whether a row belongs to a task's log: it names what the task is about, in the time of the task. */
export function isRowOf(row: LogRow, task: Task): boolean {
  const begin = beginOf(task);
  if (task.name === '' || row.ts === null || begin === null || row.ts < begin) return false;
  // A row is written a moment after what it tells.
  if (task.end !== null && row.ts > task.end + 1) return false;
  return nameIn(task.name).test(row.message);
}

export function beginOf({ init, start }: Task): number | null {
  return init ?? start;
}

/** The name as a whole word: `web` is not in `shop-web`. */
function nameIn(name: string): RegExp {
  return new RegExp(`(?<![\\w./-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w./-])`);
}

/**
 * How a task ended, by its rows; null when they do not say. `rows` oldest first; `others`: tasks that were seen beside
 * it, because one of the same name that was made before has rows of its own.
 */
export function closingOf(task: Task, rows: readonly LogRow[], others: readonly Task[]): Closing | null {
  const begin = beginOf(task);
  if (begin === null) return null;
  const runs = runsOf(
    task,
    rows.filter(({ ts }) => ts !== null && ts >= begin),
  );
  const ahead = others.filter((other) => isAhead(other, task, begin)).length;
  return runs[ahead] ?? null;
}

function isAhead(other: Task, task: Task, begin: number): boolean {
  const alike = other.list === task.list && other.category === task.category && other.name === task.name;
  if (!alike || other.id === task.id) return false;
  const before = (beginOf(other) ?? begin) - begin || numberOf(other) - numberOf(task);
  return before < 0 && (other.end === null || other.end >= begin);
}

function numberOf({ id }: Task): number {
  return Number(/\d+$/.exec(id)?.[0] ?? 0);
}

/** The ends of the runs of this task and of others of its kind and name, in their order. */
function runsOf(task: Task, rows: readonly LogRow[]): Closing[] {
  const runs: Closing[] = [];
  let error: Closing | null = null;
  /** Whether the row before was the close of a run. */
  let closed = false;
  for (const row of rows) {
    const stage = stageOf(row, task);
    if (stage === null) continue;
    if (stage.kind === 'error') {
      const last = runs.at(-1);
      // It may stand on either side of the row that closes its run.
      if (closed && last?.status === 'failed') runs[runs.length - 1] = { ...last, reason: stage.reason };
      else error = { status: 'failed', end: row.ts, reason: stage.reason };
      closed = false;
      continue;
    }
    closed = stage.kind !== 'start';
    if (stage.kind === 'start') {
      // An error that no other row closed was the end of its run.
      if (error) runs.push(error);
      error = null;
      continue;
    }
    const failed = stage.kind === 'failed';
    const reason = failed ? (error?.reason ?? stage.reason) : null;
    runs.push({ status: failed ? 'failed' : 'succeeded', end: row.ts, reason });
    error = null;
  }
  return error ? [...runs, error] : runs;
}

interface Stage {
  readonly kind: 'start' | 'error' | 'failed' | 'finished';
  readonly reason: string | null;
}

/** Patterns: wire, Container Station 2.6. */
function stageOf({ message }: LogRow, task: Task): Stage | null {
  return task.list === 'background' ? backgroundStage(message, task) : oldStage(message, task);
}

function backgroundStage(message: string, { category, name }: Task): Stage | null {
  const task = `background task (${category}, ${name})`;
  if (message === `Start to do ${task}`) return { kind: 'start', reason: null };
  if (message.startsWith(`Finished ${task}`)) return finished(message);
  if (message.startsWith(`Failed to do ${task}`)) return { kind: 'failed', reason: null };
  const error = `Background task error for ${category} ${name}:`;
  if (!message.startsWith(error)) return null;
  return { kind: 'error', reason: message.slice(error.length).trim() || null };
}

const OLD_VERBS: Readonly<Partial<Record<TaskList, readonly string[]>>> = {
  import: ['import'],
  export: ['export'],
  create: ['create', 'download'],
  download: ['download'],
};

function oldStage(message: string, { list, name }: Task): Stage | null {
  const match = /^(Start to|Finished(?: to)?|Failed to) (\w+) /.exec(message);
  if (!match || !OLD_VERBS[list]?.includes(match[2] ?? '') || !mentions(message, name)) return null;
  if (match[1] === 'Start to') return { kind: 'start', reason: null };
  if (match[1] === 'Failed to') return { kind: 'failed', reason: null };
  return finished(message);
}

/** `(lxc, utest)`, `(docker, 08fd4fac14b8, web)`, `(docker, lgsd/diamond:latest)`. */
function mentions(message: string, name: string): boolean {
  const words = [...message.matchAll(/\(([^()]{1,500})\)/g)].flatMap(([, inside = '']) => inside.split(', '));
  return words.some((word) => word === name || word.startsWith(`${name}:`));
}

function finished(message: string): Stage {
  const result = /\(return=(-?\d{1,9})\)/.exec(message)?.[1];
  if (result === undefined || Number(result) === 0) return { kind: 'finished', reason: null };
  return { kind: 'failed', reason: `result ${result}` };
}
