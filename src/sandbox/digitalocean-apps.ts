// The sample as an app of App Platform, and the small other apps of the account (wire: DigitalOcean 6). Knows no HTTP.
import { deploymentOf } from './digitalocean-deployments.ts';
import { jobSpecs } from './digitalocean-jobs.ts';
import type { Platform } from './digitalocean-options.ts';
import type { Phase } from './digitalocean-releases.ts';
import { nameSuffix, unsetTime, uuidOf, wholeSeconds } from './digitalocean-time.ts';
import type { WorldComponent, WorldDeploy } from './world.ts';

export type Model = Record<string, unknown>;

/** In the order of the listing: the sample comes last. */
export function listApps(platform: Platform, query: URLSearchParams): Model[] {
  const { extraApps } = platform.manner;
  const apps = Array.from({ length: extraApps }, (_, at) => extraApp(platform, at));
  return [...apps, sampleApp(platform)].map((app) => {
    return query.get('with_projects') === 'true' ? { ...app, project_id: projectId } : app;
  });
}

/** Undefined when there is no such app. */
export function findApp(platform: Platform, id: string): Model | undefined {
  if (id === platform.appId) return sampleApp(platform);
  return listApps(platform, new URLSearchParams()).find((app) => app.id === id);
}

function sampleApp(platform: Platform): Model {
  const { world, releases, appId } = platform;
  const deploys = releases.deploys();
  const active = releases.active();
  const inPhase = (...phases: Phase[]): WorldDeploy | undefined => {
    return deploys.find((deploy) => phases.includes(releases.phase(deploy)));
  };
  const newest = deploys[0]?.created.ms;
  const shown = (key: string, deploy: WorldDeploy | undefined): Model => {
    return deploy ? { [key]: deploymentOf(platform, deploy) } : {};
  };
  return {
    id: appId,
    owner_uuid: ownerId,
    spec: specOf(platform),
    last_deployment_active_at: active?.finished ? wholeSeconds(active.finished.ms) : unsetTime,
    last_deployment_created_at: newest === undefined ? unsetTime : wholeSeconds(newest),
    default_ingress: ingressOf(world.app),
    live_url: ingressOf(world.app),
    live_url_base: ingressOf(world.app),
    live_domain: ingressOf(world.app).slice('https://'.length),
    created_at: wholeSeconds((deploys.at(-1)?.created.ms ?? platform.started) - 60_000),
    updated_at: wholeSeconds(newest ?? platform.started),
    ...shown('active_deployment', active),
    ...shown('in_progress_deployment', inPhase('BUILDING', 'PENDING_DEPLOY', 'DEPLOYING')),
    ...shown('pending_deployment', inPhase('PENDING_BUILD')),
    region,
    tier_slug: 'basic',
  };
}

function specOf(platform: Platform): Model {
  const { world } = platform;
  const github = { repo: `acme/${world.app}`, branch: 'main', deploy_on_push: true };
  const sized = ({ name, instances }: WorldComponent): Model => ({
    name,
    github,
    instance_count: instances,
    instance_size_slug: 'apps-s-1vcpu-0.5gb',
  });
  const ofKind = (kind: WorldComponent['kind']): WorldComponent[] => {
    return world.components.filter((component) => component.kind === kind);
  };
  return {
    name: world.app,
    region: 'ams',
    services: ofKind('service').map((component) => ({ ...sized(component), http_port: 8080 })),
    workers: ofKind('worker').map(sized),
    jobs: jobSpecs.map((job) => ({ ...job, github, instance_count: 1 })),
    databases: ofKind('database').map(({ name }) => ({ name, engine: 'PG', production: false })),
  };
}

function extraApp(platform: Platform, at: number): Model {
  const { app } = platform.world;
  const id = uuidOf(`app ${at}`);
  const name =
    at === 0 ? `${app.slice(0, 1).toUpperCase()}${app.slice(1)}` : `extra-${String(at).padStart(3, '0')}`;
  const created = wholeSeconds(platform.started - (at + 1) * 3_600_000);
  return {
    id,
    owner_uuid: ownerId,
    spec: { name, region: 'ams', services: [{ name: 'web', instance_count: 1 }] },
    default_ingress: ingressOf(name.toLowerCase()),
    created_at: created,
    updated_at: created,
    active_deployment: {
      id: uuidOf(`deployment of app ${at}`),
      phase: 'ACTIVE',
      cause: 'manual',
      services: [{ name: 'web' }],
      created_at: created,
      updated_at: created,
    },
    region,
    tier_slug: 'basic',
  };
}

function ingressOf(name: string): string {
  return `https://${name}-${nameSuffix(name, 5)}.ondigitalocean.app`;
}

const ownerId = 'ff36cbc6-0d1e-4f1c-8a6b-1b1fe4e5c5a1';
const projectId = '88b72d1a-b78a-4d9f-9090-b53c4399073f';
const region = {
  slug: 'ams',
  label: 'Amsterdam',
  flag: 'netherlands',
  continent: 'Europe',
  data_centers: ['ams3'],
};
