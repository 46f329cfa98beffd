// Requests and streams as adapters see them: credential rules, retries, redirects, decoding, limits. Knows no platform.
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { cutOff } from '../cut-off.ts';
import { CliError } from '../errors.ts';
import { wait } from '../wait.ts';
import { assertMayCarryCredential, type Destination, destinationOf, subjectOf } from './destination.ts';
import type { Exchange, Exchanger } from './exchange.ts';
import { exchangeFailure, type Peer, seconds } from './failures.ts';
import type { HttpAnswer, HttpRequest, HttpStream } from './network.ts';
import type { NetworkOptions } from './open-network.ts';
import { peerOf } from './proxy.ts';
import { delayBeforeRetry, type RetryRules } from './retry.ts';
import { limitSilence, SILENCE, stalled } from './silence.ts';
import { type Exchanged, traceOutgoing } from './tracing.ts';

export interface Http {
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  stream(request: HttpRequest, signal: AbortSignal): Promise<HttpStream>;
}

const TIMEOUT = 30_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** What a further attempt has at least, however late it begins. */
const SHORTEST_TURN = 1000;
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const RETRY: RetryRules = { firstDelay: 500, maxTotal: 30_000 };

export function createHttp(options: NetworkOptions, exchanger: Exchanger): Http {
  const rules = { ...RETRY, ...options.retry };
  const who = subjectOf(options);

  const send = async (request: HttpRequest, until: 'headers' | 'end', signal: AbortSignal): Promise<Sent> => {
    const destination = destinationOf(request.url, options);
    if (request.credential) assertMayCarryCredential(destination, options);
    const peer = peerOf(destination.url, options);
    const sending = {
      destination,
      method: request.method ?? 'GET',
      headers: headersOf(request, options.userAgent),
      body: request.body,
      timeout: request.timeout ?? TIMEOUT,
      until,
      peer,
    };
    const credential = Object.keys(request.credential ?? {});
    const trace = traceOutgoing(options, { ...sending, credential, secretQuery: request.secretQuery });
    try {
      const exchange = await exchanger.send(sending, signal);
      trace.answer(exchange.status, exchange.headers);
      return { exchange, destination, peer, trace };
    } catch (error) {
      if (error instanceof CliError) trace.note(error.message);
      throw error;
    }
  };

  const attempt = async (request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> => {
    let { url } = request;
    for (let redirects = 0; ; redirects++) {
      const sent = await send({ ...request, url }, 'end', signal);
      const answer = await readAnswer(sent, request.maxBytes ?? MAX_BYTES);
      sent.trace.body(answer.text, answer.headers, answer.status);
      const next = redirects < MAX_REDIRECTS ? redirectOf(request, answer, sent.destination) : undefined;
      if (next === undefined) return answer;
      url = next;
    }
  };

  return {
    async request(request, signal) {
      const retry = request.retry ?? (request.method ?? 'GET') === 'GET';
      const began = Date.now();
      let before: Outcome | undefined;
      for (let number = 1; ; number++) {
        const left = rules.maxTotal - (Date.now() - began);
        const answered = await again(
          before,
          { left, limit: request.timeout ?? TIMEOUT, rules, signal },
          (own) => attempt(request, own),
        );
        signal.throwIfAborted();
        const outcome = judged(answered, request);
        before = outcome;
        const now = Date.now();
        const delay = retry
          ? delayBeforeRetry({ outcome, number, elapsed: now - began, now }, rules)
          : undefined;
        if (delay === undefined) {
          if ('error' in answered) throw answered.error;
          return answered;
        }
        options.onWait?.(`${what(who, request.url, outcome)}, asking again in ${seconds(delay)}`);
        await wait(delay, signal);
      }
    },
    async stream(request, signal) {
      const { exchange, trace, peer } = await send(request, 'headers', signal);
      const { status, headers, cancel } = exchange;
      const body = request.ends
        ? limitSilence(exchange.body, {
            millis: () => options.silence ?? SILENCE,
            stop: cancel,
            silent(millis) {
              throw stalled(`${peer.who}: ${peer.place}`, millis);
            },
          })
        : exchange.body;
      return { status, headers, body: options.trace ? traced(body, trace) : body, cancel };
    },
  };
}

interface Sent {
  readonly exchange: Exchange;
  readonly destination: Destination;
  readonly peer: Peer;
  readonly trace: Exchanged;
}

type Outcome = HttpAnswer | { readonly error: unknown };

/** Lower-case names, the credential last. */
export function headersOf(
  request: Pick<HttpRequest, 'headers' | 'credential'>,
  userAgent: string,
): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': userAgent };
  for (const [name, value] of Object.entries({ ...request.headers, ...request.credential })) {
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** The whole body, at most `maxBytes`; throws a `platform` CliError for more. Ends the connection then. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  peer: Peer,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(peer, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

async function readAnswer({ exchange, peer }: Sent, maxBytes: number): Promise<HttpAnswer> {
  const { status, headers } = exchange;
  const received = await readBody(exchange.body, maxBytes, peer);
  const body = await decoded(received, String(headers['content-encoding'] ?? ''), { maxBytes, peer });
  return { status, headers, text: body.toString('utf8') };
}

const DECODERS: Readonly<
  Record<string, (body: Buffer, limit: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

async function decoded(body: Buffer, encoding: string, { maxBytes, peer }: { maxBytes: number; peer: Peer }) {
  const decode = DECODERS[encoding.trim().toLowerCase()];
  if (!decode || body.length === 0) return body;
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(peer, maxBytes);
    throw exchangeFailure(peer, error, { answered: true });
  }
}

function tooLarge({ who, place }: Peer, maxBytes: number): CliError {
  return new CliError('platform', `${who}: ${place} answered with more than ${maxBytes} bytes`);
}

/** Only where nothing can leak: a GET without credential that stays on its origin. Everything else is the adapter's to judge. */
function redirectOf(request: HttpRequest, answer: HttpAnswer, { url }: Destination): string | undefined {
  const { location } = answer.headers;
  if (!REDIRECTS.has(answer.status) || typeof location !== 'string') return undefined;
  if ((request.method ?? 'GET') !== 'GET' || request.credential || !URL.canParse(location, url.href))
    return undefined;
  const target = new URL(location, url);
  return target.origin === url.origin ? target.href : undefined;
}

function settled(attempt: Promise<HttpAnswer>): Promise<Outcome> {
  return attempt.catch((error: unknown) => ({ error }));
}

interface Turn {
  /** Milliseconds of the budget. */
  readonly left: number;
  /** Milliseconds that the request itself may take. */
  readonly limit: number;
  readonly rules: RetryRules;
  readonly signal: AbortSignal;
}

/** One attempt. A further one has what is left of the budget; when that is up, what came of the one `before` stands. */
async function again(
  before: Outcome | undefined,
  { left, limit, rules, signal }: Turn,
  attempt: (signal: AbortSignal) => Promise<HttpAnswer>,
): Promise<Outcome> {
  // A request that is meant to hold for longer than all retries keeps its own limit.
  const mayHold = limit === 0 || limit > Math.max(TIMEOUT, rules.maxTotal);
  if (before === undefined || mayHold) return settled(attempt(signal));
  const limited = cutOff(signal, { millis: Math.max(left, SHORTEST_TURN), reason: undefined });
  try {
    const outcome = await settled(attempt(limited.signal));
    return limited.isCut && !signal.aborted ? before : outcome;
  } finally {
    limited.close();
  }
}

function judged(outcome: Outcome, { statusOf }: HttpRequest): Outcome {
  if (statusOf === undefined || 'error' in outcome) return outcome;
  return { ...outcome, status: statusOf(outcome) };
}

function what(who: string, url: string, outcome: Outcome): string {
  if (!('error' in outcome)) return `${who}: ${new URL(url).host} answered ${outcome.status}`;
  return outcome.error instanceof Error ? outcome.error.message : who;
}

/** Hands a stream's chunks on and their sizes to the trace. */
async function* traced(
  body: AsyncIterable<Uint8Array>,
  trace: Exchanged,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of body) {
    trace.note(`${chunk.length} bytes`);
    yield chunk;
  }
  trace.note('end of the stream');
}
