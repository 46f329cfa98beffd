// The one place where proxy, CA, --insecure and fingerprint become a socket, for HTTP and websockets alike. Knows no protocol above TLS.
import net, { type Socket } from 'node:net';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import { CliError } from '../errors.ts';
import {
  type CertificateSeen,
  judge,
  lazySecureContext,
  parseFingerprint,
  type Trust,
} from './certificates.ts';
import { isOwnHost, placeOf, portOf, subjectOf } from './destination.ts';
import { connectTimeout, type Peer, proxyTimeout } from './failures.ts';
import type { NetworkOptions } from './open-network.ts';
import { peerOf, proxyFor } from './proxy.ts';
import { whenReady } from './socket-ready.ts';
import { tunnel } from './tunnel.ts';

export interface Dialer {
  /**
   * A connected socket to the address's host, TLS done and its certificate judged: nothing but handshakes has been sent.
   * Throws only CliError, or the signal's reason.
   */
  dial(url: URL, signal?: AbortSignal): Promise<Socket>;
  /** Ends what is being connected. Sockets that were handed over belong to whoever took them. */
  close(): void;
}

const CONNECT_TIMEOUT = 10_000;
/** Milliseconds of silence before TCP asks whether the peer is still there. */
const PROBE_DELAY = 30_000;

/** Throws a `usage` CliError when the fingerprint or the CA cannot be read. */
export function createDialer(options: NetworkOptions, seen?: CertificateSeen): Dialer {
  const who = subjectOf(options);
  const pin = options.tls.fingerprint === undefined ? undefined : parseFingerprint(options.tls.fingerprint);
  const context = lazySecureContext(options.tls);
  const limit = options.connectTimeout ?? CONNECT_TIMEOUT;
  const dialing = new Set<AbortController>();

  const trustFor = (url: URL): Trust => {
    const own = isOwnHost(url, options);
    return { own, fingerprint: own ? pin : undefined, insecure: own && options.tls.insecure, seen };
  };

  const throughProxy = async (proxy: URL, url: URL, signal: AbortSignal): Promise<Socket> => {
    const peer = { who, place: `the proxy ${placeOf(proxy)}` };
    let socket = await tcp(proxy, peer, signal);
    // The profile's pin and --insecure are about its own host.
    if (proxy.protocol === 'https:') {
      const trust = { own: false, fingerprint: undefined, insecure: false };
      socket = await secure({ socket, url: proxy, peer, trust, context: context(), signal });
    }
    return tunnel({ socket, proxy, url, who, signal });
  };

  const connect = async (url: URL, attempt: Attempt): Promise<Socket> => {
    const { signal } = attempt.controller;
    const peer = peerOf(url, options);
    const proxy = proxyFor(url, options.proxy);
    options.trace?.(`dial ${peer.place}`);
    const socket = proxy ? await throughProxy(proxy, url, signal) : await tcp(url, peer, signal);
    attempt.tunnelled = true;
    socket.setKeepAlive(true, options.keepAlive?.probe ?? PROBE_DELAY);
    socket.setNoDelay(true);
    if (url.protocol !== 'https:') return socket;
    return secure({ socket, url, peer, trust: trustFor(url), context: context(), signal });
  };

  const tooSlow = (url: URL, { tunnelled }: Attempt): CliError => {
    const proxy = proxyFor(url, options.proxy);
    if (proxy && !tunnelled) return proxyTimeout({ who, place: placeOf(url) }, placeOf(proxy), limit);
    return connectTimeout(peerOf(url, options), limit);
  };

  return {
    async dial(url, signal) {
      signal?.throwIfAborted();
      const controller = new AbortController();
      const attempt: Attempt = { controller, tunnelled: false };
      dialing.add(controller);
      const timer = setTimeout(() => controller.abort(tooSlow(url, attempt)), limit);
      const onAbort = () => controller.abort(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        return await connect(url, attempt);
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        dialing.delete(controller);
      }
    },
    close() {
      const closed = new CliError('unavailable', `${who}: the connection was closed here`, {
        retryable: false,
      });
      for (const attempt of dialing) attempt.abort(closed);
    },
  };
}

interface Attempt {
  readonly controller: AbortController;
  /** Whether a proxy, where there is one, has done its part. */
  tunnelled: boolean;
}

function tcp(url: URL, peer: Peer, signal: AbortSignal): Promise<Socket> {
  // Both address families are tried, the second one soon after the first.
  const socket = net.connect({ host: bareHost(url), port: portOf(url), autoSelectFamily: true });
  return whenReady({ socket, event: 'connect', peer, signal });
}

interface Securing {
  readonly socket: Socket;
  readonly url: URL;
  readonly peer: Peer;
  readonly trust: Trust;
  readonly context: SecureContext | undefined;
  readonly signal: AbortSignal;
}

async function secure({ socket, url, peer, trust, context, signal }: Securing): Promise<TLSSocket> {
  const host = bareHost(url);
  const secured = tls.connect({
    socket,
    host,
    ...(net.isIP(host) ? {} : { servername: host }),
    ...(context ? { secureContext: context } : {}),
    ALPNProtocols: ['http/1.1'],
    // Judged below instead, so that a pin works without a chain and an error can name the fingerprint.
    rejectUnauthorized: false,
  });
  await whenReady({ socket: secured, event: 'secureConnect', peer, signal });
  const refusal = judge(secured, peer, trust);
  if (refusal) {
    secured.destroy();
    throw refusal;
  }
  return secured;
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
