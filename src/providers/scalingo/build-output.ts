// The stored output of a deployment, read from its beginning. Knows neither the live stream nor what was given before.
import { CliError } from '../../errors.ts';
import { type LogBody, LogEntry } from '../../model.ts';
import { createLineSplitter, type LineSplitter } from '../../transport/lines.ts';
import type { HttpStream } from '../../transport/network.ts';
import { aboutApp, type ScalingoClient } from './client.ts';
import type { AppPlace } from './deployments.ts';
import { refusal } from './download.ts';
import { named, type Subject } from './refusal.ts';
import { parseLine } from './translate.ts';

export interface StoredOutput {
  readonly client: ScalingoClient;
  readonly subject: Subject;
  readonly url: string;
  readonly id: string;
}

export interface OutputEnd {
  /** 0 for an output that is not there. */
  readonly bytes: number;
  readonly absent: boolean;
  /** What stands behind the last line end, or null. */
  readonly tail: LogEntry | null;
}

/**
 * The link leads to the same place by the app's id (wire: Scalingo 4.1). It is followed only where it may be given the
 * credential, and never from https to http; else the address is built.
 */
export function outputAddress(
  client: ScalingoClient,
  { app, region }: AppPlace,
  deployment: { readonly id: string; readonly link: string | null },
): string {
  const { id, link } = deployment;
  if (link !== null && /^https?:/.test(link) && client.trusts(link)) {
    const { protocol } = new URL(link);
    if (protocol === 'https:' || protocol === new URL(region.api).protocol) return link;
  }
  return aboutApp(region, app, `/deployments/${encodeURIComponent(id)}/output`).url;
}

/** Whole lines, a batch per piece that comes, empty ones too: whoever skips what is known is seen to live. */
export async function* readOutput(
  output: StoredOutput,
  signal: AbortSignal,
): AsyncGenerator<LogEntry[], OutputEnd, undefined> {
  const stream = await openOutput(output, signal);
  if (stream === null) return { bytes: 0, absent: true, tail: null };
  const splitter = buildLines(output.id);
  let bytes = 0;
  try {
    for await (const chunk of stream.body) {
      bytes += chunk.length;
      yield splitter.push(chunk);
    }
  } catch (error) {
    throw named(error, output.subject);
  } finally {
    stream.cancel();
  }
  return { bytes, absent: false, tail: splitter.end().items[0] ?? null };
}

/** ANSI sequences stay; lines of a postdeploy hook are lines of the app's log and end in CR LF (wire: Scalingo 4.1). */
export function buildLines(id: string): LineSplitter<LogEntry> {
  const parse = (raw: string): LogBody => ({ ...parseLine(raw), source: 'build', deployment: id });
  return createLineSplitter({
    make: (text, bytes, truncated) => new LogEntry(text, parse, bytes, truncated),
  });
}

/** null where there is none: not yet, or not any more. */
async function openOutput(
  { client, url, subject }: StoredOutput,
  signal: AbortSignal,
): Promise<HttpStream | null> {
  const stream = await client.asker.stream({ url, subject }, signal);
  const { status, headers } = stream;
  const isPage = String(headers['content-type']).includes('html');
  if (status === 200 && !isPage) return stream;
  stream.cancel();
  if (status === 404 || status === 204) return null;
  if (status !== 200) throw refusal(stream, subject);
  throw new CliError('platform', `Scalingo answered with a page of HTML for ${subject.what}.`);
}
