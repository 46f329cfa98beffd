// The only writer: stdout for records, stderr for everything else. Gets its streams and environment, never `process`.
import type { Writable } from 'node:stream';
import { turnForOthers } from '../turns.ts';
import { type ColorWhen, colorLevel, type Environment } from './color.ts';
import type { ColorLevel } from './palette.ts';
import { sanitize } from './sanitize.ts';
import { WatchedOutput } from './watched-output.ts';

export type OutputStream = Writable & { isTTY?: boolean; columns?: number };

export interface TerminalSettings {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Environment;
  /** `auto` unless given. */
  readonly color?: ColorWhen | undefined;
  /** Drops notes; complaints stay. */
  readonly quiet?: boolean | undefined;
}

/** What one of the two streams is. */
export interface StreamFacts {
  readonly isTTY: boolean;
  /** Columns; read anew, as windows change. 80 where nobody says. */
  readonly columns: number;
  readonly color: ColorLevel;
}

export interface Terminal {
  readonly out: StreamFacts;
  readonly err: StreamFacts;
  /**
   * Writes to stdout and waits until there is room for more. Resolves at once when the reader has gone. Throws a
   * CliError when stdout cannot take it (a full disk). `lent`: the bytes are the caller's own again when it resolves.
   */
  print(text: string | Uint8Array, kind?: 'lent'): Promise<void>;
  /** One line or more to stderr, without the last LF; nothing with `--quiet`, and nothing once the reader of stdout has gone. */
  note(text: string): void;
  /** The same, also with `--quiet`: errors and warnings. */
  complain(text: string): void;
  /** One moving line on a terminal's stderr, replaced by the next text and taken away by null. Nothing anywhere else. */
  busy(text: string | null): Promise<void>;
  /** Resolves when all that was printed has left; throws as `print`. */
  flush(): Promise<void>;
  /** Whether the reader of stdout has gone. */
  readonly isClosed: boolean;
  /** Resolves when it goes; never rejects. */
  readonly closed: Promise<void>;
}

export function createTerminal(settings: TerminalSettings): Terminal {
  const { stdout, stderr, quiet = false } = settings;
  const output = new WatchedOutput(stdout);
  const errors = new WatchedOutput(stderr);
  const busy = createBusyLine(settings);
  const complain = (text: string): void => {
    busy.clear();
    errors.write(`${stderr.isTTY ? sanitize(text, 'colors') : text}\n`);
  };
  const throwFailure = (): void => {
    if (output.failure) throw output.failure;
  };
  return {
    out: factsOf(stdout, settings),
    err: factsOf(stderr, settings),
    async print(text, kind) {
      if (text.length > 0 && !output.write(text)) await output.room();
      if (kind === 'lent' && output.isBusy) await output.flush();
      // What takes everything at once never makes us wait.
      const others = turnForOthers();
      if (others) await others;
      throwFailure();
    },
    note(text) {
      // Who has taken enough of the records wants to hear nothing more.
      if (!quiet && !output.isClosed) complain(text);
    },
    complain,
    busy: (text) => busy.show(text),
    async flush() {
      await Promise.all([output.flush(), errors.flush()]);
      throwFailure();
    },
    get isClosed() {
      return output.isClosed;
    },
    closed: output.closed,
  };
}

interface BusyLine {
  show(text: string | null): Promise<void>;
  /** Until the next `show`, so that other words on stderr do not tear it. */
  clear(): void;
}

function createBusyLine({ stdout, stderr, quiet }: TerminalSettings): BusyLine {
  // Where stdout is a terminal as well its lines show that something happens, and a moving one would tear them.
  const possible =
    stderr.isTTY === true && (stderr.columns ?? 0) > 0 && stdout.isTTY !== true && quiet !== true;
  let spinner: { text: string; stop(): unknown } | undefined;
  const clear = () => {
    spinner?.stop();
    spinner = undefined;
  };
  return {
    clear,
    async show(text) {
      if (!possible) return;
      if (text === null) clear();
      else if (spinner) spinner.text = text;
      else {
        const { default: ora } = await import('ora');
        spinner = ora({ text, stream: stderr as NodeJS.WriteStream, discardStdin: false }).start();
      }
    },
  };
}

function factsOf(stream: OutputStream, { env, color = 'auto' }: TerminalSettings): StreamFacts {
  const isTTY = stream.isTTY === true;
  return {
    isTTY,
    get columns() {
      return stream.columns || Number.parseInt(env.COLUMNS ?? '', 10) || 80;
    },
    color: colorLevel({ isTTY, env, when: color }),
  };
}
