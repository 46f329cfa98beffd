// The past of a platform without history: what its stream brings until enough has come or nothing more does.
import { CliError } from '../errors.ts';
import { instantToMillis } from '../model.ts';
import type { Batch, Source } from '../provider.ts';
import { wait } from '../wait.ts';
import { openConnection } from './connection.ts';
import type { FeedOptions, FeedState } from './feed.ts';
import { askOf, clampNotice, type FeedEnd, type FeedStep, gapOf } from './feed-steps.ts';
import { createRange } from './range.ts';
import { neverConnected, pastRetries } from './retrying.ts';
import { createSieve } from './sieve.ts';
import type { Attempt } from './trial.ts';

/**
 * A platform without history gives what its live stream brings until `-n` or a silence. A stream that fails before its
 * first item is opened anew, as any one-shot request is; later, its items would come twice or not at all.
 */
export async function* liveUntilIdle<T>(
  state: FeedState<T>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, FeedEnd, undefined> {
  const clamped = clampNotice(state.source, state.options.lines);
  if (clamped) yield clamped;
  const retryOf = pastRetries(state);
  let attempt: Attempt | undefined;
  for (;;) {
    const outcome = yield* oneStream(state, { attempt, signal });
    attempt?.close();
    if ('reason' in outcome) return outcome;
    const retry = signal.aborted || outcome.brought ? undefined : retryOf(outcome.error);
    if (!retry) throw outcome.error;
    yield { kind: 'notice', notice: retry.notice };
    await wait(retry.after, signal);
    attempt = retry.attempt(signal);
  }
}

interface Failure {
  readonly error: unknown;
  /** Whether items came before. */
  readonly brought: boolean;
}

async function* oneStream<T>(
  { source, options, timing }: FeedState<T>,
  { attempt, signal }: { readonly attempt: Attempt | undefined; readonly signal: AbortSignal },
): AsyncGenerator<FeedStep<T>, FeedEnd | Failure, undefined> {
  const outer = attempt?.signal ?? signal;
  const stop = new AbortController();
  const onAbort = () => stop.abort(outer.reason);
  if (outer.aborted) onAbort();
  else outer.addEventListener('abort', onAbort, { once: true });
  let left = options.lines === 'all' ? Number.POSITIVE_INFINITY : options.lines;
  let brought = false;
  let idle = false;
  let timer: NodeJS.Timeout | undefined;
  const startIdling = () =>
    setTimeout(() => {
      idle = true;
      stop.abort(new CliError('unavailable', 'idle'));
    }, timing.idle);
  const sieve = createSieve(options, createRange(source, options));
  const isNew = newsOf(source, options);
  const counted = (passed: readonly T[]): FeedStep<T>[] => {
    const items = passed.slice(0, left);
    left -= items.length;
    return items.length > 0 ? [{ kind: 'items', items, past: true }] : [];
  };
  const connection = openConnection(source, { lines: askOf(source, options.lines) }, stop.signal);
  try {
    while (left > 0) {
      const pull = await connection.next();
      if ('over' in pull) {
        const { end, reason } = pull.over;
        if (end === 'dropped' && !brought) return { error: neverConnected(reason), brought };
        yield* counted(sieve.rest());
        return { reason };
      }
      attempt?.stands();
      // Only now: making the connection is no silence of the log.
      timer ??= startIdling();
      for (const said of pull.batch.notices ?? []) yield { kind: 'notice', notice: said };
      if (pull.batch.missing) yield { kind: 'gap', gap: gapOf(pull.batch.missing) };
      if (pull.batch.items.length === 0) continue;
      brought = true;
      timer.refresh();
      const items = marked(pull.batch, options.markCut);
      const end = items.findIndex(isNew);
      yield* counted(sieve.pass(end === -1 ? items : items.slice(0, end)));
      if (end === -1) continue;
      yield* counted(sieve.rest());
      return { reason: 'what comes now is new' };
    }
    return { reason: `${options.lines} lines` };
  } catch (error) {
    yield* counted(sieve.rest());
    if (idle && !signal.aborted) return { reason: `nothing came for ${timing.idle / 1000} s` };
    return { error, brought };
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', onAbort);
    await connection.close();
  }
}

/** How far the platform's clock may be ahead of ours. Milliseconds. */
const AHEAD = 2000;

/** Who wants all of the past wants no more than that: a stream that never falls silent would never end. */
function newsOf<T>(source: Source<T>, { lines }: FeedOptions<T>): (item: T) => boolean {
  if (lines !== 'all') return () => false;
  const latest = Date.now() + AHEAD;
  return (item) => {
    const time = source.timeOf(item);
    return time !== null && instantToMillis(time) > latest;
  };
}

/** No other connection brings whole what broke off with this one. */
function marked<T>({ items, cut }: Batch<T>, markCut: ((item: T) => T) | undefined): readonly T[] {
  const last = items.at(-1);
  return cut && markCut && last !== undefined ? [...items.slice(0, -1), markCut(last)] : items;
}
