// A directory of a test's own, and a store in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Keyring } from '../../src/store/keyring.ts';

export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'polylog-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Keeps what it is given, as long as it works. */
export function memoryKeyring(works = true): Keyring & { readonly entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    works: async () => works,
    read: async (account) => entries.get(account) ?? null,
    async write(account, secret) {
      entries.set(account, secret);
    },
    async remove(account) {
      entries.delete(account);
    },
  };
}

/** Collects what the user is told. */
export function listener(): { readonly said: string[]; readonly say: (sentence: string) => void } {
  const said: string[] = [];
  return { said, say: (sentence) => said.push(sentence) };
}
