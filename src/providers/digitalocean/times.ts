// Times and durations as DigitalOcean's API writes them. Knows no endpoint.
import type { Instant } from '../../model.ts';
import { parseTime } from '../../time.ts';
import { textOf } from '../../transport/json-fields.ts';

/** RFC 3339 with every digit; null for anything else and for Go's zero time, which means unset (wire: DigitalOcean 1.5). */
export function instantOf(value: unknown): Instant | null {
  const text = textOf(value);
  // What people may type (`5m`, `today`) is no time here.
  if (text === null || !/^\d{4}-/.test(text) || text.startsWith('0001-01-01')) return null;
  return parseTime(text, { now: 0, zone: 'UTC' });
}

const SECONDS: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ns: 1e-9,
};

/** Seconds of a duration as Go writes it (`1m2.5s`, `430ms`); null for anything else. */
export function secondsOf(value: unknown): number | null {
  const text = textOf(value);
  if (text === null || text.length > 64 || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|μs|ns))+$/.test(text))
    return null;
  const parts = [...text.matchAll(/([\d.]+)(\D+)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (SECONDS[unit ?? ''] ?? 0), 0);
}

/** A count; 64-bit ones are written as text (wire: DigitalOcean 1.5). null for anything else. */
export function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}
