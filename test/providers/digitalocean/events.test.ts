// Events by pages and look by look, and the state of an app, against servers of its own and the sandbox.
import { afterEach, describe, expect, it } from 'vitest';
import { formatInstant, type Instant, type PlatformEvent } from '../../../src/model.ts';
import type {
  AppRef,
  Batch,
  EventOptions,
  HistoryQuery,
  LiveStart,
  Position,
  Source,
} from '../../../src/provider.ts';
import type { DigitaloceanClient, Timing } from '../../../src/providers/digitalocean/client.ts';
import { events } from '../../../src/providers/digitalocean/events.ts';
import { startDigitalocean } from '../../../src/sandbox/digitalocean.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import { feed } from '../../../src/stream/feed.ts';
import { APP, clientFor, closeAll, json, never, type Route, startOwn } from './setup.ts';

const started: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
  await closeAll();
});

const SHOP: AppRef = { app: 'shop', component: null };
const QUICK: Partial<Timing> = { watch: 1, watchShare: 0 };
const EVENTS_OF = `/apps/${APP}/events`;
const DEPLOYMENTS_OF = `/apps/${APP}/deployments`;

type Row = Record<string, unknown>;

/** The n-th minute. */
const minute = (number: number) =>
  new Date(Date.UTC(2026, 7, 1, 10, number)).toISOString().replace('.000', '');

const deployed = (number: number, phase: string): Row => ({
  id: `d-${number}`,
  type: 'DEPLOYMENT',
  created_at: minute(number),
  deployment_id: `d-${number}`,
  deployment: { id: `d-${number}`, phase, cause: 'manual', spec: { envs: [{ value: 'hunter2' }] } },
});

const scaled = (number: number, phase: string, components: Row = { web: { from: 1, to: 3 } }): Row => ({
  id: `s-${number}`,
  type: 'AUTOSCALING',
  created_at: minute(number),
  deployment_id: 'd-1',
  autoscaling: { phase, components },
});

/** A list in pages; the rows may change from look to look. */
function paged(rows: () => readonly Row[], key = 'events'): Route {
  return ({ path, query }, response) => {
    const page = Number(query.get('page'));
    const size = Number(query.get('per_page'));
    const all = rows();
    const next = `https://api.digitalocean.com${path}?page=${page + 1}&per_page=${size}`;
    json(response, 200, {
      [key]: all.slice((page - 1) * size, page * size),
      links: page * size < all.length ? { pages: { next } } : {},
    });
  };
}

async function own(api: Record<string, Route>) {
  const server = await startOwn({ api });
  const client = clientFor({ url: server.url }, QUICK);
  return { server, client, pages: () => server.asked.filter((asked) => asked.includes('page=')) };
}

function open(client: DigitaloceanClient, options: Partial<EventOptions> = {}, ref = SHOP) {
  return events.open(client, ref, { types: [], users: [], ...options }, never);
}

async function readPast(source: Source<PlatformEvent>, query: Partial<HistoryQuery> = {}) {
  const steps = source.history({ lines: 'all', since: null, until: null, ...query }, never);
  const batches: Batch<PlatformEvent>[] = [];
  let step = await steps.next();
  for (; step.done !== true; step = await steps.next()) batches.push(step.value);
  return {
    events: batches.flatMap(({ items }) => items),
    notices: batches.flatMap(({ notices }) => (notices ?? []).map(({ message }) => message)),
    position: batches.at(-1)?.position ?? null,
    end: step.value,
  };
}

/** So many looks of one connection; `before` is told how many there were. */
async function watch(
  source: Source<PlatformEvent>,
  { start = { lines: 0 }, looks, before }: { start?: LiveStart; looks: number; before?: (n: number) => void },
) {
  const stop = new AbortController();
  const live = source.live(start, stop.signal);
  const messages: string[][] = [];
  const notices: string[] = [];
  let position: Position = null;
  try {
    for (let look = 0; look < looks; look += 1) {
      before?.(look);
      const step = await live.next();
      if (step.done === true) throw new Error('a tail of events never ends');
      messages.push(step.value.items.map(({ id, message }) => `${id} ${message}`));
      notices.push(...(step.value.notices ?? []).map(({ message }) => message));
      position = step.value.position ?? null;
    }
  } finally {
    stop.abort(new Error('enough'));
    await live.return({ end: 'dropped', reason: 'enough' }).catch(() => {});
  }
  return { messages, notices, position };
}

const ids = (found: readonly PlatformEvent[]) => found.map(({ id }) => id);
const messages = (found: readonly PlatformEvent[]) => found.map(({ message }) => message);
const at = (number: number): Instant => ({ seconds: Date.parse(minute(number)) / 1000, nanos: 0, digits: 0 });

async function eventFrom(row: unknown, ref = SHOP): Promise<PlatformEvent | undefined> {
  const { client } = await own({
    [EVENTS_OF]: (_, response) => json(response, 200, { events: [row] }),
  });
  return (await readPast(await open(client, {}, ref))).events[0];
}

describe('an event in words', () => {
  it('of autoscaling, as the platform shows it', async () => {
    const event = await eventFrom({
      id: 'ba32b134-569c-4c0c-ba02-8ffdb0492ece',
      type: 'AUTOSCALING',
      created_at: '2026-08-01T10:00:00Z',
      deployment_id: '3aa4',
      autoscaling: {
        phase: 'SUCCEEDED',
        components: { web: { from: 1, to: 3, triggering_metric: 'cpu' } },
      },
    });
    expect(event).toEqual({
      ts: at(0),
      id: 'ba32b134-569c-4c0c-ba02-8ffdb0492ece',
      kind: 'scale',
      nativeKind: 'AUTOSCALING',
      component: 'web',
      user: null,
      message: 'web 1→3 (cpu) SUCCEEDED',
      fields: {
        phase: 'SUCCEEDED',
        deployment: '3aa4',
        components: { web: { from: 1, to: 3, metric: 'cpu' } },
        log: 'logs show --event-id ba32b134-569c-4c0c-ba02-8ffdb0492ece',
      },
    });
  });

  it.each([
    [{ web: { to: 1, triggering_metric: 'scale_from_zero' } }, 'web 0→1 (scale_from_zero) PENDING', 'web'],
    [{ web: { from: 2 } }, 'web 2→0 PENDING', 'web'],
    [{ web: { from: 1, to: 2 }, worker: { from: 3, to: 4 } }, 'web 1→2, worker 3→4 PENDING', null],
    [{ web: null }, 'web 0→0 PENDING', 'web'],
    [{}, 'PENDING', null],
  ])('of the components %j', async (components, message, component) => {
    expect(await eventFrom(scaled(1, 'PENDING', components))).toMatchObject({ message, component });
  });

  it('of a deployment, without what may be secret in it', async () => {
    const event = await eventFrom({
      ...deployed(1, 'ERROR'),
      deployment: {
        ...(deployed(1, 'ERROR').deployment as Row),
        cause: 'commit 9a4df0b pushed to github/acme/shop',
        cause_details: { git_push: { username: 'ada' } },
        phase_last_updated_at: '2026-08-01T10:05:00Z',
        progress: {
          success_steps: 1,
          total_steps: 2,
          steps: [{ name: 'build', status: 'ERROR', reason: { message: 'It broke.' } }],
        },
      },
    });
    expect(event).toMatchObject({
      kind: 'deploy',
      component: null,
      user: 'ada',
      message: 'ERROR: commit 9a4df0b pushed to github/acme/shop; It broke',
      fields: {
        phase: 'ERROR',
        deployment: 'd-1',
        commit: '9a4df0b',
        progress: 50,
        phase_since: '2026-08-01T10:05:00Z',
        log: 'builds log d-1',
      },
    });
    expect(JSON.stringify(event)).not.toContain('hunter2');
  });

  it.each([
    [
      { id: 'x', type: 'MAINTENANCE', created_at: minute(1) },
      { kind: 'other', message: 'maintenance' },
    ],
    [
      { type: 'DEPLOYMENT', deployment_id: 'd-9' },
      { id: 'd-9', ts: null, message: 'deployment' },
    ],
    [
      { id: 'x', type: 'AUTOSCALING' },
      { kind: 'scale', message: 'autoscaling' },
    ],
    [{}, { id: null, ts: null, nativeKind: 'UNKNOWN', kind: 'other' }],
    [{ id: 'x', created_at: 'yesterday' }, { ts: null }],
    ['rubbish', { id: null }],
  ])('of little: %j', async (row, expected) => {
    expect(await eventFrom(row)).toMatchObject(expected);
  });

  it('is left out where another component is asked for', async () => {
    const worker = { app: 'shop', component: 'worker' };
    const both = { web: { to: 1 }, worker: { to: 2 } };
    expect(await eventFrom(scaled(1, 'PENDING'), worker)).toBeUndefined();
    expect(await eventFrom(scaled(1, 'PENDING', both), worker)).toBeDefined();
    expect(await eventFrom(deployed(1, 'ACTIVE'), worker)).toBeDefined();
    const instance = { app: 'shop', component: 'web-0' };
    expect(await eventFrom(scaled(1, 'PENDING'), instance)).toBeDefined();
  });

  it.each([
    [deployed(1, 'ACTIVE'), 'deployed'],
    [deployed(1, 'ERROR'), 'failed'],
    [deployed(1, 'CANCELED'), 'canceled'],
    [deployed(1, 'BUILDING'), 'building'],
    [deployed(1, 'SUPERSEDED'), 'superseded'],
    [
      {
        ...deployed(1, ''),
        deployment: { phase: 'SUPERSEDED', progress: { success_steps: 3, total_steps: 3 } },
      },
      'deployed',
    ],
    [scaled(1, 'SUCCEEDED'), 'scaled'],
    [scaled(1, 'FAILED'), null],
    [{ id: 'x', type: 'OTHER' }, null],
  ])('tells the state that was reached: %j', async (row, state) => {
    const event = await eventFrom(row);
    expect(event && events.stateOf?.(event)).toBe(state);
  });
});

describe('the past', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => scaled(count - index, 'SUCCEEDED'));

  it('comes oldest first, of all pages, each event once', async () => {
    const rows = many(250);
    let asked = 0;
    const { client, pages } = await own({
      // One that comes meanwhile moves all others towards the next page.
      [EVENTS_OF]: (question, response) => {
        asked += 1;
        if (asked === 2) rows.unshift(deployed(251, 'BUILDING'));
        paged(() => rows)(question, response);
      },
    });
    const past = await readPast(await open(client));
    expect(ids(past.events)).toEqual(Array.from({ length: 250 }, (_, index) => `s-${index + 1}`));
    expect(past.end).toEqual({ complete: true, begins: past.events[0]?.ts });
    expect(pages().slice(1)).toEqual(
      [1, 2, 3].map((page) => `GET /v2${EVENTS_OF}?page=${page}&per_page=100`),
    );
  });

  it('of so many, or since a time, is read no further back', async () => {
    const { client, pages } = await own({ [EVENTS_OF]: paged(() => many(250)) });
    const source = await open(client);
    const some = await readPast(source, { lines: 20 });
    expect(ids(some.events).at(-1)).toBe('s-250');
    expect(some.end).toEqual({ complete: false, begins: null });
    expect(pages()).toHaveLength(2);
    expect((await readPast(source, { since: at(240) })).end.complete).toBe(true);
    expect(pages()).toHaveLength(3);
  });

  it('in another order is read to its end', async () => {
    const { client } = await own({ [EVENTS_OF]: paged(() => many(50).reverse()) });
    const past = await readPast(await open(client), { lines: 5 });
    expect(ids(past.events).slice(-2)).toEqual(['s-49', 's-50']);
    expect(past.events).toHaveLength(50);
  });

  it.each([
    [[], ''],
    [['deploy'], '&event_types=DEPLOYMENT'],
    [['deployment', 'SCALE', 'autoscaling'], '&event_types=DEPLOYMENT&event_types=AUTOSCALING'],
    [['deploy', 'crash'], ''],
  ])('of the types %j is asked for with them', async (types, query) => {
    const { client, pages } = await own({ [EVENTS_OF]: paged(() => []) });
    await readPast(await open(client, { types }));
    expect(pages().at(-1)).toBe(`GET /v2${EVENTS_OF}?page=1&per_page=100${query}`);
  });

  it.each([[{ events: null }], [{}]])('of nothing is empty: %j', async (body) => {
    const { client } = await own({ [EVENTS_OF]: (_, response) => json(response, 200, body) });
    expect((await readPast(await open(client))).events).toEqual([]);
  });

  it('in a form that nobody knows is refused', async () => {
    for (const body of [{ events: {} }, { unexpected: { shape: true } }]) {
      const { client } = await own({ [EVENTS_OF]: (_, response) => json(response, 200, body) });
      await expect(readPast(await open(client))).rejects.toMatchObject({
        kind: 'platform',
        message: expect.stringContaining('list in events'),
      });
    }
  });

  it('of an app that does not exist is not found', async () => {
    const { client } = await own({});
    await expect(open(client, {}, { app: 'nothing', component: null })).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  it('is that of the deployments where there are no events, which is said once', async () => {
    const deployments = [deployed(2, 'BUILDING'), deployed(1, 'ACTIVE')].map(
      ({ deployment, created_at }) => ({ ...(deployment as Row), created_at }),
    );
    const { client, pages } = await own({ [DEPLOYMENTS_OF]: paged(() => deployments, 'deployments') });
    const source = await open(client);
    const past = await readPast(source);
    expect(messages(past.events)).toEqual(['ACTIVE: manual', 'BUILDING: manual']);
    expect(past.events[0]).toMatchObject({ id: 'd-1', kind: 'deploy', nativeKind: 'DEPLOYMENT', ts: at(1) });
    expect(past.notices).toEqual([
      'DigitalOcean has no list of events here: the deployments are shown, without autoscaling',
    ]);
    const live = await watch(source, { start: { after: past.position }, looks: 2 });
    expect(live).toMatchObject({ messages: [[], []], notices: [] });
    expect(pages().filter((asked) => asked.includes('/events'))).toHaveLength(1);
  });

  it('is refused where the list is forbidden', async () => {
    const { client } = await own({ [EVENTS_OF]: (_, response) => json(response, 403, {}) });
    await expect(readPast(await open(client))).rejects.toMatchObject({ kind: 'auth' });
  });
});

describe('the live events', () => {
  it('show the same event again in each new phase', async () => {
    let rows = [deployed(1, 'BUILDING')];
    const { client } = await own({ [EVENTS_OF]: paged(() => rows) });
    const live = await watch(await open(client), {
      looks: 5,
      before(look) {
        if (look === 1) rows = [deployed(2, 'PENDING_BUILD'), deployed(1, 'BUILDING')];
        if (look === 2) rows = [deployed(2, 'BUILDING'), deployed(1, 'SUPERSEDED')];
        if (look === 4) rows = [scaled(3, 'PENDING'), ...rows];
      },
    });
    expect(live.messages).toEqual([
      [],
      ['d-2 PENDING_BUILD: manual'],
      ['d-1 BUILDING → SUPERSEDED: manual', 'd-2 PENDING_BUILD → BUILDING: manual'],
      [],
      ['s-3 web 1→3 PENDING'],
    ]);
  });

  it('have keys of their own for each phase', async () => {
    const [first, second] = await Promise.all(
      [deployed(1, 'BUILDING'), deployed(1, 'ACTIVE')].map((row) => eventFrom(row)),
    );
    const { client } = await own({});
    const { keyOf } = await open(client);
    if (first === undefined || second === undefined) throw new Error('no event');
    expect(keyOf(first)).not.toBe(keyOf(second));
    expect(keyOf(first)).toBe(keyOf({ ...first, message: 'other words' }));
  });

  it('are read back over pages until a known one is met', async () => {
    let rows = [deployed(1, 'ACTIVE'), deployed(0, 'SUPERSEDED')];
    const { client, pages } = await own({ [EVENTS_OF]: paged(() => rows) });
    let askedBefore = 0;
    const live = await watch(await open(client), {
      looks: 3,
      before(look) {
        if (look === 1) {
          const burst = Array.from({ length: 50 }, (_, index) => scaled(60 - index, 'SUCCEEDED'));
          rows = [...burst, ...rows];
        }
        if (look === 2) askedBefore = pages().length;
      },
    });
    expect(live.messages[1]).toHaveLength(50);
    expect(live.messages[1]?.[0]).toBe('s-11 web 1→3 SUCCEEDED');
    expect(live.messages[2]).toEqual([]);
    expect(pages().length - askedBefore).toBe(1);
  });

  it('do not take for new what is older than all that is known', async () => {
    const old = Array.from({ length: 30 }, (_, index) => scaled(30 - index, 'SUCCEEDED'));
    let rows = old;
    const { client } = await own({ [EVENTS_OF]: paged(() => rows) });
    const live = await watch(await open(client), {
      looks: 2,
      // All that were known have gone: retention, or a restored platform.
      before(look) {
        if (look === 1) rows = [deployed(31, 'ACTIVE'), ...old.slice(20)];
      },
    });
    expect(live.messages).toEqual([[], ['d-31 ACTIVE: manual']]);
  });

  it('follow what is under way beyond the first page', async () => {
    const burst = Array.from({ length: 40 }, (_, index) => scaled(50 - index, 'SUCCEEDED'));
    let rows = [deployed(1, 'DEPLOYING')];
    const { client, pages } = await own({ [EVENTS_OF]: paged(() => rows) });
    const asked: number[] = [];
    const live = await watch(await open(client), {
      looks: 5,
      before(look) {
        asked.push(pages().length);
        if (look === 1) rows = [...burst, deployed(1, 'DEPLOYING')];
        if (look === 2) rows = [...burst, deployed(1, 'ACTIVE')];
      },
    });
    expect(live.messages[2]).toEqual(['d-1 DEPLOYING → ACTIVE: manual']);
    expect(asked.slice(1).map((count, index) => count - (asked[index] ?? 0))).toEqual([1, 3, 3, 1]);
  });

  it('give up what was under way and is not to be found', async () => {
    const burst = Array.from({ length: 200 }, (_, index) => scaled(300 - index, 'SUCCEEDED'));
    let rows = [burst[199] ?? {}, deployed(1, 'DEPLOYING')];
    const { client, pages } = await own({ [EVENTS_OF]: paged(() => rows) });
    const asked: number[] = [];
    await watch(await open(client), {
      looks: 4,
      before(look) {
        asked.push(pages().length);
        if (look === 1) rows = burst;
      },
    });
    // All of them until the known one is met, then no more than the newest.
    expect(asked.slice(1).map((count, index) => count - (asked[index] ?? 0))).toEqual([1, 10, 1]);
  });

  it('go on from a position that has been written down', async () => {
    let rows = [deployed(2, 'DEPLOYING'), deployed(1, 'SUPERSEDED')];
    const { client } = await own({ [EVENTS_OF]: paged(() => rows) });
    const { position } = await readPast(await open(client), { lines: 20 });
    const written = JSON.parse(JSON.stringify(position)) as Position;
    rows = [scaled(3, 'PENDING'), deployed(2, 'ACTIVE'), deployed(1, 'SUPERSEDED')];
    const live = await watch(await open(client), { start: { after: written }, looks: 2 });
    expect(live.messages).toEqual([['d-2 DEPLOYING → ACTIVE: manual', 's-3 web 1→3 PENDING'], []]);
  });

  it.each<Position>([null, 'rubbish', { a: 1 }])('begin anew from the position %j', async (position) => {
    const { client } = await own({ [EVENTS_OF]: paged(() => [deployed(1, 'ACTIVE')]) });
    const live = await watch(await open(client), { start: { after: position }, looks: 2 });
    expect(live.messages).toEqual([[], []]);
  });

  it('begin with the last ones where these are asked for', async () => {
    const { client } = await own({
      [EVENTS_OF]: paged(() => [3, 2, 1].map((number) => scaled(number, 'FAILED'))),
    });
    const live = await watch(await open(client), { start: { lines: 2 }, looks: 1 });
    expect(live.messages).toEqual([['s-2 web 1→3 FAILED', 's-3 web 1→3 FAILED']]);
  });

  it('leave the pace to the client, which slows down the more streams there are', async () => {
    const server = await startOwn({ api: { [EVENTS_OF]: paged(() => []) } });
    const client = clientFor({ url: server.url }, { watch: 1, watchShare: 5 });
    const stop = new AbortController();
    const live = (await open(client)).live({ lines: 0 }, stop.signal);
    await live.next();
    expect(client.watchInterval()).toBe(5);
    stop.abort(new Error('stopped here'));
    await expect(live.next()).rejects.toThrow('stopped here');
    expect(client.watchInterval()).toBe(1);
  });
});

describe('the state', () => {
  const stateOf = async (
    { phase, components }: { phase?: string | null; components?: unknown },
    component: string | null = null,
  ) => {
    const deployments = phase === null ? [] : [{ id: 'd-1', phase, created_at: minute(1) }];
    const { client } = await own({
      [DEPLOYMENTS_OF]: paged(() => deployments, 'deployments'),
      ...(components !== undefined && {
        [`/apps/${APP}/health`]: (_, response) => json(response, 200, { app_health: { components } }),
      }),
    });
    return events.state(client, { app: 'shop', component }, never);
  };
  const web = { name: 'web', state: 'HEALTHY', replicas_desired: 2, replicas_ready: 2 };
  const worker = { name: 'worker', state: 'UNHEALTHY', replicas_desired: 2 };

  it.each([
    ['ACTIVE', [web], 'deployed', ['deployed', 'running', 'scaled']],
    ['ERROR', [web], 'failed', ['failed', 'running', 'scaled']],
    ['BUILDING', [web, worker], 'building', ['building', 'unhealthy']],
    ['CANCELED', [{ ...web, state: 'UNKNOWN' }], 'canceled', ['canceled', 'scaled']],
    ['ACTIVE', [{ name: 'web', state: 'HEALTHY' }], 'deployed', ['deployed', 'running']],
    ['ACTIVE', undefined, 'deployed', ['deployed']],
    [null, [], 'undeployed', ['undeployed']],
  ])('of an app in phase %s with the health %j is %s', async (phase, components, state, also) => {
    const [only, ...more] = await stateOf({ phase, components });
    expect(more).toEqual([]);
    expect(only).toMatchObject({ component: null, state, also, nativeState: phase ?? 'none' });
    expect(events.states.map((each) => each.state)).toEqual(expect.arrayContaining(also));
  });

  it('of one component is its health', async () => {
    const [state] = await stateOf({ phase: 'ACTIVE', components: [web, worker] }, 'worker');
    expect(state).toMatchObject({
      component: 'worker',
      state: 'unhealthy',
      nativeState: 'UNHEALTHY',
      also: ['unhealthy', 'deployed'],
      fields: { phase: 'ACTIVE', components: { worker: { replicas_desired: 2, replicas_ready: 0 } } },
    });
    const [instance] = await stateOf({ phase: 'ACTIVE', components: [web, worker] }, 'web-0');
    expect(instance).toMatchObject({ component: 'web', state: 'running' });
    const [silent] = await stateOf({ phase: 'ACTIVE', components: [web] }, 'worker');
    expect(silent).toMatchObject({ component: 'worker', state: 'unknown' });
    await expect(stateOf({ phase: 'ACTIVE', components: [web] }, 'db')).rejects.toMatchObject({
      kind: 'not-found',
      hint: 'It has web, worker.',
    });
  });

  it('lists what can be waited for, and which of it is a failure', () => {
    expect(events.states.slice(0, 4).map(({ state }) => state)).toEqual([
      'running',
      'deployed',
      'failed',
      'scaled',
    ]);
    expect(events.states.filter(({ final }) => final === 'bad').map(({ state }) => state)).toEqual([
      'failed',
      'canceled',
    ]);
  });
});

describe('over the sandbox', () => {
  async function sandbox() {
    const world = createWorld({ scale: 0, past: 0 });
    const server = await startDigitalocean({ world });
    started.push(
      () => world.close(),
      () => server.close(),
    );
    const client = clientFor({ url: server.url, token: server.token }, { watch: 1, watchShare: 0 });
    const ref = { app: world.app, component: null };
    const source = await events.open(client, ref, { types: [], users: [] }, never);
    return { world, server, client, ref, source };
  }

  it('a tail shows every phase once, through a connection that breaks', async () => {
    const { world, server, source } = await sandbox();
    const stop = new AbortController();
    started.push(() => stop.abort(new Error('the test is over')));
    const timing = { backoffFirst: 1, backoffMost: 5, startWithin: 20_000 };
    const options = { keep: () => true, lines: 20, since: null, until: null, follow: true, timing };
    const phases: string[] = [];
    const steps = feed(source, options, stop.signal);
    const statuses = ['building', 'deploying', 'succeeded'] as const;
    let deploy = '';
    let next = 0;
    const isOurs = ({ kind, fields }: PlatformEvent) => kind === 'deploy' && fields?.deployment === deploy;
    for await (const step of steps) {
      if (step.kind === 'notice' && step.notice.kind === 'connected') {
        deploy = world.deploy().id;
        world.record({ kind: 'scale', component: 'web', user: 'a', text: '', detail: { from: 1, to: 2 } });
      }
      if (step.kind !== 'items') continue;
      phases.push(...step.items.filter(isOurs).map(({ fields }) => String(fields?.phase)));
      const shown = step.items.some(isOurs);
      if (phases.at(-1) === 'ACTIVE') break;
      if (!shown) continue;
      if (next === 1) server.faults.add({ name: 'server-error', status: 500, route: 'events' });
      const status = statuses[next];
      next += 1;
      if (status !== undefined) world.advance(deploy, status);
    }
    stop.abort(new Error('enough'));
    expect(phases).toEqual(['PENDING_BUILD', 'BUILDING', 'DEPLOYING', 'ACTIVE']);
  });

  it('knows state and past', async () => {
    const { world, client, ref, source } = await sandbox();
    const [before] = await events.state(client, ref, never);
    expect(before).toMatchObject({ state: 'deployed', also: expect.arrayContaining(['running', 'scaled']) });
    const { id } = world.deploy({ fail: true });
    world.advance(id, 'failed');
    const [after] = await events.state(client, ref, never);
    expect(after).toMatchObject({ state: 'failed', fields: { deployment: id } });
    const { events: found } = await readPast(source);
    const last = found.at(-1);
    expect(last).toMatchObject({
      kind: 'deploy',
      message: expect.stringMatching(/^ERROR: /),
      fields: { deployment: id },
    });
    expect(last?.ts && formatInstant(last.ts)).toMatch(/^2\d{3}-/);
    expect(last && events.stateOf?.(last)).toBe('failed');
  });
});
