// Time series, health and bandwidth of the sample (wire: DigitalOcean 4). Knows no HTTP.
import { badRequest } from './digitalocean-answers.ts';
import { runComponents } from './digitalocean-lines.ts';
import type { Platform } from './digitalocean-options.ts';
import { wholeSeconds } from './digitalocean-time.ts';
import type { WorldComponent } from './world.ts';

export const metricNames = ['cpu_percentage', 'memory_percentage', 'restart_count'] as const;
export type MetricName = (typeof metricNames)[number];

/** Seconds. */
const step = 120;
const mostPoints = 11_000;
const day = 86_400_000;

/** A Prometheus matrix: one series per instance. An unknown app has none. */
export function metricMatrix(platform: Platform, name: MetricName, query: URLSearchParams): object {
  const appId = required(query, 'app_id');
  const start = seconds(query, 'start');
  const end = Math.min(seconds(query, 'end'), Math.floor(platform.world.now().ms / 1000));
  const component = query.get('app_component');
  const times = timesBetween(start, end);
  const measured = appId === platform.appId && times.length > 0 ? measuredComponents(platform) : [];
  const result = measured
    .filter((one) => component === null || one.name === component)
    .flatMap((one) =>
      instancesOf(one).map((index) => ({
        metric: {
          app_component: one.name,
          app_component_instance: `${one.name}-${index - 1}`,
          app_uuid: platform.appId,
        },
        values: times.map((time) => [
          time,
          String(sample(platform, name, { component: one.name, index, time })),
        ]),
      })),
    );
  return { status: 'success', data: { resultType: 'matrix', result } };
}

/** No components in an app that has no deployment, and in the small other apps. */
export function health(platform: Platform, appId: string): object {
  const { world, releases } = platform;
  const measured = appId === platform.appId && releases.active() ? measuredComponents(platform) : [];
  const now = world.now();
  const components = measured.map((component) => {
    const indexes = instancesOf(component);
    const figures = indexes.map((index) => world.metrics(component.name, index, now));
    const ready = component.state === 'running' ? component.instances : 0;
    return {
      name: component.name,
      cpu_usage_percent: mean(figures.map(({ cpu }) => cpu)),
      memory_usage_percent: mean(figures.map(({ memory, memoryLimit }) => (100 * memory) / memoryLimit)),
      replicas_desired: component.instances,
      replicas_ready: ready,
      state: ready === component.instances ? 'HEALTHY' : 'UNHEALTHY',
    };
  });
  const body = { components };
  return platform.manner.wrapForm === 'wrapped' ? { app_health: body } : body;
}

/** `date` absent: yesterday. Unknown apps are left out. */
export function bandwidth(platform: Platform, appIds: readonly string[], date: string | null): object {
  const asked = date === null ? platform.world.now().ms - day : Date.parse(date);
  if (Number.isNaN(asked)) throw badRequest(`invalid date: ${date}`);
  const begin = Math.floor(asked / day) * day;
  const usage = appIds
    .filter((id) => id === platform.appId)
    .map((id) => ({ app_id: id, bandwidth_bytes: String(bytesOf(platform, begin)) }));
  return { app_bandwidth_usage: usage, date: wholeSeconds(begin) };
}

/** The body of the request for several apps: up to 100 ids. */
export function readBandwidthWish(body: string): { appIds: string[]; date: string | null } {
  const wish = parseObject(body);
  const ids = wish.app_ids;
  const date = wish.date ?? null;
  const named =
    Array.isArray(ids) && ids.every((id): id is string => typeof id === 'string') ? ids : undefined;
  if (!named || named.length > 100) throw badRequest('app_ids must name up to 100 apps');
  if (date !== null && typeof date !== 'string') throw badRequest('invalid date');
  return { appIds: named, date };
}

function sample(
  platform: Platform,
  name: MetricName,
  at: { component: string; index: number; time: number },
): number {
  const { world } = platform;
  if (name === 'restart_count') return restartsUntil(platform, at);
  const figures = world.metrics(at.component, at.index, { ms: at.time * 1000, nanos: 0 });
  return name === 'cpu_percentage' ? figures.cpu : (100 * figures.memory) / figures.memoryLimit;
}

function restartsUntil({ world }: Platform, at: { component: string; index: number; time: number }): number {
  if (at.index !== 1) return 0;
  return world.events.filter(({ kind, component, at: when }) => {
    return (
      (kind === 'restart' || kind === 'crash') && component === at.component && when.ms <= at.time * 1000
    );
  }).length;
}

function bytesOf({ world }: Platform, begin: number): number {
  let bytes = 0;
  for (let hour = 0; hour < 24; hour += 1) {
    const at = { ms: begin + hour * 3_600_000, nanos: 0 };
    for (const { name } of world.components) bytes += world.metrics(name, 1, at).tx * 3600;
  }
  return bytes;
}

function measuredComponents({ world }: Platform): WorldComponent[] {
  return world.components.filter(({ name }) => runComponents(world).includes(name));
}

function instancesOf(component: WorldComponent): number[] {
  return Array.from({ length: component.instances }, (_, at) => at + 1);
}

function timesBetween(start: number, end: number): number[] {
  const width = step * Math.max(1, Math.ceil((end - start) / step / mostPoints));
  const times: number[] = [];
  for (let time = Math.ceil(start / width) * width; time <= end; time += width) times.push(time);
  return times;
}

function mean(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return Math.round((100 * values.reduce((sum, value) => sum + value, 0)) / values.length) / 100;
}

function required(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (!value) throw badRequest(`${name} is required`);
  return value;
}

function seconds(query: URLSearchParams, name: string): number {
  const value = required(query, name);
  if (!/^\d{1,12}$/.test(value)) throw badRequest(`invalid ${name}: ${value}`);
  return Number(value);
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Worded below.
  }
  throw badRequest('the request body is not a JSON object');
}
