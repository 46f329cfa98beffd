// Keys of `config`: app, profile, or a setting of a profile. Opens no file.
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { profileOf } from '../profiles.ts';
import type { Provider } from '../provider.ts';
import type { ProviderEntry } from '../providers/index.ts';
import { credentialNames, TLS_VALUES } from '../settings.ts';

export type ConfigKey =
  | { readonly kind: 'app' | 'profile' }
  | {
      readonly kind: 'setting';
      readonly entry: ProviderEntry;
      readonly provider: Provider;
      readonly profile: string;
      /** `region` */
      readonly name: string;
    };

/** Throws a usage CliError for what is no key, and for secrets. */
export async function parseKey(context: Context, key: string): Promise<ConfigKey> {
  if (key === 'app' || key === 'profile') return { kind: key };
  // Profiles may have dots in their names, settings have none.
  const dot = key.lastIndexOf('.');
  if (dot < 1) {
    throw new CliError('usage', `"${printable(key)}" is no setting.`, {
      hint: 'It is app, profile, or PROFILE.SETTING such as scalingo.region.',
    });
  }
  const entry = await context.profile(key.slice(0, dot));
  const provider = await entry.load();
  const name = key.slice(dot + 1);
  if (credentialNames(provider).includes(name)) {
    const profile = profileOf(entry);
    throw new CliError('usage', `${name} is a part of the credential, not a setting.`, {
      hint: `polylog auth login ${entry.name}${profile === entry.name ? '' : ` --profile ${profile}`} stores it.`,
    });
  }
  const names = settingNames(provider);
  if (!names.includes(name)) {
    throw new CliError('usage', `${entry.title} has no setting "${printable(name)}".`, {
      hint: `It has ${names.join(', ')}.`,
    });
  }
  return { kind: 'setting', entry, provider, profile: profileOf(entry), name };
}

/** Those of the platform that are no part of a credential, and how its address is trusted. */
export function settingNames(provider: Provider): readonly string[] {
  const credential = credentialNames(provider);
  const own = provider.settings.map(({ name }) => name).filter((name) => !credential.includes(name));
  return [...new Set([...own, ...TLS_VALUES])];
}

function printable(text: string): string {
  return text.slice(0, 80).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
