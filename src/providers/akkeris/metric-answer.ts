// Reads the two forms in which figures are answered. Knows neither units nor requests.
import type { MetricSample } from '../../model.ts';
import { type Fields, fieldsOf } from '../../transport/json-fields.ts';

/** One metric of one dyno type, or of the whole app where the answer does not tell types apart. */
export interface Figures {
  readonly component: string | null;
  readonly metric: string;
  /** Oldest first; none where the platform has none. */
  readonly samples: readonly MetricSample[];
}

/**
 * `{"web":{"memory_rss":{"1524679200":"5242880"}}}` was observed, `{"memory_rss":{"1524679200":5242880}}` is the page's
 * (wire: Akkeris 4, 11). Told apart metric by metric: in the first form the values are objects. null for what is neither,
 * also where something stands there and nothing of it is a figure.
 */
export function readFigures(json: unknown): Figures[] | null {
  const fields = fieldsOf(json);
  if (fields === null) return null;
  const values = Object.values(fields);
  if (values.length > 0 && values.every(isForeign)) return null;
  return Object.entries(fields).flatMap(([name, value]) => {
    const inner = fieldsOf(value);
    if (inner === null) return [];
    const metrics = Object.entries(inner).filter(([, points]) => fieldsOf(points) !== null);
    if (metrics.length > 0) {
      return metrics.map(([metric, points]) => figuresOf(name, metric, fieldsOf(points) ?? {}));
    }
    const samples = samplesOf(inner);
    // An empty object is a type without metrics or a metric without samples: nothing either way.
    return samples.length > 0 ? [{ component: null, metric: name, samples }] : [];
  });
}

/** Neither empty nor with a figure in it. */
function isForeign(value: unknown): boolean {
  if (value === null) return false;
  const inner = fieldsOf(value);
  if (inner === null) return true;
  const parts = Object.entries(inner);
  return parts.length > 0 && !parts.some(([key, part]) => isTime(key) || fieldsOf(part) !== null);
}

/** The least distance between two samples, seconds; null where there are no two. */
export function stepOf(samples: readonly MetricSample[]): number | null {
  let step: number | null = null;
  for (const [index, { ts }] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined) continue;
    const distance = ts.seconds - before.ts.seconds;
    if (distance > 0 && (step === null || distance < step)) step = distance;
  }
  return step;
}

function figuresOf(component: string, metric: string, points: Fields): Figures {
  return { component, metric, samples: samplesOf(points) };
}

/** Keys are seconds of the Unix epoch; what is no time is left out. */
function samplesOf(points: Fields): MetricSample[] {
  return Object.entries(points)
    .filter(([key]) => isTime(key))
    .map(([key, value]) => ({
      ts: { seconds: Number(key), nanos: 0, digits: 0 },
      value: numberOf(value),
    }))
    .sort((a, b) => a.ts.seconds - b.ts.seconds);
}

function isTime(key: string): boolean {
  return /^\d{1,11}$/.test(key);
}

/** null, a gap, for what is no number: `NaN` and `+Inf` are words of the database behind it. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'string' && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value)) return null;
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}
