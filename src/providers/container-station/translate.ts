// Turns the station's rows, containers and console text into ours. Knows no request.
import { CliError } from '../../errors.ts';
import { type App, type Level, type LogBody, LogEntry } from '../../model.ts';
import type { StationClock } from './clock.ts';
import { isObject } from './reply.ts';

/** One row of the activity log (wire: Container Station 2.1). */
export interface LogRow {
  readonly id: number;
  /** Seconds of the station's wall clock read as UTC; null when the row has none. */
  readonly ts: number | null;
  /** Upper case; '' when missing. */
  readonly level: string;
  readonly category: string;
  readonly user: string;
  readonly message: string;
  /** The whole row in one line of JSON, unknown keys included. */
  readonly json: string;
}

export interface Container {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  /** `running`, `stopped`; null when not given. */
  readonly state: string | null;
}

export interface ConsoleText {
  readonly lines: readonly string[];
  /** What stands behind the last line end; '' when the text ends with one. */
  readonly rest: string;
}

const LONGEST_LINE = 1024 * 1024;
/** Beyond it `new Date` knows no more; far beyond any clock. */
const MOST_SECONDS = 100_000_000_000;

/** Throws a platform CliError that names the field. */
export function readRows(json: unknown, station: string): LogRow[] {
  if (!Array.isArray(json))
    throw new CliError('platform', `${station} answers the activity log with no list.`);
  return json.map((row) => readRow(row, station));
}

function readRow(row: unknown, station: string): LogRow {
  if (!isObject(row) || !Number.isSafeInteger(row.id)) {
    throw new CliError('platform', `${station} sent a row of the activity log without a numeric "id".`);
  }
  const { id, ts, level, category, user, message } = row;
  const dated = typeof ts === 'number' && Math.abs(ts) < MOST_SECONDS;
  const json = JSON.stringify(row);
  return {
    id: Number(id),
    ts: dated ? Math.floor(ts) : null,
    level: text(level).toUpperCase(),
    category: text(category),
    user: text(user),
    message: typeof message === 'string' ? message : json,
    json,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const LEVELS: Readonly<Record<string, Level>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
  FATAL: 'fatal',
};

/** Of a row; null for a word that nobody knows. */
export function levelOfWord(word: string): Level | null {
  return LEVELS[word] ?? null;
}

/** `raw` is the row as one line of JSON, the nearest text form that the platform's answer has. */
export function entryOfRow(row: LogRow, clock: StationClock): LogEntry {
  return new LogEntry(row.json, () => bodyOfRow(row, clock));
}

function bodyOfRow(row: LogRow, clock: StationClock): LogBody {
  const time = row.ts === null ? null : clock(row.ts);
  return {
    ts: time?.ts ?? null,
    quality: time?.quality ?? 'observed',
    component: containerNamedIn(row),
    instance: null,
    source: 'platform',
    stream: null,
    level: levelOfWord(row.level),
    message: row.message,
    fields: { category: row.category, user: row.user },
    id: String(row.id),
    deployment: null,
  };
}

/** `(docker, 08fd4fac14b8, web)`, `(lxc, utest)`; image references have a colon or a slash and so do not fit. */
const IN_BRACKETS = /\((docker|lxc|lxd), (?:([0-9a-f]{12,64}), )?([A-Za-z0-9][\w.-]*)\)/;
const TASK = /background task \((?:create|container_import|container_export), ([A-Za-z0-9][\w.-]*)\)/;
const TASK_ERROR =
  /^Background task error for (?:create|container_import|container_export) ([A-Za-z0-9][\w.-]*):/;

/** The name of the container that a row is about, or null (patterns: wire, Container Station 2.6; text is no API). */
export function containerNamedIn({ category, message }: Pick<LogRow, 'category' | 'message'>): string | null {
  if (category === 'image' || /^(?:Image|commit) /i.test(message)) return null;
  return IN_BRACKETS.exec(message)?.[3] ?? TASK.exec(message)?.[1] ?? TASK_ERROR.exec(message)?.[1] ?? null;
}

/** Whether a row names this container, by type and name or by its id. */
export function names(row: Pick<LogRow, 'category' | 'message'>, container: Container): boolean {
  const named = IN_BRACKETS.exec(row.message);
  if (named?.[3] === container.name && row.category !== 'image') return named[1] === container.type;
  if (containerNamedIn(row) === container.name) return true;
  return container.id.length >= 12 && row.message.includes(container.id.slice(0, 12));
}

/** Throws a platform CliError that names the field. */
export function readContainers(json: unknown, station: string): Container[] {
  if (!Array.isArray(json)) throw new CliError('platform', `${station} answers the containers with no list.`);
  return json.map((container) => {
    if (!isObject(container) || !isText(container.type) || !isText(container.name)) {
      throw new CliError('platform', `${station} sent a container without "type" or "name".`);
    }
    const { type, name, id, state } = container;
    return {
      type,
      name,
      id: isText(id) ? id : name,
      state: isText(state) ? state : null,
    };
  });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

export function appOfContainer(container: Container): App {
  const name = `${container.type}/${container.name}`;
  return { id: container.id, name, components: [], region: null, status: container.state };
}

/** Docker answers `{"logs": "…"}`, lxd a bare JSON string (wire: Container Station 4.3). null for anything else. */
export function readConsole(json: unknown): ConsoleText | null {
  const body = isObject(json) && 'logs' in json ? (json.logs ?? '') : json;
  if (typeof body !== 'string') return null;
  const lines = body.split(/\r?\n/);
  const rest = lines.pop() ?? '';
  return { lines, rest };
}

/** A line of a console, which has neither time nor id. */
export function entryOfLine(line: string): LogEntry {
  const bytes = line.length * 3 > LONGEST_LINE ? Buffer.byteLength(line) : 0;
  if (bytes <= LONGEST_LINE) return new LogEntry(line, bodyOfLine);
  const kept = Buffer.from(line)
    .subarray(0, LONGEST_LINE)
    .toString()
    .replace(/\ufffd$/, '');
  return new LogEntry(kept, bodyOfLine, undefined, bytes - Buffer.byteLength(kept));
}

function bodyOfLine(raw: string): LogBody {
  return {
    ts: null,
    quality: 'observed',
    component: null,
    instance: null,
    source: 'app',
    stream: null,
    level: null,
    message: raw,
    fields: null,
    id: null,
    deployment: null,
  };
}
