// The past of a log: its archives, and what a live URL replays before it closes. Knows nothing of following.
import { CliError, isPartial } from '../../errors.ts';
import { compareInstants, countOf, type Instant, type LogEntry, type Notice } from '../../model.ts';
import type { Batch, HistoryEnd, HistoryQuery } from '../../provider.ts';
import { delayBeforeRetry } from '../../transport/retry.ts';
import { wait } from '../../wait.ts';
import { type ReadArchives, readArchives } from './archives.ts';
import type { LogAnswer } from './log-answer.ts';
import { createOverlap } from './overlap.ts';
import { askLog, type LogReading, nothingNotices, type Tail } from './reading.ts';
import { replay } from './replay.ts';
import { withFormer } from './succession.ts';

type Batches<R> = AsyncGenerator<Batch<LogEntry>, R, undefined>;

/**
 * A number of lines is asked of the running log, which gives the newest of all; archives come before it only when it has
 * fewer. `tail_lines` does not hold for archives: they are handed over whole (wire: DigitalOcean 8.4).
 */
export function readHistory(log: LogReading, query: HistoryQuery, signal: AbortSignal): Batches<HistoryEnd> {
  const { former } = log;
  const { lines, since } = query;
  if (lines === 'all') {
    const own = () => everything(log, signal);
    return former === null ? own() : withFormer(log, { former, own, query }, signal);
  }
  if (former === null) return newest(log, { lines, since }, signal);
  // However old a line of the new deployment is, it says nothing of those before it.
  const own = (most: number) => newest(log, { lines: most, since: null }, signal);
  return withFormer(log, { former, own, query }, signal);
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
        count += countOf(batch);
        if (held !== null) held.push(batch);
        // More than was asked for, and of unknown length: it is not held.
        if (held === null) yield tally.count(batch);
        else if (count > lines) {
          for (const early of held) yield tally.count(early);
          held = null;
        }
      }
    } catch (error) {
      const elapsed = log.client.timing.now() - begun;
      if (held !== null && (await mayAskAgain({ log, error, number, elapsed }, signal))) continue;
      // What came stays.
      for (const early of held ?? []) yield tally.count(early);
      throw error;
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
  let archived: ReadArchives = { whole: false, refused: null };
  let stall: CliError | null = null;
  try {
    for (let step = await archives.next(); ; step = await archives.next()) {
      if (step.done === true) {
        archived = step.value;
        break;
      }
      // Nothing comes behind them otherwise.
      if (answer.live !== null) overlap.remember(step.value);
      yield tally.count(step.value);
    }
  } catch (error) {
    if (!isPartial(error)) throw error;
    stall = error;
  } finally {
    await archives.return(archived);
  }
  let saidTwice = false;
  for await (const batch of live) {
    if (answer.archives.length > 0) {
      const items = overlap.fresh(batch.items);
      if (overlap.uncompared > 0 && !saidTwice) yield { items: [], notices: [maybeTwice(log)] };
      saidTwice ||= overlap.uncompared > 0;
      yield tally.count({ ...batch, items });
    } else yield tally.count(batch);
  }
  if (stall !== null) throw stall;
  if (archived.refused !== null && tally.isEmpty()) throw allRefused(log, archived.refused);
  return archived.whole;
}

function maybeTwice({ place }: LogReading): Notice {
  const message = `the archives of ${place.subject.what} are too long to be compared as a whole: lines may come twice`;
  return { kind: 'warning', message };
}

/** Of archives, none of which could be had, where nothing else was read either. `how`: `was refused (403)`. */
function allRefused({ place }: LogReading, how: string): CliError {
  return new CliError(
    'unavailable',
    `Nothing of ${place.subject.what} could be read at DigitalOcean: every archive ${how}.`,
    { partial: true, hint: 'Try again later.' },
  );
}

async function* liveOf(log: LogReading, answer: LogAnswer, tail: Tail, signal: AbortSignal): Batches<void> {
  if (answer.live !== null) yield* replay(log, { url: answer.live, tail }, signal);
}

interface Failure {
  readonly log: LogReading;
  readonly error: unknown;
  readonly number: number;
  /** Milliseconds since the first attempt. */
  readonly elapsed: number;
}

/** Waits as for any one-shot request that failed; false when the error stands. */
async function mayAskAgain({ log, error, number, elapsed }: Failure, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  if (isPartial(error)) return false;
  const rules = log.client.timing.retry;
  const usual = delayBeforeRetry({ outcome: { error }, number, elapsed, now: Date.now() }, rules);
  const asked = error instanceof CliError ? (error.retryAfter ?? 0) : 0;
  if (usual === undefined || elapsed + asked > rules.maxTotal) return false;
  await wait(Math.max(usual, asked), signal);
  return true;
}

interface Tally {
  /** Hands the batch on. */
  count(batch: Batch<LogEntry>): Batch<LogEntry>;
  oldest(): Instant | null;
  /** Whether there was no line at all. */
  isEmpty(): boolean;
}

/** Lines come oldest first but for those of several instances: the first ones tell. */
const LOOKED_AT = 1000;

function createTally(): Tally {
  let looked = 0;
  let isEmpty = true;
  let oldest: Instant | null = null;
  return {
    count(batch) {
      if (countOf(batch) > 0) isEmpty = false;
      for (const { body } of looked < LOOKED_AT ? batch.items : []) {
        looked += 1;
        if (body.ts !== null && (oldest === null || compareInstants(body.ts, oldest) < 0)) oldest = body.ts;
      }
      return batch;
    },
    oldest: () => oldest,
    isEmpty: () => isEmpty,
  };
}

function reaches(oldest: Instant | null, since: Instant | null): boolean {
  return oldest !== null && since !== null && compareInstants(oldest, since) < 0;
}
