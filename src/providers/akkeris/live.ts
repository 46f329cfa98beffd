// One live connection: a session of its own and its stream, which is silent until the app logs. Knows nothing of the past.
import { CliError } from '../../errors.ts';
import { compareInstants, type Instant, LogEntry, type Notice } from '../../model.ts';
import type { Batch, LiveEnd, LiveStart } from '../../provider.ts';
import { createLineSplitter } from '../../transport/lines.ts';
import type { HttpStream } from '../../transport/network.ts';
import { retryAfterMillis } from '../../transport/retry.ts';
import { settlesWithin } from '../../wait.ts';
import { type AkkerisClient, type LogPlace, type LogSession, MOST_LINES } from './client.ts';
import { named } from './refusal.ts';
import { parseLine } from './translate.ts';

/** One log as it is read: what was said on one connection is not said again on the next. */
export interface LogReading {
  readonly client: AkkerisClient;
  readonly place: LogPlace;
  /** Whether the stream is to go on when what the platform remembers has been said. */
  readonly follow: boolean;
  limitSaid: boolean;
  silenceSaid: boolean;
}

type Live = AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined>;

export async function* readLive(log: LogReading, start: LiveStart, signal: AbortSignal): Live {
  const { client, place, follow: tail } = log;
  const wanted = 'lines' in start ? start.lines : MOST_LINES;
  const lines = linesAsked(wanted);
  const session = await client.createSession(place, { lines, tail }, signal);
  const stop = linked(signal);
  const batches = readStream(log, session, stop.signal);
  const first = batches.next();
  try {
    yield* whileSilent(log, first, wanted);
    let step = await first;
    if (wanted < 1) step = withoutOlder(step, session.created);
    for (; step.done !== true; step = await batches.next()) yield step.value;
    return step.value;
  } finally {
    stop.abort();
    first.catch(() => undefined);
    await batches.return(STOPPED).catch(() => undefined);
  }
}

/** A session cannot be asked for less than one line. */
export function linesAsked(wanted: number): number {
  return Math.min(MOST_LINES, Math.max(1, Math.floor(wanted)));
}

const STOPPED: LiveEnd = { end: 'dropped', reason: 'stopped here' };

/** Says what has to be said before the first line, which may take for ever, and that the request is under way. */
async function* whileSilent(
  log: LogReading,
  first: Promise<unknown>,
  wanted: number,
): AsyncGenerator<Batch<LogEntry>, void, undefined> {
  const { standsAfter, hintAfter } = log.client.timing;
  const arrived = await settlesWithin(first, standsAfter);
  // A stream that has failed by now does not stand.
  if (arrived) await first;
  const notices = limitNotices(log, wanted);
  if (!arrived || notices.length > 0) yield notices.length > 0 ? { items: [], notices } : { items: [] };
  if (arrived || log.silenceSaid || (await settlesWithin(first, hintAfter - standsAfter))) return;
  log.silenceSaid = true;
  yield { items: [], notices: [SILENCE] };
}

const SILENCE: Notice = {
  kind: 'hint',
  message: 'connected, waiting for lines: Akkeris sends nothing at all until the app logs',
};

function limitNotices(log: LogReading, wanted: number): Notice[] {
  if (wanted <= MOST_LINES || log.limitSaid) return [];
  log.limitSaid = true;
  return [{ kind: 'limit', message: `Akkeris is asked for ${MOST_LINES} lines, the most that it allows` }];
}

/**
 * Nobody wanted a line of the past, but a session cannot be asked for less than one. Where a server does hand out the
 * past, its newest line comes first: that line is left out if it is certainly older than the session.
 */
function withoutOlder(
  step: IteratorResult<Batch<LogEntry>, LiveEnd>,
  created: Instant | null,
): IteratorResult<Batch<LogEntry>, LiveEnd> {
  if (step.done === true || created === null) return step;
  const [oldest, ...items] = step.value.items;
  const time = oldest?.body.ts ?? null;
  if (time === null || compareInstants(endOf(time), created) > 0) return step;
  const { cut, ...batch } = step.value;
  return { done: false, value: { ...batch, items, ...(cut !== undefined && items.length > 0 && { cut }) } };
}

/** The end of the span that the digits leave open: a time in whole seconds may be almost a second later. */
function endOf({ seconds, nanos, digits }: Instant): Instant {
  const end = nanos + 10 ** (9 - digits);
  return { seconds: seconds + Math.floor(end / 1e9), nanos: end % 1e9, digits };
}

/** Headers come with the first line; neither they nor the lines have a limit of time (wire: Akkeris 2.2). */
async function* readStream(log: LogReading, session: LogSession, signal: AbortSignal): Live {
  const { client, place, follow } = log;
  const splitter = createLineSplitter({
    make: (text, bytes, truncated) => new LogEntry(text, parseLine, bytes, truncated),
  });
  let stream: HttpStream | undefined;
  try {
    // No credential: the session's address is enough, and its host is a foreign one.
    stream = await client.network.stream({ url: session.url, timeout: 0, retry: false }, signal);
    const { status } = stream;
    // Too old, or read before: another session is the remedy.
    if (status === 404 || status === 410)
      return { end: 'dropped', reason: `Akkeris's log session is gone (${status})` };
    if (status < 200 || status > 299 || isHtml(stream)) throw streamRefusal(stream, place);
    for await (const chunk of stream.body) {
      const items = splitter.push(chunk);
      if (items.length > 0) yield { items };
    }
    const rest = splitter.end();
    // The log servers end every line; half a line that ends well was cut by something on the way.
    if (rest.items.length > 0) yield follow ? { items: rest.items, cut: true } : { items: rest.items };
    return { end: follow ? 'dropped' : 'ended', reason: 'Akkeris ended the log session' };
  } catch (error) {
    if (signal.aborted) throw error;
    const rest = splitter.end();
    if (rest.items.length > 0) yield { items: rest.items, cut: true };
    if (stream !== undefined && follow && isBreak(error)) {
      return { end: 'dropped', reason: `Akkeris's log stream for ${place.subject.what} broke off` };
    }
    throw named(error, place.subject);
  } finally {
    stream?.cancel();
  }
}

/** Not a refusal, which has a status. */
function isBreak(error: unknown): boolean {
  return (
    error instanceof CliError && error.kind === 'unavailable' && error.retryable && error.status === undefined
  );
}

function isHtml({ headers }: HttpStream): boolean {
  return String(headers['content-type']).includes('html');
}

/** It may be a moment's trouble of something on the way: a tail goes on trying. */
function streamRefusal(stream: HttpStream, { subject }: LogPlace): CliError {
  const { status, headers } = stream;
  const retryAfter = retryAfterMillis(status, headers, Date.now());
  const said = isHtml(stream) ? `a page of HTML (${status})` : `${status}`;
  return new CliError('unavailable', `Akkeris's log server answered ${said} for ${subject.what}.`, {
    status,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

function linked(signal: AbortSignal): { readonly signal: AbortSignal; abort(): void } {
  const own = new AbortController();
  const onAbort = () => own.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: own.signal,
    abort() {
      signal.removeEventListener('abort', onAbort);
      own.abort(new CliError('unavailable', 'stopped'));
    },
  };
}
