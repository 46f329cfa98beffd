// What certificate a host shows, before anything is sent to it. Decides nothing.
import { TLSSocket } from 'node:tls';
import { createDialer } from './dial.ts';
import type { NetworkOptions } from './open-network.ts';

export interface PeerCertificate {
  /** SHA-256 as `AA:BB:…`. */
  readonly fingerprint: string;
  /** Whether it would be accepted without a pin. */
  readonly trusted: boolean;
  /** In one line, foreign text: `CN=NAS, O=QNAP`. */
  readonly subject: string;
  /** As the certificate writes it: `Nov 21 10:00:00 2027 GMT`. */
  readonly validTo: string;
}

/** null when it speaks no TLS that shows one. Throws a CliError when the host cannot be reached. */
export async function certificateOf(
  url: URL,
  options: Pick<NetworkOptions, 'proxy' | 'subject' | 'trace'> & { readonly ca?: string | undefined },
  signal: AbortSignal,
): Promise<PeerCertificate | null> {
  const dialer = createDialer({
    ...options,
    // Only the handshake is made: whoever answers gets nothing from us.
    tls: { insecure: true, host: url.hostname, ca: options.ca },
    mayCarryCredential: () => false,
    allowPlainHttp: false,
    userAgent: '',
  });
  const socket = await dialer.dial(url, signal);
  socket.on('error', () => undefined);
  try {
    if (!(socket instanceof TLSSocket)) return null;
    const certificate = socket.getPeerX509Certificate();
    if (!certificate) return null;
    return {
      fingerprint: certificate.fingerprint256,
      trusted: socket.authorized,
      subject: (certificate.subject ?? '').replaceAll('\n', ', '),
      validTo: certificate.validTo,
    };
  } finally {
    socket.destroy();
    dialer.close();
  }
}
