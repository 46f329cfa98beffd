// Which figures there are of an app, and where each comes from. Knows no request.
import { CliError } from '../../errors.ts';
import type { MetricKind } from '../../model.ts';

/** `insights`: over time, with a scope of its own; `health`: the present; `bandwidth`: one figure a day. */
export type MetricOrigin = 'insights' | 'health' | 'bandwidth';

export interface DigitaloceanMetric extends MetricKind {
  readonly origin: MetricOrigin;
  /** The present figure that comes next to it. */
  readonly substitute?: string;
}

/** Of the specification's example; the real step is not documented (wire: DigitalOcean 4.1). */
const USUAL_STEP = 120;
const DAY = 86_400;

export const METRICS: readonly DigitaloceanMetric[] = [
  {
    metric: 'cpu_percentage',
    unit: 'percent',
    aggregate: 'mean',
    resolution: USUAL_STEP,
    description: 'CPU of each instance, of what its size allows; needs the scope monitoring:read',
    origin: 'insights',
    substitute: 'cpu_usage_percent',
  },
  {
    metric: 'memory_percentage',
    unit: 'percent',
    aggregate: 'mean',
    resolution: USUAL_STEP,
    description: 'memory of each instance, of what its size allows; needs the scope monitoring:read',
    origin: 'insights',
    substitute: 'memory_usage_percent',
  },
  {
    metric: 'restart_count',
    unit: 'count',
    aggregate: 'last',
    resolution: USUAL_STEP,
    description: 'restarts of each instance; needs the scope monitoring:read',
    origin: 'insights',
  },
  {
    metric: 'cpu_usage_percent',
    unit: 'percent',
    aggregate: 'last',
    resolution: null,
    description: "CPU of each component, from the app's health",
    origin: 'health',
  },
  {
    metric: 'memory_usage_percent',
    unit: 'percent',
    aggregate: 'last',
    resolution: null,
    description: "memory of each component, from the app's health",
    origin: 'health',
  },
  {
    metric: 'replicas_desired',
    unit: 'count',
    aggregate: 'last',
    resolution: null,
    description: 'instances of each component that there shall be',
    origin: 'health',
  },
  {
    metric: 'replicas_ready',
    unit: 'count',
    aggregate: 'last',
    resolution: null,
    description: 'instances of each component that are ready',
    origin: 'health',
  },
  {
    metric: 'bandwidth_daily',
    unit: 'bytes',
    aggregate: 'sum',
    resolution: DAY,
    description: 'outgoing traffic of the whole app, one figure for each day that is over',
    origin: 'bandwidth',
  },
];

/** All for an empty list; throws a usage error that lists those that exist. */
export function wantedMetrics(names: readonly string[]): readonly DigitaloceanMetric[] {
  if (names.length === 0) return METRICS;
  return [...new Set(names.map(metricOf))];
}

function metricOf(name: string): DigitaloceanMetric {
  const found = METRICS.find(({ metric }) => metric === name.trim().toLowerCase());
  if (found !== undefined) return found;
  throw new CliError('usage', `DigitalOcean has no metric "${name.slice(0, 80)}".`, {
    hint: `It has ${METRICS.map(({ metric }) => metric).join(', ')}.`,
  });
}

/** What a present figure stands in for those over time. */
export function substitutesFor(metrics: readonly DigitaloceanMetric[]): readonly DigitaloceanMetric[] {
  return METRICS.filter(({ metric }) => metrics.some(({ substitute }) => substitute === metric));
}
