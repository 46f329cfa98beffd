// Times, durations and ids as App Platform writes them. Knows nothing of what they stand for.
import { createHash } from 'node:crypto';
import type { WorldTime } from './world.ts';

/** What Go writes for a time that was never set. */
export const unsetTime = '0001-01-01T00:00:00Z';

/** RFC 3339 in whole seconds. */
export function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with up to nine digits and no closing zeros, as Go's RFC3339Nano. */
export function nanoTime(at: WorldTime): string {
  const second = new Date(at.ms).toISOString().slice(0, 19);
  const below = ((at.ms % 1000) + 1000) % 1000;
  const digits = `${String(below).padStart(3, '0')}${String(at.nanos).padStart(6, '0')}`.replace(/0+$/, '');
  return digits === '' ? `${second}Z` : `${second}.${digits}Z`;
}

/** Go's form of a duration: `1m2.5s`. */
export function goDuration(ms: number): string {
  const seconds = ms / 1000;
  const minutes = Math.floor(seconds / 60);
  const rest = Number((seconds - minutes * 60).toFixed(3));
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}

/** Milliseconds of a Go duration (`10s`, `1m30s`, `500ms`); undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|h|m|s))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, amount = '0', unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)) {
    ms += Number(amount) * (unitMs[unit] ?? 0);
  }
  return ms;
}

/** The same UUID for the same words. */
export function uuidOf(words: string): string {
  const hex = createHash('sha1').update(words).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** `length` characters as in the names that Kubernetes makes up; the same for the same words. */
export function nameSuffix(words: string, length: number): string {
  const digest = createHash('sha1').update(words).digest();
  return Array.from({ length }, (_, at) => suffixLetters[(digest[at] ?? 0) % suffixLetters.length]).join('');
}

const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';
const unitMs: Record<string, number> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000001,
};
