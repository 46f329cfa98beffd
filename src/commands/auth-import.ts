// `auth import`: shows what the platforms' own tools have stored, and takes over what is confirmed. Writes to none of their files.
import { open } from 'node:fs/promises';
import { platform as systemName } from 'node:os';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { assertOwnToken } from '../foreign-token.ts';
import type { Host } from '../host.ts';
import { columnsNamed, renderTable } from '../output/table.ts';
import { checkedProfileName } from '../profiles.ts';
import type { ForeignFiles, FoundCredential, Provider } from '../provider.ts';
import { PROVIDERS, type ProviderEntry } from '../providers/index.ts';
import { credentialNames, resolveSettings } from '../settings.ts';
import { profileNamed } from '../store/settings-schema.ts';
import { findEntry, unknownProfile } from '../target.ts';
import type { ImportOptions } from './auth.ts';
import { createQuestions } from './questions.ts';
import { storeLogin } from './stored-login.ts';
import { withContext } from './with-context.ts';

export interface ImportCommand {
  readonly host: Host;
  readonly platforms: readonly string[];
  readonly options: ImportOptions;
}

interface Finding extends FoundCredential {
  readonly entry: ProviderEntry;
  readonly provider: Provider;
  /** Address that it will be bound to. */
  readonly origin: string;
}

export function importCredentials({ host, platforms, options }: ImportCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const findings = await findAll(context, platforms);
    if (findings.length === 0) {
      throw new CliError('auth', "Nothing was found that the platforms' own tools have stored.", {
        hint: 'polylog auth login stores a credential.',
      });
    }
    await show(context, findings);
    const questions = createQuestions(host);
    try {
      if (!options.yes && !questions) {
        throw new CliError('usage', 'Nothing was taken over: nobody can be asked here.', {
          hint: 'With --yes everything that is shown is taken over.',
        });
      }
      for (const finding of findings) {
        const question = `Take over ${finding.profile} (${finding.entry.title}, ${finding.origin})?`;
        if (options.yes || (await questions?.confirm(question))) await take(context, finding);
      }
    } finally {
      questions?.close();
    }
    return 0;
  });
}

async function findAll(context: Context, platforms: readonly string[]): Promise<readonly Finding[]> {
  const entries = platforms.map((name) => {
    const entry = findEntry(name, PROVIDERS);
    if (!entry) throw unknownProfile(name, { entries: PROVIDERS });
    return entry;
  });
  const files = foreignFiles(context);
  const found = await Promise.all(
    (entries.length > 0 ? entries : PROVIDERS).map(async (entry) => {
      const provider = await entry.load();
      const credentials = (await provider.findCredentials?.(files)) ?? [];
      return credentials.flatMap((credential) => usable(context, { ...credential, entry, provider }));
    }),
  );
  return found.flat();
}

/** Left out, and said, when it has no address or could not be a profile. */
function usable(context: Context, found: Omit<Finding, 'origin'>): Finding[] {
  try {
    if (found.values.token !== undefined) {
      assertOwnToken(found.values.token, {
        platform: found.entry.name,
        what: `The token of ${found.profile}`,
      });
    }
    const profile = checkedProfileName(found.profile, found.entry, PROVIDERS);
    const settings = resolveSettings(found.provider, {
      env: {},
      flags: {},
      profile,
      stored: { values: found.values },
    });
    return [{ ...found, profile, origin: found.provider.origin(settings) }];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    context.terminal.complain(`polylog: ${found.file}: ${error.message}`);
    return [];
  }
}

const MOST_BYTES = 1024 * 1024;

function foreignFiles({ host, terminal }: Context): ForeignFiles {
  return {
    env: host.env,
    home: host.home,
    platform: systemName(),
    async read(path) {
      const file = await open(path, 'r').catch(() => undefined);
      try {
        if (!file || (await file.stat()).size > MOST_BYTES) return undefined;
        return await file.readFile('utf8');
      } catch {
        return undefined;
      } finally {
        await file?.close();
      }
    },
    say: (sentence) => terminal.complain(`polylog: ${sentence}`),
  };
}

async function show(context: Context, findings: readonly Finding[]): Promise<void> {
  const stored = await context.stored();
  const { isTTY, columns, color } = context.terminal.out;
  const titles = ['PROFILE', 'PLATFORM', 'ADDRESS', 'CREDENTIAL', 'REGION', 'FILE', 'NOTE'];
  const rows = findings.map(({ profile, entry, origin, provider, values, file }) => [
    profile,
    entry.name,
    origin,
    Object.entries(values)
      .filter(([name]) => credentialNames(provider).includes(name))
      .map(([name, value]) => `${name} ${masked(value)}`)
      .join(', '),
    values.region ?? '',
    file,
    profileNamed(stored, profile)?.credential ? 'replaces the stored one' : '',
  ]);
  const table = { columns: columnsNamed(titles), rows };
  await context.terminal.print(await renderTable(table, { isTTY, columns, color }));
}

/** Enough to tell two tokens apart, too little to use one. */
function masked(secret: string): string {
  return secret.length < 24 ? '***' : `***${secret.slice(-4).replace(/[^\x21-\x7e]/g, '?')}`;
}

async function take(context: Context, finding: Finding): Promise<void> {
  const { profile, entry, provider, origin, values } = finding;
  const stored = profileNamed(await context.store.settings.read(), profile);
  if (stored && stored.provider !== entry.name) {
    context.terminal.complain(
      `polylog: The profile ${profile} is one of ${stored.provider}; what was found for it is left out.`,
    );
    return;
  }
  const secret = credentialNames(provider);
  const part = (isSecret: boolean) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => secret.includes(name) === isSecret));
  await storeLogin(context, {
    profile,
    provider,
    origin,
    values: part(false),
    credential: part(true),
    account: null,
    session: null,
  });
  context.terminal.note(
    `polylog: ${profile} is taken over; polylog auth status ${profile} asks whether it works.`,
  );
}
