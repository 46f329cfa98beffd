// Runs the installed form of the program (bin/ and dist/) as a user's shell would: processes, pipes, pseudo-terminals.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn as spawnPty } from '@lydell/node-pty';
import {
  type ContainerStationOptions,
  type ContainerStationServer,
  startContainerStation,
} from '../../src/sandbox/container-station.ts';
import { type ScalingoOptions, type ScalingoServer, startScalingo } from '../../src/sandbox/scalingo.ts';
import { createWorld, type World, type WorldLine, type WorldTime } from '../../src/sandbox/world.ts';

export type Env = Readonly<Record<string, string>>;

/** The file that npm links as `polylog`, or as `logs`. */
export function programFile(name: 'polylog' | 'logs' = 'polylog'): string {
  return fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url));
}

/** For the environment of a process: it waits a tenth of every platform's rhythm. */
export const QUICK: Env = {
  NODE_OPTIONS: `--import=${new URL('quick-clock.mjs', import.meta.url).href}`,
};

/** Directories of one test file: nothing of the caller's is seen from there. */
export interface Place {
  readonly root: string;
  readonly home: string;
  /** The working directory of the processes. */
  readonly work: string;
  /** What a process gets when a test adds nothing. */
  readonly env: Env;
  /** `path` is relative to the working directory. */
  write(path: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

export async function createPlace(): Promise<Place> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'polylog-test-')));
  const [home, work, temporary] = ['home', 'work', 'tmp'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [home, work, temporary]) await mkdir(folder);
  return {
    root,
    home,
    work,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      TMPDIR: temporary,
      TZ: 'UTC',
      LANG: 'C.UTF-8',
      POLYLOG_CONFIG_DIR: join(root, 'settings'),
    },
    async write(path, text) {
      const full = join(work, path);
      await mkdir(join(full, '..'), { recursive: true });
      await writeFile(full, text);
      return full;
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export interface How {
  readonly place: Place;
  readonly env?: Env;
  readonly cwd?: string;
  readonly bin?: 'polylog' | 'logs';
}

export interface Ran {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** As bytes, and read as UTF-8. */
  readonly bytes: Buffer;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves when that text has come; rejects when the process ends without it. */
  said(text: string, where?: 'stdout' | 'stderr'): Promise<void>;
  /** Resolves when it has ended by itself and its pipes are closed. */
  readonly ended: Promise<Ran>;
}

/** Runs it to its end. */
export function polylog(args: readonly string[], how: How): Promise<Ran> {
  return startPolylog(args, how).ended;
}

export function startPolylog(args: readonly string[], how: How): Running {
  const child = spawn(process.execPath, [programFile(how.bin), ...args], {
    cwd: how.cwd ?? how.place.work,
    env: { ...how.place.env, ...how.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watch(child);
}

/** The same in a shell, for pipelines and redirections: `$POLYLOG` stands for the program. */
export function shell(script: string, how: How): Running {
  const child = spawn('bash', ['-c', script], {
    cwd: how.cwd ?? how.place.work,
    env: { ...how.place.env, ...how.env, POLYLOG: `${process.execPath} ${programFile(how.bin)}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watch(child);
}

function watch(child: ChildProcess): Running {
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const bytes = out.bytes();
      resolve({ code, signal, bytes, stdout: out.text(), stderr: err.text() });
    });
  });
  return {
    child,
    pid: child.pid ?? -1,
    stdout: out.text,
    stderr: err.text,
    said: (text, where = 'stdout') =>
      saidBy({
        text,
        collected: where === 'stdout' ? out : err,
        ended,
        about: () => `${out.text()}\n${err.text()}`,
      }),
    ended,
  };
}

interface Collected {
  bytes(): Buffer;
  text(): string;
  /** Called whenever more has come. */
  onMore(listener: () => void): void;
}

function collect(stream: Readable | null): Collected {
  const pieces: Buffer[] = [];
  const listeners: (() => void)[] = [];
  stream?.on('data', (piece: Buffer) => {
    pieces.push(piece);
    for (const listener of listeners) listener();
  });
  return {
    bytes: () => Buffer.concat(pieces),
    text: () => Buffer.concat(pieces).toString('utf8'),
    onMore: (listener) => listeners.push(listener),
  };
}

interface Wanted {
  readonly text: string;
  readonly collected: Pick<Collected, 'text' | 'onMore'>;
  readonly ended: Promise<unknown>;
  about(): string;
}

function saidBy({ text, collected, ended, about }: Wanted): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (collected.text().includes(text)) resolve();
    };
    collected.onMore(look);
    look();
    ended.then(() => {
      look();
      reject(new Error(`it ended without saying ${JSON.stringify(text)}:\n${about()}`));
    });
  });
}

export interface Screen {
  readonly pty: IPty;
  /** Everything that came, stdout and stderr as the terminal shows them; CR LF made LF. */
  text(): string;
  said(text: string): Promise<void>;
  readonly ended: Promise<{ readonly code: number; readonly text: string }>;
}

/** Runs it on a pseudo-terminal. */
export function onTerminal(args: readonly string[], how: How & { readonly columns?: number }): Screen {
  return screenOf([process.execPath, programFile(how.bin), ...args], how);
}

/** The same in a shell on a pseudo-terminal: `$POLYLOG` stands for the program. */
export function shellOnTerminal(script: string, how: How): Screen {
  const POLYLOG = `${process.execPath} ${programFile(how.bin)}`;
  return screenOf(['bash', '-c', script], { ...how, env: { ...how.env, POLYLOG } });
}

function screenOf([file = '', ...args]: readonly string[], how: How & { readonly columns?: number }): Screen {
  const pty = spawnPty(file, [...args], {
    name: how.env?.TERM ?? 'xterm-256color',
    cols: how.columns ?? 80,
    rows: 24,
    cwd: how.cwd ?? how.place.work,
    env: { ...how.place.env, ...how.env },
  });
  let came = '';
  const listeners: (() => void)[] = [];
  pty.onData((piece) => {
    came += piece;
    for (const listener of listeners) listener();
  });
  const text = () => came.replaceAll('\r\n', '\n');
  const ended = new Promise<{ code: number; text: string }>((resolve) => {
    pty.onExit(({ exitCode }) => resolve({ code: exitCode, text: text() }));
  });
  const collected = { text, onMore: (listener: () => void) => listeners.push(listener) };
  return { pty, text, said: (wanted) => saidBy({ text: wanted, collected, ended, about: text }), ended };
}

/** The two platforms around one still world: lines come only from `write`. */
export interface Grounds {
  readonly world: World;
  readonly scalingo: ScalingoServer;
  readonly station: ContainerStationServer;
  /** Addresses and sample credentials of both. */
  readonly env: Env;
  close(): Promise<void>;
}

export interface GroundsOptions {
  readonly lines?: readonly SampleLine[];
  readonly scalingo?: Partial<ScalingoOptions>;
  readonly station?: Partial<ContainerStationOptions>;
}

export type SampleLine = { readonly text: string } & Partial<Omit<WorldLine, 'seq' | 'text'>>;

export async function startGrounds({ lines = [], scalingo, station }: GroundsOptions = {}): Promise<Grounds> {
  const world = createWorld({ scale: 0, past: 0 });
  for (const line of lines) world.write(line);
  const [one, other] = await Promise.all([
    startScalingo({ world, ratePerMinute: 0, ...scalingo }),
    startContainerStation({ world, routineEvery: 0, ...station }),
  ]);
  return {
    world,
    scalingo: one,
    station: other,
    env: { ...one.env, ...other.env },
    async close() {
      world.close();
      await Promise.all([one.close(), other.close()]);
    },
  };
}

/** `2026-03-01T10:00:00.123456789Z` as the world counts time. */
export function moment(iso: string): WorldTime {
  const digits = /\.(\d+)Z$/.exec(iso)?.[1]?.padEnd(9, '0') ?? '000000000';
  return {
    ms: Date.parse(iso.replace(/\.\d+Z$/, 'Z')) + Number(digits.slice(0, 3)),
    nanos: Number(digits.slice(3)),
  };
}

/** Lines of stderr. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Gives up control of colours: what a reader sees. */
export function withoutColors(text: string): string {
  return text.replace(/\x1b\[[\d;]*m/g, '');
}
