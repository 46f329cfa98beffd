// A log of one app: of which deployment, component, job or event, and whether more can follow in it. Knows no stream.
import { CliError } from '../../errors.ts';
import type { LogBody } from '../../model.ts';
import type { AppRef, LogOptions } from '../../provider.ts';
import { findApp } from './app-search.ts';
import type { DigitaloceanClient } from './client.ts';
import type { LogAnswer } from './log-answer.ts';
import type { Subject } from './refusal.ts';
import { type AppRecord, createLineParser, type Deployment } from './translate.ts';
import { type LogType, type LogWish, parseWish, sourceOf, wordsOfType } from './wish.ts';

export interface LogPlace {
  readonly subject: Subject;
  readonly type: LogType;
  /** Behind that of the app. */
  path(): string;
  /** Of lines of the deployment that is meant now. */
  parser(): (raw: string) => LogBody;
  ask(asked: { follow: boolean; tail: number }, signal: AbortSignal): Promise<LogAnswer>;
  /** Looks which deployment is meant now; its id when it is another one than before, else null. */
  look(signal: AbortSignal): Promise<string | null>;
  /** Whether a stream of this log has to be watched, because a redeploy may leave it open without a word. */
  readonly watched: boolean;
  /** Whether a stream that was opened before brings nothing any more, and why; null when it may. */
  outdated(signal: AbortSignal): Promise<string | null>;
  /** Why nothing can follow any more, null when something may; `clean`: the stream ended as if all had been said. */
  over(ended: { clean: boolean }, signal: AbortSignal): Promise<string | null>;
  /** Whether the log is one of a deployment that others succeed, so that a tail goes on with those. */
  readonly goesOn: boolean;
  /** Names of the app's components; undefined for a log that is of none of them. */
  readonly components: readonly string[] | undefined;
}

/** Milliseconds for which what was looked up when the log was opened is good enough for its first connection. */
const FRESH = 5000;

/** Throws `not-found` for an app, component or deployment that does not exist, and when nothing is deployed. */
export async function openPlace(
  client: DigitaloceanClient,
  { ref, options }: { ref: AppRef; options: LogOptions },
  signal: AbortSignal,
): Promise<LogPlace> {
  const wish = parseWish(options);
  const app = await findApp(client, ref.app, signal);
  if (wish.event !== null || wish.invocation !== null) return fixedPlace(client, { app, wish, ref });
  const deployment = await choose(client, { app, wish }, signal);
  const component = componentOf({ ref, options, app, deployment });
  return deploymentPlace(client, { app, wish, deployment, component });
}

/** `the build logs of component "web" of app "shop"` */
function subjectOf(type: LogType, app: AppRecord, part: string | null): Subject {
  return { what: `the ${wordsOfType(type)} of ${part === null ? '' : `${part} of `}app "${app.name}"` };
}

/** The log of an event, or of one run of a job: it begins, ends and has no successor. */
function fixedPlace(
  client: DigitaloceanClient,
  { app, wish, ref }: { app: AppRecord; wish: LogWish; ref: AppRef },
): LogPlace {
  const { type, event, invocation, deployment, explicit, podConnection } = wish;
  const job = invocation === null ? null : jobOf(app, ref);
  const path =
    job === null
      ? `/events/${event}/logs`
      : `/jobs/${encodeURIComponent(job)}/invocations/${invocation}/logs`;
  const subject = subjectOf(type, app, job === null ? `event ${event}` : `job "${job}"`);
  const origin = { source: sourceOf(type), deployment: roleOf(app, deployment, explicit), component: job };
  const parse = createLineParser(origin);
  return {
    subject,
    type,
    watched: false,
    goesOn: false,
    components: undefined,
    path: () => path,
    parser: () => parse,
    look: async () => null,
    outdated: async () => null,
    over: async ({ clean }) => (clean ? `${subject.what} are complete` : null),
    ask: (asked, signal) =>
      client.logs(
        app,
        { path, type, ...asked, podConnection, deployment: origin.deployment, subject },
        signal,
      ),
  };
}

/** The job has to be named only when there are several. */
function jobOf(app: AppRecord, ref: AppRef): string {
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
function roleOf(app: AppRecord, wanted: LogWish['deployment'], explicit: boolean): string | null {
  if (typeof wanted === 'object') return wanted.id;
  if (!explicit) return null;
  return (wanted === 'active' ? app.active : app.coming)?.id ?? null;
}

async function choose(
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
  throw new CliError('not-found', `App "${app.name}" of DigitalOcean has no active deployment.`, {
    hint:
      app.coming === null
        ? 'Its last deployment failed, or there was none; --deployment ID shows the log of one that you know.'
        : `Deployment ${app.coming.id} is in progress: add --deployment in-progress.`,
  });
}

interface Narrowing {
  readonly ref: AppRef;
  readonly options: LogOptions;
  readonly app: AppRecord;
  readonly deployment: Deployment;
}

/** The one component that the platform can narrow to by itself; null for all. */
function componentOf({ ref, options, app, deployment }: Narrowing): string | null {
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

/** A deployment may still run what is no longer in the app's specification. */
function componentsOf({ app, deployment }: Pick<Narrowing, 'app' | 'deployment'>): ReadonlySet<string> {
  return new Set([...deployment.components, ...app.components.map(({ name }) => name)]);
}

/** Phases in which a build log may still grow; a word that nobody knows counts as one (wire: DigitalOcean 3). */
const BUILT: ReadonlySet<string> = new Set([
  'PENDING_DEPLOY',
  'DEPLOYING',
  'ACTIVE',
  'SUPERSEDED',
  'ERROR',
  'CANCELED',
]);
const TERMINAL: ReadonlySet<string> = new Set(['ACTIVE', 'SUPERSEDED', 'ERROR', 'CANCELED']);
/** Phases in which nothing of a deployment runs any more. */
const GONE: ReadonlySet<string> = new Set(['SUPERSEDED', 'ERROR', 'CANCELED']);

interface Placing {
  readonly app: AppRecord;
  readonly wish: LogWish;
  readonly deployment: Deployment;
  readonly component: string | null;
}

function deploymentPlace(client: DigitaloceanClient, placing: Placing): LogPlace {
  const { app, wish, component } = placing;
  const { type, podConnection } = wish;
  const running = type === 'RUN' || type === 'UNSPECIFIED';
  const follows = wish.deployment === 'active';
  const pinned = follows ? null : placing.deployment.id;
  const ofDeployment = pinned === null ? null : `deployment ${pinned}`;
  const part =
    component === null
      ? ofDeployment
      : `component "${component}"${pinned === null ? '' : ` in ${ofDeployment}`}`;
  const subject = subjectOf(type, app, part);
  let current = placing.deployment;
  let freshUntil = client.timing.now() + FRESH;

  const path = () => {
    const of = wish.explicit ? `/deployments/${encodeURIComponent(current.id)}` : '';
    return `${of}${component === null ? '' : `/components/${encodeURIComponent(component)}`}/logs`;
  };
  const phaseNow = async (signal: AbortSignal) => {
    // A deployment that has come to its end stays so, but for an active one that is succeeded.
    if (!GONE.has(current.phase ?? ''))
      current = await client.deployment(app, current.id, { quick: true }, signal);
    return current.phase ?? '';
  };
  const over = async ({ clean }: { clean: boolean }, signal: AbortSignal) => {
    const complete = `${subject.what} are complete`;
    if (type === 'RUN_RESTARTED') return clean ? complete : null;
    if (running) {
      if (follows) return null;
      const phase = await phaseNow(signal);
      return GONE.has(phase) ? `deployment ${current.id} is ${phase.toLowerCase()}` : null;
    }
    const finished = type === 'BUILD' ? BUILT : TERMINAL;
    return follows || finished.has(await phaseNow(signal)) ? complete : null;
  };

  return {
    subject,
    type,
    watched: running || !follows,
    goesOn: running && follows,
    components: [...componentsOf(placing)],
    path,
    parser: () => createLineParser({ source: sourceOf(type), deployment: current.id, component }),
    ask: (asked, signal) =>
      client.logs(app, { path: path(), type, ...asked, podConnection, deployment: null, subject }, signal),
    async look(signal) {
      const known = freshUntil;
      freshUntil = Number.NEGATIVE_INFINITY;
      if (!follows || client.timing.now() < known) return null;
      const { active } = await client.app(app.id, { quick: false }, signal);
      if (active === null || active.id === current.id) return null;
      current = active;
      return active.id;
    },
    async outdated(signal) {
      if (!follows) return over({ clean: false }, signal);
      const { active } = await client.app(app.id, { quick: true }, signal);
      return active === null || active.id === current.id ? null : 'a new deployment is active';
    },
    over,
  };
}
