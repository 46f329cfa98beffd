// Asks a station for its background tasks, in whichever lists its version has. Knows no build and no log.
import { CliError } from '../../errors.ts';
import type { StationClient } from './client.ts';
import { readItems } from './container-readings.ts';
import { hasEnded, readTask, type Task, type TaskList } from './task-words.ts';

interface Listing {
  readonly list: TaskList;
  readonly path: string;
}

/** Without the slash at its end it is another path (wire: Container Station 5.2). */
const BACKGROUND: Listing = { list: 'background', path: '/background/' };
const OLD_LISTS: readonly Listing[] = [
  { list: 'import', path: '/import/' },
  { list: 'export', path: '/export/' },
  { list: 'create', path: '/image/create/' },
  { list: 'download', path: '/image/downloadstatus' },
];
const WHAT = 'its background tasks';

/** What is known of one station's tasks beyond its present answer. */
interface Memory {
  /** Whether this version has a list, as far as it was asked for. */
  readonly offered: Map<TaskList, boolean>;
  /** As last seen, by id, oldest look first. */
  readonly seen: Map<string, Task>;
}

const MOST_SEEN = 2000;
const memories = new WeakMap<StationClient, Memory>();

/** Newest first. Throws a usage CliError where this version has no task list at all. */
export async function readTasks(client: StationClient, signal: AbortSignal): Promise<Task[]> {
  const memory = memoryOf(client);
  const found = (await client.speaksV3(signal))
    ? await readV3(client, memory, signal)
    : await readLists(client, memory, signal);
  if (!found) throw await client.notOffered('list of background tasks', signal);
  for (const task of found) remember(memory, task);
  return found;
}

/** As it was when last seen by this client; null when it never was. */
export function lastSeen(client: StationClient, id: string): Task | null {
  return memoryOf(client).seen.get(id) ?? null;
}

/** All that this client has ever seen, within bounds. */
export function allSeen(client: StationClient): Task[] {
  return [...memoryOf(client).seen.values()];
}

function memoryOf(client: StationClient): Memory {
  const known = memories.get(client);
  if (known) return known;
  const memory: Memory = { offered: new Map(), seen: new Map() };
  memories.set(client, memory);
  return memory;
}

function remember({ seen }: Memory, task: Task): void {
  seen.delete(task.id);
  seen.set(task.id, task);
  const [oldest] = seen.keys();
  if (seen.size > MOST_SEEN && oldest !== undefined) seen.delete(oldest);
}

async function readV3(client: StationClient, memory: Memory, signal: AbortSignal): Promise<Task[] | null> {
  const json = await readList(client, memory, { list: 'v3', path: '/tasks' }, signal);
  // In which order they come is undocumented, and they have no times: as they come.
  return json === undefined ? null : tasksOf(readItems(json, client.station, WHAT), 'v3', client);
}

async function readLists(client: StationClient, memory: Memory, signal: AbortSignal): Promise<Task[] | null> {
  const { offered } = memory;
  const old = (await client.mayBe('lists', signal)) ? OLD_LISTS : [];
  const tasks: Task[] = [];
  let answered = false;
  for (const listing of [BACKGROUND, ...old]) {
    // These are background tasks themselves where there are such (wire: Container Station 5.1).
    const isOther = listing.list !== 'create' && listing.list !== 'download';
    if (offered.get('background') && !isOther) continue;
    const json = await readList(client, memory, listing, signal);
    if (json === undefined) continue;
    answered = true;
    if (!Array.isArray(json)) {
      throw new CliError('platform', `${client.station} answers ${WHAT} with no list.`);
    }
    tasks.push(...tasksOf(json, listing.list, client));
  }
  return answered ? newestFirst(tasks) : null;
}

/** undefined where this version has no such list; one that was there and is not for a moment is no such thing. */
async function readList(
  client: StationClient,
  { offered }: Memory,
  { list, path }: Listing,
  signal: AbortSignal,
): Promise<unknown> {
  if (offered.get(list) === false) return undefined;
  const api = list === 'v3' ? 'v3' : 'v1';
  const json = await client.jsonIfOffered({ api, path, what: WHAT }, signal);
  if (json === undefined && offered.get(list)) {
    throw new CliError('unavailable', `${client.station} does not find ${WHAT} any more (404).`, {
      status: 404,
    });
  }
  offered.set(list, json !== undefined);
  return json;
}

function tasksOf(items: readonly unknown[], list: TaskList, { station }: StationClient): Task[] {
  const tasks = items.map((item) => {
    const task = readTask(item, list);
    if (task) return task;
    throw new CliError('platform', `${station} sent a background task without "id".`);
  });
  const known = new Set<string>();
  return tasks.filter(({ id }) => !known.has(id) && known.add(id));
}

/** By the time they were made; a task that does not tell it comes first while it runs and last when it has ended. */
function newestFirst(tasks: readonly Task[]): Task[] {
  const numberOf = ({ id }: Task) => Number(/\d+$/.exec(id)?.[0] ?? 0);
  const madeAt = (task: Task) => task.init ?? (hasEnded(task) ? 0 : Number.MAX_SAFE_INTEGER);
  return tasks.toSorted((a, b) => madeAt(b) - madeAt(a) || numberOf(b) - numberOf(a));
}
