// Events as the API gives them, page by page, newest first, secrets already taken out. Knows not how they are followed.
import type { PlatformEvent } from '../../model.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';
import { aboutApp, appSubject, type ScalingoClient } from './client.ts';
import type { AppPlace } from './deployments.ts';
import { withoutSecrets } from './event-secrets.ts';
import { wordsFor } from './event-words.ts';
import { nextPageOf } from './pages.ts';
import { unreadable } from './refusal.ts';
import { inRegion } from './regions.ts';
import { instantOf } from './times.ts';

export interface EventPage {
  /** Newest first. */
  readonly events: readonly PlatformEvent[];
  readonly next: number | null;
}

/** A third party pages so in production (wire: Scalingo 1.7); the official tool asks for 30. */
export const LARGE_PAGE = 100;
export const USUAL_PAGE = 30;
/** The most that `from` can say (wire: Scalingo 6). */
export const MOST_HOURS = 72;

/** A page, or all of so many hours. Throws `not-found` with the region where the app is. */
export type EventQuestion = { readonly page: number; readonly size: number } | { readonly hours: number };

export async function eventPage(
  client: ScalingoClient,
  place: AppPlace,
  question: EventQuestion,
  signal: AbortSignal,
): Promise<EventPage> {
  const { app, region } = place;
  const subject = { what: `the events of ${appSubject(app, region).what}`, ofApp: true };
  const query =
    'hours' in question ? `from=${question.hours}` : `page=${question.page}&per_page=${question.size}`;
  const { url } = aboutApp(region, app, `/events?${query}`);
  const ask = () => client.asker.object({ url, subject }, signal);
  const answer = await inRegion(client, place, ask, signal);
  if (!Array.isArray(answer.events)) throw unreadable(subject, 'events');
  return {
    events: listOf(answer.events).map(eventOf),
    next: nextPageOf(answer, 'page' in question ? question.page : 1),
  };
}

/** wire: Scalingo 6. */
export function eventOf(event: Fields): PlatformEvent {
  const type = textOf(event.type) ?? 'unknown';
  const fields = withoutSecrets(type, event.type_data);
  const { kind, message, component } = wordsFor(type, fields);
  const user = fieldsOf(event.user);
  return {
    ts: instantOf(event.created_at),
    id: textOf(event.id),
    kind,
    nativeKind: type,
    component,
    user: textOf(user?.username) ?? textOf(user?.email),
    message,
    fields,
  };
}

/** The same for an event seen again; a deployment that has gone on is another one. */
export function keyOfEvent({ id, ts, nativeKind, message, fields }: PlatformEvent): string {
  const phase = nativeKind === 'deployment' ? ` ${textOf(fields?.status) ?? ''}` : '';
  if (id !== null) return `${id}${phase}`;
  return `${ts === null ? '' : `${ts.seconds}.${ts.nanos}`} ${nativeKind} ${message}`;
}
