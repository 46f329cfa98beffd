// Follows the world's lines at the pace of a reader. Knows no platform.
import type { LineStream } from './live.ts';
import type { World, WorldLine } from './world.ts';

const batchLines = 256;

/**
 * Hands every line after `after` (a `seq`; `lastSeq(world)` for "from now on") to `write`, until the stream is
 * closed. A slow reader stops it: it goes on from the world's own store, so nothing is buffered here, and lines that
 * the store has dropped meanwhile are skipped.
 */
export function follow(options: {
  world: World;
  stream: LineStream;
  after: number;
  write(line: WorldLine): void;
  /** After each run of lines that were there together, for those who put several into one frame. */
  flush?(): void;
}): void {
  const { world, stream, write } = options;
  let next = options.after + 1;
  let pumping = false;
  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    while (!stream.closed) {
      const lines = linesFrom(world, next, batchLines);
      if (lines.length === 0) break;
      for (const line of lines) write(line);
      options.flush?.();
      next = (lines.at(-1)?.seq ?? next) + 1;
      await stream.drained();
    }
    pumping = false;
  }
  const leave = world.onLine(() => void pump());
  stream.onClose(leave);
  void pump();
}

/**
 * For streams that tell of more than lines: keeps what is said in order and writes it at the reader's pace. A reader
 * that falls behind by more than `limit` texts is cut off.
 */
export function atPaceOf(stream: LineStream, limit = 10_000): (text: string) => void {
  let waiting: string[] = [];
  let pumping = false;
  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    while (!stream.closed && waiting.length > 0) {
      const texts = waiting;
      waiting = [];
      for (const text of texts) stream.write(text);
      await stream.drained();
    }
    pumping = false;
  }
  return (text) => {
    if (stream.closed) return;
    waiting.push(text);
    if (waiting.length > limit) stream.end(1011);
    void pump();
  };
}

/** The newest line's number, 0 when there is none. */
export function lastSeq(world: World): number {
  return world.lines.at(-1)?.seq ?? 0;
}

/** Up to `limit` lines from number `seq` on, oldest first. */
export function linesFrom(world: World, seq: number, limit: number): readonly WorldLine[] {
  const first = world.lines[0]?.seq ?? 1;
  const start = Math.max(0, seq - first);
  return world.lines.slice(start, start + limit);
}

/** The order of the `out-of-order` fault: blocks of `block` lines, each pair of them swapped. */
export function disorder<T>(items: readonly T[], block = 5): T[] {
  const mixed: T[] = [];
  for (let at = 0; at < items.length; at += 2 * block) {
    mixed.push(...items.slice(at + block, at + 2 * block), ...items.slice(at, at + block));
  }
  return mixed;
}

/** The `repeated-lines` fault: every item twice. */
export function doubled<T>(items: readonly T[]): T[] {
  return items.flatMap((item) => [item, item]);
}
