// Which log lines pass: patterns, levels, components, sources. Knows no platform and no command line.
import type { RE2JS } from 're2js';
import { CliError } from '../errors.ts';
import {
  type Bundle,
  LEVELS,
  type Level,
  type LogEntry,
  type LogSource,
  type MessageReader,
} from '../model.ts';
import { unread } from './message.ts';

export interface LogFilter {
  /** Any of them must match the message; none = every line passes. */
  readonly grep: readonly Pattern[];
  readonly exclude: readonly Pattern[];
  readonly level: LevelLimit | null;
  /** Whether a line without a level is left out by `level`. */
  readonly levelStrict: boolean;
  /** Globs over component and instance. */
  readonly components: readonly Pattern[];
  readonly sources: readonly LogSource[];
}

export interface Pattern {
  /** Linear in the length of the text. */
  test(text: string): boolean;
  /** A text that stands in whatever matches, where one is known. */
  readonly needle?: string | undefined;
}

export interface LevelLimit {
  readonly level: Level;
  /** `=warn`: that level and no other. */
  readonly exactly: boolean;
}

/**
 * Undefined when every line passes, so that nothing has to be read of it. `read` is asked for the level, and only where
 * one is wanted of a line that has passed everything else.
 */
export function createLogFilter(
  filter: LogFilter,
  read: MessageReader = unread,
): ((entry: LogEntry) => boolean) | undefined {
  const tests: ((entry: LogEntry) => boolean)[] = [];
  if (filter.sources.length > 0) tests.push((entry) => filter.sources.includes(entry.body.source));
  if (filter.components.length > 0) tests.push((entry) => isOf(filter.components, entry));
  if (filter.exclude.length > 0)
    tests.push((entry) => !filter.exclude.some((pattern) => pattern.test(entry.body.message)));
  if (filter.grep.length > 0)
    tests.push((entry) => filter.grep.some((pattern) => pattern.test(entry.body.message)));
  if (filter.level) {
    const limit = filter.level;
    tests.push((entry) => passesLevel(read(entry.body).level, limit, filter.levelStrict));
  }
  if (tests.length === 0) return undefined;
  return (entry) => tests.every((test) => test(entry));
}

/**
 * Whether any of many lines may pass, told from all of them at once; undefined when that cannot be told. Most of what a
 * rare word drops is never taken apart.
 */
export function createBundleFilter({ grep }: LogFilter): ((bundle: Bundle<LogEntry>) => boolean) | undefined {
  const needles = grep.flatMap(({ needle }) => (needle === undefined || isMangled(needle) ? [] : [needle]));
  if (needles.length === 0 || needles.length < grep.length) return undefined;
  return (bundle) => needles.some((needle) => bundle.mayHold(needle));
}

/** Stands in no bytes, but in what is made of them. */
function isMangled(needle: string): boolean {
  return /[\ufffd\ud800-\udfff]/.test(needle);
}

function isOf(globs: readonly Pattern[], entry: LogEntry): boolean {
  const { component, instance } = entry.body;
  return globs.some(
    (glob) => (component !== null && glob.test(component)) || (instance !== null && glob.test(instance)),
  );
}

function passesLevel(level: Level | null, limit: LevelLimit, strict: boolean): boolean {
  if (level === null) return !strict;
  if (limit.exactly) return level === limit.level;
  return LEVELS.indexOf(level) >= LEVELS.indexOf(limit.level);
}

/** `warn`, `=warn`; throws a usage error that lists the levels. */
export function parseLevel(text: string): LevelLimit {
  const exactly = text.startsWith('=');
  const name = (exactly ? text.slice(1) : text).toLowerCase();
  const alias: Readonly<Record<string, Level>> = {
    warning: 'warn',
    err: 'error',
    critical: 'fatal',
    crit: 'fatal',
  };
  const level = alias[name] ?? LEVELS.find((known) => known === name);
  if (!level) {
    throw new CliError(
      'usage',
      `"${text}" is no level: it is one of ${LEVELS.join(', ')}, or =LEVEL for exactly that one.`,
    );
  }
  return { level, exactly };
}

/** A user's regular expression, matched in linear time; throws a usage error for what such an engine cannot do. */
export async function compilePattern(
  text: string,
  options: { flag: string; ignoreCase: boolean },
): Promise<Pattern> {
  const literal = literalOf(text);
  if (literal !== null && !options.ignoreCase)
    return { test: (subject) => subject.includes(literal), needle: literal };
  const compiled = await compileRe2(text, options);
  return { test: (subject) => compiled.test(subject) };
}

/** Finds what is to be highlighted: pairs of start and end, in order, none empty. */
export interface Highlighter {
  spans(text: string): readonly (readonly [start: number, end: number])[];
}

/** Beyond so many hits or so far into a line nothing is highlighted; each hit may cost a look at the rest. */
const MOST_SPANS = 200;
const HIGHLIGHTED_LENGTH = 65_536;

/** As `compilePattern`, for `--highlight`. */
export async function compileHighlight(
  text: string,
  options: { flag: string; ignoreCase: boolean },
): Promise<Highlighter> {
  const pattern = await compileRe2(text, options);
  return {
    spans(subject) {
      const found: [number, number][] = [];
      const matcher = pattern.matcher(subject.slice(0, HIGHLIGHTED_LENGTH));
      while (found.length < MOST_SPANS && matcher.find()) {
        if (matcher.end() > matcher.start()) found.push([matcher.start(), matcher.end()]);
      }
      return found;
    },
  };
}

async function compileRe2(text: string, options: { flag: string; ignoreCase: boolean }): Promise<RE2JS> {
  const { RE2JS } = await import('re2js');
  try {
    return RE2JS.compile(RE2JS.translateRegExp(text), options.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ') : 'not understood';
    throw new CliError('usage', `The pattern of ${options.flag}, "${text}", is not understood: ${reason}.`, {
      hint: 'Patterns are RE2: look-around, back-references and repeats over 1000 are not part of it.',
    });
  }
}

/** The text itself, when no character of it has a meaning in a pattern. */
function literalOf(text: string): string | null {
  return /^[^\\^$.|?*+()[\]{}]+$/.test(text) ? text : null;
}

/** `web*`, `web-?`; every other character means itself. */
export async function compileGlob(text: string): Promise<Pattern> {
  if (!/[*?]/.test(text)) return { test: (subject) => subject === text };
  const { RE2JS } = await import('re2js');
  const source = [...text]
    .map((char) => (char === '*' ? '.*' : char === '?' ? '.' : RE2JS.quote(char)))
    .join('');
  const compiled = RE2JS.compile(`^(?:${source})$`, RE2JS.DOTALL);
  return { test: (subject) => compiled.test(subject) };
}
