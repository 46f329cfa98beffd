// What a station and its containers use at present, as metrics. There is no history; knows no event and no state.
import { CliError } from '../../errors.ts';
import type { MetricKind, MetricSeries, Notice } from '../../model.ts';
import { compareInstants, type Instant, instantFromMillis, shiftInstant } from '../../model.ts';
import type { AppRef, MetricAnswer, MetricQuery, MetricsCapability } from '../../provider.ts';
import type { StationClient } from './client.ts';
import {
  type ContainerReadings,
  type Reading,
  readContainerReadings,
  readStation,
  type StationReading,
} from './container-readings.ts';
import { pickContainer } from './find-container.ts';
import {
  CONTAINER_METRICS,
  type Metric,
  STATION_METRICS,
  UNKNOWN_UNIT,
  V3_CONTAINER_METRICS,
} from './metric-kinds.ts';
import type { Pace } from './pace.ts';

export function metricsAt({ metricsMillis }: Pace): MetricsCapability<StationClient> {
  return {
    traits: {
      keepsSeconds: null,
      everyMillis: metricsMillis,
      retention: 'none: only the present values',
    },
    async list(client, ref, signal) {
      const look = await lookAt(client, ref, signal);
      return [...(look.station ? STATION_METRICS : []), ...metricsOf(look)].map(kindOf);
    },
    async query(client, ref, query, signal) {
      const look = await lookAt(client, ref, signal);
      refuseUnknown(query.metrics, look, ref);
      return answerOf(look, query, client);
    },
  };
}

interface Look extends ContainerReadings {
  /** null: not asked for, or this version tells nothing of itself. */
  readonly station: StationReading | null;
  /** Whether one container was asked for, and not the station with all of them. */
  readonly single: boolean;
  readonly at: Instant;
}

async function lookAt(client: StationClient, { app }: AppRef, signal: AbortSignal): Promise<Look> {
  const { v3, containers } = await readContainerReadings(client, signal);
  const at = instantFromMillis(Date.now());
  if (app !== '') {
    return { v3, containers: [pickContainer(client, app, containers)], station: null, single: true, at };
  }
  const station = v3 ? null : await readStation(client, signal);
  return { v3, containers, station, single: false, at };
}

function metricsOf({ v3 }: Pick<Look, 'v3'>): readonly Metric<Reading>[] {
  return v3 ? V3_CONTAINER_METRICS : CONTAINER_METRICS;
}

function kindOf({ metric, unit, aggregate, resolution, description }: Metric<never>): MetricKind {
  return { metric, unit, aggregate, resolution, description };
}

function refuseUnknown(wanted: readonly string[], look: Look, { app }: AppRef): void {
  const known = [...(look.station ? STATION_METRICS : []), ...metricsOf(look)].map(({ metric }) => metric);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const where = app === '' ? 'this Container Station' : app;
  throw new CliError('usage', `There is no metric "${unknown.slice(0, 80)}" of ${where}.`, {
    hint: `There is ${known.join(', ')}.`,
  });
}

function answerOf(look: Look, query: MetricQuery, client: StationClient): MetricAnswer {
  const asked = ({ metric }: { readonly metric: string }) =>
    query.metrics.length === 0 || query.metrics.includes(metric);
  const bad: string[] = [];
  const series: MetricSeries[] = [];
  const add = <R>(metric: Metric<R>, reading: R, component: string | null) => {
    const value = metric.read(reading);
    if (Number.isNaN(value))
      bad.push(component === null ? metric.metric : `${metric.metric} of ${component}`);
    series.push(seriesOf(metric, { component, value, at: look.at }));
  };
  if (look.station) for (const metric of STATION_METRICS.filter(asked)) add(metric, look.station, null);
  const metrics = metricsOf(look).filter(asked);
  for (const container of look.containers) {
    // A stopped one uses nothing, and the station leaves its values out.
    if (!look.single && metrics.every((metric) => metric.read(container) === null)) continue;
    const component = look.single ? null : `${container.type}/${container.name}`;
    for (const metric of metrics) add(metric, container, component);
  }
  return { series, notices: noticesOf({ look, query, client, bad, units: series.map(({ unit }) => unit) }) };
}

/** A value that is not told has no sample; one that is no number is a gap. */
function seriesOf(
  { metric, unit, aggregate, resolution }: Metric<never>,
  { component, value, at }: { component: string | null; value: number | null; at: Instant },
): MetricSeries {
  const samples = value === null ? [] : [{ ts: at, value: Number.isNaN(value) ? null : value }];
  return { component, instance: null, metric, unit, aggregate, resolution, samples };
}

interface Answered {
  readonly look: Look;
  readonly query: MetricQuery;
  readonly client: StationClient;
  /** Metrics whose value was no number. */
  readonly bad: readonly string[];
  readonly units: readonly string[];
}

function noticesOf({ look, query, client, bad, units }: Answered): Notice[] {
  const { station, pace } = client;
  const said: (Notice | false)[] = [
    isRange(query, pace) && {
      kind: 'limit',
      message: `${station} keeps no history of metrics: these are the present values`,
    },
    query.resolution !== null && {
      kind: 'limit',
      message: `${station} knows no resolution: it measures about every ${pace.metricsMillis / 1000} s`,
    },
    units.includes(UNKNOWN_UNIT) && {
      kind: 'hint',
      message: `version 3 of Container Station does not say in which unit it gives tx, rx, read and write`,
    },
    ...look.containers
      .filter((container) => look.single && container.state !== null && container.state !== 'running')
      .map(({ type, name, state }): Notice => {
        return { kind: 'hint', message: `${type}/${name} is ${state}: it has no values` };
      }),
    bad.length > 0 && {
      kind: 'warning',
      message: `${station} sent no number for ${bad.slice(0, 5).join(', ')}`,
    },
  ];
  return said.filter((notice) => notice !== false);
}

/** More than one measurement is asked for. `since` = `until` asks for the present alone. */
function isRange({ since, until }: MetricQuery, { metricsMillis }: Pace): boolean {
  return compareInstants(shiftInstant(since, metricsMillis), until) < 0;
}
