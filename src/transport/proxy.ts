// Which proxy an address is reached through. Knows the values of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, not where they stand.
import { BlockList, isIP } from 'node:net';
import { CliError } from '../errors.ts';
import { isLoopback, placeOf, portOf, subjectOf } from './destination.ts';
import type { Peer } from './failures.ts';
import type { NetworkOptions } from './open-network.ts';

export interface ProxySettings {
  /** HTTP_PROXY: for http and ws addresses. */
  readonly http?: string | undefined;
  /** HTTPS_PROXY: for https and wss addresses. */
  readonly https?: string | undefined;
  /** NO_PROXY: hosts, domains, addresses, CIDR ranges, each with a port if need be; `*` is everything. */
  readonly no?: string | undefined;
}

/** The proxy's address (http or https), or undefined for a direct connection. Throws a `usage` CliError for a proxy of another kind. */
export function proxyFor(url: URL, settings: ProxySettings): URL | undefined {
  const secure = url.protocol === 'https:';
  const written = (secure ? settings.https : settings.http)?.trim();
  if (!written || isExcepted(url, settings.no ?? '')) return undefined;
  const proxy = parseProxy(written, secure ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  // Seen from a proxy elsewhere, loopback is another machine, and what is plain text here would travel.
  return isLoopback(url.hostname) && !isLoopback(proxy.hostname) ? undefined : proxy;
}

/** Who is asked, in words for sentences; throws as `proxyFor` does. */
export function peerOf(url: URL, options: Pick<NetworkOptions, 'proxy' | 'subject'>): Peer {
  const proxy = proxyFor(url, options.proxy);
  const who = subjectOf(options);
  if (!proxy) return { who, place: placeOf(url) };
  return { who, place: `${placeOf(url)} through the proxy ${placeOf(proxy)}`, proxied: true };
}

function parseProxy(written: string, variable: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.hostname && (proxy.protocol === 'http:' || proxy.protocol === 'https:')) return proxy;
  throw new CliError('usage', `${variable} does not name an http or https proxy`, {
    hint: `Write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT.`,
  });
}

function isExcepted(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return list
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(entry.toLowerCase(), host, portOf(url)));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, name = '', only] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [undefined, entry];
  if (only !== undefined && Number(only) !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '');
  const [address = '', prefix] = bare.split('/');
  if (isIP(address)) return inRange(host, address, prefix);
  const domain = bare.replace(/^\*?\./, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function inRange(host: string, address: string, prefix: string | undefined): boolean {
  const family = familyOf(address);
  if (isIP(host) === 0 || familyOf(host) !== family) return false;
  const range = new BlockList();
  const bits = prefix === undefined ? Number.NaN : Number(prefix);
  if (Number.isInteger(bits) && bits >= 0 && bits <= (family === 'ipv4' ? 32 : 128))
    range.addSubnet(address, bits, family);
  else if (prefix === undefined) range.addAddress(address, family);
  return range.check(host, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
