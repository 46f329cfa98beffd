// What the program is lent by its process. Types only.
import type { Readable } from 'node:stream';
import type { OutputStream } from './output/terminal.ts';
import type { Environment } from './settings.ts';
import type { RetryRules } from './transport/retry.ts';

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface Signals {
  /** As if the process had got it: of Ctrl-C on a terminal in raw mode, which makes no signal of it. */
  raise(name: SignalName): void;
  /** Signals go there and do nothing else, until the returned function is called: they belong to a child whose end is ours. */
  take(listener: (name: SignalName) => void): () => void;
  /** Runs when a second signal ends the process at once, before that end; must be short and never throw. Returns what takes it back. */
  beforeForcedEnd(cleanUp: () => void): () => void;
}

export interface Host {
  /** Without node and script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  readonly home: string;
  /** Directory for temporary files. */
  readonly temporary: string;
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted with an Interruption by signals. */
  readonly signal: AbortSignal;
  /** Absent where there are no signals. */
  readonly signals?: Signals;
  /** How one-shot requests are tried again; the transport's own rules (half a minute in all) unless given. */
  readonly retry?: RetryRules;
  /** Milliseconds of silence in what ends by itself; the transport's own limit unless given. */
  readonly silence?: number;
  /** In place of the system's keyring: a file that stands in for the optional module (null: there is none), and milliseconds. */
  readonly keyring?: { readonly module: string | null; readonly probe?: number; readonly use?: number };
  /** Path of the Node executable, for running polylog itself as a child. */
  readonly node: string;
  /** The package's root, ending in a slash. */
  readonly root: URL;
}
