// Files that only their owner may read, replaced whole or not at all. Knows no content.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectory, narrow } from './directory.ts';
import { codeOf, storeFailure } from './failures.ts';
import { withLock } from './lock.ts';

/** What may be replaced by tests: opening a file for writing. */
export type OpenFile = (path: string, flags: string, mode?: number) => Promise<FileHandle>;

/** The text, or undefined when there is no such file. Throws a CliError when it cannot be read. */
export async function readPrivate(
  path: string,
  say: (sentence: string) => void,
): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    await narrow(path, say);
    return text;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw storeFailure(path, error);
  }
}

/** After a crash at any moment either the old content or the new one is there. Throws a CliError. */
export async function replacePrivate(path: string, text: string, openFile: OpenFile = open): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await openFile(draft, 'wx', 0o600);
    try {
      await file.writeFile(text, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw storeFailure(path, error);
  }
}

/** Some systems have no such thing; then the rename has to do. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}

export interface PrivateRecords<T> {
  /** null when it is not there. */
  read(key: string): Promise<T | null>;
  write(key: string, record: T): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface PrivateRecordsOptions {
  readonly directory: string;
  /** `credentials.json` */
  readonly name: string;
  readonly say: (sentence: string) => void;
  readonly openFile?: OpenFile | undefined;
}

/** A file of records by key; whoever changes one keeps the others, whatever other processes do at the time. */
export function openRecords<T>({ directory, name, say, openFile }: PrivateRecordsOptions): PrivateRecords<T> {
  const path = join(directory, name);
  const readAll = async () => recordsOf<T>(await readPrivate(path, say)) ?? new Map<string, T>();
  const change = async (edit: (records: Map<string, T>) => boolean) => {
    await makeDirectory(directory);
    await narrow(directory, say);
    await withLock(`${path}.lock`, async () => {
      const records = await sound(path, say, recordsOf<T>(await readPrivate(path, say)));
      if (!edit(records)) return;
      await replacePrivate(path, `${JSON.stringify(Object.fromEntries(records))}\n`, openFile);
    });
  };
  return {
    read: async (key) => (await readAll()).get(key) ?? null,
    write: (key, record) => change((records) => Boolean(records.set(key, record))),
    async remove(key) {
      if ((await readAll()).has(key)) await change((records) => records.delete(key));
    },
  };
}

/** What is damaged holds nothing, but is not overwritten: somebody may be able to read more of it. */
async function sound<T>(
  path: string,
  say: (sentence: string) => void,
  records: Map<string, T> | null,
): Promise<Map<string, T>> {
  if (records) return records;
  const aside = `${path}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  await rename(path, aside).catch((error: unknown) => {
    throw storeFailure(path, error);
  });
  say(`${path} was damaged. It is kept as ${aside}; what was in it has to be given again.`);
  return new Map();
}

/** null when it is damaged. */
function recordsOf<T>(text: string | undefined): Map<string, T> | null {
  try {
    const content: unknown = JSON.parse(text ?? '{}');
    if (typeof content !== 'object' || content === null || Array.isArray(content)) return null;
    return new Map(Object.entries(content as Record<string, T>));
  } catch {
    return null;
  }
}
