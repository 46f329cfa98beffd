// Figures: what is asked, in which form, and what is said of an answer that is not what was asked for.
import { afterEach, describe, expect, it } from 'vitest';
import { type Instant, instantFromMillis, type MetricSeries } from '../../../src/model.ts';
import type { AppRef, MetricQuery } from '../../../src/provider.ts';
import type { AkkerisClient } from '../../../src/providers/akkeris/client.ts';
import { readFigures, stepOf } from '../../../src/providers/akkeris/metric-answer.ts';
import { figureOf, knownFigure } from '../../../src/providers/akkeris/metric-names.ts';
import { metrics } from '../../../src/providers/akkeris/metrics.ts';
import { type AkkerisSandbox, startAkkeris } from '../../../src/sandbox/akkeris.ts';
import { createWorld, type World } from '../../../src/sandbox/world.ts';
import { clientFor, json, never, type OwnServer, sentence, startOwn, TOKEN } from './setup.ts';

const ref: AppRef = { app: 'api-default', component: null };
const closing: (() => Promise<void>)[] = [];
let own: OwnServer;

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const at = (text: string): Instant => instantFromMillis(Date.parse(text));

const DAY: MetricQuery = {
  metrics: [],
  since: at('2018-04-25T18:00:00.000Z'),
  until: at('2018-04-26T00:00:00.000Z'),
  resolution: null,
  components: [],
};

/** Answers every question for figures with that. */
async function start(body: unknown): Promise<AkkerisClient> {
  own = await startOwn({
    routes: {
      '*': (response, _number, { path }) => {
        if (path.startsWith('/apps/api-default/metrics?')) json(response, 200, body);
        else sentence(response, 404, 'The specified application nope-default does not exist.');
      },
    },
  });
  closing.push(own.close);
  return clientFor(own.url);
}

const query = (client: AkkerisClient, more: Partial<MetricQuery> = {}) =>
  metrics.query(client, ref, { ...DAY, ...more }, never);

const summary = (series: readonly MetricSeries[]) =>
  series.map(({ component, metric, samples }) => [component, metric, samples.map(({ value }) => value)]);

/** As the page of the wire has it (wire: Akkeris 8.6). 1524679200 is 2018-04-25T18:00:00Z. */
const NESTED = {
  web: {
    memory_usage_bytes: { '1524679200': '134217728', '1524681000': '135266304' },
    cpu_usage_seconds_total: { '1524679200': '0.0123' },
    requests: { '1524679200': '12', '1524681000': '0' },
    network_receive_bytes_total: {},
  },
  worker: { memory_rss: { '1524679200': '5242880' } },
};

describe('the question', () => {
  it('says both ends, with raw colons and without a percent sign', async () => {
    const client = await start(NESTED);
    await query(client);
    await query(client, { since: { seconds: 1_524_675_600, nanos: 123_456_789, digits: 9 } });
    expect(own.asked.map(({ path }) => path)).toEqual([
      '/apps/api-default/metrics?from=2018-04-25T18:00:00.000Z&to=2018-04-26T00:00:00.000Z',
      '/apps/api-default/metrics?from=2018-04-25T17:00:00.123Z&to=2018-04-26T00:00:00.000Z',
    ]);
  });

  const resolutions: [number, string][] = [
    [60, '1m'],
    [1800, '30m'],
    [3600, '1h'],
    [5400, '90m'],
    [86_400, '24h'],
    [10, '1m'],
  ];
  it.each(resolutions)('has a resolution of %d s as %s', async (resolution, text) => {
    await query(await start(NESTED), { resolution });
    expect(own.asked[0]?.path).toContain(`?resolution=${text}&from=`);
  });

  it('is none where the range ends before it begins', async () => {
    const client = await start(NESTED);
    await expect(query(client, { since: DAY.until, until: DAY.since })).rejects.toMatchObject({
      kind: 'usage',
    });
    expect(own.asked).toEqual([]);
  });

  it('is cut where the platform would refuse it, and that is said', async () => {
    const { notices } = await query(await start(NESTED), { since: at('2001-01-01T00:00:00.000Z') });
    const from = /from=([^&]+)/.exec(own.asked[0]?.path ?? '')?.[1] ?? '';
    expect(Date.parse('2018-04-26T00:00:00.000Z') - Date.parse(from)).toBeLessThanOrEqual(
      11_000 * 1800 * 1000,
    );
    expect(notices).toContainEqual({ kind: 'limit', message: expect.stringContaining(from.slice(0, 10)) });
  });

  it.each([-1e15, 1e18])(
    'holds no sign that the route does not take, whatever the time (%d)',
    async (seconds) => {
      const client = await start({});
      const odd = { seconds, nanos: 0, digits: 0 };
      await query(client, seconds < 0 ? { since: odd, until: at('1970-01-02T00:00:00Z') } : { until: odd });
      expect(own.asked[0]?.path).toMatch(/^[\w/?&=:.-]+$/);
    },
  );

  it('needs an app', async () => {
    const client = await start(NESTED);
    await expect(metrics.query(client, { app: '', component: null }, DAY, never)).rejects.toMatchObject({
      kind: 'usage',
    });
  });

  it('about an app that is not there is answered so', async () => {
    const client = await start(NESTED);
    const nope = { app: 'nope-default', component: null };
    await expect(metrics.query(client, nope, DAY, never)).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('the answer', () => {
  it('is nested by dyno type, with texts for numbers', async () => {
    const { series, notices } = await query(await start(NESTED));
    expect(notices).toEqual([]);
    expect(summary(series)).toEqual([
      ['web', 'memory_usage_bytes', [134_217_728, 135_266_304]],
      ['web', 'cpu_usage_seconds_total', [0.0123]],
      ['web', 'requests', [12, 0]],
      ['worker', 'memory_rss', [5_242_880]],
    ]);
    expect(series[0]).toMatchObject({ instance: null, unit: 'bytes', aggregate: 'mean', resolution: 1800 });
    expect(series[0]?.samples[0]?.ts).toEqual({ seconds: 1_524_679_200, nanos: 0, digits: 0 });
    // One sample has no distance of its own.
    expect(series[1]).toMatchObject({ unit: 'cores', aggregate: 'sum', resolution: 1800 });
  });

  it('is flat in the page, with numbers', async () => {
    // The page's example; its keys have no quotes and its list ends in dots: this is the nearest valid form.
    const page = {
      cpu_system_seconds_total: { 1471314070: 32, 3488234889: 55 },
      cpu_usage_seconds_total: {},
    };
    const range = { since: at('2016-08-16T02:00:00Z'), until: at('2080-08-16T02:00:00Z') };
    expect(summary((await query(await start(page), { ...range, metrics: [] })).series)).toEqual([
      [null, 'cpu_system_seconds_total', [55]],
    ]);
    const narrow = { since: at('2016-08-16T02:00:00Z'), until: at('2016-08-16T03:00:00Z') };
    const { series } = await query(await start(page), narrow);
    expect(series).toMatchObject([
      { component: null, metric: 'cpu_system_seconds_total', unit: 'cores', samples: [{ value: 32 }] },
    ]);
  });

  it('of the flat form knows no dyno types, and that is said to who asks for one', async () => {
    const client = await start({ memory_rss: { 1524679200: 1 } });
    const { notices } = await query(client, { components: ['web'] });
    expect(notices).toEqual([{ kind: 'limit', message: expect.stringContaining('whole app') }]);
  });

  it('holds gaps where no number is', async () => {
    const values = ['NaN', '+Inf', '', null, true, {}, '0x10', '1e3', ' 5', '-2.5', 7, '.5'];
    const points = Object.fromEntries(values.map((value, index) => [1524679200 + index * 1800, value]));
    const { series } = await query(await start({ web: { memory_rss: points } }));
    expect(summary(series)).toEqual([
      ['web', 'memory_rss', [null, null, null, null, null, null, null, 1000, null, -2.5, 7, 0.5]],
    ]);
  });

  it('is put in order, and what is no time is left out', () => {
    const points = {
      '10000000000': '3',
      '5': '1',
      x: '9',
      '-1': '9',
      '12.5': '9',
      '123456789012': '9',
      '60': '2',
    };
    const [figures] = readFigures({ web: { requests: points } }) ?? [];
    expect(figures?.samples.map(({ ts, value }) => [ts.seconds, value])).toEqual([
      [5, 1],
      [60, 2],
      [10_000_000_000, 3],
    ]);
    expect(stepOf(figures?.samples ?? [])).toBe(55);
  });

  it('keeps the interval in which the range begins, and none outside of it', async () => {
    const points = {
      '1524675600': '1',
      '1524677400': '2',
      '1524679200': '3',
      '1524700800': '4',
      '1524702600': '5',
    };
    const { series } = await query(await start({ web: { requests: points } }), {
      since: at('2018-04-25T18:10:00Z'),
    });
    expect(summary(series)).toEqual([['web', 'requests', [3, 4]]]);
  });

  it.each([[[]], ['text'], [7], [null]])('of the wrong shape is none: %j', async (body) => {
    await expect(query(await start(body))).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('object of metrics'),
    });
  });

  it.each([[{}], [{ web: {} }], [{ web: null, worker: 'x' }], [{ web: { memory_rss: {} } }]])(
    'may hold nothing: %j',
    async (body) => {
      expect(await query(await start(body))).toEqual({ series: [], notices: [] });
    },
  );
});

describe('what is said of it', () => {
  it('a resolution that was not kept to', async () => {
    const client = await start(NESTED);
    const { notices } = await query(client, { resolution: 60 });
    expect(notices).toEqual([{ kind: 'limit', message: expect.stringContaining('30 min apart, not 1 min') }]);
    expect((await query(client, { resolution: 1800 })).notices).toEqual([]);
  });

  it('figures that begin later than asked', async () => {
    const client = await start(NESTED);
    const { notices } = await query(client, { since: at('2018-04-18T00:00:00.000Z') });
    expect(notices).toEqual([
      { kind: 'limit', message: expect.stringContaining('begin at 2018-04-25T18:00:00Z') },
    ]);
  });

  it('a metric that has no samples', async () => {
    const client = await start(NESTED);
    for (const metric of ['network_receive_bytes_total', 'fs_io_time_seconds_total', 'router_status_502']) {
      const { series, notices } = await query(client, { metrics: [metric] });
      expect(series).toEqual([]);
      expect(notices).toEqual([{ kind: 'hint', message: expect.stringContaining(metric) }]);
    }
  });

  it('a metric that does not exist, with those that do', async () => {
    const client = await start(NESTED);
    await expect(query(client, { metrics: ['requests', 'memory'] })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('"memory"'),
      hint: expect.stringMatching(/cpu_usage_seconds_total, .*requests/),
    });
    await expect(query(client, { metrics: ['constructor'] })).rejects.toMatchObject({ kind: 'usage' });
  });

  it('what was chosen, and of each type', async () => {
    const both = {
      web: { memory_rss: { '1524679200': '1' } },
      worker: { memory_rss: { '1524679200': '2' } },
    };
    const { series } = await query(await start(both), { metrics: ['memory_rss'] });
    expect(summary(series)).toEqual([
      ['web', 'memory_rss', [1]],
      ['worker', 'memory_rss', [2]],
    ]);
  });
});

describe('names', () => {
  const names: [string, string, string][] = [
    ['cpu_system_seconds_total', 'cores', 'sum'],
    ['cpu_usage_seconds_total', 'cores', 'sum'],
    ['cpu_user_seconds_total', 'cores', 'sum'],
    ['fs_io_time_seconds_total', 'fraction', 'mean'],
    ['fs_usage_bytes', 'bytes', 'mean'],
    ['memory_cache', 'bytes', 'mean'],
    ['memory_rss', 'bytes', 'mean'],
    ['memory_usage_bytes', 'bytes', 'mean'],
    ['memory_working_set_bytes', 'bytes', 'mean'],
    ['network_receive_bytes_total', 'bytes/s', 'sum'],
    ['network_receive_errors_total', 'errors/s', 'sum'],
    ['network_transmit_bytes_total', 'bytes/s', 'sum'],
    ['network_transmit_errors_total', 'errors/s', 'sum'],
    ['requests', 'requests', 'sum'],
    ['response_time', 'ms', 'mean'],
    ['router_status_200', 'requests', 'sum'],
    ['count_logins', 'count', 'sum'],
    ['sample_queue_depth', 'count', 'mean'],
  ];
  it.each(names)('%s is counted in %s, %s', (name, unit, aggregate) => {
    expect(knownFigure(name)).toMatchObject({ unit, aggregate });
  });

  it('that nobody knows are means of something', () => {
    expect(knownFigure('temperature')).toBeNull();
    expect(figureOf('temperature')).toMatchObject({ unit: 'count', aggregate: 'mean' });
    expect(figureOf('toString')).toMatchObject({ unit: 'count' });
  });
});

it('lists what the app has, empty or not', async () => {
  const client = await start(NESTED);
  const kinds = await metrics.list(client, ref, never);
  expect(kinds.map(({ metric, unit, resolution }) => [metric, unit, resolution])).toEqual([
    ['cpu_usage_seconds_total', 'cores', 1800],
    ['memory_rss', 'bytes', 1800],
    ['memory_usage_bytes', 'bytes', 1800],
    ['network_receive_bytes_total', 'bytes/s', 1800],
    ['requests', 'requests', 1800],
  ]);
  expect(own.asked[0]?.path).toMatch(/metrics\?from=[\d-]+T[\d:.]+Z&to=[\d-]+T[\d:.]+Z$/);
});

describe.each([[false], [true]])('beside the sandbox, documented: %s', (documented) => {
  let world: World;
  let sandbox: AkkerisSandbox;
  const NOW = Date.parse('2018-03-24T00:00:05.000Z');

  async function play(): Promise<AkkerisClient> {
    world = createWorld({ scale: 0, past: 50, now: () => NOW });
    sandbox = await startAkkeris({ world, token: TOKEN, documented });
    closing.push(async () => {
      await sandbox.close();
      world.close();
    });
    return clientFor(sandbox.url);
  }

  const range = { since: instantFromMillis(NOW - 4 * 3_600_000), until: instantFromMillis(NOW) };

  it('reads both forms, and tells what became of the resolution', async () => {
    const client = await play();
    const app = { app: sandbox.appKey, component: null };
    const asked = { ...DAY, ...range, resolution: 600 };
    const { series, notices } = await metrics.query(client, app, asked, never);
    const memory = series.filter(({ metric }) => metric === 'memory_usage_bytes');
    expect(memory.map(({ component }) => component)).toEqual(documented ? [null] : ['web', 'worker']);
    for (const { samples } of memory) {
      expect(samples.length).toBeGreaterThan(4);
      expect(samples.every(({ value }) => value !== null && value > 1e6)).toBe(true);
    }
    expect(memory[0]?.resolution).toBe(documented ? 600 : 1800);
    expect(notices.some(({ message }) => message.includes('not 10 min'))).toBe(!documented);
  });

  it('knows every name that is answered', async () => {
    const client = await play();
    const app = { app: sandbox.appKey, component: null };
    const { series } = await metrics.query(client, app, { ...DAY, ...range }, never);
    expect(series.length).toBeGreaterThan(4);
    expect(series.filter(({ metric }) => knownFigure(metric) === null)).toEqual([]);
  });
});
