// Where DigitalOcean's API is for one profile, with which token, and where that may travel. Asks nothing.
import { CliError } from '../../errors.ts';
import type { SettingDeclaration, Settings } from '../../provider.ts';

const PUBLIC_API = 'https://api.digitalocean.com';

export const settingDeclarations: readonly SettingDeclaration[] = [
  {
    name: 'token',
    description: 'API token (dop_v1_…) with the scope app:read',
    secret: true,
    env: [
      { name: 'POLYLOG_DIGITALOCEAN_TOKEN' },
      { name: 'DIGITALOCEAN_ACCESS_TOKEN' },
      { name: 'DIGITALOCEAN_TOKEN' },
    ],
  },
  {
    name: 'url',
    description: 'API address, /v2 is not needed',
    secret: false,
    address: true,
    env: [{ name: 'POLYLOG_DIGITALOCEAN_URL' }, { name: 'DIGITALOCEAN_API_URL' }],
    default: PUBLIC_API,
  },
];

/** Without `/v2` and without a slash at the end; a path before that is kept. Throws a usage CliError. */
export function baseOf(settings: Settings): string {
  const text = settings.values.url?.trim() || PUBLIC_API;
  const origin = settings.origins.url ?? 'url';
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new CliError('usage', `The address of DigitalOcean from ${origin} is no URL.`, {
      hint: `Write it in full, like ${PUBLIC_API}.`,
      cause,
    });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new CliError('usage', `The address of DigitalOcean from ${origin} must begin with https://.`);
  }
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/v2$/, '').replace(/\/+$/, '');
}

/** As it is sent: pasted tokens bring spaces and quotes along (wire: DigitalOcean 1.2). */
export function tokenOf(settings: Settings): string {
  return (settings.values.token ?? '').replace(/^[\s'"]+|[\s'"]+$/g, '');
}

export function credentialOrigin(settings: Settings): string {
  return new URL(baseOf(settings)).origin;
}

/** The API alone: the hosts of log URLs are others, and their URLs are signed (wire: DigitalOcean 2.4, 2.5). */
export function mayCarryCredential(url: URL, settings: Settings): boolean {
  return url.origin === credentialOrigin(settings);
}

/** What a token that is refused looks like, when it is certainly none for this API; null otherwise. */
export function foreignToken(token: string): string | null {
  if (token === '') return 'The token is empty.';
  if (/^tk-us-/.test(token)) return 'The token has the form of one of Scalingo.';
  if (/^dor_v1_/.test(token))
    return 'This is a refresh token; an access token begins with dop_v1_ or doo_v1_.';
  if (/^(gh[opsu]_|github_pat_)/.test(token)) return 'The token has the form of one of GitHub.';
  if (/^(glpat-|HRKU-)/.test(token)) return 'The token has the form of one of another platform.';
  return null;
}
