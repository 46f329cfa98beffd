// The metrics capability: figures over time, of the present and of whole days, and what stands in for figures that the
// token may not read. Knows no endpoint.
import { CliError, isRetryable } from '../../errors.ts';
import {
  formatInstant,
  type Instant,
  instantFromMillis,
  type MetricSeries,
  type Notice,
} from '../../model.ts';
import type { MetricAnswer, MetricQuery, MetricsCapability } from '../../provider.ts';
import { readBandwidth } from './bandwidth.ts';
import type { DigitaloceanClient } from './client.ts';
import { type ComponentHealth, readHealth } from './health.ts';
import { readInsight } from './insights.ts';
import { type KnownApp, knownApp } from './known-app.ts';
import { type DigitaloceanMetric, METRICS, substitutesFor, wantedMetrics } from './metric-kinds.ts';

const DAY = 86_400;

export const metrics: MetricsCapability<DigitaloceanClient> = {
  traits: {
    keepsSeconds: 14 * DAY,
    everyMillis: 60_000,
    retention: 'not documented, 14 days are supposed; health tells the present, bandwidth whole days',
  },
  async list(client, ref, signal) {
    await knownApp(client, ref.app, signal);
    return METRICS.map(({ metric, unit, aggregate, resolution, description }) => ({
      metric,
      unit,
      aggregate,
      resolution,
      description,
    }));
  },
  async query(client, ref, query, signal) {
    const wanted = wantedMetrics(query.metrics);
    const app = await knownApp(client, ref.app, signal);
    return answer({ client, app, query, wanted, now: Date.now() }, signal);
  },
};

interface Asking {
  readonly client: DigitaloceanClient;
  readonly app: KnownApp;
  readonly query: MetricQuery;
  readonly wanted: readonly DigitaloceanMetric[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

async function answer(asking: Asking, signal: AbortSignal): Promise<MetricAnswer> {
  const { client, app, query, wanted, now } = asking;
  const of = (origin: string) => wanted.filter((metric) => metric.origin === origin);
  const insights = await collect(
    asking,
    of('insights').map((metric) => readInsight(client, { app, metric, query }, signal)),
  );
  const hasPresent = query.until.seconds * 1000 >= now - PRESENT;
  const instead = insights.forbidden !== null && hasPresent ? substitutesFor(of('insights')) : [];
  const present = hasPresent ? [...new Set([...of('health'), ...instead])] : [];
  const others = await collect(asking, [
    readPresent(asking, present, signal),
    ...of('bandwidth').map((metric) =>
      readBandwidth(client, { app, metric, query, now: now / 1000 }, signal),
    ),
  ]);
  const series = [...insights.series, ...others.series];
  const refused = insights.forbidden ?? others.forbidden ?? insights.failed ?? others.failed;
  if (series.length === 0 && refused !== null) throw refused;
  return {
    series,
    notices: [
      ...(insights.forbidden === null ? rangeNotices(insights.series, query) : [forbiddenNotice(instead)]),
      ...(of('insights').length > 0 && isEmpty(insights) ? [NO_SAMPLES] : []),
      ...(hasPresent ? [] : absenceNotices(query, of('health'))),
      ...insights.notices,
      ...others.notices,
      ...(others.forbidden === null ? [] : [warning(others.forbidden)]),
    ],
  };
}

interface Collected extends MetricAnswer {
  /** What the token may not read. */
  readonly forbidden: CliError | null;
  readonly failed: CliError | null;
}

/** Of figures that were not named, what can't be read of one kind does not hide the others. */
async function collect({ query }: Asking, answers: readonly Promise<MetricAnswer>[]): Promise<Collected> {
  const series: MetricSeries[] = [];
  const notices: Notice[] = [];
  let forbidden: CliError | null = null;
  let failed: CliError | null = null;
  for (const settled of await Promise.allSettled(answers)) {
    if (settled.status === 'fulfilled') {
      series.push(...settled.value.series);
      notices.push(...settled.value.notices);
      continue;
    }
    const { reason } = settled;
    if (!(reason instanceof CliError)) throw reason;
    if (reason.status === 403) forbidden = withScope(reason);
    else if (query.metrics.length > 0 || isRetryable(reason) || reason.kind === 'auth') throw reason;
    else {
      failed = reason;
      notices.push(warning(reason));
    }
  }
  return { series, notices, forbidden, failed };
}

function isEmpty({ series, forbidden, failed }: Collected): boolean {
  return series.length === 0 && forbidden === null && failed === null;
}

/** wire: DigitalOcean 1.1: metrics have a scope of their own. */
function withScope(refused: CliError): CliError {
  return new CliError('auth', refused.message, {
    status: 403,
    hint: 'Figures over time need a token with the scope monitoring:read, all others app:read.',
    cause: refused,
  });
}

/** How far the end of the range may lie back so that the present still belongs to it, milliseconds. */
const PRESENT = 120_000;

async function readPresent(
  { client, app, now }: Asking,
  wanted: readonly DigitaloceanMetric[],
  signal: AbortSignal,
): Promise<MetricAnswer> {
  if (wanted.length === 0) return { series: [], notices: [] };
  const components = await readHealth(client, app, signal);
  const ts = instantFromMillis(now);
  const series = wanted.flatMap((metric) => components.flatMap((each) => presentSeries(each, metric, ts)));
  return { series, notices: [] };
}

function presentSeries(
  component: ComponentHealth,
  { metric, unit, aggregate, resolution }: DigitaloceanMetric,
  ts: Instant,
): MetricSeries[] {
  const value = presentValue(component, metric);
  if (value === null) return [];
  const samples = [{ ts, value }];
  return [{ component: component.name, instance: null, metric, unit, aggregate, resolution, samples }];
}

function presentValue({ cpu, memory, desired, ready }: ComponentHealth, metric: string): number | null {
  switch (metric) {
    case 'cpu_usage_percent':
      return cpu;
    case 'memory_usage_percent':
      return memory;
    case 'replicas_desired':
      return desired;
    default:
      return ready;
  }
}

const NO_SAMPLES: Notice = { kind: 'hint', message: 'the platform has no samples over time in that range' };

function forbiddenNotice(instead: readonly DigitaloceanMetric[]): Notice {
  const given = instead.map(({ metric }) => metric).join(' and ');
  return {
    kind: 'limit',
    message: `this token may not read figures over time, which need the scope monitoring:read${
      given === '' ? '' : `; ${given} of the app's health tell the present instead`
    }`,
  };
}

/** Said only of figures that were named. */
function absenceNotices({ metrics: named }: MetricQuery, health: readonly DigitaloceanMetric[]): Notice[] {
  const names = health.map(({ metric }) => metric).join(', ');
  return named.length === 0 || names === ''
    ? []
    : [{ kind: 'limit', message: `of ${names} only the present is known` }];
}

function warning({ message }: CliError): Notice {
  return { kind: 'warning', message: message.replace(/\.$/, '') };
}

/** Steps by which the first sample may come later than the range without a word. */
const LATE_STEPS = 3;

/** What of the wish the platform did not fulfil: it takes no resolution, and its memory has an end. */
function rangeNotices(series: readonly MetricSeries[], { since, resolution }: MetricQuery): Notice[] {
  const notices: Notice[] = [];
  const steps = series.flatMap((each) => each.resolution ?? []);
  const step = Math.min(...steps);
  if (resolution !== null && series.length > 0 && steps.some((each) => each !== resolution)) {
    notices.push({
      kind: 'limit',
      message: `the platform takes no resolution: its own of ${step} s is shown`,
    });
  }
  const begins = series.flatMap(({ samples }) => samples[0]?.ts ?? []);
  const first = begins.reduce<Instant | null>(
    (oldest, ts) => (oldest !== null && oldest.seconds <= ts.seconds ? oldest : ts),
    null,
  );
  if (first !== null && Number.isFinite(step) && first.seconds - since.seconds > LATE_STEPS * step) {
    notices.push({
      kind: 'limit',
      message: `the figures begin at ${formatInstant(first)}: the platform has nothing older`,
    });
  }
  return notices;
}
