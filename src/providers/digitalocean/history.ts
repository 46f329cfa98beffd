// The past of a log: its archives, and what a live URL replays before it closes. Knows nothing of following.
import { CliError } from '../../errors.ts';
import { compareInstants, type Instant, type LogEntry } from '../../model.ts';
import type { Batch, HistoryEnd, HistoryQuery } from '../../provider.ts';
import { delayBeforeRetry } from '../../transport/retry.ts';
import { wait } from '../../wait.ts';
import { readArchives } from './archives.ts';
import { openLiveUrl } from './live-url.ts';
import type { LogAnswer } from './log-answer.ts';
import { createOverlap } from './overlap.ts';
import { askLog, type LogReading, nothingNotices, type Tail } from './reading.ts';

type Batches<R> = AsyncGenerator<Batch<LogEntry>, R, undefined>;

/**
 * A number of lines is asked of the running log, which gives the newest of all; archives come before it only when it has
 * fewer. `tail_lines` does not hold for archives: they are handed over whole (wire: DigitalOcean 8.4).
 */
export function readHistory(log: LogReading, query: HistoryQuery, signal: AbortSignal): Batches<HistoryEnd> {
  if (query.lines === 'all') return everything(log, signal);
  return newest(log, { lines: query.lines, since: query.since }, signal);
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

async function* everything(log: LogReading, signal: AbortSignal): Batches<HistoryEnd> {
  const answer = await askLog(log, { follow: false, tail: 'all' }, signal);
  if (answer.nothing !== null) return yield* nothing(log, answer.nothing);
  const tally = createTally();
  const whole = yield* archivesThenLive(
    log,
    { answer, live: liveOf(log, answer, 'all', signal), tally },
    signal,
  );
  return { complete: true, begins: whole ? tally.oldest() : null };
}

async function* newest(
  log: LogReading,
  { lines, since }: { lines: number; since: Instant | null },
  signal: AbortSignal,
): Batches<HistoryEnd> {
  if (lines <= 0) return { complete: false, begins: null };
  const tally = createTally();
  const begun = log.client.timing.now();
  for (let number = 1; ; number += 1) {
    const answer = await askLog(log, { follow: false, tail: lines }, signal);
    if (answer.nothing !== null) return yield* nothing(log, answer.nothing);
    let held: Batch<LogEntry>[] | null = [];
    let count = 0;
    try {
      for await (const batch of liveOf(log, answer, lines, signal)) {
        count += batch.items.length;
        if (held !== null) held.push(batch);
        // More than was asked for, and of unknown length: it is not held.
        if (held === null) yield tally.count(batch);
        else if (count > lines) {
          for (const early of held) yield tally.count(early);
          held = null;
        }
      }
    } catch (error) {
      if (held === null) throw error;
      const elapsed = log.client.timing.now() - begun;
      await beforeNext({ log, error, number, elapsed }, signal);
      continue;
    }
    if (held === null || count >= lines || answer.archives.length === 0) {
      for (const batch of held ?? []) yield tally.count(batch);
      const complete = count < lines || reaches(tally.oldest(), since);
      return { complete, begins: count < lines ? tally.oldest() : null };
    }
    const whole = yield* archivesThenLive(log, { answer, live: held, tally }, signal);
    return { complete: true, begins: whole ? tally.oldest() : null };
  }
}

async function* nothing(log: LogReading, words: string): Batches<HistoryEnd> {
  const notices = nothingNotices(log, words);
  if (notices.length > 0) yield { items: [], notices };
  return { complete: true, begins: null };
}

interface Parts {
  readonly answer: LogAnswer;
  readonly live: AsyncIterable<Batch<LogEntry>> | Iterable<Batch<LogEntry>>;
  readonly tally: Tally;
}

/** Returns whether all archives were read whole. */
async function* archivesThenLive(
  log: LogReading,
  { answer, live, tally }: Parts,
  signal: AbortSignal,
): Batches<boolean> {
  const overlap = createOverlap();
  const renew = async (aborted: AbortSignal) =>
    (await askLog(log, { follow: false, tail: 'all' }, aborted)).archives;
  const archives = readArchives(log, { urls: answer.archives, renew }, signal);
  let whole = true;
  try {
    for (let step = await archives.next(); ; step = await archives.next()) {
      if (step.done === true) {
        whole = step.value;
        break;
      }
      overlap.remember(step.value.items);
      yield tally.count(step.value);
    }
  } finally {
    await archives.return(false);
  }
  for await (const batch of live) {
    yield tally.count(answer.archives.length === 0 ? batch : { ...batch, items: overlap.fresh(batch.items) });
  }
  return whole;
}

async function* liveOf(log: LogReading, answer: LogAnswer, tail: Tail, signal: AbortSignal): Batches<void> {
  if (answer.live !== null) yield* replay(log, { url: answer.live, tail }, signal);
}

/** Until the platform closes it; throws a CliError when it breaks off. */
async function* replay(
  log: LogReading,
  { url, tail }: { url: string; tail: Tail },
  signal: AbortSignal,
): Batches<void> {
  const renew = async (aborted: AbortSignal) => (await askLog(log, { follow: false, tail }, aborted)).live;
  const live = await openLiveUrl(log, { url, goesOn: false, renew }, signal);
  try {
    if (live.notices.length > 0) yield { items: [], notices: live.notices };
    for (;;) {
      const step = await live.batches.next();
      if (step.done === true) {
        if (step.value.clean) return;
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

interface Failure {
  readonly log: LogReading;
  readonly error: unknown;
  readonly number: number;
  /** Milliseconds since the first attempt. */
  readonly elapsed: number;
}

/** Waits as for any one-shot request that failed; throws the error when it stands. */
async function beforeNext({ log, error, number, elapsed }: Failure, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const rules = log.client.timing.retry;
  const usual = delayBeforeRetry({ outcome: { error }, number, elapsed, now: Date.now() }, rules);
  const asked = error instanceof CliError ? (error.retryAfter ?? 0) : 0;
  if (usual === undefined || elapsed + asked > rules.maxTotal) throw error;
  await wait(Math.max(usual, asked), signal);
}

interface Tally {
  /** Hands the batch on. */
  count(batch: Batch<LogEntry>): Batch<LogEntry>;
  oldest(): Instant | null;
}

/** Lines come oldest first but for those of several instances: the first ones tell. */
const LOOKED_AT = 1000;

function createTally(): Tally {
  let looked = 0;
  let oldest: Instant | null = null;
  return {
    count(batch) {
      for (const { body } of looked < LOOKED_AT ? batch.items : []) {
        looked += 1;
        if (body.ts !== null && (oldest === null || compareInstants(body.ts, oldest) < 0)) oldest = body.ts;
      }
      return batch;
    },
    oldest: () => oldest,
  };
}

function reaches(oldest: Instant | null, since: Instant | null): boolean {
  return oldest !== null && since !== null && compareInstants(oldest, since) < 0;
}

function isLater(time: Instant | null, than: Instant | null): boolean {
  return time !== null && (than === null || compareInstants(time, than) > 0);
}
