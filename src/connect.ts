// One profile made ready to be asked: its settings, its stored credential, its network, its session.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CliError } from './errors.ts';
import { assertOwnToken } from './foreign-token.ts';
import type { Host } from './host.ts';
import type { Terminal } from './output/terminal.ts';
import { profileOf } from './profiles.ts';
import type { Provider, SessionStore, Settings } from './provider.ts';
import type { ProviderEntry } from './providers/index.ts';
import {
  credentialNames,
  missingCredential,
  resolveSettings,
  type SettingSources,
  takesStoredCredential,
} from './settings.ts';
import type { SessionOwner } from './store/sessions.ts';
import { profileNamed, type SecretPlace, type StoredSettings } from './store/settings-schema.ts';
import type { Store } from './store/store.ts';
import type { Network } from './transport/network.ts';

/** Flags of the connection. */
export interface ConnectionOptions {
  readonly region?: string | undefined;
  readonly insecure?: boolean | undefined;
  /** Path of a PEM file. */
  readonly ca?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly debug?: boolean | undefined;
}

export interface Surroundings {
  readonly host: Host;
  readonly options: ConnectionOptions;
  readonly terminal: Terminal;
  readonly store: Store;
}

/** What is known of a profile before any secret is read. */
export interface KnownProfile {
  readonly provider: Provider;
  readonly sources: SettingSources;
  /** Where its stored credential is; null: it has none. */
  readonly kept: SecretPlace | null;
}

export async function knownProfile(
  entry: ProviderEntry,
  stored: StoredSettings,
  { host, flags }: { readonly host: Host; readonly flags: SettingSources['flags'] },
): Promise<KnownProfile> {
  const provider = await entry.load();
  const profile = profileOf(entry);
  const found = profileNamed(stored, profile);
  const saved = found?.provider === provider.name ? found : undefined;
  const netrc = provider.settings.some((setting) => setting.netrc) ? await readUserNetrc(host) : undefined;
  const kept = saved?.credential?.kept ?? null;
  return { provider, sources: { env: host.env, flags, netrc, profile, stored: saved }, kept };
}

/** Its settings with the credential, as a command uses them. Throws an `auth` CliError where none may be used. */
export async function settingsWithCredential(known: KnownProfile, store: Store): Promise<Settings> {
  const { provider, sources, kept } = known;
  const credential = sources.stored?.credential;
  if (!credential || !kept || !takesStoredCredential(provider, sources)) {
    const settings = resolveSettings(provider, sources);
    const missing = missingCredential(provider, settings, sources);
    if (missing) throw missing;
    return withOwnToken(provider, settings);
  }
  const profile = sources.profile ?? provider.name;
  const secret = await store.secrets.read(profile, kept);
  if (secret?.origin !== credential.origin) {
    const where = kept === 'keyring' ? 'the system keyring' : store.directory;
    throw new CliError('auth', `The credential of ${profile} is no longer in ${where}.`, {
      hint: `Log in again: polylog auth login ${provider.name}${profile === provider.name ? '' : ` --profile ${profile}`}.`,
    });
  }
  const stored = { ...sources.stored, credential: { ...credential, values: secret.values } };
  return withOwnToken(provider, resolveSettings(provider, { ...sources, stored }));
}

function withOwnToken(provider: Provider, settings: Settings): Settings {
  const { token } = settings.values;
  const place = settings.origins.token?.replace(/^env /, '');
  if (token !== undefined) {
    const what = place === 'profile' ? `The token stored for ${settings.profile}` : `The token in ${place}`;
    assertOwnToken(token, { platform: provider.name, what });
  }
  return settings;
}

/** The session of this credential; none where nobody logs in. */
export function sessionStore(
  known: KnownProfile,
  settings: Settings,
  store: Store,
): SessionStore | undefined {
  const { provider, sources, kept } = known;
  const mark = sessionMark(provider, settings.values);
  if (mark === null) return undefined;
  return store.sessions.for({
    profile: settings.profile,
    origin: provider.origin(settings),
    kept: kept && takesStoredCredential(provider, sources) ? kept : 'file',
    ...mark,
  });
}

/** By which a session knows its credential again; null when there is none. */
export function sessionMark(
  provider: Provider,
  values: Readonly<Record<string, string>>,
): Pick<SessionOwner, 'credential' | 'guessable'> | null {
  const given = credentialNames(provider).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [[name, value]];
  });
  if (given.length === 0) return null;
  return { credential: JSON.stringify(given), guessable: given.some(([name]) => name === 'password') };
}

export interface NetworkPlan {
  readonly provider: Provider;
  readonly settings: Settings;
  /** The origin whose host `insecure` and the fingerprint hold for; the profile's own unless given. */
  readonly origin?: string;
  readonly mayCarryCredential?: (url: URL) => boolean;
  /** What is read there, in words for its notices (`scalingo:shop`); '' for nothing in particular. */
  readonly concerns?: () => string;
}

/** Opens nothing yet; whoever asked closes it. */
export async function openProfileNetwork(
  { provider, settings, origin = provider.origin(settings), mayCarryCredential, concerns }: NetworkPlan,
  { host, options, terminal }: Omit<Surroundings, 'store'>,
): Promise<Network> {
  const { openNetwork } = await import('./transport/open-network.ts');
  const insecure = options.insecure ?? isOn(settings.values.insecure);
  if (insecure) terminal.complain(`polylog: certificates of ${provider.title} are not checked (insecure).`);
  const fingerprint = options.fingerprint ?? settings.values.fingerprint;
  const ca = options.ca ?? settings.values.ca;
  return openNetwork({
    subject: {
      platform: provider.title,
      profile: settings.profile === provider.name ? provider.title : settings.profile,
    },
    tls: {
      insecure,
      host: new URL(origin).hostname,
      ...(await readAuthorities(host, ca)),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    },
    proxy: proxyOf(host),
    allowPlainHttp: insecure,
    mayCarryCredential: mayCarryCredential ?? ((url) => provider.mayCarryCredential(url, settings)),
    userAgent: 'polylog',
    retry: host.retry,
    silence: host.silence,
    ...(options.debug ? { trace: (line: string) => terminal.complain(line) } : {}),
    onWait(notice) {
      const what = concerns?.() ?? '';
      terminal.note(`polylog: ${what === '' ? '' : `${what}: `}${notice}`);
    },
  });
}

export function proxyOf({ env }: Host): {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly no: string | undefined;
} {
  return {
    http: env.HTTP_PROXY || env.http_proxy,
    https: env.HTTPS_PROXY || env.https_proxy,
    no: env.NO_PROXY || env.no_proxy,
  };
}

/** A file that is not there or cannot be read holds no credential. */
export async function readUserNetrc(host: Host): Promise<string | undefined> {
  return readFile(host.env.NETRC || join(host.home, '.netrc'), 'utf8').catch(() => undefined);
}

export function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase());
}

/** Of --ca or the profile, and those of NODE_EXTRA_CA_CERTS, which a list of our own would hide. */
export async function readAuthorities(
  { cwd, env }: Host,
  ca: string | undefined,
): Promise<{ readonly ca?: string; readonly extraCa?: string | undefined }> {
  if (ca === undefined) return {};
  const extra = env.NODE_EXTRA_CA_CERTS;
  // What cannot be read of it, Node itself warns of.
  const extraCa = extra ? await readFile(extra, 'utf8').catch(() => undefined) : undefined;
  return { ca: await readCa(resolve(cwd, ca)), extraCa };
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CliError('usage', `The file of --ca, ${path}, cannot be read (${code}).`);
  }
}
