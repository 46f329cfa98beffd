// The tasks, events and figures that stand in Container Station's documentation, word for word.
import { describe, expect, it } from 'vitest';
import { containerStationAt } from '../../src/providers/container-station/index.ts';
import { between, everything, of, past, play, type Sent, valuesOf, wordsOf } from './script.ts';

const provider = containerStationAt({ pollMillis: 1, eventMinMillis: 1, eventHoldMillis: 50 });
const station = { app: '', component: null };
const now = new Date().toISOString();

/** A station that asks for no login, of the version that has this prefix. */
const sample = (
  prefix: '' | '/container-station',
  answers: Readonly<Record<string, Sent | readonly Sent[]>>,
  version = '2.4.0.2316',
) =>
  play(provider, {
    answers: {
      [`GET ${prefix}/api/v1/login_refresh`]: { body: { username: 'admin' } },
      [`GET ${prefix}/api/v1/system`]: { body: { version: { qpkg: version } } },
      [`GET ${prefix}/api/v1/container`]: { body: [] },
      [`GET ${prefix}/api/v1/log`]: { body: [] },
      ...Object.fromEntries(
        Object.entries(answers).map(([path, sent]) => [`GET ${prefix}/api${path}`, sent]),
      ),
    },
    env: (url) => ({ POLYLOG_QNAP_URL: `${url}${prefix}/`, POLYLOG_QNAP_TIMEZONE: 'Asia/Taipei' }),
  });

async function eventsOf(
  answers: Readonly<Record<string, Sent | readonly Sent[]>>,
  prefix: '' | '/container-station' = '',
) {
  const { client, signal } = await sample(prefix, answers);
  const source = await of(provider.events).open(client, station, { types: [], users: [] }, signal);
  return past(source, signal);
}

describe('seed: event', () => {
  /** `Category:User:JSON`, newest first. */
  const MESSAGES = [
    'import:Anonymous:{"state": "completed", "result": 0, "cid": "utest_import", "tid": 1, "path": "/test/c.tgz", "type": "lxc"}',
    'image:all:{"action": "update", "from": "local", "type": "lxc"}',
    'container:all:{"container": "utest_import", "state": "stop", "type": "lxc"}',
    'container:all:{"container": "utest_import", "state": "create", "type": "lxc"}',
    'image:all:{"action": "update", "from": "local", "type": "lxc"}',
    'import:Anonymous:{"tid": 1, "path": "/test/c.tgz", "state": "running", "type": "lxc", "cid": "utest_import"}',
    'export:Anonymous:{"container": "DockerTestAPI", "cid": "08fd4fac14b85af65da4a7d9c4f9d8feb5f3ef39f2ccd978c753151de9a42765", "compress": true, "state": "completed", "result": 0, "tid": 2, "path": "/test/d.tgz", "type": "docker"}',
    'container:all:{"container": "utest_import", "state": "destroy", "type": "lxc"}',
    'image:Anonymous:{"from": "dockerhub", "name": "lgsd/diamond", "state": "success", "tag": "latest", "action": "download", "type": "docker"}',
    'image:all:{"action": "update", "type": "docker", "state": "pull", "from": "local", "id": "lgsd/diamond:latest"}',
    'export:Anonymous:{"container": "DockerTestAPI", "cid": "08fd4fac14b85af65da4a7d9c4f9d8feb5f3ef39f2ccd978c753151de9a42765", "compress": true, "state": "running", "tid": 2, "path": "/test/d.tgz", "type": "docker"}',
    'export:Anonymous:{"container": "utest", "cid": "utest", "compress": true, "state": "completed", "result": 0, "tid": 1, "path": "/test/c.tgz", "type": "lxc"}',
    'container:all:{"container": "utest", "type": "lxc", "port": "add"}',
    'image:all:{"action": "update", "from": "local", "type": "lxc"}',
    'container:all:{"container": "utest", "state": "start", "type": "lxc"}',
    'export:Anonymous:{"container": "utest", "cid": "utest", "compress": true, "state": "running", "tid": 1, "path": "/test/c.tgz", "type": "lxc"}',
    'container:all:{"container": "utest", "state": "create", "type": "lxc"}',
    'image:all:{"action": "update", "from": "local", "type": "lxc"}',
    'image:Anonymous:{"action": "delete", "state": "error", "type": "docker", "name": "lgsd/diamond"}',
    'container:all:{"container": "ctest", "type": "lxc", "port": "add"}',
  ];
  const answer = { '/v1/event': { body: { index: 56, messages: MESSAGES, offset: 76 } } };

  it('the newest 20, three parts each, without times', async () => {
    const events = await eventsOf(answer);
    expect(events).toHaveLength(20);
    expect(events.every(({ ts, fields }) => ts === null && fields !== null)).toBe(true);
    const words = wordsOf(events);
    expect(words.at(-1)).toMatch(/import.*utest_import/);
    expect(words[0]).toBe('container lxc/ctest: port added');
    expect(new Set(events.map(({ kind }) => kind))).toEqual(
      new Set(['import', 'image', 'restart', 'config', 'export', 'deploy']),
    );
    expect(events.map(({ user }) => user)).toContain('Anonymous');
    expect(events.find(({ nativeKind }) => nativeKind === 'export')?.fields).toMatchObject({
      compress: true,
      cid: 'utest',
      path: '/test/c.tgz',
    });
  });

  it('event/wait, whose time was up: the container as it is', async () => {
    const body = {
      cpu: 0.0,
      id: 'utest',
      image: 'ubuntu-trusty:latest',
      ipaddress: ['10.0.3.177'],
      memory: 10870784,
      name: 'utest',
      rx: 0,
      state: 'running',
      tx: 0,
      type: 'lxc',
    };
    expect(await waitFor(body, '')).toMatchObject([
      { state: 'running', fields: { cpu: 0, memory: 10870784, rx: 0, tx: 0 } },
    ]);
  });
});

async function waitFor(body: object, prefix: '' | '/container-station') {
  const { client, signal, asked } = await sample(prefix, {
    '/v1/container': { body: [body] },
    '/v1/event/wait/lxc/utest/stopped?duration=': { body },
  });
  const events = of(provider.events);
  const ref = provider.parseRef('lxc/utest');
  const states = await events.hold?.(client, ref, { state: 'stopped', millis: 20 }, signal);
  expect(asked.join('\n')).toContain('/event/wait/lxc/utest/stopped?duration=1');
  return states;
}

describe('wire: Container Station', () => {
  it('3.1, an answer of events', async () => {
    const body = String.raw`{"index": 56, "messages": ["container:all:{\"container\": \"utest\", \"state\": \"stop\", \"type\": \"lxc\"}"], "offset": 76}`;
    expect(wordsOf(await eventsOf({ '/v1/event': { body } }))).toEqual(['container lxc/utest stopped']);
  });

  const TASKS = `[{"category": "create", "deletable": false, "detail_state": "Download image:15%", "id": 3, "init": 1628700570, "name": "ctest", "params": {"image": "ubuntu-bionic", "name": "ctest", "repository": "qnap", "tag": "latest", "type": "lxc"}, "start": 1628700570, "state": "running", "user": "admin"},
 {"category": "application", "deletable": false, "detail_state": "", "end": 1628700468, "id": 2, "init": 1628700357, "name": "joomla", "params": {"binding": {}, "name": "joomla", "template": "joomla"}, "result": 0, "start": 1628700357, "state": "completed", "user": "admin"}]`;
  it('5.2, background tasks, their times corrected by 8 hours', async () => {
    const { client, signal, asked } = await sample('/container-station', {
      '/v1/background/': { body: TASKS },
    });
    expect(await everything(of(provider.builds).list(client, station, signal))).toMatchObject([
      {
        id: '3',
        status: 'running',
        ended: false,
        kind: 'create',
        progress: 15,
        user: 'admin',
        started: { seconds: 1628700570 - 28_800 },
        finished: null,
      },
      {
        id: '2',
        status: 'succeeded',
        ended: true,
        kind: 'application',
        finished: { seconds: 1628700468 - 28_800 },
        duration: 111,
      },
    ]);
    // With the slash at the end (wire: Container Station 6.8).
    expect(asked).toContain('GET /container-station/api/v1/background/');
  });

  it('5.4, the pulls of version 0.93', async () => {
    const { client, signal } = await sample(
      '',
      {
        '/v1/image/downloadstatus': {
          body: '[{"name":"lgsd/diamond","percent":null,"status":"downloading"}]',
        },
        '/v1/export/': { body: '[]' },
        '/v1/import/': { body: '[]' },
      },
      '',
    );
    const builds = await everything(of(provider.builds).list(client, station, signal));
    expect(builds).toMatchObject([{ ended: false, progress: null }]);
    expect(JSON.stringify(builds)).toContain('lgsd/diamond');
  });

  // "... 18 more, older ..." stands for the others: they are left out here.
  const FIRST = String.raw`{"index": 101, "messages": ["image:admin:1628671995:{\"action\": \"delete\", \"state\": \"success\", \"type\": \"docker\", \"name\": \"busybox\"}",
 "background:admin:1628671991:{\"category\": \"image_download\", \"state\": \"completed\", \"container\": \"busybox:latest\", \"result\": 0, \"tid\": 1}"], "offset": 121}`;
  const NEXT = String.raw`{"index": 121, "messages": ["container:all:1628672100:{\"container\": \"web\", \"state\": \"die\", \"type\": \"docker\", \"id\": \"5b4b96c56fd7\"}"], "offset": 122}`;
  const NOTHING = '{"index": 122, "messages": [], "offset": 122}';
  it('6.5, events and the one that came next', async () => {
    const { client, signal } = await sample('/container-station', {
      '/v1/event': { body: FIRST },
      '/v1/event?index=121': { body: NEXT },
      '/v1/event?index=122': { body: NOTHING },
    });
    const source = await of(provider.events).open(client, station, { types: [], users: [] }, signal);
    const before = await past(source, signal);
    expect(before.map(({ ts, kind }) => [ts?.seconds, kind])).toEqual([
      [1628671991, 'task'],
      [1628671995, 'image'],
    ]);
    const connection = source.live({ lines: 0 }, signal);
    const came: string[] = [];
    while (came.length === 0) {
      const step = await connection.next();
      if (step.done === true) break;
      came.push(...wordsOf(step.value.items));
    }
    expect(came).toEqual(['container docker/web exited']);
  });

  it('6.6, a wait whose time was up', async () => {
    const body = {
      cpu: 0.0005105513955071477,
      id: 'utest',
      image: 'ubuntu-bionic:latest',
      ipaddress: ['10.0.3.241'],
      memory: 44904448,
      name: 'utest',
      rx: 393,
      state: 'running',
      tcpPort: [],
      tx: 354,
      type: 'lxc',
    };
    expect(await waitFor(body, '/container-station')).toMatchObject([
      { state: 'running', fields: { memory: 44904448, rx: 393, tx: 354 } },
    ]);
  });

  it.each([
    [
      '6.7',
      '{"cpu_usage": "2.4", "memory_usage": {"buffers": 552, "cached": 1842, "percent": 28, "percent_buffers": 14, "percent_cached": 48, "total": 3833, "used": 1094}}',
      2.4,
      1094,
    ],
    [
      '4.5',
      '{"cpu_usage": "100.0", "memory_usage": {"buffers": 585, "cached": 3336, "percent": 26, "percent_buffers": 7, "percent_cached": 42, "total": 7810, "used": 2086}}',
      100,
      2086,
    ],
  ])('%s, the resources of the station', async (_name, body, cpu, used) => {
    const { client, signal } = await sample('/container-station', { '/v1/system/resource': { body } });
    const { series } = await of(provider.metrics).query(client, station, between(now, now), signal);
    const values = valuesOf(series).map(([, metric, , samples]) => [metric, samples]);
    expect(values).toContainEqual(['cpu_usage', [cpu]]);
    expect(values).toContainEqual(['memory_used', [used * 1_048_576]]);
  });

  it('4.1, a container that runs', async () => {
    const body =
      '[{"cpu": 0.0, "externalIP": "", "id": "54cf958bc1e3ba5280c74d64ddce3193861161b90b8de7cd4f30ed028b5151f2", "image": "mariadb:10.2", "imageID": "sha256:ee1f276f080220ce22db6e607f464e042570515b1b3d3ae03361db1ccef08b46", "ipaddress": ["10.0.3.3"], "memory": 84705280, "name": "joomla_db_1", "networkMode": "", "project": "joomla", "projectPath": "/share/CACHEDEV1_DATA/.qpkg/container-station/ctstation/config/../../data/application/joomla", "rx": 0, "state": "running", "tcpPort": [], "tx": 0, "type": "docker"}]';
    const { client, signal } = await sample('/container-station', { '/v1/container': { body } });
    const ref = provider.parseRef('docker/joomla_db_1');
    const { series } = await of(provider.metrics).query(client, ref, between(now, now), signal);
    expect(valuesOf(series).map(([, metric, unit, samples]) => [metric, unit, samples])).toEqual([
      ['cpu', 'percent', [0]],
      ['memory', 'bytes', [84705280]],
      ['rx', 'bytes/s', [0]],
      ['tx', 'bytes/s', [0]],
    ]);
    expect(await of(provider.events).state(client, ref, signal)).toMatchObject([{ state: 'running' }]);
  });

  // Ids, times and words that are dots there (`".."`, `5b4b...`) stay as they are.
  const V3 = {
    '/v1/event': { status: 404, body: '' },
    '/v1/background/': { status: 404, body: '' },
    '/v1/image': { status: 404, body: '' },
    '/v1/system': { status: 404, body: '' },
    '/v3/containers': {
      body: '{"data": {"items": [{"id": "5b4b...", "name": "web", "type": "docker", "image": "nginx:latest", "status": "running", "project": "", "runtime": "runc", "cpu": 0.012, "memory": 0.034, "tx": 0, "rx": 0, "read": 0, "write": 0, "created": "..", "startedAt": "..", "cmd": [], "portBindings": [], "networks": []}]}}',
    },
    '/v3/tasks': {
      body: '{"data": {"items": [{"id": "t1", "category": "image_pull", "cancelable": false, "description": "..", "progress": 100, "detail": "", "state": "completed"}]}}',
    },
    '/v3/overview': {
      body: '{"data": {"app": [{"name": "joomla", "status": "running"}], "container": [{"id": "5b4b...", "name": "web", "type": "docker", "status": "running", "cpu": 0.012, "memory": 0.034}]}}',
    },
  };
  it('6.10, tasks of version 3', async () => {
    const { client, signal } = await sample('/container-station', V3);
    expect(await everything(of(provider.builds).list(client, station, signal))).toMatchObject([
      { id: 't1', status: 'succeeded', ended: true, kind: 'image_pull', progress: 100 },
    ]);
  });

  it('6.10, containers of version 3, their figures fractions of the station', async () => {
    const { client, signal } = await sample('/container-station', V3);
    const { series } = await of(provider.metrics).query(client, station, between(now, now), signal);
    const figures = valuesOf(series).map(([place, metric, unit, samples]) => [place, metric, unit, samples]);
    expect(figures).toContainEqual(['docker/web', 'cpu', 'percent', [1.2]]);
    expect(JSON.stringify(figures)).toContain('3.4');
    const source = await of(provider.events).open(client, station, { types: [], users: [] }, signal);
    expect(source.traits.history).toBe('none');
  });
});
