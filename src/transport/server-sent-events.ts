// One connection of an event stream, read by the eventsource package over our own HTTP. Never reconnects; knows no platform.
import { CliError } from '../errors.ts';
import { destinationOf } from './destination.ts';
import type { Peer } from './failures.ts';
import type { Http } from './http.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { shortText } from './masking.ts';
import type { HttpRequest, HttpStream, ServerSentEvent } from './network.ts';
import type { NetworkOptions } from './open-network.ts';
import { peerOf } from './proxy.ts';
import { retryAfterMillis } from './retry.ts';

export interface EventStreams {
  open(
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<ServerSentEvent[], void, undefined>>;
}

const MIB = 1024 * 1024;
/** Bytes since the last line end, and since the last blank line: the package itself would gather them without end. */
const LIMITS = { line: MIB, event: 16 * MIB };
/** What is held before the body is read no further. */
const HELD = { bytes: 256 * 1024, events: 2048 };
/** Of a refusal's body, and milliseconds to wait for its end. */
const REFUSAL = { bytes: 8 * 1024, millis: 2_000 };
const COMMENT: ServerSentEvent = { event: '', data: '' };

export function createEventStreams(options: NetworkOptions, http: Http): EventStreams {
  return {
    async open(request, signal) {
      const peer = peerOf(destinationOf(request.url, options).url, options);
      const headers = { accept: 'text/event-stream', 'cache-control': 'no-store', ...request.headers };
      const stream = await http.stream({ ...request, headers }, signal);
      await assertEventStream(stream, peer);
      return events(stream, request.url, peer);
    },
  };
}

async function assertEventStream(stream: HttpStream, peer: Peer): Promise<void> {
  const { status, headers } = stream;
  const type = String(headers['content-type'] ?? '');
  if (status === 200 && type.startsWith('text/event-stream')) return;
  const text = status === 200 ? '' : shortText(await beginningOf(stream));
  stream.cancel();
  if (status === 200) {
    throw new CliError(
      'platform',
      `${peer.who}: ${peer.place} answered with ${shortText(type) || 'no content type'} instead of an event stream`,
    );
  }
  const retryAfter = retryAfterMillis(status, headers, Date.now());
  throw new CliError(
    'unavailable',
    `${peer.who}: ${peer.place} refused the event stream (${status}${text ? `: ${text}` : ''})`,
    {
      status,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  );
}

/** As much of a refusal as is worth showing; never throws, ends the stream. */
async function beginningOf(stream: HttpStream): Promise<string> {
  const timer = setTimeout(() => stream.cancel(), REFUSAL.millis);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream.body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= REFUSAL.bytes) break;
    }
  } catch {
    // The status says enough.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function* events(
  stream: HttpStream,
  url: string,
  peer: Peer,
): AsyncGenerator<ServerSentEvent[], void, undefined> {
  const gate = createGate();
  const inbox = createInbox<ServerSentEvent, undefined>({
    maxBytes: HELD.bytes,
    maxItems: HELD.events,
    pause: gate.shut,
    resume: gate.open,
  });
  const { EventSource } = await import('eventsource');
  const body = guarded(stream, { inbox, peer, gate });
  let connections = 0;
  const source = new EventSource(url, {
    fetch: async (address) => {
      connections += 1;
      if (connections > 1) throw new Error('one instance is one connection');
      // Node would load a whole fetch for its own Headers.
      const headers = {
        get: (name: string) => (name.toLowerCase() === 'content-type' ? 'text/event-stream' : null),
      };
      return { url: String(address), status: 200, redirected: false, headers, body };
    },
  });
  // Listeners would have to know the names of the events.
  source.dispatchEvent = (event: Event) => {
    if (isMessage(event)) {
      const text = event.data;
      inbox.push({ event: event.type, data: text }, text.length);
    } else if (event.type === 'error') {
      source.close();
      inbox.end(undefined);
    }
    return true;
  };
  try {
    for (let taken = await inbox.take(); 'items' in taken; taken = await inbox.take()) yield taken.items;
  } finally {
    source.close();
    gate.open();
    stream.cancel();
  }
}

function isMessage(event: Event): event is Event & { readonly data: string } {
  return 'data' in event && typeof event.data === 'string';
}

interface Gate {
  shut(): void;
  open(): void;
  passed(): Promise<void> | undefined;
}

function createGate(): Gate {
  let waiting: Promise<void> | undefined;
  let release = () => {};
  return {
    shut() {
      waiting = new Promise((resolve) => {
        release = resolve;
      });
    },
    open() {
      waiting = undefined;
      release();
    },
    passed: () => waiting,
  };
}

interface Guarding {
  readonly inbox: Inbox<ServerSentEvent, undefined>;
  readonly peer: Peer;
  readonly gate: Gate;
}

/** The body as the package reads it: held back while nobody takes events, limited, its comments noticed. */
function guarded(stream: HttpStream, { inbox, peer, gate }: Guarding): ReadableStream<Uint8Array> {
  const chunks = stream.body[Symbol.asyncIterator]();
  const scan = createScan(peer);
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          await gate.passed();
          const next = await chunks.next();
          if (next.done) {
            controller.close();
            return;
          }
          if (scan(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)))
            inbox.push(COMMENT, 1);
          controller.enqueue(next.value);
        } catch (error) {
          inbox.fail(error);
          controller.error(error);
        }
      },
      cancel: () => stream.cancel(),
    },
    { highWaterMark: 0 },
  );
}

/** Returns whether a comment, or a line that is no field (a keepalive of a form of its own), begins in the chunk; throws when a line or an event outgrows its limit. */
function createScan({ who, place }: Peer): (chunk: Buffer) => boolean {
  let line = 0;
  let event = 0;
  // Line ends and blank lines may be split over chunks.
  let tail = '\n';
  return (chunk) => {
    const text = tail + chunk.toString('latin1');
    const before = tail.length;
    const toFirstEnd = text.slice(before).search(/[\r\n]/);
    const longest = line + (toFirstEnd < 0 ? chunk.length : toFirstEnd);
    line = sinceLast(text, before, ['\n', '\r']) ?? line + chunk.length;
    event = sinceLast(text, before, ['\n\n', '\n\r\n', '\r\r']) ?? event + chunk.length;
    tail = text.slice(-2);
    if (longest > LIMITS.line) throw new CliError('platform', `${who}: ${place} sent a line without an end`);
    if (event > LIMITS.event) throw new CliError('platform', `${who}: ${place} sent an event without an end`);
    return /[\r\n](?::|(?!data|event|id|retry)[a-z]+\s*[\r\n])/i.test(text.slice(before - 1));
  };
}

/** Characters behind the last of the ends, if one lies in the new part of the text. */
function sinceLast(text: string, before: number, ends: readonly string[]): number | undefined {
  const behind = Math.max(...ends.map((end) => text.lastIndexOf(end) + end.length));
  return behind > before ? text.length - behind : undefined;
}
