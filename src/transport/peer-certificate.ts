// What certificate a host shows, before anything is sent to it. Decides nothing.
import { createDialer } from './dial.ts';
import type { NetworkOptions, TlsSettings } from './open-network.ts';

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
  options: Pick<NetworkOptions, 'proxy' | 'subject' | 'trace'> & Pick<TlsSettings, 'ca' | 'extraCa'>,
  signal: AbortSignal,
): Promise<PeerCertificate | null> {
  let shown: PeerCertificate | null = null;
  const dialer = createDialer(
    {
      ...options,
      // Only the handshake is made: whoever answers gets nothing from us.
      tls: { insecure: true, host: url.hostname, ca: options.ca, extraCa: options.extraCa },
      mayCarryCredential: () => false,
      allowPlainHttp: false,
      userAgent: '',
    },
    ({ fingerprint256, subject, validTo }, trusted) => {
      const fingerprint = fingerprint256;
      // A proxy's own certificate is seen first; the last one is the host's.
      shown = { fingerprint, trusted, subject: (subject ?? '').replaceAll('\n', ', '), validTo };
    },
  );
  try {
    (await dialer.dial(url, signal)).destroy();
    return shown;
  } finally {
    dialer.close();
  }
}
