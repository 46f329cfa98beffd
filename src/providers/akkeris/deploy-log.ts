// The deploy phase of a build as a source: its releases and the checks reported on them, each as a line. Knows no output.
import { type Build, formatInstant, type Instant, type LogBody, LogEntry, type Notice } from '../../model.ts';
import type { Batch, HistoryEnd, LiveEnd, LiveStart, Source } from '../../provider.ts';
import { wait } from '../../wait.ts';
import { outputTraits } from './build-log.ts';
import { readBuild } from './build-records.ts';
import type { AkkerisClient, LogPlace } from './client.ts';
import { type Release, readChecks, readReleases } from './releases.ts';
import { readTime } from './translate.ts';

interface Deploy {
  readonly client: AkkerisClient;
  readonly place: LogPlace;
  readonly build: Build;
}

/** The position is what was said: a check is changed in place, and a release too. */
export function openDeployLog(client: AkkerisClient, place: LogPlace, build: Build): Source<LogEntry> {
  const deploy: Deploy = { client, place, build };
  return {
    traits: { ...outputTraits(client.timing.buildEvery), times: 'milliseconds', ordered: false },
    history: (_query, signal) => said(deploy, signal),
    live: (start, signal) => beingSaid(deploy, start, signal),
    timeOf: ({ body }) => body.ts,
    keyOf: ({ raw }) => raw,
  };
}

async function* said(
  deploy: Deploy,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined> {
  const { lines, releases } = await look(deploy, signal);
  const items = lines.map((line) => entryOf(line, deploy.build.id));
  const notices = releases.length === 0 ? [noRelease(deploy)] : [];
  yield { items, position: lines, ...(notices.length > 0 && { notices }) };
  return { complete: true, begins: null };
}

/** Looks without a release after a build that succeeded, until it counts as one that is not released by itself. */
const MOST_EMPTY_LOOKS = 5;

async function* beingSaid(
  deploy: Deploy,
  start: LiveStart,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined> {
  const { client, place, build } = deploy;
  let known = 'after' in start && Array.isArray(start.after) ? new Set<unknown>(start.after) : null;
  let empty = 0;
  for (;;) {
    // Asked before the releases: what a build that is over has led to can be seen then.
    const { ended, status } = build.ended ? build : await readBuild(client, place, build.id, signal);
    const { lines, releases } = await look(deploy, signal);
    known ??= new Set('lines' in start && start.lines > 0 ? lines.slice(0, -start.lines) : lines);
    const fresh = lines.filter((line) => !known?.has(line));
    known = new Set(lines);
    yield { items: fresh.map((line) => entryOf(line, build.id)), position: lines };
    if (releases.length === 0 && ended) empty += 1;
    if (ended && isOver(releases.at(-1), status === 'succeeded' && empty < MOST_EMPTY_LOOKS)) {
      const none = releases.length === 0 ? ' without a release' : '';
      return { end: 'ended', reason: `the deploy of build ${build.id} is over${none}` };
    }
    await wait(client.timing.buildEvery, signal);
  }
}

function isOver(newest: Release | undefined, mayCome: boolean): boolean {
  if (newest === undefined) return !mayCome;
  // Unknown is what a release becomes that nobody has reported on for ten minutes (wire: Akkeris 3.4).
  return newest.status !== 'queued' && newest.status !== 'running';
}

function noRelease({ build }: Deploy): Notice {
  return { kind: 'hint', message: `there is no release of build ${build.id}${build.ended ? '' : ' yet'}` };
}

/** Releases of one build whose checks are read. */
const MOST_RELEASES = 20;

interface Look {
  readonly releases: readonly Release[];
  readonly lines: readonly string[];
}

async function look({ client, place, build }: Deploy, signal: AbortSignal): Promise<Look> {
  const all = await readReleases(client, place, signal);
  const releases = all.filter((release) => release.build === build.id).slice(-MOST_RELEASES);
  const lines: string[] = [];
  for (const release of releases) {
    const { name, created, description, nativeStatus } = release;
    lines.push(line(created, [`release ${name}`, description]));
    for (const check of await readChecks(client, place, release, signal)) {
      lines.push(line(check.updated, [`release ${name}`, check.name, check.state, check.description]));
    }
    lines.push(line(null, [`release ${name}`, nativeStatus || 'unknown']));
  }
  return { releases, lines };
}

function line(at: Instant | null, parts: readonly (string | null)[]): string {
  const words = parts.filter((part) => part !== null).join(': ');
  // Descriptions are other people's: a line of ours is one line.
  return `${at === null ? '' : `${formatInstant(at)} `}${words.replace(/\s*[\r\n]+\s*/g, ' ')}`;
}

function entryOf(raw: string, build: string): LogEntry {
  return new LogEntry(raw, (text) => bodyOf(text, build));
}

function bodyOf(raw: string, build: string): LogBody {
  const time = readTime(raw, 0);
  return {
    ts: time?.ts ?? null,
    quality: time === null ? 'observed' : 'exact',
    component: null,
    instance: null,
    source: 'build',
    stream: null,
    level: null,
    message: time === null ? raw : raw.slice(time.end + 1),
    fields: null,
    id: null,
    deployment: build,
  };
}
