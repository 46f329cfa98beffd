// The metrics that Scalingo has, and what is asked for each. Knows no request and no answer.
import { CliError } from '../../errors.ts';
import type { MetricKind } from '../../model.ts';

/** A name of ours, which is stable, and where its values come from. */
export interface ScalingoMetric extends MetricKind {
  /** Of the time series (wire: Scalingo 5.2); null where only the present is to be had. */
  readonly series: SeriesPath | null;
  /** The field of the present values of each container (wire: Scalingo 5.1), or null. */
  readonly present: string | null;
}

export interface SeriesPath {
  /** `cpu`; as the path has it. */
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  /** Whether it belongs to containers; else it belongs to the router. */
  readonly ofContainers: boolean;
}

/** One point a minute over three hours and less, about 180 to 206 points whatever the range (wire: Scalingo 5.2). */
const MINUTE = 60;

export const METRICS: readonly ScalingoMetric[] = [
  ofContainers('cpu', 'percent', 'of one core, mean over the containers of a type; now, of each container'),
  ofContainers('memory', 'bytes', 'mean over the containers of a type; now, of each container'),
  ofContainers('swap', 'bytes', 'mean over the containers of a type; now, of each container'),
  present('memory_limit', 'what a container may use'),
  present('memory_highest', 'the most that a container has used', 'highest_memory_usage'),
  present('swap_limit', 'what a container may swap; absent where it has no swap'),
  present('swap_highest', 'the most that a container has swapped', 'highest_swap_usage'),
  router('router', 'all', 'requests'),
  ...['1XX', '2XX', '3XX', '4XX', '5XX'].map((status) =>
    router(`router_${status}`, status, `requests answered with a status of ${status}`),
  ),
  ...['median', 'p95', 'p99'].map(responseTime),
];

/** Empty = all. Any case of letters will do. Throws a usage error that lists those that exist. */
export function chosenMetrics(names: readonly string[]): readonly ScalingoMetric[] {
  if (names.length === 0) return METRICS;
  const found = names.map((name) => {
    const metric = METRICS.find((known) => known.metric.toLowerCase() === name.toLowerCase());
    if (metric !== undefined) return metric;
    throw new CliError('usage', `Scalingo has no metric "${name.slice(0, 80)}".`, {
      hint: `It has ${METRICS.map(({ metric: known }) => known).join(', ')}.`,
    });
  });
  return [...new Set(found)];
}

function ofContainers(
  name: 'cpu' | 'memory' | 'swap',
  unit: 'percent' | 'bytes',
  description: string,
): ScalingoMetric {
  const series = { name, query: {}, ofContainers: true };
  const kind = { metric: name, unit, aggregate: 'mean', resolution: MINUTE, description } as const;
  return { ...kind, series, present: `${name}_usage` };
}

function present(metric: string, description: string, field = metric): ScalingoMetric {
  const kind = { metric, unit: 'bytes', aggregate: 'last', resolution: null, description } as const;
  return { ...kind, series: null, present: field };
}

function router(metric: string, status: string, description: string): ScalingoMetric {
  const kind = { metric, unit: 'requests', aggregate: 'sum', resolution: MINUTE, description } as const;
  return {
    ...kind,
    series: { name: 'router', query: { status_code: status }, ofContainers: false },
    present: null,
  };
}

function responseTime(statistics: string): ScalingoMetric {
  const description = `${statistics} of the response times`;
  const kind = { unit: 'ms', aggregate: 'mean', resolution: MINUTE, description } as const;
  return {
    ...kind,
    metric: `requests_${statistics}`,
    series: { name: 'requests', query: { statistics_type: statistics }, ofContainers: false },
    present: null,
  };
}
