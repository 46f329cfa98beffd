// Changes between successive lists of containers as events, for version 3, which has no event list. Knows no API of it.
import { CliError } from '../../errors.ts';
import type { PlatformEvent } from '../../model.ts';
import type { Batch, HistoryEnd, LiveEnd, LiveStart, Position, Source, Traits } from '../../provider.ts';
import { wait } from '../../wait.ts';
import type { StationClient } from './client.ts';
import { type Reading, readContainerReadings } from './container-readings.ts';
import type { Pace } from './pace.ts';
import { STATE_CHANGE, stateOf } from './states.ts';

export function stateChangeTraits(pace: Pace): Traits {
  return {
    history: 'none',
    archives: null,
    retention: 'nothing: changes are noticed while they are watched for',
    join: 'position',
    live: { kind: 'poll', everyMillis: pace.pollMillis },
    ids: false,
    times: 'none',
    ordered: true,
    filters: [],
    alive: { proof: 'an answer to the next look', silenceMillis: 90_000 },
    endless: false,
    maxLines: null,
  };
}

/** `app`: only this container (`docker/web`); '' = all. */
export function stateChanges(client: StationClient, app: string): Source<PlatformEvent> {
  return {
    traits: stateChangeTraits(client.pace),
    history: (_query, signal) => presentOf(client, app, signal),
    live: (start, signal) => follow(client, { app, start }, signal),
    timeOf: () => null,
    keyOf: ({ message, fields }) => `${message}\n${JSON.stringify(fields)}`,
  };
}

interface Seen {
  readonly id: string;
  readonly state: string;
  readonly started: string | null;
}

/** By `docker/web`. */
type Snapshot = ReadonlyMap<string, Seen>;

async function snapshot(client: StationClient, app: string, signal: AbortSignal): Promise<Snapshot> {
  const { containers } = await readContainerReadings(client, signal);
  const named = containers.map((container): [string, Reading] => [
    `${container.type}/${container.name}`,
    container,
  ]);
  const wanted = named.filter(([name]) => app === '' || name === app);
  return new Map(
    wanted.map(([name, container]) => [
      name,
      { id: container.id, state: stateOf(container), started: container.started },
    ]),
  );
}

/** There is no past; live goes on from the present. */
async function* presentOf(
  client: StationClient,
  app: string,
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, HistoryEnd, undefined> {
  yield { items: [], position: positionOf(await snapshot(client, app, signal)), notices: [noList(client)] };
  return { complete: true, begins: null };
}

async function* follow(
  client: StationClient,
  { app, start }: { readonly app: string; readonly start: LiveStart },
  signal: AbortSignal,
): AsyncGenerator<Batch<PlatformEvent>, LiveEnd, undefined> {
  let known: Snapshot | null = 'after' in start ? readSnapshot(start.after) : null;
  for (;;) {
    const present = await snapshot(client, app, signal);
    const position = positionOf(present);
    if (known) yield { items: changes(known, present), position };
    else yield { items: [], position, notices: [noList(client)] };
    known = present;
    await wait(client.pace.pollMillis, signal);
  }
}

function noList({ station, pace }: StationClient) {
  const every = `${pace.pollMillis / 1000} s`;
  const message = `${station} is of version 3, which has no event list: changes of state are noticed by looking every ${every}`;
  return { kind: 'limit' as const, message };
}

function changes(known: Snapshot, present: Snapshot): PlatformEvent[] {
  const gone = [...known].filter(([name]) => !present.has(name));
  return [
    ...gone.map(([name, before]) => eventOf(name, { words: 'was removed', kind: 'deploy', before })),
    ...[...present].flatMap(([name, now]) => {
      const before = known.get(name);
      const change = before ? changeOf(before, now) : { words: `appeared, ${now.state}`, kind: 'deploy' };
      return change ? [eventOf(name, { ...change, before, now })] : [];
    }),
  ];
}

function changeOf(before: Seen, now: Seen): { words: string; kind: string } | null {
  if (before.id !== now.id) return { words: `was made anew, ${now.state}`, kind: 'deploy' };
  if (before.state !== now.state) return { words: `is ${now.state} (was ${before.state})`, kind: 'restart' };
  const again = before.started !== null && now.started !== null && before.started !== now.started;
  return again && now.state === 'running' ? { words: 'was restarted', kind: 'restart' } : null;
}

interface Change {
  readonly words: string;
  readonly kind: string;
  readonly before?: Seen | undefined;
  readonly now?: Seen;
}

function eventOf(name: string, { words, kind, before, now }: Change): PlatformEvent {
  return {
    // When it happened nobody said.
    ts: null,
    id: null,
    kind,
    nativeKind: STATE_CHANGE,
    component: name.slice(name.indexOf('/') + 1),
    user: null,
    message: `container ${name} ${words}`,
    fields: {
      container: name,
      state: now?.state ?? null,
      before: before?.state ?? null,
      id: now?.id ?? before?.id ?? null,
    },
  };
}

function positionOf(states: Snapshot): Position {
  return [...states].map(([name, { id, state, started }]) => [name, id, state, started]);
}

function readSnapshot(position: Position): Snapshot {
  const states = new Map<string, Seen>();
  for (const entry of Array.isArray(position) ? position : [null]) {
    const [name, id, state, started]: readonly Position[] = Array.isArray(entry) ? entry : [];
    if (typeof name !== 'string' || typeof id !== 'string' || typeof state !== 'string') {
      throw new CliError('usage', 'The place to go on from is none of the states of Container Station.');
    }
    states.set(name, { id, state, started: typeof started === 'string' ? started : null });
  }
  return states;
}
