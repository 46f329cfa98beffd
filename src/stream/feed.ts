// One source from its past into its live stream, connection after connection. Knows no platform.
import { CliError, isRetryable } from '../errors.ts';
import { type Bundle, countOf, type Instant, instantFromMillis, type Lot } from '../model.ts';
import type { Position, Source } from '../provider.ts';
import { wait } from '../wait.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { liveUntilIdle } from './feed-idle.ts';
import { clause, type FeedEnd, type FeedStep, gapOf, inSeconds, itemsStep, say } from './feed-steps.ts';
import { type ConnectionEnd, firstConnection, resumedConnection } from './join.ts';
import type { Multiline } from './multiline.ts';
import { past } from './past.ts';
import { createRepeats, type Repeats } from './repeats.ts';
import { neverConnected, pastRetries } from './retrying.ts';
import { type Attempt, createTrial, type Trial } from './trial.ts';

export type { FeedEnd, FeedStep } from './feed-steps.ts';

export interface FeedTiming {
  /** Milliseconds before the first and the last of the reconnections; jittered. */
  readonly backoffFirst: number;
  readonly backoffMost: number;
  /** A connection that stood so long counts as stable: the back-off starts anew. */
  readonly stableAfter: number;
  /** How long the first connection is tried, and a past that fails: all tries together. */
  readonly startWithin: number;
  /** How far behind the newest shown line the past is fetched again after a drop. */
  readonly overlap: number;
  /** The end of history on a source whose stream never ends: so long without an item. */
  readonly idle: number;
  /** So long without a word of a past that live waits for, and it is said. */
  readonly slowAfter: number;
}

export const FEED_TIMING: FeedTiming = {
  backoffFirst: 1000,
  backoffMost: 30_000,
  stableAfter: 30_000,
  startWithin: 30_000,
  overlap: 30_000,
  idle: 2000,
  slowAfter: 7000,
};

export interface FeedOptions<T> {
  /** What is shown; `-n` counts only that. */
  readonly keep: (item: T) => boolean;
  /** Whether `keep` might let any item of it pass, told without making them; absent = it might. */
  readonly mayKeep?: ((bundle: Bundle<T>) => boolean) | undefined;
  readonly lines: number | 'all';
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly follow: boolean;
  readonly timing?: Partial<FeedTiming>;
  /** When the source began to be opened, by `performance.now()`: that counts as trying; absent: now. */
  readonly startedAt?: number;
  /** Joins the lines of a stack trace: `keep` and `-n` then see entries. Absent = every line is one. */
  readonly multiline?: Multiline<T> | undefined;
  /** Marks an item that broke off with its connection and that no other brought whole. Absent: it is shown as it is. */
  readonly markCut?: ((item: T) => T) | undefined;
  /** Whether it is said when fewer lines were found than asked for and the platform may have more. */
  readonly hintMore?: boolean;
  /** Counts what is not shown because it was shown before. */
  readonly tally?: FeedTally | undefined;
  /** Items held while the past is fetched; beyond it the live connection is given up and opened again afterwards. */
  readonly holdLimit?: number;
}

/** One for all feeds of a command. */
export interface FeedTally {
  duplicates: number;
}

/** What a feed knows across its connections. */
export interface FeedState<T> {
  readonly source: Source<T>;
  readonly options: FeedOptions<T>;
  readonly timing: FeedTiming;
  readonly holdLimit: number;
  readonly shown: Repeats<T>;
  readonly backoff: Backoff;
  readonly trial: Trial;
  /** The present one of the tries that have not stood yet. */
  attempt: Attempt | undefined;
  /** When the first connection stood, by our own clock. */
  connectedAt: Instant | null;
  position: Position | undefined;
  /** Whether the past is behind us, or some of it was shown: what is missed from then on is fetched by its time. */
  begun: boolean;
  /** The last item of a connection that broke off inside it; shown only if no connection brings it whole. */
  cutItem: T | undefined;
  /** How much of the past a resumed replay asks for: an index into the growing amounts. */
  resumeAsk: number;
}

const HOLD_LIMIT = 50_000;

/** Yields what passes `keep`, each line once. Ends when nothing can follow; throws CliError when it cannot go on. */
export async function* feed<T>(
  source: Source<T>,
  options: FeedOptions<T>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, FeedEnd, undefined> {
  const timing = { ...FEED_TIMING, ...options.timing };
  const startedAt = options.startedAt ?? performance.now();
  const state: FeedState<T> = {
    source,
    options,
    timing,
    holdLimit: options.holdLimit ?? HOLD_LIMIT,
    shown: createRepeats(source),
    backoff: createBackoff(timing),
    trial: createTrial({ startedAt, within: timing.startWithin }),
    attempt: undefined,
    connectedAt: null,
    position: undefined,
    begun: options.lines === 0 || source.traits.join === 'replay',
    cutItem: undefined,
    resumeAsk: 0,
  };
  if (options.follow) return yield* follow(state, signal);
  if (source.traits.history === 'none') return yield* liveUntilIdle(state, signal);
  yield* fromPast(state, signal);
  yield { kind: 'caught-up' };
  return { reason: 'end of history' };
}

/** The past as steps; remembers where live goes on. */
export async function* fromPast<T>(
  state: FeedState<T>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, void, undefined> {
  const wishes = {
    ...state.options,
    holdCut: state.options.follow,
    retryOf: pastRetries(state),
    onBatch: () => state.attempt?.stands(),
  };
  const steps = past(state.source, wishes, signal);
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done) {
        state.position = step.value.position;
        state.cutItem = step.value.cut;
        state.begun = true;
        return;
      }
      const { missing, notices, progress } = step.value;
      if (progress) yield { kind: 'progress', progress };
      for (const said of notices ?? []) yield { kind: 'notice', notice: said };
      if (missing) yield { kind: 'gap', gap: gapOf(missing) };
      if (countOf(step.value) === 0) continue;
      const { multiline, follow } = state.options;
      // Nothing resumes a past.
      if (follow) state.shown.remember(multiline ? partsOf(step.value, multiline) : step.value);
      state.begun = true;
      yield itemsStep(step.value, { past: true });
    }
  } finally {
    await steps.return({ position: undefined, cut: undefined });
  }
}

function partsOf<T>({ items }: Lot<T>, multiline: Multiline<T>): Lot<T> {
  return { items: items.flatMap((item) => multiline.partsOf(item)) };
}

async function* follow<T>(
  state: FeedState<T>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, FeedEnd, undefined> {
  let failure: unknown;
  const isConnected = () => state.connectedAt !== null;
  const onConnected = () => {
    state.connectedAt ??= instantFromMillis(Date.now());
    state.attempt?.stands();
  };
  try {
    for (;;) {
      const attempt = isConnected() ? undefined : state.trial.attempt(signal, failure);
      state.attempt = attempt;
      const own = attempt?.signal ?? signal;
      const steps =
        isConnected() && state.begun
          ? resumedConnection(state, signal)
          : firstConnection(state, own, onConnected);
      const end = yield* outcomeOf(steps, signal);
      attempt?.close();
      if (end.end === 'ended') return { reason: end.reason };
      if (end.end === 'again') continue;
      // What was cut off tells nothing new.
      if (!attempt?.isCut) failure = end.error ?? neverConnected(end.reason);
      const pause = Math.max(state.backoff.next(), end.retryAfter ?? 0);
      if (!isConnected() && (attempt?.isCut || !state.trial.allows(pause))) throw failure;
      yield say('disconnected', `${clause(end.reason)}; connecting again in ${inSeconds(pause)}`);
      await wait(pause, signal);
    }
  } finally {
    state.attempt?.close();
    const { cutItem, options } = state;
    // Half a line is better than none when no connection could bring it whole.
    if (cutItem !== undefined && options.keep(cutItem)) {
      yield { kind: 'items', items: [options.markCut?.(cutItem) ?? cutItem], past: false };
    }
  }
}

type Outcome = ConnectionEnd & { readonly error?: unknown; readonly retryAfter?: number | undefined };

/** A failure that a further connection may mend is an end like any other. */
async function* outcomeOf<T>(
  steps: AsyncGenerator<FeedStep<T>, ConnectionEnd, undefined>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, Outcome, undefined> {
  try {
    return yield* steps;
  } catch (error) {
    if (signal.aborted || !isRetryable(error) || !(error instanceof CliError)) throw error;
    return { end: 'dropped', reason: error.message, error, retryAfter: error.retryAfter };
  }
}
