// The Akkeris sandbox: an API host and, on another port, a log stream host, in either of the two generations that
// exist and in the reading of the documentation page. Written from the wire page; knows no client.
import { type ApiOptions, createApi, refuseSentence, unknownRoute } from './akkeris-api.ts';
import type { RouterDialect } from './akkeris-lines.ts';
import { createLogplex, type LogBackend, type Logplex } from './akkeris-logplex.ts';
import { type AkkerisInstallation, akkerisApp } from './akkeris-platform.ts';
import type { Fault } from './faults.ts';
import { type Asked, lineFaults, type Route, startHttp } from './http.ts';
import type { SandboxOptions, SandboxServer } from './server.ts';

export interface AkkerisOptions extends SandboxOptions {
  /** Which generation of the log stream back end; default `logsession`. */
  backend?: LogBackend;
  /** As its documentation page has it, where that differs from what was observed; default false. */
  documented?: boolean;
  /** Bearer token, or the password of Basic. */
  token?: string;
  /** A known token that may not use this installation: 403. */
  outsiderToken?: string;
  /** For `POST /authorizations`. */
  user?: string;
  password?: string;
  /** When set, a login needs this second factor. */
  otp?: string;
  /** Default `default`. */
  space?: string;
  /** More apps, by name, that exist and are silent. */
  quietApps?: readonly string[];
  /** Off: audits answer 501. Default on. */
  audits?: boolean;
  /** On: the first app has a site, `www.<app>.example.com`, or these. Default on. */
  sites?: boolean | readonly string[];
  /** Which router wrote the access lines (classic form only). Default `istio`. */
  router?: RouterDialect;
  /** Milliseconds without a line until a stream ends well; 0 = never. Default 60 s, with logtail or as documented 0. */
  idleMs?: number;
  /** Milliseconds until a stream is cut; 0 = never. Default 10 min with logtail, otherwise 0. */
  maxLifeMs?: number;
  /** Milliseconds in which a session URL can be opened; 0 = it is too old at once. Default 5 min. */
  urlLifeMs?: number;
  /** logtail: when a viewer leaves, the app's other viewers fall silent. Default false. */
  sharedRoute?: boolean;
  /** Milliseconds between two rewritings of a growing build output; 0 = at once. Default 2 s. */
  snapshotMs?: number;
  /** Snapshots of a running build end in mid-line. Default false. */
  partialLines?: boolean;
  /** Certificate of the log stream host where it differs from the API's; null: plain http. */
  logplexTls?: { key: string; cert: string } | null;
}

export interface AkkerisSandbox extends SandboxServer {
  /** Origin of the log streams. */
  readonly logplexUrl: string;
  readonly token: string;
  /** `shop-default` */
  readonly appKey: string;
  readonly sites: readonly string[];
  /** Makes every session URL so far too old. */
  expireUrls(): void;
  /** Lines that slow readers of logtail have lost. */
  droppedLines(): number;
}

/**
 * Routes for faults: `logplex` (the stream), `log-sessions`, `site-log-sessions`, `apps`, `app`, `favorites`,
 * `account`, `dynos`, `dyno`, `formation`, `builds`, `build`, `build-create`, `rebuild`, `build-stop`,
 * `build-result`, `slug`, `releases`, `release`, `release-statuses`, `metrics`, `audits`, `log-drains`, `log-drain`,
 * `log-drains-add` (and the last three with `site-`), `authorizations`.
 */
export async function startAkkeris(options: AkkerisOptions): Promise<AkkerisSandbox> {
  const { world, backend = 'logsession', documented = false } = options;
  const token = options.token ?? 'akkeris-sandbox-token';
  const origins = { api: '', logplex: '' };
  const installation = installationOf(options, () => origins.api);
  const logtail = backend === 'logtail';
  const logplex = createLogplex({
    world,
    backend,
    documented,
    idleMs: options.idleMs ?? (logtail || documented ? 0 : 60_000),
    maxLifeMs: options.maxLifeMs ?? (logtail && !documented ? 600_000 : 0),
    urlLifeMs: options.urlLifeMs ?? 5 * 60_000,
    sharedRoute: options.sharedRoute ?? false,
  });
  const api = createApi({
    ...accessOf(options, token),
    installation,
    backend,
    documented,
    audits: options.audits ?? true,
    router: options.router ?? 'istio',
    output: {
      documented,
      snapshotMs: options.snapshotMs ?? 2000,
      partialLines: options.partialLines ?? false,
    },
    logplex,
    logplexUrl: () => origins.logplex,
  });
  const http = await startHttp({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.logplexTls === undefined ? {} : { otherTls: options.logplexTls }),
    listeners: 2,
    routes: [...streamRoutes(logplex), ...api.routes.map((route) => apiOnly(route, logplex))],
    before: (asked) => asked.listener === 0 && api.guard(asked),
    refuse: (asked, fault) => refuse({ asked, fault, logplex }),
    unknown: (asked) => (asked.listener === 0 ? unknownRoute(asked) : logplex.refuse(asked)),
  });
  origins.api = http.origins[0] ?? '';
  origins.logplex = http.origins[1] ?? '';
  const appKey = installation.apps[0]?.key ?? '';
  return {
    platform: 'akkeris',
    url: origins.api,
    logplexUrl: origins.logplex,
    world,
    token,
    appKey,
    sites: installation.sites,
    faults: http.faults,
    env: {
      AKKERIS_API_HOST: origins.api,
      AKKERIS_TOKEN: token,
      POLYLOG_AKKERIS_URL: origins.api,
      POLYLOG_AKKERIS_TOKEN: token,
    },
    targets: [`akkeris:${appKey}`],
    requests: http.requests,
    watchers: http.watchers,
    watched: http.watched,
    onAnswered: http.onAnswered,
    expireUrls: logplex.expire,
    droppedLines: logplex.dropped,
    close: http.close,
  };
}

function installationOf(options: AkkerisOptions, apiUrl: () => string): AkkerisInstallation {
  const { world, space = 'default', quietApps = [], sites = true } = options;
  const dynoTypes = world.components.filter((component) => component.kind !== 'database');
  const app = akkerisApp(world.app, space, dynoTypes);
  const own = sites === true ? [`www.${app.name}.example.com`] : sites === false ? [] : sites;
  return {
    world,
    apps: [app, ...quietApps.map((name) => akkerisApp(name, space, []))],
    sites: own,
    apiUrl,
    organization: 'akkeris',
  };
}

function accessOf(
  options: AkkerisOptions,
  token: string,
): Pick<ApiOptions, 'token' | 'outsiderToken' | 'user' | 'password' | 'otp'> {
  return {
    token,
    outsiderToken: options.outsiderToken ?? 'akkeris-outsider-token',
    user: options.user ?? 'jane',
    password: options.password ?? 'akkeris-sandbox-password',
    otp: options.otp,
  };
}

/** Every form of a session URL; which of them exist is logplex's matter. */
function streamRoutes(logplex: Logplex): Route[] {
  const paths = [
    '/log-sessions/:id',
    '/tails/:id',
    '/apps/:app/log-sessions/:id',
    '/sites/:site/log-sessions/:id',
  ];
  return paths.flatMap((path) =>
    ['GET', 'POST'].map(
      (method): Route => ({
        name: 'logplex',
        method,
        path,
        faults: [...lineFaults, 'expired-url', 'out-of-order', 'repeated-lines', 'wrong-shape', 'not-json'],
        answer: (asked) => (asked.listener === 0 ? unknownRoute(asked) : logplex.read(asked)),
      }),
    ),
  );
}

function apiOnly(route: Route, logplex: Logplex): Route {
  return {
    ...route,
    answer: (asked) => (asked.listener === 0 ? route.answer(asked) : logplex.refuse(asked)),
  };
}

/** Nothing of the platform itself ever says 429: that is the ingress in front of it (wire: Akkeris 1.4). */
function refuse(place: { asked: Asked; fault: Fault; logplex: Logplex }): void {
  const { asked, fault, logplex } = place;
  const status = fault.status ?? 503;
  const later = fault.retryAfter;
  if (fault.name === 'expired-url') {
    if (asked.listener === 0) unknownRoute(asked);
    else logplex.refuse(asked);
  } else if (fault.name === 'unauthorized') asked.text(401, 'Unauthorized');
  else if (fault.name === 'rate-limited') ingressPage(asked, 429, later);
  else if (fault.name === 'html-error' && status === 503) {
    // The proxy's own word for a controller that cannot be reached.
    asked.send(503, 'Internal Server Error', { 'Content-Type': 'text/html; charset=utf-8' });
  } else if (fault.name === 'html-error') ingressPage(asked, status, later);
  else if (status === 500) refuseSentence(asked, 500, 'Internal Server Error');
  else if (status === 503) refuseSentence(asked, 503, 'Service Unavailable Error');
  else ingressPage(asked, status, later);
}

const reasons: Record<number, string> = {
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

function ingressPage(asked: Asked, status: number, retryAfter: number | undefined): void {
  const reason = `${status} ${reasons[status] ?? 'Error'}`;
  const page = `<html>\r\n<head><title>${reason}</title></head>\r\n<body>\r\n<center><h1>${reason}</h1></center>\r\n</body>\r\n</html>\r\n`;
  const later = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  asked.send(status, page, { 'Content-Type': 'text/html', ...later });
}
