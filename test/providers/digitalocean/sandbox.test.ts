// The adapter and the engine over the sandbox, in every manner that the platform may have.
import { afterEach, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../src/model.ts';
import { apps, whoami } from '../../../src/providers/digitalocean/apps.ts';
import type { Timing } from '../../../src/providers/digitalocean/client.ts';
import {
  type DigitaloceanKnobs,
  type DigitaloceanServer,
  startDigitalocean,
} from '../../../src/sandbox/digitalocean.ts';
import { createWorld, type World } from '../../../src/sandbox/world.ts';
import { type FeedOptions, feed } from '../../../src/stream/feed.ts';
import { clientFor, closeAll, never, type Opening, open, readHistory } from './setup.ts';

const started: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
  await closeAll();
});

interface Sandbox {
  readonly server: DigitaloceanServer;
  readonly world: World;
  client(timing?: Partial<Timing>): ReturnType<typeof clientFor>;
}

async function sandbox(knobs: DigitaloceanKnobs = {}, past = 0): Promise<Sandbox> {
  const world = createWorld({ scale: 0, past });
  const server = await startDigitalocean({ world, ...knobs });
  started.push(
    () => world.close(),
    () => server.close(),
  );
  return {
    server,
    world,
    client: (timing) => clientFor({ url: server.url, token: server.token }, timing),
  };
}

const timing = {
  backoffFirst: 1,
  backoffMost: 5,
  stableAfter: 60_000,
  startWithin: 20_000,
  overlap: 30_000,
  idle: 50,
};

interface Seen {
  readonly lines: string[];
  readonly notices: string[];
  readonly gaps: string[];
  end: string;
}

/** Follows until what has been seen satisfies `until`, which is asked after every step. */
async function follow(
  box: Sandbox,
  options: Partial<FeedOptions<LogEntry>> & { opening?: Opening; knobs?: Partial<Timing> },
  until: (seen: Seen) => boolean,
): Promise<Seen> {
  const { opening = {}, knobs, ...rest } = options;
  const stop = new AbortController();
  started.push(() => stop.abort(new Error('the test is over')));
  const source = await open(box.client(knobs), { app: box.world.app, ...opening });
  const all = { keep: () => true, lines: 100, since: null, until: null, follow: true, timing, ...rest };
  const steps = feed(source, all, stop.signal);
  const seen: Seen = { lines: [], notices: [], gaps: [], end: '' };
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done === true) {
        seen.end = step.value.reason;
        return seen;
      }
      if (step.value.kind === 'notice') seen.notices.push(step.value.notice.message);
      if (step.value.kind === 'gap') seen.gaps.push(step.value.gap.reason);
      if (step.value.kind === 'items') seen.lines.push(...step.value.items.map(({ body }) => body.message));
      if (until(seen)) return seen;
    }
  } finally {
    stop.abort(new Error('enough'));
    await steps.return({ reason: '' }).catch(() => {});
  }
}

const writeAll = (world: World, from: number, to: number) => {
  for (let number = from; number <= to; number += 1) world.write({ text: `line ${number}` });
};
const saw = (line: string) => (seen: Seen) => seen.lines.includes(line);
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

describe('a tail', () => {
  it.each<DigitaloceanKnobs>([
    {},
    { linesPerFrame: 7, splitLines: true, frames: 'binary' },
    { liveScheme: 'ws', answerForm: 'seed', keepaliveMs: 2 },
    { answerForm: 'padded', linesPerFrame: 3 },
    { runArchive: 'adjoining' },
    { runArchive: 'overlapping', archiveForm: 'gzip' },
  ])('joins past and live without a hole and without a repeat: %j', async (knobs) => {
    const box = await sandbox(knobs);
    writeAll(box.world, 1, 40);
    // What is written right after the past has been answered, and right after the socket stands.
    let more = 40;
    box.server.onAnswered(({ route }) => {
      if (route !== 'logs') return;
      more += 5;
      writeAll(box.world, more - 4, more);
      if (more === 50) void box.server.watched(1).then(() => writeAll(box.world, 51, 60));
    });
    const seen = await follow(box, {}, saw('line 60'));
    expect(seen.lines).toEqual(numbered(1, 60));
    expect(seen.gaps).toEqual([]);
  });

  it('of nothing of the past begins with what is new, and shows the newest n otherwise', async () => {
    const box = await sandbox();
    writeAll(box.world, 1, 30);
    void box.server.watched(1).then(() => writeAll(box.world, 31, 35));
    expect((await follow(box, { lines: 0 }, saw('line 35'))).lines).toEqual(numbered(31, 35));
    expect((await follow(box, { lines: 4 }, saw('line 35'))).lines).toEqual(numbered(32, 35));
  });

  it('survives a reset in mid-line and in mid-character', async () => {
    for (const name of ['reset-mid-line', 'reset-mid-character'] as const) {
      const box = await sandbox();
      writeAll(box.world, 1, 10);
      box.server.faults.add({ name, route: 'live', afterLines: 3 });
      void box.server.watched(1).then(() => writeAll(box.world, 11, 20));
      const seen = await follow(box, {}, saw('line 20'));
      expect(seen.lines).toEqual(numbered(1, 20));
    }
  });

  it.each(['ends', 'starves'] as const)(
    'of a deployment whose stream %s moves on and says so',
    async (redeploy) => {
      const box = await sandbox({ redeploy, backlog: 'app' });
      writeAll(box.world, 1, 3);
      let deployed = false;
      const seen = await follow(
        box,
        { knobs: { now: ticking(), ...(redeploy === 'starves' && { watch: 5 }) } },
        (now) => {
          if (!deployed && saw('line 3')(now)) {
            deployed = true;
            box.world.advance(box.world.deploy().id, 'succeeded');
            writeAll(box.world, 4, 6);
          }
          return (
            saw('line 6')(now) && now.notices.some((notice) => notice.startsWith('moved on to deployment '))
          );
        },
      );
      expect(seen.lines.filter((line) => line.startsWith('line '))).toEqual(numbered(1, 6));
      const left = seen.notices.some((notice) => notice.includes('a new deployment is active'));
      expect(left).toBe(redeploy === 'starves');
      expect(seen.gaps).toEqual([]);
    },
  );

  it('of the first deployment begins while that is in progress', async () => {
    const box = await sandbox({ deployed: 'world' });
    const deploy = box.world.deploy();
    box.world.advance(deploy.id, 'building');
    const seen = await follow(box, { knobs: { watch: 1 } }, (so) => {
      if (so.notices.some((notice) => notice.includes('no run logs')) && deploy.status === 'building') {
        box.world.advance(deploy.id, 'succeeded');
        writeAll(box.world, 1, 3);
      }
      return saw('line 3')(so);
    });
    expect(seen.lines).toEqual(numbered(1, 3));
  });

  it('of the build of the first deployment waits for it to begin, and to end', async () => {
    const box = await sandbox({ deployed: 'world' });
    const deploy = box.world.deploy();
    const asked = () => box.server.requests.filter(({ path }) => path.includes('type=BUILD')).length;
    let waited = 0;
    const leave = box.server.onAnswered(({ path }) => {
      // Not at the first look, which the past shares with live.
      if (path.includes('type=BUILD')) waited += 1;
      if (waited === 6) box.world.advance(deploy.id, 'building');
      if (waited > 6 && deploy.status === 'building') box.world.advance(deploy.id, 'succeeded');
    });
    const seen = await follow(box, { opening: { flags: { type: 'build' } } }, () => false);
    leave();
    const output = deploy.output.filter(({ phase }) => phase === 'build').map(({ text }) => text);
    expect([seen.lines, asked() > 6]).toEqual([output, true]);
    expect(seen.end).toContain('are complete');
  });

  it('of a finished build ends by itself', async () => {
    const box = await sandbox({}, 50);
    const seen = await follow(box, { opening: { flags: { type: 'build' } } }, () => false);
    expect(seen.lines.length).toBeGreaterThan(0);
    expect(seen.end).toContain('are complete');
  });
});

describe('history', () => {
  it.each<DigitaloceanKnobs>([
    { archiveForm: 'plain' },
    { archiveForm: 'gzip', archiveParts: 4 },
    { archiveForm: 'gzip-unlabelled', archiveFinalNewline: false },
    { archiveForm: 'mislabelled' },
    { answerForm: 'seed' },
    { answerForm: 'padded' },
    { lineForm: 'website' },
  ])('of a build is whole: %j', async (knobs) => {
    const plain = await sandbox({}, 50);
    const box = await sandbox(knobs, 50);
    const [deploy] = box.world.deploys.filter(({ status }) => status === 'succeeded');
    expect(deploy).toBeDefined();
    const read = async ({ client, world }: Sandbox) =>
      readHistory(await open(client(), { app: world.app, flags: { type: 'build' } }));
    const [expected, found] = [await read(plain), await read(box)];
    expect(expected.lines.length).toBeGreaterThan(1);
    expect(found.missing).toEqual([]);
    const messages = ({ batches }: typeof found) =>
      batches.flatMap(({ items }) => items.map(({ body }) => body.message));
    expect(messages(found)).toEqual(messages(expected));
    expect(found.batches.every(({ items }) => items.every(({ body }) => body.ts !== null))).toBe(true);
  });

  it('of archives that are cut says what is missing', async () => {
    const box = await sandbox({ archiveForm: 'cut' }, 50);
    const source = await open(box.client(), { app: box.world.app, flags: { type: 'build' } });
    expect((await readHistory(source)).missing.length).toBeGreaterThan(0);
  });

  it('of archives that are all denied is an error', async () => {
    const box = await sandbox({ archiveForm: 'denied' }, 50);
    const source = await open(box.client(), { app: box.world.app, flags: { type: 'build' } });
    await expect(readHistory(source)).rejects.toMatchObject({ kind: 'unavailable', partial: true });
  });

  it('of an archive whose URL has expired is read with another one', async () => {
    const box = await sandbox({}, 50);
    box.server.faults.add({ name: 'expired-url', route: 'archive' });
    const source = await open(box.client(), { app: box.world.app, flags: { type: 'build' } });
    const read = await readHistory(source);
    expect(read.missing).toEqual([]);
    expect(read.lines.length).toBeGreaterThan(1);
  });

  it('of a skipped phase is empty', async () => {
    const box = await sandbox({ skipped: ['BUILD'] }, 50);
    const source = await open(box.client(), { app: box.world.app, flags: { type: 'build' } });
    const read = await readHistory(source);
    expect(read.lines).toEqual([]);
    expect(read.notices).toEqual([expect.stringContaining('no build logs for that phase')]);
  });

  it('of a running app by plain text where the websocket is refused', async () => {
    const box = await sandbox();
    writeAll(box.world, 1, 5);
    box.server.faults.add({ name: 'refuse-upgrade', route: 'live', status: 400, times: 5 });
    const read = await readHistory(await open(box.client(), { app: box.world.app }));
    expect(read.batches.flatMap(({ items }) => items.map(({ body }) => body.message))).toEqual(
      numbered(1, 5),
    );
  });

  it('of one component, and of an app behind many others', async () => {
    const box = await sandbox({ extraApps: 450 });
    box.world.write({ text: 'from web' });
    box.world.write({ text: 'from worker', component: 'worker' });
    const source = await open(box.client(), { app: box.world.app, component: 'worker' });
    const read = await readHistory(source);
    const bodies = read.batches.flatMap(({ items }) => items.map(({ body }) => body));
    expect(bodies.map(({ component, message }) => [component, message])).toEqual([['worker', 'from worker']]);
    expect(box.server.requests.filter(({ route }) => route === 'apps')).toHaveLength(3);
  });
});

it('shows the apps, and that its token is accepted', async () => {
  const box = await sandbox();
  const [app] = await apps.list(box.client(), never);
  expect(app).toMatchObject({ id: box.server.appId, name: box.world.app, status: 'ACTIVE' });
  expect(app?.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['web', 'worker']));
  expect((await whoami(box.client(), never)).user).toBeTruthy();
});

it('says that an app was never deployed', async () => {
  const box = await sandbox({ deployed: false });
  await expect(open(box.client(), { app: box.world.app })).rejects.toMatchObject({ kind: 'not-found' });
});

/** A clock on which every glance takes a minute: nothing that was looked up stays fresh. */
function ticking(): () => number {
  let time = 0;
  return () => {
    time += 60_000;
    return time;
  };
}
