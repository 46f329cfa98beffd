// Builds in words, for people. Knows no platform.
import {
  type Build,
  type BuildStep,
  compareInstants,
  formatInstant,
  type Instant,
  instantToMillis,
} from '../model.ts';
import { flatSteps } from '../output/platform-records.ts';

/** `3m20s`, `42s`, `1h05m`; `-` when unknown. */
export function durationText(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return '-';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** Seconds that it has taken, up to `now` while it runs; null when unknown. */
export function secondsOf(build: Build, now: Instant): number | null {
  if (build.duration !== null) return build.duration;
  const from = build.started ?? build.created;
  const to = build.finished ?? (build.ended ? null : now);
  if (!from || !to || compareInstants(to, from) < 0) return null;
  return (instantToMillis(to) - instantToMillis(from)) / 1000;
}

/** The deepest step that failed. */
export function failedStep(build: Build): { name: string; step: BuildStep } | undefined {
  const failed = flatSteps(build.steps).filter(({ step }) => step.status === 'failed');
  return failed.sort((a, b) => b.name.split('/').length - a.name.split('/').length)[0];
}

/** Our word, with the platform's own where it says more: a success has no shades. */
export function statusText(build: Build): string {
  const native = build.status === 'succeeded' ? '' : build.nativeStatus;
  return native === '' || native.toLowerCase() === build.status
    ? build.status
    : `${build.status} (${native})`;
}

export function summaryOf(build: Build): string {
  const commit = build.commit === null ? null : build.commit.slice(0, 8);
  return (
    [commit, build.message?.split('\n')[0] ?? build.cause].filter(Boolean).join(' ') || (build.kind ?? '')
  );
}

export function timeText(instant: Instant | null): string {
  return instant ? formatInstant({ ...instant, digits: 0 }) : '-';
}
