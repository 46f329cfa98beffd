// The past of a log: the hot log alone, or its archives before it. Knows nothing of the live connection.
import { CliError } from '../../errors.ts';
import type { Instant, LogEntry } from '../../model.ts';
import type { Batch, HistoryEnd, HistoryQuery } from '../../provider.ts';
import { type Listing, listArchives, newerArchives, readArchive, type TimeRange } from './archives.ts';
import { count, createTally, type LogReading, readDump, type Tally, WHOLE_LOG } from './dump.ts';

type History = AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined>;

/**
 * A number of lines is asked of the hot log; with `since` the archives come before it when the whole hot log does not
 * reach back so far. `all` is every archive since then (or at all) and the whole hot log.
 */
export function readHistory(log: LogReading, query: HistoryQuery, signal: AbortSignal): History {
  const range = {
    since: query.since?.seconds ?? Number.NEGATIVE_INFINITY,
    until: query.until?.seconds ?? Number.POSITIVE_INFINITY,
  };
  if (query.lines === 'all') return everything(log, range, signal);
  return query.since === null
    ? newest(log, query.lines, signal)
    : newestSince(log, { lines: query.lines, range }, signal);
}

/** Characters of a hot log that are held until it is known whether archives come before it; the platform rotates at 50 MiB. */
const MOST_HELD = 64 * 1024 * 1024;

async function* newest(log: LogReading, lines: number, signal: AbortSignal): History {
  const tally = createTally();
  if (lines > 0) {
    yield* counted(readDump(log, lines, signal), tally, Number.NEGATIVE_INFINITY);
    yield* nothing(log, tally);
  }
  // Where the archives begin was not asked.
  const complete = lines > 0 && tally.count < lines;
  return { complete, begins: null, ...(complete && { hasMore: true }) };
}

async function* newestSince(
  log: LogReading,
  { lines, range }: { lines: number; range: TimeRange },
  signal: AbortSignal,
): History {
  if (lines <= 0) return { complete: false, begins: null };
  const tally = createTally();
  let held: Batch<LogEntry>[] = [];
  let size = 0;
  try {
    for await (const batch of counted(readDump(log, lines, signal), tally, range.since)) {
      held.push(batch);
      if (size > MOST_HELD) {
        yield* held;
        held = [];
      } else {
        for (const { raw } of batch.items) size += raw.length;
      }
    }
  } catch (error) {
    yield* held;
    throw error;
  }
  const whole = tally.count < lines;
  if (size > MOST_HELD || !whole || tally.before > 0) {
    yield* held;
    return { complete: whole || reachesBack(tally), begins: null };
  }
  let archived: Archived;
  try {
    archived = yield* counted(readArchives(log, range, signal), tally, range.since);
  } catch (error) {
    // They are here, whatever the archives before them came to.
    yield* held;
    throw error;
  }
  yield* held;
  assertNotRefused(log, archived, tally);
  yield* nothing(log, tally);
  return { complete: true, begins: endsWith(archived) ? beginOf(tally, log) : null };
}

async function* everything(log: LogReading, range: TimeRange, signal: AbortSignal): History {
  const tally = createTally();
  const archived = yield* counted(readArchives(log, range, signal), tally, range.since);
  const before = tally.count;
  yield* counted(readDump(log, WHOLE_LOG, signal), tally, range.since);
  assertNotRefused(log, archived, tally);
  yield* nothing(log, tally);
  return {
    complete: tally.count - before < WHOLE_LOG,
    begins: endsWith(archived) ? beginOf(tally, log) : null,
  };
}

interface Archived {
  /** null when the platform does not let this account have archives. */
  readonly listing: Listing | null;
  /** The last status when every archive was refused. */
  readonly refusedWith: number | null;
}

/** Throws when there are archives, none of which could be had, and nothing else was read either. */
function assertNotRefused({ place }: LogReading, { refusedWith }: Archived, { count: read }: Tally): void {
  if (refusedWith === null || read > 0) return;
  throw new CliError(
    'unavailable',
    `Scalingo refuses all archives of ${place.subject.what} (${refusedWith}), and nothing else was found.`,
    { status: refusedWith, partial: true, hint: 'Try again later.' },
  );
}

/** Said once per log. */
function* nothing(log: LogReading, { count: read }: Tally): Generator<Batch<LogEntry>, void, undefined> {
  // That a filter matches nothing is no news of the log.
  if (read > 0 || log.saidNothing || log.filter !== null) return;
  log.saidNothing = true;
  yield { items: [], notices: [{ kind: 'hint', message: 'no logs found at Scalingo' }] };
}

/** Whether nothing older than what was read can be had. */
function endsWith({ listing }: Archived): boolean {
  return listing === null || listing.toTheEnd;
}

/** Oldest first. */
async function* readArchives(
  log: LogReading,
  range: TimeRange,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, Archived, undefined> {
  let listing: Listing;
  try {
    listing = await listArchives(log, range, signal);
  } catch (error) {
    // A collaborator with a limited role may read the log, but not its archives (wire: Scalingo 3).
    if (!(error instanceof CliError) || error.kind === 'unavailable') throw error;
    yield { items: [], missing: { count: null, reason: `the archives: ${error.message}`, certain: true } };
    return { listing: null, refusedWith: null };
  }
  const total = listing.archives.length;
  const refusals = new Set<number | null>();
  for (const [index, archive] of listing.archives.entries()) {
    yield { items: [], progress: { done: index, total, unit: 'archives' } };
    refusals.add(yield* readArchive(log, archive, signal));
  }
  if (total === 0) return { listing, refusedWith: null };
  // Reading took its time: what was rotated out of the hot log meanwhile is read before it.
  for (const archive of await newerArchives(log, { listing, range }, signal))
    refusals.add(yield* readArchive(log, archive, signal));
  return { listing, refusedWith: refusals.has(null) ? null : ([...refusals].at(-1) ?? null) };
}

async function* counted<R>(
  batches: AsyncGenerator<Batch<LogEntry>, R, undefined>,
  tally: Tally,
  since: number,
): AsyncGenerator<Batch<LogEntry>, R, undefined> {
  let ended = false;
  try {
    for (;;) {
      const step = await batches.next();
      if (step.done === true) {
        ended = true;
        return step.value;
      }
      count(tally, step.value, since);
      yield step.value;
    }
  } finally {
    if (!ended) await batches.return(undefined as R);
  }
}

/**
 * One line before `since` proves nothing: the lines come from several back ends that reach back differently far
 * (wire: Scalingo 2.2). That half of them lie before it makes it likely that all have reached it.
 */
function reachesBack(tally: Tally): boolean {
  return tally.before > 0 && tally.before * 2 >= tally.count;
}

function beginOf(tally: Tally, log: LogReading): Instant | null {
  return tally.oldestLine === null ? null : log.place.parse(tally.oldestLine).ts;
}
