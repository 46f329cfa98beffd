// Events and states: audits in both forms, what replaces them, and what an app is doing now.
import { afterEach, describe, expect, it } from 'vitest';
import type { PlatformEvent } from '../../../src/model.ts';
import { instantFromMillis } from '../../../src/model.ts';
import type { AppRef, Batch, HistoryEnd, HistoryQuery, Source } from '../../../src/provider.ts';
import type { AkkerisClient } from '../../../src/providers/akkeris/client.ts';
import { USUAL_TIMING } from '../../../src/providers/akkeris/client.ts';
import { eventsAt } from '../../../src/providers/akkeris/events.ts';
import { type AkkerisOptions, type AkkerisSandbox, startAkkeris } from '../../../src/sandbox/akkeris.ts';
import { createWorld, type World } from '../../../src/sandbox/world.ts';
import { feed } from '../../../src/stream/feed.ts';
import {
  type Answers,
  APP,
  clientFor,
  json,
  never,
  type OwnServer,
  sentence,
  startOwn,
  TOKEN,
} from './setup.ts';

const events = eventsAt(USUAL_TIMING);
const ref: AppRef = { app: 'api-default', component: null };
const closing: (() => Promise<void>)[] = [];
let own: OwnServer;

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(routes: Answers['routes'] = {}): Promise<AkkerisClient> {
  own = await startOwn({ routes });
  closing.push(own.close);
  return clientFor(own.url);
}

type Raw = Readonly<Record<string, unknown>>;

interface Audits {
  /** Oldest first; may grow. */
  readonly kept: Raw[];
  onAsked(number: number): void;
}

/** A server of audits: `size` of them, newest first. */
async function audited(...records: Raw[]): Promise<Audits & { client: AkkerisClient }> {
  const audits: Audits = { kept: [...records], onAsked: () => undefined };
  let asked = 0;
  const client = await start({
    '*': (response, _number, { path }) => {
      if (!path.startsWith('/audits?')) return void response.writeHead(404).end();
      asked += 1;
      audits.onAsked(asked);
      const size = Number(/size=(\d+)/.exec(path)?.[1] ?? 10);
      json(response, 200, [...audits.kept].reverse().slice(0, size));
    },
  });
  return Object.assign(audits, { client });
}

/** As the page of the wire has it (wire: Akkeris 8.7). */
function audit(action: string, payload: Raw = {}, more: Raw = {}): Raw {
  const received_at = '2018-04-25T18:00:10.218Z';
  const app = { name: 'api', id: APP.id };
  const info = { action, app, space: { name: 'default' }, ...payload, username: 'jane', received_at };
  return {
    action,
    app: 'api',
    space: 'default',
    received_at,
    username: 'jane',
    info: JSON.stringify(info),
    ...more,
  };
}

const numbered = (count: number, from = 0): Raw[] =>
  Array.from({ length: count }, (_, index) =>
    audit('updated', {}, { received_at: instantText(1_524_000_000 + from + index) }),
  );

const instantText = (seconds: number) => new Date(seconds * 1000).toISOString();

const open = (client: AkkerisClient, users: readonly string[] = [], target = ref) =>
  events.open(client, target, { types: [], users }, never);

interface Past {
  readonly items: PlatformEvent[];
  readonly batches: Batch<PlatformEvent>[];
  readonly end: HistoryEnd;
}

async function past(source: Source<PlatformEvent>, query: Partial<HistoryQuery> = {}): Promise<Past> {
  const history = source.history({ lines: 'all', since: null, until: null, ...query }, never);
  const batches: Batch<PlatformEvent>[] = [];
  for (;;) {
    const step = await history.next();
    if (step.done) return { items: batches.flatMap(({ items }) => items), batches, end: step.value };
    batches.push(step.value);
  }
}

async function only(record: Raw): Promise<PlatformEvent> {
  const { client } = await audited(record);
  const [event, ...more] = (await past(await open(client))).items;
  if (event === undefined || more.length > 0) throw new Error('not one event');
  return event;
}

const auditPaths = () => own.asked.map(({ path }) => path).filter((path) => path.startsWith('/audits'));

describe('asking for audits', () => {
  it('names app and space apart, split at the first dash', async () => {
    const { client } = await audited();
    await past(await open(client));
    expect(auditPaths()).toEqual(['/audits?app=api&space=default&size=1000']);
    const spaced = await start({
      'GET /apps/api-my-own-space': (response) => json(response, 200, { ...APP, name: 'api-my-own-space' }),
      '*': (response) => json(response, 200, []),
    });
    await past(await open(spaced, [], { app: 'api-my-own-space', component: null }), { lines: 5 });
    expect(auditPaths()).toEqual(['/audits?app=api&space=my-own-space&size=5']);
  });

  it('makes a name of an id', async () => {
    const client = await start({
      [`GET /apps/${APP.id}`]: (response) => json(response, 200, APP),
      '*': (response) => json(response, 200, []),
    });
    await past(await open(client, [], { app: APP.id, component: null }));
    expect(auditPaths()).toEqual(['/audits?app=api&space=default&size=1000']);
  });

  it('needs an app that exists and has a space', async () => {
    const client = await start({
      'GET /apps/nope-default': (response) => sentence(response, 404, 'does not exist'),
      'GET /apps/odd-default': (response) => json(response, 200, { id: 'x', name: 'a%b-c' }),
    });
    const opened = (app: string) => open(client, [], { app, component: null });
    await expect(opened('')).rejects.toMatchObject({ kind: 'usage' });
    await expect(opened('nope-default')).rejects.toMatchObject({ kind: 'not-found' });
    await expect(opened('odd-default')).rejects.toMatchObject({ kind: 'platform' });
    expect(auditPaths()).toEqual([]);
  });

  it('asks for one user where the route takes the name, and picks others out', async () => {
    const { client } = await audited(
      audit('created', {}, { username: 'a@b.example' }),
      audit('updated', {}, { username: 'murray.resinski' }),
      audit('destroy', {}, { username: null, info: '{}' }),
    );
    const who = async (...users: string[]) =>
      (await past(await open(client, users), { lines: 7 })).items.map(({ user }) => user);
    expect(await who('a@b.example')).toEqual(['a@b.example']);
    expect(await who('murray.resinski')).toEqual(['murray.resinski']);
    expect(await who('murray.resinski', 'a@b.example')).toEqual(['a@b.example', 'murray.resinski']);
    expect(auditPaths()).toEqual([
      '/audits?app=api&space=default&size=7',
      '/audits?app=api&space=default&user=murray.resinski&size=7',
      '/audits?app=api&space=default&size=7',
    ]);
  });

  it('asks for as many as are wanted, a thousand at most, and knows where they begin', async () => {
    const audits = await audited(...numbered(1005));
    const source = await open(audits.client);
    expect((await past(source, { lines: 3 })).end).toEqual({ complete: false, begins: null });
    const { items, end } = await past(source, { lines: 5000 });
    expect(items).toHaveLength(1000);
    expect(end).toEqual({ complete: true, begins: items[0]?.ts });
    expect(items[0]?.ts?.seconds).toBe(1_524_000_005);
    const since = instantFromMillis(1_524_001_000_000);
    expect((await past(source, { lines: 20, since })).end.complete).toBe(true);
    expect((await past(source, { lines: 4, since })).end.complete).toBe(false);
    const few = await audited(...numbered(3));
    expect((await past(await open(few.client), { lines: 20 })).end).toEqual({ complete: true, begins: null });
  });

  it('refuses an answer of the wrong shape', async () => {
    const client = await start({ '*': (response) => json(response, 200, { audits: [] }) });
    await expect(past(await open(client))).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('array of audits'),
    });
  });
});

describe('a record', () => {
  it('has a time, a user, words and an id that stays', async () => {
    const record = audit('config_change', { changes: [{ type: 'create', name: 'FOO' }] });
    const event = await only(record);
    expect(event).toMatchObject({
      ts: { seconds: 1_524_679_210, nanos: 218_000_000, digits: 3 },
      kind: 'config',
      nativeKind: 'config_change',
      component: null,
      user: 'jane',
      message: 'set FOO',
      fields: { changes: [{ type: 'create', name: 'FOO' }] },
    });
    expect(event.id).toMatch(/^[0-9a-f]{16}$/);
    const reordered = Object.fromEntries(Object.entries(record).reverse());
    expect((await only(reordered)).id).toBe(event.id);
    expect((await only({ ...record, username: 'joe' })).id).not.toBe(event.id);
  });

  it('that is the same as another is another all the same', async () => {
    const { client } = await audited(audit('updated'), audit('updated'));
    const [first, second] = (await past(await open(client))).items;
    expect(second?.id).toBe(`${first?.id}-2`);
  });

  it('may be flat, as in the documentation', async () => {
    // The page's own example.
    const event = await only({
      action: 'feature_change',
      app: { name: 'api', id: 'fa2b535d-de4d-4a14-be36-d44af53b59e3' },
      space: { name: 'default' },
      changes: [{ type: 'update', name: 'auto-release', value: true }],
      feature: { id: '8e7ec5d2-c410-4d04-8d5e-db7746c40b44', name: 'auto-release', enabled: true },
      username: 'test',
      timestamp: '2018-04-25T18:00:10.218Z',
    });
    expect(event).toMatchObject({
      ts: { seconds: 1_524_679_210 },
      kind: 'config',
      nativeKind: 'feature_change',
      user: 'test',
      message: 'feature auto-release changed',
    });
    expect(event.fields).toEqual({
      changes: [{ type: 'update', name: 'auto-release', value: true }],
      feature: { id: '8e7ec5d2-c410-4d04-8d5e-db7746c40b44', name: 'auto-release', enabled: true },
    });
  });

  const dynos = [
    { type: 'web', dyno: '1-a' },
    { type: 'web', dyno: '1-b' },
  ];
  const told: [string, Raw, string, string | null, string][] = [
    [
      'build',
      { build: { id: 'b', result: 'pending', branch: 'master', commit: '7edbac4b6a5e09e1' } },
      'deploy',
      null,
      'build of master@7edbac4b began',
    ],
    ['build', { build: { id: '7edbac4b-6a5e', result: 'failed' } }, 'deploy', null, 'build 7edbac4b failed'],
    ['build', {}, 'deploy', null, 'build unknown'],
    [
      'release',
      { release: { result: 'succeeded', version: 13, description: 'Auto Deploy of 31202984' } },
      'release',
      null,
      'release v13 succeeded: Auto Deploy of 31202984',
    ],
    [
      'released',
      { dyno: { type: 'web' }, release: { version: 4 } },
      'deploy',
      'web',
      'release v4 of web is live',
    ],
    ['preview-released', {}, 'deploy', null, 'release is live'],
    [
      'preview',
      { preview: { app: { name: 'youraabcdef' } } },
      'deploy',
      null,
      'preview app made: youraabcdef',
    ],
    [
      'pipeline_promotion',
      { promoted_from: { app: { name: 'a' }, space: { name: 'b' } } },
      'deploy',
      null,
      'promoted from a-b',
    ],
    [
      'formation_change',
      { change: 'update', changes: [{ type: 'web', quantity: 3 }] },
      'scale',
      'web',
      'web: 3 dynos',
    ],
    [
      'formation_change',
      {
        changes: [
          { type: 'web', quantity: 1, size: 'gp2' },
          { type: 'worker', command: 'x' },
        ],
      },
      'scale',
      null,
      'web: 1 dyno, size gp2; worker: command',
    ],
    ['formation_change', { change: 'delete', changes: [{ type: 'job' }] }, 'scale', 'job', 'removed job'],
    [
      'config_change',
      {
        changes: [
          { type: 'update', name: 'A' },
          { type: 'delete', name: 'B' },
          { type: 'create', name: 'C' },
        ],
      },
      'config',
      null,
      'set C, A; unset B',
    ],
    ['config_change', {}, 'config', null, 'settings changed'],
    [
      'crashed',
      { code: 'R14', description: 'Memory quota exceeded', restarts: 1, dynos },
      'crash',
      'web',
      'web crashed: R14 Memory quota exceeded (restarts: 1)',
    ],
    ['crashed', {}, 'crash', null, 'app crashed'],
    [
      'addon_change',
      { change: 'create', changes: [{ addon_service: { name: 'alamo-postgresql' }, name: 'db' }] },
      'config',
      null,
      'add-on db added',
    ],
    [
      'logdrain_change',
      { change: 'delete', changes: [{ id: 'x', url: 'syslog+tls://foo.com' }] },
      'config',
      null,
      'log drain removed',
    ],
    ['filter_attachment', {}, 'config', null, 'filter attached'],
    ['filter_attachment_update', {}, 'config', null, 'filter attachment changed'],
    ['filter_detachment', {}, 'config', null, 'filter detached'],
    ['dyno-attachment', {}, 'access', null, 'a terminal was attached to a dyno'],
    ['created', {}, 'other', null, 'app created'],
    ['updated', { app: { name: 'a', id: 'b', maintenance: true } }, 'config', null, 'maintenance mode on'],
    ['destroy', {}, 'other', null, 'app destroyed'],
    ['security_scan', { status: 'passed' }, 'other', null, 'security scan: passed'],
    ['flux_capacitor-change', {}, 'other', null, 'flux capacitor change'],
    ['constructor', {}, 'other', null, 'constructor'],
  ];
  it.each(told)('%s %j', async (action, payload, kind, component, message) => {
    expect(await only(audit(action, payload))).toMatchObject({
      kind,
      nativeKind: action,
      component,
      message,
    });
  });

  it('never shows what a setting is set to', async () => {
    const event = await only(
      audit('config_change', {
        changes: [{ type: 'create', name: 'FOO', value: 'hush-1', old_value: 'hush-2' }],
        config_vars: { FOO: 'hush-3' },
        nested: { deep: [{ config_vars: { A: 'hush-4' }, value: { x: 'hush-5' } }] },
      }),
    );
    expect(JSON.stringify(event)).not.toContain('hush');
    expect(event.message).toBe('set FOO');
  });

  it('never shows passwords in addresses, or what is called a secret', async () => {
    const event = await only(
      audit('logdrain_change', {
        change: 'create',
        changes: [{ url: 'syslog+tls://me:hush-1@logs.example.com?token=hush-2', token: 'hush-3' }],
        build: { repo: 'https://x:hush-4@github.com/a/b' },
      }),
    );
    expect(JSON.stringify(event)).not.toContain('hush');
    expect(JSON.stringify(event)).toContain('logs.example.com');
  });

  it('with broken details is shown with them, unless they may hold a secret', async () => {
    const broken = await only(audit('released', {}, { info: '{"dyno":{"type":"we' }));
    expect(broken).toMatchObject({
      kind: 'deploy',
      message: 'release is live (its details cannot be read)',
      fields: { info: '{"dyno":{"type":"we' },
    });
    for (const [action, info] of [
      ['config_change', '{"changes":[{"name":"A","v":"hush'],
      ['whatever', '{"changes":[{"name":"A","value":"hush'],
      ['whatever', '{"config_vars":{"A":"hush'],
    ] as const) {
      expect(JSON.stringify(await only(audit(action, {}, { info })))).not.toContain('hush');
    }
    expect(await only(audit('created', {}, { info: '[1]' }))).toMatchObject({ fields: { info: '[1]' } });
  });

  it('without time, user or action is an event', async () => {
    const event = await only({ info: '{}' });
    expect(event).toMatchObject({ ts: null, user: null, nativeKind: '', kind: 'other' });
    expect(event.id).not.toBeNull();
    expect(await only({ timestamp: 1_524_679_210_218 })).toMatchObject({ ts: { seconds: 1_524_679_210 } });
  });

  it('is bounded', async () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 50; level += 1) deep = { deep };
    const event = await only(
      audit('x'.repeat(2000), { deep, long: 'y'.repeat(9000), many: Array(900).fill(1) }),
    );
    expect(event.message.length).toBeLessThan(600);
    expect(JSON.stringify(event.fields).length).toBeLessThan(6000);
  });

  it('comes oldest first, whatever the order of the answer', async () => {
    const at = (seconds: number, action: string) => audit(action, {}, { received_at: instantText(seconds) });
    const { client } = await audited(at(30, 'c'), at(10, 'a'), at(20, 'b'));
    const { items } = await past(await open(client));
    expect(items.map(({ nativeKind }) => nativeKind)).toEqual(['a', 'b', 'c']);
  });
});

describe('new events', () => {
  /** Looks on until that many events have come; adds what is to come before a look. */
  async function watch(
    audits: Audits & { client: AkkerisClient },
    { looks, before, from }: { looks: number; before: (look: number) => void; from?: number },
  ) {
    const source = await open(audits.client);
    const first = await past(source, { lines: 20 });
    const position = JSON.parse(JSON.stringify(first.batches.at(-1)?.position));
    const begun = auditPaths().length;
    audits.onAsked = (number) => before(number - begun);
    const live = source.live(from === undefined ? { after: position } : { lines: from }, never);
    const batches: Batch<PlatformEvent>[] = [];
    for (let look = 0; look < looks; look += 1) {
      const step = await live.next();
      if (step.done) throw new Error('ended');
      batches.push(step.value);
    }
    await live.return({ end: 'dropped', reason: 'test over' });
    return { batches, actions: batches.map(({ items }) => items.map(({ nativeKind }) => nativeKind)), first };
  }

  const at = (seconds: number, action: string) =>
    audit(action, {}, { received_at: instantText(1_524_000_000 + seconds) });

  it('come once, oldest first, late ones too', async () => {
    const audits = await audited(at(10, 'a'), at(20, 'b'));
    const { actions } = await watch(audits, {
      looks: 4,
      before: (look) => {
        if (look === 2) audits.kept.push(at(30, 'c'), at(40, 'd'));
        if (look === 3) audits.kept.splice(2, 0, at(25, 'late'));
      },
    });
    expect(actions).toEqual([[], ['c', 'd'], ['late'], []]);
  });

  it('are told from old ones that a longer look brings', async () => {
    const audits = await audited(...numbered(150));
    const { actions } = await watch(audits, {
      looks: 2,
      before: (look) => {
        if (look === 2) audits.kept.push(at(5000, 'new'));
      },
    });
    expect(actions).toEqual([[], ['new']]);
  });

  it('are read back to one that is known', async () => {
    const audits = await audited(...numbered(30));
    const { batches } = await watch(audits, {
      looks: 2,
      before: (look) => {
        if (look === 2) audits.kept.push(...numbered(250, 5000));
      },
    });
    expect(batches.map(({ items }) => items.length)).toEqual([0, 250]);
    expect(batches[1]?.missing).toBeUndefined();
    expect(
      auditPaths()
        .slice(-2)
        .map((path) => path.split('size=')[1]),
    ).toEqual(['100', '1000']);
  });

  it('that are too many for one answer leave a gap', async () => {
    const audits = await audited(...numbered(30));
    const { batches } = await watch(audits, {
      looks: 2,
      before: (look) => {
        if (look === 2) audits.kept.push(...numbered(1200, 5000));
      },
    });
    expect(batches[1]?.items).toHaveLength(1000);
    expect(batches[1]?.missing).toMatchObject({ count: null, certain: false });
  });

  it('come to an app that had none', async () => {
    const audits = await audited();
    const { actions } = await watch(audits, {
      looks: 2,
      before: (look) => {
        if (look === 2) audits.kept.push(at(1, 'first'));
      },
    });
    expect(actions).toEqual([[], ['first']]);
  });

  it('begin now, or with the newest, where nothing of the past is held', async () => {
    const audits = await audited(at(1, 'a'), at(2, 'b'), at(3, 'c'));
    const before = () => undefined;
    expect((await watch(audits, { looks: 1, before, from: 0 })).actions).toEqual([[]]);
    expect((await watch(audits, { looks: 1, before, from: 2 })).actions).toEqual([['b', 'c']]);
    const source = await open(audits.client);
    const step = await source.live({ after: 'nonsense' }, never).next();
    expect(step).toMatchObject({ value: { items: [] } });
  });

  it('go on through an outage, nothing lost and nothing twice', async () => {
    const kept = [at(1, 'a')];
    let asked = 0;
    const client = await start({
      '*': (response) => {
        asked += 1;
        if (asked === 3) kept.push(at(2, 'b'));
        if (asked === 4) kept.push(at(3, 'c'));
        if (asked === 3) sentence(response, 500, 'Internal Server Error');
        else json(response, 200, [...kept].reverse());
      },
    });
    const seen: string[] = [];
    const options = { keep: () => true, lines: 10, since: null, until: null, follow: true };
    const stop = new AbortController();
    const timing = { backoffFirst: 1, backoffMost: 1 };
    const steps = feed(await open(client), { ...options, timing }, stop.signal);
    while (!seen.includes('c')) {
      const step = await steps.next();
      if (step.done) throw new Error('ended');
      if (step.value.kind === 'items') seen.push(...step.value.items.map(({ nativeKind }) => nativeKind));
      expect(step.value.kind).not.toBe('gap');
    }
    expect(seen).toEqual(['a', 'b', 'c']);
    stop.abort(new Error('enough'));
    await steps.return({ reason: 'test over' });
  });

  it('are no more waited for when told so', async () => {
    const { client } = await audited();
    const stop = new AbortController();
    const patient = { ...client, timing: { ...client.timing, eventsEvery: 3_600_000 } };
    const live = (await open(patient)).live({ lines: 0 }, stop.signal);
    await live.next();
    const next = live.next();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });
});

const BUILD = {
  id: '999b5ce9-b60c-42c4-bca5-e442cd86df78',
  created_at: '2018-07-18T19:34:07.740Z',
  updated_at: '2018-07-18T19:36:56.609Z',
  status: 'succeeded',
  source_blob: { commit: 'abc123', author: 'me' },
};
const RELEASE = {
  id: 'r1',
  created_at: '2018-07-18T19:36:57.000Z',
  description: 'Auto Deploy of 999b5ce9',
  slug: { id: BUILD.id },
  status: 'succeeded',
  version: 14,
  current: true,
};
const FORMATION = [
  { type: 'web', quantity: 2, size: 'gp1', updated_at: '2018-07-01T00:00:00.000Z' },
  { type: 'worker', quantity: 0, updated_at: '0001-01-01T00:00:00Z' },
];

interface Stage {
  builds: Raw[];
  releases: Raw[];
  formation: Raw[];
  dynos: Raw[];
}

async function staged(more: Partial<Stage> = {}): Promise<{ client: AkkerisClient; stage: Stage }> {
  const stage: Stage = { builds: [BUILD], releases: [RELEASE], formation: FORMATION, dynos: [], ...more };
  const client = await start({
    'GET /apps/api-default/builds': (response) => json(response, 200, stage.builds),
    'GET /apps/api-default/releases': (response) => json(response, 200, stage.releases),
    'GET /apps/api-default/formation': (response) => json(response, 200, stage.formation),
    'GET /apps/api-default/dynos': (response) => json(response, 200, stage.dynos),
    '*': (response) => sentence(response, 501, 'Not Implemented Error'),
  });
  return { client, stage };
}

describe('without audits', () => {
  it('builds, releases and the formation tell, and that is said once', async () => {
    const { client } = await staged();
    const source = await open(client);
    const { items, batches, end } = await past(source);
    expect(items.map(({ kind, nativeKind, message }) => [kind, nativeKind, message])).toEqual([
      ['scale', 'formation_change', 'web: 2 dynos, size gp1'],
      ['deploy', 'build', 'build of abc123 began'],
      ['deploy', 'build', 'build of abc123 succeeded'],
      ['release', 'release', 'release v14 succeeded: Auto Deploy of 999b5ce9'],
    ]);
    expect(items[0]).toMatchObject({ component: 'web', user: null });
    expect(items[1]).toMatchObject({ user: 'me', ts: { seconds: 1_531_942_447 } });
    expect(new Set(items.map(({ id }) => id)).size).toBe(4);
    expect(batches.map(({ notices }) => notices)).toEqual([
      [{ kind: 'limit', message: expect.stringContaining('no audits') }],
    ]);
    expect(end).toEqual({ complete: true, begins: null });
    expect((await past(source)).batches[0]?.notices).toBeUndefined();
    expect(auditPaths()).toHaveLength(1);
  });

  it('tell every phase', async () => {
    const { client, stage } = await staged({ builds: [], releases: [] });
    const source = await open(client);
    const position = (await past(source)).batches[0]?.position ?? null;
    const live = source.live({ after: position }, never);
    const messages = async () => {
      const step = await live.next();
      return step.done ? [] : step.value.items.map(({ message }) => message);
    };
    expect(await messages()).toEqual([]);
    stage.builds = [{ ...BUILD, status: 'pending' }];
    expect(await messages()).toEqual(['build of abc123 began']);
    stage.builds = [BUILD];
    stage.releases = [{ ...RELEASE, status: 'pending' }];
    expect(await messages()).toEqual([
      'build of abc123 succeeded',
      'release v14 began: Auto Deploy of 999b5ce9',
    ]);
    stage.releases = [{ ...RELEASE, status: 'failed' }];
    stage.formation = [{ type: 'web', quantity: 3, updated_at: '2018-07-19T00:00:00.000Z' }];
    expect((await messages()).sort()).toEqual([
      'release v14 failed: Auto Deploy of 999b5ce9',
      'web: 3 dynos',
    ]);
    await live.return({ end: 'dropped', reason: 'test over' });
  });

  it('users are picked out', async () => {
    const { client } = await staged();
    expect((await past(await open(client, ['me']))).items).toHaveLength(2);
  });

  it('another refusal of the audits stays one', async () => {
    const client = await start({ '*': (response) => sentence(response, 403, 'no') });
    await expect(past(await open(client))).rejects.toMatchObject({ kind: 'auth' });
  });
});

describe('states', () => {
  const dyno = (type: string, state: string, more: Raw = {}) => ({
    type,
    name: `1-${state}`,
    state,
    updated_at: '2018-07-18T20:00:00.000Z',
    restarts: 0,
    ...more,
  });
  const web = { type: 'web', quantity: 2 };
  const worker = { type: 'worker', quantity: 1 };

  async function states(stage: Partial<Stage>, component: string | null = null) {
    const { client } = await staged({ releases: [], ...stage });
    const found = await events.state(client, { ...ref, component }, never);
    return found.map((one) => [one.component, one.state, one.nativeState]);
  }

  it('are several at once, for each type of dynos', async () => {
    const stage = {
      formation: [web, worker],
      dynos: [dyno('web', 'running'), dyno('web', 'running', { name: 'x' }), dyno('worker', 'pending')],
      releases: [RELEASE],
    };
    expect(await states(stage)).toEqual([
      ['web', 'running', 'running'],
      ['web', 'scaled', '2 of 2 running'],
      ['web', 'deployed', 'release v14 succeeded'],
      ['worker', 'pending', 'pending'],
      ['worker', 'deployed', 'release v14 succeeded'],
    ]);
    expect(await states({ ...stage, releases: [] }, 'worker')).toEqual([['worker', 'pending', 'pending']]);
    expect(await states({ ...stage, releases: [] }, 'web.x')).toEqual([['web.x', 'running', 'running']]);
  });

  const activities: [string[], string, string][] = [
    [['running'], 'running', 'running'],
    [['running', 'app-crashed'], 'failed', 'app-crashed'],
    [['start-failure'], 'failed', 'start-failure'],
    [['Probe-Failure'], 'failed', 'probe-failure'],
    [['waiting', 'running'], 'waiting', 'waiting'],
    [['stopping'], 'stopping', 'stopping'],
    [['stopped', 'running'], 'running', 'running'],
    [['stopped', 'stopped'], 'stopped', 'stopped'],
    [[], 'stopped', 'no dynos'],
    [['ContainerCreating'], 'containercreating', 'containercreating'],
  ];
  it.each(activities)('%j is %s', async (own, state, native) => {
    const dynos = own.map((word, index) => dyno('web', word, { name: String(index) }));
    expect((await states({ formation: [{ type: 'web', quantity: 9 }], dynos }))[0]).toEqual([
      'web',
      state,
      native,
    ]);
  });

  it('scaled is only what runs to the number', async () => {
    const isScaled = async (quantity: number, ...words: string[]) => {
      const dynos = words.map((word, index) => dyno('web', word, { name: String(index) }));
      return (await states({ formation: [{ type: 'web', quantity }], dynos })).some(
        ([, state]) => state === 'scaled',
      );
    };
    expect(await isScaled(2, 'running', 'running')).toBe(true);
    expect(await isScaled(2, 'running', 'running', 'stopped')).toBe(true);
    expect(await isScaled(0)).toBe(true);
    expect(await isScaled(2, 'running')).toBe(false);
    expect(await isScaled(2, 'running', 'running', 'stopping')).toBe(false);
    expect(await isScaled(1, 'pending')).toBe(false);
  });

  it('leave out what is switched off on purpose, unless all is, and one-off dynos', async () => {
    const dynos = [dyno('web', 'running'), dyno('run', 'running')];
    const formation = [
      { type: 'web', quantity: 1 },
      { type: 'worker', quantity: 0 },
    ];
    const types = (found: unknown[][]) => [...new Set(found.map(([component]) => component))];
    expect(types(await states({ formation, dynos }))).toEqual(['web']);
    expect(types(await states({ formation: [{ type: 'worker', quantity: 0 }], dynos }))).toEqual(['worker']);
    expect(await states({ formation: [], dynos: [] })).toEqual([
      [null, 'stopped', 'no dynos'],
      [null, 'scaled', '0 of 0 running'],
    ]);
    expect(types(await states({ formation: [], dynos }))).toEqual(['web', 'run']);
  });

  const releases: [string, unknown[]][] = [
    ['succeeded', [['web', 'deployed', 'release v14 succeeded']]],
    ['failed', [['web', 'failed', 'release v14 failed']]],
    ['pending', []],
    ['queued', []],
    ['unknown', []],
  ];
  it.each(releases)('follow the last release: %s', async (status, expected) => {
    const older = { ...RELEASE, id: 'r0', version: 13 };
    const stage = { formation: [web], dynos: [dyno('web', 'running')] };
    const found = await states({ ...stage, releases: [older, { ...RELEASE, status }] });
    expect(found.slice(1)).toEqual(expected);
  });

  it('of a type that is not there are not found', async () => {
    await expect(states({ formation: [web] }, 'wbe')).rejects.toMatchObject({
      kind: 'not-found',
      hint: 'It has web.',
    });
  });

  it('have times where the platform knows them', async () => {
    const { client } = await staged({
      formation: [web],
      dynos: [dyno('web', 'running', { updated_at: '0001-01-01T00:00:00Z' })],
    });
    const [activity, deployed] = await events.state(client, ref, never);
    expect(activity).toMatchObject({ ts: null, fields: { running: 1, quantity: 2, dynos: 1 } });
    expect(deployed).toMatchObject({ state: 'deployed', ts: { seconds: 1_531_942_617 } });
  });

  it('that can be waited for all say what they mean', async () => {
    const names = events.states.map(({ state }) => state);
    expect(names.slice(0, 5)).toEqual(['running', 'stopped', 'failed', 'scaled', 'deployed']);
    expect(new Set(names).size).toBe(names.length);
    expect(events.states.filter(({ final }) => final === 'bad').map(({ state }) => state)).toContain(
      'failed',
    );
  });

  const reached: [string, Raw, string | null][] = [
    ['crashed', {}, 'failed'],
    ['released', {}, 'deployed'],
    ['release', { release: { result: 'succeeded' } }, 'deployed'],
    ['release', { release: { result: 'failed' } }, 'failed'],
    ['release', { release: { result: 'pending' } }, null],
    ['release', {}, null],
    ['build', { build: { result: 'failed' } }, 'failed'],
    ['build', { build: { result: 'succeeded' } }, null],
    ['formation_change', { changes: [{ type: 'web', quantity: 0 }] }, null],
    ['config_change', {}, null],
  ];
  it.each(reached)('%s %j tells of one: %s', async (action, payload, state) => {
    expect(events.stateOf?.(await only(audit(action, payload)))).toBe(state);
  });
});

const readings: [string, Partial<AkkerisOptions>][] = [
  ['as observed', {}],
  ['as documented', { documented: true }],
  ['without audits', { audits: false }],
];

describe.each(readings)('beside the sandbox, %s', (_name, options) => {
  let world: World;
  let sandbox: AkkerisSandbox;
  let client: AkkerisClient;
  let app: AppRef;

  async function play(): Promise<void> {
    world = createWorld({ scale: 0, past: 0 });
    sandbox = await startAkkeris({ world, token: TOKEN, ...options });
    closing.push(async () => {
      await sandbox.close();
      world.close();
    });
    client = clientFor(sandbox.url);
    app = { app: sandbox.appKey, component: null };
  }

  it('tells of a deploy, and of what else is told', async () => {
    await play();
    world.record({
      kind: 'config',
      component: null,
      user: 'jane',
      text: '',
      detail: { name: 'FOO', value: 'hush' },
    });
    world.record({ kind: 'scale', component: 'web', user: 'jane', text: '', detail: { from: 2, to: 3 } });
    const { id } = world.deploy();
    world.advance(id, 'succeeded');
    const { items, batches } = await past(await open(client, [], app));
    const messages = items.map(({ message }) => message).join('\n');
    expect(messages).toMatch(/build of .* began/);
    expect(messages).toMatch(/build of .* succeeded/);
    expect(messages).toMatch(/release v\d+ succeeded/);
    expect(JSON.stringify(items)).not.toContain('hush');
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    const keepsAudits = options.audits !== false;
    expect(batches.some(({ notices }) => notices !== undefined)).toBe(!keepsAudits);
    if (keepsAudits) {
      expect(messages).toContain('set FOO');
      expect(messages).toContain('web: 3 dynos');
      expect(items.find(({ kind }) => kind === 'config')?.user).toBe('jane');
    }
    expect(sandbox.requests.some(({ path }) => path.includes('%'))).toBe(false);
  });

  it('goes on with what happens', async () => {
    await play();
    const source = await open(client, [], app);
    const position = (await past(source)).batches.at(-1)?.position ?? null;
    const live = source.live({ after: position }, never);
    const first = await live.next();
    expect(first).toMatchObject({ value: { items: [] } });
    const { id } = world.deploy();
    world.advance(id, 'failed');
    const seen: PlatformEvent[] = [];
    while (!seen.some((event) => events.stateOf?.(event) === 'failed')) {
      const step = await live.next();
      if (step.done) throw new Error('ended');
      seen.push(...step.value.items);
    }
    expect(new Set(seen.map(({ id: event }) => event)).size).toBe(seen.length);
    await live.return({ end: 'dropped', reason: 'test over' });
  });

  it('knows what the app is doing', async () => {
    await play();
    const { id } = world.deploy();
    world.advance(id, 'succeeded');
    const found = await events.state(client, app, never);
    expect(found.filter(({ component }) => component === 'web').map(({ state }) => state)).toEqual([
      'running',
      'scaled',
      'deployed',
    ]);
  });
});
