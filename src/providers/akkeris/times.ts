// Times in Akkeris's JSON. Knows no field.
import type { Instant } from '../../model.ts';
import { readTime } from './translate.ts';

/** null for what is no time, and for the year 1, which stands for an unknown one (wire: Akkeris 6). */
export function instantOf(value: unknown): Instant | null {
  if (typeof value !== 'string') return null;
  const time = readTime(value, 0);
  return time !== null && time.end === value.length ? time.ts : null;
}
