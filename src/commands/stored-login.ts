// Puts a checked login into the store, and takes one out of it: secret first, then the reference to it. Knows no platform.
import { sessionMark } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Provider } from '../provider.ts';
import {
  profileNamed,
  type SecretPlace,
  type StoredProfile,
  type StoredSettings,
} from '../store/settings-schema.ts';

export interface CheckedLogin {
  readonly profile: string;
  readonly provider: Provider;
  readonly origin: string;
  readonly values: Readonly<Record<string, string>>;
  /** Empty: none is needed. */
  readonly credential: Readonly<Record<string, string>>;
  /** Who we are; null: not asked. */
  readonly account: string | null;
  /** To be kept for the next command, or null. */
  readonly session: string | null;
}

/** Where the secret is kept; null when there is none. Throws a CliError; then what was there before is still there. */
export async function storeLogin({ store }: Context, login: CheckedLogin): Promise<SecretPlace | null> {
  const { profile, provider, origin, values, credential, account, session } = login;
  const before = profileNamed(await store.settings.read(), profile)?.credential;
  const names = Object.keys(credential);
  // Proves that the place can be written before the secret goes anywhere.
  await store.settings.change((settings) => settings);
  const kept = names.length === 0 ? null : await store.secrets.write(profile, { origin, values: credential });
  const record: StoredProfile = {
    provider: provider.name,
    values,
    ...(account === null ? {} : { account }),
    ...(kept === null ? {} : { credential: { origin, kept, names } }),
  };
  await store.settings.change((settings) => ({
    ...settings,
    profiles: { ...settings.profiles, [profile]: record },
  }));
  if (before && before.kept !== kept) await store.secrets.remove(profile, before.kept).catch(() => undefined);
  await store.sessions.remove(profile, before?.kept ?? kept ?? 'file').catch(() => undefined);
  const mark = sessionMark(provider, credential);
  if (session !== null && kept !== null && mark !== null) {
    store.sessions.for({ profile, origin, kept, ...mark }).keep(session);
  }
  return kept;
}

/** Removes the secret and the session; `whole`: everything that is known of the profile as well. */
export async function removeLogin(
  { store }: Context,
  profile: string,
  { whole }: { readonly whole: boolean },
): Promise<void> {
  const found = profileNamed(await store.settings.read(), profile);
  for (const kept of new Set<SecretPlace>([found?.credential?.kept ?? 'file', 'file'])) {
    await store.secrets.remove(profile, kept);
    await store.sessions.remove(profile, kept).catch(() => undefined);
  }
  await store.settings.change((settings) => without(settings, profile, { whole }));
}

function without(
  settings: StoredSettings,
  profile: string,
  { whole }: { readonly whole: boolean },
): StoredSettings {
  const { [profile]: found, ...others } = settings.profiles;
  if (whole || !found) {
    const { profile: usual, ...rest } = settings;
    return {
      ...rest,
      ...(usual === undefined || usual === profile ? {} : { profile: usual }),
      profiles: others,
    };
  }
  const { credential: _gone, account: _forgotten, ...left } = found;
  return { ...settings, profiles: { ...others, [profile]: left } };
}
