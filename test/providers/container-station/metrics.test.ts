import { describe, expect, it } from 'vitest';
import { instantFromMillis } from '../../../src/model.ts';
import type { MetricQuery } from '../../../src/provider.ts';
import type { StationClient } from '../../../src/providers/container-station/client.ts';
import { metricsOf, refOf } from './sources.ts';
import { ADMIN, clientOf, ownSignal, sandbox, serve } from './station.ts';

const NOW = instantFromMillis(1628671915_000);
const HOUR_AGO = instantFromMillis(1628671915_000 - 3_600_000);
/** Asks for nothing but the present. */
const PRESENT: MetricQuery = { metrics: [], since: NOW, until: NOW, resolution: null, components: [] };

const WEB = {
  cpu: 0.00016949152542372882,
  id: '54cf958bc1e3ba5280c74d64ddce3193861161b90b8de7cd4f30ed028b5151f2',
  image: 'mariadb:10.2',
  memory: 84705280,
  name: 'web',
  rx: 0,
  state: 'running',
  tx: 1937,
  type: 'docker',
};
/** Without figures, as every stopped one. */
const IDLE = { id: 'b'.repeat(64), image: 'x', name: 'idle', state: 'stopped', type: 'docker' };
/** 6.7 of the wire page. */
const RESOURCE = {
  cpu_usage: '2.4',
  memory_usage: {
    buffers: 552,
    cached: 1842,
    percent: 28,
    percent_buffers: 14,
    percent_cached: 48,
    total: 3833,
    used: 1094,
  },
};

async function station(told: { containers?: unknown; resource?: unknown } = {}): Promise<StationClient> {
  const { containers = [WEB, IDLE], resource = RESOURCE } = told;
  const nas = await serve(({ path }) => {
    if (path.endsWith('/container')) return { json: containers };
    if (path.endsWith('/system/resource')) return resource === null ? undefined : { json: resource };
    if (path.endsWith('/system')) return { json: { version: { qpkg: '2.4.0.2316' } } };
    return path.includes('login_refresh') ? { json: { username: 'admin' } } : undefined;
  });
  return clientOf({ url: nas.url });
}

async function version3(items: unknown): Promise<StationClient> {
  const nas = await serve(({ path }) => {
    if (path.endsWith('/v3/containers')) return { json: { data: { items } } };
    if (path.endsWith('/v1/container')) return { json: [WEB] };
    return path.includes('login_refresh') ? { json: { username: 'admin' } } : undefined;
  });
  return clientOf({ url: nas.url });
}

async function ask(client: StationClient, app = '', query: Partial<MetricQuery> = {}) {
  const { series, notices } = await metricsOf(client).query(
    client,
    refOf(app),
    { ...PRESENT, ...query },
    ownSignal(),
  );
  const rows = series.map(({ component, metric, unit, samples }) => [
    component,
    metric,
    unit,
    samples[0]?.value,
  ]);
  return { series, rows, notices };
}

describe('a container', () => {
  it('is measured in percent of the host, bytes and bytes per second', async () => {
    const { rows, series, notices } = await ask(await station(), 'docker/web');
    expect(rows).toEqual([
      [null, 'cpu', 'percent', 0.0169491525423729],
      [null, 'memory', 'bytes', 84705280],
      [null, 'rx', 'bytes/s', 0],
      [null, 'tx', 'bytes/s', 1937],
    ]);
    expect(series[0]).toMatchObject({ aggregate: 'last', resolution: null, instance: null });
    expect(notices).toEqual([]);
  });

  it('that is stopped has no sample, and no zero', async () => {
    const { series, notices } = await ask(await station(), 'docker/idle');
    expect(series.map(({ samples }) => samples)).toEqual([[], [], [], []]);
    expect(notices).toEqual([{ kind: 'hint', message: 'docker/idle is stopped: it has no values' }]);
  });

  it('whose value is no number has a gap, and that is said', async () => {
    const containers = [{ ...WEB, cpu: 'n/a', memory: {}, rx: null, tx: '12' }];
    const { rows, series, notices } = await ask(await station({ containers }), 'docker/web');
    expect(rows.map((row) => row[3])).toEqual([null, null, undefined, 12]);
    expect(series[2]?.samples).toEqual([]);
    expect(notices).toEqual([
      { kind: 'warning', message: expect.stringMatching(/sent no number for cpu, memory$/) },
    ]);
  });

  it('that does not exist is not found', async () => {
    await expect(ask(await station(), 'docker/nope')).rejects.toMatchObject({
      kind: 'not-found',
      hint: expect.stringContaining('docker/web'),
    });
  });
});

describe('the station', () => {
  it('is measured beside its running containers, MiB made bytes', async () => {
    const { rows } = await ask(await station());
    expect(rows).toEqual([
      [null, 'cpu_usage', 'percent', 2.4],
      [null, 'memory_used', 'bytes', 1094 * 1024 * 1024],
      [null, 'memory_buffers', 'bytes', 552 * 1024 * 1024],
      [null, 'memory_cached', 'bytes', 1842 * 1024 * 1024],
      [null, 'memory_size', 'bytes', 3833 * 1024 * 1024],
      [null, 'memory_percent', 'percent', 28],
      ['docker/web', 'cpu', 'percent', expect.any(Number)],
      ['docker/web', 'memory', 'bytes', 84705280],
      ['docker/web', 'rx', 'bytes/s', 0],
      ['docker/web', 'tx', 'bytes/s', 1937],
    ]);
  });

  it('tells of its containers alone where it tells nothing of itself', async () => {
    const client = await station({ resource: null });
    expect((await ask(client)).rows.map(([component]) => component)).toEqual(Array(4).fill('docker/web'));
    await expect(ask(client, '', { metrics: ['cpu_usage'] })).rejects.toMatchObject({ kind: 'usage' });
  });

  it.each([
    ['100.0', 100],
    [7, 7],
    ['2,4', null],
    ['', null],
    [true, null],
    ['Infinity', null],
  ])('cpu_usage %j is %j', async (cpu_usage, value) => {
    const { rows } = await ask(await station({ resource: { ...RESOURCE, cpu_usage } }));
    expect(rows[0]?.[3]).toBe(value);
  });

  it.each([[[]], [{ cpu_usage: '1' }], [{ cpu_usage: '1', memory_usage: 5 }]])(
    'refuses %j',
    async (resource) => {
      await expect(ask(await station({ resource }))).rejects.toMatchObject({ kind: 'platform' });
    },
  );

  it.each([[{}], [['x']], [[{ name: 'web' }]]])('refuses the containers %j', async (containers) => {
    await expect(ask(await station({ containers }))).rejects.toMatchObject({ kind: 'platform' });
  });
});

describe('what is asked for', () => {
  it('is chosen by name', async () => {
    const { rows } = await ask(await station(), '', { metrics: ['memory', 'cpu_usage'] });
    expect(rows.map((row) => row.slice(0, 2))).toEqual([
      [null, 'cpu_usage'],
      ['docker/web', 'memory'],
    ]);
  });

  it.each([
    [
      '',
      'There is cpu_usage, memory_used, memory_buffers, memory_cached, memory_size, memory_percent, cpu, memory, rx, tx.',
    ],
    ['docker/web', 'There is cpu, memory, rx, tx.'],
  ])('an unknown metric of "%s" lists those that exist', async (app, hint) => {
    await expect(ask(await station(), app, { metrics: ['cpu', 'swap'] })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('"swap"'),
      hint,
    });
  });

  it('a range gives the present, and that is said', async () => {
    const before = Date.now();
    const { series, notices } = await ask(await station(), 'docker/web', { since: HOUR_AGO });
    expect(notices).toEqual([{ kind: 'limit', message: expect.stringContaining('keeps no history') }]);
    expect(series[0]?.samples).toHaveLength(1);
    expect((series[0]?.samples[0]?.ts.seconds ?? 0) * 1000).toBeGreaterThan(before - 1000);
  });

  it('a resolution is in vain, and that is said', async () => {
    const { notices } = await ask(await station(), 'docker/web', { resolution: 60 });
    expect(notices).toEqual([{ kind: 'limit', message: expect.stringContaining('15 s') }]);
  });

  it('the traits say so beforehand', async () => {
    const { traits } = metricsOf(await station());
    expect(traits).toMatchObject({ keepsSeconds: null, everyMillis: 15_000 });
  });
});

describe('version 3', () => {
  const items = [
    {
      ID: 'a1',
      Name: 'web',
      Type: 'docker',
      Status: 'running',
      Cpu: 0.012,
      Memory: 0.034,
      tx: 1,
      rx: 2,
      read: 3,
      write: 4,
    },
  ];

  it('gives fractions of the host, and rates of an unknown unit, which is said', async () => {
    const { rows, notices } = await ask(await version3(items));
    expect(rows).toEqual([
      ['docker/web', 'cpu', 'percent', 1.2],
      ['docker/web', 'memory', 'percent', 3.4],
      ['docker/web', 'rx', 'unknown', 2],
      ['docker/web', 'tx', 'unknown', 1],
      ['docker/web', 'read', 'unknown', 3],
      ['docker/web', 'write', 'unknown', 4],
    ]);
    expect(notices).toEqual([{ kind: 'hint', message: expect.stringContaining('unit') }]);
    const cpu = await ask(await version3(items), 'docker/web', { metrics: ['cpu'] });
    expect(cpu.notices).toEqual([]);
  });

  it.each([[undefined], ['x'], [[5]]])('refuses items %j', async (wrong) => {
    await expect(ask(await version3(wrong))).rejects.toMatchObject({ kind: 'platform' });
  });

  it('is read in whatever case its keys come', async () => {
    const nas = await serve(({ path }) => {
      if (path.endsWith('/v3/containers')) return { json: { Data: { Items: items } } };
      return path.includes('login_refresh') ? { json: { username: 'admin' } } : undefined;
    });
    expect((await ask(clientOf({ url: nas.url }), 'docker/web')).rows[0]).toEqual([
      null,
      'cpu',
      'percent',
      1.2,
    ]);
  });

  it('has no containers where items is null', async () => {
    expect((await ask(await version3(null))).series).toEqual([]);
  });
});

describe('every dialect of the sandbox', () => {
  it.each([
    ['A', 'bytes', 10],
    ['C', 'bytes', 10],
    ['D', 'bytes', 10],
    ['E', 'bytes', 10],
    ['F', 'percent', 6],
  ] as const)('%s: memory in %s, %i metrics', async (dialect, unit, kinds) => {
    const nas = await sandbox({ dialect });
    const client = clientOf({ url: nas.url, ...ADMIN });
    const { rows } = await ask(client);
    expect(rows).toContainEqual(['docker/shop-web', 'memory', unit, expect.any(Number)]);
    const cpus = rows.filter(([, metric]) => metric === 'cpu').map((row) => Number(row[3]));
    expect(cpus.length).toBeGreaterThan(3);
    expect(cpus.every((cpu) => cpu >= 0 && cpu <= 100)).toBe(true);
    const listed = await metricsOf(client).list(client, refOf(''), ownSignal());
    expect(listed).toHaveLength(kinds);
    expect(new Set(rows.map(([, metric]) => metric))).toEqual(new Set(listed.map(({ metric }) => metric)));
  });

  it('lists those of one container', async () => {
    const nas = await sandbox();
    const client = clientOf({ url: nas.url, ...ADMIN });
    const listed = await metricsOf(client).list(client, refOf('docker/shop-web'), ownSignal());
    expect(listed.map(({ metric, unit, resolution }) => [metric, unit, resolution])).toEqual([
      ['cpu', 'percent', null],
      ['memory', 'bytes', null],
      ['rx', 'bytes/s', null],
      ['tx', 'bytes/s', null],
    ]);
  });
});
