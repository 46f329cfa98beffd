// Makes the network of one profile: its proxy, TLS, credential and retry rules in one place. Knows no platform.
import { createDialer } from './dial.ts';
import { createExchanger } from './exchange.ts';
import { createHttp } from './http.ts';
import type { Network } from './network.ts';
import type { ProxySettings } from './proxy.ts';
import type { RetryRules } from './retry.ts';
import { createEventStreams } from './server-sent-events.ts';
import { SILENCE } from './silence.ts';
import { createWebSockets } from './websocket.ts';

export interface TlsSettings {
  /** No check of certificates, for the profile's own host only. */
  readonly insecure: boolean;
  /** PEM text of authorities that are trusted besides the usual ones, wherever this network goes. */
  readonly ca?: string | undefined;
  /** PEM text of NODE_EXTRA_CA_CERTS; matters beside `ca` alone: Node trusts these by itself unless given a list. */
  readonly extraCa?: string | undefined;
  /** SHA-256 of the own host's certificate, hexadecimal, colons optional: nothing else is then asked of it. */
  readonly fingerprint?: string | undefined;
  /**
   * The own host's name (`new URL(origin).hostname`): `insecure` and `fingerprint` hold for it on every port. They hold
   * besides wherever the credential may travel.
   */
  readonly host?: string | undefined;
}

export interface NetworkOptions {
  readonly tls: TlsSettings;
  /** The values of the environment's variables. */
  readonly proxy: ProxySettings;
  /** Asked with http and https addresses only; websocket addresses are brought to these. */
  mayCarryCredential(url: URL): boolean;
  /** Whether a credential may go over plain http to another machine. */
  readonly allowPlainHttp: boolean;
  /** For sentences: who this network talks to. */
  readonly subject: { readonly platform: string; readonly profile: string };
  readonly userAgent: string;
  /** Told every step on a line of its own, secrets masked. */
  readonly trace?: ((line: string) => void) | undefined;
  /** Told when a retry waits: a sentence without a full stop. */
  readonly onWait?: ((notice: string) => void) | undefined;
  /** Defaults: 500 and 30_000 ms. */
  readonly retry?: Partial<RetryRules> | undefined;
  /** Milliseconds of silence in a body that ends by itself; default 30_000. */
  readonly silence?: number | undefined;
  /** Milliseconds for TCP, proxy and TLS together; default 10_000. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds: `idle` that an unused connection is kept (4_000), `probe` of silence before TCP keep-alive asks (30_000). */
  readonly keepAlive?:
    | { readonly idle?: number | undefined; readonly probe?: number | undefined }
    | undefined;
}

/** Opens nothing yet and loads no library. Throws a `usage` CliError for a fingerprint or CA that cannot be read. */
export function openNetwork(options: NetworkOptions): Network {
  const dialer = createDialer(options);
  const exchanger = createExchanger(options, dialer);
  const http = createHttp(options, exchanger);
  const webSockets = createWebSockets(options, dialer);
  const eventStreams = createEventStreams(options, http);
  return {
    silence: options.silence ?? SILENCE,
    request: http.request,
    stream: http.stream,
    websocket: webSockets.open,
    eventStream: eventStreams.open,
    async close() {
      dialer.close();
      webSockets.close();
      await exchanger.close();
    },
  };
}
