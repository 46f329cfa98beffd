// QNAP Container Station as a platform: logs, tasks, metrics and events. Knows no wire detail.
import { CliError } from '../../errors.ts';
import type { App, Level, Notice } from '../../model.ts';
import {
  type AppRef,
  defineProvider,
  type LogOptions,
  type LogsCapability,
  type PlatformFlag,
  type Provider,
  type SettingDeclaration,
} from '../../provider.ts';
import { activityLog, activityTraits } from './activity-log.ts';
import { StationClient } from './client.ts';
import { clockOfZone } from './clock.ts';
import { consoleLog } from './console-log.ts';
import { addressOf } from './dialect.ts';
import { eventsAt } from './events.ts';
import { findContainer } from './find-container.ts';
import { type LogFilters, NO_FILTERS } from './log-query.ts';
import { metricsAt } from './metrics.ts';
import { type Pace, STATION_PACE } from './pace.ts';
import { tasksAt } from './tasks.ts';
import { appOfContainer, type Container } from './translate.ts';

const SETTINGS: readonly SettingDeclaration[] = [
  {
    name: 'url',
    description: 'address of the NAS (http://NAS:8080); a path in it is the prefix of the API',
    secret: false,
    address: true,
    env: [{ name: 'POLYLOG_QNAP_URL' }],
  },
  {
    name: 'host',
    description: 'host of the NAS, without a url',
    secret: false,
    address: true,
    env: [{ name: 'QIP' }],
  },
  {
    name: 'port',
    description: 'system port of the NAS, beside host (default 8080)',
    secret: false,
    address: true,
    env: [{ name: 'QPORT', needs: 'QIP' }],
  },
  {
    name: 'user',
    description: 'user of the NAS',
    secret: false,
    env: [{ name: 'POLYLOG_QNAP_USER' }],
  },
  {
    name: 'password',
    description: 'password of that user',
    secret: true,
    env: [{ name: 'POLYLOG_QNAP_PASSWORD' }],
  },
  {
    name: 'sid',
    description: 'QTS session id, in place of user and password (2-step verification)',
    secret: true,
    env: [{ name: 'POLYLOG_QNAP_SID' }],
  },
  {
    name: 'timezone',
    description:
      'time zone of the NAS (Asia/Taipei), to correct its local times; guessed from the login otherwise',
    secret: false,
    env: [{ name: 'POLYLOG_QNAP_TIMEZONE' }],
  },
  {
    name: 'insecure',
    description: 'accept any certificate of the NAS, and plain http for the login',
    secret: false,
    env: [{ name: 'POLYLOG_QNAP_INSECURE' }],
  },
  {
    name: 'fingerprint',
    description: 'SHA-256 fingerprint of the certificate of the NAS',
    secret: false,
    env: [{ name: 'POLYLOG_QNAP_FINGERPRINT' }],
  },
];

const FLAGS: readonly PlatformFlag[] = [
  {
    name: 'category',
    value: 'LIST',
    description: 'rows of these categories (container,image,import,export,backup,system,volume)',
  },
  { name: 'user', value: 'NAME', description: 'rows of this user' },
  { name: 'text', value: 'TEXT', description: 'rows with this text, as the station searches' },
  { name: 'activity', description: 'rows of the activity log that name the container, not its console' },
  { name: 'nas-timezone', value: 'ZONE', description: 'time zone of the NAS, to correct its local times' },
];

const CONTAINER_TYPES: readonly string[] = ['docker', 'lxc', 'lxd'];
const REF_HINT =
  'Containers are written docker/NAME, lxc/NAME or lxd/NAME; nothing stands for the station itself.';

/** The platform, asked at another pace than its own: for tests. */
export function containerStationAt(pace: Partial<Pace>): Provider {
  const ownPace: Pace = { ...STATION_PACE, ...pace };
  return defineProvider<StationClient>({
    name: 'container-station',
    aliases: ['qnap'],
    title: 'QNAP Container Station',
    settings: SETTINGS,
    credentials: [['sid'], ['user', 'password'], []],
    appForm: 'docker/NAME, lxc/NAME, lxd/NAME, or nothing for the station itself',
    parseRef,
    origin: (settings) => addressOf(settings).origin,
    mayCarryCredential: (url, settings) => url.origin === addressOf(settings).origin,
    connect: (settings, network, sessions) =>
      new StationClient(settings, network, { pace: ownPace, sessions }),
    whoami: (client, signal) => client.identity(signal),
    signOut: (client, signal) => client.logOut(signal),
    apps: { list: listApps },
    logs: logsAt(ownPace),
    builds: tasksAt(ownPace),
    metrics: metricsAt(ownPace),
    events: eventsAt(ownPace),
  });
}

export const containerStation: Provider = containerStationAt({});

function parseRef(text: string): AppRef {
  if (text === '') return { app: '', component: null };
  const [type = '', name = '', ...more] = text.split('/');
  if (!CONTAINER_TYPES.includes(type)) {
    throw new CliError('usage', `"${text}" is no target of Container Station.`, { hint: REF_HINT });
  }
  if (name === '') {
    throw new CliError('usage', `The target "${text}" of Container Station names no container.`, {
      hint: REF_HINT,
    });
  }
  if (more.length > 0) {
    throw new CliError(
      'usage',
      `A container of Container Station has no components, so "${text}" is no target.`,
      {
        hint: `Write ${type}/${name}.`,
      },
    );
  }
  return { app: `${type}/${name}`, component: null };
}

/** The station itself first, then its containers as it lists them. */
async function listApps(client: StationClient, signal: AbortSignal): Promise<App[]> {
  const containers = await client.containers(signal);
  const station: App = { id: '', name: '', components: [], region: null, status: null };
  return [station, ...containers.map(appOfContainer)];
}

function logsAt(pace: Pace): LogsCapability<StationClient> {
  return {
    traits: activityTraits(pace),
    flags: FLAGS,
    sources: ['app', 'platform'],
    sourceNames: 'activity log: platform; console of a container: app',
    async open(client, ref, options, signal) {
      const container = ref.app === '' ? null : await findContainer(client, ref.app, signal);
      const filters = filtersOf(options);
      if (container && options.flags.activity !== true) {
        refuseActivityFlags(container, options);
        // Tells a version without console logs from the first moment on.
        await client.consoleText(container, 1, signal);
        return consoleLog(client, container);
      }
      const zone = options.flags['nas-timezone'] ?? client.zone;
      const clock = typeof zone === 'string' ? clockOfZone(zone) : null;
      await client.newestRow(signal);
      return { ...activityLog(client, { filters, container, clock }), notices: categoryNotices(filters) };
    },
    nativeExport(client, ref, signal) {
      // The CSV holds the activity log alone; a console has no such thing.
      return ref.app === '' ? client.exportCsv(signal).then(({ body }) => body) : null;
    },
  };
}

const LEVEL_NAMES: Readonly<Record<Level, string | null>> = {
  trace: null,
  debug: null,
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: null,
};

function filtersOf({ flags, levels }: LogOptions): LogFilters {
  const names = new Set(levels.map((level) => LEVEL_NAMES[level]).filter((name) => name !== null));
  return {
    ...NO_FILTERS,
    categories: typeof flags.category === 'string' ? wordsOf(flags.category) : [],
    // A choice of all three is none.
    levels: names.size === 3 ? [] : [...names],
    user: typeof flags.user === 'string' ? flags.user : null,
    text: typeof flags.text === 'string' ? flags.text : null,
  };
}

/** The documented ones, and one that real stations have besides (wire: Container Station 2.1): there may be more. */
const CATEGORIES: readonly string[] = [
  'container',
  'image',
  'import',
  'export',
  'backup',
  'system',
  'volume',
];

/** The station answers an unknown one with no rows, as it does one in which nothing has happened. */
function categoryNotices({ categories }: LogFilters): Notice[] {
  const unknown = categories.filter((name) => !CATEGORIES.includes(name));
  if (unknown.length === 0) return [];
  const words = `${unknown.join(', ')} is no category that is known of a station; known are ${CATEGORIES.join(', ')}`;
  return [{ kind: 'hint', message: words }];
}

function wordsOf(list: string): string[] {
  const words = list.split(',').map((word) => word.trim().toLowerCase());
  if (words.every((word) => /^[a-z_-]{1,40}$/.test(word))) return [...new Set(words)];
  throw new CliError('usage', `"${list.slice(0, 80)}" is no list of categories of Container Station.`, {
    hint: 'Write it as --category container,image.',
  });
}

function refuseActivityFlags({ type, name }: Container, { flags }: LogOptions): void {
  const given = FLAGS.find((flag) => flag.name !== 'activity' && flags[flag.name] !== undefined);
  if (!given) return;
  throw new CliError(
    'usage',
    `--${given.name} is about the activity log of Container Station, not about a console.`,
    {
      hint: `With --activity the rows that name ${type}/${name} are shown.`,
    },
  );
}
