// Drops from a live part what the archives before it have brought already. Knows no request.
import { randomBytes } from 'node:crypto';
import { instantToMillis, type LogEntry, type Lot } from '../../model.ts';
import { endOfText } from '../../text-bytes.ts';
import { createLineHash, type LineHash } from './line-hash.ts';

export interface Overlap {
  /** What the archives bring, in their order: 8 bytes per line are kept. */
  remember(lot: Lot<LogEntry>): void;
  /** What the live part brings, without the lines that were in the archives. */
  fresh(items: readonly LogEntry[]): LogEntry[];
  /** Lines that were handed out although they may have been in the archives: those of their time are forgotten. */
  readonly uncompared: number;
}

/** Lines of the archives that are remembered, the newest ones: at 8 bytes each, and 20 more while they are compared. */
const KEPT = 2_000_000;
/** Lines that are forgotten together. */
const BLOCK = 65_536;

/**
 * Whether archives and live part overlap is unknown (wire: DigitalOcean 11.2). A live line is a repeat when it stands in
 * the archives as often as it has come, wherever: lines of several instances are in no order, and an archive that could
 * not be read may lie between others. What cannot be compared any more is no repeat: better doubled than lost. A line
 * without a time goes with the one before it.
 */
export function createOverlap(kept = KEPT): Overlap {
  const hash = createLineHash(randomBytes(8).readInt32LE());
  const memory = createMemory(kept);
  let unused: Unused | undefined;
  let lastWasRepeat = false;
  let uncompared = 0;

  const isRepeat = ({ raw, body: { ts } }: LogEntry, known: Unused): boolean => {
    if (ts === null && !lastWasRepeat) return false;
    hash.ofText(raw);
    if (known.use(hash)) return true;
    if (ts !== null && instantToMillis(ts) <= memory.forgottenUntil) uncompared += 1;
    return false;
  };
  return {
    remember(lot) {
      const lines = lot.bundle?.lines ?? null;
      if (lines === null) {
        for (const { raw, body } of lot.items) {
          hash.ofText(raw);
          memory.add(hash, body.ts === null ? Number.NaN : instantToMillis(body.ts));
        }
        return;
      }
      const at = lot.bundle?.at ?? [];
      let from = 0;
      for (const [index, to] of lines.ends.entries()) {
        hash.ofBytes(lines.bytes, from, endOfText(lines.bytes, from, to));
        memory.add(hash, at[index] ?? Number.NaN);
        from = to + 1;
      }
    },
    fresh(items) {
      unused ??= memory.unused();
      const known = unused;
      return items.filter((entry) => {
        lastWasRepeat = isRepeat(entry, known);
        return !lastWasRepeat;
      });
    },
    get uncompared() {
      return uncompared;
    },
  };
}

interface Memory {
  /** `at`: milliseconds since the epoch, NaN without a time. */
  add(line: LineHash, at: number): void;
  /** Milliseconds since the epoch of the newest line that was forgotten; -Infinity when none was. */
  readonly forgottenUntil: number;
  /** All that is remembered; what is added later is not in it. */
  unused(): Unused;
}

interface Unused {
  /** Whether the line was there as often as it has been used, this time included. */
  use(line: LineHash): boolean;
}

interface Block {
  /** Two numbers a line. */
  readonly hashes: Int32Array;
  count: number;
  newest: number;
}

function createMemory(kept: number): Memory {
  const size = Math.min(BLOCK, kept);
  let blocks: Block[] = [];
  let forgottenUntil = Number.NEGATIVE_INFINITY;
  return {
    add({ high, low }, at) {
      let block = blocks.at(-1);
      if (block === undefined || block.count === size) {
        block = { hashes: new Int32Array(size * 2), count: 0, newest: Number.NEGATIVE_INFINITY };
        blocks.push(block);
        if ((blocks.length - 1) * size > kept)
          forgottenUntil = Math.max(forgottenUntil, blocks.shift()?.newest ?? forgottenUntil);
      }
      block.hashes[block.count * 2] = high;
      block.hashes[block.count * 2 + 1] = low;
      block.count += 1;
      if (at > block.newest) block.newest = at;
    },
    get forgottenUntil() {
      return forgottenUntil;
    },
    unused() {
      const counted = countLines(blocks);
      blocks = [];
      return counted;
    },
  };
}

/** An open hash table, with one slot for equal lines however many there are. */
function countLines(blocks: readonly Block[]): Unused {
  const total = blocks.reduce((sum, { count }) => sum + count, 0);
  const mask = 2 ** Math.ceil(Math.log2(total * 1.5 + 2)) - 1;
  const slots = new Int32Array((mask + 1) * 2);
  const counts = new Int32Array(mask + 1);
  /** Negative (`-1 - slot`) when the line is not there. */
  const slotOf = (high: number, low: number): number => {
    for (let slot = high & mask; ; slot = (slot + 1) & mask) {
      if (counts[slot] === 0) return -1 - slot;
      if (slots[slot * 2] === high && slots[slot * 2 + 1] === low) return slot;
    }
  };
  for (const { hashes, count } of blocks) {
    for (let index = 0; index < count * 2; index += 2) {
      const [high = 0, low = 0] = [hashes[index], hashes[index + 1]];
      const found = slotOf(high, low);
      const slot = found < 0 ? -1 - found : found;
      slots[slot * 2] = high;
      slots[slot * 2 + 1] = low;
      // One more than is left, so that a slot that is used up is not taken for an empty one.
      counts[slot] = Math.max(1, counts[slot] ?? 0) + 1;
    }
  }
  return {
    use({ high, low }) {
      const slot = slotOf(high, low);
      const left = slot < 0 ? 0 : (counts[slot] ?? 0);
      if (left <= 1) return false;
      counts[slot] = left - 1;
      return true;
    },
  };
}
