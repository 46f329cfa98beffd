// The six logs endpoints: which of them has what, as a live URL, as archives, or as a 400 (wire: DigitalOcean 2.1 to
// 2.3). Knows neither frames nor archive bodies.
import { type Answers, badRequest, notFound } from './digitalocean-answers.ts';
import { findApp } from './digitalocean-apps.ts';
import type { Archives } from './digitalocean-archives.ts';
import { autoscaleLines, findEvent } from './digitalocean-events.ts';
import { findInvocation, invocationLines, jobNames } from './digitalocean-jobs.ts';
import {
  allLines,
  buildComponent,
  fixedLines,
  type LineSource,
  positionBefore,
  restartedLines,
  runComponents,
  runLines,
  taskLines,
} from './digitalocean-lines.ts';
import type { LiveUrls } from './digitalocean-live.ts';
import type { LogType, Platform } from './digitalocean-options.ts';
import { taskStatus } from './digitalocean-releases.ts';
import { parseGoDuration } from './digitalocean-time.ts';
import type { Exchange, Route } from './http.ts';
import type { WorldDeploy } from './world.ts';

export interface LogsGround {
  platform: Platform;
  answers: Answers;
  archives: Archives;
  live: LiveUrls;
}

interface LogQuery {
  type: LogType;
  follow: boolean;
  tailLines: number | undefined;
  /** Milliseconds. */
  patience: number;
}

interface LogBody {
  live?: string;
  historic?: string[];
}

const logTypes: readonly LogType[] = [
  'UNSPECIFIED',
  'BUILD',
  'DEPLOY',
  'RUN',
  'RUN_RESTARTED',
  'AUTOSCALE_EVENT',
  'JOB_INVOCATION',
];
const retentionMs = 90 * 24 * 3_600_000;

export function logRoutes(ground: LogsGround): Route[] {
  const route = (path: string, find: (exchange: Exchange) => Promise<LogBody> | LogBody): Route => ({
    name: 'logs',
    method: 'GET',
    path: `/v2/apps/:app/${path}`,
    answer: async (exchange) => {
      const id = exchange.params.app ?? '';
      if (!findApp(ground.platform, id)) throw notFound();
      const body = id === ground.platform.appId ? await find(exchange) : nothing(exchange);
      ground.answers.ok(exchange, worded(ground.platform, body));
    },
  });
  const deployed = (exchange: Exchange): Promise<LogBody> => deploymentLogs(ground, exchange);
  return [
    route('logs', deployed),
    route('components/:component/logs', deployed),
    route('deployments/:deployment/logs', deployed),
    route('deployments/:deployment/components/:component/logs', deployed),
    route('jobs/:job/invocations/:invocation/logs', (exchange) => jobLogs(ground, exchange)),
    route('events/:event/logs', (exchange) => eventLogs(ground, exchange)),
  ];
}

/** The small other apps have never said anything. */
function nothing(exchange: Exchange): LogBody {
  readQuery(exchange);
  return { historic: [] };
}

async function deploymentLogs(ground: LogsGround, exchange: Exchange): Promise<LogBody> {
  const { releases, world } = ground.platform;
  const query = readQuery(exchange);
  const { deployment } = exchange.params;
  const deploy = deployment === undefined ? releases.active() : releases.find(deployment);
  if (!deploy) throw notFound();
  // `component_name` is what godo sends in place of the component's own path.
  const component = exchange.params.component ?? (exchange.query.get('component_name') || undefined);
  const known = [...runComponents(world), ...jobNames];
  if (component !== undefined && !known.includes(component)) throw notFound();
  const asked = { ...query, deploy, component };
  switch (query.type) {
    case 'BUILD':
    case 'DEPLOY':
      return taskLogs(ground, exchange, asked);
    case 'RUN':
    case 'UNSPECIFIED':
      return await runLogs(ground, exchange, asked);
    case 'RUN_RESTARTED':
      return restartedLogs(ground, exchange, asked);
    case 'AUTOSCALE_EVENT':
      throw badRequest('event_id is required for log type AUTOSCALE_EVENT');
    case 'JOB_INVOCATION':
      throw badRequest('job_invocation_id is required for log type JOB_INVOCATION');
  }
}

type DeploymentQuery = LogQuery & { deploy: WorldDeploy; component: string | undefined };

function taskLogs(ground: LogsGround, exchange: Exchange, asked: DeploymentQuery): LogBody {
  const { platform, archives, live } = ground;
  const task = asked.type === 'BUILD' ? 'build' : 'deploy';
  const reused = asked.component !== undefined && asked.component !== buildComponent(platform);
  const off = platform.manner.skipped.includes(asked.type) || (task === 'build' && reused);
  const status = off ? 'skipped' : taskStatus(asked.deploy, task);
  if (status === 'skipped' || status === 'pending') throw withoutLogs(platform, asked, status);
  const source = taskLines(platform, asked.deploy, task);
  if (status === 'running') return { live: live.handOut(exchange, { source, ...asked }) };
  const finished = asked.deploy.finished ?? platform.world.now();
  if (platform.world.now().ms - finished.ms > retentionMs) return { historic: [] };
  return { historic: archives.handOut(exchange, allLines(source, source.begin, source.end())) };
}

async function runLogs(ground: LogsGround, exchange: Exchange, asked: DeploymentQuery): Promise<LogBody> {
  const { platform, live } = ground;
  const { manner, releases, world } = platform;
  const phase = releases.phase(asked.deploy);
  if (manner.skipped.includes(asked.type) || phase === 'ERROR' || phase === 'CANCELED') {
    throw withoutLogs(platform, asked, 'skipped');
  }
  // What ran is not kept (wire: DigitalOcean 2.3, retention).
  if (phase === 'SUPERSEDED') return { historic: [] };
  if (phase !== 'ACTIVE') throw withoutLogs(platform, asked, 'pending');
  const running = world.components.filter(({ state, instances }) => state === 'running' && instances > 0);
  if (asked.component !== undefined && !running.some(({ name }) => name === asked.component)) {
    return { historic: [] };
  }
  await instancesAppear(manner.instanceDelayMs, asked.patience);
  const { component } = asked;
  const source = runLines(platform, { deploy: asked.deploy.id, ...(component ? { component } : {}) });
  if (manner.runArchive === 'none') return { live: live.handOut(exchange, { source, ...asked }) };
  return archivedRun(ground, exchange, { ...asked, source });
}

/** The older half archived, the rest live (wire: DigitalOcean 2.3, "both present"). */
function archivedRun(
  ground: LogsGround,
  exchange: Exchange,
  asked: DeploymentQuery & { source: LineSource },
): LogBody {
  const { source } = asked;
  const border = Math.floor((source.begin + source.end()) / 2);
  const overlap = ground.platform.manner.runArchive === 'overlapping' ? 5 : 0;
  const from = positionBefore(source, { from: source.begin, end: border, count: overlap });
  const older = allLines(source, source.begin, border);
  return {
    historic: ground.archives.handOut(exchange, older),
    live: ground.live.handOut(exchange, { ...asked, from }),
  };
}

function restartedLogs(ground: LogsGround, exchange: Exchange, asked: DeploymentQuery): LogBody {
  const { platform, archives, live } = ground;
  if (asked.deploy.id !== platform.releases.active()?.id) return { historic: [] };
  const lines = restartedLines(platform, asked.component);
  if (platform.manner.restartedForm === 'historic' || lines.length === 0) {
    return { historic: archives.handOut(exchange, lines) };
  }
  return {
    live: live.handOut(exchange, { source: fixedLines(lines), follow: false, tailLines: asked.tailLines }),
  };
}

function jobLogs({ platform, archives }: LogsGround, exchange: Exchange): LogBody {
  const { type } = readQuery(exchange);
  if (type !== 'JOB_INVOCATION') throw badRequest(`log type ${type} is not valid for a job invocation`);
  const invocation = findInvocation(platform, exchange.params.invocation ?? '');
  if (!invocation || invocation.job_name !== exchange.params.job) throw notFound();
  const deployment = exchange.query.get('deployment_id');
  if (deployment !== null && deployment !== invocation.deployment_id) throw notFound();
  return { historic: archives.handOut(exchange, invocationLines(platform, invocation)) };
}

function eventLogs({ platform, archives }: LogsGround, exchange: Exchange): LogBody {
  const { type } = readQuery(exchange);
  const event = findEvent(platform, exchange.params.event ?? '');
  if (!event) throw notFound();
  if (type !== 'AUTOSCALE_EVENT' || event.type !== 'AUTOSCALING') {
    throw badRequest(`log type ${type} is not valid for event type ${event.type}`);
  }
  return { historic: archives.handOut(exchange, autoscaleLines(platform, event)) };
}

function withoutLogs(platform: Platform, asked: DeploymentQuery, status: 'skipped' | 'pending'): Error {
  const component = asked.component ?? buildComponent(platform);
  const type = asked.type === 'UNSPECIFIED' ? 'run' : asked.type.toLowerCase();
  return badRequest(`cannot get ${type} logs for component ${component} with log task status ${status}`);
}

async function instancesAppear(delay: number, patience: number): Promise<void> {
  if (delay <= 0) return;
  await new Promise<void>((resolve) => {
    setTimeout(resolve, Math.min(delay, patience)).unref();
  });
  if (patience < delay) throw badRequest('timed out waiting for a component instance');
}

function worded({ manner }: Platform, body: LogBody): object {
  const { live, historic } = body;
  if (manner.answerForm === 'seed') {
    return { value: { live_url: live ?? '', url: 'https://logs/build.log', historic_logs: historic ?? [] } };
  }
  if (manner.answerForm === 'padded') return { live_url: live ?? '', historic_urls: historic ?? null };
  return { ...(live ? { live_url: live } : {}), ...(historic ? { historic_urls: historic } : {}) };
}

function readQuery({ query }: Exchange): LogQuery {
  const type = logTypes.find((known) => known === query.get('type'));
  if (!type) throw badRequest(query.has('type') ? `invalid type: ${query.get('type')}` : 'type is required');
  const follow = query.get('follow') ?? 'false';
  if (follow !== 'true' && follow !== 'false') throw badRequest(`invalid follow: ${follow}`);
  const tail = query.get('tail_lines');
  if (tail !== null && !/^-?\d{1,18}$/.test(tail)) throw badRequest(`invalid tail_lines: ${tail}`);
  const timeout = query.get('pod_connection_timeout') ?? '3m';
  const patience = parseGoDuration(timeout);
  if (patience === undefined) throw badRequest(`invalid pod_connection_timeout: ${timeout}`);
  return { type, follow: follow === 'true', tailLines: tail === null ? undefined : Number(tail), patience };
}
