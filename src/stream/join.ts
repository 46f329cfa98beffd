// Joins past and live of one connection without a hole and without a repeat. Knows no platform.
import { compareInstants, countOf, type Gap, type Instant, type Lot, shiftInstant } from '../model.ts';
import type { Batch, LiveStart } from '../provider.ts';
import { type Connection, openConnection, type Pull } from './connection.ts';
import {
  askOf,
  clampNotice,
  type FeedState,
  type FeedStep,
  fromPast,
  gapOf,
  itemsStep,
  say,
} from './feed.ts';
import { sortByTime } from './past.ts';
import { createPulls } from './pulls.ts';
import { createRange } from './range.ts';
import type { Frozen } from './repeats.ts';
import { createSieve } from './sieve.ts';

export interface ConnectionEnd {
  /** `again`: ask once more at once, for more of the past. */
  readonly end: 'ended' | 'dropped' | 'again';
  readonly reason: string;
}

type Steps<T> = AsyncGenerator<FeedStep<T>, ConnectionEnd, undefined>;

/** What a resumed connection asks the past for, round by round, until it covers what was shown last. */
const RESUME_ASKS: readonly number[] = [200, 1000, 5000, 20_000, 100_000];

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
    if (options.lines !== 0) yield* fromPast(state, signal);
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
    const hold = createHold<T>(connection, held, state.holdLimit);
    collecting = hold.collect();
    if (join.said) yield say('reconnected', join.said);
    yield* join.fetch();
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

interface Hold<T> {
  /** Collects until released; never rejects. */
  collect(): Promise<void>;
  release(): void;
  overflowed(): boolean;
  /** First what was held, then the connection itself. */
  next(): Promise<Pull<T>>;
}

function createHold<T>(connection: Connection<T>, first: Batch<T>, limit: number): Hold<T> {
  const held: (() => Promise<Pull<T>>)[] = [async () => ({ batch: first })];
  let count = countOf(first);
  let released = false;
  let collecting = Promise.resolve();
  const collectOne = async (): Promise<boolean> => {
    try {
      const pull = await connection.next();
      held.push(async () => pull);
      if ('over' in pull) return false;
      count += countOf(pull.batch);
      return count <= limit;
    } catch (error) {
      held.push(async () => {
        throw error;
      });
      return false;
    }
  };
  return {
    collect() {
      collecting = (async () => {
        while (!released && (await collectOne()));
      })();
      return collecting;
    },
    release() {
      released = true;
    },
    overflowed: () => count > limit,
    async next() {
      const early = held.shift();
      if (early) return early();
      // The collector's last pull may still be under way; what it brings comes first.
      await collecting;
      const late = held.shift();
      return late ? late() : connection.next();
    },
  };
}

/** What was written between the drop and the new connection, from history. */
async function* fetchMissed<T>(
  state: FeedState<T>,
  before: Frozen<T>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, void, undefined> {
  const { source, options, timing } = state;
  const { watermark } = before;
  if (!watermark) {
    yield {
      kind: 'gap',
      gap: doubt(null, null, 'nothing with a time had been shown before the connection broke'),
    };
    return;
  }
  const from = laterOf(shiftInstant(watermark, -timing.overlap), before.oldest);
  let fetched: T[] = [];
  let covered = false;
  let fresh: T[] = [];
  for (const lines of RESUME_ASKS) {
    fetched = [];
    const history = source.history({ lines, since: from, until: null }, signal);
    let complete = false;
    for (;;) {
      const step = await history.next();
      if (step.done) {
        complete = step.value.complete;
        break;
      }
      fetched.push(...step.value.items);
      if (step.value.missing) yield { kind: 'gap', gap: gapOf(step.value.missing) };
    }
    const frozen = state.shown.freeze();
    fresh = fetched.filter((item) => !frozen.isRepeat(item));
    const reaches = fetched.some((item) => {
      const time = source.timeOf(item);
      return time !== null && compareInstants(time, from) <= 0;
    });
    covered = frozen.unmetSince(from) === 0 || (source.traits.history !== 'sampled' && frozen.met > 0);
    if (covered || complete || (reaches && source.traits.history !== 'sampled')) break;
  }
  const notOlder = createRange(source, { since: from, until: null });
  const sorted = sortByTime(fresh.filter(notOlder), source.timeOf);
  const first = sorted.map((item) => source.timeOf(item)).find((time) => time !== null) ?? null;
  if (!covered) {
    yield {
      kind: 'gap',
      gap: doubt(watermark, first, 'the history does not reach back to the last line shown'),
    };
  } else if (source.traits.history === 'sampled') {
    yield {
      kind: 'gap',
      gap: doubt(watermark, first, 'the platform gives only a sample of its recent history'),
    };
  }
  const all = withCut(state, sorted);
  state.shown.remember({ items: all });
  const sieve = createSieve(options, createRange(source, options));
  yield* liveItems([...sieve.pass(all), ...sieve.rest()]);
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
          if (countOf(shown) > 0) yield itemsStep(shown, { past: false });
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

function liveItems<T>(items: readonly T[]): readonly FeedStep<T>[] {
  return items.length > 0 ? [{ kind: 'items', items, past: false }] : [];
}

interface Seam<T> {
  pass(items: readonly T[]): { items: readonly T[]; gap: Gap | null; askMore: boolean };
  /** No repeat is to be expected any more. */
  done(): boolean;
}

/** Compares what a new connection brings with what was shown before it. */
function createSeam<T>(state: FeedState<T>, frozen: Frozen<T>, asked: number | undefined): Seam<T> {
  const { source, timing } = state;
  const replayed = asked !== undefined;
  const { watermark } = frozen;
  const from = watermark ? laterOf(shiftInstant(watermark, -timing.overlap), frozen.oldest) : null;
  // A replay brings older lines than were ever shown; those are not news.
  const notOlder = replayed && from ? createRange(source, { since: from, until: null }) : () => true;
  let doubted = !replayed;
  return {
    pass(items) {
      const fresh = items.filter((item) => !frozen.isRepeat(item) && notOlder(item));
      let gap: Gap | null = null;
      if (!doubted && fresh.length > 0) {
        doubted = true;
        const certainlyWhole = frozen.met > 0 && source.traits.history !== 'none';
        const more =
          asked !== undefined && asked < askOf(source, 'all') && state.resumeAsk < RESUME_ASKS.length;
        if (!certainlyWhole && source.traits.history !== 'none' && more && watermark) {
          state.resumeAsk += 1;
          return { items: [], gap: null, askMore: true };
        }
        state.resumeAsk = 0;
        const to = fresh.map((item) => source.timeOf(item)).find((time) => time !== null) ?? null;
        if (!certainlyWhole) gap = doubt(watermark, to, reasonOfDoubt(source.traits.history));
      }
      return { items: fresh.length > 0 ? withCut(state, fresh) : fresh, gap, askMore: false };
    },
    done: () => frozen.settled,
  };
}

function reasonOfDoubt(history: string): string {
  return history === 'none'
    ? 'the platform keeps no history: what was written while the connection was down is gone'
    : 'the replayed past does not reach back to the last line shown';
}

/** A line that broke off with its connection is forgotten when it comes whole, and shown as it is when others come instead. */
function withCut<T>(state: FeedState<T>, items: readonly T[]): readonly T[] {
  const { cutItem } = state;
  if (cutItem === undefined) return items;
  state.cutItem = undefined;
  // A character that broke off with the line has become a replacement mark, which the whole line does not have.
  const beginning = state.source.keyOf(cutItem).replace(/\ufffd+$/, '');
  return items.some((item) => state.source.keyOf(item).startsWith(beginning)) ? items : [cutItem, ...items];
}

function laterOf(a: Instant, b: Instant | null): Instant {
  return b && compareInstants(b, a) > 0 ? b : a;
}

function doubt(from: Instant | null, to: Instant | null, reason: string): Gap {
  return { from, to, reason, certainty: 'possible', count: null };
}
