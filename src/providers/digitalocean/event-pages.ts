// The list of an app's events, page by page; where the platform has none, that of its deployments. Knows no event's words.
import { CliError } from '../../errors.ts';
import { compareInstants, type Instant, type Notice } from '../../model.ts';
import { type Fields, fieldsOf, textOf } from '../../transport/json-fields.ts';
import { type DigitaloceanClient, rowsOf } from './client.ts';
import { deploymentPages } from './deployments.ts';
import { type Sighting, sightingOf } from './event-words.ts';
import { appPath, type KnownApp } from './known-app.ts';
import type { Subject } from './refusal.ts';

export interface EventList {
  readonly client: DigitaloceanClient;
  readonly app: KnownApp;
  readonly subject: Subject;
  /** The only component of interest; null for all. */
  readonly component: string | null;
  /** The platform's own words; empty = all. */
  readonly types: readonly string[];
  /** Whether the platform has no list of events, and whether that was said. */
  fallback: 'none' | 'unsaid' | 'said';
}

/** Presumably newest first (wire: DigitalOcean 5); see `createOrder`. Falls back where the list is not there at all. */
export async function* eventPages(
  list: EventList,
  perPage: number,
  signal: AbortSignal,
): AsyncGenerator<Sighting[], void, undefined> {
  const { client, app, subject, types } = list;
  let isFirst = true;
  try {
    if (list.fallback === 'none') {
      const path = appPath(app, '/events');
      const parameters = types.map((type): [string, string] => ['event_types', type]);
      for await (const page of client.pages({ path, subject, perPage, parameters }, signal)) {
        isFirst = false;
        // Of this list nothing is promised to stand around it (wire: DigitalOcean 1.5).
        const rows = Object.keys(page).length === 0 ? [] : rowsOf(page, 'events', subject);
        yield rows.map((event) => sightingOf(fieldsOf(event) ?? {}));
      }
      return;
    }
  } catch (error) {
    if (!isFirst || !isAbsent(error)) throw error;
    list.fallback = 'unsaid';
  }
  for await (const page of deploymentPages(client, { app, perPage }, signal))
    yield page.map((deployment) => sightingOf(asEvent(deployment)));
}

/** The endpoint is younger than others (wire: DigitalOcean 0); the app itself has been found before. */
function isAbsent(error: unknown): boolean {
  return error instanceof CliError && (error.status === 404 || error.status === 501);
}

function asEvent(deployment: Fields): Fields {
  const id = textOf(deployment.id);
  return { id, type: 'DEPLOYMENT', created_at: deployment.created_at, deployment_id: id, deployment };
}

/** Said once per list. */
export function fallbackNotices(list: EventList): Notice[] {
  if (list.fallback !== 'unsaid') return [];
  list.fallback = 'said';
  return [
    {
      kind: 'hint',
      message: 'DigitalOcean has no list of events here: the deployments are shown, without autoscaling',
    },
  ];
}

export interface Order {
  add(sightings: readonly Sighting[]): void;
  /** Whether every event so far was as old as the one before it or older: what follows is older still. */
  readonly isNewestFirst: boolean;
}

/** Nobody says in which order events come: a list in another order is read to its end. */
export function createOrder(): Order {
  let last: Instant | null = null;
  let isNewestFirst = true;
  return {
    add(sightings) {
      for (const { ts } of sightings) {
        if (ts === null) continue;
        if (last !== null && compareInstants(ts, last) > 0) isNewestFirst = false;
        last = ts;
      }
    },
    get isNewestFirst() {
      return isNewestFirst;
    },
  };
}

/** Stable, from a list that is newest first; an event without a time stays behind the one that was before it. */
export function oldestFirst<T extends Pick<Sighting, 'ts'>>(sightings: readonly T[]): T[] {
  let time: Instant | null = null;
  const timed = [...sightings].reverse().map((sighting) => {
    time = sighting.ts ?? time;
    return { sighting, time };
  });
  timed.sort((a, b) => {
    if (a.time === null || b.time === null) return a.time === b.time ? 0 : a.time === null ? -1 : 1;
    return compareInstants(a.time, b.time);
  });
  return timed.map(({ sighting }) => sighting);
}
