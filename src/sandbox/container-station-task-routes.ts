// The routes of background tasks and of the older lists of pulls, exports and imports (wire: Container Station 5).
// Knows neither prefixes nor who is let in.
import { holdAnswer, reply, type StationEndpoint } from './container-station-answers.ts';
import { backgroundItem, createTask, downloadStatus, transferItem } from './container-station-tasks.ts';

export const taskEndpoints: readonly StationEndpoint[] = [
  {
    name: 'background',
    method: 'GET',
    path: '/v1/background/',
    answer(asked, _session, station) {
      const tasks = station.tasks.list(asked.query.get('category') || undefined);
      reply(
        asked,
        station,
        tasks.map((task) => backgroundItem(task, station.clock)),
      );
    },
  },
  {
    name: 'background-clear',
    method: 'DELETE',
    path: '/v1/background/',
    answer: (asked, _session, station) => reply(asked, station, station.tasks.clear()),
  },
  {
    name: 'image-create',
    method: 'GET',
    path: '/v1/image/create/',
    answer: (asked, _session, station) =>
      reply(
        asked,
        station,
        station.tasks.list().map((task) => createTask(task, station.clock)),
      ),
  },
  {
    name: 'image-downloads',
    method: 'GET',
    path: '/v1/image/downloadstatus',
    answer: (asked, _session, station) => reply(asked, station, downloadStatus(station.tasks)),
  },
  transferList('exports', '/v1/export/'),
  transferList('imports', '/v1/import/'),
  transferProgress('export-progress', '/v1/export/progress'),
  transferProgress('import-progress', '/v1/import/progress'),
];

function transferList(name: 'exports' | 'imports', path: string): StationEndpoint {
  const kind = name === 'exports' ? 'export' : 'import';
  return {
    name,
    method: 'GET',
    path,
    answer: (asked, _session, station) => reply(asked, station, [transferItem(kind)]),
  };
}

/** A long poll that returns the list when a progress changes; here nothing ever moves, so it returns in the end. */
function transferProgress(name: 'export-progress' | 'import-progress', path: string): StationEndpoint {
  const kind = name === 'export-progress' ? 'export' : 'import';
  return {
    name,
    method: 'GET',
    path,
    answer(asked, _session, station) {
      holdAnswer(asked, station, {
        ms: station.holdMs,
        ready: () => false,
        value: () => [transferItem(kind)],
      });
    },
  };
}
