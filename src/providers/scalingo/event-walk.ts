// The events of an app as a source: the past by pages, then the newest page again and again. The position is what was
// seen last, so that nothing between two looks is missed and nothing comes twice.
import { compareInstants, formatInstant, type Instant, type PlatformEvent } from '../../model.ts';
import type { Batch, HistoryEnd, HistoryQuery, LiveEnd, LiveStart, Position } from '../../provider.ts';
import { fieldsOf } from '../../transport/json-fields.ts';
import { wait } from '../../wait.ts';
import type { ScalingoClient } from './client.ts';
import type { AppPlace } from './deployments.ts';
import { type EventPage, eventPage, keyOfEvent, LARGE_PAGE, MOST_HOURS, USUAL_PAGE } from './event-pages.ts';
import { instantOf } from './times.ts';

export interface EventReading {
  readonly client: ScalingoClient;
  readonly place: AppPlace;
}

/** Held at most: pages come newest first and have to be turned round. */
export const MOST_HELD = 20_000;
/** Keys that a position holds. */
const MOST_KNOWN = 100;

export async function* readEventHistory(
  reading: EventReading,
  query: HistoryQuery,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, HistoryEnd, undefined> {
  const { found, isWhole, isOverfull } = yield* collect(reading, query, signal);
  const oldestFirst = [...found].reverse();
  yield {
    items: oldestFirst,
    position: positionOf(seenOf(found)),
    ...(isOverfull && {
      missing: { count: null, reason: `only the newest ${MOST_HELD} events are read`, certain: true },
    }),
  };
  return { complete: isWhole, begins: null };
}

interface Collected {
  /** Newest first. */
  readonly found: readonly PlatformEvent[];
  /** Whether the beginning or `since` was reached. */
  readonly isWhole: boolean;
  readonly isOverfull: boolean;
}

/** Says how far it has come. */
async function* collect(
  { client, place }: EventReading,
  { lines, since }: HistoryQuery,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, Collected, undefined> {
  const wanted = lines === 'all' ? MOST_HELD : Math.min(lines, MOST_HELD);
  const found = new Map<string, PlatformEvent>();
  const hours = since === null ? null : hoursBack(since, client.timing.now());
  const add = ({ events }: EventPage) => {
    for (const event of events) found.set(keyOfEvent(event), event);
  };
  const result = (isWhole: boolean): Collected => ({
    found: newestFirst([...found.values()]),
    isWhole,
    isOverfull: !isWhole && lines === 'all',
  });
  if (lines === 'all' && hours !== null && hours <= MOST_HOURS) {
    const window = await eventPage(client, place, { hours }, signal);
    add(window);
    // A server that does not know `from` answers with its first page.
    if (window.next === null || reaches(window, since)) return result(true);
  }
  const size = wanted > USUAL_PAGE ? LARGE_PAGE : USUAL_PAGE;
  for (let page = 1; ; ) {
    const answer = await eventPage(client, place, { page, size }, signal);
    add(answer);
    if (answer.next === null || reaches(answer, since)) return result(true);
    if (found.size >= wanted) return result(false);
    yield { items: [], progress: { done: found.size, total: null, unit: 'lines' } };
    page = answer.next;
  }
}

function hoursBack(since: Instant, now: number): number {
  return Math.max(1, Math.ceil((now / 1000 - since.seconds) / 3600));
}

/** Whether a page goes back to before that time. */
function reaches({ events }: EventPage, since: Instant | null): boolean {
  return since !== null && events.some(({ ts }) => ts !== null && compareInstants(ts, since) < 0);
}

/** Stable; an event without a time stays behind the one that it followed. */
function newestFirst(events: readonly PlatformEvent[]): PlatformEvent[] {
  let last: Instant | null = null;
  const timed = events.map((event) => {
    last = event.ts ?? last;
    return { event, time: last };
  });
  timed.sort((a, b) => (a.time === null || b.time === null ? 0 : compareInstants(b.time, a.time)));
  return timed.map(({ event }) => event);
}

/** What was seen last. */
interface Seen {
  /** Newest first. */
  readonly keys: readonly string[];
  /** Events before that time are past, whether their keys are known or not; null: none is. */
  readonly floor: Instant | null;
}

function seenOf(newestOnes: readonly PlatformEvent[]): Seen {
  const known = newestOnes.slice(0, MOST_KNOWN);
  const floor = known.reduce<Instant | null>(
    (oldest, { ts }) => (ts !== null && (oldest === null || compareInstants(ts, oldest) < 0) ? ts : oldest),
    null,
  );
  return { keys: known.map(keyOfEvent), floor };
}

function positionOf({ keys, floor }: Seen): Position {
  return { keys, floor: floor === null ? null : formatInstant(floor) };
}

/** null for what is no position of ours. */
function seenAt(position: Position): Seen | null {
  const { keys, floor } = fieldsOf(position) ?? {};
  if (!Array.isArray(keys)) return null;
  return { keys: keys.filter((key) => typeof key === 'string'), floor: instantOf(floor) };
}

/** One look per interval, each an empty batch at least; never ends by itself. */
export async function* readLiveEvents(
  reading: EventReading,
  start: LiveStart,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, LiveEnd, undefined> {
  let seen = 'after' in start ? seenAt(start.after) : null;
  for (;;) {
    const look = await lookFrom(reading, seen, signal);
    seen = look.seen;
    yield {
      items: look.news,
      position: positionOf(seen),
      ...(look.isCut && {
        missing: { count: null, reason: 'more events came at once than are read', certain: true },
      }),
    };
    await wait(reading.client.pace.events, signal);
  }
}

/** Pages that are read back at most until something known is met. */
const MOST_PAGES = 20;

interface Look {
  /** Oldest first. */
  readonly news: readonly PlatformEvent[];
  readonly seen: Seen;
  readonly isCut: boolean;
}

/** Without anything seen before, all that is there is past. */
async function lookFrom(
  { client, place }: EventReading,
  seen: Seen | null,
  signal: AbortSignal,
): Promise<Look> {
  const known = new Set(seen?.keys);
  const all = new Map<string, PlatformEvent>();
  let page = 1;
  for (let pages = 1; ; pages += 1) {
    const answer = await eventPage(client, place, { page, size: USUAL_PAGE }, signal);
    for (const event of answer.events) all.set(keyOfEvent(event), event);
    const isMet = seen === null || answer.events.some((event) => isPast(event, seen, known));
    const isCut = !isMet && answer.next !== null && pages >= MOST_PAGES;
    if (isMet || answer.next === null || isCut) return lookAt([...all.values()], { seen, known, isCut });
    page = answer.next;
  }
}

function lookAt(
  all: readonly PlatformEvent[],
  { seen, known, isCut }: { seen: Seen | null; known: ReadonlySet<string>; isCut: boolean },
): Look {
  const sorted = newestFirst(all);
  if (seen === null) return { news: [], seen: seenOf(sorted), isCut };
  const news = sorted.filter((event) => !isPast(event, seen, known));
  const keys = [...news.map(keyOfEvent), ...seen.keys].slice(0, MOST_KNOWN);
  return { news: news.reverse(), seen: { keys, floor: floorAfter(seen, sorted, keys) }, isCut };
}

/** Known, or older than all that is remembered: it came into sight because another one was deleted. */
function isPast(event: PlatformEvent, { floor }: Seen, known: ReadonlySet<string>): boolean {
  if (known.has(keyOfEvent(event))) return true;
  return event.ts !== null && floor !== null && compareInstants(event.ts, floor) < 0;
}

/** It rises only when keys are forgotten: the oldest that is still in sight. */
function floorAfter(seen: Seen, inSight: readonly PlatformEvent[], keys: readonly string[]): Instant | null {
  if (keys.length < MOST_KNOWN) return seen.floor;
  const kept = new Set(keys);
  const times = inSight.filter((event) => kept.has(keyOfEvent(event))).flatMap(({ ts }) => ts ?? []);
  const [first, ...rest] = times;
  if (first === undefined) return seen.floor;
  return rest.reduce((oldest, ts) => (compareInstants(ts, oldest) < 0 ? ts : oldest), first);
}
