// The metrics of a station and of its containers: names, units, where their values stand. Pure; knows no request.
import type { MetricKind } from '../../model.ts';
import type { Reading, StationReading } from './container-readings.ts';

/** One metric and how its value is read; null: not told, NaN: no number. */
export interface Metric<R> extends MetricKind {
  read(reading: R): number | null;
}

const MIB = 1024 * 1024;
/** Version 3's rates: what they count is documented nowhere (wire: Container Station 9). */
export const UNKNOWN_UNIT = 'unknown';

/** Of a rhythm nothing can be asked for: there is the present alone. */
const PRESENT = { aggregate: 'last', resolution: null } as const;

export const STATION_METRICS: readonly Metric<StationReading>[] = [
  {
    ...PRESENT,
    metric: 'cpu_usage',
    unit: 'percent',
    description: 'processor time of the whole station, all cores',
    read: ({ cpu }) => cpu,
  },
  {
    ...PRESENT,
    metric: 'memory_used',
    unit: 'bytes',
    description: 'memory in use, without buffers and cache',
    read: ({ used }) => times(used, MIB),
  },
  {
    ...PRESENT,
    metric: 'memory_buffers',
    unit: 'bytes',
    description: 'memory in buffers',
    read: ({ buffers }) => times(buffers, MIB),
  },
  {
    ...PRESENT,
    metric: 'memory_cached',
    unit: 'bytes',
    description: 'memory in the cache',
    read: ({ cached }) => times(cached, MIB),
  },
  {
    ...PRESENT,
    // Not `total`: in other systems that is the mark of a counter, and is cut off.
    metric: 'memory_size',
    unit: 'bytes',
    description: 'memory of the station',
    read: ({ total }) => times(total, MIB),
  },
  {
    ...PRESENT,
    metric: 'memory_percent',
    unit: 'percent',
    description: 'memory_used of memory_size, rounded down by the station',
    read: ({ percent }) => percent,
  },
];

const CPU: Metric<Reading> = {
  ...PRESENT,
  metric: 'cpu',
  unit: 'percent',
  description: 'processor time of the container, of all cores of the station',
  read: ({ cpu }) => percentOf(cpu),
};

export const CONTAINER_METRICS: readonly Metric<Reading>[] = [
  CPU,
  {
    ...PRESENT,
    metric: 'memory',
    unit: 'bytes',
    description: 'memory of the container',
    read: ({ memory }) => memory,
  },
  {
    ...PRESENT,
    metric: 'rx',
    unit: 'bytes/s',
    description: 'received by the container',
    read: ({ rx }) => rx,
  },
  { ...PRESENT, metric: 'tx', unit: 'bytes/s', description: 'sent by the container', read: ({ tx }) => tx },
];

export const V3_CONTAINER_METRICS: readonly Metric<Reading>[] = [
  CPU,
  {
    ...PRESENT,
    metric: 'memory',
    unit: 'percent',
    description: 'memory of the container, of that of the station',
    read: ({ memory }) => percentOf(memory),
  },
  unitless('rx', 'received by the container', ({ rx }) => rx),
  unitless('tx', 'sent by the container', ({ tx }) => tx),
  unitless('read', 'read by the container', ({ read }) => read),
  unitless('write', 'written by the container', ({ write }) => write),
];

function unitless(metric: string, description: string, read: Metric<Reading>['read']): Metric<Reading> {
  return {
    ...PRESENT,
    metric,
    unit: UNKNOWN_UNIT,
    description: `${description}; the unit is undocumented`,
    read,
  };
}

/** Of a fraction, without the last digit's noise of binary arithmetic. */
export function percentOf(fraction: number | null): number | null {
  return fraction === null ? null : Number((fraction * 100).toPrecision(15));
}

function times(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}
