// Where settings lie, and that nobody else can read them. Knows no platform and no command.
import { createHash } from 'node:crypto';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { platform as systemName } from 'node:os';
import { join } from 'node:path';
import { storeFailure } from './failures.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** As `os.platform()` names it; the present one unless given. */
  readonly platform?: string;
}

/** `POLYLOG_CONFIG_DIR`, else the usual place of the system, as `conf` would choose it. Touches no file. */
export function settingsDirectory({ env, home, platform = systemName() }: Surroundings): string {
  if (env.POLYLOG_CONFIG_DIR) return env.POLYLOG_CONFIG_DIR;
  if (platform === 'darwin') return join(home, 'Library', 'Preferences', 'polylog');
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), 'polylog', 'Config');
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'polylog');
}

/** Short name of a directory, so that two of them do not share an entry of the system's keyring. */
export function directoryMark(directory: string): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 12);
}

/** Makes it with mode 0700. Throws a CliError when that is not possible. */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storeFailure(directory, error);
  }
}

/** What others may do with the file or directory is taken from them, and said. What is not there is left so. */
export async function narrow(path: string, say: (sentence: string) => void): Promise<void> {
  if (systemName() === 'win32') return;
  const found = await stat(path).catch(() => undefined);
  if (!found || (found.mode & 0o077) === 0) return;
  const wanted = found.isDirectory() ? 0o700 : 0o600;
  const was = (found.mode & 0o777).toString(8).padStart(4, '0');
  const open = `${path} was open to other users (mode ${was})`;
  try {
    await chmod(path, wanted);
    say(`${open}; it is now ${wanted.toString(8).padStart(4, '0')}.`);
  } catch {
    say(`${path} is open to other users (mode ${was}) and cannot be narrowed: what is in it may be known.`);
  }
}
