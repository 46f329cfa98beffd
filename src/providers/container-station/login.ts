// One login at a Container Station: JSON or form, password or session id. Knows no cookies and no renewal.
import { CliError } from '../../errors.ts';
import type { HttpRequest } from '../../transport/network.ts';
import { mayWantForm } from './dialect.ts';
import { type Failure, failureError, failureOf, isObject, type Reply } from './reply.ts';

export type Credential = (
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'sid'; readonly sid: string }
) & {
  /** What to do when it is refused: `put it into POLYLOG_QNAP_SID`. */
  readonly place: string;
};

export interface Account {
  readonly user: string;
  readonly admin: boolean;
  readonly anonymous: boolean;
  /** The station's local wall clock at the login, without a zone. */
  readonly logintime: unknown;
}

export interface LoginAttempt {
  readonly credential: Credential;
  readonly prefix: string;
  /** The body that worked before, if any. */
  readonly form: LoginForm | null;
  /** Names the platform and its address. */
  readonly station: string;
  send(body: Pick<HttpRequest, 'headers' | 'body'>): Promise<Reply>;
}

export type LoginForm = 'json' | 'form';

/** The account and the body that it took; throws an auth CliError when the station refuses. */
export async function logIn(
  attempt: LoginAttempt,
): Promise<{ account: Account; form: LoginForm; reply: Reply }> {
  let refusal: { failure: Failure | null; reply: Reply } | null = null;
  for (const form of formsOf(attempt)) {
    const reply = await attempt.send(bodyOf(attempt.credential, form));
    const failure = failureOf(reply);
    const account = failure ? null : readAccount(reply.json);
    if (account && isWanted(account, attempt, form)) return { account, form, reply };
    if (refusal === null || failure?.code === 403 || !isAboutForm(failure)) refusal = { failure, reply };
    if (form === 'json' && !mayBeForm(attempt, failure)) break;
  }
  throw refusalError(attempt, refusal);
}

/** The account in the answer of login and login_refresh; null when it is none. */
export function readAccount(json: unknown): Account | null {
  if (!isObject(json) || typeof json.username !== 'string') return null;
  return {
    user: json.username,
    admin: json.isAdmin === true,
    anonymous: json.anonymous === true,
    logintime: json.logintime,
  };
}

function formsOf({ credential, form }: LoginAttempt): readonly LoginForm[] {
  if (credential.kind === 'sid') return ['json'];
  return form === 'form' ? ['form', 'json'] : ['json', 'form'];
}

function bodyOf(credential: Credential, form: LoginForm): Pick<HttpRequest, 'headers' | 'body'> {
  const words: Record<string, string> =
    credential.kind === 'sid'
      ? { sid: credential.sid }
      : { username: credential.user, password: credential.password };
  if (form === 'json') {
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(words) };
  }
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(words).toString(),
  };
}

/** Old versions may meet a JSON body with any failure, or log in a nobody; 2.4 and later take nothing else. */
function mayBeForm({ credential, prefix }: LoginAttempt, failure: Failure | null): boolean {
  if (credential.kind === 'sid') return false;
  return isAboutForm(failure) || mayWantForm(prefix);
}

function isAboutForm(failure: Failure | null): boolean {
  return failure?.code === 400 || failure?.code === 415;
}

/** A reply for somebody else is a refusal; but open development builds know only a nobody (wire: 1.2). */
function isWanted(account: Account, { credential, prefix }: LoginAttempt, form: LoginForm): boolean {
  if (credential.kind === 'sid') return !account.anonymous;
  if (account.user.toLowerCase() === credential.user.toLowerCase()) return true;
  return prefix === '' && account.user === 'nobody' && form === 'form';
}

function refusalError(
  attempt: LoginAttempt,
  refusal: { failure: Failure | null; reply: Reply } | null,
): CliError {
  const { credential, station } = attempt;
  if (!refusal) return new CliError('auth', `${station} refused the login.`);
  const { failure, reply } = refusal;
  if (
    failure &&
    (failure.code === 404 || failure.code === 429 || failure.code >= 500 || isRedirect(failure))
  ) {
    // Without the station's words: they might repeat what was sent.
    return failureError({ code: failure.code, message: '' }, reply, { station, what: 'the login' });
  }
  if (credential.kind === 'sid') {
    return new CliError('auth', `${station} refused the QTS session id.`, {
      hint: `A session id expires: take a new one and ${credential.place}. Versions before 2.4 take POLYLOG_QNAP_USER and POLYLOG_QNAP_PASSWORD only.`,
    });
  }
  if (failure?.code === 403) {
    return new CliError(
      'auth',
      `${station} takes no password from ${credential.user} (403): 2-step verification is on.`,
      {
        status: 403,
        hint: 'Set POLYLOG_QNAP_SID to a QTS session id (authSid of /cgi-bin/authLogin.cgi) in place of the password.',
      },
    );
  }
  return new CliError('auth', `${station} refused the login of ${credential.user}.`, {
    hint: `If the password is another one now, ${credential.place}.`,
    ...(failure ? { status: failure.code } : {}),
  });
}

function isRedirect(failure: Failure): boolean {
  return failure.code >= 300 && failure.code < 400;
}
