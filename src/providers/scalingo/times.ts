// Times as Scalingo's API writes them. Knows no endpoint.
import type { Instant } from '../../model.ts';
import { parseTime } from '../../time.ts';
import { textOf } from '../../transport/json-fields.ts';

/** `2026-05-29T12:21:51.275Z` or with an offset, both in one object (wire: Scalingo 1.6); null for anything else. */
export function instantOf(value: unknown): Instant | null {
  const text = textOf(value);
  // What people may type (`5m`, `today`) is no time here.
  return text !== null && /^\d{4}-/.test(text) ? parseTime(text, { now: 0, zone: 'UTC' }) : null;
}
