// Several feeds as one sequence in order of time; none can hold up the others. Knows no platform.
import { carrying, countOf, type Gap, type Lot, type Notice } from '../model.ts';
import type { Progress } from '../provider.ts';
import type { FeedEnd, FeedStep } from './feed.ts';
import { Places, type Timed, TimedQueue, type TimeOf } from './timed-queue.ts';

export interface MergeInput<T> extends TimeOf<T> {
  readonly steps: AsyncGenerator<FeedStep<T>, FeedEnd, undefined>;
  /** Milliseconds that a live item waits for earlier ones; 0 = as it comes. */
  readonly window: number;
  /** Whether the items of this input come in order by themselves. */
  readonly ordered: boolean;
}

export interface MergedItems<T> extends Lot<T> {
  readonly kind: 'items';
  /** Index of the input. */
  readonly from: number;
  /** Earlier than something that was handed out before. */
  readonly late: boolean;
}

export type Merged<T> =
  | MergedItems<T>
  | { readonly kind: 'gap'; readonly from: number; readonly gap: Gap }
  | { readonly kind: 'notice'; readonly from: number; readonly notice: Notice }
  | { readonly kind: 'progress'; readonly from: number; readonly progress: Progress }
  | { readonly kind: 'over'; readonly from: number; readonly end: FeedEnd }
  | { readonly kind: 'failed'; readonly from: number; readonly error: unknown };

export interface MergeOptions {
  /** How long inputs that have their past ready wait for those that have not. Milliseconds. */
  readonly patience?: number;
  /** Items of one input that may wait; beyond it the input is not pulled (its socket slows down). */
  readonly bound?: number;
  readonly now?: () => number;
  /** Once aborted, nothing waits for anything: what was received is handed out. */
  readonly hurry?: AbortSignal;
}

interface MergeRules {
  readonly patience: number;
  readonly bound: number;
  readonly now: () => number;
  readonly hurry: AbortSignal;
}

const PATIENCE = 3000;
const BOUND = 20_000;
/** A full queue takes more when so much of its bound is left. */
const ROOM = 0.75;

/** Hands out what the inputs bring; a failed input is reported and the others go on. Stop it by aborting the feeds, then `return()`. */
export function merge<T>(
  inputs: readonly MergeInput<T>[],
  options: MergeOptions = {},
): AsyncGenerator<Merged<T>, void, undefined> {
  const only = inputs[0];
  if (inputs.length === 1 && only && (only.ordered || only.window === 0)) return passThrough(only);
  return mergeMany(inputs, {
    patience: options.patience ?? PATIENCE,
    bound: options.bound ?? BOUND,
    now: options.now ?? (() => performance.now()),
    hurry: options.hurry ?? new AbortController().signal,
  });
}

async function* passThrough<T>(input: MergeInput<T>): AsyncGenerator<Merged<T>, void, undefined> {
  try {
    for (;;) {
      const step = await input.steps.next();
      if (step.done) {
        yield { kind: 'over', from: 0, end: step.value };
        return;
      }
      const { value } = step;
      if (value.kind === 'items') yield itemsOf(value, { from: 0, late: false });
      else if (value.kind !== 'caught-up') yield { ...value, from: 0 };
    }
  } catch (error) {
    yield { kind: 'failed', from: 0, error };
  } finally {
    await input.steps.return({ reason: 'stopped' }).catch(() => undefined);
  }
}

/** A word of the feed itself that keeps its place among the items. */
class Aside<T> {
  readonly step: Merged<T>;
  constructor(step: Merged<T>) {
    this.step = step;
  }
}

interface Lane<T> {
  readonly input: MergeInput<T>;
  readonly index: number;
  readonly places: Places<T>;
  readonly queue: TimedQueue<T | Aside<T>>;
  /** How long its live items wait: as long as the slowest of the others takes, or as its own disorder asks. */
  readonly window: number;
  /** Still handing out its past. */
  past: boolean;
  over: boolean;
  /** Asides in the queue. */
  asides: number;
  /** Called when the queue, which was full, has room again. */
  resume: (() => void) | undefined;
}

async function* mergeMany<T>(
  inputs: readonly MergeInput<T>[],
  options: MergeRules,
): AsyncGenerator<Merged<T>, void, undefined> {
  const lanes = inputs.map(
    (input, index): Lane<T> => ({
      input,
      index,
      places: new Places(input, Date.now),
      queue: new TimedQueue(),
      window: windowOf(inputs, index),
      past: true,
      over: false,
      asides: 0,
      resume: undefined,
    }),
  );
  const asides: Merged<T>[] = [];
  let wake: (() => void) | undefined;
  const waker = () => wake?.();
  const startedAt = options.now();
  let stopped = false;
  options.hurry.addEventListener('abort', waker, { once: true });
  const pumps = lanes.map((lane) => pump(lane, { asides, waker, options, stopped: () => stopped }));
  let handedOut = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      while (asides.length > 0) {
        const aside = asides.shift();
        if (aside) yield aside;
      }
      const patient = options.now() - startedAt < options.patience && !options.hurry.aborted;
      const ready = takeReady(lanes, options, patient);
      if (ready) {
        const { lane, lot, at } = ready;
        const behind = countBehind(at, handedOut);
        if (lane.places.timed) handedOut = Math.max(handedOut, at.at(-1) ?? handedOut);
        if (lane.asides === 0) yield* partsOf(lane, lot as Lot<T>, behind);
        else yield* partsAndAsides(lane, lot.items, behind);
        if (lane.resume && lane.queue.size <= options.bound * ROOM) {
          lane.resume();
          lane.resume = undefined;
        }
        continue;
      }
      if (asides.length > 0) continue;
      if (lanes.every((lane) => lane.over && lane.queue.size === 0)) return;
      const pause = untilNext(lanes, options, { patient, startedAt });
      await new Promise<void>((resolve) => {
        const timer = pause === null ? undefined : setTimeout(resolve, Math.max(1, pause));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
    }
  } finally {
    stopped = true;
    options.hurry.removeEventListener('abort', waker);
    for (const lane of lanes) lane.resume?.();
    await Promise.all(
      lanes.map((lane) => lane.input.steps.return({ reason: 'stopped' }).catch(() => undefined)),
    );
    await Promise.all(pumps);
  }
}

interface Pumping<T> {
  readonly asides: Merged<T>[];
  readonly waker: () => void;
  readonly options: MergeRules;
  stopped(): boolean;
}

async function pump<T>(lane: Lane<T>, shared: Pumping<T>): Promise<void> {
  const from = lane.index;
  try {
    while (!shared.stopped()) {
      const step = await lane.input.steps.next();
      if (step.done) {
        queueAside(lane, { kind: 'over', from, end: step.value }, shared.options.now());
        break;
      }
      const { value } = step;
      if (value.kind === 'caught-up') lane.past = false;
      else if (value.kind === 'items') admit(lane, value, shared.options.now());
      else if (value.kind === 'gap') queueAside(lane, { ...value, from }, shared.options.now() + lane.window);
      else shared.asides.push({ ...value, from });
      shared.waker();
      if (lane.queue.size >= shared.options.bound) {
        await new Promise<void>((resolve) => {
          lane.resume = resolve;
          if (shared.stopped()) resolve();
        });
      }
    }
  } catch (error) {
    if (!shared.stopped()) shared.asides.push({ kind: 'failed', from, error });
  } finally {
    lane.past = false;
    lane.over = true;
    shared.waker();
  }
}

function windowOf<T>(inputs: readonly MergeInput<T>[], index: number): number {
  return inputs.reduce((most, input, other) => {
    const counts = other !== index || !input.ordered;
    return counts ? Math.max(most, input.window) : most;
  }, 0);
}

/** How many of the first items are earlier than what was handed out. */
function countBehind(at: readonly number[], handedOut: number): number {
  let count = 0;
  while (count < at.length && (at[count] ?? 0) < handedOut) count += 1;
  return count;
}

function partsOf<T>(lane: Lane<T>, lot: Lot<T>, behind: number): readonly Merged<T>[] {
  const from = lane.index;
  if (behind === 0) return [itemsOf(lot, { from, late: false })];
  const late = lane.places.timed;
  if (behind === countOf(lot)) return [itemsOf(lot, { from, late })];
  const { items } = lot;
  return [
    { kind: 'items', from, items: items.slice(0, behind), late },
    { kind: 'items', from, items: items.slice(behind), late: false },
  ];
}

function itemsOf<T>(lot: Lot<T>, about: { from: number; late: boolean }): MergedItems<T> {
  const step = { kind: 'items', ...about } as const;
  return lot.bundle ? carrying(step, lot.bundle) : { ...step, items: lot.items };
}

function partsAndAsides<T>(lane: Lane<T>, items: readonly (T | Aside<T>)[], behind: number): Merged<T>[] {
  const parts: Merged<T>[] = [];
  let run: T[] = [];
  let left = behind;
  const close = () => {
    if (run.length > 0) parts.push(...partsOf(lane, { items: run }, Math.min(left, run.length)));
    left = Math.max(0, left - run.length);
    run = [];
  };
  for (const item of items) {
    if (item instanceof Aside) {
      close();
      lane.asides -= 1;
      left = Math.max(0, left - 1);
      parts.push(item.step);
    } else run.push(item);
  }
  close();
  return parts;
}

function admit<T>(lane: Lane<T>, step: Lot<T> & { readonly past: boolean }, now: number): void {
  const at = lane.places.of(step);
  lane.queue.push(step, at, step.past || !lane.places.timed ? now : now + lane.window);
}

function queueAside<T>(lane: Lane<T>, step: Merged<T>, due: number): void {
  lane.asides += 1;
  lane.queue.push({ items: [new Aside(step)] }, [Math.max(lane.places.last, lane.queue.lastAt)], due);
}

/** The earliest items that may go: as many of one lane as come before every other lane's first. */
function takeReady<T>(
  lanes: readonly Lane<T>[],
  options: MergeRules,
  patient: boolean,
): (Timed<T | Aside<T>> & { readonly lane: Lane<T> }) | null {
  let best: Lane<T> | null = null;
  let bestAt = Number.POSITIVE_INFINITY;
  let second = Number.POSITIVE_INFINITY;
  let full = options.hurry.aborted;
  for (const lane of lanes) {
    if (lane.queue.size === 0) {
      // Its past may still hold something earlier.
      if (lane.past && patient) return null;
      continue;
    }
    // Whoever waits for room need not wait for others as well.
    if (lane.resume) full = true;
    const at = lane.queue.firstAt;
    if (best === null || at < bestAt) {
      second = Math.min(second, bestAt);
      best = lane;
      bestAt = at;
    } else second = Math.min(second, at);
  }
  if (!best) return null;
  const taken = best.queue.take(second, full ? Number.POSITIVE_INFINITY : options.now());
  return taken && { lane: best, lot: taken.lot, at: taken.at };
}

function untilNext<T>(
  lanes: readonly Lane<T>[],
  options: MergeRules,
  start: { patient: boolean; startedAt: number },
): number | null {
  const now = options.now();
  let first: Lane<T> | undefined;
  for (const lane of lanes) {
    if (lane.queue.size > 0 && (!first || lane.queue.firstAt < first.queue.firstAt)) first = lane;
  }
  if (!first) return null;
  const untilDue = first.queue.firstDue - now;
  const untilImpatient = start.startedAt + options.patience - now;
  const waitsForPast = start.patient && lanes.some((lane) => lane.past && lane.queue.size === 0);
  return waitsForPast ? Math.max(untilDue, untilImpatient) : untilDue;
}
