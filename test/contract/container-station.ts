// QNAP Container Station for the contract suite: the activity log and the console of a container, in several dialects.
import { containerStationAt } from '../../src/providers/container-station/index.ts';
import {
  type ContainerStationOptions,
  type ContainerStationServer,
  startContainerStation,
} from '../../src/sandbox/container-station.ts';
import type { Dialect, DialectRoutes } from './dialect.ts';
import {
  type Cannot,
  cannot,
  instead,
  on,
  type Platform,
  type Routes,
  type Strikes,
  type Variant,
} from './entry.ts';

const PASSWORD = 'Pa55-w0rd-of-the-NAS';
const MOST_TAIL = 5000;

function strikesOn(route: string): Strikes {
  return {
    ...instead({ name: 'cut-body', route }, 'reset-mid-line', 'cut-body'),
    ...on(route, 'half-open', 'unauthorized', 'rate-limited', 'server-error', 'html-error'),
    ...on(route, 'slow-body', 'not-json', 'wrong-shape', 'connection-refused'),
    ...cannot('answers are JSON of plain ASCII', 'reset-mid-character'),
    ...cannot('there are no websockets', 'refuse-upgrade', 'close-1000', 'close-1001', 'close-1011'),
    ...cannot('every answer ends: that is how it is whole', 'clean-end'),
    ...cannot('there are no signed addresses', 'expired-url'),
    ...cannot('rows come by id, a console in one piece', 'out-of-order'),
    ...cannot('rows have ids', 'repeated-lines'),
    ...cannot('rows come as JSON in pages', 'endless-line'),
  };
}

/** The whole console is one string. */
const consoleStrikes = {
  ...on('console', 'repeated-lines'),
  ...instead({ name: 'endless-line', route: 'console', afterLines: 0 }, 'endless-line'),
};

function routesOf(log: string): Routes {
  return { credential: 'login', session: 'login', open: log, connect: log, past: log, live: log, bare: [] };
}

const unreadable: Cannot = {
  cannot: 'a row is read as a whole or is an error; every text of a console is a line',
};

function station(knobs: Partial<ContainerStationOptions>): Omit<Variant, 'name' | 'target' | 'routes'> {
  const { dialect = 'E' } = knobs;
  return {
    unknown: 'docker/nosuch',
    past: strikesOn('log'),
    live: strikesOn('log'),
    // Versions before 2.4 are tried with a form too.
    credentialTries: dialect < 'E' ? 2 : 1,
    unreadable,
    linesAsked(path) {
      const query = new URL(path, 'http://sandbox').searchParams;
      return Number(query.get('limit') ?? query.get('tail') ?? Number.NaN) || null;
    },
    async start(world) {
      const users = { admin: PASSWORD };
      const server = await startContainerStation({
        users,
        rows: [],
        events: [],
        routineEvery: 0,
        ...knobs,
        world,
      });
      return {
        server,
        write: (text, at) => {
          server.addRow({ message: text, ...(at ? { at } : {}) });
        },
      };
    },
  };
}

function activity(name: string, knobs: Partial<ContainerStationOptions> = {}): Variant {
  return { ...station(knobs), name, target: '', routes: routesOf('log') };
}

function consoleOf(name: string, knobs: Partial<ContainerStationOptions> = {}): Variant {
  return {
    ...station(knobs),
    name,
    target: 'docker/shop-web',
    routes: routesOf('console'),
    lossy: 'between two looks no more is seen than the longest tail',
    past: { ...strikesOn('console'), ...consoleStrikes },
    live: { ...strikesOn('console'), ...consoleStrikes },
    async start(world, wishes) {
      const stage = await station(knobs).start(world, wishes);
      return {
        ...stage,
        write: (text, at) => {
          world.write({ text, ...(at ? { at } : {}) });
        },
      };
    },
  };
}

/** Logs in with a QTS session in place of a password. */
function withSid(variant: Variant): Variant {
  return {
    ...variant,
    async start(world, wishes) {
      const stage = await variant.start(world, wishes);
      const { sid } = stage.server as ContainerStationServer;
      const env = { POLYLOG_QNAP_SID: sid, POLYLOG_QNAP_USER: undefined, POLYLOG_QNAP_PASSWORD: undefined };
      return { ...stage, env };
    },
  };
}

const taskRoutes: DialectRoutes = {
  session: 'login',
  bare: [],
  builds: 'background',
  output: 'background',
  metrics: 'containers',
  events: 'event',
};

/** One whole station in a dialect. */
function dialect(letter: Letter, version: string, more: Partial<Dialect> = {}): Dialect {
  return {
    name: version,
    target: '',
    unknown: 'docker/nosuch',
    start: (world) =>
      startContainerStation({
        users: { admin: PASSWORD },
        events: [],
        routineEvery: 0,
        secondMs: 1,
        dialect: letter,
        world,
      }),
    routes: taskRoutes,
    idOf: ({ number }) => String(number + 2),
    older: 2,
    // What was stopped has ended in an error.
    words: { cancelled: 'failed' },
    said: () => [],
    happen(world) {
      const about = { component: 'worker', user: 'alice', text: 'restart', detail: {} };
      world.record({ kind: 'restart', ...about });
    },
    ...more,
  };
}

type Letter = NonNullable<ContainerStationOptions['dialect']>;

const provider = containerStationAt({
  eventMinMillis: 2,
  pollMillis: 2,
  pageRows: 40,
  pollTail: 50,
  mostTail: MOST_TAIL,
});

export const platform: Platform = {
  name: 'container-station',
  provider: () => provider,
  named: /Container Station/,
  wrong: { POLYLOG_QNAP_USER: 'admin', POLYLOG_QNAP_PASSWORD: 'wrong-Pa55-w0rd', POLYLOG_QNAP_SID: '' },
  variants: [
    activity('activity log'),
    withSid(activity('activity log, with a session id')),
    activity('activity log of 1.3', { dialect: 'B' }),
    activity('activity log of 1.8, 5.5 hours ahead', { dialect: 'D', nasUtcOffset: 330 }),
    consoleOf('console with a TTY'),
    consoleOf('console without one, of 1.7', { dialect: 'C', tty: [] }),
  ],
  dialects: [
    dialect('A', 'of 2015-03', {
      idOf: ({ number }) => `create-${number + 2}`,
      older: 4,
      routes: { ...taskRoutes, builds: 'image-create', output: 'image-create' },
    }),
    dialect('B', '1.3', { older: 4 }),
    dialect('C', '1.7'),
    dialect('D', '1.8'),
    dialect('E', '2.4'),
    dialect('F', '3.0', {
      idOf: ({ number }) => `t${number + 2}`,
      routes: {
        ...taskRoutes,
        builds: 'v3-tasks',
        output: 'v3-tasks',
        metrics: 'v3-containers',
        events: 'v3-containers',
      },
      eventless: 'version 3 has no list of events: changes are noticed while they are watched for',
    }),
  ],
};
