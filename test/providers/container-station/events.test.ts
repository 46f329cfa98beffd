import { describe, expect, it } from 'vitest';
import type { PlatformEvent } from '../../../src/model.ts';
import { type EventMark, markOf, newsOf } from '../../../src/providers/container-station/event-window.ts';
import { readEvent } from '../../../src/providers/container-station/event-words.ts';
import type { Pace } from '../../../src/providers/container-station/pace.ts';
import type { StationEvent } from '../../../src/sandbox/container-station.ts';
import { eventsOf, liveOf, past, refOf } from './sources.ts';
import { ADMIN, clientOf, ownSignal, sandbox, serve, type Told } from './station.ts';

const QUICK: Partial<Pace> = { eventMinMillis: 1, eventHoldMillis: 60_000 };
const WHAT = { types: [], users: [] };

function texts(items: readonly PlatformEvent[]): string[] {
  return items.map(({ message }) => message);
}

describe('a message in words', () => {
  it.each([
    [
      'container',
      { container: 'web', state: 'die', type: 'docker', id: '5b4b96c56fd7' },
      'restart',
      'web',
      'container docker/web exited',
    ],
    [
      'container',
      { container: 'web', state: 'stop', type: 'docker' },
      'restart',
      'web',
      'container docker/web stopped',
    ],
    [
      'container',
      { container: 'utest', state: 'create', type: 'lxc' },
      'deploy',
      'utest',
      'container lxc/utest created',
    ],
    [
      'container',
      { container: 'web', state: 'oom', type: 'docker' },
      'crash',
      'web',
      'container docker/web ran out of memory',
    ],
    [
      'container',
      { container: 'web', state: 'connect', type: 'docker' },
      'config',
      'web',
      'container docker/web connected to a network',
    ],
    [
      'container',
      { container: 'web', state: 'toString', type: 'docker' },
      'other',
      'web',
      'container docker/web: toString',
    ],
    [
      'container',
      { container: null, state: 'destroy', type: 'docker', id: 'abcdef0123456789' },
      'deploy',
      'abcdef012345',
      'container docker/abcdef012345 destroyed',
    ],
    [
      'container',
      { container: null, state: 'destroy', type: 'docker' },
      'deploy',
      null,
      'a docker container destroyed',
    ],
    [
      'container',
      { container: 'utest', type: 'lxc', port: 'add' },
      'config',
      'utest',
      'container lxc/utest: port added',
    ],
    [
      'container',
      { container: 'utest', type: 'lxc', port: 'remove' },
      'config',
      'utest',
      'container lxc/utest: port removed',
    ],
    [
      'image',
      {
        action: 'download',
        name: 'lgsd/diamond',
        tag: 'latest',
        from: 'dockerhub',
        type: 'docker',
        state: 'success',
      },
      'image',
      null,
      'docker image lgsd/diamond:latest downloaded from dockerhub',
    ],
    [
      'image',
      { action: 'download', name: 'x', repository: 'lxd', type: 'lxd', state: 'error' },
      'image',
      null,
      'lxd image x could not be downloaded from lxd',
    ],
    [
      'image',
      { action: 'delete', state: 'success', type: 'docker', name: 'busybox' },
      'image',
      null,
      'docker image busybox deleted',
    ],
    [
      'image',
      { action: 'delete', state: 'error', type: 'docker', name: 'busybox' },
      'image',
      null,
      'docker image busybox could not be deleted',
    ],
    [
      'image',
      { action: 'update', category: 'local', type: 'docker', state: 'untag', id: 'sha256:ab:c' },
      'image',
      null,
      'docker images (local) updated: untag sha256:ab:c',
    ],
    ['image', { action: 'update', from: 'qnap' }, 'image', null, 'images (qnap) updated'],
    ['image', { action: 'prune' }, 'image', null, 'image: prune'],
    [
      'export',
      {
        container: 'utest',
        cid: 'utest',
        compress: true,
        state: 'running',
        tid: 1,
        path: '/test/c.tgz',
        type: 'lxc',
      },
      'export',
      'utest',
      'export of container lxc/utest to /test/c.tgz, compressed: running',
    ],
    [
      'export',
      {
        container: 'utest',
        cid: 'utest',
        compress: false,
        state: 'error',
        result: -2,
        path: '/test/c.tgz',
        type: 'lxc',
      },
      'export',
      'utest',
      'export of container lxc/utest to /test/c.tgz: error with result -2',
    ],
    [
      'import',
      { cid: 'u2', path: '/test/c.tgz', state: 'completed', result: 0, type: 'lxc' },
      'import',
      'u2',
      'import of container lxc/u2 from /test/c.tgz: completed',
    ],
    [
      'background',
      { category: 'image_download', state: 'completed', container: 'busybox:latest', result: 0, tid: 1 },
      'task',
      null,
      'task 1 (image_download, busybox:latest): completed',
    ],
    [
      'background',
      { category: 'create', state: 'running', container: 'ctest', tid: 2 },
      'task',
      'ctest',
      'task 2 (create, ctest): running',
    ],
    ['volume', { action: 'prune', count: 2 }, 'other', null, 'volume: {"action":"prune","count":2}'],
  ])('%s %j', (category, payload, kind, component, message) => {
    const { event } = readEvent(`${category}:admin:1628671995:${JSON.stringify(payload)}`);
    expect(event).toEqual({
      ts: { seconds: 1628671995, nanos: 0, digits: 0 },
      id: null,
      kind,
      nativeKind: category,
      component,
      user: 'admin',
      message,
      fields: payload,
    });
  });

  it.each([
    ['image:all:1628671995:{"action": "upd', 'image', 1628671995],
    ['image:all:{"action": "upd', 'image', null],
    ['container:all:[1]', 'container', null],
    ['no colons at all', '', null],
    ['', '', null],
    ['a:b', '', null],
  ])('that cannot be read stays as it is: %j', (message, nativeKind, seconds) => {
    const { event, subject } = readEvent(message);
    expect(event).toMatchObject({ message, nativeKind, kind: 'other', fields: null });
    expect([event.ts?.seconds ?? null, subject]).toEqual([seconds, null]);
  });

  it('stays one line of bounded length', () => {
    expect(readEvent('a\r\n b').event.message).toBe('a b');
    expect(readEvent(`x${'y'.repeat(100_000)}`).event.message.length).toBeLessThan(5000);
  });

  it('names a container by its id where the name is gone, and leaves the payload as it was', () => {
    const message = 'container:all:5:{"container": null, "state": "destroy", "type": "docker", "id": "abc"}';
    const { event } = readEvent(message, (id) => (id === 'abc' ? 'web' : null));
    expect(event).toMatchObject({
      component: 'web',
      message: 'container docker/web destroyed',
      fields: { container: null },
    });
  });
});

describe('what is new in an answer', () => {
  const known: EventMark = markOf({ index: 0, offset: 4, messages: ['d', 'c', 'b', 'a'] });
  const gap = { certain: true, reason: expect.any(String) };

  it.each([
    ['slice', { index: 4, offset: 6, messages: ['f', 'e'] }, ['f', 'e'], null],
    ['slice, one withheld', { index: 4, offset: 6, messages: ['f'] }, ['f'], null],
    ['slice, nothing new', { index: 4, offset: 4, messages: [] }, [], null],
    ['slice, some lost', { index: 7, offset: 9, messages: ['i', 'h'] }, ['i', 'h'], { ...gap, count: 3 }],
    ['ignored, nothing new', { index: 0, offset: 4, messages: ['d', 'c', 'b', 'a'] }, [], null],
    ['ignored, two new', { index: 2, offset: 6, messages: ['f', 'e', 'd', 'c'] }, ['f', 'e'], null],
    ['ignored, one of two withheld', { index: 2, offset: 6, messages: ['f', 'd', 'c'] }, ['f'], null],
    ['ignored, both withheld', { index: 2, offset: 6, messages: ['d', 'c', 'b'] }, [], null],
    ['ignored, the same again', { index: 1, offset: 5, messages: ['d', 'd', 'c', 'b'] }, ['d'], null],
    ['ignored, none known any more', { index: 2, offset: 6, messages: ['z', 'y', 'x'] }, ['z', 'y'], null],
    [
      'no index, a hole',
      { index: null, offset: 9, messages: ['i', 'h'] },
      ['i', 'h'],
      { ...gap, certain: false, count: null },
    ],
    ['no counter', { index: null, offset: null, messages: ['f', 'd', 'c'] }, ['f'], null],
    [
      'no counter, none known',
      { index: null, offset: null, messages: ['f'] },
      ['f'],
      { ...gap, certain: false, count: null },
    ],
  ])('%s', (_name, reply, fresh, missing) => {
    const news = newsOf(known, reply);
    expect([news.fresh, news.missing, news.restarted]).toEqual([fresh, missing, false]);
    expect(news.mark.offset).toBe(reply.offset);
  });

  it('a lower counter began anew; what was known is not new', () => {
    const news = newsOf(known, { index: 0, offset: 2, messages: ['e', 'd', 'c'] });
    expect(news).toMatchObject({ fresh: ['e'], restarted: true, missing: { certain: false } });
    expect(newsOf(news.mark, { index: 2, offset: 3, messages: ['f'] }).fresh).toEqual(['f']);
  });

  it('a mark survives answers that show nothing', () => {
    const { mark } = newsOf(known, { index: 4, offset: 5, messages: [] });
    expect(newsOf(mark, { index: 2, offset: 6, messages: ['f', 'd', 'c'] }).fresh).toEqual(['f']);
  });
});

function container(name: string, state = 'start'): Omit<StationEvent, 'at'> {
  return { category: 'container', user: 'all', payload: { container: name, state, type: 'docker' } };
}

function numbered(count: number): StationEvent[] {
  const at = { ms: 1628672000_000, nanos: 0 };
  return Array.from({ length: count }, (_, index) => ({ ...container(`c${index}`), at }));
}

async function openSandbox(options: Parameters<typeof sandbox>[0] = {}, app = '', pace = QUICK) {
  const nas = await sandbox({ events: numbered(30), firstEvent: 100, ...options });
  const client = clientOf({ url: nas.url, ...ADMIN }, pace);
  const source = await eventsOf(client).open(client, refOf(app), WHAT, ownSignal());
  return { nas, client, source };
}

describe('the past', () => {
  it('holds the newest 20 where that is enough, oldest first', async () => {
    const { source } = await openSandbox();
    const { items, end } = await past(source, { lines: 20 });
    expect(texts(items)[0]).toBe('container docker/c10 started');
    expect(texts(items).at(-1)).toBe('container docker/c29 started');
    expect(end).toEqual({ complete: false, begins: null });
  });

  it.each([
    ['slice', 25, 25],
    ['slice', 'all', 30],
    ['longpoll', 'all', 30],
    ['ignored', 'all', 20],
  ] as const)('index as %s, %j wanted: %i', async (eventIndex, lines, count) => {
    const { source } = await openSandbox({ eventIndex });
    const { items, end } = await past(source, { lines });
    expect(items).toHaveLength(count);
    expect(new Set(texts(items)).size).toBe(count);
    expect(texts(items).at(-1)).toBe('container docker/c29 started');
    expect(end.complete).toBe(lines === 'all');
  });

  it('leaves to live what comes while it is read', async () => {
    const all = Array.from({ length: 30 }, (_, index) => `container:all:9:{"container": "c${index}"}`);
    const nas = await station((index) => {
      const from = index ?? 10;
      const reply = { index: from, offset: all.length, messages: all.slice(from).reverse() };
      if (index === null && all.length === 30) all.push('container:all:9:{"container": "late"}');
      return { json: index === null ? { ...reply, offset: 30, messages: reply.messages.slice(-20) } : reply };
    });
    const client = clientOf({ url: nas.url }, QUICK);
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    const { items, batches } = await past(source, { lines: 25 });
    expect([items[0]?.component, items.at(-1)?.component]).toEqual(['c5', 'c29']);
    const live = liveOf(source, { after: batches.at(-1)?.position ?? null });
    expect((await live.nextNews()).items).toMatchObject([{ component: 'late' }]);
  });

  it('begins where the ring does', async () => {
    const { source } = await openSandbox({ eventRing: 22 });
    const { items, end } = await past(source);
    expect(items).toHaveLength(22);
    expect(end).toEqual({ complete: true, begins: items[0]?.ts });
  });

  it('is whole where 2 of 20 are withheld', async () => {
    const nas = await sandbox({ hideOthers: true });
    const client = clientOf({ url: nas.url, ...ADMIN }, QUICK);
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    expect((await past(source, { lines: 18 })).items).toHaveLength(18);
  });

  it('reads every message of the sample of 2015, three parts each', async () => {
    const nas = await sandbox({ dialect: 'A' });
    const client = clientOf({ url: nas.url, ...ADMIN }, QUICK);
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    const { items } = await past(source);
    expect(items.length).toBeGreaterThan(19);
    expect(items.every(({ ts, fields }) => ts === null && fields !== null)).toBe(true);
    expect(texts(items)).toContain('container lxc/cache: port added');
  });

  it('reads every form of the sandbox, four parts each', async () => {
    const nas = await sandbox();
    const client = clientOf({ url: nas.url, ...ADMIN }, QUICK);
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    const { items } = await past(source);
    expect(items.every(({ ts, fields }) => ts !== null && fields !== null)).toBe(true);
    const kinds = new Set(items.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['config', 'deploy', 'export', 'image', 'import', 'restart', 'task']);
  });
});

describe('events as they come', () => {
  it.each(['slice', 'longpoll', 'ignored'] as const)(
    'index as %s: each once, none lost',
    async (eventIndex) => {
      const { nas, source } = await openSandbox({ eventIndex, holdMs: 5 });
      const { batches } = await past(source, { lines: 1 });
      nas.addEvent(container('before'));
      const live = liveOf(source, { after: batches.at(-1)?.position ?? null });
      expect(texts((await live.nextNews()).items)).toEqual(['container docker/before started']);
      const seen: string[] = [];
      for (let number = 0; number < 5; number += 1) {
        nas.addEvent(container(`n${number}`));
        if (number % 2 === 0) nas.addEvent(container('same'));
        const { items, missing } = await live.nextNews();
        expect(missing).toBeUndefined();
        seen.push(...texts(items));
      }
      expect(seen.map((text) => text.replace(/^.*\/(\w+) .*$/, '$1')).sort()).toEqual([
        'n0',
        'n1',
        'n2',
        'n3',
        'n4',
        'same',
        'same',
        'same',
      ]);
    },
  );

  it('more than one answer shows are all brought after a break', async () => {
    const { nas, source } = await openSandbox();
    const { batches } = await past(source, { lines: 1 });
    for (let number = 0; number < 50; number += 1) nas.addEvent(container(`n${number}`));
    const { items, missing } = await liveOf(source, { after: batches.at(-1)?.position ?? null }).nextNews();
    expect([items.length, missing]).toEqual([50, undefined]);
    expect(texts(items)[0]).toBe('container docker/n0 started');
  });

  it('those that a small ring has lost are counted', async () => {
    const { nas, source } = await openSandbox({ eventRing: 20 });
    const { batches } = await past(source, { lines: 1 });
    for (let number = 0; number < 27; number += 1) nas.addEvent(container(`n${number}`));
    const batch = await liveOf(source, { after: batches.at(-1)?.position ?? null }).nextNews();
    expect(batch.missing).toMatchObject({ count: 7, certain: true });
    expect(batch.items).toHaveLength(20);
  });

  it('a counter that began anew is said, and its events are taken', async () => {
    const { nas, source } = await openSandbox();
    const live = liveOf(source, { lines: 0 });
    expect((await live.next()).items).toEqual([]);
    nas.restartEvents();
    nas.addEvent(container('fresh'));
    const batch = await live.nextNews();
    expect(batch.notices).toMatchObject([{ kind: 'cleared' }]);
    expect(batch.missing).toMatchObject({ certain: false });
    expect(texts(batch.items)).toEqual(['container docker/fresh started']);
    nas.addEvent(container('next'));
    expect(texts((await live.nextNews()).items)).toEqual(['container docker/next started']);
  });

  it('begins with the last ones where they are wanted', async () => {
    const { source } = await openSandbox();
    const { items } = await liveOf(source, { lines: 2 }).next();
    expect(texts(items)).toEqual(['container docker/c28 started', 'container docker/c29 started']);
  });

  it('leaves no held request behind', async () => {
    const { nas, client } = await openSandbox({ eventIndex: 'longpoll' });
    const stop = new AbortController();
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    const live = source.live({ lines: 0 }, stop.signal);
    await live.next();
    const held = live.next();
    await nas.watched(1);
    stop.abort(new Error('enough'));
    await expect(held).rejects.toThrow('enough');
    while (nas.watchers() > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it.each([[5], [{ offset: -1, recent: [] }], [{ offset: 1, recent: [1] }], [null]])(
    'refuses the position %j',
    async (after) => {
      const { source } = await openSandbox();
      await expect(liveOf(source, { after }).next()).rejects.toMatchObject({ kind: 'usage' });
    },
  );
});

/** A station of version 2.4 with one container, whose event list answers as the test says. */
async function station(answer: (index: number | null) => Told | undefined | Promise<Told | undefined>) {
  const web = { type: 'docker', name: 'web', id: 'a'.repeat(64), state: 'running' };
  return serve(({ path, query }) => {
    if (path.endsWith('/container')) return { json: [web] };
    if (path.endsWith('/system')) return { json: { version: { qpkg: '2.4.0.2316' } } };
    if (path.includes('/event')) return answer(query.has('index') ? Number(query.get('index')) : null);
    return path.includes('login_refresh') ? { json: { username: 'admin' } } : undefined;
  });
}

describe('a station that holds or does not hold', () => {
  it('an overdue answer is nothing new; then the station must prove that it lives', async () => {
    const asked: (number | null)[] = [];
    const nas = await station((index) => {
      asked.push(index);
      const more = asked.length > 4;
      if (index !== null) return new Promise<undefined>(() => {});
      return { json: { index: 0, offset: more ? 6 : 5, messages: more ? ['container:all:9:{}'] : [] } };
    });
    const client = clientOf({ url: nas.url }, { eventMinMillis: 1, eventHoldMillis: 20 });
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    const live = liveOf(source, { lines: 0 });
    expect((await live.nextNews()).items).toHaveLength(1);
    expect(asked.slice(0, 5)).toEqual([null, null, 5, null, 5]);
  });

  it('is not asked without a pause where it answers at once', async () => {
    let held = 0;
    const nas = await station((index) => {
      if (index !== null) held += 1;
      return { json: { index: 5, offset: 5, messages: [] } };
    });
    const client = clientOf({ url: nas.url }, { eventMinMillis: 1_000_000 });
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    const live = liveOf(source, { lines: 0 });
    await live.next();
    await live.next();
    const pending = live.next().catch(() => undefined);
    // Whatever it would ask now would come before these answers.
    for (let round = 0; round < 3; round += 1) await client.containers(ownSignal());
    expect(held).toBe(1);
    void pending;
  });

  it('without a counter is asked for the whole list again and again', async () => {
    const messages = ['container:all:1:{"container": "a"}'];
    const nas = await station((index) => (index === null ? { json: { messages } } : { status: 500 }));
    const client = clientOf({ url: nas.url }, QUICK);
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    const live = liveOf(source, { lines: 0 });
    await live.next();
    messages.unshift('container:all:2:{"container": "b"}');
    expect((await live.nextNews()).items).toMatchObject([{ component: 'b' }]);
  });

  it.each([
    [{ json: {} }, 'platform'],
    [{ json: [] }, 'platform'],
    [{ text: 'x' }, 'platform'],
    [{ status: 404, json: { error: { code: 404, message: '' } } }, 'usage'],
    [{ status: 503, json: { error: { code: 503, message: '' } } }, 'unavailable'],
  ] as const)('that answers %j is a failure: %s', async (told, kind) => {
    const nas = await station(() => told);
    const client = clientOf({ url: nas.url }, QUICK);
    await expect(eventsOf(client).open(client, refOf(''), WHAT, ownSignal())).rejects.toMatchObject({ kind });
  });

  it('whose messages are no strings has them shown all the same', async () => {
    const nas = await station(() => ({ json: { index: 0, offset: 1, messages: [{ a: 1 }] } }));
    const client = clientOf({ url: nas.url }, QUICK);
    const source = await eventsOf(client).open(client, refOf(''), WHAT, ownSignal());
    expect(texts((await past(source, { lines: 1 })).items)).toEqual(['{"a":1}']);
  });
});

describe('one container', () => {
  it('has its own events, by name, by id and by task', async () => {
    const id = 'a'.repeat(64);
    const line = (category: string, payload: unknown) => `${category}:all:9:${JSON.stringify(payload)}`;
    const messages = [
      line('container', { container: null, state: 'destroy', type: 'docker', id }),
      line('container', { container: 'web', state: 'stop', type: 'docker', id }),
      line('container', { container: 'web', state: 'stop', type: 'lxc' }),
      line('container', { container: 'web-2', state: 'stop', type: 'docker' }),
      line('export', { container: 'web', cid: id, type: 'docker', state: 'running' }),
      line('background', { category: 'container_export', container: 'web', state: 'running', tid: 1 }),
      line('background', { category: 'image_download', container: 'web', state: 'running', tid: 2 }),
      line('image', { action: 'delete', name: 'web', type: 'docker', state: 'success' }),
      'broken {web',
    ];
    const nas = await station(() => ({ json: { index: 0, offset: 9, messages } }));
    const client = clientOf({ url: nas.url }, QUICK);
    const source = await eventsOf(client).open(client, refOf('docker/web'), WHAT, ownSignal());
    expect(texts((await past(source)).items)).toEqual([
      'task 1 (container_export, web): running',
      'export of container docker/web: running',
      'container docker/web stopped',
      'container docker/web destroyed',
    ]);
  });

  it('that does not exist is not found', async () => {
    const nas = await sandbox();
    const client = clientOf({ url: nas.url, ...ADMIN }, QUICK);
    const opened = eventsOf(client).open(client, refOf('docker/nope'), WHAT, ownSignal());
    await expect(opened).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('version 3', () => {
  const item = (name: string, status: string, more = {}) => ({
    id: `${name}-id`,
    name,
    type: 'docker',
    status,
    ...more,
  });

  async function version3() {
    const state = { items: [item('web', 'running', { startedAt: '1' }), item('db', 'running')] };
    const nas = await serve(({ path }) => {
      if (path.endsWith('/v3/containers')) return { json: { data: { items: state.items } } };
      if (path.endsWith('/v1/container')) return { json: state.items };
      return path.includes('login_refresh') ? { json: { username: 'admin' } } : undefined;
    });
    return Object.assign(state, { client: clientOf({ url: nas.url }) });
  }

  it('shows what changes between two lists', async () => {
    const nas = await version3();
    const source = await eventsOf(nas.client).open(nas.client, refOf(''), WHAT, ownSignal());
    const { items, batches } = await past(source);
    expect(items).toEqual([]);
    expect(batches[0]?.notices).toMatchObject([
      { kind: 'limit', message: expect.stringContaining('version 3') },
    ]);
    const live = liveOf(source, { after: batches[0]?.position ?? null });
    expect((await live.next()).items).toEqual([]);
    nas.items = [item('web', 'exited'), item('new', 'running')];
    const change = await live.nextNews();
    expect(texts(change.items)).toEqual([
      'container docker/db was removed',
      'container docker/web is stopped (was running)',
      'container docker/new appeared, running',
    ]);
    expect(change.items[1]).toMatchObject({
      kind: 'restart',
      nativeKind: 'state',
      component: 'web',
      ts: null,
      fields: { state: 'stopped', before: 'running' },
    });
    nas.items = [item('web', 'running'), item('new', 'running', { id: 'other' })];
    expect(texts((await live.nextNews()).items)).toEqual([
      'container docker/web is running (was stopped)',
      'container docker/new was made anew, running',
    ]);
  });

  it('notices what changed while it was not connected, and a restart between two looks', async () => {
    const nas = await version3();
    const source = await eventsOf(nas.client).open(nas.client, refOf('docker/web'), WHAT, ownSignal());
    const { batches } = await past(source);
    nas.items = [item('web', 'running', { startedAt: '2' }), item('db', 'exited')];
    const after = JSON.parse(JSON.stringify(batches[0]?.position));
    expect(texts((await liveOf(source, { after }).nextNews()).items)).toEqual([
      'container docker/web was restarted',
    ]);
  });

  it('shows a stop in the sandbox', async () => {
    const nas = await sandbox({ dialect: 'F', loginRequired: false });
    const client = clientOf({ url: nas.url });
    const source = await eventsOf(client).open(client, refOf('docker/shop-web'), WHAT, ownSignal());
    const live = liveOf(source, { lines: 0 });
    expect((await live.next()).notices).toHaveLength(1);
    await fetch(`${nas.url}${nas.prefix}/api/v1/container/docker/shop-web/stop`, { method: 'PUT' });
    expect(texts((await live.nextNews()).items)).toEqual([
      'container docker/shop-web is stopped (was running)',
    ]);
  });

  it.each([[[['x']]], [5], [[5]]])('refuses the position %j', async (after) => {
    const nas = await version3();
    const source = await eventsOf(nas.client).open(nas.client, refOf(''), WHAT, ownSignal());
    await expect(liveOf(source, { after }).next()).rejects.toMatchObject({ kind: 'usage' });
  });
});

describe('the state that an event reached', () => {
  it.each([
    ['container', { state: 'start' }, 'running'],
    ['container', { state: 'die' }, 'stopped'],
    ['container', { state: 'pause' }, 'paused'],
    ['container', { state: 'connect' }, null],
    ['container', { state: 'constructor' }, null],
    ['container', { port: 'add' }, null],
    ['export', { state: 'stop' }, null],
    ['state', { state: 'dead' }, 'dead'],
    ['container', null, null],
  ])('%s %j: %j', (nativeKind, fields, state) => {
    const { event } = readEvent('');
    const { stateOf } = eventsOf(clientOf({ url: 'http://127.0.0.1:1' }));
    expect(stateOf?.({ ...event, nativeKind, fields })).toBe(state);
  });
});

describe('states', () => {
  it('of one container, with what it uses', async () => {
    const nas = await sandbox();
    const client = clientOf({ url: nas.url, ...ADMIN });
    const [web] = await eventsOf(client).state(client, refOf('docker/shop-web'), ownSignal());
    expect(web).toMatchObject({
      component: null,
      state: 'running',
      nativeState: 'running',
      fields: {
        cpu: expect.any(Number),
        memory: expect.any(Number),
        rx: expect.any(Number),
        tx: expect.any(Number),
      },
    });
    const [done] = await eventsOf(client).state(client, refOf('docker/shop-migrate'), ownSignal());
    expect(done).toMatchObject({ state: 'stopped' });
    expect(done?.fields).not.toHaveProperty('cpu');
  });

  it.each(['A', 'E', 'F'] as const)('of all containers of %s', async (dialect) => {
    const nas = await sandbox({ dialect });
    const client = clientOf({ url: nas.url, ...ADMIN });
    const states = await eventsOf(client).state(client, refOf(''), ownSignal());
    expect(states).toContainEqual(
      expect.objectContaining({ component: 'docker/shop-web', state: 'running' }),
    );
    const words = eventsOf(client).states.map(({ state }) => state);
    expect(states.every(({ state }) => words.includes(state))).toBe(true);
  });

  it('none but the dead have come to an end', async () => {
    const { states } = eventsOf(clientOf({ url: 'http://127.0.0.1:1' }));
    expect(states.filter(({ final }) => final !== null)).toMatchObject([{ state: 'dead', final: 'bad' }]);
  });
});

describe('holding for a state', () => {
  const hold = (client: Parameters<typeof eventsOf>[0], app: string, state: string, millis: number) => {
    const { hold: held } = eventsOf(client);
    if (!held) throw new Error('not there');
    return held(client, refOf(app), { state, millis }, ownSignal());
  };

  it('ends when the state is there', async () => {
    const nas = await sandbox({ loginRequired: false });
    const client = clientOf({ url: nas.url });
    const held = hold(client, 'docker/shop-web', 'stopped', 600_000);
    await nas.watched(1);
    await fetch(`${nas.url}${nas.prefix}/api/v1/container/docker/shop-web/stop`, { method: 'PUT' });
    expect(await held).toMatchObject([{ state: 'stopped', component: null }]);
    const waits = nas.requests.filter(({ path }) => path.includes('/event/wait/'));
    // As long as one request may be held, not as long as was asked.
    expect(waits.map(({ path }) => path.replace(/^.*\?/, ''))).toEqual(['duration=60']);
  });

  it('answers the present state when the time is up', async () => {
    const nas = await sandbox({ loginRequired: false, secondMs: 1 });
    const states = await hold(clientOf({ url: nas.url }), 'docker/shop-web', 'stopped', 1);
    expect(states).toMatchObject([{ state: 'running', fields: { cpu: expect.any(Number) } }]);
  });

  it('is asked again when a request ends before the time is up', async () => {
    let waits = 0;
    const web = { type: 'docker', name: 'web', id: 'web', state: 'running' };
    const nas = await serve(({ path }) => {
      if (path.endsWith('/container')) return { json: [web] };
      if (path.endsWith('/system')) return { json: { version: { qpkg: '2.4.0' } } };
      if (!path.includes('/event/wait/')) return { json: { username: 'x' } };
      waits += 1;
      return { json: { ...web, state: waits < 3 ? 'running' : 'stopped' } };
    });
    const client = clientOf({ url: nas.url });
    expect(await hold(client, 'docker/web', 'stopped', 600_000)).toMatchObject([{ state: 'stopped' }]);
    expect(waits).toBe(3);
  });

  it('is done at once where the state is there', async () => {
    const nas = await sandbox({ loginRequired: false });
    expect(await hold(clientOf({ url: nas.url }), 'lxd/lab', 'running', 600_000)).toMatchObject([
      { state: 'running' },
    ]);
  });

  it.each(['D', 'A'] as const)('works in dialect %s', async (dialect) => {
    const nas = await sandbox({ dialect, secondMs: 1 });
    const client = clientOf({ url: nas.url, ...ADMIN });
    expect(await hold(client, 'lxc/cache', 'stopped', 5)).toMatchObject([{ state: 'running' }]);
  });

  it.each([
    ['does not know', { status: 404, json: { error: { code: 404, message: '' } } }],
    ['refuses', { json: { error: { code: 400, message: '' } } }],
    ['leaves unanswered', null],
  ])('polls where the station %s the request', async (_name, told) => {
    let state = 'running';
    let waits = 0;
    const nas = await serve(({ path }) => {
      if (path.endsWith('/container')) return { json: [{ type: 'lxd', name: 'lab', id: 'lab', state }] };
      if (path.endsWith('/system')) return { json: { version: { qpkg: '2.4.0' } } };
      if (!path.includes('/event/wait/')) return { json: { username: 'x' } };
      waits += 1;
      if (waits === 2) state = 'stopped';
      return told ?? new Promise<undefined>(() => {});
    });
    const client = clientOf({ url: nas.url }, { waitSeconds: 0, waitMarginMillis: 20 });
    expect(await hold(client, 'lxd/lab', 'stopped', 600_000)).toMatchObject([{ state: 'stopped' }]);
    expect(waits).toBe(2);
  });

  it('is a poll for other states, for all containers, and on version 3', async () => {
    const nas = await sandbox({ dialect: 'F', loginRequired: false });
    const client = clientOf({ url: nas.url });
    const held = hold(client, 'docker/shop-web', 'stopped', 600_000);
    await fetch(`${nas.url}${nas.prefix}/api/v1/container/docker/shop-web/stop`, { method: 'PUT' });
    expect(await held).toMatchObject([{ state: 'stopped' }]);
    expect(await hold(client, '', 'paused', 1)).toContainEqual(expect.objectContaining({ state: 'running' }));
    expect(nas.requests.some(({ path }) => path.includes('/event/wait/'))).toBe(false);
  });

  it('of a container that was removed is not found', async () => {
    const nas = await sandbox({ loginRequired: false });
    await expect(hold(clientOf({ url: nas.url }), 'docker/nope', 'stopped', 10)).rejects.toMatchObject({
      kind: 'not-found',
    });
  });
});
