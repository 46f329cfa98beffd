// A past of which nothing more comes, and one of which nothing can be had.
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../src/model.ts';
import { instantFromMillis } from '../../../src/model.ts';
import type { Batch, HistoryQuery } from '../../../src/provider.ts';
import {
  type Answers,
  anyHistory,
  clientFor,
  json,
  never,
  type OwnServer,
  open,
  plain,
  startOwn,
} from './setup.ts';

const started: OwnServer[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
});

type Routes = NonNullable<Answers['routes']>;
const LIST = '/v1/apps/shop/logs_archives';

/** What a reading brings, what it says, and the error that ended it. */
async function read(routes: Routes, query: Partial<HistoryQuery> = {}) {
  const server = await startOwn({ routes });
  started.push(server);
  // Nothing here waits for anything that would come later.
  const source = await open(clientFor({ 'auth-url': server.url }, { silence: 50 }), 'shop');
  const batches: Batch<LogEntry>[] = [];
  let error: unknown;
  try {
    for await (const batch of source.history({ ...anyHistory, ...query }, never)) batches.push(batch);
  } catch (thrown) {
    error = thrown;
  }
  return {
    source,
    error,
    lines: batches.flatMap(({ items }) => items.map(({ raw }) => raw)),
    missing: batches.flatMap(({ missing }) => missing?.reason ?? []),
    notices: batches.flatMap(({ notices }) => (notices ?? []).map(({ message }) => message)),
  };
}

const line = (minute: number) =>
  `2026-09-20 00:${String(minute).padStart(2, '0')}:00.000000001 +0000 UTC [web-1] m${minute}`;
const since = instantFromMillis(Date.UTC(2026, 8, 19));
const stalling =
  (body: string | Buffer): Routes[string] =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).write(body);
  };
const archives =
  (...names: string[]): Routes[string] =>
  ({ request }, response) =>
    json(response, 200, {
      next_cursor: '',
      has_more: false,
      archives: names.map((name) => ({
        url: `http://${request.headers.host}/archives/${name}?sig=x`,
        size: 1,
        from: 'Sat Sep 19 14:00:00 +0000 UTC 2026',
        to: 'Sat Sep 19 23:00:00 +0000 UTC 2026',
      })),
    });

describe('what stops coming half-way', () => {
  it('is given up with what came', async () => {
    const { lines, error } = await read({ '/logs/shop': stalling(`${line(1)}\n${line(2)}\n2026-09`) });
    expect(lines).toEqual([line(1), line(2), '2026-09']);
    expect(error).toMatchObject({
      partial: true,
      kind: 'unavailable',
      message: expect.stringMatching(
        /^Scalingo.*: 127\.0\.0\.1:\d+ stalled: .*, for app "shop" in osc-fr1\.$/,
      ),
    });
  });

  it('is given up with what came before it, in an archive too, whose name is said', async () => {
    const gzip = gzipSync(`${line(1)}\n`);
    const { lines, error } = await read(
      {
        [LIST]: archives('one'),
        '/archives/one': stalling(gzip.subarray(0, -8)),
        '/logs/shop': (_, response) => plain(response, 200, `${line(5)}\n`),
      },
      { since },
    );
    expect(lines).toEqual([line(1), line(5)]);
    expect(error).toMatchObject({
      partial: true,
      message: expect.stringContaining('for the archive from Sat Sep 19 14:00:00'),
    });
    expect(error).toMatchObject({ message: expect.stringContaining('of app "shop" in osc-fr1') });
  });
});

describe('archives that are all refused', () => {
  const refused: Routes = {
    [LIST]: archives('one', 'two'),
    '/archives/one': (_, response) => plain(response, 403, ''),
    '/archives/two': (_, response) => plain(response, 403, ''),
  };

  it.each([
    ['all', { lines: 'all' as const }],
    ['since', { since }],
  ])('are an error where nothing else was found: %s', async (_, query) => {
    const { error, missing } = await read(
      { ...refused, '/logs/shop': (_asked, response) => response.writeHead(204).end() },
      query,
    );
    expect(missing).toHaveLength(2);
    expect(error).toMatchObject({
      kind: 'unavailable',
      partial: true,
      message: 'Scalingo refuses all archives of app "shop" in osc-fr1 (403), and nothing else was found.',
    });
  });

  it('are gaps where the hot log has lines', async () => {
    const { error, lines, missing } = await read(
      { ...refused, '/logs/shop': (_, response) => plain(response, 200, `${line(5)}\n`) },
      { lines: 'all' },
    );
    expect([error, lines, missing.length]).toEqual([undefined, [line(5)], 2]);
  });
});

describe('a log without a line', () => {
  it.each([204, 404])('is said to have none when the log server answers %i, once', async (status) => {
    const routes: Routes = {
      [LIST]: archives(),
      '/logs/shop': (_, response) => response.writeHead(status).end(),
    };
    const { source, notices } = await read(routes);
    expect(notices).toEqual(['no logs found at Scalingo']);
    const again = source.history({ ...anyHistory, lines: 'all' }, never);
    for await (const batch of again) expect(batch.notices ?? []).toEqual([]);
  });

  it('is not said to have none where its archives have some', async () => {
    const { lines, notices } = await read(
      {
        [LIST]: archives('one'),
        '/archives/one': (_, response) => plain(response, 200, gzipSync(`${line(1)}\n`)),
        '/logs/shop': (_, response) => response.writeHead(204).end(),
      },
      { lines: 'all' },
    );
    expect([lines, notices]).toEqual([[line(1)], []]);
  });
});
