// What main lends to commands: the terminal, the signal, connections to platforms. Knows no platform's words.
import {
  type ConnectionOptions,
  knownProfile,
  openProfileNetwork,
  sessionStore,
  settingsWithCredential,
} from './connect.ts';
import { CliError } from './errors.ts';
import type { Host } from './host.ts';
import { createTerminal, type Terminal } from './output/terminal.ts';
import { profileEntries, profileOf } from './profiles.ts';
import { type ProjectFile, readProjectFile } from './project-file.ts';
import type { Provider, Settings } from './provider.ts';
import { PROVIDERS, type ProviderEntry } from './providers/index.ts';
import { isConfigured } from './settings.ts';
import { profileNamed, type StoredSettings } from './store/settings-schema.ts';
import { openStore, type Store } from './store/store.ts';
import { findEntry, parseTargets, type ResolvedTarget, type Target, unknownProfile } from './target.ts';
import type { Network } from './transport/network.ts';

/** Flags that every command has. */
export interface GlobalOptions extends ConnectionOptions {
  readonly profile?: string | undefined;
  /** false: --no-color. */
  readonly color?: 'auto' | 'always' | 'never' | false | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}

/** One platform, ready to be asked. */
export interface Connected {
  readonly provider: Provider;
  readonly profile: string;
  readonly settings: Settings;
  /** What the provider's own functions take as their first argument. */
  readonly client: unknown;
}

export interface Context {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly options: GlobalOptions;
  readonly store: Store;
  /** What is stored, read once. */
  stored(): Promise<StoredSettings>;
  /** The built-in profiles and the stored ones. */
  profiles(): Promise<readonly ProviderEntry[]>;
  /** --profile, else POLYLOG_PROFILE, else the stored default. */
  defaultProfile(): Promise<string | undefined>;
  /** Targets as typed, or the default target when there are none. */
  targets(texts: readonly string[]): Promise<ResolvedTarget[]>;
  /** Profiles to ask when none is named: those that have what they need. */
  configuredProfiles(): Promise<ProviderEntry[]>;
  /** Throws a usage CliError that names those that there are. */
  profile(name: string): Promise<ProviderEntry>;
  /** One connection per profile; a second call returns the same. `override`: settings set by flags of the command. */
  connect(entry: ProviderEntry, override?: Readonly<Record<string, string | undefined>>): Promise<Connected>;
  /** Frees all connections at once, and waits until sessions are kept. */
  close(): Promise<void>;
}

export function createContext(host: Host, options: GlobalOptions): Context {
  const terminal = createTerminal({
    stdout: host.stdout,
    stderr: host.stderr,
    env: host.env,
    color: options.color === false ? 'never' : options.color,
    quiet: options.quiet,
  });
  const store = openStore({ ...host, say: (sentence) => terminal.complain(`polylog: ${sentence}`) });
  const networks: Network[] = [];
  const addressed: ResolvedTarget[] = [];
  const connections = new Map<string, Promise<Connected>>();
  let reading: Promise<StoredSettings> | undefined;
  const stored = () => {
    reading ??= store.settings.read();
    return reading;
  };
  const profiles = async () => profileEntries(await stored(), PROVIDERS);
  const defaultProfile = async () =>
    options.profile ?? (host.env.POLYLOG_PROFILE || (await stored()).profile);
  const configuredProfiles = async () => {
    const settings = await stored();
    const loaded = await Promise.all(
      (await profiles()).map(async (entry) => {
        // A named profile is there because somebody made it; whether it works is for its platform to say.
        if (entry.profile !== undefined) return { entry, isReady: hasLogin(settings, entry.profile) };
        const { provider, sources } = await knownProfile(entry, settings, { host, flags: {} });
        return { entry, isReady: isConfigured(provider, sources) };
      }),
    );
    return loaded.filter(({ isReady }) => isReady).map(({ entry }) => entry);
  };
  const connect = async (
    entry: ProviderEntry,
    override: Readonly<Record<string, string | undefined>>,
  ): Promise<Connected> => {
    const flags = { region: options.region, ...override };
    const known = await knownProfile(entry, await stored(), { host, flags });
    const { provider } = known;
    const settings = await settingsWithCredential(known, store);
    const concerns = () => namesIn(addressed, settings.profile);
    const network = await openProfileNetwork({ provider, settings, concerns }, { host, options, terminal });
    networks.push(network);
    const client = provider.connect(settings, network, sessionStore(known, settings, store));
    return { provider, profile: settings.profile, settings, client };
  };
  return {
    host,
    terminal,
    signal: host.signal,
    options,
    store,
    stored,
    profiles,
    defaultProfile,
    configuredProfiles,
    async targets(texts) {
      const lent = { host, stored, profiles, defaultProfile, configuredProfiles };
      const resolved = await resolveTargets(texts, lent);
      addressed.push(...resolved);
      return resolved;
    },
    async profile(name) {
      const entries = await profiles();
      const entry = findEntry(name, entries);
      if (!entry) throw unknownProfile(name, { entries });
      return entry;
    },
    connect(entry, override = {}) {
      const known = connections.get(profileOf(entry));
      if (known) return known;
      const connection = connect(entry, override);
      connections.set(profileOf(entry), connection);
      return connection;
    },
    async close() {
      await Promise.all(networks.map((network) => network.close()));
      await store.sessions.settled();
    },
  };
}

const MOST_NAMES = 3;

/** The targets of one profile, whose requests are retried together. */
function namesIn(targets: readonly ResolvedTarget[], profile: string): string {
  const names = targets
    .filter((target) => target.profile === profile)
    .map(({ ref }) => (ref.app === '' ? profile : `${profile}:${ref.app}`));
  const shown = [...new Set(names)];
  const more = shown.length - MOST_NAMES;
  return more > 0 ? `${shown.slice(0, MOST_NAMES).join(', ')} and ${more} more` : shown.join(', ');
}

/** Where a platform may ask for no login at all, a stored address is enough. */
function hasLogin(settings: StoredSettings, name: string): boolean {
  const profile = profileNamed(settings, name);
  return profile?.credential !== undefined || profile?.account !== undefined;
}

type Lent = Pick<Context, 'host' | 'stored' | 'profiles' | 'defaultProfile' | 'configuredProfiles'>;

async function resolveTargets(texts: readonly string[], lent: Lent): Promise<ResolvedTarget[]> {
  const { host } = lent;
  const needsFile = texts.length === 0 || texts.some((text) => text.startsWith('@'));
  const file: ProjectFile | undefined = needsFile ? await readProjectFile(host.cwd, host.home) : undefined;
  const asked = texts.length > 0 ? texts : await defaultTarget(lent, file);
  const profile = await lent.defaultProfile();
  const open = profile === undefined && asked.some((text) => text.startsWith('@') || !text.includes(':'));
  const targets: Target[] = parseTargets(asked, {
    entries: await lent.profiles(),
    profile,
    configured: open ? (await lent.configuredProfiles()).map(profileOf) : [],
    groups: file?.groups ?? {},
  });
  return Promise.all(
    targets.map(async (target) => ({ ...target, ref: (await target.entry.load()).parseRef(target.rest) })),
  );
}

/** POLYLOG_APP, else the project's file, which is nearer than what is stored for all of them. */
async function defaultTarget({ host, stored }: Lent, file: ProjectFile | undefined): Promise<string[]> {
  const target = host.env.POLYLOG_APP || (file?.app ?? (await stored()).app);
  if (target !== undefined) return [target];
  throw new CliError('usage', 'No target is given.', {
    hint: 'Name an app, for example scalingo:shop, or set POLYLOG_APP.',
  });
}
