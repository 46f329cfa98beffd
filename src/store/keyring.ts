// The system's keyring, in a process of its own: a call that hangs in there cannot be ended from within. Knows no content.
import { createRequire } from 'node:module';
import { CliError } from '../errors.ts';

export interface Keyring {
  /** Whether it can be written and read; asked once. */
  works(): Promise<boolean>;
  /** null when there is no such entry. Throws a CliError when the keyring does not answer. */
  read(account: string): Promise<string | null>;
  write(account: string, secret: string): Promise<void>;
  remove(account: string): Promise<void>;
}

export interface KeyringOptions {
  /** Path of the Node executable. */
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** File of the module; absent: the optional dependency, if it is installed; null: none. */
  readonly module?: string | null | undefined;
  /** Ends what is being asked: nobody waits for a person who has pressed Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the probe, and for everything else, where a person may have to unlock it. */
  readonly limits: { readonly probe: number; readonly use: number };
}

const SERVICE = 'polylog';

export function openKeyring(options: KeyringOptions): Keyring {
  const { limits } = options;
  let probing: Promise<boolean> | undefined;
  const use = (order: Order) => run(options, order, limits.use);
  return {
    works() {
      // An empty keyring answers every question, so only writing proves anything.
      probing ??= run(options, { act: 'probe', account: 'probe' }, limits.probe).then(
        () => true,
        () => {
          options.signal?.throwIfAborted();
          return false;
        },
      );
      return probing;
    },
    read: async (account) => (await use({ act: 'read', account })) ?? null,
    write: async (account, secret) => {
      await use({ act: 'write', account, secret });
    },
    remove: async (account) => {
      await use({ act: 'remove', account });
    },
  };
}

interface Order {
  readonly act: 'probe' | 'read' | 'write' | 'remove';
  readonly account: string;
  readonly secret?: string;
}

/** The secret goes through the pipe, never among the arguments. On Linux the library would else fall back to memory. */
const SCRIPT = `
import { stdin, stdout, argv } from 'node:process';
import { pathToFileURL } from 'node:url';
let text = '';
for await (const piece of stdin) text += piece;
const { service, act, account, secret } = JSON.parse(text);
const loaded = await import(pathToFileURL(argv[1]).href);
const Entry = loaded.Entry ?? loaded.default.Entry;
const entry = new Entry(service, account, { linux: { store: 'secret-service' } });
const remove = () => { try { entry.deletePassword ? entry.deletePassword() : entry.deleteCredential(); } catch {} };
let found = null;
if (act === 'probe') { entry.setPassword('probe'); found = entry.getPassword(); remove(); if (found !== 'probe') throw new Error('lost'); }
if (act === 'read') found = entry.getPassword();
if (act === 'write') entry.setPassword(secret);
if (act === 'remove') remove();
stdout.write(JSON.stringify({ found: found ?? null }));
`;

async function run(options: KeyringOptions, order: Order, limit: number): Promise<string | null> {
  const module = options.env.POLYLOG_KEYRING === 'off' ? null : moduleOf(options);
  if (module === null) throw new CliError('usage', 'There is no system keyring here.');
  const { spawn } = await import('node:child_process');
  const { text } = await import('node:stream/consumers');
  const child = spawn(options.node, ['--input-type=module', '-e', SCRIPT, module], {
    env: options.env,
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
    signal: options.signal,
    killSignal: 'SIGKILL',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  try {
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify({ service: SERVICE, ...order }));
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.once('error', () => undefined);
    const answer = await text(child.stdout);
    await ended;
    const { found } = JSON.parse(answer) as { found?: unknown };
    return typeof found === 'string' ? found : null;
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new CliError('auth', 'The system keyring does not answer.', {
      hint: 'Unlock it, or log in again; POLYLOG_KEYRING=off keeps secrets in a file of mode 0600 instead.',
      // What the keyring said may hold what it was given.
      detail: cause instanceof SyntaxError ? 'no answer' : 'no process',
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Found from here, never from the working directory. */
function moduleOf({ module }: KeyringOptions): string | null {
  if (module !== undefined) return module;
  try {
    return createRequire(import.meta.url).resolve('@napi-rs/keyring');
  } catch {
    return null;
  }
}
