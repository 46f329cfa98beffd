// `events wait`: blocks until a state is reached, judged by the platform's own state; one that passed in a flash counts.
import { CliError, Interruption, isRetryable } from '../errors.ts';
import type { Host } from '../host.ts';
import {
  formatInstant,
  type Instant,
  instantFromMillis,
  type PlatformEvent,
  type PlatformState,
} from '../model.ts';
import { endRecord, jsonLine } from '../output/records.ts';
import { wait } from '../wait.ts';
import { startDeadline, startHeartbeat } from './build-verdict.ts';
import { type EventFlags, type EventPlace, eventPlace } from './event-target.ts';
import { durationFlag } from './flag-values.ts';
import { stateForm, stateText } from './state-text.ts';
import { createTally, endOfFailure } from './tally.ts';
import { withContext } from './with-context.ts';

export interface WaitCommand {
  readonly host: Host;
  readonly target: string | undefined;
  readonly state: string | undefined;
  readonly options: EventFlags;
}

export function waitForState({ host, target, state, options }: WaitCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const [app, ...more] = options.app ?? [];
    if (more.length > 0) throw new CliError('usage', 'events wait takes one target.');
    const wanted = app === undefined ? state : (state ?? target);
    const text = app ?? target;
    const [resolved] = await context.targets(text === undefined ? [] : [text]);
    if (!resolved) throw new CliError('usage', 'No target is given.');
    const place = await eventPlace(context, resolved);
    const known = checkedState(place, wanted);
    const form = stateForm(options, context.terminal.out.isTTY);
    const deadline = startDeadline(context.signal, durationFlag('timeout', options.timeout));
    const silence = startHeartbeat({
      terminal: context.terminal,
      label: place.label,
      millis: durationFlag('heartbeat', options.heartbeat),
      word: () => `not ${known} yet`,
    });
    const tally = createTally();
    // Whoever asks for nothing gets the state and nothing else.
    const hasEnd = form === 'ndjson' && (options.json || options.output !== undefined || options.verbose);
    const printEnd = async (end: { reason: string; exit: number }) => {
      if (hasEnd) await context.terminal.print(jsonLine(endRecord(tally.end(end), place.shown)));
    };
    try {
      const end = await awaitState({
        place,
        state: known,
        signal: deadline.signal,
        known: new Set(),
        note: (line) => context.terminal.note(line),
      });
      await context.terminal.print(stateText(end.state, place, form));
      tally.records = 1;
      tally.see(end.state.ts);
      await printEnd(end.reached ? { reason: 'reached', exit: 0 } : { reason: end.state.state, exit: 1 });
      await context.terminal.flush();
      if (end.reached) return 0;
      context.terminal.complain(
        `polylog: ${place.label} is ${end.state.state}, so it will not become ${known}.`,
      );
      return 1;
    } catch (error) {
      await printEnd(endOfFailure(error)).catch(() => undefined);
      if (error instanceof Interruption && error.exitCode === 124) {
        context.terminal.complain(
          `polylog: ${place.label}: not ${known} within ${options.timeout} (--timeout).`,
        );
      }
      throw error;
    } finally {
      silence.stop();
      deadline.clear();
    }
  });
}

function checkedState({ events, connected, label }: EventPlace, wanted: string | undefined): string {
  const valid = events.states.map(({ state }) => state);
  const hint = `${connected.provider.title} knows ${valid.join(', ')}.`;
  if (wanted === undefined) throw new CliError('usage', `Which state is ${label} to be in?`, { hint });
  const found = valid.find((state) => state.toLowerCase() === wanted.toLowerCase());
  if (found !== undefined) return found;
  throw new CliError('usage', `"${wanted}" is no state of ${label}.`, { hint });
}

interface Waiting {
  readonly place: EventPlace;
  readonly state: string;
  readonly signal: AbortSignal;
  /** Failures that had happened before, once they have been seen. */
  readonly known: Set<string>;
  note(line: string): void;
}

interface WaitEnd {
  readonly reached: boolean;
  readonly state: PlatformState;
}

const MOST_PAUSE = 30_000;
/** One that passed in a flash is found when a hold has ended. */
const HOLD = 5000;

async function awaitState(waiting: Waiting): Promise<WaitEnd> {
  const { place, state, signal } = waiting;
  const { events, connected, target } = place;
  const startedAt = instantFromMillis(Date.now());
  const every = events.traits.live.everyMillis ?? 5000;
  let before: ReadonlySet<string> | undefined;
  let failures = 0;
  let first = true;
  for (;;) {
    let pause = every;
    try {
      const states =
        events.hold && !first
          ? await events.hold(connected.client, target.ref, { state, millis: HOLD }, signal)
          : await events.state(connected.client, target.ref, signal);
      const end = judge(states, waiting, first);
      if (end) return end;
      const past = await recentEvents(waiting);
      const passed = before && judgePast(past, waiting, { since: startedAt, before });
      if (passed) return passed;
      before ??= new Set(past.map(({ key }) => key));
      if (failures > 0) waiting.note(`polylog: ${place.label}: the platform answers again`);
      failures = 0;
      if (events.hold) pause = first ? 0 : Math.min(every, 1000);
      first = false;
    } catch (error) {
      signal.throwIfAborted();
      if (!isRetryable(error) || !(error instanceof CliError)) throw error;
      failures += 1;
      if (failures === 1) waiting.note(`polylog: ${place.label}: ${error.message} Still waiting.`);
      pause = Math.max(error.retryAfter ?? 0, Math.min(MOST_PAUSE, every * 2 ** Math.min(failures, 6)));
    }
    await wait(pause, signal);
  }
}

/**
 * A bad end counts only when it came while we waited: what had failed before may be about to be mended. What has the
 * same time as at the first look is the same failure.
 */
function judge(
  states: readonly PlatformState[],
  { place, state, known }: Waiting,
  first: boolean,
): WaitEnd | undefined {
  const isIt = (one: PlatformState) =>
    [one.state, one.nativeState, ...(one.also ?? [])].some(
      (word) => word.toLowerCase() === state.toLowerCase(),
    );
  const any = states.find(isIt);
  // Of several components every one has to be there; one that is in several states at once has an entry for each.
  const there = new Set(states.filter(isIt).map(({ component }) => component));
  const isBad = place.events.states.some((one) => one.state === state && one.final === 'bad');
  // Who waits for a failure wants to know of the first.
  if (any && (isBad || states.every(({ component }) => there.has(component)))) {
    // One that holds beside others is reported by the word that was waited for.
    return { reached: true, state: { ...any, state } };
  }
  const bad = states.filter((one) =>
    place.events.states.some(
      ({ state: name, final }) => final === 'bad' && name === one.state && name !== state,
    ),
  );
  if (first) for (const one of bad) if (one.ts) known.add(failureKey(one));
  const fresh = first ? undefined : bad.find((one) => !known.has(failureKey(one)));
  return fresh ? { reached: false, state: fresh } : undefined;
}

function failureKey({ ts, component, nativeState }: PlatformState): string {
  return JSON.stringify([ts && formatInstant(ts), component, nativeState]);
}

const RECENT = 50;

interface PastEvent {
  readonly event: PlatformEvent;
  /** Another one in each phase of the same event. */
  readonly key: string;
}

async function recentEvents({ place, signal }: Waiting): Promise<readonly PastEvent[]> {
  const { events, connected, target } = place;
  if (!events.stateOf) return [];
  const source = await events.open(connected.client, target.ref, { types: [], users: [] }, signal);
  const history = source.history({ lines: RECENT, since: null, until: null }, signal);
  const found: PastEvent[] = [];
  try {
    for (;;) {
      const step = await history.next();
      if (step.done) return found;
      for (const event of step.value.items) found.push({ event, key: source.keyOf(event) });
    }
  } finally {
    await history.return({ complete: false, begins: null }).catch(() => undefined);
  }
}

/**
 * States that passed between two looks; also that of a deploy that failed. News is what was not there at the beginning
 * (an event that began earlier has come into a new phase), or what has happened since by the platform's clock.
 */
function judgePast(
  past: readonly PastEvent[],
  { place, state }: Waiting,
  { since, before }: { readonly since: Instant; readonly before: ReadonlySet<string> },
): WaitEnd | undefined {
  const { events, target } = place;
  const { component } = target.ref;
  const isBad = (word: string) => events.states.some((one) => one.state === word && one.final === 'bad');
  let failed: WaitEnd | undefined;
  for (const { event, key } of past) {
    const isOurs = component === null || event.component === component;
    const isNew = !before.has(key) || (event.ts !== null && event.ts.seconds > since.seconds);
    const reached = isOurs && isNew ? (events.stateOf?.(event) ?? null) : null;
    if (reached === null) continue;
    const { ts, component: part, nativeKind, fields } = event;
    const there = { ts, component: part, state: reached, nativeState: nativeKind, fields };
    if (reached.toLowerCase() === state.toLowerCase()) return { reached: true, state: there };
    // A crash may mend itself; a deploy that failed has ended.
    const isDeploy = event.kind === 'deploy' || event.kind === 'release';
    if (isDeploy && isBad(reached)) failed ??= { reached: false, state: there };
  }
  return failed;
}
