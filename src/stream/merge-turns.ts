// Whose turn it is in a merge, and when the next one's comes. Knows lanes and a clock, no feed.
import type { MergeRules } from './merge.ts';
import type { Lane, Queued } from './merge-lane.ts';
import type { Timed } from './timed-queue.ts';

export interface Start {
  readonly at: number;
  /** When the first of the inputs was open. */
  firstOpen: number | null;
}

/** Items of one lane that have left its queue. */
export interface Turn<T> {
  readonly lane: Lane<T>;
  readonly taken: Timed<Queued<T>>;
}

/**
 * What may go now, in order of time. What has waited its window goes, and whatever is there and earlier goes before it,
 * however short it has waited; what comes meanwhile goes afterwards, so that lines that keep coming with early times hold
 * up nothing. Else as many of one lane as come before every other lane's first.
 */
export function takeReady<T>(lanes: readonly Lane<T>[], rules: MergeRules, start: Start): Iterable<Turn<T>> {
  const now = rules.now();
  let full = rules.hurry.aborted;
  for (const lane of lanes) {
    // Its past may still hold something earlier.
    if (lane.queue.size === 0 && lane.past && now < waitedForUntil(lane, rules, start)) return [];
    // Whoever waits for room need not wait for others as well.
    if (lane.resume) full = true;
  }
  const next = nextOf(lanes);
  const due = dueUntil(lanes, now, heldUntil(lanes, rules, start));
  if (next && next.lane.queue.firstAt <= due) return takeUntil(lanes, due);
  const turn = next && takeOf(next, full ? Number.POSITIVE_INFINITY : now - next.lane.window);
  return turn ? [turn] : [];
}

/** Milliseconds until something may go that may not yet; null when nothing is there. */
export function pauseOf<T>(lanes: readonly Lane<T>[], rules: MergeRules, start: Start): number | null {
  const now = rules.now();
  const next = nextOf(lanes);
  if (!next) return null;
  let waitedFor = now;
  let live = Number.POSITIVE_INFINITY;
  let past = Number.POSITIVE_INFINITY;
  for (const lane of lanes) {
    if (lane.queue.size === 0) {
      if (lane.past) waitedFor = Math.max(waitedFor, waitedForUntil(lane, rules, start));
      continue;
    }
    live = Math.min(live, lane.waits.live.first + lane.window);
    if (!isHeldByPast(lane, lanes)) past = Math.min(past, lane.waits.past.first + lane.window);
  }
  const stamp = next.lane.queue.firstStamp;
  const own = stamp < 0 ? now : stamp + next.lane.window;
  const due = Math.min(own, past, Math.max(live, heldUntil(lanes, rules, start)));
  return Math.max(due, waitedFor) - now;
}

interface Next<T> {
  readonly lane: Lane<T>;
  /** Where the first of all others stands. */
  readonly until: number;
}

function nextOf<T>(lanes: readonly Lane<T>[]): Next<T> | null {
  let next: Lane<T> | null = null;
  let first = Number.POSITIVE_INFINITY;
  let until = Number.POSITIVE_INFINITY;
  for (const lane of lanes) {
    if (lane.queue.size === 0) continue;
    const at = lane.queue.firstAt;
    if (next === null || at < first) {
      until = Math.min(until, first);
      next = lane;
      first = at;
    } else until = Math.min(until, at);
  }
  return next && { lane: next, until };
}

/**
 * Everything up to that time that is there, taken as it is asked for. Of each lane as many items as are there now: what
 * comes meanwhile, however early, takes the place of its own lane's at most.
 */
function* takeUntil<T>(lanes: readonly Lane<T>[], due: number): Generator<Turn<T>, void, undefined> {
  const left = lanes.map((lane) => lane.queue.countUntil(due));
  let open = lanes.filter((_, index) => (left[index] ?? 0) > 0);
  for (;;) {
    const next = nextOf(open);
    if (!next || next.lane.queue.firstAt > due) return;
    const { lane } = next;
    const turn = takeOf({ lane, until: Math.min(next.until, due) }, Number.POSITIVE_INFINITY);
    if (!turn) return;
    const rest = (left[lane.index] ?? 0) - turn.taken.at.length;
    left[lane.index] = rest;
    if (rest <= 0) open = open.filter((other) => other !== lane);
    yield turn;
  }
}

function takeOf<T>({ lane, until }: Next<T>, stamp: number): Turn<T> | null {
  const taken = lane.queue.take(until, stamp);
  const last = taken?.at.at(-1);
  if (!taken || last === undefined) return null;
  lane.waits.live.drop(last);
  lane.waits.past.drop(last);
  return { lane, taken };
}

/** Up to which time all may go, as something of that time has waited its window. */
function dueUntil<T>(lanes: readonly Lane<T>[], now: number, held: number): number {
  let due = Number.NEGATIVE_INFINITY;
  for (const lane of lanes) {
    const { live, past } = lane.waits;
    if (now >= held) due = Math.max(due, live.latestOf(now - lane.window));
    if (!isHeldByPast(lane, lanes)) due = Math.max(due, past.latestOf(now - lane.window));
  }
  return due;
}

/** Pasts are put in one order however long one of them takes to come. */
function isHeldByPast<T>(lane: Lane<T>, lanes: readonly Lane<T>[]): boolean {
  return lanes.some((other) => other !== lane && other.past && other.queue.size > 0);
}

/** What came live waits so long for pasts that are still coming, and no longer. */
function heldUntil<T>(lanes: readonly Lane<T>[], rules: MergeRules, start: Start): number {
  let until = Number.NEGATIVE_INFINITY;
  for (const lane of lanes) if (lane.past) until = Math.max(until, waitedForUntil(lane, rules, start));
  return until;
}

/** How long the others wait for the past of this one, on the clock of `now`. */
function waitedForUntil<T>({ source }: Lane<T>, rules: MergeRules, { at, firstOpen }: Start): number {
  if (rules.hurry.aborted) return Number.NEGATIVE_INFINITY;
  if (source) return at + rules.patience;
  return Math.min(at + rules.patience, (firstOpen ?? Number.POSITIVE_INFINITY) + rules.openPatience);
}
