// The newest items of one look at a history that pass, in order of time. Knows neither how often it is looked nor why.
import { compareInstants, type Instant, type Notice } from '../model.ts';
import type { Batch, HistoryEnd, Position } from '../provider.ts';
import { turnForOthers } from '../turns.ts';
import type { PastOptions } from './past.ts';
import type { Sieve } from './sieve.ts';

export interface Collected<T> {
  items: T[];
  position: Position | undefined;
  cut: T | undefined;
  missing: NonNullable<Batch<T>['missing']>[];
  notices: Notice[];
  end: HistoryEnd;
  /** It broke off behind `items`. */
  failure: { readonly error: unknown } | undefined;
}

export interface Collecting<T> extends Pick<PastOptions<T>, 'holdCut' | 'markCut'> {
  readonly most: number;
  readonly timeOf: (item: T) => Instant | null;
  readonly ordered: boolean;
  /** Once aborted, what was received is to be had at once: the newest of it. */
  readonly signal: AbortSignal;
  onBatch(): void;
}

/** Items that are handed out when there is no time for all. */
const AT_ONCE = 10_000;
/** Items whose times are read without anything else having its turn. */
const PIECE = 1000;

/** Never rejects: what was received stays. */
export async function collect<T>(
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
  const newest = async (items: T[]) => {
    const sorted = order.ordered ? items : await sortInTurns(items, order.timeOf);
    return order.most === 0 ? [] : sorted.slice(-order.most);
  };
  const trimAt = order.most * 2 + 1000;
  const heldBack = (cut: T | undefined) => (cut === undefined ? [] : sieve.pass([cut]));
  try {
    for (;;) {
      const step = await history.next();
      if (step.done) {
        found.end = step.value;
        found.items = await newest([
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
      if (found.items.length > trimAt) found.items = await newest(found.items);
      found.position = batch.position ?? found.position;
      if (batch.missing) found.missing.push(batch.missing);
      if (batch.notices) found.notices.push(...batch.notices);
    }
  } catch (error) {
    const { cut } = found;
    const half = heldBack(cut === undefined ? undefined : (order.markCut?.(cut) ?? cut));
    const whole = order.signal.aborted ? found.items.slice(-AT_ONCE) : found.items;
    found.items = await newest([...whole, ...half, ...sieve.rest()]);
    found.failure = { error };
    return found;
  } finally {
    await history.return({ complete: false, begins: null }).catch(() => undefined);
  }
}

/** What is whole of a batch, behind the last item of the one before, which is whole after all. */
export function withHeld<T>(held: T | undefined, { items, cut }: Batch<T>): readonly T[] {
  const whole = cut ? items.slice(0, -1) : items;
  return held === undefined ? whole : [held, ...whole];
}

async function sortInTurns<T>(items: readonly T[], timeOf: (item: T) => Instant | null): Promise<T[]> {
  // They are kept where they were read, and nothing else of it takes long.
  for (let from = 0; from < items.length; from += PIECE) {
    for (const item of items.slice(from, from + PIECE)) timeOf(item);
    const others = turnForOthers();
    if (others) await others;
  }
  return sortByTime(items, timeOf);
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
