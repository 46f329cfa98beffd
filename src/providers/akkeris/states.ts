// What an app is doing now, from its dynos, its formation and its last release. Knows no event's record.
import { CliError } from '../../errors.ts';
import { compareInstants, type Instant, type PlatformEvent, type PlatformState } from '../../model.ts';
import type { AppRef, EventsCapability } from '../../provider.ts';
import { fieldsOf } from '../../transport/json-fields.ts';
import { addressedApp } from './addressed-app.ts';
import type { AkkerisClient } from './client.ts';
import { type Dyno, type DynoType, readDynos, readFormation } from './formation.ts';
import { type Release, readReleases } from './releases.ts';

/** The words behind `deployed` are the platform's own for a dyno (wire: Akkeris 6). */
export const STATES: EventsCapability<AkkerisClient>['states'] = [
  { state: 'running', meaning: 'every dyno of the type runs', final: 'good' },
  { state: 'stopped', meaning: 'no dyno of the type is wanted, or all have stopped', final: 'good' },
  {
    state: 'failed',
    meaning: 'a dyno crashed, did not start or failed its probe, or the last release failed',
    final: 'bad',
  },
  { state: 'scaled', meaning: 'as many dynos run as the formation wants', final: 'good' },
  { state: 'deployed', meaning: 'the last release succeeded', final: 'good' },
  { state: 'waiting', meaning: 'a dyno waits to be started', final: null },
  { state: 'pending', meaning: 'a dyno is being started', final: null },
  { state: 'stopping', meaning: 'a dyno is being stopped', final: null },
  { state: 'app-crashed', meaning: 'a dyno ended by itself', final: 'bad' },
  { state: 'start-failure', meaning: 'a dyno did not start', final: 'bad' },
  { state: 'probe-failure', meaning: 'a dyno does not answer its health check', final: 'bad' },
];

const FAILURES: ReadonlySet<string> = new Set(['app-crashed', 'start-failure', 'probe-failure']);

/** One entry for each state that a dyno type is in: it may be running, scaled and deployed at the same time. */
export async function presentStates(
  client: AkkerisClient,
  ref: AppRef,
  signal: AbortSignal,
): Promise<PlatformState[]> {
  const place = addressedApp(ref);
  const [formation, dynos, releases] = await Promise.all([
    readFormation(client, place, signal),
    readDynos(client, place, signal),
    readReleases(client, place, signal),
  ]);
  const released = releaseState(releases.at(-1));
  return groupsOf(ref, formation, dynos).flatMap((group) => [
    ...dynoStates(group),
    ...(released === null ? [] : [{ ...released, component: group.component }]),
  ]);
}

/** An event of what was wanted says nothing of what was reached: a changed formation has no state. */
export function stateOfEvent({ nativeKind, fields }: PlatformEvent): string | null {
  if (nativeKind === 'crashed') return 'failed';
  if (nativeKind === 'released') return 'deployed';
  const record = fieldsOf(nativeKind === 'build' ? fields?.build : fields?.release);
  const result = record?.result ?? record?.status;
  if (nativeKind === 'build') return result === 'failed' ? 'failed' : null;
  if (nativeKind !== 'release') return null;
  if (result === 'succeeded') return 'deployed';
  return result === 'failed' ? 'failed' : null;
}

interface Group {
  /** Dyno type; null for an app that has none. */
  readonly component: string | null;
  /** How many dynos are wanted; null when nobody says. */
  readonly quantity: number | null;
  readonly dynos: readonly Dyno[];
}

/** Throws `not-found` for a component that the app does not have. */
function groupsOf(
  { app, component }: AppRef,
  formation: readonly DynoType[],
  dynos: readonly Dyno[],
): Group[] {
  const wanted = new Map(formation.map(({ type, quantity }) => [type, quantity]));
  // One-off dynos have types that stand in no formation.
  const types = wanted.size > 0 ? [...wanted.keys()] : [...new Set(dynos.map(({ type }) => type))];
  const groups = types.map((type) => ({
    component: type,
    quantity: wanted.get(type) ?? null,
    dynos: dynos.filter((dyno) => dyno.type === type),
  }));
  if (component !== null) return [chosen(groups, { app, component })];
  if (groups.length === 0) return [{ component: null, quantity: 0, dynos: [] }];
  // Whoever waits for an app to run does not mean types that are switched off on purpose.
  const active = groups.filter(({ quantity, dynos: own }) => quantity !== 0 || own.length > 0);
  return active.length > 0 ? active : groups;
}

/** `web`, or one dyno: `web.1562910588-cg82f`. */
function chosen(groups: readonly Group[], { app, component }: { app: string; component: string }): Group {
  const dot = component.indexOf('.');
  const type = dot === -1 ? component : component.slice(0, dot);
  const group = groups.find((one) => one.component === type);
  if (group === undefined) {
    throw new CliError('not-found', `Akkeris's app "${app}" has no dynos of the type "${type}".`, {
      hint: `It has ${groups.map((one) => one.component).join(', ') || 'none at all'}.`,
    });
  }
  if (dot === -1) return group;
  const name = component.slice(dot + 1);
  return { component, quantity: null, dynos: group.dynos.filter((dyno) => dyno.name === name) };
}

function dynoStates({ component, quantity, dynos }: Group): PlatformState[] {
  const alive = dynos.filter(({ state }) => state !== 'stopped');
  const running = alive.filter(({ state }) => state === 'running').length;
  const telling = tellingOf(alive);
  const native = telling?.state ?? (dynos.length > 0 ? 'stopped' : 'no dynos');
  const activity: PlatformState = {
    ts: telling?.updated ?? latest(dynos),
    component,
    state: telling === undefined ? 'stopped' : FAILURES.has(native) ? 'failed' : native,
    nativeState: native,
    fields: { quantity, running, dynos: dynos.length },
  };
  if (quantity === null || running !== quantity || alive.length !== quantity) return [activity];
  return [activity, { ...activity, state: 'scaled', nativeState: `${running} of ${quantity} running` }];
}

/** One that failed speaks for its type, then one that is under way. */
function tellingOf(alive: readonly Dyno[]): Dyno | undefined {
  return (
    alive.find(({ state }) => FAILURES.has(state)) ??
    alive.find(({ state }) => state !== 'running') ??
    alive[0]
  );
}

function latest(dynos: readonly Dyno[]): Instant | null {
  return dynos.reduce<Instant | null>((newest, { updated }) => {
    if (updated === null || (newest !== null && compareInstants(newest, updated) >= 0)) return newest;
    return updated;
  }, null);
}

/** null while it is under way. */
function releaseState(release: Release | undefined): Omit<PlatformState, 'component'> | null {
  if (release === undefined || (release.status !== 'succeeded' && release.status !== 'failed')) return null;
  const { name, status, nativeStatus, created } = release;
  return {
    ts: created,
    state: status === 'succeeded' ? 'deployed' : 'failed',
    nativeState: `release ${name} ${nativeStatus}`,
    fields: { release: name },
  };
}
