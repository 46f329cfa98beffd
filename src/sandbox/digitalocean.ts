// The sample app on DigitalOcean's App Platform: the API, live log URLs and archives on one port. Written from the
// platform's own words (wire: DigitalOcean); knows no client.
import { type Answers, createAnswers, listing, notFound, Refusal, wordsOf } from './digitalocean-answers.ts';
import { findApp, listApps } from './digitalocean-apps.ts';
import { type Archives, createArchives, holdArchiveForm } from './digitalocean-archives.ts';
import { deploymentOf, deploymentType, deploymentTypes } from './digitalocean-deployments.ts';
import { findEvent, listEvents, listInstances } from './digitalocean-events.ts';
import { findInvocation, listInvocations } from './digitalocean-jobs.ts';
import { createLiveUrls } from './digitalocean-live.ts';
import { logRoutes } from './digitalocean-logs.ts';
import { bandwidth, health, metricMatrix, metricNames, readBandwidthWish } from './digitalocean-metrics.ts';
import { type DigitaloceanKnobs, mannerOf, type Platform } from './digitalocean-options.ts';
import { createReleases } from './digitalocean-releases.ts';
import type { Fault, FaultName } from './faults.ts';
import { type Asked, type Exchange, type Route, startHttp } from './http.ts';
import type { SandboxOptions, SandboxServer } from './server.ts';

export type { DigitaloceanKnobs } from './digitalocean-options.ts';

export interface DigitaloceanServer extends SandboxServer {
  /** UUID of the sample app. */
  readonly appId: string;
  /** The API token. */
  readonly token: string;
}

const appId = '4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf';

/**
 * Routes that a fault can name: `apps`, `app`, `deployments`, `deployment`, `logs` (all six forms), `live` (the
 * websocket), `live-text` (the same URL by plain GET), `archive`, `events`, `event`, `instances`, `job-invocations`,
 * `job-invocation`, `metrics`, `health`, `bandwidth`, `alerts`. Of a websocket, `afterLines` counts frames.
 */
export async function startDigitalocean(
  options: SandboxOptions & DigitaloceanKnobs,
): Promise<DigitaloceanServer> {
  const { world, port, ...knobs } = options;
  const manner = mannerOf(knobs);
  const platform: Platform = {
    world,
    manner,
    appId,
    releases: createReleases(world, { deployed: manner.deployed }),
    started: world.now().ms,
    scheme: options.tls ? 'https' : 'http',
  };
  const answers = createAnswers(manner);
  const archives = createArchives(platform);
  const live = createLiveUrls(platform);
  const routes = [
    ...appRoutes(platform, answers),
    ...logRoutes({ platform, answers, archives, live }),
    ...storyRoutes(platform, answers),
    ...figureRoutes(platform, answers),
  ];
  const http = await startHttp({
    ...(port === undefined ? {} : { port }),
    ...(options.tls ? { tls: options.tls } : {}),
    routes: [...routes.map((route) => refusing(answers, route)), archives.route, live.route],
    sockets: [live.socket],
    before: (asked) => asked.url.pathname.startsWith('/v2/') && answers.gate(asked),
    refuse: (asked, fault) => refuse({ answers, archives }, asked, fault),
    unknown: (asked) => answers.refuse(asked, notFound()),
  });
  holdArchiveForm(platform, http.faults);
  const url = http.origins[0] ?? '';
  return {
    platform: 'digitalocean',
    url,
    world,
    faults: http.faults,
    env: {
      DIGITALOCEAN_API_URL: url,
      DIGITALOCEAN_ACCESS_TOKEN: manner.token,
      POLYLOG_DIGITALOCEAN_URL: url,
      POLYLOG_DIGITALOCEAN_TOKEN: manner.token,
    },
    targets: [`digitalocean:${world.app}`],
    requests: http.requests,
    watchers: http.watchers,
    watched: http.watched,
    onAnswered: http.onAnswered,
    async close() {
      await http.close();
      platform.releases.close();
    },
    appId,
    token: manner.token,
  };
}

function appRoutes(platform: Platform, answers: Answers): Route[] {
  const { releases, scheme } = platform;
  return [
    get('apps', '/v2/apps', (asked) => {
      const rows = listApps(platform, asked.query);
      answers.ok(asked, listing({ asked, scheme, key: 'apps', rows, show: (app) => app }));
    }),
    get('app', '/v2/apps/:app', (asked) => {
      const app = findApp(platform, asked.params.app ?? '');
      if (!app) throw notFound();
      answers.ok(asked, { app });
    }),
    get('deployments', '/v2/apps/:app/deployments', (asked) => {
      const rows = deploymentRows(platform, asked);
      answers.ok(asked, listing({ asked, scheme, key: 'deployments', rows, show: (tell) => tell() }));
    }),
    get('deployment', '/v2/apps/:app/deployments/:deployment', (asked) => {
      const { app, deployment } = asked.params;
      const deploy = app === appId ? releases.find(deployment ?? '') : undefined;
      if (!deploy) throw notFound();
      answers.ok(asked, { deployment: deploymentOf(platform, deploy) });
    }),
  ];
}

function storyRoutes(platform: Platform, answers: Answers): Route[] {
  const { scheme } = platform;
  const alone = { pages: {} };
  return [
    get('events', '/v2/apps/:app/events', (asked) => {
      const rows = ofSample(asked) ? listEvents(platform, asked.query) : [];
      answers.ok(
        asked,
        listing({ asked, scheme, key: 'events', rows, alone, show: (event) => event.tell() }),
      );
    }),
    get('event', '/v2/apps/:app/events/:event', (asked) => {
      const event = ofSample(asked) ? findEvent(platform, asked.params.event ?? '') : undefined;
      if (!event) throw notFound();
      answers.ok(asked, { event });
    }),
    get('instances', '/v2/apps/:app/instances', (asked) => {
      answers.ok(asked, { instances: ofSample(asked) ? listInstances(platform) : [] });
    }),
    get('job-invocations', '/v2/apps/:app/job-invocations', (asked) => {
      const rows = ofSample(asked) ? listInvocations(platform, asked.query) : [];
      answers.ok(asked, listing({ asked, scheme, key: 'job_invocations', rows, alone, show: (one) => one }));
    }),
    get('job-invocation', '/v2/apps/:app/job-invocations/:invocation', (asked) => {
      const invocation = ofSample(asked)
        ? findInvocation(platform, asked.params.invocation ?? '')
        : undefined;
      const job = asked.query.get('job_name');
      if (!invocation || (job !== null && job !== invocation.job_name)) throw notFound();
      const forms = {
        wrapped: { job_invocation: invocation },
        bare: invocation,
        example: { job_invocation: [invocation] },
      };
      answers.ok(asked, forms[platform.manner.wrapForm]);
    }),
    get('alerts', '/v2/apps/:app/alerts', (asked) => {
      answers.ok(asked, { alerts: [] });
    }),
  ].map((route) => ofKnownApp(platform, route));
}

function figureRoutes(platform: Platform, answers: Answers): Route[] {
  const forbidden = new Refusal(403, 'forbidden', 'You do not have access for the attempted action.');
  const series = metricNames.map((name) =>
    get('metrics', `/v2/monitoring/metrics/apps/${name}`, (asked) => {
      if (!platform.manner.monitoringScope) throw forbidden;
      answers.ok(asked, metricMatrix(platform, name, asked.query));
    }),
  );
  const ofApp = [
    get('health', '/v2/apps/:app/health', (asked) => {
      answers.ok(asked, health(platform, asked.params.app ?? ''));
    }),
    get('bandwidth', '/v2/apps/:app/metrics/bandwidth_daily', (asked) => {
      answers.ok(asked, bandwidth(platform, [asked.params.app ?? ''], asked.query.get('date')));
    }),
  ].map((route) => ofKnownApp(platform, route));
  const ofMany: Route = {
    name: 'bandwidth',
    method: 'POST',
    path: '/v2/apps/metrics/bandwidth_daily',
    answer(asked) {
      const wish = readBandwidthWish(asked.body);
      answers.ok(asked, bandwidth(platform, wish.appIds, wish.date));
    },
  };
  return [...series, ofMany, ...ofApp];
}

function deploymentRows(platform: Platform, asked: Exchange): (() => unknown)[] {
  const app = findApp(platform, asked.params.app ?? '');
  if (!app) throw notFound();
  const types = wordsOf(asked.query, 'deployment_types', deploymentTypes);
  if (!ofSample(asked)) return [() => app.active_deployment];
  return platform.releases
    .deploys()
    .filter((deploy) => types.length === 0 || types.includes(deploymentType(deploy)))
    .map((deploy) => () => deploymentOf(platform, deploy));
}

function get(name: string, path: string, answer: (asked: Exchange) => void): Route {
  return { name, method: 'GET', path, answer };
}

function ofSample(asked: Asked): boolean {
  return asked.params.app === appId;
}

function ofKnownApp(platform: Platform, route: Route): Route {
  return {
    ...route,
    async answer(asked) {
      if (!findApp(platform, asked.params.app ?? '')) throw notFound();
      await route.answer(asked);
    },
  };
}

/** Words what a route throws. */
function refusing(answers: Answers, route: Route): Route {
  return {
    ...route,
    async answer(asked) {
      try {
        await route.answer(asked);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        answers.refuse(asked, error);
      }
    },
  };
}

function refuse(to: { answers: Answers; archives: Archives }, asked: Asked, fault: Fault): void {
  const { route } = asked.seen;
  const usual: Partial<Record<FaultName, number>> = {
    unauthorized: 401,
    'rate-limited': 429,
    'expired-url': 403,
  };
  if (route === 'archive') to.archives.play(asked, fault);
  else if (route === 'live' || route === 'live-text') {
    const later = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    asked.send(fault.status ?? usual[fault.name] ?? 500, '', later);
  } else to.answers.play(asked, fault);
}
