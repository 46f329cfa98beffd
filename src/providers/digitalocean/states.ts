// What an app or one of its components is doing now: its newest deployment, its health, its replicas. Knows no event.
import { CliError } from '../../errors.ts';
import type { Build, PlatformState } from '../../model.ts';
import type { AppRef, EventsCapability } from '../../provider.ts';
import type { DigitaloceanClient } from './client.ts';
import { buildOf, deploymentPages } from './deployments.ts';
import { type ComponentHealth, readHealth } from './health.ts';
import { type KnownApp, knownApp } from './known-app.ts';

/** The platform's own words are those of wire: DigitalOcean 3 and 4.2. */
export const states: EventsCapability<DigitaloceanClient>['states'] = [
  { state: 'running', meaning: 'every component, or the one that is named, is healthy', final: null },
  { state: 'deployed', meaning: 'the newest deployment is active', final: 'good' },
  { state: 'failed', meaning: 'the newest deployment failed', final: 'bad' },
  { state: 'scaled', meaning: 'as many instances are ready as there shall be', final: null },
  { state: 'unhealthy', meaning: 'a component, or the one that is named, is not healthy', final: null },
  { state: 'undeployed', meaning: 'the app has never been deployed', final: null },
  { state: 'pending_build', meaning: 'the newest deployment waits to be built', final: null },
  { state: 'building', meaning: 'the newest deployment is being built', final: null },
  { state: 'pending_deploy', meaning: 'the newest deployment is built and waits', final: null },
  { state: 'deploying', meaning: 'the newest deployment is being started', final: null },
  { state: 'canceled', meaning: 'the newest deployment was cancelled', final: 'bad' },
  { state: 'superseded', meaning: 'the newest deployment gave way to another one', final: null },
];

export async function presentState(
  client: DigitaloceanClient,
  ref: AppRef,
  signal: AbortSignal,
): Promise<PlatformState[]> {
  const app = await knownApp(client, ref.app, signal);
  const [newest, health] = await Promise.all([
    newestDeployment(client, app, signal),
    healthOf(client, app, signal),
  ]);
  if (ref.component === null) return [appState(newest, health)];
  return [componentState({ newest, health, app, component: ref.component })];
}

async function newestDeployment(
  client: DigitaloceanClient,
  app: KnownApp,
  signal: AbortSignal,
): Promise<Build | null> {
  for await (const [newest] of deploymentPages(client, { app, perPage: 1 }, signal)) {
    return newest === undefined
      ? null
      : buildOf(newest, { what: `the newest deployment of app "${app.name}"` });
  }
  return null;
}

/** Of an app that runs nothing there may be no health at all. */
async function healthOf(
  client: DigitaloceanClient,
  app: KnownApp,
  signal: AbortSignal,
): Promise<ComponentHealth[]> {
  try {
    return await readHealth(client, app, signal);
  } catch (error) {
    if (error instanceof CliError && (error.status === 404 || error.status === 400)) return [];
    throw error;
  }
}

/** A deployment and the health are independent: what was active before runs on while a new one is built or fails. */
function appState(newest: Build | null, health: readonly ComponentHealth[]): PlatformState {
  const state = wordOf(newest);
  const isRunning = health.length > 0 && health.every((each) => each.state === 'HEALTHY');
  const isUnhealthy = health.some((each) => each.state === 'UNHEALTHY');
  return {
    ts: newest?.finished ?? newest?.created ?? null,
    component: null,
    state,
    nativeState: newest?.nativeStatus ?? 'none',
    also: [
      state,
      ...(isRunning ? ['running'] : []),
      ...(isUnhealthy ? ['unhealthy'] : []),
      ...(isScaled(health) ? ['scaled'] : []),
    ],
    fields: fieldsOf(newest, health),
  };
}

interface Asked {
  readonly newest: Build | null;
  readonly health: readonly ComponentHealth[];
  readonly app: KnownApp;
  readonly component: string;
}

function componentState({ newest, health, app, component }: Asked): PlatformState {
  const names = [...new Set([...health, ...app.components].map(({ name }) => name))];
  const name = names.find((each) => each === component) ?? names.find((each) => isInstance(component, each));
  if (name === undefined) {
    throw new CliError(
      'not-found',
      `App "${app.name}" of DigitalOcean has no component "${component.slice(0, 80)}".`,
      names.length === 0 ? {} : { hint: `It has ${names.join(', ')}.` },
    );
  }
  const own = health.filter((each) => each.name === name);
  const nativeState = own[0]?.state ?? 'UNKNOWN';
  const state = nativeState === 'HEALTHY' ? 'running' : nativeState.toLowerCase();
  return {
    ts: null,
    component: name,
    state,
    nativeState,
    also: [...new Set([state, wordOf(newest), ...(isScaled(own) ? ['scaled'] : [])])],
    fields: fieldsOf(newest, own),
  };
}

/** `web-0` of `web`: health is told by component, not by instance. */
function isInstance(text: string, component: string): boolean {
  return text.startsWith(`${component}-`) && /^[\w-]+$/.test(text.slice(component.length + 1));
}

function wordOf(newest: Build | null): string {
  if (newest === null) return 'undeployed';
  if (newest.status === 'succeeded') return 'deployed';
  return newest.status === 'failed' ? 'failed' : newest.nativeStatus.toLowerCase();
}

function isScaled(health: readonly ComponentHealth[]): boolean {
  const counted = health.filter(({ desired }) => desired !== null);
  return counted.length > 0 && counted.every(({ desired, ready }) => desired === ready);
}

function fieldsOf(newest: Build | null, health: readonly ComponentHealth[]): PlatformState['fields'] {
  const components = health.map(({ name, state, desired, ready }) => [
    name,
    { state, replicas_desired: desired, replicas_ready: ready },
  ]);
  return {
    deployment: newest?.id ?? null,
    phase: newest?.nativeStatus ?? null,
    reason: newest?.reason ?? null,
    components: Object.fromEntries(components),
  };
}
