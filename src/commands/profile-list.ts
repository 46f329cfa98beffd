// The table of profiles: what they reach, as whom, and where the secret is. Shows no secret and asks nobody.
import { knownProfile } from '../connect.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import { jsonText } from '../json-text.ts';
import { columnsNamed, renderTable } from '../output/table.ts';
import { profileOf } from '../profiles.ts';
import type { Provider, Settings } from '../provider.ts';
import type { ProviderEntry } from '../providers/index.ts';
import { credentialNames, isConfigured, missingCredential, resolveSettings } from '../settings.ts';
import { profileNamed } from '../store/settings-schema.ts';
import type { ProfilesOptions } from './profiles.ts';
import { withContext } from './with-context.ts';

interface ProfileRow {
  readonly profile: string;
  readonly provider: string;
  readonly url: string | null;
  readonly region: string | null;
  /** Who logged in, as far as that is stored. */
  readonly account: string | null;
  /** `keyring`, `file PATH`, `env NAME`, `.netrc`, `none`. */
  readonly secret: string;
  readonly default: boolean;
}

export function listProfiles(host: Host, options: ProfilesOptions): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const { terminal } = context;
    const usual = await context.defaultProfile();
    const entries = await context.profiles();
    const rows = (await Promise.all(entries.map((entry) => rowOf(context, entry, usual)))).filter(
      (row) => row !== null,
    );
    if (options.json) {
      await terminal.print(`${jsonText(rows, 2)}\n`);
      return 0;
    }
    const { isTTY, columns, color } = terminal.out;
    const titles = ['PROFILE', 'PLATFORM', 'ADDRESS', 'REGION', 'ACCOUNT', 'SECRET', 'DEFAULT'];
    const table = {
      columns: columnsNamed(titles),
      rows: rows.map((row) => [
        row.profile,
        row.provider,
        row.url ?? '',
        row.region ?? '',
        row.account ?? '',
        row.secret,
        row.default ? 'yes' : '',
      ]),
    };
    await terminal.print(await renderTable(table, { isTTY, columns, color }));
    return 0;
  });
}

/** null for a built-in profile of which nothing is set or stored. */
async function rowOf(
  context: Context,
  entry: ProviderEntry,
  usual: string | undefined,
): Promise<ProfileRow | null> {
  const stored = await context.stored();
  const profile = profileOf(entry);
  const saved = profileNamed(stored, profile);
  const flags = { region: context.options.region };
  const { provider, sources } = await knownProfile(entry, stored, { host: context.host, flags });
  if (!saved && !isConfigured(provider, sources)) return null;
  const settings = resolveSettings(provider, sources);
  return {
    profile,
    provider: entry.name,
    url: originOf(provider, settings),
    region: settings.values.region ?? null,
    account: saved?.account ?? null,
    secret: secretOf(context, { provider, settings, kept: saved?.credential?.kept }),
    default: usual === profile || (usual !== undefined && entry.aliases.includes(usual)),
  };
}

interface Kept {
  readonly provider: Provider;
  readonly settings: Settings;
  readonly kept: 'keyring' | 'file' | undefined;
}

function secretOf({ store }: Context, { provider, settings, kept }: Kept): string {
  const origins = credentialNames(provider).flatMap((name) => settings.origins[name] ?? []);
  const [origin] = origins;
  const place = kept === 'keyring' ? 'system keyring' : `file in ${store.directory}`;
  if (origin === 'profile' && kept) return place;
  if (origin !== undefined) return [...new Set(origins)].join(', ');
  if (kept)
    return `${place} (not used: ${missingCredential(provider, settings) ? 'another address is set' : 'not needed'})`;
  return 'none';
}

function originOf(provider: Provider, settings: Settings): string | null {
  try {
    return provider.origin(settings);
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
}
