// What was written between the end of one connection and the next, from history. Knows no platform.
import { type CliError, isPartial } from '../errors.ts';
import { compareInstants, type Instant, shiftInstant } from '../model.ts';
import type { HistoryEnd } from '../provider.ts';
import { sortByTime } from './collect.ts';
import type { FeedState } from './feed.ts';
import { clause, type FeedStep, gapOf, liveItems } from './feed-steps.ts';
import { createRange } from './range.ts';
import type { Frozen } from './repeats.ts';
import { doubt, laterOf, RESUME_ASKS, withCut } from './seam.ts';
import { createSieve } from './sieve.ts';

/** What was written between the drop and the new connection, from history. */
export async function* fetchMissed<T>(
  state: FeedState<T>,
  before: Frozen<T>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, void, undefined> {
  const { source, options, timing } = state;
  const { watermark } = before;
  // Where nothing was shown yet, all is news that came since the first connection stood.
  const since = watermark ?? (source.traits.times === 'none' ? null : state.connectedAt);
  if (!since) {
    yield {
      kind: 'gap',
      gap: doubt(null, null, 'nothing with a time had been shown before the connection broke'),
    };
    return;
  }
  const from = watermark ? laterOf(shiftInstant(watermark, -timing.overlap), before.oldest) : since;
  let covered = false;
  let met = 0;
  let fresh: T[] = [];
  let isAnew = false;
  let stall: CliError | null = null;
  for (const lines of RESUME_ASKS) {
    const asked = yield* ask(state, { lines, from }, signal);
    stall = asked.stall;
    const frozen = state.shown.freeze();
    fresh = asked.items.filter((item) => !frozen.isRepeat(item));
    met = frozen.met;
    isAnew = asked.anew !== undefined;
    // An old line of a log that has begun anew says nothing of the one before it.
    const isOld = (time: Instant | null) => time !== null && compareInstants(time, from) <= 0;
    const reaches = !isAnew && asked.items.some((item) => isOld(source.timeOf(item)));
    covered = watermark
      ? frozen.unmetSince(from) === 0 || (source.traits.history !== 'sampled' && frozen.met > 0)
      : asked.complete || reaches;
    covered ||= asked.complete && asked.anew?.whole === true;
    if (covered || asked.complete || stall || (reaches && source.traits.history !== 'sampled')) break;
  }
  if (options.tally) options.tally.duplicates += met;
  const news = isAnew ? fresh : fresh.filter(createRange(source, { since: from, until: null }));
  const sorted = sortByTime(news, source.timeOf);
  const first = sorted.map((item) => source.timeOf(item)).find((time) => time !== null) ?? null;
  if (stall) yield { kind: 'gap', gap: doubt(since, null, clause(stall.message)) };
  else if (!covered) {
    yield {
      kind: 'gap',
      gap: doubt(since, first, 'the history does not reach back to the last line shown'),
    };
  } else if (source.traits.history === 'sampled') {
    yield {
      kind: 'gap',
      gap: doubt(since, first, 'the platform gives only a sample of its recent history'),
    };
  }
  const all = withCut(state, sorted);
  state.shown.remember({ items: all });
  const sieve = createSieve(options, createRange(source, options));
  yield* liveItems([...sieve.pass(all), ...sieve.rest()]);
}

interface Fetched<T> {
  readonly items: T[];
  readonly complete: boolean;
  readonly anew: HistoryEnd['anew'];
  /** It stood still behind `items`. */
  readonly stall: CliError | null;
}

/** One look at the history; what it lacks is said at once. */
async function* ask<T>(
  { source }: FeedState<T>,
  { lines, from }: { readonly lines: number; readonly from: Instant },
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, Fetched<T>, undefined> {
  const history = source.history({ lines, since: from, until: null }, signal);
  const items: T[] = [];
  try {
    for (;;) {
      const step = await history.next();
      if (step.done) {
        const { complete, anew } = step.value;
        return { items, complete, anew, stall: null };
      }
      items.push(...step.value.items);
      if (step.value.missing) yield { kind: 'gap', gap: gapOf(step.value.missing) };
    }
  } catch (error) {
    if (!isPartial(error)) throw error;
    return { items, complete: false, anew: undefined, stall: error };
  }
}
