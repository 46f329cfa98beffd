// DigitalOcean's App Platform for the contract suite: the run log over websockets and as plain text.
import type { Provider } from '../../src/provider.ts';
import { createClient, USUAL_TIMING } from '../../src/providers/digitalocean/client.ts';
import { digitalocean } from '../../src/providers/digitalocean/index.ts';
import { type DigitaloceanKnobs, startDigitalocean } from '../../src/sandbox/digitalocean.ts';
import { type Dialect, grow, outputOf } from './dialect.ts';
import { cannot, on, type Pace, type Platform, type Routes, type Strikes, type Variant } from './entry.ts';

function provider({ retry, keepalive }: Pace): Provider {
  const watch = keepalive > 0 ? { watch: keepalive, newestEvery: 2 } : {};
  return {
    ...digitalocean,
    connect: (settings, network) =>
      createClient(settings, network, {
        ...USUAL_TIMING,
        watchShare: 1,
        phase: 2,
        slack: 5000,
        retry,
        ...watch,
      }),
  };
}

const routes: Routes = {
  credential: 'apps',
  session: null,
  open: 'apps',
  connect: 'logs',
  past: 'live',
  live: 'live',
  bare: ['live', 'live-text', 'archive'],
};

const strikes: Strikes = {
  ...on('live', 'reset-mid-line', 'reset-mid-character', 'half-open', 'clean-end'),
  ...on('live', 'close-1000', 'close-1001', 'close-1011', 'refuse-upgrade', 'connection-refused'),
  ...on('live', 'rate-limited', 'server-error', 'html-error', 'unauthorized', 'expired-url'),
  ...on('live', 'out-of-order', 'repeated-lines'),
  ...on('logs', 'not-json', 'cut-body'),
  ...cannot('an answer without addresses says that there is no log', 'wrong-shape'),
  ...cannot('a frame comes whole or not at all', 'slow-body'),
  ...cannot('the sandbox leaves such a line open for ever', 'endless-line'),
};

/** The same URL, read where websockets are refused. */
const textStrikes: Strikes = {
  ...strikes,
  ...on('live-text', 'reset-mid-line', 'reset-mid-character', 'half-open', 'clean-end', 'slow-body'),
  ...on('live-text', 'connection-refused', 'rate-limited', 'server-error', 'html-error', 'unauthorized'),
  ...on('live-text', 'expired-url', 'out-of-order', 'repeated-lines', 'endless-line'),
  ...cannot('plain text is no websocket', 'refuse-upgrade', 'close-1000', 'close-1001', 'close-1011'),
};

const text: Partial<Variant> = {
  routes: { ...routes, past: 'live-text', live: 'live-text' },
  past: textStrikes,
  live: { ...textStrikes, ...cannot('live lines come as they are written', 'out-of-order') },
  unreadable: { cannot: 'every text is a line' },
};

function variant(name: string, knobs: Partial<DigitaloceanKnobs>, more: Partial<Variant> = {}): Variant {
  return {
    name,
    target: 'shop',
    unknown: 'nosuch',
    routes,
    past: strikes,
    live: { ...strikes, ...cannot('live lines come as they are written', 'out-of-order') },
    credentialTries: 1,
    ownWatch: 'the adapter itself asks whether a quiet log has grown',
    unreadable: {
      prepare: ({ server }) => {
        server.faults.add({ name: 'not-json', route: 'live', afterLines: more.framesPerLine ?? 1 });
      },
      send: ({ write }) => write('behind it'),
      raw: 'this is {no JSON',
    },
    linesAsked(path) {
      const lines = Number(new URL(path, 'http://sandbox').searchParams.get('tail_lines') ?? Number.NaN);
      return lines > 0 ? lines : null;
    },
    async start(world) {
      const server = await startDigitalocean({
        ratePerMinute: 1_000_000,
        ratePerHour: 1_000_000,
        ...knobs,
        world,
      });
      return {
        server,
        write: (text, at) => {
          world.write({ text, ...(at ? { at } : {}) });
        },
      };
    },
    ...more,
  };
}

function dialect(name: string, knobs: Partial<DigitaloceanKnobs>, more: Partial<Dialect> = {}): Dialect {
  return {
    name,
    target: 'shop',
    unknown: 'nosuch',
    start: (world) =>
      startDigitalocean({
        ratePerMinute: 1_000_000,
        ratePerHour: 1_000_000,
        ...knobs,
        world,
      }),
    routes: {
      session: null,
      bare: ['live', 'live-text', 'archive'],
      builds: 'deployments',
      output: 'live',
      metrics: 'metrics',
      events: 'events',
    },
    // The deployment that the app was founded with.
    older: 1,
    replaced: 'superseded',
    said: outputOf('build'),
    happen: grow,
    ...more,
  };
}

function refusingSockets(one: Variant): Variant {
  return {
    ...one,
    async start(world, wishes) {
      const stage = await one.start(world, wishes);
      stage.server.faults.add({ name: 'refuse-upgrade', route: 'live', times: Number.POSITIVE_INFINITY });
      return stage;
    },
  };
}

export const platform: Platform = {
  name: 'digitalocean',
  provider,
  named: /DigitalOcean/,
  wrong: {
    DIGITALOCEAN_ACCESS_TOKEN: `dop_v1_${'0f'.repeat(32)}`,
    POLYLOG_DIGITALOCEAN_TOKEN: `dop_v1_${'0f'.repeat(32)}`,
  },
  variants: [
    variant('websocket', {}),
    variant(
      'websocket, frames that break off in mid-line',
      { answerForm: 'padded', frames: 'binary', linesPerFrame: 3, splitLines: true, liveScheme: 'ws' },
      { framesPerLine: 2 },
    ),
    refusingSockets(variant('plain text', {}, text)),
  ],
  dialects: [
    dialect('as its clients read it', {}),
    dialect('as its documentation has it', {
      answerForm: 'seed',
      wrapForm: 'example',
      linePrecision: 'second',
    }),
    dialect('answers without wrapping, archives in many parts', {
      answerForm: 'padded',
      wrapForm: 'bare',
      archiveForm: 'gzip',
      archiveParts: 3,
      linesPerFrame: 3,
      splitLines: true,
    }),
  ],
};
