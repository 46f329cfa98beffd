// Deployments as the API gives them, and as builds. Knows neither their output nor their stream.

import { CliError } from '../../errors.ts';
import type { Build, BuildStatus } from '../../model.ts';
import { type Fields, fieldsOf, textOf } from '../../transport/json-fields.ts';
import type { Region } from './answers.ts';
import { aboutApp, appSubject, type ScalingoClient } from './client.ts';
import { nextPageOf } from './pages.ts';
import { type Subject, unreadable } from './refusal.ts';
import { inRegion } from './regions.ts';
import { instantOf } from './times.ts';

/** An app where it was found. */
export interface AppPlace {
  readonly app: string;
  readonly region: Region;
}

export interface Deployment {
  readonly build: Build;
  /** Where its output is, as the platform says; foreign, not checked. */
  readonly output: string | null;
}

export interface DeploymentPage {
  readonly builds: readonly Build[];
  readonly next: number | null;
}

/** A third party pages so in production (wire: Scalingo 1.7); a server that gives fewer is believed. */
const PER_PAGE = 50;

/** Newest first. Throws `not-found` with the region where the app is. */
export async function deploymentPage(
  client: ScalingoClient,
  { app, region }: AppPlace,
  page: number,
  signal: AbortSignal,
): Promise<DeploymentPage> {
  const subject = { what: `the deployments of ${appSubject(app, region).what}`, ofApp: true };
  const { url } = aboutApp(region, app, `/deployments?page=${page}&per_page=${PER_PAGE}`);
  const ask = () => client.asker.object({ url, subject }, signal);
  const answer = await inRegion(client, { app, region }, ask, signal);
  if (!Array.isArray(answer.deployments)) throw unreadable(subject, 'deployments');
  const builds = answer.deployments.map((entry) => deploymentOf(fieldsOf(entry) ?? {}, subject).build);
  return { builds, next: nextPageOf(answer, page) };
}

/** Throws `not-found` for one that is not there, and for an app that is not. */
export async function deployment(
  client: ScalingoClient,
  { app, region }: AppPlace,
  id: string,
  signal: AbortSignal,
): Promise<Deployment> {
  const subject = deploymentSubject({ app, region }, id);
  if (!/^[\w-]{1,64}$/.test(id)) throw noSuchDeployment(subject, app);
  const { url } = aboutApp(region, app, `/deployments/${id}`);
  try {
    const answer = await client.asker.object({ url, subject }, signal);
    return deploymentOf(fieldsOf(answer.deployment) ?? {}, subject);
  } catch (error) {
    if (!(error instanceof CliError) || error.kind !== 'not-found') throw error;
    // An unknown app is a 404 as well; its error says in which region it is.
    await inRegion(client, { app, region }, () => client.app(region, app, signal), signal);
    throw noSuchDeployment(subject, app);
  }
}

export function deploymentSubject({ app, region }: AppPlace, id: string): Subject {
  return { what: `deployment "${id.slice(0, 80)}" of ${appSubject(app, region).what}`, ofApp: true };
}

/** wire: Scalingo 4.1. */
export function deploymentOf(fields: Fields, subject: Subject): Deployment {
  const id = textOf(fields.id);
  if (id === null) throw unreadable(subject, 'deployment.id');
  const nativeStatus = textOf(fields.status);
  if (nativeStatus === null) throw unreadable(subject, 'deployment.status');
  const finished = instantOf(fields.finished_at);
  const { status, ended, reason } = stateOf(nativeStatus, finished !== null);
  const gitRef = textOf(fields.git_ref);
  // An archive is deployed under a name that its user chose.
  const isCommit = gitRef !== null && /^[0-9a-f]{7,64}$/i.test(gitRef);
  const build: Build = {
    id,
    status,
    nativeStatus,
    ended,
    kind: textOf(fields.type),
    created: instantOf(fields.created_at),
    // The platform does not say when a queued one began.
    started: null,
    finished,
    // It is 0 while the deployment runs.
    duration: ended && typeof fields.duration === 'number' ? fields.duration : null,
    commit: isCommit ? gitRef : null,
    ref: isCommit ? null : gitRef,
    cause: null,
    user: textOf(fieldsOf(fields.pusher)?.username),
    message: null,
    steps: [],
    progress: null,
    reason,
    url: null,
  };
  return { build, output: textOf(fieldsOf(fields.links)?.output) };
}

interface DeploymentState {
  readonly status: BuildStatus;
  readonly ended: boolean;
  /** Why it failed. */
  readonly reason: string | null;
}

/** wire: Scalingo 4.2. A word that nobody knows is over when the platform says when it ended. */
export function stateOf(word: string, hasEnd: boolean): DeploymentState {
  return STATES[word.toLowerCase()] ?? { status: 'unknown', ended: hasEnd, reason: null };
}

function running(status: 'queued' | 'running'): DeploymentState {
  return { status, ended: false, reason: null };
}

function failed(reason: string): DeploymentState {
  return { status: 'failed', ended: true, reason };
}

const STATES: Readonly<Record<string, DeploymentState | undefined>> = Object.assign(Object.create(null), {
  queued: running('queued'),
  building: running('running'),
  pushing: running('running'),
  starting: running('running'),
  success: { status: 'succeeded', ended: true, reason: null },
  'build-error': failed('the build failed'),
  'crashed-error': failed('the app crashed when it was started'),
  'timeout-error': failed('the app did not start in time'),
  'hook-error': failed('the postdeploy hook failed'),
  aborted: { status: 'cancelled', ended: true, reason: 'it was aborted' },
} satisfies Record<string, DeploymentState>);

export const STATUS_WORDS =
  'queued → queued; building, pushing, starting → running; success → succeeded; ' +
  'build-error, crashed-error, timeout-error, hook-error → failed; aborted → cancelled';

function noSuchDeployment({ what }: Subject, app: string): CliError {
  return new CliError('not-found', `Scalingo does not know ${what}.`, {
    status: 404,
    hint: `\`polylog builds list scalingo:${app}\` shows those that there are.`,
  });
}
