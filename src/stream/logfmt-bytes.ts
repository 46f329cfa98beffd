// Usual logfmt from bytes to JSON, without making its fields; `logfmt.ts` reads all else. Knows no level and no platform.
import type { Source, TextBytes } from '../text-bytes.ts';
import { type Fields, isKeyByte, LONGEST_KEY } from './logfmt.ts';

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** More are left to the other way: each key is held against all before it. */
const MOST_KEYS = 24;
const TAB = 9;
const SPACE = 32;
const QUOTE = 34;
const ZERO = 48;
const NINE = 57;
const EQUALS = 61;
const BACKSLASH = 92;
const UNDERLINE = 95;

const starts = new Int32Array(MOST_KEYS);
const ends = new Int32Array(MOST_KEYS);

/**
 * Adds `{"key":"value"}` as the fields of the text would be written. Gives those of them that `tells` names by their
 * first byte and length; null, with anything added, where the text is not pairs alone: flags, escapes, a key twice.
 */
export function addLogfmt(
  source: Source,
  { from, to }: Range,
  out: TextBytes,
  tells: (first: number, length: number) => boolean,
): Fields | null {
  const { bytes } = source;
  const telling: Fields = {};
  let pairs = 0;
  let hasValue = false;
  for (let at = skipSpace(bytes, from, to); at < to; at = skipSpace(bytes, at, to)) {
    const key = at;
    while (at < to && isKeyByte(bytes[at] ?? 0)) at += 1;
    const keyEnd = at;
    if (!isUsualKey(bytes, key, keyEnd) || bytes[at] !== EQUALS || at >= to || pairs === MOST_KEYS)
      return null;
    if (pairs === 0 && keyEnd - key > LONGEST_KEY) return null;
    if (isAmong(bytes, key, keyEnd, pairs)) return null;
    starts[pairs] = key;
    ends[pairs] = keyEnd;
    const isQuoted = at + 1 < to && bytes[at + 1] === QUOTE;
    const value = isQuoted ? at + 2 : at + 1;
    const valueEnd = isQuoted ? endOfQuoted(bytes, value, to) : endOfWord(bytes, value, to);
    if (valueEnd === -1) return null;
    at = isQuoted ? valueEnd + 1 : valueEnd;
    if (valueEnd > value) hasValue = true;
    out.addByte(pairs === 0 ? 0x7b : 0x2c);
    out.addByte(QUOTE);
    out.addRange(source, key, keyEnd);
    out.addByte(QUOTE);
    out.addByte(0x3a);
    out.addByte(QUOTE);
    out.addEscaped(source, value, valueEnd);
    out.addByte(QUOTE);
    if (tells(bytes[key] ?? 0, keyEnd - key))
      telling[bytes.toString('latin1', key, keyEnd)] = bytes.toString('utf8', value, valueEnd);
    pairs += 1;
  }
  // `aGVsbG8=` is no field.
  if (pairs === 0 || (pairs === 1 && !hasValue)) return null;
  out.addByte(0x7d);
  return telling;
}

/** Keys of digits come first in an object, and `__proto__` is none. */
function isUsualKey(bytes: Uint8Array, from: number, to: number): boolean {
  const first = bytes[from] ?? 0;
  if (from === to || (first >= ZERO && first <= NINE)) return false;
  return first !== UNDERLINE || bytes[from + 1] !== UNDERLINE;
}

function isAmong(bytes: Uint8Array, from: number, to: number, count: number): boolean {
  for (let index = 0; index < count; index += 1) {
    const start = starts[index] ?? 0;
    if ((ends[index] ?? 0) - start !== to - from) continue;
    let at = from;
    while (at < to && bytes[at] === bytes[start + at - from]) at += 1;
    if (at === to) return true;
  }
  return false;
}

/** Index of the closing quote, with a space or the end behind it; -1 for all else. */
function endOfQuoted(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) return -1;
    if (byte === QUOTE) return at + 1 === to || isSpace(bytes[at + 1]) ? at : -1;
  }
  return -1;
}

function endOfWord(bytes: Uint8Array, from: number, to: number): number {
  if (from < to && bytes[from] === EQUALS) return -1;
  let at = from;
  while (at < to && !isSpace(bytes[at])) at += 1;
  return at;
}

function skipSpace(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(bytes[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}
