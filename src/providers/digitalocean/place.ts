// A log of one app: of which deployment, component, job or event, and whether more can follow in it. Knows no stream.
import type { LogBody, Notice } from '../../model.ts';
import type { AppRef, LogOptions } from '../../provider.ts';
import { findApp } from './app-search.ts';
import { choose, comingNotice, componentOf, componentsOf } from './choice.ts';
import type { DigitaloceanClient } from './client.ts';
import { fixedPlace } from './fixed-place.ts';
import type { LogAnswer } from './log-answer.ts';
import type { Subject } from './refusal.ts';
import { type AppRecord, createLineParser, type Deployment } from './translate.ts';
import { type LogType, type LogWish, parseWish, sourceOf, subjectOf } from './wish.ts';

export interface LogPlace {
  readonly subject: Subject;
  readonly type: LogType;
  /** Behind that of the app. */
  path(): string;
  /** Of lines of the deployment that is meant now. */
  parser(): (raw: string) => LogBody;
  ask(asked: { follow: boolean; tail: number }, signal: AbortSignal): Promise<LogAnswer>;
  /** Looks which deployment is meant now; null when it is the one before. */
  look(signal: AbortSignal): Promise<Move | null>;
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
  /** What is to be said before anything is read. */
  readonly notices: readonly Notice[];
}

export interface Move {
  /** Of the deployment that is meant now. */
  readonly to: string;
  /** The log of the one before. */
  readonly former: LogPlace;
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
  if (wish.event !== null || wish.invocation !== null)
    return await fixedPlace(client, { app, wish, ref }, signal);
  const deployment = await choose(client, { app, wish }, signal);
  const component = componentOf({ ref, options, app, deployment });
  return deploymentPlace(client, { app, wish, deployment, component });
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
  const isComing = follows && current.id !== app.active?.id;
  const names = componentsOf(placing);
  let freshUntil = client.timing.now() + FRESH;

  const path = (named: string | null) => {
    const of = named === null ? '' : `/deployments/${encodeURIComponent(named)}`;
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
    const isServed = follows && !isComing;
    return isServed || finished.has(await phaseNow(signal)) ? complete : null;
  };

  /** Without an id the platform takes the active one. */
  const pathNow = () => path(wish.explicit || isComing ? current.id : null);
  /** null: of the deployment that is meant now. */
  const logOf = (deployment: string | null): Pick<LogPlace, 'parser' | 'ask'> => ({
    parser: () =>
      createLineParser({ source: sourceOf(type), deployment: deployment ?? current.id, component, names }),
    ask(asked, signal) {
      const named = deployment === null ? pathNow() : path(deployment);
      return client.logs(
        app,
        { path: named, type, ...asked, podConnection, deployment: null, subject },
        signal,
      );
    },
  });
  const place: LogPlace = {
    ...logOf(null),
    subject,
    type,
    watched: running || !follows,
    goesOn: running && follows,
    components: [...names],
    notices: isComing ? [comingNotice(app, current)] : [],
    path: pathNow,
    async look(signal) {
      const known = freshUntil;
      freshUntil = Number.NEGATIVE_INFINITY;
      if (!follows || client.timing.now() < known) return null;
      const { active, coming } = await client.app(app.id, { quick: false }, signal);
      const next = active ?? (isComing ? coming : null);
      if (next === null || next.id === current.id) return null;
      const former = { ...place, ...logOf(current.id) };
      current = next;
      return { to: next.id, former };
    },
    async outdated(signal) {
      if (!follows) return over({ clean: false }, signal);
      const { active } = await client.app(app.id, { quick: true }, signal);
      return active === null || active.id === current.id ? null : 'a new deployment is active';
    },
    over,
  };
  return place;
}
