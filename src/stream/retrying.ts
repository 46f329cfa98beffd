// Whether and when a past that failed is asked for again, as long as a first connection is tried. Knows no platform.
import { CliError, isRetryable } from '../errors.ts';
import type { Notice } from '../model.ts';
import type { Backoff } from './backoff.ts';
import { clause, inSeconds, say } from './feed-steps.ts';
import type { Attempt, Trial } from './trial.ts';

export interface PastRetry {
  /** Milliseconds. */
  readonly after: number;
  readonly notice: Notice;
  attempt(signal: AbortSignal): Attempt;
}

/** Nothing for a failure that does not pass, nor for one that asking again would not mend now. */
export function pastRetries({
  backoff,
  trial,
}: {
  readonly backoff: Backoff;
  readonly trial: Trial;
}): (error: unknown) => PastRetry | undefined {
  return (error) => {
    if (!(error instanceof CliError) || !isRetryable(error) || error.partial) return undefined;
    const after = Math.max(backoff.next(), error.retryAfter ?? 0);
    if (!trial.allows(after)) return undefined;
    return {
      after,
      notice: say('disconnected', `${clause(error.message)}; asking again in ${inSeconds(after)}`).notice,
      attempt: (signal) => trial.attempt(signal, error),
    };
  };
}

/** Of a stream that ended before it brought anything. */
export function neverConnected(reason: string): CliError {
  return new CliError('unavailable', `the stream could not be opened: ${reason}`);
}
