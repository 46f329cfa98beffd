// Where the parts of a line of DigitalOcean stand among its bytes; agrees with the parser, which reads the rest. Makes no
// objects.
import type { LineParts } from '../../model.ts';
import { createStamp, readStamp } from '../../transport/stamps.ts';
import { LONGEST_NAME } from './translate.ts';

const SPACE = 32;
const DOT = 46;
const COLON = 58;
const CAPITAL_T = 84;
const CAPITAL_Z = 90;

const stamp = createStamp();

/** `web 2026-08-01T10:00:00.123456789Z message` (wire: DigitalOcean 2.6); false for all else. */
export function findParts(bytes: Uint8Array, from: number, to: number, parts: LineParts): boolean {
  const space = endOfName(bytes, from, to);
  if (space === -1) return false;
  const at = space + 1;
  if (bytes[at + 10] !== CAPITAL_T || !readStamp(bytes, at, stamp)) return false;
  const { offset, end, digits } = stamp;
  if (digits === 0 && bytes[at + 19] === DOT) return false;
  if (bytes[offset] !== CAPITAL_Z && (bytes[offset] === SPACE || bytes[offset + 3] !== COLON)) return false;
  if (end > to || (end < to && bytes[end] !== SPACE)) return false;
  parts.seconds = stamp.seconds;
  parts.fraction = stamp.fraction;
  parts.digits = digits;
  parts.origin = from;
  parts.originEnd = space;
  parts.message = Math.min(end + 1, to);
  return true;
}

/** Of a name in plain characters; -1 where there is none. */
function endOfName(bytes: Uint8Array, from: number, to: number): number {
  const most = Math.min(to, from + LONGEST_NAME + 1);
  for (let index = from; index < most; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte === SPACE) return index === from ? -1 : index;
    if (byte < SPACE || byte > 0x7e) return -1;
  }
  return -1;
}
