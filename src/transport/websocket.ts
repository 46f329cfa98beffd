// One websocket connection over ws, frames in batches with back-pressure. Knows no platform; never reconnects.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { CliError } from '../errors.ts';
import { assertMayCarryCredential, type Destination, destinationOf } from './destination.ts';
import type { Dialer } from './dial.ts';
import { answerTimeout, exchangeFailure, type Peer } from './failures.ts';
import { headersOf } from './http.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { shortText } from './masking.ts';
import type { SocketClose, WebSocketConnection, WebSocketRequest } from './network.ts';
import type { NetworkOptions } from './open-network.ts';
import { peerOf } from './proxy.ts';
import { retryAfterMillis } from './retry.ts';
import { type Exchanged, traceOutgoing } from './tracing.ts';

export interface WebSockets {
  open(request: WebSocketRequest, signal: AbortSignal): Promise<WebSocketConnection>;
  /** Ends every connection at once. */
  close(): void;
}

const HANDSHAKE_TIMEOUT = 45_000;
const MAX_PAYLOAD = 16 * 1024 * 1024;
/** What is held while nobody pulls, before the socket is paused. */
const HELD = { bytes: 128 * 1024, frames: 2048 };
/** Milliseconds that the peer has to close the TCP connection after the closing frames. */
const CLOSE_TIMEOUT = 2_000;
/** Of a refusal's body, and milliseconds to wait for its end. */
const REFUSAL = { bytes: 8 * 1024, millis: 2_000 };

export function createWebSockets(options: NetworkOptions, dialer: Dialer): WebSockets {
  const live = new Set<WebSocket>();
  return {
    async open(request, signal) {
      signal.throwIfAborted();
      const destination = destinationOf(request.url, options);
      if (request.credential) assertMayCarryCredential(destination, options);
      const peer = peerOf(destination.url, options);
      const headers = headersOf(request, options.userAgent);
      const trace = traceOutgoing(options, {
        method: 'WEBSOCKET',
        destination,
        headers,
        credential: Object.keys(request.credential ?? {}),
        secretQuery: request.secretQuery,
      });
      try {
        return await connect({ request, destination, headers, peer, dialer, live, trace }, signal);
      } catch (error) {
        if (error instanceof CliError) trace.note(error.message);
        throw error;
      }
    },
    close() {
      for (const socket of live) socket.terminate();
    },
  };
}

interface Opening {
  readonly request: WebSocketRequest;
  readonly destination: Destination;
  readonly headers: Record<string, string>;
  readonly peer: Peer;
  readonly dialer: Dialer;
  readonly live: Set<WebSocket>;
  readonly trace: Exchanged;
}

async function connect(opening: Opening, signal: AbortSignal): Promise<WebSocketConnection> {
  const { request, destination, peer, dialer, live, trace } = opening;
  const limit = request.handshakeTimeout ?? HANDSHAKE_TIMEOUT;
  const attempt = new AbortController();
  const onAbort = () => attempt.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => attempt.abort(answerTimeout(peer, limit)), limit);
  try {
    // The certificate is judged while dialling: ws would do so only when the token is out.
    const [socket, { WebSocket }] = await Promise.all([
      dialer.dial(destination.url, attempt.signal),
      import('ws'),
    ]);
    const maxPayload = request.maxPayload ?? MAX_PAYLOAD;
    const ws = createSocket(WebSocket, opening, { socket, maxPayload });
    live.add(ws);
    ws.once('close', () => live.delete(ws));
    const inbox = receive(ws, maxPayload, trace);
    await opened(ws, peer, attempt.signal);
    trace.note('websocket open');
    return connection({ ws, inbox, trace }, signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function createSocket(
  Class: typeof WebSocket,
  { destination, headers }: Opening,
  { socket, maxPayload }: { socket: Socket; maxPayload: number },
): WebSocket {
  const address = `${destination.secure ? 'wss' : 'ws'}://${destination.url.host}${destination.path}`;
  const own = {
    headers,
    maxPayload,
    closeTimeout: CLOSE_TIMEOUT,
    createConnection: () => socket,
    perMessageDeflate: false,
    followRedirects: false,
    // Text is handed on as bytes; a line with bytes that are no UTF-8 should not end the connection.
    skipUTF8Validation: true,
  };
  return new Class(address, own);
}

/** Listens before the handshake is done: the first frame may come in the same packet. */
function receive(ws: WebSocket, maxPayload: number, trace: Exchanged): Inbox<Uint8Array, SocketClose> {
  const inbox = createInbox<Uint8Array, SocketClose>({
    maxBytes: HELD.bytes,
    maxItems: HELD.frames,
    pause: () => ws.pause(),
    // A paused socket withholds its close as well; whoever empties the inbox gets to know of it next.
    resume: () => ws.resume(),
  });
  ws.on('message', (frame: Buffer) => inbox.push(frame, frame.length));
  ws.on('ping', () => inbox.touch());
  ws.on('close', (code, reason) => {
    trace.note(`websocket closed (${code})`);
    inbox.end({ code, reason: shortText(reason.toString('utf8')) });
  });
  ws.on('error', (error: Error & { code?: string }) => {
    const oversized = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    const reason = oversized ? `a message of more than ${maxPayload} bytes` : (error.code ?? 'broken');
    inbox.end({ code: oversized ? 1009 : 1006, reason });
    // Its own closing handshake would wait for a peer that talks nonsense.
    if (ws.readyState !== ws.CONNECTING) ws.terminate();
  });
  return inbox;
}

function opened(ws: WebSocket, peer: Peer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => fail(signal.reason);
    const fail = (reason: unknown) => {
      signal.removeEventListener('abort', onAbort);
      reject(reason);
      ws.terminate();
    };
    ws.once('open', () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    ws.once('error', (error) => fail(handshakeFailure(peer, error)));
    ws.once('unexpected-response', (request, response) => {
      refusal(peer, response, signal)
        .then(fail)
        .finally(() => request.destroy());
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

function handshakeFailure(peer: Peer, error: Error): CliError {
  // ws has words of its own for answers that are no websocket handshake.
  if (/Sec-WebSocket|Upgrade header|subprotocol|extension/i.test(error.message)) {
    return new CliError('unavailable', `${peer.who}: ${peer.place} does not speak the websocket protocol`, {
      cause: error,
    });
  }
  return exchangeFailure(peer, error, { answered: false });
}

async function refusal(peer: Peer, response: IncomingMessage, signal: AbortSignal): Promise<CliError> {
  const status = response.statusCode ?? 0;
  const text = shortText(await beginningOf(response, signal));
  const retryAfter = retryAfterMillis(status, response.headers, Date.now());
  return new CliError(
    'unavailable',
    `${peer.who}: ${peer.place} refused the websocket (${status}${text ? `: ${text}` : ''})`,
    {
      status,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  );
}

/** As much of a refusal as is worth showing; never throws. */
function beginningOf(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve(Buffer.concat(chunks).toString('utf8'));
    };
    const timer = setTimeout(done, REFUSAL.millis);
    signal.addEventListener('abort', done, { once: true });
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= REFUSAL.bytes) done();
    });
    response.on('error', done);
    response.on('close', done);
    response.on('end', done);
  });
}

interface Connected {
  readonly ws: WebSocket;
  readonly inbox: Inbox<Uint8Array, SocketClose>;
  readonly trace: Exchanged;
}

function connection({ ws, inbox, trace }: Connected, signal: AbortSignal): WebSocketConnection {
  const onAbort = () => {
    inbox.stop(signal.reason);
    ws.terminate();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  ws.once('close', () => signal.removeEventListener('abort', onAbort));

  async function* frames(): AsyncGenerator<Uint8Array[], SocketClose, undefined> {
    try {
      for (;;) {
        const taken = await inbox.take();
        if ('end' in taken) return taken.end;
        trace.note(taken.items.length === 0 ? 'ping' : `${taken.items.length} frames`);
        yield taken.items;
      }
    } finally {
      ws.terminate();
    }
  }
  return {
    frames: frames(),
    send: (text) => ws.send(text, () => {}),
    terminate() {
      inbox.end({ code: 1006, reason: 'ended here' });
      ws.terminate();
    },
  };
}
