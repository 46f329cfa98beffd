// The traffic of an app, day by day: one request a day. Knows no other figures.
import { formatInstant, type Instant, type MetricSample, type MetricSeries } from '../../model.ts';
import type { MetricAnswer, MetricQuery } from '../../provider.ts';
import { listOf, textOf } from '../../transport/json-fields.ts';
import type { DigitaloceanClient } from './client.ts';
import { appPath, type KnownApp } from './known-app.ts';
import type { DigitaloceanMetric } from './metric-kinds.ts';
import { unreadable } from './refusal.ts';
import { instantOf, numberOf } from './times.ts';

export interface BandwidthQuestion {
  readonly app: KnownApp;
  readonly metric: DigitaloceanMetric;
  readonly query: MetricQuery;
  /** Seconds since the epoch. */
  readonly now: number;
}

const DAY = 86_400;
/** Days that are asked for at most, the newest: the platform allows 250 requests a minute. */
const MOST_DAYS = 31;
const AT_ONCE = 4;

/** Figures of the days that begin in the range and are over; of yesterday where there is none of these up to now. */
export async function readBandwidth(
  client: DigitaloceanClient,
  question: BandwidthQuestion,
  signal: AbortSignal,
): Promise<MetricAnswer> {
  const all = daysOf(question);
  const days = all.slice(-MOST_DAYS);
  const samples: MetricSample[] = [];
  for (let first = 0; first < days.length; first += AT_ONCE) {
    const some = days.slice(first, first + AT_ONCE);
    samples.push(...(await Promise.all(some.map((day) => readDay(client, { ...question, day }, signal)))));
  }
  const { metric } = question;
  const series: MetricSeries = {
    component: null,
    instance: null,
    metric: metric.metric,
    unit: metric.unit,
    aggregate: metric.aggregate,
    resolution: metric.resolution,
    samples,
  };
  return {
    series: samples.length === 0 ? [] : [series],
    notices:
      all.length > days.length
        ? [{ kind: 'limit', message: `${metric.metric} is asked for the newest ${MOST_DAYS} days only` }]
        : [],
  };
}

/** First moments of days, oldest first. */
function daysOf({ query: { since, until }, now }: BandwidthQuestion): Instant[] {
  const today = Math.floor(now / DAY) * DAY;
  const first = Math.ceil((since.nanos > 0 ? since.seconds + 1 : since.seconds) / DAY) * DAY;
  const end = Math.min(today, Math.ceil((until.nanos > 0 ? until.seconds + 1 : until.seconds) / DAY) * DAY);
  const days: Instant[] = [];
  // One day more than the bound tells that something was left out.
  for (let day = Math.max(first, end - (MOST_DAYS + 1) * DAY); day < end; day += DAY)
    days.push({ seconds: day, nanos: 0, digits: 0 });
  if (days.length === 0 && until.seconds > today) days.push({ seconds: today - DAY, nanos: 0, digits: 0 });
  return days;
}

async function readDay(
  client: DigitaloceanClient,
  { app, metric, day }: BandwidthQuestion & { readonly day: Instant },
  signal: AbortSignal,
): Promise<MetricSample> {
  const date = formatInstant(day);
  const subject = { what: `metric ${metric.metric} of app "${app.name}" on ${date.slice(0, 10)}` };
  const path = `${appPath(app, '/metrics/bandwidth_daily')}?date=${encodeURIComponent(date)}`;
  const answer = await client.read({ path, subject }, signal);
  const usages = answer.app_bandwidth_usage;
  if (usages !== undefined && usages !== null && !Array.isArray(usages))
    throw unreadable(subject, 'list in app_bandwidth_usage');
  const usage = listOf(usages).find(({ app_id }) => textOf(app_id)?.toLowerCase() === app.id.toLowerCase());
  const bytes = usage?.bandwidth_bytes ?? null;
  const value = bytes === null ? null : numberOf(bytes);
  if (bytes !== null && value === null) throw unreadable(subject, 'number in bandwidth_bytes');
  return { ts: instantOf(answer.date) ?? day, value };
}
