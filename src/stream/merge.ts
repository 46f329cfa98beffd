// Several feeds as one sequence in order of time; none can hold up the others. Knows no platform.
import type { Gap, Instant, Notice } from '../model.ts';
import { instantToMillis } from '../model.ts';
import type { Progress } from '../provider.ts';
import type { FeedEnd, FeedStep } from './feed.ts';

export interface MergeInput<T> {
  readonly steps: AsyncGenerator<FeedStep<T>, FeedEnd, undefined>;
  timeOf(item: T): Instant | null;
  /** Milliseconds that a live item waits for earlier ones; 0 = as it comes. */
  readonly window: number;
  /** Whether the items of this input come in order by themselves. */
  readonly ordered: boolean;
}

export interface MergedItems<T> {
  readonly kind: 'items';
  /** Index of the input. */
  readonly from: number;
  readonly items: readonly T[];
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
      if (value.kind === 'items') yield { kind: 'items', from: 0, items: value.items, late: false };
      else if (value.kind !== 'caught-up') yield { ...value, from: 0 };
    }
  } catch (error) {
    yield { kind: 'failed', from: 0, error };
  } finally {
    await input.steps.return({ reason: 'stopped' }).catch(() => undefined);
  }
}

interface Waiting<T> {
  readonly item: T | undefined;
  /** A word of the feed itself that keeps its place among the items. */
  readonly aside: Merged<T> | undefined;
  /** Milliseconds since the epoch by which it is put in order. */
  readonly at: number;
  /** The merge's clock: when it may go although others might still bring something earlier. */
  readonly due: number;
  readonly timed: boolean;
}

interface Lane<T> {
  readonly input: MergeInput<T>;
  readonly index: number;
  /** In order of `at`; `head` is the first that still waits. */
  queue: Waiting<T>[];
  head: number;
  /** How long its live items wait: as long as the slowest of the others takes, or as its own disorder asks. */
  readonly window: number;
  /** Still handing out its past. */
  past: boolean;
  over: boolean;
  lastAt: number;
  /** Whether any of its items had a time. */
  timed: boolean;
  /** Called when the queue has room again. */
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
      queue: [],
      head: 0,
      window: windowOf(inputs, index),
      past: true,
      over: false,
      lastAt: Number.NEGATIVE_INFINITY,
      timed: false,
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
        const { lane, items, aside } = ready;
        if (aside) {
          yield aside;
          continue;
        }
        const first = items[0];
        const last = items.at(-1);
        const late = first?.timed === true && first.at < handedOut;
        if (last?.timed) handedOut = Math.max(handedOut, last.at);
        yield { kind: 'items', from: lane.index, items: items.flatMap(itemOf), late };
        if (lane.resume && waitingIn(lane) < options.bound / 2) {
          lane.resume();
          lane.resume = undefined;
        }
        continue;
      }
      if (asides.length > 0) continue;
      if (lanes.every((lane) => lane.over && waitingIn(lane) === 0)) return;
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
      if (waitingIn(lane) >= shared.options.bound) {
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

function waitingIn<T>(lane: Lane<T>): number {
  return lane.queue.length - lane.head;
}

function windowOf<T>(inputs: readonly MergeInput<T>[], index: number): number {
  return inputs.reduce((most, input, other) => {
    const counts = other !== index || !input.ordered;
    return counts ? Math.max(most, input.window) : most;
  }, 0);
}

function itemOf<T>(waiting: Waiting<T>): T[] {
  return waiting.item === undefined ? [] : [waiting.item];
}

function admit<T>(lane: Lane<T>, step: { items: readonly T[]; past: boolean }, now: number): void {
  if (lane.head > 4096 && lane.head * 2 > lane.queue.length) {
    lane.queue = lane.queue.slice(lane.head);
    lane.head = 0;
  }
  for (const item of step.items) {
    const time = lane.input.timeOf(item);
    if (time) {
      lane.lastAt = instantToMillis(time);
      lane.timed = true;
    } else if (!lane.timed) lane.lastAt = Date.now();
    // Otherwise: a line without a time stays behind the one it followed.
    const due = step.past || !lane.timed ? now : now + lane.window;
    insert(lane, { item, aside: undefined, at: lane.lastAt, due, timed: time !== null });
  }
}

function queueAside<T>(lane: Lane<T>, aside: Merged<T>, due: number): void {
  const at = Math.max(lane.lastAt, lane.queue.at(-1)?.at ?? lane.lastAt);
  lane.queue.push({ item: undefined, aside, at, due, timed: false });
}

/** Nearly always at the end; otherwise behind the last one that is not later. */
function insert<T>(lane: Lane<T>, waiting: Waiting<T>): void {
  const { queue } = lane;
  let index = queue.length;
  while (index > lane.head && (queue[index - 1]?.at ?? 0) > waiting.at) index -= 1;
  if (index === queue.length) queue.push(waiting);
  else queue.splice(index, 0, waiting);
}

const RUN = 512;

/** The earliest items that may go: as many of one lane as come before every other lane's first. */
function takeReady<T>(
  lanes: readonly Lane<T>[],
  options: MergeRules,
  patient: boolean,
): { lane: Lane<T>; items: Waiting<T>[]; aside?: Merged<T> } | null {
  let best: Lane<T> | null = null;
  let second = Number.POSITIVE_INFINITY;
  for (const lane of lanes) {
    const head = lane.queue[lane.head];
    if (!head) {
      // Its past may still hold something earlier.
      if (lane.past && patient) return null;
      continue;
    }
    const bestAt = best?.queue[best.head]?.at ?? Number.POSITIVE_INFINITY;
    if (head.at < bestAt) {
      if (best) second = Math.min(second, bestAt);
      best = lane;
    } else second = Math.min(second, head.at);
  }
  if (!best) return null;
  const now = options.now();
  const full = waitingIn(best) >= options.bound || options.hurry.aborted;
  const items: Waiting<T>[] = [];
  while (items.length < RUN) {
    const waiting = best.queue[best.head];
    if (!waiting || waiting.at > second || (waiting.due > now && !full)) break;
    if (waiting.aside) {
      if (items.length > 0) break;
      best.head += 1;
      return { lane: best, items, aside: waiting.aside };
    }
    items.push(waiting);
    best.head += 1;
  }
  return items.length > 0 ? { lane: best, items } : null;
}

function untilNext<T>(
  lanes: readonly Lane<T>[],
  options: MergeRules,
  start: { patient: boolean; startedAt: number },
): number | null {
  const now = options.now();
  let first: Waiting<T> | undefined;
  for (const lane of lanes) {
    const head = lane.queue[lane.head];
    if (head && (!first || head.at < first.at)) first = head;
  }
  if (!first) return null;
  const untilDue = first.due - now;
  const untilImpatient = start.startedAt + options.patience - now;
  const waitsForPast = start.patient && lanes.some((lane) => lane.past && waitingIn(lane) === 0);
  return waitsForPast ? Math.max(untilDue, untilImpatient) : untilDue;
}
