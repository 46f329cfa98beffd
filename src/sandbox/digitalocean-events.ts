// Events (deployments, autoscaling) and running instances (wire: DigitalOcean 5 and 6). Knows no HTTP.
import { wordsOf } from './digitalocean-answers.ts';
import { deploymentOf, deploymentType, deploymentTypes } from './digitalocean-deployments.ts';
import { lineOf, runComponents } from './digitalocean-lines.ts';
import type { Platform } from './digitalocean-options.ts';
import { nameSuffix, uuidOf, wholeSeconds } from './digitalocean-time.ts';
import type { WorldEvent, WorldTime } from './world.ts';

interface Scaling {
  from: number;
  to: number;
}

export interface AppEvent {
  id: string;
  type: 'DEPLOYMENT' | 'AUTOSCALING';
  created_at: string;
  deployment_id?: string;
  deployment?: object;
  autoscaling?: {
    phase: string;
    components: Record<string, Partial<Scaling> & { triggering_metric: string }>;
  };
}

export interface DatedEvent {
  at: WorldTime;
  id: string;
  type: AppEvent['type'];
  deploymentType?: string;
  scaled?: WorldEvent;
  tell(): AppEvent;
}

const eventTypes = ['DEPLOYMENT', 'AUTOSCALING'];

/** Newest first. Throws a refusal when a filter is none. */
export function listEvents(platform: Platform, query: URLSearchParams): DatedEvent[] {
  const types = wordsOf(query, 'event_types', eventTypes);
  const causes = wordsOf(query, 'deployment_types', deploymentTypes);
  return datedEvents(platform)
    .filter((event) => types.length === 0 || types.includes(event.type))
    .filter((event) => causes.length === 0 || causes.includes(event.deploymentType ?? ''));
}

export function findEvent(platform: Platform, id: string): AppEvent | undefined {
  return datedEvents(platform)
    .find((event) => event.id === id)
    ?.tell();
}

/** The archived log of an autoscaling event. */
export function autoscaleLines(platform: Platform, event: AppEvent): string[] {
  const scaled = datedEvents(platform).find(({ id }) => id === event.id)?.scaled;
  if (!scaled) return [];
  const { from, to } = scalingOf(scaled);
  const component = scaled.component ?? 'web';
  const texts = [`cpu is over its target`, `scaling from ${from} to ${to} instances`, 'scaled'];
  return texts.map((text, at) =>
    lineOf(platform, { component, at: { ...scaled.at, ms: scaled.at.ms + at }, text }),
  );
}

export function listInstances(platform: Platform): object[] {
  const { world, releases } = platform;
  const deployment = releases.active()?.id;
  if (deployment === undefined) return [];
  const running = world.components.filter(({ name, state }) => {
    return state === 'running' && runComponents(world).includes(name);
  });
  return running.flatMap(({ name, kind, instances }) =>
    Array.from({ length: instances }, (_, at) => ({
      component_name: name,
      component_type: kind.toUpperCase(),
      instance_name: `${name}-${nameSuffix(`${deployment} ${name}`, 10)}-${nameSuffix(`${deployment} ${name} ${at}`, 5)}`,
      instance_alias: `${name}-${at}`,
    })),
  );
}

function datedEvents(platform: Platform): DatedEvent[] {
  const deploys = platform.releases.deploys().map((deploy): DatedEvent => {
    const id = uuidOf(`event of ${deploy.id}`);
    return {
      at: deploy.created,
      id,
      type: 'DEPLOYMENT',
      deploymentType: deploymentType(deploy),
      tell: () => ({
        id,
        type: 'DEPLOYMENT',
        created_at: wholeSeconds(deploy.created.ms),
        deployment_id: deploy.id,
        deployment: deploymentOf(platform, deploy),
      }),
    };
  });
  const scaled = platform.world.events.filter(({ kind }) => kind === 'scale');
  const scalings = platform.manner.deployed ? scaled.map((event) => autoscaling(platform, event)) : [];
  return [...deploys, ...scalings].sort((a, b) => b.at.ms - a.at.ms || b.at.nanos - a.at.nanos);
}

function autoscaling(platform: Platform, event: WorldEvent): DatedEvent {
  const id = uuidOf(`scaling ${event.seq}`);
  const { from, to } = scalingOf(event);
  const zero = from === 0 ? 'scale_from_zero' : to === 0 ? 'scale_to_zero' : undefined;
  // Go leaves zeros out.
  const numbers = { ...(from > 0 ? { from } : {}), ...(to > 0 ? { to } : {}) };
  return {
    at: event.at,
    id,
    type: 'AUTOSCALING',
    deploymentType: 'AUTOSCALED',
    scaled: event,
    tell: () => ({
      id,
      type: 'AUTOSCALING',
      created_at: wholeSeconds(event.at.ms),
      ...deploymentAt(platform, event.at),
      autoscaling: {
        phase: 'SUCCEEDED',
        components: { [event.component ?? 'web']: { ...numbers, triggering_metric: zero ?? 'cpu' } },
      },
    }),
  };
}

function scalingOf({ detail }: WorldEvent): Scaling {
  return { from: Number(detail.from ?? 0), to: Number(detail.to ?? 0) };
}

/** The deployment that was active then. */
function deploymentAt({ releases }: Platform, at: WorldTime): { deployment_id?: string } {
  const deploys = releases.deploys();
  const then = deploys.find((deploy) => {
    return (
      ['ACTIVE', 'SUPERSEDED'].includes(releases.phase(deploy)) && (deploy.finished?.ms ?? Infinity) <= at.ms
    );
  });
  return then ? { deployment_id: then.id } : {};
}
