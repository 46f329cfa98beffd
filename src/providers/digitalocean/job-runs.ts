// The newest runs of an app's jobs, for whoever needs the id of one. Knows no log.
import { CliError } from '../../errors.ts';
import { type Fields, fieldsOf, textOf } from '../../transport/json-fields.ts';
import { harmless } from '../../transport/refusals.ts';
import { type DigitaloceanClient, rowsOf } from './client.ts';
import { appPath, type KnownApp } from './known-app.ts';
import { instantOf } from './times.ts';

export interface RunsOf {
  readonly app: KnownApp;
  /** null: of all jobs. */
  readonly job: string | null;
}

const ASKED = 20;
const NAMED = 5;

/** A sentence: `The newest runs of job "mail": ID (SUCCEEDED, 2026-08-01T10:00:00Z), …`. Throws CliError. */
export async function runsHint(
  client: DigitaloceanClient,
  { app, job }: RunsOf,
  signal: AbortSignal,
): Promise<string> {
  const of = job === null ? `app "${app.name}"` : `job "${job}"`;
  const subject = { what: `the runs of jobs of app "${app.name}"` };
  const names = job === null ? '' : `&job_names=${encodeURIComponent(job)}`;
  const path = appPath(app, `/job-invocations?page=1&per_page=${ASKED}${names}`);
  const answer = await client.read({ path, subject }, signal);
  const runs = rowsOf(answer, 'job_invocations', subject).map(fieldsOf);
  const known = runs.filter((run): run is Fields => textOf(run?.id) !== null);
  if (known.length === 0) return `DigitalOcean knows no run of ${of}.`;
  const newest = known.sort((a, b) => createdOf(b) - createdOf(a)).slice(0, NAMED);
  return `The newest runs of ${of}: ${newest.map((run) => nameOf(run, job)).join(', ')}.`;
}

/** Whether the platform does not know the run, or does not take its id for one. */
export function isUnknownRun(error: unknown): error is CliError {
  return error instanceof CliError && [400, 404, 422].includes(error.status ?? 0);
}

/** The same error, with the newest runs where they can be had. */
export async function namingRuns(
  client: DigitaloceanClient,
  { error, ...of }: RunsOf & { readonly error: CliError },
  signal: AbortSignal,
): Promise<CliError> {
  const { kind, message, status, detail } = error;
  try {
    const hint = await runsHint(client, of, signal);
    const context = { hint, ...(status === undefined ? {} : { status }) };
    return new CliError(kind, message, detail === undefined ? context : { ...context, detail });
  } catch (failure) {
    signal.throwIfAborted();
    if (failure instanceof CliError) return error;
    throw failure;
  }
}

/** Seconds since the epoch; the platform's order is not documented (wire: DigitalOcean 3). */
function createdOf(run: Fields): number {
  return instantOf(run.created_at)?.seconds ?? 0;
}

function nameOf(run: Fields, job: string | null): string {
  const about = [job === null ? run.job_name : null, run.phase, run.created_at].map((word) =>
    harmless(textOf(word) ?? ''),
  );
  const said = about.filter((word) => word !== null && word !== '');
  return `${harmless(textOf(run.id) ?? '')}${said.length > 0 ? ` (${said.join(', ')})` : ''}`;
}
