// What the words of a command mean for one app: which deployment, component or job. Knows no log.
import { CliError } from '../../errors.ts';
import type { Notice } from '../../model.ts';
import type { AppRef, LogOptions } from '../../provider.ts';
import type { DigitaloceanClient } from './client.ts';
import type { AppRecord, Deployment } from './translate.ts';
import type { LogWish } from './wish.ts';

/** The job has to be named only when there are several. */
export function jobOf(app: AppRecord, ref: AppRef): string {
  const jobs = app.components.filter(({ kind }) => kind === 'job').map(({ name }) => name);
  const [only, ...more] = jobs;
  if (ref.component !== null) {
    if (jobs.length === 0 || jobs.includes(ref.component)) return ref.component;
    throw new CliError('not-found', `App "${app.name}" of DigitalOcean has no job "${ref.component}".`, {
      hint: `Its jobs: ${jobs.join(', ')}.`,
    });
  }
  if (only !== undefined && more.length === 0) return only;
  throw new CliError('usage', `--job-invocation needs the name of the job of app "${app.name}".`, {
    hint:
      only === undefined
        ? `Write ${app.name}/JOB.`
        : `Write ${app.name}/${only}; its jobs: ${jobs.join(', ')}.`,
  });
}

/** The id of the deployment that was asked for; null when none was. */
export function roleOf(app: AppRecord, wanted: LogWish['deployment'], explicit: boolean): string | null {
  if (typeof wanted === 'object') return wanted.id;
  if (!explicit) return null;
  return (wanted === 'active' ? app.active : app.coming)?.id ?? null;
}

/** Throws `not-found` for a deployment that does not exist, and when nothing is deployed. */
export async function choose(
  client: DigitaloceanClient,
  { app, wish }: { app: AppRecord; wish: LogWish },
  signal: AbortSignal,
): Promise<Deployment> {
  const { deployment } = wish;
  if (typeof deployment === 'object') return client.deployment(app, deployment.id, { quick: false }, signal);
  if (deployment === 'in-progress') {
    if (app.coming !== null) return app.coming;
    throw new CliError('not-found', `App "${app.name}" of DigitalOcean has no deployment in progress.`, {
      hint:
        app.active === null
          ? 'It has none that is active either.'
          : 'Leave out --deployment for the active one.',
    });
  }
  if (app.active !== null) return app.active;
  // As the platform's own client does where none was asked for (wire: DigitalOcean 2.7).
  if (app.coming !== null && !wish.explicit) return app.coming;
  throw new CliError('not-found', `App "${app.name}" of DigitalOcean has no active deployment.`, {
    hint:
      app.coming === null
        ? 'Its last deployment failed, or there was none; --deployment ID shows the log of one that you know.'
        : `Deployment ${app.coming.id} is in progress: add --deployment in-progress.`,
  });
}

export interface Choosing {
  readonly ref: AppRef;
  readonly options: LogOptions;
  readonly app: AppRecord;
  readonly deployment: Deployment;
}

/** A deployment may still run what is no longer in the app's specification. */
export function componentsOf({ app, deployment }: Pick<Choosing, 'app' | 'deployment'>): ReadonlySet<string> {
  return new Set([...deployment.components, ...app.components.map(({ name }) => name)]);
}

/** The one component that the platform can narrow to by itself; null for all. */
export function componentOf({ ref, options, app, deployment }: Choosing): string | null {
  const known = componentsOf({ app, deployment });
  if (ref.component !== null) {
    if (known.size === 0 || known.has(ref.component)) return ref.component;
    throw new CliError(
      'not-found',
      `App "${app.name}" of DigitalOcean has no component "${ref.component}".`,
      {
        hint: `It has ${[...known].join(', ')}.`,
      },
    );
  }
  const [only, ...more] = options.components;
  return only !== undefined && more.length === 0 && known.has(only) ? only : null;
}

/** Said where `choose` fell back on a deployment in progress. */
export function comingNotice({ name }: AppRecord, { id, phase }: Deployment): Notice {
  const state = phase === null ? 'in progress' : `in progress (${phase.toLowerCase()})`;
  return {
    kind: 'hint',
    message: `app "${name}" has no active deployment: this is the log of deployment ${id}, which is ${state}`,
  };
}
