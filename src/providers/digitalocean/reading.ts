// What all ways of reading one log share: the asking, what was learnt about the platform, what was said already.
import { CliError } from '../../errors.ts';
import { type LogBody, LogEntry, type Notice } from '../../model.ts';
import type { LineReading } from '../../transport/line-bundle.ts';
import { createLineSplitter, type LineSplitter } from '../../transport/lines.ts';
import { harmless } from '../../transport/refusals.ts';
import type { DigitaloceanClient } from './client.ts';
import { findParts } from './line-parts.ts';
import type { LogAnswer } from './log-answer.ts';
import type { LogPlace } from './place.ts';
import { stampOf } from './translate.ts';
import { wordsOfType } from './wish.ts';

export interface LogReading {
  readonly client: DigitaloceanClient;
  readonly place: LogPlace;
  /** What stands for "no lines of the past" and for "all": other numbers once the platform has refused these. */
  none: number;
  all: number;
  /** Whether it was said that there is no log. */
  saidNothing: boolean;
  /** Whether it was said that plain text is read instead of a websocket. */
  saidPlain: boolean;
  /** Whether it was said that a silence was taken for the end of the past. */
  saidQuiet: boolean;
  /** How the last live stream ended: as if all had been said; null as long as there was none. */
  endedClean: boolean | null;
  /** Whether lines have come of the deployment that is meant now. */
  brought: boolean;
  /** The deployment that was followed before, until its successor's lines have been handed out. */
  former: Former | null;
}

export interface Former {
  readonly place: LogPlace;
  /** Whether all that it wrote has been handed out. */
  readonly whole: boolean;
}

export function createReading(client: DigitaloceanClient, place: LogPlace): LogReading {
  const said = { saidNothing: false, saidPlain: false, saidQuiet: false };
  return { client, place, none: 0, all: -1, ...said, endedClean: null, brought: false, former: null };
}

/** Bytes of a line that are kept. */
export const LONGEST_LINE = 1024 * 1024;
/** What `tail_lines` may be is not known for certain (wire: DigitalOcean 11.5). */
const LEAST = 1;
const MANY = 1_000_000;

export type Tail = number | 'none' | 'all';

export async function askLog(
  log: LogReading,
  asked: { follow: boolean; tail: Tail },
  signal: AbortSignal,
): Promise<LogAnswer> {
  for (;;) {
    const tail = typeof asked.tail === 'number' ? asked.tail : log[asked.tail];
    try {
      return await log.place.ask({ follow: asked.follow, tail }, signal);
    } catch (error) {
      if (!isTailRefusal(error)) throw error;
      if (tail === log.none && tail !== LEAST) log.none = LEAST;
      else if (tail === log.all && tail !== MANY) log.all = MANY;
      else throw error;
    }
  }
}

function isTailRefusal(error: unknown): boolean {
  return (
    error instanceof CliError &&
    (error.status === 400 || error.status === 422) &&
    /tail[_ ]?lines/i.test(error.message)
  );
}

/** Said once per log; the platform's words are foreign. */
export function nothingNotices(log: LogReading, words: string): Notice[] {
  if (log.saidNothing) return [];
  log.saidNothing = true;
  const kind = wordsOfType(log.place.type);
  const said = harmless(words);
  const message = said === null ? `no ${kind} found at DigitalOcean` : `no ${kind} for that phase (${said})`;
  return [{ kind: 'hint', message }];
}

export function entrySplitter(place: LogPlace): LineSplitter<LogEntry> {
  return createLineSplitter(entryReading(place.parser()));
}

/** How lines of this platform become entries. */
export function entryReading(parse: (raw: string) => LogBody): LineReading<LogEntry> {
  return {
    maxBytes: LONGEST_LINE,
    make: (text, bytes, truncated, at) => new LogEntry(text, parse, bytes, truncated, at),
    stamp: stampOf,
    find: findParts,
  };
}
