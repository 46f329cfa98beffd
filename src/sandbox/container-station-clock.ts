// How a NAS writes times: its own wall clock, read as if it were UTC. Knows no route.
import type { WorldTime } from './world.ts';

export interface NasClock {
  /** Seconds of the local wall clock taken for UTC, truncated (wire: Container Station 2.2). */
  shifted(at: WorldTime): number;
  /** `YYYY-MM-DD HH:MM:SS`, local, without a zone. */
  wall(at: WorldTime): string;
  /** The same with `.ffffff`, which is left out when it is zero, as Python's `str(datetime)` does. */
  wallMicros(at: WorldTime): string;
}

/** `utcOffset`: minutes east of UTC, or a function of the epoch milliseconds (summer time). */
export function createNasClock(utcOffset: number | ((ms: number) => number)): NasClock {
  const local = (at: WorldTime): number =>
    at.ms + (typeof utcOffset === 'number' ? utcOffset : utcOffset(at.ms)) * 60_000;
  const wall = (at: WorldTime): string => new Date(local(at)).toISOString().slice(0, 19).replace('T', ' ');
  return {
    shifted: (at) => Math.floor(local(at) / 1000),
    wall,
    wallMicros: (at) => {
      const below = Math.floor(at.ms) - Math.floor(at.ms / 1000) * 1000;
      const micros = below * 1000 + Math.floor(at.nanos / 1000);
      return micros === 0 ? wall(at) : `${wall(at)}.${String(micros).padStart(6, '0')}`;
    },
  };
}

/** True epoch seconds, truncated: what events carry. */
export function epochSeconds(at: WorldTime): number {
  return Math.floor(at.ms / 1000);
}
