// The deployments, figures and events that stand in DigitalOcean's specification, word for word.
import { describe, expect, it } from 'vitest';
import { digitalocean as provider } from '../../src/providers/digitalocean/index.ts';
import { between, linesOf, of, past, play, type Sent, valuesOf, wordsOf } from './script.ts';

// Ids that are cut off with an ellipsis there are whole here.
const APP = '4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf';
const ACTIVE = '3aa4d20e-5527-4c00-b496-601fbd22520a';
const ID = 'b6bdf840-2854-4f87-a36c-5f231c617c84';
const ref = { app: APP, component: null };
const PATH = `GET /v2/apps/${APP}`;

const sample = (answers: Readonly<Record<string, Sent | readonly Sent[]>>) =>
  play(provider, {
    answers: {
      [PATH]: {
        body: `{"app":{"id":"${APP}","spec":{"name":"my-app","region":"ams","services":[{"name":"web","instance_count":2}],"workers":[{"name":"worker"}]},"active_deployment":{"id":"${ACTIVE}","phase":"ACTIVE","cause":"manual"}}}`,
      },
      ...answers,
    },
    env: (url) => ({ DIGITALOCEAN_API_URL: url, DIGITALOCEAN_ACCESS_TOKEN: 'dop_v1_test' }),
  });

const DEPLOYMENT = `{"deployment":{"id":"${ID}","phase":"BUILDING","cause":"commit 9a4df0b pushed to github/acme/my-app","created_at":"2026-08-01T09:57:50Z","updated_at":"2026-08-01T09:58:10Z","phase_last_updated_at":"2026-08-01T09:58:00Z",
 "services":[{"name":"web","source_commit_hash":"9a4df0b8"}],
 "progress":{"pending_steps":4,"running_steps":1,"success_steps":1,"total_steps":6,"steps":[{"name":"build","status":"RUNNING","started_at":"2026-08-01T09:58:00Z","steps":[{"name":"initialize","status":"SUCCESS"},{"name":"components","status":"RUNNING","steps":[{"name":"web","status":"RUNNING","component_name":"web","message_base":"Building service"}]}]},{"name":"deploy","status":"PENDING"}]}}}`;

const buildLog = async (logs: Sent, more: Readonly<Record<string, Sent>> = {}) => {
  const deployment = `${PATH}/deployments/${ID}`;
  const { client, signal } = await sample({
    [deployment]: { body: DEPLOYMENT.replace('"BUILDING"', '"ACTIVE"') },
    [`${deployment}/logs?type=BUILD`]: logs,
    ...more,
  });
  const builds = of(provider.builds);
  const build = await builds.get(client, ref, ID, signal);
  const source = await builds.log(client, ref, { build, phase: 'build' }, signal);
  return linesOf(await past(source, signal));
};

describe('wire: DigitalOcean', () => {
  const ARCHIVES = {
    'GET /archive/1': {
      body: 'web 2026-08-01T09:58:00.000000001Z ╭──────────── git repo clone ───────────╼\n',
      type: 'text/plain',
    },
    'GET /archive/2': {
      body: 'web 2026-08-01T09:58:01.519582647Z │ => Selecting branch "main"\n',
      type: 'text/plain',
    },
  };
  const LINES = Object.values(ARCHIVES).map(({ body }) => body.trimEnd());

  it('7.3, a finished build in two archives', async () => {
    const body = '{"historic_urls":["HERE/archive/1?sig=x","HERE/archive/2?sig=x"]}';
    expect(await buildLog({ body }, ARCHIVES)).toEqual(LINES);
  });

  // The seed's body names what no answer holds: `value`, `historic_logs`, `url`.
  it('seed: the logs of a deployment, as its generated page has them', async () => {
    const body = '{"value":{"historic_logs":["HERE/archive/1","HERE/archive/2"],"live_url":"","url":""}}';
    expect(await buildLog({ body }, ARCHIVES)).toEqual(LINES);
  });

  it.each<[string, Sent]>([
    ['an empty list', { body: '{"historic_urls":[]}' }],
    [
      'a phase that was skipped',
      {
        status: 400,
        body: '{"id":"bad_request","message":"cannot get build logs for component web with log task status skipped"}',
      },
    ],
  ])('7.4, %s', async (_name, logs) => {
    expect(await buildLog(logs)).toEqual([]);
  });

  it.each([
    [401, '{"id":"unauthorized","message":"Unable to authenticate you."}', 'auth'],
    [
      404,
      '{"id":"not_found","message":"The resource you requested could not be found.","request_id":"4d9d8375-3c56-4925-a3e7-eb137fed17e9"}',
      'not-found',
    ],
    [429, '{"id":"too_many_requests","message":"API rate limit exceeded."}', 'unavailable'],
    [500, '{"id":"server_error","message":"Unexpected server-side error"}', 'unavailable'],
  ])('7.4, %i', async (status, body, kind) => {
    const { client, signal } = await sample({ [`${PATH}/deployments/${ID}`]: { status, body } });
    await expect(of(provider.builds).get(client, ref, ID, signal)).rejects.toMatchObject({ kind });
  });

  it('7.5, a deployment in progress', async () => {
    const { client, signal } = await sample({ [`${PATH}/deployments/${ID}`]: { body: DEPLOYMENT } });
    expect(await of(provider.builds).get(client, ref, ID, signal)).toMatchObject({
      id: ID,
      status: 'running',
      nativeStatus: 'BUILDING',
      ended: false,
      cause: 'commit 9a4df0b pushed to github/acme/my-app',
      commit: '9a4df0b8',
      progress: 17,
      steps: [
        {
          name: 'build',
          steps: [
            { name: 'initialize', status: 'succeeded' },
            { name: 'components', steps: [{ name: 'Building service web', status: 'running' }] },
          ],
        },
        { name: 'deploy', status: 'queued' },
      ],
    });
  });

  it('7.6, a matrix of figures', async () => {
    const body = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"app_component":"web","app_component_instance":"web-0","app_uuid":"${APP}"},"values":[[1634052360,"5.016600450090265"],[1634052480,"12.015"]]}]}}`;
    const { client, signal } = await sample({
      'GET /v2/monitoring/metrics/apps/cpu_percentage?': { body },
    });
    const query = between('2021-10-12T15:25:00Z', '2021-10-12T15:33:20Z', ['cpu_percentage']);
    const { series } = await of(provider.metrics).query(client, ref, query, signal);
    expect(valuesOf(series)).toEqual([['web-0', 'cpu_percentage', 'percent', [5.016600450090265, 12.015]]]);
  });

  const HEALTH =
    '{"components":[{"name":"web","cpu_usage_percent":5.55,"memory_usage_percent":20.3,"replicas_desired":2,"replicas_ready":2,"state":"HEALTHY"}]}';
  it.each([
    ['7.6, health', `{"app_health":${HEALTH}}`],
    ['4.2, health as the example has it, without what it is wrapped in', HEALTH],
  ])('%s', async (_name, body) => {
    const { client, signal } = await sample({ [`${PATH}/health`]: { body } });
    const now = new Date().toISOString();
    const query = between(now, now, ['cpu_usage_percent', 'replicas_ready']);
    const { series } = await of(provider.metrics).query(client, ref, query, signal);
    expect(valuesOf(series)).toEqual([
      ['web', 'cpu_usage_percent', 'percent', [5.55]],
      ['web', 'replicas_ready', 'count', [2]],
    ]);
  });

  it('7.6, the bandwidth of a day', async () => {
    const body = `{"app_bandwidth_usage":[{"app_id":"${APP}","bandwidth_bytes":"513668"}],"date":"2026-08-01T00:00:00Z"}`;
    const { client, signal } = await sample({ [`${PATH}/metrics/bandwidth_daily`]: { body } });
    const query = between('2026-08-01T00:00:00Z', '2026-08-02T00:00:00Z', ['bandwidth_daily']);
    const { series } = await of(provider.metrics).query(client, ref, query, signal);
    expect(series.flatMap(({ samples }) => samples.map(({ value }) => value))).toEqual([513668]);
  });

  it('7.7, an event of autoscaling', async () => {
    const body = `{"events":[{"id":"ba32b134-569c-4c0c-ba02-8ffdb0492ece","type":"AUTOSCALING","created_at":"2026-08-01T10:00:00Z","deployment_id":"${ACTIVE}","autoscaling":{"phase":"SUCCEEDED","components":{"web":{"from":1,"to":3,"triggering_metric":"cpu"}}}}],"links":{"pages":{}},"meta":{"total":1}}`;
    const { client, signal, asked } = await sample({ [`${PATH}/events?`]: { body } });
    const source = await of(provider.events).open(client, ref, { types: ['scale'], users: [] }, signal);
    const events = await past(source, signal);
    expect(asked.at(-1)).toContain('event_types=AUTOSCALING');
    expect(events).toMatchObject([{ kind: 'scale', component: 'web' }]);
    expect(wordsOf(events)[0]).toMatch(/web.*1.*3.*cpu/);
  });
});
