// Figures as the API gives them, over time and now. Knows neither names nor which are wanted.
import { compareInstants, type Instant, type MetricSample } from '../../model.ts';
import { type Fields, fieldsOf, listOf, parseJson, textOf } from '../../transport/json-fields.ts';
import type { HttpAnswer } from '../../transport/network.ts';
import { refusalOf, type Subject, unreadable } from './refusal.ts';
import { instantOf } from './times.ts';

export interface SeriesAnswer {
  /** Oldest first, each time once. */
  readonly samples: readonly MetricSample[];
  /** Points that could not be read as a time and a number. */
  readonly unreadable: number;
}

/**
 * A bare array of points (wire: Scalingo 5.2). null is a gap, and so is a value that is no number; 404 means that there
 * are no figures, unless it is the app that is not known.
 */
export function seriesOf(answer: HttpAnswer, subject: Subject): SeriesAnswer {
  if (answer.status === 404 && fieldsOf(parseJson(answer.text))?.resource !== 'app') {
    return { samples: [], unreadable: 0 };
  }
  if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, subject);
  const points: unknown = parseJson(answer.text);
  if (!Array.isArray(points)) throw unreadable(subject, 'list of points');
  const samples: MetricSample[] = [];
  let unread = 0;
  for (const point of points) {
    const fields = fieldsOf(point);
    const ts = instantOf(fields?.time);
    const value = fields?.value ?? null;
    if (ts === null) {
      unread += 1;
      continue;
    }
    const isNumber = typeof value === 'number' && Number.isFinite(value);
    if (!isNumber && value !== null) unread += 1;
    samples.push({ ts, value: isNumber ? value : null });
  }
  samples.sort((a, b) => compareInstants(a.ts, b.ts));
  return {
    samples: samples.filter((sample, index) => isFirst(sample, samples[index - 1])),
    unreadable: unread,
  };
}

function isFirst({ ts }: MetricSample, before: MetricSample | undefined): boolean {
  return before === undefined || compareInstants(before.ts, ts) !== 0;
}

/** Seconds between samples: the distance that is most frequent; null of fewer than two. */
export function rhythmOf(samples: readonly MetricSample[]): number | null {
  const counts = new Map<number, number>();
  let best: number | null = null;
  for (const [index, { ts }] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined) continue;
    const distance = Math.round(ts.seconds - before.ts.seconds + (ts.nanos - before.ts.nanos) / 1e9);
    const count = (counts.get(distance) ?? 0) + 1;
    counts.set(distance, count);
    if (best === null || count > (counts.get(best) ?? 0)) best = distance;
  }
  return best;
}

/** The present values of one container (wire: Scalingo 5.1). */
export interface ContainerStats {
  readonly component: string;
  /** `web-1`. */
  readonly instance: string;
  readonly fields: Fields;
}

export function statsOf(answer: Fields, subject: Subject): readonly ContainerStats[] {
  if (!Array.isArray(answer.stats)) throw unreadable(subject, 'stats');
  return listOf(answer.stats).flatMap((fields) => {
    const instance = textOf(fields.id);
    return instance === null ? [] : [{ component: instance.replace(/-\d+$/, ''), instance, fields }];
  });
}

/** null where there is none; a limit of 0 means that there is no swap at all. */
export function presentOf(fields: Fields, field: string): number | null {
  const value = fields[field];
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return value === 0 && field.endsWith('_limit') ? null : value;
}

/** Seconds between two points at best: so much more than whole hours loses none, but would cost a coarser resolution. */
const POINT = 60;

/** Hours, rounded up, between a time and now; at least 1. */
export function hoursSince(since: Instant, nowMillis: number): number {
  return Math.max(1, Math.ceil((nowMillis / 1000 - since.seconds - POINT) / 3600));
}
