// Which TLS certificates are accepted: the usual ones, those of a given CA, or one pinned by its fingerprint. Opens no connection.
import type { X509Certificate } from 'node:crypto';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import { CliError } from '../errors.ts';
import { changedFingerprint, type Peer, untrustedCertificate } from './failures.ts';
import type { TlsSettings } from './open-network.ts';

export interface Trust {
  /** SHA-256 as `AA:BB:…`. */
  readonly fingerprint: string | undefined;
  readonly insecure: boolean;
  readonly own: boolean;
  readonly seen?: CertificateSeen | undefined;
}

/** Told of every certificate before it is judged; the socket does not give it a second time (Node 20). */
export type CertificateSeen = (certificate: X509Certificate, trusted: boolean) => void;

/** Why a connected socket must not be used, or undefined. */
export function judge(
  socket: TLSSocket,
  peer: Peer,
  { fingerprint, insecure, own, seen }: Trust,
): CliError | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate) seen?.(certificate, socket.authorized);
  const found = certificate?.fingerprint256;
  if (fingerprint !== undefined)
    return found === fingerprint ? undefined : changedFingerprint(peer, fingerprint, found);
  if (socket.authorized || insecure) return undefined;
  return untrustedCertificate(peer, { code: String(socket.authorizationError), found, own });
}

/** SHA-256 in hex, with or without colons, also as `openssl x509 -fingerprint` prints it; returns `AA:BB:…`. */
export function parseFingerprint(text: string): string {
  const hex = text
    .trim()
    .replace(/^sha-?256(\s+fingerprint)?\s*[=:]\s*/i, '')
    .replace(/[:\s]/g, '')
    .toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(hex)) {
    throw new CliError(
      'usage',
      'the fingerprint is no SHA-256 fingerprint: 64 hexadecimal digits, colons optional',
      {
        hint: 'openssl x509 -noout -fingerprint -sha256 -in FILE prints it.',
      },
    );
  }
  return (hex.match(/../g) ?? []).join(':');
}

/** Made once and when needed: it holds every root certificate. undefined: what Node trusts by itself. */
export function lazySecureContext({
  ca,
  extraCa,
}: Pick<TlsSettings, 'ca' | 'extraCa'>): () => SecureContext | undefined {
  if (ca === undefined) return () => undefined;
  if (!ca.includes(BEGIN)) {
    throw new CliError('usage', 'the file given as --ca holds no certificate in PEM form');
  }
  let made: SecureContext | undefined;
  return () => {
    made ??= contextOf(extraCa?.includes(BEGIN) ? [extraCa, ca] : [ca]) ?? contextOf([ca]);
    if (made) return made;
    throw new CliError('usage', 'the file given as --ca holds a certificate that cannot be read');
  };
}

const BEGIN = '-----BEGIN CERTIFICATE-----';

/** undefined when one of them cannot be read. A list of authorities takes the place of all others. */
function contextOf(authorities: readonly string[]): SecureContext | undefined {
  try {
    return tls.createSecureContext({ ca: [...tls.rootCertificates, ...authorities] });
  } catch {
    return undefined;
  }
}
