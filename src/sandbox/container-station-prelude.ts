// What happened on the NAS before the world began: rows and events in every form that was seen on real machines
// (wire: Container Station 2.6, 3.4). Knows no world.
import type { Dialect, DialectTraits } from './container-station-dialects.ts';
import type { StationEvent } from './container-station-events.ts';
import type { NewLogRow } from './container-station-log.ts';
import type { WorldTime } from './world.ts';

const ROWS = 60;
const EVENTS = 40;

type Pattern = [category: string, message: string, level?: 'INFO' | 'WARN' | 'ERROR', user?: string];

const PATTERNS: readonly Pattern[] = [
  ['system', 'Start Container Station: v1.3', 'INFO', 'system'],
  ['image', 'Update image list successfully', 'INFO', 'system'],
  ['image', 'Start to do background task (image_download, busybox:latest)'],
  ['image', 'Finished background task (image_download, busybox:latest)'],
  ['image', 'Image removed (docker, busybox:latest)'],
  ['container', 'Start to do background task (create, lxdTest)'],
  [
    'container',
    'Background task error for create lxdTest: Failed creating instance record: Failed initialising instance: Failed to add device "disk0": Missing source path "/share/test/selenium" for disk "disk0"',
    'ERROR',
  ],
  ['container', 'Failed to do background task (create, lxdTest)'],
  ['container', 'Create container (lxc, cache)'],
  ['container', 'Start application: joomla'],
  ['container', 'Down application: joomla, data:{"volume": false}'],
  ['export', 'Start to export container (lxc, cache) to /test/c.tgz'],
  ['export', 'Export error for cache: (127,)', 'ERROR'],
  ['export', 'Failed to export container (lxc, cache) to /test/c.tgz', 'ERROR'],
  ['import', 'Start to import container (lxc, cache_import) from (/test/c.tgz)'],
  ['import', 'Finished import container (lxc, cache_import) from (/test/c.tgz) (return=0)'],
  ['volume', 'Create volume: cache-data'],
  ['volume', 'Remove volume: cache-data'],
  ['volume', 'Prune all unused volumes: '],
  ['backup', 'User cancel of backup job (lxc, cache)', 'WARN', 'system'],
  ['container', 'Create network: back-end'],
  ['image', 'commit container (docker, 08fd4fac14b8, aaa:v1)'],
  ['image', 'Registry add: new_test'],
  ['image', 'Registry edit: new_test'],
  ['image', 'Registry remove: new_test'],
];

/** 60 rows that end a minute before `before`; one of them falls on a full second. */
export function preludeRows(before: WorldTime, user: string): NewLogRow[] {
  return Array.from({ length: ROWS }, (_, index) => {
    const [category, message, level = 'INFO', who = user] = PATTERNS[index % PATTERNS.length] ??
      PATTERNS[0] ?? ['', ''];
    const full = index === 7;
    const ms = Math.floor(before.ms / 1000) * 1000 - 60_000 - (ROWS - 1 - index) * 37_000;
    const at = full
      ? { ms, nanos: 0 }
      : { ms: ms + ((index * 137) % 1000), nanos: (index * 7919 * 1000) % 1_000_000 };
    return { at, category, message, level, user: who };
  });
}

/** 40 events that end a minute before `before`; of the newest 20, two belong to another user. */
export function preludeEvents(
  before: WorldTime,
  options: { dialect: Dialect; traits: DialectTraits; user: string },
): StationEvent[] {
  const forms = eventForms(options);
  return Array.from({ length: EVENTS }, (_, index) => {
    const form = forms[index % forms.length] ?? forms[0];
    const ms = Math.floor(before.ms / 1000) * 1000 - 60_000 - (EVENTS - 1 - index) * 11_000;
    return { category: 'container', user: 'all', payload: {}, ...form, at: { ms, nanos: 0 } };
  });
}

function eventForms(options: {
  dialect: Dialect;
  traits: DialectTraits;
  user: string;
}): Omit<StationEvent, 'at'>[] {
  const { user, traits } = options;
  const draft = options.dialect === 'A';
  const container = (payload: Record<string, unknown>) => ({ category: 'container', user: 'all', payload });
  const image = (who: string, payload: Record<string, unknown>) => ({
    category: 'image',
    user: who,
    payload,
  });
  const update = { action: 'update', [draft ? 'from' : 'category']: 'local' };
  const id = '08fd4fac14b85af65da4a7d9c4f9d8feb5f3ef39f2ccd978c753151de9a42765';
  const sha = 'sha256:ee1f276f080220ce22db6e607f464e042570515b1b3d3ae03361db1ccef08b46';
  const exported = { container: 'cache', cid: 'cache', compress: true, path: '/test/c.tgz', type: 'lxc' };
  const imported = { cid: 'cache_import', path: '/test/c.tgz', type: 'lxc', tid: 1 };
  const task = (more: Record<string, unknown>): Omit<StationEvent, 'at'> =>
    draft
      ? image(user, { action: 'delete', state: 'error', type: 'docker', name: 'lgsd/diamond' })
      : {
          category: 'background',
          user,
          payload: { category: traits.pullCategory, container: 'busybox:latest', tid: 1, ...more },
        };
  return [
    container({ container: 'cache', state: 'create', type: 'lxc' }),
    image('all', { ...update, type: 'lxc' }),
    container({ container: 'cache', state: 'start', type: 'lxc' }),
    container({ container: 'cache', type: 'lxc', port: 'add' }),
    task({ state: 'running' }),
    image('all', { ...update, type: 'docker', state: 'pull', id: 'busybox:latest' }),
    image(user, {
      [traits.imageSource]: 'dockerhub',
      name: 'busybox',
      state: 'success',
      tag: 'latest',
      action: 'download',
      type: 'docker',
    }),
    task({ state: 'completed', result: 0 }),
    image('ada', { action: 'delete', state: 'success', type: 'docker', name: 'busybox' }),
    image('all', { ...update, type: 'docker', state: 'untag', id: 'busybox:latest' }),
    image('all', { ...update, type: 'docker', state: 'delete', id: sha }),
    container({ container: 'dtest', state: 'die', type: 'docker', id }),
    container({ container: 'dtest', state: 'disconnect', type: 'docker', id }),
    container({ container: null, state: 'destroy', type: 'docker', id }),
    image('system', { action: 'update', from: draft ? 'appcenter' : 'qnap' }),
    { category: 'export', user: 'ada', payload: { ...exported, state: 'running', tid: 1 } },
    { category: 'export', user, payload: { ...exported, state: 'error', result: -2, tid: 1 } },
    { category: 'import', user, payload: { ...imported, state: 'running' } },
    { category: 'import', user, payload: { ...imported, state: 'completed', result: 0 } },
    container({ container: 'cache', state: 'stop', type: 'lxc' }),
  ];
}
