// Figures over time: the matrix that the platform's monitoring answers with. Knows no other figures.
import { CliError } from '../../errors.ts';
import {
  compareInstants,
  type Instant,
  instantFromMillis,
  type MetricSample,
  type MetricSeries,
  type Notice,
} from '../../model.ts';
import type { MetricAnswer, MetricQuery } from '../../provider.ts';
import { type Fields, fieldsOf, textOf } from '../../transport/json-fields.ts';
import { harmless } from '../../transport/refusals.ts';
import type { DigitaloceanClient } from './client.ts';
import type { KnownApp } from './known-app.ts';
import type { DigitaloceanMetric } from './metric-kinds.ts';
import { type Subject, unreadable } from './refusal.ts';

export interface InsightQuestion {
  readonly app: KnownApp;
  readonly metric: DigitaloceanMetric;
  readonly query: MetricQuery;
}

/** One series per instance; none where the platform has nothing of the app in that time (wire: DigitalOcean 4.1). */
export async function readInsight(
  client: DigitaloceanClient,
  { app, metric, query }: InsightQuestion,
  signal: AbortSignal,
): Promise<MetricAnswer> {
  const subject = { what: `metric ${metric.metric} of app "${app.name}"` };
  const parameters = new URLSearchParams({
    app_id: app.id,
    start: String(query.since.seconds),
    end: String(query.until.nanos > 0 ? query.until.seconds + 1 : query.until.seconds),
  });
  const component = onlyComponent(app, query.components);
  if (component !== null) parameters.set('app_component', component);
  const path = `/v2/monitoring/metrics/apps/${metric.metric}?${parameters}`;
  const answer = await client.read({ path, subject }, signal);
  const reading: Reading = { subject, metric, query, broken: 0 };
  const series = resultOf(answer, subject).map((each) => seriesOf(each, reading));
  return { series, notices: reading.broken === 0 ? [] : [brokenNotice(reading)] };
}

/** The platform takes the name of one component; a glob or an instance is narrowed by others. */
function onlyComponent({ components }: KnownApp, globs: readonly string[]): string | null {
  const [only, ...more] = globs;
  if (only === undefined || more.length > 0) return null;
  return components.some(({ name }) => name === only) ? only : null;
}

function resultOf(answer: Fields, subject: Subject): readonly unknown[] {
  if (answer.status === 'error') {
    const words = harmless(textOf(answer.error) ?? textOf(answer.message) ?? '');
    throw new CliError(
      'platform',
      `DigitalOcean could not find out ${subject.what}${words === null ? '' : `: ${words.replace(/\.$/, '')}`}.`,
    );
  }
  const matrix = fieldsOf(answer.data);
  if (matrix === null) throw unreadable(subject, 'object in data');
  if (matrix.resultType !== 'matrix') throw unreadable(subject, '"matrix" in data.resultType');
  const { result } = matrix;
  if (result === undefined || result === null) return [];
  if (!Array.isArray(result)) throw unreadable(subject, 'list in data.result');
  return result;
}

interface Reading {
  readonly subject: Subject;
  readonly metric: DigitaloceanMetric;
  readonly query: MetricQuery;
  /** Values that are no numbers. */
  broken: number;
}

function seriesOf(value: unknown, reading: Reading): MetricSeries {
  const { subject, metric, query } = reading;
  const fields = fieldsOf(value);
  const labels = fieldsOf(fields?.metric);
  if (!Array.isArray(fields?.values)) throw unreadable(subject, 'list in data.result[].values');
  const samples = fields.values
    .map((pair: unknown) => sampleOf(pair, reading))
    .filter(({ ts }) => compareInstants(ts, query.since) >= 0 && compareInstants(ts, query.until) < 0)
    .sort((a, b) => compareInstants(a.ts, b.ts));
  return {
    component: textOf(labels?.app_component),
    instance: textOf(labels?.app_component_instance),
    metric: metric.metric,
    unit: metric.unit,
    aggregate: metric.aggregate,
    resolution: stepOf(samples),
    samples,
  };
}

/** `[1634052360, "5.016600450090265"]`; NaN and null are gaps. */
function sampleOf(pair: unknown, reading: Reading): MetricSample {
  const [at, value] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
  const ts = typeof at === 'number' ? instantOfSeconds(at) : null;
  if (ts === null) throw unreadable(reading.subject, 'time in data.result[].values');
  if (value === null || value === 'NaN') return { ts, value: null };
  const number =
    typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return { ts, value: number };
  reading.broken += 1;
  return { ts, value: null };
}

/** The last second that RFC 3339 can write. */
const LAST_SECOND = 253_402_300_799;

function instantOfSeconds(seconds: number): Instant | null {
  if (!(seconds >= 0 && seconds <= LAST_SECOND)) return null;
  return instantFromMillis(Math.round(seconds * 1000), Number.isInteger(seconds) ? 0 : 3);
}

/** Seconds; the least distance of two samples, null where there are not two. */
function stepOf(samples: readonly MetricSample[]): number | null {
  let least = Number.POSITIVE_INFINITY;
  let before: Instant | undefined;
  for (const { ts } of samples) {
    const step = before === undefined ? 0 : ts.seconds - before.seconds + (ts.nanos - before.nanos) / 1e9;
    if (step > 0) least = Math.min(least, step);
    before = ts;
  }
  return Number.isFinite(least) ? least : null;
}

function brokenNotice({ metric, broken }: Reading): Notice {
  const what = broken === 1 ? 'one value' : `${broken} values`;
  return {
    kind: 'warning',
    message: `${what} of ${metric.metric} cannot be read as a number: shown as a gap`,
  };
}
