// The metrics capability: asks for a range and says what the answer is not. Knows neither forms nor units.
import { CliError } from '../../errors.ts';
import {
  formatInstant,
  type Instant,
  instantFromMillis,
  instantToMillis,
  type MetricSample,
  type MetricSeries,
  type Notice,
  shiftInstant,
} from '../../model.ts';
import type { MetricQuery, MetricsCapability } from '../../provider.ts';
import { addressedApp } from './addressed-app.ts';
import type { AkkerisClient, LogPlace } from './client.ts';
import { type Figures, readFigures, stepOf } from './metric-answer.ts';
import { figureOf, knownFigure } from './metric-names.ts';
import { type Subject, unreadable } from './refusal.ts';

const DAY = 86_400_000;

export const metrics: MetricsCapability<AkkerisClient> = {
  traits: {
    keepsSeconds: (7 * DAY) / 1000,
    everyMillis: 60_000,
    retention: 'a week by its documentation; what the installation keeps, in intervals of 30 minutes',
  },
  async list(client, ref, signal) {
    const until = instantFromMillis(Date.now());
    const range = { since: shiftInstant(until, -DAY), until, resolution: null };
    const figures = await readRange(client, addressedApp(ref), range, signal);
    const resolution = leastStep(figures) ?? OBSERVED_STEP;
    return namesOf(figures).map((metric) => ({ metric, resolution, ...figureOf(metric) }));
  },
  async query(client, ref, query, signal) {
    if (instantToMillis(query.since) >= instantToMillis(query.until)) {
      throw new CliError('usage', 'The range of time for the metrics of Akkeris ends before it begins.');
    }
    const { range, cut } = answerable(query);
    const figures = await readRange(client, addressedApp(ref), range, signal);
    refuseUnknown(query.metrics, figures);
    const step = leastStep(figures);
    const wanted = figures.filter(
      ({ metric }) => query.metrics.length === 0 || query.metrics.includes(metric),
    );
    const series = wanted.flatMap((one) => seriesOf(one, { range, step }));
    const notices = [
      ...cut,
      ...resolutionNotice(query.resolution, step),
      ...componentNotice(query, wanted),
      ...beginNotice(series, range, step),
      ...emptyNotice(query.metrics, series),
    ];
    return { series, notices };
  },
};

/** Whatever is asked for (wire: Akkeris 4). Seconds. */
const OBSERVED_STEP = 1800;

interface Range {
  readonly since: Instant;
  readonly until: Instant;
  /** Seconds; null = the platform's own. */
  readonly resolution: number | null;
}

/** One request makes the platform ask two databases some hundred times, with a limit of a minute (wire: Akkeris 4). */
const PATIENCE = 70_000;

/** The query is written by hand: times with raw colons, nothing escaped, both ends said (wire: Akkeris 1.5, 4). */
async function readRange(
  client: AkkerisClient,
  { path, subject }: LogPlace,
  { since, until, resolution }: Range,
  signal: AbortSignal,
): Promise<Figures[]> {
  const about: Subject = { what: `the metrics of ${subject.what}`, kind: 'app' };
  const asked = resolution === null ? '' : `resolution=${resolutionText(resolution)}&`;
  const query = `${asked}from=${timeText(since)}&to=${timeText(until)}`;
  const question = { path: `${path}/metrics?${query}`, subject: about, timeout: PATIENCE };
  const { json } = await client.read(question, signal);
  const figures = readFigures(json);
  if (figures === null) throw unreadable(about, 'object of metrics');
  return figures;
}

const LATEST = Date.UTC(9999, 11, 31);

/** With milliseconds, as the route wants it; a year of five digits would bring a plus sign, which it does not take. */
function timeText(instant: Instant): string {
  return new Date(Math.min(LATEST, Math.max(0, Math.round(instantToMillis(instant))))).toISOString();
}

/** The page knows minutes and hours. */
function resolutionText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return `${Math.max(1, Math.round(seconds / 60))}m`;
}

/** Its database refuses a range of more than 11,000 intervals, and with it everything. */
const MOST_INTERVALS = 11_000;

function answerable({ since, until, resolution }: MetricQuery): { range: Range; cut: Notice[] } {
  const earliest = shiftInstant(until, -(MOST_INTERVALS - 1) * OBSERVED_STEP * 1000);
  if (instantToMillis(since) >= instantToMillis(earliest)) {
    return { range: { since, until, resolution }, cut: [] };
  }
  const message = `Akkeris answers for ${MOST_INTERVALS} intervals of 30 minutes at most: asked from ${atSecond(earliest)} on`;
  return { range: { since: earliest, until, resolution }, cut: [{ kind: 'limit', message }] };
}

function namesOf(figures: readonly Figures[]): string[] {
  return [...new Set(figures.map(({ metric }) => metric))].sort();
}

function leastStep(figures: readonly Figures[]): number | null {
  return figures.reduce<number | null>((least, { samples }) => {
    const step = stepOf(samples);
    return step === null || (least !== null && least <= step) ? least : step;
  }, null);
}

/** A name that is known but not answered just has no samples. */
function refuseUnknown(asked: readonly string[], figures: readonly Figures[]): void {
  const there = namesOf(figures);
  const unknown = asked.find((name) => !there.includes(name) && knownFigure(name) === null);
  if (unknown === undefined) return;
  throw new CliError('usage', `Akkeris has no metric "${unknown.slice(0, 80)}" for this app.`, {
    hint: there.length === 0 ? 'It has none at all just now.' : `It has ${there.join(', ')}.`,
  });
}

/** Intervals that lie in the range, the one that it begins in included: not all metrics begin theirs with the range. */
function seriesOf(
  { component, metric, samples }: Figures,
  { range, step }: { readonly range: Range; readonly step: number | null },
): MetricSeries[] {
  const resolution = stepOf(samples) ?? step;
  // Samples may be further apart than intervals are long.
  const interval = Math.min(resolution ?? OBSERVED_STEP, Math.max(range.resolution ?? 0, OBSERVED_STEP));
  const from = instantToMillis(range.since) / 1000 - interval;
  const to = instantToMillis(range.until) / 1000;
  const within = samples.filter(({ ts }) => ts.seconds > from && ts.seconds <= to);
  if (within.length === 0) return [];
  const { unit, aggregate } = figureOf(metric);
  return [{ component, instance: null, metric, unit, aggregate, resolution, samples: within }];
}

function resolutionNotice(asked: number | null, step: number | null): Notice[] {
  if (asked === null || step === null || step === asked) return [];
  const message = `Akkeris does not keep to the resolution asked for: its samples are ${spanText(step)} apart, not ${spanText(asked)}`;
  return [{ kind: 'limit', message }];
}

function componentNotice({ components }: MetricQuery, figures: readonly Figures[]): Notice[] {
  if (components.length === 0 || !figures.some(({ component }) => component === null)) return [];
  return [
    { kind: 'limit', message: 'this installation gives figures of the whole app, not of its dyno types' },
  ];
}

/** What is kept is said nowhere: only the answer shows it. */
function beginNotice(series: readonly MetricSeries[], { since }: Range, step: number | null): Notice[] {
  const first = series.reduce<MetricSample | null>((earliest, { samples: [sample] }) => {
    if (sample === undefined || (earliest && earliest.ts.seconds <= sample.ts.seconds)) return earliest;
    return sample;
  }, null);
  if (first === null || first.ts.seconds - since.seconds <= 2 * (step ?? OBSERVED_STEP)) return [];
  return [
    { kind: 'limit', message: `the figures begin at ${atSecond(first.ts)}: Akkeris answered nothing older` },
  ];
}

function emptyNotice(asked: readonly string[], series: readonly MetricSeries[]): Notice[] {
  const empty = asked.filter((name) => !series.some(({ metric }) => metric === name));
  if (empty.length === 0) return [];
  return [{ kind: 'hint', message: `Akkeris has no samples of ${empty.join(', ')} in this range` }];
}

function atSecond(instant: Instant): string {
  return formatInstant({ ...instant, digits: 0 });
}

/** `30 min`, `1 h`, `45 s` */
function spanText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
