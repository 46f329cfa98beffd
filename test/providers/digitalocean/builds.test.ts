// Deployments as builds, and their logs, against servers of its own and the sandbox.
import { afterEach, describe, expect, it } from 'vitest';
import type { Build, BuildStep, LogEntry } from '../../../src/model.ts';
import { formatInstant } from '../../../src/model.ts';
import type { AppRef, Source } from '../../../src/provider.ts';
import { builds } from '../../../src/providers/digitalocean/builds.ts';
import type { DigitaloceanClient, Timing } from '../../../src/providers/digitalocean/client.ts';
import { type DigitaloceanKnobs, startDigitalocean } from '../../../src/sandbox/digitalocean.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import { feed } from '../../../src/stream/feed.ts';
import {
  APP,
  clientFor,
  closeAll,
  frame,
  json,
  line,
  never,
  type OwnAnswers,
  readHistory,
  readLive,
  startOwn,
  text,
} from './setup.ts';

const started: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
  await closeAll();
});

const SHOP: AppRef = { app: 'shop', component: null };
const ID = 'b6bdf840-2854-4f87-a36c-5f231c617c84';

async function own(answers: OwnAnswers, timing: Partial<Timing> = {}) {
  const server = await startOwn(answers);
  return { server, client: clientFor({ url: server.url }, timing) };
}

/** The build that an answer with this deployment becomes. */
async function buildFrom(deployment: unknown): Promise<Build> {
  const { client } = await own({
    api: { [`/apps/${APP}/deployments/${ID}`]: (_, response) => json(response, 200, { deployment }) },
  });
  return builds.get(client, SHOP, ID, never);
}

async function pagesOf(client: DigitaloceanClient): Promise<string[][]> {
  const found: string[][] = [];
  for await (const page of builds.list(client, SHOP, never)) found.push(page.map(({ id }) => id));
  return found;
}

const names = (steps: readonly BuildStep[]): unknown[] =>
  steps.map(({ name, status, steps: nested }) =>
    nested.length === 0 ? `${name}: ${status}` : [`${name}: ${status}`, ...names(nested)],
  );

describe('a deployment as a build', () => {
  it('in progress, as the platform shows it', async () => {
    const build = await buildFrom({
      id: ID,
      phase: 'BUILDING',
      cause: 'commit 9a4df0b pushed to github/acme/my-app',
      created_at: '2026-08-01T09:57:50Z',
      updated_at: '2026-08-01T09:58:10Z',
      phase_last_updated_at: '2026-08-01T09:58:00Z',
      services: [{ name: 'web', source_commit_hash: '9a4df0b8' }],
      progress: {
        pending_steps: 4,
        running_steps: 1,
        success_steps: 1,
        total_steps: 6,
        steps: [
          {
            name: 'build',
            status: 'RUNNING',
            started_at: '2026-08-01T09:58:00Z',
            steps: [
              { name: 'initialize', status: 'SUCCESS' },
              {
                name: 'components',
                status: 'RUNNING',
                steps: [
                  { name: 'web', status: 'RUNNING', component_name: 'web', message_base: 'Building service' },
                ],
              },
            ],
          },
          { name: 'deploy', status: 'PENDING' },
        ],
      },
    });
    expect(build).toMatchObject({
      id: ID,
      status: 'running',
      nativeStatus: 'BUILDING',
      ended: false,
      commit: '9a4df0b8',
      cause: 'commit 9a4df0b pushed to github/acme/my-app',
      finished: null,
      duration: null,
      progress: 17,
      reason: null,
    });
    expect(build.started && formatInstant(build.started)).toBe('2026-08-01T09:58:00Z');
    expect(names(build.steps)).toEqual([
      ['build: running', 'initialize: succeeded', ['components: running', 'Building service web: running']],
      'deploy: queued',
    ]);
  });

  it.each([
    ['PENDING_BUILD', 'queued', false],
    ['BUILDING', 'running', false],
    ['PENDING_DEPLOY', 'running', false],
    ['DEPLOYING', 'running', false],
    ['ACTIVE', 'succeeded', true],
    ['ERROR', 'failed', true],
    ['CANCELED', 'cancelled', true],
    ['SUPERSEDED', 'superseded', true],
    ['UNKNOWN', 'unknown', false],
    ['constructor', 'unknown', false],
  ])('in the phase %s is %s', async (phase, status, ended) => {
    expect(await buildFrom({ id: ID, phase })).toMatchObject({ status, ended, nativeStatus: phase });
  });

  it('in a phase that nobody knows is over when its steps are told and none waits or runs', async () => {
    const of = (progress: object) => buildFrom({ id: ID, phase: 'PAUSED', progress });
    expect(await of({ running_steps: 1, total_steps: 2 })).toMatchObject({ status: 'unknown', ended: false });
    expect(await of({ steps: [{ name: 'a', steps: [{ name: 'b', status: 'PENDING' }] }] })).toMatchObject({
      ended: false,
    });
    expect(await of({ success_steps: 2, total_steps: 2 })).toMatchObject({ status: 'unknown', ended: true });
    expect(await of({ steps: [{ name: 'a', status: 'SUCCESS' }] })).toMatchObject({ ended: true });
    expect(await of({ total_steps: 2 })).toMatchObject({ ended: false });
    expect(await buildFrom({ id: ID })).toMatchObject({
      nativeStatus: 'UNKNOWN',
      status: 'unknown',
      ended: false,
    });
  });

  it('that failed tells the reason of the deepest failed step', async () => {
    const build = await buildFrom({
      id: ID,
      phase: 'ERROR',
      phase_last_updated_at: '2026-08-01T10:00:30.5Z',
      progress: {
        success_steps: 1,
        error_steps: 3,
        total_steps: 4,
        steps: [
          {
            name: 'build',
            status: 'ERROR',
            started_at: '2026-08-01T10:00:00Z',
            ended_at: '2026-08-01T10:00:20Z',
            reason: { code: 'Outer', message: 'The build failed.' },
            steps: [
              {
                name: 'components',
                status: 'ERROR',
                steps: [
                  {
                    name: 'web',
                    status: 'ERROR',
                    reason: { code: 'BuildJobExitNonZero', message: 'Your build exited with 1.' },
                  },
                ],
              },
            ],
          },
        ],
      },
    });
    expect(build.reason).toBe('Your build exited with 1 (BuildJobExitNonZero)');
    expect(build.steps[0]?.reason).toBe('The build failed (Outer)');
    expect(build).toMatchObject({ progress: 25, duration: 30.5 });
  });

  it('has the end of its steps for an end once it has been superseded', async () => {
    const step = { started_at: '2026-08-01T10:00:00Z', ended_at: '2026-08-01T10:01:00Z', status: 'SUCCESS' };
    const build = await buildFrom({
      id: ID,
      phase: 'SUPERSEDED',
      phase_last_updated_at: '2026-08-19T00:00:00Z',
      progress: { steps: [{ name: 'build', ...step }] },
    });
    expect(build.duration).toBe(60);
    expect(build.steps.every(({ status }) => status === 'succeeded')).toBe(true);
  });

  it('without times of its steps has what the platform measured', async () => {
    const timing = { pending: '3s', build_total: '1m2.5s', deploying: '430ms', build_billable: 'rubbish' };
    const unset = '0001-01-01T00:00:00Z';
    const build = await buildFrom({ id: ID, phase: 'ACTIVE', created_at: unset, timing });
    expect(build).toMatchObject({ created: null, started: null, finished: null, duration: 62.93 });
    expect((await buildFrom({ id: ID, phase: 'BUILDING', timing })).duration).toBeNull();
  });

  it('tells who pushed what', async () => {
    const push = {
      username: 'ada',
      commit_author: 'Ada L.',
      commit_sha: '9a4df0b85c3e2d1f',
      commit_message: 'Faster\n\nMuch.',
      github: { repo: 'acme/shop', branch: 'main' },
    };
    const details = { type: 'DEPLOY_ON_PUSH', git_push: push };
    expect(await buildFrom({ id: ID, phase: 'ACTIVE', cause_details: details })).toMatchObject({
      kind: 'DEPLOY_ON_PUSH',
      commit: '9a4df0b85c3e2d1f',
      ref: 'main',
      user: 'ada',
      message: 'Faster\n\nMuch.',
    });
    const { username: _, ...unnamed } = push;
    expect(await buildFrom({ id: ID, phase: 'ACTIVE', cause_details: { git_push: unnamed } })).toMatchObject({
      user: 'Ada L.',
    });
  });

  it.each([
    [
      { cause_details: { digitalocean_user_action: { name: 'REBUILD', user: { email: 'ada@acme.test' } } } },
      { user: 'ada@acme.test', cause: 'REBUILD', commit: null },
    ],
    [{ cause_details: { docr_push: { registry: 'acme', repository: 'shop', tag: 'v7' } } }, { ref: 'v7' }],
    [{ cause: 'commit 9a4df0b pushed to github/acme/shop' }, { commit: '9a4df0b' }],
    [
      { workers: [{ name: 'w' }], jobs: [{ name: 'j', source_commit_hash: 'abc1234' }] },
      { commit: 'abc1234' },
    ],
    [{ cause: 'manual' }, { commit: null, user: null, message: null, ref: null, kind: null }],
  ])('tells its cause from %j', async (fields, expected) => {
    expect(await buildFrom({ id: ID, phase: 'ACTIVE', ...fields })).toMatchObject(expected);
  });

  it('has steps to any depth; where that has no end they do not count as a success', async () => {
    // As text: writing it as JSON would run out of stack by itself.
    const nested = (depth: number) =>
      `{"deployment":{"id":"${ID}","phase":"SUPERSEDED","progress":{"steps":[${'{"name":"s","status":"SUCCESS","steps":['.repeat(depth)}${']}'.repeat(depth)}]}}}`;
    const deepest = ({ steps }: { steps: readonly BuildStep[] }): BuildStep => {
      const [only] = steps;
      if (only === undefined) throw new Error('no step');
      return only.steps.length === 0 ? only : deepest(only);
    };
    const of = async (depth: number) => {
      const { client } = await own({
        api: { [`/apps/${APP}/deployments/${ID}`]: (_, response) => text(response, 200, nested(depth)) },
      });
      return deepest(await builds.get(client, SHOP, ID, never));
    };
    expect(await of(30)).toMatchObject({ status: 'succeeded' });
    expect(await of(50_000)).toMatchObject({ status: 'unknown' });
  });

  it.each([
    [undefined, 'deployment.id'],
    [{ phase: 'ACTIVE' }, 'deployment.id'],
    [{ id: ID, phase: 7 }, 'deployment.phase'],
  ])('of the wrong shape (%j) is refused', async (deployment, field) => {
    await expect(buildFrom(deployment)).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining(field),
    });
  });
});

describe('the deployments of an app', () => {
  it('come page by page, newest first, each once', async () => {
    const { server, client } = await own({
      api: {
        [`/apps/${APP}/deployments`]: ({ query }, response) => {
          const rows = { 1: ['d', 'c'], 2: ['c', 'b'], 3: [] }[Number(query.get('page'))] ?? [];
          const next = `https://api.digitalocean.com/v2/x?page=${Number(query.get('page')) + 1}&per_page=50`;
          json(response, 200, {
            deployments: rows.length === 0 ? null : rows.map((id) => ({ id, phase: 'ACTIVE' })),
            links: rows.length === 0 ? {} : { pages: { next } },
          });
        },
      },
    });
    expect(await pagesOf(client)).toEqual([['d', 'c'], ['b'], []]);
    expect(server.asked.filter((asked) => asked.includes('deployments'))).toEqual([
      `GET /v2/apps/${APP}/deployments?page=1&per_page=50`,
      `GET /v2/apps/${APP}/deployments?page=2&per_page=50`,
      `GET /v2/apps/${APP}/deployments?page=3&per_page=50`,
    ]);
  });

  it('are asked for one page when that is enough, and the app is looked up once', async () => {
    const { server, client } = await own({
      api: {
        [`/apps/${APP}/deployments`]: (_, response) =>
          json(response, 200, {
            deployments: [{ id: 'd', phase: 'ACTIVE' }],
            links: { pages: { next: `${server.url}/v2/?page=2` } },
          }),
        [`/apps/${APP}/deployments/d`]: (_, response) =>
          json(response, 200, { deployment: { id: 'd', phase: 'ACTIVE' } }),
      },
    });
    for await (const [newest] of builds.list(client, SHOP, never)) {
      expect(newest?.id).toBe('d');
      break;
    }
    await builds.get(client, SHOP, 'd', never);
    expect(server.asked).toHaveLength(3);
  });

  it('in a form that nobody knows are refused', async () => {
    const { client } = await own({
      api: { [`/apps/${APP}/deployments`]: (_, response) => json(response, 200, { deployments: {} }) },
    });
    await expect(pagesOf(client)).rejects.toThrow('has no list in deployments');
  });

  it('do not include one that is not there, or whose id is none', async () => {
    const { server, client } = await own({});
    const missing = builds.get(client, SHOP, ID, never);
    await expect(missing).rejects.toMatchObject({
      kind: 'not-found',
      message: `DigitalOcean does not know deployment ${ID} of app "shop".`,
      hint: expect.stringContaining('builds list digitalocean:shop'),
    });
    await expect(builds.get(client, SHOP, '../x', never)).rejects.toMatchObject({ kind: 'not-found' });
    expect(server.asked.filter((asked) => asked.includes('deployments'))).toHaveLength(1);
  });

  it('have one that is active, or none', async () => {
    let active: string | null = 'd-1';
    const { client } = await own({
      api: {
        [`/apps/${APP}`]: (_, response) =>
          json(response, 200, {
            app: { id: APP, spec: { name: 'shop' }, ...(active && { active_deployment: { id: active } }) },
          }),
        [`/apps/${APP}/deployments/d-1`]: (_, response) =>
          json(response, 200, { deployment: { id: 'd-1', phase: 'ACTIVE', cause: 'manual' } }),
      },
    });
    expect(await builds.active?.(client, SHOP, never)).toMatchObject({ id: 'd-1', cause: 'manual' });
    active = null;
    expect(await builds.active?.(client, SHOP, never)).toBeNull();
  });
});

describe('the log of a deployment', () => {
  const open = async (
    answers: OwnAnswers,
    phases: string[],
    { phase = 'build', timing = {} }: { phase?: 'build' | 'deploy'; timing?: Partial<Timing> } = {},
  ) => {
    const { server, client } = await own(
      {
        ...answers,
        api: {
          ...answers.api,
          [`/apps/${APP}/deployments/${ID}`]: (_, response) => {
            const now = phases.length > 1 ? phases.shift() : phases[0];
            json(response, 200, { deployment: { id: ID, phase: now } });
          },
        },
      },
      timing,
    );
    const build = await builds.get(client, SHOP, ID, never);
    return { server, log: await builds.log(client, SHOP, { build, phase }, never) };
  };

  it.each([
    ['build', 'BUILD'],
    ['deploy', 'DEPLOY'],
  ] as const)('of the %s phase is read from all archives', async (phase, type) => {
    const { server, log } = await open(
      {
        logs: (_, far) => ({ historic_urls: [`${far}/1?sig=x`, `${far}/2?sig=x`] }),
        far: {
          '/1': (_, response) => text(response, 200, `${line(1, 'one')}\n${line(2, '')}\n`),
          '/2': (_, response) => text(response, 200, `${line(3, 'three')}\n`),
        },
      },
      ['ACTIVE'],
      { phase },
    );
    const { lines, batches } = await readHistory(log, { lines: 'all' });
    expect(lines).toEqual([line(1, 'one'), line(2, ''), line(3, 'three')]);
    const [entry] = batches.flatMap(({ items }) => items);
    expect(entry?.body).toMatchObject({ source: 'build', deployment: ID, component: 'web' });
    expect(server.asked.at(-1)).toContain(`/deployments/${ID}/logs?type=${type}&follow=false&tail_lines=-1`);
    expect(server.farHeaders.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('of a phase that was skipped is empty, with a notice', async () => {
    const message = 'cannot get build logs for component web with log task status skipped';
    const { log } = await open(
      {
        api: {
          [`/apps/${APP}/deployments/${ID}/logs`]: (_, response) =>
            json(response, 400, { id: 'bad_request', message }),
        },
      },
      ['DEPLOYING'],
    );
    const read = await readHistory(log, { lines: 'all' });
    expect(read).toMatchObject({ lines: [], missing: [], end: { complete: true } });
    expect(read.notices).toEqual([`no build logs for that phase (${message})`]);
    expect((await readLive(log)).end.end).toBe('ended');
  });

  it('is live until its phase is over, although the stream stays open', async () => {
    const { log } = await open(
      {
        logs: (_, far) => ({ live_url: `${far}/live` }),
        upgrade: (socket) => socket.send(frame(`${line(1, 'building')}\n`)),
      },
      ['BUILDING', 'BUILDING', 'BUILDING', 'PENDING_DEPLOY'],
      { timing: { watch: 5 } },
    );
    const read = await readLive(log, 10);
    expect(read.lines).toEqual([line(1, 'building')]);
    expect(read.end).toEqual({
      end: 'ended',
      reason: `the build logs of deployment ${ID} of app "shop" are complete`,
    });
  });

  it('of a deploy phase that is yet to come is waited for', async () => {
    let asked = 0;
    const { log } = await open(
      {
        logs: (_, far) => {
          asked += 1;
          return asked < 3 ? {} : { live_url: `${far}/live` };
        },
        upgrade: (socket) => {
          socket.send(frame(`${line(1, 'deploying')}\n`));
          socket.close(1000);
        },
      },
      ['BUILDING', 'BUILDING', 'BUILDING', 'DEPLOYING', 'ACTIVE'],
      { phase: 'deploy' },
    );
    const read = await readLive(log);
    expect(read.lines).toEqual([line(1, 'deploying')]);
    expect(read.end.end).toBe('ended');
  });

  it('of a deployment that is gone is not found', async () => {
    const { server, client } = await own({
      api: {
        [`/apps/${APP}/deployments/${ID}`]: (_, response) => {
          const first = server.asked.filter((asked) => asked.endsWith(ID)).length === 1;
          json(response, first ? 200 : 404, { deployment: { id: ID, phase: 'BUILDING' } });
        },
      },
    });
    const build = await builds.get(client, SHOP, ID, never);
    const log = builds.log(client, SHOP, { build, phase: 'build' }, never);
    await expect(log).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('over the sandbox', () => {
  async function sandbox(knobs: DigitaloceanKnobs = {}) {
    const world = createWorld({ scale: 0, past: 0 });
    const server = await startDigitalocean({ world, ...knobs });
    started.push(
      () => world.close(),
      () => server.close(),
    );
    const client = clientFor({ url: server.url, token: server.token }, { watch: 5 });
    const ref = { app: world.app, component: null };
    return { world, server, client, ref, get: (id: string) => builds.get(client, ref, id, never) };
  }

  /** Everything that the engine shows of it until it ends. */
  async function follow(source: Source<LogEntry>, onItems: (messages: string[]) => void = () => {}) {
    const timing = { backoffFirst: 1, backoffMost: 5, startWithin: 20_000 };
    const options = {
      keep: () => true,
      lines: 'all' as const,
      since: null,
      until: null,
      follow: true,
      timing,
    };
    const messages: string[] = [];
    for await (const step of feed(source, options, never)) {
      if (step.kind !== 'items') continue;
      messages.push(...step.items.map(({ body }) => body.message));
      onItems(messages);
    }
    return messages;
  }

  const outputOf = (output: readonly { phase: string; text: string }[], phase: string) =>
    output.filter((each) => each.phase === phase).map((each) => each.text);

  it.each<DigitaloceanKnobs>([{}, { linesPerFrame: 5, splitLines: true }, { answerForm: 'seed' }])(
    'a build is followed from its queue to its end: %j',
    async (knobs) => {
      const { world, server, client, ref, get } = await sandbox(knobs);
      const deploy = world.deploy();
      const queued = await get(deploy.id);
      expect(queued).toMatchObject({ status: 'queued', ended: false, user: expect.any(String) });
      void server.watched(1).then(() => {
        world.advance(deploy.id, 'deploying');
        world.advance(deploy.id, 'succeeded');
      });
      world.advance(deploy.id, 'building');
      const log = await builds.log(client, ref, { build: queued, phase: 'build' }, never);
      expect(await follow(log)).toEqual(outputOf(deploy.output, 'build'));
      const over = await get(deploy.id);
      expect(over).toMatchObject({ status: 'succeeded', ended: true, progress: 100, commit: deploy.commit });
      expect(await builds.active?.(client, ref, never)).toMatchObject({ id: deploy.id });
      const deployLog = await builds.log(client, ref, { build: over, phase: 'deploy' }, never);
      expect(await follow(deployLog)).toEqual(outputOf(deploy.output, 'deploy'));
    },
  );

  it('a failed one names its step and why; its deploy phase has no log', async () => {
    const { world, client, ref, get } = await sandbox();
    const deploy = world.deploy({ fail: true });
    world.advance(deploy.id, 'failed');
    const build = await get(deploy.id);
    expect(build).toMatchObject({ status: 'failed', ended: true });
    expect(build.reason).toContain('BuildJobExitNonZero');
    const log = await builds.log(client, ref, { build, phase: 'deploy' }, never);
    expect(await readHistory(log, { lines: 'all' })).toMatchObject({
      lines: [],
      notices: [expect.any(String)],
    });
  });

  it('lists them newest first', async () => {
    const { world, client, ref } = await sandbox();
    const ids = [1, 2, 3].map(() => {
      const { id } = world.deploy();
      world.advance(id, 'succeeded');
      return id;
    });
    const found: string[] = [];
    for await (const page of builds.list(client, ref, never)) found.push(...page.map(({ status }) => status));
    expect(found).toEqual(['succeeded', 'superseded', 'superseded', 'superseded']);
    for await (const page of builds.list(client, ref, never))
      expect(page.slice(0, 3).map(({ id }) => id)).toEqual(ids.reverse());
  });
});
