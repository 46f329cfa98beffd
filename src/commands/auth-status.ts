// Asks every profile who we are, at once and within a time limit.
import { type Context, createContext } from '../context.ts';
import { CliError, exitCodeOf, sentenceOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { jsonText } from '../json-text.ts';
import { columnsNamed, renderTable } from '../output/table.ts';
import { profileOf } from '../profiles.ts';
import type { ProviderEntry } from '../providers/index.ts';
import { profileNamed, type SecretPlace } from '../store/settings-schema.ts';
import { chosenProfiles } from './app-list.ts';
import type { AuthOptions } from './auth.ts';

export interface StatusCommand {
  readonly host: Host;
  readonly profiles: readonly string[];
  readonly options: AuthOptions;
}

interface Status {
  readonly profile: string;
  readonly provider: string;
  readonly url: string | null;
  readonly user: string | null;
  readonly note: string | null;
  /** Where the credential came from. */
  readonly credential: string | null;
  readonly error: CliError | undefined;
}

/** Milliseconds that one platform may take. */
const LIMIT = 15_000;

export async function showStatus({ host, profiles, options }: StatusCommand): Promise<number> {
  const context = createContext(host, options);
  try {
    const entries = await chosenProfiles(context, profiles);
    const answers = await Promise.all(entries.map((entry) => ask(context, entry)));
    await print(context, answers, options.json === true);
    const failed = answers.find((answer) => answer.error);
    return failed ? exitCodeOf(failed.error) : 0;
  } finally {
    await context.close();
  }
}

async function ask(context: Context, entry: ProviderEntry): Promise<Status> {
  const about = { profile: profileOf(entry), provider: entry.name };
  const nobody = { ...about, url: null, user: null, note: null, credential: null };
  try {
    const { provider, client, settings } = await context.connect(entry);
    const url = provider.origin(settings);
    const kept = profileNamed(await context.stored(), profileOf(entry))?.credential?.kept;
    const credential = credentialOrigin(provider.credentials, settings.origins, kept);
    try {
      const signal = AbortSignal.any([context.signal, AbortSignal.timeout(LIMIT)]);
      const identity = await provider.whoami(client, signal);
      return { ...about, url, ...identity, credential, error: undefined };
    } catch (error) {
      return { ...nobody, url, credential, error: asCliError(error, entry) };
    }
  } catch (error) {
    return { ...nobody, error: asCliError(error, entry) };
  }
}

function asCliError(error: unknown, entry: ProviderEntry): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new CliError('unavailable', `${entry.title} did not answer within ${LIMIT / 1000} s.`);
  }
  throw error;
}

function credentialOrigin(
  alternatives: readonly (readonly string[])[],
  origins: Readonly<Record<string, string>>,
  kept: SecretPlace | undefined,
): string | null {
  const used = alternatives.find(
    (names) => names.length > 0 && names.every((name) => origins[name] !== undefined),
  );
  if (!used) return null;
  const place = kept === 'keyring' ? 'system keyring' : 'credential file';
  const isKept = (name: string) => origins[name] === 'profile';
  // The address may be stored beside it, but is no secret.
  const places = used.flatMap((name) =>
    isKept(name) ? (kept === undefined ? [] : [place]) : [origins[name] ?? ''],
  );
  return [...new Set(places)].join(', ');
}

async function print(context: Context, answers: readonly Status[], json: boolean): Promise<void> {
  const { terminal } = context;
  if (json) {
    const rows = answers.map(({ error, ...rest }) => ({
      ...rest,
      ok: !error,
      error: error ? sentenceOf(error) : null,
    }));
    await terminal.print(`${jsonText(rows, 2)}\n`);
    return;
  }
  const { isTTY, columns, color } = terminal.out;
  const rows = answers.map((answer) => [
    answer.profile,
    answer.error ? 'no' : 'yes',
    answer.user === null ? '' : answer.note === null ? answer.user : `${answer.user} (${answer.note})`,
    answer.url ?? '',
    answer.credential ?? 'none',
  ]);
  const titles = ['PROFILE', 'OK', 'USER', 'ADDRESS', 'CREDENTIAL'];
  const table = { columns: columnsNamed(titles), rows };
  await terminal.print(await renderTable(table, { isTTY, columns, color }));
  for (const { error } of answers) if (error) terminal.complain(`polylog: ${sentenceOf(error)}`);
}
