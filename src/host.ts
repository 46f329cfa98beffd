// What the program is lent by its process. Types only.
import type { Readable } from 'node:stream';
import type { OutputStream } from './output/terminal.ts';
import type { Environment } from './settings.ts';
import type { RetryRules } from './transport/retry.ts';

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
  /** How one-shot requests are tried again; the transport's own rules (half a minute in all) unless given. */
  readonly retry?: RetryRules;
  /** In place of the system's keyring: a file that stands in for the optional module (null: there is none), and milliseconds. */
  readonly keyring?: { readonly module: string | null; readonly probe?: number; readonly use?: number };
  /** Path of the Node executable, for running polylog itself as a child. */
  readonly node: string;
  /** The package's root, ending in a slash. */
  readonly root: URL;
}
