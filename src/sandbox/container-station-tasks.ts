// Background tasks, the "builds" of a NAS: the world's deploys in the words of `/background/`, of the older lists and
// of v3 (wire: Container Station 5). Knows no route.
import type { NasClock } from './container-station-clock.ts';
import type { Dialect } from './container-station-dialects.ts';
import type { World, WorldDeploy, WorldTime } from './world.ts';

export interface StationTask {
  readonly id: number;
  readonly category: string;
  readonly name: string;
  readonly user: string;
  readonly detail: string;
  readonly params: unknown;
  readonly state: 'waiting' | 'running' | 'completed' | 'error';
  readonly init: WorldTime;
  readonly start: WorldTime | null;
  readonly end: WorldTime | null;
  readonly result: number | null;
  /** Percent. */
  readonly progress: number;
}

export interface Tasks {
  /** Newest first. */
  list(category?: string): readonly StationTask[];
  /** Takes the finished ones off the list and returns their ids, ascending. */
  clear(): number[];
  of(deploy: WorldDeploy): StationTask;
}

export function createTasks(options: {
  world: World;
  dialect: Dialect;
  /** What a pull is called: `download`, `image_download`, `image_pull`. */
  pullCategory: string;
  user: string;
}): Tasks {
  const { world } = options;
  const old = oldTasks(options);
  const cleared = new Set<number>();
  const of = (deploy: WorldDeploy): StationTask => deployTask(deploy, old.length, options);
  const list = (category?: string): StationTask[] =>
    [...old, ...world.deploys.map(of)]
      .filter((task) => !cleared.has(task.id) && (category === undefined || task.category === category))
      .reverse();
  return {
    list,
    clear() {
      const ids = list()
        .filter((task) => task.end !== null)
        .map((task) => task.id)
        .reverse();
      for (const id of ids) cleared.add(id);
      return ids;
    },
    of,
  };
}

/** The object of `GET /background/`: times are local; start, end and result come only when there is one. */
export function backgroundItem(task: StationTask, clock: NasClock): Record<string, unknown> {
  return {
    category: task.category,
    deletable: false,
    detail_state: task.detail,
    ...(task.end ? { end: clock.shifted(task.end) } : {}),
    id: task.id,
    init: clock.shifted(task.init),
    name: task.name,
    params: task.params,
    ...(task.result !== null ? { result: task.result } : {}),
    ...(task.start ? { start: clock.shifted(task.start) } : {}),
    state: task.state,
    user: task.user,
  };
}

/** The item of v3's `/tasks`; words for a failure were never seen there, `error` is a guess. */
export function v3Task(task: StationTask): Record<string, unknown> {
  return {
    id: `t${task.id}`,
    category: task.category,
    cancelable: false,
    description: task.name,
    progress: task.progress,
    detail: task.detail,
    state: task.state,
  };
}

/** B's `GET /image/downloadstatus`: the pulls that are under way. */
export function downloadStatus(tasks: Tasks): Record<string, unknown>[] {
  return tasks
    .list()
    .filter((task) => task.end === null)
    .map((task) => ({
      name: task.name,
      percent: task.state === 'waiting' ? null : task.progress,
      status: 'downloading',
    }));
}

/** A's `GET /image/create/`. */
export function createTask(task: StationTask, clock: NasClock): Record<string, unknown> {
  const { params, ...shown } = backgroundItem(task, clock);
  return { ...shown, from: 'dockerhub', create_params: params };
}

/** An item of the lists `GET /export/` and `/import/` of A and B. */
export function transferItem(kind: 'export' | 'import'): Record<string, unknown> {
  const path = '/test/c.tgz';
  const common = { id: 1, path, progress: 99, result: 0, state: 'completed', type: 'lxc' };
  return kind === 'export'
    ? { ...common, cid: 'cache', compress: true, container: 'cache' }
    : { ...common, cid: 'cache_import' };
}

function deployTask(
  deploy: WorldDeploy,
  before: number,
  options: { world: World; dialect: Dialect; pullCategory: string },
): StationTask {
  const tag = deploy.commit.slice(0, 7);
  const image = `${options.world.app}/web`;
  const state = STATES[deploy.status];
  const percent = state === 'running' ? Math.min(99, 5 + deploy.output.length * 10) : 0;
  const finished = state === 'completed' || state === 'error';
  return {
    id: before + deploy.number,
    category: options.pullCategory,
    name: `${image}:${tag}`,
    user: deploy.author,
    detail: detailOf(deploy, percent),
    params: paramsOf({ name: image, repository: 'dockerhub', tag, type: 'docker' }, options.dialect),
    state,
    init: deploy.created,
    start: state === 'waiting' ? null : (deploy.started ?? deploy.created),
    end: finished ? (deploy.finished ?? deploy.created) : null,
    result: finished ? (state === 'completed' ? 0 : -1) : null,
    progress: finished ? 100 : percent,
  };
}

const STATES: Record<WorldDeploy['status'], StationTask['state']> = {
  queued: 'waiting',
  building: 'running',
  deploying: 'running',
  succeeded: 'completed',
  failed: 'error',
  cancelled: 'error',
  superseded: 'completed',
};

function detailOf(deploy: WorldDeploy, percent: number): string {
  if (deploy.status === 'building') return `Download image:${percent}%`;
  return deploy.status === 'deploying' ? 'Create container' : '';
}

/** Two from before the world began: an application, and a removal of several images with its array. */
function oldTasks(options: {
  world: World;
  dialect: Dialect;
  pullCategory: string;
  user: string;
}): StationTask[] {
  const first = options.world.lines[0]?.at ?? options.world.now();
  const at = (seconds: number): WorldTime => ({ ms: first.ms - seconds * 1000, nanos: 0 });
  const finished = {
    user: options.user,
    detail: '',
    state: 'completed',
    result: 0,
    progress: 100,
  } as const;
  const removed = ['busybox:latest', 'redis:3'];
  return [
    {
      ...finished,
      id: 1,
      category: 'application',
      name: 'joomla',
      params: paramsOf({ binding: {}, name: 'joomla', template: 'joomla' }, options.dialect),
      init: at(900),
      start: at(900),
      end: at(789),
    },
    {
      ...finished,
      id: 2,
      category: 'image_remove',
      name: removed.join(', '),
      params: removed.map((name) => paramsOf({ name, type: 'docker' }, options.dialect)),
      init: at(600),
      start: at(600),
      end: at(598),
    },
  ];
}

// In 2015 the parameters came as the text of a Python dictionary.
function paramsOf(params: Record<string, unknown>, dialect: Dialect): unknown {
  if (dialect !== 'A' && dialect !== 'B') return params;
  const members = Object.entries(params).map(
    ([name, value]) => `u'${name}': ${typeof value === 'string' ? `u'${value}'` : '{}'}`,
  );
  return `{${members.join(', ')}}`;
}
