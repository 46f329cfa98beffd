// Where Scalingo is for one profile, and which hosts its credentials may travel to. Asks nothing.
import { CliError } from '../../errors.ts';
import type { SettingDeclaration, Settings } from '../../provider.ts';

const PUBLIC_AUTH = 'https://auth.scalingo.com';

export const settingDeclarations: readonly SettingDeclaration[] = [
  {
    name: 'token',
    description: 'API token (tk-us-…)',
    secret: true,
    env: [{ name: 'POLYLOG_SCALINGO_TOKEN' }, { name: 'SCALINGO_API_TOKEN' }],
  },
  {
    name: 'url',
    description: 'API address without /v1; the address of the region when not set',
    secret: false,
    address: true,
    env: [{ name: 'POLYLOG_SCALINGO_URL' }, { name: 'SCALINGO_API_URL' }],
  },
  {
    name: 'auth-url',
    description: 'address of the authentication service without /v1',
    secret: false,
    address: true,
    env: [{ name: 'SCALINGO_AUTH_URL' }],
    default: PUBLIC_AUTH,
  },
  {
    name: 'db-url',
    description: 'address of the database API, for --addon; the one of the region when not set',
    secret: false,
    address: true,
    env: [{ name: 'SCALINGO_DB_URL' }],
  },
  {
    name: 'region',
    description: 'region, such as osc-fr1; the default region of the account when not set',
    secret: false,
    env: [{ name: 'SCALINGO_REGION' }],
    flag: 'region',
  },
];

/** Base addresses without `/v1` and without a slash at the end; null where the region list decides. */
export interface Addresses {
  readonly auth: string;
  readonly api: string | null;
  readonly database: string | null;
}

/**
 * When only the API's address is given and it is not Scalingo's own, the authentication service is taken to be at the
 * same origin: the token of a private installation must not travel to the public one. Throws a usage CliError.
 */
export function addressesOf(settings: Settings): Addresses {
  const api = baseOf(settings, 'url');
  // An address belongs to one region: one that is asked for on the command line is looked up instead.
  const elsewhere = settings.origins.region?.startsWith('flag') === true;
  const givenAuth = settings.origins['auth-url'] === 'default' ? null : baseOf(settings, 'auth-url');
  const ownAuth = api === null || isWithin(new URL(api), PUBLIC_AUTH) ? PUBLIC_AUTH : new URL(api).origin;
  const auth = givenAuth ?? ownAuth;
  return elsewhere
    ? { auth, api: null, database: null }
    : { auth, api, database: baseOf(settings, 'db-url') };
}

/** An API or database address outside the authentication service's domain binds the credential to itself. */
export function credentialOrigin(settings: Settings): string {
  const { auth, api, database } = addressesOf(settings);
  const foreign = [api, database].find((base) => base !== null && !isWithin(new URL(base), auth));
  return new URL(foreign ?? auth).origin;
}

/** The configured addresses, and hosts beside them: under the same registrable domain, or on loopback too. */
export function mayCarryCredential(url: URL, settings: Settings): boolean {
  const { auth, api, database } = addressesOf(settings);
  return [auth, api, database].some((base) => base !== null && isWithin(url, base));
}

function baseOf(settings: Settings, name: string): string | null {
  const text = settings.values[name]?.trim() ?? '';
  if (text === '') return null;
  const origin = settings.origins[name] ?? name;
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new CliError('usage', `The Scalingo ${name} from ${origin} is no URL.`, {
      hint: `Write it in full, like ${PUBLIC_AUTH}.`,
      cause,
    });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new CliError('usage', `The Scalingo ${name} from ${origin} must begin with https://.`);
  }
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
}

/** Whether a host stands beside that of `base`; an address by number stands for itself alone, loopback for all of it. */
function isWithin(url: URL, base: string): boolean {
  const own = new URL(base);
  if (url.host === own.host) return true;
  if (isLoopback(own.hostname)) return isLoopback(url.hostname);
  const domain = registrableDomain(own.hostname);
  return domain !== null && url.hostname.endsWith(`.${domain}`);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** `scalingo.com` of `auth.scalingo.com`, `shop.co.uk` of `auth.shop.co.uk`; null when there is none to share. */
function registrableDomain(hostname: string): string | null {
  if (hostname.startsWith('[') || /^[\d.]+$/.test(hostname)) return null;
  const labels = hostname.split('.');
  if (labels.includes('')) return null;
  const [second = '', top = ''] = labels.slice(-2);
  const wanted = top.length === 2 && (second.length <= 3 || second === 'gouv') ? 3 : 2;
  return labels.length >= wanted ? labels.slice(-wanted).join('.') : null;
}
