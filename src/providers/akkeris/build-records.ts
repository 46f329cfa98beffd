// Builds as Akkeris keeps them: reading them and turning them into ours. Knows neither output nor releases.
import { CliError } from '../../errors.ts';
import { type Build, type BuildStatus, type Instant, instantToMillis } from '../../model.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';
import type { AkkerisClient, Answer, LogPlace } from './client.ts';
import { type Subject, unreadable } from './refusal.ts';
import { instantOf } from './times.ts';

export const STATUS_WORDS = 'queued → queued, pending → running, succeeded → succeeded, failed → failed';

const STATUSES: Readonly<Record<string, BuildStatus>> = {
  queued: 'queued',
  pending: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
};

/** Of builds and of releases alike. */
export function statusOf(native: string): BuildStatus {
  return Object.hasOwn(STATUSES, native) ? (STATUSES[native] ?? 'unknown') : 'unknown';
}

/** Whether the word is one that is followed by no other; null when nobody knows. */
export function isFinal(native: string | null): boolean | null {
  const status = statusOf(native ?? '');
  return status === 'unknown' ? null : status === 'succeeded' || status === 'failed';
}

/** All of them, newest first: the platform has no pages and lists them the other way round (wire: Akkeris 3.1). */
export async function readBuilds(
  client: AkkerisClient,
  { path, subject }: LogPlace,
  signal: AbortSignal,
): Promise<Build[]> {
  const about: Subject = { what: `the builds of ${subject.what}`, kind: 'app' };
  const answer = await client.read({ path: `${path}/builds`, subject: about }, signal);
  if (!Array.isArray(answer.json)) throw unreadable(about, 'array of builds');
  return listOf(answer.json)
    .flatMap((fields) => buildOf(fields, answer) ?? [])
    .reverse();
}

/** Throws `not-found` for an id that the platform does not know or that is none. */
export async function readBuild(
  client: AkkerisClient,
  place: LogPlace,
  id: string,
  signal: AbortSignal,
): Promise<Build> {
  const subject = buildSubject(place, id);
  const answer = await client
    .read({ path: buildPath(place, id), subject }, signal)
    .catch((error: unknown) => {
      // An id that is no UUID is a mistake in the request there (wire: Akkeris 3.1).
      if (error instanceof CliError && error.status === 422) throw noSuchBuild(subject, error);
      throw error;
    });
  const found = buildOf(fieldsOf(answer.json) ?? {}, answer);
  if (found === null) throw unreadable(subject, 'id');
  return found;
}

export function buildSubject({ subject }: LogPlace, id: string): Subject {
  return { what: `build "${id.slice(0, 80)}" of ${subject.what}`, kind: 'build' };
}

/** Built by hand: the address in the record may name another host, or no build at all (wire: Akkeris 3.1, 3.2). */
export function buildPath(place: LogPlace, id: string): string {
  // Dots alone would lead elsewhere.
  if (!/^[\w-]+$/.test(id)) throw noSuchBuild(buildSubject(place, id));
  return `${place.path}/builds/${id}`;
}

function noSuchBuild({ what }: Subject, cause?: CliError): CliError {
  return new CliError('not-found', `Akkeris does not know ${what}: a build's id is a UUID.`, {
    hint: 'polylog builds list akkeris:NAME-SPACE shows what there is.',
    ...(cause !== undefined && { cause }),
  });
}

/** A word that is neither running nor final is the default of a record that nobody keeps any more after so long. */
const ABANDONED_AFTER = 3_600_000;

function buildOf(fields: Fields, { date }: Answer): Build | null {
  const id = textOf(fields.id);
  if (id === null) return null;
  const source = fieldsOf(fields.source_blob) ?? {};
  const nativeStatus = textOf(fields.status) ?? '';
  const created = instantOf(fields.created_at);
  const updated = instantOf(fields.updated_at);
  const ended = isFinal(nativeStatus) ?? isAbandoned(updated ?? created, date);
  const finished = ended ? updated : null;
  return {
    id,
    status: statusOf(nativeStatus),
    nativeStatus,
    ended,
    kind: null,
    created,
    started: null,
    finished,
    duration: secondsBetween(created, finished),
    commit: textOf(source.commit),
    ref: textOf(source.version),
    cause: null,
    user: textOf(source.author) ?? textOf(fieldsOf(fields.user)?.email),
    message: textOf(source.message),
    steps: [],
    progress: null,
    reason: null,
    url: null,
  };
}

/** A build may take 20 minutes there (wire: Akkeris 3.1); the status of one that went astray is never set. */
function isAbandoned(touched: Instant | null, now: Instant | null): boolean {
  if (touched === null || now === null) return false;
  return instantToMillis(now) - instantToMillis(touched) > ABANDONED_AFTER;
}

function secondsBetween(from: Instant | null, to: Instant | null): number | null {
  if (from === null || to === null) return null;
  const millis = instantToMillis(to) - instantToMillis(from);
  return millis < 0 ? null : millis / 1000;
}
