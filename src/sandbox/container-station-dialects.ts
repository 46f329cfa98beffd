// The six dialects of Container Station as a table (wire: Container Station 0.1), and the two ways it writes JSON.
// Knows neither the world nor HTTP.

export type Dialect = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

export type ContainerType = 'docker' | 'lxc' | 'lxd';

/** The server's own names of its routes: what `Fault.route`, `SeenRequest.route` and the `missing` knob use. */
export type StationRoute =
  | 'login'
  | 'login-refresh'
  | 'logout'
  | 'qts-login'
  | 'system'
  | 'resource'
  | 'log'
  | 'log-export'
  | 'log-clear'
  | 'event'
  | 'event-wait'
  | 'containers'
  | 'container'
  | 'getid'
  | 'inspect'
  | 'console'
  | 'container-action'
  | 'apps'
  | 'app'
  | 'app-action'
  | 'image-delete'
  | 'import-config'
  | 'background'
  | 'background-clear'
  | 'image-create'
  | 'image-downloads'
  | 'exports'
  | 'imports'
  | 'export-progress'
  | 'import-progress'
  | 'v3-overview'
  | 'v3-containers'
  | 'v3-container'
  | 'v3-tasks';

export interface DialectTraits {
  /** Before `/api/v1`; '' where there is none. */
  readonly prefix: string;
  /** Names of the log's time parameters; the other pair is ignored like any unknown key. */
  readonly timeParameters: readonly [from: string, to: string];
  /** Whether `level` and `category` take comma lists. */
  readonly lists: boolean;
  /** 3: `category:user:JSON`, 4: `category:user:seconds:JSON`. */
  readonly eventParts: 3 | 4;
  readonly loginBody: 'form' | 'json';
  /** Whether `{"sid": …}` logs in too. */
  readonly sidLogin: boolean;
  /** Documented for F only; the client needs a generic jar. */
  readonly cookie: string;
  readonly types: readonly ContainerType[];
  /** `nested`: `{"error": {code, message}}`; `flat`: `{code, message}` with a real status. */
  readonly errors: 'nested' | 'flat';
  /** The key that says where an image came from. */
  readonly imageSource: 'from' | 'repository';
  /** Task category of an image pull; undefined where no `/background/` exists. */
  readonly pullCategory: string;
  /** Routes that answer 404. */
  readonly missing: readonly StationRoute[];
}

const V3: readonly StationRoute[] = ['v3-overview', 'v3-containers', 'v3-container', 'v3-tasks'];
const OLD_TASKS: readonly StationRoute[] = [
  'image-downloads',
  'exports',
  'imports',
  'export-progress',
  'import-progress',
];

const current = {
  timeParameters: ['start', 'end'],
  lists: true,
  eventParts: 4,
  loginBody: 'form',
  sidLogin: false,
  cookie: 'session',
  types: ['docker', 'lxc'],
  errors: 'nested',
  imageSource: 'repository',
  pullCategory: 'image_download',
  missing: [...V3, ...OLD_TASKS, 'image-create'],
} as const satisfies Partial<DialectTraits>;

const TRAITS: Record<Dialect, DialectTraits> = {
  A: {
    ...current,
    prefix: '',
    timeParameters: ['time_start', 'time_end'],
    lists: false,
    eventParts: 3,
    imageSource: 'from',
    missing: [
      ...V3,
      'log-clear',
      'background',
      'background-clear',
      'image-downloads',
      'export-progress',
      'import-progress',
    ],
  },
  B: {
    ...current,
    prefix: '',
    timeParameters: ['time_start', 'time_end'],
    pullCategory: 'download',
    missing: [...V3, 'image-create'],
  },
  C: { ...current, prefix: '' },
  D: { ...current, prefix: '/containerstation' },
  E: {
    ...current,
    prefix: '/container-station',
    loginBody: 'json',
    sidLogin: true,
    cookie: 'CS_SESS_ID',
    types: ['docker', 'lxc', 'lxd'],
  },
  // What v1 still answers on 3.x: login, logout, containers, apps and start/stop/restart. `/event`, `/background`,
  // `/system` and `/log/export` were never tried on a real one; here they are gone too.
  F: {
    ...current,
    prefix: '/container-station',
    loginBody: 'json',
    sidLogin: true,
    cookie: 'CS_SESS_ID',
    types: ['docker', 'lxd'],
    errors: 'flat',
    pullCategory: 'image_pull',
    missing: [
      ...OLD_TASKS,
      'image-create',
      'system',
      'resource',
      'log',
      'log-export',
      'log-clear',
      'event',
      'event-wait',
      'container',
      'getid',
      'inspect',
      'console',
      'app',
      'app-action',
      'image-delete',
      'import-config',
      'background',
      'background-clear',
    ],
  },
};

export function traitsOf(dialect: Dialect): DialectTraits {
  return TRAITS[dialect];
}

/** The answer of `GET /system` (wire: Container Station 1.8): keys and the place of the version differ. */
export function systemAnswer(dialect: Dialect): Record<string, unknown> {
  if (dialect === 'A' || dialect === 'B') {
    return {
      cpu_core: 2,
      cpu_thread: 4,
      hostname: 'nas',
      machine: 'x86_64',
      memory: 7998068,
      version: {
        docker_version: '1.8.2',
        lxc_version: '1.0.7',
        web: dialect === 'A' ? 'unknown' : 'v1.3',
      },
    };
  }
  const common = {
    cpuCore: 2,
    cpuThread: 4,
    hostname: 'nas',
    machine: 'x86_64',
    memory: 7998068,
    memoryPageSize: 4096,
    needRestart: false,
    platform: 'qts',
    processor: 'Intel(R) Celeron(R) CPU J1900 @ 1.99GHz',
    status: 'running',
  };
  if (dialect === 'C' || dialect === 'D') {
    const web = dialect === 'C' ? 'v1.7.2224' : 'v1.8.3138';
    return { ...common, version: { dockerVersion: '17.09.1-ce', lxcVersion: '1.0.7', web } };
  }
  return {
    ...common,
    features: ['docker', 'lxd'],
    gpu: {},
    storageDriver: 'overlay2',
    version: {
      compose: '1.29.2',
      dockerVersion: '20.10.3',
      firmware: dialect === 'E' ? '4.5.4' : '5.1.8',
      lxc: '1.1.5',
      lxd: '4.17',
      qpkg: dialect === 'E' ? '2.4.0.2316' : '3.0.7.891',
      qpkgBuildDate: '20210805',
    },
  };
}

/** JSON as Python's `json.dumps` writes it: `", "` and `": "`, ASCII only, `cpu` always a float (`0.0`). */
export function pythonJson(value: unknown, key = ''): string {
  if (typeof value === 'string') return asciiString(value);
  if (typeof value === 'number' && key === 'cpu' && Number.isInteger(value)) return `${value}.0`;
  if (Array.isArray(value)) return `[${value.map((item) => pythonJson(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => `${asciiString(name)}: ${pythonJson(member, name)}`);
    return `{${members.join(', ')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
