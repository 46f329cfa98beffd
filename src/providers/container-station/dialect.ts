// Where the API of a Container Station begins and what its generations understand. Knows no request and no session.
import { CliError } from '../../errors.ts';
import type { Settings } from '../../provider.ts';

export interface Address {
  /** `http://nas:8080` */
  readonly origin: string;
  /** What stands before `/api/v1`; null when it has to be probed. */
  readonly prefix: string | null;
}

/** Newest first (wire: Container Station 1.1). */
export const PREFIXES: readonly string[] = ['/container-station', '/containerstation', ''];

/** From `url`, or `host` and `port` as in the platform's own documentation. Throws a usage CliError. */
export function addressOf(settings: Settings): Address {
  const { url, host, port } = settings.values;
  if (url !== undefined && url !== '') return addressOfUrl(url);
  if (host === undefined || host === '') {
    throw new CliError('usage', 'Container Station needs the address of the NAS.', {
      hint: 'Set POLYLOG_QNAP_URL (http://NAS:8080), or QIP and QPORT.',
    });
  }
  return addressOfHost(host, port);
}

function addressOfUrl(text: string): Address {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw malformed('The address of the Container Station is no URL.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw malformed('The address of the Container Station must begin with http:// or https://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw malformed('The address of the Container Station must not hold a name or password.');
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
  return { origin: url.origin, prefix: path === '' ? null : path };
}

function addressOfHost(host: string, port: string | undefined): Address {
  // The factory default of the NAS's system port (wire: Container Station 1.1).
  const system = port === undefined || port === '' ? '8080' : port;
  if (!/^\d{1,5}$/.test(system) || !/^[^\s/?#@]+$/.test(host)) {
    throw malformed('QIP must be a host and QPORT a number.');
  }
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const scheme = system === '443' ? 'https' : 'http';
  try {
    return { origin: new URL(`${scheme}://${name}:${system}`).origin, prefix: null };
  } catch {
    throw malformed('QIP and QPORT do not make an address.');
  }
}

function malformed(message: string): CliError {
  return new CliError('usage', message, {
    hint: 'POLYLOG_QNAP_URL looks like http://NAS:8080 or https://NAS; a path in it is the prefix of the API.',
  });
}

/** Versions before 2.4 took the login as a form; an unknown prefix of the user's may hide either. */
export function mayWantForm(prefix: string): boolean {
  return !prefix.endsWith('/container-station');
}

/** Whether `category=image,export` is understood: everywhere but in the first, unnumbered builds (wire: 2.1). */
export function takesLists(prefix: string, version: string | null): boolean {
  return prefix !== '' || version !== null;
}

/** `lists`: the task lists of the builds before version 1.0; `v3`: the API of version 3 (wire: Container Station 0.1). */
export type Generation = 'lists' | 'v3';

/** Whether an API with this prefix may have them; a prefix of the user's may hide anything. */
export function mayBe(generation: Generation, prefix: string): boolean {
  const other = generation === 'v3' ? '' : '/container-station';
  return prefix !== other && prefix !== '/containerstation';
}
