import { afterEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../src/model.ts';
import type { Batch, Source } from '../../../src/provider.ts';
import { apps } from '../../../src/providers/scalingo/apps.ts';
import { scalingo } from '../../../src/providers/scalingo/index.ts';
import { type ScalingoServer, type ScalingoSettings, startScalingo } from '../../../src/sandbox/scalingo.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import { clientFor, networkFor, never, open, readAll, settingsOf } from './setup.ts';

const cleanUp: (() => unknown)[] = [];
async function sandbox(knobs: Partial<ScalingoSettings> = {}): Promise<ScalingoServer> {
  const world = createWorld({ scale: 0, past: 50 });
  const server = await startScalingo({ world, ...knobs });
  cleanUp.push(() => server.close().then(() => world.close()));
  return server;
}
afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close();
});

const clientOf = (server: ScalingoServer, values: Record<string, string> = {}) =>
  clientFor({ 'auth-url': server.url, token: server.tokens[0] ?? '', ...values });
const shopOf = (server: ScalingoServer) => open(clientOf(server), server.world.app);

/** The first `amount` lines of a live connection, from the moment it stands. */
async function firstLines(source: Source<LogEntry>, amount: number, onOpen: () => void) {
  const controller = new AbortController();
  const live = source.live({ lines: 0 }, controller.signal);
  const batches: Batch<LogEntry>[] = [];
  let items: LogEntry[] = [];
  while (items.length < amount) {
    const step = await live.next();
    if (step.done === true) throw new Error(step.value.reason);
    if (batches.push(step.value) === 1) onOpen();
    items = batches.flatMap((batch) => batch.items);
  }
  controller.abort(new Error('enough'));
  await live.return({ end: 'dropped', reason: '' }).catch(() => {});
  return { batches, items };
}

describe('against the sandbox', () => {
  it('reads the hot log', async () => {
    const server = await sandbox();
    const read = await readAll(await shopOf(server), { lines: 10 });
    expect(read.lines).toHaveLength(10);
    const bodies = read.batches.flatMap(({ items }) => items.map(({ body }) => body));
    expect(bodies.every(({ ts }) => ts?.digits === 9)).toBe(true);
    expect(bodies.at(-1)?.message).toBe(server.world.lines.at(-1)?.text);
  });

  it.each([
    { frameKey: 'event', lineEnding: '\r\n' },
    { frameKey: 'name', lineEnding: '\n', zone: 'utc' },
    { frameKey: 'both', linesPerFrame: 3 },
    { upgrade: 400, eventStream: 'raw' },
    { upgrade: 404, eventStream: 'json' },
  ] as Partial<ScalingoSettings>[])('follows with %j', async (knobs) => {
    const server = await sandbox(knobs);
    const source = await shopOf(server);
    const { items } = await firstLines(source, 3, () => {
      for (const text of ['one', 'zwö', '  three']) server.world.write({ text });
    });
    expect(items.map(({ body }) => body.message)).toEqual(['one', 'zwö', '  three']);
    expect(items[0]?.body).toMatchObject({ component: 'web', instance: 'web-1', source: 'app' });
    const past = await readAll(source, { lines: 3 });
    expect(past.batches.flatMap(({ items: known }) => known.map(source.keyOf))).toEqual(
      items.map(source.keyOf),
    );
  });

  it.each(['accepted', 400] as const)(
    'takes keepalives for signs of life, websockets being %s',
    async (upgrade) => {
      const server = await sandbox({ keepaliveMs: 5, upgrade, eventStream: 'json' });
      const live = (await shopOf(server)).live({ lines: 0 }, never);
      const first = await live.next();
      const second = await live.next();
      expect([first.done, second.value]).toEqual([false, { items: [] }]);
      await live.return({ end: 'dropped', reason: '' });
    },
  );

  it('asks the platform to narrow and gets all that the engine would keep', async () => {
    const server = await sandbox();
    const wide = await readAll(await shopOf(server), { lines: 50 });
    const narrow = await readAll(await open(clientOf(server), server.world.app, { components: ['worker'] }), {
      lines: 50,
    });
    const kept = wide.batches.flatMap(({ items }) =>
      items.filter(({ body }) => body.component === 'worker').map(({ raw }) => raw),
    );
    expect(kept.length).toBeGreaterThan(0);
    expect(narrow.lines).toEqual(expect.arrayContaining(kept));
  });

  /** What `all` has to bring: archives oldest first, then the hot log. */
  async function wholeLog(server: ScalingoServer, files: number): Promise<string[]> {
    const cold = Array.from({ length: files }, (_, index) => server.archiveText(files - 1 - index)).join('');
    const hot = await readAll(await shopOf(server), { lines: 1000 });
    return [...cold.trimEnd().split(/\r?\n/), ...hot.lines];
  }

  it('hands over every archive before the hot log', async () => {
    const server = await sandbox({ archives: 12, linesPerArchive: 30 });
    const read = await readAll(await shopOf(server), { lines: 'all' });
    expect(read.lines).toEqual(await wholeLog(server, 12));
    expect(read).toMatchObject({ missing: [], end: { complete: true } });
  });

  it('reads archives that say they are encoded, and renews what has expired', async () => {
    const server = await sandbox({ archives: 3, linesPerArchive: 30, archiveEncoding: 'declared' });
    server.faults.add({ name: 'expired-url', route: 'archive-file', skip: 1 });
    const read = await readAll(await shopOf(server), { lines: 'all' });
    expect(read.lines).toEqual(await wholeLog(server, 3));
    expect(read.missing).toEqual([]);
  });

  it('reads an archive again when its connection is cut', async () => {
    const server = await sandbox({ archives: 3, linesPerArchive: 300 });
    server.faults.add({ name: 'cut-body', route: 'archive-file' });
    const read = await readAll(await shopOf(server), { lines: 'all' });
    expect(server.requests.filter(({ route }) => route === 'archive-file')).toHaveLength(4);
    expect(read.lines).toEqual(await wholeLog(server, 3));
    expect(read.missing).toEqual([]);
  });

  it('gets a fresh signed URL when one is refused', async () => {
    const server = await sandbox({ denied: 'json-403' });
    server.faults.add({ name: 'expired-url', route: 'dump' });
    expect((await readAll(await shopOf(server), { lines: 5 })).lines).toHaveLength(5);
    expect(server.requests.filter(({ route }) => route === 'logs-url')).toHaveLength(2);
  });

  it('says where an app is', async () => {
    const server = await sandbox();
    const [, second] = server.regions;
    const name = second?.app.name ?? '';
    await expect(open(clientOf(server), name)).rejects.toThrow(`in ${second?.name}`);
    await expect(open(clientOf(server, { region: second?.name ?? '' }), name)).resolves.toBeDefined();
    await expect(open(clientOf(server), 'nowhere')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('lists the apps of both regions with their components', async () => {
    const server = await sandbox();
    const list = await apps.list(clientOf(server), never);
    expect(list.map(({ name, region }) => [name, region])).toEqual(
      server.regions.map(({ app, name }) => [app.name, name]),
    );
    expect(list[0]?.components.map(({ name }) => name)).toContain('web');
    const one = await apps.list(clientOf(server, { region: server.regions[1]?.name ?? '' }), never);
    expect(one).toHaveLength(1);
  });

  it('reads the log of an add-on with the database’s own token', async () => {
    const server = await sandbox();
    server.world.write({ component: 'db', text: 'checkpoint complete' });
    for (const addon of [server.regions[0]?.app.addonId ?? '', 'PostgreSQL']) {
      const read = await readAll(await open(clientOf(server), server.world.app, { flags: { addon } }), {
        lines: 5,
      });
      expect(read.batches.flatMap(({ items }) => items).at(-1)?.body).toMatchObject({
        source: 'addon',
        message: 'checkpoint complete',
      });
    }
    expect(server.requests.filter(({ route }) => route === 'addon-token').length).toBe(2);
    await expect(
      open(clientOf(server), server.world.app, { flags: { addon: 'redis' } }),
    ).rejects.toMatchObject({
      kind: 'not-found',
      hint: expect.stringContaining('PostgreSQL'),
    });
  });

  it('refuses a wrong token without trying again', async () => {
    const server = await sandbox();
    await expect(open(clientOf(server, { token: 'tk-us-wrong' }), server.world.app)).rejects.toMatchObject({
      kind: 'auth',
      retryable: false,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('resumes a session that the platform has forgotten', async () => {
    const server = await sandbox();
    const client = clientOf(server);
    await open(client, server.world.app);
    server.faults.add({ name: 'unauthorized', route: 'logs-url' });
    await open(client, server.world.app);
    expect(server.requests.filter(({ route }) => route === 'exchange')).toHaveLength(2);
  });

  it('says how connections end', async () => {
    const server = await sandbox();
    const source = await shopOf(server);
    for (const [name, reason] of [
      ['close-1000', 'closed by Scalingo (1000'],
      ['close-1011', 'closed by Scalingo (1011'],
      ['reset-mid-line', 'the connection broke (1006)'],
    ] as const) {
      server.faults.add({ name, route: 'stream', afterLines: 1 });
      const live = source.live({ lines: 0 }, never);
      await live.next();
      server.world.write({ text: 'a' });
      server.world.write({ text: 'b' });
      let step = await live.next();
      while (step.done !== true) step = await live.next();
      expect(step.value.end).toBe('dropped');
      expect(step.value.reason).toContain(reason);
    }
  });

  it('knows who we are', async () => {
    const server = await sandbox();
    const settings = settingsOf({ 'auth-url': server.url, token: server.tokens[0] ?? '' });
    const client = scalingo.connect(settings, networkFor(settings));
    expect(await scalingo.whoami(client, never)).toMatchObject({
      user: 'alice',
      note: expect.stringContaining('@'),
    });
  });
});
