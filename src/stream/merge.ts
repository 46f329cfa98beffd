// Several feeds as one sequence in order of time; none can hold up the others. Knows no platform.
import type { Gap, Lot, Notice } from '../model.ts';
import type { Progress } from '../provider.ts';
import type { FeedEnd, FeedStep } from './feed-steps.ts';
import { createLane, itemsOf, type Lane, pump, stepsOf } from './merge-lane.ts';
import { pauseOf, type Start, takeReady } from './merge-turns.ts';
import type { Stamps, TimeOf } from './timed-queue.ts';

/** What an input brings, once it is open. */
export interface MergeSource<T> extends TimeOf<T> {
  readonly steps: AsyncGenerator<FeedStep<T>, FeedEnd, undefined>;
  /** Milliseconds that a live item waits for earlier ones; 0 = as it comes. */
  readonly window: number;
  /** Whether the items of this input come in order by themselves. */
  readonly ordered: boolean;
}

/** Open, or how it is opened: at the first pull, while the others go on. What stops the feeds has to stop that as well. */
export type MergeInput<T> = MergeSource<T> | (() => Promise<MergeSource<T>>);

export interface MergedItems<T> extends Lot<T> {
  readonly kind: 'items';
  /** Index of the input. */
  readonly from: number;
  /** Earlier than something that was handed out before. */
  readonly late: boolean;
  /** When they came, by `performance.now()` (`arrivalOf`); absent where that is now. */
  readonly stamps?: Stamps | undefined;
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
  /** How long an input that is open waits for those that are not. Milliseconds. */
  readonly openPatience?: number;
  /** Items of one input that may wait; beyond it the input is not pulled (its socket slows down). Default: its share of 10,000. */
  readonly bound?: number;
  readonly now?: () => number;
  /** Once aborted, nothing waits for anything: what was received is handed out. */
  readonly hurry?: AbortSignal;
}

export interface MergeRules {
  readonly patience: number;
  readonly openPatience: number;
  readonly bound: number;
  readonly now: () => number;
  readonly hurry: AbortSignal;
}

const PATIENCE = 3000;
const OPEN_PATIENCE = 1000;
/** Of all inputs together, and of one of very many. */
const BOUND = 10_000;
const LEAST_SHARE = 1000;
/** A full queue takes more when so much of its bound is left. */
const ROOM = 0.75;

/** Hands out what the inputs bring; a failed input is reported and the others go on. Stop it by aborting the feeds, then `return()`. */
export function merge<T>(
  inputs: readonly MergeInput<T>[],
  options: MergeOptions = {},
): AsyncGenerator<Merged<T>, void, undefined> {
  const rules: MergeRules = {
    patience: options.patience ?? PATIENCE,
    openPatience: options.openPatience ?? OPEN_PATIENCE,
    bound: options.bound ?? Math.max(LEAST_SHARE, Math.floor(BOUND / inputs.length)),
    now: options.now ?? (() => performance.now()),
    hurry: options.hurry ?? new AbortController().signal,
  };
  const only = inputs[0];
  return only && inputs.length === 1 ? mergeOne(only, rules) : mergeMany(inputs, rules);
}

async function* mergeOne<T>(
  input: MergeInput<T>,
  rules: MergeRules,
): AsyncGenerator<Merged<T>, void, undefined> {
  let source: MergeSource<T> | undefined;
  try {
    source = typeof input === 'function' ? await input() : input;
    // With nobody to be put in order with, only its own disorder is a reason to wait.
    if (!source.ordered && source.window > 0) return yield* mergeMany([source], rules);
    for (;;) {
      const step = await source.steps.next();
      if (step.done) {
        yield { kind: 'over', from: 0, end: step.value };
        return;
      }
      const { value } = step;
      if (value.kind === 'items') yield itemsOf(value, { from: 0, late: false, stamps: value.arrived });
      else if (value.kind !== 'caught-up') yield { ...value, from: 0 };
    }
  } catch (error) {
    yield { kind: 'failed', from: 0, error };
  } finally {
    await source?.steps.return({ reason: 'stopped' }).catch(() => undefined);
  }
}

async function* mergeMany<T>(
  inputs: readonly MergeInput<T>[],
  options: MergeRules,
): AsyncGenerator<Merged<T>, void, undefined> {
  const lanes = inputs.map((input, index) => createLane(input, index));
  const asides: Merged<T>[] = [];
  let wake: (() => void) | undefined;
  const waker = () => wake?.();
  const start: Start = { at: options.now(), firstOpen: null };
  let stopped = false;
  options.hurry.addEventListener('abort', waker, { once: true });
  const opened = () => {
    start.firstOpen ??= options.now();
    for (const lane of lanes) lane.window = windowOf(lanes, lane.index);
  };
  const pumps = lanes.map((lane) => pump(lane, { asides, waker, options, stopped: () => stopped, opened }));
  let handedOut = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      while (asides.length > 0) {
        const aside = asides.shift();
        if (aside) yield aside;
      }
      let wasReady = false;
      for (const { lane, taken } of takeReady(lanes, options, start)) {
        wasReady = true;
        const behind = countBehind(taken.at, handedOut);
        if (lane.places.timed) handedOut = Math.max(handedOut, taken.at.at(-1) ?? handedOut);
        yield* stepsOf(lane, taken, behind);
        if (lane.resume && lane.queue.size <= options.bound * ROOM) {
          lane.resume();
          lane.resume = undefined;
        }
      }
      if (wasReady || asides.length > 0) continue;
      if (lanes.every((lane) => lane.over && lane.queue.size === 0)) return;
      const pause = pauseOf(lanes, options, start);
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
    await Promise.all(lanes.map(close));
    await Promise.all(pumps);
    // One that came to be open meanwhile.
    await Promise.all(lanes.map(close));
  }
}

async function close<T>({ source }: Lane<T>): Promise<void> {
  await source?.steps.return({ reason: 'stopped' }).catch(() => undefined);
}

function windowOf<T>(lanes: readonly Lane<T>[], index: number): number {
  return lanes.reduce((most, { source }, other) => {
    const counts = source && (other !== index || !source.ordered);
    return counts ? Math.max(most, source.window) : most;
  }, 0);
}

/** How many of the first items are earlier than what was handed out. */
function countBehind(at: readonly number[], handedOut: number): number {
  let count = 0;
  while (count < at.length && (at[count] ?? 0) < handedOut) count += 1;
  return count;
}
