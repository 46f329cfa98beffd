// Where an installation of Akkeris is and which credential belongs to it. Asks nothing.
import { placeOf } from '../../credential-place.ts';
import { CliError } from '../../errors.ts';
import type { SettingDeclaration, Settings } from '../../provider.ts';

/** There is no Akkeris for everyone, so the address has no default (wire: Akkeris 1.1). */
export const settingDeclarations: readonly SettingDeclaration[] = [
  {
    name: 'token',
    description: 'API token (aka auth:token shows it)',
    secret: true,
    env: [
      { name: 'POLYLOG_AKKERIS_TOKEN' },
      { name: 'AKKERIS_TOKEN' },
      // Of all the tools that read this name, only a shell that is set up for Akkeris has the other one too.
      { name: 'API_TOKEN', needs: 'AKKERIS_API_HOST' },
    ],
    netrc: true,
  },
  {
    name: 'url',
    description: 'address of the API: a host (apps.example.com, then https) or a URL',
    secret: false,
    address: true,
    env: [{ name: 'POLYLOG_AKKERIS_URL' }, { name: 'AKKERIS_API_HOST' }],
  },
  {
    name: 'auth-url',
    description: 'address of the login, for auth login with a user and a password',
    secret: false,
    env: [{ name: 'AKKERIS_AUTH_HOST' }],
  },
];

/** The API's address without a slash at the end. Throws a usage CliError. */
export function baseOf(settings: Settings): string {
  const text = settings.values.url?.trim() ?? '';
  if (text === '') {
    throw new CliError('usage', 'Akkeris needs the address of the API of your installation.', {
      hint: 'Set POLYLOG_AKKERIS_URL or AKKERIS_API_HOST, for example to apps.example.com.',
    });
  }
  const written = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.canParse(written) ? new URL(written) : null;
  const origin = settings.origins.url ?? 'url';
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new CliError(
      'usage',
      `The address of Akkeris from ${origin} is neither a host nor an http address.`,
      {
        hint: 'Write it like apps.example.com or https://apps.example.com.',
      },
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError('usage', `The address of Akkeris from ${origin} holds a user or a password.`, {
      hint: 'Put the token into POLYLOG_AKKERIS_TOKEN.',
    });
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** Log streams lie on other hosts and are read without a credential (wire: Akkeris 2.2). */
export function mayCarryCredential(url: URL, settings: Settings): boolean {
  return url.origin === originOf(settings);
}

export function originOf(settings: Settings): string {
  return new URL(baseOf(settings)).origin;
}

const FOREIGN_TOKENS: readonly { readonly form: RegExp; readonly platform: string }[] = [
  { form: /^do[opr]_v1_/, platform: 'DigitalOcean' },
  { form: /^tk-[a-z]{2}-/, platform: 'Scalingo' },
];

/** The token. One of another platform must not be shown to this one: throws an `auth` CliError. */
export function tokenOf(settings: Settings): string {
  const token = settings.values.token ?? '';
  const foreign = FOREIGN_TOKENS.find(({ form }) => form.test(token));
  if (foreign === undefined) return token;
  const origin = settings.origins.token ?? 'the settings';
  throw new CliError(
    'auth',
    `The token for Akkeris from ${origin} is one of ${foreign.platform}; it was not sent.`,
    { hint: tokenHint(placeOf(settings, 'token', 'akkeris')) },
  );
}

/** `place`: what to do with a new one. */
export function tokenHint(place: string): string {
  return `Log in with "aka auth:login", take what "aka auth:token" prints and ${place}.`;
}
