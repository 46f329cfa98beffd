import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { withLock } from '../../src/store/lock.ts';
import { builtStore, freshDirectory } from './directory.ts';

const WRITER = fileURLToPath(new URL('writer.mjs', import.meta.url));

let built: Awaited<ReturnType<typeof builtStore>>;

beforeAll(async () => {
  built = await builtStore();
});
afterAll(() => built.remove());

/** A process that holds the lock, and has said so. */
async function holder(path: string) {
  const child = spawn(process.execPath, [WRITER, built.directory, 'hold', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}

describe('the lock', () => {
  it('is left behind by nobody', async () => {
    const directory = freshDirectory();
    expect(await withLock(join(directory, 'a.lock'), async () => readdirSync(directory))).toEqual(['a.lock']);
    await expect(
      withLock(join(directory, 'a.lock'), () => Promise.reject(new Error('work'))),
    ).rejects.toThrow('work');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('lets one in at a time', async () => {
    const path = join(freshDirectory(), 'a.lock');
    let inside = 0;
    const most: number[] = [];
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withLock(
          path,
          async () => {
            inside += 1;
            await new Promise((resolve) => setImmediate(resolve));
            most.push(inside);
            inside -= 1;
          },
          { every: 1 },
        ),
      ),
    );
    expect(most).toEqual(Array(8).fill(1));
  });

  it('names the process that holds it when that does not let go', async () => {
    const path = join(freshDirectory(), 'a.lock');
    const child = await holder(path);
    await expect(withLock(path, async () => 'in', { every: 1, limit: 20 })).rejects.toThrow(
      `is held by process ${child.pid}`,
    );
  });

  it('is free at once after kill -9, for one of many who wait', async () => {
    const directory = freshDirectory();
    const path = join(directory, 'a.lock');
    const child = await holder(path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    let inside = 0;
    const seen = await Promise.all(
      Array.from({ length: 6 }, () =>
        // No time to wait in: a dead holder is taken over at the first look, or by whoever came first.
        withLock(
          path,
          async () => {
            inside += 1;
            const now = inside;
            await new Promise((resolve) => setImmediate(resolve));
            inside -= 1;
            return now;
          },
          { every: 1, limit: 5_000 },
        ),
      ),
    );
    expect(seen).toEqual(Array(6).fill(1));
    expect(readdirSync(directory)).toEqual([]);
  });

  it('takes over at the first look', async () => {
    const path = join(freshDirectory(), 'a.lock');
    const child = await holder(path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await withLock(path, async () => 'in', { limit: 0 })).toBe('in');
  });

  it('knows a process from a later one with the same number', async () => {
    const path = join(freshDirectory(), 'a.lock');
    const dead = { pid: process.pid, start: '1', host: hostname(), nonce: '0123456789abcdef' };
    writeFileSync(path, JSON.stringify(dead));
    const wait = withLock(path, async () => 'in', { every: 1, limit: 0 });
    // Only Linux tells when a process began.
    if (process.platform === 'linux') expect(await wait).toBe('in');
    else await expect(wait).rejects.toThrow('is held by');
  });
});
