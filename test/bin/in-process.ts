// Runs the program without a process of its own, where a test is not about processes.
import { PassThrough } from 'node:stream';
import { Interruption } from '../../src/errors.ts';
import { main } from '../../src/main.ts';
import type { RetryRules } from '../../src/transport/retry.ts';
import type { Env, Place } from './run-polylog.ts';

export interface InProcess {
  readonly place: Place;
  readonly env: Env;
  readonly retry?: RetryRules;
  readonly silence?: number;
}

export interface Inside {
  stdout(): string;
  stderr(): string;
  /** Resolves when that text has come; rejects when the program ends without it. */
  said(text: string, where?: 'stdout' | 'stderr'): Promise<void>;
  /** As by SIGINT. */
  interrupt(): void;
  readonly ended: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
}

export function inside(argv: readonly string[], { place, env, retry, silence }: InProcess): Inside {
  const out = collect();
  const err = collect();
  const stop = new AbortController();
  const running = main(argv, {
    argv,
    env: { ...place.env, ...env },
    cwd: place.work,
    home: place.home,
    temporary: place.root,
    stdin: new PassThrough(),
    stdout: out.stream,
    stderr: err.stream,
    signal: stop.signal,
    ...(retry === undefined ? {} : { retry }),
    ...(silence === undefined ? {} : { silence }),
    node: process.execPath,
    root: new URL('../../', import.meta.url),
  });
  const ended = running.then((code) => ({ code, stdout: out.text(), stderr: err.text() }));
  return {
    stdout: out.text,
    stderr: err.text,
    said: (text, where = 'stdout') =>
      new Promise((resolve, reject) => {
        const { text: now, onMore } = where === 'stdout' ? out : err;
        const look = () => {
          if (now().includes(text)) resolve();
        };
        onMore(look);
        look();
        const about = () =>
          reject(new Error(`it ended without saying ${text}:\n${out.text()}\n${err.text()}`));
        ended.then(about, reject);
      }),
    interrupt: () => stop.abort(new Interruption('SIGINT', 130)),
    ended,
  };
}

function collect() {
  const stream = new PassThrough();
  const listeners: (() => void)[] = [];
  let came = '';
  stream.setEncoding('utf8').on('data', (piece: string) => {
    came += piece;
    for (const tell of listeners) tell();
  });
  return { stream, text: () => came, onMore: (listener: () => void) => listeners.push(listener) };
}
