// Which messages of an answer of the event list are new, in every reading of its index and offset (wire: Container
// Station 3.1, 3.2). Pure; knows no request and no message's content.
import { createHash } from 'node:crypto';
import { CliError } from '../../errors.ts';
import type { Batch, Position } from '../../provider.ts';
import { isObject } from './reply.ts';

export interface EventReply {
  /** Number of the first event that the answer covers; null when not told. */
  readonly index: number | null;
  /** Number just past the newest event; null when not told. */
  readonly offset: number | null;
  /** Newest first; may be fewer than offset - index: some are withheld. */
  readonly messages: readonly string[];
}

/** How far the events are known; survives JSON and holds no text of them. */
export interface EventMark {
  readonly offset: number | null;
  /** Digests of the newest known messages, newest first. */
  readonly recent: readonly string[];
}

export interface EventNews {
  /** Newest first. */
  readonly fresh: readonly string[];
  readonly mark: EventMark;
  /** The counter is lower than it was. */
  readonly restarted: boolean;
  readonly missing: Batch<never>['missing'] | null;
}

const MOST_RECENT = 40;

/** Throws a platform CliError that names the field. */
export function readEventReply(json: unknown, station: string): EventReply {
  if (!isObject(json) || !Array.isArray(json.messages)) {
    throw new CliError('platform', `${station} answers the events without "messages".`);
  }
  const messages = json.messages.map((message) =>
    typeof message === 'string' ? message : JSON.stringify(message),
  );
  return { index: countOf(json.index), offset: countOf(json.offset), messages };
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

export function markOf({ offset, messages }: EventReply): EventMark {
  return { offset, recent: messages.slice(0, MOST_RECENT).map(digestOf) };
}

/** Whether the answer begins behind the mark, so that it does not show all that is new. */
export function beginsBehind(mark: EventMark, { index }: EventReply): boolean {
  return mark.offset !== null && index !== null && index > mark.offset;
}

export function newsOf(mark: EventMark, reply: EventReply): EventNews {
  const { offset, index, messages } = reply;
  const digests = messages.map(digestOf);
  const news = (count: number, more: Partial<EventNews> = {}): EventNews => ({
    fresh: messages.slice(0, count),
    mark: { offset, recent: [...digests.slice(0, count), ...mark.recent].slice(0, MOST_RECENT) },
    restarted: false,
    missing: null,
    ...more,
  });
  if (offset === null || mark.offset === null) {
    const met = fewestNew(digests, mark.recent);
    return met === null ? news(messages.length, { missing: lost(null) }) : news(met);
  }
  if (offset < mark.offset) {
    // What was shown before may still stand there, under other numbers.
    const count = fewestNew(digests, mark.recent) ?? messages.length;
    const missing = { count: null, reason: 'the event counter began anew', certain: false };
    return news(count, { restarted: true, missing });
  }
  const most = offset - mark.offset;
  if (index !== null && index > mark.offset) return news(most, { missing: lost(index - mark.offset) });
  if (index === mark.offset) return news(most);
  const missing = index === null && most > messages.length ? lost(null) : null;
  return news(mostNew(digests, mark.recent, most), { missing });
}

function lost(count: number | null): EventNews['missing'] {
  const reason = 'the station no longer shows the events between two looks';
  return { count, reason, certain: count !== null };
}

/** The counter says how many are new at most; the known messages that follow them say how many of these are shown. */
function mostNew(digests: readonly string[], recent: readonly string[], most: number): number {
  const bound = Math.min(most, digests.length);
  for (let count = bound; count >= 0; count -= 1) {
    if (follows(digests, recent, count)) return count;
  }
  return bound;
}

/** Without a counter: null when nothing known is met. */
function fewestNew(digests: readonly string[], recent: readonly string[]): number | null {
  if (recent.length === 0 || digests.length === 0) return digests.length;
  for (let count = 0; count < digests.length; count += 1) {
    if (follows(digests, recent, count)) return count;
  }
  return null;
}

/** Whether the known messages stand behind the first `count`, as far as both reach. */
function follows(digests: readonly string[], recent: readonly string[], count: number): boolean {
  const both = Math.min(digests.length - count, recent.length);
  for (let at = 0; at < both; at += 1) {
    if (digests[count + at] !== recent[at]) return false;
  }
  return true;
}

function digestOf(message: string): string {
  return createHash('sha256').update(message).digest('base64').slice(0, 12);
}

export function positionOf({ offset, recent }: EventMark): Position {
  return { offset, recent };
}

/** Also a mark that came back from a file; throws a usage CliError when it is none. */
export function readMark(position: Position): EventMark {
  if (typeof position === 'object' && position !== null && 'offset' in position && 'recent' in position) {
    const { offset, recent } = position;
    const isText = (digest: unknown): digest is string => typeof digest === 'string';
    const counted = offset === null || countOf(offset) !== null;
    if (counted && Array.isArray(recent) && recent.length <= MOST_RECENT && recent.every(isText)) {
      return { offset: countOf(offset), recent };
    }
  }
  throw new CliError('usage', 'The place to go on from is none of the events of Container Station.');
}
