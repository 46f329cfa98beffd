// Scalingo's regional API around an app: list, containers, drains, router logs on and off.
import type { Asked, Route } from './http.ts';
import { containerId } from './scalingo-lines.ts';
import {
  answer,
  notFound,
  type Platform,
  type ScalingoApp,
  user,
  uuidOf,
  withApp,
  withUser,
} from './scalingo-platform.ts';
import { isoTime } from './scalingo-time.ts';
import type { WorldComponent } from './world.ts';

export function appRoutes(platform: Platform): Route[] {
  const { world } = platform;
  return [
    {
      name: 'apps',
      method: 'GET',
      path: '/v1/apps',
      answer: withUser(platform, (asked) => {
        const app = platform.regions[asked.listener]?.app;
        answer(asked, 200, { apps: app ? [describeApp(platform, app, asked)] : [] });
      }),
    },
    {
      name: 'app',
      method: 'GET',
      path: '/v1/apps/:app',
      answer: withApp(platform, (asked, app) =>
        answer(asked, 200, { app: describeApp(platform, app, asked) }),
      ),
    },
    // wire: Scalingo 2.2: PATCH with `app` as documented, PUT without it as the Go client does.
    ...['PATCH', 'PUT'].map((method) => ({
      name: 'app-change',
      method,
      path: '/v1/apps/:app',
      answer: withApp(platform, (asked, app) => {
        app.routerLogs = readRouterLogs(asked.body) ?? app.routerLogs;
        answer(asked, 200, { app: describeApp(platform, app, asked) });
      }),
    })),
    {
      name: 'containers',
      method: 'GET',
      path: '/v1/apps/:app/containers',
      answer: withApp(platform, (asked, app) => {
        const types = workers(world.components).map(({ name, instances }) => formation(app, name, instances));
        answer(asked, 200, { containers: [...types, formation(app, 'clock', 0)] });
      }),
    },
    {
      name: 'ps',
      method: 'GET',
      path: '/v1/apps/:app/ps',
      answer: withApp(platform, (asked, app) =>
        answer(asked, 200, { containers: listContainers(platform, app) }),
      ),
    },
    ...drainRoutes(platform),
  ];
}

/** The containers that Scalingo runs itself: the database is an addon there. */
export function workers(components: readonly WorldComponent[]): WorldComponent[] {
  return components.filter(({ kind }) => kind !== 'database');
}

/** The app as every answer of the API has it. */
export function describeApp(platform: Platform, app: ScalingoApp, asked: Asked) {
  const { world } = platform;
  const created = isoTime({ ms: (world.lines[0]?.at ?? world.now()).ms - 86_400_000, nanos: 0 });
  const deploy = world.deploys.findLast(({ status }) => status === 'succeeded');
  return {
    id: app.id,
    name: app.name,
    region: app.region,
    status: 'running',
    owner: user,
    project: { id: `prj-${uuidOf('project')}`, name: 'default' },
    url: `https://${app.name}.${app.region}.scalingo.io`,
    base_url: `https://${app.name}.${app.region}.scalingo.io`,
    git_url: `git@ssh.${app.region}.scalingo.com:${app.name}.git`,
    created_at: created,
    updated_at: created,
    last_deployed_at: deploy?.finished ? isoTime(deploy.finished) : null,
    last_deployed_by: deploy?.author ?? null,
    last_deployment_id: deploy?.id ?? null,
    force_https: true,
    sticky_session: false,
    router_logs: app.routerLogs,
    stack_id: 'st-scalingo-24',
    flags: {},
    limits: {},
    links: { deployments_stream: `${asked.origin.replace(/^http/, 'ws')}/apps/${app.name}` },
  };
}

function formation(app: ScalingoApp, name: string, amount: number) {
  const command = name === 'web' ? 'node server.js' : `node ${name}.js`;
  return { name, command, amount, size: 'S', app_id: app.id };
}

function listContainers(platform: Platform, app: ScalingoApp) {
  const { world } = platform;
  const created = isoTime(world.lines[0]?.at ?? world.now());
  return workers(world.components).flatMap(({ name, instances, state }) =>
    Array.from({ length: instances }, (_, at) => ({
      id: containerId(name, at + 1),
      app_id: app.id,
      type: name,
      type_index: at + 1,
      label: `${name}-${at + 1}`,
      state,
      command: formation(app, name, instances).command,
      created_at: created,
      deleted_at: null,
      container_size: { id: 'S', name: 'S', human_name: 'Small', memory: 512 * 1024 * 1024 },
    })),
  );
}

function drainRoutes(platform: Platform): Route[] {
  const path = '/v1/apps/:app/log_drains';
  return [
    {
      name: 'drains',
      method: 'GET',
      path,
      answer: withApp(platform, (asked, app) => answer(asked, 200, { drains: app.drains })),
    },
    {
      name: 'drain-add',
      method: 'POST',
      path,
      answer: withApp(platform, (asked, app) => {
        const url = readDrainUrl(asked.body);
        if (!url) return answer(asked, 422, { errors: { drain: ["can't be blank"] } });
        app.drains.push({ app_id: app.id, url });
        answer(asked, 201, { drain: { url } });
      }),
    },
    {
      name: 'drain-remove',
      method: 'DELETE',
      path,
      answer: withApp(platform, (asked, app) => {
        const before = app.drains.length;
        app.drains = app.drains.filter(({ url }) => url !== asked.query.get('url'));
        if (app.drains.length === before) return notFound(asked, 'drain');
        asked.send(204, '');
      }),
    },
  ];
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function readRouterLogs(body: string): boolean | undefined {
  const given = parse(body);
  const inner = given.app ?? given;
  const wish =
    typeof inner === 'object' && inner !== null && 'router_logs' in inner ? inner.router_logs : undefined;
  return typeof wish === 'boolean' ? wish : undefined;
}

function readDrainUrl(body: string): string | undefined {
  const drain = parse(body).drain;
  if (typeof drain !== 'object' || drain === null) return undefined;
  const { url, type, host, port, token } = drain as Record<string, unknown>;
  if (typeof url === 'string') return url;
  if (typeof type !== 'string') return undefined;
  return `${type}://${typeof token === 'string' ? `:${token}@` : ''}${host ?? 'logs.example.com'}:${port ?? 514}`;
}
