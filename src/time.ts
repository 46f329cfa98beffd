// Durations, times and zones as people write them. Pure: `now` and the zone are parameters; knows no platform and no flag.
import { type Instant, instantFromMillis } from './model.ts';

/** `local` (the zone of this machine), `UTC` or an IANA name (`Europe/Berlin`) that `isZone` accepts. */
export type Zone = string;

export interface TimeContext {
  /** Epoch milliseconds that `5m`, `today` and `14:05` are counted from. */
  readonly now: number;
  /** In which a time without an offset is read. */
  readonly zone: Zone;
}

/** How an instant looks on a clock in some zone. */
export interface Clock {
  /** `2026-08-22` */
  readonly date: string;
  /** `14:05:06`, without a fraction. */
  readonly time: string;
  /** `+02:00`; `Z` for UTC itself. */
  readonly offset: string;
}

const DURATION =
  /^(?:(\d+(?:\.\d+)?)w)?(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;
const UNIT_MILLIS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1];
const DAY = 86_400_000;
const LONGEST_TEXT = 64;
/** Years 1 to 9999: what RFC 3339 can write. */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;

/** Milliseconds of `5m`, `2h30m`, `1.5s`, `500ms`, `1d`, `1w`; units descend. null for all else, a bare `5` too. */
export function parseDuration(text: string): number | null {
  if (text === '' || text.length > LONGEST_TEXT) return null;
  const match = DURATION.exec(text);
  if (!match) return null;
  let millis = 0;
  for (const [index, unit] of UNIT_MILLIS.entries()) millis += Number(match[index + 1] ?? 0) * unit;
  return Number.isSafeInteger(Math.round(millis)) ? Math.round(millis) : null;
}

/**
 * A point in time: a duration ago (`5m`), `now`, `today`, `yesterday` (their first moment), `14:05[:06]` (today, even
 * when that is still to come), a date, a date with a time and perhaps an offset, `@epoch[.fraction]`. null for all else.
 * A wall clock that a summer-time change skips is read as the same time after it; one that comes twice as its first.
 */
export function parseTime(text: string, context: TimeContext): Instant | null {
  if (text.length > LONGEST_TEXT) return null;
  const instant =
    parseWord(text, context) ??
    parseEpoch(text) ??
    parseClock(text, context) ??
    parseDate(text, context) ??
    parseAgo(text, context);
  if (!instant || instant.seconds < FIRST_SECOND || instant.seconds > LAST_SECOND) return null;
  return instant;
}

function parseWord(text: string, { now, zone }: TimeContext): Instant | null {
  if (text === 'now') return instantFromMillis(now);
  if (text === 'today') return atWall(wallDay(now, zone), zone);
  if (text === 'yesterday') return atWall(wallDay(now, zone) - DAY, zone);
  return null;
}

function parseEpoch(text: string): Instant | null {
  const match = /^@(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  if (!match) return null;
  return withFraction({ seconds: Number(match[1]), nanos: 0, digits: 0 }, match[2]);
}

function parseClock(text: string, { now, zone }: TimeContext): Instant | null {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/.exec(text);
  if (!match) return null;
  const time = timeOfDay(match[1], match[2], match[3]);
  return time === null ? null : withFraction(atWall(wallDay(now, zone) + time, zone), match[4]);
}

const DATE =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d{2}:?\d{2})?)?$/;

function parseDate(text: string, { zone }: TimeContext): Instant | null {
  const match = DATE.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  const midnight = midnightOf(Number(year), Number(month), Number(day));
  const time = hour === undefined ? 0 : timeOfDay(hour, minute, second);
  if (midnight === null || time === null) return null;
  if (offset === undefined) return withFraction(atWall(midnight + time, zone), fraction);
  const east = offsetMillis(offset);
  return east === null ? null : withFraction(instantFromMillis(midnight + time - east, 0), fraction);
}

function parseAgo(text: string, { now }: TimeContext): Instant | null {
  const duration = parseDuration(text);
  return duration === null ? null : instantFromMillis(now - duration);
}

function timeOfDay(hour = '', minute = '', second = '0'): number | null {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  return Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000;
}

function midnightOf(year: number, month: number, day: number): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // Date rolls 30 February over into March.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null;
}

function offsetMillis(text: string): number | null {
  if (text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  return (text.startsWith('-') ? -1 : 1) * (hours * 3_600_000 + minutes * 60_000);
}

function withFraction(instant: Instant, fraction: string | undefined): Instant {
  if (fraction === undefined) return instant;
  return { seconds: instant.seconds, nanos: Number(fraction.padEnd(9, '0')), digits: fraction.length };
}

function wallDay(now: number, zone: Zone): number {
  return Math.floor((now + zoneOffsetMillis(zone, now)) / DAY) * DAY;
}

function atWall(wallMillis: number, zone: Zone): Instant {
  return instantFromMillis(millisOfWallClock(wallMillis, zone), 0);
}

/** Whether times can be shown or read in it: `local`, `UTC` or an IANA name. Bare offsets (`+02:00`) are none. */
export function isZone(text: string): boolean {
  if (text === 'local') return true;
  if (text.length > LONGEST_TEXT || !/^[A-Za-z]/.test(text)) return false;
  try {
    formatOf(text);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds that the zone's clocks are ahead of UTC at that moment. `zone` must have passed `isZone`. */
export function zoneOffsetMillis(zone: Zone, epochMillis: number): number {
  if (zone === 'UTC' || !(Math.abs(epochMillis) <= 8.64e15)) return 0;
  if (zone === 'local') return -new Date(epochMillis).getTimezoneOffset() * 60_000;
  // Since 1972 every zone has changed at a full quarter of an hour, so that one answer holds for all of it.
  if (epochMillis < 63_072_000_000) return offsetFromIntl(zone, Math.max(epochMillis, FIRST_SECOND * 1000));
  const quarter = Math.floor(Math.min(epochMillis, LAST_SECOND * 1000) / 900_000);
  const known = quartersOf(zone);
  let offset = known.get(quarter);
  if (offset === undefined) {
    offset = offsetFromIntl(zone, quarter * 900_000);
    if (known.size >= QUARTERS_KEPT) known.clear();
    known.set(quarter, offset);
  }
  return offset;
}

const QUARTERS_KEPT = 1000;
const quarters = new Map<Zone, Map<number, number>>();
const formats = new Map<Zone, Intl.DateTimeFormat>();

function quartersOf(zone: Zone): Map<number, number> {
  let known = quarters.get(zone);
  if (!known) {
    known = new Map();
    quarters.set(zone, known);
  }
  return known;
}

function formatOf(zone: Zone): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

function offsetFromIntl(zone: Zone, epochMillis: number): number {
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(epochMillis)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  const wall = new Date(0);
  wall.setUTCFullYear(year, month - 1, day);
  wall.setUTCHours(hour, minute, second);
  return wall.getTime() - Math.floor(epochMillis / 1000) * 1000;
}

/**
 * The true instant of a wall clock that was read as if it were UTC (a device that writes its local time without a
 * zone). Digits stay. Skipped and repeated times as in `parseTime`.
 */
export function instantOfWallClock(wall: Instant, zone: Zone): Instant {
  const millis = millisOfWallClock(wall.seconds * 1000, zone);
  return { seconds: Math.floor(millis / 1000), nanos: wall.nanos, digits: wall.digits };
}

/** The same in milliseconds. */
export function millisOfWallClock(wallMillis: number, zone: Zone): number {
  const before = wallMillis - zoneOffsetMillis(zone, wallMillis - DAY);
  const after = wallMillis - zoneOffsetMillis(zone, wallMillis + DAY);
  const first = Math.min(before, after);
  if (shows(first, wallMillis, zone)) return first;
  const second = Math.max(before, after);
  if (shows(second, wallMillis, zone)) return second;
  return before;
}

function shows(epochMillis: number, wallMillis: number, zone: Zone): boolean {
  return epochMillis + zoneOffsetMillis(zone, epochMillis) === wallMillis;
}

/** For display. Costs about a microsecond: callers that print many lines keep it for as long as the second lasts. */
export function clockOf(instant: Instant, zone: Zone): Clock {
  const millis = instant.seconds * 1000;
  const offset = zoneOffsetMillis(zone, millis);
  const shown = new Date(millis + offset);
  if (Number.isNaN(shown.getTime())) return { date: '0000-00-00', time: '00:00:00', offset: 'Z' };
  const text = shown.toISOString();
  return {
    date: text.slice(0, -14),
    time: text.slice(-13, -5),
    offset: zone === 'UTC' ? 'Z' : offsetText(offset),
  };
}

function offsetText(offset: number): string {
  const minutes = Math.abs(Math.round(offset / 60_000));
  const pair = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${pair(Math.floor(minutes / 60))}:${pair(minutes % 60)}`;
}
