import { afterEach, describe, expect, it } from 'vitest';
import { instantFromMillis, type PlatformEvent } from '../../../src/model.ts';
import type { HistoryQuery, Source } from '../../../src/provider.ts';
import { eventOf } from '../../../src/providers/scalingo/event-pages.ts';
import { events } from '../../../src/providers/scalingo/events.ts';
import { startScalingo } from '../../../src/sandbox/scalingo.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import { feed } from '../../../src/stream/feed.ts';
import { type Answers, clientFor, json, never, type OwnServer, plain, startOwn } from './setup.ts';

const NOW = Date.parse('2026-05-30T12:00:00Z');
const ref = { app: 'shop', component: null };
const pace = { events: 1 };

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close();
});

async function own(routes: NonNullable<Answers['routes']>) {
  const server = await startOwn({ routes });
  cleanUp.push(() => server.close());
  return { server, client: clientFor({ 'auth-url': server.url }, { now: () => NOW, pace }) };
}

type Raw = Record<string, unknown>;

/** The n-th event of an app, a minute after the one before. */
function raw(n: number, changes: Raw = {}): Raw {
  return {
    id: `e${n}`,
    created_at: new Date(NOW - 100 * 60_000 + n * 60_000).toISOString(),
    type: 'restart',
    app_name: 'shop',
    user: { username: 'alice', email: 'a@b', id: 'us-1' },
    type_data: { scope: ['web'] },
    ...changes,
  };
}

/** A server that pages through what the test keeps, oldest first. */
async function paged(kept: Raw[], options: { knowsFrom?: boolean; previous?: string } = {}) {
  const { knowsFrom = true, previous = 'prev_page' } = options;
  const hooks = { onPage: (_number: number) => {} };
  let asked = 0;
  const started = await own({
    '/v1/apps/shop/events': ({ query }, response) => {
      const newestFirst = [...kept].reverse();
      const from = query.get('from');
      asked += 1;
      if (from !== null && knowsFrom) {
        const since = NOW - Number(from) * 3_600_000;
        json(response, 200, {
          events: newestFirst.filter((event) => Date.parse(String(event.created_at)) >= since),
        });
      } else {
        const page = Number(query.get('page') ?? 1);
        const size = Number(query.get('per_page') ?? 30);
        const more = page * size < newestFirst.length;
        const pagination = { current_page: page, [previous]: null, next_page: more ? page + 1 : null };
        json(response, 200, {
          events: newestFirst.slice((page - 1) * size, page * size),
          meta: { pagination },
        });
      }
      hooks.onPage(asked);
    },
  });
  return { ...started, hooks, kept };
}

const open = (client: Parameters<typeof events.open>[0]) =>
  events.open(client, ref, { types: [], users: [] }, never);

async function history(source: Source<PlatformEvent>, query: Partial<HistoryQuery> = {}) {
  const steps = source.history({ lines: 20, since: null, until: null, ...query }, never);
  const ids: (string | null)[] = [];
  let position: unknown;
  for (;;) {
    const step = await steps.next();
    if (step.done) return { ids, position, end: step.value };
    ids.push(...step.value.items.map(({ id }) => id));
    position = step.value.position ?? position;
  }
}

const asked = (server: OwnServer) =>
  server.asked.filter((line) => line.includes('/events')).map((line) => line.split('?')[1]);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => raw(from + at));
const idsOf = (all: Raw[]) => all.map(({ id }) => id);

describe('an event', () => {
  it.each([
    ['new_app', {}, 'config', 'the application has been created'],
    [
      'restart',
      { scope: ['web'], reason: 'security_maintenance' },
      'restart',
      'containers [web] began to restart (reason: scheduled security maintenance)',
    ],
    ['restart', { scope: [] }, 'restart', 'containers began to restart'],
    ['restart', { scope: null }, 'restart', 'containers began to restart'],
    [
      'scale',
      { previous_containers: { worker: '1:M', web: '3:S' }, containers: { web: '1:S', worker: '1:M' } },
      'scale',
      'containers have been scaled from [web:3:S, worker:1:M], to [web:1:S, worker:1:M]',
    ],
    [
      'scale',
      { previous_containers: { web: 3 }, containers: { web: 1 } },
      'scale',
      'containers have been scaled from [web:3], to [web:1]',
    ],
    ['deployment', { git_ref: 'a5dca8', status: 'success' }, 'deploy', 'deployment of a5dca8 (success)'],
    ['deployment', {}, 'deploy', 'deployment'],
    [
      'crash',
      { container_type: 'web-1', logs_url: 'https://logs.scalingo.com/c/1' },
      'crash',
      "container 'web-1' has crashed (logs on https://logs.scalingo.com/c/1)",
    ],
    ['run', { command: 'rake db:migrate' }, 'task', "one-off container with command 'rake db:migrate'"],
    ['run', { command: '' }, 'task', 'one-off container'],
    ['new_variable', { name: 'NAME', value: 'v' }, 'config', "'NAME' added to the environment"],
    [
      'edit_variables',
      {
        new_vars: [{ name: 'A', value: '1' }],
        updated_vars: null,
        deleted_vars: [{ name: 'B' }, { name: 'C' }],
      },
      'config',
      "environment changed: 'A' added; 'B', 'C' removed",
    ],
    [
      'edit_variables',
      { new_vars: null, updated_vars: null, deleted_vars: null },
      'config',
      'environment changed',
    ],
    [
      'alert',
      { sender_name: 'web', metric: 'cpu', limit_text: '80%', value_text: '93%', activated: true },
      'other',
      'alert web on cpu is active: 93% (limit: above 80%)',
    ],
    ['alert', { metric: 'cpu', activated: false }, 'other', 'alert on cpu is over'],
    ['new_collaborator', { collaborator: { username: 'bob' } }, 'access', 'collaborator bob invited'],
    ['database/add_feature', { feature: 'ssl' }, 'config', 'feature ssl enabled on database'],
    ['login_success', {}, 'access', 'logged in'],
    ['brand_new_type', { x: 1 }, 'other', 'brand_new_type'],
    [
      'rename_app',
      { old_name: 'a\nb\u001b[2J', new_name: 'c' },
      'config',
      'the application has been renamed from a b [2J to c',
    ],
  ])('%s %j is said in words', (type, type_data, kind, message) => {
    expect(eventOf(raw(1, { type, type_data }))).toMatchObject({ kind, nativeKind: type, message });
  });

  it('has an id, a time with every digit, a person and what it is about', () => {
    expect(eventOf(raw(1))).toEqual({
      id: 'e1',
      ts: instantFromMillis(NOW - 99 * 60_000),
      kind: 'restart',
      nativeKind: 'restart',
      component: 'web',
      user: 'alice',
      message: 'containers [web] began to restart',
      fields: { scope: ['web'] },
    });
    const scale = {
      previous_containers: { web: '1:S', worker: '1:S' },
      containers: { web: '2:S', worker: '1:S' },
    };
    expect(eventOf(raw(1, { type: 'scale', type_data: scale })).component).toBe('web');
    expect(eventOf(raw(1, { type: 'crash', type_data: { container_type: 'web-1' } })).component).toBe(
      'web-1',
    );
  });

  it('may lack all of it', () => {
    expect(eventOf({})).toEqual({
      id: null,
      ts: null,
      kind: 'other',
      nativeKind: 'unknown',
      component: null,
      user: null,
      message: 'unknown',
      fields: null,
    });
    expect(
      eventOf({ type: 'scale', type_data: { containers: 'rubbish' }, user: 5, created_at: 'soon' }),
    ).toMatchObject({
      kind: 'scale',
      ts: null,
    });
  });
});

describe('the secrets of an event', () => {
  const secret = 's3cr3t';
  it.each([
    ['new_variable', { name: 'KEY', value: secret }],
    ['edit_variable', { name: 'KEY', value: secret, old_value: secret }],
    ['delete_variable', { name: 'KEY', value: secret }],
    [
      'edit_variables',
      { new_vars: [{ name: 'KEY', value: secret }], updated_vars: [{ name: 'KEY', old_value: secret }] },
    ],
    ['edit_variables', { deleted_vars: [`KEY=${secret}`], changes: { KEY: secret } }],
    ['future_variable_event', { name: 'KEY', was: [secret], is: { now: secret } }],
    ['new_log_drain', { url: `https://user:${secret}@logs.example.com/${secret}?token=${secret}#${secret}` }],
    ['delete_log_drain', { url: `syslog://logs.example.com:514/${secret}` }],
    ['new_addon_log_drain', { url: `tcp+tls://${secret}@logs.example.com`, addon_name: 'pg' }],
    ['new_log_drain', { url: `logs.example.com:514/${secret}`, token: secret }],
    [
      'new_notifier',
      { notifier_name: 'x', type_data: { webhook_url: `https://hooks.example.com/T0/${secret}` } },
    ],
    ['brand_new_type', { deep: [{ value: secret }, { api_key: secret }, { password: { is: secret } }] }],
    ['run', { command: `psql postgres://me:${secret}@db.example.com/shop` }],
    ['crash', { container_type: 'web-1', logs_url: `https://logs.example.com/x?token=${secret}` }],
    ['new_app', { note: 'tk-us-s3cr3t and eyJhbGciOi.s3cr3t.s3cr3t' }],
  ])('never leave the adapter: %s %j', (type, type_data) => {
    expect(JSON.stringify(eventOf(raw(1, { type, type_data })))).not.toContain(secret);
  });

  it('leave the rest as it is', () => {
    expect(
      eventOf(raw(1, { type: 'new_variable', type_data: { name: 'KEY', value: secret } })),
    ).toMatchObject({
      message: "'KEY' added to the environment",
      fields: { name: 'KEY', value: '***' },
    });
    const drain = { url: `https://logs.example.com:6514/in/${secret}` };
    expect(eventOf(raw(1, { type: 'new_log_drain', type_data: drain }))).toMatchObject({
      message: 'log drain to https://logs.example.com:6514/*** added',
      fields: { url: 'https://logs.example.com:6514/***' },
    });
    const commits = { git_ref_url: 'https://github.com/a/b/commit/c', last_commits: { remaining: 2 } };
    expect(eventOf(raw(1, { type: 'deployment', type_data: commits })).fields).toEqual(commits);
  });
});

describe('the past', () => {
  it.each(['prev_page', 'previous_page'])('comes by pages, oldest first (%s)', async (previous) => {
    const { client, server, kept } = await paged(range(1, 45), { previous });
    const source = await open(client);
    expect((await history(source)).ids).toEqual(idsOf(kept.slice(-30)));
    expect(asked(server)).toEqual(['page=1&per_page=30']);
    const all = await history(source, { lines: 'all' });
    expect([all.ids, all.end]).toEqual([idsOf(kept), { complete: true, begins: null }]);
    expect(asked(server).at(-1)).toBe('page=1&per_page=100');
  });

  it('of some hours is one request', async () => {
    const { client, server, kept } = await paged(range(1, 99));
    const since = instantFromMillis(NOW - 90 * 60_000);
    const { ids, end } = await history(await open(client), { lines: 'all', since });
    expect(ids).toEqual(idsOf(kept));
    expect(end.complete).toBe(true);
    expect(asked(server)).toEqual(['from=2']);
  });

  it('is read on by pages where the hours are not known to the server, or too many', async () => {
    const { client, server, kept } = await paged(range(1, 99), { knowsFrom: false });
    const source = await open(client);
    const since = instantFromMillis(NOW - 95 * 60_000);
    expect((await history(source, { lines: 'all', since })).ids).toEqual(idsOf(kept));
    await history(source, { lines: 'all', since: instantFromMillis(NOW - 73 * 3_600_000) });
    expect(asked(server)).toEqual(['from=2', 'page=1&per_page=100', 'page=1&per_page=100']);
  });

  it('ends at `since`, and says where more could be had', async () => {
    const { client, server } = await paged(range(1, 99));
    const source = await open(client);
    const recent = await history(source, { lines: 50, since: instantFromMillis(NOW - 5 * 60_000) });
    expect(recent.end.complete).toBe(true);
    expect((await history(source, { lines: 20 })).end.complete).toBe(false);
    expect(asked(server)).toEqual(['page=1&per_page=100', 'page=1&per_page=30']);
  });

  it('doubles nothing when events come while it is read', async () => {
    const { client, kept, hooks } = await paged(range(1, 150));
    hooks.onPage = (number) => {
      if (number === 1) kept.push(...range(151, 155));
    };
    const { ids } = await history(await open(client), { lines: 'all' });
    expect(ids).toEqual(idsOf(range(1, 150)));
  });

  it('of an app that is not there is not found', async () => {
    const { client } = await own({
      '*': (_, response) => json(response, 404, { resource: 'app', error: 'not found' }),
    });
    await expect(history(await open(client))).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('of the wrong shape is an error', async () => {
    const { client } = await own({
      '/v1/apps/shop/events': (_, response) => json(response, 200, { events: 3 }),
    });
    await expect(history(await open(client))).rejects.toMatchObject({ kind: 'platform' });
  });
});

/** Follows through the engine until the test has seen enough. */
async function followed(
  source: Source<PlatformEvent>,
  until: (ids: string[]) => boolean,
  lines: number | 'all' = 5,
): Promise<string[]> {
  const controller = new AbortController();
  const timing = { backoffFirst: 1, backoffMost: 1 };
  const options = { keep: () => true, lines, since: null, until: null, follow: true, timing };
  const steps = feed(source, options, controller.signal);
  const shown: string[] = [];
  while (!until(shown)) {
    const step = await steps.next();
    if (step.done) throw new Error(step.value.reason);
    if (step.value.kind === 'items') shown.push(...step.value.items.map((event) => source.keyOf(event)));
  }
  controller.abort(new Error('enough'));
  await steps.return({ reason: '' }).catch(() => {});
  return shown;
}

describe('following', () => {
  it('reads pages until a known event is met, so that nothing between two looks is missed', async () => {
    const { client, kept, hooks } = await paged(range(1, 40));
    hooks.onPage = (number) => {
      // After the past and the first look.
      if (number === 2) kept.push(...range(41, 115));
    };
    const shown = await followed(await open(client), (ids) => ids.length >= 80);
    expect(shown).toEqual(idsOf(range(36, 115)));
  });

  it('begins now with -n 0, also where nothing has happened yet', async () => {
    for (const before of [3, 0]) {
      const { client, kept, hooks } = await paged(range(1, before));
      hooks.onPage = (number) => {
        if (number === 1) kept.push(raw(50));
      };
      expect(await followed(await open(client), (ids) => ids.length > 0, 0)).toEqual(['e50']);
    }
  });

  it('shows the same deployment again in a new phase', async () => {
    const deploy = (status: string) => raw(4, { type: 'deployment', type_data: { git_ref: 'abc', status } });
    const { client, kept, hooks } = await paged([...range(1, 3), deploy('building')]);
    hooks.onPage = (number) => {
      if (number === 3) kept[3] = deploy('success');
    };
    const shown = await followed(await open(client), (ids) => ids.length >= 5);
    expect(shown).toEqual(['e1', 'e2', 'e3', 'e4 building', 'e4 success']);
  });

  it('is not misled by one that was deleted, or comes late, or has no id and no time', async () => {
    const { client, kept, hooks } = await paged(range(1, 120));
    const bare = { type: 'run', type_data: { command: 'x' } };
    hooks.onPage = (number) => {
      if (number === 3) kept.splice(100, 15);
      if (number === 5) kept.splice(104, 0, raw(500, { created_at: kept[103]?.created_at }));
      if (number === 7) kept.push(bare);
      if (number === 9) kept.push(raw(121));
    };
    const shown = await followed(await open(client), (ids) => ids.includes('e121'));
    expect(shown).toEqual([
      ...idsOf(range(116, 120)),
      'e500',
      " run one-off container with command 'x'",
      'e121',
    ]);
  });

  it('goes on from a position that has been stored, and begins now without a readable one', async () => {
    const { client } = await paged(range(1, 10));
    const source = await open(client);
    const { position } = await history(source);
    const again = JSON.parse(JSON.stringify(position));
    const other = await paged(range(1, 12));
    const live = (await open(other.client)).live({ after: again }, never);
    const first = await live.next();
    expect(first.done === false && first.value.items.map(({ id }) => id)).toEqual(['e11', 'e12']);
    await live.return({ end: 'dropped', reason: '' });
    for (const rubbish of [null, 'x', 5, { keys: 3 }]) {
      const fresh = (await open(other.client)).live({ after: rubbish }, never);
      expect((await fresh.next()).value).toMatchObject({ items: [] });
      await fresh.return({ end: 'dropped', reason: '' });
    }
  });

  it('gives a sign of life with every look, and ends when it is told to', async () => {
    const { client } = await paged(range(1, 3));
    const controller = new AbortController();
    const live = (await open(client)).live({ lines: 0 }, controller.signal);
    for (let look = 0; look < 3; look += 1) expect((await live.next()).value).toMatchObject({ items: [] });
    controller.abort(new Error('stopped'));
    await expect(live.next()).rejects.toThrow('stopped');
  });

  it('goes on after a limit', async () => {
    let number = 0;
    const { client } = await own({
      '/v1/apps/shop/events': (_, response) => {
        number += 1;
        if (number === 2) plain(response, 429, 'Retry later\n');
        else json(response, 200, { events: number < 3 ? [] : [raw(1)] });
      },
    });
    expect(await followed(await open(client), (ids) => ids.length > 0)).toEqual(['e1']);
  });
});

describe('the state', () => {
  interface Situation {
    status: string | null;
    deployments: Raw[];
    formation: Raw[];
    ps: Raw[];
  }
  async function stateOf(changes: Partial<Situation>, component: string | null = null) {
    const situation: Situation = {
      status: 'running',
      deployments: [{ id: 'd1', status: 'success', finished_at: '2026-05-30T11:00:00Z' }],
      formation: [
        { name: 'web', amount: 2 },
        { name: 'clock', amount: 0 },
      ],
      ps: [
        { type: 'web', type_index: 1, state: 'running', label: 'web-1' },
        { type: 'web', type_index: 2, state: 'running' },
        { type: 'one-off', type_index: 7, state: 'running', label: 'one-off-7' },
      ],
      ...changes,
    };
    const { client } = await own({
      '/v1/apps/shop': (_, response) =>
        json(response, 200, { app: { name: 'shop', status: situation.status } }),
      '/v1/apps/shop/deployments': (_, response) =>
        json(response, 200, { deployments: situation.deployments }),
      '/v1/apps/shop/containers': (_, response) => json(response, 200, { containers: situation.formation }),
      '/v1/apps/shop/ps': (_, response) => json(response, 200, { containers: situation.ps }),
    });
    const [state, ...more] = await events.state(client, { ...ref, component }, never);
    expect(more).toEqual([]);
    return state;
  }
  const one = (status: string) => [{ id: 'd1', status, finished_at: '2026-05-30T11:00:00Z' }];
  const web = (...states: string[]) =>
    states.map((state, at) => ({ type: 'web', type_index: at + 1, state }));

  it.each([
    [{}, 'deployed', 'running', ['running', 'deployed', 'scaled']],
    [{ deployments: one('build-error') }, 'failed', 'running', ['running', 'failed', 'scaled']],
    [{ deployments: one('aborted') }, 'aborted', 'running', ['running', 'aborted', 'scaled']],
    [{ deployments: one('building') }, 'building', 'running', ['running', 'building', 'scaled']],
    [{ deployments: one('queued'), status: 'crashed' }, 'queued', 'crashed', ['crashed', 'queued', 'scaled']],
    [{ deployments: [], status: 'new', ps: [], formation: [] }, 'new', 'new', ['new', 'scaled']],
    [{ status: 'stopped', formation: [], ps: [] }, 'deployed', 'stopped', ['stopped', 'deployed', 'scaled']],
    [{ status: 'crashed' }, 'crashed', 'crashed', ['crashed', 'deployed', 'scaled']],
    [{ status: 'restarting' }, 'restarting', 'restarting', ['restarting', 'deployed', 'scaled']],
    [{ status: 'scaling' }, 'scaling', 'scaling', ['scaling', 'deployed']],
    [{ status: 'booting', ps: web('starting', 'running') }, 'booting', 'booting', ['booting', 'deployed']],
    [{ ps: web('running') }, 'deployed', 'running', ['running', 'deployed']],
    [{ status: null }, 'unknown', 'unknown', ['unknown', 'deployed', 'scaled']],
  ] as [Partial<Situation>, string, string, string[]][])(
    'of the app: %j',
    async (situation, state, native, also) => {
      expect(await stateOf(situation)).toMatchObject({ component: null, state, nativeState: native, also });
    },
  );

  it.each([
    ['web', {}, 'scaled', 'running'],
    ['web', { ps: web('running') }, 'scaling', 'running'],
    ['web', { ps: web('running', 'starting') }, 'scaling', 'starting'],
    ['web', { ps: web('running', 'crashed') }, 'crashed', 'crashed'],
    ['clock', {}, 'scaled', 'stopped'],
    ['web-2', {}, 'running', 'running'],
    ['web-3', {}, 'stopped', 'absent'],
    ['one-off-7', {}, 'running', 'running'],
    ['one-off-8', {}, 'stopped', 'absent'],
  ] as [string, Partial<Situation>, string, string][])(
    'of %s: %j',
    async (component, situation, state, native) => {
      expect(await stateOf(situation, component)).toMatchObject({ component, state, nativeState: native });
    },
  );

  it('of what is not there is not found', async () => {
    await expect(stateOf({}, 'worker')).rejects.toMatchObject({
      kind: 'not-found',
      hint: 'It has web, clock.',
    });
    const { client } = await own({
      '*': (_, response) => json(response, 404, { resource: 'app', error: 'not found' }),
    });
    await expect(events.state(client, ref, never)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it.each([
    ['deployment', { status: 'success' }, 'deployed'],
    ['deployment', { status: 'crashed-error' }, 'failed'],
    ['deployment', {}, null],
    ['scale', {}, 'scaled'],
    ['stop_app', {}, 'stopped'],
    ['crash', {}, 'crashed'],
    ['restart', {}, null],
  ])('that %s %j tells of is %s', (type, type_data, state) => {
    expect(events.stateOf?.(eventOf(raw(1, { type, type_data })))).toBe(state);
  });

  it('is one of those that are listed', () => {
    const listed = events.states.map(({ state }) => state);
    expect(listed.slice(0, 5)).toEqual(['running', 'stopped', 'deployed', 'failed', 'scaled']);
    expect(new Set(listed).size).toBe(listed.length);
  });
});

describe('against the sandbox', () => {
  it.each([
    { previousPage: 'prev_page', scaleAmounts: 'string' },
    { previousPage: 'previous_page', scaleAmounts: 'integer' },
  ] as const)('lists, follows and judges (%j)', async (knobs) => {
    const world = createWorld({ scale: 0, past: 50 });
    const server = await startScalingo({ world, ...knobs });
    cleanUp.push(() => server.close().then(() => world.close()));
    const client = clientFor({ 'auth-url': server.url, token: server.tokens[0] ?? '' }, { pace });
    const shop = { app: world.app, component: null };
    const source = await events.open(client, shop, { types: [], users: [] }, never);
    const before = await history(source, { lines: 'all' });
    expect(before.ids.length).toBeGreaterThan(0);
    world.record({
      kind: 'config',
      component: null,
      user: 'alice',
      text: 'x',
      detail: { name: 'KEY', value: 'hush' },
    });
    const live = source.live({ after: before.position as string }, never);
    const step = await live.next();
    const [event] = step.done ? [] : step.value.items;
    expect(event).toMatchObject({ kind: 'config', message: expect.stringContaining("'KEY'") });
    expect(JSON.stringify(event)).not.toContain('hush');
    await live.return({ end: 'dropped', reason: '' });
    const [state] = await events.state(client, shop, never);
    expect(state?.also).toEqual(expect.arrayContaining(['running', 'deployed', 'scaled']));
    const component = await events.state(client, { ...shop, component: 'web' }, never);
    expect(component).toMatchObject([{ component: 'web', state: 'scaled', nativeState: 'running' }]);
    const deploy = world.deploy({ fail: true });
    while (deploy.finished === null) world.advance(deploy.id);
    expect((await events.state(client, shop, never))[0]).toMatchObject({
      state: 'failed',
      nativeState: 'running',
    });
  });
});
