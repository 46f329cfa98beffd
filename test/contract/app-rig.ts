// One platform's sandbox with our adapter connected to it, for builds, metrics and events. Knows no platform.
import { describe, it, onTestFinished } from 'vitest';
import type { CliError, ErrorKind } from '../../src/errors.ts';
import type { Build, LogEntry, PlatformEvent } from '../../src/model.ts';
import {
  type AppRef,
  type BuildsCapability,
  type Capability,
  type EventsCapability,
  isSupported,
  type MetricsCapability,
  type Provider,
  type Source,
} from '../../src/provider.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { SandboxServer } from '../../src/sandbox/server.ts';
import { createWorld, type DeployStatus, type World, type WorldDeploy } from '../../src/sandbox/world.ts';
import { resolveSettings } from '../../src/settings.ts';
import { type FeedOptions, type FeedStep, feed } from '../../src/stream/feed.ts';
import type { RetryRules } from '../../src/transport/retry.ts';
import type { Dialect } from './dialect.ts';
import type { Platform } from './entry.ts';
import { PLATFORMS } from './platforms.ts';
import { networkOf, PATIENT, quietness, sentenceOf, TIMING } from './rig.ts';
import { expectNoSecretAstray, wordsOfError } from './secrets.ts';
import { eventually } from './tail.ts';
import { watchTraffic } from './traffic.ts';

export interface AppRig {
  readonly dialect: Dialect;
  readonly provider: Provider;
  readonly world: World;
  readonly server: SandboxServer;
  readonly client: unknown;
  readonly ref: AppRef;
  readonly signal: AbortSignal;
  readonly builds: BuildsCapability<unknown>;
  readonly metrics: MetricsCapability<unknown>;
  readonly events: EventsCapability<unknown>;
  refOf(target: string): AppRef;
  /** Another signal, aborted at the latest when the test is over. */
  stop(): AbortController;
  /** All of them, newest first. */
  allBuilds(): Promise<Build[]>;
  build(deploy: WorldDeploy): Promise<Build>;
  /** Something that the events tell happens, a second after what was before it. */
  happen(number: number): void;
  /** A deploy that has come so far. */
  deployed(to: DeployStatus, wish?: { fail?: boolean; message?: string }): WorldDeploy;
  /** Always, unless told otherwise. */
  strike(fault: Fault): void;
  asked(route: string): number;
  /** Resolves when that route has been asked more often than now. */
  isAsked(route: string): Promise<void>;
  /** The past alone, to its end. */
  past<T>(source: Source<T>, options?: Partial<FeedOptions<T>>): Promise<T[]>;
  /** Follows until the feed ends or `stop` is aborted; `items` grows meanwhile. */
  follow<T>(source: Source<T>, options?: Partial<FeedOptions<T>>): Following<T>;
  /** Resolves when neither a stream nor a request is open any more. */
  quiet(): Promise<void>;
  /** One sentence of that kind that names the platform. */
  expectSentence(error: unknown, kind: ErrorKind): CliError;
}

export interface Following<T> {
  readonly items: readonly T[];
  readonly steps: readonly FeedStep<T>[];
  readonly stop: AbortController;
  /** How it ended, or what it threw; never rejects. */
  readonly end: Promise<unknown>;
  until(condition: () => boolean): Promise<void>;
}

export interface AppContract {
  readonly platform: Platform;
  readonly dialect: Dialect;
  readonly rig: (options?: { readonly retry?: RetryRules }) => Promise<AppRig>;
  /** A test of what not every platform has; skipped with the reason where there is one. */
  unless(reason: string | null | undefined, title: string, test: () => Promise<void>): void;
}

/** Registers the tests for every dialect of every platform. */
export function appContract(subject: string, tests: (contract: AppContract) => void): void {
  for (const platform of PLATFORMS) {
    for (const dialect of platform.dialects) {
      describe(`${subject}: ${platform.name}, ${dialect.name}`, () => {
        tests({
          platform,
          dialect,
          rig: (options) => startAppRig(platform, dialect, options?.retry ?? PATIENT),
          unless(reason, title, test) {
            if (reason === null || reason === undefined) it(title, test);
            else it.skip(`${title} (${reason})`, test);
          },
        });
      });
    }
  }
}

export async function collected<T>(source: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const some of source) all.push(...some);
  return all;
}

/** The world begins so long ago, so that what happens one after the other can have times of its own. Milliseconds. */
const BEHIND = 120_000;

async function startAppRig(platform: Platform, dialect: Dialect, retry: RetryRules): Promise<AppRig> {
  const provider = platform.provider({ retry, keepalive: 2 });
  let behind = BEHIND;
  const world = createWorld({ scale: 0, past: 0, now: () => Date.now() - behind });
  const server = await dialect.start(world);
  const traffic = watchTraffic();
  const said: string[] = [];
  const settings = resolveSettings(provider, { env: server.env, flags: {} });
  const network = networkOf(provider, settings, { said, retry });
  const client = provider.connect(settings, network);
  const stops: AbortController[] = [];
  const stop = () => {
    const own = new AbortController();
    stops.push(own);
    return own;
  };
  onTestFinished(async () => {
    for (const each of stops) each.abort(new Error('the test is over'));
    await network.close();
    await server.close();
    world.close();
    traffic.close();
    const { session, bare } = dialect.routes;
    expectNoSecretAstray({ provider, settings, requests: server.requests, routes: { session, bare }, said });
  });
  const { signal } = stop();
  const ref = provider.parseRef(dialect.target);
  const builds = capability(provider.builds);
  const follow = <T>(source: Source<T>, options: Partial<FeedOptions<T>> = {}): Following<T> => {
    const items: T[] = [];
    const steps: FeedStep<T>[] = [];
    const own = stop();
    const wishes = { keep: () => true, lines: 'all' as const, since: null, until: null, follow: true };
    const read = async () => {
      for await (const step of feed(source, { ...wishes, timing: TIMING, ...options }, own.signal)) {
        steps.push(step);
        if (step.kind === 'items') items.push(...step.items);
        if (step.kind === 'notice') said.push(step.notice.message);
      }
    };
    const end = read().then(
      () => 'ended',
      (error: unknown) => {
        said.push(wordsOfError(error));
        return error;
      },
    );
    return { items, steps, stop: own, end, until: (condition) => eventually(condition) };
  };
  const asked = (route: string) => server.requests.filter((request) => request.route === route).length;
  return {
    dialect,
    provider,
    world,
    server,
    client,
    ref,
    signal,
    builds,
    metrics: capability(provider.metrics),
    events: capability(provider.events),
    refOf: (target) => provider.parseRef(target),
    stop,
    allBuilds: () => collected(builds.list(client, ref, signal)),
    build: (deploy) => builds.get(client, ref, dialect.idOf?.(deploy) ?? deploy.id, signal),
    happen(number) {
      behind -= 1000;
      dialect.happen(world, number);
    },
    deployed(to, wish = { fail: to === 'failed' }) {
      const deploy = world.deploy(wish);
      if (to !== 'queued') world.advance(deploy.id, 'building');
      if (to === 'succeeded') world.advance(deploy.id, 'deploying');
      if (to !== 'queued' && to !== 'building') world.advance(deploy.id, to);
      return deploy;
    },
    strike: (fault) => void server.faults.add({ times: Number.POSITIVE_INFINITY, ...fault }),
    asked,
    async isAsked(route) {
      const before = asked(route);
      await eventually(() => asked(route) > before, `${route} is asked`);
    },
    async past(source, options = {}) {
      const following = follow(source, { ...options, follow: false });
      const end = await following.end;
      if (end !== 'ended') throw end;
      return [...following.items];
    },
    follow,
    quiet: () => quietness(server, traffic),
    expectSentence(error, kind) {
      said.push(wordsOfError(error));
      return sentenceOf(error, { kind, named: platform.named });
    },
  };
}

function capability<T extends object>(given: Capability<T>): T {
  if (!isSupported(given)) throw new Error(given.unsupported);
  return given;
}

export type BuildLog = Source<LogEntry>;
export type Events = Source<PlatformEvent>;
