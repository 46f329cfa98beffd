// The controller behind the Akkeris API: its routes, envelopes and refusals (wire: Akkeris 1). Knows no log stream.
import { gzipSync } from 'node:zlib';
import {
  findDyno,
  listApps,
  listDynos,
  listFavorites,
  listFormation,
  showAccount,
  showApp,
} from './akkeris-apps.ts';
import { listAudits } from './akkeris-audits.ts';
import {
  type BuildOutputForm,
  findBuild,
  findRelease,
  listBuilds,
  listReleases,
  rebuild,
  showBuild,
  showBuildOutput,
  startBuild,
  stopBuild,
} from './akkeris-builds.ts';
import { createLogDrains } from './akkeris-drains.ts';
import { anyJson, type FrontDoorOptions, guardApi, logIn, parsedBody } from './akkeris-front-door.ts';
import type { RouterDialect } from './akkeris-lines.ts';
import type { LogBackend, Logplex } from './akkeris-logplex.ts';
import { showDocumentedMetrics, showMetrics } from './akkeris-metrics.ts';
import {
  type AkkerisApp,
  type AkkerisInstallation,
  ControllerRefusal,
  findApp,
  isAlive,
  isoMilliseconds,
  requireSite,
  uuidOf,
} from './akkeris-platform.ts';
import type { Asked, Exchange, Route } from './http.ts';

export interface ApiOptions extends FrontDoorOptions {
  readonly installation: AkkerisInstallation;
  readonly backend: LogBackend;
  readonly documented: boolean;
  readonly audits: boolean;
  readonly router: RouterDialect;
  readonly output: BuildOutputForm;
  readonly logplex: Logplex;
  /** Origin of the log streams, without slash. */
  readonly logplexUrl: () => string;
}

export interface Api {
  readonly routes: readonly Route[];
  /** The front door: true when it has answered itself. */
  guard(asked: Asked): boolean;
}

/** In a query of a route that takes one; everything else, percent signs above all, makes the route unknown. */
const QUERY_CHARACTERS = /^[A-Za-z0-9[\\\]^_`=?\-.&:]*$/;

const JSON_FIELDS = { 'Content-Type': 'application/json; charset=utf-8', 'ratelimit-remaining': '2400' };

/** A controller's handler: what it returns is the body, what it throws the refusal. */
interface ControllerRoute {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** It declares a query. */
  readonly query?: true;
  readonly status?: number;
  answer(call: Call): unknown;
}

interface Call {
  param(name: string): string;
  app(): AkkerisApp;
  /** Raw, without the `?`. */
  readonly query: string;
  /** Parsed as the controller gets it from the front door. */
  body(): object;
}

export function createApi(options: ApiOptions): Api {
  const controller = [
    ...appRoutes(options),
    ...logRoutes(options),
    ...buildRoutes(options),
    ...drainRoutes(options),
    ...watchRoutes(options),
  ];
  const routes = controller.map((route) => ({
    name: route.name,
    method: route.method,
    path: route.path,
    answer: (asked: Exchange) => callController(options, route, asked),
  }));
  const login: Route = {
    name: 'authorizations',
    method: 'POST',
    path: '/authorizations',
    answer: (asked) => logIn(options, asked),
  };
  return { routes: [login, ...routes], guard: (asked) => guardApi(options, asked) };
}

/** The controller knows no such route, or not with that query: an empty 404 that the proxy labels. */
export function unknownRoute(asked: Asked): void {
  asked.send(404, '', { 'Content-Type': 'application/octet-stream' });
}

/** A refusal of the controller, or a fault in its words. */
export function refuseSentence(asked: Asked, status: number, sentence: string): void {
  asked.send(status, sentence, JSON_FIELDS);
}

function appRoutes({ installation, user }: ApiOptions): ControllerRoute[] {
  const get = { method: 'GET' };
  return [
    {
      ...get,
      name: 'apps',
      path: '/apps',
      query: true,
      answer: ({ query }) => listApps(installation, /(^|&)simple=[^&]/.test(query)),
    },
    { ...get, name: 'app', path: '/apps/:app', answer: ({ app }) => showApp(installation, app()) },
    { ...get, name: 'favorites', path: '/favorites', answer: () => listFavorites(installation) },
    { ...get, name: 'account', path: '/account', answer: () => showAccount(`${user}@example.com`) },
    { ...get, name: 'dynos', path: '/apps/:app/dynos', answer: ({ app }) => listDynos(installation, app()) },
    {
      ...get,
      name: 'dyno',
      path: '/apps/:app/dynos/:dyno',
      answer: ({ app, param }) => findDyno(installation, app(), param('dyno')),
    },
    {
      ...get,
      name: 'formation',
      path: '/apps/:app/formation',
      answer: ({ app }) => listFormation(installation, app()),
    },
  ];
}

function logRoutes(options: ApiOptions): ControllerRoute[] {
  const post = { method: 'POST', status: 201 };
  return [
    {
      ...post,
      name: 'log-sessions',
      path: '/apps/:app/log-sessions',
      answer: ({ app, body }) => openSession(options, app(), body()),
    },
    {
      ...post,
      name: 'site-log-sessions',
      path: '/sites/:site/log-sessions',
      answer: ({ param, body }) => {
        // With logtail the site route looks for an app of that name, and never finds one.
        if (options.backend === 'logtail') findApp(options.installation, param('site'));
        requireSite(options.installation, param('site'));
        const [app] = options.installation.apps;
        if (!app) throw new ControllerRefusal(500, 'Internal Server Error');
        return openSession(options, app, body(), param('site'));
      },
    },
  ];
}

function openSession(options: ApiOptions, app: AkkerisApp, body: object, site?: string): object {
  const { lines, tail } = orderOf(options, body);
  const { installation, router, logplex } = options;
  const view = { installation, app, router, ...(site === undefined ? {} : { site }) };
  const { id, path } = logplex.open({ view, alive: isAlive(installation, app), lines, tail });
  const logplexUrl = `${options.logplexUrl()}${path}`;
  // Of the observed forms only logtail's has times, and its id is not the one of the URL (wire: Akkeris 2.1).
  if (options.backend === 'logsession' && !options.documented) return { id, logplex_url: logplexUrl };
  const now = isoMilliseconds(installation.world.now());
  if (!options.documented)
    return { created_at: now, updated_at: now, id: uuidOf(path), logplex_url: logplexUrl };
  return { created_at: now, id, logplex_url: logplexUrl, updated_at: now };
}

/** `lines` is required although its page calls it optional. */
function orderOf(options: ApiOptions, body: object): { lines: number; tail: boolean } {
  const { lines, tail } = body as { lines?: unknown; tail?: unknown };
  if (options.documented && lines === undefined) return { lines: 100, tail: Boolean(tail) };
  if (typeof lines !== 'number' || !Number.isInteger(lines) || lines < 1) {
    throw new ControllerRefusal(422, 'The specified lines was either not a number or less than 1.');
  }
  if (lines > 250) {
    const sentence = 'The specified lines field was larger than allowed (250 is the maximum).';
    throw new ControllerRefusal(422, sentence);
  }
  return { lines, tail: Boolean(tail) };
}

function buildRoutes({ installation, output, documented }: ApiOptions): ControllerRoute[] {
  const all = '/apps/:app/builds';
  const one = `${all}/:build`;
  const place = ({ app, param }: Call) => {
    const owner = app();
    return { app: owner, deploy: findBuild(installation, param('build')) };
  };
  const routes: ControllerRoute[] = [
    { name: 'builds', method: 'GET', path: all, answer: ({ app }) => listBuilds(installation, app()) },
    {
      name: 'build-create',
      method: 'POST',
      path: all,
      status: 201,
      answer: ({ app, body }) => startBuild(installation, app(), body()),
    },
    { name: 'build', method: 'GET', path: one, answer: (call) => show(place(call)) },
    {
      name: 'rebuild',
      method: 'PUT',
      path: one,
      status: 201,
      answer: (call) => rebuild(installation, place(call).app, place(call).deploy),
    },
    {
      name: 'build-stop',
      method: 'DELETE',
      path: one,
      status: 205,
      answer: (call) => stopBuild(installation, place(call).app, place(call).deploy),
    },
    { name: 'build-result', method: 'GET', path: `${one}/result`, answer: (call) => result(call) },
    {
      name: 'slug',
      method: 'GET',
      path: '/slugs/:build',
      answer: ({ param }) =>
        show({ app: firstApp(installation), deploy: findBuild(installation, param('build')) }),
    },
    ...releaseRoutes(installation),
  ];
  // The page's example asks with POST; only a server as documented takes it.
  const posted = {
    name: 'build-result',
    method: 'POST',
    path: `${one}/result`,
    answer: (call: Call) => result(call),
  };
  return documented ? [...routes, posted] : routes;

  function show({ app, deploy }: ReturnType<typeof place>): object {
    return showBuild(installation, app, deploy);
  }
  function result(call: Call): object {
    return showBuildOutput(installation, place(call), output);
  }
}

function releaseRoutes(installation: AkkerisInstallation): ControllerRoute[] {
  const path = '/apps/:app/releases';
  return [
    { name: 'releases', method: 'GET', path, answer: ({ app }) => listReleases(installation, app()) },
    {
      name: 'release',
      method: 'GET',
      path: `${path}/:release`,
      answer: ({ app, param }) => findRelease(installation, app(), param('release')),
    },
    {
      name: 'release-statuses',
      method: 'GET',
      path: `${path}/:release/statuses`,
      answer: ({ app, param }) => {
        const release = findRelease(installation, app(), param('release'));
        return { release: { id: release.id }, state: release.state, statuses: [] };
      },
    },
  ];
}

function drainRoutes({ installation }: ApiOptions): ControllerRoute[] {
  const drains = createLogDrains(installation.world);
  const owners = [
    { kind: 'apps', owner: ({ param }: Call) => findApp(installation, param('owner')).key },
    {
      kind: 'sites',
      owner: ({ param }: Call) => {
        requireSite(installation, param('owner'));
        return param('owner');
      },
    },
  ];
  return owners.flatMap(({ kind, owner }): ControllerRoute[] => {
    const path = `/${kind}/:owner/log-drains`;
    const name = `${kind === 'sites' ? 'site-' : ''}log-drains`;
    const one = { name: `${name.slice(0, -1)}`, path: `${path}/:drain` };
    return [
      { name, path, method: 'GET', answer: (call) => drains.list(owner(call)) },
      {
        name: `${name}-add`,
        path,
        method: 'POST',
        status: 201,
        answer: (call) => drains.add(owner(call), (call.body() as { url?: unknown }).url),
      },
      { ...one, method: 'GET', answer: (call) => drains.find(owner(call), call.param('drain')) },
      { ...one, method: 'DELETE', answer: (call) => drains.remove(owner(call), call.param('drain')) },
    ];
  });
}

function watchRoutes({ installation, documented, audits }: ApiOptions): ControllerRoute[] {
  return [
    {
      name: 'metrics',
      method: 'GET',
      path: '/apps/:app/metrics',
      query: true,
      answer: ({ app, query }) =>
        documented
          ? showDocumentedMetrics(installation, app(), query)
          : showMetrics(installation, app(), query),
    },
    {
      name: 'audits',
      method: 'GET',
      path: '/audits',
      query: true,
      answer: ({ query }) => {
        if (!audits) throw new ControllerRefusal(501, 'Not Implemented Error');
        return listAudits(installation, query);
      },
    },
  ];
}

function firstApp(installation: AkkerisInstallation): AkkerisApp {
  const [app] = installation.apps;
  if (!app) throw new ControllerRefusal(500, 'Internal Server Error');
  return app;
}

function callController(options: ApiOptions, route: ControllerRoute, asked: Exchange): void {
  const query = rawQuery(asked);
  if (query !== undefined && (!route.query || !QUERY_CHARACTERS.test(query))) {
    unknownRoute(asked);
    return;
  }
  const call: Call = {
    param: (name) => asked.params[name] ?? '',
    app: () => findApp(options.installation, asked.params.app ?? ''),
    query: query ?? '',
    body: () => controllerBody(options, asked),
  };
  try {
    sendJson(asked, route.status ?? 200, route.answer(call));
  } catch (error) {
    if (!(error instanceof ControllerRefusal)) throw error;
    refuseSentence(asked, error.status, error.message);
  }
}

/** Compressed only for those who ask for it. */
function sendJson(asked: Exchange, status: number, answer: unknown): void {
  const text = JSON.stringify(answer);
  const wanted = String(asked.headers['accept-encoding'] ?? '').includes('gzip');
  // These faults replace the body by plain text.
  const spoiled = asked.fault?.name === 'not-json' || asked.fault?.name === 'wrong-shape';
  if (wanted && !spoiled) asked.send(status, gzipSync(text), { ...JSON_FIELDS, 'Content-Encoding': 'gzip' });
  else asked.send(status, text, JSON_FIELDS);
}

/** The front door drops empty objects; the page's own example has no content type (wire: Akkeris 1.4). */
function controllerBody(options: ApiOptions, asked: Asked): object {
  const body = options.documented ? anyJson(asked.body) : parsedBody(asked);
  if (body === undefined || Object.keys(body).length === 0) {
    throw new ControllerRefusal(400, 'SyntaxError: Unexpected end of JSON input');
  }
  return body;
}

/** Undefined without a `?`; a bare `?` is a query too. */
function rawQuery(asked: Asked): string | undefined {
  const at = asked.seen.path.indexOf('?');
  return at < 0 ? undefined : asked.seen.path.slice(at + 1);
}
