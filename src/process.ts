// From a process to a Host and back: the only file below bin that is handed the process.
import { EXIT_CODES } from './errors.ts';
import type { Host } from './host.ts';
import { main } from './main.ts';
import { watchReader } from './reader-watch.ts';
import { takeSignals } from './signals.ts';

export async function runProcess(process: NodeJS.Process, argv: readonly string[]): Promise<void> {
  const { stop, signals, end } = takeSignals(process);
  process.on('uncaughtException', async (error) => {
    // What nobody caught is a defect as well.
    const { describeDefect } = await import('./defect.ts');
    const words = describeDefect(error, { debug: argv.includes('--debug'), env: process.env });
    process.stderr.write(`${words}\n`, () => end(EXIT_CODES.defect));
  });
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
    signal: stop,
    signals,
    node: process.execPath,
    root: new URL('..', import.meta.url),
  };
  const running = main(argv, host);
  watchReader({ fd: 1, platform: process.platform, sockets: () => bindingOf(process)('tcp_wrap') }, () =>
    process.stdout.emit('close'),
  );
  process.exitCode = await running;
  // Whatever is still open (a name being looked up, an idle connection) is nothing to wait for.
  if (stop.aborted) end(process.exitCode);
}

/** Deprecated and not among Node's types; throws where it is not there any more. */
function bindingOf(process: NodeJS.Process): (name: string) => unknown {
  const { binding } = process as unknown as { binding: (name: string) => unknown };
  return (name) => Reflect.apply(binding, process, [name]);
}
