// What an adapter may do with the network, bound to one profile's proxy, TLS and credential rules. Knows no platform.

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Used to the letter (raw colons stay). */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that carry a credential: sent only where it may travel, over TLS or loopback (or `insecure`), else refused; masked in traces. */
  readonly credential?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds until the answer's headers and, for `request`, its end; default 30_000; 0 = none. */
  readonly timeout?: number;
  /** Whether 429, 502, 503, 504 and connection errors are tried again (bounded by 30 s in all); default: only GET. */
  readonly retry?: boolean;
  /** What the answer really is where a platform answers 200 whatever happened: decides whether it is tried again. */
  readonly statusOf?: (answer: HttpAnswer) => number;
  /** Bytes of the decoded body; default 16 MiB; `request` only. */
  readonly maxBytes?: number;
  /** Whether the body ends by itself: then a silence in it breaks it off (a `partial` CliError); `stream` only. */
  readonly ends?: true;
  /** Query parameters to mask in traces and errors besides token, sig, password, sid and their like. */
  readonly secretQuery?: readonly string[];
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as UTF-8 text (gunzipped when the answer said so). */
  readonly text: string;
}

export interface HttpStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Decoded by nothing. Throws a retryable CliError when the connection breaks; ends at a clean end. Must be read or cancelled. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection without reading on. */
  cancel(): void;
}

export interface WebSocketRequest {
  /** ws, wss, http or https. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly credential?: Readonly<Record<string, string>>;
  /** Milliseconds; default 45_000. */
  readonly handshakeTimeout?: number;
  /** Bytes of one message; default 16 MiB: a larger one ends the connection. */
  readonly maxPayload?: number;
  readonly secretQuery?: readonly string[];
}

export interface SocketClose {
  readonly code: number;
  readonly reason: string;
}

export interface WebSocketConnection {
  /**
   * What has come since the last pull, frame by frame, in order; the socket is paused while nobody pulls (bounded).
   * An empty array is a ping of the peer. Returns how the connection ended; never throws for that (a broken one is code 1006);
   * an abort throws the signal’s reason.
   */
  readonly frames: AsyncGenerator<Uint8Array[], SocketClose, undefined>;
  send(text: string): void;
  /** Ends it at once. */
  terminate(): void;
}

export interface ServerSentEvent {
  /** '' for comments (keepalives), which come with empty data. */
  readonly event: string;
  readonly data: string;
}

export interface Network {
  /** Milliseconds of silence after which what ends by itself has stalled. */
  readonly silence: number;
  /** Any status is an answer; throws CliError `unavailable` (unreachable, broken, timed out), `usage` (TLS not trusted: with the remedy). */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** No retry, no body limit, no time limit after the headers but that of `ends`. */
  stream(request: HttpRequest, signal: AbortSignal): Promise<HttpStream>;
  /** A refused upgrade throws CliError `unavailable` with `status` and `retryAfter`. */
  websocket(request: WebSocketRequest, signal: AbortSignal): Promise<WebSocketConnection>;
  /** One connection of an event stream, which ends; never reconnects by itself. Refusals throw as `websocket` does. */
  eventStream(
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<ServerSentEvent[], void, undefined>>;
  /** Frees every connection at once. */
  close(): Promise<void>;
}
