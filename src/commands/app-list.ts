// Asks every profile for its apps at once; one that fails is said and the others are shown.
import { type Context, createContext, type GlobalOptions } from '../context.ts';
import { CliError, exitCodeOf, sentenceOf } from '../errors.ts';
import type { Host } from '../host.ts';
import type { App } from '../model.ts';
import { appRecord } from '../output/records.ts';
import type { Table } from '../output/table.ts';
import { profileOf } from '../profiles.ts';
import { isSupported } from '../provider.ts';
import type { ProviderEntry } from '../providers/index.ts';
import { formOf, type ListOutput, printList } from './lists.ts';

export interface AppsCommand {
  readonly host: Host;
  readonly profiles: readonly string[];
  readonly options: GlobalOptions & ListOutput;
}

export async function listApps({ host, profiles, options }: AppsCommand): Promise<number> {
  const context = createContext(host, options);
  try {
    formOf(options);
    const entries = await chosenProfiles(context, profiles);
    const answers = await Promise.all(entries.map((entry) => askForApps(context, entry)));
    const found = answers.flatMap(({ entry, apps }) => apps.map((app) => ({ entry, app })));
    for (const { error } of answers) if (error) context.terminal.complain(`polylog: ${sentenceOf(error)}`);
    const failed = answers.find((answer) => answer.error !== undefined);
    if (found.length > 0 || !failed) {
      await printList(
        context,
        {
          type: 'app',
          records: found.map(({ entry, app }) =>
            appRecord(app, { provider: entry.name, profile: profileOf(entry) }),
          ),
          table: () => appTable(found),
        },
        options,
      );
    }
    return failed ? exitCodeOf(failed.error) : 0;
  } finally {
    await context.close();
  }
}

/** The named ones, or --profile, or all that have what they need. */
export async function chosenProfiles(context: Context, names: readonly string[]): Promise<ProviderEntry[]> {
  const named = names.length > 0 ? names : context.options.profile ? [context.options.profile] : [];
  if (named.length > 0) {
    const entries = await Promise.all(named.map((name) => context.profile(name)));
    return entries.filter(
      (entry, at) => entries.findIndex((other) => profileOf(other) === profileOf(entry)) === at,
    );
  }
  const configured = await context.configuredProfiles();
  if (configured.length > 0) return configured;
  throw new CliError('auth', 'No platform has credentials.', {
    hint: 'polylog auth login makes one, polylog help environment lists the variables to set; polylog sandbox needs none.',
  });
}

interface Answer {
  readonly entry: ProviderEntry;
  readonly apps: readonly App[];
  readonly error: CliError | undefined;
}

async function askForApps(context: Context, entry: ProviderEntry): Promise<Answer> {
  try {
    const { provider, client } = await context.connect(entry);
    if (!isSupported(provider.apps))
      throw new CliError('usage', `${provider.title}: ${provider.apps.unsupported}`);
    return { entry, apps: await provider.apps.list(client, context.signal), error: undefined };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { entry, apps: [], error };
  }
}

interface Found {
  readonly entry: ProviderEntry;
  readonly app: App;
}

/** A target is copied, so it stays whole and names one app: by its id where several have the same name. */
function appTable(found: readonly Found[]): Table {
  const nameOf = ({ entry, app }: Found) => `${profileOf(entry)}:${app.name}`;
  const counts = new Map<string, number>();
  for (const one of found) counts.set(nameOf(one), (counts.get(nameOf(one)) ?? 0) + 1);
  const isShared = (one: Found) => (counts.get(nameOf(one)) ?? 0) > 1;
  const hasShared = found.some(isShared);
  return {
    columns: [
      { title: 'TARGET', whole: true },
      ...(hasShared ? [{ title: 'NAME', least: 4 }] : []),
      { title: 'COMPONENTS' },
      { title: 'REGION', drop: 2 },
      { title: 'STATUS', drop: 1 },
    ],
    rows: found.map((one) => [
      isShared(one) ? `${profileOf(one.entry)}:${one.app.id}` : nameOf(one),
      ...(hasShared ? [one.app.name] : []),
      componentsText(one.app),
      one.app.region ?? '',
      one.app.status ?? '',
    ]),
  };
}

function componentsText({ components }: App): string {
  return components
    .map(({ name, instances }) => (instances === null ? name : `${name}×${instances}`))
    .join(' ');
}
