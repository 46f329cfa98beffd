// Akkeris's words to ours: one log line, in either of the two forms that its log services write. Knows no connection.
import type { Instant, Level, LogBody, LogSource, TimeQuality } from '../../model.ts';

/**
 * Told apart line by line (wire: Akkeris 2.3, 2.4):
 * `2018-03-24T01:07:20Z api-default app[web.1562910588-cg82f]: message`
 * `<0>1 2021-03-24T01:07:20.5Z api-default web.1562910588-cg82f - - - message `
 * A line of neither form is all message and has no time.
 */
export function parseLine(raw: string): LogBody {
  return (raw.charCodeAt(0) === LESS ? syslogLine(raw) : classicLine(raw)) ?? headless(raw);
}

/** An RFC 3339 time at that index, with the index behind it; null when there is none. */
export function readTime(raw: string, at: number): { readonly ts: Instant; readonly end: number } | null {
  const local = localSeconds(raw, at);
  if (Number.isNaN(local)) return null;
  const fraction = endOfFraction(raw, at + 19);
  const end = endOfZone(raw, fraction);
  if (end === -1) return null;
  const seconds = local - offsetSeconds(raw, fraction);
  if (fraction === at + 19) return { ts: { seconds, nanos: 0, digits: 0 }, end };
  const digits = Math.min(9, fraction - at - 20);
  return { ts: { seconds, nanos: nanosOf(raw, at + 20, digits), digits }, end };
}

function classicLine(raw: string): LogBody | null {
  const time = readTime(raw, 0);
  if (time === null || raw.charCodeAt(time.end) !== SPACE) return null;
  const tag = raw.indexOf(' ', time.end + 1) + 1;
  if (tag === 0 || tag === time.end + 2) return null;
  const behind = endOfWord(raw, tag);
  if (behind - tag < 2 || raw.charCodeAt(behind - 1) !== COLON) return null;
  const place = placeOf(raw.slice(tag, behind - 1));
  if (place === null) return null;
  return bodyOf(place, {
    ts: time.ts,
    quality: time.ts.digits === 0 ? 'second' : 'exact',
    priority: 0,
    message: raw.slice(behind + 1),
  });
}

function syslogLine(raw: string): LogBody | null {
  const behind = raw.indexOf('>');
  const priority = priorityOf(raw, behind);
  if (priority === -1 || raw.charCodeAt(behind + 1) !== ONE || raw.charCodeAt(behind + 2) !== SPACE)
    return null;
  const time = readTime(raw, behind + 3);
  if (time === null || raw.charCodeAt(time.end) !== SPACE) return null;
  const app = endOfWord(raw, time.end + 1);
  const tag = endOfWord(raw, app + 1);
  if (app === time.end + 1 || tag <= app + 1) return null;
  // Process and message ids and structured data: always empty.
  if (!raw.startsWith(' - - -', tag)) return null;
  const message = tag + 6;
  if (message < raw.length && raw.charCodeAt(message) !== SPACE) return null;
  const place = placeOf(raw.slice(app + 1, tag));
  if (place === null) return null;
  return bodyOf(place, {
    ts: time.ts,
    // Trailing zeros are not written: no fraction is a fraction of zero.
    quality: 'exact',
    priority,
    message: raw.slice(message + 1, endOfMessage(raw, message + 1)),
  });
}

interface Reading {
  readonly ts: Instant | null;
  readonly quality: TimeQuality;
  /** Of syslog; 0 says nothing. */
  readonly priority: number;
  readonly message: string;
}

/** Spelt out: spreading the place into the body took twenty times as long. */
function bodyOf(place: Place, { ts, quality, priority, message }: Reading): LogBody {
  return {
    ts,
    quality,
    component: place.component,
    instance: place.instance,
    source: place.source,
    stream: priority === STDOUT ? 'stdout' : priority === STDERR ? 'stderr' : null,
    level: levelOf(priority),
    message,
    fields: null,
    id: null,
    deployment: null,
  };
}

function headless(raw: string): LogBody {
  return bodyOf(NOWHERE, { ts: null, quality: 'observed', priority: 0, message: raw });
}

const SPACE = 32;
const PLUS = 43;
const DASH = 45;
const DOT = 46;
const ONE = 49;
const COLON = 58;
const LESS = 60;
const UPPER_T = 84;
const UPPER_Z = 90;

/** Longest tag that is believed. */
const LONGEST_TAG = 256;
/** The two priorities that tell the streams of a dyno apart (wire: Akkeris 7); they say nothing of a level. */
const STDOUT = 14;
const STDERR = 11;
const LEVELS: readonly Level[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];

/** The container's input gives every line the priority 0, which is no emergency (wire: Akkeris 2.4). */
function levelOf(priority: number): Level | null {
  if (priority === 0 || priority === STDOUT || priority === STDERR) return null;
  return LEVELS[priority % 8] ?? null;
}

/** Of `<14>`, whose `>` is at that index; -1 when it is none. */
function priorityOf(raw: string, end: number): number {
  if (end < 2 || end > 4) return -1;
  let priority = 0;
  for (let index = 1; index < end; index += 1) {
    const code = raw.charCodeAt(index);
    if (!isDigit(code)) return -1;
    priority = priority * 10 + code - 48;
  }
  return priority <= 191 ? priority : -1;
}

/**
 * The line end that the container's log carries arrives as a space (wire: Akkeris 2.4). One space is taken off the
 * message for it; the raw line keeps it.
 */
function endOfMessage(raw: string, start: number): number {
  return raw.length > start && raw.charCodeAt(raw.length - 1) === SPACE ? raw.length - 1 : raw.length;
}

/** Index of the next space, or of the end of the line. */
function endOfWord(raw: string, at: number): number {
  const space = raw.indexOf(' ', at);
  return space === -1 ? raw.length : space;
}

let dayText = '----------';
let dayStart = Number.NaN;

/** Seconds of the wall clock as if it were UTC; the day, the dear part, is remembered from line to line. */
function localSeconds(raw: string, at: number): number {
  if (raw.charCodeAt(at + 10) !== UPPER_T) return Number.NaN;
  if (!raw.startsWith(dayText, at)) {
    const start = startOfDay(raw, at);
    if (Number.isNaN(start)) return Number.NaN;
    dayText = raw.slice(at, at + 10);
    dayStart = start;
  }
  if (raw.charCodeAt(at + 13) !== COLON || raw.charCodeAt(at + 16) !== COLON) return Number.NaN;
  const hours = twoDigits(raw, at + 11);
  const minutes = twoDigits(raw, at + 14);
  const seconds = twoDigits(raw, at + 17);
  if (!(hours < 24 && minutes < 60 && seconds <= 60)) return Number.NaN;
  return dayStart + hours * 3600 + minutes * 60 + seconds;
}

function startOfDay(raw: string, at: number): number {
  if (raw.charCodeAt(at + 4) !== DASH || raw.charCodeAt(at + 7) !== DASH) return Number.NaN;
  const year = twoDigits(raw, at) * 100 + twoDigits(raw, at + 2);
  const month = twoDigits(raw, at + 5);
  const day = twoDigits(raw, at + 8);
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCDate() === day ? date.getTime() / 1000 : Number.NaN;
}

/** A dot without digits behind it is no fraction. */
function endOfFraction(raw: string, at: number): number {
  if (raw.charCodeAt(at) !== DOT) return at;
  let index = at + 1;
  while (isDigit(raw.charCodeAt(index))) index += 1;
  return index === at + 1 ? at : index;
}

function nanosOf(raw: string, at: number, digits: number): number {
  let nanos = 0;
  for (let index = 0; index < 9; index += 1)
    nanos = nanos * 10 + (index < digits ? raw.charCodeAt(at + index) - 48 : 0);
  return nanos;
}

/** Index behind `Z` or `+02:00`; -1 when there is neither. */
function endOfZone(raw: string, at: number): number {
  const code = raw.charCodeAt(at);
  if (code === UPPER_Z) return at + 1;
  if (code !== PLUS && code !== DASH) return -1;
  return raw.charCodeAt(at + 3) === COLON && !Number.isNaN(offsetSeconds(raw, at)) ? at + 6 : -1;
}

function offsetSeconds(raw: string, at: number): number {
  const code = raw.charCodeAt(at);
  if (code === UPPER_Z) return 0;
  const offset = twoDigits(raw, at + 1) * 3600 + twoDigits(raw, at + 4) * 60;
  return code === DASH ? -offset : offset;
}

function twoDigits(raw: string, at: number): number {
  const tens = raw.charCodeAt(at);
  const ones = raw.charCodeAt(at + 1);
  return isDigit(tens) && isDigit(ones) ? (tens - 48) * 10 + ones - 48 : Number.NaN;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

interface Place {
  readonly component: string | null;
  readonly instance: string | null;
  readonly source: LogSource;
}

const NOWHERE: Place = { component: null, instance: null, source: 'app' };
const places = new Map<string, Place>();
const MOST_PLACES = 1024;

/** null for what is no tag. */
function placeOf(tag: string): Place | null {
  const known = places.get(tag);
  if (known !== undefined) return known;
  if (tag.length > LONGEST_TAG || !/^(?:app\[[^\s\]]+\]|[\w./-]+)$/.test(tag)) return null;
  const place = readTag(tag);
  if (places.size >= MOST_PLACES) places.clear();
  places.set(tag, place);
  return place;
}

/** `app[web.1562910588-cg82f]`, `web.6d5f7c9b8d-x2x9z`, `akkeris/router`, `akkeris/build`, `app[web.akkeris/event]`. */
function readTag(tag: string): Place {
  const dyno = tag.startsWith('app[') ? tag.slice(4, -1) : tag;
  // Named as a component too, so that `-c router` selects them as it does on Scalingo.
  if (dyno === 'akkeris/router') return { component: 'router', instance: null, source: 'router' };
  if (dyno === 'akkeris/build') return { component: 'build', instance: null, source: 'build' };
  const dot = dyno.indexOf('.');
  // Events carry the type web whatever they are about.
  if (dyno.startsWith('akkeris/', dot + 1)) return { component: null, instance: null, source: 'platform' };
  if (dot <= 0) return { component: dyno, instance: null, source: 'app' };
  return { component: dyno.slice(0, dot), instance: dyno, source: 'app' };
}
