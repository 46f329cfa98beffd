// The living sample that every sandbox server shows: one shop, its instances, its story. Knows no platform's forms.
import { createRandom } from './random.ts';
import { createStory, type Story } from './story.ts';
import { createDeployLine, isFinished } from './world-deploys.ts';
import { metricsOf } from './world-metrics.ts';

/** A point of the world's time; `nanos` is the part below a millisecond (0..999_999). */
export interface WorldTime {
  /** Unix epoch, milliseconds. */
  readonly ms: number;
  readonly nanos: number;
}

export type LineKind = 'app' | 'router' | 'platform' | 'build';

export interface WorldLine {
  /** Counts every line of the world from 1, without holes. */
  readonly seq: number;
  readonly at: WorldTime;
  /** `web`, `worker`, `db`; for router lines the component that answered. */
  readonly component: string;
  /** Instance number from 1 within the component. */
  readonly index: number;
  readonly kind: LineKind;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** One line of text without line ending (a stack trace is several lines). */
  readonly text: string;
  /** Router lines only: what a platform's own router format is made of. */
  readonly request?: WorldRequest;
  /** Lines that belong to a deploy (kind `build`, and the restarts it causes). */
  readonly deploy?: string;
}

export interface WorldRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly bytes: number;
  readonly client: string;
  /** A UUID. */
  readonly id: string;
}

export type DeployStatus =
  | 'queued'
  | 'building'
  | 'deploying'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'superseded';

export interface WorldDeploy {
  /** A UUID. */
  readonly id: string;
  /** From 1. */
  readonly number: number;
  status: DeployStatus;
  readonly commit: string;
  readonly ref: string;
  readonly author: string;
  readonly message: string;
  readonly created: WorldTime;
  started: WorldTime | null;
  finished: WorldTime | null;
  /** Build output so far; may carry ANSI colour. */
  readonly output: { at: WorldTime; phase: 'build' | 'deploy'; text: string }[];
  reason: string | null;
}

export type WorldEventKind = 'deploy' | 'scale' | 'restart' | 'crash' | 'config';

export interface WorldEvent {
  /** Counts every event from 1. */
  readonly seq: number;
  readonly at: WorldTime;
  readonly kind: WorldEventKind;
  readonly component: string | null;
  readonly user: string;
  readonly text: string;
  /** scale: `{from, to}`; crash: `{exitCode}`; deploy: `{deploy, status}`; config: `{name, value}`. */
  readonly detail: Readonly<Record<string, string | number>>;
}

export interface WorldComponent {
  readonly name: string;
  readonly kind: 'service' | 'worker' | 'database';
  instances: number;
  state: 'running' | 'stopped' | 'crashed';
}

export interface WorldMetrics {
  /** Percent of one core. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly memoryLimit: number;
  /** Bytes per second. */
  readonly rx: number;
  readonly tx: number;
}

export interface WorldOptions {
  /** Same seed, same story. Default 1. */
  seed?: number;
  /** Story seconds per real second; 0 = no story of its own, lines come only from `write` and `deploy`. Default 1. */
  scale?: number;
  /** Lines that already exist when the world begins, spread over the time before. Default 200. */
  past?: number;
  /** Real clock by default; tests give their own. Milliseconds since the epoch. */
  now?: () => number;
}

export interface World {
  readonly app: string;
  readonly components: readonly WorldComponent[];
  /** The newest `keep` lines (at least 100_000), oldest first. */
  readonly lines: readonly WorldLine[];
  readonly deploys: readonly WorldDeploy[];
  readonly events: readonly WorldEvent[];
  now(): WorldTime;
  /** Adds a line now and tells the listeners. Defaults: component web, index 1, kind app, level info. */
  write(line: { text: string } & Partial<Omit<WorldLine, 'seq' | 'text'>>): WorldLine;
  /** Starts a deploy; with `scale` 0 it moves on only by `advance`. */
  deploy(options?: { fail?: boolean; message?: string }): WorldDeploy;
  /** Moves a deploy to its next status, writing the output and the events that belong to it. */
  advance(id: string, to?: DeployStatus): void;
  record(event: Omit<WorldEvent, 'seq' | 'at'> & { at?: WorldTime }): WorldEvent;
  /** Deterministic in (component, index, time). */
  metrics(component: string, index: number, at: WorldTime): WorldMetrics;
  onLine(listener: (line: WorldLine) => void): () => void;
  onEvent(listener: (event: WorldEvent) => void): () => void;
  onDeploy(listener: (deploy: WorldDeploy) => void): () => void;
  /** Stops the story's timers. */
  close(): void;
}

const keptLines = 100_000;
const keptEvents = 10_000;
/** How much slower the past went by than the story that is told live: 200 lines cover about half an hour. */
const pastPace = 36;
/** Lines before the present in which the past starts no deploy, so that a still world begins with none running. */
const calmLines = 80;

/** A world of its own clock and story. With `past` 0 it begins empty; with `scale` 0 nothing happens by itself. */
export function createWorld(options: WorldOptions = {}): World {
  const seed = options.seed ?? 1;
  const scale = options.scale ?? 1;
  const past = options.past ?? 200;
  const now = options.now ?? Date.now;
  const rehearsed = past > 0 ? rehearse(seed, past) : { span: 0, surplus: 0 };
  let clock = now() - rehearsed.span * pastPace;
  let ended = past <= 0;
  const stage = buildStage({
    seed,
    surplus: rehearsed.surplus,
    now: () => (ended ? now() : Math.round(clock)),
  });
  if (past > 0) {
    livePast(stage, past, (ms) => {
      clock += ms * pastPace;
    });
  }
  ended = true;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  function schedule(wait: number): void {
    if (closed) return;
    timer = setTimeout(() => schedule(stage.story.step('any')), wait / scale);
    timer.unref();
  }
  if (scale > 0) schedule(250);
  stage.onClose(() => {
    closed = true;
    clearTimeout(timer);
  });
  return stage.world;
}

interface Stage {
  world: World;
  story: Story;
  /** Lines written so far, the ones that were left out included. */
  written(): number;
  /** Takes the running deploys a small step further; false when none runs. */
  drip(): boolean;
  onClose(listener: () => void): void;
}

// The past has to end now, so its length must be known before it is told: the same seed tells the same story twice.
function rehearse(seed: number, past: number): { span: number; surplus: number } {
  let clock = 0;
  const stage = buildStage({ seed, surplus: 0, now: () => clock });
  livePast(stage, past, (ms) => {
    clock += ms;
  });
  return { span: clock, surplus: stage.written() - past };
}

function livePast(stage: Stage, lines: number, pass: (ms: number) => void): void {
  const { world, story, drip } = stage;
  const busy = () => world.deploys.some((deploy) => !isFinished(deploy));
  // Older deploys, whose lines lie before the past that is kept: a platform has something to run and to list.
  for (const outcome of ['succeeds', 'fails', 'succeeds']) {
    world.deploy({ fail: outcome === 'fails' });
    while (busy()) {
      pass(1000);
      drip();
    }
    pass(400_000);
  }
  const left = () => lines - (stage.written() - before);
  const before = stage.written();
  while (left() > 0 || busy()) pass(story.step(left() < calmLines ? 'no new deploy' : 'any'));
}

function buildStage(given: { seed: number; surplus: number; now: () => number }): Stage {
  const random = createRandom(given.seed);
  const stamp = createStamp(given);
  const components: WorldComponent[] = [
    { name: 'web', kind: 'service', instances: 2, state: 'running' },
    { name: 'worker', kind: 'worker', instances: 1, state: 'running' },
    { name: 'db', kind: 'database', instances: 1, state: 'running' },
  ];
  const lines: WorldLine[] = [];
  const events: WorldEvent[] = [];
  const deploys: WorldDeploy[] = [];
  const heard = {
    line: createBell<WorldLine>(),
    event: createBell<WorldEvent>(),
    deploy: createBell<WorldDeploy>(),
  };
  const closing = createBell<void>();
  let written = 0;
  let eventCount = 0;

  const world: World = {
    app: 'shop',
    components,
    lines,
    deploys,
    events,
    now: stamp.now,
    write(line) {
      written += 1;
      const defaults = { component: 'web', index: 1, kind: 'app', level: 'info' } as const;
      const full: WorldLine = {
        ...defaults,
        at: line.at ?? stamp.next(),
        ...line,
        seq: written - given.surplus,
      };
      if (full.seq < 1) return full;
      lines.push(full);
      if (lines.length >= 1.5 * keptLines) lines.splice(0, lines.length - keptLines);
      heard.line.ring(full);
      return full;
    },
    deploy: (wish) => deployLine.start(wish),
    advance: (id, to) => deployLine.advance(id, to),
    record(event) {
      eventCount += 1;
      const full: WorldEvent = { ...event, at: event.at ?? stamp.next(), seq: eventCount };
      events.push(full);
      if (events.length > keptEvents) events.shift();
      heard.event.ring(full);
      return full;
    },
    metrics: metricsOf,
    onLine: heard.line.listen,
    onEvent: heard.event.listen,
    onDeploy: heard.deploy.listen,
    close: () => closing.ring(),
  };
  const deployLine = createDeployLine({
    world,
    random,
    deploys,
    stamp: stamp.next,
    changed: heard.deploy.ring,
  });
  function drip(): boolean {
    const running = deploys.filter((deploy) => !isFinished(deploy));
    for (const deploy of running) deployLine.drip(deploy.id);
    return running.length > 0;
  }
  const story = createStory({ world, random, components, written: () => written, dripDeploys: drip });
  return { world, story, drip, written: () => written, onClose: closing.listen };
}

/** Times that never stand still: what happens within one millisecond differs in its nanoseconds. */
function createStamp(given: { seed: number; now: () => number }): { now(): WorldTime; next(): WorldTime } {
  const random = createRandom(given.seed ^ 0x51ed270b);
  let last: WorldTime = { ms: 0, nanos: 0 };
  return {
    now() {
      const ms = given.now();
      return ms > last.ms ? { ms, nanos: 0 } : last;
    },
    next() {
      const ms = given.now();
      const nanos = ms > last.ms ? random.between(0, 600_000) : last.nanos + random.between(100, 30_000);
      const base = Math.max(ms, last.ms);
      last = nanos > 999_999 ? { ms: base + 1, nanos: nanos - 1_000_000 } : { ms: base, nanos };
      return last;
    },
  };
}

function createBell<T>(): { ring(value: T): void; listen(listener: (value: T) => void): () => void } {
  const listeners = new Set<(value: T) => void>();
  return {
    ring(value) {
      for (const listener of [...listeners]) listener(value);
    },
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
