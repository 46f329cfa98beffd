// History: the newest n items that pass, or everything since a time, oldest first. Knows no platform.
import {
  type Bundle,
  compareInstants,
  formatInstant,
  type Instant,
  type Lot,
  type Notice,
} from '../model.ts';
import type { Batch, HistoryEnd, HistoryQuery, Position, Progress, Source } from '../provider.ts';
import { wait } from '../wait.ts';
import type { Multiline } from './multiline.ts';
import { createRange } from './range.ts';
import { createSieve, type Sieve } from './sieve.ts';
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
}

export interface PastRetry {
  /** Milliseconds. */
  readonly after: number;
  readonly notice: Notice;
  attempt(signal: AbortSignal): Attempt;
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
      const passed = pass(cut === undefined && !batch.cut ? batch : { items: withHeld(cut, batch) });
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
      if (items.length > 0) yield { items: items.slice(-options.lines) };
      throw rounds.failure.error;
    }
    for (const missing of rounds.missing) yield { items: [], missing };
    if (rounds.notices.length > 0) yield { items: [], notices: rounds.notices };
    if (rounds.items.length > 0) yield { items: rounds.items.slice(-options.lines) };
    const hint = rounds.items.length < options.lines ? beginsLater(rounds.end, options.since) : null;
    if (hint) yield { items: [], notices: [hint] };
    return { position: rounds.position, cut: options.holdCut ? rounds.cut : undefined };
  }
}

interface Collected<T> {
  items: T[];
  position: Position | undefined;
  cut: T | undefined;
  missing: NonNullable<Batch<T>['missing']>[];
  notices: Notice[];
  end: HistoryEnd;
  /** It broke off behind `items`. */
  failure: { readonly error: unknown } | undefined;
}

interface Collecting<T> extends Pick<PastOptions<T>, 'holdCut' | 'markCut'> {
  readonly most: number;
  readonly timeOf: (item: T) => Instant | null;
  readonly ordered: boolean;
  onBatch(): void;
}

async function collect<T>(
  history: AsyncGenerator<Batch<T>, HistoryEnd, undefined>,
  sieve: Sieve<T>,
  order: Collecting<T>,
): Promise<Collected<T>> {
  const found: Collected<T> = {
    items: [],
    position: undefined,
    cut: undefined,
    missing: [],
    notices: [],
    end: { complete: true, begins: null },
    failure: undefined,
  };
  const newest = (items: T[]) => {
    const sorted = order.ordered ? items : sortByTime(items, order.timeOf);
    return order.most === 0 ? [] : sorted.slice(-order.most);
  };
  const trimAt = order.most * 2 + 1000;
  const heldBack = (cut: T | undefined) => (cut === undefined ? [] : sieve.pass([cut]));
  try {
    for (;;) {
      const step = await history.next();
      if (step.done) {
        found.end = step.value;
        found.items = newest([
          ...found.items,
          ...heldBack(order.holdCut ? undefined : found.cut),
          ...sieve.rest(),
        ]);
        return found;
      }
      const batch = step.value;
      order.onBatch();
      const items = found.cut === undefined && !batch.cut ? batch.items : withHeld(found.cut, batch);
      for (const item of sieve.pass(items)) found.items.push(item);
      found.cut = batch.cut ? batch.items.at(-1) : undefined;
      if (found.items.length > trimAt) found.items = newest(found.items);
      found.position = batch.position ?? found.position;
      if (batch.missing) found.missing.push(batch.missing);
      if (batch.notices) found.notices.push(...batch.notices);
    }
  } catch (error) {
    const { cut } = found;
    const half = heldBack(cut === undefined ? undefined : (order.markCut?.(cut) ?? cut));
    found.items = newest([...found.items, ...half, ...sieve.rest()]);
    found.failure = { error };
    return found;
  } finally {
    await history.return({ complete: false, begins: null }).catch(() => undefined);
  }
}

/** What is whole of a batch, behind the last item of the one before, which is whole after all. */
function withHeld<T>(held: T | undefined, { items, cut }: Batch<T>): readonly T[] {
  const whole = cut ? items.slice(0, -1) : items;
  return held === undefined ? whole : [held, ...whole];
}

/** Stable; an item without a time stays behind the one it followed. */
export function sortByTime<T>(items: readonly T[], timeOf: (item: T) => Instant | null): T[] {
  let last: Instant | null = null;
  let sorted = true;
  const keyed = items.map((item) => {
    const time = timeOf(item) ?? last;
    if (last && time && compareInstants(time, last) < 0) sorted = false;
    last = time;
    return { item, time };
  });
  if (sorted) return [...items];
  keyed.sort((a, b) => (a.time && b.time ? compareInstants(a.time, b.time) : a.time ? 1 : b.time ? -1 : 0));
  return keyed.map(({ item }) => item);
}

function beginsLater(end: HistoryEnd, since: Instant | null): Notice | null {
  if (!since || !end.begins || compareInstants(end.begins, since) <= 0) return null;
  return {
    kind: 'limit',
    message: `history begins at ${formatInstant(end.begins)}: the platform keeps nothing older`,
  };
}

function pastStep<T>(batch: Batch<T>): PastStep<T> {
  return {
    items: [],
    ...(batch.missing ? { missing: batch.missing } : {}),
    ...(batch.notices ? { notices: batch.notices } : {}),
    ...(batch.progress ? { progress: batch.progress } : {}),
  };
}
