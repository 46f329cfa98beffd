// The sandbox's QNAP Container Station: one NAS that shows the world in any of its dialects. Knows no client of ours.
import {
  fail,
  head,
  noSuchPage,
  Refusal,
  refuse,
  type Station,
  type StationEndpoint,
  unauthorized,
} from './container-station-answers.ts';
import { createNasClock } from './container-station-clock.ts';
import { createContainers } from './container-station-containers.ts';
import { type Dialect, type StationRoute, traitsOf } from './container-station-dialects.ts';
import { eventEndpoints } from './container-station-event-routes.ts';
import { createEventRing, type StationEvent } from './container-station-events.ts';
import { type ActivityLog, createActivityLog, type LogRow, type NewLogRow } from './container-station-log.ts';
import { createSessions, type Session } from './container-station-session.ts';
import { tellStory } from './container-station-story.ts';
import { taskEndpoints } from './container-station-task-routes.ts';
import { createTasks } from './container-station-tasks.ts';
import {
  containerEndpoints,
  logEndpoints,
  sessionEndpoints,
  systemEndpoints,
} from './container-station-v1.ts';
import { v3Endpoints } from './container-station-v3.ts';
import { answerFaults, type Exchange, type Route, startHttp } from './http.ts';
import type { SandboxOptions, SandboxServer } from './server.ts';

export type { Dialect, StationRoute } from './container-station-dialects.ts';
export type { StationEvent } from './container-station-events.ts';
export type { LogRow, NewLogRow } from './container-station-log.ts';

export interface ContainerStationOptions extends SandboxOptions {
  /** Default E. */
  dialect?: Dialect;
  /** Name to password; the first owns the sid. Default `{admin: 'secret'}`. */
  users?: Readonly<Record<string, string>>;
  /** False: a station that asks for no login. Default true. */
  loginRequired?: boolean;
  /** Name and password are answered with 403; only the sid logs in. Default false. */
  twoFactor?: boolean;
  /** Milliseconds and requests that a session lasts; 0 (default) = for ever. */
  sessionLifeMs?: number;
  sessionLifeRequests?: number;
  /** Minutes east of UTC, or a function of the epoch milliseconds; default 480. Events are not shifted. */
  nasUtcOffset?: number | ((ms: number) => number);
  /** HTTP status of errors up to E; default `always200` for A to D, `real` for E. */
  errorStatus?: 'always200' | 'real';
  /** What `/event?index=` does; default `slice`. */
  eventIndex?: 'slice' | 'longpoll' | 'ignored';
  /** Withholds events of other users (18 messages in a span of 20). Default false. */
  hideOthers?: boolean;
  /** Milliseconds that a long poll is held; default 60_000. */
  holdMs?: number;
  /** Milliseconds that a second of `duration` lasts; default 1000. */
  secondMs?: number;
  /** Events that are kept, 20 at least; default 1000. */
  eventRing?: number;
  /** What the log's `offset` means; default `rows`. */
  logOffset?: 'rows' | 'id' | 'ignored';
  /** Which row the log begins with; default `newest`. */
  logOrder?: 'newest' | 'oldest';
  /** Rows that are written to the log after each answer of it; default 0. */
  logGrowth?: number;
  /** What the log's start and end are compared with; default `shifted`. */
  logTimes?: 'shifted' | 'true' | 'ignored';
  /** Default `insensitive`. */
  textCase?: 'sensitive' | 'insensitive';
  /** Most rows of one log answer; default: no limit. */
  maxLogLimit?: number;
  /** Default `restart`: the first row after a clear has id 1. */
  idsAfterClear?: 'restart' | 'continue';
  /** Rows (oldest first) in place of the prelude and the world's past. */
  rows?: readonly NewLogRow[];
  /** Events (oldest first) in place of the prelude and the world's past. */
  events?: readonly StationEvent[];
  /** Number of the first event; default 61. */
  firstEvent?: number;
  /** A row of routine after every so many lines of the world; 0 = none. Default 50. */
  routineEvery?: number;
  /** The console is given whole whatever `tail` says. Default false. */
  ignoreTail?: boolean;
  /** The console of a TTY loses its first 8 bytes, as in 2015-06. Default false. */
  eatHead?: boolean;
  /** Names of docker containers with a TTY (lines end in CR LF); default `['shop-web']`. */
  tty?: readonly string[];
  /** Routes that answer 404; default: what the dialect lacks. */
  missing?: readonly StationRoute[];
}

export interface ContainerStationServer extends SandboxServer {
  readonly dialect: Dialect;
  /** Before `/api/v1`; '' for A to C. */
  readonly prefix: string;
  /** `QIP` and `QPORT`, as in the vendor's documents. */
  readonly curlEnv: Readonly<Record<string, string>>;
  /** A QTS session id that works for `{"sid"}` (E, F) and as v3's bearer token. */
  readonly sid: string;
  /** Oldest first. */
  readonly rows: readonly LogRow[];
  /** Writes a row into the activity log; defaults: now, INFO, container, admin. */
  addRow(row: NewLogRow): LogRow;
  /** What `DELETE /log` does; returns how many rows went. */
  clearLog(): number;
  /** Adds one event; default time: now. */
  addEvent(event: Omit<StationEvent, 'at'> & Partial<StationEvent>): void;
  /** The event counter begins low again, as after a restart of the service. */
  restartEvents(): void;
  /** Every session is over at once. */
  endSessions(): void;
}

/** Listens on 127.0.0.1 and resolves when it answers. */
export async function startContainerStation(
  options: ContainerStationOptions,
): Promise<ContainerStationServer> {
  const station = buildStation(options);
  const { world, traits, ring, log, sessions } = station;
  const http = await startHttp({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.tls ? { tls: options.tls } : {}),
    routes: routesOf(station, options.missing ?? traits.missing),
    refuse: (asked, fault) => refuse(asked, station, fault),
    unknown: (asked) => noSuchPage(asked, station),
  });
  const url = http.origins[0] ?? '';
  return {
    platform: 'container-station',
    url,
    world,
    faults: http.faults,
    env: envOf(url, options),
    curlEnv: { QIP: '127.0.0.1', QPORT: new URL(url).port },
    targets: ['qnap:', ...station.containers.all.map(({ type, name }) => `qnap:${type}/${name}`)],
    requests: http.requests,
    watchers: http.watchers,
    watched: http.watched,
    onAnswered: http.onAnswered,
    async close() {
      station.story.close();
      await http.close();
    },
    dialect: station.dialect,
    prefix: traits.prefix,
    sid: sessions.sid,
    get rows() {
      return log.rows;
    },
    addRow: log.add,
    clearLog: () => log.clear(actorOf(options)),
    addEvent: (event) => ring.add({ at: world.now(), ...event }),
    restartEvents: ring.restart,
    endSessions: sessions.endAll,
  };
}

function buildStation(options: ContainerStationOptions): Station {
  const { world, dialect = 'E' } = options;
  const traits = traitsOf(dialect);
  const clock = createNasClock(options.nasUtcOffset ?? 480);
  const log = buildLog(options, { traits, clock });
  const ring = createEventRing({
    first: options.firstEvent ?? 61,
    size: Math.max(20, options.eventRing ?? 1000),
    parts: traits.eventParts,
  });
  const containers = createContainers({
    world,
    dialect,
    types: traits.types,
    tty: options.tty ?? ['shop-web'],
  });
  const user = actorOf(options);
  const tasks = createTasks({ world, dialect, pullCategory: traits.pullCategory, user });
  return {
    dialect,
    traits,
    errorStatus: options.errorStatus ?? (dialect < 'E' ? 'always200' : 'real'),
    eventIndex: options.eventIndex ?? 'slice',
    hideOthers: options.hideOthers ?? false,
    ignoreTail: options.ignoreTail ?? false,
    eatHead: options.eatHead ?? false,
    holdMs: options.holdMs ?? 60_000,
    secondMs: options.secondMs ?? 1000,
    world,
    clock,
    sessions: createSessions({
      traits,
      users: options.users ?? { admin: 'secret' },
      loginRequired: options.loginRequired ?? true,
      twoFactor: options.twoFactor ?? false,
      lifeMs: options.sessionLifeMs ?? 0,
      lifeRequests: options.sessionLifeRequests ?? 0,
      now: () => world.now().ms,
    }),
    log,
    ring,
    containers,
    tasks,
    story: tellStory({
      world,
      dialect,
      traits,
      log,
      ring,
      containers,
      tasks,
      user,
      ...(options.rows ? { rows: options.rows } : {}),
      ...(options.events ? { events: options.events } : {}),
      routineEvery: options.routineEvery ?? 50,
    }),
  };
}

function buildLog(options: ContainerStationOptions, own: Pick<Station, 'traits' | 'clock'>): ActivityLog {
  const reading = {
    ...own,
    offset: options.logOffset ?? 'rows',
    order: options.logOrder ?? 'newest',
    growth: options.logGrowth ?? 0,
    times: options.logTimes ?? 'shifted',
    textCase: options.textCase ?? 'insensitive',
    maxLimit: options.maxLogLimit ?? Number.POSITIVE_INFINITY,
    idsAfterClear: options.idsAfterClear ?? 'restart',
  } as const;
  return createActivityLog(reading, () => options.world.now());
}

/** Who is at work where the world does not say. */
function actorOf(options: ContainerStationOptions): string {
  return options.loginRequired === false ? 'Anonymous' : (Object.keys(options.users ?? {})[0] ?? 'admin');
}

function envOf(url: string, options: ContainerStationOptions): Record<string, string> {
  const base = { POLYLOG_QNAP_URL: url };
  if (options.loginRequired === false) return base;
  const [user = 'admin', password = 'secret'] = Object.entries(options.users ?? {})[0] ?? [];
  return { ...base, POLYLOG_QNAP_USER: user, POLYLOG_QNAP_PASSWORD: password };
}

function routesOf(station: Station, missing: readonly StationRoute[]): Route[] {
  const endpoints = [
    ...sessionEndpoints,
    ...systemEndpoints,
    ...logEndpoints,
    ...eventEndpoints,
    ...containerEndpoints,
    ...taskEndpoints,
    ...v3Endpoints,
  ];
  const qts = (method: string): Route => ({
    name: 'qts-login',
    method,
    path: '/cgi-bin/authLogin.cgi',
    answer: (asked) => asked.send(200, station.sessions.qtsLogin(asked), head(station, 'text/xml')),
  });
  return [
    ...endpoints.map((endpoint) => ({
      name: endpoint.name,
      method: endpoint.method,
      path: `${station.traits.prefix}/api${endpoint.path}`,
      faults: endpoint.faults ?? answerFaults,
      answer(asked: Exchange) {
        if (missing.includes(endpoint.name)) return noSuchPage(asked, station);
        const session = admit(asked, station, endpoint);
        if (!session) return unauthorized(asked, station);
        try {
          endpoint.answer(asked, session, station);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          fail(asked, station, error);
        }
      },
    })),
    qts('GET'),
    qts('POST'),
  ];
}

function admit(asked: Exchange, station: Station, endpoint: StationEndpoint): Session | undefined {
  const open = endpoint.access === 'open' || endpoint.openIn === station.dialect;
  if (open) return { token: '', user: 'nobody', anonymous: true };
  return endpoint.access === 'bearer' ? station.sessions.ofBearer(asked) : station.sessions.ofCookie(asked);
}
