// The routes of `/api/v3`, which Container Station 3.x has beside what is left of v1
// (wire: Container Station 5.5, 6.10). Knows neither prefixes nor who is let in.
import { Refusal, reply, type StationEndpoint } from './container-station-answers.ts';
import { v3Task } from './container-station-tasks.ts';

export const v3Endpoints: readonly StationEndpoint[] = [
  {
    name: 'v3-overview',
    method: 'GET',
    path: '/v3/overview',
    access: 'bearer',
    answer(asked, _session, station) {
      const container = station.containers.all.map((one) => {
        const { id, name, type, status, cpu, memory } = station.containers.item(one);
        return { id, name, type, status, cpu, memory };
      });
      reply(asked, station, { data: { app: [{ name: station.world.app, status: 'running' }], container } });
    },
  },
  {
    name: 'v3-containers',
    method: 'GET',
    path: '/v3/containers',
    access: 'bearer',
    answer: (asked, _session, station) =>
      reply(asked, station, { data: { items: station.containers.all.map(station.containers.item) } }),
  },
  {
    name: 'v3-container',
    method: 'GET',
    path: '/v3/containers/:type',
    access: 'bearer',
    answer(asked, _session, station) {
      const id = asked.query.get('id') ?? '';
      const container = station.containers.find(asked.params.type ?? '', id);
      if (!container) {
        const message = `Error response from daemon: No such container: ${id}`;
        throw new Refusal(404, message);
      }
      const { State: state } = station.containers.inspect(container) as { State?: DockerState };
      const limits = { cpuLimit: 0, memLimit: 0, finishedAt: state?.FinishedAt ?? '', pid: state?.Pid ?? 0 };
      const dockerStatus = state && {
        running: state.Running,
        paused: false,
        restarting: false,
        dead: false,
        exitCode: state.ExitCode,
        startedAt: state.StartedAt,
        finishedAt: state.FinishedAt,
        health: '',
      };
      reply(asked, station, { data: { ...station.containers.item(container), ...limits, dockerStatus } });
    },
  },
  {
    name: 'v3-tasks',
    method: 'GET',
    path: '/v3/tasks',
    access: 'bearer',
    answer: (asked, _session, station) =>
      reply(asked, station, { data: { items: station.tasks.list().map(v3Task) } }),
  },
];

interface DockerState {
  Running: boolean;
  ExitCode: number;
  Pid: number;
  StartedAt: string;
  FinishedAt: string;
}
