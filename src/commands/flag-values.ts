// Values of flags as domain values; what is no such value is said in one sentence. Knows no command.
import { CliError } from '../errors.ts';
import type { Instant } from '../model.ts';
import { isZone, parseDuration, parseTime, type TimeContext } from '../time.ts';

/** What a timer can hold. */
const LONGEST = 2 ** 31;

/** Milliseconds, above 0 (`zero`: or `0`). */
export function durationFlag(
  name: string,
  text: string | undefined,
  options: { zero?: boolean } = {},
): number | undefined {
  if (text === undefined) return undefined;
  if (options.zero && text === '0') return 0;
  const millis = parseDuration(text);
  if (millis !== null && (millis > 0 || options.zero) && millis < LONGEST) return millis;
  throw new CliError(
    'usage',
    `"${text}" is no duration: --${name} takes 500ms, 10s, 5m, 2h30m and the like.`,
  );
}

export function timeFlag(name: string, text: string | undefined, context: TimeContext): Instant | null {
  if (text === undefined) return null;
  const instant = parseTime(text, context);
  if (instant) return instant;
  throw new CliError(
    'usage',
    `"${text}" is no time: --${name} takes 5m, 2h30m, 14:05, yesterday, 2026-08-22T14:05 or @epoch.`,
  );
}

export function zoneFlag(text: string | undefined, utc = false): string | undefined {
  if (utc && text !== undefined && text !== 'UTC') {
    throw new CliError('usage', `--utc and --timezone ${text} contradict each other.`);
  }
  if (utc) return 'UTC';
  if (text === undefined || isZone(text)) return text;
  throw new CliError(
    'usage',
    `"${text}" is no time zone: --timezone takes local, UTC or a name such as Europe/Paris.`,
  );
}

export interface Count {
  readonly text: string | undefined;
  readonly all: boolean | undefined;
  /** When nothing is given. */
  readonly usual: number | 'all';
  /** `lines`, `builds`, for the sentence. */
  readonly what: string;
  /** The flag as it was written. */
  readonly flag?: string;
}

/** `-n N|all` and `--all`. */
export function countFlag({ text, all, usual, what, flag = '-n' }: Count): number | 'all' {
  if (all && text !== undefined && text !== 'all') {
    throw new CliError('usage', `--all and ${flag} ${text} contradict each other.`);
  }
  if (all || text === 'all') return 'all';
  if (text === undefined) return usual;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CliError('usage', `"${text}" is no number of ${what}: ${flag} takes a number from 0 up, or all.`);
}

export function oneOf<T extends string>(
  value: string | undefined,
  known: readonly T[],
  flag: string,
): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new CliError('usage', `"${value}" is no value of ${flag}: it is one of ${known.join(', ')}.`);
}
