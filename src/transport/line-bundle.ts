// Whole lines in one piece of bytes, made into items when someone looks at them. Knows neither where they come from nor
// what a line means.
import { isAscii, isUtf8 } from 'node:buffer';
import type { Bundle } from '../model.ts';

export interface LineReading<T> {
  /** Bytes of a line that are kept; the rest is skipped and counted. */
  readonly maxBytes: number;
  make(text: string, bytes: Uint8Array | undefined, truncated: number, stamp: number): T;
  stamp(bytes: Uint8Array, from: number, to: number): number;
}

const LF = 0x0a;
const CR = 0x0d;
/** Decoded in one piece: large enough to be cheap, small enough that one bad byte or one kept slice costs little. */
const BLOCK = 64 * 1024;

/** `bytes` end in LF, may hold an overlong line only if they are longer than that themselves, and may change afterwards. */
export function bundleOf<T>(bytes: Buffer, reading: LineReading<T>): Bundle<T> {
  if (bytes.length > reading.maxBytes || !isAscii(bytes)) return new MixedBundle(Buffer.from(bytes), reading);
  return new PlainBundle(bytes, reading);
}

/** Plain ASCII, the usual case, is kept as text: places in bytes are places in text, and the bytes are free to go. */
class PlainBundle<T> implements Bundle<T> {
  readonly at: readonly number[];
  readonly #text: string;
  readonly #make: LineReading<T>['make'];

  constructor(bytes: Buffer, { make, stamp }: LineReading<T>) {
    const text = bytes.toString('latin1');
    let count = 0;
    for (let from = 0, to = text.indexOf('\n'); to >= 0; from = to + 1, to = text.indexOf('\n', from)) {
      scratch[count] = stamp(bytes, from, to);
      count += 1;
    }
    this.at = scratch.slice(0, count);
    this.#text = text;
    this.#make = make;
  }

  get count(): number {
    return this.at.length;
  }

  get items(): readonly T[] {
    const items: T[] = [];
    for (let from = 0, index = 0; index < this.at.length; index += 1) {
      const to = this.#text.indexOf('\n', from);
      const end = to > from && this.#text.charCodeAt(to - 1) === CR ? to - 1 : to;
      items.push(this.#make(this.#text.substring(from, end), undefined, 0, this.at[index] ?? Number.NaN));
      from = to + 1;
    }
    return items;
  }

  get verbatim(): string | null {
    return this.#text.includes('\r\n') ? null : this.#text;
  }

  mayHold(text: string): boolean {
    return this.#text.includes(text);
  }
}

/** Filled anew for every bundle: an array that grows leaves several times its size behind. */
const scratch: number[] = [];

class MixedBundle<T> implements Bundle<T> {
  readonly #bytes: Buffer;
  readonly #reading: LineReading<T>;
  #at: number[] | undefined;

  /** `bytes` end in LF and stay as they are. */
  constructor(bytes: Buffer, reading: LineReading<T>) {
    this.#bytes = bytes;
    this.#reading = reading;
  }

  get count(): number {
    return this.at.length;
  }

  get at(): readonly number[] {
    this.#at ??= stampsOf(this.#bytes, this.#reading);
    return this.#at;
  }

  get items(): readonly T[] {
    const items: T[] = [];
    addItems(this.#bytes, this.#reading, items);
    return items;
  }

  get verbatim(): Uint8Array | null {
    // A line that is too long is cut, a CR before LF left out.
    return this.#bytes.length > this.#reading.maxBytes || this.#bytes.includes(CR) ? null : this.#bytes;
  }

  mayHold(text: string): boolean {
    return this.#bytes.includes(text);
  }
}

function stampsOf<T>(bytes: Buffer, { stamp }: LineReading<T>): number[] {
  const at: number[] = [];
  for (let from = 0, to = bytes.indexOf(LF); to >= 0; from = to + 1, to = bytes.indexOf(LF, from)) {
    at.push(stamp(bytes, from, to));
  }
  return at;
}

/** Of whole lines; the last one ends in LF. */
export function addItems<T>(bytes: Buffer, reading: LineReading<T>, items: T[]): void {
  for (let start = 0; start < bytes.length; ) {
    const stop = endOfBlock(bytes, start);
    splitBlock(bytes.subarray(start, stop), reading, items);
    start = stop;
  }
}

/** `line` without its end; `skipped` bytes of it are not there. */
export function itemOf<T>(line: Buffer, skipped: number, { maxBytes, make, stamp }: LineReading<T>): T {
  const whole = skipped === 0 && line.length <= maxBytes;
  const kept = whole ? line : line.subarray(0, endOfLastCharacter(line, Math.min(line.length, maxBytes)));
  const bytes = isUtf8(kept) ? undefined : Uint8Array.from(kept);
  return make(kept.toString('utf8'), bytes, line.length - kept.length + skipped, stamp(kept, 0, kept.length));
}

function splitBlock<T>(block: Buffer, reading: LineReading<T>, items: T[]): void {
  const text = block.length - 1 > reading.maxBytes ? undefined : decode(block);
  if (text === undefined) {
    for (let from = 0, to = block.indexOf(LF); to >= 0; from = to + 1, to = block.indexOf(LF, from)) {
      items.push(itemOf(withoutCarriageReturn(block.subarray(from, to)), 0, reading));
    }
    return;
  }
  // In plain ASCII places in bytes are places in text.
  const isPlain = text.length === block.length;
  const { make, stamp } = reading;
  let begin = 0;
  for (let from = 0, to = text.indexOf('\n'); to >= 0; from = to + 1, to = text.indexOf('\n', from)) {
    const end = to > from && text.charCodeAt(to - 1) === CR ? to - 1 : to;
    const stop = isPlain ? to : block.indexOf(LF, begin);
    items.push(make(text.substring(from, end), undefined, 0, stamp(block, begin, stop)));
    begin = stop + 1;
  }
}

/** Behind an LF, at most BLOCK further unless one line is longer than that. */
function endOfBlock(buffer: Buffer, start: number): number {
  if (buffer.length - start <= BLOCK) return buffer.length;
  const stop = buffer.lastIndexOf(LF, start + BLOCK - 1) + 1;
  return stop > start ? stop : buffer.indexOf(LF, start) + 1;
}

function decode(block: Buffer): string | undefined {
  if (isAscii(block)) return block.toString('latin1');
  return isUtf8(block) ? block.toString('utf8') : undefined;
}

function withoutCarriageReturn(line: Buffer): Buffer {
  return line.length > 0 && line[line.length - 1] === CR ? line.subarray(0, line.length - 1) : line;
}

/** Steps back over a UTF-8 character that `end` would split. */
function endOfLastCharacter(line: Buffer, end: number): number {
  for (let lead = end - 1; lead >= 0 && lead >= end - 3; lead--) {
    const byte = line[lead] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return lead + size > end ? lead : end;
  }
  return end;
}
