// Durations, times and zones, by tables. The machine's own zone is set by TZ.
import { afterEach, describe, expect, it } from 'vitest';
import { formatInstant, type Instant } from '../src/model.ts';
import {
  clockOf,
  instantOfWallClock,
  isZone,
  millisOfWallClock,
  parseDuration,
  parseTime,
  zoneOffsetMillis,
} from '../src/time.ts';

const now = Date.parse('2026-08-22T12:34:56.789Z');
const at = (text: string, zone = 'UTC'): string | null => {
  const instant = parseTime(text, { now, zone });
  return instant && formatInstant(instant);
};
const second = (text: string, digits = 0): Instant => ({
  seconds: Date.parse(text) / 1000,
  nanos: 0,
  digits,
});

describe('parseDuration', () => {
  it.each([
    ['5m', 300_000],
    ['2h30m', 9_000_000],
    ['90s', 90_000],
    ['500ms', 500],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1w2d3h4m5s6ms', 788_645_006],
    ['1.5h', 5_400_000],
    ['0.25s', 250],
    ['0s', 0],
    ['1m500ms', 60_500],
  ])('%s is %d ms', (text, millis) => expect(parseDuration(text)).toBe(millis));

  it.each([
    '',
    '5',
    'm',
    '-5m',
    '+5m',
    '5 m',
    ' 5m',
    '5m ',
    '5M',
    '5min',
    '5m5m',
    '30m2h',
    '1e3s',
    '0x5s',
    '٥m',
    '5m\n',
    '.5s',
    '5.s',
    '1.2.3s',
    'Infinitys',
    `${'9'.repeat(60)}w`,
    `${'1'.repeat(100_000)}s`,
    '1h'.repeat(50_000),
  ])('refuses number %#', (text) => expect(parseDuration(text)).toBeNull());
});

describe('parseTime', () => {
  it.each([
    ['now', '2026-08-22T12:34:56.789Z'],
    ['5m', '2026-08-22T12:29:56.789Z'],
    ['1d', '2026-08-21T12:34:56.789Z'],
    ['today', '2026-08-22T00:00:00Z'],
    ['yesterday', '2026-08-21T00:00:00Z'],
    ['14:05', '2026-08-22T14:05:00Z'],
    ['9:05', '2026-08-22T09:05:00Z'],
    ['14:05:30', '2026-08-22T14:05:30Z'],
    ['14:05:30.25', '2026-08-22T14:05:30.25Z'],
    ['2026-08-22', '2026-08-22T00:00:00Z'],
    ['2026-08-22T14:05', '2026-08-22T14:05:00Z'],
    ['2026-08-22 14:05', '2026-08-22T14:05:00Z'],
    ['2026-08-22 14:05:06', '2026-08-22T14:05:06Z'],
    ['2026-08-22T14:05:06.123456789Z', '2026-08-22T14:05:06.123456789Z'],
    ['2026-08-22t14:05:06z', '2026-08-22T14:05:06Z'],
    ['2026-08-22T14:05+02:00', '2026-08-22T12:05:00Z'],
    ['2026-08-22T14:05:06.5-0330', '2026-08-22T17:35:06.5Z'],
    ['2024-02-29', '2024-02-29T00:00:00Z'],
    ['@0', '1970-01-01T00:00:00Z'],
    ['@1426613412', '2015-03-17T17:30:12Z'],
    ['@1426613412.508515', '2015-03-17T17:30:12.508515Z'],
  ])('%s is %s', (text, expected) => expect(at(text)).toBe(expected));

  it.each([
    ['today', 'America/Los_Angeles', '2026-08-22T07:00:00Z'],
    ['yesterday', 'Asia/Tokyo', '2026-08-20T15:00:00Z'],
    ['14:05', 'Europe/Berlin', '2026-08-22T12:05:00Z'],
    ['2026-01-22T14:05', 'Europe/Berlin', '2026-01-22T13:05:00Z'],
    ['2026-08-22T14:05', 'Asia/Kathmandu', '2026-08-22T08:20:00Z'],
    ['2026-08-22T14:05Z', 'Asia/Tokyo', '2026-08-22T14:05:00Z'],
    // skipped: 02:30 does not exist in the night of 29 March
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00Z'],
    // twice: 02:30 in the night of 25 October
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
    ['2026-03-29T01:59', 'Europe/Berlin', '2026-03-29T00:59:00Z'],
    ['2026-03-29T03:00', 'Europe/Berlin', '2026-03-29T01:00:00Z'],
    // clocks in Beirut jump at midnight itself: the day begins at one
    ['2026-03-29', 'Asia/Beirut', '2026-03-28T22:00:00Z'],
    // half an hour of summer time
    ['2026-10-04T02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00Z'],
  ])('%s in %s is %s', (text, zone, expected) => expect(at(text, zone)).toBe(expected));

  it.each([
    '',
    '5',
    'tomorrow',
    'Yesterday',
    '24:00',
    '14:60',
    '14:05:60',
    '14:5',
    '2026-13-01',
    '2026-00-10',
    '2026-02-29',
    '2026-04-31',
    '0000-01-01',
    '2026-8-22',
    '2026-08-22T',
    '2026-08-22T14',
    '2026-08-22T24:00',
    '2026-08-22T14:05:06.',
    '2026-08-22T14:05:06.1234567890',
    '2026-08-22T14:05+24:00',
    '2026-08-22T14:05+02',
    '2026-08-22T14:05 Z',
    '2026-08-22Z',
    ' 2026-08-22',
    '2026-08-22\n',
    '@',
    '@-5',
    '@1e9',
    '@1.',
    '@999999999999',
    '1426613412',
    '9999999w',
    `2026-08-22T14:05:06.${'0'.repeat(100_000)}`,
    '0'.repeat(1_000_000),
  ])('refuses number %#', (text) => expect(at(text)).toBeNull());

  it('counts today from midnight in the zone, not in UTC', () => {
    const late = Date.parse('2026-08-22T23:30:00Z');
    const today = parseTime('today', { now: late, zone: 'Europe/Berlin' });
    expect(today && formatInstant(today)).toBe('2026-08-22T22:00:00Z');
  });
});

describe('zones', () => {
  it.each(['local', 'UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Etc/GMT-2'])('%s is one', (zone) =>
    expect(isZone(zone)).toBe(true),
  );

  it.each([
    '',
    '+02:00',
    '-01',
    'Mars/Olympus',
    'Europe/Berlin ',
    '../etc/passwd',
    'x'.repeat(100_000),
    '\0',
  ])('number %# is none', (zone) => expect(isZone(zone)).toBe(false));

  it.each([
    ['UTC', '2026-08-22T12:00:00Z', 0],
    ['Europe/Berlin', '2026-08-22T12:00:00Z', 120],
    ['Europe/Berlin', '2026-01-22T12:00:00Z', 60],
    ['Europe/Berlin', '2026-03-29T00:59:59.999Z', 60],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 120],
    ['America/St_Johns', '2026-01-22T12:00:00Z', -210],
    ['Asia/Kathmandu', '2026-08-22T12:00:00Z', 345],
    ['America/New_York', '1969-12-31T23:59:59.500Z', -300],
  ])('%s at %s is %d minutes ahead', (zone, text, minutes) =>
    expect(zoneOffsetMillis(zone, Date.parse(text))).toBe(minutes * 60_000),
  );

  it('answers for any number', () => {
    for (const millis of [Number.NaN, Number.POSITIVE_INFINITY, -8.64e15, 8.64e15, 1e300]) {
      expect(Number.isFinite(zoneOffsetMillis('Europe/Berlin', millis))).toBe(true);
    }
  });

  it('is right for every hour of two years, however often it was asked before', () => {
    const start = Date.parse('2025-01-01T00:00:00Z');
    for (let hour = 0; hour < 2 * 365 * 24; hour++) {
      const millis = start + hour * 3_600_000;
      const year = new Date(millis).getUTCFullYear();
      const summer = millis >= lastSunday(year, 2) && millis < lastSunday(year, 9);
      expect(zoneOffsetMillis('Europe/Berlin', millis)).toBe(summer ? 7_200_000 : 3_600_000);
    }
  });
});

/** 01:00 UTC of the month's last Sunday: when Europe changes. */
function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0, 1));
  return last.getTime() - last.getUTCDay() * 86_400_000;
}

describe('wall clocks', () => {
  it('keeps the digits of a device', () => {
    const wall: Instant = { seconds: 1426613412, nanos: 508_515_000, digits: 6 };
    expect(formatInstant(instantOfWallClock(wall, 'Europe/Paris'))).toBe('2015-03-17T16:30:12.508515Z');
    expect(instantOfWallClock(wall, 'UTC')).toEqual(wall);
  });

  it.each([
    ['2026-03-29T02:30:00Z', 'Europe/Berlin', '2026-03-29T01:30:00Z'],
    ['2026-10-25T02:30:00Z', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
    ['2026-10-25T03:00:00Z', 'Europe/Berlin', '2026-10-25T02:00:00Z'],
    ['2026-03-08T02:30:00Z', 'America/New_York', '2026-03-08T07:30:00Z'],
    ['2026-11-01T01:30:00Z', 'America/New_York', '2026-11-01T05:30:00Z'],
    ['2026-04-05T02:30:00Z', 'Australia/Sydney', '2026-04-04T15:30:00Z'],
  ])('%s in %s is %s', (wall, zone, expected) =>
    expect(millisOfWallClock(Date.parse(wall), zone)).toBe(Date.parse(expected)),
  );

  it('comes back through the display for every quarter of an hour that is shown once', () => {
    const start = Date.parse('2026-03-01T00:00:00Z');
    for (let quarter = 0; quarter < 60 * 96; quarter++) {
      const millis = start + quarter * 900_000;
      const wall = millis + zoneOffsetMillis('America/New_York', millis);
      expect(millisOfWallClock(wall, 'America/New_York')).toBe(millis);
    }
  });
});

describe('clockOf', () => {
  it.each([
    ['UTC', { date: '2026-08-22', time: '23:05:06', offset: 'Z' }],
    ['Europe/Berlin', { date: '2026-08-23', time: '01:05:06', offset: '+02:00' }],
    ['America/St_Johns', { date: '2026-08-22', time: '20:35:06', offset: '-02:30' }],
    ['Asia/Kathmandu', { date: '2026-08-23', time: '04:50:06', offset: '+05:45' }],
  ])('shows it in %s', (zone, clock) => expect(clockOf(second('2026-08-22T23:05:06Z'), zone)).toEqual(clock));

  it('survives an instant that no calendar has', () => {
    expect(clockOf({ seconds: 1e30, nanos: 0, digits: 0 }, 'Europe/Berlin').time).toBe('00:00:00');
  });
});

describe('the zone of this machine', () => {
  const before = process.env.TZ;
  afterEach(() => {
    // Node takes a deleted TZ for UTC rather than for the machine's own, which no other test here asks for.
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  it.each([
    ['Europe/Berlin', '2026-08-22T12:05:00Z', '2026-03-29T01:30:00Z', '+02:00'],
    ['America/New_York', '2026-08-22T18:05:00Z', '2026-03-29T06:30:00Z', '-04:00'],
    ['UTC', '2026-08-22T14:05:00Z', '2026-03-29T02:30:00Z', '+00:00'],
  ])('is read from its clock: %s', (zone, summer, spring, offset) => {
    process.env.TZ = zone;
    expect(at('2026-08-22T14:05', 'local')).toBe(summer);
    expect(at('2026-03-29T02:30', 'local')).toBe(spring);
    expect(clockOf(second('2026-08-22T12:00:00Z'), 'local').offset).toBe(offset);
  });
});
