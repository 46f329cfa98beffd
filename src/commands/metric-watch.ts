// What --watch has printed, and what is new in the next round. Knows no platform.
import { compareInstants, type Instant, type MetricSample } from '../model.ts';
import type { TargetSeries } from '../output/prometheus.ts';

export interface WatchedSeries extends TargetSeries {
  /** The samples that were not printed yet; absent = all. */
  readonly news?: readonly MetricSample[];
}

/** What --watch has appended so far: no sample stands there twice. Tables are whole each time. */
export function createShown() {
  const newest = new Map<string, Instant>();
  return {
    newsOf: (all: readonly TargetSeries[]): readonly WatchedSeries[] =>
      all.map(({ target, series }) => {
        const { metric, component, instance } = series;
        const key = JSON.stringify([target.profile, target.app, component, instance, metric]);
        const before = newest.get(key);
        const isNew = before ? ({ ts }: MetricSample) => compareInstants(ts, before) > 0 : () => true;
        const last = series.samples.at(-1);
        if (last && isNew(last)) newest.set(key, last.ts);
        return { target, series, news: series.samples.filter(isNew) };
      }),
  };
}
