// Whole lines in one piece of bytes, made into items when someone looks at them. Knows neither where they come from nor
// what a line means.
import { isAscii, isUtf8 } from 'node:buffer';
import type { Bundle, LineBytes } from '../model.ts';
import { endOfText } from '../text-bytes.ts';

export interface LineReading<T> {
  /** Bytes of a line that are kept; the rest is skipped and counted. */
  readonly maxBytes: number;
  make(text: string, bytes: Uint8Array | undefined, truncated: number, stamp: number): T;
  stamp(bytes: Uint8Array, from: number, to: number): number;
  /** Absent where lines cannot be told without making them items. */
  readonly find?: LineBytes<T>['find'] | undefined;
}

const LF = 0x0a;
const CR = 0x0d;
/** Decoded in one piece: large enough to be cheap, small enough that one bad byte or one kept slice costs little. */
const BLOCK = 64 * 1024;

/** `bytes` end in LF, may hold an overlong line only if they are longer than that themselves, and stay as they are. */
export function bundleOf<T>(bytes: Buffer, reading: LineReading<T>): Bundle<T> {
  return new ByteBundle(bytes, reading);
}

class ByteBundle<T> implements Bundle<T> {
  readonly #bytes: Buffer;
  readonly #reading: LineReading<T>;
  #at: number[] | undefined;
  #ends: number[] | undefined;

  constructor(bytes: Buffer, reading: LineReading<T>) {
    this.#bytes = bytes;
    this.#reading = reading;
  }

  get count(): number {
    return this.#lineEnds().length;
  }

  get at(): readonly number[] {
    this.#at ??= this.#stamps();
    return this.#at;
  }

  get items(): readonly T[] {
    const items: T[] = [];
    addItems(this.#bytes, this.#reading, items);
    return items;
  }

  get verbatim(): Uint8Array | null {
    // A line that is too long is cut, a CR before LF left out.
    return this.#isLong() || this.#bytes.includes(CR) ? null : this.#bytes;
  }

  get lines(): LineBytes<T> | null {
    const { find } = this.#reading;
    if (!find || this.#isLong() || !isUtf8(this.#bytes)) return null;
    const bytes = this.#bytes;
    const reading = this.#reading;
    const item = (from: number, to: number) => itemOf(bytes.subarray(from, to), 0, reading);
    return { bytes, ends: this.#lineEnds(), find, item, places: reading };
  }

  mayHold(text: string): boolean {
    return this.#bytes.includes(text);
  }

  #isLong(): boolean {
    return this.#bytes.length > this.#reading.maxBytes;
  }

  #lineEnds(): number[] {
    this.#ends ??= endsOf(this.#bytes);
    return this.#ends;
  }

  #stamps(): number[] {
    const { stamp } = this.#reading;
    let from = 0;
    let count = 0;
    for (const to of this.#lineEnds()) {
      scratch[count++] = stamp(this.#bytes, from, to);
      from = to + 1;
    }
    return scratch.slice(0, count);
  }
}

/** Filled anew for every bundle: an array that grows leaves several times its size behind. */
const scratch: number[] = [];
const places: number[] = [];

function endsOf(bytes: Buffer): number[] {
  let count = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) places[count++] = at;
  return places.slice(0, count);
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
      items.push(itemOf(block.subarray(from, endOfText(block, from, to)), 0, reading));
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
