// One HTTP request and its answer over undici: connection, headers, body with back-pressure. No retry, no redirect, no decoding.
import v8 from 'node:v8';
import type { Agent, Dispatcher } from 'undici';
import type { Destination } from './destination.ts';
import type { Dialer } from './dial.ts';
import { answerTimeout, exchangeFailure, type Peer } from './failures.ts';
import { createInbox, type Inbox } from './inbox.ts';
import type { NetworkOptions } from './open-network.ts';

export interface Sending {
  readonly destination: Destination;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Milliseconds; 0 = none. */
  readonly timeout: number;
  /** Until when the timeout runs. */
  readonly until: 'headers' | 'end';
  readonly peer: Peer;
}

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Throws a CliError, or the signal's reason, after all that came before was handed over. */
  readonly body: AsyncGenerator<Uint8Array, void, undefined>;
  /** Ends the connection without reading on; the body then ends. */
  cancel(): void;
}

export interface Exchanger {
  /** Throws only CliError, or the signal's reason. */
  send(sending: Sending, signal: AbortSignal): Promise<Exchange>;
  /** Ends every exchange and connection. */
  close(): Promise<void>;
}

/** Bytes of a body that are held before the connection is paused. */
const HELD_BYTES = 256 * 1024;
/** Bytes that are handed over at once, unless one chunk is larger. */
const JOINED = 64 * 1024;
const IDLE = 4_000;

export function createExchanger(options: NetworkOptions, dialer: Dialer): Exchanger {
  let agent: Promise<Agent> | undefined;
  let closed = false;
  return {
    async send(sending, signal) {
      signal.throwIfAborted();
      if (closed) throw closedHere(sending.peer);
      agent ??= createAgent(options, dialer);
      return dispatch(await agent, sending, signal);
    },
    async close() {
      closed = true;
      await (await agent)?.destroy();
    },
  };
}

async function createAgent(options: NetworkOptions, dialer: Dialer): Promise<Agent> {
  const AgentClass = await loadAgent();
  return new AgentClass({
    // Limits of time are ours: a quiet log stream has none.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: options.keepAlive?.idle ?? IDLE,
    connect: ({ protocol, host, hostname }, callback) => {
      dialer.dial(new URL(`${protocol}//${host ?? hostname}`)).then(
        (socket) => callback(null, socket),
        (error: Error) => callback(error, null),
      );
    },
  });
}

/**
 * The agent alone loads in a third of the time of the whole package, which has no `exports` map that would forbid it.
 * The parser's WebAssembly would be optimised in the background, and the process could not end before that is done.
 */
async function loadAgent(): Promise<typeof Agent> {
  v8.setFlagsFromString('--liftoff-only');
  return (await import('undici/lib/dispatcher/agent.js')).default;
}

function dispatch(agent: Agent, sending: Sending, signal: AbortSignal): Promise<Exchange> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let answered = false;
    const inbox = createInbox<Uint8Array, undefined>({
      maxBytes: HELD_BYTES,
      maxItems: Number.POSITIVE_INFINITY,
      pause: () => controller?.pause(),
      resume: () => controller?.resume(),
    });
    const limits = watch(sending, signal, (reason) => {
      reject(reason);
      inbox.stop(reason);
      controller?.abort(new Error('stopped'));
    });
    const cancel = () => {
      inbox.end(undefined);
      if (limits.lift()) controller?.abort(new Error('cancelled'));
    };

    agent.dispatch(requestOf(sending), {
      onRequestStart(started) {
        controller = started;
        if (limits.lifted()) started.abort(new Error('stopped'));
      },
      onResponseStart(_controller, status, headers) {
        if (status < 200) return;
        answered = true;
        limits.answered();
        resolve({ status, headers, body: drain(inbox, cancel), cancel });
      },
      onResponseData(_controller, chunk) {
        inbox.push(chunk, chunk.length);
      },
      onResponseEnd() {
        limits.lift();
        inbox.end(undefined);
      },
      onResponseError(_controller, error) {
        limits.lift();
        const failure = exchangeFailure(sending.peer, error, { answered });
        reject(failure);
        inbox.fail(failure);
      },
    });
  });
}

async function* drain(
  inbox: Inbox<Uint8Array, undefined>,
  cancel: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let taken = await inbox.take(); 'items' in taken; taken = await inbox.take())
      yield* joined(taken.items);
  } finally {
    cancel();
  }
}

/** Chunks as small as lines would cost more on their way than all that is done with them. */
function* joined(chunks: readonly Uint8Array[]): Generator<Uint8Array, void, undefined> {
  let few: Uint8Array[] = [];
  let size = 0;
  for (const chunk of chunks) {
    if (size > 0 && size + chunk.length > JOINED) {
      yield oneOf(few);
      few = [];
      size = 0;
    }
    few.push(chunk);
    size += chunk.length;
  }
  if (few.length > 0) yield oneOf(few);
}

function oneOf(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return only && chunks.length === 1 ? only : Buffer.concat(chunks);
}

interface Limits {
  /** Ends the watch; false when it had ended. */
  lift(): boolean;
  lifted(): boolean;
  /** The headers have come. */
  answered(): void;
}

/** Calls `stop` once, with the signal's reason or a timeout, unless lifted before. */
function watch(
  { timeout, until, peer }: Sending,
  signal: AbortSignal,
  stop: (reason: unknown) => void,
): Limits {
  let over = false;
  const lift = () => {
    if (over) return false;
    over = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    return true;
  };
  const onAbort = () => {
    if (lift()) stop(signal.reason);
  };
  const onTimeout = () => {
    if (lift()) stop(answerTimeout(peer, timeout));
  };
  const timer = timeout > 0 ? setTimeout(onTimeout, timeout) : undefined;
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    lift,
    lifted: () => over,
    answered() {
      if (until === 'headers') clearTimeout(timer);
    },
  };
}

function requestOf({ destination, method, headers, body }: Sending): Dispatcher.DispatchOptions {
  return {
    origin: destination.url.origin,
    path: destination.path,
    method,
    headers: { ...headers },
    body: body ?? null,
  };
}

function closedHere(peer: Peer): Error {
  return exchangeFailure(peer, Object.assign(new Error('closed'), { code: 'UND_ERR_CLOSED' }), {
    answered: false,
  });
}
