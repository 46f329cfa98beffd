// A past of which nothing more comes, one of which nothing can be had, and the one behind a redeploy.
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { LogEntry } from '../../../src/model.ts';
import { formatInstant } from '../../../src/model.ts';
import type { Batch, HistoryQuery, Source } from '../../../src/provider.ts';
import { type FeedOptions, feed } from '../../../src/stream/feed.ts';
import {
  APP,
  clientFor,
  closeAll,
  frame,
  json,
  line,
  never,
  type Opening,
  type OwnAnswers,
  open,
  type Route,
  shop,
  startOwn,
  text,
} from './setup.ts';

afterEach(closeAll);

type Limits = { readonly silence?: number; readonly quiet?: number };

async function source(answers: OwnAnswers, limits: Limits = {}, opening: Opening = {}) {
  const own = await startOwn(answers);
  return { own, log: await open(clientFor({ url: own.url }, limits), opening) };
}

/** What a reading brings, what it says, how it ended. */
async function read(log: Source<LogEntry>, query: Partial<HistoryQuery> = {}) {
  const history = log.history({ lines: 100, since: null, until: null, ...query }, never);
  const batches: Batch<LogEntry>[] = [];
  const outcome = await (async () => {
    for (;;) {
      const step = await history.next();
      if (step.done) return { end: step.value, error: undefined };
      batches.push(step.value);
    }
  })().catch((error: unknown) => ({ end: undefined, error }));
  return {
    ...outcome,
    lines: batches.flatMap(({ items }) => items.map(({ raw }) => raw)),
    missing: batches.flatMap(({ missing }) => missing?.reason ?? []),
    notices: batches.flatMap(({ notices }) => (notices ?? []).map(({ message }) => message)),
  };
}

const liveAt = (_: unknown, far: string) => ({ live_url: `${far}/live?token=t` });
const archivesAt =
  (...paths: string[]) =>
  (_: unknown, far: string) => ({ historic_urls: paths.map((path) => far + path) });
const stalling =
  (body: string | Buffer): Route =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).write(body);
  };
const leftOpen =
  (...frames: string[]) =>
  (socket: WebSocket) => {
    for (const each of frames) socket.send(frame(each));
    socket.ping();
  };

describe('a replay that the server does not close', () => {
  const two = [`${line(1, 'a')}\n`, `${line(2, 'b')}\n`];

  it('is complete after a short silence behind a whole line, which is said once', async () => {
    const { log } = await source({ logs: liveAt, upgrade: leftOpen(...two) }, { quiet: 20 });
    const all = { lines: 'all' as const };
    const first = await read(log, all);
    expect(first.lines).toEqual([line(1, 'a'), line(2, 'b')]);
    expect(first.end).toMatchObject({ complete: true });
    expect(first.notices).toEqual([
      'DigitalOcean keeps the connection open behind the last line; 0 s of silence are taken for the end',
    ]);
    expect((await read(log, { lines: 2 })).notices).toEqual([]);
  });

  it.each<[string, string[], string[]]>([
    ['inside a line', [...two, 'web 2026-08-01T10:0'], [line(1, 'a'), line(2, 'b'), 'web 2026-08-01T10:0']],
    ['before the first line', [], []],
    ['behind frames that bring none', ['', ''], []],
  ])('has stalled when it is silent %s; what came stays', async (_, frames, lines) => {
    const { log } = await source({ logs: liveAt, upgrade: leftOpen(...frames) }, { silence: 20, quiet: 1 });
    const found = await read(log);
    expect(found.lines).toEqual(lines);
    expect(found.error).toMatchObject({
      kind: 'unavailable',
      partial: true,
      message: `DigitalOcean's log server stalled: nothing more has come for 0 s, for the run logs of app "shop".`,
    });
  });

  it('has stalled as plain text too', async () => {
    const { log } = await source(
      { logs: liveAt, refuseUpgrade: () => 426, far: { '/live': stalling(`${line(1, 'a')}\nweb`) } },
      { silence: 20 },
    );
    const { lines, error } = await read(log);
    expect(lines).toEqual([line(1, 'a'), 'web']);
    expect(error).toMatchObject({ partial: true });
  });
});

describe('archives', () => {
  const build: Opening = { flags: { type: 'build' } };
  const gzip = gzipSync(`${line(1, 'a')}\n`);

  it.each<[string, string | Buffer]>([
    ['plain', `${line(1, 'a')}\n`],
    ['gzip', gzip.subarray(0, -8)],
  ])('that stall end the reading with what came: %s', async (_, body) => {
    const { own, log } = await source(
      { logs: archivesAt('/1', '/2'), far: { '/1': stalling(body) } },
      { silence: 20 },
      build,
    );
    const { lines, error } = await read(log);
    expect(lines).toEqual([line(1, 'a')]);
    expect(error).toMatchObject({
      partial: true,
      message: expect.stringMatching(/stalled: .*, for archive 1 of 2 of the build logs of app "shop"\.$/),
    });
    expect(own.askedFar).toEqual(['GET /1']);
  });

  it('that are all refused are an error, and one that is not makes the others gaps', async () => {
    const refusing: Route = (_, response) => text(response, 403, '<Error/>');
    const far: Record<string, Route> = { '/1': refusing, '/2': refusing };
    const { log } = await source({ logs: archivesAt('/1', '/2'), far }, {}, build);
    const none = await read(log);
    expect(none.missing).toHaveLength(2);
    expect(none.error).toMatchObject({
      kind: 'unavailable',
      partial: true,
      message:
        'Nothing of the build logs of app "shop" could be read at DigitalOcean: every archive was refused (403).',
    });
    far['/2'] = (_, response) => text(response, 200, `${line(1, 'a')}\n`);
    const some = await read(log);
    expect([some.error, some.lines, some.missing.length]).toEqual([undefined, [line(1, 'a')], 1]);
  });
});

describe('the past behind a redeploy', () => {
  const HOW: FeedOptions<LogEntry> = {
    keep: () => true,
    lines: 100,
    since: null,
    until: null,
    follow: true,
    timing: { backoffFirst: 1, backoffMost: 2 },
  };

  /** Deployment d-1 writes `a`, which is seen; then it ends so, and d-2 comes, which wrote `new` long before that. */
  async function tail(end: (socket: WebSocket, old: string[]) => void, news = ['new', 'news']) {
    let active = 'd-1';
    let endOld: (() => void) | undefined;
    const logs: Record<string, string[]> = {
      'd-1': [],
      'd-2': news.map((each, index) => line(index === 0 ? 1 : 41, each)),
    };
    const { own, log } = await source({
      api: { [`/apps/${APP}`]: (_, response) => json(response, 200, { app: shop({ active }) }) },
      logs: ({ path, query }, far) => {
        const id = /deployments\/([^/]+)/.exec(path)?.[1] ?? active;
        const amounts = `follow=${query.get('follow')}&tail=${query.get('tail_lines')}`;
        return { live_url: `${far}/live?id=${id}&${amounts}` };
      },
      upgrade(socket, { query }) {
        const id = query.get('id') ?? '';
        if (query.get('follow') === 'false') {
          const most = Number(query.get('tail'));
          for (const each of logs[id]?.slice(-most) ?? []) socket.send(frame(`${each}\n`));
          socket.close(1000);
          return;
        }
        if (id === 'd-1') {
          logs['d-1']?.push(line(40, 'a'));
          socket.send(frame(`${line(40, 'a')}\n`));
          endOld = () => {
            active = 'd-2';
            end(socket, logs['d-1'] ?? []);
          };
        } else socket.send(frame(`${line(50, 'end')}\n`));
      },
    });
    const stop = new AbortController();
    const said: string[] = [];
    const steps = feed(log, HOW, stop.signal);
    for (let step = await steps.next(); !step.done; step = await steps.next()) {
      const { value } = step;
      if (value.kind === 'items') said.push(...value.items.map(({ body }) => body.message));
      if (value.kind === 'gap') said.push(`gap after ${value.gap.from && formatInstant(value.gap.from)}`);
      if (said.includes('end')) break;
      if (!said.includes('a')) continue;
      endOld?.();
      endOld = undefined;
    }
    stop.abort(new Error('seen'));
    await steps.return({ reason: 'seen' });
    const ofNew = own.asked.filter((asked) => asked.includes('follow=false') && !asked.includes('/d-1/'));
    const tails = ofNew.map((asked) => Number(/tail_lines=(\d+)/.exec(asked)?.[1]));
    return { said, tails, ofFormer: own.asked.filter((asked) => asked.includes('/deployments/d-1/')) };
  }

  it('follows on without a gap when the old stream ended cleanly, and brings all of the new log', async () => {
    const { said, ofFormer } = await tail((socket) => socket.close(1000));
    expect(said).toEqual(['a', 'new', 'news', 'end']);
    expect(ofFormer).toEqual([]);
  });

  it('begins with what the old deployment wrote last when its stream broke', async () => {
    const { said, ofFormer } = await tail((socket, old) => {
      old.push(line(40, 'behind the break'));
      socket.terminate();
    });
    expect(said).toEqual(['a', 'new', 'behind the break', 'news', 'end']);
    expect(ofFormer).toHaveLength(1);
  });

  it('brings all of a new log that was long when it was found', async () => {
    const news = Array.from({ length: 2300 }, (_, index) => `new ${index}`);
    const broken = await tail((socket) => socket.terminate(), news);
    expect(broken.said).toEqual(['a', ...news, 'end']);
    expect(broken.tails.slice(-3)).toEqual([200, 2000, 20_000]);
    const closed = await tail((socket) => socket.close(1000), news);
    expect(closed.said).toEqual(['a', ...news, 'end']);
  });

  it('asks for more of the old log where its end was not reached', async () => {
    const behind = Array.from({ length: 300 }, (_, index) => `behind ${index}`);
    const { said } = await tail((socket, old) => {
      old.push(...behind.map((each) => line(40, each)));
      socket.terminate();
    });
    expect(said).toEqual(['a', 'new', ...behind, 'news', 'end']);
  });

  it('has a gap where the old log cannot be had any more', async () => {
    const { said } = await tail((socket, old) => {
      old.length = 0;
      socket.terminate();
    });
    expect(said).toEqual(['a', 'gap after 2026-08-01T10:00:40.000000001Z', 'new', 'news', 'end']);
  });
});
