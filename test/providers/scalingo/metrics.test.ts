import { afterEach, describe, expect, it } from 'vitest';
import { formatInstant, instantFromMillis, type MetricSeries } from '../../../src/model.ts';
import type { MetricQuery } from '../../../src/provider.ts';
import { METRICS } from '../../../src/providers/scalingo/metric-kinds.ts';
import { isWanted, placesOf } from '../../../src/providers/scalingo/metric-places.ts';
import { metrics } from '../../../src/providers/scalingo/metrics.ts';
import { startScalingo } from '../../../src/sandbox/scalingo.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import { type Answers, clientFor, json, never, type OwnServer, plain, startOwn } from './setup.ts';

const NOW = Date.parse('2026-09-20T13:00:00Z');
const HOUR = 3_600_000;
const ref = { app: 'shop', component: null };

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close();
});

const formation = {
  containers: [
    { name: 'web', amount: 2 },
    { name: 'worker', amount: 1 },
  ],
};
const noMetrics = { error: 'no metrics found' };

async function own(routes: NonNullable<Answers['routes']>) {
  const server = await startOwn({
    routes: {
      '/v1/apps/shop': (_, response) => json(response, 200, { app: { id: '1', name: 'shop' } }),
      '/v1/apps/shop/containers': (_, response) => json(response, 200, formation),
      '/v1/apps/shop/stats': (_, response) => json(response, 200, { stats: [] }),
      ...routes,
    },
  });
  cleanUp.push(() => server.close());
  return { server, client: clientFor({ 'auth-url': server.url }, { now: () => NOW }) };
}

function query(changes: Partial<MetricQuery> & { readonly hours?: number } = {}): MetricQuery {
  const { hours = 3, ...more } = changes;
  return {
    metrics: [],
    since: instantFromMillis(NOW - hours * HOUR),
    until: instantFromMillis(NOW),
    resolution: null,
    components: [],
    ...more,
  };
}

const asked = (server: OwnServer) =>
  server.asked.filter((line) => line.includes('/stats')).map((line) => line.replace('GET /v1/apps/shop', ''));
const values = ({ samples }: MetricSeries) => samples.map(({ value }) => value);

describe('figures over time', () => {
  const points = [
    { time: '2026-09-20T12:38:00Z', value: 7 },
    { time: '2026-09-20T12:36:00Z', value: null },
    { time: '2026-09-20T14:37:00+02:00', value: 200105984.5 },
    { time: '2026-09-20T12:39:00Z', value: '12' },
    { time: '2026-09-20T12:39:00Z', value: 13 },
    { time: 'yesterday', value: 1 },
    'rubbish',
  ];

  it('have gaps, never zeros, and come oldest first', async () => {
    const { client, server } = await own({
      '/v1/apps/shop/stats/memory/web': (_, response) => json(response, 200, points),
      '/v1/apps/shop/stats/memory/worker': (_, response) => json(response, 404, noMetrics),
    });
    const { series, notices } = await metrics.query(client, ref, query({ metrics: ['memory'] }), never);
    expect(series).toHaveLength(1);
    expect(series[0]).toMatchObject({
      component: 'web',
      instance: null,
      metric: 'memory',
      unit: 'bytes',
      aggregate: 'mean',
      resolution: 60,
    });
    expect(series[0]?.samples.map(({ ts, value }) => [formatInstant(ts), value])).toEqual([
      ['2026-09-20T12:36:00Z', null],
      ['2026-09-20T12:37:00Z', 200105984.5],
      ['2026-09-20T12:38:00Z', 7],
      ['2026-09-20T12:39:00Z', null],
    ]);
    expect(notices.map(({ message }) => message)).toEqual([expect.stringContaining('3 points')]);
    expect(asked(server)).toEqual(['/stats/memory/web?since=3', '/stats/memory/worker?since=3', '/stats']);
  });

  it.each([
    ['router', '/stats/router?since=3&status_code=all', 'requests', 'sum'],
    ['router_5XX', '/stats/router?since=3&status_code=5XX', 'requests', 'sum'],
    ['ROUTER_1xx', '/stats/router?since=3&status_code=1XX', 'requests', 'sum'],
    ['requests_median', '/stats/requests?since=3&statistics_type=median', 'ms', 'mean'],
    ['requests_p95', '/stats/requests?since=3&statistics_type=p95', 'ms', 'mean'],
    ['requests_p99', '/stats/requests?since=3&statistics_type=p99', 'ms', 'mean'],
  ])('of the router are one request each: %s', async (metric, path, unit, aggregate) => {
    const { client, server } = await own({
      '*': (_, response) => json(response, 200, [{ time: '2026-09-20T12:00:00Z', value: 4 }]),
    });
    const { series } = await metrics.query(client, ref, query({ metrics: [metric] }), never);
    expect(asked(server)).toEqual([path]);
    expect(series).toMatchObject([{ component: 'router', unit, aggregate, resolution: null }]);
  });

  it('are asked for by container where only single ones are wanted', async () => {
    const { client, server } = await own({ '*': (_, response) => json(response, 404, noMetrics) });
    await metrics.query(client, ref, query({ metrics: ['cpu'], components: ['web-?'] }), never);
    await metrics.query(client, { ...ref, component: 'worker-1' }, query({ metrics: ['cpu'] }), never);
    await metrics.query(client, ref, query({ metrics: ['cpu', 'router'], components: ['w*'] }), never);
    expect(
      asked(server)
        .filter((path) => path !== '/stats')
        .sort(),
    ).toEqual([
      '/stats/cpu/web/1?since=3',
      '/stats/cpu/web/2?since=3',
      '/stats/cpu/web?since=3',
      '/stats/cpu/worker/1?since=3',
      '/stats/cpu/worker?since=3',
    ]);
    await expect(
      metrics.query(client, { ...ref, component: 'clock' }, query({ metrics: ['cpu'] }), never),
    ).rejects.toMatchObject({ kind: 'not-found', hint: 'It has web, worker.' });
  });

  it('lie within the range', async () => {
    const { client } = await own({
      '*': (_, response) =>
        json(
          response,
          200,
          [10, 11, 12, 13].map((hour) => ({ time: `2026-09-20T${hour}:00:00Z`, value: hour })),
        ),
    });
    const range = { since: instantFromMillis(NOW - 2 * HOUR), until: instantFromMillis(NOW - HOUR) };
    const { series } = await metrics.query(client, ref, query({ metrics: ['router'], ...range }), never);
    expect(series.map(values)).toEqual([[11]]);
  });

  it.each([
    [0.2, 1],
    [1, 1],
    [1.01, 1],
    [1.1, 2],
    [72.01, 72],
  ])('are asked for in whole hours: %d', async (hours, since) => {
    const { client, server } = await own({ '*': (_, response) => json(response, 200, []) });
    const { notices } = await metrics.query(client, ref, query({ metrics: ['router'], hours }), never);
    expect(asked(server)).toEqual([`/stats/router?since=${since}&status_code=all`]);
    expect(notices).toEqual([{ kind: 'hint', message: 'Scalingo has no samples of router in this range' }]);
  });

  it('reach back 72 hours, said when more is wanted, and one hour less where that is too much', async () => {
    const { client, server } = await own({
      '*': ({ query: parameters }, response) =>
        Number(parameters.get('since')) > 71
          ? json(response, 400, { error: 'since' })
          : json(response, 200, []),
    });
    const { notices } = await metrics.query(client, ref, query({ metrics: ['router'], hours: 100 }), never);
    expect(notices[0]).toEqual({
      kind: 'limit',
      message: expect.stringContaining('72 hours: of the 100'),
    });
    expect(asked(server).map((path) => /since=(\d+)/.exec(path)?.[1])).toEqual(['72', '71']);
    const until = instantFromMillis(NOW - 80 * HOUR);
    const old = await metrics.query(client, ref, query({ hours: 100, until }), never);
    expect(old.series).toEqual([]);
    expect(asked(server)).toHaveLength(2);
  });

  it('have a resolution that cannot be chosen, said', async () => {
    const { client } = await own({
      '*': (_, response) =>
        json(
          response,
          200,
          [0, 14, 28].map((minute) => ({
            time: `2026-09-20T12:${String(minute).padStart(2, '0')}:00Z`,
            value: 1,
          })),
        ),
    });
    const answer = await metrics.query(client, ref, query({ metrics: ['router'], resolution: 60 }), never);
    expect(answer.notices).toEqual([{ kind: 'limit', message: expect.stringContaining('60 s') }]);
    expect(answer.series[0]?.resolution).toBe(840);
  });

  it.each([
    [200, { error: 'what' }, 'platform'],
    [400, { error: "'container' should be defined" }, 'platform'],
    [404, { resource: 'app', error: 'not found' }, 'not-found'],
    [401, { error: 'no' }, 'auth'],
  ])('that are refused or unreadable are errors: %d %j', async (status, body, kind) => {
    const { client } = await own({ '*': (_, response) => json(response, status, body) });
    await expect(metrics.query(client, ref, query({ metrics: ['router'] }), never)).rejects.toMatchObject({
      kind,
    });
  });

  it('wait out a limit', async () => {
    let limited = true;
    const { client } = await own({
      '*': (_, response) => {
        if (!limited) return json(response, 200, [{ time: '2026-09-20T12:00:00Z', value: 4 }]);
        limited = false;
        return plain(response, 429, 'Retry later\n');
      },
    });
    const { series } = await metrics.query(client, ref, query({ metrics: ['router'] }), never);
    expect(series.map(values)).toEqual([[4]]);
  });
});

describe('figures of this moment', () => {
  const stats = {
    stats: [
      {
        id: 'web-1',
        cpu_usage: 0,
        memory_usage: 200105984,
        memory_limit: 536870912,
        highest_memory_usage: 203440128,
        swap_usage: 0,
        swap_limit: 0,
        highest_swap_usage: 'none',
      },
      { id: 'worker-1', cpu_usage: 101 },
      { cpu_usage: 5 },
    ],
  };

  it('are one request, and limits of zero are none', async () => {
    const { client, server } = await own({
      '/v1/apps/shop/stats': (_, response) => json(response, 200, stats),
    });
    const wanted = ['memory_limit', 'memory_highest', 'swap_limit', 'swap_highest'];
    const { series } = await metrics.query(client, ref, query({ metrics: wanted }), never);
    expect(series).toEqual([
      {
        component: 'web',
        instance: 'web-1',
        metric: 'memory_limit',
        unit: 'bytes',
        aggregate: 'last',
        resolution: null,
        samples: [{ ts: instantFromMillis(NOW), value: 536870912 }],
      },
      expect.objectContaining({
        metric: 'memory_highest',
        samples: [expect.objectContaining({ value: 203440128 })],
      }),
    ]);
    expect(asked(server)).toEqual(['/stats']);
  });

  it('stand beside those over time, container by container, unless the past alone is asked for', async () => {
    const { client, server } = await own({
      '/v1/apps/shop/stats': (_, response) => json(response, 200, stats),
      '*': (_, response) => json(response, 404, noMetrics),
    });
    const now = await metrics.query(client, ref, query({ metrics: ['cpu'] }), never);
    expect(now.series.map((one) => [one.instance, values(one)])).toEqual([
      ['web-1', [0]],
      ['worker-1', [101]],
    ]);
    const past = query({ metrics: ['cpu'], until: instantFromMillis(NOW - HOUR) });
    expect((await metrics.query(client, ref, past, never)).series).toEqual([]);
    expect(asked(server).filter((path) => path === '/stats')).toHaveLength(1);
  });

  it('of the wrong shape are an error', async () => {
    const { client } = await own({
      '/v1/apps/shop/stats': (_, response) => json(response, 200, { stats: {} }),
    });
    await expect(metrics.query(client, ref, query({ metrics: ['swap_limit'] }), never)).rejects.toThrow(
      'no stats',
    );
  });
});

describe('the names', () => {
  it('are listed, and an unknown one says which there are', async () => {
    const { client, server } = await own({});
    expect((await metrics.list(client, ref, never)).map(({ metric, unit }) => `${metric} ${unit}`)).toEqual([
      'cpu percent',
      'memory bytes',
      'swap bytes',
      'memory_limit bytes',
      'memory_highest bytes',
      'swap_limit bytes',
      'swap_highest bytes',
      'router requests',
      'router_1XX requests',
      'router_2XX requests',
      'router_3XX requests',
      'router_4XX requests',
      'router_5XX requests',
      'requests_median ms',
      'requests_p95 ms',
      'requests_p99 ms',
    ]);
    const before = server.asked.length;
    await expect(metrics.query(client, ref, query({ metrics: ['disk'] }), never)).rejects.toMatchObject({
      kind: 'usage',
      hint: expect.stringContaining('router_5XX'),
    });
    expect(server.asked).toHaveLength(before);
    await expect(metrics.list(client, { ...ref, app: 'other' }, never)).rejects.toMatchObject({
      kind: 'not-found',
    });
  });
});

describe('the places', () => {
  it.each([
    ['web', 'web', true],
    ['web', 'web-1', false],
    ['w*-?', 'web-1', true],
    ['*', '', true],
    ['?', '', false],
    ['a*b*c', 'aXXbYYc', true],
    ['a*b*c', 'aXXbYY', false],
    ['*'.repeat(50).concat('x'), 'w'.repeat(5000), false],
  ])('of glob %s: %s is %s', (glob, name, is) => {
    expect(isWanted(name, [glob])).toBe(is);
  });

  it('are not more containers than can be asked for', () => {
    const { places, isCut } = placesOf([{ name: 'web', amount: 500 }], ['web-*']);
    expect([places.length, isCut]).toEqual([12, true]);
  });
});

describe('against the sandbox', () => {
  it('has figures for everything', async () => {
    const world = createWorld({ scale: 0, past: 50 });
    const server = await startScalingo({ world });
    cleanUp.push(() => server.close().then(() => world.close()));
    const client = clientFor({ 'auth-url': server.url, token: server.tokens[0] ?? '' });
    const now = Date.now();
    const range = { since: instantFromMillis(now - HOUR), until: instantFromMillis(now) };
    const { series, notices } = await metrics.query(
      client,
      { app: world.app, component: null },
      query(range),
      never,
    );
    expect(notices).toEqual([]);
    const names = new Set(series.map(({ metric }) => metric));
    for (const name of ['cpu', 'memory', 'memory_limit', 'router', 'requests_p95'])
      expect(names).toContain(name);
    const cpu = series.find(
      ({ metric, instance, component }) => metric === 'cpu' && instance === null && component === 'web',
    );
    expect(cpu?.resolution).toBe(60);
    expect(cpu?.samples.length).toBeGreaterThan(50);
    const counted = server.requests.filter(({ route }) => route === 'series').length;
    const types = new Set(
      series.filter(({ metric }) => metric === 'memory_limit').map(({ component }) => component),
    );
    expect(counted).toBeLessThanOrEqual(METRICS.length + 3 * types.size + 3);
  });
});
