// Figures for people: readable sizes and rates, summaries of a series, sparklines. Pure.
import type { MetricSample } from '../model.ts';

export interface Summary {
  readonly last: number | null;
  readonly min: number | null;
  readonly mean: number | null;
  /** Nearest rank, over the samples that are there. */
  readonly p90: number | null;
  readonly max: number | null;
}

/** Gaps count for nothing; a series of gaps alone has no figures. */
export function summarise(samples: readonly MetricSample[]): Summary {
  const values = samples.flatMap(({ value }) => (value === null || !Number.isFinite(value) ? [] : [value]));
  if (values.length === 0) return { last: null, min: null, mean: null, p90: null, max: null };
  const sorted = values.toSorted((a, b) => a - b);
  return {
    last: values.at(-1) ?? null,
    min: sorted[0] ?? null,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    p90: sorted[Math.max(0, Math.ceil(sorted.length * 0.9) - 1)] ?? null,
    max: sorted.at(-1) ?? null,
  };
}

/** The unit that people read and by how much it is larger; chosen by the largest value so that a row has one unit. */
export function scaleOf(
  unit: string,
  largest: number | null,
): { readonly unit: string; readonly divisor: number } {
  if (unit !== 'bytes' && unit !== 'bytes/s') return { unit, divisor: 1 };
  const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let index = 0;
  for (let rest = Math.abs(largest ?? 0); rest >= 1024 && index < steps.length - 1; rest /= 1024) index += 1;
  return { unit: `${steps[index]}${unit === 'bytes/s' ? '/s' : ''}`, divisor: 1024 ** index };
}

/** Three significant digits, and three decimals below one; whole numbers stay whole. */
export function figureText(value: number | null, divisor = 1): string {
  if (value === null) return '-';
  const scaled = value / divisor;
  if (Number.isInteger(scaled)) return String(scaled);
  const size = Math.abs(scaled);
  if (size >= 100) return scaled.toFixed(0);
  if (size >= 10) return scaled.toFixed(1);
  if (size >= 1) return scaled.toFixed(2);
  return size >= 0.001 ? String(Number(scaled.toFixed(3))) : scaled.toPrecision(2);
}

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** One character a bucket of samples, gaps blank; scaled from the least to the greatest value. */
export function sparkline(samples: readonly MetricSample[], width: number): string {
  // One sample has no trend.
  if (width <= 0 || samples.length < 2) return '';
  const buckets = Math.min(width, samples.length);
  const means = Array.from({ length: buckets }, (_, index) => {
    const from = Math.floor((index * samples.length) / buckets);
    const to = Math.max(from + 1, Math.floor(((index + 1) * samples.length) / buckets));
    return summarise(samples.slice(from, to)).mean;
  });
  const values = means.flatMap((mean) => (mean === null ? [] : [mean]));
  if (values.length === 0) return '';
  const low = values.reduce((least, value) => Math.min(least, value));
  const high = values.reduce((most, value) => Math.max(most, value));
  return means
    .map((mean) => {
      if (mean === null) return ' ';
      const share = high === low ? 0 : (mean - low) / (high - low);
      return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(share * BLOCKS.length))] ?? ' ';
    })
    .join('');
}
