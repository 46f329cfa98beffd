// Runs a command, a shell or the demonstration against the sandbox, with settings of its own and no caller's credentials.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import { createTerminal, type Terminal } from '../output/terminal.ts';
import { PROVIDERS } from '../providers/index.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { startSandbox } from '../sandbox/start.ts';
import type { SandboxOptions } from './sandbox.ts';

export interface SandboxCommand {
  readonly host: Host;
  readonly command: readonly string[];
  readonly options: SandboxOptions;
}

export async function runSandbox({ host, command, options }: SandboxCommand): Promise<number> {
  const terminal = createTerminal({ stdout: host.stdout, stderr: host.stderr, env: host.env });
  const scale = positive(options.scale, '--scale');
  const seed = positive(options.seed, '--seed');
  const folder = await mkdtemp(join(host.temporary, 'polylog-sandbox-'));
  const sandbox = await startSandbox({ seed, scale });
  try {
    const env = { ...(await environment(host, { sandbox, folder })) };
    const running: Running = { host, terminal, sandbox, env, folder };
    if (options.demo) return await demonstrate(running);
    if (command.length > 0) return await run(command, running);
    if (host.stdin.isTTY && host.stdout.isTTY) return await openShell(running);
    return await stay(running);
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Running {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly sandbox: Sandbox;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 1e6) return value;
  throw new CliError('usage', `"${text}" is no value of ${flag}: it takes a number above 0.`);
}

/** The caller's environment without any platform's settings, with the sandbox's, and with `polylog` and `logs` on the path. */
async function environment(
  host: Host,
  { sandbox, folder }: { sandbox: Sandbox; folder: string },
): Promise<Record<string, string | undefined>> {
  const foreign = new Set(['POLYLOG_PROFILE', 'POLYLOG_APP', 'POLYLOG_OUTPUT']);
  for (const entry of PROVIDERS) {
    const provider = await entry.load();
    for (const { env } of provider.settings)
      for (const { name, needs } of env) {
        foreign.add(name);
        if (needs) foreign.add(needs);
      }
  }
  const kept = Object.fromEntries(Object.entries(host.env).filter(([name]) => !foreign.has(name)));
  for (const name of ['polylog', 'logs']) {
    await symlink(fileURLToPath(new URL(`bin/${name}.js`, host.root)), join(folder, name)).catch(
      () => undefined,
    );
  }
  return {
    ...kept,
    ...sandbox.env,
    POLYLOG_CONFIG_DIR: join(folder, 'settings'),
    POLYLOG_KEYRING: 'off',
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    PATH: [folder, host.env.PATH].filter(Boolean).join(delimiter),
  };
}

async function run(command: readonly string[], running: Running): Promise<number> {
  const [name = '', ...args] = command;
  const child = spawn(name, args, { env: { ...running.env }, cwd: running.host.cwd, stdio: 'inherit' });
  return ended(child, { name, signal: running.host.signal });
}

/** Resolves to the child's exit code; signals reach it as well, so it ends by itself. */
function ended(child: ChildProcess, about: { name: string; signal: AbortSignal }): Promise<number> {
  const onAbort = () => child.kill('SIGTERM');
  about.signal.addEventListener('abort', onAbort, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ENOENT' ? 'there is no such program' : (error.code ?? 'it could not be started');
      reject(new CliError('usage', `"${about.name}" cannot be run in the sandbox: ${why}.`));
    });
    child.once('close', (code, signal) => {
      about.signal.removeEventListener('abort', onAbort);
      resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1));
    });
  });
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
async function stay({ host, terminal, sandbox, env }: Running): Promise<number> {
  const names = [...Object.keys(sandbox.env), 'POLYLOG_CONFIG_DIR'];
  await terminal.print(names.map((name) => `export ${name}=${quoted(env[name] ?? '')}\n`).join(''));
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

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Seconds of the demonstration, and when what happens in it; the stream breaks after so many lines. */
const DEMO = { length: 20, deployAt: 3, errorAt: 8, breakAfter: 35 };

async function demonstrate(running: Running): Promise<number> {
  const { host, terminal, sandbox, env } = running;
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
  const child = spawn(host.node, args, { env: { ...env }, cwd: host.cwd, stdio: 'inherit' });
  const code = await ended(child, { name: 'polylog', signal: host.signal });
  for (const timer of timers) clearTimeout(timer);
  if (code !== 0) return code;
  const command = `node bin/polylog.js`;
  terminal.note('');
  terminal.note(`polylog: keep it running:  ${command} sandbox -- polylog logs tail ${targets.join(' ')}`);
  terminal.note(`polylog: tail a real app:  SCALINGO_API_TOKEN=tk-us-… ${command} logs tail scalingo:APP`);
  return 0;
}
