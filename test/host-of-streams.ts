// A host made of streams, for the program through main().
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import type { Host } from '../src/host.ts';
import { main } from '../src/main.ts';

/** Collects what is written to it. */
export class Collected extends Writable {
  isTTY = false;
  columns = 80;
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function hostOf(argv: readonly string[], env: Host['env'] = {}) {
  const stdout = new Collected();
  const stderr = new Collected();
  const host: Host = {
    argv,
    // Nothing of the caller's is read or written, and nothing of another run.
    env: { POLYLOG_CONFIG_DIR: ownDirectory(), ...env },
    keyring: { module: null },
    // A directory that no project file stands above.
    cwd: '/',
    home: '/',
    temporary: '/nowhere',
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: new AbortController().signal,
    node: process.execPath,
    root: new URL('../', import.meta.url),
  };
  return { host, stdout, stderr };
}

const directories: string[] = [];
process.once('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A settings directory that is not there yet. */
export function ownDirectory(): string {
  const directory = join(tmpdir(), `polylog-settings-${randomBytes(8).toString('hex')}`);
  directories.push(directory);
  return directory;
}

export async function run(line: string | readonly string[], env: Host['env'] = {}): Promise<Ran> {
  const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
  const { host, stdout, stderr } = hostOf(argv, env);
  const code = await main(argv, host);
  return { code, stdout: stdout.text, stderr: stderr.text };
}
