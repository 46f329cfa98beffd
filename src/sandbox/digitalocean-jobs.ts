// Scheduled jobs and their invocations (wire: DigitalOcean 3, job invocations). The world has none of its own, so the
// sample app has one that is told from the time of the start. Knows no HTTP.
import { lineOf } from './digitalocean-lines.ts';
import type { Platform } from './digitalocean-options.ts';
import { uuidOf, wholeSeconds } from './digitalocean-time.ts';

export interface Invocation {
  id: string;
  job_name: string;
  deployment_id: string;
  phase: 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  trigger: object;
  created_at: string;
  started_at: string;
  completed_at: string;
}

const hour = 3_600_000;
const phases: readonly Invocation['phase'][] = ['SUCCEEDED', 'FAILED', 'SUCCEEDED', 'CANCELED'];
const job = 'cleanup';

export const jobNames: readonly string[] = [job];

export const jobSpecs: readonly object[] = [
  { name: job, kind: 'SCHEDULED', schedule: { cron: '0 * * * *', time_zone: 'UTC' } },
];

/** Newest first; none in an app without a deployment. */
export function listInvocations(platform: Platform, query: URLSearchParams): Invocation[] {
  const names = query.getAll('job_names');
  const deployment = query.get('deployment_id');
  return invocations(platform).filter((invocation) => {
    if (names.length > 0 && !names.includes(invocation.job_name)) return false;
    return deployment === null || deployment === invocation.deployment_id;
  });
}

export function findInvocation(platform: Platform, id: string): Invocation | undefined {
  return invocations(platform).find((invocation) => invocation.id === id);
}

export function invocationLines(platform: Platform, invocation: Invocation): string[] {
  const begin = Date.parse(invocation.started_at);
  const end =
    invocation.phase === 'FAILED' ? 'Error: connect ECONNREFUSED 10.0.3.7:5432' : 'removed 17 carts';
  return ['looking for carts older than 30 days', end].map((text, at) => {
    return lineOf(platform, {
      component: invocation.job_name,
      at: { ms: begin + at * 1500, nanos: 120_034 },
      text,
    });
  });
}

function invocations(platform: Platform): Invocation[] {
  const deployment = platform.releases.active()?.id;
  if (deployment === undefined) return [];
  const lastHour = Math.floor(platform.started / hour) * hour;
  // godo says SCHEDULED, the specification SCHEDULE.
  const type = platform.manner.wrapForm === 'wrapped' ? 'SCHEDULED' : 'SCHEDULE';
  return phases.map((phase, at) => {
    const begin = lastHour - at * hour;
    return {
      id: uuidOf(`invocation ${at}`),
      job_name: job,
      deployment_id: deployment,
      phase,
      trigger: { type, scheduled: { schedule: { cron: '0 * * * *', time_zone: 'UTC' } } },
      created_at: wholeSeconds(begin),
      started_at: wholeSeconds(begin + 2000),
      completed_at: wholeSeconds(begin + 4000),
    };
  });
}
