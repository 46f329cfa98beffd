// Deployments as the API gives them, and as builds. Knows neither their logs nor gates.
import { CliError } from '../../errors.ts';
import type { Build, BuildStatus } from '../../model.ts';
import { instantToMillis } from '../../model.ts';
import { type Fields, fieldsOf, textOf } from '../../transport/json-fields.ts';
import { type DigitaloceanClient, rowsOf } from './client.ts';
import { causeOf } from './deployment-cause.ts';
import { failureOf, isOver, percentOf, spanOf, stepsOf } from './deployment-steps.ts';
import { appPath, type KnownApp } from './known-app.ts';
import { type Subject, unreadable } from './refusal.ts';
import { instantOf, secondsOf } from './times.ts';

/** Each brings the app's whole specification along: more of them would make the first answer slow. */
const PER_PAGE = 50;

/** Newest first. */
export async function* deploymentPages(
  client: DigitaloceanClient,
  { app, perPage = PER_PAGE }: { readonly app: KnownApp; readonly perPage?: number },
  signal: AbortSignal,
): AsyncGenerator<readonly Fields[], void, undefined> {
  const subject = { what: `the deployments of app "${app.name}"` };
  const path = appPath(app, '/deployments');
  for await (const page of client.pages({ path, subject, perPage }, signal))
    yield rowsOf(page, 'deployments', subject).map((each) => fieldsOf(each) ?? {});
}

/** Throws `not-found` for one that is not there (any more). */
export async function deploymentBuild(
  client: DigitaloceanClient,
  { app, id }: { readonly app: KnownApp; readonly id: string },
  signal: AbortSignal,
): Promise<Build> {
  const subject = { what: `deployment ${id.slice(0, 80)} of app "${app.name}"` };
  if (!/^[\w-]{1,128}$/.test(id)) throw noSuchDeployment(subject, app);
  try {
    const answer = await client.read({ path: appPath(app, `/deployments/${id}`), subject }, signal);
    return buildOf(fieldsOf(answer.deployment) ?? {}, subject);
  } catch (error) {
    if (!(error instanceof CliError) || error.kind !== 'not-found') throw error;
    throw noSuchDeployment(subject, app, error);
  }
}

/** The id of the one that is being served; null where none is. */
export async function activeDeployment(
  client: DigitaloceanClient,
  app: KnownApp,
  signal: AbortSignal,
): Promise<string | null> {
  return (await client.app(app.id, { quick: false }, signal)).active?.id ?? null;
}

/** Throws a `platform` error that names what is missing. */
export function buildOf(fields: Fields, subject: Subject): Build {
  const id = textOf(fields.id);
  if (id === null) throw unreadable(subject, 'deployment.id');
  if (fields.phase !== undefined && typeof fields.phase !== 'string')
    throw unreadable(subject, 'word in deployment.phase');
  const progress = fieldsOf(fields.progress);
  const steps = stepsOf(progress);
  const { nativeStatus, status, ended } = stateOf(fields.phase, progress);
  const span = spanOf(steps);
  const finished = ended ? (endOf(nativeStatus, fields) ?? span.finished) : null;
  return {
    id,
    status,
    nativeStatus,
    ended,
    ...causeOf(fields),
    created: instantOf(fields.created_at),
    started: span.started,
    finished,
    duration: ended ? durationOf({ ...span, finished }, fieldsOf(fields.timing)) : null,
    steps,
    progress: percentOf(progress),
    reason: status === 'succeeded' ? null : failureOf(steps),
    url: null,
  };
}

const PHASES: ReadonlyMap<string, { readonly status: BuildStatus; readonly ended: boolean }> = new Map([
  ['PENDING_BUILD', { status: 'queued', ended: false }],
  ['BUILDING', { status: 'running', ended: false }],
  ['PENDING_DEPLOY', { status: 'running', ended: false }],
  ['DEPLOYING', { status: 'running', ended: false }],
  ['ACTIVE', { status: 'succeeded', ended: true }],
  ['ERROR', { status: 'failed', ended: true }],
  ['CANCELED', { status: 'cancelled', ended: true }],
  ['SUPERSEDED', { status: 'superseded', ended: true }],
]);

export const STATUS_WORDS =
  'PENDING_BUILD → queued; BUILDING, PENDING_DEPLOY, DEPLOYING → running; ACTIVE → succeeded; ' +
  'ERROR → failed; CANCELED → cancelled; SUPERSEDED → superseded';

/** The zero of the platform's list of phases, which Go may leave out. */
const NO_PHASE = 'UNKNOWN';

/** A word that nobody knows is over when its steps are told and nothing of them waits or runs. */
function stateOf(phase: string | undefined, progress: Fields | null) {
  const nativeStatus = phase || NO_PHASE;
  const known = PHASES.get(nativeStatus);
  return { nativeStatus, ...(known ?? { status: 'unknown' as const, ended: isOver(progress) }) };
}

/** A superseded deployment's phase has changed long after it was over. */
function endOf(phase: string, fields: Fields) {
  return phase === 'SUPERSEDED' || !PHASES.has(phase) ? null : instantOf(fields.phase_last_updated_at);
}

/** Seconds; of the times, else of what the platform measured for building and deploying. */
function durationOf({ started, finished }: ReturnType<typeof spanOf>, timing: Fields | null): number | null {
  if (started !== null && finished !== null) {
    const millis = instantToMillis(finished) - instantToMillis(started);
    if (millis >= 0) return Math.round(millis) / 1000;
  }
  const parts = [secondsOf(timing?.build_total), secondsOf(timing?.deploying)];
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? null : known.reduce((sum, part) => sum + part, 0);
}

function noSuchDeployment({ what }: Subject, app: KnownApp, cause?: CliError): CliError {
  return new CliError('not-found', `DigitalOcean does not know ${what}.`, {
    status: 404,
    hint: `\`polylog builds list digitalocean:${app.name}\` shows those that there are.`,
    ...(cause && { cause }),
  });
}
