// Builds: lists, the life of one, its verdict and its output.
import { expect } from 'vitest';
import type { Build, LogEntry } from '../../src/model.ts';
import type { DeployStatus } from '../../src/sandbox/world.ts';
import { type AppRig, appContract, collected } from './app-rig.ts';

const LIFE = ['queued', 'building', 'deploying', 'succeeded'] as const;
const USUAL = {
  queued: 'queued',
  building: 'running',
  deploying: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  superseded: 'superseded',
} as const;

appContract('builds', ({ dialect, rig, unless }) => {
  const wordOf = (status: DeployStatus) => dialect.words?.[status] ?? USUAL[status];
  const idOf: NonNullable<typeof dialect.idOf> = (deploy) => dialect.idOf?.(deploy) ?? deploy.id;

  unless(null, 'are listed newest first, each once, with the status of each', async () => {
    const { deployed, allBuilds } = await rig();
    const ends = Array.from({ length: 20 }, () => ['failed', 'succeeded', 'cancelled'] as const).flat();
    const deploys = ends.map((end) => deployed(end));
    deploys.push(deployed('building'), deployed('queued'));
    const found = await allBuilds();
    const ids = found.map(({ id }) => id);
    expect(ids.slice(0, deploys.length)).toEqual(deploys.toReversed().map(idOf));
    expect(new Set(ids).size).toBe(deploys.length + (dialect.older ?? 0));
    expect(ids).toHaveLength(deploys.length + (dialect.older ?? 0));
    const own = found.slice(0, deploys.length);
    const served = deploys.findLast(({ status }) => status === 'succeeded');
    expect(own.map(({ status }) => status)).toEqual(
      deploys.toReversed().map((deploy) => {
        const isReplaced = deploy.status === 'succeeded' && deploy !== served;
        return (isReplaced ? dialect.replaced : undefined) ?? wordOf(deploy.status);
      }),
    );
    for (const build of found) expectWhole(build);
  });

  unless(null, 'are none where nothing was built, and none is active', async () => {
    const { allBuilds, builds, client, ref, signal } = await rig();
    expect(await allBuilds()).toHaveLength(dialect.older ?? 0);
    if (builds.active && dialect.older === undefined)
      expect(await builds.active(client, ref, signal)).toBeNull();
  });

  unless(null, 'the one that is served is the last that succeeded', async () => {
    const { deployed, builds, client, ref, signal } = await rig();
    if (!builds.active) return;
    deployed('succeeded');
    const served = deployed('succeeded');
    deployed('failed');
    deployed('building');
    expect(await builds.active(client, ref, signal)).toMatchObject({ id: served.id, status: 'succeeded' });
  });

  unless(null, 'one goes from the queue to its end, and is over only then', async () => {
    const { world, build } = await rig();
    const deploy = world.deploy();
    const seen: Build[] = [];
    for (const status of LIFE) {
      world.advance(deploy.id, status);
      seen.push(await build(deploy));
    }
    expect(seen.map(({ status }) => status)).toEqual(LIFE.map(wordOf));
    expect(seen.map(({ ended }) => ended)).toEqual(LIFE.map((status) => wordOf(status) === 'succeeded'));
    for (const one of seen) expectWhole(one);
    const [first, last] = [seen[0], seen.at(-1)];
    expect(last).toMatchObject({ id: first?.id, created: first?.created, commit: first?.commit });
    expect(last?.finished).not.toBeUndefined();
  });

  for (const end of ['failed', 'cancelled'] as const) {
    unless(null, `one that ${end} is over and no success, in the list and by itself`, async () => {
      const { deployed, build, allBuilds } = await rig();
      const deploy = deployed(end);
      for (const one of [await build(deploy), (await allBuilds())[0]]) {
        expect(one).toMatchObject({ id: idOf(deploy), status: wordOf(end), ended: true });
      }
    });
  }

  unless(null, 'the words of the platform stand in the table that maps them', async () => {
    const { deployed, builds, allBuilds } = await rig();
    for (const status of ['queued', 'building', 'succeeded', 'failed'] as const) deployed(status);
    for (const { nativeStatus, status } of await allBuilds())
      expect(builds.traits.statusWords.toLowerCase(), `${nativeStatus} is ${status}`).toContain(
        nativeStatus.toLowerCase(),
      );
  });

  unless(null, 'a commit is told exactly where that is promised', async () => {
    const { deployed, builds, allBuilds } = await rig();
    const { commit } = deployed('succeeded');
    const [newest] = await allBuilds();
    if (builds.traits.commits === false) expect(newest?.commit).toBeNull();
    else expect(commit.startsWith(newest?.commit ?? '-')).toBe(true);
  });

  unless(null, 'one that is not there is not found, whatever is asked for', async () => {
    const { builds, client, ref, signal, expectSentence } = await rig();
    for (const id of ['00000000-0000-4000-8000-000000000000', '999', 'nosuch', '..', 'a/b', ' ', '%2e']) {
      const error = await builds.get(client, ref, id, signal).catch((thrown: unknown) => thrown);
      expectSentence(error, 'not-found');
    }
  });

  unless(null, 'those of an app that is not there are not found', async () => {
    const { builds, client, refOf, signal, expectSentence } = await rig();
    const listing = collected(builds.list(client, refOf(dialect.unknown), signal));
    expectSentence(await listing.catch((thrown: unknown) => thrown), 'not-found');
  });
});

appContract('the output of a build', ({ dialect, rig, unless }) => {
  async function logOf({ builds, client, ref, signal }: AppRig, build: Build) {
    return builds.log(client, ref, { build, phase: 'build' }, signal);
  }
  /** Line by line as the platform gives it, without its colours and indents. */
  const textsOf = (entries: readonly LogEntry[]) => entries.map(({ raw }) => raw.trimEnd());

  for (const end of ['succeeded', 'failed'] as const) {
    unless(null, `is stored, each line once and in order (${end})`, async () => {
      const own = await rig();
      const deploy = own.deployed(end);
      const entries = await own.past(await logOf(own, await own.build(deploy)));
      expectSaid(textsOf(entries), dialect.said(deploy));
      expect(entries.every(({ body }) => body.source === 'build')).toBe(true);
    });
  }

  unless(null, 'is followed to the end of the build, and is then what is stored', async () => {
    const own = await rig();
    const deploy = own.deployed('building');
    const source = await logOf(own, await own.build(deploy));
    const following = own.follow(source);
    await own.isAsked(dialect.routes.output);
    own.world.advance(deploy.id, 'deploying');
    own.world.advance(deploy.id, 'succeeded');
    expect(await following.end).toBe('ended');
    expectSaid(textsOf(following.items), dialect.said(deploy));
    const stored = await own.past(await logOf(own, await own.build(deploy)));
    expectSaid(textsOf(following.items), textsOf(stored).slice(0, following.items.length));
    await own.quiet();
  });

  unless(null, 'goes on after a connection that broke, nothing lost and nothing doubled', async () => {
    const own = await rig();
    const deploy = own.deployed('building');
    const source = await logOf(own, await own.build(deploy));
    const { output } = dialect.routes;
    own.strike({ name: 'connection-refused', route: output, skip: 1, times: 2 });
    const following = own.follow(source);
    own.world.advance(deploy.id, 'deploying');
    own.world.advance(deploy.id, 'succeeded');
    expect(await following.end).toBe('ended');
    expectSaid(textsOf(following.items), dialect.said(deploy));
  });

  unless(null, 'ends at once when it is told to, and leaves nothing open', async () => {
    const own = await rig();
    const deploy = own.deployed('building');
    const following = own.follow(await logOf(own, await own.build(deploy)));
    await own.isAsked(dialect.routes.output);
    const reason = new Error('enough');
    following.stop.abort(reason);
    expect(await following.end).toBe(reason);
    await own.quiet();
  });

  unless(null, 'of the deploy phase is there exactly where that is promised', async () => {
    const own = await rig();
    const build = await own.build(own.deployed('succeeded'));
    const { builds, client, ref, signal } = own;
    const opening = builds.log(client, ref, { build, phase: 'deploy' }, signal);
    if (builds.traits.deployLog !== false) expect((await own.past(await opening)).length).toBeGreaterThan(0);
    else own.expectSentence(await opening.catch((thrown: unknown) => thrown), 'usage');
  });
});

/** Times in order, a length that is theirs, a word of the platform's own. */
function expectWhole({ id, nativeStatus, created, started, finished, duration, progress, ended }: Build) {
  expect(id).not.toBe('');
  expect(nativeStatus).not.toBe('');
  // One platform gives fewer digits of some than of others.
  const times = [created, started, finished].flatMap((time) => time?.seconds ?? []);
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
  if (!ended) expect(finished).toBeNull();
  if (duration !== null) expect(duration).toBeGreaterThanOrEqual(0);
  if (progress !== null) expect(progress).toBeGreaterThanOrEqual(0);
}

/** Every wanted end of a line exactly once, in this order. */
function expectSaid(texts: readonly string[], wanted: readonly string[]): void {
  const places = wanted.map((end) =>
    texts.flatMap((text, index) => (text.endsWith(end.trimEnd()) ? index : [])),
  );
  expect(places, JSON.stringify(texts, null, 1)).toEqual(wanted.map(() => [expect.any(Number)]));
  const order = places.flat();
  expect(order).toEqual(order.toSorted((a, b) => a - b));
}
