// The present state of containers, and waiting for one: held by the station where it can. Knows no event.
import { CliError } from '../../errors.ts';
import type { PlatformEvent, PlatformState } from '../../model.ts';
import type { AppRef, EventsCapability } from '../../provider.ts';
import { wait } from '../../wait.ts';
import type { StationClient } from './client.ts';
import { type Reading, readContainer, readContainerReadings } from './container-readings.ts';
import { findContainer, pickContainer } from './find-container.ts';
import { percentOf } from './metric-kinds.ts';
import { isObject } from './reply.ts';
import { within } from './time-limit.ts';
import type { Container } from './translate.ts';

/** None but `dead` is an end that nothing leads out of: a stopped container may be started at any time. */
export const STATES: EventsCapability<StationClient>['states'] = [
  { state: 'running', meaning: 'the container runs', final: null },
  { state: 'stopped', meaning: 'the container does not run (version 3: exited)', final: null },
  { state: 'paused', meaning: 'the container is paused (version 3)', final: null },
  { state: 'restarting', meaning: 'the container is being restarted (version 3)', final: null },
  { state: 'created', meaning: 'the container was made and never started (version 3)', final: null },
  { state: 'dead', meaning: 'the container cannot be started any more (version 3)', final: 'bad' },
];

/** The native kind of the changes that version 3's lists show. */
export const STATE_CHANGE = 'state';

/** The station's own word in lower case, but for Docker's name of a stopped container, which version 3 passes on. */
export function stateOf({ state }: Pick<Container, 'state'>): string {
  const word = (state ?? 'unknown').toLowerCase();
  return word === 'exited' ? 'stopped' : word;
}

/** What the event list calls it when a container comes into a state; `die` stands in every stop. */
const REACHED: Readonly<Record<string, string>> = {
  start: 'running',
  restart: 'running',
  unpause: 'running',
  stop: 'stopped',
  die: 'stopped',
  pause: 'paused',
};

/** The state that an event says a container has reached, so that one that passed between two looks counts. */
export function reachedState({ nativeKind, fields }: PlatformEvent): string | null {
  const state = fields?.state;
  if (typeof state !== 'string') return null;
  if (nativeKind === STATE_CHANGE) return state;
  return nativeKind === 'container' && Object.hasOwn(REACHED, state) ? (REACHED[state] ?? null) : null;
}

/** Of the one container that is named, else of all of them. */
export async function presentStates(
  client: StationClient,
  { app }: AppRef,
  signal: AbortSignal,
): Promise<PlatformState[]> {
  const { v3, containers } = await readContainerReadings(client, signal);
  if (app === '') return containers.map((container) => platformState(container, { v3, single: false }));
  return [platformState(pickContainer(client, app, containers), { v3, single: true })];
}

export interface Wait {
  readonly state: string;
  readonly millis: number;
}

/** Answers the present state when it is the wanted one, or when the time is up. */
export async function holdForState(
  client: StationClient,
  ref: AppRef,
  { state, millis }: Wait,
  signal: AbortSignal,
): Promise<PlatformState[]> {
  const until = performance.now() + millis;
  for (;;) {
    const began = performance.now();
    const states = await look(client, ref, { state, millis: until - began }, signal);
    const left = until - performance.now();
    if (states.every((present) => present.state === state) || left <= 0) return states;
    // An answer that was not held leaves it to us not to ask too often.
    const pause = client.pace.pollMillis - (performance.now() - began);
    if (pause > 0) await wait(Math.min(pause, left), signal);
  }
}

/** One look: held by the station for a state that it knows to wait for. */
async function look(
  client: StationClient,
  ref: AppRef,
  asked: Wait,
  signal: AbortSignal,
): Promise<PlatformState[]> {
  const held = ref.app !== '' && (asked.state === 'running' || asked.state === 'stopped');
  if (!held || asked.millis <= 0 || (await client.speaksV3(signal))) {
    return presentStates(client, ref, signal);
  }
  const container = await findContainer(client, ref.app, signal);
  const reading = await hold(client, container, asked, signal);
  return reading ? [platformState(reading, { v3: false, single: true })] : presentStates(client, ref, signal);
}

/** null when the station does not wait for such a container, or its answer is overdue (wire: Container Station 3.5). */
async function hold(
  client: StationClient,
  { type, id, name }: Container,
  { state, millis }: Wait,
  signal: AbortSignal,
): Promise<Reading | null> {
  const { waitSeconds, waitMarginMillis } = client.pace;
  const duration = Math.min(waitSeconds, Math.max(1, Math.ceil(millis / 1000)));
  const ask = {
    path: `/event/wait/${encodeURIComponent(type)}/${encodeURIComponent(id)}/${state}?duration=${duration}`,
    what: `the state of ${type}/${name}`,
    // The answer may be held as long as was asked; what limits it stands below.
    timeout: 0,
    retry: false,
  };
  const limit = Math.min(duration * 1000, millis) + waitMarginMillis;
  const json = await within(limit, (own) => client.jsonIfOffered(ask, own), signal).catch(nullIfRefused);
  // Timed out is no error: the answer is the container as it is, whatever its state.
  return isObject(json) ? readContainer(json, client.station) : null;
}

/** Whether it waits for lxd containers is stated nowhere (wire: Container Station 9). */
function nullIfRefused(error: unknown): null {
  if (error instanceof CliError && [400, 405, 501].includes(error.status ?? 0)) return null;
  throw error;
}

function platformState(
  container: Reading,
  { v3, single }: { readonly v3: boolean; readonly single: boolean },
): PlatformState {
  const { type, name, state } = container;
  return {
    // Since when it is so nobody says.
    ts: null,
    component: single ? null : `${type}/${name}`,
    state: stateOf(container),
    nativeState: state ?? '',
    fields: fieldsOf(container, v3),
  };
}

/** Percent and, up to version 2, bytes and bytes per second; a stopped container has none of them. */
function fieldsOf(container: Reading, v3: boolean): Record<string, unknown> {
  const { cpu, memory, rx, tx, read, write, image, id } = container;
  const fields = {
    cpu: percentOf(cpu),
    ...(v3 ? { memory_percent: percentOf(memory) } : { memory }),
    rx,
    tx,
    read,
    write,
    image,
    id,
  };
  const told = Object.entries(fields).filter(([, value]) => value !== null && !Number.isNaN(value));
  return Object.fromEntries(told);
}
