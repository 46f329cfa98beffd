// `auth login`: address, certificate, credential, who we are, and only then the store. Knows no platform's words.
import { resolve } from 'node:path';
import { openProfileNetwork } from '../connect.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import { checkedProfileName } from '../profiles.ts';
import type { Identity, Provider, Settings } from '../provider.ts';
import { PROVIDERS, type ProviderEntry } from '../providers/index.ts';
import { credentialNames, resolveSettings, TLS_VALUES } from '../settings.ts';
import { profileNamed, type StoredProfile } from '../store/settings-schema.ts';
import { findEntry, unknownProfile } from '../target.ts';
import type { LoginOptions } from './auth.ts';
import { pinnedFingerprint } from './auth-certificate.ts';
import { askCredential, type CredentialValues } from './auth-credential.ts';
import { createQuestions, type Questions } from './questions.ts';
import { storeLogin } from './stored-login.ts';
import { withContext } from './with-context.ts';

export interface LoginCommand {
  readonly host: Host;
  readonly platform: string;
  readonly options: LoginOptions;
}

export interface LoginRun {
  readonly context: Context;
  readonly options: LoginOptions;
  readonly entry: ProviderEntry;
  readonly provider: Provider;
  /** The profile's name. */
  readonly name: string;
  /** null: nobody is there to be asked. */
  readonly questions: Questions | null;
}

export function logIn({ host, platform, options }: LoginCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const entry = findEntry(platform, PROVIDERS);
    if (!entry) throw unknownProfile(platform, { entries: PROVIDERS });
    const name = checkedProfileName(options.profile ?? entry.name, entry, PROVIDERS);
    const stored = profileNamed(await context.stored(), name);
    assertSamePlatform(name, stored, entry);
    const questions = createQuestions(host);
    try {
      const run = { context, options, entry, provider: await entry.load(), name, questions };
      await logInWith(run, stored?.values ?? {});
      return 0;
    } finally {
      questions?.close();
    }
  });
}

async function logInWith(run: LoginRun, stored: Readonly<Record<string, string>>): Promise<void> {
  const { context, provider, name } = run;
  const addressed = await withAddress(run, { ...chosenValues(run, stored), ...(await trustOf(run)) });
  const pin = await pinnedFingerprint(run, plainSettings(provider, name, addressed));
  const values = { ...addressed, ...(pin === null ? {} : { fingerprint: pin }) };
  const credential = await askCredential(run, plainSettings(provider, name, values));
  const checked = await check(run, { values, credential });
  const region = checked.region === null ? {} : { region: checked.region };
  const kept = await storeLogin(context, {
    profile: name,
    provider,
    origin: provider.origin(plainSettings(provider, name, values)),
    values: { ...values, ...region },
    credential,
    account: checked.identity.user,
    session: checked.session,
  });
  const { user, note } = checked.identity;
  const who = note === null ? user : `${user} (${note})`;
  const where = kept === null ? 'no credential is needed' : placeOf(kept, context);
  await context.terminal.print(`Logged in to ${provider.title} as ${who}. Profile: ${name}; ${where}.\n`);
  sayWhatWins(run);
}

function placeOf(kept: 'keyring' | 'file', { store }: Context): string {
  return kept === 'keyring'
    ? 'the credential is in the system keyring'
    : `the credential is in a file of mode 0600 in ${store.directory}`;
}

function assertSamePlatform(name: string, stored: StoredProfile | undefined, entry: ProviderEntry): void {
  if (!stored || stored.provider === entry.name) return;
  throw new CliError('usage', `The profile ${name} is one of ${stored.provider}, not of ${entry.title}.`, {
    hint: `Choose another --profile, or remove it first: polylog profiles remove ${name}.`,
  });
}

/** What is stored beside the secret: of flags, else of the environment (built-in profiles alone), else as before. */
function chosenValues(
  { provider, entry, name, options, context }: LoginRun,
  stored: Readonly<Record<string, string>>,
): Record<string, string> {
  const flags: Readonly<Record<string, string | undefined>> = {
    url: options.url,
    'auth-url': options.authUrl,
    region: options.region,
  };
  for (const [flag, value] of Object.entries(flags)) {
    if (value !== undefined && !provider.settings.some((setting) => setting.name === flag)) {
      throw new CliError('usage', `${entry.title} has no --${flag}.`);
    }
  }
  const env = name === entry.name ? context.host.env : {};
  const secret = credentialNames(provider);
  const open = provider.settings.filter(
    (setting) => !secret.includes(setting.name) && setting.name !== 'insecure',
  );
  const envOf = (setting: (typeof open)[number]) =>
    setting.env.map((variable) => env[variable.name]?.trim()).find((value) => value);
  // Addresses belong together: those of one place are not mixed with those of another.
  const places = [
    (setting: (typeof open)[number]) => flags[setting.name],
    envOf,
    (setting: (typeof open)[number]) => stored[setting.name],
  ];
  const addresses = open.filter(({ address }) => address);
  const place = places.find((look) => addresses.some((setting) => look(setting) !== undefined));
  const entries = open.flatMap((setting) => {
    const looks = setting.address ? (place ? [place] : []) : places;
    const value = looks.map((look) => look(setting)).find((found) => found !== undefined);
    return value === undefined ? [] : [[setting.name, value] as const];
  });
  const trust = place === undefined || place === places[2] ? TLS_VALUES : [];
  const kept = trust.flatMap((key) => (stored[key] === undefined ? [] : [[key, stored[key]] as const]));
  return Object.fromEntries([...kept, ...entries]);
}

/** The profile's word about certificates, from this command's flags. */
async function trustOf({ options, context }: LoginRun): Promise<Record<string, string>> {
  const { parseFingerprint } = await import('../transport/certificates.ts');
  return {
    ...(options.insecure ? { insecure: 'true' } : {}),
    ...(options.ca === undefined ? {} : { ca: resolve(context.host.cwd, options.ca) }),
    ...(options.fingerprint === undefined ? {} : { fingerprint: parseFingerprint(options.fingerprint) }),
  };
}

/** As later commands will see them, the credential left out. */
function plainSettings(
  provider: Provider,
  profile: string,
  values: Readonly<Record<string, string>>,
): Settings {
  return resolveSettings(provider, { env: {}, flags: {}, profile, stored: { values } });
}

async function withAddress(
  { provider, name, questions }: LoginRun,
  values: Record<string, string>,
): Promise<Record<string, string>> {
  const declared = provider.settings.find((setting) => setting.name === 'url');
  try {
    provider.origin(plainSettings(provider, name, values));
    return values;
  } catch (error) {
    if (!(error instanceof CliError) || values.url !== undefined) throw error;
    if (!questions) throw new CliError('usage', error.message, { hint: 'Give it with --url.' });
  }
  const url = await questions.ask(`${declared?.description ?? 'address'}: `);
  provider.origin(plainSettings(provider, name, { ...values, url }));
  return { ...values, url };
}

interface Checked {
  readonly identity: Identity;
  /** Chosen now, or null. */
  readonly region: string | null;
  /** What the adapter wants to be kept. */
  readonly session: string | null;
}

/** Nothing is stored that the platform does not accept. */
async function check(
  run: LoginRun,
  { values, credential }: { readonly values: Record<string, string>; readonly credential: CredentialValues },
): Promise<Checked> {
  const { context, provider, name, options } = run;
  const origin = provider.origin(plainSettings(provider, name, values));
  const stored = { values, credential: { origin, names: Object.keys(credential), values: credential } };
  const settings = resolveSettings(provider, { env: {}, flags: {}, profile: name, stored });
  const network = await openProfileNetwork(
    { provider, settings },
    { ...context, options: { ...options, ca: undefined } },
  );
  let session: string | null = null;
  const sessions = {
    load: async () => null,
    keep: (text: string) => {
      session = text;
    },
    forget: () => undefined,
  };
  try {
    const client = provider.connect(settings, network, sessions);
    const identity = await provider.whoami(client, context.signal);
    const names = (await provider.regions?.(client, context.signal)) ?? [];
    return { identity, region: await chooseRegion(run, values.region, names), session };
  } finally {
    await network.close();
  }
}

async function chooseRegion(
  { questions, context, provider }: LoginRun,
  wanted: string | undefined,
  names: readonly string[],
): Promise<string | null> {
  const [usual] = names;
  if (usual === undefined) return null;
  if (wanted !== undefined) {
    if (names.includes(wanted)) return null;
    throw new CliError('usage', `This account of ${provider.title} has no region "${wanted}".`, {
      hint: `Its regions: ${names.join(', ')}.`,
    });
  }
  if (!questions || names.length === 1) return null;
  context.terminal.complain(`Regions: ${names.join(', ')}`);
  for (;;) {
    const answer = (await questions.ask(`Region [${usual}]: `)) || usual;
    if (names.includes(answer)) return answer;
    context.terminal.complain(`"${answer}" is none of them.`);
  }
}

/** Who has just logged in to a built-in profile should know that the environment still comes first. */
function sayWhatWins({ provider, name, context }: LoginRun): void {
  if (name !== provider.name) return;
  const names = provider.settings
    .filter((setting) => setting.address || credentialNames(provider).includes(setting.name))
    .flatMap((setting) => setting.env.map((variable) => variable.name));
  const set = names.filter((variable) => context.host.env[variable]);
  if (set.length > 0) {
    context.terminal.complain(
      `polylog: ${set.join(' and ')} ${set.length > 1 ? 'are' : 'is'} set and ${set.length > 1 ? 'win' : 'wins'} over what is stored for ${name}.`,
    );
  }
}
