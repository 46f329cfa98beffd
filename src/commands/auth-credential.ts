// Where a credential comes from at login: stdin, a person, or a user and a password that become one. Knows no platform's words.
import { openProfileNetwork } from '../connect.ts';
import { CliError } from '../errors.ts';
import { assertOwnToken } from '../foreign-token.ts';
import type { Settings, SignIn } from '../provider.ts';
import type { LoginRun } from './auth-login.ts';
import { readSecretLine } from './questions.ts';

/** By names of settings; empty where the platform asks for none. */
export type CredentialValues = Readonly<Record<string, string>>;

export async function askCredential(run: LoginRun, settings: Settings): Promise<CredentialValues> {
  const credential = await givenCredential(run, settings);
  if (credential.token !== undefined) {
    assertOwnToken(credential.token, { platform: run.entry.name, what: 'This token' });
  }
  return credential;
}

async function givenCredential(run: LoginRun, settings: Settings): Promise<CredentialValues> {
  const { options, provider, context, questions } = run;
  const { host } = context;
  const flags = [options.tokenStdin, options.passwordStdin, options.sidStdin].filter(Boolean);
  if (flags.length > 1) throw new CliError('usage', 'Only one secret can come on stdin.');
  if (options.tokenStdin) {
    assertTakes(run, 'token', '--token-stdin');
    return { token: await secret(run, '--token-stdin') };
  }
  if (options.sidStdin) {
    assertTakes(run, 'sid', '--sid-stdin');
    return { sid: await secret(run, '--sid-stdin') };
  }
  if (options.passwordStdin && options.user === undefined) {
    throw new CliError('usage', '--password-stdin needs --user as well.');
  }
  if (options.user !== undefined) {
    if (!provider.signIn) assertTakes(run, 'user', '--user');
    if (!options.passwordStdin && !questions) throw missing(run);
    const password = options.passwordStdin
      ? await readSecretLine(host, '--password-stdin')
      : ((await questions?.askSecret(`Password of ${options.user}: `)) ?? '');
    return withPassword(run, settings, { user: options.user, password });
  }
  if (questions) return askPerson(run, settings);
  // A station may ask for no login at all; what it thinks of that is checked next.
  if (provider.credentials.some((names) => names.length === 0)) return {};
  throw missing(run);
}

async function askPerson(run: LoginRun, settings: Settings): Promise<CredentialValues> {
  const { provider, questions } = run;
  if (!questions) throw missing(run);
  const takes = (name: string) => provider.settings.some((setting) => setting.name === name);
  if (takes('token')) {
    const other = provider.signIn ? ' (empty: user and password)' : '';
    const token = (await questions.askSecret(`Token${other}: `)).trim();
    if (token !== '') return { token };
    if (!provider.signIn) throw missing(run);
    // Nobody types a password for an address that is not known.
    provider.signIn.origin(settings);
  }
  const user = await questions.ask(takes('sid') ? 'User (empty: QTS session id, or no login): ' : 'User: ');
  if (user !== '') {
    return withPassword(run, settings, { user, password: await questions.askSecret('Password: ') });
  }
  if (!takes('sid')) throw missing(run);
  const sid = (await questions.askSecret('QTS session id (empty: no login): ')).trim();
  return sid === '' ? {} : { sid };
}

async function withPassword(
  run: LoginRun,
  settings: Settings,
  person: { readonly user: string; readonly password: string },
): Promise<CredentialValues> {
  const { signIn } = run.provider;
  return signIn ? exchange(run, signIn, { settings, ...person }) : person;
}

/** The password goes to the platform's login alone and is kept nowhere. */
async function exchange(
  { provider, context, options, questions }: LoginRun,
  signIn: SignIn,
  asked: { readonly settings: Settings; readonly user: string; readonly password: string },
): Promise<CredentialValues> {
  const { settings } = asked;
  const origin = signIn.origin(settings);
  const network = await openProfileNetwork(
    { provider, settings, origin, mayCarryCredential: (url) => url.origin === origin },
    { ...context, options: { ...options, ca: undefined } },
  );
  try {
    const code = options.code === undefined ? {} : { code: options.code };
    const first = await signIn.signIn({ ...asked, ...code }, network, context.signal);
    if (first !== 'code') return first;
    if (!questions) {
      throw new CliError('auth', `${provider.title} asks for a one-time code.`, {
        hint: 'Give it with --code.',
      });
    }
    const typed = await questions.ask('One-time code: ');
    const second = await signIn.signIn({ ...asked, code: typed }, network, context.signal);
    if (second !== 'code') return second;
    throw new CliError('auth', `${provider.title} does not accept the one-time code.`);
  } finally {
    await network.close();
  }
}

async function secret({ context, questions }: LoginRun, flag: string): Promise<string> {
  // On a terminal somebody types it: then it must not be shown.
  return questions
    ? (await questions.askSecret('Secret: ')).trim()
    : (await readSecretLine(context.host, flag)).trim();
}

function assertTakes({ provider, entry }: LoginRun, setting: string, flag: string): void {
  if (provider.settings.some(({ name }) => name === setting)) return;
  throw new CliError('usage', `${entry.title} takes no ${flag}.`, { hint: `It takes ${waysOf(provider)}.` });
}

function missing({ provider, entry }: LoginRun): CliError {
  return new CliError('usage', `No credential for ${entry.title} is given, and nobody can be asked here.`, {
    hint: `Give ${waysOf(provider)}.`,
  });
}

function waysOf(provider: LoginRun['provider']): string {
  const takes = (name: string) => provider.settings.some((setting) => setting.name === name);
  const ways = [
    takes('token') ? '--token-stdin' : null,
    takes('user') || provider.signIn ? '--user NAME --password-stdin' : null,
    takes('sid') ? '--sid-stdin' : null,
  ].filter((way) => way !== null);
  return ways.join(' or ');
}
