// Settings as they are in force, and where each comes from. Shows no secret.
import { knownProfile } from '../connect.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import { jsonText } from '../json-text.ts';
import { columnsNamed, renderTable } from '../output/table.ts';
import { profileOf } from '../profiles.ts';
import { readProjectFile } from '../project-file.ts';
import type { ProviderEntry } from '../providers/index.ts';
import { credentialNames, resolveSettings } from '../settings.ts';
import { profileNamed } from '../store/settings-schema.ts';
import type { ConfigOptions } from './config.ts';
import { parseKey } from './config-key.ts';
import { withContext } from './with-context.ts';

interface Line {
  readonly key: string;
  readonly value: string;
  /** `flag --region`, `env NAME`, `stored`, `default`, the project file's path. */
  readonly origin: string;
}

export function listSettings(host: Host, options: ConfigOptions): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const entries = await context.profiles();
    const ofProfiles = await Promise.all(entries.map((entry) => linesOf(context, entry)));
    const lines = [...(await generalLines(context)), ...ofProfiles.flat()];
    const shown = lines.map(({ key, value, origin }) =>
      options.origin ? { key, value, origin } : { key, value },
    );
    const { terminal } = context;
    if (options.json) {
      await terminal.print(`${jsonText(shown, 2)}\n`);
      return 0;
    }
    const titles = options.origin ? ['KEY', 'VALUE', 'ORIGIN'] : ['KEY', 'VALUE'];
    const { isTTY, columns, color } = terminal.out;
    const table = {
      columns: columnsNamed(titles),
      rows: shown.map((line) => Object.values(line)),
    };
    await terminal.print(await renderTable(table, { isTTY, columns, color }));
    return 0;
  });
}

export function getSetting(
  host: Host,
  { key, options }: { readonly key: string; readonly options: GlobalOptions },
): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const parsed = await parseKey(context, key);
    const lines =
      parsed.kind === 'setting' ? await linesOf(context, parsed.entry) : await generalLines(context);
    const wanted = parsed.kind === 'setting' ? `${parsed.profile}.${parsed.name}` : parsed.kind;
    const line = lines.find((candidate) => candidate.key === wanted);
    if (!line) throw new CliError('not-found', `${wanted} is not set.`);
    await context.terminal.print(`${line.value}\n`);
    return 0;
  });
}

export function showPath(host: Host, options: GlobalOptions): Promise<number> {
  return withContext({ host, options }, async ({ store, terminal }) => {
    await terminal.print(`${store.settings.path}\n`);
    return 0;
  });
}

async function generalLines({ host, stored, options }: Context): Promise<Line[]> {
  const settings = await stored();
  const file = await readProjectFile(host.cwd, host.home);
  const { env } = host;
  const app = firstOf([
    [env.POLYLOG_APP, 'env POLYLOG_APP'],
    [file?.app, file?.path ?? ''],
    [settings.app, 'stored'],
  ]);
  const profile = firstOf([
    [options.profile, 'flag --profile'],
    [env.POLYLOG_PROFILE, 'env POLYLOG_PROFILE'],
    [settings.profile, 'stored'],
  ]);
  return [...(app ? [{ key: 'app', ...app }] : []), ...(profile ? [{ key: 'profile', ...profile }] : [])];
}

function firstOf(
  places: readonly (readonly [string | undefined, string])[],
): { readonly value: string; readonly origin: string } | null {
  const [value, origin] = places.find(([candidate]) => candidate) ?? [];
  return value === undefined || origin === undefined ? null : { value, origin };
}

async function linesOf(context: Context, entry: ProviderEntry): Promise<Line[]> {
  const stored = await context.stored();
  const profile = profileOf(entry);
  const flags = { region: context.options.region };
  const { provider, sources } = await knownProfile(entry, stored, { host: context.host, flags });
  const { values, origins } = resolveSettings(provider, sources);
  const secrets = credentialNames(provider).filter((name) => name !== 'user');
  const kept = profileNamed(stored, profile)?.credential?.kept;
  return Object.entries(values).map(([name, value]) => ({
    key: `${profile}.${name}`,
    // The secret itself has not been read.
    value:
      secrets.includes(name) || (value === '' && credentialNames(provider).includes(name)) ? '***' : value,
    origin: originOf(origins[name] ?? '', credentialNames(provider).includes(name) ? kept : undefined),
  }));
}

function originOf(origin: string, kept: 'keyring' | 'file' | undefined): string {
  if (origin !== 'profile') return origin;
  return kept === undefined ? 'stored' : kept === 'keyring' ? 'system keyring' : 'credential file';
}
