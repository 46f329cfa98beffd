// Times as they are shown in front of a line. Knows no line.
import { fractionText, type Instant } from '../model.ts';
import { type Clock, clockOf, type Zone } from '../time.ts';

export type Timestamps = 'short' | 'iso' | 'unix' | 'relative' | 'none';
export const TIMESTAMPS: readonly Timestamps[] = ['short', 'iso', 'unix', 'relative', 'none'];

/** What `short` takes at most: `14:05:06.123`. */
export const SHORT_WIDTH = 12;

export interface TimeStyle {
  readonly timestamps: Timestamps;
  readonly zone: Zone;
  /** Epoch milliseconds; for `relative`. */
  readonly now: () => number;
}

/** Turns instants into words without spaces; `-` for null. Digits that the platform did not give are not made up. */
export function createTimeText(style: TimeStyle): (instant: Instant | null) => string {
  if (style.timestamps === 'none') return () => '';
  if (style.timestamps === 'unix') return (instant) => (instant ? unixText(instant) : '-');
  if (style.timestamps === 'relative') return (instant) => (instant ? ageText(instant, style.now()) : '-');
  const clock = createClock(style.zone);
  if (style.timestamps === 'short') {
    return (instant) => (instant ? clock(instant).time + fractionText(instant, 3) : '-');
  }
  return (instant) => {
    if (!instant) return '-';
    const { date, time, offset } = clock(instant);
    return `${date}T${time}${fractionText(instant, 9)}${offset}`;
  };
}

/** `clockOf` that remembers the last second, as lines come in clusters. */
export function createClock(zone: Zone): (instant: Instant) => Clock {
  let second = Number.NaN;
  let clock: Clock = { date: '', time: '', offset: '' };
  return (instant) => {
    if (instant.seconds !== second) {
      clock = clockOf(instant, zone);
      second = instant.seconds;
    }
    return clock;
  };
}

function unixText(instant: Instant): string {
  return instant.seconds + fractionText(instant, 9);
}

/** `3s`, `5m12s`, `2h5m`, `3d4h`; `+3s` for what is still to come. */
function ageText(instant: Instant, now: number): string {
  const age = Math.floor(now / 1000) - instant.seconds;
  const seconds = Math.abs(age);
  const sign = age < 0 ? '+' : '';
  if (seconds < 60) return `${sign}${seconds}s`;
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)}m${seconds % 60}s`;
  if (seconds < 86_400) return `${sign}${Math.floor(seconds / 3600)}h${Math.floor(seconds / 60) % 60}m`;
  return `${sign}${Math.floor(seconds / 86_400)}d${Math.floor(seconds / 3600) % 24}h`;
}
