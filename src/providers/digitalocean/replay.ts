// What a live URL replays before it ends, all of it or only to see the newest time. Knows neither archives nor following.
import { CliError } from '../../errors.ts';
import { compareInstants, type Instant, type LogEntry } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import { openLiveUrl } from './live-url.ts';
import { askLog, type LogReading, type Tail } from './reading.ts';

/** Until the platform closes it; throws a CliError when it breaks off. */
export async function* replay(
  log: LogReading,
  { url, tail }: { url: string; tail: Tail },
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, void, undefined> {
  const renew = async (aborted: AbortSignal) => (await askLog(log, { follow: false, tail }, aborted)).live;
  const live = await openLiveUrl(log, { url, goesOn: false, renew }, signal);
  try {
    if (live.notices.length > 0) yield { items: [], notices: live.notices };
    for (;;) {
      const step = await live.batches.next();
      if (step.done === true) {
        const { clean, notices } = step.value;
        if (notices) yield { items: [], notices };
        if (clean) return;
        throw new CliError(
          'unavailable',
          `DigitalOcean broke off ${log.place.subject.what}: ${step.value.reason}.`,
        );
      }
      yield step.value;
    }
  } finally {
    live.end();
    await live.batches.return({ clean: false, reason: 'ended here' });
  }
}

/** The time of the newest line there is; null without one, or when it cannot be found out in time. */
export async function newestTime(log: LogReading, signal: AbortSignal): Promise<Instant | null> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), log.client.timing.newest);
  const onAbort = () => limit.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  let best: Instant | null = null;
  try {
    signal.throwIfAborted();
    const answer = await askLog(log, { follow: false, tail: 1 }, limit.signal);
    if (answer.live === null) return null;
    for await (const { items } of replay(log, { url: answer.live, tail: 1 }, limit.signal)) {
      for (const { body } of items) if (isLater(body.ts, best)) best = body.ts;
    }
    return best;
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted || error instanceof CliError) return best;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function isLater(time: Instant | null, than: Instant | null): boolean {
  return time !== null && (than === null || compareInstants(time, than) > 0);
}
