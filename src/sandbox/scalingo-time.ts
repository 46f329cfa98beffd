// Times as Scalingo writes them: log headers with nine digits and a named zone, ISO in JSON, Go's long form in
// archive lists.
import type { WorldTime } from './world.ts';

const hourMs = 3_600_000;

/** `2026-09-20 14:15:34.371836275 +0200 CEST` (wire: Scalingo 2.2: always nine digits). */
export function headerTime(at: WorldTime, zone: 'paris' | 'utc'): string {
  const shift = zone === 'utc' ? 0 : isSummer(at.ms) ? 2 : 1;
  const name = zone === 'utc' ? 'UTC' : shift === 2 ? 'CEST' : 'CET';
  const iso = new Date(at.ms + shift * hourMs).toISOString();
  const nanos = String(at.nanos).padStart(6, '0');
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${nanos} +0${shift}00 ${name}`;
}

/** The same instant as two recorded spellings write it (wire: Scalingo 1.6). */
export function isoTime(at: WorldTime, offset: 'Z' | '+00:00' = 'Z'): string {
  return new Date(at.ms).toISOString().replace('Z', offset);
}

/** `Fri Mar 24 14:00:00 +0000 UTC 2017` (wire: Scalingo 3). */
export function longTime(ms: number): string {
  const [day, date, month, year, clock] = new Date(ms).toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${date} ${clock} +0000 UTC ${year}`;
}

// Central European summer time: from the last Sunday of March to that of October, both at 01:00 UTC.
function isSummer(ms: number): boolean {
  const year = new Date(ms).getUTCFullYear();
  return ms >= lastSunday(year, 2) && ms < lastSunday(year, 9);
}

function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0));
  return Date.UTC(year, month, last.getUTCDate() - last.getUTCDay(), 1);
}
