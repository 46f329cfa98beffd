// One live connection of a log: waits for one to be there, follows it, says when a deployment succeeds another.
// Knows nothing of the past.
import { CliError } from '../../errors.ts';
import { countOf, type LogEntry, type Notice } from '../../model.ts';
import type { Batch, LiveEnd } from '../../provider.ts';
import { wait } from '../../wait.ts';
import { type BacklogFilter, createBacklogFilter } from './backlog.ts';
import { type Ending, type LiveLog, openLiveUrl } from './live-url.ts';
import { isSkipped, type LogAnswer } from './log-answer.ts';
import { askLog, type LogReading, nothingNotices, type Tail } from './reading.ts';
import { newestTime } from './replay.ts';
import { watchStream } from './watch.ts';

type Live = AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined>;

/** `lines` of the past come first. A log that is over ends at once: its past is all there is. */
export async function* readLive(log: LogReading, lines: number, signal: AbortSignal): Live {
  const notices = await look(log, signal);
  let tail: Tail = lines > 0 ? lines : 'none';
  let standing = false;
  for (;;) {
    const asked = log.client.timing.now();
    const answer = await askLog(log, { follow: true, tail }, signal);
    if (answer.live !== null) {
      const backlog = tail === 'none' ? backlogFilter(log, { asked, answer }) : null;
      return yield* follow(log, { url: answer.live, tail, backlog, notices }, signal);
    }
    if (!standing) {
      standing = true;
      if (answer.nothing !== null) notices.push(...nothingNotices(log, answer.nothing));
      yield { items: [], notices: notices.splice(0) };
    }
    const over = await overWithout(log, answer, signal);
    if (over !== null) return { end: 'ended', reason: over };
    await wait(log.place.goesOn ? log.client.watchInterval() : log.client.timing.phase, signal);
    // Whatever the log holds once there is one has been written since.
    tail = 'all';
    notices.push(...(await look(log, signal)));
    if (notices.length > 0) yield { items: [], notices: notices.splice(0) };
  }
}

async function look(log: LogReading, signal: AbortSignal): Promise<Notice[]> {
  // From here on its lines stand for themselves.
  if (log.brought) log.former = null;
  log.brought = false;
  const moved = await log.place.look(signal);
  if (moved === null) return [];
  if (log.endedClean !== null) log.former = { place: moved.former, whole: log.endedClean };
  return [{ kind: 'hint', message: `moved on to deployment ${moved.to}` }];
}

function backlogFilter(
  log: LogReading,
  { asked, answer }: { asked: number; answer: LogAnswer },
): BacklogFilter {
  const { now } = log.client.timing;
  return createBacklogFilter({
    asked,
    platform: answer.at,
    now,
    newest: (signal) => newestTime(log, signal),
  });
}

/** Why a log without a live URL has nothing to wait for; null when it may begin yet. */
async function overWithout(log: LogReading, answer: LogAnswer, signal: AbortSignal): Promise<string | null> {
  const { place } = log;
  if (answer.archives.length > 0 && !place.goesOn) return `${place.subject.what} are complete`;
  if (answer.nothing !== null && isSkipped(answer.nothing))
    return `there are no ${place.subject.what.slice(4)}`;
  return place.over({ clean: true }, signal);
}

interface Following {
  readonly url: string;
  readonly tail: Tail;
  /** null: everything passes. */
  readonly backlog: BacklogFilter | null;
  readonly notices: readonly Notice[];
}

async function* follow(log: LogReading, following: Following, signal: AbortSignal): Live {
  const { url, tail, backlog } = following;
  const renew = async (aborted: AbortSignal) => (await askLog(log, { follow: true, tail }, aborted)).live;
  const live = await openLiveUrl(log, { url, goesOn: true, renew }, signal);
  const watch = watchStream(log, () => live.end());
  try {
    const notices = [...following.notices, ...live.notices];
    yield notices.length > 0 ? { items: [], notices } : { items: [] };
    for (;;) {
      const step = await live.batches.next();
      if (step.done === true) {
        const outdated = watch.outdated();
        log.endedClean = step.value.clean && outdated === null;
        return await endOf(log, { ending: step.value, outdated }, signal);
      }
      if (countOf(step.value) > 0) {
        log.brought = true;
        watch.touch();
      }
      yield backlog === null ? step.value : await backlog.pass(step.value, signal);
    }
  } finally {
    watch.stop();
    await close(live);
  }
}

async function close(live: LiveLog): Promise<void> {
  live.end();
  await live.batches.return({ clean: false, reason: 'ended here' });
}

interface Ended {
  readonly ending: Ending;
  readonly outdated: string | null;
}

/** Even a normal close ends a running log for a moment only; a build is over when its deployment says so. */
async function endOf(log: LogReading, { ending, outdated }: Ended, signal: AbortSignal): Promise<LiveEnd> {
  try {
    const over = await log.place.over({ clean: ending.clean }, signal);
    // A build that is over, but whose stream broke: the archive has what the stream did not bring.
    if (over !== null && (ending.clean || outdated !== null)) return { end: 'ended', reason: over };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
  }
  return { end: 'dropped', reason: outdated ?? ending.reason };
}
