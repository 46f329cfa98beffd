// Flag > environment > default, for the built-in profiles. The only reader of the environment.
import { CliError } from './errors.ts';
import { readNetrc } from './netrc.ts';
import type { Provider, SettingDeclaration, Settings } from './provider.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingSources {
  readonly env: Environment;
  /** By the name of the flag. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Text of the user's `.netrc`, if there is one. */
  readonly netrc?: string | undefined;
}

/** Resolves a provider's declared settings for its built-in profile. */
export function resolveSettings(provider: Provider, sources: SettingSources): Settings {
  const values: Record<string, string> = {};
  const origins: Record<string, string> = {};
  for (const declaration of provider.settings) {
    const found = lookUp(declaration, sources);
    if (!found) continue;
    values[declaration.name] = found.value;
    origins[declaration.name] = found.origin;
  }
  for (const { name, netrc } of provider.settings) {
    if (!netrc || values[name] !== undefined || values.url === undefined || !sources.netrc) continue;
    const entry = readNetrc(sources.netrc, hostOf(values.url));
    if (!entry) continue;
    values[name] = entry.password;
    origins[name] = '.netrc';
  }
  return { profile: provider.name, values, origins };
}

/** Host and port as `.netrc` names a machine: without scheme and path. */
function hostOf(url: string): string {
  return url
    .replace(/^[a-z][a-z\d+.-]*:\/\//i, '')
    .replace(/[/?#].*$/, '')
    .toLowerCase();
}

function lookUp(
  declaration: SettingDeclaration,
  sources: SettingSources,
): { value: string; origin: string } | undefined {
  const flag = declaration.flag === undefined ? undefined : sources.flags[declaration.flag];
  if (flag !== undefined) return { value: flag, origin: `flag --${declaration.flag}` };
  for (const { name, needs } of declaration.env) {
    const value = sources.env[name]?.trim();
    if (value === undefined || value === '') continue;
    if (needs !== undefined && !sources.env[needs]) continue;
    return { value, origin: `env ${name}` };
  }
  if (declaration.default !== undefined) return { value: declaration.default, origin: 'default' };
  return undefined;
}

/** Whether one of the alternatives of credentials is complete and something of the platform was set at all. */
export function isConfigured(provider: Provider, sources: Omit<SettingSources, 'flags'>): boolean {
  const settings = resolveSettings(provider, { ...sources, flags: {} });
  const given = Object.values(settings.origins).some((origin) => origin !== 'default');
  return given && missingCredential(provider, settings) === undefined;
}

/** The sentence that says which variables to set, or undefined when a credential is there. */
export function missingCredential(provider: Provider, settings: Settings): CliError | undefined {
  const complete = provider.credentials.some((names) =>
    names.every((name) => settings.values[name] !== undefined),
  );
  if (complete) return undefined;
  const choices = provider.credentials.map((names) =>
    names.map((name) => variableOf(provider, name)).join(' and '),
  );
  return new CliError('auth', `No credential is set for ${provider.title}.`, {
    hint: `Set ${choices.join(', or ')}.`,
  });
}

function variableOf(provider: Provider, name: string): string {
  return provider.settings.find((declaration) => declaration.name === name)?.env[0]?.name ?? name;
}
