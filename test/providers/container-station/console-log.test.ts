import { describe, expect, it } from 'vitest';
import { instantFromMillis } from '../../../src/model.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import {
  ADMIN,
  ALL,
  clientOf,
  messagesOf,
  openLogs,
  ownSignal,
  readPast,
  readUntil,
  sandbox,
  serve,
  type Told,
} from './station.ts';

/** A station with one container whose console is `text`; it heeds `tail` as Docker does. */
async function station(options: { type?: string; ignoreTail?: boolean; pollMillis?: number } = {}) {
  const state = {
    type: options.type ?? 'docker',
    text: '',
    containers: [{ type: options.type ?? 'docker', name: 'web', id: 'a'.repeat(64), state: 'running' }],
    tails: [] as number[],
    /** In place of the console. */
    instead: undefined as Told | undefined,
    add(...lines: string[]) {
      for (const line of lines) state.text += `${line}\n`;
    },
  };
  const nas = await serve(({ path, query }) => {
    if (path.endsWith('/container')) return { json: state.containers };
    const id = /\/container\/\w+\/(\w+)\/logs/.exec(path)?.[1];
    if (id === undefined) return { json: { username: 'admin' } };
    if (!state.containers.some((container) => container.id === id))
      return { json: { error: { code: 404, message: '' } } };
    const tail = Number(query.get('tail'));
    state.tails.push(tail);
    if (state.instead) return state.instead;
    const text = options.ignoreTail ? state.text : lastLines(state.text, tail);
    return { json: state.type === 'docker' ? { logs: text, tail } : text };
  });
  const { pollMillis = 1 } = options;
  const pace = { pollMillis, pollTail: 10, mostPollTail: 80, mostTail: 1000 };
  const client = clientOf({ url: nas.url }, pace);
  return Object.assign(state, { open: () => openLogs(client, `${state.type}/web`) });
}

function lastLines(text: string, count: number): string {
  const pieces = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return pieces.slice(-count).join('');
}

function lines(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);
}

describe('the past of a console', () => {
  it.each([
    [3, lines(28, 30), false],
    [30, lines(1, 30), false],
    [50, lines(1, 30), true],
    ['all' as const, lines(1, 30), true],
    [0, [], false],
  ])('the newest %j lines', async (count, expected, complete) => {
    const nas = await station();
    nas.add(...lines(1, 30));
    const read = await readPast(await nas.open(), { ...ALL, lines: count });
    expect([messagesOf(read.batches), read.end]).toEqual([expected, { complete, begins: null }]);
    expect(read.entries.every(({ body }) => body.ts === null && body.quality === 'observed')).toBe(true);
  });

  it('ends with a piece without line end, marked as cut', async () => {
    const nas = await station({ type: 'lxd' });
    nas.text = 'Welcome\r\n\r\nweb login: ';
    const { batches } = await readPast(await nas.open(), ALL);
    expect(batches).toMatchObject([{ cut: true }]);
    expect(messagesOf(batches)).toEqual(['Welcome', '', 'web login: ']);
  });

  it('says that its lines cannot be chosen by time', async () => {
    const nas = await station();
    nas.add('a');
    const { batches } = await readPast(await nas.open(), { ...ALL, since: instantFromMillis(0) });
    expect(messagesOf(batches)).toEqual(['a']);
    expect(batches[0]?.notices).toEqual([{ kind: 'limit', message: expect.stringContaining('no times') }]);
  });

  it('says how far back it can be asked for', async () => {
    const nas = await station();
    nas.add(...lines(1, 1200));
    const { batches, entries } = await readPast(await nas.open(), ALL);
    expect(entries).toHaveLength(1000);
    expect(batches[0]?.notices).toEqual([
      { kind: 'limit', message: expect.stringContaining('last 1000 lines') },
    ]);
  });

  it('asks for less where so much is refused', async () => {
    const nas = await sandboxed((tail) =>
      tail > 100 ? { json: { error: { code: 400, message: 'tail' } } } : undefined,
    );
    const { entries } = await readPast(nas, ALL);
    expect(entries).toHaveLength(15);
  });

  async function sandboxed(refuse: (tail: number) => Told | undefined) {
    const text = lines(1, 500);
    const server = await serve(({ path, query }) => {
      if (path.endsWith('/container')) return { json: [{ type: 'docker', name: 'web', id: 'x' }] };
      const tail = Number(query.get('tail'));
      if (!path.includes('/logs')) return { json: {} };
      return refuse(tail) ?? { json: { logs: `${text.slice(-tail).join('\n')}\n`, tail } };
    });
    return openLogs(clientOf({ url: server.url }, { pollTail: 10, mostTail: 1000 / 8 }), 'docker/web');
  }

  it.each([
    ['no text', { json: { tail: 100 } }, 'platform'],
    ['a list', { json: ['a'] }, 'platform'],
    ['a page', { text: '<html>' }, 'platform'],
    ['a failure', { json: { error: { code: 500, message: 'Docker is down' } } }, 'unavailable'],
  ])('answered with %s is an error that names it', async (_name, told: Told, kind) => {
    const nas = await station();
    const source = await nas.open();
    nas.instead = told;
    await expect(readPast(source, ALL)).rejects.toMatchObject({
      kind,
      message: expect.stringContaining('docker/web'),
    });
  });
});

describe('following a console', () => {
  it('gives each new line once', async () => {
    const nas = await station();
    nas.add(...lines(1, 25));
    const source = await nas.open();
    const live = source.live({ lines: 5 }, ownSignal());
    const shown = messagesOf(await readUntil(live, (seen) => seen.length === 3));
    for (let last = 25; last < 400; last += (last % 37) + 1) {
      nas.add(...lines(last + 1, last + 1 + (last % 37)));
      shown.push(...messagesOf(await readUntil(live, (seen) => messagesOf(seen).length > 0)));
    }
    expect(shown).toEqual(lines(21, Number(shown.at(-1)?.slice(5))));
  });

  it('looks farther back for a burst, up to a bound, and then says that lines may be missing', async () => {
    const nas = await station();
    nas.add(...lines(1, 25));
    const live = (await nas.open()).live({ lines: 0 }, ownSignal());
    await live.next();
    nas.add(...lines(26, 95));
    const burst = await readUntil(live, (seen) => messagesOf(seen).length > 0);
    expect(messagesOf(burst)).toEqual(lines(26, 95));
    expect(burst.some(({ missing }) => missing)).toBe(false);
    nas.add(...lines(96, 300));
    const flood = await readUntil(live, (seen) => messagesOf(seen).length > 0);
    expect(messagesOf(flood)).toEqual(lines(221, 300));
    expect(flood.at(-1)?.missing).toEqual({
      count: null,
      reason: expect.stringContaining('more than 80 lines'),
      certain: false,
    });
    expect(Math.max(...nas.tails)).toBe(80);
    nas.add('calm');
    expect(messagesOf(await readUntil(live, (seen) => messagesOf(seen).length > 0))).toEqual(['calm']);
  });

  it('tells equal lines apart as long as it sees the whole console', async () => {
    const nas = await station();
    const live = (await nas.open()).live({ lines: 0 }, ownSignal());
    await live.next();
    for (let count = 1; count <= 3; count += 1) {
      nas.add('tick', 'tick');
      expect(messagesOf(await readUntil(live, (seen) => messagesOf(seen).length > 0))).toEqual([
        'tick',
        'tick',
      ]);
    }
  });

  it('does not show a quiet console of equal lines again and again', async () => {
    const nas = await station();
    nas.add(...Array(50).fill('tick'));
    const live = (await nas.open()).live({ lines: 0 }, ownSignal());
    expect(messagesOf(await readUntil(live, (seen) => seen.length === 5))).toEqual([]);
  });

  it('holds back a line until it is whole', async () => {
    const nas = await station({ type: 'lxd' });
    nas.text = 'Welcome\r\nweb login: ';
    const live = (await nas.open()).live({ lines: 5 }, ownSignal());
    const before = await readUntil(live, (seen) => seen.length === 3);
    nas.text += 'root\r\nPassword: ';
    const after = await readUntil(live, (seen) => messagesOf(seen).length > 0);
    expect([messagesOf(before), messagesOf(after)]).toEqual([['Welcome'], ['web login: root']]);
  });

  it('bears a console that is given whole whatever is asked', async () => {
    const nas = await station({ type: 'lxd', ignoreTail: true });
    nas.add(...lines(1, 300));
    const live = (await nas.open()).live({ lines: 2 }, ownSignal());
    const before = await readUntil(live, (seen) => seen.length === 2);
    nas.add('line 301');
    const after = await readUntil(live, (seen) => messagesOf(seen).length > 0);
    expect(messagesOf([...before, ...after])).toEqual(lines(299, 301));
  });

  it('goes on after a position that lay in a file', async () => {
    const nas = await station();
    nas.add(...lines(1, 30));
    const { batches } = await readPast(await nas.open(), { ...ALL, lines: 1 });
    const after = JSON.parse(JSON.stringify(batches.at(-1)?.position));
    nas.add(...lines(31, 40));
    const live = await readUntil(
      (await nas.open()).live({ after }, ownSignal()),
      (seen) => messagesOf(seen).length > 0,
    );
    expect(messagesOf(live)).toEqual(lines(31, 40));
  });

  it('says that a console began anew', async () => {
    const nas = await station();
    nas.add(...lines(1, 8));
    const live = (await nas.open()).live({ lines: 0 }, ownSignal());
    await live.next();
    nas.text = '';
    nas.add('booting');
    const batches = await readUntil(live, (seen) => messagesOf(seen).length > 0);
    expect(batches.at(-1)).toMatchObject({
      missing: { certain: false, reason: expect.stringContaining('began anew') },
    });
    expect(messagesOf(batches)).toEqual(['booting']);
  });

  it('goes on with a container that was made anew under its name', async () => {
    const nas = await station();
    nas.add(...lines(1, 8));
    const live = (await nas.open()).live({ lines: 0 }, ownSignal());
    await live.next();
    nas.containers = [{ type: 'docker', name: 'web', id: 'b'.repeat(64), state: 'running' }];
    nas.text = '';
    nas.add('new life');
    expect(messagesOf(await readUntil(live, (seen) => messagesOf(seen).length > 0))).toEqual(['new life']);
  });

  it('ends when the container is removed', async () => {
    const nas = await station();
    const source = await nas.open();
    const live = source.live({ lines: 0 }, ownSignal());
    await live.next();
    nas.containers = [];
    const step = await live.next();
    expect(step).toEqual({ done: true, value: { end: 'ended', reason: 'container docker/web was removed' } });
    await expect(readPast(source, ALL)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('ends at once when called off', async () => {
    const nas = await station({ pollMillis: 3_600_000 });
    const stop = new AbortController();
    const live = (await nas.open()).live({ lines: 0 }, stop.signal);
    await live.next();
    const waiting = live.next();
    stop.abort(new Error('Ctrl-C'));
    await expect(waiting).rejects.toThrow('Ctrl-C');
  });

  it.each([[null], [{ id: 1, ts: 1 }], [{ total: 'x', tail: [] }]])(
    'refuses the position %j',
    async (after) => {
      const nas = await station();
      const live = (await nas.open()).live({ after }, ownSignal());
      await expect(live.next()).rejects.toMatchObject({ kind: 'usage' });
    },
  );
});

describe('consoles of the sandbox', () => {
  it.each([
    ['A', 'docker/shop-worker', {}],
    ['B', 'docker/shop-web', { eatHead: true }],
    ['D', 'docker/shop-web', {}],
    ['E', 'docker/shop-web', {}],
    ['E', 'docker/shop-worker', { ignoreTail: true }],
  ] as const)('dialect %s, %s, %j', async (dialect, app, options) => {
    const world = createWorld({ scale: 0, past: 0 });
    const nas = await sandbox({ world, dialect, ...options });
    const source = await openLogs(clientOf({ url: nas.url, ...ADMIN }, { pollTail: 10 }), app);
    const component = app.slice('docker/shop-'.length);
    const live = source.live({ lines: 3 }, ownSignal());
    for (let number = 1; number <= 6; number += 1) world.write({ component, text: `said ${number}` });
    const shown = messagesOf(await readUntil(live, (seen) => messagesOf(seen).length === 3));
    for (let number = 7; number <= 60; number += 1) {
      world.write({ component, text: `said ${number}` });
      if (number % 9 === 0)
        shown.push(...messagesOf(await readUntil(live, (seen) => messagesOf(seen).length > 0)));
    }
    shown.push(...messagesOf(await readUntil(live, (seen) => messagesOf(seen).length > 0)));
    expect(shown).toEqual(Array.from({ length: 57 }, (_, index) => `said ${index + 4}`));
  });

  it('an lxd console ends in its prompt', async () => {
    const nas = await sandbox();
    const { batches } = await readPast(await openLogs(clientOf({ url: nas.url, ...ADMIN }), 'lxd/lab'), ALL);
    expect(messagesOf(batches).slice(-2)).toEqual(['', 'lab login: ']);
  });

  it('a container of a type without console is refused with what works', async () => {
    const nas = await serve(({ path }) => {
      if (path.endsWith('/container')) return { json: [{ type: 'lxc', name: 'utest', id: 'utest' }] };
      return path.includes('/logs')
        ? { json: { error: { code: 400, message: 'docker only' } } }
        : { json: {} };
    });
    await expect(openLogs(clientOf({ url: nas.url }), 'lxc/utest')).rejects.toMatchObject({
      kind: 'usage',
      hint: expect.stringContaining('--activity'),
    });
  });

  it('version 3 has none', async () => {
    const nas = await sandbox({ dialect: 'F' });
    await expect(openLogs(clientOf({ url: nas.url, ...ADMIN }), 'docker/shop-web')).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('has no console log in its API'),
      hint: expect.stringContaining('docker logs'),
    });
  });

  it('one line without an end is cut and counted', async () => {
    const world = createWorld({ scale: 0, past: 0 });
    world.write({ text: `${'x'.repeat(2 * 1024 * 1024)}` });
    const nas = await sandbox({ world });
    const { entries } = await readPast(
      await openLogs(clientOf({ url: nas.url, ...ADMIN }), 'docker/shop-web'),
      ALL,
    );
    expect(entries.map(({ raw, truncated }) => [raw.length, truncated])).toEqual([
      [1024 * 1024, 1024 * 1024],
    ]);
  });
});
