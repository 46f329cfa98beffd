// Scalingo for the contract suite: both kinds of live connection, both dialects of frames, an add-on.
import type { Provider } from '../../src/provider.ts';
import { createClient } from '../../src/providers/scalingo/client.ts';
import { scalingo } from '../../src/providers/scalingo/index.ts';
import { type ScalingoOptions, type ScalingoServer, startScalingo } from '../../src/sandbox/scalingo.ts';
import { type Dialect, grow, outputOf } from './dialect.ts';
import { cannot, on, type Pace, type Platform, type Routes, type Strikes, type Variant } from './entry.ts';
import { pastTime } from './past-time.ts';

const provider = ({ retry }: Pace): Provider => ({
  ...scalingo,
  connect: (settings, network) =>
    createClient(settings, network, {
      now: Date.now,
      budget: { burst: 1000, interval: 1 },
      retry,
      pace: { events: 2, output: 2, bell: 2, status: 50, settle: 2 },
    }),
});

const routes: Routes = {
  credential: 'exchange',
  session: 'exchange',
  open: 'logs-url',
  connect: 'logs-url',
  past: 'dump',
  live: 'stream',
  bare: ['dump', 'stream', 'event-stream', 'archive-file'],
};

const past: Strikes = {
  ...on(
    'dump',
    'reset-mid-line',
    'reset-mid-character',
    'half-open',
    'clean-end',
    'slow-body',
    'endless-line',
  ),
  ...on('dump', 'rate-limited', 'server-error', 'html-error', 'connection-refused', 'unauthorized'),
  ...on('dump', 'expired-url', 'out-of-order', 'repeated-lines'),
  ...on('logs-url', 'not-json', 'wrong-shape', 'cut-body'),
  ...cannot('a dump is a plain answer', 'refuse-upgrade', 'close-1000', 'close-1001', 'close-1011'),
};

const socket: Strikes = {
  ...on('stream', 'reset-mid-line', 'reset-mid-character', 'half-open', 'clean-end'),
  ...on('stream', 'close-1000', 'close-1001', 'close-1011', 'refuse-upgrade', 'connection-refused'),
  ...on('stream', 'rate-limited', 'server-error', 'html-error', 'unauthorized', 'expired-url'),
  ...on('stream', 'repeated-lines'),
  ...on('logs-url', 'not-json', 'wrong-shape', 'cut-body'),
  ...cannot('a frame comes whole or not at all', 'slow-body', 'endless-line'),
  ...cannot('the sandbox disorders only what it looks back on', 'out-of-order'),
};

const events: Strikes = {
  ...on('event-stream', 'reset-mid-line', 'reset-mid-character', 'half-open', 'clean-end', 'slow-body'),
  ...on('event-stream', 'rate-limited', 'server-error', 'html-error', 'unauthorized', 'expired-url'),
  ...on('event-stream', 'connection-refused', 'repeated-lines'),
  ...on('logs-url', 'not-json', 'wrong-shape', 'cut-body'),
  ...cannot('an event stream is a plain answer', 'refuse-upgrade', 'close-1000', 'close-1001', 'close-1011'),
  ...cannot('an event without an end is refused by the transport, whose tests have it', 'endless-line'),
  ...cannot('the sandbox disorders only what it looks back on', 'out-of-order'),
};

function variant(name: string, knobs: Partial<ScalingoOptions>, more: Partial<Variant> = {}): Variant {
  const usesEvents = knobs.upgrade !== undefined;
  return {
    name,
    target: 'shop',
    unknown: 'nosuch',
    routes: { ...routes, live: usesEvents ? 'event-stream' : 'stream' },
    past,
    live: usesEvents ? events : socket,
    credentialTries: 1,
    unreadable: {
      raw: usesEvents ? '    at <anonymous>' : 'this is {no JSON',
      prepare({ server }) {
        if (!usesEvents) server.faults.add({ name: 'not-json', route: 'stream', afterLines: 1 });
      },
      send: ({ write }) => write('    at <anonymous>'),
    },
    linesAsked: (path) => Number(new URL(path, 'http://sandbox').searchParams.get('n') ?? Number.NaN) || null,
    async start(world, { keepalive = 0 }) {
      // A line that shows nowhere: the archives end where the world begins.
      world.write({ text: '', kind: 'build', at: pastTime(-3600) });
      const server = await startScalingo({
        archives: 2,
        linesPerArchive: 60,
        ratePerMinute: 0,
        headless: usesEvents,
        ...knobs,
        world,
        keepaliveMs: keepalive,
      });
      return {
        server,
        write: (text, at) => {
          world.write({ text, ...(at ? { at } : {}) });
        },
        kept: () => archived(server),
      };
    },
    ...more,
  };
}

function dialect(name: string, knobs: Partial<ScalingoOptions>): Dialect {
  return {
    name,
    target: 'shop',
    unknown: 'nosuch',
    start: (world) => startScalingo({ archives: 0, ratePerMinute: 0, ...knobs, world }),
    routes: {
      session: 'exchange',
      bare: [],
      builds: 'deployments',
      output: 'output',
      metrics: 'series',
      events: 'events',
    },
    said: outputOf('build', 'deploy'),
    happen: grow,
  };
}

/** Messages of the two archives, oldest first. */
function archived(server: ScalingoServer): string[] {
  const lines = [server.archiveText(1), server.archiveText(0)].join('').trimEnd().split(/\r?\n/);
  return lines.map((line) => line.replace(/^[\d-]+ [\d:.]+ \S+ \S+ \[[^\]]+\] /, ''));
}

const addon = variant(
  'log of an add-on',
  { archives: 0 },
  {
    flags: { addon: 'postgresql' },
    routes: { ...routes, open: 'addons', connect: 'addon-logs', session: 'addon-token' },
    past: { ...past, ...on('addon-logs', 'not-json', 'wrong-shape', 'cut-body') },
    live: { ...socket, ...on('addon-logs', 'not-json', 'wrong-shape', 'cut-body') },
  },
);

export const platform: Platform = {
  name: 'scalingo',
  provider,
  named: /Scalingo/,
  wrong: { SCALINGO_API_TOKEN: 'tk-us-wrong-token-for-the-contract' },
  variants: [
    variant('websocket', {}),
    variant('websocket, other dialect', {
      frameKey: 'name',
      linesPerFrame: 7,
      lineEnding: '\n',
      finalEnding: 'missing',
      zone: 'utc',
      rateBody: 'json',
      denied: 'json-403',
      archiveEncoding: 'declared',
    }),
    variant(
      'websocket, sampled dumps',
      { dump: 'sampled', empty: 404 },
      { inexact: 'n is shared out among several back ends' },
    ),
    variant('event stream of lines', { upgrade: 400 }),
    variant('event stream of frames', { upgrade: 403, eventStream: 'json' }),
    {
      ...addon,
      async start(world, wishes) {
        const stage = await addon.start(world, wishes);
        return {
          ...stage,
          kept: () => [],
          write: (text, at) => {
            world.write({ text, component: 'db', ...(at ? { at } : {}) });
          },
        };
      },
    },
  ],
  dialects: [
    dialect('as documented', {}),
    dialect('as recorded', {
      previousPage: 'previous_page',
      newFrame: 'string',
      scaleAmounts: 'integer',
      rateBody: 'json',
      denied: 'json-403',
    }),
  ],
};
