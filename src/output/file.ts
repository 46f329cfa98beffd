// A file that is there whole or not at all: written beside its place and renamed at the end. Knows no form.
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CliError } from '../errors.ts';

export interface WholeFile {
  write(text: string | Uint8Array): Promise<void>;
  /** Puts the file in its place, replacing what stood there. */
  keep(): Promise<void>;
  /** Leaves nothing behind; does nothing after `keep`. */
  discard(): Promise<void>;
}

/** Throws a usage CliError when the place cannot be written to, `unavailable` when the disk is full. */
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
  const beside = join(dirname(place), `.${basename(place)}.${Date.now().toString(36)}.part`);
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
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory does not exist',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

function failure(error: unknown, path: string): CliError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  const kind = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO' ? 'unavailable' : 'usage';
  return new CliError(kind, `${path} cannot be written: ${REASONS[code] ?? code}.`, { retryable: false });
}
