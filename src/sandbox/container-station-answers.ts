// How the NAS answers: JSON in its dialect, errors in its envelope, and who is let in. Knows no single route.
import type { NasClock } from './container-station-clock.ts';
import type { Containers, StationContainer } from './container-station-containers.ts';
import type { Dialect, DialectTraits, StationRoute } from './container-station-dialects.ts';
import { pythonJson } from './container-station-dialects.ts';
import type { EventRing } from './container-station-events.ts';
import type { ActivityLog } from './container-station-log.ts';
import type { Session, Sessions } from './container-station-session.ts';
import type { Story } from './container-station-story.ts';
import type { Tasks } from './container-station-tasks.ts';
import type { Fault, FaultName } from './faults.ts';
import type { Asked, Exchange, HeaderFields } from './http.ts';
import type { World } from './world.ts';

/** Everything that the routes of one server share. */
export interface Station {
  readonly dialect: Dialect;
  readonly traits: DialectTraits;
  readonly errorStatus: 'always200' | 'real';
  readonly eventIndex: 'slice' | 'longpoll' | 'ignored';
  readonly hideOthers: boolean;
  readonly ignoreTail: boolean;
  readonly eatHead: boolean;
  /** Milliseconds. */
  readonly holdMs: number;
  /** Milliseconds that a second of `duration` lasts. */
  readonly secondMs: number;
  readonly world: World;
  readonly clock: NasClock;
  readonly sessions: Sessions;
  readonly log: ActivityLog;
  readonly ring: EventRing;
  readonly containers: Containers;
  readonly tasks: Tasks;
  readonly story: Story;
}

export interface StationEndpoint {
  readonly name: StationRoute;
  readonly method: string;
  /** After `<prefix>/api`, e.g. `/v1/log`. */
  readonly path: string;
  /** Who is let in: whoever has the cookie (default), a bearer token, or anybody. */
  readonly access?: 'cookie' | 'bearer' | 'open';
  /** The dialect in which anybody is let in all the same. */
  readonly openIn?: Dialect;
  readonly faults?: readonly FaultName[];
  answer(asked: Exchange, session: Session, station: Station): void;
}

/** A 200 in the dialect's JSON. */
export function reply(asked: Asked, station: Station, value: unknown, fields: HeaderFields = {}): void {
  asked.send(200, jsonText(station, value), { ...head(station), ...fields });
}

/** Python's spacing up to E, compact from 3.x on. */
export function jsonText(station: Station, value: unknown): string {
  return station.traits.errors === 'flat' ? JSON.stringify(value) : pythonJson(value);
}

/** The NAS's own clock stands in `Date`: the difference to its local times is its UTC offset. */
export function head(station: Station, type = 'application/json'): HeaderFields {
  return { Date: new Date(station.world.now().ms).toUTCString(), 'Content-Type': type };
}

/** Thrown by a route, answered in the dialect's envelope. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

/**
 * Up to E `{"error": {code, message}}`, with HTTP 200 where `errorStatus` says so; on 3.x flat, with the real status
 * and an application's code (wire: Container Station 1.6).
 */
export function fail(asked: Asked, station: Station, { code, message }: Refusal): void {
  if (station.traits.errors === 'flat') {
    const flat = { code: APP_CODES[code] ?? code, message };
    asked.send(code, jsonText(station, flat), head(station));
    return;
  }
  // A real 403 is documented for 2-step verification.
  const status = station.errorStatus === 'always200' && code !== 403 ? 200 : code;
  asked.send(status, jsonText(station, { error: { code, message } }), head(station));
}

// 1002 and 1009 were seen; 1001 is invented.
const APP_CODES: Record<number, number> = { 400: 1001, 401: 1002, 404: 1009 };

export function unauthorized(asked: Asked, station: Station): void {
  fail(asked, station, new Refusal(401, 'unauthorized'));
}

/** What the NAS's own web server says to a path that Container Station does not own, or no longer does. */
export function noSuchPage(asked: Asked, station: Station): void {
  const own = asked.url.pathname.startsWith(`${station.traits.prefix}/api/`);
  if (own && station.traits.errors === 'flat') {
    asked.send(404, '404 page not found\n', head(station, 'text/plain; charset=utf-8'));
  } else if (own && station.traits.prefix !== '') fail(asked, station, new Refusal(404, 'Not Found'));
  else asked.send(404, notFoundPage, head(station, 'text/html'));
}

const notFoundPage = `<!DOCTYPE html>
<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>
`;

/** Words the faults that any route can suffer. */
export function refuse(asked: Asked, station: Station, fault: Fault): void {
  if (fault.name === 'html-error') {
    const page = `<html><head><title>Error</title></head><body>HTTP ${fault.status ?? 502}</body></html>\n`;
    asked.send(fault.status ?? 502, page, head(station, 'text/html'));
  } else if (fault.name === 'rate-limited') {
    const wait: HeaderFields =
      fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
    const error = { code: 429, message: 'Too Many Requests' };
    const body = station.traits.errors === 'flat' ? error : { error };
    asked.send(429, jsonText(station, body), { ...head(station), ...wait });
  } else if (fault.name === 'server-error') {
    const code = fault.status ?? 503;
    // The vendor's own spelling.
    fail(asked, station, new Refusal(code, code === 503 ? 'Service Unabailable' : 'Internal Server Error'));
  } else unauthorized(asked, station);
}

/** Looks the container up; where there is none, the Docker daemon's words in the NAS's envelope. */
export function withContainer(
  answer: (asked: Exchange, station: Station, container: StationContainer, session: Session) => void,
): StationEndpoint['answer'] {
  return (asked, session, station) => {
    const { type = 'docker', id = '' } = asked.params;
    const container = station.containers.find(type, id);
    if (!container) throw new Refusal(404, `404 Client Error: Not Found ("No such container: ${id}")`);
    answer(asked, station, container, session);
  };
}

/** Holds the answer until `ready` or the time is up; `wake` tells when to look again. */
export function holdAnswer(
  asked: Exchange,
  station: Station,
  wait: { ms: number; ready(): boolean; value(): unknown; wake?(look: () => void): () => void },
): void {
  if (wait.ready() || wait.ms <= 0) {
    reply(asked, station, wait.value());
    return;
  }
  const stream = asked.live(200, head(station), 'late');
  const answer = (): void => {
    stop();
    stream.write(jsonText(station, wait.value()));
    stream.end();
    asked.answered();
  };
  const timer = setTimeout(answer, wait.ms);
  timer.unref();
  const leave = wait.wake?.(() => {
    if (wait.ready()) answer();
  });
  const stop = (): void => {
    clearTimeout(timer);
    leave?.();
  };
  stream.onClose(stop);
}
