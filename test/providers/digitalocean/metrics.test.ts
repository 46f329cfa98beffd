// Figures over time, of the present and of whole days, against servers of its own and the sandbox.
import { afterEach, describe, expect, it } from 'vitest';
import { formatInstant, type Instant, type MetricSeries } from '../../../src/model.ts';
import type { AppRef, MetricQuery } from '../../../src/provider.ts';
import type { DigitaloceanClient } from '../../../src/providers/digitalocean/client.ts';
import { metrics } from '../../../src/providers/digitalocean/metrics.ts';
import { type DigitaloceanKnobs, startDigitalocean } from '../../../src/sandbox/digitalocean.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import { APP, clientFor, closeAll, json, never, type Route, startOwn } from './setup.ts';

const started: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
  await closeAll();
});

const SHOP: AppRef = { app: 'shop', component: null };
const at = (seconds: number): Instant => ({ seconds, nanos: 0, digits: 0 });
/** Beyond any clock of a test machine: the present lies in it. */
const FUTURE = at(4_000_000_000);
const START = 1_634_052_300;
const RANGE = { since: at(START), until: at(START + 500) };

async function own(api: Record<string, Route>) {
  const server = await startOwn({ api });
  return { server, client: clientFor({ url: server.url }) };
}

function ask(client: DigitaloceanClient, query: Partial<MetricQuery> = {}) {
  const asked: MetricQuery = { metrics: [], ...RANGE, resolution: null, components: [], ...query };
  return metrics.query(client, SHOP, asked, never);
}

const insight = (metric: string) => `/monitoring/metrics/apps/${metric}`;
const INSIGHTS = ['cpu_percentage', 'memory_percentage', 'restart_count'];
const HEALTH_OF = `/apps/${APP}/health`;
const BANDWIDTH_OF = `/apps/${APP}/metrics/bandwidth_daily`;

const matrix = (result: unknown) => ({ status: 'success', data: { resultType: 'matrix', result } });
const answering =
  (body: unknown, status = 200): Route =>
  (_, response) =>
    json(response, status, body);
const FORBIDDEN = answering({ id: 'forbidden', message: 'You do not have access.' }, 403);
const HEALTHY = {
  components: [
    {
      name: 'web',
      cpu_usage_percent: 5.55,
      memory_usage_percent: 20.3,
      replicas_desired: 2,
      replicas_ready: 2,
      state: 'HEALTHY',
    },
  ],
};

const figures = (series: readonly MetricSeries[]) =>
  series.map(({ metric, component, instance, samples }) => [
    metric,
    instance ?? component,
    ...samples.map(({ value }) => value),
  ]);
const said = ({ notices }: { notices: readonly { message: string }[] }) =>
  notices.map(({ message }) => message);

describe('figures over time', () => {
  it('are one series per instance, with values as text', async () => {
    const labels = { app_component: 'web', app_component_instance: 'web-0', app_uuid: APP };
    const { server, client } = await own({
      [insight('cpu_percentage')]: answering(
        matrix([
          {
            metric: labels,
            values: [
              [START + 60, '5.016600450090265'],
              [START + 180, '12.015'],
            ],
          },
          { metric: { ...labels, app_component_instance: 'web-1' }, values: [[START + 60.5, '1e1']] },
        ]),
      ),
    });
    const answer = await ask(client, { metrics: ['cpu_percentage'] });
    expect(answer.series).toEqual([
      {
        component: 'web',
        instance: 'web-0',
        metric: 'cpu_percentage',
        unit: 'percent',
        aggregate: 'mean',
        resolution: 120,
        samples: [
          { ts: at(START + 60), value: 5.016600450090265 },
          { ts: at(START + 180), value: 12.015 },
        ],
      },
      expect.objectContaining({
        instance: 'web-1',
        resolution: null,
        samples: [{ ts: { seconds: START + 60, nanos: 500_000_000, digits: 3 }, value: 10 }],
      }),
    ]);
    expect(answer.notices).toEqual([]);
    expect(server.asked.at(-1)).toBe(
      `GET /v2${insight('cpu_percentage')}?app_id=${APP}&start=${START}&end=${START + 500}`,
    );
  });

  it('have gaps where the platform has no number, and say so of what is none', async () => {
    const values = [
      [START, 'NaN'],
      [START + 60, null],
      [START + 120, '0'],
      [START + 180, 'lots'],
      [START + 240, '+Inf'],
      [START + 300, 7],
    ];
    const { client } = await own({ [insight('restart_count')]: answering(matrix([{ metric: {}, values }])) });
    const answer = await ask(client, { metrics: ['restart_count'] });
    expect(figures(answer.series)).toEqual([['restart_count', null, null, null, 0, null, null, 7]]);
    expect(said(answer)).toEqual(['2 values of restart_count cannot be read as a number: shown as a gap']);
  });

  it('come oldest first and only of the range', async () => {
    const values = [-1, 300, 0, 499, 500].map((after) => [START + after, String(after)]);
    const { client } = await own({
      [insight('cpu_percentage')]: answering(matrix([{ metric: { app_component: 'web' }, values }])),
    });
    expect(figures((await ask(client, { metrics: ['cpu_percentage'] })).series)).toEqual([
      ['cpu_percentage', 'web', 0, 300, 499],
    ]);
  });

  it.each([matrix([]), matrix(null), { status: 'success', data: { resultType: 'matrix' } }])(
    'of an app of which there are none are empty: %j',
    async (body) => {
      const { client } = await own({ [insight('cpu_percentage')]: answering(body) });
      const answer = await ask(client, { metrics: ['cpu_percentage'] });
      expect(answer.series).toEqual([]);
      expect(said(answer)).toEqual(['the platform has no samples over time in that range']);
    },
  );

  it.each([
    [
      { status: 'error', error: 'query timed out' },
      'could not find out metric cpu_percentage of app "shop": query',
    ],
    [{ status: 'success', data: { resultType: 'vector', result: [] } }, 'data.resultType'],
    [{ status: 'success' }, 'object in data'],
    [matrix({}), 'data.result'],
    [matrix([{ metric: {} }]), 'data.result[].values'],
    [matrix([{ metric: {}, values: [['soon', '1']] }]), 'time in data.result[].values'],
    [matrix([{ metric: {}, values: [[1e300, '1']] }]), 'time in data.result[].values'],
  ])('in the form %j are refused', async (body, words) => {
    const { client } = await own({ [insight('cpu_percentage')]: answering(body) });
    await expect(ask(client, { metrics: ['cpu_percentage'] })).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining(words),
    });
  });

  it('are narrowed by the platform to one component that it knows', async () => {
    const { server, client } = await own({ [insight('cpu_percentage')]: answering(matrix([])) });
    for (const components of [['web'], ['web-0'], ['w*'], ['web', 'worker']])
      await ask(client, { metrics: ['cpu_percentage'], components });
    const asked = server.asked.filter((each) => each.includes('monitoring'));
    expect(asked.map((each) => each.includes('app_component=web'))).toEqual([true, false, false, false]);
  });

  it('say that a resolution is not taken, and where they begin', async () => {
    const values = [0, 60, 120].map((after) => [START + after, '1']);
    const { client } = await own({ [insight('cpu_percentage')]: answering(matrix([{ values }])) });
    const query = { metrics: ['cpu_percentage'], since: at(START - 86_400), resolution: 30 };
    expect(said(await ask(client, query))).toEqual([
      'the platform takes no resolution: its own of 60 s is shown',
      `the figures begin at ${formatInstant(at(START))}: the platform has nothing older`,
    ]);
    expect(said(await ask(client, { ...query, since: at(START), resolution: 60 }))).toEqual([]);
  });
});

describe('the present', () => {
  it.each([{ app_health: HEALTHY }, HEALTHY])('is told by the health: %j', async (body) => {
    const { client } = await own({ [HEALTH_OF]: answering(body) });
    const names = ['cpu_usage_percent', 'memory_usage_percent', 'replicas_desired', 'replicas_ready'];
    const answer = await ask(client, { metrics: names, until: FUTURE });
    expect(figures(answer.series)).toEqual([
      ['cpu_usage_percent', 'web', 5.55],
      ['memory_usage_percent', 'web', 20.3],
      ['replicas_desired', 'web', 2],
      ['replicas_ready', 'web', 2],
    ]);
    expect(answer.series.every(({ resolution }) => resolution === null)).toBe(true);
  });

  it('knows a replica count that is left out for 0, and other figures for unknown', async () => {
    const components = [{ name: 'web', replicas_desired: 1 }, { name: 'site' }];
    const { client } = await own({ [HEALTH_OF]: answering({ app_health: { components } }) });
    const answer = await ask(client, { metrics: ['cpu_usage_percent', 'replicas_ready'], until: FUTURE });
    expect(figures(answer.series)).toEqual([['replicas_ready', 'web', 0]]);
  });

  it.each([{ app_health: {} }, { app_health: { components: null } }, { functions_components: [] }])(
    'of nothing is empty: %j',
    async (body) => {
      const { client } = await own({ [HEALTH_OF]: answering(body) });
      expect((await ask(client, { metrics: ['replicas_ready'], until: FUTURE })).series).toEqual([]);
    },
  );

  it.each([
    [{}, 'list of components'],
    [{ app_health: { components: {} } }, 'list of components'],
    [{ app_health: { components: [{}] } }, 'components[].name'],
  ])('in the form %j is refused', async (body, words) => {
    const { client } = await own({ [HEALTH_OF]: answering(body) });
    const asked = ask(client, { metrics: ['replicas_ready'], until: FUTURE });
    await expect(asked).rejects.toMatchObject({ kind: 'platform', message: expect.stringContaining(words) });
  });

  it('is not asked for when the range is past', async () => {
    const { server, client } = await own({});
    const answer = await ask(client, { metrics: ['replicas_ready', 'cpu_usage_percent'] });
    expect(answer.series).toEqual([]);
    expect(said(answer)).toEqual(['of replicas_ready, cpu_usage_percent only the present is known']);
    expect(server.asked).toHaveLength(1);
  });
});

describe('a token that may read no figures over time', () => {
  const forbidden = Object.fromEntries(INSIGHTS.map((name) => [insight(name), FORBIDDEN]));

  it('is told the present instead, and why', async () => {
    const { client } = await own({ ...forbidden, [HEALTH_OF]: answering({ app_health: HEALTHY }) });
    const answer = await ask(client, { metrics: ['cpu_percentage', 'restart_count'], until: FUTURE });
    expect(figures(answer.series)).toEqual([['cpu_usage_percent', 'web', 5.55]]);
    expect(said(answer)).toEqual([
      'this token may not read figures over time, which need the scope monitoring:read; ' +
        "cpu_usage_percent of the app's health tell the present instead",
    ]);
  });

  it.each([
    ['there is nothing instead', { metrics: ['restart_count'], until: FUTURE }],
    ['the range is past', { metrics: ['cpu_percentage'] }],
  ])('is refused where %s', async (_, query) => {
    const { client } = await own({ ...forbidden, [HEALTH_OF]: answering({ app_health: HEALTHY }) });
    await expect(ask(client, query)).rejects.toMatchObject({
      kind: 'auth',
      status: 403,
      hint: expect.stringContaining('monitoring:read'),
    });
  });

  it('is refused as such where it may read nothing at all', async () => {
    const { client } = await own({ ...forbidden, [HEALTH_OF]: FORBIDDEN, [BANDWIDTH_OF]: FORBIDDEN });
    await expect(ask(client, { until: FUTURE })).rejects.toMatchObject({ kind: 'auth' });
  });
});

describe('all figures', () => {
  const working = {
    ...Object.fromEntries(INSIGHTS.map((name) => [insight(name), answering(matrix([]))])),
    [HEALTH_OF]: answering({ app_health: HEALTHY }),
    [BANDWIDTH_OF]: answering({ app_bandwidth_usage: [{ app_id: APP, bandwidth_bytes: '513668' }] }),
  };

  it('are those that can be had; what is broken is said', async () => {
    const { client } = await own({
      ...working,
      [insight('memory_percentage')]: answering({ status: 'error' }),
      [BANDWIDTH_OF]: answering({}, 404),
    });
    const answer = await ask(client, { until: FUTURE, since: at(3_999_996_400) });
    expect(answer.series.map(({ metric }) => metric)).toEqual([
      'cpu_usage_percent',
      'memory_usage_percent',
      'replicas_desired',
      'replicas_ready',
    ]);
    expect(said(answer)).toEqual([
      'DigitalOcean could not find out metric memory_percentage of app "shop"',
      expect.stringContaining('does not know metric bandwidth_daily'),
    ]);
  });

  it('are not had when the token is refused or the platform is down', async () => {
    for (const [status, kind] of [
      [401, 'auth'],
      [500, 'unavailable'],
    ] as const) {
      const { client } = await own({ ...working, [insight('cpu_percentage')]: answering({}, status) });
      await expect(ask(client, { until: FUTURE })).rejects.toMatchObject({ kind });
    }
  });

  it('are listed with their units; an unknown one lists them too', async () => {
    const { client } = await own({});
    const kinds = await metrics.list(client, SHOP, never);
    expect(kinds.map(({ metric, unit, resolution }) => [metric, unit, resolution])).toEqual([
      ['cpu_percentage', 'percent', 120],
      ['memory_percentage', 'percent', 120],
      ['restart_count', 'count', 120],
      ['cpu_usage_percent', 'percent', null],
      ['memory_usage_percent', 'percent', null],
      ['replicas_desired', 'count', null],
      ['replicas_ready', 'count', null],
      ['bandwidth_daily', 'bytes', 86_400],
    ]);
    await expect(ask(client, { metrics: ['cpu'] })).rejects.toMatchObject({
      kind: 'usage',
      hint: `It has ${kinds.map(({ metric }) => metric).join(', ')}.`,
    });
  });

  it('of an app that does not exist are not asked for', async () => {
    const { client } = await own(working);
    await expect(metrics.list(client, { app: 'shoq', component: null }, never)).rejects.toMatchObject({
      kind: 'not-found',
    });
  });
});

describe('the traffic of a day', () => {
  const DAY = 86_400;
  const today = () => Math.floor(Date.now() / 1000 / DAY) * DAY;
  const dated: Route = ({ query }, response) =>
    json(response, 200, {
      app_bandwidth_usage: [
        { app_id: 'another', bandwidth_bytes: '1' },
        { app_id: APP, bandwidth_bytes: String(Date.parse(query.get('date') ?? '') / 1000) },
      ],
      date: query.get('date'),
    });
  const traffic = { metrics: ['bandwidth_daily'] };

  it('is asked for each day that begins in the range', async () => {
    const { client } = await own({ [BANDWIDTH_OF]: dated });
    const first = DAY * 19_000;
    const answer = await ask(client, { ...traffic, since: at(first - 5), until: at(first + 2 * DAY) });
    expect(answer.series).toEqual([
      {
        component: null,
        instance: null,
        metric: 'bandwidth_daily',
        unit: 'bytes',
        aggregate: 'sum',
        resolution: DAY,
        samples: [first, first + DAY].map((day) => ({ ts: at(day), value: day })),
      },
    ]);
  });

  it('is that of yesterday for a range of some hours', async () => {
    const { client } = await own({ [BANDWIDTH_OF]: dated });
    const before = today();
    const { series } = await ask(client, { ...traffic, since: at(3_999_996_400), until: FUTURE });
    // Midnight may pass meanwhile.
    expect([before - DAY, today() - DAY]).toContain(series[0]?.samples[0]?.ts.seconds);
  });

  it('is that of no day where none of the range is over', async () => {
    const { server, client } = await own({ [BANDWIDTH_OF]: dated });
    const noon = DAY * 19_000.5;
    expect((await ask(client, { ...traffic, since: at(noon), until: at(noon + 60) })).series).toEqual([]);
    expect(server.asked).toHaveLength(1);
  });

  it('is asked for a bounded number of days', async () => {
    const { server, client } = await own({ [BANDWIDTH_OF]: dated });
    const answer = await ask(client, { ...traffic, since: at(0), until: FUTURE });
    expect(answer.series[0]?.samples).toHaveLength(31);
    expect(said(answer)).toEqual(['bandwidth_daily is asked for the newest 31 days only']);
    expect(server.asked).toHaveLength(32);
  });

  it('is a gap where the platform has none, and no number where it is none', async () => {
    const of = (usage: unknown) => own({ [BANDWIDTH_OF]: answering({ app_bandwidth_usage: usage }) });
    const day = { ...traffic, since: at(DAY * 19_000), until: at(DAY * 19_000 + 1) };
    for (const usage of [[], null, [{ app_id: APP }]])
      expect(figures((await ask((await of(usage)).client, day)).series)).toEqual([
        ['bandwidth_daily', null, null],
      ]);
    for (const usage of [{}, [{ app_id: APP, bandwidth_bytes: 'much' }]])
      await expect(ask((await of(usage)).client, day)).rejects.toMatchObject({ kind: 'platform' });
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
    const client = clientFor({ url: server.url, token: server.token });
    const now = Math.floor(world.now().ms / 1000);
    const query: MetricQuery = {
      metrics: [],
      since: at(now - 3600),
      until: at(now + 1),
      resolution: null,
      components: [],
    };
    const ref = { app: world.app, component: null };
    return { answer: () => metrics.query(client, ref, query, never) };
  }

  it.each<DigitaloceanKnobs>([{}, { wrapForm: 'example' }])('has all figures: %j', async (knobs) => {
    const { series, notices } = await (await sandbox(knobs)).answer();
    expect([...new Set(series.map(({ metric }) => metric))]).toHaveLength(8);
    const cpu = series.filter(({ metric }) => metric === 'cpu_percentage');
    expect(cpu.map(({ instance }) => instance)).toContain('web-0');
    expect(cpu.every(({ samples }) => samples.length > 10)).toBe(true);
    expect(notices).toEqual([]);
  });

  it('tells the present to a token that may not read more', async () => {
    const { series, notices } = await (await sandbox({ monitoringScope: false })).answer();
    expect(series.map(({ metric }) => metric)).toContain('cpu_usage_percent');
    expect(series.map(({ metric }) => metric)).not.toContain('cpu_percentage');
    expect(notices).toHaveLength(1);
  });
});
