// The hot log, read once: about so many lines, of several back ends, out of order (wire: Scalingo 2.2).
// Knows neither archives nor the live connection.
import { CliError } from '../../errors.ts';
import { type LogBody, LogEntry, type Lot } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import type { LineReading } from '../../transport/line-bundle.ts';
import { createLineSplitter, type LineSplitter, splitLines } from '../../transport/lines.ts';
import type { HttpStream } from '../../transport/network.ts';
import { stampAt } from '../../transport/stamps.ts';
import type { ScalingoClient } from './client.ts';
import { openDownload, refusal, withQuery } from './download.ts';
import { findParts } from './line-parts.ts';
import type { LogPlace } from './place.ts';
import { named } from './refusal.ts';

/** One log as it is read: what was learnt about the platform on one connection holds for the next. */
export interface LogReading {
  readonly client: ScalingoClient;
  readonly place: LogPlace;
  /** What the platform is asked to narrow to; null once it has refused it. */
  filter: string | null;
  /** Whether websockets have been refused and the event stream has worked. */
  viaEvents: boolean;
  /** Whether it was said that there is no log. */
  saidNothing: boolean;
}

/** What a reading has brought. */
export interface Tally {
  count: number;
  /** Lines before `since`. */
  before: number;
  /** Milliseconds since the epoch, of all that have a time; Infinity without. */
  oldest: number;
  oldestLine: string | null;
}

/** Bytes of a line that are kept. */
export const LONGEST_LINE = 1024 * 1024;
/** More than a log of 50 MiB holds; and what is asked for instead where the platform finds that too much. */
export const WHOLE_LOG = 1_000_000;
const MODEST = 100_000;

export function createTally(): Tally {
  return { count: 0, before: 0, oldest: Number.POSITIVE_INFINITY, oldestLine: null };
}

/** `since` in seconds since the epoch. */
export function count(tally: Tally, lot: Lot<LogEntry>, since: number): void {
  const at = lot.bundle?.at ?? lot.items.map((entry) => entry.at);
  tally.count += at.length;
  let oldest = -1;
  for (let index = 0; index < at.length; index += 1) {
    const millis = at[index] ?? Number.NaN;
    if (millis < since * 1000) tally.before += 1;
    if (millis < tally.oldest) {
      tally.oldest = millis;
      oldest = index;
    }
  }
  if (oldest >= 0) tally.oldestLine = lot.items[oldest]?.raw ?? null;
}

/** Nothing when the app has not logged yet. A line that broke off with the connection comes as `cut` before the error. */
export async function* readDump(
  log: LogReading,
  lines: number,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, void, undefined> {
  const stream = await openDump(log, lines, signal);
  if (stream === null) return;
  const splitter = entrySplitter(log.place);
  try {
    yield* splitLines(stream.body, splitter);
  } catch (error) {
    const { items } = splitter.end();
    if (items.length > 0 && !signal.aborted) yield { items, cut: true };
    throw named(error, log.place.subject);
  } finally {
    stream.cancel();
  }
}

export function entrySplitter({ parse }: LogPlace): LineSplitter<LogEntry> {
  return createLineSplitter(entryReading(parse));
}

/** How lines of this platform become entries. */
export function entryReading(parse: (raw: string) => LogBody): LineReading<LogEntry> {
  return {
    maxBytes: LONGEST_LINE,
    make: (text, bytes, truncated, at) => new LogEntry(text, parse, bytes, truncated, at),
    stamp: stampAt,
    find: findParts,
  };
}

async function openDump(log: LogReading, lines: number, signal: AbortSignal): Promise<HttpStream | null> {
  const { client, place } = log;
  let asked = lines;
  let renewed = false;
  for (;;) {
    const url = async (aborted: AbortSignal) =>
      withQuery(await place.logsUrl(aborted), { n: asked, filter: log.filter });
    const download = { network: client.network, rules: client.timing.retry, subject: place.subject, url };
    const stream = await openDownload(download, signal);
    const { status } = stream;
    if (status === 200 && !String(stream.headers['content-type']).includes('html')) return stream;
    stream.cancel();
    if (status === 204 || status === 404) return null;
    if (isSignatureRefusal(status) && !renewed) renewed = true;
    else if (isParameterRefusal(status) && log.filter !== null) log.filter = null;
    else if (isParameterRefusal(status) && asked > MODEST) asked = MODEST;
    else throw dumpRefusal(stream, place);
  }
}

export function isSignatureRefusal(status: number): boolean {
  return status === 401 || status === 403 || status === 410;
}

export function isParameterRefusal(status: number): boolean {
  return status === 400 || status === 422;
}

function dumpRefusal(stream: HttpStream, { subject }: LogPlace): CliError {
  const { status } = stream;
  if (status === 200) {
    return new CliError(
      'platform',
      `Scalingo's log server answered with a page of HTML for ${subject.what}.`,
    );
  }
  if (!isSignatureRefusal(status)) return refusal(stream, subject);
  const sentence = `Scalingo's log server refuses a freshly signed address for ${subject.what} (${status}).`;
  return new CliError('unavailable', sentence, { status });
}
