// A program run in our place: its streams are ours, signals are its own business, its end is ours. Knows no sandbox.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CliError } from '../errors.ts';
import type { Host, SignalName } from '../host.ts';

export interface ChildProgram {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: Host;
}

/** Resolves to its exit code; as shells do, to 128 and the number of the signal that ended it. Throws a usage CliError when it can't be started. */
export function runChild({ name, args, env, host }: ChildProgram): Promise<number> {
  host.signal.throwIfAborted();
  const child = spawn(name, args, { env: { ...env }, cwd: host.cwd, stdio: 'inherit' });
  // A terminal sends its signals to all who run in its foreground: the child has them already.
  const fromTerminal: readonly SignalName[] = host.stdin.isTTY ? ['SIGINT', 'SIGHUP'] : [];
  const release = host.signals?.take((signal) => {
    if (!fromTerminal.includes(signal)) child.kill(signal);
  });
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why = REASONS[error.code ?? ''] ?? error.code ?? 'it could not be started';
      reject(new CliError('usage', `"${name}" cannot be run in the sandbox: ${why}.`));
    });
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  }).finally(() => release?.());
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'it may not be executed',
};
