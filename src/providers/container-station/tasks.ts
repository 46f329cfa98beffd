// Background tasks as builds: the nearest thing to a build that a station has (wire: Container Station 5). Knows no wire detail.
import { CliError } from '../../errors.ts';
import type { Build } from '../../model.ts';
import type { AppRef, BuildsCapability } from '../../provider.ts';
import type { StationClient } from './client.ts';
import { findContainer, isContainerId, partsOf } from './find-container.ts';
import type { Pace } from './pace.ts';
import { allSeen, lastSeen, readTasks } from './task-list.ts';
import { taskLog } from './task-log.ts';
import { beginOf, closingOf, rowsSince } from './task-rows.ts';
import {
  buildOf,
  type Closing,
  hasEnded,
  isDecided,
  namesContainer,
  STATUS_WORDS,
  type Task,
} from './task-words.ts';

export function tasksAt(pace: Pace): BuildsCapability<StationClient> {
  return {
    traits: {
      everyMillis: pace.pollMillis,
      statusWords: STATUS_WORDS,
      deployLog: false,
      byId: false,
      commits: false,
    },
    async *list(client, ref, signal) {
      yield await buildsOf(client, await tasksOf(client, ref, signal), signal);
    },
    get: getBuild,
    async log(client, _ref, { build, phase }, signal) {
      if (phase === 'deploy') {
        throw new CliError('usage', 'A background task of Container Station has no deploy phase.', {
          hint: 'Its log holds everything: leave --deploy out.',
        });
      }
      // The list that it was chosen from has been seen by this client, unless this is the first thing it is asked.
      if (!lastSeen(client, build.id)) await readTasks(client, signal);
      if (!lastSeen(client, build.id)) throw noSuchTask(client, build.id);
      return taskLog(client, build.id);
    },
  };
}

/** All tasks, or those that name a container; throws `not-found` for one that neither exists nor is named. */
async function tasksOf(client: StationClient, { app }: AppRef, signal: AbortSignal): Promise<Task[]> {
  const tasks = await readTasks(client, signal);
  if (app === '') return tasks;
  let named = app;
  if (isContainerId(partsOf(app).name)) {
    const container = await findContainer(client, app, signal);
    named = `${container.type}/${container.name}`;
  }
  const found = tasks.filter((task) => namesContainer(task, named));
  // One that is being made is named by its task alone.
  if (found.length === 0) await findContainer(client, app, signal);
  return found;
}

/** There is no request for one task: it is looked for in the list (wire: Container Station 5.2). */
async function getBuild(client: StationClient, ref: AppRef, id: string, signal: AbortSignal): Promise<Build> {
  const found = (await readTasks(client, signal)).find((task) => task.id === id);
  const task = found ?? lastSeen(client, id);
  if (!task || (ref.app !== '' && !(await names(client, task, ref, signal)))) throw noSuchTask(client, id);
  if (found) {
    const [build] = await buildsOf(client, [found], signal);
    if (build) return build;
  }
  return vanishedBuild(client, task, signal);
}

async function names(
  client: StationClient,
  task: Task,
  { app }: AppRef,
  signal: AbortSignal,
): Promise<boolean> {
  if (namesContainer(task, app) || !isContainerId(partsOf(app).name)) return namesContainer(task, app);
  const { type, name } = await findContainer(client, app, signal);
  return namesContainer(task, `${type}/${name}`);
}

/** Its list was cleared: what was last seen, if that was its end, else what the activity log says of it. */
async function vanishedBuild(client: StationClient, task: Task, signal: AbortSignal): Promise<Build> {
  const closings = await closingsOf(client, [task], signal);
  const closing = closings.get(task.id) ?? null;
  if (!closing && !hasEnded(task)) throw noSuchTask(client, task.id);
  const build = buildOf(task, client.clock, closing);
  return hasEnded(task) ? build : { ...build, progress: null };
}

function noSuchTask({ station, profile }: StationClient, id: string): CliError {
  return new CliError('not-found', `${station} has no background task ${id} (any more).`, {
    hint: `polylog builds list ${profile}: shows what there is; a list that was cleared forgets its tasks.`,
  });
}

async function buildsOf(
  client: StationClient,
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<Build[]> {
  const closings = await closingsOf(client, tasks.filter(needsClosing), signal);
  return tasks.map((task) => buildOf(task, client.clock, closings.get(task.id) ?? null));
}

/** It has ended and does not tell how, or not why. */
function needsClosing(task: Task): boolean {
  return hasEnded(task) && (!isDecided(task) || isFailed(task));
}

function isFailed({ state, result }: Task): boolean {
  return !/^completed$/i.test(state) || result !== '0';
}

/** By id; a task of which the activity log says nothing is left out. */
async function closingsOf(
  client: StationClient,
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<Map<string, Closing>> {
  const closings = new Map<string, Closing>();
  const dated = tasks.filter((task) => task.list !== 'v3' && beginOf(task) !== null);
  if (dated.length === 0) return closings;
  const since = Math.min(...dated.map((task) => beginOf(task) ?? 0));
  const rows = (await rowsSince(client, { since, after: 0 }, signal)) ?? [];
  const others = allSeen(client);
  for (const task of dated) {
    const closing = closingOf(task, rows, others);
    if (closing) closings.set(task.id, closing);
  }
  return closings;
}
