// The output of one build as a source. No line has a time and lines may repeat, so the position is the number of lines
// given: what a snapshot holds firmly, the next one begins with.
import { type Build, instantToMillis, type LogEntry, type Notice } from '../../model.ts';
import type { Batch, HistoryEnd, LiveEnd, LiveStart, Source, Traits } from '../../provider.ts';
import { wait } from '../../wait.ts';
import { type BuildOutput, entriesOf, readSnapshot, type Snapshot } from './build-result.ts';
import type { AkkerisClient, LogPlace } from './client.ts';

export function openBuildLog(client: AkkerisClient, place: LogPlace, build: Build): Source<LogEntry> {
  const output: BuildOutput = { client, place, build };
  return {
    traits: outputTraits(client.timing.buildEvery),
    history: (_query, signal) => stored(output, signal),
    live: (start, signal) => growing(output, start, signal),
    timeOf: () => null,
    keyOf: ({ raw }) => raw,
  };
}

export function outputTraits(everyMillis: number): Traits {
  return {
    history: 'exact',
    archives: null,
    retention: 'as long as the installation stores it',
    join: 'position',
    live: { kind: 'poll', everyMillis },
    ids: false,
    times: 'none',
    ordered: true,
    filters: [],
    // A request has a limit of its own.
    alive: { proof: 'an answer to the next look', silenceMillis: 0 },
    endless: false,
    maxLines: null,
  };
}

/** All of it, whatever is asked: it comes in one piece anyway, and the engine takes of its end what is wanted. */
async function* stored(
  output: BuildOutput,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined> {
  const { build } = output;
  let snapshot = await readSnapshot(output, signal);
  if (snapshot.over && endedJustNow(build, snapshot)) {
    for await (const later of settling(output, snapshot, signal)) snapshot = later;
  }
  const { lines } = snapshot;
  const items = entriesOf(lines, build.id);
  const notices = lines.length === 0 ? [absence(output, snapshot)] : [];
  yield { items, position: lines.length, ...(notices.length > 0 && { notices }) };
  return { complete: true, begins: null };
}

/** `lines: 0` begins with what is written from now on. */
async function* growing(
  output: BuildOutput,
  start: LiveStart,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined> {
  let given = 'after' in start ? (typeof start.after === 'number' ? start.after : 0) : null;
  let snapshot = await readSnapshot(output, signal);
  const newsOf = ({ lines }: Snapshot): Batch<LogEntry> => {
    given ??= 'lines' in start ? Math.max(0, lines.length - start.lines) : 0;
    const items = entriesOf(lines.slice(given), output.build.id);
    // An output that has become shorter is waited for: it is being stored anew.
    given = Math.max(given, lines.length);
    return { items, position: given };
  };
  for (; !snapshot.over; snapshot = await readSnapshot(output, signal)) {
    yield newsOf(snapshot);
    await wait(output.client.timing.buildEvery, signal);
  }
  yield newsOf(snapshot);
  for await (const later of settling(output, snapshot, signal)) yield newsOf(later);
  return { end: 'ended', reason: `build ${output.build.id} is over` };
}

/** Looks at an output that has just ended, at most. */
const MOST_LOOKS = 5;

/** Later snapshots: the build may be called over before the last of its output is stored (wire: Akkeris 3.2). */
async function* settling(
  output: BuildOutput,
  first: Snapshot,
  signal: AbortSignal,
): AsyncGenerator<Snapshot, void, undefined> {
  let last = first;
  for (let look = 1; look < MOST_LOOKS; look += 1) {
    await wait(output.client.timing.buildEvery, signal);
    const next = await readSnapshot(output, signal);
    if (next.lines.length === last.lines.length && next.lines.at(-1) === last.lines.at(-1)) return;
    yield next;
    last = next;
  }
}

/** The platform's clock says both times. */
const JUST_NOW = 10_000;

function endedJustNow({ ended, finished }: Build, { date }: Snapshot): boolean {
  if (!ended) return true;
  return finished !== null && date !== null && instantToMillis(date) - instantToMillis(finished) < JUST_NOW;
}

/** An empty output does not say why it is empty; only the status does (wire: Akkeris 3.2). */
function absence({ build }: BuildOutput, { over }: Snapshot): Notice {
  return over
    ? { kind: 'limit', message: `Akkeris keeps no output of build ${build.id}` }
    : { kind: 'hint', message: `there is no output yet of build ${build.id}` };
}
