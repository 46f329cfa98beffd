// Scalingo's figures: what each container uses now, and series over hours.
import type { Exchange, Route } from './http.ts';
import { fraction } from './random.ts';
import { workers } from './scalingo-apps.ts';
import { answer, type Platform, positive, withApp } from './scalingo-platform.ts';

const minuteMs = 60_000;
const swapLimit = 1536 * 1024 * 1024;
const longest = 72;
const perContainer = ['cpu', 'memory', 'ram', 'swap'];
const statusShares: Readonly<Record<string, number>> = {
  all: 1,
  '2XX': 0.88,
  '3XX': 0.05,
  '4XX': 0.06,
  '5XX': 0.01,
};

export function statRoutes(platform: Platform): Route[] {
  const series = withApp(platform, (asked) => answerSeries(platform, asked));
  const path = '/v1/apps/:app/stats';
  return [
    {
      name: 'stats',
      method: 'GET',
      path,
      answer: withApp(platform, (asked) => answer(asked, 200, { stats: containerStats(platform) })),
    },
    {
      name: 'recommended',
      method: 'GET',
      path: `${path}/:metric/recommended_value`,
      answer: withApp(platform, (asked) => {
        const value = asked.params.metric === 'cpu' ? 80 : 0.9;
        answer(asked, 200, { time: minuteText(platform.world.now().ms), value });
      }),
    },
    { name: 'series', method: 'GET', path: `${path}/:metric`, answer: series },
    { name: 'series', method: 'GET', path: `${path}/:metric/:type`, answer: series },
    { name: 'series', method: 'GET', path: `${path}/:metric/:type/:index`, answer: series },
    {
      name: 'metric-features',
      method: 'GET',
      path: '/v1/features/metrics',
      answer: (asked) => answer(asked, 200, { metrics }),
    },
  ];
}

const metrics = [
  { id: 'cpu', label: 'CPU', suffix: '%', type: 'global' },
  { id: 'memory', label: 'Memory', suffix: '%', type: 'global' },
  { id: 'swap', label: 'Swap', suffix: '%', type: 'global' },
  { id: 'p95_response_time', label: '95th percentile response time', suffix: 'ms', type: 'router' },
  { id: '5XX', label: '5XX errors', suffix: 'rpm', type: 'router' },
  { id: 'all', label: 'Requests per minute', suffix: 'rpm', type: 'router' },
  { id: 'rpm_per_container', label: 'RPM per container', suffix: 'rpm', type: 'router' },
];

// wire: Scalingo 5.1: whole percents, bytes; `swap_limit` may be 0.
function containerStats(platform: Platform) {
  const { world } = platform;
  const at = world.now();
  return workers(world.components).flatMap(({ name, instances }) =>
    Array.from({ length: instances }, (_, position) => {
      const { cpu, memory, memoryLimit } = world.metrics(name, position + 1, at);
      const swap = Math.round(memory / 1000);
      return {
        id: `${name}-${position + 1}`,
        cpu_usage: Math.round(cpu),
        memory_usage: memory,
        memory_limit: memoryLimit,
        highest_memory_usage: Math.min(memoryLimit, Math.round(memory * 1.1)),
        swap_usage: name === 'web' ? swap : 0,
        swap_limit: name === 'web' ? swapLimit : 0,
        highest_swap_usage: name === 'web' ? swap * 2 : 0,
      };
    }),
  );
}

function answerSeries(platform: Platform, asked: Exchange) {
  const { metric = '', type } = asked.params;
  if (perContainer.includes(metric) && type === undefined) {
    return answer(asked, 400, { error: "'container' should be defined" });
  }
  const valueAt = readSeries(platform, asked);
  if (!valueAt) return answer(asked, 404, { error: 'no metrics found' });
  const since = Math.min(longest, positive(asked.query.get('since'), 3));
  const step = Math.max(1, Math.floor((since * 60) / 200)) * minuteMs;
  const end = Math.floor(platform.world.now().ms / step) * step;
  const points = [];
  // wire: Scalingo 5.2: one-minute steps over 3 hours make 181 points, the first without a value.
  for (let ms = end - since * 60 * minuteMs; ms <= end; ms += step) {
    points.push({ time: minuteText(ms), value: points.length === 0 ? null : valueAt(ms) });
  }
  answer(asked, 200, asked.query.get('last') === 'true' ? points.slice(-1) : points);
}

/** Undefined: there is nothing under that name. */
function readSeries(platform: Platform, asked: Exchange): ((ms: number) => number) | undefined {
  const { metric = '', type = '' } = asked.params;
  const traffic = platform.world.lines.some(({ kind }) => kind === 'router');
  if (metric === 'router') {
    const code = asked.query.get('status_code') ?? 'all';
    const share = statusShares[code];
    if (!traffic || share === undefined) return undefined;
    return (ms) => Math.round(share * (120 + 80 * fraction(`router ${code} ${ms}`)));
  }
  if (metric === 'requests') {
    const factor = { median: 1, media: 1, p95: 4, p99: 9 }[asked.query.get('statistics_type') ?? 'median'];
    return traffic && factor
      ? (ms) => Math.round(factor * (20 + 15 * fraction(`requests ${ms}`)))
      : undefined;
  }
  const component = workers(platform.world.components).find(({ name }) => name === type);
  if (!component || !perContainer.includes(metric)) return undefined;
  const index = asked.params.index === undefined ? undefined : positive(asked.params.index, 0);
  if (index !== undefined && (index < 1 || index > component.instances)) return undefined;
  const indexes =
    index === undefined ? Array.from({ length: component.instances }, (_, at) => at + 1) : [index];
  return (ms) => mean(indexes.map((each) => figure(platform, { metric, type, index: each, ms })));
}

function figure(
  platform: Platform,
  what: { metric: string; type: string; index: number; ms: number },
): number {
  const { cpu, memory } = platform.world.metrics(what.type, what.index, { ms: what.ms, nanos: 0 });
  if (what.metric === 'cpu') return cpu;
  return what.metric === 'swap' ? Math.round(memory / 1000) : memory;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function minuteText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}:00Z`;
}
