// Scalingo's timeline: the world's events under the platform's types, newest first, page by page.
import type { Exchange, Route } from './http.ts';
import {
  answer,
  notFound,
  objectId,
  type Platform,
  paginate,
  positive,
  type ScalingoApp,
  user,
  uuidOf,
  withApp,
  withUser,
} from './scalingo-platform.ts';
import { isoTime } from './scalingo-time.ts';
import type { WorldEvent } from './world.ts';

const platformUser = {
  username: 'scalingo-platform',
  email: 'deploy@scalingo.com',
  id: `us-${uuidOf('platform')}`,
};
const hourMs = 3_600_000;

export function eventRoutes(platform: Platform): Route[] {
  return [
    {
      name: 'events',
      method: 'GET',
      path: '/v1/apps/:app/events',
      answer: withApp(platform, (asked, app) => answerEvents(platform, asked, appEvents(platform, app))),
    },
    {
      name: 'event',
      method: 'GET',
      path: '/v1/apps/:app/events/:id',
      answer: withApp(platform, (asked, app) => {
        const event = appEvents(platform, app).find(({ id }) => id === asked.params.id);
        return event ? answer(asked, 200, { event }) : notFound(asked, 'event');
      }),
    },
    {
      name: 'user-events',
      method: 'GET',
      path: '/v1/events',
      answer: withUser(platform, (asked) => {
        const app = platform.regions[asked.listener]?.app;
        answerEvents(platform, asked, [...(app ? appEvents(platform, app) : []), loginEvent(platform)]);
      }),
    },
    // wire: Scalingo 6: without credentials, and under other names than the events themselves.
    {
      name: 'event-types',
      method: 'GET',
      path: '/v1/event_types',
      answer: (asked) => answer(asked, 200, { event_types: notifierTypes() }),
    },
    {
      name: 'event-categories',
      method: 'GET',
      path: '/v1/event_categories',
      answer: (asked) => answer(asked, 200, { event_categories: [category] }),
    },
  ];
}

const category = { id: objectId('category app'), name: 'App', position: 0 };

function notifierTypes() {
  return ['app_deployed', 'app_scaled', 'app_restarted', 'app_crashed'].map((name) => ({
    id: objectId(`type ${name}`),
    category_id: category.id,
    name,
    display_name: name.replaceAll('_', ' '),
    description: '',
  }));
}

interface ScalingoEvent {
  id: string;
  created_at: string;
  type: string;
  user: { username: string; email: string; id: string };
  type_data: Record<string, unknown>;
  app_id?: string;
  app_name?: string;
}

// wire: Scalingo 6: `from` (hours) gives that window and overrides the pages.
function answerEvents(platform: Platform, asked: Exchange, events: readonly ScalingoEvent[]) {
  const { settings, world } = platform;
  const from = asked.query.get('from');
  const hours = positive(from, 0);
  if (from !== null && hours > 0) {
    const start = isoTime({ ms: world.now().ms - Math.min(72, hours) * hourMs, nanos: 0 });
    const recent = events.filter(({ created_at }) => created_at >= start);
    const { meta } = paginate(recent, new URLSearchParams(), {
      perPage: Math.max(1, recent.length),
      settings,
    });
    return answer(asked, 200, { events: recent, meta });
  }
  const page = paginate(events, asked.query, { perPage: 30, settings });
  answer(asked, 200, { events: page.items, meta: page.meta });
}

/** Newest first; the oldest is the app's creation. */
function appEvents(platform: Platform, app: ScalingoApp): ScalingoEvent[] {
  const { world } = platform;
  const shown = world.events.flatMap((event) => {
    const told = tell(platform, event);
    if (!told) return [];
    return [
      {
        id: objectId(`event ${app.id} ${event.seq}`),
        created_at: isoTime(event.at),
        ...told,
        user: userOf(event.user),
        app_id: app.id,
        app_name: app.name,
      },
    ];
  });
  const born = { ms: (world.lines[0]?.at ?? world.now()).ms - 86_400_000, nanos: 0 };
  const created = {
    id: objectId(`event ${app.id} created`),
    created_at: isoTime(born),
    type: 'new_app',
    user,
    type_data: {},
    app_id: app.id,
    app_name: app.name,
  };
  return [created, ...shown].reverse();
}

/** Undefined for what has no event there: a deployment is one event, at its end. */
function tell(
  platform: Platform,
  event: WorldEvent,
): { type: string; type_data: Record<string, unknown> } | undefined {
  const component = event.component ?? '';
  switch (event.kind) {
    case 'deploy':
      return tellDeploy(platform, event);
    case 'scale': {
      const amount = (value: unknown) => ({
        [component]: platform.settings.scaleAmounts === 'string' ? `${String(value)}:S` : value,
      });
      const { from, to } = event.detail;
      return { type: 'scale', type_data: { previous_containers: amount(from), containers: amount(to) } };
    }
    case 'restart':
      return {
        type: 'restart',
        type_data: { scope: component ? [component] : null, reason: 'user_restart' },
      };
    case 'crash':
      return {
        type: 'crash',
        type_data: { container_type: `${component}-1`, crash_logs: event.text, logs_url: '' },
      };
    case 'config': {
      const { name, value } = event.detail;
      return { type: 'edit_variable', type_data: { name, value, old_value: 'v0' } };
    }
  }
}

// wire: Scalingo 6: `deployment_id` is an ObjectId of its own, not the UUID of `/deployments/:id`.
function tellDeploy({ world }: Platform, event: WorldEvent) {
  const deploy = world.deploys.find(({ id }) => id === event.detail.deploy);
  if (!deploy?.finished || event.detail.status !== deploy.status) return undefined;
  const failed = deploy.output.some(({ phase }) => phase === 'deploy') ? 'crashed-error' : 'build-error';
  return {
    type: 'deployment',
    type_data: {
      deployment_id: objectId(`deployment ${deploy.id}`),
      deployment_uuid: deploy.id,
      deployment_type: 'deployment',
      pusher: deploy.author,
      git_ref: deploy.commit,
      git_ref_url: '',
      stack: 'scalingo-24',
      status: deploy.status === 'succeeded' ? 'success' : deploy.status === 'failed' ? failed : 'aborted',
      duration: Math.round((deploy.finished.ms - (deploy.started ?? deploy.created).ms) / 1000),
      finished_at: isoTime(deploy.finished),
      last_commits: {
        commits: [{ id: deploy.commit, author: deploy.author, message: deploy.message }],
        remaining: 0,
      },
    },
  };
}

function userOf(name: string) {
  if (name === 'system') return platformUser;
  return name === user.username
    ? user
    : { username: name, email: `${name}@example.com`, id: `us-${uuidOf(name)}` };
}

function loginEvent({ world }: Platform): ScalingoEvent {
  const at = { ms: (world.lines[0]?.at ?? world.now()).ms - 90_000_000, nanos: 0 };
  return { id: objectId('event login'), created_at: isoTime(at), type: 'login_success', user, type_data: {} };
}
