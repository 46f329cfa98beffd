// Runs a command, a shell or the demonstration against the sandbox, with settings of its own and no caller's credentials.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import { createTerminal, type Terminal } from '../output/terminal.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { startSandbox } from '../sandbox/start.ts';
import type { SandboxOptions } from './sandbox.ts';
import { runChild } from './sandbox-child.ts';
import { createEnvironment, type SandboxEnvironment, shellLines } from './sandbox-environment.ts';

export interface SandboxCommand {
  readonly host: Host;
  readonly command: readonly string[];
  readonly options: SandboxOptions;
}

export async function runSandbox({ host, command, options }: SandboxCommand): Promise<number> {
  const terminal = createTerminal({ stdout: host.stdout, stderr: host.stderr, env: host.env });
  const scale = positive(options.scale, '--scale');
  const seed = positive(options.seed, '--seed');
  const folder = await mkdtemp(join(host.temporary, 'polylog-sandbox-')).catch((error) => {
    throw new CliError('usage', `No directory can be made in ${host.temporary} (${error.code}).`, {
      hint: 'TMPDIR names another place.',
    });
  });
  const forget = host.signals?.beforeForcedEnd(() => rmSync(folder, { recursive: true, force: true }));
  const sandbox = await startSandbox({ seed, scale });
  try {
    const environment = await createEnvironment(host, { sandbox, folder });
    const running: Running = { host, terminal, sandbox, environment };
    if (options.demo) return await demonstrate(running);
    if (command.length > 0) return await run(command, running);
    if (host.stdin.isTTY && host.stdout.isTTY) return await openShell(running);
    return await stay(running);
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
    forget?.();
  }
}

interface Running {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly sandbox: Sandbox;
  readonly environment: SandboxEnvironment;
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 1e6) return value;
  throw new CliError('usage', `"${text}" is no value of ${flag}: it takes a number above 0.`);
}

async function run(command: readonly string[], running: Running): Promise<number> {
  const [name = '', ...args] = command;
  return runChild({ name, args, env: running.environment.whole, host: running.host });
}

async function openShell(running: Running): Promise<number> {
  const { terminal, host, sandbox } = running;
  terminal.note(
    `polylog: a shell with the sandbox's environment; try: polylog logs tail ${sandbox.targets.join(' ')}`,
  );
  terminal.note('polylog: leave it with exit');
  return run([host.env.SHELL || 'sh'], running);
}

/** Prints what another shell needs, then serves until stopped. */
async function stay({ host, terminal, sandbox, environment }: Running): Promise<number> {
  await terminal.print(shellLines(environment));
  terminal.note(
    `polylog: the sandbox runs until stopped; try: polylog logs tail ${sandbox.targets.join(' ')}`,
  );
  await new Promise<void>((resolve) => {
    if (host.signal.aborted) resolve();
    host.signal.addEventListener('abort', () => resolve(), { once: true });
    terminal.closed.then(resolve);
    // Keeps the process alive; the servers' sockets alone need not.
    const alive = setInterval(() => undefined, 1 << 30);
    host.signal.addEventListener('abort', () => clearInterval(alive), { once: true });
    terminal.closed.then(() => clearInterval(alive));
  });
  if (host.signal.aborted) throw host.signal.reason;
  return 0;
}

/** Seconds of the demonstration, and when what happens in it; the stream breaks after so many lines. */
const DEMO = { length: 20, deployAt: 3, errorAt: 8, breakAfter: 35 };

async function demonstrate(running: Running): Promise<number> {
  const { host, terminal, sandbox, environment } = running;
  const { world, servers, targets } = sandbox;
  const until = Math.ceil(Date.now() / 1000) + DEMO.length;
  terminal.note(
    `polylog: ${DEMO.length} seconds of one merged tail of ${targets.join(' and ')}, from the embedded sandbox`,
  );
  const scalingo = servers.find((server) => server.platform === 'scalingo');
  scalingo?.faults.add({ name: 'reset-mid-line', route: 'stream', afterLines: DEMO.breakAfter });
  const timers = [
    setTimeout(() => world.deploy({ message: 'Show prices in euros' }), DEMO.deployAt * 1000),
    setTimeout(() => {
      world.write({
        text: 'Error: payment provider timed out after 3000 ms',
        level: 'error',
        component: 'worker',
      });
      world.write({ text: '    at charge (/app/payments.js:42:11)', level: 'error', component: 'worker' });
    }, DEMO.errorAt * 1000),
  ];
  const polylog = fileURLToPath(new URL('bin/polylog.js', host.root));
  const args = [polylog, 'logs', 'tail', ...targets, '-n', '5', '--until', `@${until}`];
  const code = await runChild({ name: host.node, args, env: environment.whole, host });
  for (const timer of timers) clearTimeout(timer);
  if (code !== 0) return code;
  const command = `node bin/polylog.js`;
  terminal.note('');
  terminal.note(`polylog: keep it running:  ${command} sandbox -- polylog logs tail ${targets.join(' ')}`);
  terminal.note(`polylog: tail a real app:  SCALINGO_API_TOKEN=tk-us-… ${command} logs tail scalingo:APP`);
  return 0;
}
