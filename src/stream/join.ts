// Joins past and live of one connection without a hole and without a repeat. Knows no platform.
import { countOf, type Lot } from '../model.ts';
import type { LiveStart } from '../provider.ts';
import { type Connection, openConnection } from './connection.ts';
import { type FeedState, fromPast } from './feed.ts';
import { askOf, clampNotice, type FeedStep, gapOf, itemsStep, liveItems, say } from './feed-steps.ts';
import { createHold } from './hold.ts';
import { fetchMissed } from './missed.ts';
import { patiently } from './patience.ts';
import { createPulls } from './pulls.ts';
import { createRange } from './range.ts';
import type { Frozen } from './repeats.ts';
import { createSeam, RESUME_ASKS, withCut } from './seam.ts';
import { createSieve } from './sieve.ts';

export interface ConnectionEnd {
  /** `again`: ask once more at once, for more of the past. */
  readonly end: 'ended' | 'dropped' | 'again';
  readonly reason: string;
}

type Steps<T> = AsyncGenerator<FeedStep<T>, ConnectionEnd, undefined>;

/** The past and the first live connection, joined as the source's trait says. */
export async function* firstConnection<T>(
  state: FeedState<T>,
  signal: AbortSignal,
  onConnected: () => void,
): Steps<T> {
  const { source, options } = state;
  const clamped = clampNotice(source, options.lines);
  if (clamped) yield clamped;
  if (source.traits.join === 'replay') {
    yield { kind: 'caught-up' };
    const connection = openConnection(source, { lines: askOf(source, options.lines) }, signal);
    return yield* liveFrom(state, { connection, onConnected });
  }
  if (source.traits.join === 'position') {
    if (options.lines !== 0) yield* patiently(fromPast(state, signal), state.timing.slowAfter);
    yield { kind: 'caught-up' };
    return yield* liveFrom(state, {
      connection: openConnection(source, positionStart(state), signal),
      onConnected,
    });
  }
  const connection = openConnection(source, { lines: 0 }, signal);
  if (options.lines === 0) {
    yield { kind: 'caught-up' };
    return yield* liveFrom(state, { connection, onConnected });
  }
  return yield* heldWhile(state, { connection, onConnected, fetch: () => fromPast(state, signal) });
}

/** A connection after a drop: what was missed is fetched, what was shown is not shown again, a doubt is said. */
export async function* resumedConnection<T>(state: FeedState<T>, signal: AbortSignal): Steps<T> {
  const { source } = state;
  const frozen = state.shown.freeze();
  if (source.traits.join === 'position') {
    const connection = openConnection(source, positionStart(state), signal);
    return yield* liveFrom(state, { connection, said: 'connected again' });
  }
  if (source.traits.join === 'replay') {
    const ask = askOf(source, RESUME_ASKS[state.resumeAsk] ?? 'all');
    const connection = openConnection(source, { lines: ask }, signal);
    return yield* liveFrom(state, { connection, frozen, said: 'connected again', asked: ask });
  }
  const connection = openConnection(source, { lines: 0 }, signal);
  const fetch = () => fetchMissed(state, frozen, signal);
  return yield* heldWhile(state, { connection, said: 'connected again', fetch });
}

function positionStart<T>(state: FeedState<T>): LiveStart {
  return state.position === undefined ? { lines: 0 } : { after: state.position };
}

interface HeldJoin<T> {
  readonly connection: Connection<T>;
  readonly onConnected?: () => void;
  readonly said?: string;
  fetch(): AsyncGenerator<FeedStep<T>, void, undefined>;
}

/** Holds what live brings while the past is fetched, then hands out both. */
async function* heldWhile<T>(state: FeedState<T>, join: HeldJoin<T>): Steps<T> {
  const { connection } = join;
  let collecting: Promise<void> | undefined;
  try {
    const first = await connection.next();
    if ('over' in first) return first.over;
    if (join.onConnected) {
      join.onConnected();
      yield say('connected', 'connected');
    }
    // Words of the connection itself come before the lines that are fetched meanwhile.
    const { notices, ...held } = first.batch;
    for (const said of notices ?? []) yield { kind: 'notice', notice: said };
    const hold = createHold<T>(connection, { ...first, batch: held }, state.holdLimit);
    collecting = hold.collect();
    const fetched = patiently(join.fetch(), state.timing.slowAfter);
    yield* join.said === undefined ? fetched : saidBeforeItems(fetched, join.said);
    state.begun = true;
    yield { kind: 'caught-up' };
    hold.release();
    if (hold.overflowed()) {
      return { end: 'dropped', reason: `more than ${state.holdLimit} lines came while the past was fetched` };
    }
    const joined: Connection<T> = { next: () => hold.next(), close: () => connection.close() };
    return yield* liveFrom(state, { connection: joined, frozen: state.shown.freeze() });
  } finally {
    await connection.close();
    await collecting;
  }
}

/** That it stands is said behind the gap that the last connection has left, and before what came meanwhile. */
async function* saidBeforeItems<T>(
  steps: AsyncGenerator<FeedStep<T>, void, undefined>,
  said: string,
): AsyncGenerator<FeedStep<T>, void, undefined> {
  let due = true;
  for await (const step of steps) {
    if (due && step.kind === 'items') {
      due = false;
      yield say('reconnected', said);
    }
    yield step;
  }
  if (due) yield say('reconnected', said);
}

interface LiveRun<T> {
  readonly connection: Connection<T>;
  readonly onConnected?: () => void;
  /** What was shown before: its repeats are dropped. */
  readonly frozen?: Frozen<T>;
  /** What to say once it stands. */
  readonly said?: string;
  /** A resumed replay: how many lines of the past it was asked for. */
  readonly asked?: number;
}

/** Hands out one connection's items until it ends. */
async function* liveFrom<T>(state: FeedState<T>, run: LiveRun<T>): Steps<T> {
  const { source, options, timing } = state;
  const sieve = createSieve(options, createRange(source, options));
  const pulls = createPulls(run.connection);
  const startedAt = performance.now();
  const seam = run.frozen ? createSeam(state, run.frozen, run.asked) : undefined;
  let joining = seam;
  let standing = false;
  try {
    for (;;) {
      const pull = await pulls.next(sieve.dueIn());
      if (pull === null) {
        yield* liveItems(sieve.passDue());
        continue;
      }
      if (performance.now() - startedAt > timing.stableAfter) state.backoff.reset();
      if ('over' in pull) {
        yield* liveItems(sieve.rest());
        return pull.over;
      }
      const { batch } = pull;
      if (!standing) {
        standing = true;
        if (run.onConnected) {
          run.onConnected();
          yield say('connected', 'connected');
        }
        if (run.said) yield say('reconnected', run.said);
      }
      for (const said of batch.notices ?? []) yield { kind: 'notice', notice: said };
      if (batch.missing) yield { kind: 'gap', gap: gapOf(batch.missing) };
      if (countOf(batch) > 0) {
        state.backoff.reset();
        let lot: Lot<T> = batch;
        if (batch.cut || joining || state.cutItem !== undefined) {
          let { items } = batch;
          if (batch.cut) {
            state.cutItem = items.at(-1);
            items = items.slice(0, -1);
          }
          if (!joining && items.length > 0) items = withCut(state, items);
          if (joining) {
            const joined = joining.pass(items);
            if (joined.askMore) return { end: 'again', reason: 'the replayed past began too late' };
            if (joined.gap) yield { kind: 'gap', gap: joined.gap };
            items = joined.items;
            if (joining.done()) joining = undefined;
          }
          lot = { items };
        }
        if (countOf(lot) > 0) {
          state.shown.remember(lot);
          const passed = sieve.passLot(lot);
          const shown = options.multiline ? { items: [...passed.items, ...sieve.passDue()] } : passed;
          if (countOf(shown) > 0) yield itemsStep(shown, { past: false, arrived: pull.arrived });
        }
      }
      // Only now: a consumer that stops before has not seen these items.
      if (batch.position !== undefined) state.position = batch.position;
    }
  } catch (error) {
    yield* liveItems(sieve.rest());
    throw error;
  } finally {
    await run.connection.close();
  }
}
