// The past behind a redeploy: what the former deployment wrote last, then its successor's. Knows no stream.
import { cutOff } from '../../cut-off.ts';
import { CliError } from '../../errors.ts';
import { compareInstants, countOf, type LogEntry } from '../../model.ts';
import type { Batch, HistoryEnd, HistoryQuery } from '../../provider.ts';
import { askLog, type Former, type LogReading } from './reading.ts';
import { replay } from './replay.ts';

type Batches<R> = AsyncGenerator<Batch<LogEntry>, R, undefined>;

export interface Succession {
  readonly former: Former;
  /** The log of the deployment that is meant now. */
  readonly own: Batches<HistoryEnd>;
  readonly query: HistoryQuery;
}

/** After a redeploy: what the former deployment wrote last, unless its stream brought all of it, then its successor's. */
export async function* withFormer(
  log: LogReading,
  { former, own, query }: Succession,
  signal: AbortSignal,
): Batches<HistoryEnd> {
  try {
    if (!former.whole) yield* lastOf({ ...log, place: former.place }, query, signal);
    for (;;) {
      const step = await own.next();
      if (step.done === true) return { ...step.value, anew: { whole: former.whole } };
      if (countOf(step.value) > 0) log.brought = true;
      yield step.value;
    }
  } finally {
    await own.return({ complete: false, begins: null });
  }
}

/** As much as there still is of a log whose instances are gone, which the platform may take its time to find out. */
async function* lastOf(
  log: LogReading,
  { lines: tail, since }: HistoryQuery,
  signal: AbortSignal,
): Batches<void> {
  const reason = new CliError('unavailable', 'too late');
  const limit = cutOff(signal, { millis: log.client.timing.newest, reason });
  let isNew = since === null;
  try {
    const answer = await askLog(log, { follow: false, tail }, limit.signal);
    if (answer.live === null) return;
    for await (const batch of replay(log, { url: answer.live, tail }, limit.signal)) {
      const items = batch.items.filter(({ body: { ts } }) => {
        if (since !== null && ts !== null) isNew = compareInstants(ts, since) >= 0;
        return isNew;
      });
      yield { items };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
  } finally {
    limit.close();
  }
}
