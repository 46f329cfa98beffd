// Profiles: the four built-in ones and those that are stored. Knows no platform's words and opens no file.
import { CliError } from './errors.ts';
import type { ProviderEntry } from './providers/index.ts';
import type { StoredSettings } from './store/settings-schema.ts';

/** The full name of the profile that an entry stands for. */
export function profileOf(entry: ProviderEntry): string {
  return entry.profile ?? entry.name;
}

/** The built-in profiles, then the stored ones by name; what is stored for a platform that is not known is left out. */
export function profileEntries(
  settings: StoredSettings,
  builtIn: readonly ProviderEntry[],
): readonly ProviderEntry[] {
  const named = Object.entries(settings.profiles).flatMap(([profile, { provider }]) => {
    const entry = builtIn.find(({ name }) => name === provider);
    return entry && profile !== provider && !isTaken(profile, builtIn)
      ? [{ ...entry, aliases: [], profile }]
      : [];
  });
  return [...builtIn, ...named.sort((one, other) => (one.profile < other.profile ? -1 : 1))];
}

/** The name under which a profile of that platform is stored. Throws a usage CliError for one that cannot be. */
export function checkedProfileName(
  name: string,
  entry: ProviderEntry,
  builtIn: readonly ProviderEntry[],
): string {
  if (name === entry.name || entry.aliases.includes(name)) return entry.name;
  if (isTaken(name, builtIn)) {
    throw new CliError(
      'usage',
      `"${name}" is the name of another platform, not of a profile of ${entry.title}.`,
    );
  }
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(name) && !Object.hasOwn(Object.prototype, name)) return name;
  throw new CliError(
    'usage',
    `"${name.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')}" cannot be the name of a profile.`,
    {
      hint: 'It takes letters, digits, ".", "_" and "-", at most 64 of them, and begins with a letter or a digit.',
    },
  );
}

function isTaken(name: string, builtIn: readonly ProviderEntry[]): boolean {
  return builtIn.some((entry) => entry.name === name || entry.aliases.includes(name));
}
