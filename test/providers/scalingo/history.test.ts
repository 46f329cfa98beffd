import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { formatInstant, instantFromMillis } from '../../../src/model.ts';
import type { LogOptions } from '../../../src/provider.ts';
import { secondsOfDate } from '../../../src/providers/scalingo/archives.ts';
import {
  type Answers,
  clientFor,
  json,
  never,
  type OwnServer,
  open,
  plain,
  readAll,
  startOwn,
} from './setup.ts';

const started: OwnServer[] = [];
async function sourceOn(routes: NonNullable<Answers['routes']>, options: Partial<LogOptions> = {}) {
  const server = await startOwn({ routes });
  started.push(server);
  return { server, source: await open(clientFor({ 'auth-url': server.url }), 'shop', options) };
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
});

const DAY = Date.UTC(2026, 8, 20);
/** A line at that minute of the day. */
const line = (minute: number, text = `m${minute}`) =>
  `${new Date(DAY + minute * 60_000).toISOString().replace('T', ' ').slice(0, 19)}.000000001 +0000 UTC [web-1] ${text}`;
const at = (minute: number) => instantFromMillis(DAY + minute * 60_000);
const goDate = (minute: number) => {
  const [, week, day, month, year, clock] =
    /^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/.exec(new Date(DAY + minute * 60_000).toUTCString()) ?? [];
  return `${week} ${month} ${day} ${clock} +0000 UTC ${year}`;
};
const lines = (...texts: string[]) => texts.map((text) => `${text}\r\n`).join('');
const dumps = (server: OwnServer) => server.asked.filter((asked) => asked.startsWith('GET /logs/shop'));

type Respond = NonNullable<Answers['routes']>[string];
const dump = (...texts: string[]): Record<string, Respond> => ({
  '/logs/shop': (_, response) => plain(response, 200, lines(...texts)),
});

describe('the hot log', () => {
  it('is asked for n lines with the signed query kept and no token sent', async () => {
    const { server, source } = await sourceOn(dump(line(1), 'continued', '', line(2)), {
      components: ['web'],
    });
    const read = await readAll(source, { lines: 4 });
    expect(read.lines).toEqual([line(1), 'continued', '', line(2)]);
    expect(read.end).toEqual({ complete: false, begins: null });
    expect(dumps(server)).toEqual(['GET /logs/shop?token=secret1&timestamp=17&x=a%7Cb&n=4&filter=web']);
    expect(server.authorizations.at(-1)).toBeUndefined();
  });

  it('is complete when fewer lines came than were asked for', async () => {
    const { source } = await sourceOn(dump(line(1)));
    expect((await readAll(source, { lines: 2 })).end.complete).toBe(true);
  });

  it('keeps a last line without its end', async () => {
    const { source } = await sourceOn({
      '/logs/shop': (_, response) => plain(response, 200, `${line(1)}\n${line(2)}`),
    });
    expect((await readAll(source)).lines).toEqual([line(1), line(2)]);
  });

  it.each([204, 404])('is empty when the log server answers %i', async (status) => {
    const { source } = await sourceOn({ '/logs/shop': (_, response) => response.writeHead(status).end() });
    expect(await readAll(source)).toMatchObject({ lines: [], end: { complete: true } });
  });

  it('is asked for with a fresh URL when the signature is refused, once', async () => {
    const { server, source } = await sourceOn({
      '/logs/shop': ({ query }, response) =>
        query.get('token') === 'secret1'
          ? plain(response, 401, 'expired')
          : plain(response, 200, lines(line(1))),
    });
    expect((await readAll(source)).lines).toEqual([line(1)]);
    expect(dumps(server)).toHaveLength(2);
    const refused = await sourceOn({ '/logs/shop': (_, response) => plain(response, 403, 'no') });
    await expect(readAll(refused.source)).rejects.toMatchObject({ kind: 'unavailable', status: 403 });
    expect(dumps(refused.server)).toHaveLength(2);
  });

  it('is asked for without the filter, and for less, when the platform does not want that', async () => {
    const { server, source } = await sourceOn(
      {
        '/logs/shop': ({ query }, response) =>
          query.has('filter') || Number(query.get('n')) > 200_000
            ? plain(response, 400, 'bad')
            : plain(response, 200, lines(line(1))),
        '/v1/apps/shop/logs_archives': (_, response) =>
          json(response, 200, { next_cursor: '', has_more: false, archives: [] }),
      },
      { components: ['web'] },
    );
    expect((await readAll(source, { lines: 'all' })).lines).toEqual([line(1)]);
    expect(dumps(server)).toHaveLength(3);
  });

  it('is tried again after a fault that passes, with a fresh URL, and given up in time', async () => {
    let failures = 2;
    const { server, source } = await sourceOn({
      '/logs/shop': (_, response) => {
        failures -= 1;
        if (failures === 1) response.destroy();
        else if (failures === 0) plain(response, 503, 'x');
        else plain(response, 200, lines(line(1)));
      },
    });
    expect((await readAll(source)).lines).toEqual([line(1)]);
    expect(dumps(server).map((asked) => /secret\d/.exec(asked)?.[0])).toEqual([
      'secret1',
      'secret2',
      'secret3',
    ]);
    const limited = await sourceOn({
      '/logs/shop': (_, response) => response.writeHead(429, { 'retry-after': '60' }).end('Retry later'),
    });
    await expect(readAll(limited.source)).rejects.toMatchObject({
      kind: 'unavailable',
      status: 429,
      retryAfter: 60_000,
    });
  });

  it('marks the line that broke off and then throws', async () => {
    const { source } = await sourceOn({
      '/logs/shop': (_, response) => {
        response.writeHead(200, { 'content-length': '100000' });
        response.write(`${line(1)}\r\n2026-09-20 00:02`, () => response.destroy());
      },
    });
    const history = source.history({ lines: 10, since: null, until: null }, never);
    const seen: unknown[] = [];
    const drain = async () => {
      for await (const { items, cut } of history) seen.push([items.map(({ raw }) => raw), cut]);
    };
    await expect(drain()).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
      message: expect.stringContaining('"shop"'),
    });
    expect(seen).toEqual([
      [[line(1)], undefined],
      [['2026-09-20 00:02'], true],
    ]);
  });

  it('does not take a page of HTML for lines', async () => {
    const { source } = await sourceOn({
      '/logs/shop': (_, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>'),
    });
    await expect(readAll(source)).rejects.toMatchObject({ kind: 'platform' });
  });

  it('asks for nothing when nothing is wanted', async () => {
    const { server, source } = await sourceOn({});
    expect((await readAll(source, { lines: 0 })).end.complete).toBe(false);
    expect(dumps(server)).toEqual([]);
  });
});

describe('since', () => {
  it('is believed to be reached only when half of the sample lies before it', async () => {
    const one = await sourceOn(dump(line(1), line(10), line(11), line(12)));
    expect((await readAll(one.source, { lines: 4, since: at(5) })).end.complete).toBe(false);
    const half = await sourceOn(dump(line(1), line(10), line(2), line(12)));
    expect((await readAll(half.source, { lines: 4, since: at(5) })).end.complete).toBe(true);
    const none = await sourceOn(dump(line(7), line(10)));
    expect((await readAll(none.source, { lines: 2, since: at(5) })).end.complete).toBe(false);
    expect(none.server.asked.some((asked) => asked.includes('archives'))).toBe(false);
  });

  it('before the whole hot log brings the archives that may hold it, ahead of the hot log', async () => {
    const { server, source } = await sourceOn({
      ...dump(line(700), line(701)),
      ...archives([
        [600, 660, gzipSync(lines(line(610), line(659)))],
        [400, 500, gzipSync(lines(line(410)))],
        [100, 200, gzipSync(lines(line(110)))],
      ]),
    });
    const read = await readAll(source, { lines: 100, since: at(600) });
    expect(read.lines).toEqual([line(610), line(659), line(700), line(701)]);
    expect(read.end).toMatchObject({ complete: true });
    expect(server.asked.filter((asked) => asked.includes('/arch/')).length).toBe(1);
  });

  it('within the hot log asks for no archives', async () => {
    const { server, source } = await sourceOn(dump(line(1), line(10)));
    expect((await readAll(source, { lines: 100, since: at(5) })).end.complete).toBe(true);
    expect(server.asked.some((asked) => asked.includes('archives'))).toBe(false);
  });
});

/** Newest first, two to a page; the URLs are signed with a number that grows. */
function archives(
  files: [from: number, to: number, body: Buffer | Respond][],
  knobs: { sign?: () => string } = {},
): Record<string, Respond> {
  const routes: Record<string, Respond> = {
    '/v1/apps/shop/logs_archives': ({ query, request }, response) => {
      const first = Number(query.get('cursor') ?? 0);
      const page = files.slice(first, first + 2).map(([from, to], index) => ({
        url: `http://${request.headers.host}/arch/${first + index}?sig=${knobs.sign?.() ?? 'x'}`,
        size: 100,
        from: goDate(from),
        to: goDate(to),
      }));
      const more = first + 2 < files.length;
      json(response, 200, { next_cursor: more ? String(first + 2) : '', has_more: more, archives: page });
    },
  };
  files.forEach(([, , body], index) => {
    routes[`/arch/${index}`] =
      typeof body === 'function' ? body : (_, response) => plain(response, 200, body);
  });
  return routes;
}

describe('archives', () => {
  const three = (middle: Buffer | Respond, knobs = {}) =>
    archives(
      [
        [600, 660, gzipSync(lines(line(610)))],
        [400, 500, middle],
        [100, 200, gzipSync(lines(line(110)))],
      ],
      knobs,
    );
  const whole = gzipSync(lines(line(410), line(420), line(430)));

  it('come oldest first, by cursor, without a token, then the hot log', async () => {
    const { server, source } = await sourceOn({ ...dump(line(700)), ...three(whole) });
    const read = await readAll(source, { lines: 'all' });
    expect(read.lines).toEqual([110, 410, 420, 430, 610, 700].map((minute) => line(minute)));
    expect(read.missing).toEqual([]);
    expect(read.end.complete).toBe(true);
    expect(read.end.begins && formatInstant(read.end.begins)).toBe('2026-09-20T01:50:00.000000001Z');
    server.asked.forEach((asked, index) => {
      if (asked.includes('/arch/')) expect(server.authorizations[index]).toBeUndefined();
    });
    expect(server.asked).toContain('GET /v1/apps/shop/logs_archives?cursor=2');
  });

  it('are left out beyond --until', async () => {
    const { source } = await sourceOn({ ...dump(line(700)), ...three(whole) });
    expect((await readAll(source, { lines: 'all', until: at(150) })).lines).toEqual([line(110), line(700)]);
  });

  it('have their URLs renewed once when they have expired', async () => {
    let signature = 0;
    const expiring: Respond = ({ query }, response) =>
      Number(query.get('sig')) <= 3 ? plain(response, 403, 'expired') : plain(response, 200, whole);
    const { source } = await sourceOn({
      ...dump(line(700)),
      ...three(expiring, { sign: () => String(++signature) }),
    });
    const read = await readAll(source, { lines: 'all' });
    expect([read.lines.length, read.missing]).toEqual([6, []]);
    const denied = await sourceOn({
      ...dump(line(700)),
      ...three((_, response) => plain(response, 403, 'no')),
    });
    const rest = await readAll(denied.source, { lines: 'all' });
    expect(rest.lines).toEqual([110, 610, 700].map((minute) => line(minute)));
    expect(rest.missing).toEqual([
      expect.stringMatching(/^the archive from Sun Sep 20 06:40:00 .* was refused \(403\)$/),
    ]);
  });

  it('that are cut give what they hold once, and say so', async () => {
    const long = Array.from({ length: 2000 }, (_, index) => line(410, `${index} ${Math.sin(index)}`));
    const packed = gzipSync(lines(...long));
    const { source } = await sourceOn({
      ...dump(line(700)),
      ...three(packed.subarray(0, packed.length / 2)),
    });
    const read = await readAll(source, { lines: 'all' });
    const got = read.lines.slice(1, -2);
    const half = got.pop() ?? '';
    expect(got.length).toBeGreaterThan(100);
    expect(got).toEqual(long.slice(0, got.length));
    expect(half !== '' && long[got.length]?.startsWith(half)).toBe(true);
    expect(read.missing).toEqual([expect.stringContaining(`is cut off after ${got.length} lines`)]);
    expect(read.lines.at(-1)).toBe(line(700));
  });

  it('whose connection breaks are read once more from where they were', async () => {
    const long = Array.from({ length: 2000 }, (_, index) => line(410, `${index} ${Math.sin(index)}`));
    const packed = gzipSync(lines(...long));
    let breaks = 1;
    const breaking: Respond = (_, response) => {
      response.writeHead(200, { 'content-length': String(packed.length) });
      if (breaks-- > 0) response.write(packed.subarray(0, packed.length / 2), () => response.destroy());
      else response.end(packed);
    };
    const { source } = await sourceOn({ ...dump(line(700)), ...three(breaking) });
    const read = await readAll(source, { lines: 'all' });
    expect(read.missing).toEqual([]);
    expect(read.lines).toEqual([line(110), ...long, line(610), line(700)]);
  });

  it.each([
    ['text', Buffer.from('this is no archive at all')],
    ['XML', Buffer.from('<?xml version="1.0"?><Error/>')],
    ['nothing', Buffer.alloc(0)],
  ])('that are %s are said to be no gzip', async (_, body) => {
    const { source } = await sourceOn({ ...dump(line(700)), ...three(body) });
    const read = await readAll(source, { lines: 'all' });
    expect(read.missing).toEqual([expect.stringContaining('is not gzip')]);
    expect(read.lines).toHaveLength(3);
  });

  it('whose last line is followed by bytes of no archive are read whole, with a word', async () => {
    const { source } = await sourceOn({
      ...dump(line(700)),
      ...three(Buffer.concat([whole, Buffer.from('xyz')])),
    });
    const read = await readAll(source, { lines: 'all' });
    expect(read.lines).toEqual([110, 410, 420, 430, 610, 700].map((minute) => line(minute)));
    const notices = read.batches.flatMap((batch) => batch.notices ?? []);
    expect([read.missing, notices.map(({ message }) => message)]).toEqual([
      [],
      [expect.stringMatching(/^the archive from Sun Sep 20 .* has bytes behind its end that are no gzip/)],
    ]);
  });

  it('that are damaged give every line before that place', async () => {
    const long = Array.from({ length: 4000 }, (_, index) => line(410, `${index} ${Math.sin(index)}`));
    const packed = gzipSync(lines(...long));
    // A block of the reserved kind, in the middle of what is unpacked at a time.
    const deflated = packed.subarray(10, -8);
    const half = deflateRawSync(lines(...long.slice(0, 1234)), { finishFlush: constants.Z_SYNC_FLUSH });
    const broken = Buffer.concat([packed.subarray(0, 10), half, Buffer.from([0xff]), deflated]);
    const { source } = await sourceOn({ ...dump(line(700)), ...three(broken) });
    const read = await readAll(source, { lines: 'all' });
    expect(read.lines).toEqual([line(110), ...long.slice(0, 1234), line(610), line(700)]);
    expect(read.missing).toEqual([expect.stringContaining('is damaged after 1234 lines')]);
  });

  it('that are damaged are said to be', async () => {
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 12, 40);
    const { source } = await sourceOn({ ...dump(line(700)), ...three(damaged) });
    expect((await readAll(source, { lines: 'all' })).missing).toEqual([
      expect.stringContaining('is damaged'),
    ]);
  });

  it('are read when something on the way has unpacked them, or they consist of several members', async () => {
    const plainLines = await sourceOn({ ...dump(line(700)), ...three(Buffer.from(lines(line(410)))) });
    expect((await readAll(plainLines.source, { lines: 'all' })).lines).toContain(line(410));
    const members = Buffer.concat([gzipSync(lines(line(410))), gzipSync(lines(line(411)))]);
    const several = await sourceOn({ ...dump(line(700)), ...three(members) });
    expect((await readAll(several.source, { lines: 'all' })).lines).toEqual(
      [110, 410, 411, 610, 700].map((minute) => line(minute)),
    );
  });

  it('that are made while others are read come before the hot log', async () => {
    let listed = 0;
    const { source } = await sourceOn({
      ...dump(line(700)),
      '/v1/apps/shop/logs_archives': (asked, response) => {
        listed += 1;
        const names =
          listed === 1
            ? [[100, 200, 'first']]
            : [
                [200, 300, 'second'],
                [100, 200, 'first'],
              ];
        json(response, 200, {
          has_more: false,
          archives: names.map(([from, to, name]) => ({
            url: `http://${asked.request.headers.host}/arch/${name}`,
            size: 9,
            from: goDate(Number(from)),
            to: goDate(Number(to)),
          })),
        });
      },
      '/arch/first': (_, response) => plain(response, 200, gzipSync(lines(line(110)))),
      '/arch/second': (_, response) => plain(response, 200, gzipSync(lines(line(210)))),
    });
    expect((await readAll(source, { lines: 'all' })).lines).toEqual(
      [110, 210, 700].map((minute) => line(minute)),
    );
  });

  it('that this account may not have are missing, the hot log is not', async () => {
    const { source } = await sourceOn({
      ...dump(line(700)),
      '/v1/apps/shop/logs_archives': (_, response) => json(response, 403, { error: 'limited collaborator' }),
    });
    const read = await readAll(source, { lines: 'all' });
    expect(read.lines).toEqual([line(700)]);
    expect(read.missing).toEqual([expect.stringContaining('limited collaborator')]);
  });

  it('do not page for ever by a cursor that comes back', async () => {
    const { server, source } = await sourceOn({
      ...dump(line(700)),
      '/v1/apps/shop/logs_archives': (_, response) =>
        json(response, 200, { next_cursor: '7', has_more: true, archives: [] }),
    });
    await readAll(source, { lines: 'all' });
    expect(server.asked.filter((asked) => asked.includes('logs_archives'))).toHaveLength(2);
  });
});

describe('dates of archives', () => {
  it.each([
    ['Fri Mar 24 14:00:00 +0000 UTC 2017', Date.UTC(2017, 2, 24, 14) / 1000],
    ['Fri Mar  4 14:00:00 +0200 CEST 2017', Date.UTC(2017, 2, 4, 12) / 1000],
    ['2017-03-24T14:00:00Z', Date.UTC(2017, 2, 24, 14) / 1000],
    ['Fri Xyz 24 14:00:00 +0000 UTC 2017', Number.NaN],
    ['soon', Number.NaN],
    [null, Number.NaN],
  ])('%s', (text, seconds) => {
    expect(secondsOfDate(text)).toBe(seconds);
  });
});
