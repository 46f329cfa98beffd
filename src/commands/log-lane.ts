// One target of `logs`, opened when its turn to be read comes, and what is shown of it. Knows no other target.
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { LogEntry, Notice } from '../model.ts';
import type { LogTarget } from '../output/log-item.ts';
import { isSupported, type Source } from '../provider.ts';
import { type FeedOptions, type FeedStep, type FeedTally, feed } from '../stream/feed.ts';
import { createBundleFilter, createLogFilter } from '../stream/filter.ts';
import type { MergeSource } from '../stream/merge.ts';
import { createMultiline } from '../stream/multiline.ts';
import { everything } from '../stream/range.ts';
import type { ResolvedTarget } from '../target.ts';
import { choiceNotices, refuseContradiction, refuseUnknown } from './log-choices.ts';
import type { LogRequest } from './log-request.ts';
import { type PlatformFlags, shownTarget } from './log-targets.ts';
import { startWithinOf } from './patience.ts';

export interface Lane {
  readonly target: ResolvedTarget;
  readonly shown: LogTarget;
  /** Whether it could be opened. */
  isOpen: boolean;
  /** Why it failed, if it did. */
  error: unknown;
}

export function createLane(target: ResolvedTarget, flags: PlatformFlags): Lane {
  return { target, shown: shownTarget(target, flags), isOpen: false, error: undefined };
}

export interface LaneReading {
  readonly context: Context;
  readonly request: LogRequest;
  readonly flags: PlatformFlags;
  readonly tally: FeedTally;
  /** Whether it is the only target. */
  readonly isAlone: boolean;
  readonly signal: AbortSignal;
}

/** What a line of a single target waits for others of it: hardly to be seen, and longer than instances are apart. Milliseconds. */
const ALONE = 200;

export interface OpenedLane {
  readonly source: Source<LogEntry>;
  /** What is to be said before anything is read. */
  readonly notices: readonly Notice[];
}

/** Signs in, looks the app up and binds its log. Throws CliError. */
export async function openLane(
  lane: Lane,
  reading: Omit<LaneReading, 'tally' | 'isAlone'>,
): Promise<OpenedLane> {
  const { context, request, flags, signal } = reading;
  refuseContradiction(lane.target, request);
  const { provider, client } = await context.connect(lane.target.entry);
  const { logs, title } = provider;
  if (!isSupported(logs)) throw new CliError('usage', `${title} has no logs to read: ${logs.unsupported}`);
  const { level, sources } = request.filter;
  const options = {
    components: request.componentGlobs,
    sources,
    levels: level?.exactly ? [level.level] : [],
    follow: request.follow,
    flags,
  };
  const source = await logs.open(client, lane.target.ref, options, signal);
  const opened = { source, target: lane.target, title, platformSources: logs.sources };
  refuseUnknown(opened, request);
  lane.isOpen = true;
  return { source, notices: [...(source.notices ?? []), ...choiceNotices(opened, request)] };
}

/** What the merge reads; the past and the live stream of one target. */
export async function readLane(lane: Lane, reading: LaneReading): Promise<MergeSource<LogEntry>> {
  const startedAt = performance.now();
  const { source, notices: said } = await openLane(lane, reading);
  const { context, request, tally, signal } = reading;
  const options: FeedOptions<LogEntry> = {
    keep: keepOf(lane, request),
    mayKeep: createBundleFilter(request.filter),
    lines: request.lines,
    since: request.since,
    until: request.until,
    follow: request.follow,
    multiline: request.multiline ? createMultiline() : undefined,
    markCut: (entry) => entry.brokenOff(),
    hintMore: !request.follow && request.isCounted,
    tally,
    startedAt,
    timing: {
      ...startWithinOf(context.host),
      ...(request.idle === undefined ? {} : { idle: request.idle }),
    },
  };
  const { live, ordered, history, retention } = source.traits;
  const among = live.kind === 'poll' ? (live.everyMillis ?? 0) + 1000 : 1000;
  const usual = reading.isAlone ? ALONE : among;
  const steps = feed(source, options, signal);
  const notices = [...said];
  if (!request.follow && history === 'none') notices.push({ kind: 'limit', message: retention });
  if (request.idle !== undefined && (request.follow || history !== 'none'))
    notices.push(idleNotice(request.follow));
  return {
    steps: notices.length > 0 ? afterNotices(notices, steps) : steps,
    timeOf: source.timeOf,
    millisOf: source.millisOf,
    window: request.reorder ?? usual,
    // The past of one source comes in order whatever its stream does.
    ordered: ordered || !request.follow,
  };
}

function idleNotice(isFollowing: boolean): Notice {
  const why = isFollowing
    ? 'a tail goes on through every silence'
    : 'this log ends by itself, and one that stalls is given up';
  return { kind: 'hint', message: `--idle has no effect: ${why}` };
}

async function* afterNotices<T>(
  notices: readonly Notice[],
  steps: AsyncGenerator<FeedStep<T>, { reason: string }, undefined>,
): AsyncGenerator<FeedStep<T>, { reason: string }, undefined> {
  for (const notice of notices) yield { kind: 'notice', notice };
  return yield* steps;
}

function keepOf({ target }: Lane, request: LogRequest): (entry: LogEntry) => boolean {
  const passes = createLogFilter(request.filter, request.read);
  const { component } = target.ref;
  if (component === null) return passes ?? everything;
  const isOfIt = (entry: LogEntry) => entry.body.component === component || entry.body.instance === component;
  return passes ? (entry) => isOfIt(entry) && passes(entry) : isOfIt;
}
