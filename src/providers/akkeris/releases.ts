// Releases and the checks that other services report on them. Knows no build output.
import { CliError } from '../../errors.ts';
import type { BuildStatus, Instant } from '../../model.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';
import { statusOf } from './build-records.ts';
import type { AkkerisClient, LogPlace } from './client.ts';
import { type Subject, unreadable } from './refusal.ts';
import { instantOf } from './times.ts';

export interface Release {
  readonly id: string;
  /** `v14`, or its id where it has no number. */
  readonly name: string;
  readonly version: number | null;
  readonly status: BuildStatus;
  readonly nativeStatus: string;
  readonly description: string | null;
  readonly created: Instant | null;
  readonly user: string | null;
  /** Its slug has the id of the build that made it (wire: Akkeris 3.4). */
  readonly build: string | null;
  readonly current: boolean;
}

/** What a service outside says of a release; it has no bearing on the release's own status. */
export interface ReleaseCheck {
  readonly name: string;
  /** `success`, `pending`, `failure`, `error`. */
  readonly state: string;
  readonly description: string | null;
  readonly updated: Instant | null;
}

/** Oldest first, as they were touched last. */
export async function readReleases(
  client: AkkerisClient,
  { path, subject }: LogPlace,
  signal: AbortSignal,
  { retry = true }: { readonly retry?: boolean } = {},
): Promise<Release[]> {
  const about: Subject = { what: `the releases of ${subject.what}`, kind: 'app' };
  const { json } = await client.read({ path: `${path}/releases`, subject: about, retry }, signal);
  if (!Array.isArray(json)) throw unreadable(about, 'array of releases');
  return listOf(json).flatMap((fields) => releaseOf(fields) ?? []);
}

/** None where the installation does not know of checks. */
export async function readChecks(
  client: AkkerisClient,
  { path, subject }: LogPlace,
  { id, name }: Release,
  signal: AbortSignal,
): Promise<ReleaseCheck[]> {
  const about: Subject = { what: `release ${name} of ${subject.what}`, kind: 'app' };
  const question = { path: `${path}/releases/${encodeURIComponent(id)}/statuses`, subject: about };
  try {
    const { json } = await client.read(question, signal);
    return listOf(fieldsOf(json)?.statuses).map(checkOf);
  } catch (error) {
    if (error instanceof CliError && (error.kind === 'not-found' || error.status === 501)) return [];
    throw error;
  }
}

/** The one that is served; where none says so of itself, the newest that succeeded. */
export function currentOf(releases: readonly Release[]): Release | null {
  return (
    releases.findLast(({ current }) => current) ??
    releases.findLast(({ status }) => status === 'succeeded') ??
    null
  );
}

function releaseOf(fields: Fields): Release | null {
  const id = textOf(fields.id);
  if (id === null) return null;
  const version = typeof fields.version === 'number' ? fields.version : null;
  const nativeStatus = textOf(fields.status) ?? '';
  return {
    id,
    name: version === null ? id.slice(0, 80) : `v${version}`,
    version,
    status: statusOf(nativeStatus),
    nativeStatus,
    description: textOf(fields.description),
    created: instantOf(fields.created_at),
    user: textOf(fieldsOf(fields.user)?.email),
    build: textOf(fieldsOf(fields.slug)?.id),
    current: fields.current === true,
  };
}

function checkOf(fields: Fields): ReleaseCheck {
  return {
    name: textOf(fields.name) ?? textOf(fields.context) ?? 'a check',
    state: textOf(fields.state) ?? 'unknown',
    description: textOf(fields.description),
    updated: instantOf(fields.updated_at) ?? instantOf(fields.created_at),
  };
}
