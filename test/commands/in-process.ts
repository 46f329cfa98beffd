// The program through main() in the shape in which test/bin runs it as a process: what is not a process's own doing is
// tested so at a tenth of the cost. Platforms' rhythms are waited for a tenth of their time.
import { PassThrough, Writable } from 'node:stream';
import { Interruption } from '../../src/errors.ts';
import type { Host } from '../../src/host.ts';
import { main } from '../../src/main.ts';
import { quicken } from '../bin/quicken.mjs';
import type { Env, Place } from '../bin/run-polylog.ts';

export interface How {
  readonly place: Place;
  readonly env?: Env;
  readonly retry?: Host['retry'];
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  stdout(): string;
  stderr(): string;
  /** Resolves when that text has come; rejects when the program ends without it. */
  said(text: string, where?: 'stdout' | 'stderr'): Promise<void>;
  /** As Ctrl-C. */
  interrupt(): void;
  readonly ended: Promise<Ran>;
}

/** Runs it to its end. */
export function polylog(args: readonly string[], how: How): Promise<Ran> {
  return startPolylog(args, how).ended;
}

export function startPolylog(args: readonly string[], how: How, columns?: number): Running {
  const stdout = new Heard(columns);
  const stderr = new Heard(columns);
  const stop = new AbortController();
  const slowDown = quicken();
  const ended = main([...args], {
    argv: [...args],
    env: { ...how.place.env, ...how.env },
    cwd: how.place.work,
    home: how.place.home,
    temporary: how.place.root,
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: stop.signal,
    keyring: { module: null },
    node: process.execPath,
    root: new URL('../../', import.meta.url),
    ...(how.retry && { retry: how.retry }),
  })
    .finally(slowDown)
    .then((code) => ({ code, stdout: stdout.text, stderr: stderr.text }));
  return {
    stdout: () => stdout.text,
    stderr: () => stderr.text,
    said: (text, where = 'stdout') =>
      new Promise((resolve, reject) => {
        const stream = where === 'stdout' ? stdout : stderr;
        const look = () => {
          if (stream.text.includes(text)) resolve();
        };
        stream.looks.push(look);
        look();
        ended.then(() => {
          look();
          const about = `${stdout.text}\n${stderr.text}`;
          reject(new Error(`it ended without saying ${JSON.stringify(text)}:\n${about}`));
        }, reject);
      }),
    interrupt: () => stop.abort(new Interruption('SIGINT', 130)),
    ended,
  };
}

/** With both outputs on a terminal of that width. */
export function onTerminal(
  args: readonly string[],
  how: How & { readonly columns?: number },
): { readonly ended: Promise<{ readonly code: number; readonly text: string }> } {
  const { ended } = startPolylog(args, how, how.columns ?? 80);
  return { ended: ended.then(({ code, stdout, stderr }) => ({ code, text: stderr + stdout })) };
}

class Heard extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly looks: (() => void)[] = [];
  text = '';

  constructor(columns: number | undefined) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 0;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    for (const look of this.looks) look();
    done();
  }
}
