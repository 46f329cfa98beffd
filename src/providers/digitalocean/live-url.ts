// One reading of a live URL: by websocket, or as plain text where websockets are refused. Sends no credential.
import { CliError } from '../../errors.ts';
import { countOf, type LogEntry, type Notice } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import { seconds } from '../../transport/failures.ts';
import type { HttpStream, SocketClose, WebSocketConnection } from '../../transport/network.ts';
import { harmless } from '../../transport/refusals.ts';
import { limitSilence, stalled } from '../../transport/silence.ts';
import { createFrameReader, type FrameReader } from './frames.ts';
import { entrySplitter, type LogReading } from './reading.ts';
import { named, refusalOf } from './refusal.ts';

export interface Ending {
  /** Ended as if all had been said; otherwise something may have been on its way. */
  readonly clean: boolean;
  /** For people. */
  readonly reason: string;
  /** What is to be said of it. */
  readonly notices?: readonly Notice[];
}

export interface LiveLog {
  readonly notices: readonly Notice[];
  /**
   * A batch without items is a sign of life. Throws what the signal was aborted with and, of one that ends by itself,
   * that it has stalled.
   */
  readonly batches: AsyncGenerator<Batch<LogEntry>, Ending, undefined>;
  /** Ends it at once; what has come is still handed over. */
  end(): void;
}

export interface LiveUrl {
  readonly url: string;
  /** Whether lines go on coming after all that there is: then half a line at the end was cut, however it ended. */
  readonly goesOn: boolean;
  /** Another one for the same log; asked for when this one has gone. null when the platform has none any more. */
  renew(signal: AbortSignal): Promise<string | null>;
}

/**
 * The host is another one than the API's, and its token is its own (wire: DigitalOcean 2.4). A URL that is refused as
 * gone is renewed once. Throws CliError.
 */
export async function openLiveUrl(
  log: LogReading,
  { url, goesOn, renew }: LiveUrl,
  signal: AbortSignal,
): Promise<LiveLog> {
  let address = url;
  let refused = await trySocket(log, { url: address, goesOn }, signal);
  if (typeof refused === 'object') return refused;
  if (GONE.has(refused)) {
    address = (await renew(signal)) ?? address;
    refused = await trySocket(log, { url: address, goesOn }, signal);
    if (typeof refused === 'object') return refused;
  }
  if (!/^http/i.test(address)) throw refusal(log, refused);
  return openText(log, { url: address, goesOn, refused }, signal);
}

/** Answers that a signed URL gets when it has expired or was used. */
const GONE: ReadonlySet<number> = new Set([401, 403, 404, 410]);

/** The connection, or the status of an answer that is no websocket and no passing trouble. */
async function trySocket(
  log: LogReading,
  { url, goesOn }: Pick<LiveUrl, 'url' | 'goesOn'>,
  signal: AbortSignal,
): Promise<LiveLog | number> {
  try {
    return readSocket(log, await log.client.network.websocket({ url }, signal), goesOn);
  } catch (error) {
    const status = error instanceof CliError ? error.status : undefined;
    if (status === undefined || status === 429 || status >= 500) throw named(error, log.place.subject);
    return status;
  }
}

function readSocket(log: LogReading, connection: WebSocketConnection, goesOn: boolean): LiveLog {
  const reader = createFrameReader(log.place.parser());
  async function* batches(): LiveLog['batches'] {
    try {
      for (;;) {
        const step = await connection.frames.next();
        if (step.done !== true) {
          yield reader.read(step.value);
          continue;
        }
        const clean = CLEAN.has(step.value.code);
        const rest = reader.end({ broken: goesOn || !clean });
        if (rest !== null) yield rest;
        return { clean, reason: closeReason(step.value) };
      }
    } finally {
      connection.terminate();
    }
  }
  const end = () => connection.terminate();
  if (goesOn) return { notices: [], batches: batches(), end };
  return { notices: [], batches: untilSilent(log, { batches: batches(), reader, end }), end };
}

/**
 * Whether every server closes what it has replayed is not known (wire: DigitalOcean 2.4, 11.1): one of their users ends
 * all such reading after 8 s (wire: DigitalOcean 10). A silence behind a whole line is taken for the end, one inside a
 * line or before the first is a connection that has stalled. Pings prove nothing: they come after the end as well.
 */
function untilSilent(
  log: LogReading,
  { batches, reader, end }: Pick<LiveLog, 'batches' | 'end'> & { readonly reader: FrameReader },
): LiveLog['batches'] {
  const { network, timing } = log.client;
  let hasLines = false;
  let isEnd = false;
  const isWhole = () => hasLines && !reader.isOpen;
  return limitSilence(batches, {
    millis: () => (isWhole() ? timing.quiet : network.silence),
    counts(batch) {
      hasLines ||= countOf(batch) > 0;
      return countOf(batch) > 0 || reader.isOpen;
    },
    stop() {
      isEnd = isWhole();
      end();
    },
    silent(millis) {
      if (!isEnd) throw named(stalled("DigitalOcean's log server", millis), log.place.subject);
      return { clean: true, reason: 'nothing more came', notices: quietNotices(log, millis) };
    },
  });
}

function quietNotices(log: LogReading, millis: number): Notice[] {
  if (log.saidQuiet) return [];
  log.saidQuiet = true;
  const message = `DigitalOcean keeps the connection open behind the last line; ${seconds(millis)} of silence are taken for the end`;
  return [{ kind: 'hint', message }];
}

/** Normal, going away, and a close without a code: something came to its end in good order (wire: DigitalOcean 2.4). */
const CLEAN: ReadonlySet<number> = new Set([1000, 1001, 1005]);

function closeReason({ code, reason }: SocketClose): string {
  const words = harmless(reason);
  if (code === 1006) return 'the connection broke (1006)';
  return words === null ? `closed by DigitalOcean (${code})` : `closed by DigitalOcean (${code}: ${words})`;
}

/** Over plain HTTP the body is the log's text itself (wire: DigitalOcean 2.4). */
async function openText(
  log: LogReading,
  { url, goesOn, refused }: Pick<LiveUrl, 'url' | 'goesOn'> & { readonly refused: number },
  signal: AbortSignal,
): Promise<LiveLog> {
  let stream: HttpStream;
  try {
    stream = await log.client.network.stream(goesOn ? { url } : { url, ends: true }, signal);
  } catch (error) {
    throw named(error, log.place.subject);
  }
  if (stream.status !== 200 || /html|xml/.test(String(stream.headers['content-type']))) {
    stream.cancel();
    if (stream.status === 429 || stream.status >= 500) {
      throw refusalOf({ status: stream.status, headers: stream.headers, text: '' }, log.place.subject);
    }
    throw refusal(log, refused);
  }
  return {
    notices: plainNotices(log, refused),
    batches: textBatches(log, { stream, goesOn }, signal),
    end: stream.cancel,
  };
}

async function* textBatches(
  log: LogReading,
  { stream, goesOn }: { readonly stream: HttpStream; readonly goesOn: boolean },
  signal: AbortSignal,
): LiveLog['batches'] {
  const splitter = entrySplitter(log.place);
  try {
    for await (const chunk of stream.body) {
      const items = splitter.push(chunk);
      if (items.length > 0) yield { items };
    }
    const { items } = splitter.end();
    if (items.length > 0) yield goesOn ? { items, cut: true } : { items };
    return { clean: true, reason: 'DigitalOcean ended the stream' };
  } catch (error) {
    if (signal.aborted || !(error instanceof CliError)) throw error;
    const { items } = splitter.end();
    if (items.length > 0) yield { items, cut: true };
    if (error.partial) throw named(error, log.place.subject);
    return { clean: false, reason: error.message };
  } finally {
    stream.cancel();
  }
}

function plainNotices(log: LogReading, status: number): Notice[] {
  if (log.saidPlain) return [];
  log.saidPlain = true;
  return [
    {
      kind: 'hint',
      message: `DigitalOcean's log server refused a websocket (${status}); the plain text is read instead`,
    },
  ];
}

/** A fresh URL was refused: that may pass, and so it may be tried again. */
function refusal({ place }: LogReading, status: number): CliError {
  return new CliError('unavailable', `DigitalOcean's log server refuses ${place.subject.what} (${status}).`, {
    status,
  });
}
