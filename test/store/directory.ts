// A directory of a test's own, and a store in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Keyring } from '../../src/store/keyring.ts';

export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'polylog-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The store as files that a process of its own can load, without the rest of the program; removed by `remove`. */
export async function builtStore(): Promise<{ readonly directory: string; remove(): void }> {
  const { build } = await import('rolldown');
  const directory = mkdtempSync(join(tmpdir(), 'polylog-built-'));
  const files = ['lock', 'settings-file', 'private-file'];
  const source = (name: string) => fileURLToPath(new URL(`../../src/store/${name}.ts`, import.meta.url));
  await build({
    input: Object.fromEntries(files.map((name) => [name, source(name)])),
    platform: 'node',
    output: { dir: directory, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
  });
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
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
