// What the NAS notes about the world: rows of the activity log and events, in the patterns that were seen
// (wire: Container Station 2.6, 3.4). Knows neither HTTP nor how rows and events are read.
import type { Containers, StationContainer } from './container-station-containers.ts';
import type { Dialect, DialectTraits } from './container-station-dialects.ts';
import type { EventRing, StationEvent } from './container-station-events.ts';
import type { ActivityLog, NewLogRow } from './container-station-log.ts';
import { preludeEvents, preludeRows } from './container-station-prelude.ts';
import type { StationTask, Tasks } from './container-station-tasks.ts';
import type { World, WorldDeploy, WorldEvent, WorldTime } from './world.ts';

export interface StoryOptions {
  world: World;
  dialect: Dialect;
  traits: DialectTraits;
  log: ActivityLog;
  ring: EventRing;
  containers: Containers;
  tasks: Tasks;
  /** Who is at work where the world does not say. */
  user: string;
  /** Rows and events that already exist; absent: a prelude, then the world's past. */
  rows?: readonly NewLogRow[];
  events?: readonly StationEvent[];
  /** A row of routine after every so many lines of the world; 0 = none. */
  routineEvery: number;
}

export interface Story {
  /** What `PUT …/start|stop|restart` leaves behind. */
  acted(container: StationContainer, action: 'start' | 'stop' | 'restart', user: string): void;
  close(): void;
}

/** One thing that happened: rows and events of the same moment. */
interface Note {
  at: WorldTime;
  rows: NewLogRow[];
  events: Omit<StationEvent, 'at'>[];
}

export function tellStory(options: StoryOptions): Story {
  const { world, log, ring } = options;
  const begun = new Set<string>();
  const ended = new Set<string>();
  const put = (note: Note, wanted = { rows: true, events: true }): void => {
    for (const row of wanted.rows ? note.rows : []) log.add({ at: note.at, ...row });
    for (const event of wanted.events ? note.events : []) ring.add({ at: note.at, ...event });
  };
  const deployNotes = (deploy: WorldDeploy): Note[] => {
    const task = options.tasks.of(deploy);
    const notes: Note[] = [];
    if (task.start && !begun.has(deploy.id)) notes.push(taskBegun(task, task.start, options));
    if (task.end && !ended.has(deploy.id)) notes.push(taskEnded(task, task.end, deploy, options));
    if (task.start) begun.add(deploy.id);
    if (task.end) ended.add(deploy.id);
    return notes;
  };
  const past = [
    ...world.events.flatMap((event) => eventNotes(event, options)),
    ...world.deploys.flatMap(deployNotes),
  ];
  past.sort((a, b) => a.at.ms - b.at.ms || a.at.nanos - b.at.nanos);
  // Deploys may be older than the oldest line that is kept.
  const first =
    [world.lines[0]?.at, past[0]?.at, world.now()].reduce((low, at) =>
      at && (!low || at.ms < low.ms) ? at : low,
    ) ?? world.now();
  for (const row of options.rows ?? preludeRows(first, options.user)) log.add(row);
  for (const event of options.events ?? preludeEvents(first, options)) ring.add(event);
  for (const note of past) put(note, { rows: !options.rows, events: !options.events });
  const stops = [
    world.onEvent((event) => {
      for (const note of eventNotes(event, options)) put(note);
    }),
    world.onDeploy((deploy) => {
      for (const note of deployNotes(deploy)) put(note);
    }),
    world.onLine((line) => {
      if (options.routineEvery > 0 && line.seq % options.routineEvery === 0) {
        put(routine(line.at, line.seq / options.routineEvery));
      }
    }),
  ];
  return {
    acted: (container, action, user) => put(actionNote(container, action, { at: world.now(), user })),
    close() {
      for (const stop of stops) stop();
    },
  };
}

/** `(docker, <12 hex>, <name>)` or `(lxc, <name>)`. */
export function label(container: StationContainer): string {
  return container.type === 'docker'
    ? `(docker, ${container.id.slice(0, 12)}, ${container.name})`
    : `(${container.type}, ${container.name})`;
}

function eventNotes(event: WorldEvent, options: StoryOptions): Note[] {
  const app = options.world.app;
  const container = options.containers.find('docker', `${app}-${event.component ?? 'web'}`);
  const { at, user } = event;
  if (!container) return [];
  const told = (rows: NewLogRow[], states: readonly string[]): Note[] => [
    { at, rows, events: states.map((state) => daemonEvent(container, state)) },
  ];
  if (event.kind === 'restart') return [actionNote(container, 'restart', { at, user })];
  if (event.kind === 'scale') {
    const grown = Number(event.detail.to) >= Number(event.detail.from);
    const states = grown ? ['create', 'connect', 'start'] : ['die', 'disconnect', 'destroy'];
    return told([{ user, message: `Restart application: ${app}` }], states);
  }
  if (event.kind === 'crash') {
    // The log says that it started, not that it stopped; only the events tell of the end.
    const row = { user: 'system', message: `Start container ${label(container)}` };
    return told([row], ['die', 'disconnect', 'connect', 'start']);
  }
  if (event.kind !== 'config') return [];
  const rows = [`Down application: ${app}, data:{"volume": false}`, `Start application: ${app}`];
  return told(
    rows.map((message) => ({ user, message })),
    ['die', 'disconnect', 'destroy', 'create', 'connect', 'start'],
  );
}

function actionNote(
  container: StationContainer,
  action: 'start' | 'stop' | 'restart',
  { at, user }: { at: WorldTime; user: string },
): Note {
  const verb = { start: 'Start', stop: 'Stop', restart: 'Restart' }[action];
  const engine = {
    start: ['connect', 'start'],
    stop: ['die', 'disconnect'],
    restart: ['die', 'disconnect', 'connect', 'start', 'restart'],
  }[action];
  const states = container.type === 'docker' ? engine : [action];
  return {
    at,
    rows: [{ user, message: `${verb} container ${label(container)}` }],
    events: states.map((state) => daemonEvent(container, state)),
  };
}

// A destroyed docker container has no name any more.
function daemonEvent(container: StationContainer, state: string): Omit<StationEvent, 'at'> {
  const docker = container.type === 'docker';
  const name = docker && state === 'destroy' ? null : container.name;
  const id = docker ? { id: container.id } : {};
  return {
    category: 'container',
    user: 'all',
    payload: { container: name, state, type: container.type, ...id },
  };
}

function taskBegun(task: StationTask, at: WorldTime, options: StoryOptions): Note {
  const message =
    options.dialect === 'A'
      ? `Start to download image from dockerhub (docker, ${task.name})`
      : `Start to do background task (${task.category}, ${task.name})`;
  return {
    at,
    rows: [{ category: 'image', user: task.user, message }],
    events: options.dialect === 'A' ? [] : [taskEvent(task, { state: 'running' })],
  };
}

function taskEnded(task: StationTask, at: WorldTime, deploy: WorldDeploy, options: StoryOptions): Note {
  const failed = task.state === 'error';
  const draft = options.dialect === 'A';
  const rows: NewLogRow[] = [];
  const row = { category: 'image', user: task.user };
  if (failed) {
    const reason = deploy.reason ?? 'Image not found';
    const message = `Background task error for ${task.category} ${task.name}: ${reason}`;
    rows.push({ ...row, level: 'ERROR', message });
  }
  if (draft && !failed)
    rows.push({ ...row, message: `Finished to download image from dockerhub (docker, ${task.name})` });
  if (!draft) {
    const verb = failed ? 'Failed to do' : 'Finished';
    rows.push({ ...row, message: `${verb} background task (${task.category}, ${task.name})` });
  }
  const [name, tag] = task.name.split(':');
  const image: Omit<StationEvent, 'at'> = {
    category: 'image',
    user: task.user,
    payload: {
      [options.traits.imageSource]: 'dockerhub',
      name,
      state: failed ? 'error' : 'success',
      tag,
      action: 'download',
      type: 'docker',
    },
  };
  const done = taskEvent(task, { state: task.state, result: task.result });
  return { at, rows, events: draft ? [image] : [image, done] };
}

function taskEvent(task: StationTask, more: Record<string, unknown>): Omit<StationEvent, 'at'> {
  return {
    category: 'background',
    user: task.user,
    payload: { category: task.category, container: task.name, ...more, tid: task.id },
  };
}

function routine(at: WorldTime, turn: number): Note {
  const rows: NewLogRow[] = [
    { category: 'system', user: 'system', message: 'Update image list successfully' },
    { category: 'backup', user: 'system', message: 'Start to backup container (lxc, cache)' },
    { category: 'backup', user: 'system', level: 'WARN', message: 'User cancel of backup job (lxc, cache)' },
    { category: 'volume', user: 'system', message: 'Prune all unused volumes: ' },
  ];
  return { at, rows: rows.slice(turn % 4, (turn % 4) + 1), events: [] };
}
