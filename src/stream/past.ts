// History: the newest n items that pass, or everything since a time, oldest first. Knows no platform.
import {
  type Bundle,
  carrying,
  compareInstants,
  formatInstant,
  type Instant,
  type Lot,
  type Notice,
} from '../model.ts';
import type { Batch, HistoryEnd, HistoryQuery, Position, Progress, Source } from '../provider.ts';
import { wait } from '../wait.ts';
import { type Collected, collect, withHeld } from './collect.ts';
import type { Multiline } from './multiline.ts';
import { createRange } from './range.ts';
import type { PastRetry } from './retrying.ts';
import { createSieve } from './sieve.ts';
import { createSorter } from './sorter.ts';
import type { Attempt } from './trial.ts';

export interface PastOptions<T> {
  readonly keep: (item: T) => boolean;
  readonly mayKeep?: ((bundle: Bundle<T>) => boolean) | undefined;
  readonly multiline?: Multiline<T> | undefined;
  readonly lines: number | 'all';
  readonly since: Instant | null;
  readonly until: Instant | null;
  /** Whether a last line of which only the beginning is there is held back: live brings it whole. */
  readonly holdCut: boolean;
  /** Items held to put unordered history in order of time. */
  readonly sortWindow?: number;
  /** Whether and when a past that broke off before anything of it was shown is asked for again; absent: never. */
  readonly retryOf?: (error: unknown) => PastRetry | undefined;
  /** Told of every batch: it is no dead past. */
  readonly onBatch?: () => void;
  /** Marks a last item that broke off and that nothing brings whole. */
  readonly markCut?: ((item: T) => T) | undefined;
  /** Whether it is said when fewer lines were found than asked for and more may be had. */
  readonly hintMore?: boolean;
}

export interface PastStep<T> extends Lot<T> {
  readonly missing?: NonNullable<Batch<T>['missing']>;
  readonly notices?: readonly Notice[];
  readonly progress?: Progress;
}

export interface PastEnd<T> {
  /** The last line, when only its beginning is there and `holdCut` was asked. */
  readonly cut: T | undefined;
  /** Where live goes on, on platforms that have positions. */
  readonly position: Position | undefined;
}

const FIRST_ASK = 100;
const GROWTH = 5;
const SORT_WINDOW = 10_000;

/** Yields the past oldest first; asks for growing amounts until `lines` of it pass or the platform has no more. */
export async function* past<T>(
  source: Source<T>,
  options: PastOptions<T>,
  signal: AbortSignal,
): AsyncGenerator<PastStep<T>, PastEnd<T>, undefined> {
  if (options.lines === 'all') return yield* streamed(source, options, signal);
  return yield* collected(source, { ...options, lines: options.lines }, signal);
}

/** Everything since a time, or everything there is, in bounded memory. */
async function* streamed<T>(
  source: Source<T>,
  options: PastOptions<T>,
  signal: AbortSignal,
): AsyncGenerator<PastStep<T>, PastEnd<T>, undefined> {
  const sorter = source.traits.ordered ? null : createSorter<T>(source, options.sortWindow ?? SORT_WINDOW);
  const query: HistoryQuery = { lines: options.lines, since: options.since, until: options.until };
  const history = source.history(query, signal);
  const sieve = createSieve(options, createRange(source, options));
  // Traces are joined in order of time; otherwise only what passes is worth sorting.
  const pass = (lot: Lot<T>): readonly Lot<T>[] => {
    if (!sorter) return [sieve.passLot(lot)];
    return options.multiline ? sorter.push(lot).map(sieve.passLot) : sorter.push(sieve.passLot(lot));
  };
  const rest = (): readonly Lot<T>[] => {
    const sorted = sorter?.drain() ?? [];
    return options.multiline ? [...sorted.map(sieve.passLot), { items: sieve.rest() }] : sorted;
  };
  let position: Position | undefined;
  let cut: T | undefined;
  try {
    for (;;) {
      const step = await history.next();
      if (step.done) {
        if (cut !== undefined && !options.holdCut) yield* pass({ items: [cut] });
        yield* rest();
        const hint = beginsLater(step.value, options.since);
        if (hint) yield { items: [], notices: [hint] };
        return { position, cut: options.holdCut ? cut : undefined };
      }
      const batch = step.value;
      options.onBatch?.();
      position = batch.position ?? position;
      const passed = pass(cut === undefined && !batch.cut ? lotOf(batch) : { items: withHeld(cut, batch) });
      cut = batch.cut ? batch.items.at(-1) : undefined;
      if (batch.missing || batch.notices || batch.progress) yield pastStep(batch);
      yield* passed;
    }
  } catch (error) {
    // What was received stays.
    if (cut !== undefined) yield* pass({ items: [options.markCut?.(cut) ?? cut] });
    yield* rest();
    throw error;
  } finally {
    await history.return({ complete: false, begins: null }).catch(() => undefined);
  }
}

/** The newest n that pass: collected, sorted, cut. */
async function* collected<T>(
  source: Source<T>,
  options: PastOptions<T> & { readonly lines: number },
  signal: AbortSignal,
): AsyncGenerator<PastStep<T>, PastEnd<T>, undefined> {
  const most = source.traits.maxLines ?? Number.POSITIVE_INFINITY;
  // The oldest of joined entries may lack its beginning; the one after it is whole.
  const wanted = options.lines === 0 || !options.multiline ? options.lines : options.lines + 1;
  let ask = Math.min(most, Math.max(wanted, wanted === 0 ? 1 : Math.min(wanted, FIRST_ASK)));
  let before: readonly T[] = [];
  let attempt: Attempt | undefined;
  for (;;) {
    const query: HistoryQuery = { lines: ask, since: options.since, until: options.until };
    const history = source.history(query, attempt?.signal ?? signal);
    const rounds = await collect(history, createSieve(options, createRange(source, options)), {
      ...options,
      most: wanted,
      timeOf: source.timeOf,
      ordered: source.traits.ordered,
      signal,
      onBatch() {
        attempt?.stands();
        options.onBatch?.();
      },
    });
    attempt?.close();
    attempt = undefined;
    const enough = rounds.items.length >= wanted || rounds.end.complete || ask >= most;
    if (!enough && !rounds.failure) {
      ask = Math.min(most, ask * GROWTH);
      before = rounds.items;
      continue;
    }
    if (rounds.failure) {
      const retry = signal.aborted ? undefined : options.retryOf?.(rounds.failure.error);
      if (retry) {
        yield { items: [], notices: [retry.notice] };
        await wait(retry.after, signal);
        attempt = retry.attempt(signal);
        continue;
      }
      // What was received stays; an earlier, shorter look may have brought more.
      const items = rounds.items.length < before.length ? before : rounds.items;
      yield* lossesOf(rounds);
      if (items.length > 0) yield { items: items.slice(-options.lines) };
      throw rounds.failure.error;
    }
    yield* lossesOf(rounds);
    if (rounds.items.length > 0) yield { items: rounds.items.slice(-options.lines) };
    const isShort = rounds.items.length < options.lines;
    const hint = isShort
      ? (beginsLater(rounds.end, options.since) ?? archivesUnread(rounds.end, source, options))
      : null;
    if (hint) yield { items: [], notices: [hint] };
    return { position: rounds.position, cut: options.holdCut ? rounds.cut : undefined };
  }
}

function* lossesOf<T>({ missing, notices }: Collected<T>): Generator<PastStep<T>, void, undefined> {
  for (const each of missing) yield { items: [], missing: each };
  if (notices.length > 0) yield { items: [], notices };
}

function beginsLater(end: HistoryEnd, since: Instant | null): Notice | null {
  if (!since || !end.begins || compareInstants(end.begins, since) <= 0) return null;
  return {
    kind: 'limit',
    message: `history begins at ${formatInstant(end.begins)}: the platform keeps nothing older`,
  };
}

function archivesUnread<T>(
  { hasMore }: HistoryEnd,
  { traits }: Source<T>,
  { hintMore }: Pick<PastOptions<T>, 'hintMore'>,
): Notice | null {
  if (!hasMore || !hintMore) return null;
  const archives = traits.archives === null ? '' : ` (${traits.archives})`;
  return {
    kind: 'hint',
    message: `that is all that is at hand; --all reads the archives${archives} as well`,
  };
}

/** Without what else the batch says, which would be said again with its items. */
function lotOf<T>(batch: Batch<T>): Lot<T> {
  return batch.bundle ? carrying({}, batch.bundle) : { items: batch.items };
}

function pastStep<T>(batch: Batch<T>): PastStep<T> {
  return {
    items: [],
    ...(batch.missing ? { missing: batch.missing } : {}),
    ...(batch.notices ? { notices: batch.notices } : {}),
    ...(batch.progress ? { progress: batch.progress } : {}),
  };
}
