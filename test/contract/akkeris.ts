// Akkeris for the contract suite: both log services, and the service as its documentation has it.
import { akkerisAt } from '../../src/providers/akkeris/index.ts';
import { type AkkerisOptions, startAkkeris } from '../../src/sandbox/akkeris.ts';
import { type Dialect, type DialectRoutes, grow, outputOf } from './dialect.ts';
import { cannot, on, type Platform, type Routes, type Strikes, type Variant } from './entry.ts';

const routes: Routes = {
  credential: 'app',
  session: null,
  open: 'app',
  connect: 'log-sessions',
  past: null,
  live: 'logplex',
  bare: ['logplex'],
};

const live: Strikes = {
  ...on('logplex', 'reset-mid-line', 'reset-mid-character', 'clean-end', 'slow-body', 'endless-line'),
  ...on('logplex', 'unauthorized', 'rate-limited', 'server-error', 'html-error', 'connection-refused'),
  ...on('logplex', 'expired-url', 'repeated-lines'),
  ...on('log-sessions', 'not-json', 'wrong-shape', 'cut-body'),
  ...cannot('a quiet stream gives no sign of life: a dead one looks the same', 'half-open'),
  ...cannot('there are no websockets', 'refuse-upgrade', 'close-1000', 'close-1001', 'close-1011'),
  ...cannot('the sandbox disorders only what it looks back on', 'out-of-order'),
};

function variant(name: string, knobs: Partial<AkkerisOptions>, more: Partial<Variant> = {}): Variant {
  return {
    name,
    target: 'shop-default',
    unknown: 'nosuch-default',
    routes,
    past: { cannot: 'the platform keeps no history' },
    live,
    credentialTries: 1,
    unreadable: {
      prepare: ({ server }) => {
        server.faults.add({ name: 'not-json', route: 'logplex' });
      },
      send: () => undefined,
      raw: '-- this line has no known form --',
    },
    linesAsked(path, body) {
      if (!path.endsWith('/log-sessions')) return null;
      const { lines } = JSON.parse(body) as { lines?: number };
      return lines ?? null;
    },
    async start(world) {
      const server = await startAkkeris({ idleMs: 0, maxLifeMs: 0, ...knobs, world });
      return {
        server,
        write: (text, at) => {
          world.write({ text, ...(at ? { at } : {}) });
        },
        textOf: ({ body }) => body.message.trimEnd(),
      };
    },
    ...more,
  };
}

const dialectRoutes: DialectRoutes = {
  session: null,
  bare: ['logplex'],
  builds: 'builds',
  output: 'build-result',
  metrics: 'metrics',
  events: 'audits',
};

function dialect(name: string, knobs: Partial<AkkerisOptions>, more: Partial<Dialect> = {}): Dialect {
  return {
    name,
    target: 'shop-default',
    unknown: 'nosuch-default',
    start: (world) => startAkkeris({ snapshotMs: 0, ...knobs, world }),
    routes: dialectRoutes,
    // What is deployed has been built, and there is no word for a build that was stopped.
    words: { deploying: 'succeeded', cancelled: 'failed' },
    said: outputOf('build'),
    happen: grow,
    ...more,
  };
}

const gone = 'what is written while nobody listens is gone';

export const platform: Platform = {
  name: 'akkeris',
  provider: () => akkerisAt({ standsAfter: 5, hintAfter: 60_000, buildEvery: 2, eventsEvery: 2 }),
  named: /Akkeris/,
  wrong: { AKKERIS_TOKEN: 'wrong-akkeris-token', POLYLOG_AKKERIS_TOKEN: 'wrong-akkeris-token' },
  variants: [
    variant('the older log service', {}, { lossy: gone }),
    variant(
      'the newer log service',
      { backend: 'logtail' },
      { lossy: gone, drops: 'it drops what a slow reader does not take', finer: 'it writes microseconds' },
    ),
    variant('as documented', { documented: true }),
  ],
  dialects: [
    dialect('as observed', { partialLines: true }),
    dialect('as documented', { documented: true }),
    dialect(
      'without audits',
      { audits: false },
      {
        happen(world) {
          world.advance(world.deploy().id, 'succeeded');
        },
        routes: { ...dialectRoutes, events: 'releases' },
        spared: { events: 'the events are put together from several lists' },
      },
    ),
  ],
};
