// Bytes to lines: any chunking, LF or CR LF, bounded memory. Knows neither where the bytes come from nor what a line means.
import { type Bundle, carrying, type Lot } from '../model.ts';
import { addItems, bundleOf, itemOf, type LineReading } from './line-bundle.ts';

export interface LineSplitterOptions<T> {
  /** Bytes of a line that are kept; the rest is skipped and counted. Default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Called once per line, in order. `text` is without its LF or CR LF; it may be a slice of a block of up to 64 KiB
   * (whoever keeps few of many lines for long should copy). `bytes` are the line's own bytes where they are not valid
   * UTF-8 (then `text` has U+FFFD), else undefined. `truncated` counts the bytes left out of an overlong line.
   */
  readonly make: (text: string, bytes: Uint8Array | undefined, truncated: number, stamp: number) => T;
  /** Milliseconds since the epoch of a line, read from its bytes; NaN without a time. NaN for all when absent. */
  readonly stamp?: ((bytes: Uint8Array, from: number, to: number) => number) | undefined;
  readonly find?: LineReading<T>['find'];
}

export interface LineSplitter<T> {
  /** The lines that this chunk completes. The chunk is not kept. */
  push(chunk: Uint8Array): T[];
  /** The same, made when someone looks at them; null when there are none. The chunk must stay as it is. */
  bundle(chunk: Uint8Array): Bundle<T> | null;
  /** What stands behind the last line end, if anything; `cut` says that something did. Starts anew afterwards. */
  end(): { items: T[]; cut: boolean };
}

const LF = 0x0a;
const CR = 0x0d;
const MIB = 1024 * 1024;
/** A larger buffer for the open line is let go with it. */
const OPEN_KEPT = 256 * 1024;

export function createLineSplitter<T>({
  maxBytes = MIB,
  make,
  stamp = () => Number.NaN,
  find,
}: LineSplitterOptions<T>): LineSplitter<T> {
  const reading: LineReading<T> = { maxBytes, make, stamp, find };
  const open = createOpenLine(maxBytes);

  const closeOpenLine = (how = reading): T => {
    const { line, skipped } = open.take();
    return itemOf(line, skipped, how);
  };
  const split = (chunk: Uint8Array, how = reading): T[] => {
    const buffer = asBuffer(chunk);
    const items: T[] = [];
    const behind = buffer.lastIndexOf(LF) + 1;
    let start = 0;
    if (behind > 0 && open.begun()) {
      start = buffer.indexOf(LF) + 1;
      open.add(buffer.subarray(0, start - 1));
      items.push(closeOpenLine(how));
    }
    addItems(buffer.subarray(start, behind), how, items);
    if (behind < buffer.length) open.add(buffer.subarray(behind));
    return items;
  };

  return {
    push: (chunk) => split(chunk),
    bundle(chunk) {
      const buffer = asBuffer(chunk);
      const behind = buffer.lastIndexOf(LF) + 1;
      if (behind === 0) {
        open.add(buffer);
        return null;
      }
      if (open.length() + behind > maxBytes) return madeAtOnce(reading, (how) => split(buffer, how));
      const whole = buffer.subarray(0, behind);
      const bundle = bundleOf(open.begun() ? open.joined(whole) : whole, reading);
      if (behind < buffer.length) open.add(buffer.subarray(behind));
      return bundle;
    },
    end() {
      return open.begun() ? { items: [closeOpenLine()], cut: true } : { items: [], cut: false };
    },
  };
}

/**
 * The lines of a source, a batch per chunk that completes any; returns whether the last one had no line end.
 * When the source throws, the begun line stays in the splitter: its `end()` hands it over.
 */
export async function* splitLines<T>(
  source: AsyncIterable<Uint8Array>,
  splitter: LineSplitter<T>,
): AsyncGenerator<Lot<T>, boolean, undefined> {
  for await (const chunk of source) {
    const bundle = splitter.bundle(chunk);
    if (bundle) yield carrying({}, bundle);
  }
  const { items, cut } = splitter.end();
  if (items.length > 0) yield { items };
  return cut;
}

/** Where a line may be longer than what is kept of it. */
function madeAtOnce<T>(reading: LineReading<T>, split: (how: LineReading<T>) => T[]): Bundle<T> {
  const at: number[] = [];
  const make = (text: string, bytes: Uint8Array | undefined, truncated: number, stamp: number): T => {
    at.push(stamp);
    return reading.make(text, bytes, truncated, stamp);
  };
  const items = split({ ...reading, make });
  return { count: items.length, at, items, verbatim: null, lines: null, mayHold: () => true };
}

/**
 * The line whose end has not come. Its bytes are copied into one buffer: a peer that drips single bytes would otherwise
 * keep a whole network buffer alive for each of them.
 */
function createOpenLine(maxBytes: number) {
  let held = Buffer.alloc(0);
  let length = 0;
  let skipped = 0;
  let last = 0;
  const add = (piece: Buffer): void => {
    if (piece.length === 0) return;
    const kept = Math.min(piece.length, maxBytes - length);
    if (length + kept > held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(4096, 2 * (length + kept))));
      held.copy(larger, 0, 0, length);
      held = larger;
    }
    piece.copy(held, length, 0, kept);
    length += kept;
    skipped += piece.length - kept;
    last = piece[piece.length - 1] ?? 0;
  };

  return {
    begun: (): boolean => length > 0 || skipped > 0,
    /** Bytes of it that are held. */
    length: (): number => length,
    /** It and what follows, in one piece of its own. */
    joined(rest: Buffer): Buffer {
      const whole = Buffer.allocUnsafe(length + rest.length);
      held.copy(whole, 0, 0, length);
      rest.copy(whole, length);
      length = 0;
      last = 0;
      return whole;
    },
    add,
    /** Without a closing CR. Valid until the next `add`. */
    take(): { line: Buffer; skipped: number } {
      const closing = last === CR ? 1 : 0;
      const line = held.subarray(0, skipped > 0 ? length : length - closing);
      const rest = skipped > 0 ? skipped - closing : 0;
      if (held.length > OPEN_KEPT) held = Buffer.alloc(0);
      length = 0;
      skipped = 0;
      last = 0;
      return { line, skipped: rest };
    },
  };
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
