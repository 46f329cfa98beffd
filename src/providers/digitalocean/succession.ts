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
  /** The newest lines of the log of the deployment that is meant now; all of them where all were asked for. */
  own(most: number): Batches<HistoryEnd>;
  readonly query: HistoryQuery;
}

/** What is asked of a deployment of which nothing was shown yet, until it has fewer lines. */
const MORE: readonly number[] = [2000, 20_000, 100_000];

/** After a redeploy: what the former deployment wrote last, unless its stream brought all of it, then its successor's. */
export async function* withFormer(
  log: LogReading,
  { former, own, query }: Succession,
  signal: AbortSignal,
): Batches<HistoryEnd> {
  const reached = former.whole || (yield* lastOf({ ...log, place: former.place }, query, signal));
  const { lines, since } = query;
  // Without a time so many lines are wanted and no more.
  const amounts = lines === 'all' || since === null ? [] : MORE.filter((most) => most > lines);
  const end = yield* wholeOf(log, { own, amounts: [lines === 'all' ? 0 : lines, ...amounts] });
  if (!end.complete && amounts.length > 0) yield { items: [], missing: tooMuch(amounts.at(-1)) };
  const complete = reached && (end.complete || amounts.length > 0);
  return { ...end, complete, anew: { whole: former.whole } };
}

function tooMuch(most: number | undefined): NonNullable<Batch<LogEntry>['missing']> {
  const reason = `the new deployment wrote more than ${most} lines before it was followed`;
  return { count: null, reason, certain: true };
}

interface Asks {
  own(most: number): Batches<HistoryEnd>;
  /** One after the other, growing. */
  readonly amounts: readonly number[];
}

/** The lines of the first ask that is answered with all there is, else those of the last. */
async function* wholeOf(log: LogReading, { own, amounts }: Asks): Batches<HistoryEnd> {
  for (const [index, most] of amounts.entries()) {
    const isLast = index === amounts.length - 1;
    const answer = own(most);
    const held: Batch<LogEntry>[] = [];
    let end: HistoryEnd | null = null;
    try {
      for (let step = await answer.next(); ; step = await answer.next()) {
        if (step.done === true) {
          end = step.value;
          break;
        }
        if (countOf(step.value) > 0 && !isLast) held.push(step.value);
        else yield* brought(log, [step.value]);
      }
    } catch (error) {
      // What came before it broke stays.
      yield* brought(log, held);
      throw error;
    } finally {
      await answer.return({ complete: false, begins: null });
    }
    if (isLast || end.complete) {
      yield* brought(log, held);
      return end;
    }
    for (const { notices } of held) if (notices) yield { items: [], notices };
  }
  return { complete: false, begins: null };
}

function* brought(
  log: LogReading,
  batches: readonly Batch<LogEntry>[],
): Generator<Batch<LogEntry>, void, undefined> {
  for (const batch of batches) {
    if (countOf(batch) > 0) log.brought = true;
    yield batch;
  }
}

const BROKEN = 'the log of the former deployment broke off';

/**
 * As much as there still is of a log whose instances are gone, which the platform may take its time to find out. Returns
 * whether asking for more would bring nothing.
 */
async function* lastOf(
  log: LogReading,
  { lines: tail, since }: HistoryQuery,
  signal: AbortSignal,
): Batches<boolean> {
  const reason = new CliError('unavailable', 'too late');
  const limit = cutOff(signal, { millis: log.client.timing.newest, reason });
  let isNew = since === null;
  let reaches = false;
  let count = 0;
  try {
    const answer = await askLog(log, { follow: false, tail }, limit.signal);
    if (answer.live === null) return true;
    for await (const batch of replay(log, { url: answer.live, tail }, limit.signal)) {
      count += countOf(batch);
      const items = batch.items.filter(({ body: { ts } }) => {
        if (since !== null && ts !== null && compareInstants(ts, since) < 0) reaches = true;
        if (since !== null && ts !== null) isNew = compareInstants(ts, since) >= 0;
        return isNew;
      });
      yield { items };
    }
    return reaches || tail === 'all' || count < tail;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
    // Its newest lines would have come last.
    if (count > 0) yield { items: [], missing: { count: null, reason: BROKEN, certain: false } };
    return true;
  } finally {
    limit.close();
  }
}
