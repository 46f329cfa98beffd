// One input of a merge: its queue, and the pump that fills it. Knows no platform.
import { carrying, countOf, type Lot } from '../model.ts';
import type { FeedStep } from './feed-steps.ts';
import type { Merged, MergedItems, MergeInput, MergeRules, MergeSource } from './merge.ts';
import { Places, type Stamps, TimedQueue, unwaiting } from './timed-queue.ts';
import { Waits } from './waits.ts';

/** A word of the feed itself that keeps its place among the items. */
class Aside<T> {
  readonly step: Merged<T>;
  constructor(step: Merged<T>) {
    this.step = step;
  }
}

/** What waits in a lane. */
export type Queued<T> = T | Aside<T>;

export interface Lane<T> {
  readonly input: MergeInput<T>;
  readonly index: number;
  readonly queue: TimedQueue<Queued<T>>;
  /** Once it is open. */
  source: MergeSource<T> | undefined;
  places: Places<T>;
  /** How long its live items wait: as long as the slowest of the others takes, or as its own disorder asks. */
  window: number;
  /** Of what is in the queue: of what came live, and of all else. */
  readonly waits: { readonly live: Waits; readonly past: Waits };
  /** Still handing out its past. */
  past: boolean;
  over: boolean;
  /** Asides in the queue. */
  asides: number;
  /** Called when the queue, which was full, has room again. */
  resume: (() => void) | undefined;
}

export function createLane<T>(input: MergeInput<T>, index: number): Lane<T> {
  return {
    input,
    index,
    queue: new TimedQueue(),
    source: undefined,
    places: new Places({ timeOf: () => null }),
    window: 0,
    waits: { live: new Waits(), past: new Waits() },
    past: true,
    over: false,
    asides: 0,
    resume: undefined,
  };
}

export interface Pumping<T> {
  readonly asides: Merged<T>[];
  readonly options: MergeRules;
  waker(): void;
  stopped(): boolean;
  /** The lane knows its source. */
  opened(lane: Lane<T>): void;
}

/** Pulls until the input ends or all are stopped; never rejects. */
export async function pump<T>(lane: Lane<T>, shared: Pumping<T>): Promise<void> {
  const from = lane.index;
  const { options } = shared;
  try {
    const source = typeof lane.input === 'function' ? await lane.input() : lane.input;
    lane.source = source;
    lane.places = new Places(source, Date.now);
    shared.opened(lane);
    while (!shared.stopped()) {
      const step = await source.steps.next();
      if (step.done) {
        queueAside(lane, { kind: 'over', from, end: step.value }, { now: options.now(), waits: false });
        break;
      }
      take(lane, step.value, shared);
      shared.waker();
      if (lane.queue.size >= options.bound) {
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

function take<T>(lane: Lane<T>, step: FeedStep<T>, { asides, options }: Pumping<T>): void {
  const from = lane.index;
  if (step.kind === 'items') admit(lane, step, step.arrived ?? options.now());
  else if (step.kind === 'caught-up') lane.past = false;
  else if (step.kind === 'gap') queueAside(lane, { ...step, from }, { now: options.now(), waits: true });
  else if (step.kind === 'progress') asides.push({ ...step, from });
  else {
    // Behind the gap that the end of the last connection has left.
    if (step.notice.kind === 'reconnected')
      queueAside(lane, { ...step, from }, { now: options.now(), waits: true });
    else asides.push({ ...step, from });
    // Nobody knows how long that takes.
    if (step.notice.kind === 'disconnected') lane.past = false;
  }
}

function admit<T>(lane: Lane<T>, step: Lot<T> & { readonly past: boolean }, now: number): void {
  const at = lane.places.of(step);
  if (at.length === 0) return;
  lane.queue.push(step, at, step.past || !lane.places.timed ? unwaiting(now) : now);
  lane.waits[step.past ? 'past' : 'live'].add(now, latest(at));
}

function latest(at: readonly number[]): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const millis of at) if (millis > most) most = millis;
  return most;
}

function queueAside<T>(
  lane: Lane<T>,
  step: Merged<T>,
  { now, waits }: { readonly now: number; readonly waits: boolean },
): void {
  const at = Math.max(lane.places.last, lane.queue.lastAt);
  lane.asides += 1;
  lane.queue.push({ items: [new Aside(step)] }, [at], waits ? now : unwaiting(now));
  lane.waits.past.add(now, at);
}

/** What was taken of a lane's queue as steps; the first `behind` items are late. */
export function stepsOf<T>(
  lane: Lane<T>,
  { lot, stamps }: { readonly lot: Lot<Queued<T>>; readonly stamps: Stamps },
  behind: number,
): readonly Merged<T>[] {
  if (lane.asides === 0) return partsOf(lane, { lot: lot as Lot<T>, stamps }, behind);
  return partsAndAsides(lane, { items: lot.items, stamps }, behind);
}

interface Taken<T> {
  readonly lot: Lot<T>;
  readonly stamps: Stamps;
}

function partsOf<T>(lane: Lane<T>, { lot, stamps }: Taken<T>, behind: number): readonly Merged<T>[] {
  const from = lane.index;
  if (behind === 0) return [itemsOf(lot, { from, late: false, stamps })];
  const late = lane.places.timed;
  if (behind === countOf(lot)) return [itemsOf(lot, { from, late, stamps })];
  const { items } = lot;
  const [first, second] = [sliced(stamps, 0, behind), sliced(stamps, behind)];
  return [
    { kind: 'items', from, items: items.slice(0, behind), late, stamps: first },
    { kind: 'items', from, items: items.slice(behind), late: false, stamps: second },
  ];
}

function sliced(stamps: Stamps, from: number, to?: number): Stamps {
  return typeof stamps === 'number' ? stamps : stamps.slice(from, to);
}

export function itemsOf<T>(
  lot: Lot<T>,
  about: { readonly from: number; readonly late: boolean; readonly stamps: Stamps | undefined },
): MergedItems<T> {
  const step = { kind: 'items', ...about } as const;
  return lot.bundle ? carrying(step, lot.bundle) : { ...step, items: lot.items };
}

function partsAndAsides<T>(
  lane: Lane<T>,
  { items, stamps }: { readonly items: readonly Queued<T>[]; readonly stamps: Stamps },
  behind: number,
): Merged<T>[] {
  const parts: Merged<T>[] = [];
  let run: T[] = [];
  let left = behind;
  const close = (end: number) => {
    const own = sliced(stamps, end - run.length, end);
    if (run.length > 0)
      parts.push(...partsOf(lane, { lot: { items: run }, stamps: own }, Math.min(left, run.length)));
    left = Math.max(0, left - run.length);
    run = [];
  };
  for (const [index, item] of items.entries()) {
    if (item instanceof Aside) {
      close(index);
      lane.asides -= 1;
      left = Math.max(0, left - 1);
      parts.push(item.step);
    } else run.push(item);
  }
  close(items.length);
  return parts;
}
