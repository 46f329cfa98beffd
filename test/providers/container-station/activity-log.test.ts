import { describe, expect, it } from 'vitest';
import { instantFromMillis } from '../../../src/model.ts';
import type { ContainerStationOptions, NewLogRow } from '../../../src/sandbox/container-station.ts';
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
} from './station.ts';

const NOON = Date.UTC(2026, 6, 1, 12);
const SMALL = { pageRows: 10, rowsInMemory: 25 };

/** Rows `row 1` to `row n`, a minute apart from noon on. */
function rows(count: number, more: (number: number) => Partial<NewLogRow> = () => ({})): NewLogRow[] {
  return Array.from({ length: count }, (_, index) => ({
    message: `row ${index + 1}`,
    at: { ms: NOON + index * 60_000, nanos: 0 },
    ...more(index + 1),
  }));
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `row ${from + index}`);
}

async function station(options: Partial<ContainerStationOptions>, pace = {}) {
  const nas = await sandbox(options);
  return { nas, client: clientOf({ url: nas.url, ...ADMIN }, { ...SMALL, ...pace }) };
}

function logQueries(requests: readonly { readonly path: string }[]): URLSearchParams[] {
  return requests
    .filter(({ path }) => path.includes('/api/v1/log?'))
    .map(({ path }) => new URL(path, 'http://nas').searchParams);
}

describe('history', () => {
  it('gives everything oldest first, page by page, beyond what memory may hold', async () => {
    const { client } = await station({ rows: rows(137) });
    const { batches, entries, end } = await readPast(await openLogs(client, ''), ALL);
    expect(entries.map(({ body }) => body.id)).toEqual(
      Array.from({ length: 137 }, (_, index) => String(index + 1)),
    );
    expect(Math.max(...batches.map(({ items }) => items.length))).toBeLessThanOrEqual(11);
    expect(end).toEqual({ complete: true, begins: instantFromMillis(NOON, 0) });
    expect(batches.at(-1)?.position).toMatchObject({ id: 137 });
  });

  it.each([
    [3, numbered(35, 37), false],
    [10, numbered(28, 37), false],
    [15, numbered(23, 37), false],
    [37, numbered(1, 37), false],
    [100, numbered(1, 37), true],
    [0, [], false],
  ])('the newest %i', async (lines, expected, complete) => {
    const { client } = await station({ rows: rows(37) });
    const read = await readPast(await openLogs(client, ''), { ...ALL, lines });
    expect([messagesOf(read.batches), read.end.complete]).toEqual([expected, complete]);
    expect(read.batches.at(-1)?.position).toMatchObject({ id: 37 });
  });

  it('of an empty log is empty and can be gone on from', async () => {
    const { nas, client } = await station({ rows: [] });
    const source = await openLogs(client, '');
    const { batches, end } = await readPast(source, { ...ALL, lines: 5 });
    expect([messagesOf(batches), end.complete]).toEqual([[], true]);
    nas.addRow({ message: 'first' });
    const after = batches.at(-1)?.position ?? null;
    const live = await readUntil(source.live({ after }, ownSignal()), (seen) => messagesOf(seen).length > 0);
    expect(messagesOf(live)).toEqual(['first']);
  });

  it.each([
    ['a largest page of its own', { maxLogLimit: 20 }],
    ['an offset that is an id', { logOffset: 'id' as const }],
  ])('is whole on a station with %s', async (_name, options) => {
    const { client } = await station({ rows: rows(64), ...options }, { pageRows: 25 });
    const { batches } = await readPast(await openLogs(client, ''), ALL);
    expect(messagesOf(batches)).toEqual(numbered(1, 64));
  });

  it('is whole on a station that knows no offset', async () => {
    const all = Array.from({ length: 45 }, (_, index) => ({
      id: 45 - index,
      ts: 1,
      message: `row ${45 - index}`,
    }));
    const nas = await serve(({ path, query }) => {
      if (path.includes('/log?')) return { json: all.slice(0, Number(query.get('limit'))) };
      return { json: { username: 'nobody' } };
    });
    const { batches } = await readPast(await openLogs(clientOf({ url: nas.url }, SMALL), ''), ALL);
    expect(messagesOf(batches)).toEqual(numbered(1, 45));
  });

  describe('where offset is ignored and limit is capped', () => {
    const capped = { logOffset: 'ignored', maxLogLimit: 25 } as const;
    const lossesOf = ({ batches }: Awaited<ReturnType<typeof readPast>>) =>
      batches.flatMap(({ missing }) => missing ?? []);

    it.each([
      ['A', 'shifted', 480],
      ['C', 'true', 480],
      ['E', 'shifted', -300],
      ['E', 'true', -300],
      ['E', 'true', 0],
    ] as const)(
      'goes back by time: %s, %s times, %i minutes east',
      async (dialect, logTimes, nasUtcOffset) => {
        const missing = ['log-export'] as const;
        const { client } = await station({
          ...capped,
          ...{ dialect, logTimes, nasUtcOffset, missing, rows: rows(137) },
        });
        const read = await readPast(await openLogs(client, ''), ALL);
        expect([messagesOf(read.batches), lossesOf(read)]).toEqual([numbered(1, 137), []]);
        expect(read.end).toEqual({ complete: true, begins: instantFromMillis(NOON, 0) });
      },
    );

    it('finds the end of a log whose ids began later, and -n and --since reach it', async () => {
      const { client } = await station({ ...capped, rows: rows(137, (number) => ({ id: 800 + number })) });
      const source = await openLogs(client, '');
      const read = await readPast(source, ALL);
      expect([messagesOf(read.batches), lossesOf(read)]).toEqual([numbered(1, 137), []]);
      expect(read.end.begins).toEqual(instantFromMillis(NOON, 0));
      expect(messagesOf((await readPast(source, { ...ALL, lines: 90 })).batches)).toEqual(numbered(48, 137));
      const since = instantFromMillis(NOON + 40 * 60_000);
      expect(messagesOf((await readPast(source, { ...ALL, since })).batches)).toEqual(numbered(41, 137));
    });

    it('gives each new row once though more came than it hands out', async () => {
      const { nas, client } = await station({ ...capped, rows: rows(30) });
      const source = await openLogs(client, '');
      const { batches } = await readPast(source, { ...ALL, lines: 1 });
      for (let number = 31; number <= 130; number += 1) {
        nas.addRow({ message: `row ${number}`, at: { ms: NOON + number * 60_000, nanos: 0 } });
      }
      const after = batches.at(-1)?.position ?? null;
      const live = await readUntil(source.live({ after }, ownSignal()), (seen) =>
        messagesOf(seen).includes('row 130'),
      );
      expect([messagesOf(live), live.flatMap(({ missing }) => missing ?? [])]).toEqual([
        numbered(31, 130),
        [],
      ]);
    });

    const blind = { ...capped, logTimes: 'ignored' } as const;

    it('has the rest from the CSV export where times are ignored as well', async () => {
      const words = 'a, "b"\nc';
      const { client } = await station({
        ...blind,
        rows: rows(80, (number) => ({
          at: { ms: NOON + Math.floor(number / 7) * 1000, nanos: number * 1000 },
          message: number === 3 ? words : `row ${number % 4}`,
          level: number % 5 === 0 ? 'ERROR' : 'INFO',
          user: number % 2 === 0 ? 'admin' : 'system',
        })),
      });
      const source = await openLogs(client, '');
      const read = await readPast(source, ALL);
      const expected = Array.from({ length: 80 }, (_, index) =>
        index === 2 ? words : `row ${(index + 1) % 4}`,
      );
      expect([messagesOf(read.batches), lossesOf(read)]).toEqual([expected, []]);
      expect(read.end).toEqual({ complete: true, begins: instantFromMillis(NOON, 0) });
      expect(read.entries.map(({ body }) => body.id).slice(53, 57)).toEqual([null, null, '56', '57']);
      expect(read.entries[4]?.body).toMatchObject({
        ts: { seconds: NOON / 1000, nanos: 5000, digits: 6 },
        quality: 'corrected',
        level: 'error',
        source: 'platform',
        fields: { category: 'container', user: 'system' },
      });
      expect(new Set(read.entries.map((entry) => source.keyOf(entry))).size).toBe(80);
      expect(messagesOf((await readPast(source, { ...ALL, lines: 70 })).batches)).toEqual(
        expected.slice(-70),
      );
      const ofUser = await openLogs(client, '', { flags: { user: 'system' } });
      expect((await readPast(ofUser, ALL)).entries).toHaveLength(40);
    });

    it.each([
      ['there is no CSV either', { missing: ['log-export'] }, {}],
      ['a text is searched for', {}, { text: 'row' }],
    ] as const)('says that more may exist where %s', async (_, options, flags) => {
      const { client } = await station({ ...blind, ...options, rows: rows(80) });
      const read = await readPast(await openLogs(client, '', { flags }), ALL);
      expect(messagesOf(read.batches)).toEqual(numbered(56, 80));
      expect(lossesOf(read)).toEqual([
        {
          count: null,
          reason: 'the station hands out nothing older than its row 56, and its log may reach further back',
          certain: false,
        },
      ]);
      expect(read.end.begins).toBeNull();
    });

    it('is sure of it where the CSV has more rows, but none that could be told apart', async () => {
      const all = Array.from({ length: 45 }, (_, index) => ({
        ...{ id: 145 - index, ts: 1, message: `row ${45 - index}` },
        ...{ level: 'INFO', category: 'a', user: 'b' },
      }));
      const csv = `Date,Level,Category,User,Message\r\n${'2026-01-01 00:00:00,INFO,a,b,c\r\n'.repeat(45)}`;
      const nas = await serve(({ path }) => {
        if (path.includes('/log?')) return { json: all.slice(0, 25) };
        return path.endsWith('/log/export') ? { text: csv } : { json: { username: 'nobody' } };
      });
      const read = await readPast(await openLogs(clientOf({ url: nas.url }, SMALL), ''), ALL);
      expect(lossesOf(read)).toEqual([
        {
          count: 20,
          reason:
            'the station hands out nothing older than its row 121; its CSV, which logs export -o raw brings, has 20 rows more',
          certain: true,
        },
      ]);
    });

    it('says nothing of what is older than was asked for', async () => {
      const { client } = await station({ ...blind, missing: ['log-export'], rows: rows(80) });
      const since = instantFromMillis(NOON + 60 * 60_000);
      const source = await openLogs(client, '');
      const read = await readPast(source, { ...ALL, since });
      expect([messagesOf(read.batches), lossesOf(read), read.end.begins]).toEqual([
        numbered(61, 80),
        [],
        null,
      ]);
      expect(lossesOf(await readPast(source, { ...ALL, lines: 25 }))).toEqual([]);
    });
  });

  it.each([1, 4, 25])(
    'has each row once while %i rows come between two pages, and live has those',
    async (burst) => {
      const { nas, client } = await station({ rows: rows(60) });
      const source = await openLogs(client, '');
      let next = 61;
      const stop = nas.onAnswered(({ path }) => {
        if (!path.includes('/log?') || next > 130) return;
        for (let row = 0; row < burst; row += 1) nas.addRow({ message: `row ${next++}` });
      });
      const past = await readPast(source, ALL);
      stop();
      const after = past.batches.at(-1)?.position ?? null;
      const live = await readUntil(source.live({ after }, ownSignal()), (seen) =>
        messagesOf(seen).includes(`row ${next - 1}`),
      );
      expect([...messagesOf(past.batches), ...messagesOf(live)]).toEqual(numbered(1, next - 1));
    },
  );

  it.each([
    ['one row per answer', 1, {}],
    ['a page less one per answer', 9, { maxLogLimit: 10 }],
    ['more than a page per answer', 15, { maxLogLimit: 10 }],
  ])('ends while the log grows by %s', async (_name, logGrowth, options) => {
    const { nas, client } = await station({ rows: rows(64), logGrowth, ...options });
    const { batches } = await readPast(await openLogs(client, ''), ALL);
    const old = messagesOf(batches).filter((message) => message.startsWith('row'));
    expect(old).toEqual(numbered(1, 64));
    expect(logQueries(nas.requests).length).toBeLessThan(40);
  });

  it('gives up pages that stay full of what is written meanwhile, and says what is not known', async () => {
    let written = 100;
    const nas = await serve(({ path, query }) => {
      if (!path.includes('/log?')) return { json: {} };
      const offset = Number(query.get('offset') ?? 0);
      const first = written - offset;
      const length = Math.max(0, Math.min(Number(query.get('limit')), 10, first));
      // From some page on as many as leave room for the known row alone.
      if (offset > 36) written += 9;
      return {
        json: Array.from({ length }, (_, index) => ({
          id: first - index,
          ts: first - index,
          message: `row ${first - index}`,
        })),
      };
    });
    const { batches } = await readPast(await openLogs(clientOf({ url: nas.url }, SMALL), ''), ALL);
    expect(messagesOf(batches)).toEqual(numbered(46, 100));
    expect(batches.some(({ missing }) => missing !== undefined)).toBe(true);
  });

  it.each([
    ['all', {}, numbered(1, 64)],
    ['all', { maxLogLimit: 12 }, numbered(1, 64)],
    [5, {}, numbered(60, 64)],
    [1, {}, ['row 64']],
  ] as const)(
    'of a station that lists the oldest row first has the newest %s',
    async (lines, options, wanted) => {
      const { client } = await station({ rows: rows(64), logOrder: 'oldest', ...options });
      const { batches } = await readPast(await openLogs(client, ''), { ...ALL, lines });
      expect(messagesOf(batches)).toEqual(wanted);
    },
  );

  it('does not take a station that lists the oldest row first for one that was cleared', async () => {
    const { client } = await station({ rows: rows(64), logOrder: 'oldest' });
    const source = await openLogs(client, '');
    const { batches } = await readPast(source, ALL);
    const live = source.live({ after: batches.at(-1)?.position ?? null }, ownSignal());
    await expect(live.next()).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('cannot be followed'),
    });
  });

  it('refuses to take the oldest rows for the newest where there are too many to reach those', async () => {
    const { client } = await station({ rows: rows(64), logOrder: 'oldest' }, { unpagedRows: 30 });
    const read = openLogs(client, '').then((source) => readPast(source, { ...ALL, lines: 5 }));
    await expect(read).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('oldest first'),
    });
  });

  it('puts rows in order whatever the order of an answer', async () => {
    const nas = await serve(({ path }) => {
      if (path.includes('/log?'))
        return { json: [2, 3, 1, 3].map((id) => ({ id, ts: id, message: `row ${id}` })) };
      return { json: {} };
    });
    const { batches } = await readPast(await openLogs(clientOf({ url: nas.url }), ''), ALL);
    expect(messagesOf(batches)).toEqual(numbered(1, 3));
  });
});

describe('a range of time', () => {
  const query = {
    since: instantFromMillis(NOON + 20 * 60_000),
    until: instantFromMillis(NOON + 30 * 60_000),
  };

  it.each([
    ['A', 'shifted', 480],
    ['A', 'true', 480],
    ['C', 'shifted', -600],
    ['E', 'shifted', 480],
    ['E', 'true', -660],
    ['E', 'shifted', 840],
  ] as const)('in dialect %s, %s times, %i minutes east', async (dialect, logTimes, nasUtcOffset) => {
    const { client } = await station({ dialect, logTimes, nasUtcOffset, rows: rows(60) });
    const { batches } = await readPast(await openLogs(client, ''), { ...query, lines: 'all' });
    expect(messagesOf(batches)).toEqual(numbered(21, 30));
  });

  it('counts only the lines within', async () => {
    const { client } = await station({ rows: rows(60) });
    const { batches } = await readPast(await openLogs(client, ''), { ...query, lines: 3 });
    expect(messagesOf(batches)).toEqual(numbered(28, 30));
  });

  it('is asked for under both names, 14 hours wider each way', async () => {
    const { nas, client } = await station({ rows: rows(5) });
    await readPast(await openLogs(client, ''), { ...query, lines: 'all' });
    const asked = logQueries(nas.requests).find((parameters) => parameters.has('start'));
    const start = NOON / 1000 + 20 * 60 - 14 * 3600;
    const end = NOON / 1000 + 30 * 60 + 1 + 14 * 3600;
    expect(Object.fromEntries(asked ?? [])).toEqual({
      limit: '10',
      start: String(start),
      time_start: String(start),
      end: String(end),
      time_end: String(end),
    });
  });

  it.each([
    ['there is more before', 3000, null],
    ['the log begins later', 30, instantFromMillis(NOON, 0)],
  ])('tells whether %s', async (_name, count, begins) => {
    const { client } = await station({ rows: rows(count) }, { pageRows: 500 });
    const since = instantFromMillis(count === 30 ? NOON - 3_600_000 : NOON + 2900 * 60_000);
    const { end } = await readPast(await openLogs(client, ''), { lines: 'all', since, until: null });
    expect(end).toEqual({ complete: true, begins });
  });
});

describe('filters', () => {
  const mixed = rows(12, (number) => ({
    category: ['container', 'image', 'volume'][number % 3] ?? '',
    level: number % 4 === 0 ? 'ERROR' : number % 4 === 1 ? 'WARN' : 'INFO',
    user: number % 2 === 0 ? 'admin' : 'system',
  }));

  it.each(['A', 'B', 'C', 'D', 'E'] as const)('two categories in dialect %s', async (dialect) => {
    const { nas, client } = await station({ dialect, rows: mixed });
    const source = await openLogs(client, '', { flags: { category: 'image, Volume' } });
    const { batches } = await readPast(source, ALL);
    expect(messagesOf(batches)).toEqual([1, 2, 4, 5, 7, 8, 10, 11].map((number) => `row ${number}`));
    const sent = nas.requests.some(({ path }) => path.includes('category=image,volume'));
    expect(sent).toBe(dialect !== 'A');
  });

  it.each(['A', 'E'] as const)('levels in dialect %s', async (dialect) => {
    const { client } = await station({ dialect, rows: mixed });
    const source = await openLogs(client, '', { levels: ['warn', 'error', 'fatal'] });
    const { batches } = await readPast(source, ALL);
    expect(messagesOf(batches)).toEqual([1, 4, 5, 8, 9, 12].map((number) => `row ${number}`));
  });

  it('one category, user and text go to the station of any dialect', async () => {
    const { nas, client } = await station({ dialect: 'A', rows: mixed });
    const source = await openLogs(client, '', {
      flags: { category: 'image', user: 'system', text: 'row 1&' },
    });
    await readPast(source, ALL);
    const asked = logQueries(nas.requests).at(-1);
    expect([asked?.get('category'), asked?.get('user'), asked?.get('text')]).toEqual([
      'image',
      'system',
      'row 1&',
    ]);
  });

  it('count the lines that pass', async () => {
    const { client } = await station({ rows: mixed });
    const source = await openLogs(client, '', { flags: { user: 'system' } });
    const { batches } = await readPast(source, { ...ALL, lines: 2 });
    expect(messagesOf(batches)).toEqual(['row 9', 'row 11']);
  });

  it('do not make live look through the past again', async () => {
    const { nas, client } = await station({
      rows: rows(40, (number) => ({ user: number === 1 ? 'eve' : 'admin' })),
    });
    const source = await openLogs(client, '', { flags: { user: 'eve' } });
    const since = instantFromMillis(NOON + 30 * 60_000);
    const past = await readPast(source, { lines: 'all', since, until: null });
    expect(messagesOf(past.batches)).toEqual([]);
    nas.addRow({ message: 'row 41', user: 'eve' });
    const after = past.batches.at(-1)?.position ?? null;
    const live = await readUntil(source.live({ after }, ownSignal()), (seen) => messagesOf(seen).length > 0);
    expect(messagesOf(live)).toEqual(['row 41']);
  });

  it('show the rows that name a container', async () => {
    const { nas, client } = await station({});
    const web = (await client.containers(ownSignal())).find(({ name }) => name === 'shop-web');
    nas.addRow({ message: `Stop container (docker, ${web?.id.slice(0, 12)}, shop-web)` });
    nas.addRow({ message: 'Stop container (docker, 0123456789ab, shop-worker)' });
    nas.addRow({ message: 'Start container (lxc, shop-web)' });
    const source = await openLogs(client, 'docker/shop-web', { flags: { activity: true } });
    const { entries } = await readPast(source, ALL);
    expect(entries.map(({ body }) => [body.id, body.component])).toEqual([['1', 'shop-web']]);
  });
});

describe('following', () => {
  it('begins with the last n, then gives each new row once', async () => {
    const { nas, client } = await station({ rows: rows(30) });
    const source = await openLogs(client, '');
    const live = source.live({ lines: 4 }, ownSignal());
    const first = await readUntil(live, (seen) => messagesOf(seen).length === 4);
    nas.addRow({ message: 'row 31' });
    const second = await readUntil(live, (seen) => messagesOf(seen).length === 1);
    for (let number = 32; number <= 80; number += 1) nas.addRow({ message: `row ${number}` });
    const third = await readUntil(live, (seen) => messagesOf(seen).includes('row 80'));
    expect([...first, ...second, ...third].flatMap((batch) => messagesOf([batch]))).toEqual(numbered(27, 80));
    expect(third.every(({ missing }) => missing === undefined)).toBe(true);
  });

  it('begins with nothing old for no lines', async () => {
    const { nas, client } = await station({ rows: rows(30) });
    const live = (await openLogs(client, '')).live({ lines: 0 }, ownSignal());
    await live.next();
    nas.addRow({ message: 'row 31' });
    expect(messagesOf(await readUntil(live, (seen) => messagesOf(seen).length > 0))).toEqual(['row 31']);
  });

  it('gives an empty batch with a position for every look that found nothing', async () => {
    const { nas, client } = await station({ rows: rows(3) });
    const live = (await openLogs(client, '')).live(
      { after: { id: 3, ts: (NOON + 120_000) / 1000 + 28_800 } },
      ownSignal(),
    );
    const before = nas.requests.length;
    const batches = await readUntil(live, (seen) => seen.length === 4);
    expect(batches.map(({ items, position }) => [items.length, position])).toEqual(
      Array(4).fill([0, expect.objectContaining({ id: 3 })]),
    );
    expect(nas.requests.length - before).toBe(4);
  });

  it('goes on after a position, whatever came meanwhile', async () => {
    const { nas, client } = await station({ rows: rows(30) });
    const source = await openLogs(client, '');
    const { batches } = await readPast(source, { ...ALL, lines: 5 });
    const position = JSON.parse(JSON.stringify(batches.at(-1)?.position));
    for (let number = 31; number <= 90; number += 1) nas.addRow({ message: `row ${number}` });
    const later = await openLogs(clientOf({ url: nas.url, ...ADMIN }, SMALL), '');
    const live = await readUntil(
      later.live({ after: position }, ownSignal()),
      (seen) => messagesOf(seen).length >= 60,
    );
    expect(messagesOf(live)).toEqual(numbered(31, 90));
  });

  it('goes on after every batch of a long catch-up', async () => {
    const { client } = await station({ rows: rows(50) });
    const source = await openLogs(client, '');
    const live = source.live({ after: { id: 0, ts: null } }, ownSignal());
    const first = (await readUntil(live, (seen) => messagesOf(seen).length > 0)).at(-1);
    const shown = first?.items.length ?? 0;
    const rest = await readUntil(source.live({ after: first?.position ?? null }, ownSignal()), (seen) =>
      messagesOf(seen).includes('row 50'),
    );
    expect(messagesOf(rest)).toEqual(numbered(shown + 1, 50));
  });

  it.each(['', 'image,system,container'])(
    'notices a cleared log, with the categories "%s"',
    async (category) => {
      const { nas, client } = await station({ rows: rows(30) });
      const source = await openLogs(client, '', { flags: category === '' ? {} : { category } });
      const live = source.live({ lines: 1 }, ownSignal());
      await readUntil(live, (seen) => messagesOf(seen).includes('row 30'));
      nas.clearLog();
      nas.addRow({ message: 'after' });
      const batches = await readUntil(live, (seen) => messagesOf(seen).includes('after'));
      expect(batches.flatMap(({ notices }) => notices ?? []).map(({ kind }) => kind)).toEqual(['cleared']);
      expect(messagesOf(batches).at(-1)).toBe('after');
      nas.addRow({ message: 'more' });
      expect(messagesOf(await readUntil(live, (seen) => messagesOf(seen).length > 0))).toEqual(['more']);
    },
  );

  it('shows no row twice that came after a clearing while the past was asked for', async () => {
    const { nas, client } = await station({ rows: rows(30) });
    const source = await openLogs(client, '');
    const stop = nas.onAnswered(({ path }) => {
      // The newest row has been told.
      if (!path.includes('/api/v1/log?')) return;
      stop();
      nas.clearLog();
      nas.addRow({ message: 'once' });
    });
    const { batches } = await readPast(source, ALL);
    expect(messagesOf(batches)).toContain('once');
    const live = source.live({ after: batches.at(-1)?.position ?? null }, ownSignal());
    nas.addRow({ message: 'next' });
    expect(messagesOf(await readUntil(live, (seen) => messagesOf(seen).includes('next')))).toEqual(['next']);
  });

  it('notices a clearing though the log has grown past the last id since', async () => {
    const { nas, client } = await station({ rows: rows(5) });
    const source = await openLogs(client, '');
    const { batches } = await readPast(source, ALL);
    nas.clearLog();
    for (let number = 0; number < 20; number += 1) nas.addRow({ message: `new ${number}` });
    const after = batches.at(-1)?.position ?? null;
    const live = await readUntil(source.live({ after }, ownSignal()), (seen) =>
      messagesOf(seen).includes('new 19'),
    );
    expect(live.flatMap(({ notices }) => notices ?? [])).toHaveLength(1);
    expect(messagesOf(live).filter((message) => message.startsWith('new'))).toHaveLength(20);
  });

  it('goes on without a word where ids go on after a clearing', async () => {
    const { nas, client } = await station({ rows: rows(5), idsAfterClear: 'continue' });
    const source = await openLogs(client, '');
    const { batches } = await readPast(source, ALL);
    nas.clearLog();
    nas.addRow({ message: 'after' });
    const after = batches.at(-1)?.position ?? null;
    const live = await readUntil(source.live({ after }, ownSignal()), (seen) =>
      messagesOf(seen).includes('after'),
    );
    expect(live.flatMap(({ missing, notices }) => [missing ?? [], notices ?? []].flat())).toEqual([]);
  });

  it('says that something may be missing when the last known row is gone', async () => {
    const { nas, client } = await station({ rows: rows(5), idsAfterClear: 'continue' });
    for (let number = 6; number <= 20; number += 1) nas.addRow({ message: `row ${number}` });
    nas.clearLog();
    const source = await openLogs(client, '');
    const live = source.live({ after: { id: 3, ts: 1 } }, ownSignal());
    const batches = await readUntil(live, (seen) => messagesOf(seen).length > 0);
    expect(batches.flatMap(({ missing }) => missing ?? [])).toEqual([
      { count: null, reason: expect.stringContaining('no longer shows'), certain: false },
    ]);
  });

  it('renews a session that ends meanwhile', async () => {
    const { nas, client } = await station({ rows: rows(5), sessionLifeRequests: 3 });
    const live = (await openLogs(client, '')).live({ lines: 1 }, ownSignal());
    await readUntil(live, (seen) => seen.length === 8);
    nas.addRow({ message: 'still here' });
    const batches = await readUntil(live, (seen) => messagesOf(seen).length > 0);
    expect(messagesOf(batches)).toEqual(['still here']);
  });

  it('ends at once when called off', async () => {
    const { client } = await station({ rows: rows(5) }, { pollMillis: 3_600_000 });
    const stop = new AbortController();
    const live = (await openLogs(client, '')).live({ after: { id: 0, ts: null } }, stop.signal);
    await readUntil(live, (seen) => seen.at(-1)?.items.length === 0 && messagesOf(seen).length === 5);
    const waiting = live.next();
    stop.abort(new Error('Ctrl-C'));
    await expect(waiting).rejects.toThrow('Ctrl-C');
    expect(await live.next()).toMatchObject({ done: true });
  });

  it.each([[null], [7], [{ tail: [], total: 0 }], [{ id: 'x', ts: null }]])(
    'refuses the position %j',
    async (after) => {
      const { client } = await station({ rows: rows(1) });
      const live = (await openLogs(client, '')).live({ after }, ownSignal());
      await expect(live.next()).rejects.toMatchObject({ kind: 'usage' });
    },
  );
});

describe('a bad answer', () => {
  it.each([
    [{ name: 'not-json' as const }, 'platform', false],
    [{ name: 'wrong-shape' as const }, 'platform', false],
    [{ name: 'html-error' as const, status: 500 }, 'unavailable', true],
    [{ name: 'server-error' as const, status: 500 }, 'unavailable', true],
    [{ name: 'rate-limited' as const, retryAfter: 60 }, 'unavailable', true],
    [{ name: 'connection-refused' as const }, 'unavailable', true],
  ])('%j is one sentence with the place in it', async (fault, kind, retryable) => {
    const { nas, client } = await station({ rows: rows(3) });
    const source = await openLogs(client, '');
    nas.faults.add({ ...fault, route: 'log', times: 100 });
    await expect(readPast(source, ALL)).rejects.toMatchObject({
      kind,
      retryable,
      message: expect.stringContaining(new URL(nas.url).host),
    });
  });

  it('of version 3 names what it lacks and what works', async () => {
    const { client } = await station({ dialect: 'F' });
    await expect(openLogs(client, '')).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(/^Container Station at .* has no activity log in its API/),
      hint: expect.stringContaining('polylog apps list nas'),
    });
  });
});
