// The containers of the sandbox NAS: which exist, in which state, and how v1, `inspect` and v3 describe them
// (wire: Container Station 4.1, 4.2, 4.5, 6.10). Knows no route.
import { createHash } from 'node:crypto';
import type { ContainerType, Dialect } from './container-station-dialects.ts';
import type { World, WorldComponent, WorldTime } from './world.ts';

export interface StationContainer {
  readonly type: ContainerType;
  /** 64 hex digits for docker, the name for the others. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Docker only: decides between `\r\n` and `\n`. */
  readonly tty: boolean;
  /** The world's component whose lines its console shows. */
  readonly component: string;
}

export type ContainerState = 'running' | 'stopped';

export interface Containers {
  readonly all: readonly StationContainer[];
  /** Docker by full id, name or an unambiguous beginning of the id (12 digits or more). */
  find(type: string, reference: string): StationContainer | undefined;
  state(container: StationContainer): ContainerState;
  /** Overrules the world's own state of it, and tells the listeners. */
  set(container: StationContainer, state: ContainerState): void;
  /** The object of `GET /container`; a stopped one lacks cpu, memory, rx, tx and ipaddress. */
  basic(container: StationContainer): Record<string, unknown>;
  inspect(container: StationContainer): Record<string, unknown>;
  /** The item of v3: cpu and memory are fractions of the whole NAS. */
  item(container: StationContainer): Record<string, unknown>;
  /** Called when a state may have changed. */
  onChange(listener: () => void): () => void;
}

/** 7998068 KiB. */
export const HOST_MEMORY = 7998068 * 1024;
const THREADS = 4;
const SAMPLE_MS = 15_000;
/** Clock ticks of one sample over all threads: every published `cpu` is a ratio of small tick counts. */
const TICKS = 6000;
const PROJECT_PATH = '/share/CACHEDEV1_DATA/.qpkg/container-station/ctstation/config/../../data/application/';

export function createContainers(options: {
  world: World;
  dialect: Dialect;
  types: readonly ContainerType[];
  /** Names of the docker containers that have a TTY. */
  tty: readonly string[];
}): Containers {
  const { world, dialect } = options;
  const born = world.lines[0]?.at ?? world.now();
  const all = inventory(world, options.tty).filter((container) => options.types.includes(container.type));
  const overruled = new Map<string, ContainerState>([[`${world.app}-migrate`, 'stopped']]);
  const listeners = new Set<() => void>();
  const state = (container: StationContainer): ContainerState =>
    (overruled.get(container.name) ?? (componentOf(world, container)?.state ?? 'running') === 'running')
      ? (overruled.get(container.name) ?? 'running')
      : 'stopped';
  return {
    all,
    find: (type, reference) =>
      all.find(
        (container) =>
          container.type === type &&
          (container.name === reference ||
            container.id === reference ||
            (/^[0-9a-f]{12,64}$/.test(reference) && container.id.startsWith(reference))),
      ),
    state,
    set(container, next) {
      overruled.set(container.name, next);
      for (const listener of [...listeners]) listener();
    },
    basic: (container) => basicInfo(world, dialect, container, state(container)),
    inspect: (container) => inspection({ world, container, born, state: state(container) }),
    item: (container) => v3Item({ world, container, born, state: state(container) }),
    onChange(listener) {
      listeners.add(listener);
      const stop = world.onEvent(listener);
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
  };
}

/** `docker`: 64 hex digits that depend on the name alone. */
export function dockerId(name: string): string {
  return createHash('sha256').update(`container ${name}`).digest('hex');
}

function inventory(world: World, tty: readonly string[]): StationContainer[] {
  const docker = (component: string, image: string): StationContainer => {
    const name = `${world.app}-${component}`;
    return { type: 'docker', id: dockerId(name), name, image, tty: tty.includes(name), component };
  };
  const images: Record<string, string> = { db: 'mariadb:10.2' };
  return [
    ...world.components.map(({ name }) => docker(name, images[name] ?? `${world.app}/${name}:latest`)),
    // A job that has ended: something must show what a stopped container lacks.
    docker('migrate', `${world.app}/migrate:latest`),
    { type: 'lxc', id: 'cache', name: 'cache', image: 'ubuntu-bionic:latest', tty: true, component: 'cache' },
    { type: 'lxd', id: 'lab', name: 'lab', image: 'ubuntu:20.04', tty: true, component: 'lab' },
  ];
}

function componentOf(world: World, container: StationContainer): WorldComponent | undefined {
  if (container.type !== 'docker') return undefined;
  return world.components.find((component) => component.name === container.component);
}

interface Load {
  /** Fraction 0..1 of all cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
  rx: number;
  tx: number;
}

// The NAS samples about every 15 s; polling faster repeats values (wire: Container Station 4.5).
function loadOf(world: World, container: StationContainer): Load {
  const component = componentOf(world, container);
  if (component === undefined) return { cpu: 3 / TICKS, memory: 44904448, rx: 393, tx: 354 };
  const at: WorldTime = { ms: Math.floor(world.now().ms / SAMPLE_MS) * SAMPLE_MS, nanos: 0 };
  const sum: Load = { cpu: 0, memory: 0, rx: 0, tx: 0 };
  for (let index = 1; index <= component.instances; index += 1) {
    const part = world.metrics(component.name, index, at);
    sum.cpu += part.cpu / 100 / THREADS;
    sum.memory += part.memory;
    sum.rx += part.rx;
    sum.tx += part.tx;
  }
  return {
    cpu: Math.min(TICKS, Math.round(sum.cpu * TICKS)) / TICKS,
    memory: Math.floor(sum.memory / 4096) * 4096,
    rx: Math.round(sum.rx),
    tx: Math.round(sum.tx),
  };
}

function basicInfo(
  world: World,
  dialect: Dialect,
  container: StationContainer,
  state: ContainerState,
): Record<string, unknown> {
  const load = state === 'running' ? loadOf(world, container) : undefined;
  const docker = container.type === 'docker';
  const at = (from: Dialect): boolean => dialect >= from;
  const described: Record<string, unknown> = {
    id: container.id,
    image: container.image,
    name: container.name,
    state,
    type: container.type,
    ...(at('C') ? { tcpPort: [] } : {}),
    ...(docker && at('D') ? { imageID: imageId(container) } : {}),
    ...(docker && at('E')
      ? {
          externalIP: '',
          networkMode: '',
          project: world.app,
          projectPath: `${PROJECT_PATH}${world.app}`,
        }
      : {}),
    ...(at('F') ? { runtime: docker ? 'runc' : '', privileged: false } : {}),
    ...(load ? { ...load, ipaddress: [address(world, container)] } : {}),
  };
  return Object.fromEntries(Object.entries(described).sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Subject {
  world: World;
  container: StationContainer;
  born: WorldTime;
  state: ContainerState;
}

function inspection({ world, container, born, state }: Subject): Record<string, unknown> {
  if (container.type !== 'docker') return { NetworkSettings: { Ports: {} } };
  const running = state === 'running';
  const crashes = world.events.filter(
    (event) => event.kind === 'crash' && event.component === container.component,
  );
  const exitCode = Number(crashes.at(-1)?.detail.exitCode ?? 0);
  return {
    Id: container.id,
    Created: rfc3339(born),
    State: {
      Status: running ? 'running' : 'exited',
      Running: running,
      Paused: false,
      Restarting: false,
      OOMKilled: exitCode === 137,
      Dead: false,
      Pid: running ? 12345 : 0,
      ExitCode: running ? 0 : exitCode,
      Error: '',
      StartedAt: rfc3339(startOf(world, container, born)),
      FinishedAt: crashes.length > 0 ? rfc3339(crashes.at(-1)?.at ?? born) : '0001-01-01T00:00:00Z',
    },
    Image: imageId(container),
    Name: `/${container.name}`,
    RestartCount: crashes.length,
    HostConfig: { LogConfig: { Type: 'json-file', Config: { 'max-file': '10', 'max-size': '10m' } } },
    Config: { Hostname: container.id.slice(0, 12), Image: container.image, Tty: container.tty },
    NetworkSettings: { Ports: {} },
  };
}

function v3Item({ world, container, born, state }: Subject): Record<string, unknown> {
  const load = state === 'running' ? loadOf(world, container) : { cpu: 0, memory: 0, rx: 0, tx: 0 };
  return {
    id: container.id,
    name: container.name,
    type: container.type,
    image: container.image,
    status: state,
    project: container.type === 'docker' ? world.app : '',
    runtime: container.type === 'docker' ? 'runc' : '',
    cpu: load.cpu,
    memory: load.memory / HOST_MEMORY,
    tx: load.tx,
    rx: load.rx,
    read: 0,
    write: 0,
    created: rfc3339(born),
    startedAt: rfc3339(startOf(world, container, born)),
    cmd: [],
    portBindings: [],
    networks: [],
  };
}

function imageId(container: StationContainer): string {
  return `sha256:${createHash('sha256').update(`image ${container.image}`).digest('hex')}`;
}

function address(world: World, container: StationContainer): string {
  const order = world.components.findIndex((component) => component.name === container.component);
  if (container.type === 'docker') return `10.0.3.${3 + order}`;
  return container.type === 'lxc' ? '10.0.3.241' : '10.0.3.242';
}

function startOf(world: World, container: StationContainer, born: WorldTime): WorldTime {
  const starts = world.events.filter(
    (event) => event.component === container.component && ['restart', 'crash', 'config'].includes(event.kind),
  );
  return starts.at(-1)?.at ?? born;
}

/** Docker's own form: UTC with nine digits. */
function rfc3339(at: WorldTime): string {
  return new Date(at.ms).toISOString().replace('Z', `${String(at.nanos).padStart(6, '0')}Z`);
}
