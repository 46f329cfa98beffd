// The routes of `/api/v1`: session, system, log, containers (wire: Container Station 1, 2, 4). Knows neither prefixes
// nor who is let in.
import {
  head,
  jsonText,
  Refusal,
  reply,
  type Station,
  type StationEndpoint,
  withContainer,
} from './container-station-answers.ts';
import { consoleText } from './container-station-console.ts';
import { HOST_MEMORY, type StationContainer } from './container-station-containers.ts';
import { systemAnswer } from './container-station-dialects.ts';
import type { Session } from './container-station-session.ts';
import { answerFaults, type Exchange } from './http.ts';

export const sessionEndpoints: readonly StationEndpoint[] = [
  { name: 'login', method: 'POST', path: '/v1/login', access: 'open', answer: logIn },
  { name: 'login-refresh', method: 'GET', path: '/v1/login_refresh', answer: greet },
  {
    name: 'logout',
    method: 'PUT',
    path: '/v1/logout',
    answer(asked, session, station) {
      station.sessions.end(session);
      reply(asked, station, { username: session.user });
    },
  },
];

export const logEndpoints: readonly StationEndpoint[] = [
  {
    name: 'log',
    method: 'GET',
    path: '/v1/log',
    answer(asked, _session, station) {
      const rows = station.log.select(asked.query);
      if (typeof rows === 'string') throw new Refusal(400, rows);
      reply(asked, station, rows);
    },
  },
  {
    name: 'log-export',
    method: 'GET',
    path: '/v1/log/export',
    answer: (asked, _session, station) => asked.send(200, station.log.csv(), head(station, 'text/csv')),
  },
  {
    name: 'log-clear',
    method: 'DELETE',
    path: '/v1/log',
    answer: (asked, session, station) =>
      reply(asked, station, { records: station.log.clear(userOf(session)) }),
  },
];

export const systemEndpoints: readonly StationEndpoint[] = [
  {
    name: 'system',
    method: 'GET',
    path: '/v1/system',
    answer: (asked, _session, station) => reply(asked, station, systemAnswer(station.dialect)),
  },
  // Shown without the cookie in the first documents.
  { name: 'resource', method: 'GET', path: '/v1/system/resource', openIn: 'A', answer: measure },
  {
    name: 'apps',
    method: 'GET',
    path: '/v1/apps',
    answer: (asked, _session, station) =>
      reply(asked, station, [{ name: station.world.app, state: 'running' }]),
  },
  {
    name: 'app',
    method: 'GET',
    path: '/v1/apps/:name',
    answer(asked, _session, station) {
      const { name } = asked.params;
      if (name !== station.world.app) throw new Refusal(404, `Application not found: ${name}`);
      reply(asked, station, { name, state: 'running' });
    },
  },
  {
    name: 'app-action',
    method: 'PUT',
    path: '/v1/apps/:name/:action',
    answer(asked, _session, station) {
      const { name } = asked.params;
      if (name !== station.world.app) throw new Refusal(400, `Not running: ${name}`);
      reply(asked, station, []);
    },
  },
  {
    name: 'image-delete',
    method: 'DELETE',
    path: '/v1/image/local/docker/*',
    answer(asked) {
      throw new Refusal(404, `Image not found: ${asked.params['*']}`);
    },
  },
  {
    name: 'import-config',
    method: 'GET',
    path: '/v1/import/config',
    answer() {
      throw new Refusal(400, 'File not supported');
    },
  },
];

export const containerEndpoints: readonly StationEndpoint[] = [
  {
    name: 'containers',
    method: 'GET',
    path: '/v1/container',
    answer(asked, _session, station) {
      reply(asked, station, station.containers.all.map(station.containers.basic));
    },
  },
  {
    name: 'getid',
    method: 'GET',
    path: '/v1/container/docker/getid/:id',
    answer: withContainer((asked, station, container) => {
      asked.send(200, container.id, head(station, 'text/html; charset=utf-8'));
    }),
  },
  {
    name: 'container',
    method: 'GET',
    path: '/v1/container/:type/:id',
    answer: withContainer((asked, station, container) =>
      reply(asked, station, station.containers.basic(container)),
    ),
  },
  {
    name: 'inspect',
    method: 'GET',
    path: '/v1/container/:type/:id/inspect',
    answer: withContainer((asked, station, container) =>
      reply(asked, station, station.containers.inspect(container)),
    ),
  },
  {
    name: 'console',
    method: 'GET',
    path: '/v1/container/:type/:id/logs',
    faults: [...answerFaults, 'repeated-lines', 'endless-line'],
    answer: withContainer(showConsole),
  },
  { name: 'container-action', method: 'PUT', path: '/v1/container/:type/:id/:action', answer: act },
];

function logIn(asked: Exchange, _nobody: Session, station: Station): void {
  const session = station.sessions.login(asked);
  if (session === 'malformed') throw new Refusal(400, 'Bad Request');
  if (session === 'two-factor') throw new Refusal(403, '2-step verification is enabled');
  if (session === 'wrong') {
    throw new Refusal(401, station.traits.errors === 'flat' ? 'unauthorized' : 'Wrong username or password');
  }
  const cookie = `${station.traits.cookie}=${session.token}; Path=/`;
  reply(asked, station, greeting(session, station), session.anonymous ? {} : { 'Set-Cookie': cookie });
}

function greet(asked: Exchange, session: Session, station: Station): void {
  reply(asked, station, greeting(session, station));
}

function greeting(session: Session, station: Station): Record<string, unknown> {
  return {
    anonymous: session.anonymous,
    isAdmin: !session.anonymous,
    ...(station.dialect === 'C' ? { isVm: false } : {}),
    logintime: station.clock.wall(station.world.now()),
    username: session.user,
  };
}

/** Rows of a station without login carry `Anonymous` (wire: Container Station 1.2). */
function userOf(session: Session): string {
  return session.anonymous ? 'Anonymous' : session.user;
}

function measure(asked: Exchange, _session: Session, station: Station): void {
  const total = Math.floor(HOST_MEMORY / 1024 / 1024);
  const loads = station.containers.all.map((container) => station.containers.basic(container));
  const sum = (name: string): number => loads.reduce((so, load) => so + Number(load[name] ?? 0), 0);
  const used = Math.floor(1024 + sum('memory') / 1024 / 1024);
  const [buffers, cached] = [585, 3336];
  const share = (part: number): number => Math.floor((part / total) * 100);
  reply(asked, station, {
    cpu_usage: Math.min(100, sum('cpu') * 100).toFixed(1),
    memory_usage: {
      buffers,
      cached,
      percent: share(used),
      percent_buffers: share(buffers),
      percent_cached: share(cached),
      total,
      used,
    },
  });
}

function showConsole(asked: Exchange, station: Station, container: StationContainer): void {
  if (container.type === 'lxc') throw new Refusal(400, 'Not supported');
  const asks = asked.query.get('tail') || '100';
  if (!/^\d{1,9}$/.test(asks)) throw new Refusal(400, 'Invalid parameter: tail');
  if (asked.fault?.name === 'endless-line') {
    // The fault strikes at the first piece and fills the string up with its bytes.
    const stream = asked.lines(200, head(station));
    stream.write('{"logs": "');
    stream.write(`", "tail": ${asks}}`);
    stream.end();
    return;
  }
  const text = consoleText(station.world, container, {
    tail: station.ignoreTail ? undefined : Number(asks),
    repeated: asked.fault?.name === 'repeated-lines',
    eatHead: station.eatHead,
  });
  const shown = container.type === 'lxd' ? text : { logs: text, tail: Number(asks) };
  asked.send(200, jsonText(station, shown), head(station));
}

// The answer is the last status, taken at once and so not final (wire: Container Station 4.2).
function act(asked: Exchange, session: Session, station: Station): void {
  const { action } = asked.params;
  if (action !== 'start' && action !== 'stop' && action !== 'restart') {
    throw new Refusal(404, 'Not Found');
  }
  withContainer((_asked, _station, container) => {
    const before = station.containers.basic(container);
    const early = action === 'restart' && container.type !== 'docker';
    if (early) station.containers.set(container, 'stopped');
    reply(asked, station, early ? station.containers.basic(container) : before);
    station.containers.set(container, action === 'stop' ? 'stopped' : 'running');
    station.story.acted(container, action, userOf(session));
  })(asked, session, station);
}
