// Events as a source that is asked again and again: what is news since the last look. Knows neither audits nor records.
import {
  compareInstants,
  formatInstant,
  type Instant,
  type Notice,
  type PlatformEvent,
} from '../../model.ts';
import type {
  Batch,
  HistoryEnd,
  HistoryQuery,
  LiveEnd,
  LiveStart,
  Position,
  Source,
  Traits,
} from '../../provider.ts';
import { wait } from '../../wait.ts';
import { instantOf } from './times.ts';

/** The newest events of an app. */
export interface EventWindow {
  /** Oldest first. */
  readonly events: readonly PlatformEvent[];
  /** Whether there are no older ones. */
  readonly whole: boolean;
  readonly notices: readonly Notice[];
}

export interface EventPlace {
  readonly traits: Traits;
  /** The most that a look can be asked for. */
  readonly most: number;
  readonly everyMillis: number;
  readonly wanted: (event: PlatformEvent) => boolean;
  look(size: number, signal: AbortSignal): Promise<EventWindow>;
}

export function eventSource(place: EventPlace): Source<PlatformEvent> {
  return {
    traits: place.traits,
    history: (query, signal) => pastEvents(place, query, signal),
    live: (start, signal) => newEvents(place, start, signal),
    timeOf: ({ ts }) => ts,
    keyOf: ({ id, ts, message }) => id ?? `${ts?.seconds ?? ''} ${message}`,
  };
}

async function* pastEvents(
  place: EventPlace,
  query: HistoryQuery,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, HistoryEnd, undefined> {
  const { most, wanted } = place;
  const size = query.lines === 'all' ? most : Math.min(most, Math.max(1, query.lines));
  const { events, whole, notices } = await place.look(size, signal);
  yield {
    items: events.filter(wanted),
    position: positionOf(markOf(events, whole)),
    ...(notices.length > 0 && { notices }),
  };
  const begins = oldestOf(events);
  const reached = query.since !== null && begins !== null && compareInstants(begins, query.since) < 0;
  return { complete: whole || size >= most || reached, begins: !whole && size >= most ? begins : null };
}

/** Enough for what happens between two looks, on most days. */
const USUAL_LOOK = 100;

async function* newEvents(
  place: EventPlace,
  start: LiveStart,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, LiveEnd, undefined> {
  let mark = 'after' in start ? markOfPosition(start.after) : null;
  for (;;) {
    const { window, reaches } = await lookBackTo(place, mark, signal);
    const { events, whole, notices } = window;
    const news =
      mark === null ? newest(events, 'lines' in start ? start.lines : 0) : events.filter(isNews(mark));
    mark = markOf(events, whole);
    yield {
      items: news.filter(place.wanted),
      position: positionOf(mark),
      ...(notices.length > 0 && { notices }),
      ...(!reaches && { missing: MISSING }),
    };
    await wait(place.everyMillis, signal);
  }
}

const MISSING = {
  count: null,
  reason: 'more events came between two looks than Akkeris can be asked for',
  certain: false,
};

/** Asked for more until an event is met that was there before. */
async function lookBackTo(
  place: EventPlace,
  mark: Mark | null,
  signal: AbortSignal,
): Promise<{ window: EventWindow; reaches: boolean }> {
  const reaching = ({ events, whole }: EventWindow) =>
    mark === null || whole || events.some(({ id }) => id !== null && mark.ids.has(id));
  const near = await place.look(USUAL_LOOK, signal);
  if (reaching(near)) return { window: near, reaches: true };
  const far = await place.look(place.most, signal);
  const notices = [...near.notices, ...far.notices];
  return { window: { ...far, notices }, reaches: reaching(far) };
}

function newest(events: readonly PlatformEvent[], count: number): readonly PlatformEvent[] {
  return count === 0 ? [] : events.slice(-count);
}

/** What had been seen at a look. */
interface Mark {
  readonly ids: ReadonlySet<string>;
  /** The time of the oldest of them, where older ones may exist: those are no news. */
  readonly from: Instant | null;
}

/** A position is written down: it is not to grow with the age of an app. */
const MOST_MARKED = 2000;

function markOf(events: readonly PlatformEvent[], whole: boolean): Mark {
  const marked = events.slice(-MOST_MARKED);
  const ids = new Set(marked.flatMap(({ id }) => id ?? []));
  return { ids, from: whole && marked.length === events.length ? null : oldestOf(marked) };
}

/** An event may be told of late: unknown and newer than the oldest one that was known makes news. */
function isNews({ ids, from }: Mark): (event: PlatformEvent) => boolean {
  return ({ id, ts }) =>
    (id === null || !ids.has(id)) && (from === null || ts === null || compareInstants(ts, from) > 0);
}

function oldestOf(events: readonly PlatformEvent[]): Instant | null {
  return events.reduce<Instant | null>((oldest, { ts }) => {
    if (ts === null || (oldest !== null && compareInstants(oldest, ts) <= 0)) return oldest;
    return ts;
  }, null);
}

function positionOf({ ids, from }: Mark): Position {
  return { ids: [...ids], from: from === null ? null : formatInstant(from) };
}

/** A position that is none of ours marks nothing: the next look begins anew. */
function markOfPosition(position: Position): Mark | null {
  if (typeof position !== 'object' || position === null || Array.isArray(position)) return null;
  const { ids, from } = position as { readonly [key: string]: Position };
  if (!Array.isArray(ids)) return null;
  return { ids: new Set(ids.filter((id) => typeof id === 'string')), from: instantOf(from) };
}
