import { describe, expect, it } from 'vitest';
import { formatInstant } from '../../../src/model.ts';
import {
  clockOfOffset,
  clockOfZone,
  offsetFromLogin,
} from '../../../src/providers/container-station/clock.ts';

const HOUR = 3_600_000;
/** The row of wire page 6.3: its true time is 08:53:22Z, the NAS is at +08:00. */
const ROW = 1_628_700_802;

describe('the offset that a login shows', () => {
  it.each([
    ['the published login', '2021-08-11 16:54:45', 'Wed, 11 Aug 2021 08:54:45 GMT', 8 * HOUR],
    ['some seconds between', '2021-08-11 16:54:45', 'Wed, 11 Aug 2021 08:54:59 GMT', 8 * HOUR],
    ['UTC', '2021-08-11 08:54:45', 'Wed, 11 Aug 2021 08:54:46 GMT', 0],
    ['west of Greenwich', '2021-08-11 03:54:45', 'Wed, 11 Aug 2021 08:54:45 GMT', -5 * HOUR],
    ['a quarter of an hour', '2021-08-11 14:39:45', 'Wed, 11 Aug 2021 08:54:45 GMT', 5.75 * HOUR],
    ['a login of long ago', '2021-08-10 16:54:45', 'Wed, 11 Aug 2021 08:54:45 GMT', null],
    ['an hour that fits no zone', '2021-08-11 16:47:00', 'Wed, 11 Aug 2021 08:54:45 GMT', null],
    ['no time', undefined, 'Wed, 11 Aug 2021 08:54:45 GMT', null],
    ['words', 'just now', 'Wed, 11 Aug 2021 08:54:45 GMT', null],
  ])('%s', (_name, logintime, date, expected) => {
    expect(offsetFromLogin(logintime, date, 0)).toBe(expected);
  });

  it.each([[null], ['nonsense']])('goes by our own clock where the Date header is %j', (date) => {
    const now = Date.parse('2021-08-11T08:54:40Z');
    expect(offsetFromLogin('2021-08-11 16:54:45', date, now)).toBe(8 * HOUR);
  });
});

describe('the true time of a row', () => {
  it.each([
    ['Asia/Taipei', '2021-08-11T08:53:22Z', 'corrected'],
    ['+08:00', '2021-08-11T08:53:22Z', 'corrected'],
    ['-0330', '2021-08-11T20:23:22Z', 'corrected'],
    ['UTC', '2021-08-11T16:53:22Z', 'second'],
    ['+00:00', '2021-08-11T16:53:22Z', 'second'],
    ['Europe/Berlin', '2021-08-11T14:53:22Z', 'corrected'],
  ])('in %s', (zone, time, quality) => {
    const read = clockOfZone(zone)(ROW);
    expect([formatInstant(read.ts), read.quality]).toEqual([time, quality]);
  });

  it('heeds summer time, which a fixed offset cannot', () => {
    const winter = Date.parse('2021-01-11T12:00:00Z') / 1000;
    expect(formatInstant(clockOfZone('Europe/Berlin')(winter).ts)).toBe('2021-01-11T11:00:00Z');
  });

  it('takes a wall clock of unknown offset for UTC, and does not call it exact', () => {
    const read = clockOfOffset(null)(ROW);
    expect([formatInstant(read.ts), read.quality]).toEqual(['2021-08-11T16:53:22Z', 'corrected']);
  });

  it.each([['Mars/Olympus'], ['8'], ['+15:00'], ['']])('refuses the zone "%s"', (zone) => {
    expect(() => clockOfZone(zone)).toThrow(/is no time zone/);
  });
});
