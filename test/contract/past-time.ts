// When the lines of the past were written. Knows no platform.
import type { WorldTime } from '../../src/sandbox/world.ts';

/** A minute ago and that many seconds more; with a digit in every place of the fraction. */
export function pastTime(seconds: number): WorldTime {
  const minuteAgo = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  return { ms: minuteAgo + seconds * 1000 + 123, nanos: 456_789 };
}
