// Turns the flags of `logs` into domain values; every contradiction is said here. Knows no platform and prints nothing.
import { CliError } from '../errors.ts';
import {
  formatInstant,
  type Instant,
  instantToMillis,
  LOG_SOURCES,
  type LogSource,
  type MessageReader,
  type Notice,
} from '../model.ts';
import { compileGlob, compilePattern, type LogFilter, type Pattern, parseLevel } from '../stream/filter.ts';
import { readMessage, unread } from '../stream/message.ts';
import { countFlag, durationFlag, timeFlag, zoneFlag } from './flag-values.ts';
import { type LogFlags, switchOf, textOf, textsOf } from './log-flags.ts';
import { type LogOutput, parseHighlight, parseOutput } from './log-output.ts';

export type { LogFlags } from './log-flags.ts';
export type { LogOutput } from './log-output.ts';

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
  /** Whether a number of lines was asked for: then fewer are worth a word. */
  readonly isCounted: boolean;
  /** What is to be said of the request itself. */
  readonly notices: readonly Notice[];
}

export interface RequestContext {
  readonly mode: 'tail' | 'show';
  /** Epoch milliseconds. */
  readonly now: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const DEFAULT_LINES = 100;

export async function parseLogRequest(flags: LogFlags, context: RequestContext): Promise<LogRequest> {
  const zone = zoneFlag(textOf(flags, 'timezone'), switchOf(flags, 'utc') === true);
  const moment = (name: 'since' | 'until') =>
    timeFlag(name, textOf(flags, name), { now: context.now, zone: zone ?? 'local' });
  const millis = (name: string, options?: { zero: boolean }) =>
    durationFlag(name, textOf(flags, name), options);
  const follow = switchOf(flags, 'follow') ?? context.mode === 'tail';
  const since = moment('since');
  const until = moment('until');
  const lines = parseLines(flags, since !== null);
  if (since && until && (since.seconds - until.seconds || since.nanos - until.nanos) >= 0) {
    throw new CliError('usage', '--since is not before --until, so nothing can lie between them.');
  }
  if (follow && until && until.seconds * 1000 <= context.now && switchOf(flags, 'follow') === true) {
    throw new CliError('usage', '--follow with an --until in the past: nothing can follow.', {
      hint: 'Leave out --follow to read that part of the history.',
    });
  }
  const isFollowing = follow && !(until && until.seconds * 1000 <= context.now);
  return {
    follow: isFollowing,
    lines,
    since,
    until,
    filter: await parseFilter(flags),
    isCounted: linesFlags(flags).length > 0,
    notices: since && instantToMillis(since) > context.now ? [aheadNotice(since, isFollowing)] : [],
    read: switchOf(flags, 'parse') === false ? unread : readMessage,
    multiline: switchOf(flags, 'multiline') === true,
    componentGlobs: textsOf(flags, 'component'),
    ends: await parseEnds(flags),
    output: { ...parseOutput(flags, { env: context.env, zone }), highlight: await parseHighlight(flags) },
    reorder: millis('reorder', { zero: true }),
    idle: millis('idle'),
    heartbeat: millis('heartbeat'),
  };
}

function parseLines(flags: LogFlags, hasSince: boolean): number | 'all' {
  const given = linesFlags(flags);
  if (given.length > 1) {
    throw new CliError(
      'usage',
      `${given.map((name) => `--${name}`).join(' and ')} mean the same; give one of them.`,
    );
  }
  const name = given[0] ?? 'lines';
  return countFlag({
    text: textOf(flags, name),
    all: switchOf(flags, 'all'),
    usual: hasSince ? 'all' : DEFAULT_LINES,
    what: 'lines',
    flag: `--${name}`,
  });
}

function linesFlags(flags: LogFlags): readonly string[] {
  return ['lines', 'tail', 'num', 'limit'].filter((name) => textOf(flags, name) !== undefined);
}

function aheadNotice(since: Instant, isFollowing: boolean): Notice {
  const then = isFollowing ? 'nothing is shown until then' : 'nothing can have been written since';
  return {
    kind: 'hint',
    message: `--since ${formatInstant({ ...since, digits: 0 })} lies in the future: ${then}`,
  };
}

async function parseFilter(flags: LogFlags): Promise<LogFilter> {
  const ignoreCase = switchOf(flags, 'ignoreCase') === true;
  const compile = (name: string) =>
    Promise.all(
      textsOf(flags, name).map((pattern) => compilePattern(pattern, { flag: `--${name}`, ignoreCase })),
    );
  const level = textOf(flags, 'level');
  refuseNothing(textsOf(flags, 'grep'), textsOf(flags, 'exclude'));
  return {
    grep: await compile('grep'),
    exclude: await compile('exclude'),
    level: level === undefined ? null : parseLevel(level),
    levelStrict: switchOf(flags, 'levelStrict') === true,
    components: await Promise.all(textsOf(flags, 'component').map(compileGlob)),
    sources: textsOf(flags, 'source')
      .flatMap((list) => list.split(','))
      .map(parseSource),
  };
}

/** What every pattern of --grep finds is excluded. */
function refuseNothing(grep: readonly string[], exclude: readonly string[]): void {
  if (grep.length === 0 || !grep.every((pattern) => exclude.includes(pattern))) return;
  const [pattern] = grep;
  const what = grep.length === 1 ? `--grep ${pattern}` : 'every --grep';
  throw new CliError('usage', `${what} is given to --exclude as well, so that no line can pass.`);
}

function parseSource(name: string): LogSource {
  const source = LOG_SOURCES.find((known) => known === name);
  if (source) return source;
  throw new CliError('usage', `"${name}" is no source: it is one of ${LOG_SOURCES.join(', ')}.`);
}

async function parseEnds(flags: LogFlags): Promise<LogEnds> {
  const ignoreCase = switchOf(flags, 'ignoreCase') === true;
  const pattern = async (name: string, property: string) => {
    const value = textOf(flags, property);
    return value === undefined ? undefined : compilePattern(value, { flag: `--${name}`, ignoreCase });
  };
  const maxCount = textOf(flags, 'maxCount');
  if (maxCount !== undefined && !/^[1-9]\d{0,11}$/.test(maxCount)) {
    throw new CliError('usage', `"${maxCount}" is no count: --max-count takes a number from 1 up.`);
  }
  return {
    maxCount: maxCount === undefined ? undefined : Number(maxCount),
    untilMatch: await pattern('until-match', 'untilMatch'),
    failOn: await pattern('fail-on', 'failOn'),
    timeout: durationFlag('timeout', textOf(flags, 'timeout')),
    exitOnEmpty: switchOf(flags, 'exitOnEmpty') === true,
  };
}
