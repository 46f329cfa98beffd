// The events of an app as a source: the past by pages, then look by look. Knows no event's words.
import { compareInstants, type Instant, type PlatformEvent } from '../../model.ts';
import type { Batch, HistoryEnd, HistoryQuery, LiveEnd, LiveStart } from '../../provider.ts';
import { wait } from '../../wait.ts';
import { createEventMemory, type EventMemory, eventMemoryAt } from './event-memory.ts';
import { createOrder, type EventList, eventPages, fallbackNotices, oldestFirst } from './event-pages.ts';
import { eventOf, type Sighting } from './event-words.ts';

/** Held at most: pages come newest first and have to be turned round. */
export const MOST_HELD = 20_000;
/** Each brings a whole deployment along: small pages where few events are wanted. */
const LARGE_PAGE = 100;
const SMALL_PAGE = 20;

export async function* readEventHistory(
  list: EventList,
  query: HistoryQuery,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, HistoryEnd, undefined> {
  const wanted = query.lines === 'all' ? MOST_HELD : Math.min(query.lines, MOST_HELD);
  const found = new Map<string, Found>();
  const order = createOrder();
  let isWhole = true;
  let reachesSince = false;
  for await (const page of eventPages(list, wanted > SMALL_PAGE ? LARGE_PAGE : SMALL_PAGE, signal)) {
    order.add(page);
    // A page that moved while the next one was asked for shows events twice.
    for (const sighting of page)
      if (!found.has(sighting.key)) found.set(sighting.key, foundOf(list, sighting));
    reachesSince = order.isNewestFirst && page.some(({ ts }) => isBefore(ts, query.since));
    const isEnough = order.isNewestFirst && found.size >= wanted;
    if (reachesSince || isEnough || found.size >= MOST_HELD) {
      isWhole = false;
      break;
    }
    yield { items: [], progress: { done: found.size, total: null, unit: 'lines' } };
  }
  const past = oldestFirst([...found.values()]);
  const memory = createEventMemory();
  memory.learn(past);
  const isOverfull = !isWhole && !reachesSince && found.size >= MOST_HELD;
  yield {
    items: past.flatMap(({ event }) => event ?? []),
    position: memory.position(),
    notices: fallbackNotices(list),
    ...(isOverfull && {
      missing: { count: null, reason: `only the newest ${MOST_HELD} events are read`, certain: true },
    }),
  };
  const begins = isWhole ? (past.find(({ ts }) => ts !== null)?.ts ?? null) : null;
  return { complete: isWhole || reachesSince || isOverfull, begins };
}

/** An event in our words, without the whole deployment that came with it: many may be held. */
interface Found extends Pick<Sighting, 'key' | 'phase' | 'ts'> {
  /** null for one of another component. */
  readonly event: PlatformEvent | null;
}

function foundOf({ component, subject }: EventList, sighting: Sighting): Found {
  const { key, phase, ts } = sighting;
  return { key, phase, ts, event: eventOf(sighting, { component, subject, former: null }) };
}

function isBefore(ts: Instant | null, since: Instant | null): boolean {
  return ts !== null && since !== null && compareInstants(ts, since) < 0;
}

interface News extends Sighting {
  /** The phase in which it was shown before. */
  readonly former: string | null;
}

function wordsOf(list: EventList, sightings: readonly (Sighting | News)[]): PlatformEvent[] {
  const { component, subject } = list;
  return sightings.flatMap((sighting) => {
    const former = 'former' in sighting ? sighting.former : null;
    return eventOf(sighting, { component, subject, former }) ?? [];
  });
}

/** Look by look, an empty batch where nothing is new; never ends by itself. */
export async function* readLiveEvents(
  list: EventList,
  start: LiveStart,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, LiveEnd, undefined> {
  const { client } = list;
  const leave = client.watching();
  try {
    let memory = 'after' in start ? eventMemoryAt(start.after) : null;
    if (memory === null) {
      const first = await firstPage(list, signal);
      memory = createEventMemory();
      memory.learn(first);
      const lines = 'lines' in start ? start.lines : 0;
      const items = lines > 0 ? wordsOf(list, first.slice(-lines)) : [];
      yield { items, position: memory.position(), notices: fallbackNotices(list) };
      await wait(client.watchInterval(), signal);
    }
    for (;;) {
      const { news, isCut } = await look(list, memory, signal);
      memory.learn(news);
      yield {
        items: wordsOf(list, news),
        position: memory.position(),
        notices: fallbackNotices(list),
        ...(isCut && {
          missing: { count: null, reason: 'more events came at once than are read', certain: true },
        }),
      };
      await wait(client.watchInterval(), signal);
    }
  } finally {
    leave();
  }
}

/** Oldest first; of a list that is not newest first all of it. */
async function firstPage(list: EventList, signal: AbortSignal): Promise<Sighting[]> {
  const order = createOrder();
  const found: Sighting[] = [];
  for await (const page of eventPages(list, SMALL_PAGE, signal)) {
    order.add(page);
    found.push(...page);
    if (order.isNewestFirst || found.length >= MOST_HELD) break;
  }
  return oldestFirst(found);
}

/** Pages that are read back until something known is met, and until what is under way is met. */
const MOST_PAGES = 100;
const MOST_PAGES_FOR_OPEN = 5;

interface Look {
  /** Oldest first. */
  readonly news: readonly News[];
  readonly isCut: boolean;
}

async function look(list: EventList, memory: EventMemory, signal: AbortSignal): Promise<Look> {
  const open = memory.open();
  const order = createOrder();
  const news = new Map<string, News>();
  let pages = 0;
  let isMet = false;
  let isCut = false;
  for await (const page of eventPages(list, SMALL_PAGE, signal)) {
    pages += 1;
    order.add(page);
    for (const sighting of page) {
      const result = memory.compare(sighting);
      if (typeof result === 'object') news.set(sighting.key, { ...sighting, ...result });
      if (typeof result === 'string' || result.former !== null) isMet = true;
      open.delete(sighting.key);
    }
    if (order.isNewestFirst && isMet && (open.size === 0 || pages >= MOST_PAGES_FOR_OPEN)) break;
    isCut = pages >= MOST_PAGES;
    if (isCut) break;
  }
  memory.giveUp(open);
  return { news: oldestFirst([...news.values()]), isCut };
}
