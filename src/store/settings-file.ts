// The settings file: read when it is there, changed under a lock, kept aside when damaged, left alone when newer than we are.
import { copyFile, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type Conf from 'conf';
import { CliError } from '../errors.ts';
import { makeDirectory, narrow } from './directory.ts';
import { codeOf, storeFailure } from './failures.ts';
import { type LockRules, withLock } from './lock.ts';
import { replacePrivate } from './private-file.ts';
import {
  MIGRATIONS,
  type Migrations,
  NO_SETTINGS,
  SETTINGS_SCHEMA,
  SETTINGS_VERSION,
  type StoredSettings,
} from './settings-schema.ts';

export interface SettingsFile {
  readonly path: string;
  /** Throws a CliError for a file of a newer version or one that cannot be read. */
  read(): Promise<StoredSettings>;
  /** Reads, edits and writes as one: nothing of other processes is lost. Throws a CliError; then nothing has changed. */
  change(edit: (settings: StoredSettings) => StoredSettings): Promise<StoredSettings>;
}

export interface SettingsFileOptions {
  readonly directory: string;
  /** Told what the user should know: damage, too wide a mode. */
  readonly say: (sentence: string) => void;
  readonly lock?: LockRules | undefined;
  /** The present version and the ways to it, in tests. */
  readonly version?: number | undefined;
  readonly migrations?: Migrations | undefined;
}

export const SETTINGS_NAME = 'settings';

/** Touches nothing yet. */
export function openSettings(options: SettingsFileOptions): SettingsFile {
  const { directory, say } = options;
  const path = join(directory, `${SETTINGS_NAME}.json`);
  const locked = <T>(work: () => Promise<T>) => withLock(`${path}.lock`, work, options.lock);

  const change: SettingsFile['change'] = async (edit) => {
    await makeDirectory(directory);
    await narrow(directory, say);
    return locked(async () => {
      const file = await openSound(path, options);
      const edited = edit(settingsOf(file.store));
      try {
        file.store = JSON.parse(JSON.stringify({ version: versionOf(options), ...edited }));
      } catch (error) {
        throw storeFailure(path, error);
      }
      return edited;
    });
  };

  return {
    path,
    change,
    async read() {
      if ((await contentOf(path)) === undefined) return NO_SETTINGS;
      await narrow(directory, say);
      await narrow(path, say);
      const version = versionFound(await contentOf(path));
      assertNotNewer(path, version, options);
      // Reading alone changes nothing, unless the file has to be put aside or brought up to date.
      if (version === versionOf(options)) {
        const conf = await openConf(directory, options).catch(() => null);
        if (conf) return settingsOf(conf.store);
      }
      return change((settings) => settings).catch((error: unknown) => withoutWriting(error, path, options));
    },
  };
}

/** In a place that cannot be written a damaged file counts as empty; that is said once more by whoever writes. */
async function withoutWriting(
  error: unknown,
  path: string,
  { say }: SettingsFileOptions,
): Promise<StoredSettings> {
  if (!(error instanceof CliError) || error.kind !== 'usage' || codeOf(error.cause) === '') throw error;
  say(`${path} cannot be used as it is and cannot be put aside; it is ignored.`);
  return NO_SETTINGS;
}

/** Under the lock: what cannot be read is put aside, what is older is brought up to date. */
async function openSound(path: string, options: SettingsFileOptions): Promise<Conf<Record<string, unknown>>> {
  const text = await contentOf(path);
  const version = versionFound(text);
  assertNotNewer(path, version, options);
  if (text !== undefined && version === null) await putAside(path, options);
  else if (text !== undefined && version !== null && version < versionOf(options)) {
    await migrate(path, { text, version }, options);
  }
  try {
    return await openConf(options.directory, options);
  } catch (error) {
    if (codeOf(error) !== '') throw storeFailure(path, error);
    await putAside(path, options);
    return openConf(options.directory, options);
  }
}

/** Its constructor checks the schema and throws; it writes nothing. */
async function openConf(
  directory: string,
  options: SettingsFileOptions,
): Promise<Conf<Record<string, unknown>>> {
  const { default: ConfFile } = await import('conf');
  return new ConfFile<Record<string, unknown>>({
    cwd: directory,
    configName: SETTINGS_NAME,
    projectName: 'polylog',
    projectSuffix: '',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    serialize: (content) => `${JSON.stringify(content, null, 2)}\n`,
    schema: { ...SETTINGS_SCHEMA, version: { type: 'integer', const: versionOf(options) } },
  });
}

async function putAside(path: string, { say }: SettingsFileOptions): Promise<void> {
  const aside = `${path}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    throw storeFailure(path, error);
  }
  say(`${path} was damaged. It is kept as ${aside}; settings start empty.`);
}

async function migrate(
  path: string,
  { text, version }: { readonly text: string; readonly version: number },
  options: SettingsFileOptions,
): Promise<void> {
  let content: Record<string, unknown> = JSON.parse(text);
  for (let from = version; from < versionOf(options); from += 1) {
    const step = (options.migrations ?? MIGRATIONS)[from];
    if (!step) return putAside(path, options);
    content = { ...step(content), version: from + 1 };
  }
  await copyFile(path, `${path}.version-${version}`).catch((error: unknown) => {
    throw storeFailure(path, error);
  });
  await replacePrivate(path, `${JSON.stringify(content, null, 2)}\n`);
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw new CliError('usage', `The settings in ${path} cannot be read (${codeOf(error)}).`, {
      hint: 'POLYLOG_CONFIG_DIR names another directory.',
    });
  }
}

/** null: it has none, because it is damaged. */
function versionFound(text: string | undefined): number | null {
  try {
    const { version } = JSON.parse(text ?? '') as { version?: unknown };
    return typeof version === 'number' && Number.isSafeInteger(version) && version > 0 ? version : null;
  } catch {
    return null;
  }
}

/** Before anything else looks at it: libraries would stamp it as ours. */
function assertNotNewer(path: string, version: number | null, options: SettingsFileOptions): void {
  if (version === null || version <= versionOf(options)) return;
  throw new CliError(
    'usage',
    `The settings in ${path} were written by a newer polylog (version ${version} of the file, this one knows ${versionOf(options)}).`,
    { hint: 'They are left as they are: update polylog, or name another directory in POLYLOG_CONFIG_DIR.' },
  );
}

function versionOf({ version = SETTINGS_VERSION }: SettingsFileOptions): number {
  return version;
}

function settingsOf(store: Readonly<Record<string, unknown>>): StoredSettings {
  const { version, profiles, ...rest } = store as { version?: unknown } & Partial<StoredSettings>;
  return { ...rest, profiles: profiles ?? {} };
}
