// Builds and what they print: in the forms that were observed and in those of the documentation.
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Build, formatInstant, type LogEntry } from '../../../src/model.ts';
import type { AppRef, Batch, LiveStart, Source } from '../../../src/provider.ts';
import { buildsAt } from '../../../src/providers/akkeris/builds.ts';
import { type AkkerisClient, USUAL_TIMING } from '../../../src/providers/akkeris/client.ts';
import { type AkkerisOptions, type AkkerisSandbox, startAkkeris } from '../../../src/sandbox/akkeris.ts';
import { createWorld, type World } from '../../../src/sandbox/world.ts';
import { feed } from '../../../src/stream/feed.ts';
import { type Answers, clientFor, json, never, type OwnServer, sentence, startOwn, TOKEN } from './setup.ts';

const builds = buildsAt(USUAL_TIMING);
const ref: AppRef = { app: 'api-default', component: null };
const ID = '999b5ce9-b60c-42c4-bca5-e442cd86df78';
const OTHER = '888b5ce9-b60c-42c4-bca5-e442cd86df78';
const LIST = 'GET /apps/api-default/builds';
const ONE = `${LIST}/${ID}`;
const RESULT = `${ONE}/result`;
const RELEASES = 'GET /apps/api-default/releases';

const closing: (() => Promise<void>)[] = [];
let own: OwnServer;

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(routes: Answers['routes'] = {}): Promise<AkkerisClient> {
  own = await startOwn({ routes: { [RELEASES]: (response) => json(response, 200, []), ...routes } });
  closing.push(own.close);
  return clientFor(own.url);
}

/** As the page of the wire has it (wire: Akkeris 8.5). */
const RECORD = {
  app: { id: '62dc0fd3-2cba-4925-8fca-d1129d296d2c' },
  buildpacks: null,
  created_at: '2018-07-18T19:34:07.740Z',
  id: ID,
  output_stream_url: `https://elsewhere.example.com/apps/api-default/builds/${ID}/result`,
  source_blob: {
    checksum: 'sha256:aa',
    url: '',
    version: 'v1.0',
    commit: 'abc123',
    author: 'me',
    repo: 'https://github.com/a/b',
    message: 'msg',
  },
  release: null,
  slug: { id: ID, number: '14' },
  status: 'succeeded',
  updated_at: '2018-07-18T19:36:56.609Z',
  user: { id: 'a3bf4f1b-2b0b-822c-d15d-6c15b0f00a08', email: '' },
};

const RELEASE = {
  app: { id: '62dc0fd3-2cba-4925-8fca-d1129d296d2c', name: 'api-default' },
  created_at: '2018-07-18T19:36:57.000Z',
  description: 'Auto Deploy of 999b5ce9',
  slug: { id: ID },
  id: '09a1a1b8-8318-4445-8752-fb3339173100',
  status: 'succeeded',
  state: 'success',
  user: { id: 'x', email: '' },
  version: 14,
  current: true,
};

const answer =
  (body: unknown, status = 200) =>
  (response: ServerResponse) =>
    json(response, status, body);

async function listed(client: AkkerisClient): Promise<Build[]> {
  const all: Build[] = [];
  for await (const page of builds.list(client, ref, never)) all.push(...page);
  return all;
}

describe('records', () => {
  it('come newest first, with what is known of them', async () => {
    const older = { ...RECORD, id: OTHER, status: 'failed' };
    const client = await start({ [LIST]: answer([older, RECORD]) });
    const [newest, oldest, ...more] = await listed(client);
    expect(more).toEqual([]);
    expect(newest).toMatchObject({
      id: ID,
      status: 'succeeded',
      nativeStatus: 'succeeded',
      ended: true,
      kind: null,
      started: null,
      duration: 168.869,
      commit: 'abc123',
      ref: 'v1.0',
      user: 'me',
      message: 'msg',
      reason: null,
      url: null,
    });
    expect(newest?.created && formatInstant(newest.created)).toBe('2018-07-18T19:34:07.740Z');
    expect(newest?.finished && formatInstant(newest.finished)).toBe('2018-07-18T19:36:56.609Z');
    expect(oldest).toMatchObject({ id: OTHER, status: 'failed', ended: true });
    expect(own.asked.map(({ path }) => path)).toEqual(['/apps/api-default/builds']);
  });

  const NOW = new Date().toISOString();
  const words: [string | undefined, string, string, boolean][] = [
    ['queued', NOW, 'queued', false],
    ['queued', '2018-07-18T19:36:56.609Z', 'queued', false],
    ['pending', NOW, 'running', false],
    ['succeeded', NOW, 'succeeded', true],
    ['failed', NOW, 'failed', true],
    // The default of a record that nobody has set: it may yet become another, or it went astray.
    ['unknown', NOW, 'unknown', false],
    ['unknown', '2018-07-18T19:36:56.609Z', 'unknown', true],
    ['constructor', '2018-07-18T19:36:56.609Z', 'unknown', true],
    [undefined, 'never', 'unknown', false],
  ];
  it.each(words)('status %s, touched at %s, is %s', async (native, updated, status, ended) => {
    const record = { ...RECORD, status: native, updated_at: updated, created_at: null };
    const [build] = await listed(await start({ [LIST]: answer([record]) }));
    expect(build).toMatchObject({ status, nativeStatus: native ?? '', ended });
    expect(build?.finished === null).toBe(!ended);
  });

  it('may leave everything out but the id', async () => {
    const empty = { commit: '', author: null, message: '', version: null };
    const rest = [{ id: ID }, { id: OTHER, source_blob: empty, user: { email: 'a@b' } }, {}, null, 'x'];
    const [second, first, ...more] = await listed(await start({ [LIST]: answer(rest) }));
    expect(more).toEqual([]);
    expect(first).toMatchObject({ id: ID, created: null, duration: null, commit: null, user: null });
    expect(second).toMatchObject({ id: OTHER, commit: null, ref: null, message: null, user: 'a@b' });
  });

  it('are not found in an answer of the wrong shape', async () => {
    const client = await start({ [LIST]: answer({ builds: [] }), [ONE]: answer({ status: 'succeeded' }) });
    await expect(listed(client)).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('array of builds'),
    });
    await expect(builds.get(client, ref, ID, never)).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('has no id'),
    });
  });

  it('belong to an app', async () => {
    const client = await start();
    await expect(builds.get(client, { app: '', component: null }, ID, never)).rejects.toMatchObject({
      kind: 'usage',
    });
    expect(own.asked).toEqual([]);
  });
});

describe('one build', () => {
  it('has its build and its releases as steps', async () => {
    const elsewhere = { ...RELEASE, id: 'x', version: 15, slug: { id: OTHER } };
    const again = { ...RELEASE, id: 'y', version: 16, status: 'failed' };
    const client = await start({
      [ONE]: answer(RECORD),
      [RELEASES]: answer([RELEASE, elsewhere, again]),
    });
    const { steps, status } = await builds.get(client, ref, ID, never);
    expect(status).toBe('succeeded');
    expect(steps.map((step) => [step.name, step.status])).toEqual([
      ['build', 'succeeded'],
      ['release v14', 'succeeded'],
      ['release v16', 'failed'],
    ]);
  });

  it('does without releases where they cannot be read, at once', async () => {
    const client = await start({
      [ONE]: answer(RECORD),
      [RELEASES]: (response) => sentence(response, 503, 'Service Unavailable Error'),
    });
    const { steps } = await builds.get(client, ref, ID, never);
    expect(steps.map(({ name }) => name)).toEqual(['build']);
    expect(own.asked.filter(({ path }) => path.endsWith('/releases'))).toHaveLength(1);
  });

  it('does not ask for releases of one that runs', async () => {
    const client = await start({ [ONE]: answer({ ...RECORD, status: 'pending' }) });
    expect((await builds.get(client, ref, ID, never)).steps).toMatchObject([
      { name: 'build', status: 'running', finished: null },
    ]);
    expect(own.asked).toHaveLength(1);
  });

  it('is not there', async () => {
    const client = await start({
      [ONE]: (response) => sentence(response, 404, `The specified build ${ID} was not found.`),
      [`${LIST}/latest`]: (response) => sentence(response, 422, 'The specified uuid was invalid.'),
    });
    await expect(builds.get(client, ref, ID, never)).rejects.toMatchObject({
      kind: 'not-found',
      hint: expect.stringContaining('builds list'),
    });
    await expect(builds.get(client, ref, 'latest', never)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it.each(['..', '', '../../account', 'a b', '%2e%2e', 'x?y'])('asks nothing for "%s"', async (id) => {
    const client = await start();
    await expect(builds.get(client, ref, id, never)).rejects.toMatchObject({ kind: 'not-found' });
    expect(own.asked).toEqual([]);
  });

  it('keeps a refusal what it is', async () => {
    const client = await start({ [ONE]: (response) => sentence(response, 401, '') });
    await expect(builds.get(client, ref, ID, never)).rejects.toMatchObject({ kind: 'auth', status: 401 });
  });
});

describe('the active build', () => {
  const active = (client: AkkerisClient) => builds.active?.(client, ref, never);

  it('is that of the current release, not of the newest', async () => {
    const newer = {
      ...RELEASE,
      id: 'y',
      version: 15,
      slug: { id: OTHER },
      status: 'pending',
      current: false,
    };
    const client = await start({ [ONE]: answer(RECORD), [RELEASES]: answer([RELEASE, newer]) });
    expect(await active(client)).toMatchObject({ id: ID });
  });

  it('is that of the newest release that succeeded, where none calls itself current', async () => {
    const { current: _, ...release } = RELEASE;
    const failed = { ...release, id: 'y', slug: { id: OTHER }, status: 'failed' };
    const client = await start({ [ONE]: answer(RECORD), [RELEASES]: answer([release, failed]) });
    expect(await active(client)).toMatchObject({ id: ID });
  });

  it('is none where nothing was released', async () => {
    const client = await start({ [RELEASES]: answer([{ ...RELEASE, status: 'failed', current: false }]) });
    expect(await active(client)).toBeNull();
    const bare = await start({ [RELEASES]: answer([{ ...RELEASE, slug: null }]) });
    expect(await active(bare)).toBeNull();
  });

  it('may have been built for another app', async () => {
    const client = await start({
      [RELEASES]: answer([RELEASE]),
      [ONE]: (response) => sentence(response, 404, 'not found'),
    });
    await expect(active(client)).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('v14'),
    });
  });
});

interface ReadLog {
  readonly batches: Batch<LogEntry>[];
  readonly lines: string[];
  readonly end: string;
}

async function live(source: Source<LogEntry>, from: LiveStart = { after: 0 }): Promise<ReadLog> {
  const batches: Batch<LogEntry>[] = [];
  const generator = source.live(from, never);
  for (;;) {
    const step = await generator.next();
    if (step.done) return { batches, lines: rawsOf(batches), end: step.value.end };
    batches.push(step.value);
  }
}

async function past(source: Source<LogEntry>): Promise<Batch<LogEntry>[]> {
  const batches: Batch<LogEntry>[] = [];
  for await (const batch of source.history({ lines: 'all', since: null, until: null }, never))
    batches.push(batch);
  return batches;
}

const rawsOf = (batches: readonly Batch<LogEntry>[]) =>
  batches.flatMap(({ items }) => items.map(({ raw }) => raw));

const running: Build = {
  id: ID,
  status: 'running',
  nativeStatus: 'pending',
  ended: false,
  kind: null,
  created: null,
  started: null,
  finished: null,
  duration: null,
  commit: null,
  ref: null,
  cause: null,
  user: null,
  message: null,
  steps: [],
  progress: null,
  reason: null,
  url: null,
};
/** Long ago: what was stored then is all that will be. */
const over: Build = {
  ...running,
  status: 'succeeded',
  nativeStatus: 'succeeded',
  ended: true,
  finished: { seconds: 1_531_942_616, nanos: 0, digits: 3 },
};

const log = (client: AkkerisClient, build = running, phase: 'build' | 'deploy' = 'build') =>
  builds.log(client, ref, { build, phase }, never);

/** One snapshot a look, the last one for ever. */
function snapshots(...all: [status: unknown, lines: unknown][]) {
  return (response: ServerResponse, number: number) => {
    const [status, lines] = all[Math.min(number, all.length) - 1] ?? [];
    const url = `${own.url}/apps/api-default/builds/undefined/result`;
    json(response, 200, { build: { status, output_stream_url: url }, lines });
  };
}

describe('the output', () => {
  it('is read in the form of the page, to the last line', async () => {
    // The page's own example, with the spelling of its last line (wire: Akkeris 3.3).
    const lines = [
      'Getting source code for https://github.com/akkeris/some-repo/master SHA 123456... done',
      '...',
      'Deploying ... done',
      'Finshed: SUCCESS',
    ];
    const client = await start({ [RESULT]: answer({ build: { id: ID, status: 'succeeded' }, lines }) });
    const batches = await past(await log(client, over));
    expect(rawsOf(batches)).toEqual(lines);
    expect(batches.at(-1)?.position).toBe(4);
    expect(own.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([RESULT]);
    const [entry] = batches.flatMap(({ items }) => items);
    expect(entry?.body).toMatchObject({ source: 'build', deployment: ID, ts: null, level: null });
  });

  it('is read in the observed form, without the empty end', async () => {
    const client = await start({ [RESULT]: snapshots(['failed', ['a', '', 'b', '']]) });
    expect(rawsOf(await past(await log(client, over)))).toEqual(['a', '', 'b']);
  });

  it('grows line by line, and holds the last one back', async () => {
    const client = await start({
      [RESULT]: snapshots(
        ['queued', []],
        ['pending', ['one', 'tw']],
        ['pending', ['one', 'two', '']],
        // A line that is struck out when it is whole, and a blank run that collapses.
        ['pending', ['one', 'two', 'Step 2/5 : AR']],
        ['pending', ['one', 'two', '', '']],
        ['pending', ['one', 'two', 'two', 'three']],
        ['succeeded', ['one', 'two', 'two', 'three', 'Finished: FAILURE', '']],
      ),
    });
    const { batches, lines, end } = await live(await log(client));
    expect(batches.map(({ items }) => items.map(({ raw }) => raw))).toEqual([
      [],
      ['one'],
      ['two'],
      [],
      [],
      ['two'],
      ['three', 'Finished: FAILURE'],
    ]);
    expect(batches.map(({ position }) => position)).toEqual([0, 1, 2, 2, 2, 3, 5]);
    expect(lines).toHaveLength(5);
    expect(end).toBe('ended');
  });

  it('is not over because a line says so', async () => {
    const client = await start({
      [RESULT]: snapshots(
        ['pending', ['Finished: SUCCESS', '']],
        ['pending', ['Finished: SUCCESS', 'more', '']],
        ['failed', ['Finished: SUCCESS', 'more', 'Error during build', '']],
      ),
    });
    expect((await live(await log(client))).lines).toEqual([
      'Finished: SUCCESS',
      'more',
      'Error during build',
    ]);
  });

  it('is read on after the build has ended, until it stops growing', async () => {
    const client = await start({
      [RESULT]: snapshots(
        ['pending', ['one', '']],
        ['succeeded', ['one', '']],
        ['succeeded', ['one', 'two', '']],
        ['succeeded', ['one', 'two', 'three', '']],
        ['succeeded', ['one', 'two', 'three', '']],
        ['succeeded', ['one', 'two', 'three', 'never asked for', '']],
      ),
    });
    expect((await live(await log(client))).lines).toEqual(['one', 'two', 'three']);
    expect(own.asked).toHaveLength(5);
  });

  it('is waited for where a stored log of a build that has just ended may be short', async () => {
    const growing = snapshots(
      ['succeeded', ['one', '']],
      ['succeeded', ['one', 'two', '']],
      ['succeeded', ['one', 'two', '']],
    );
    const now = { seconds: Math.floor(Date.now() / 1000), nanos: 0, digits: 3 };
    const client = await start({ [RESULT]: growing });
    expect(rawsOf(await past(await log(client, { ...over, finished: now })))).toEqual(['one', 'two']);
    const another = await start({ [RESULT]: growing });
    expect(rawsOf(await past(await log(another, over)))).toEqual(['one']);
  });

  it('goes on where another connection ended', async () => {
    const client = await start({ [RESULT]: snapshots(['succeeded', ['one', 'two', 'three', '']]) });
    expect((await live(await log(client), { after: 2 })).lines).toEqual(['three']);
    expect((await live(await log(client), { lines: 0 })).lines).toEqual([]);
    expect((await live(await log(client), { lines: 2 })).lines).toEqual(['two', 'three']);
  });

  it('that becomes shorter is waited for', async () => {
    const client = await start({
      [RESULT]: snapshots(
        ['pending', ['one', 'two', '']],
        ['pending', []],
        ['pending', ['one', 'two', 'three', '']],
        ['succeeded', ['one', 'two', 'three', '']],
      ),
    });
    expect((await live(await log(client))).lines).toEqual(['one', 'two', 'three']);
  });

  it('without a status it knows, asks the build itself', async () => {
    const client = await start({
      [RESULT]: snapshots([undefined, ['one', '']], ['mystery', ['one', 'two', '']]),
      [ONE]: (response, number) =>
        json(response, 200, { ...RECORD, status: number === 1 ? 'pending' : 'succeeded' }),
    });
    expect((await live(await log(client))).lines).toEqual(['one', 'two']);
  });

  it('says why it is empty', async () => {
    const client = await start({ [RESULT]: snapshots(['queued', []], ['failed', null]) });
    const [early] = await past(await log(client, { ...running, status: 'queued' }));
    expect(early).toMatchObject({ items: [], position: 0, notices: [{ kind: 'hint' }] });
    const [late] = await past(await log(client, over));
    expect(late).toMatchObject({ items: [], notices: [{ kind: 'limit' }] });
  });

  it('takes hostile lines as they are', async () => {
    const long = 'x'.repeat(1024 * 1024 + 7);
    const client = await start({
      [RESULT]: snapshots(['succeeded', ['\u001b[31mred', 'a\r', 'b\nc', 7, null, ' ü ', long, '']]),
    });
    const entries = (await past(await log(client, over))).flatMap(({ items }) => items);
    expect(entries.slice(0, -1).map(({ raw }) => raw)).toEqual([
      '\u001b[31mred',
      'a',
      'b',
      'c',
      '7',
      'null',
      ' ü ',
    ]);
    expect(entries.at(-1)).toMatchObject({ truncated: 7 });
  });

  it.each([[[]], ['text'], [{ build: { status: 'pending' }, lines: 'one' }]])(
    'of the wrong shape is no output: %j',
    async (body) => {
      const client = await start({ [RESULT]: answer(body) });
      await expect(past(await log(client, over))).rejects.toMatchObject({
        kind: 'platform',
        message: expect.stringContaining('array of lines'),
      });
    },
  );

  it('of a build that vanished is not found; a lost look can be made again', async () => {
    const gone = await start({ [RESULT]: (response) => sentence(response, 404, 'gone') });
    await expect(live(await log(gone))).rejects.toMatchObject({ kind: 'not-found', retryable: false });
    const down = await start({
      [RESULT]: (response) => sentence(response, 503, 'Service Unavailable Error'),
    });
    await expect(live(await log(down))).rejects.toMatchObject({ kind: 'unavailable', retryable: true });
  });

  it('is followed by the engine through an outage, nothing twice', async () => {
    const steps = snapshots(
      ['pending', ['one', 'same', '']],
      ['pending', ['one', 'same', 'same', '']],
      ['pending', ['one', 'same', 'same', '']],
      ['pending', ['one', 'same', 'same', 'la', '']],
      ['succeeded', ['one', 'same', 'same', 'la', 'last', '']],
    );
    const client = await start({
      [RESULT]: (response, number) =>
        number === 3 ? sentence(response, 500, 'Internal Server Error') : steps(response, number),
    });
    const options = { keep: () => true, lines: 'all' as const, since: null, until: null, follow: true };
    const seen: string[] = [];
    const timing = { backoffFirst: 1, backoffMost: 1 };
    for await (const step of feed(await log(client), { ...options, timing }, never)) {
      if (step.kind === 'items') seen.push(...step.items.map(({ raw }) => raw));
      if (step.kind === 'gap') throw new Error(step.gap.reason);
    }
    expect(seen).toEqual(['one', 'same', 'same', 'la', 'last']);
  });

  it('ends at once when it is told to', async () => {
    const client = await start({ [RESULT]: snapshots(['pending', ['one', '']]) });
    const patient = { ...client, timing: { ...client.timing, buildEvery: 3_600_000 } };
    const stop = new AbortController();
    const generator = (await log(patient)).live({ after: 0 }, stop.signal);
    await generator.next();
    const next = generator.next();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });

  it('shows the credential to nobody but the API', async () => {
    const foreign = await startOwn({});
    closing.push(foreign.close);
    const url = `${foreign.url}/apps/api-default/builds/${ID}/result`;
    const build = { status: 'succeeded', output_stream_url: url };
    const client = await start({
      [LIST]: answer([{ ...RECORD, output_stream_url: url }]),
      [RESULT]: answer({ build, lines: ['a', ''] }),
    });
    const [listedBuild = over] = await listed(client);
    expect(rawsOf(await past(await log(client, listedBuild)))).toEqual(['a']);
    expect(foreign.asked).toEqual([]);
  });
});

describe('the deploy phase', () => {
  const STATUSES = `GET /apps/api-default/releases/${RELEASE.id}/statuses`;
  const CHECK = {
    id: '193b58e9-b60c-4224-bca5-14423d861f79',
    state: 'pending',
    name: 'My Integration Test XYZ',
    context: 'tests/integration-test-xyz',
    description: 'The integration tests are still running.',
    created_at: '2019-07-19T01:56:02.441Z',
    updated_at: '2019-07-19T01:56:02.441Z',
  };

  it('is its release and what was reported on it', async () => {
    const client = await start({
      [RELEASES]: answer([{ ...RELEASE, id: 'x', slug: { id: OTHER } }, RELEASE]),
      [STATUSES]: answer({ state: 'pending', statuses: [CHECK], release: RELEASE }),
    });
    const [batch] = await past(await log(client, over, 'deploy'));
    expect(batch?.items.map(({ raw }) => raw)).toEqual([
      '2018-07-18T19:36:57.000Z release v14: Auto Deploy of 999b5ce9',
      '2019-07-19T01:56:02.441Z release v14: My Integration Test XYZ: pending: The integration tests are still running.',
      'release v14: succeeded',
    ]);
    const [first, , last] = batch?.items ?? [];
    expect(first?.body).toMatchObject({
      message: 'release v14: Auto Deploy of 999b5ce9',
      ts: { seconds: 1_531_942_617 },
    });
    expect(last?.body).toMatchObject({ message: 'release v14: succeeded', ts: null });
  });

  it('is followed until the release has ended', async () => {
    const states = ['queued', 'pending', 'pending', 'failed'];
    const client = await start({
      [ONE]: answer(RECORD),
      [RELEASES]: (response, number) =>
        json(response, 200, number === 1 ? [] : [{ ...RELEASE, status: states[number - 2] ?? 'failed' }]),
    });
    const { lines, end } = await live(await log(client, running, 'deploy'), { lines: 0 });
    expect(lines).toEqual([
      '2018-07-18T19:36:57.000Z release v14: Auto Deploy of 999b5ce9',
      'release v14: queued',
      'release v14: pending',
      'release v14: failed',
    ]);
    expect(end).toBe('ended');
  });

  it('goes on where another connection ended', async () => {
    const client = await start({ [RELEASES]: answer([RELEASE]) });
    const source = await log(client, over, 'deploy');
    const position = JSON.parse(JSON.stringify((await past(source)).at(-1)?.position));
    expect((await live(source, { after: position })).lines).toEqual([]);
    expect((await live(source, { after: position.slice(0, -1) })).lines).toEqual(['release v14: succeeded']);
  });

  it('does not come for a build that failed, nor for ever for one that is not released', async () => {
    const failed = await start();
    const source = await log(failed, { ...over, status: 'failed', nativeStatus: 'failed' }, 'deploy');
    expect((await live(source)).end).toBe('ended');
    expect(own.asked).toHaveLength(1);
    expect(await past(source)).toMatchObject([{ items: [], notices: [{ kind: 'hint' }] }]);
    const unreleased = await start();
    expect((await live(await log(unreleased, over, 'deploy'))).end).toBe('ended');
    expect(own.asked).toHaveLength(5);
  });
});

const readings: [string, Partial<AkkerisOptions>][] = [
  ['as observed', { snapshotMs: 0 }],
  ['as observed, in pieces of lines', { snapshotMs: 0, partialLines: true }],
  ['as documented', { documented: true, snapshotMs: 0 }],
];

describe.each(readings)('beside the sandbox, %s', (_name, options) => {
  let world: World;
  let sandbox: AkkerisSandbox;
  let client: AkkerisClient;
  let app: AppRef;

  async function play(): Promise<void> {
    world = createWorld({ scale: 0, past: 0 });
    sandbox = await startAkkeris({ world, token: TOKEN, ...options });
    onTestFinished(async () => {
      await sandbox.close();
      world.close();
    });
    client = clientFor(sandbox.url);
    app = { app: sandbox.appKey, component: null };
  }

  it('lists, shows, finds the active one', async () => {
    await play();
    const first = world.deploy({ message: 'first' });
    world.advance(first.id, 'succeeded');
    const second = world.deploy({ fail: true });
    world.advance(second.id, 'failed');
    const third = world.deploy();
    const found: Build[] = [];
    for await (const page of builds.list(client, app, never)) found.push(...page);
    expect(found.map(({ id, status }) => [id, status]).sort()).toEqual(
      [
        [first.id, 'succeeded'],
        [second.id, 'failed'],
        [third.id, 'queued'],
      ].sort(),
    );
    expect((await builds.active?.(client, app, never))?.id).toBe(first.id);
    const shown = await builds.get(client, app, first.id, never);
    expect(shown).toMatchObject({ message: 'first', commit: first.commit, user: first.author });
    expect(shown.steps.map(({ name }) => name)).toEqual(['build', expect.stringMatching(/^release v\d+$/)]);
    expect(sandbox.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('follows a build to its end, every line once, and reads the same afterwards', async () => {
    await play();
    const { id } = world.deploy();
    const build = await builds.get(client, app, id, never);
    const source = await builds.log(client, app, { build, phase: 'build' }, never);
    const generator = source.live({ after: 0 }, never);
    const seen: string[] = [];
    let moved = 0;
    for (let step = await generator.next(); !step.done; step = await generator.next()) {
      seen.push(...step.value.items.map(({ raw }) => raw));
      moved += 1;
      if (moved === 2) world.advance(id, 'building');
      if (moved === 4) world.advance(id, 'succeeded');
    }
    const ended = await builds.get(client, app, id, never);
    expect(ended).toMatchObject({ status: 'succeeded', ended: true });
    const after = await builds.log(client, app, { build: ended, phase: 'build' }, never);
    const stored = rawsOf(await past(after));
    expect(stored.length).toBeGreaterThan(2);
    expect(seen).toEqual(stored);
  });

  it('tells the deploy', async () => {
    await play();
    const { id } = world.deploy();
    world.advance(id, 'succeeded');
    const build = await builds.get(client, app, id, never);
    const source = await builds.log(client, app, { build, phase: 'deploy' }, never);
    const lines = rawsOf(await past(source));
    expect(lines.at(-1)).toMatch(/^release v\d+: succeeded$/);
    expect((await live(source, { after: [] })).lines).toEqual(lines);
  });
});
