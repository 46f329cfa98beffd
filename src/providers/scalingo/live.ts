// One live connection: a websocket, or the event stream where websockets are refused. Knows nothing of the past.
import { CliError } from '../../errors.ts';
import type { LogEntry, Notice } from '../../model.ts';
import type { Batch, LiveEnd } from '../../provider.ts';
import type { ServerSentEvent, WebSocketConnection } from '../../transport/network.ts';
import { asHttp, withQuery } from './download.ts';
import { isParameterRefusal, type LogReading } from './dump.ts';
import { createFrameReader } from './frames.ts';
import { named } from './refusal.ts';

type Live = AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined>;

/** `lines` of the past are asked for first; the documentation allows it, no official client uses it. */
export async function* readLive(log: LogReading, lines: number, signal: AbortSignal): Live {
  if (!log.viaEvents) {
    const opened = await openSocket(log, lines, signal);
    if ('frames' in opened) return yield* readSocket(log, opened);
    const events = await openEvents(log, lines, signal);
    log.viaEvents = true;
    return yield* readEvents(log, events, [fallbackNotice(opened.refusedWith)]);
  }
  try {
    return yield* readEvents(log, await openEvents(log, lines, signal), []);
  } catch (error) {
    // Next time from the beginning: the way may be free again.
    if (isRefusal(error)) log.viaEvents = false;
    throw error;
  }
}

/** How often running an upgrade is refused before the event stream is tried (each time with a fresh URL). */
const REFUSALS = 2;

async function openSocket(
  log: LogReading,
  lines: number,
  signal: AbortSignal,
): Promise<WebSocketConnection | { refusedWith: number }> {
  const { network } = log.client;
  let refusedWith = 0;
  for (let attempt = 1; attempt <= REFUSALS; attempt += 1) {
    const url = await liveUrl(log, lines, signal);
    try {
      return await network.websocket({ url }, signal);
    } catch (error) {
      if (!isRefusal(error)) throw named(error, log.place.subject);
      refusedWith = error.status;
      if (isParameterRefusal(refusedWith)) log.filter = null;
    }
  }
  return { refusedWith };
}

async function openEvents(
  log: LogReading,
  lines: number,
  signal: AbortSignal,
): Promise<AsyncGenerator<ServerSentEvent[], void, undefined>> {
  const url = asHttp(await liveUrl(log, lines, signal));
  try {
    return await log.client.network.eventStream({ url }, signal);
  } catch (error) {
    const { what } = log.place.subject;
    if (error instanceof CliError && error.kind === 'platform') {
      // It stands for a moment of the platform's, or of something on the way: a tail goes on trying.
      throw new CliError('unavailable', `${error.message.replace(/\.$/, '')}, for ${what}.`, {
        cause: error,
      });
    }
    if (!isRefusal(error)) throw named(error, log.place.subject);
    throw new CliError(
      'unavailable',
      `Scalingo's log server refuses to stream the log of ${what} (${error.status}).`,
      {
        status: error.status,
        ...(error.status === 404 && { hint: 'It may be that nothing has been logged yet.' }),
        cause: error,
      },
    );
  }
}

async function liveUrl(log: LogReading, lines: number, signal: AbortSignal): Promise<string> {
  return withQuery(await log.place.logsUrl(signal), { stream: 'true', n: lines, filter: log.filter });
}

/** An answer other than the one that was wished for; not a limit and not a server in trouble, which pass by waiting. */
function isRefusal(error: unknown): error is CliError & { readonly status: number } {
  return (
    error instanceof CliError && error.status !== undefined && error.status < 500 && error.status !== 429
  );
}

async function* readSocket(log: LogReading, connection: WebSocketConnection): Live {
  const reader = createFrameReader(log.place.parse);
  try {
    yield { items: [] };
    for (;;) {
      const step = await connection.frames.next();
      if (step.done === true)
        return { end: 'dropped', reason: closeReason(step.value.code, step.value.reason) };
      yield reader.frames(step.value);
    }
  } finally {
    connection.terminate();
  }
}

async function* readEvents(
  log: LogReading,
  events: AsyncGenerator<ServerSentEvent[], void, undefined>,
  notices: readonly Notice[],
): Live {
  const reader = createFrameReader(log.place.parse);
  try {
    yield notices.length > 0 ? { items: [], notices } : { items: [] };
    for await (const batch of events) yield reader.events(batch);
    return { end: 'dropped', reason: 'Scalingo ended the event stream' };
  } catch (error) {
    throw named(error, log.place.subject);
  } finally {
    await events.return();
  }
}

/** A log never ends for good: even a normal close (1000) is followed by another connection. */
function closeReason(code: number, reason: string): string {
  if (code === 1006 || code === 1005) return `the connection broke (${code})`;
  const words = reason.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return words === '' ? `closed by Scalingo (${code})` : `closed by Scalingo (${code}: ${words})`;
}

function fallbackNotice(status: number): Notice {
  return {
    kind: 'hint',
    message: `Scalingo refused websockets (${status}); its event stream is read instead`,
  };
}
