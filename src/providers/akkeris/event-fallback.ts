// Events where no audits are kept: what builds, releases and the formation say of themselves. Knows no polling.
import type { Build, Instant, PlatformEvent } from '../../model.ts';
import type { Fields } from '../../transport/json-fields.ts';
import { readBuilds } from './build-records.ts';
import type { AkkerisClient, LogPlace } from './client.ts';
import { harmlessFields } from './event-secrets.ts';
import { tellAction } from './event-words.ts';
import { type DynoType, readFormation } from './formation.ts';
import { type Release, readReleases } from './releases.ts';

/** All that there are, in no order. A record that changes is another event: its id holds its state. */
export async function readRecordedEvents(
  client: AkkerisClient,
  place: LogPlace,
  signal: AbortSignal,
): Promise<PlatformEvent[]> {
  const [builds, releases, formation] = await Promise.all([
    readBuilds(client, place, signal),
    readReleases(client, place, signal),
    readFormation(client, place, signal),
  ]);
  return [
    ...builds.flatMap(eventsOfBuild),
    ...releases.map(eventOfRelease),
    ...formation.flatMap(eventOfFormation),
  ];
}

interface Occurrence {
  readonly id: string;
  readonly action: string;
  readonly at: Instant | null;
  readonly user: string | null;
  /** In the words of the audits, so that the same words are made of it. */
  readonly payload: Fields;
}

function eventsOfBuild({ id, nativeStatus, ended, created, finished, commit, user }: Build): PlatformEvent[] {
  const payload = (result: string) => ({ build: { id, result, ...(commit !== null && { commit }) } });
  const began: Occurrence = {
    id: `build-${id}-began`,
    action: 'build',
    at: created,
    user,
    payload: payload('pending'),
  };
  if (!ended) return [eventOf(began)];
  const over = { ...began, id: `build-${id}-${nativeStatus}`, at: finished, payload: payload(nativeStatus) };
  return [eventOf(began), eventOf(over)];
}

/** A release says when it was made, not when it became what it is. */
function eventOfRelease({ id, version, nativeStatus, description, created, user }: Release): PlatformEvent {
  const release = {
    id,
    result: nativeStatus,
    ...(version !== null && { version }),
    ...(description !== null && { description }),
  };
  return eventOf({
    id: `release-${id}-${nativeStatus}`,
    action: 'release',
    at: created,
    user,
    payload: { release },
  });
}

function eventOfFormation({ type, quantity, size, updated }: DynoType): PlatformEvent[] {
  if (updated === null) return [];
  const change = { type, ...(quantity !== null && { quantity }), ...(size !== null && { size }) };
  return [
    eventOf({
      // Without its time, which may be that of the answer: only another number or size is news.
      id: `formation-${type}-${quantity ?? ''}-${size ?? ''}`,
      action: 'formation_change',
      at: updated,
      user: null,
      payload: { changes: [change] },
    }),
  ];
}

function eventOf({ id, action, at, user, payload }: Occurrence): PlatformEvent {
  const fields = harmlessFields(payload);
  return { ts: at, id, nativeKind: action, user, fields, ...tellAction(action, fields) };
}
