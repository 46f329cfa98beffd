// Stores and forgets single settings; what cannot be right is refused. Knows no platform's words.
import { resolve } from 'node:path';
import { isOn } from '../connect.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import { profileOf } from '../profiles.ts';
import { PROVIDERS } from '../providers/index.ts';
import { resolveSettings } from '../settings.ts';
import { profileNamed, type StoredSettings } from '../store/settings-schema.ts';
import { parseTarget } from '../target.ts';
import { isZone } from '../time.ts';
import { type ConfigKey, parseKey } from './config-key.ts';
import { withContext } from './with-context.ts';

interface Setting {
  readonly key: string;
  readonly options: GlobalOptions;
}

export function setSetting(
  host: Host,
  { key, value, options }: Setting & { readonly value: string },
): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const parsed = await parseKey(context, key);
    const checked = await checkedValue(context, parsed, value);
    await context.store.settings.change((settings) => withValue(settings, parsed, checked));
    await sayBinding(context, parsed);
    return 0;
  });
}

export function unsetSetting(host: Host, { key, options }: Setting): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const parsed = await parseKey(context, key);
    await context.store.settings.change((settings) => withValue(settings, parsed, undefined));
    await sayBinding(context, parsed);
    return 0;
  });
}

function withValue(settings: StoredSettings, key: ConfigKey, value: string | undefined): StoredSettings {
  if (key.kind !== 'setting') {
    const { [key.kind]: _before, ...rest } = settings;
    return value === undefined ? rest : { ...rest, [key.kind]: value };
  }
  const { profile, name, entry } = key;
  const found = profileNamed(settings, profile) ?? { provider: entry.name, values: {} };
  const { [name]: _before, ...others } = found.values;
  const values = value === undefined ? others : { ...others, [name]: value };
  if (Object.keys(values).length === 0 && Object.keys(found).length === 2) {
    const { [profile]: _empty, ...profiles } = settings.profiles;
    // A named profile stays until it is removed.
    if (entry.profile === undefined) return { ...settings, profiles };
  }
  return { ...settings, profiles: { ...settings.profiles, [profile]: { ...found, values } } };
}

async function checkedValue(context: Context, key: ConfigKey, value: string): Promise<string> {
  if (value.trim() === '' || /[\u0000-\u001f\u007f]/.test(value)) {
    throw new CliError('usage', 'The value is empty or holds control characters.', {
      hint: 'polylog config unset forgets a setting.',
    });
  }
  if (key.kind !== 'setting') {
    return key.kind === 'app' ? checkedTarget(context, value) : profileOf(await context.profile(value));
  }
  const { provider, profile, name } = key;
  switch (name) {
    case 'ca':
      return resolve(context.host.cwd, value);
    case 'fingerprint':
      return (await import('../transport/certificates.ts')).parseFingerprint(value);
    case 'insecure':
      return isOn(value) ? 'true' : 'false';
    case 'timezone':
      if (isZone(value)) return value;
      throw new CliError('usage', `"${value}" is no time zone.`, {
        hint: 'Write a name such as Europe/Paris.',
      });
  }
  const stored = profileNamed(await context.stored(), profile)?.values ?? {};
  const values = { ...stored, [name]: value };
  // An address that is none is refused before it is stored.
  if (provider.settings.some((setting) => setting.name === name && setting.address)) {
    provider.origin(resolveSettings(provider, { env: {}, flags: {}, profile, stored: { values } }));
  }
  return value;
}

async function checkedTarget(context: Context, value: string): Promise<string> {
  const profile = (await context.defaultProfile()) ?? PROVIDERS[0]?.name;
  const rules = { entries: await context.profiles(), profile, configured: [], groups: {} };
  if (!value.startsWith('@')) parseTarget(value, rules);
  return value;
}

/** Whoever moves a profile elsewhere should know that its credential does not follow. */
async function sayBinding(context: Context, key: ConfigKey): Promise<void> {
  if (key.kind !== 'setting') return;
  const { provider, profile, name, entry } = key;
  if (!provider.settings.some((setting) => setting.name === name && setting.address)) return;
  const saved = profileNamed(await context.store.settings.read(), profile);
  if (!saved?.credential) return;
  const settings = resolveSettings(provider, {
    env: {},
    flags: {},
    profile,
    stored: { values: saved.values },
  });
  if (provider.origin(settings) === saved.credential.origin) return;
  const named = profile === entry.name ? '' : ` --profile ${profile}`;
  context.terminal.complain(
    `polylog: The stored credential belongs to ${saved.credential.origin} and is not used for this address. Log in again: polylog auth login ${entry.name}${named}.`,
  );
}
