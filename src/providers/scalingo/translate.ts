// Scalingo's words to ours: one log line and its header. Knows neither connections nor where a line came from.
import type { Instant, LogBody, LogSource } from '../../model.ts';

/** `2026-09-20 14:15:34.371836275 +0200 CEST [web-1] message`; a line without that header has no time. */
export function parseLine(raw: string): LogBody {
  const header = readHeader(raw);
  if (header === null) return headless(raw, 'app');
  const place = placeOf(header.source);
  return bodyOf(raw, header, place, place.source);
}

/** The same for the log of an add-on, where every line is the add-on's own. */
export function parseAddonLine(raw: string): LogBody {
  const header = readHeader(raw);
  if (header === null) return headless(raw, 'addon');
  return bodyOf(raw, header, placeOf(header.source), 'addon');
}

/** Milliseconds since the epoch, NaN for a line without a header; agrees with `parseLine` and makes no objects. */
export function millisOf(raw: string): number {
  const local = localSeconds(raw);
  if (Number.isNaN(local)) return Number.NaN;
  const zone = endOfFraction(raw);
  if (closingBracket(raw, openingBracket(raw, zone + 6)) === -1) return Number.NaN;
  return (local - offsetSeconds(raw, zone)) * 1000 + nanosOf(raw, zone) / 1e6;
}

interface Header {
  readonly ts: Instant;
  readonly source: string;
  /** Where the message begins. */
  readonly message: number;
}

function bodyOf(raw: string, header: Header, place: Place, source: LogSource): LogBody {
  return {
    ts: header.ts,
    quality: header.ts.digits === 0 ? 'second' : 'exact',
    component: place.component,
    instance: place.instance,
    source,
    stream: null,
    level: null,
    message: raw.slice(header.message),
    fields: null,
    id: null,
    deployment: null,
  };
}

function headless(raw: string, source: LogSource): LogBody {
  return {
    ts: null,
    quality: 'observed',
    component: null,
    instance: null,
    source,
    stream: null,
    level: null,
    message: raw,
    fields: null,
    id: null,
    deployment: null,
  };
}

const SPACE = 32;
const OPEN = 91;
const CLOSE = 93;
const DOT = 46;
const DASH = 45;
const COLON = 58;
const PLUS = 43;

/** Longest name of a zone (`CEST`, `+0530`) and of a source that is believed. */
export const LONGEST_ZONE = 6;
export const LONGEST_SOURCE = 128;

function readHeader(raw: string): Header | null {
  const local = localSeconds(raw);
  if (Number.isNaN(local)) return null;
  const zone = endOfFraction(raw);
  const offset = offsetSeconds(raw, zone);
  if (Number.isNaN(offset)) return null;
  const open = openingBracket(raw, zone + 6);
  const close = closingBracket(raw, open);
  if (close === -1) return null;
  const source = raw.slice(open + 1, close);
  const message = raw.charCodeAt(close + 1) === SPACE ? close + 2 : close + 1;
  const ts = {
    seconds: local - offset,
    nanos: nanosOf(raw, zone),
    digits: Math.min(9, Math.max(0, zone - 20)),
  };
  return { ts, source, message };
}

let dayNumber = Number.NaN;
let dayStart = Number.NaN;

/** Seconds of the wall clock as if it were UTC; the day, the dear part, is remembered from line to line. */
function localSeconds(raw: string): number {
  if (raw.length < 28 || raw.charCodeAt(10) !== SPACE) return Number.NaN;
  if (raw.charCodeAt(4) !== DASH || raw.charCodeAt(7) !== DASH) return Number.NaN;
  if (raw.charCodeAt(13) !== COLON || raw.charCodeAt(16) !== COLON) return Number.NaN;
  const year = twoDigits(raw, 0) * 100 + twoDigits(raw, 2);
  const number = year * 10_000 + twoDigits(raw, 5) * 100 + twoDigits(raw, 8);
  if (number !== dayNumber) {
    const start = startOfDay(number);
    if (Number.isNaN(start)) return Number.NaN;
    dayNumber = number;
    dayStart = start;
  }
  const hours = twoDigits(raw, 11);
  const minutes = twoDigits(raw, 14);
  const seconds = twoDigits(raw, 17);
  if (!(hours < 24 && minutes < 60 && seconds <= 60)) return Number.NaN;
  return dayStart + hours * 3600 + minutes * 60 + seconds;
}

/** Of a day written as 20260920; NaN when there is none. */
function startOfDay(number: number): number {
  const year = Math.floor(number / 10_000);
  const month = Math.floor(number / 100) % 100;
  const day = number % 100;
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCDate() === day ? date.getTime() / 1000 : Number.NaN;
}

/** Index of the space before the zone: 19 without a fraction. */
function endOfFraction(raw: string): number {
  if (raw.charCodeAt(19) !== DOT) return 19;
  let index = 20;
  while (isDigit(raw.charCodeAt(index))) index += 1;
  return index;
}

function nanosOf(raw: string, end: number): number {
  let nanos = 0;
  for (let index = 20; index < 29; index += 1)
    nanos = nanos * 10 + (index < end ? raw.charCodeAt(index) - 48 : 0);
  return nanos;
}

/** Of ` +0200` at that index; NaN when it is no zone. The abbreviation behind it is ambiguous and not read. */
function offsetSeconds(raw: string, at: number): number {
  if (raw.charCodeAt(at) !== SPACE) return Number.NaN;
  const sign = raw.charCodeAt(at + 1);
  if (sign !== PLUS && sign !== DASH) return Number.NaN;
  const offset = twoDigits(raw, at + 2) * 3600 + twoDigits(raw, at + 4) * 60;
  return sign === DASH ? -offset : offset;
}

/** Behind the zone stands ` [` or ` CEST [`. */
function openingBracket(raw: string, at: number): number {
  if (raw.charCodeAt(at) !== SPACE) return -1;
  if (raw.charCodeAt(at + 1) === OPEN) return at + 1;
  const space = raw.indexOf(' ', at + 1);
  if (space === -1 || space - at - 1 > LONGEST_ZONE) return -1;
  return raw.charCodeAt(space + 1) === OPEN && raw.charCodeAt(space - 1) !== CLOSE ? space + 1 : -1;
}

/** Of the source's name behind that opening bracket; -1 where no name stands between them. */
function closingBracket(raw: string, open: number): number {
  if (open === -1) return -1;
  const most = Math.min(raw.length, open + LONGEST_SOURCE + 1);
  for (let index = open + 1; index < most; index += 1) {
    const code = raw.charCodeAt(index);
    if (code === CLOSE) return index === open + 1 ? -1 : index;
    if (code === SPACE || code === OPEN) return -1;
  }
  return -1;
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
  readonly component: string;
  readonly instance: string | null;
  readonly source: LogSource;
}

const places = new Map<string, Place>();
const MOST_PLACES = 1024;

/** `web-1` is the instance of `web`, `one-off-594` of `one-off`; `router` and `manager` have no instances. */
function placeOf(name: string): Place {
  const known = places.get(name);
  if (known !== undefined) return known;
  const number = /^(.+)-\d+$/.exec(name);
  const place: Place = {
    component: number?.[1] ?? name,
    instance: number === null ? null : name,
    source: name === 'router' ? 'router' : name === 'manager' ? 'platform' : 'app',
  };
  if (places.size >= MOST_PLACES) places.clear();
  places.set(name, place);
  return place;
}
