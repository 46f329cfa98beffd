// From a process to a Host and back: the only file below bin that is handed the process.
import { Interruption } from './errors.ts';
import type { Host } from './host.ts';
import { main } from './main.ts';

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

/** How long what was received may take to leave after an interruption. Milliseconds. */
const DRAIN = 2000;

export async function runProcess(process: NodeJS.Process, argv: readonly string[]): Promise<void> {
  const stop = new AbortController();
  let asked = false;
  for (const [name, code] of SIGNALS) {
    process.on(name, () => {
      if (asked) process.exit(code);
      asked = true;
      stop.abort(new Interruption(name, code));
      // A reader that takes nothing must not keep us.
      setTimeout(() => process.exit(code), DRAIN).unref();
    });
  }
  const { homedir, tmpdir } = await import('node:os');
  const host: Host = {
    argv,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    temporary: tmpdir(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    node: process.execPath,
    root: new URL('..', import.meta.url),
  };
  process.exitCode = await main(argv, host);
}
