// Apps, dynos, formation and account as the Akkeris API shows them (wire: Akkeris 6). Knows no HTTP.

import { currentRelease } from './akkeris-builds.ts';
import {
  type AkkerisApp,
  type AkkerisInstallation,
  ControllerRefusal,
  dynoName,
  isAlive,
  isoMilliseconds,
  uuidOf,
} from './akkeris-platform.ts';
import type { WorldComponent, WorldTime } from './world.ts';

const DYNO_SIZE = 'gp1';
const DYNO_PORT = 9000;

/** The whole list, ordered by name; there are no pages (wire: Akkeris 1.4). */
export function listApps(installation: AkkerisInstallation, simple: boolean): unknown[] {
  const apps = [...installation.apps].sort((a, b) => (a.key < b.key ? -1 : 1));
  return apps.map((app) => (simple ? simpleApp(app) : showApp(installation, app)));
}

export function listFavorites(installation: AkkerisInstallation): unknown[] {
  return installation.apps.slice(0, 1).map(simpleApp);
}

export function showApp(installation: AkkerisInstallation, app: AkkerisApp): unknown {
  const created = isoMilliseconds(birth(installation));
  const stack = { id: uuidOf('stack'), name: 'ds1' };
  const released = isAlive(installation, app) ? currentRelease(installation) : undefined;
  return {
    archived_at: created,
    buildpack_provided_description: 'default',
    build_stack: stack,
    created_at: created,
    description: '',
    git_url: `https://github.com/${installation.organization}/${app.name}`,
    git_branch: 'master',
    id: app.id,
    labels: '',
    maintenance: false,
    name: app.key,
    simple_name: app.name,
    key: app.key,
    owner: { email: '', id: uuidOf(installation.organization) },
    organization: {
      id: uuidOf(`organization/${installation.organization}`),
      name: installation.organization,
    },
    formation: app.dynoTypes.map((type) => ({
      type: type.name,
      size: DYNO_SIZE,
      quantity: type.instances,
      port: type.name === 'web' ? DYNO_PORT : null,
    })),
    preview: null,
    region: { id: uuidOf('region'), name: 'us-seattle' },
    released_at: released ? released.created_at : null,
    repo_size: 0,
    slug_size: 0,
    space: { id: uuidOf(`space/${app.space}`), name: app.space, compliance: '' },
    stack,
    updated_at: created,
    web_url: `https://${app.key}.example.com/`,
  };
}

/** One row per type, also with zero dynos. */
export function listFormation(installation: AkkerisInstallation, app: AkkerisApp): unknown[] {
  const created = isoMilliseconds(birth(installation));
  return app.dynoTypes.map((type) => ({
    app: { name: app.key, id: app.id },
    command: commandOf(type),
    created_at: created,
    id: uuidOf(`formation/${app.key}/${type.name}`),
    quantity: type.instances,
    size: DYNO_SIZE,
    type: type.name,
    port: type.name === 'web' ? DYNO_PORT : null,
    healthcheck: null,
    updated_at: created,
  }));
}

interface Dyno {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

export function listDynos(installation: AkkerisInstallation, app: AkkerisApp): Dyno[] {
  return app.dynoTypes.flatMap((type) =>
    Array.from({ length: type.instances }, (_, at) => showDyno({ installation, app, type, index: at + 1 })),
  );
}

/** By `type.name`, name or UUID. */
export function findDyno(installation: AkkerisInstallation, app: AkkerisApp, key: string): Dyno {
  const dyno = listDynos(installation, app).find(
    ({ id, name, type }) => `${type}.${name}` === key || name === key || id === key,
  );
  if (!dyno) throw new ControllerRefusal(404, 'The specified dyno was not found.');
  return dyno;
}

/** Served by the front door itself; the cheapest check of a token. */
export function showAccount(email: string): unknown {
  return {
    allow_tracking: true,
    beta: false,
    created_at: '2016-10-02T20:25:38.000Z',
    email,
    elevated_access: false,
    id: uuidOf(`account/${email}`),
    last_login: '2018-07-18T19:34:07.740Z',
    name: 'Jane',
    sms_number: null,
    suspended_at: null,
    delinquent_at: null,
    two_factor_authentication: false,
    updated_at: '2018-07-18T19:34:07.000Z',
    verified: true,
  };
}

function simpleApp(app: AkkerisApp): unknown {
  return { id: app.id, name: app.key, key: app.key, simple_name: app.name, space: { name: app.space } };
}

function showDyno(place: {
  installation: AkkerisInstallation;
  app: AkkerisApp;
  type: WorldComponent;
  index: number;
}): Dyno & Record<string, unknown> {
  const { installation, app, type, index } = place;
  const release = currentRelease(installation);
  const started = release ? release.created_at : isoMilliseconds(birth(installation));
  return {
    attach_url: '',
    command: commandOf(type),
    created_at: started,
    id: uuidOf(`dyno/${app.key}/${type.name}/${index}`),
    name: dynoName(app.key, type.name, index),
    release: { id: release?.id ?? null, version: release?.version ?? null },
    app: { name: app.key, id: app.id },
    size: DYNO_SIZE,
    state: dynoState(type),
    ready: type.state === 'running',
    restarts: type.state === 'crashed' ? 3 : 0,
    type: type.name,
    // Go's zero time stands for "unknown"; workers have no status of their own here.
    updated_at: type.name === 'web' ? started : '0001-01-01T00:00:00Z',
    additional_info: '',
  };
}

function dynoState(type: WorldComponent): string {
  return type.state === 'crashed' ? 'app-crashed' : type.state;
}

function commandOf(type: WorldComponent): string | null {
  return type.name === 'web' ? null : `node ${type.name}.js`;
}

/** The app is as old as its oldest line. */
function birth(installation: AkkerisInstallation): WorldTime {
  return installation.world.lines[0]?.at ?? installation.world.now();
}
