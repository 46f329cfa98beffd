// One source from its past into its live stream, connection after connection. Knows no platform.
import { CliError, isRetryable } from '../errors.ts';
import { type Bundle, carrying, countOf, type Gap, type Instant, type Lot, type Notice } from '../model.ts';
import type { Position, Progress, Source } from '../provider.ts';
import { wait } from '../wait.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { openConnection } from './connection.ts';
import { type ConnectionEnd, firstConnection, resumedConnection } from './join.ts';
import type { Multiline } from './multiline.ts';
import { type PastRetry, past } from './past.ts';
import { createRange } from './range.ts';
import { createRepeats, type Repeats } from './repeats.ts';
import { createSieve } from './sieve.ts';

export interface FeedTiming {
  /** Milliseconds before the first and the last of the reconnections; jittered. */
  readonly backoffFirst: number;
  readonly backoffMost: number;
  /** A connection that stood so long counts as stable: the back-off starts anew. */
  readonly stableAfter: number;
  /** How long the first connection is tried. */
  readonly startWithin: number;
  /** How far behind the newest shown line the past is fetched again after a drop. */
  readonly overlap: number;
  /** The end of history on a source whose stream never ends: so long without an item. */
  readonly idle: number;
}

export const FEED_TIMING: FeedTiming = {
  backoffFirst: 1000,
  backoffMost: 30_000,
  stableAfter: 30_000,
  startWithin: 30_000,
  overlap: 30_000,
  idle: 2000,
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
  /** Joins the lines of a stack trace: `keep` and `-n` then see entries. Absent = every line is one. */
  readonly multiline?: Multiline<T> | undefined;
  /** Items held while the past is fetched; beyond it the live connection is given up and opened again afterwards. */
  readonly holdLimit?: number;
}

export type FeedStep<T> =
  | ({ readonly kind: 'items'; readonly past: boolean } & Lot<T>)
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'progress'; readonly progress: Progress }
  /** Everything that the past holds has been handed out. */
  | { readonly kind: 'caught-up' };

export interface FeedEnd {
  readonly reason: string;
}

/** What a feed knows across its connections. */
export interface FeedState<T> {
  readonly source: Source<T>;
  readonly options: FeedOptions<T>;
  readonly timing: FeedTiming;
  readonly holdLimit: number;
  readonly shown: Repeats<T>;
  readonly backoff: Backoff;
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
  const state: FeedState<T> = {
    source,
    options,
    timing,
    holdLimit: options.holdLimit ?? HOLD_LIMIT,
    shown: createRepeats(source),
    backoff: createBackoff(timing),
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
  const wishes = { ...state.options, holdCut: state.options.follow, retryOf: pastRetries(state) };
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

export function itemsStep<T>(lot: Lot<T>, { past }: { past: boolean }): FeedStep<T> {
  const step = { kind: 'items', past } as const;
  return lot.bundle ? carrying(step, lot.bundle) : { ...step, items: lot.items };
}

/** A failure that may pass is met by asking again, as long as a first connection is tried. */
function pastRetries<T>({ backoff, timing }: FeedState<T>): (error: unknown) => PastRetry | undefined {
  const startedAt = performance.now();
  return (error) => {
    if (!(error instanceof CliError) || !isRetryable(error)) return undefined;
    const after = Math.max(backoff.next(), error.retryAfter ?? 0);
    if (performance.now() - startedAt + after > timing.startWithin) return undefined;
    return {
      after,
      notice: say('disconnected', `${clause(error.message)}; asking again in ${inSeconds(after)}`).notice,
    };
  };
}

/** A platform without history gives what its live stream brings until `-n` or a silence. */
async function* liveUntilIdle<T>(
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
      yield* counted(sieve.pass(pull.batch.items));
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

async function* follow<T>(
  state: FeedState<T>,
  signal: AbortSignal,
): AsyncGenerator<FeedStep<T>, FeedEnd, undefined> {
  const startedAt = performance.now();
  let connected = false;
  try {
    for (;;) {
      const steps =
        connected && state.begun
          ? resumedConnection(state, signal)
          : firstConnection(state, signal, () => {
              connected = true;
            });
      const end = yield* outcomeOf(steps, signal);
      if (end.end === 'ended') return { reason: end.reason };
      if (end.end === 'again') continue;
      const pause = Math.max(state.backoff.next(), end.retryAfter ?? 0);
      const tried = performance.now() - startedAt;
      if (!connected && tried + pause > state.timing.startWithin)
        throw end.error ?? neverConnected(end.reason);
      yield say('disconnected', `${clause(end.reason)}; connecting again in ${inSeconds(pause)}`);
      await wait(pause, signal);
    }
  } finally {
    // Half a line is better than none when no connection could bring it whole.
    if (state.cutItem !== undefined && state.options.keep(state.cutItem)) {
      yield { kind: 'items', items: [state.cutItem], past: false };
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

function neverConnected(reason: string): CliError {
  return new CliError('unavailable', `the stream could not be opened: ${reason}`);
}

export function say(kind: Notice['kind'], message: string): { kind: 'notice'; notice: Notice } {
  return { kind: 'notice', notice: { kind, message } };
}

export function gapOf(missing: { count: number | null; reason: string; certain: boolean }): Gap {
  return {
    from: null,
    to: null,
    reason: missing.reason,
    certainty: missing.certain ? 'certain' : 'possible',
    count: missing.count,
  };
}

/** Said once where more is asked for than the platform gives at once. */
export function clampNotice<T>(source: Source<T>, lines: number | 'all'): FeedStep<T> | undefined {
  const most = source.traits.maxLines;
  if (most === null || lines === 'all' || lines <= most) return undefined;
  return say('limit', `${lines} lines were asked for, but the platform gives ${most} at most`);
}

/** How many lines a replaying connection is asked for. */
export function askOf<T>(source: Source<T>, lines: number | 'all'): number {
  const most = source.traits.maxLines ?? Number.MAX_SAFE_INTEGER;
  return lines === 'all' ? most : Math.min(lines, most);
}

/** A sentence as the beginning of a longer one. */
function clause(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function inSeconds(millis: number): string {
  return millis < 950 ? 'less than a second' : `${Math.round(millis / 1000)} s`;
}
