// One process at a time: a file that names its holder, and is free at once when that process is gone. Knows no content.
import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import { codeOf, storeFailure } from './failures.ts';

export interface LockRules {
  /** Milliseconds between two looks, and in all. */
  readonly every?: number;
  readonly limit?: number;
}

const USUAL = { every: 15, limit: 10_000 };

/** Runs the work while no other process holds the same path. Throws a CliError when it does not become free in time. */
export async function withLock<T>(path: string, work: () => Promise<T>, rules: LockRules = {}): Promise<T> {
  const { every, limit } = { ...USUAL, ...rules };
  const own = await ownMark();
  const deadline = performance.now() + limit;
  for (let holder = await take(path, own); holder; holder = await take(path, own)) {
    if (performance.now() >= deadline) throw heldError(path, holder);
    await pause(every * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

interface Holder {
  readonly pid: number;
  /** As the system tells it, to know a process from a later one with its number; '' where it does not. */
  readonly start: string;
  readonly host: string;
  /** Of this one taking. */
  readonly nonce: string;
}

/** Who has it, or null when it is ours now. */
async function take(path: string, own: Omit<Holder, 'nonce'>): Promise<Holder | null> {
  const mine: Holder = { ...own, nonce: randomBytes(8).toString('hex') };
  if (await create(path, mine)) return null;
  const holder = await readHolder(path);
  if (holder === null) return (await create(path, mine)) ? null : { ...mine, pid: 0 };
  if (await isAlive(holder, own)) return holder;
  await removeDead(path, holder, own);
  return (await create(path, mine)) ? null : holder;
}

/**
 * Two who find the same dead holder must not both remove the lock: the second would remove the first one's own. So the
 * right to remove just this one is a lock itself.
 */
async function removeDead(path: string, dead: Holder, own: Omit<Holder, 'nonce'>): Promise<void> {
  const right = `${path}.${dead.nonce}`;
  if ((await take(right, own)) !== null) return;
  try {
    const present = await readHolder(path);
    if (present?.nonce === dead.nonce) await unlink(path);
  } finally {
    await unlink(right).catch(() => undefined);
  }
}

/** Whole or not at all: a file that is linked into place has its content from the first moment on. */
async function create(path: string, holder: Holder): Promise<boolean> {
  const draft = `${path}.${holder.pid}.${holder.nonce}`;
  try {
    await writeFile(draft, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw storeFailure(path, error);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** null when it has gone or names nobody. */
async function readHolder(path: string): Promise<Holder | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    const { pid, start, host, nonce } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid !== 'number' || typeof nonce !== 'string' || !/^[0-9a-f]{16}$/.test(nonce)) return null;
    return { pid, start: String(start ?? ''), host: String(host ?? ''), nonce };
  } catch {
    return null;
  }
}

async function isAlive(holder: Holder, own: Omit<Holder, 'nonce'>): Promise<boolean> {
  // Of another machine on a shared disk nothing can be said.
  if (holder.host !== own.host) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  const start = await startOf(String(holder.pid));
  return start === '' || holder.start === '' || start === holder.start;
}

async function ownMark(): Promise<Omit<Holder, 'nonce'>> {
  const { pid } = await import('node:process');
  return { pid, start: await startOf('self'), host: hostname() };
}

/** Ticks since boot, the 22nd field of Linux's stat; the name in it may hold spaces and brackets. */
async function startOf(whose: string): Promise<string> {
  const text = await readFile(`/proc/${whose}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function heldError(path: string, holder: Holder): CliError {
  const who = holder.pid === 0 ? 'another process' : `process ${holder.pid}`;
  return new CliError('unavailable', `${path} is held by ${who}.`, {
    hint: 'Try again when it has ended; a lock whose process is gone is taken over by itself.',
  });
}
