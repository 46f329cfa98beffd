// Metrics: kinds, ranges, what is said where a wish is not kept.
import { expect } from 'vitest';
import { CliError } from '../../src/errors.ts';
import { compareInstants, instantFromMillis, type MetricSeries } from '../../src/model.ts';
import type { MetricQuery } from '../../src/provider.ts';
import { type AppRig, appContract } from './app-rig.ts';

const HOUR = 3_600_000;
const UNITS =
  /^(percent|bytes|bytes\/s|bytes\/day|cores|count|errors\/s|fraction|ms|requests|requests\/min|restarts|unknown)$/;

/** So many hours back. */
function range(hours: number, more: Partial<MetricQuery> = {}): MetricQuery {
  const now = Date.now();
  return {
    metrics: [],
    since: instantFromMillis(now - hours * HOUR),
    until: instantFromMillis(now),
    resolution: null,
    components: [],
    ...more,
  };
}

appContract('metrics', ({ rig, unless }) => {
  const query = ({ metrics, client, ref, signal }: AppRig, asked: MetricQuery) =>
    metrics.query(client, ref, asked, signal);
  const kindsOf = async ({ metrics, client, ref, signal }: AppRig) => metrics.list(client, ref, signal);

  unless(null, 'are listed, each once, with a unit and what they mean', async () => {
    const kinds = await kindsOf(await rig());
    expect(kinds.length).toBeGreaterThan(0);
    expect(new Set(kinds.map(({ metric }) => metric)).size).toBe(kinds.length);
    for (const { unit, description, resolution } of kinds) {
      expect(unit).toMatch(UNITS);
      expect(description).not.toBe('');
      expect(resolution === null || resolution > 0).toBe(true);
    }
  });

  unless(
    null,
    'have samples in the order of their times, within the range, of the listed units',
    async () => {
      const own = await rig();
      const kinds = new Map((await kindsOf(own)).map((kind) => [kind.metric, kind]));
      const asked = range(3);
      const { series } = await query(own, asked);
      expect(series.some(({ samples }) => samples.length > 0)).toBe(true);
      for (const one of series) {
        expect(kinds.get(one.metric), one.metric).toMatchObject({ unit: one.unit });
        expectSamples(one);
      }
      const { keepsSeconds } = own.metrics.traits;
      const most = keepsSeconds === null ? 1 : Number.POSITIVE_INFINITY;
      for (const { samples } of series) expect(samples.length).toBeLessThanOrEqual(most);
      const places = series.map(({ component, instance, metric }) =>
        JSON.stringify([component, instance, metric]),
      );
      expect(new Set(places).size).toBe(places.length);
    },
  );

  unless(null, 'each can be asked for by its name alone', async () => {
    const own = await rig();
    for (const { metric } of await kindsOf(own)) {
      const { series, notices } = await query(own, range(3, { metrics: [metric] }));
      expect(series.filter((one) => one.metric !== metric)).toEqual([]);
      if (series.length === 0) expect(notices.map(({ message }) => message).join()).toContain(metric);
    }
  });

  unless(null, 'an unknown one is refused with the list of those that exist', async () => {
    const own = await rig();
    const error = await query(own, range(1, { metrics: ['nosuch'] })).catch((thrown: unknown) => thrown);
    expect(own.expectSentence(error, 'usage').message).toContain('"nosuch"');
    const { hint = '' } = error instanceof CliError ? error : {};
    for (const { metric } of await kindsOf(own)) expect(hint).toContain(metric);
  });

  unless(null, 'a resolution that is not kept to is said to be ignored', async () => {
    const own = await rig();
    const { notices, series } = await query(own, range(3, { resolution: 7 }));
    if (series.some(({ resolution }) => resolution === 7)) return;
    expect(notices.map(({ message }) => message).join()).toMatch(/resolution|apart/);
  });

  unless(null, 'a range beyond what is kept is said to be none', async () => {
    const own = await rig();
    const { keepsSeconds } = own.metrics.traits;
    const { notices, series } = await query(own, range(((keepsSeconds ?? HOUR) / 3600) * 3));
    const kept = Date.now() / 1000 - (keepsSeconds ?? 0);
    const first = series.flatMap(({ samples }) => samples[0]?.ts.seconds ?? []).toSorted((a, b) => a - b)[0];
    const isSaid = /\bkeeps?\b|begin|at most/.test(notices.map(({ message }) => message).join());
    expect(isSaid || (first ?? 0) <= kept, JSON.stringify(notices)).toBe(true);
  });

  unless(null, 'of one component are among those of all', async () => {
    const own = await rig();
    const all = (await query(own, range(3))).series;
    const component = all.find((one) => one.component !== null)?.component;
    if (!component) return;
    const some = (await query(own, range(3, { components: [component] }))).series;
    const placed = (series: readonly MetricSeries[]) =>
      series.filter((one) => one.component === component).map(({ metric }) => metric);
    expect(placed(some).toSorted()).toEqual(placed(all).toSorted());
  });

  unless(null, 'of an app that is not there are not found', async () => {
    const own = await rig();
    const { metrics, client, refOf, signal, dialect } = own;
    const asking = metrics.query(client, refOf(dialect.unknown), range(1), signal);
    own.expectSentence(await asking.catch((thrown: unknown) => thrown), 'not-found');
  });
});

function expectSamples({ samples }: MetricSeries): void {
  const times = samples.map(({ ts }) => ts);
  expect(times.toSorted(compareInstants)).toEqual(times);
  // null is a gap; nothing else but numbers.
  for (const { value } of samples) expect(value === null || Number.isFinite(value)).toBe(true);
}
