// Pages of rows that come newest first and are wanted oldest first, in bounded memory. Knows no request.
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../../errors.ts';
import { type LogRow, readRows } from './translate.ts';

export interface RowStack {
  /** Newest row first; each page is older than the one before. */
  push(rows: readonly LogRow[]): Promise<void>;
  /** Hands the pages back, oldest row first, and forgets them. */
  drain(): AsyncGenerator<LogRow[], void, undefined>;
  /** Removes the temporary file, if there is one. Must be called. */
  close(): Promise<void>;
}

interface Held {
  readonly rows: readonly LogRow[];
}

interface Spilled {
  readonly at: number;
  readonly bytes: number;
}

/** Pages beyond `rowsInMemory` go to a file that only the user can read (0600). */
export function createRowStack(rowsInMemory: number): RowStack {
  const pages: (Held | Spilled)[] = [];
  let held = 0;
  let spill: SpillFile | null = null;
  return {
    async push(rows) {
      if (rows.length === 0) return;
      if (held + rows.length <= rowsInMemory) {
        held += rows.length;
        pages.push({ rows });
        return;
      }
      spill ??= await openSpill();
      pages.push(await spill.write(`[${rows.map((row) => row.json).join(',')}]`));
    },
    async *drain() {
      for (let page = pages.pop(); page; page = pages.pop()) {
        if ('rows' in page) yield page.rows.toReversed();
        else if (spill) yield readRows(JSON.parse(await spill.read(page)), 'the temporary file').reverse();
      }
    },
    async close() {
      pages.length = 0;
      await spill?.close();
      spill = null;
    },
  };
}

interface SpillFile {
  write(text: string): Promise<Spilled>;
  read(page: Spilled): Promise<string>;
  close(): Promise<void>;
}

async function openSpill(): Promise<SpillFile> {
  const path = join(tmpdir(), `polylog-${randomUUID()}`);
  const file = await onDisk(() => open(path, 'wx+', 0o600));
  // Unlinked at once where that is possible, so that even a kill leaves nothing behind.
  await rm(path, { force: true }).catch(() => undefined);
  let end = 0;
  return {
    async write(text) {
      const bytes = Buffer.from(text);
      const page = { at: end, bytes: bytes.length };
      await onDisk(() => writeAll(file, bytes, page.at));
      end += bytes.length;
      return page;
    },
    async read({ at, bytes }) {
      const buffer = Buffer.alloc(bytes);
      let got = 0;
      while (got < bytes) {
        const { bytesRead } = await onDisk(() => file.read(buffer, got, bytes - got, at + got));
        if (bytesRead === 0)
          throw new CliError('defect', 'The temporary file of the activity log is too short.');
        got += bytesRead;
      }
      return buffer.toString();
    },
    async close() {
      await file.close();
      await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('unavailable', `The temporary directory ${tmpdir()} cannot take the activity log.`, {
      hint: 'Ask for fewer lines (-n), or set TMPDIR to a directory with room.',
      retryable: false,
      cause,
    });
  }
}
