// One platform around a still world, for tests of builds, figures and events: nothing happens unless the test says so.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AkkerisOptions, startAkkeris } from '../../src/sandbox/akkeris.ts';
import { type ContainerStationOptions, startContainerStation } from '../../src/sandbox/container-station.ts';
import { type DigitaloceanKnobs, startDigitalocean } from '../../src/sandbox/digitalocean.ts';
import { type ScalingoOptions, startScalingo } from '../../src/sandbox/scalingo.ts';
import type { SandboxServer, SeenRequest } from '../../src/sandbox/server.ts';
import { createWorld, type World, type WorldDeploy, type WorldOptions } from '../../src/sandbox/world.ts';
import { type Env, QUICK } from './run-polylog.ts';

export const PLATFORMS = ['scalingo', 'container-station', 'akkeris', 'digitalocean'] as const;
export type PlatformName = (typeof PLATFORMS)[number];

export interface Words {
  /** As typed. */
  readonly target: string;
  /** In sentences. */
  readonly label: string;
  /** In the commands that sentences name. */
  readonly address: string;
  /** The sandbox's names of its routes: the list of builds, one build. */
  readonly list: string;
  readonly look: string;
  /** What stands on stdout as soon as a build that runs is followed. */
  readonly firstLine: string;
}

export const WORDS: Readonly<Record<PlatformName, Words>> = {
  scalingo: {
    target: 'scalingo:shop',
    label: 'scalingo:shop',
    address: 'scalingo:shop',
    list: 'deployments',
    look: 'deployment',
    firstLine: 'Fetching source code',
  },
  'container-station': {
    target: 'qnap:',
    label: 'container-station',
    address: 'container-station:',
    list: 'background',
    look: 'background',
    firstLine: 'Start to do background task',
  },
  akkeris: {
    target: 'akkeris:shop-default',
    label: 'akkeris:shop-default',
    address: 'akkeris:shop-default',
    list: 'builds',
    look: 'build',
    firstLine: 'Fetching source code',
  },
  digitalocean: {
    target: 'do:shop',
    label: 'digitalocean:shop',
    address: 'digitalocean:shop',
    list: 'deployments',
    look: 'deployment',
    firstLine: 'Fetching source code',
  },
};

export interface StillOptions {
  readonly world?: WorldOptions;
  readonly scalingo?: Partial<ScalingoOptions>;
  readonly station?: Partial<ContainerStationOptions>;
  readonly akkeris?: Partial<AkkerisOptions>;
  readonly digitalocean?: DigitaloceanKnobs;
}

export interface Still extends Words {
  readonly name: PlatformName;
  readonly world: World;
  readonly server: SandboxServer;
  /** Address and credential; use one test's environment for no other. */
  readonly env: Env;
  /** What the platform calls this deploy. */
  idOf(deploy: WorldDeploy): string;
  /** Resolves after so many (1) answers of that route. */
  answered(route: string, times?: number): Promise<void>;
  close(): Promise<void>;
}

/** One of each platform, closed together. */
export class Stills extends Map<PlatformName, Still> {
  of(name: PlatformName): Still {
    const still = this.get(name);
    if (!still) throw new Error(`${name} has not begun`);
    return still;
  }

  async close(): Promise<void> {
    for (const still of this.values()) await still.close();
  }
}

export async function startStill(name: PlatformName, options: StillOptions = {}): Promise<Still> {
  const world = createWorld({ scale: 0, past: 0, ...options.world });
  const server = await startServer(name, world, options);
  return {
    ...WORDS[name],
    name,
    world,
    server,
    env: { ...server.env, ...QUICK },
    // Two tasks are older than the world.
    idOf: ({ id, number }) => (name === 'container-station' ? String(number + 2) : id),
    answered: (route, times = 1) =>
      new Promise((resolve) => {
        let left = times;
        const stop = server.onAnswered((request: SeenRequest) => {
          if (request.route !== route || --left > 0) return;
          stop();
          resolve();
        });
      }),
    async close() {
      world.close();
      await server.close();
    },
  };
}

function startServer(name: PlatformName, world: World, options: StillOptions): Promise<SandboxServer> {
  switch (name) {
    case 'scalingo':
      return startScalingo({ world, ratePerMinute: 0, ...options.scalingo });
    case 'container-station':
      return startContainerStation({ world, routineEvery: 0, nasUtcOffset: 0, ...options.station });
    case 'akkeris':
      return startAkkeris({ world, snapshotMs: 0, ...options.akkeris });
    case 'digitalocean':
      return startDigitalocean({ world, ratePerMinute: 1e6, ratePerHour: 1e6, ...options.digitalocean });
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** In place of the body: each is a chunk of its own. */
  readonly pieces?: readonly string[];
}

export interface Between {
  readonly env: Env;
  /** The answers to all requests from now on go through it; undefined: as the platform gave it. */
  change: (path: string, answer: Answer) => Answer | undefined;
  close(): Promise<void>;
}

/** Stands in front of a platform's REST API and says other things than it: what no sandbox would say. */
export async function startBetween({ server }: Still): Promise<Between> {
  const upstream = server.url;
  const http = createServer(async (request, response) => {
    const path = request.url ?? '/';
    const { change } = between;
    const answer = await fetch(`${upstream}${path}`, {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(
        Object.entries(request.headers).flatMap(([key, value]) =>
          ['host', 'connection', 'transfer-encoding', 'content-length'].includes(key) || value === undefined
            ? []
            : [[key, String(value)]],
        ),
      ),
      ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: await bodyOf(request) }),
      redirect: 'manual',
    });
    const own = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const given: Answer = { status: answer.status, body: (await answer.text()).replaceAll(upstream, own) };
    const { status, body, pieces = [body] } = change(path, given) ?? given;
    const cookies = answer.headers.getSetCookie();
    response.writeHead(status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
    });
    for (const piece of pieces) await new Promise((sent) => response.write(piece, sent));
    response.end();
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const between: Between = {
    env: Object.fromEntries(
      Object.entries({ ...server.env, ...QUICK }).map(([key, value]) => [key, value.replace(upstream, url)]),
    ),
    change: () => undefined,
    async close() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return between;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
