// The station's event list as a source: read, followed over requests that it may hold. Knows no version 3.
import type { Instant, PlatformEvent } from '../../model.ts';
import { compareInstants } from '../../model.ts';
import type { Batch, HistoryEnd, HistoryQuery, LiveEnd, LiveStart, Source, Traits } from '../../provider.ts';
import { wait } from '../../wait.ts';
import type { StationClient } from './client.ts';
import {
  beginsBehind,
  type EventMark,
  type EventReply,
  markOf,
  newsOf,
  positionOf,
  readEventReply,
  readMark,
} from './event-window.ts';
import { readEvent, type Subject } from './event-words.ts';
import type { Pace } from './pace.ts';
import { within } from './time-limit.ts';
import type { Container } from './translate.ts';

/** How many events an answer holds that was asked for none in particular (wire: Container Station 3.1). */
const UNASKED_EVENTS = 20;
/** Beyond the time that an answer may be held. */
const SILENCE_MARGIN = 45_000;
const MOST_NAMES = 2000;

export function eventTraits(pace: Pace): Traits {
  return {
    history: 'exact',
    archives: null,
    retention: `the newest ${UNASKED_EVENTS}, and older ones as far as the station still has them (undocumented)`,
    join: 'position',
    live: { kind: 'poll', everyMillis: pace.eventMinMillis },
    ids: false,
    times: 'seconds',
    ordered: true,
    filters: [],
    alive: {
      proof: 'an answer, which the station may hold until something happens',
      silenceMillis: pace.eventHoldMillis + SILENCE_MARGIN,
    },
    endless: false,
    maxLines: null,
  };
}

export interface EventListOptions {
  /** Only the events about it; null = all. */
  readonly container: Container | null;
  /** Those that exist, for events that give an id and no name. */
  readonly containers: readonly Container[];
}

export function eventList(client: StationClient, options: EventListOptions): Source<PlatformEvent> {
  const list: EventList = { client, translate: createTranslator(options) };
  return {
    traits: eventTraits(client.pace),
    history: (query, signal) => pastOf(list, query, signal),
    live: (start, signal) => follow(list, start, signal),
    timeOf: ({ ts }) => ts,
    keyOf: ({ ts, nativeKind, user, message }) => `${ts?.seconds ?? ''}\n${nativeKind}\n${user}\n${message}`,
  };
}

/** Throws a usage CliError where this version has no event list. */
export async function readEvents(
  client: StationClient,
  index: number | null,
  signal: AbortSignal,
): Promise<EventReply> {
  const ask = {
    path: index === null ? '/event' : `/event?index=${index}`,
    what: 'the events',
    // The station may hold it; whoever asks sets the limit.
    ...(index === null ? {} : { timeout: 0, retry: false }),
  };
  const json = await client.jsonIfOffered(ask, signal);
  if (json === undefined) throw await client.notOffered('event list', signal);
  return readEventReply(json, client.station);
}

interface EventList {
  readonly client: StationClient;
  /** Messages newest first become events oldest first. */
  readonly translate: (messages: readonly string[]) => PlatformEvent[];
}

function createTranslator({ container, containers }: EventListOptions): EventList['translate'] {
  const names = new Map(containers.map(({ id, name }) => [id, name]));
  const nameOf = (id: string) => names.get(id) ?? null;
  return (messages) =>
    messages.toReversed().flatMap((message) => {
      const { event, subject } = readEvent(message, nameOf);
      if (subject?.id && subject.name !== null && names.size < MOST_NAMES)
        names.set(subject.id, subject.name);
      return container === null || isAbout(subject, container) ? [event] : [];
    });
}

function isAbout(subject: Subject | null, { type, name, id }: Container): boolean {
  if (!subject || (subject.type !== null && subject.type !== type)) return false;
  if (subject.name === name) return true;
  return subject.id !== null && subject.id.length >= 12 && id.startsWith(subject.id);
}

async function* pastOf(
  list: EventList,
  query: HistoryQuery,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, HistoryEnd, undefined> {
  const present = await readEvents(list.client, null, signal);
  const wanted = query.lines === 'all' ? Number.POSITIVE_INFINITY : query.lines;
  const { reply, complete } = await reachBack(list, { present, wanted }, signal);
  const items = list.translate(reply.messages);
  const begins = items.find(({ ts }) => ts !== null)?.ts ?? null;
  yield { items, position: positionOf(markOf(present)) };
  return { complete: complete || reaches(begins, query), begins: complete ? begins : null };
}

/** As many as are wanted, where the station lets one ask for older ones; else what it shows unasked. */
async function reachBack(
  { client }: EventList,
  { present, wanted }: { readonly present: EventReply; readonly wanted: number },
  signal: AbortSignal,
): Promise<{ reply: EventReply; complete: boolean }> {
  const { index, offset, messages } = present;
  if (wanted <= messages.length) return { reply: present, complete: false };
  if (index === null || offset === null || index <= 1) return { reply: present, complete: true };
  // 0 might well mean the default.
  const from = Math.max(1, offset - Math.min(wanted, offset));
  const answer = await within(client.pace.eventHoldMillis, (own) => readEvents(client, from, own), signal);
  const older = answer?.index !== undefined && answer.index !== null && answer.index < index;
  if (!answer || !older) return { reply: present, complete: true };
  const { fresh } = newsOf(markOf(present), answer);
  const upTo = answer.messages.slice(fresh.length);
  // Events that came in between are live's.
  const reply = upTo.length >= messages.length ? { ...answer, messages: upTo } : present;
  return { reply, complete: from === 1 || (answer.index ?? 0) > from };
}

function reaches(begins: Instant | null, { since }: HistoryQuery): boolean {
  return since !== null && begins !== null && compareInstants(begins, since) < 0;
}

/**
 * Each round begins with a request that is answered at once in every reading, which proves that the station lives.
 * Then events are asked for behind the last known one, which may be held, until an answer is overdue.
 */
async function* follow(
  list: EventList,
  start: LiveStart,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, LiveEnd, undefined> {
  const { eventHoldMillis, eventMinMillis } = list.client.pace;
  let mark = 'after' in start ? readMark(start.after) : null;
  for (;;) {
    let began = performance.now();
    const present = await readEvents(list.client, null, signal);
    if (mark) {
      mark = yield* bring(list, { mark, reply: await closed(list, mark, present, signal) }, signal);
    } else {
      const shown = 'lines' in start ? present.messages.slice(0, start.lines) : [];
      mark = markOf(present);
      yield { items: list.translate(shown), position: positionOf(mark) };
    }
    // Without a counter nothing can be asked for behind it.
    for (let { offset } = mark; offset !== null; { offset } = mark) {
      const from: number = offset;
      began = performance.now();
      const reply = await within(eventHoldMillis, (own) => readEvents(list.client, from, own), signal);
      if (!reply) break;
      mark = yield* bring(list, { mark, reply }, signal);
      await rest(began + eventMinMillis, signal);
    }
    await rest(began + eventMinMillis, signal);
  }
}

/** The answer that shows all that is new, where this one begins behind what is known. */
async function closed(
  { client }: EventList,
  mark: EventMark,
  present: EventReply,
  signal: AbortSignal,
): Promise<EventReply> {
  const { offset } = mark;
  if (offset === null || !beginsBehind(mark, present)) return present;
  const reply = await within(client.pace.eventHoldMillis, (own) => readEvents(client, offset, own), signal);
  return reply ?? present;
}

/** Hands on what is new, in at least one batch. */
async function* bring(
  { client, translate }: EventList,
  { mark, reply }: { readonly mark: EventMark; readonly reply: EventReply },
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, EventMark, undefined> {
  let news = newsOf(mark, reply);
  // An answer to an index that no longer exists may show nothing.
  if (news.restarted) news = newsOf(mark, await readEvents(client, null, signal));
  const { fresh, missing, restarted } = news;
  const message = `the event counter of ${client.station} began anew`;
  yield {
    items: translate(fresh),
    position: positionOf(news.mark),
    ...(missing ? { missing } : {}),
    ...(restarted ? { notices: [{ kind: 'cleared' as const, message }] } : {}),
  };
  return news.mark;
}

/** Waits until that moment of `performance.now()`. */
async function rest(until: number, signal: AbortSignal): Promise<void> {
  const left = until - performance.now();
  if (left > 0) await wait(left, signal);
}
