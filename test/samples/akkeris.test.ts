// The builds, figures and audits that Akkeris's documentation page and its observed answers show, word for word.
import { describe, expect, it } from 'vitest';
import { akkerisAt } from '../../src/providers/akkeris/index.ts';
import {
  between,
  everything,
  linesOf,
  live,
  of,
  past,
  play,
  type Sent,
  valuesOf,
  wordsOf,
} from './script.ts';

const provider = akkerisAt({ standsAfter: 1, hintAfter: 60_000, buildEvery: 1, eventsEvery: 1 });
const ref = { app: 'api-default', component: null };
const ID = '999b5ce9-b60c-42c4-bca5-e442cd86df78';
const APP = { body: { id: '62dc0fd3-2cba-4925-8fca-d1129d296d2c', name: 'api-default' } };

const sample = (answers: Readonly<Record<string, Sent | readonly Sent[]>>) =>
  play(provider, {
    answers: { 'GET /apps/api-default': APP, ...answers },
    env: (url) => ({ AKKERIS_API_HOST: url, AKKERIS_TOKEN: 'token-of-the-samples' }),
  });

/** wire: Akkeris 8.5. */
const BUILD = {
  app: { id: '62dc0fd3-2cba-4925-8fca-d1129d296d2c' },
  buildpacks: null,
  created_at: '2018-07-18T19:34:07.740Z',
  id: ID,
  output_stream_url: `HERE/apps/api-default/builds/${ID}/result`,
  source_blob: {
    checksum: 'sha256:aa',
    url: '',
    version: 'v1.0',
    commit: 'abc123',
    author: 'me',
    repo: 'https://github.com/a/b',
    message: 'msg',
  },
  release: null,
  slug: { id: ID, number: '14' },
  status: 'succeeded',
  updated_at: '2018-07-18T19:36:56.609Z',
  user: { id: 'a3bf4f1b-2b0b-822c-d15d-6c15b0f00a08', email: '' },
};

async function outputOf(result: Sent | readonly Sent[], status = 'succeeded', read = past) {
  const { client, signal } = await sample({
    [`GET /apps/api-default/builds/${ID}`]: { body: { ...BUILD, status } },
    [`GET /apps/api-default/builds/${ID}/result`]: result,
  });
  const builds = of(provider.builds);
  const build = await builds.get(client, ref, ID, signal);
  return linesOf(await read(await builds.log(client, ref, { build, phase: 'build' }, signal), signal));
}

describe('seed: the page with its answers', () => {
  const LINES = [
    'Getting source code for https://github.com/akkeris/some-repo/master SHA 123456... done',
    '...',
    'Deploying ... done',
    'Finshed: SUCCESS',
  ];

  it('View Build Logs, 200', async () => {
    expect(await outputOf({ body: { build: { id: ID, status: 'succeeded' }, lines: LINES } })).toEqual(LINES);
  });

  // No JSON is left of it in the second copy of the page but these lines: in the object that the first copy has.
  it('View Build Logs, 200, as the page without markup has it', async () => {
    const lines = LINES.filter((line) => line !== '...');
    expect(await outputOf({ body: { build: { id: ID, status: 'succeeded' }, lines } })).toEqual(lines);
  });

  // No valid JSON there: keys that are numbers without quotes, and `"name"..` for all but the first metric. Here with
  // quotes, and with an empty object for each `..`.
  it('View App Metrics, 200', async () => {
    const body = `{
      "cpu_system_seconds_total":{
        "1471314070":32,
        "3488234889":55
      },
      "cpu_usage_seconds_total":{},"cpu_user_seconds_total":{},"fs_io_time_seconds_total":{},
      "fs_usage_bytes":{},"memory_cache":{},"memory_rss":{},"memory_usage_bytes":{},
      "memory_working_set_bytes":{},"network_receive_bytes_total":{},"network_receive_errors_total":{},
      "network_transmit_bytes_total":{},"network_transmit_errors_total":{}
    }`;
    const { client, signal } = await sample({ 'GET /apps/api-default/metrics?': { body } });
    const metrics = of(provider.metrics);
    const at2016 = between('2016-08-16T00:00:00Z', '2016-08-17T00:00:00Z');
    const at2080 = between('2080-07-14T00:00:00Z', '2080-07-16T00:00:00Z');
    for (const [query, seconds, value] of [
      [at2016, 1_471_314_070, 32],
      [at2080, 3_488_234_889, 55],
    ] as const) {
      const { series } = await metrics.query(client, ref, query, signal);
      expect(series).toMatchObject([
        {
          component: null,
          metric: 'cpu_system_seconds_total',
          unit: 'cores',
          samples: [{ ts: { seconds }, value }],
        },
      ]);
    }
  });

  it.each([
    ['cpu_system_seconds_total', 'cores'],
    ['cpu_usage_seconds_total', 'cores'],
    ['cpu_user_seconds_total', 'cores'],
    ['fs_io_time_seconds_total', 'fraction'],
    ['fs_usage_bytes', 'bytes'],
    ['memory_cache', 'bytes'],
    ['memory_rss', 'bytes'],
    ['memory_usage_bytes', 'bytes'],
    ['memory_working_set_bytes', 'bytes'],
    ['network_receive_bytes_total', 'bytes/s'],
    ['network_receive_errors_total', 'errors/s'],
    ['network_transmit_bytes_total', 'bytes/s'],
    ['network_transmit_errors_total', 'errors/s'],
  ])('the metric %s is in %s', async (metric, unit) => {
    const body = { [metric]: { '1524679200': 1 } };
    const { client, signal } = await sample({ 'GET /apps/api-default/metrics?': { body } });
    const query = between('2018-04-25T00:00:00Z', '2018-04-26T00:00:00Z');
    const { series } = await of(provider.metrics).query(client, ref, query, signal);
    expect(valuesOf(series)).toEqual([[null, metric, unit, [1]]]);
  });
});

describe('wire: Akkeris', () => {
  it('3.2, the result without an id, its last line empty', async () => {
    const build = { status: 'succeeded', output_stream_url: 'HERE/builds/undefined/result' };
    expect(await outputOf({ body: { build, lines: ['one', ''] } })).toEqual(['one']);
  });

  it('8.5, a list of builds', async () => {
    const { client, signal } = await sample({ 'GET /apps/api-default/builds': { body: [BUILD] } });
    expect(await everything(of(provider.builds).list(client, ref, signal))).toMatchObject([
      {
        id: ID,
        status: 'succeeded',
        ended: true,
        commit: 'abc123',
        message: 'msg',
        user: 'me',
        created: { seconds: Date.parse('2018-07-18T19:34:07Z') / 1000 },
        finished: { seconds: Date.parse('2018-07-18T19:36:56Z') / 1000 },
      },
    ]);
  });

  it('8.5, the result over time: queued, pending, more, succeeded', async () => {
    const first = [
      'Getting source code for https://github.com/a/b/master SHA abc123...',
      'Step 2/5 : FROM node',
      '',
    ];
    const more = [...first.slice(0, 2), 'Step 3/5 : COPY . .', 'Step 4/5 : RUN npm ci', ''];
    const last = [...more.slice(0, -1), 'Successfully built', ''];
    const output_stream_url = 'HERE/builds/undefined/result';
    const steps = [
      { build: { status: 'queued', output_stream_url }, lines: [] },
      { build: { status: 'pending', output_stream_url }, lines: first },
      { build: { status: 'pending', output_stream_url }, lines: more },
      { build: { status: 'succeeded', output_stream_url }, lines: last },
    ];
    const lines = await outputOf(
      steps.map((body) => ({ body })),
      'pending',
      live,
    );
    expect(lines).toEqual(last.slice(0, -1));
  });

  it('8.5, an id that is none', async () => {
    const { client, signal } = await sample({
      'GET /apps/api-default/builds/latest': { status: 422, body: 'The specified uuid was invalid.' },
    });
    await expect(of(provider.builds).get(client, ref, 'latest', signal)).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  it('8.6, figures by dyno type, their values as strings', async () => {
    const body =
      '{"web":{"memory_usage_bytes":{"1524679200":"134217728","1524681000":"135266304"},"cpu_usage_seconds_total":{"1524679200":"0.0123"},"requests":{"1524679200":"12","1524681000":"0"},"network_receive_bytes_total":{}},"worker":{"memory_rss":{"1524679200":"5242880"}}}';
    const { client, signal, asked } = await sample({ 'GET /apps/api-default/metrics?': { body } });
    const query = between('2018-04-25T00:00:00.000Z', '2018-04-26T00:00:00.000Z');
    const { series } = await of(provider.metrics).query(client, ref, query, signal);
    expect(asked).toContain(
      'GET /apps/api-default/metrics?from=2018-04-25T00:00:00.000Z&to=2018-04-26T00:00:00.000Z',
    );
    expect(valuesOf(series)).toEqual([
      ['web', 'memory_usage_bytes', 'bytes', [134217728, 135266304]],
      ['web', 'cpu_usage_seconds_total', 'cores', [0.0123]],
      ['web', 'requests', 'requests', [12, 0]],
      ['worker', 'memory_rss', 'bytes', [5242880]],
    ]);
  });

  // The id of the app stands as an ellipsis there.
  it('8.7, audits', async () => {
    const body = String.raw`[{"action":"config_change","app":"api","space":"default","received_at":"2018-04-25T18:00:10.218Z","username":"jane","info":"{\"action\":\"config_change\",\"app\":{\"name\":\"api\",\"id\":\"…\"},\"space\":{\"name\":\"default\"},\"changes\":[{\"type\":\"create\",\"name\":\"FOO\"}],\"username\":\"jane\",\"received_at\":\"…\"}"}]`;
    const { client, signal } = await sample({ 'GET /audits?app=api&space=default': { body } });
    const source = await of(provider.events).open(client, ref, { types: [], users: [] }, signal);
    const [event, ...others] = await past(source, signal);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ kind: 'config', nativeKind: 'config_change', user: 'jane' });
    expect(event?.message).toContain('FOO');
  });

  it('8.7, audits that are switched off', async () => {
    const { client, signal } = await sample({
      'GET /audits?': { status: 501, body: 'Not Implemented Error' },
      'GET /apps/api-default/builds': { body: [BUILD] },
      'GET /apps/api-default/releases': { body: [] },
      'GET /apps/api-default/formation': { body: [] },
    });
    const source = await of(provider.events).open(client, ref, { types: [], users: [] }, signal);
    expect(wordsOf(await past(source, signal)).join()).toContain('build');
  });
});
