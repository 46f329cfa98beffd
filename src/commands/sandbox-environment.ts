// What a command or a shell needs to see the sandbox and nothing of its caller's platforms. Starts nothing.
import { symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Host } from '../host.ts';
import { PROVIDERS } from '../providers/index.ts';
import type { Sandbox } from '../sandbox/start.ts';

export interface SandboxEnvironment {
  /** The caller's variables that would come in between: credentials, addresses, choices. */
  readonly foreign: readonly string[];
  /** Those of the sandbox. */
  readonly own: Readonly<Record<string, string>>;
  /** Of a child: the caller's without the foreign ones, with the own ones, and with `polylog` and `logs` on the path. */
  readonly whole: Readonly<Record<string, string | undefined>>;
}

export async function createEnvironment(
  host: Host,
  { sandbox, folder }: { readonly sandbox: Sandbox; readonly folder: string },
): Promise<SandboxEnvironment> {
  const unproxied = [host.env.NO_PROXY || host.env.no_proxy, '127.0.0.1,localhost'].filter(Boolean).join(',');
  const own = {
    ...sandbox.env,
    POLYLOG_CONFIG_DIR: join(folder, 'settings'),
    POLYLOG_KEYRING: 'off',
    NO_PROXY: unproxied,
    no_proxy: unproxied,
  };
  const foreign = (await settingVariables()).filter((name) => !Object.hasOwn(own, name));
  const kept = Object.entries(host.env).filter(([name]) => !foreign.includes(name));
  for (const name of ['polylog', 'logs']) {
    await symlink(fileURLToPath(new URL(`bin/${name}.js`, host.root)), join(folder, name)).catch(
      () => undefined,
    );
  }
  const PATH = [folder, host.env.PATH].filter(Boolean).join(delimiter);
  return { foreign, own, whole: { ...Object.fromEntries(kept), ...own, PATH } };
}

/** Every variable that one of the platforms or polylog itself takes a choice from. */
async function settingVariables(): Promise<string[]> {
  const names = new Set(['POLYLOG_PROFILE', 'POLYLOG_APP', 'POLYLOG_OUTPUT']);
  for (const entry of PROVIDERS) {
    const { settings } = await entry.load();
    for (const { name, needs } of settings.flatMap(({ env }) => env)) {
      names.add(name);
      if (needs !== undefined) names.add(needs);
    }
  }
  return [...names];
}

/** For `eval` in a POSIX shell. */
export function shellLines({ foreign, own }: SandboxEnvironment): string {
  const unset = foreign.map((name) => `unset ${name}\n`);
  const set = Object.entries(own).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  return [...unset, ...set].join('');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
