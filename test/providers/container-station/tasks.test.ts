import { describe, expect, it } from 'vitest';
import { type Build, formatInstant, type LogEntry } from '../../../src/model.ts';
import type { Batch } from '../../../src/provider.ts';
import { closingOf, isRowOf } from '../../../src/providers/container-station/task-rows.ts';
import { readTask, type Task } from '../../../src/providers/container-station/task-words.ts';
import type { LogRow } from '../../../src/providers/container-station/translate.ts';
import { buildsOf, listBuilds, liveOf, past, refOf, STATION } from './sources.ts';
import { ADMIN, clientOf, ownSignal, paths, sandbox, serve } from './station.ts';

/** The list of the wire page (5.2): a NAS at +08:00. */
const SAMPLE = [
  {
    category: 'create',
    deletable: false,
    detail_state: 'Download image:15%',
    id: 3,
    init: 1628700570,
    name: 'ctest',
    params: { image: 'ubuntu-bionic', name: 'ctest', repository: 'qnap', tag: 'latest', type: 'lxc' },
    start: 1628700570,
    state: 'running',
    user: 'admin',
  },
  {
    category: 'application',
    deletable: false,
    detail_state: '',
    end: 1628700468,
    id: 2,
    init: 1628700357,
    name: 'joomla',
    params: { binding: {}, name: 'joomla', template: 'joomla' },
    result: 0,
    start: 1628700357,
    state: 'completed',
    user: 'admin',
  },
];

interface Row {
  readonly id: number;
  readonly ts: number;
  readonly message: string;
}

/** A station of version 2.4 without a login, whose tasks and rows the test moves. */
async function station(tasks: unknown = SAMPLE, messages: readonly [number, string][] = []) {
  const state = {
    tasks,
    rows: messages.map(([ts, message], index): Row => ({ id: index + 1, ts, message })),
    containers: [{ type: 'docker', name: 'web', id: 'a'.repeat(64), state: 'running' }],
    hasLog: true,
    write(ts: number, message: string) {
      state.rows.push({ id: (state.rows.at(-1)?.id ?? 0) + 1, ts, message });
    },
  };
  const nas = await serve(({ path, query }) => {
    if (path.includes('/background/')) return state.tasks === undefined ? undefined : { json: state.tasks };
    if (path.endsWith('/container')) return { json: state.containers };
    if (path.endsWith('/system')) return { json: { version: { qpkg: '2.4.0.2316' } } };
    if (path.includes('/log?') && state.hasLog) {
      const from = Number(query.get('offset') ?? 0);
      const limit = Number(query.get('limit'));
      const rows = state.rows.toReversed().slice(from, from + limit);
      return { json: rows.map((row) => ({ category: 'image', level: 'INFO', user: 'admin', ...row })) };
    }
    return path.includes('login_refresh') ? { json: { username: 'admin' } } : undefined;
  });
  const client = clientOf({ url: nas.url, timezone: '+08:00' });
  return Object.assign(state, { client, seen: nas.seen });
}

const PULL = { category: 'image_download', id: 7, init: 1000, name: 'busybox:latest', user: 'ada' };

function get(client: Parameters<typeof listBuilds>[0], id: string, app = ''): Promise<Build> {
  return buildsOf(client).get(client, refOf(app), id, ownSignal());
}

describe('the list of tasks', () => {
  it('is that of the wire page, its times corrected', async () => {
    const nas = await station();
    const [running, done] = await listBuilds(nas.client);
    expect(running).toMatchObject({
      id: '3',
      status: 'running',
      nativeStatus: 'running',
      ended: false,
      kind: 'create',
      user: 'admin',
      message: 'ctest',
      progress: 15,
      finished: null,
      duration: null,
      commit: null,
      steps: [],
    });
    expect(running?.created && formatInstant(running.created)).toBe('2021-08-11T08:49:30Z');
    expect(done).toMatchObject({ id: '2', status: 'succeeded', ended: true, duration: 111, progress: null });
    expect(done?.finished && formatInstant(done.finished)).toBe('2021-08-11T08:47:48Z');
  });

  it('is asked for with a slash at the end', async () => {
    const nas = await station();
    await listBuilds(nas.client);
    expect(paths(nas.seen)).toContain('GET /container-station/api/v1/background/');
  });

  it.each([
    ['waiting', undefined, 'queued', false],
    ['running', undefined, 'running', false],
    ['completed', 0, 'succeeded', true],
    ['completed', '0', 'succeeded', true],
    ['completed', 1, 'failed', true],
    ['completed', -2, 'failed', true],
    ['completed', undefined, 'unknown', true],
    ['error', undefined, 'failed', true],
    ['error', 0, 'failed', true],
    ['aborted', 0, 'failed', true],
    ['paused', undefined, 'unknown', false],
    ['success', 0, 'unknown', true],
    ['cancelled', undefined, 'unknown', true],
    ['', undefined, 'unknown', false],
  ])('"%s" with result %j is %s', async (state, result, status, ended) => {
    const nas = await station([{ ...PULL, state, result }]);
    expect(await listBuilds(nas.client)).toMatchObject([{ status, ended, nativeStatus: state }]);
  });

  it.each([[[{ name: 'a:1' }, { name: 'b:2' }]], ["{u'name': u'busybox'}"], [null], [{ name: 5 }]])(
    'takes params %j as they are',
    async (params) => {
      const nas = await station([{ ...PULL, name: 'a:1, b:2', state: 'running', params }]);
      expect(await listBuilds(nas.client)).toMatchObject([{ id: '7', message: 'a:1, b:2' }]);
    },
  );

  it.each([
    ['Download image:15%', undefined, 15],
    ['', 40, 40],
    ['', -1, null],
    ['Create container', undefined, null],
    ['999%', undefined, null],
  ])('progress of "%s" and %j is %j', async (detail_state, progress, expected) => {
    const nas = await station([{ ...PULL, state: 'running', detail_state, progress }]);
    expect(await listBuilds(nas.client)).toMatchObject([{ progress: expected }]);
  });

  it.each([
    [{}, 'with no list'],
    [[{ state: 'running', name: 'x' }], 'without "id"'],
    [['x'], 'without "id"'],
  ])('refuses %j', async (tasks, words) => {
    const nas = await station(tasks);
    await expect(listBuilds(nas.client)).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining(words),
    });
  });

  it('says where a version has none', async () => {
    const nas = await station();
    nas.tasks = undefined;
    await expect(listBuilds(nas.client)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('no list of background tasks'),
    });
  });

  it('that is not found any more is a failure that passes', async () => {
    const nas = await station();
    await listBuilds(nas.client);
    nas.tasks = undefined;
    await expect(get(nas.client, '3')).rejects.toMatchObject({ kind: 'unavailable', retryable: true });
  });
});

describe('tasks of one container', () => {
  const tasks = [
    { ...PULL, id: 5, category: 'container_export', name: 'web', state: 'running' },
    { ...PULL, id: 4, category: 'create', name: 'web', state: 'running', params: { type: 'lxc' } },
    { ...PULL, id: 3, category: 'image_download', name: 'web', state: 'running' },
    { ...PULL, id: 2, category: 'application', name: 'web', state: 'running' },
    { ...PULL, id: 1, category: 'create', name: 'soon', state: 'running', params: { type: 'docker' } },
  ];

  it.each([
    ['docker/web', ['5']],
    ['lxc/web', ['5', '4']],
    ['docker/soon', ['1']],
    [`docker/${'a'.repeat(12)}`, ['5']],
  ])('%s: %j', async (app, ids) => {
    const nas = await station(tasks);
    expect((await listBuilds(nas.client, app)).map(({ id }) => id)).toEqual(ids);
  });

  it('are none for one that has none, and a failure for one that does not exist', async () => {
    const nas = await station([]);
    expect(await listBuilds(nas.client, 'docker/web')).toEqual([]);
    await expect(listBuilds(nas.client, 'docker/nope')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it("does not hand out another container's task", async () => {
    const nas = await station(tasks);
    await expect(get(nas.client, '3', 'docker/web')).rejects.toMatchObject({ kind: 'not-found' });
    expect(await get(nas.client, '5', `docker/${'a'.repeat(12)}`)).toMatchObject({ id: '5' });
  });
});

describe('in every dialect of the sandbox', () => {
  it.each([
    ['A', ['create-4', 'create-3', 'create-2', 'create-1', 'import-1', 'export-1'], 'image_download'],
    ['B', ['4', '3', '2', '1', 'import-1', 'export-1'], 'download'],
    ['C', ['4', '3', '2', '1'], 'image_download'],
    ['D', ['4', '3', '2', '1'], 'image_download'],
    ['E', ['4', '3', '2', '1'], 'image_download'],
    ['F', ['t4', 't3', 't2', 't1'], 'image_pull'],
  ] as const)('%s', async (dialect, ids, kind) => {
    const nas = await sandbox({ dialect });
    const failing = nas.world.deploy();
    nas.world.advance(failing.id, 'failed');
    nas.world.deploy();
    const builds = await listBuilds(clientOf({ url: nas.url, ...ADMIN }));
    expect(builds.map(({ id }) => id)).toEqual(ids);
    expect(builds.slice(0, 4).map(({ status }) => status)).toEqual([
      'queued',
      'failed',
      'succeeded',
      'succeeded',
    ]);
    expect(builds[0]).toMatchObject({ kind, message: expect.stringMatching(/^shop\/web:/) });
  });

  it('a deploy goes from waiting to its end', async () => {
    const nas = await sandbox({ nasUtcOffset: 480 });
    const client = clientOf({ url: nas.url, ...ADMIN });
    const deploy = nas.world.deploy();
    const [queued] = await listBuilds(client);
    expect(queued).toMatchObject({ id: '3', status: 'queued', started: null });
    nas.world.advance(deploy.id, 'building');
    expect(await get(client, '3')).toMatchObject({ status: 'running', progress: expect.any(Number) });
    nas.world.advance(deploy.id, 'succeeded');
    const done = await get(client, '3');
    expect(done).toMatchObject({ status: 'succeeded', ended: true, user: deploy.author });
    expect(done.created?.seconds).toBe(Math.floor(deploy.created.ms / 1000));
  });

  it('a failure brings the reason that the activity log has', async () => {
    const nas = await sandbox();
    const deploy = nas.world.deploy({ fail: true });
    nas.world.advance(deploy.id, 'failed');
    const build = await get(clientOf({ url: nas.url, ...ADMIN }), '3');
    expect(build).toMatchObject({ status: 'failed', reason: expect.stringMatching(/exited|failed/i) });
  });
});

describe('version 3', () => {
  async function v3(items: unknown) {
    const nas = await serve(({ path, headers }) => {
      if (path.includes('/login_refresh')) return { json: { username: 'admin' } };
      if (path.endsWith('/login')) {
        return {
          json: { username: 'admin' },
          headers: { 'set-cookie': ['other=1; Path=/', 'CS_SESS_ID=s3cret; Path=/'] },
        };
      }
      if (!path.includes('/api/v3/')) return undefined;
      if (headers.authorization !== 'Bearer s3cret')
        return { status: 401, json: { code: 1002, message: '' } };
      if (path.endsWith('/containers')) return { json: { data: { items: [] } } };
      return path.endsWith('/tasks') ? { json: { data: items } } : undefined;
    });
    return { client: clientOf({ url: nas.url, ...ADMIN }), seen: nas.seen };
  }

  it('is asked with the session as a bearer token', async () => {
    const { client, seen } = await v3({ items: [] });
    expect(await listBuilds(client)).toEqual([]);
    const asked = seen.filter(({ path }) => path.includes('/v3/'));
    expect(asked.map(({ headers }) => headers.cookie)).toContain('other=1; CS_SESS_ID=s3cret');
  });

  it.each([
    ['completed', 'succeeded', true],
    ['running', 'running', false],
    ['error', 'failed', true],
    ['failed', 'unknown', true],
    ['inprogress', 'unknown', false],
  ])('"%s" is %s', async (state, status, ended) => {
    const task = { ID: 't1', Category: 'image_pull', Description: 'nginx', progress: 50, detail: '', state };
    const { client } = await v3({ items: [task] });
    expect(await listBuilds(client)).toMatchObject([
      { id: 't1', status, ended, kind: 'image_pull', message: 'nginx', progress: 50, created: null },
    ]);
  });

  it('finds the tasks of a container in their descriptions', async () => {
    const { client } = await v3({
      items: [
        { id: 't2', category: 'container_create', description: 'Create container web', state: 'running' },
        { id: 't1', category: 'container_create', description: 'Create container web-2', state: 'running' },
      ],
    });
    expect((await listBuilds(client, 'docker/web')).map(({ id }) => id)).toEqual(['t2']);
  });

  it('answers something else', async () => {
    const { client } = await v3('none');
    await expect(listBuilds(client)).rejects.toMatchObject({ kind: 'platform' });
  });
});

describe('a task that is no longer listed', () => {
  const task = '(image_download, busybox:latest)';
  const error = 'Background task error for image_download busybox:latest: no such host';

  it.each<[string, [number, string][], Partial<Build>]>([
    [
      'finished',
      [[1005, `Finished background task ${task}`]],
      { status: 'succeeded', nativeStatus: 'completed', duration: 4, reason: null },
    ],
    [
      'failed with an error before',
      [
        [1004, error],
        [1005, `Failed to do background task ${task}`],
      ],
      { status: 'failed', nativeStatus: 'error', reason: 'no such host' },
    ],
    [
      'failed with an error behind',
      [
        [1004, `Failed to do background task ${task}`],
        [1004, error],
      ],
      { status: 'failed', reason: 'no such host' },
    ],
    ['broken off by an error', [[1004, error]], { status: 'failed', reason: 'no such host' }],
    [
      'finished, another of its name failing later',
      [
        [1002, `Finished background task ${task}`],
        [1003, `Start to do background task ${task}`],
        [1004, error],
      ],
      { status: 'succeeded' },
    ],
  ])('%s', async (_name, rows, expected) => {
    const nas = await station([{ ...PULL, start: 1001, state: 'running' }]);
    await listBuilds(nas.client);
    nas.tasks = [];
    for (const [ts, message] of rows) nas.write(ts, message);
    const build = await get(nas.client, '7');
    expect(build).toMatchObject({ id: '7', ended: true, ...expected });
    expect(build.finished).not.toBeNull();
  });

  it.each<[string, [number, string][]]>([
    ['nothing', []],
    ['its start only', [[1001, `Start to do background task ${task}`]]],
    ['an end before it began', [[999, `Finished background task ${task}`]]],
    ['the end of another', [[1005, 'Finished background task (image_download, busybox:latest-2)']]],
    ['the end of another kind', [[1005, 'Finished background task (image_remove, busybox:latest)']]],
  ])('of which the log says %s is not found', async (_name, rows) => {
    const nas = await station([{ ...PULL, start: 1001, state: 'running' }], rows);
    await listBuilds(nas.client);
    nas.tasks = [];
    await expect(get(nas.client, '7')).rejects.toMatchObject({
      kind: 'not-found',
      hint: expect.stringContaining('builds list nas:'),
    });
  });

  it('does not take the end of the task before it for its own', async () => {
    const twice = [
      { ...PULL, id: 8, state: 'waiting' },
      { ...PULL, id: 7, start: 1001, state: 'running' },
    ];
    const nas = await station(twice);
    await listBuilds(nas.client);
    nas.tasks = [];
    nas.write(1002, error);
    await expect(get(nas.client, '8')).rejects.toMatchObject({ kind: 'not-found' });
    nas.write(1003, `Start to do background task ${task}`);
    nas.write(1004, `Finished background task ${task}`);
    expect(await get(nas.client, '8')).toMatchObject({ status: 'succeeded' });
    expect(await get(nas.client, '7')).toMatchObject({ status: 'failed' });
  });

  it('is as it ended where that was seen', async () => {
    const nas = await station([{ ...PULL, start: 1001, end: 1003, state: 'completed', result: 0 }]);
    await listBuilds(nas.client);
    nas.tasks = [];
    nas.hasLog = false;
    expect(await get(nas.client, '7')).toMatchObject({ status: 'succeeded', duration: 2 });
  });

  it('is not found where nobody has seen it', async () => {
    const nas = await station([]);
    await expect(get(nas.client, '7')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('and whose list was cleared in the sandbox has its verdict', async () => {
    const nas = await sandbox({ loginRequired: false });
    const client = clientOf({ url: nas.url });
    const deploy = nas.world.deploy({ fail: true });
    nas.world.advance(deploy.id, 'building');
    expect(await get(client, '3')).toMatchObject({ status: 'running' });
    nas.world.advance(deploy.id, 'failed');
    await fetch(`${nas.url}/container-station/api/v1/background/`, { method: 'DELETE' });
    expect(await listBuilds(client)).toEqual([]);
    expect(await get(client, '3')).toMatchObject({ status: 'failed', ended: true });
  });
});

describe('a completed task without a result', () => {
  it.each<[[number, string][], string]>([
    [[[1005, 'Finished background task (image_download, busybox:latest)']], 'succeeded'],
    [[[1005, 'Failed to do background task (image_download, busybox:latest)']], 'failed'],
    [[], 'unknown'],
  ])('is judged by the activity log: %j is %s', async (rows, status) => {
    const nas = await station([{ ...PULL, start: 1001, state: 'completed' }], rows);
    expect(await listBuilds(nas.client)).toMatchObject([{ status, ended: true, nativeStatus: 'completed' }]);
  });
});

describe('rows of the older lists', () => {
  const old = (list: Task['list'], name: string): Task => {
    const task = readTask({ id: 1, name, init: 10, state: 'running' }, list);
    if (!task) throw new Error('no task');
    return task;
  };
  const row = (message: string): LogRow => ({
    id: 1,
    ts: 12,
    level: 'INFO',
    category: 'import',
    user: 'admin',
    message,
    json: '{}',
  });

  it.each([
    [
      'import',
      'utest_import',
      'Finished import container (lxc, utest_import) from (/test/c.tgz) (return=0)',
      'succeeded',
    ],
    [
      'import',
      'utest_import',
      'Finished import container (lxc, utest_import) from (/test/c.tgz) (return=2)',
      'failed',
    ],
    [
      'export',
      'DockerTestAPI',
      'Finished export container (docker, 08fd4fac14b8, DockerTestAPI) to (/test/d.tgz) (return=0)',
      'succeeded',
    ],
    [
      'export',
      'DockerTestAPI',
      'Failed to export container (docker, 08fd4fac14b8, DockerTestAPI) to (/x)',
      'failed',
    ],
    ['create', 'ctest', 'Finished create container (lxc, ctest) (return=0)', 'succeeded'],
    [
      'download',
      'lgsd/diamond',
      'Finished to download image from dockerhub (docker, lgsd/diamond:latest)',
      'succeeded',
    ],
    [
      'import',
      'utest',
      'Finished import container (lxc, utest_import) from (/test/c.tgz) (return=0)',
      undefined,
    ],
    ['import', 'ctest', 'Finished create container (lxc, ctest) (return=0)', undefined],
  ] as const)('%s %s: %s', (list, name, message, status) => {
    expect(closingOf(old(list, name), [row(message)], [])?.status).toBe(status);
  });

  it('those of a time before the task are of another', () => {
    const message = 'Finished create container (lxc, ctest) (return=0)';
    expect(closingOf(old('create', 'ctest'), [{ ...row(message), ts: 9 }], [])).toBeNull();
  });

  it('a task without a time has no rows', () => {
    const task = { ...old('import', 'x'), init: null };
    expect(closingOf(task, [row('Finished import container (lxc, x) (return=0)')], [])).toBeNull();
    expect(isRowOf(row('x'), task)).toBe(false);
  });
});

describe('the log of a task', () => {
  const task = { ...PULL, init: 1000, start: 1001, state: 'running', detail_state: 'Download image:15%' };

  function texts(batches: readonly Batch<LogEntry>[]): string[] {
    return batches.flatMap(({ items }) => items).map(({ raw }) => raw);
  }

  async function open(nas: Awaited<ReturnType<typeof station>>) {
    const [build] = await listBuilds(nas.client);
    if (!build) throw new Error('no build');
    return buildsOf(nas.client).log(nas.client, STATION, { build, phase: 'build' }, ownSignal());
  }

  it('holds the rows that name it in its time, and what it is at', async () => {
    const nas = await station(
      [task],
      [
        [999, 'Image removed (docker, busybox:latest)'],
        [1001, 'Start to do background task (image_download, busybox:latest)'],
        [1002, 'Create volume: busy'],
        [1002, 'Image removed (docker, x/busybox:latest)'],
      ],
    );
    const { items, end } = await past(await open(nas));
    expect(items.map(({ raw }) => raw)).toEqual([
      'Start to do background task (image_download, busybox:latest)',
      'Download image:15%',
    ]);
    expect(items.map(({ body }) => [body.ts && formatInstant(body.ts), body.source, body.level])).toEqual([
      ['1969-12-31T16:16:41Z', 'build', 'info'],
      [null, 'build', null],
    ]);
    expect(end.complete).toBe(true);
  });

  it('goes on with rows and successive states until the task is over', async () => {
    const nas = await station([task]);
    nas.write(1001, 'Start to do background task (image_download, busybox:latest)');
    const source = await open(nas);
    const { batches } = await past(source);
    const live = liveOf(source, { after: batches.at(-1)?.position ?? null });
    expect((await live.next()).items).toEqual([]);
    nas.tasks = [{ ...task, detail_state: 'Download image:80%' }];
    expect(texts([await live.nextNews()])).toEqual(['Download image:80%']);
    nas.write(1005, 'Finished background task (image_download, busybox:latest)');
    nas.tasks = [{ ...task, detail_state: '', state: 'completed', result: 0, end: 1005 }];
    const rest = await live.end();
    expect(texts(rest.batches)).toEqual(['Finished background task (image_download, busybox:latest)']);
    expect(rest.end).toMatchObject({ end: 'ended' });
  });

  it('shows the last state before the row of the end', async () => {
    const nas = await station(
      [{ ...task, state: 'error', result: -1, end: 1003, detail_state: 'Download image:15%' }],
      [
        [1001, 'Start to do background task (image_download, busybox:latest)'],
        [1003, 'Failed to do background task (image_download, busybox:latest)'],
      ],
    );
    const { batches } = await past(await open(nas));
    expect(texts(batches)[1]).toBe('Download image:15%');
    expect(texts(batches)).toHaveLength(3);
  });

  it('ends when the list was cleared, and goes on behind a cleared activity log', async () => {
    const nas = await station(
      [task],
      [[1001, 'Start to do background task (image_download, busybox:latest)']],
    );
    const live = liveOf(await open(nas), { lines: 10 });
    expect(texts([await live.next()])).toHaveLength(2);
    nas.rows = [{ id: 1, ts: 1004, message: 'Finished background task (image_download, busybox:latest)' }];
    expect(texts([await live.nextNews()])).toEqual([
      'Finished background task (image_download, busybox:latest)',
    ]);
    nas.tasks = [];
    expect((await live.end()).end).toEqual({ end: 'ended', reason: 'task 7 is over' });
  });

  it('keeps silent about the past where live alone is wanted', async () => {
    const nas = await station(
      [task],
      [[1001, 'Start to do background task (image_download, busybox:latest)']],
    );
    const live = liveOf(await open(nas), { lines: 0 });
    expect((await live.next()).items).toEqual([]);
    nas.write(1002, 'Image pulled busybox:latest');
    expect(texts([await live.nextNews()])).toEqual(['Image pulled busybox:latest']);
  });

  it('says where there is no activity log', async () => {
    const nas = await station([task]);
    nas.hasLog = false;
    const { batches } = await past(await open(nas));
    expect(texts(batches)).toEqual(['Download image:15%']);
    expect(batches[0]?.notices).toMatchObject([
      { kind: 'limit', message: expect.stringContaining('activity') },
    ]);
  });

  it('of a task that nobody knows is not found', async () => {
    const nas = await station([]);
    const [build] = await listBuilds((await station()).client);
    if (!build) throw new Error('no build');
    const opened = buildsOf(nas.client).log(nas.client, STATION, { build, phase: 'build' }, ownSignal());
    await expect(opened).rejects.toMatchObject({ kind: 'not-found' });
  });

  it.each([[7], ['x'], [{ row: 'x', ts: null, detail: '' }], [null]])(
    'refuses the position %j',
    async (after) => {
      const nas = await station([task]);
      await expect(liveOf(await open(nas), { after }).next()).rejects.toMatchObject({ kind: 'usage' });
    },
  );

  it('keeps each row in one line', async () => {
    const nas = await station([task], [[1002, 'busybox:latest\r\n  broke']]);
    expect(texts((await past(await open(nas))).batches)[0]).toBe('busybox:latest broke');
  });
});
