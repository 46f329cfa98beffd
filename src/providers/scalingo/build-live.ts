// The output of a deployment while it runs: the live stream where it can be had, else the stored output again and again.
// It ends when the deployment is over and the stored output has been read to its end.
import { CliError } from '../../errors.ts';
import type { LogEntry, Notice } from '../../model.ts';
import type { Batch, LiveEnd, LiveStart, Position } from '../../provider.ts';
import { wait } from '../../wait.ts';
import type { Replay } from './build-ledger.ts';
import { type BuildReading, type NewsEnd, readNews } from './build-news.ts';
import { buildLines } from './build-output.ts';
import { type DeploymentStream, openDeploymentStream, wordsOf } from './build-stream.ts';
import { deployment, stateOf } from './deployments.ts';

type Live = AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined>;

/** `lines: 0` begins with what is written from now on. */
export async function* readLiveBuild(log: BuildReading, start: LiveStart, signal: AbortSignal): Live {
  log.ledger.rewind('after' in start ? linesAt(start.after) : 0);
  const silent = 'lines' in start && start.lines === 0;
  if (log.over) {
    yield { items: [] };
    return yield* giveEnd(log, { first: yield* readNews(log, { silent }, signal) });
  }
  // Opened first: what comes while the stored output is read must not be lost.
  const opened = await openStream(log, signal);
  try {
    yield 'notice' in opened ? { items: [], notices: [opened.notice] } : { items: [] };
    if (silent) yield* readNews(log, { silent }, signal);
    if ('notice' in opened) return yield* poll(log, signal);
    return yield* follow(log, opened, signal);
  } finally {
    if ('connection' in opened) opened.connection.terminate();
  }
}

function linesAt(position: Position): number {
  return typeof position === 'number' && Number.isSafeInteger(position) && position > 0 ? position : 0;
}

/** Connections running that end before they say anything: the platform may close those whose session it does not accept. */
const MOST_MUTE = 2;

async function openStream(
  log: BuildReading,
  signal: AbortSignal,
): Promise<DeploymentStream | { readonly notice: Notice }> {
  const { client } = log.output;
  const { app, region } = log.place;
  if (log.mute >= MOST_MUTE) return { notice: pollingNotice(log, 'Scalingo closes it at once') };
  const { deploymentsStream } = await client.app(region, app, signal);
  try {
    return await openDeploymentStream(client, deploymentsStream, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError) || error.kind === 'auth') throw error;
    return { notice: pollingNotice(log, error.message.replace(/\.$/, '')) };
  }
}

function pollingNotice(log: BuildReading, reason: string): Notice {
  const seconds = log.output.client.pace.output / 1000;
  return {
    kind: 'hint',
    message: `the stored output is asked for every ${seconds} s, without the live stream: ${reason}`,
  };
}

async function* poll(log: BuildReading, signal: AbortSignal): Live {
  for (;;) {
    if (await isOver(log, signal)) return yield* finish(log, signal);
    yield* readNews(log, { silent: false }, signal);
    yield { items: [] };
    await wait(log.output.client.pace.output, signal);
  }
}

async function* follow(
  log: BuildReading,
  { connection, token }: DeploymentStream,
  signal: AbortSignal,
): Live {
  yield* readNews(log, { silent: false }, signal);
  let readAt = performance.now();
  if (await isOver(log, signal)) return yield* finish(log, signal);
  let lookedAt = performance.now();
  const words = createListener(log);
  let heard = false;
  for (;;) {
    const step = await connection.frames.next();
    if (step.done === true) {
      if (!heard) reportMute(log, token);
      return { end: 'dropped', reason: closeReason(step.value.code, step.value.reason) };
    }
    heard ||= step.value.length > 0;
    if (heard) log.mute = 0;
    const { items, bell, end } = words.hear(step.value);
    yield items.length > 0 ? { items, position: log.ledger.length } : { items: [] };
    if (end === 'certain') return yield* finish(log, signal, words.rest);
    if (end === 'possible' || performance.now() - lookedAt > log.output.client.pace.status) {
      if (await isOver(log, signal)) return yield* finish(log, signal, words.rest);
      lookedAt = performance.now();
    }
    if (bell) {
      await wait(Math.max(0, readAt + log.output.client.pace.bell - performance.now()), signal);
      yield* readNews(log, { silent: false }, signal);
      readAt = performance.now();
    }
  }
}

interface Heard {
  readonly items: LogEntry[];
  /** Something was written that cannot be placed: the stored output has to be read. */
  readonly bell: boolean;
  readonly end: 'certain' | 'possible' | null;
}

/** Of one connection: it repeats the output from its beginning, or what it says cannot be placed. */
function createListener(log: BuildReading) {
  const { id } = log.output;
  const replay: Replay = log.ledger.replay();
  const splitter = buildLines(id);
  return {
    hear(frames: readonly Uint8Array[]): Heard {
      const { output, statuses } = wordsOf(frames, id);
      const items: LogEntry[] = [];
      let bell = false;
      for (const piece of output) {
        const lines = splitter.push(Buffer.from(piece, 'utf8'));
        // Pieces without line ends would grow into one line; the stored output has its lines apart.
        if (lines.length === 0) bell = true;
        for (const line of lines) {
          const place = replay.take(line.raw);
          if (place === 'news') items.push(line);
          if (place === 'stray') bell = true;
        }
      }
      return { items, bell, end: endOf(statuses) };
    },
    /** What stands behind the last line end. */
    rest: (): LogEntry[] => splitter.end().items,
  };
}

/** The last word counts: a replay tells of the former ones too. */
function endOf(statuses: readonly string[]): Heard['end'] {
  const last = statuses.at(-1);
  if (last === undefined) return null;
  const { status, ended } = stateOf(last, false);
  return status === 'unknown' ? 'possible' : ended ? 'certain' : null;
}

async function isOver({ output, place }: BuildReading, signal: AbortSignal): Promise<boolean> {
  return (await deployment(output.client, place, output.id, signal)).build.ended;
}

/** Readings of an output that has just ended, at most. */
const MOST_READINGS = 5;

/** The last lines may be stored a moment after the deployment is called over: until nothing grows any more. */
async function* finish(log: BuildReading, signal: AbortSignal, rest: () => LogEntry[] = () => []): Live {
  let last = yield* readNews(log, { silent: false }, signal);
  for (let reading = 2; reading <= MOST_READINGS; reading += 1) {
    await wait(log.output.client.pace.settle, signal);
    const next: NewsEnd = yield* readNews(log, { silent: false }, signal);
    const same = next.bytes === last.bytes && next.absent === last.absent;
    last = next;
    if (same) break;
  }
  return yield* giveEnd(log, { first: last, rest });
}

async function* giveEnd(
  log: BuildReading,
  { first, rest = () => [] }: { readonly first: NewsEnd; readonly rest?: () => LogEntry[] },
): Live {
  const tail = first.takeTail();
  const items = first.absent ? rest() : tail === null ? [] : [tail];
  yield { items, position: log.ledger.length };
  return { end: 'ended', reason: `${log.output.subject.what} is over` };
}

function reportMute(log: BuildReading, token: string): void {
  log.mute += 1;
  log.output.client.asker.session.refuse(token);
}

function closeReason(code: number, reason: string): string {
  if (code === 1006 || code === 1005) return `the deployment stream broke (${code})`;
  const words = reason.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return `the deployment stream was closed by Scalingo (${words === '' ? code : `${code}: ${words}`})`;
}
