// Metrics as the Akkeris API shows them: nested by dyno type, strings, 30-minute buckets; or the flat form of its
// documentation page (wire: Akkeris 4). Knows no HTTP.
import { type AkkerisApp, type AkkerisInstallation, ControllerRefusal, isAlive } from './akkeris-platform.ts';
import type { WorldComponent, WorldMetrics } from './world.ts';

/** Metric name to epoch seconds (as text) to value. */
type Samples<V> = Record<string, Record<string, V>>;

/** Milliseconds since the epoch; `step` is the width of a bucket. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

const HALF_HOUR = 30 * 60_000;
const DAY = 24 * 60 * 60_000;
const WEEK = 7 * DAY;
/** How long Prometheus keeps samples unless told otherwise. */
const RETENTION = 15 * DAY;
/** Prometheus refuses ranges of more points; any refusal of a back end becomes a 503. */
const MAX_POINTS = 11_000;
const MEBIBYTE = 1024 * 1024;

/** `query` is the raw text behind the `?`, '' without one. */
export function showMetrics(installation: AkkerisInstallation, app: AkkerisApp, query: string): object {
  // The handler looks for a property that is not there: the resolution is always 30 minutes.
  const range = rangeOf(installation, query, { span: DAY, step: HALF_HOUR });
  const shown: Record<string, Samples<string>> = {};
  for (const type of app.dynoTypes) {
    const samples = containerMetrics(installation, type, range);
    if (type.name === 'web' && isAlive(installation, app)) {
      Object.assign(samples, routerMetrics(installation, range));
    }
    shown[type.name] = samples;
  }
  return shown;
}

/** The page's form: flat, numbers, its own list of names, the resolution honoured, one week by default. */
export function showDocumentedMetrics(
  installation: AkkerisInstallation,
  app: AkkerisApp,
  query: string,
): object {
  const wanted = parameter(query, 'resolution');
  const range = rangeOf(installation, query, { span: WEEK, step: resolutionOf(wanted) });
  const shown: Samples<number> = {};
  for (const name of documentedNames) shown[name] = {};
  eachBucket(installation, range, (at) => {
    const instances = app.dynoTypes.flatMap((type) => measure(installation, type, at));
    if (instances.length === 0) return;
    for (const name of documentedNames) {
      const value = mean(instances.map((instance) => containerValue(name, instance)));
      const samples = shown[name];
      if (samples) samples[String(Math.floor(at / 1000))] = Number(value.toFixed(4));
    }
  });
  return shown;
}

const averaged = ['memory_usage_bytes', 'memory_cache', 'memory_rss', 'memory_working_set_bytes'];
const summed = [
  'cpu_user_seconds_total',
  'cpu_usage_seconds_total',
  'cpu_system_seconds_total',
  'network_receive_bytes_total',
  'network_transmit_bytes_total',
];

const documentedNames = [
  'cpu_system_seconds_total',
  'cpu_usage_seconds_total',
  'cpu_user_seconds_total',
  'fs_io_time_seconds_total',
  'fs_usage_bytes',
  'memory_cache',
  'memory_rss',
  'memory_usage_bytes',
  'memory_working_set_bytes',
  'network_receive_bytes_total',
  'network_receive_errors_total',
  'network_transmit_bytes_total',
  'network_transmit_errors_total',
];

/** Prometheus: every name is there, `{}` without data; buckets begin at `from`, not aligned. */
function containerMetrics(
  installation: AkkerisInstallation,
  type: WorldComponent,
  range: Range,
): Samples<string> {
  const shown: Samples<string> = {};
  for (const name of [...averaged, ...summed, 'fs_usage_bytes']) shown[name] = {};
  eachBucket(installation, range, (at) => {
    const instances = measure(installation, type, at);
    if (instances.length === 0) return;
    for (const [name, samples] of Object.entries(shown)) {
      const values = instances.map((instance) => containerValue(name, instance));
      const value = summed.includes(name) ? values.reduce((sum, one) => sum + one, 0) : mean(values);
      samples[String(Math.floor(at / 1000))] = String(Number(value.toFixed(4)));
    }
  });
  return shown;
}

/** InfluxDB: aligned buckets, and only names that are not zero all over. */
function routerMetrics(installation: AkkerisInstallation, range: Range): Samples<string> {
  const buckets = new Map<string, { statuses: Map<number, number>; requests: number; time: number }>();
  for (let at = Math.floor(range.from / HALF_HOUR) * HALF_HOUR; at <= range.to; at += HALF_HOUR) {
    buckets.set(String(at / 1000), { statuses: new Map(), requests: 0, time: 0 });
  }
  const statuses = new Set<number>();
  for (const line of installation.world.lines) {
    const bucket = buckets.get(String((Math.floor(line.at.ms / HALF_HOUR) * HALF_HOUR) / 1000));
    if (!line.request || !bucket || line.at.ms < range.from || line.at.ms > range.to) continue;
    bucket.requests += 1;
    bucket.time += line.request.duration;
    bucket.statuses.set(line.request.status, (bucket.statuses.get(line.request.status) ?? 0) + 1);
    statuses.add(line.request.status);
  }
  if (statuses.size === 0) return {};
  const shown: Samples<string> = { requests: {}, response_time: {} };
  for (const status of [...statuses].sort((a, b) => a - b)) shown[`router_status_${status}`] = {};
  for (const [second, bucket] of buckets) {
    for (const [name, samples] of Object.entries(shown)) {
      if (name === 'requests') samples[second] = String(bucket.requests);
      // A mean of nothing is null there, and the controller writes null as "0".
      else if (name === 'response_time') {
        samples[second] =
          bucket.requests === 0 ? '0' : String(Number((bucket.time / bucket.requests).toFixed(2)));
      } else samples[second] = String(bucket.statuses.get(Number(name.slice('router_status_'.length))) ?? 0);
    }
  }
  return shown;
}

function measure(installation: AkkerisInstallation, type: WorldComponent, at: number): WorldMetrics[] {
  return Array.from({ length: type.instances }, (_, index) =>
    installation.world.metrics(type.name, index + 1, { ms: at, nanos: 0 }),
  );
}

/** CPU in cores, memory and file system in bytes, network in bytes per second. */
function containerValue(name: string, instance: WorldMetrics): number {
  const cores = instance.cpu / 100;
  switch (name) {
    case 'memory_usage_bytes':
      return Math.round(instance.memory);
    case 'memory_rss':
      return Math.round(instance.memory * 0.8);
    case 'memory_cache':
      return Math.round(instance.memory * 0.15);
    case 'memory_working_set_bytes':
      return Math.round(instance.memory * 0.9);
    case 'cpu_usage_seconds_total':
      return cores;
    case 'cpu_user_seconds_total':
      return cores * 0.75;
    case 'cpu_system_seconds_total':
      return cores * 0.25;
    case 'network_receive_bytes_total':
      return instance.rx;
    case 'network_transmit_bytes_total':
      return instance.tx;
    case 'fs_usage_bytes':
      return 48 * MEBIBYTE;
    default:
      return 0;
  }
}

function eachBucket(installation: AkkerisInstallation, range: Range, visit: (at: number) => void): void {
  const now = installation.world.now().ms;
  const kept = now - RETENTION;
  for (let at = range.from; at <= range.to; at += range.step) {
    if (at >= kept && at <= now) visit(at);
  }
}

/** A date that is none ends in the controller's own crash: 500. */
function rangeOf(
  installation: AkkerisInstallation,
  query: string,
  defaults: { span: number; step: number },
): Range {
  const from = parameter(query, 'from');
  const to = parameter(query, 'to');
  const end = to ? Date.parse(to) : installation.world.now().ms;
  const start = from ? Date.parse(from) : end - defaults.span;
  if (Number.isNaN(end) || Number.isNaN(start)) throw new ControllerRefusal(500, 'Internal Server Error');
  if (end < start || (end - start) / defaults.step > MAX_POINTS) {
    throw new ControllerRefusal(503, 'Service Unavailable Error');
  }
  return { from: start, to: end, step: defaults.step };
}

function resolutionOf(text: string | undefined): number {
  const parts = /^([0-9]+)([smhd])$/.exec(text ?? '10m');
  const units: Record<string, number> = { s: 1000, m: 60_000, h: 60 * 60_000, d: DAY };
  const step = Number(parts?.[1]) * (units[parts?.[2] ?? ''] ?? Number.NaN);
  if (Number.isNaN(step) || step <= 0) {
    throw new ControllerRefusal(400, 'The specified resolution was invalid.');
  }
  return step;
}

/** Nothing is percent-encoded: such a query never gets here (wire: Akkeris 1.5). */
function parameter(query: string, name: string): string | undefined {
  const found = query.split('&').find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1) || undefined;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
