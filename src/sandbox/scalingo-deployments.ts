// Scalingo's builds: the list of deployments, their output, and the live stream of an app's deployments.
import { atPaceOf } from './follow.ts';
import type { Exchange, Opening, Route, SocketRoute, SocketStream } from './http.ts';
import { keepAlive } from './http.ts';
import {
  answer,
  apiFields,
  notFound,
  type Platform,
  paginate,
  type ScalingoApp,
  user,
  uuidOf,
  withApp,
} from './scalingo-platform.ts';
import { headerTime, isoTime } from './scalingo-time.ts';
import type { WorldDeploy } from './world.ts';

export function deploymentRoutes(platform: Platform): Route[] {
  const path = '/v1/apps/:app/deployments';
  const withDeploy = (answerDeploy: (asked: Exchange, app: ScalingoApp, deploy: WorldDeploy) => void) =>
    withApp(platform, (asked, app) => {
      const deploy = platform.world.deploys.find(({ id }) => id === asked.params.id);
      return deploy ? answerDeploy(asked, app, deploy) : notFound(asked, 'deployment');
    });
  return [
    {
      name: 'deployments',
      method: 'GET',
      path,
      answer: withApp(platform, (asked, app) => {
        const all = platform.world.deploys.toReversed();
        const page = paginate(all, asked.query, { perPage: 20, settings: platform.settings });
        const deployments = page.items.map((deploy) =>
          describe(platform, { deploy, app, origin: asked.origin }),
        );
        answer(asked, 200, { deployments, meta: page.meta });
      }),
    },
    {
      name: 'deployment',
      method: 'GET',
      path: `${path}/:id`,
      answer: withDeploy((asked, app, deploy) =>
        answer(asked, 200, { deployment: describe(platform, { deploy, app, origin: asked.origin }) }),
      ),
    },
    {
      name: 'output',
      method: 'GET',
      path: `${path}/:id/output`,
      answer: withDeploy((asked, app, deploy) => {
        if (deploy.output.length === 0) return notFound(asked, 'log');
        asked.text(200, outputOf(platform, deploy, app), apiFields(asked, 200));
      }),
    },
  ];
}

/** `/apps/<name>`; the log server's `/apps/<ObjectId>/logs` has one segment more. */
export function deploymentSockets(platform: Platform): SocketRoute[] {
  return [
    {
      name: 'deployment-stream',
      path: '/apps/:app',
      accept: (opening) => streamDeployments(platform, opening),
    },
  ];
}

// wire: Scalingo 4.2
function statusOf(deploy: WorldDeploy): string {
  switch (deploy.status) {
    case 'deploying':
      return 'starting';
    case 'succeeded':
      return 'success';
    case 'failed':
      return deploy.output.some(({ phase }) => phase === 'deploy') ? 'crashed-error' : 'build-error';
    case 'cancelled':
    case 'superseded':
      return 'aborted';
    default:
      return deploy.status;
  }
}

function pusherOf(deploy: WorldDeploy) {
  if (deploy.author === user.username) return user;
  return {
    username: deploy.author,
    email: `${deploy.author}@example.com`,
    id: `us-${uuidOf(deploy.author)}`,
  };
}

function describe(platform: Platform, given: { deploy: WorldDeploy; app: ScalingoApp; origin: string }) {
  const { deploy, app, origin } = given;
  const before = platform.world.deploys.findLast(
    ({ number, status }) => number < deploy.number && status === 'succeeded',
  );
  const started = deploy.started ?? deploy.created;
  return {
    id: deploy.id,
    app_id: app.id,
    created_at: isoTime(deploy.created),
    // wire: Scalingo 1.6: two spellings of the zone in one object.
    finished_at: deploy.finished ? isoTime(deploy.finished, '+00:00') : null,
    status: statusOf(deploy),
    git_ref: deploy.commit,
    previous_git_ref: before?.commit ?? null,
    type: 'git',
    image: deploy.finished ? `${app.name}:${deploy.commit.slice(0, 12)}` : null,
    registry: 'registry.internal.example.com',
    postdeploy_hook: deploy.status === 'succeeded' ? 'node migrate.js' : null,
    duration: deploy.finished ? Math.round((deploy.finished.ms - started.ms) / 1000) : 0,
    image_size: deploy.status === 'succeeded' ? 104_857_600 : 0,
    stack_base_image: 'scalingo/scalingo-24:v7',
    pusher: pusherOf(deploy),
    links: { output: `${origin}/v1/apps/${app.id}/deployments/${deploy.id}/output` },
  };
}

/** wire: Scalingo 4.1: lines end with LF, but those of the postdeploy hook are log lines with CRLF. */
function outputOf(platform: Platform, deploy: WorldDeploy, app: ScalingoApp): string {
  const { zone } = platform.settings;
  const head = ` \u001b[1m<-- Start deployment of ${app.name} -->\u001b[0m\n`;
  const body = deploy.output.map(({ text }) => `${text}\n`).join('');
  if (deploy.status !== 'succeeded' || !deploy.finished) return head + body;
  const hook = `${headerTime(deploy.finished, zone)} [postdeploy-${deploy.number}]`;
  const hooked = `${hook} Migrating the database\r\n${hook} \r\n${hook} Done: 0 migrations\r\n`;
  return `${head}${body}       Executing the postdeploy hook\n${hooked} <-- https://${app.name}.${app.region}.scalingo.io -->\n`;
}

// wire: Scalingo 4.3: the first frame of the client holds the JWT; on bad authentication the server closes at once.
async function streamDeployments(platform: Platform, opening: Opening): Promise<void> {
  const app = platform.findApp(opening.listener, opening.params.app ?? '');
  if (!app) return opening.text(404, 'not found\n');
  const stream = await opening.accept();
  let admitted = false;
  stream.onMessage((text) => {
    if (admitted) return;
    admitted = platform.readJwt(readToken(text))?.kind === 'user';
    if (!admitted) return stream.end(1000);
    attach(platform, stream, { app, origin: opening.origin });
    opening.answered();
  });
}

function readToken(text: string): string | undefined {
  try {
    const frame = JSON.parse(text) as { type?: unknown; data?: { token?: unknown } };
    const token = frame?.data?.token;
    return frame?.type === 'auth' && typeof token === 'string' ? token : undefined;
  } catch {
    return undefined;
  }
}

/** What the running deployments have written so far, then what all of them write. */
function attach(platform: Platform, stream: SocketStream, where: { app: ScalingoApp; origin: string }): void {
  const { world, settings } = platform;
  const write = atPaceOf(stream);
  const say = (frame: Record<string, unknown>) => write(JSON.stringify(frame));
  const announce = (deploy: WorldDeploy) => {
    const whole = describe(platform, { deploy, ...where });
    const deployment = settings.newFrame === 'object' ? whole : deploy.id;
    say({ type: 'new', id: deploy.id, data: { deployment } });
  };
  const tellStatus = (id: string, status: string) => say({ type: 'status', id, data: { status } });
  const tellLine = (id: string, text: string) => say({ type: 'log', id, data: { content: `${text}\n` } });
  for (const deploy of world.deploys.filter(({ finished }) => !finished)) {
    announce(deploy);
    tellStatus(deploy.id, statusOf(deploy));
    for (const { text } of deploy.output) tellLine(deploy.id, text);
  }
  stream.onClose(
    world.onDeploy((deploy) => {
      if (deploy.status === 'queued') announce(deploy);
      if (deploy.status === 'deploying') tellStatus(deploy.id, 'pushing');
      tellStatus(deploy.id, statusOf(deploy));
    }),
  );
  stream.onClose(
    world.onLine((line) => {
      if (line.kind === 'build' && line.deploy) tellLine(line.deploy, line.text);
    }),
  );
  const ping = () => JSON.stringify({ type: 'ping', data: { ts: Math.floor(settings.now() / 1000) } });
  keepAlive(stream, settings.keepaliveMs, ping);
}
