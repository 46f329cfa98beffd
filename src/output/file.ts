// A file that is there whole or not at all: written beside its place and renamed at the end. Knows no form.
import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { type FileHandle, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { kill, pid } from 'node:process';
import { CliError } from '../errors.ts';

export interface WholeFile {
  write(text: string | Uint8Array): Promise<void>;
  /** Puts the file in its place, replacing what stood there. */
  keep(): Promise<void>;
  /** Leaves nothing behind; does nothing after `keep`. */
  discard(): Promise<void>;
  /** The same at once, where nothing can be waited for any more. */
  discardNow(): void;
}

/**
 * Throws a usage CliError when the place cannot be written to, `unavailable` when the disk is full. What former writers
 * of the same place left behind who were killed is removed.
 */
export async function createWholeFile(path: string): Promise<WholeFile> {
  // A link keeps pointing where it points: what stands behind it is replaced.
  const place = await realpath(path).catch(() => resolve(path));
  const old = await stat(place).catch(() => undefined);
  if (old && !old.isFile()) {
    const what = old.isDirectory() ? 'it is a directory' : 'it is no regular file';
    throw new CliError('usage', `${path} cannot be written: ${what}.`, {
      hint: 'To write to a device or a pipe, leave out --to and redirect stdout.',
    });
  }
  await sweep(place);
  const beside = join(dirname(place), `${partsOf(place)}${pid}.${Date.now().toString(36)}.part`);
  let handle: FileHandle | undefined = await open(beside, 'wx', old ? old.mode & 0o777 : 0o666).catch(
    (error) => {
      throw failure(error, path);
    },
  );
  const close = async () => {
    const open = handle;
    handle = undefined;
    await open?.close();
  };
  return {
    async write(text) {
      await handle?.appendFile(text).catch((error) => {
        throw failure(error, path);
      });
    },
    async keep() {
      try {
        await handle?.sync();
        await close();
        await rename(beside, place);
      } catch (error) {
        await unlink(beside).catch(() => undefined);
        throw failure(error, path);
      }
    },
    async discard() {
      if (!handle) return;
      await close().catch(() => undefined);
      await unlink(beside).catch(() => undefined);
    },
    discardNow() {
      if (!handle) return;
      try {
        unlinkSync(beside);
      } catch {
        // It is swept by the next one.
      }
    },
  };
}

/** How the names of parts begin, up to the process: of one place and one machine, cut as names have a limit of 255 bytes. */
function partsOf(place: string): string {
  const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  return `.${basename(place).slice(0, 40)}.${machine}-`;
}

/** Removes parts whose writer is no longer there. */
async function sweep(place: string): Promise<void> {
  const [directory, begin] = [dirname(place), partsOf(place)];
  for (const name of await readdir(directory).catch(() => [])) {
    const writer = name.startsWith(begin)
      ? /^(\d+)\.[0-9a-z]+\.part$/.exec(name.slice(begin.length))?.[1]
      : undefined;
    if (writer !== undefined && !isAlive(Number(writer))) {
      await unlink(join(directory, name)).catch(() => undefined);
    }
  }
}

function isAlive(writer: number): boolean {
  try {
    kill(writer, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory does not exist',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENAMETOOLONG: 'its name is too long',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large',
};

/** What time or more room may change; the words of the command line are right. */
const OUTER = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'];

function failure(error: unknown, path: string): CliError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  const kind = OUTER.includes(code) ? 'unavailable' : 'usage';
  return new CliError(kind, `${path} cannot be written: ${REASONS[code] ?? code}.`, { retryable: false });
}
