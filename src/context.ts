// What main lends to commands: the terminal, the signal, connections to platforms. Knows no platform's words.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './errors.ts';
import type { Host } from './host.ts';
import { createTerminal, type Terminal } from './output/terminal.ts';
import { type ProjectFile, readProjectFile } from './project-file.ts';
import type { Provider, Settings } from './provider.ts';
import { PROVIDERS, type ProviderEntry } from './providers/index.ts';
import { isConfigured, missingCredential, resolveSettings } from './settings.ts';
import { findEntry, parseTargets, type ResolvedTarget, type Target, unknownProfile } from './target.ts';
import type { Network } from './transport/network.ts';

/** Flags that every command has. */
export interface GlobalOptions {
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
  readonly insecure?: boolean | undefined;
  /** Path of a PEM file. */
  readonly ca?: string | undefined;
  readonly fingerprint?: string | undefined;
  /** false: --no-color. */
  readonly color?: 'auto' | 'always' | 'never' | false | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly debug?: boolean | undefined;
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
  /** Targets as typed, or the default target when there are none. */
  targets(texts: readonly string[]): Promise<ResolvedTarget[]>;
  /** Profiles to ask when none is named: those that have what they need. */
  configuredProfiles(): Promise<ProviderEntry[]>;
  profile(name: string): ProviderEntry;
  /** One connection per profile; a second call returns the same. `override`: settings set by flags of the command. */
  connect(entry: ProviderEntry, override?: Readonly<Record<string, string | undefined>>): Promise<Connected>;
  /** Frees all connections at once. */
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
  const networks: Network[] = [];
  const connections = new Map<string, Promise<Connected>>();
  const configuredProfiles = async () => {
    const netrc = await readUserNetrc(host);
    const loaded = await Promise.all(
      PROVIDERS.map(async (entry) => ({ entry, provider: await entry.load() })),
    );
    return loaded
      .filter(({ provider }) => isConfigured(provider, { env: host.env, netrc }))
      .map(({ entry }) => entry);
  };
  return {
    host,
    terminal,
    signal: host.signal,
    options,
    configuredProfiles,
    targets: (texts) => resolveTargets(texts, { host, options, configuredProfiles }),
    profile(name) {
      const entry = findEntry(name, PROVIDERS);
      if (!entry) throw unknownProfile(name, { entries: PROVIDERS });
      return entry;
    },
    connect(entry, override = {}) {
      const known = connections.get(entry.name);
      if (known) return known;
      const connection = connect({ entry, host, options, override, terminal, networks });
      connections.set(entry.name, connection);
      return connection;
    },
    async close() {
      await Promise.all(networks.map((network) => network.close()));
    },
  };
}

async function resolveTargets(
  texts: readonly string[],
  lent: { host: Host; options: GlobalOptions; configuredProfiles: () => Promise<ProviderEntry[]> },
): Promise<ResolvedTarget[]> {
  const { host, options } = lent;
  const needsFile = texts.length === 0 || texts.some((text) => text.startsWith('@'));
  const file: ProjectFile | undefined = needsFile ? await readProjectFile(host.cwd, host.home) : undefined;
  const fallback = host.env.POLYLOG_APP || file?.app;
  const asked = texts.length > 0 ? texts : fallback ? [fallback] : [];
  if (asked.length === 0) {
    throw new CliError('usage', 'No target is given.', {
      hint: 'Name an app, for example scalingo:shop, or set POLYLOG_APP.',
    });
  }
  const profile = options.profile ?? (host.env.POLYLOG_PROFILE || undefined);
  const open = profile === undefined && asked.some((text) => text.startsWith('@') || !text.includes(':'));
  const targets: Target[] = parseTargets(asked, {
    entries: PROVIDERS,
    profile,
    configured: open ? (await lent.configuredProfiles()).map((entry) => entry.name) : [],
    groups: file?.groups ?? {},
  });
  return Promise.all(
    targets.map(async (target) => ({ ...target, ref: (await target.entry.load()).parseRef(target.rest) })),
  );
}

interface Connecting {
  readonly entry: ProviderEntry;
  readonly host: Host;
  readonly options: GlobalOptions;
  readonly override: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly networks: Network[];
}

async function connect({
  entry,
  host,
  options,
  override,
  terminal,
  networks,
}: Connecting): Promise<Connected> {
  const provider = await entry.load();
  const netrc = provider.settings.some((setting) => setting.netrc) ? await readUserNetrc(host) : undefined;
  const flags = { region: options.region, ...override };
  const settings = resolveSettings(provider, { env: host.env, flags, netrc });
  const missing = missingCredential(provider, settings);
  if (missing) throw missing;
  const origin = provider.origin(settings);
  const { openNetwork } = await import('./transport/open-network.ts');
  const insecure = options.insecure ?? isOn(settings.values.insecure);
  if (insecure) terminal.complain(`polylog: certificates of ${provider.title} are not checked (insecure).`);
  const fingerprint = options.fingerprint ?? settings.values.fingerprint;
  const network = openNetwork({
    subject: {
      platform: provider.title,
      profile: settings.profile === provider.name ? provider.title : settings.profile,
    },
    tls: {
      insecure,
      host: new URL(origin).hostname,
      ...(options.ca === undefined ? {} : { ca: await readCa(options.ca) }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    },
    proxy: {
      http: host.env.HTTP_PROXY ?? host.env.http_proxy,
      https: host.env.HTTPS_PROXY ?? host.env.https_proxy,
      no: host.env.NO_PROXY ?? host.env.no_proxy,
    },
    allowPlainHttp: insecure,
    mayCarryCredential: (url) => provider.mayCarryCredential(url, settings),
    userAgent: 'polylog',
    retry: host.retry,
    ...(options.debug ? { trace: (line: string) => terminal.complain(line) } : {}),
    onWait: (notice) => terminal.note(`polylog: ${notice}`),
  });
  networks.push(network);
  return { provider, profile: settings.profile, settings, client: provider.connect(settings, network) };
}

/** A file that is not there or cannot be read holds no credential. */
async function readUserNetrc(host: Host): Promise<string | undefined> {
  return readFile(host.env.NETRC || join(host.home, '.netrc'), 'utf8').catch(() => undefined);
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase());
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CliError('usage', `The file of --ca, ${path}, cannot be read (${code}).`);
  }
}
