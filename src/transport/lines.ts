// Bytes to lines: any chunking, LF or CR LF, bounded memory. Knows neither where the bytes come from nor what a line means.
import { isAscii, isUtf8 } from 'node:buffer';

export interface LineSplitterOptions<T> {
  /** Bytes of a line that are kept; the rest is skipped and counted. Default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Called once per line, in order. `text` is without its LF or CR LF; it may be a slice of a block of up to 64 KiB
   * (whoever keeps few of many lines for long should copy). `bytes` are the line's own bytes where they are not valid
   * UTF-8 (then `text` has U+FFFD), else undefined. `truncated` counts the bytes left out of an overlong line.
   */
  readonly make: (text: string, bytes: Uint8Array | undefined, truncated: number, stamp: number) => T;
  /** Reads something of a line, such as its time, that costs less to read from bytes: its result is `stamp`. NaN when absent. */
  readonly stamp?: ((bytes: Uint8Array, from: number, to: number) => number) | undefined;
}

export interface LineSplitter<T> {
  /** The lines that this chunk completes. The chunk is not kept. */
  push(chunk: Uint8Array): T[];
  /** What stands behind the last line end, if anything; `cut` says that something did. Starts anew afterwards. */
  end(): { items: T[]; cut: boolean };
}

const LF = 0x0a;
const CR = 0x0d;
const MIB = 1024 * 1024;
const unstamped = (): number => Number.NaN;
/** Decoded in one piece: large enough to be cheap, small enough that one bad byte or one kept slice costs little. */
const BLOCK = 64 * 1024;

export function createLineSplitter<T>({
  maxBytes = MIB,
  make,
  stamp = unstamped,
}: LineSplitterOptions<T>): LineSplitter<T> {
  const open = createOpenLine(maxBytes);

  const toItem = (line: Buffer, skipped: number): T => {
    const whole = skipped === 0 && line.length <= maxBytes;
    const kept = whole ? line : line.subarray(0, endOfLastCharacter(line, Math.min(line.length, maxBytes)));
    const truncated = line.length - kept.length + skipped;
    const bytes = isUtf8(kept) ? undefined : Uint8Array.from(kept);
    return make(kept.toString('utf8'), bytes, truncated, stamp(kept, 0, kept.length));
  };

  const closeOpenLine = (): T => {
    const { line, skipped } = open.take();
    return toItem(line, skipped);
  };

  /** The block ends in an LF. */
  const splitBlock = (block: Buffer, items: T[]): void => {
    const text = block.length - 1 > maxBytes ? undefined : decode(block);
    if (text === undefined) {
      for (let from = 0, to = block.indexOf(LF); to >= 0; from = to + 1, to = block.indexOf(LF, from)) {
        items.push(toItem(withoutCarriageReturn(block.subarray(from, to)), 0));
      }
      return;
    }
    // In plain ASCII places in bytes are places in text.
    const isPlain = text.length === block.length;
    let begin = 0;
    for (let from = 0, to = text.indexOf('\n'); to >= 0; from = to + 1, to = text.indexOf('\n', from)) {
      const end = to > from && text.charCodeAt(to - 1) === CR ? to - 1 : to;
      const stop = isPlain ? to : block.indexOf(LF, begin);
      items.push(make(text.substring(from, end), undefined, 0, stamp(block, begin, stop)));
      begin = stop + 1;
    }
  };

  return {
    push(chunk) {
      const buffer = asBuffer(chunk);
      const items: T[] = [];
      const behind = buffer.lastIndexOf(LF) + 1;
      let start = 0;
      if (behind > 0 && open.begun()) {
        start = buffer.indexOf(LF) + 1;
        open.add(buffer.subarray(0, start - 1));
        items.push(closeOpenLine());
      }
      while (start < behind) {
        const stop = endOfBlock(buffer, start, behind);
        splitBlock(buffer.subarray(start, stop), items);
        start = stop;
      }
      if (start < buffer.length) open.add(buffer.subarray(start));
      return items;
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
): AsyncGenerator<T[], boolean, undefined> {
  for await (const chunk of source) {
    const items = splitter.push(chunk);
    if (items.length > 0) yield items;
  }
  const { items, cut } = splitter.end();
  if (items.length > 0) yield items;
  return cut;
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

  return {
    begun: (): boolean => length > 0 || skipped > 0,
    add(piece: Buffer): void {
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
    },
    /** Without a closing CR. Valid until the next `add`. */
    take(): { line: Buffer; skipped: number } {
      const closing = last === CR ? 1 : 0;
      const line = held.subarray(0, skipped > 0 ? length : length - closing);
      const rest = skipped > 0 ? skipped - closing : 0;
      if (held.length > BLOCK) held = Buffer.alloc(0);
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

/** Behind an LF, at most BLOCK further unless one line is longer than that. */
function endOfBlock(buffer: Buffer, start: number, behind: number): number {
  if (behind - start <= BLOCK) return behind;
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
