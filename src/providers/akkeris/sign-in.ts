// A user and a password become a token at the installation's authentication host (wire: Akkeris 1.2, 9). Knows no API.
import { CliError } from '../../errors.ts';
import type { Settings, SignIn } from '../../provider.ts';
import { fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import { originOf } from './address.ts';
import { refusalOf, type Subject, unreadable } from './refusal.ts';

const SUBJECT: Subject = { what: 'the login', kind: 'account' };

/** As `aka` sends it. */
const BODY = JSON.stringify({
  notes: 'polylog',
  note: 'polylog',
  notes_url: '',
  fingerprint: '',
  scopes: ['read:user', 'read:org'],
});

export const signIn: SignIn = {
  origin: authOrigin,
  async signIn({ settings, user, password, code }, network, signal) {
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    const asked = (header: string | null) => ({
      method: 'POST' as const,
      url: `${authOrigin(settings)}/authorizations`,
      headers: { accept: '*/*', 'content-type': 'application/json' },
      credential: {
        authorization: `Basic ${basic}`,
        ...(header !== null && code !== undefined ? { [header]: code } : {}),
      },
      body: BODY,
      retry: false,
    });
    let answer = await network.request(asked(null), signal);
    const header = oneTimeHeader(answer.headers, answer.text);
    if (answer.status >= 400 && header !== null) {
      if (code === undefined) return 'code';
      answer = await network.request(asked(header), signal);
      if (answer.status >= 400 && oneTimeHeader(answer.headers, answer.text) !== null) {
        throw new CliError('auth', 'Akkeris does not accept the one-time code.', {
          status: answer.status,
          hint: 'It changes every half minute: take a new one and log in again.',
        });
      }
    }
    if (answer.status === 401 || answer.status === 403) {
      throw new CliError('auth', `Akkeris does not accept the user and the password (${answer.status}).`, {
        status: answer.status,
        hint: 'Check both, or log in with a token.',
      });
    }
    if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, SUBJECT, { secret: password });
    const token = textOf(fieldsOf(parseJson(answer.text))?.token);
    if (token === null) throw unreadable(SUBJECT, 'token');
    return { token };
  },
};

/** Which header a one-time code goes into; null when none is asked for. */
function oneTimeHeader(headers: Readonly<Record<string, unknown>>, text: string): string | null {
  if (!/2FA|OTP/i.test(text)) return null;
  return Object.keys(headers).find((name) => /^x-[a-z\d-]+-otp$/.test(name)) ?? null;
}

/** `AKKERIS_AUTH_HOST`; else auth.DOMAIN beside apps.DOMAIN (wire: Akkeris 1.1). */
function authOrigin(settings: Settings): string {
  const written = settings.values['auth-url']?.trim() ?? '';
  if (written !== '') {
    const text = /^[a-z][a-z\d+.-]*:\/\//i.test(written) ? written : `https://${written}`;
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url?.protocol === 'https:' || url?.protocol === 'http:') return url.origin;
    throw new CliError(
      'usage',
      'The address of the login of Akkeris is neither a host nor an http address.',
      {
        hint: HINT,
      },
    );
  }
  const api = new URL(originOf(settings));
  if (/^apps\./.test(api.hostname)) return `https://${api.hostname.replace(/^apps\./, 'auth.')}`;
  throw new CliError('usage', 'Akkeris needs the address of its login for a user and a password.', {
    hint: HINT,
  });
}

const HINT =
  'Give --auth-url or set AKKERIS_AUTH_HOST, for example to auth.example.com; a token needs neither.';
