// Turns the flags of `logs` into domain values; every contradiction is said here. Knows no platform and prints nothing.
import { CliError } from '../errors.ts';
import { type Instant, LOG_SOURCES, type LogSource, type MessageReader } from '../model.ts';
import { type LogForm, parseLogForm } from '../output/logs.ts';
import { ANSI_MODES, type AnsiMode } from '../output/sanitize.ts';
import { TIMESTAMPS, type Timestamps } from '../output/time-text.ts';
import {
  compileGlob,
  compileHighlight,
  compilePattern,
  type Highlighter,
  type LogFilter,
  type Pattern,
  parseLevel,
} from '../stream/filter.ts';
import { readMessage, unread } from '../stream/message.ts';
import { isZone, parseDuration, parseTime } from '../time.ts';

/** As commander hands them over: one property a flag. */
export interface LogFlags {
  readonly [name: string]: unknown;
}

export interface LogOutput {
  readonly form: LogForm;
  readonly columns: string | undefined;
  readonly timestamps: Timestamps | undefined;
  readonly zone: string | undefined;
  readonly ansi: AnsiMode | undefined;
  readonly noPrefix: boolean;
  readonly includeRaw: boolean;
  /** Shows what was parsed out of messages in place of them. */
  readonly fields: boolean;
  readonly highlight: readonly Highlighter[];
}

export interface LogEnds {
  readonly maxCount: number | undefined;
  readonly untilMatch: Pattern | undefined;
  readonly failOn: Pattern | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly exitOnEmpty: boolean;
}

export interface LogRequest {
  readonly follow: boolean;
  readonly lines: number | 'all';
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly filter: LogFilter;
  /** How messages give level and fields. */
  readonly read: MessageReader;
  /** Keeps the lines of a stack trace together. */
  readonly multiline: boolean;
  /** As typed, for platforms that narrow by themselves. */
  readonly componentGlobs: readonly string[];
  readonly ends: LogEnds;
  readonly output: LogOutput;
  /** Milliseconds; undefined = the default of each source. */
  readonly reorder: number | undefined;
  readonly idle: number | undefined;
  readonly heartbeat: number | undefined;
}

export interface RequestContext {
  readonly mode: 'tail' | 'show';
  /** Epoch milliseconds. */
  readonly now: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const DEFAULT_LINES = 100;

export async function parseLogRequest(flags: LogFlags, context: RequestContext): Promise<LogRequest> {
  const zone = parseZone(flags);
  const follow = flag(flags, 'follow') ?? context.mode === 'tail';
  const since = parseMoment(flags, { name: 'since', context, zone });
  const until = parseMoment(flags, { name: 'until', context, zone });
  const lines = parseLines(flags, since !== null);
  if (since && until && (since.seconds - until.seconds || since.nanos - until.nanos) >= 0) {
    throw new CliError('usage', '--since is not before --until, so nothing can lie between them.');
  }
  if (follow && until && until.seconds * 1000 <= context.now && flag(flags, 'follow') === true) {
    throw new CliError('usage', '--follow with an --until in the past: nothing can follow.', {
      hint: 'Leave out --follow to read that part of the history.',
    });
  }
  return {
    follow: follow && !(until && until.seconds * 1000 <= context.now),
    lines,
    since,
    until,
    filter: await parseFilter(flags),
    read: flag(flags, 'parse') === false ? unread : readMessage,
    multiline: flag(flags, 'multiline') === true,
    componentGlobs: texts(flags, 'component'),
    ends: await parseEnds(flags),
    output: { ...parseOutput(flags, { env: context.env, zone }), highlight: await parseHighlight(flags) },
    reorder: parseMillis(flags, 'reorder', { zero: true }),
    idle: parseMillis(flags, 'idle'),
    heartbeat: parseMillis(flags, 'heartbeat'),
  };
}

function parseLines(flags: LogFlags, hasSince: boolean): number | 'all' {
  const given = ['lines', 'tail', 'num', 'limit'].filter((name) => text(flags, name) !== undefined);
  if (given.length > 1) {
    throw new CliError(
      'usage',
      `${given.map((name) => `--${name}`).join(' and ')} mean the same; give one of them.`,
    );
  }
  const name = given[0];
  const value = name === undefined ? undefined : text(flags, name);
  if (flag(flags, 'all')) {
    if (value !== undefined && value !== 'all') {
      throw new CliError('usage', `--all and --${name} ${value} contradict each other.`);
    }
    return 'all';
  }
  if (value === undefined) return hasSince ? 'all' : DEFAULT_LINES;
  if (value === 'all') return 'all';
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new CliError(
    'usage',
    `"${value}" is no number of lines: --${name} takes a number from 0 up, or all.`,
  );
}

async function parseFilter(flags: LogFlags): Promise<LogFilter> {
  const ignoreCase = flag(flags, 'ignoreCase') === true;
  const compile = (name: string) =>
    Promise.all(
      texts(flags, name).map((pattern) => compilePattern(pattern, { flag: `--${name}`, ignoreCase })),
    );
  const level = text(flags, 'level');
  return {
    grep: await compile('grep'),
    exclude: await compile('exclude'),
    level: level === undefined ? null : parseLevel(level),
    levelStrict: flag(flags, 'levelStrict') === true,
    components: await Promise.all(texts(flags, 'component').map(compileGlob)),
    sources: texts(flags, 'source')
      .flatMap((list) => list.split(','))
      .map(parseSource),
  };
}

function parseSource(name: string): LogSource {
  const source = LOG_SOURCES.find((known) => known === name);
  if (source) return source;
  throw new CliError('usage', `"${name}" is no source: it is one of ${LOG_SOURCES.join(', ')}.`);
}

async function parseEnds(flags: LogFlags): Promise<LogEnds> {
  const ignoreCase = flag(flags, 'ignoreCase') === true;
  const pattern = async (name: string, property: string) => {
    const value = text(flags, property);
    return value === undefined ? undefined : compilePattern(value, { flag: `--${name}`, ignoreCase });
  };
  const maxCount = text(flags, 'maxCount');
  if (maxCount !== undefined && !/^[1-9]\d{0,11}$/.test(maxCount)) {
    throw new CliError('usage', `"${maxCount}" is no count: --max-count takes a number from 1 up.`);
  }
  return {
    maxCount: maxCount === undefined ? undefined : Number(maxCount),
    untilMatch: await pattern('until-match', 'untilMatch'),
    failOn: await pattern('fail-on', 'failOn'),
    timeout: parseMillis(flags, 'timeout'),
    exitOnEmpty: flag(flags, 'exitOnEmpty') === true,
  };
}

function parseOutput(
  flags: LogFlags,
  { env, zone }: { env: Readonly<Record<string, string | undefined>>; zone: string | undefined },
): Omit<LogOutput, 'highlight'> {
  const asked = text(flags, 'output');
  const json = flag(flags, 'json') === true;
  if (json && asked !== undefined && asked !== 'ndjson' && asked !== 'json') {
    throw new CliError('usage', `--json and -o ${asked} contradict each other.`);
  }
  const name = json ? 'ndjson' : (asked ?? (env.POLYLOG_OUTPUT || 'text'));
  const form = parseLogForm(name);
  const columns = text(flags, 'columns');
  if (columns !== undefined && form !== 'csv') throw new CliError('usage', '--columns belongs to -o csv.');
  const timestamps = text(flags, 'timestamps');
  const known = TIMESTAMPS.find((candidate) => candidate === timestamps);
  if (timestamps !== undefined && !known) {
    throw new CliError(
      'usage',
      `"${timestamps}" is no form of time: it is one of ${TIMESTAMPS.join(', ')}.`,
      {
        hint: 'To follow a log use -f.',
      },
    );
  }
  const ansi = text(flags, 'ansi');
  const mode = ANSI_MODES.find((candidate) => candidate === ansi);
  if (ansi !== undefined && !mode) {
    throw new CliError('usage', `"${ansi}" is no mode of --ansi: it is one of ${ANSI_MODES.join(', ')}.`);
  }
  const fields = flag(flags, 'fields') === true;
  if (fields && flag(flags, 'parse') === false) {
    throw new CliError('usage', '--fields and --no-parse contradict each other.');
  }
  return {
    form,
    columns,
    timestamps: known,
    zone,
    ansi: mode,
    noPrefix: flag(flags, 'prefix') === false,
    includeRaw: flag(flags, 'includeRaw') === true,
    fields,
  };
}

function parseHighlight(flags: LogFlags): Promise<Highlighter[]> {
  const ignoreCase = flag(flags, 'ignoreCase') === true;
  return Promise.all(
    texts(flags, 'highlight').map((pattern) =>
      compileHighlight(pattern, { flag: '--highlight', ignoreCase }),
    ),
  );
}

function parseZone(flags: LogFlags): string | undefined {
  const zone = text(flags, 'timezone');
  const utc = flag(flags, 'utc') === true;
  if (utc && zone !== undefined && zone !== 'UTC') {
    throw new CliError('usage', `--utc and --timezone ${zone} contradict each other.`);
  }
  if (utc) return 'UTC';
  if (zone !== undefined && !isZone(zone)) {
    throw new CliError(
      'usage',
      `"${zone}" is no time zone: --timezone takes local, UTC or a name such as Europe/Paris.`,
    );
  }
  return zone;
}

interface Moment {
  readonly name: 'since' | 'until';
  readonly context: RequestContext;
  readonly zone: string | undefined;
}

function parseMoment(flags: LogFlags, { name, context, zone }: Moment): Instant | null {
  const value = text(flags, name);
  if (value === undefined) return null;
  const instant = parseTime(value, { now: context.now, zone: zone ?? 'local' });
  if (instant) return instant;
  throw new CliError(
    'usage',
    `"${value}" is no time: --${name} takes 5m, 2h30m, 14:05, yesterday, 2026-08-22T14:05 or @epoch.`,
  );
}

function parseMillis(
  flags: LogFlags,
  name: string,
  options: { zero: boolean } = { zero: false },
): number | undefined {
  const value = text(flags, name);
  if (value === undefined) return undefined;
  if (options.zero && value === '0') return 0;
  const millis = parseDuration(value);
  if (millis !== null && (millis > 0 || options.zero) && millis < 2 ** 31) return millis;
  throw new CliError(
    'usage',
    `"${value}" is no duration: --${name} takes 500ms, 10s, 5m, 2h30m and the like.`,
  );
}

function text(flags: LogFlags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

function texts(flags: LogFlags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value : [];
}

function flag(flags: LogFlags, name: string): boolean | undefined {
  const value = flags[name];
  return typeof value === 'boolean' ? value : undefined;
}
