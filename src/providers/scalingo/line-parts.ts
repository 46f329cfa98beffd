// Where the parts of a line of Scalingo stand among its bytes; agrees with `parseLine`, which reads the rest. Makes no objects.
import type { LineParts } from '../../model.ts';
import { createStamp, readStamp } from '../../transport/stamps.ts';
import { LONGEST_SOURCE, LONGEST_ZONE } from './translate.ts';

const SPACE = 32;
const COLON = 58;
const OPEN = 91;
const CLOSE = 93;

const stamp = createStamp();

/** `2026-09-20 14:15:34.371836275 +0200 CEST [web-1] message` (wire: Scalingo 2.3); false for all else. */
export function findParts(bytes: Uint8Array, from: number, to: number, parts: LineParts): boolean {
  if (bytes[from + 10] !== SPACE || !readStamp(bytes, from, stamp)) return false;
  const { offset, end } = stamp;
  if (bytes[offset] !== SPACE || bytes[offset + 4] === COLON) return false;
  const open = openingBracket(bytes, end, to);
  if (open === -1) return false;
  const close = closingBracket(bytes, open, to);
  if (close === -1) return false;
  parts.seconds = stamp.seconds;
  parts.fraction = stamp.fraction;
  parts.digits = stamp.digits;
  parts.origin = open + 1;
  parts.originEnd = close;
  parts.message = close + 1 < to && bytes[close + 1] === SPACE ? close + 2 : close + 1;
  return true;
}

/** Behind the zone stands ` [` or ` CEST [`. */
function openingBracket(bytes: Uint8Array, at: number, to: number): number {
  if (bytes[at] !== SPACE) return -1;
  if (bytes[at + 1] === OPEN) return at + 1;
  const most = Math.min(to, at + LONGEST_ZONE + 2);
  for (let index = at + 1; index < most; index += 1) {
    const byte = bytes[index] ?? 0;
    // A character of several bytes counts otherwise as text.
    if (byte > 0x7f) return -1;
    if (byte !== SPACE) continue;
    return bytes[index + 1] === OPEN && bytes[index - 1] !== CLOSE ? index + 1 : -1;
  }
  return -1;
}

function closingBracket(bytes: Uint8Array, open: number, to: number): number {
  const most = Math.min(to, open + LONGEST_SOURCE + 1);
  for (let index = open + 1; index < most; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte === CLOSE) return index === open + 1 ? -1 : index;
    if (byte === SPACE || byte === OPEN || byte > 0x7f) return -1;
  }
  return -1;
}
