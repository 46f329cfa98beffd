// The console of one container as a source: read by its tail, followed by reading it again. Knows no activity log.
import { CliError } from '../../errors.ts';
import type { LogEntry, Notice } from '../../model.ts';
import type {
  Batch,
  HistoryEnd,
  HistoryQuery,
  LiveEnd,
  LiveStart,
  Position,
  Source,
  Traits,
} from '../../provider.ts';
import { wait } from '../../wait.ts';
import type { StationClient } from './client.ts';
import { narrowingOfConsole } from './narrowing.ts';
import { type Anchor, align, anchorOf, digestOf, movedAnchor, positionOf, readAnchor } from './overlap.ts';
import type { Pace } from './pace.ts';
import { type ConsoleText, type Container, entryOfLine } from './translate.ts';

export function consoleTraits(pace: Pace): Traits {
  return {
    history: 'exact',
    archives: null,
    retention: "what Docker's log rotation keeps; the station's largest tail is undocumented",
    join: 'position',
    live: { kind: 'poll', everyMillis: pace.pollMillis },
    ids: false,
    times: 'none',
    ordered: true,
    filters: ['the number of lines'],
    alive: { proof: 'an answer to the next look', silenceMillis: 90_000 },
    endless: false,
    maxLines: pace.mostTail,
  };
}

export function consoleLog(client: StationClient, container: Container): Source<LogEntry> {
  const app = `${container.type}/${container.name}`;
  return {
    traits: consoleTraits(client.pace),
    sources: ['app'],
    narrowing: async (query) => narrowingOfConsole(client, query),
    history: (query, signal) => pastOf(client, container, query, signal),
    live: (start, signal) => follow(client, container, start, signal),
    timeOf: () => null,
    keyOf: (entry) => `${app}\n${entry.raw}`,
  };
}

/** One look at the console. */
interface Look extends ConsoleText {
  /** Lines asked for. */
  readonly tail: number;
  /** Whether it begins where the console begins. */
  readonly whole: boolean;
}

async function look(
  client: StationClient,
  container: Container,
  tail: number,
  signal: AbortSignal,
): Promise<Look | null> {
  const text = await client.consoleText(container, tail, signal);
  if (!text) return null;
  const pieces = text.lines.length + (text.rest === '' ? 0 : 1);
  // More than was asked for: `tail` was not heeded, as lxd may do. A few less prove nothing: Docker counts a long
  // line as several.
  const whole = pieces > tail || pieces < tail * 0.75;
  return { ...text, tail, whole };
}

async function* pastOf(
  client: StationClient,
  container: Container,
  query: HistoryQuery,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined> {
  const { mostTail } = client.pace;
  const wanted = query.lines === 'all' ? mostTail : Math.min(query.lines, mostTail);
  // A few lines alone would be a weak mark to go on from.
  const seen = await lookFar(client, container, Math.max(wanted, client.pace.pollTail), signal);
  const notices = pastNotices(query, seen, container);
  const items = seen.lines.map(entryOfLine);
  if (seen.rest !== '') items.push(entryOfLine(seen.rest));
  const shown = wanted === 0 ? [] : items.slice(-wanted);
  yield {
    items: shown,
    position: positionOf(anchorOf(seen.lines, seen.whole)),
    ...(seen.rest !== '' && shown.length > 0 ? { cut: true as const } : {}),
    ...(notices.length > 0 ? { notices } : {}),
  };
  return { complete: seen.whole && items.length <= wanted, begins: null };
}

/** The station's largest tail is unknown: when it refuses one, or the answer is too big, a smaller one is tried. */
async function lookFar(
  client: StationClient,
  container: Container,
  tail: number,
  signal: AbortSignal,
): Promise<Look> {
  for (;;) {
    try {
      const seen = await look(client, container, tail, signal);
      if (seen) return seen;
      container = (await reborn(client, container, signal)) ?? gone(client, container);
    } catch (error) {
      const refused = error instanceof CliError && error.kind === 'platform';
      if (!refused || tail <= client.pace.pollTail) throw error;
      tail = Math.max(client.pace.pollTail, Math.floor(tail / 8));
    }
  }
}

function pastNotices(query: HistoryQuery, seen: Look, { type, name }: Container): Notice[] {
  const notices: Notice[] = [];
  if (query.since || query.until) {
    const message = `the console of ${type}/${name} has no times, so no line can be chosen by its time`;
    notices.push({ kind: 'limit', message });
  }
  const wanted = query.lines === 'all' ? Number.POSITIVE_INFINITY : query.lines;
  if (!seen.whole && seen.tail < wanted) {
    const message = `only the last ${seen.tail} lines of the console of ${type}/${name} can be asked for`;
    notices.push({ kind: 'limit', message });
  }
  return notices;
}

function gone(client: StationClient, { type, name }: Container): never {
  throw new CliError('not-found', `${client.station} has no container ${type}/${name} any more.`, {
    hint: `polylog apps list ${client.profile} shows what there is.`,
  });
}

async function* follow(
  client: StationClient,
  container: Container,
  start: LiveStart,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, LiveEnd, undefined> {
  const { pace } = client;
  let anchor: Anchor;
  let tail = pace.pollTail;
  if ('after' in start) {
    anchor = anchorFrom(start.after);
  } else {
    const lines = Math.min(start.lines, pace.mostTail);
    const seen = await lookFar(client, container, Math.max(lines, pace.pollTail), signal);
    anchor = anchorOf(seen.lines, seen.whole);
    const shown = lines === 0 ? [] : seen.lines.slice(-lines);
    yield { items: shown.map(entryOfLine), position: positionOf(anchor) };
    await wait(pace.pollMillis, signal);
  }
  for (;;) {
    const step = await nextLines({ client, container, anchor, tail }, signal);
    if (step === null) {
      const again = await reborn(client, container, signal);
      if (!again)
        return { end: 'ended', reason: `container ${container.type}/${container.name} was removed` };
      container = again;
      continue;
    }
    anchor = step.anchor;
    tail = Math.min(pace.mostPollTail, Math.max(pace.pollTail, step.batch.items.length * 4));
    yield step.batch;
    await wait(pace.pollMillis, signal);
  }
}

function anchorFrom(after: Position): Anchor {
  const anchor = readAnchor(after);
  if (anchor) return anchor;
  throw new CliError('usage', 'The place to go on from is none of a console log of Container Station.');
}

interface Step {
  readonly client: StationClient;
  readonly container: Container;
  readonly anchor: Anchor;
  readonly tail: number;
}

/** What the console holds behind the anchor; looks farther back until it meets known lines. null: no such container. */
async function nextLines(
  { client, container, anchor, tail }: Step,
  signal: AbortSignal,
): Promise<{ batch: Batch<LogEntry>; anchor: Anchor } | null> {
  for (let before = -1; ; ) {
    const seen = await look(client, container, tail, signal);
    if (!seen) return null;
    const window = { digests: seen.lines.map(digestOf), whole: seen.whole };
    const from = align(anchor, window);
    // What looks whole is asked for once more, too: only a text that does not grow with the tail is.
    const mayGrow = !seen.whole || seen.lines.length > before;
    if (from === null && mayGrow && tail < client.pace.mostPollTail) {
      before = seen.lines.length;
      tail = Math.min(client.pace.mostPollTail, tail * 2);
      continue;
    }
    if (from !== null) {
      const moved = movedAnchor(anchor, window, from);
      return { anchor: moved, batch: { items: itemsFrom(seen, from), position: positionOf(moved) } };
    }
    const fresh = anchorOf(seen.lines, seen.whole);
    const batch = { items: itemsFrom(seen, 0), position: positionOf(fresh) };
    // A console that was empty and is seen whole has lost nothing.
    const lost = seen.lines.length > 0 && (anchor.tail.length > 0 || !seen.whole);
    return { anchor: fresh, batch: lost ? { ...batch, missing: missingBefore(seen, container) } : batch };
  }
}

function itemsFrom({ lines }: Look, from: number): LogEntry[] {
  return lines.slice(from).map(entryOfLine);
}

function missingBefore(seen: Look, { type, name }: Container): NonNullable<Batch<LogEntry>['missing']> {
  const reason = seen.whole
    ? `the console of ${type}/${name} began anew`
    : `more than ${seen.tail} lines came on the console of ${type}/${name} between two looks`;
  return { count: null, reason, certain: false };
}

/** A container that was made anew under its old name has another id. */
async function reborn(
  client: StationClient,
  container: Container,
  signal: AbortSignal,
): Promise<Container | null> {
  const known = await client.containers(signal);
  return known.find(({ type, name }) => type === container.type && name === container.name) ?? null;
}
