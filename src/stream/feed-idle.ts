// The past of a platform without history: what its stream brings until enough has come or nothing more does.
import { CliError } from '../errors.ts';
import type { Batch } from '../provider.ts';
import { openConnection } from './connection.ts';
import type { FeedState } from './feed.ts';
import { askOf, clampNotice, type FeedEnd, type FeedStep, gapOf } from './feed-steps.ts';
import { createRange } from './range.ts';
import { createSieve } from './sieve.ts';

/** A platform without history gives what its live stream brings until `-n` or a silence. */
export async function* liveUntilIdle<T>(
  state: FeedState<T>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, FeedEnd, undefined> {
  const { source, options, timing } = state;
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const clamped = clampNotice(source, options.lines);
  if (clamped) yield clamped;
  let left = options.lines === 'all' ? Number.POSITIVE_INFINITY : options.lines;
  let idle = false;
  let timer: NodeJS.Timeout | undefined;
  const startIdling = () =>
    setTimeout(() => {
      idle = true;
      stop.abort(new CliError('unavailable', 'idle'));
    }, timing.idle);
  const sieve = createSieve(options, createRange(source, options));
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
        yield* counted(sieve.rest());
        return { reason: pull.over.reason };
      }
      // Only now: making the connection is no silence of the log.
      timer ??= startIdling();
      for (const said of pull.batch.notices ?? []) yield { kind: 'notice', notice: said };
      if (pull.batch.missing) yield { kind: 'gap', gap: gapOf(pull.batch.missing) };
      if (pull.batch.items.length === 0) continue;
      timer.refresh();
      yield* counted(sieve.pass(marked(pull.batch, options.markCut)));
    }
    return { reason: `${options.lines} lines` };
  } catch (error) {
    yield* counted(sieve.rest());
    if (idle && !signal.aborted) return { reason: `nothing came for ${timing.idle / 1000} s` };
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    await connection.close();
  }
}

/** No other connection brings whole what broke off with this one. */
function marked<T>({ items, cut }: Batch<T>, markCut: ((item: T) => T) | undefined): readonly T[] {
  const last = items.at(-1);
  return cut && markCut && last !== undefined ? [...items.slice(0, -1), markCut(last)] : items;
}
