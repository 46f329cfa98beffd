// `auth logout`: ends the session where the platform has one, then forgets the credential. Knows no platform's words.
import { knownProfile, openProfileNetwork, sessionStore, settingsWithCredential } from '../connect.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CliError, sentenceOf } from '../errors.ts';
import type { Host } from '../host.ts';
import { profileOf } from '../profiles.ts';
import type { ProviderEntry } from '../providers/index.ts';
import { profileNamed } from '../store/settings-schema.ts';
import { removeLogin } from './stored-login.ts';
import { withContext } from './with-context.ts';

export interface LogoutCommand {
  readonly host: Host;
  readonly profile: string | undefined;
  readonly options: GlobalOptions;
}

export function logOut({ host, profile, options }: LogoutCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const entry = await chosenEntry(context, profile);
    const name = profileOf(entry);
    const stored = profileNamed(await context.stored(), name);
    if (!stored?.credential && stored?.account === undefined) throw nothingStored(entry);
    await endSession(context, entry);
    await removeLogin(context, name, { whole: false });
    await context.terminal.print(`Logged out of ${entry.title}: the credential of ${name} is removed.\n`);
    return 0;
  });
}

async function chosenEntry(context: Context, named: string | undefined): Promise<ProviderEntry> {
  const name = named ?? (await context.defaultProfile());
  if (name !== undefined) return context.profile(name);
  const { profiles } = await context.stored();
  const loggedIn = Object.entries(profiles).filter(([, { credential, account }]) => credential || account);
  const [only, ...others] = loggedIn.map(([profile]) => profile);
  if (only !== undefined && others.length === 0) return context.profile(only);
  throw new CliError('usage', only === undefined ? 'No credential is stored.' : 'Which profile is meant?', {
    hint:
      only === undefined
        ? 'polylog auth status shows what is used.'
        : `Stored: ${[only, ...others].join(', ')}.`,
  });
}

function nothingStored(entry: ProviderEntry): CliError {
  return new CliError('usage', `No credential is stored for ${profileOf(entry)}.`, {
    hint: 'What comes from the environment is removed there; polylog auth status shows where a credential comes from.',
  });
}

/** A platform that cannot be reached does not keep anyone logged in here. */
async function endSession(context: Context, entry: ProviderEntry): Promise<void> {
  const { host, options, terminal, store, signal } = context;
  try {
    const known = await knownProfile(entry, await context.stored(), { host, flags: {} });
    const { provider } = known;
    if (!provider.signOut) return;
    // The session belongs to what is stored, not to what the environment says at the moment.
    const own = { ...known, sources: { ...known.sources, env: {}, netrc: undefined } };
    const settings = await settingsWithCredential(own, store);
    const network = await openProfileNetwork({ provider, settings }, { host, options, terminal });
    try {
      await provider.signOut(provider.connect(settings, network, sessionStore(own, settings, store)), signal);
    } finally {
      await network.close();
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    terminal.complain(`polylog: The session could not be ended there. ${sentenceOf(error)}`);
  }
}
