// Flag > environment > what is stored > default; a named profile knows no environment. The only reader of the
// environment, and the guard that keeps stored credentials at the origin they were stored for.
import { CliError } from './errors.ts';
import { readNetrc } from './netrc.ts';
import type { Provider, SettingDeclaration, Settings } from './provider.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is stored for a profile. */
export interface StoredValues {
  /** By the names of settings; no secret. */
  readonly values: Readonly<Record<string, string>>;
  readonly credential?: StoredCredential | undefined;
}

export interface StoredCredential {
  /** The only origin that it may be used for. */
  readonly origin: string;
  readonly names: readonly string[];
  /** Absent while it only matters whether there is one. */
  readonly values?: Readonly<Record<string, string>> | undefined;
}

export interface SettingSources {
  readonly env: Environment;
  /** By the name of the flag. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Text of the user's `.netrc`, if there is one. */
  readonly netrc?: string | undefined;
  /** The profile's name; absent: the platform's built-in one. Any other takes nothing from the environment. */
  readonly profile?: string | undefined;
  readonly stored?: StoredValues | undefined;
}

/** What every profile may store besides its platform's settings: how the address is trusted. */
export const TLS_VALUES: readonly string[] = ['ca', 'fingerprint', 'insecure'];

interface Found {
  readonly value: string;
  readonly origin: string;
}

/** Resolves a provider's declared settings for one profile. */
export function resolveSettings(provider: Provider, sources: SettingSources): Settings {
  const found = plainSettings(provider, sources);
  const credential = sources.stored?.credential;
  if (credential && refusalOf(provider, sources, found) === null) {
    for (const name of credential.names) {
      found.set(name, { value: credential.values?.[name] ?? '', origin: 'profile' });
    }
  }
  addNetrc(provider, sources, found);
  return settingsOf(provider, sources, found);
}

/** Whether the stored credential, if there is one, is what `resolveSettings` takes. */
export function takesStoredCredential(provider: Provider, sources: SettingSources): boolean {
  if (!sources.stored?.credential) return false;
  return refusalOf(provider, sources, plainSettings(provider, sources)) === null;
}

/** Names of settings that make up a credential, addresses left out. */
export function credentialNames(provider: Provider): readonly string[] {
  const addresses = provider.settings.filter(({ address }) => address).map(({ name }) => name);
  const secrets = provider.settings.filter(({ secret }) => secret).map(({ name }) => name);
  return [...new Set([...provider.credentials.flat(), ...secrets])].filter(
    (name) => !addresses.includes(name),
  );
}

/** Everything but what is kept secret: flags, environment, stored values, defaults. */
function plainSettings(provider: Provider, sources: SettingSources): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const declaration of provider.settings) {
    const given = lookUp(provider, declaration, sources);
    if (given) found.set(declaration.name, given);
  }
  const away = addressGiven(provider, found) !== null;
  const addresses = provider.settings.filter(({ address }) => address).map(({ name }) => name);
  const secrets = provider.settings.filter(({ secret }) => secret).map(({ name }) => name);
  for (const [name, value] of Object.entries(sources.stored?.values ?? {})) {
    if (found.has(name) || secrets.includes(name)) continue;
    // Addresses belong together, and so does the trust in their certificates.
    if (away && (addresses.includes(name) || TLS_VALUES.includes(name))) continue;
    found.set(name, { value, origin: 'profile' });
  }
  for (const { name, default: usual } of provider.settings) {
    if (usual !== undefined && !found.has(name)) found.set(name, { value: usual, origin: 'default' });
  }
  return found;
}

/** Where an address of this run comes from, when it is not from the store. */
function addressGiven(provider: Provider, found: ReadonlyMap<string, Found>): string | null {
  for (const { name, address } of provider.settings) {
    const origin = address ? found.get(name)?.origin : undefined;
    if (origin?.startsWith('flag') || origin?.startsWith('env')) return origin;
  }
  return null;
}

interface Refusal {
  /** A sentence without its end; null: another credential stands in its place, which needs no words. */
  readonly why: string | null;
}

/** Why the stored credential stays where it is, or null when it may be used. */
function refusalOf(
  provider: Provider,
  sources: SettingSources,
  found: ReadonlyMap<string, Found>,
): Refusal | null {
  const credential = sources.stored?.credential;
  if (!credential) return { why: null };
  // Half of one credential and half of another are none.
  const given = credentialNames(provider).some((name) => {
    const origin = found.get(name)?.origin;
    return origin?.startsWith('flag') || origin?.startsWith('env');
  });
  if (given) return { why: null };
  const away = addressGiven(provider, found);
  if (away !== null) return { why: `an address from ${away} takes its credential from there too` };
  const origin = originOf(provider, settingsOf(provider, sources, found));
  if (origin === credential.origin) return null;
  return { why: `the address of the profile is ${origin ?? 'not known'} now` };
}

function originOf(provider: Provider, settings: Settings): string | null {
  try {
    return provider.origin(settings);
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
}

function addNetrc(provider: Provider, sources: SettingSources, found: Map<string, Found>): void {
  const url = found.get('url')?.value;
  if (!sources.netrc || url === undefined || isNamed(provider, sources)) return;
  for (const { name, netrc } of provider.settings) {
    if (!netrc || found.has(name)) continue;
    const entry = readNetrc(sources.netrc, hostOf(url));
    if (entry) found.set(name, { value: entry.password, origin: '.netrc' });
  }
}

function settingsOf(
  provider: Provider,
  { profile = provider.name }: SettingSources,
  found: ReadonlyMap<string, Found>,
): Settings {
  const entries = [...found];
  return {
    profile,
    values: Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    origins: Object.fromEntries(entries.map(([name, { origin }]) => [name, origin])),
  };
}

function isNamed(provider: Provider, { profile }: Pick<SettingSources, 'profile'>): boolean {
  return profile !== undefined && profile !== provider.name;
}

/** Host and port as `.netrc` names a machine: without scheme and path. */
function hostOf(url: string): string {
  return url
    .replace(/^[a-z][a-z\d+.-]*:\/\//i, '')
    .replace(/[/?#].*$/, '')
    .toLowerCase();
}

function lookUp(
  provider: Provider,
  declaration: SettingDeclaration,
  sources: SettingSources,
): Found | undefined {
  const given = declaration.flag === undefined ? undefined : sources.flags[declaration.flag];
  if (given !== undefined) return { value: given, origin: `flag --${declaration.flag}` };
  if (isNamed(provider, sources)) return undefined;
  for (const { name, needs } of declaration.env) {
    const value = sources.env[name]?.trim();
    if (value === undefined || value === '') continue;
    if (needs !== undefined && !sources.env[needs]) continue;
    return { value, origin: `env ${name}` };
  }
  return undefined;
}

/** Whether one of the alternatives of credentials is complete and something of the platform was set at all. */
export function isConfigured(provider: Provider, sources: Omit<SettingSources, 'flags'>): boolean {
  const settings = resolveSettings(provider, { ...sources, flags: {} });
  const given = Object.values(settings.origins).some((origin) => origin !== 'default');
  return given && missingCredential(provider, settings) === undefined;
}

/** The sentence that says what to set, or undefined when a credential is there. */
export function missingCredential(
  provider: Provider,
  settings: Settings,
  sources?: SettingSources,
): CliError | undefined {
  const withheld = sources && withheldCredential(provider, settings, sources);
  if (withheld) return withheld;
  const complete = provider.credentials.some((names) =>
    names.every((name) => settings.values[name] !== undefined),
  );
  if (complete) return undefined;
  if (settings.profile !== provider.name) {
    return new CliError('auth', `No credential is stored for the profile ${settings.profile}.`, {
      hint: `Log in: polylog auth login ${provider.name} --profile ${settings.profile}.`,
    });
  }
  const choices = provider.credentials.map((names) =>
    names.map((name) => variableOf(provider, name)).join(' and '),
  );
  return new CliError('auth', `No credential is set for ${provider.title}.`, {
    hint: `Set ${choices.join(', or ')}, or log in: polylog auth login ${provider.name}.`,
  });
}

/** A stored credential that must not be used, where nothing else takes its place. */
function withheldCredential(
  provider: Provider,
  settings: Settings,
  sources: SettingSources,
): CliError | undefined {
  const credential = sources.stored?.credential;
  if (!credential || credentialNames(provider).some((name) => settings.values[name] !== undefined))
    return undefined;
  const why = refusalOf(provider, sources, plainSettings(provider, sources))?.why;
  if (!why) return undefined;
  return new CliError(
    'auth',
    `The stored credential of ${settings.profile} belongs to ${credential.origin} and was not used: ${why}.`,
    {
      hint: `Give the credential beside that address, or log in again: polylog auth login ${provider.name}.`,
    },
  );
}

function variableOf(provider: Provider, name: string): string {
  return provider.settings.find((declaration) => declaration.name === name)?.env[0]?.name ?? name;
}
