// The deployments, figures and events that Scalingo's documentation and recordings show, word for word.
import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/providers/scalingo/client.ts';
import { scalingo } from '../../src/providers/scalingo/index.ts';
import {
  between,
  everything,
  linesOf,
  live,
  of,
  past,
  play,
  type Script,
  type Sent,
  valuesOf,
} from './script.ts';

const NOW = Date.parse('2026-09-20T10:37:30Z');
const provider = {
  ...scalingo,
  connect: (...[settings, network]: Parameters<typeof scalingo.connect>) =>
    createClient(settings, network, {
      now: () => NOW,
      budget: { burst: 1000, interval: 1 },
      retry: { firstDelay: 1, maxTotal: 20 },
      pace: { events: 1, output: 1, bell: 1, status: 60_000, settle: 1 },
    }),
};
const ref = { app: 'my-app', component: null };
const JSON_PART = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const JWT = `${JSON_PART({ typ: 'JWT', alg: 'HS512' })}.${JSON_PART({ iss: 'Scalingo', exp: NOW / 1000 + 3600 })}.c2ln`;
const ID = 'cabf82f2-1cb1-46d4-b09e-bfb6fe09bc18';
const PATH = 'GET /v1/apps/my-app';

const sample = (answers: Readonly<Record<string, Sent | readonly Sent[]>>, socket?: Script['socket']) =>
  play(provider, {
    answers: {
      'POST /v1/tokens/exchange': { body: { token: JWT } },
      [PATH]: {
        body: '{"app":{"id":"5ed0fe5d884fef000f5e4fd1","name":"my-app","links":{"deployments_stream":"HERE/apps/my-app"}}}',
      },
      ...answers,
    },
    ...(socket && { socket }),
    env: (url) => ({
      SCALINGO_API_URL: url,
      SCALINGO_AUTH_URL: url,
      SCALINGO_DB_URL: url,
      SCALINGO_API_TOKEN: 'tk-us-fake',
    }),
  });

// wire: Scalingo 8.7
const DEPLOYMENT = `{"id":"${ID}","app_id":"5ed0fe5d884fef000f5e4fd1","created_at":"2026-05-29T12:21:51.275Z","finished_at":"2026-05-29T12:23:25.688+00:00","status":"success","git_ref":"a5dca8ec8f48630c07c56fd8370e4f5535fe0fd8","previous_git_ref":null,"type":"git","duration":92,"image_size":104857600,"stack_base_image":"scalingo/scalingo-24:v7","pusher":{"username":"alice","email":"a@b","id":"us-1"},"links":{"output":"HERE/v1/apps/5ed0fe5d884fef000f5e4fd1/deployments/${ID}/output"}}`;

async function buildLog(deployment: string, output: Sent, read = past, socket?: Script['socket']) {
  const { client, signal } = await sample(
    {
      [`${PATH}/deployments/${ID}`]: { body: `{"deployment":${deployment}}` },
      [`GET /v1/apps/5ed0fe5d884fef000f5e4fd1/deployments/${ID}/output`]: output,
    },
    socket,
  );
  const builds = of(provider.builds);
  const build = await builds.get(client, ref, ID, signal);
  return linesOf(await read(await builds.log(client, ref, { build, phase: 'build' }, signal), signal));
}

describe('wire: Scalingo', () => {
  it('8.7, a page of deployments', async () => {
    const body = `{"deployments":[${DEPLOYMENT}],"meta":{"pagination":{"current_page":1,"prev_page":null,"next_page":null,"total_pages":1,"total_count":1}}}`;
    const { client, signal } = await sample({ [`${PATH}/deployments?page=1`]: { body } });
    expect(await everything(of(provider.builds).list(client, ref, signal))).toMatchObject([
      {
        id: ID,
        status: 'succeeded',
        ended: true,
        commit: 'a5dca8ec8f48630c07c56fd8370e4f5535fe0fd8',
        user: 'alice',
        duration: 92,
        kind: 'git',
        created: { seconds: Date.parse('2026-05-29T12:21:51Z') / 1000, digits: 3 },
        finished: { seconds: Date.parse('2026-05-29T12:23:25Z') / 1000, digits: 3 },
      },
    ]);
  });

  it('8.7, a deployment that is not there', async () => {
    const body = '{"resource":"deployment","error":"not found"}';
    const { client, signal } = await sample({ [`${PATH}/deployments/nope`]: { status: 404, body } });
    await expect(of(provider.builds).get(client, ref, 'nope', signal)).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  // "..." stands for the rest of the output: left out here.
  const OUTPUT = ' \u001b[1m<-- Start deployment of my-app -->\u001b[0m\n       Fetching source code\n';
  it('8.7, an output with its colours and indents', async () => {
    expect(await buildLog(DEPLOYMENT, { body: OUTPUT, type: 'text/plain' })).toEqual(
      OUTPUT.trimEnd().split('\n'),
    );
  });

  it.each([
    [
      'as one client reads it',
      '{"type":"new","id":"dep-3","data":{"deployment":{"id":"dep-3","pusher":{"username":"alice"}}}}',
    ],
    ['as it is documented', '{"type":"new","data":{"deployment":"dep-3"}}'],
  ])('8.8, the stream of deployments, its first frame %s', async (_name, first) => {
    const frames = [
      '{"type":"ping","data":{"ts":1790000000}}',
      first,
      '{"type":"status","id":"dep-3","data":{"status":"building"}}',
      '{"type":"log","id":"dep-3","data":{"content":"-----> Compiling\\n"}}',
      '{"type":"status","id":"dep-3","data":{"status":"success"}}',
    ].map((frame) => frame.replaceAll('dep-3', ID));
    const heard: string[] = [];
    const running = DEPLOYMENT.replace('"success"', '"building"').replace(
      /"finished_at":"[^"]+"/,
      '"finished_at":null',
    );
    const lines = await buildLog(
      running,
      { body: '-----> Compiling\n', type: 'text/plain' },
      live,
      (socket) => {
        socket.on('message', (message) => {
          heard.push(String(message).trim());
          for (const frame of frames) socket.send(frame);
        });
      },
    );
    expect(heard).toEqual([`{"type":"auth","data":{"token":"${JWT}"}}`]);
    expect(lines).toEqual(['-----> Compiling']);
  });

  // "..." stands for further containers: left out here.
  it('5.1, present figures; no swap where its limit is 0', async () => {
    const one = `{"id":"web-1","cpu_usage":0,"memory_usage":200105984,"memory_limit":536870912,"highest_memory_usage":203440128,"swap_usage":212992,"swap_limit":1610612736,"highest_swap_usage":0}`;
    const two = one.replace('web-1', 'web-2').replace('"swap_limit":1610612736', '"swap_limit":0');
    const { client, signal } = await sample({
      [`${PATH}/stats`]: { body: `{"stats":[${one},${two}]}` },
      [`${PATH}/containers`]: { body: '{"containers":[{"name":"web","amount":2,"size":"S"}]}' },
    });
    const metrics = ['memory_limit', 'swap_limit'];
    const query = between('2026-09-20T10:37:00Z', '2026-09-20T10:37:30Z', metrics);
    const { series } = await of(provider.metrics).query(client, ref, query, signal);
    expect(valuesOf(series)).toEqual([
      ['web-1', 'memory_limit', 'bytes', [536870912]],
      ['web-1', 'swap_limit', 'bytes', [1610612736]],
      ['web-2', 'memory_limit', 'bytes', [536870912]],
    ]);
  });

  it('8.9, memory over time, whose null is a gap', async () => {
    const body =
      '[{"time":"2026-09-20T10:36:00Z","value":null},{"time":"2026-09-20T10:37:00Z","value":200105984.5}]';
    const { client, signal, asked } = await sample({
      [`${PATH}/stats/memory/web?since=3`]: { body },
      [`${PATH}/stats`]: { body: '{"stats":[]}' },
      [`${PATH}/containers`]: { body: '{"containers":[{"name":"web","amount":1,"size":"S"}]}' },
    });
    const query = between('2026-09-20T07:37:30Z', '2026-09-20T10:37:30Z', ['memory']);
    const { series } = await of(provider.metrics).query(client, ref, query, signal);
    expect(asked).toContain(`${PATH}/stats/memory/web?since=3`);
    expect(valuesOf(series)).toEqual([['web', 'memory', 'bytes', [null, 200105984.5]]]);
  });

  it('5.2, a recorded point', async () => {
    const { client, signal } = await sample({
      [`${PATH}/stats/router?`]: { body: '[{"time":"2026-09-20T10:37:00Z","value":0}]' },
    });
    const query = between('2026-09-20T10:00:00Z', '2026-09-20T10:37:30Z', ['router']);
    const { series } = await of(provider.metrics).query(client, ref, query, signal);
    expect(valuesOf(series)).toEqual([['router', 'router', 'requests', [0]]]);
  });

  it.each([
    ['a metric of containers without one', 400, `{"error":"'container' should be defined"}`, 'platform'],
    ['no metrics found', 404, '{"error":"no metrics found"}', null],
  ])('8.9, %s', async (_name, status, body, kind) => {
    const { client, signal } = await sample({ [`${PATH}/stats/router?`]: { status, body } });
    const query = between('2026-09-20T10:00:00Z', '2026-09-20T10:37:30Z', ['router']);
    const asking = of(provider.metrics).query(client, ref, query, signal);
    if (kind === null) expect((await asking).series.flatMap(({ samples }) => samples)).toEqual([]);
    else await expect(asking).rejects.toMatchObject({ kind });
  });

  it('8.9, a page of events', async () => {
    const body =
      '{"events":[{"id":"5ed10de6884fef000f5e502a","created_at":"2026-05-29T13:28:06.846Z","type":"scale","app_id":"5ed0fe5d884fef000f5e4fd1","app_name":"my-app","user":{"username":"alice","email":"a@b","id":"us-1"},"type_data":{"previous_containers":{"web":"3:S"},"containers":{"web":"1:S"}}}],"meta":{"pagination":{"current_page":1,"next_page":null,"previous_page":null,"total_pages":16,"total_count":455}}}';
    const { client, signal } = await sample({ [`${PATH}/events?`]: { body } });
    const source = await of(provider.events).open(client, ref, { types: [], users: [] }, signal);
    const [event] = await past(source, signal);
    expect(event).toMatchObject({
      id: '5ed10de6884fef000f5e502a',
      kind: 'scale',
      user: 'alice',
      ts: { seconds: Date.parse('2026-05-29T13:28:06Z') / 1000, nanos: 846_000_000 },
    });
    expect(event?.message).toMatch(/web.*3:S.*1:S/);
  });
});
