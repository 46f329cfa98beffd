// When a one-shot request is asked again, and how long to wait before. Knows no network.
import { CliError } from '../errors.ts';

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface RetryRules {
  /** Milliseconds before the second attempt; doubled for each further one up to `longestDelay`. */
  readonly firstDelay: number;
  /** Milliseconds after the start of the first attempt beyond which no further one begins. */
  readonly maxTotal: number;
}

const LONGEST_DELAY = 8_000;
const WORTH_RETRYING: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Larger numbers in `ratelimit-reset` are a time (DigitalOcean), smaller ones a number of seconds. */
const EARLIEST_TIME = 1_000_000_000;

export interface Attempt {
  /** What came of it. */
  readonly outcome: { readonly status: number; readonly headers: Headers } | { readonly error: unknown };
  /** 1 for the first. */
  readonly number: number;
  /** Milliseconds since the first one began. */
  readonly elapsed: number;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Milliseconds to wait before the next attempt, or undefined where this outcome stands. */
export function delayBeforeRetry(attempt: Attempt, rules: RetryRules): number | undefined {
  const { outcome } = attempt;
  if ('error' in outcome ? !isPassing(outcome.error) : !WORTH_RETRYING.has(outcome.status)) return undefined;
  const asked =
    'error' in outcome ? undefined : retryAfterMillis(outcome.status, outcome.headers, attempt.now);
  const backOff =
    Math.min(LONGEST_DELAY, rules.firstDelay * 2 ** (attempt.number - 1)) * (0.8 + 0.4 * Math.random());
  const delay = asked ?? backOff;
  return attempt.elapsed + delay > rules.maxTotal ? undefined : delay;
}

/** Milliseconds that an answer asks to wait: `Retry-After` (seconds or HTTP date), on a 429 `ratelimit-reset` as well. */
export function retryAfterMillis(status: number, headers: Headers, now: number): number | undefined {
  const after = single(headers['retry-after']);
  if (after !== undefined && /^\d+$/.test(after)) return Number(after) * 1000;
  const date = after === undefined ? Number.NaN : Date.parse(after);
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const reset = single(headers['ratelimit-reset']);
  if (status !== 429 || reset === undefined || !/^\d+$/.test(reset)) return undefined;
  const seconds = Number(reset);
  if (seconds < EARLIEST_TIME) return seconds * 1000;
  // A reset that has passed tells nothing about when to come back.
  return seconds * 1000 > now ? seconds * 1000 - now : undefined;
}

/** A name that does not exist will not exist in a second either; whoever mistyped it should not wait for half a minute. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof CliError) || error.kind !== 'unavailable' || !error.retryable) return false;
  return (error.cause as { code?: unknown } | undefined)?.code !== 'ENOTFOUND';
}

function single(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value)?.trim();
}
