// One platform's sandbox with our adapter connected to it over real sockets, as the program connects it. Knows no
// platform.
import { expect, onTestFinished } from 'vitest';
import { CliError, type ErrorKind } from '../../src/errors.ts';
import type { LogEntry } from '../../src/model.ts';
import {
  isSupported,
  type LogsCapability,
  type Provider,
  type Settings,
  type Source,
} from '../../src/provider.ts';
import type { Fault, FaultName } from '../../src/sandbox/faults.ts';
import type { SandboxServer, SeenRequest } from '../../src/sandbox/server.ts';
import { createWorld, type World } from '../../src/sandbox/world.ts';
import { resolveSettings } from '../../src/settings.ts';
import { type FeedOptions, type FeedStep, type FeedTiming, feed } from '../../src/stream/feed.ts';
import type { Network } from '../../src/transport/network.ts';
import { openNetwork } from '../../src/transport/open-network.ts';
import type { RetryRules } from '../../src/transport/retry.ts';
import type { Platform, Stage, Strike, Struck, Variant, Wishes } from './entry.ts';
import { pastTime } from './past-time.ts';
import { expectNoSecretAstray, wordsOfError } from './secrets.ts';
import { eventually, type Tail, tailOf } from './tail.ts';
import { type Traffic, watchTraffic } from './traffic.ts';

/** Milliseconds. */
export const TIMING: FeedTiming = {
  backoffFirst: 1,
  backoffMost: 4,
  stableAfter: 30_000,
  startWithin: 5000,
  overlap: 30_000,
  idle: 40,
  slowAfter: 30_000,
};
/** Enough for every fault that passes; a wait of seven seconds that is asked for is left to the engine. */
export const PATIENT: RetryRules = { firstDelay: 1, maxTotal: 6000 };
/** For faults that last. */
export const HASTY: RetryRules = { firstDelay: 1, maxTotal: 20 };

export interface RigOptions {
  readonly wishes?: Wishes;
  /** On top of what the sandbox says is needed. */
  readonly env?: Readonly<Record<string, string>>;
  /** PATIENT when absent. */
  readonly retry?: RetryRules;
}

export type Feeding = Partial<FeedOptions<LogEntry>>;

export interface Rig {
  readonly variant: Variant;
  readonly stage: Stage;
  readonly server: SandboxServer;
  readonly world: World;
  readonly traffic: Traffic;
  readonly client: unknown;
  /** Binds the source; the target of the variant when none is given. */
  open(target?: string, signal?: AbortSignal): Promise<Source<LogEntry>>;
  write(...texts: string[]): void;
  /** Lines `past 1` to `past n`, a second apart, of which the newest is a minute old; returns their texts. */
  writePast(count: number): string[];
  /** Follows unless told otherwise; everything that there is, and then what comes. */
  tail(source: Source<LogEntry>, options?: Feeding): Tail;
  /** The same, to be pulled by hand. */
  pull(source: Source<LogEntry>, options?: Feeding): Pulled;
  /** The past alone, to its end; throws as the feed does. */
  read(source: Source<LogEntry>, options?: Feeding): Promise<Past>;
  /** Resolves when what is written from now on is seen live. */
  live(tail: Tail): Promise<void>;
  /** Switches a fault on; what the entry itself says of it goes on top of `more`. */
  strike(fault: Struck, more?: Partial<Fault>): void;
  requests(route: string): SeenRequest[];
  /** Resolves when neither a stream nor a request is open any more. */
  quiet(): Promise<void>;
  /** One sentence of that kind that names the platform; searched for secrets like everything that is said. */
  expectSentence(error: unknown, kind: ErrorKind): CliError;
  textOf(entry: LogEntry): string;
}

export interface Pulled {
  readonly steps: AsyncGenerator<FeedStep<LogEntry>, unknown, undefined>;
  readonly abort: AbortController;
  /** Pulls to the end; what it threw, or the steps that were left. */
  drained(): Promise<unknown>;
}

export interface Past {
  readonly texts: string[];
  readonly entries: LogEntry[];
  readonly steps: FeedStep<LogEntry>[];
}

/** Everything is closed, and every request and sentence is searched for secrets, when the test is finished. */
export async function startRig(platform: Platform, variant: Variant, options: RigOptions = {}): Promise<Rig> {
  const { retry = PATIENT } = options;
  const wishes = options.wishes ?? {};
  const provider = platform.provider({ retry, keepalive: wishes.keepalive ?? 0 });
  const world = createWorld({ scale: 0, past: 0 });
  const stage = await variant.start(world, wishes);
  const { server } = stage;
  const traffic = watchTraffic();
  const said: string[] = [];
  const env = { ...server.env, ...stage.env, ...options.env };
  const settings = resolveSettings(provider, { env, flags: {} });
  const network = networkOf(provider, settings, { said, retry });
  const client = provider.connect(settings, network);
  const stops = new Set<AbortController>();
  onTestFinished(async () => {
    for (const stop of stops) stop.abort(new Error('the test is over'));
    await network.close();
    await server.close();
    world.close();
    traffic.close();
    expectNoSecretAstray({ provider, settings, requests: server.requests, routes: variant.routes, said });
  });
  const ownSignal = () => {
    const stop = new AbortController();
    stops.add(stop);
    return stop;
  };
  const textOf = stage.textOf ?? ((entry: LogEntry) => entry.body.message);
  const feeding = (more: Feeding = {}): FeedOptions<LogEntry> => ({
    keep: () => true,
    lines: 1000,
    since: null,
    until: null,
    follow: true,
    ...more,
    timing: { ...TIMING, ...more.timing },
  });

  const rig: Rig = {
    variant,
    stage,
    server,
    world,
    traffic,
    client,
    open(target = variant.target, signal = ownSignal().signal) {
      const ref = provider.parseRef(target);
      const wanted = { components: [], sources: [], levels: [], flags: variant.flags ?? {} };
      return logsOf(provider).open(client, ref, wanted, signal);
    },
    write: (...texts) => {
      for (const text of texts) stage.write(text);
    },
    writePast(count) {
      const texts = Array.from({ length: count }, (_, index) => `past ${index + 1}`);
      texts.forEach((text, index) => {
        stage.write(text, pastTime(index - count));
      });
      return texts;
    },
    tail(source, more) {
      const stop = ownSignal();
      const steps = heard(feed(source, feeding(more), stop.signal), said);
      return tailOf(steps, (reason) => stop.abort(reason), textOf);
    },
    pull(source, more) {
      const abort = ownSignal();
      const steps = heard(feed(source, feeding(more), abort.signal), said);
      return { steps, abort, drained: () => allOf(steps).catch((error: unknown) => error) };
    },
    async read(source, more) {
      const steps = await allOf(
        heard(feed(source, feeding({ follow: false, ...more }), ownSignal().signal), said),
      );
      const entries = steps.flatMap((step) => (step.kind === 'items' ? step.items : []));
      return { steps, entries, texts: entries.map(textOf) };
    },
    async live(tail) {
      await tail.until(() => tail.caughtUp && tail.notices.some(({ kind }) => kind === 'connected'));
      if (!isPolled(platform)) await server.watched(1);
    },
    strike(fault, more = {}) {
      server.faults.add({ ...more, ...fault });
    },
    requests: (route) => server.requests.filter((request) => request.route === route),
    quiet: () => quietness(server, traffic),
    expectSentence(error, kind) {
      said.push(wordsOfError(error));
      return sentenceOf(error, { kind, named: platform.named });
    },
    textOf,
  };
  return rig;
}

/** Of its main log; no platform has logs that are live in different ways. */
export function isPolled(platform: Platform): boolean {
  return logsOf(platform.provider({ retry: PATIENT, keepalive: 0 })).traits.live.kind === 'poll';
}

export function logsOf(provider: Provider): LogsCapability<unknown> {
  if (!isSupported(provider.logs)) throw new Error(`${provider.name} has no logs`);
  return provider.logs;
}

/** The fault of that name in a phase. */
export function strikeOf(strikes: Variant['past'], name: FaultName): Strike {
  return 'cannot' in strikes ? strikes : strikes[name];
}

async function allOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

interface Networking {
  readonly said: string[];
  readonly retry: RetryRules;
}

/** As the program makes it, with every trace kept. */
/** Once nothing of the platform is followed or asked any more. */
export async function quietness(server: SandboxServer, traffic: Traffic): Promise<void> {
  await eventually(() => server.watchers() === 0, 'no watcher is left');
  await eventually(() => traffic.openRequests() === 0, 'no request is open');
}

/** The error, if it is one sentence of that kind that names the platform. */
export function sentenceOf(
  error: unknown,
  { kind, named }: { readonly kind: ErrorKind; readonly named: Platform['named'] },
): CliError {
  if (!(error instanceof CliError)) throw new Error('no CliError', { cause: error });
  expect(error.message).toMatch(named);
  expect(error.message).not.toMatch(/[\n<>]/);
  expect(error.message.length).toBeLessThan(400);
  expect(error.kind, error.message).toBe(kind);
  return error;
}

export function networkOf(provider: Provider, settings: Settings, { said, retry }: Networking): Network {
  return openNetwork({
    tls: { insecure: false, host: new URL(provider.origin(settings)).hostname },
    proxy: {},
    mayCarryCredential: (url) => provider.mayCarryCredential(url, settings),
    allowPlainHttp: false,
    subject: { platform: provider.title, profile: settings.profile },
    userAgent: 'polylog/contract',
    retry,
    trace: (line) => said.push(line),
    onWait: (notice) => said.push(notice),
  });
}

/** Keeps the words of notices, gaps and errors. */
async function* heard<R>(
  steps: AsyncGenerator<FeedStep<LogEntry>, R, undefined>,
  said: string[],
): AsyncGenerator<FeedStep<LogEntry>, R, undefined> {
  let over = false;
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done === true) {
        over = true;
        return step.value;
      }
      if (step.value.kind === 'notice') said.push(step.value.notice.message);
      if (step.value.kind === 'gap') said.push(step.value.gap.reason);
      yield step.value;
    }
  } catch (error) {
    over = true;
    said.push(wordsOfError(error));
    throw error;
  } finally {
    if (!over) await steps.return(undefined as R);
  }
}
