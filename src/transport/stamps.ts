// Times at the head of log lines, read from their bytes while these are at hand: several times cheaper than from text.
// Knows no platform.

const DASH = 45;
const PLUS = 43;
const COLON = 58;
const DOT = 46;
const SPACE = 32;
const CAPITAL_T = 84;
const CAPITAL_Z = 90;
/** In place of a number that is none; whole numbers alone are what makes this quick. */
const NONE = -1;

/** A time and where it stands; indices of bytes. */
export interface Stamp {
  /** Since the epoch. */
  seconds: number;
  nanos: number;
  /** Where the digits of the fraction begin, and how many of them count: 9 at most. */
  fraction: number;
  digits: number;
  /** Where the offset begins and ends. */
  offset: number;
  end: number;
}

export function createStamp(): Stamp {
  return { seconds: 0, nanos: 0, fraction: 0, digits: 0, offset: 0, end: 0 };
}

/**
 * Reads `2026-09-20T14:15:34.371836275Z` at that index; a space may stand for the T, and `+02:00`, `+0200` or ` +0200`
 * for the Z. false for all else. What follows is not looked at.
 */
export function readStamp(bytes: Uint8Array, at: number, stamp: Stamp): boolean {
  const second = isLastSecond(bytes, at) ? lastSecond : secondAt(bytes, at);
  if (second < 0) return false;
  let end = at + 19;
  let nanos = 0;
  let digits = 0;
  if (bytes[end] === DOT) {
    for (end += 1; digits < 9; digits += 1, end += 1) {
      const digit = (bytes[end] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      nanos = nanos * 10 + digit;
    }
    for (let missing = digits; missing < 9; missing += 1) nanos *= 10;
    // Finer than nanoseconds.
    while (isDigit(bytes[end])) end += 1;
  }
  const whole = second - readOffset(bytes, end, stamp);
  if (Number.isNaN(whole)) return false;
  stamp.seconds = whole;
  stamp.nanos = nanos;
  stamp.fraction = at + 20;
  stamp.digits = digits;
  return true;
}

const SECOND = 19;
let lastSecond = NONE;
const lastBytes = new Uint8Array(SECOND);

/** Whether the same second stands there as the last time; lines come in clusters. */
function isLastSecond(bytes: Uint8Array, at: number): boolean {
  for (let index = SECOND - 1; index >= 0; index -= 1)
    if (bytes[at + index] !== lastBytes[index]) return false;
  return true;
}

/** Seconds since the epoch of `2026-09-20T14:15:34`, as if it were UTC; NONE where there is none. */
function secondAt(bytes: Uint8Array, at: number): number {
  const between = bytes[at + 10];
  if (between !== SPACE && between !== CAPITAL_T) return NONE;
  if (bytes[at + 4] !== DASH || bytes[at + 7] !== DASH) return NONE;
  if (bytes[at + 13] !== COLON || bytes[at + 16] !== COLON) return NONE;
  const century = twoDigits(bytes, at);
  const year = twoDigits(bytes, at + 2);
  const month = twoDigits(bytes, at + 5);
  const day = twoDigits(bytes, at + 8);
  const hours = twoDigits(bytes, at + 11);
  const minutes = twoDigits(bytes, at + 14);
  const seconds = twoDigits(bytes, at + 17);
  // One that is NONE makes all negative.
  if ((century | year | month | day | hours | minutes | seconds) < 0) return NONE;
  if (hours > 23 || minutes > 59 || seconds > 60) return NONE;
  const start = startOfDay(century * 1_000_000 + year * 10_000 + month * 100 + day);
  if (Number.isNaN(start)) return NONE;
  lastSecond = start + hours * 3600 + minutes * 60 + seconds;
  for (let index = 0; index < SECOND; index += 1) lastBytes[index] = bytes[at + index] ?? 0;
  return lastSecond;
}

const own = createStamp();

/** Milliseconds since the epoch of such a time; NaN where there is none. */
export function stampAt(bytes: Uint8Array, at: number): number {
  return readStamp(bytes, at, own) ? own.seconds * 1000 + own.nanos / 1e6 : Number.NaN;
}

/** Seconds of `Z`, `+02:00` or ` +0200`, and where it stands; NaN for all else. */
function readOffset(bytes: Uint8Array, at: number, stamp: Stamp): number {
  stamp.offset = at;
  stamp.end = at + 1;
  const first = bytes[at];
  if (first === CAPITAL_Z) return 0;
  const sign = first === SPACE ? bytes[at + 1] : first;
  if (sign !== PLUS && sign !== DASH) return Number.NaN;
  const hoursAt = first === SPACE ? at + 2 : at + 1;
  const hours = twoDigits(bytes, hoursAt);
  const minutesAt = bytes[hoursAt + 2] === COLON ? hoursAt + 3 : hoursAt + 2;
  const minutes = twoDigits(bytes, minutesAt);
  if ((hours | minutes) < 0) return Number.NaN;
  stamp.end = minutesAt + 2;
  return sign === DASH ? -hours * 3600 - minutes * 60 : hours * 3600 + minutes * 60;
}

let lastDay = NONE;
let lastStart = Number.NaN;

/** Of a day written as 20260920; NaN when there is none. The last one is remembered, as lines come in clusters. */
function startOfDay(written: number): number {
  if (written === lastDay) return lastStart;
  const month = Math.floor(written / 100) % 100;
  const day = written % 100;
  const date = new Date(Date.UTC(Math.floor(written / 10_000), month - 1, day));
  const isOne = written >= 1970_00_00 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  lastDay = written;
  lastStart = isOne ? date.getTime() / 1000 : Number.NaN;
  return lastStart;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 48;
  const ones = (bytes[at + 1] ?? 0) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NONE;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
