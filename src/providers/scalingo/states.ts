// What an app, a container type or a container is doing now. Knows no event.
import { CliError } from '../../errors.ts';
import type { Build, PlatformState } from '../../model.ts';
import type { AppRef, EventsCapability } from '../../provider.ts';
import { type Formation, type RunningContainer, runningOf } from './answers.ts';
import { aboutApp, appSubject, type ScalingoClient } from './client.ts';
import { type AppPlace, deploymentPage } from './deployments.ts';
import { homeRegion, inRegion } from './regions.ts';

/** The app's own words are those of wire: Scalingo 7, the deployment's those of 4.2. */
export const states: EventsCapability<ScalingoClient>['states'] = [
  { state: 'running', meaning: 'the app, or every container of the type, runs', final: null },
  { state: 'stopped', meaning: 'the app is stopped, or there is no such container', final: null },
  { state: 'deployed', meaning: 'the last deployment succeeded', final: 'good' },
  { state: 'failed', meaning: 'the last deployment failed', final: 'bad' },
  { state: 'scaled', meaning: 'as many containers run as the formation says', final: null },
  { state: 'new', meaning: 'the app has never been deployed', final: null },
  { state: 'booting', meaning: 'the containers are being started', final: null },
  { state: 'restarting', meaning: 'the containers are being replaced', final: null },
  { state: 'scaling', meaning: 'containers are being added or removed', final: null },
  { state: 'crashed', meaning: 'the app, or a container of the type, has crashed', final: 'bad' },
  { state: 'queued', meaning: 'a deployment waits for others', final: null },
  { state: 'building', meaning: 'a deployment is being built', final: null },
  { state: 'pushing', meaning: 'the image of a deployment is being stored', final: null },
  { state: 'starting', meaning: 'a deployment, or a container, is being started', final: null },
  { state: 'aborted', meaning: 'the last deployment was aborted', final: 'bad' },
];

export async function presentState(
  client: ScalingoClient,
  ref: AppRef,
  signal: AbortSignal,
): Promise<PlatformState[]> {
  const place = { app: ref.app, region: await homeRegion(client, signal) };
  if (ref.component !== null) return [await componentState(client, place, ref.component, signal)];
  return [await appState(client, place, signal)];
}

/**
 * Several states hold at once: `state` is the one that tells most, `nativeState` the app's own word, `also` all of them.
 * A deployment under way comes first: neither what failed before it nor a crash it may mend decides any more.
 */
async function appState(
  client: ScalingoClient,
  place: AppPlace,
  signal: AbortSignal,
): Promise<PlatformState> {
  const { app, region } = place;
  const record = await inRegion(client, place, () => client.app(region, app, signal), signal);
  const [page, containers] = await Promise.all([
    deploymentPage(client, place, 1, signal),
    containersOf(client, place, signal),
  ]);
  const [last = null] = page.builds;
  const status = record.status?.toLowerCase() ?? 'unknown';
  const deployment = last === null ? null : wordOf(last);
  const isSteady = status === 'running' || status === 'stopped';
  const scaled = status !== 'scaling' && isScaled(containers) ? ['scaled'] : [];
  return {
    ts: last?.finished ?? last?.created ?? null,
    component: null,
    state: deployment !== null && (isSteady || last?.ended === false) ? deployment : status,
    nativeState: record.status ?? 'unknown',
    also: [...new Set([status, ...(deployment === null ? [] : [deployment]), ...scaled])],
    fields: {
      deployment: last?.id ?? null,
      deployment_status: last?.nativeStatus ?? null,
      containers: Object.fromEntries(containers.formation.map(({ name, amount }) => [name, amount])),
    },
  };
}

/** `deployed`, `failed`, or the platform's own word. */
export function wordOf({ status, nativeStatus }: Pick<Build, 'status' | 'nativeStatus'>): string {
  if (status === 'succeeded') return 'deployed';
  return status === 'failed' ? 'failed' : nativeStatus.toLowerCase();
}

interface Containers {
  /** What is wished for. */
  readonly formation: readonly Formation[];
  /** What there is, without one-offs. */
  readonly there: readonly RunningContainer[];
  readonly oneOffs: readonly RunningContainer[];
}

async function containersOf(
  client: ScalingoClient,
  { app, region }: AppPlace,
  signal: AbortSignal,
): Promise<Containers> {
  const subject = { what: `the containers of ${appSubject(app, region).what}`, ofApp: true };
  const { url } = aboutApp(region, app, '/ps');
  const [formation, answer] = await Promise.all([
    client.formation(region, app, signal),
    client.asker.object({ url, subject }, signal),
  ]);
  const types = new Set(formation.map(({ name }) => name));
  const all = runningOf(answer);
  return {
    formation,
    there: all.filter(({ type }) => types.has(type)),
    oneOffs: all.filter(({ type }) => !types.has(type)),
  };
}

function isScaled({ formation, there }: Containers): boolean {
  return formation.every(({ name, amount }) => isAsWished(amount, of(there, name)));
}

function isAsWished(amount: number | null, containers: readonly RunningContainer[]): boolean {
  const allRun = containers.every(({ state }) => state === 'running');
  return allRun && (amount === null || containers.length === amount);
}

function of(containers: readonly RunningContainer[], type: string): RunningContainer[] {
  return containers.filter((container) => container.type === type);
}

async function componentState(
  client: ScalingoClient,
  place: AppPlace,
  component: string,
  signal: AbortSignal,
): Promise<PlatformState> {
  const containers = await inRegion(client, place, () => containersOf(client, place, signal), signal);
  const type = containers.formation.find(({ name }) => name === component);
  if (type !== undefined) return typeState(type, of(containers.there, type.name));
  const all = [...containers.there, ...containers.oneOffs];
  const one = all.find(({ label }) => label === component);
  const bare = { ts: null, component, fields: null };
  if (one !== undefined) return { ...bare, state: one.state, nativeState: one.state };
  // A number that is not there, of a type that is: it has been scaled away, or a one-off has ended.
  const parent = component.replace(/-\d+$/, '');
  const isKnown = containers.formation.some(({ name }) => name === parent);
  if (parent !== component && (isKnown || /^(one-off|postdeploy)$/.test(parent))) {
    return { ...bare, state: 'stopped', nativeState: 'absent' };
  }
  throw unknownComponent(place, component, containers);
}

/** `scaled` where the formation is reached, which is `running` too, or `stopped` where none is wished for. */
function typeState({ name, amount }: Formation, there: readonly RunningContainer[]): PlatformState {
  const crashed = there.find(({ state }) => state.startsWith('crash'));
  const waiting = there.find(({ state }) => state !== 'running');
  const scaled = isAsWished(amount, there);
  const native = there.length === 0 ? 'stopped' : (waiting?.state ?? 'running');
  return {
    ts: null,
    component: name,
    state: crashed !== undefined ? 'crashed' : scaled ? 'scaled' : 'scaling',
    nativeState: crashed?.state ?? native,
    also: scaled ? ['scaled', native] : [native],
    fields: { wanted: amount, running: there.filter(({ state }) => state === 'running').length },
  };
}

function unknownComponent({ app, region }: AppPlace, component: string, { formation }: Containers): CliError {
  const { what } = appSubject(app, region);
  const types = formation.map(({ name }) => name).join(', ');
  return new CliError(
    'not-found',
    `Scalingo: ${what} has no container or type "${component.slice(0, 80)}".`,
    {
      hint: types === '' ? 'It has no containers.' : `It has ${types}.`,
    },
  );
}
