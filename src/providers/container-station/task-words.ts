// Background tasks of every generation as one form, and its words in ours. Pure; knows no request.
import type { Build, BuildStatus } from '../../model.ts';
import type { StationClock } from './clock.ts';
import { partsOf } from './find-container.ts';
import { isObject } from './reply.ts';

/** Where tasks are listed: `background` from version 1.0 on, the others before it, `v3` since version 3 (wire: 5). */
export type TaskList = 'background' | 'import' | 'export' | 'create' | 'download' | 'v3';

export interface Task {
  /** Unique in all lists: older ones number their tasks each for itself (`import-1`). */
  readonly id: string;
  readonly list: TaskList;
  /** The station's own kind (`image_download`, `create`). */
  readonly category: string;
  /** Of what the task is about: a container, an image, several images; '' when not told. */
  readonly name: string;
  /** docker, lxc, lxd; null when not told. */
  readonly type: string | null;
  /** As the station says it; '' when not told. */
  readonly state: string;
  /** What it is at: `Download image:15%`; '' when not told. */
  readonly detail: string;
  readonly description: string | null;
  /** Percent. */
  readonly progress: number | null;
  /** 0 is success; null when not told. */
  readonly result: string | null;
  /** Seconds of the station's wall clock read as UTC (wire: Container Station 5.2). */
  readonly init: number | null;
  readonly start: number | null;
  readonly end: number | null;
  readonly user: string | null;
}

/** For help. */
export const STATUS_WORDS =
  'waiting → queued; running; completed with result 0 (version 3: completed) → succeeded; error, aborted, completed with another result → failed';

const MOST_SECONDS = 100_000_000_000;
const LONGEST_TEXT = 2000;

/** `item` has its keys as the list gives them, for `v3` in lower case. null when it can't be told from others. */
export function readTask(item: unknown, list: TaskList): Task | null {
  if (!isObject(item)) return null;
  const params = [item.params, item.create_params].find(isObject) ?? {};
  const first = (...keys: readonly string[]) =>
    keys.map((key) => text(item[key])).find((word) => word !== '');
  const named = first(...NAME_KEYS[list]) ?? text(params.name);
  const number = idOf(item.id) ?? idOf(item.tid) ?? idOf(item.taskid);
  const id = number ?? (list === 'background' || list === 'v3' ? null : named || null);
  if (id === null) return null;
  const detail = first('detail_state', 'detail') ?? '';
  return {
    id: list === 'background' || list === 'v3' ? id : `${list}-${id}`,
    list,
    category: first('category') ?? list,
    name: named,
    type: text(item.type) || text(params.type) || null,
    state: first('state', 'status') ?? '',
    detail,
    description: first('description') ?? null,
    progress: progressOf([item.progress, item.percent], detail),
    result: resultOf(item.result),
    init: seconds(item.init),
    start: seconds(item.start),
    end: seconds(item.end),
    user: first('user') ?? null,
  };
}

/** Which key says what the task is about (wire: Container Station 3.4, 5.2, 5.4). */
const NAME_KEYS: Readonly<Record<TaskList, readonly string[]>> = {
  background: ['name'],
  import: ['name', 'cid', 'container'],
  export: ['name', 'container', 'cid'],
  create: ['name', 'container'],
  download: ['name'],
  v3: ['name'],
};

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : '';
}

function idOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && /^[\w.:-]{1,120}$/.test(value) ? value : null;
}

function seconds(value: unknown): number | null {
  const whole = typeof value === 'number' && value > 0 && value < MOST_SECONDS;
  return whole ? Math.floor(value) : null;
}

function resultOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'string') return String(value).slice(0, 80);
  return value === undefined || value === null ? null : JSON.stringify(value).slice(0, 80);
}

/** -1 stands for unknown (wire: Container Station 5.4). */
function progressOf(told: readonly unknown[], detail: string): number | null {
  const inDetail = /(\d{1,3}(?:\.\d{1,4})?)\s*%/.exec(detail)?.[1];
  const numbers = [...told, inDetail].map((value) =>
    typeof value === 'string' ? Number.parseFloat(value) : value,
  );
  const found = numbers.find((value) => typeof value === 'number' && value >= 0 && value <= 100);
  return typeof found === 'number' ? found : null;
}

/** Kinds whose name is a container's. */
const CONTAINER_TASK = /^(create|import|export|container_\w+)$/;

/** Whether a task is about the container `docker/web`. */
export function namesContainer({ category, name, type, list, description }: Task, app: string): boolean {
  const wanted = partsOf(app);
  if (type !== null && type !== wanted.type) return false;
  if (CONTAINER_TASK.test(category) && name === wanted.name) return true;
  // Version 3 tells what a task is about in its description alone.
  const words = list === 'v3' && !category.startsWith('image') ? (description ?? '') : '';
  return words.split(/[^\w.-]+/).includes(wanted.name);
}

/** What the activity log says of a task's end. */
export interface Closing {
  readonly status: 'succeeded' | 'failed';
  /** Seconds of the station's wall clock. */
  readonly end: number | null;
  /** The station's words; null when it succeeded or gave none. */
  readonly reason: string | null;
}

/** `closing`: for a task whose own state no longer tells. */
export function buildOf(task: Task, clock: StationClock, closing: Closing | null): Build {
  const status = closing && !isDecided(task) && !isStrange(task) ? closing.status : statusOf(task);
  const end = task.end ?? closing?.end ?? null;
  const at = (wall: number | null) => (wall === null ? null : clock(wall).ts);
  return {
    id: task.id,
    status,
    nativeStatus: closing && !hasEnded(task) ? CLOSED_WORDS[closing.status] : task.state,
    ended: hasEnded(task) || closing !== null,
    kind: task.category,
    created: at(task.init),
    started: at(task.start),
    finished: at(end),
    duration: task.start !== null && end !== null && end >= task.start ? end - task.start : null,
    commit: null,
    ref: null,
    cause: null,
    user: task.user,
    message: task.name || task.description,
    steps: [],
    progress: task.progress,
    reason: status === 'failed' ? (closing?.reason ?? ownReason(task)) : null,
    url: null,
  };
}

/** What the station would call a task that it no longer lists. */
const CLOSED_WORDS: Readonly<Record<Closing['status'], string>> = { succeeded: 'completed', failed: 'error' };

/** Whether its state is a word that nobody knows: such a one never counts as success, whatever the activity log says. */
function isStrange(task: Task): boolean {
  return statusOf(task) === 'unknown' && task.state.toLowerCase() !== 'completed';
}

/** Whether the task's own words leave nothing to ask the activity log for. */
export function isDecided(task: Task): boolean {
  const status = statusOf(task);
  return status === 'succeeded' || status === 'failed';
}

function statusOf({ state, result, list }: Task): BuildStatus {
  switch (state.toLowerCase()) {
    case 'waiting':
      return 'queued';
    case 'running':
      return 'running';
    case 'error':
    case 'aborted':
      return 'failed';
    case 'completed':
      // Version 3 gives no result, and `completed` is its only known end (wire: Container Station 5.5).
      if (result === null) return list === 'v3' ? 'succeeded' : 'unknown';
      return result === '0' ? 'succeeded' : 'failed';
    default:
      return 'unknown';
  }
}

/** Of words that nobody knows, those that sound final are taken for an end: a gate must not wait for ever. */
const FINAL = /^(complet|error|abort|fail|cancel|stop|success|succeed|finish|done|timeout|kill)/i;

export function hasEnded({ state, end, result }: Task): boolean {
  return end !== null || result !== null || FINAL.test(state);
}

function ownReason({ result, detail }: Task): string | null {
  const told = [detail, result === null || result === '0' ? '' : `result ${result}`].filter(Boolean);
  return told.join(', ') || null;
}
