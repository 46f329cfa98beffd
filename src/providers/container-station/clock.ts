// The station's wall clock: its activity log gives local time as if it were UTC. Knows no request.
import { CliError } from '../../errors.ts';
import { type Instant, instantFromMillis, shiftInstant, type TimeQuality } from '../../model.ts';
import { instantOfWallClock, isZone } from '../../time.ts';

/** Turns the seconds of a row (wire: Container Station 2.2) into a point in time. */
export type StationClock = (wallSeconds: number) => { readonly ts: Instant; readonly quality: TimeQuality };

const QUARTER = 900_000;
/** Zones reach from -12 to +14 hours. */
const FARTHEST = 14 * 3_600_000;
/** Between a login and the Date header of its answer. */
const MOST_SKEW = 300_000;

/**
 * Milliseconds that the station's clock is ahead of UTC, from the local `logintime` of a login that was just made
 * (`2021-08-11 16:54:45`) and the Date header of its answer (else our own clock); null when the two do not fit.
 */
export function offsetFromLogin(logintime: unknown, date: string | null, now: number): number | null {
  const match =
    typeof logintime === 'string' ? /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/.exec(logintime) : null;
  if (!match) return null;
  const wall = Date.parse(`${match[1]}T${match[2]}Z`);
  const told = date === null ? Number.NaN : Date.parse(date);
  const difference = wall - (Number.isNaN(told) ? now : told);
  const offset = Math.round(difference / QUARTER) * QUARTER;
  if (!(Math.abs(offset) <= FARTHEST) || Math.abs(difference - offset) > MOST_SKEW) return null;
  return offset === 0 ? 0 : offset;
}

/** For a zone that the user named: an IANA name, or `+08:00`. Throws a usage CliError. */
export function clockOfZone(zone: string): StationClock {
  const offset = fixedOffset(zone);
  if (offset !== null) return clockOfOffset(offset);
  if (!isZone(zone)) {
    throw new CliError('usage', `"${printable(zone)}" is no time zone.`, {
      hint: 'Name the zone of the NAS as Asia/Taipei, UTC or +08:00.',
    });
  }
  return (wallSeconds) => {
    const wall = instantFromMillis(wallSeconds * 1000, 0);
    const ts = instantOfWallClock(wall, zone);
    return { ts, quality: ts.seconds === wall.seconds ? 'second' : 'corrected' };
  };
}

/** For one fixed offset in milliseconds; null: unknown, then the wall clock is taken for UTC. */
export function clockOfOffset(offset: number | null): StationClock {
  return (wallSeconds) => ({
    ts: shiftInstant(instantFromMillis(wallSeconds * 1000, 0), -(offset ?? 0)),
    quality: offset === 0 ? 'second' : 'corrected',
  });
}

function fixedOffset(text: string): number | null {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(text);
  if (!match) return null;
  const millis = Number(match[2]) * 3_600_000 + Number(match[3]) * 60_000;
  if (millis > FARTHEST) return null;
  return match[1] === '-' && millis > 0 ? -millis : millis;
}

function printable(text: string): string {
  return text.slice(0, 64).replace(/[\p{Cc}\p{Cf}]+/gu, '?');
}
