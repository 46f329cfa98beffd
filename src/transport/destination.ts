// Where a request goes and whether a credential may go with it. Knows the profile's rules, opens nothing.
import { CliError } from '../errors.ts';
import type { NetworkOptions } from './open-network.ts';

export interface Destination {
  /** Always http or https (websocket addresses are brought to these), without user, password and fragment. */
  readonly url: URL;
  readonly secure: boolean;
  /** Path and query as they were written. */
  readonly path: string;
  /** `host:port` for sentences; no secret. */
  readonly place: string;
}

/** Throws a `platform` CliError for what is no http(s) or ws(s) address: addresses come from answers. */
export function destinationOf(text: string, options: NetworkOptions): Destination {
  const url = parse(text);
  if (!url)
    throw new CliError(
      'platform',
      `${subjectOf(options)}: got an address that is no http or websocket address`,
    );
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url, secure: url.protocol === 'https:', path: pathToTheLetter(text, url), place: placeOf(url) };
}

/** Throws unless the profile's credential may be sent there. */
export function assertMayCarryCredential(destination: Destination, options: NetworkOptions): void {
  const { url, place } = destination;
  const who = subjectOf(options);
  if (!options.mayCarryCredential(url)) {
    throw new CliError(
      'platform',
      `${who}: the credential of this profile does not belong to ${place}, nothing was sent`,
    );
  }
  if (destination.secure || options.allowPlainHttp || isLoopback(url.hostname)) return;
  throw new CliError('usage', `${who}: a credential is not sent to ${place} over plain http`, {
    hint: 'Use an https address, or allow it for this profile with --insecure.',
  });
}

/** Whether the profile's `insecure` and `fingerprint` hold for this address; other hosts have certificates of their own. */
export function isOwnHost(url: URL, options: NetworkOptions): boolean {
  return url.hostname === options.tls.host || options.mayCarryCredential(url);
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    hostname === '::1' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

/** `host:port`, the port always. */
export function placeOf(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}

export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** `Scalingo (prod)`: the beginning of a sentence. */
export function subjectOf({ subject }: Pick<NetworkOptions, 'subject'>): string {
  return subject.platform === subject.profile ? subject.platform : `${subject.platform} (${subject.profile})`;
}

function parse(text: string): URL | undefined {
  const asHttp = text.replace(/^ws(?=s?:)/i, 'http');
  if (!/^https?:\/\//i.test(asHttp) || !URL.canParse(asHttp)) return undefined;
  return new URL(asHttp);
}

/**
 * URL would rewrite some characters and resolve dots. Taken from the text only where the text's host is certainly the
 * parsed one and the path has nothing that breaks a request line.
 */
function pathToTheLetter(text: string, url: URL): string {
  const parts = /^\w+:\/\/([^/?#]*)([^#]*)/.exec(text);
  const [, authority = '', rest = ''] = parts ?? [];
  const written = rest.startsWith('/') ? rest : `/${rest}`;
  const sameHost = authority.toLowerCase() === url.host || authority.toLowerCase() === placeOf(url);
  return sameHost && /^[\u0021-\u007e]*$/.test(written) && !written.includes('\\')
    ? written
    : url.pathname + url.search;
}
