// Which of the world's deploys is the active deployment, and which lines its instances wrote. Knows no HTTP.
import { lastSeq } from './follow.ts';
import type { World, WorldDeploy, WorldTime } from './world.ts';

export type Phase =
  | 'PENDING_BUILD'
  | 'BUILDING'
  | 'PENDING_DEPLOY'
  | 'DEPLOYING'
  | 'ACTIVE'
  | 'SUPERSEDED'
  | 'ERROR'
  | 'CANCELED';

export type TaskStatus = 'pending' | 'running' | 'success' | 'error' | 'skipped';

export interface Releases {
  /** Newest first. */
  deploys(): readonly WorldDeploy[];
  active(): WorldDeploy | undefined;
  find(id: string): WorldDeploy | undefined;
  phase(deploy: WorldDeploy): Phase;
  /** Numbers of the world's lines that its instances wrote: `from` to before `to` (Infinity: they still write). */
  span(id: string): { from: number; to: number };
  /** After another deployment has become the active one. */
  onActive(listener: () => void): () => void;
  close(): void;
}

/** `deployed` false: none exists, whatever the world tells; `world`: those that it tells. */
export function createReleases(world: World, options: { deployed: boolean | 'world' }): Releases {
  const listeners = new Set<() => void>();
  const spans = new Map<string, { from: number; to: number }>();
  const isTold = options.deployed === 'world' || world.deploys.some(isSucceeded);
  const first = isTold ? [] : [foundingDeploy(world)];
  const deploys = (): WorldDeploy[] => {
    return options.deployed ? [...first, ...world.deploys].reverse() : [];
  };
  const active = (): WorldDeploy | undefined => deploys().find(isSucceeded);
  let current = active()?.id;
  if (current) spans.set(current, { from: 0, to: Infinity });
  const leave = world.onDeploy(() => {
    const next = active()?.id;
    if (!next || next === current) return;
    const from = lastSeq(world) + 1;
    if (current) spans.set(current, { from: spans.get(current)?.from ?? 0, to: from });
    spans.set(next, { from, to: Infinity });
    current = next;
    for (const listener of [...listeners]) listener();
  });
  return {
    deploys,
    active,
    find: (id) => deploys().find((deploy) => deploy.id === id),
    phase: (deploy) => phaseOf(deploy, active()?.id),
    span: (id) => spans.get(id) ?? { from: 0, to: 0 },
    onActive(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    close() {
      leave();
      listeners.clear();
    },
  };
}

/** How far the log of a phase is; the words stand in the platform's 400 (wire: DigitalOcean 1.3). */
export function taskStatus(deploy: WorldDeploy, task: 'build' | 'deploy'): TaskStatus {
  const { status } = deploy;
  if (status === 'queued') return 'pending';
  if (status === 'building') return task === 'build' ? 'running' : 'pending';
  if (status === 'deploying') return task === 'build' ? outcome(deploy, task) : 'running';
  return outcome(deploy, task);
}

/** Where a failed deploy failed. */
export function failedTask(deploy: WorldDeploy): 'build' | 'deploy' {
  return wrote(deploy, 'deploy') ? 'deploy' : 'build';
}

function outcome(deploy: WorldDeploy, task: 'build' | 'deploy'): TaskStatus {
  if (!wrote(deploy, task)) return 'skipped';
  const unfinished = deploy.status === 'failed' || deploy.status === 'cancelled';
  return unfinished && failedTask(deploy) === task ? 'error' : 'success';
}

function wrote(deploy: WorldDeploy, task: 'build' | 'deploy'): boolean {
  return deploy.output.some((line) => line.phase === task);
}

function phaseOf(deploy: WorldDeploy, active: string | undefined): Phase {
  switch (deploy.status) {
    case 'queued':
      return 'PENDING_BUILD';
    case 'building':
      return 'BUILDING';
    case 'deploying':
      return wrote(deploy, 'deploy') ? 'DEPLOYING' : 'PENDING_DEPLOY';
    case 'succeeded':
      return deploy.id === active ? 'ACTIVE' : 'SUPERSEDED';
    case 'superseded':
      return 'SUPERSEDED';
    case 'failed':
      return 'ERROR';
    case 'cancelled':
      return 'CANCELED';
  }
}

function isSucceeded(deploy: WorldDeploy): boolean {
  return deploy.status === 'succeeded';
}

/** What runs in a world that tells of no deploy of its own. */
function foundingDeploy(world: World): WorldDeploy {
  const before = (ms: number): WorldTime => ({ ms, nanos: 0 });
  const begin = (world.lines[0]?.at ?? world.now()).ms;
  const output = [
    {
      at: before(begin - 120_000),
      phase: 'build' as const,
      text: '╭──────────── git repo clone ───────────╼',
    },
    { at: before(begin - 118_481), phase: 'build' as const, text: '│ => Selecting branch "main"' },
    { at: before(begin - 90_000), phase: 'build' as const, text: ' ✔ build complete' },
    {
      at: before(begin - 60_000),
      phase: 'deploy' as const,
      text: '> NODE_ENV=production node dist/index.js',
    },
  ];
  return {
    id: '3aa4d20e-5527-4c00-b496-601fbd22520a',
    number: 0,
    status: 'succeeded',
    commit: '54d4a727f457231062439895000d45437c7bb405',
    ref: 'main',
    author: 'sammy',
    message: 'First version',
    created: before(begin - 125_000),
    started: before(begin - 121_000),
    finished: before(begin - 50_000),
    output,
    reason: null,
  };
}
