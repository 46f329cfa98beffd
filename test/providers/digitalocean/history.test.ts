import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Timing } from '../../../src/providers/digitalocean/client.ts';
import {
  APP,
  clientFor,
  closeAll,
  frame,
  json,
  line,
  type Opening,
  type OwnAnswers,
  open,
  type Route,
  readHistory,
  shop,
  startOwn,
  text,
} from './setup.ts';

afterEach(closeAll);

async function source(answers: OwnAnswers, opening: Opening = {}, timing: Partial<Timing> = {}) {
  const own = await startOwn(answers);
  return { own, log: await open(clientFor({ url: own.url }, timing), opening) };
}

/** Sends these lines, each with its line feed, and closes. */
function replaying(...lines: string[]) {
  return (socket: WebSocket) => {
    for (const each of lines) socket.send(frame(`${each}\n`));
    socket.close(1000);
  };
}

const liveAt = (_: unknown, far: string) => ({ live_url: `${far}/live?token=t` });
const archivesAt =
  (...paths: string[]) =>
  (_: unknown, far: string) => ({
    historic_urls: paths.map((path) => far + path),
  });
const lastAsked = (own: { asked: string[] }) => own.asked.at(-1);

describe('what is asked', () => {
  const component = { component: 'web' };
  const jobShop: OwnAnswers['api'] = {
    '/apps': (_, response) => {
      json(response, 200, { apps: [{ ...shop(), spec: { name: 'shop', jobs: [{ name: 'mail' }] } }] });
    },
  };
  const coming: OwnAnswers['api'] = {
    '/apps': (_, response) => json(response, 200, { apps: [shop({ coming: 'd-2' })] }),
    [`/apps/${APP}/deployments/d-9`]: (_, response) =>
      json(response, 200, { deployment: { id: 'd-9', phase: 'SUPERSEDED', services: [{ name: 'web' }] } }),
  };
  it.each<[string, Opening, OwnAnswers['api'], string]>([
    ['a', {}, {}, 'logs?type=RUN&follow=false&tail_lines=7'],
    ['b', component, {}, 'components/web/logs?type=RUN&follow=false&tail_lines=7'],
    ['b', { components: ['web'] }, {}, 'components/web/logs?type=RUN&follow=false&tail_lines=7'],
    ['a', { components: ['web', 'worker'] }, {}, 'logs?type=RUN&follow=false&tail_lines=7'],
    ['a', { components: ['w*'] }, {}, 'logs?type=RUN&follow=false&tail_lines=7'],
    ['a', { flags: { type: 'unspecified' } }, {}, 'logs?type=UNSPECIFIED&follow=false&tail_lines=7'],
    ['a', { flags: { type: 'run_restarted' } }, {}, 'logs?type=RUN_RESTARTED&follow=false&tail_lines=7'],
    ['c', { flags: { deployment: 'active' } }, {}, 'deployments/d-1/logs?type=RUN&follow=false&tail_lines=7'],
    [
      'c',
      { flags: { deployment: 'in-progress', type: 'build' } },
      coming,
      'deployments/d-2/logs?type=BUILD&follow=false&tail_lines=7',
    ],
    [
      'd',
      { ...component, flags: { deployment: 'd-9', type: 'deploy' } },
      coming,
      'deployments/d-9/components/web/logs?type=DEPLOY&follow=false&tail_lines=7',
    ],
    [
      'e',
      { flags: { 'job-invocation': 'j-1', deployment: 'd-9' } },
      jobShop,
      'jobs/mail/invocations/j-1/logs?type=JOB_INVOCATION&follow=false&tail_lines=7&deployment_id=d-9',
    ],
    [
      'f',
      { flags: { 'event-id': 'e-1' } },
      {},
      'events/e-1/logs?type=AUTOSCALE_EVENT&follow=false&tail_lines=7',
    ],
    [
      'a',
      { flags: { 'pod-connection-timeout': '1m30s' } },
      {},
      'logs?type=RUN&follow=false&tail_lines=7&pod_connection_timeout=90s',
    ],
  ])('form %s for %j', async (_, opening, api, expected) => {
    const { own, log } = await source({ ...(api && { api }), logs: () => ({ historic_urls: [] }) }, opening);
    await readHistory(log, { lines: 7 });
    expect(lastAsked(own)).toBe(`GET /v2/apps/${APP}/${expected}`);
  });

  it('of everything is a tail of -1', async () => {
    const { own, log } = await source({ logs: () => ({}) });
    await readHistory(log, { lines: 'all' });
    expect(lastAsked(own)).toContain('tail_lines=-1');
  });

  it('of nothing is nothing', async () => {
    const { own, log } = await source({ logs: () => ({}) });
    expect((await readHistory(log, { lines: 0 })).end.complete).toBe(false);
    expect(own.asked.join()).not.toContain('/logs');
  });

  it('waits longer than the platform waits for an instance', async () => {
    const answers: OwnAnswers = { api: { [`/apps/${APP}/logs`]: () => {} } };
    const timing = { podConnection: 1, slack: 20 };
    const { log } = await source(answers, {}, timing);
    await expect(readHistory(log)).rejects.toMatchObject({
      message: expect.stringContaining('has not answered'),
    });
    const patient = await source(
      {
        api: {
          [`/apps/${APP}/logs`]: (_, response) => {
            setTimeout(() => json(response, 200, {}), 60);
          },
        },
      },
      { flags: { 'pod-connection-timeout': '20s' } },
      timing,
    );
    expect((await readHistory(patient.log)).lines).toEqual([]);
  });
});

describe('what cannot be asked', () => {
  const without = (fields: Parameters<typeof shop>[0]): OwnAnswers => ({
    api: { '/apps': (_, response) => json(response, 200, { apps: [shop(fields)] }) },
  });

  it('is the log of an app without any deployment, or of one that is not active where that is asked for', async () => {
    const active = { flags: { deployment: 'active' } };
    await expect(source(without({ active: null, coming: 'd-2' }), active)).rejects.toMatchObject({
      kind: 'not-found',
      message: 'App "shop" of DigitalOcean has no active deployment.',
      hint: 'Deployment d-2 is in progress: add --deployment in-progress.',
    });
    await expect(source(without({ active: null }))).rejects.toMatchObject({
      hint: expect.stringContaining('--deployment ID'),
    });
  });

  it('is a deployment in progress where there is none', async () => {
    await expect(source({}, { flags: { deployment: 'in-progress' } })).rejects.toMatchObject({
      kind: 'not-found',
      hint: 'Leave out --deployment for the active one.',
    });
  });

  it('is a deployment or a component that does not exist', async () => {
    await expect(source({}, { flags: { deployment: 'd-7' } })).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('does not know deployment d-7 of app "shop" (404)'),
    });
    await expect(source({}, { component: 'api' })).rejects.toMatchObject({
      kind: 'not-found',
      message: 'App "shop" of DigitalOcean has no component "api".',
      hint: 'It has web, worker.',
    });
  });

  it('is a run of a job that is not named', async () => {
    await expect(source({}, { flags: { 'job-invocation': 'j-1' } })).rejects.toMatchObject({ kind: 'usage' });
  });
});

describe('an app without an active deployment', () => {
  it('shows the log of the one in progress, and says so', async () => {
    const { own, log } = await source({
      api: {
        '/apps': (_, response) => json(response, 200, { apps: [shop({ active: null, coming: 'd-2' })] }),
      },
      logs: archivesAt('/1'),
      far: { '/1': (_, response) => text(response, 200, `${line(1, 'a')}\n`) },
    });
    expect((await readHistory(log)).lines).toEqual([line(1, 'a')]);
    expect(lastAsked(own)).toContain(`/apps/${APP}/deployments/d-2/logs?type=RUN`);
    expect(log.notices).toEqual([
      {
        kind: 'hint',
        message:
          'app "shop" has no active deployment: this is the log of deployment d-2, which is in progress (building)',
      },
    ]);
    const usual = await source({});
    expect(usual.log.notices).toEqual([]);
  });
});

describe('a run of a job', () => {
  const jobs = (...names: string[]) => names.map((name) => ({ name }));
  const runs = [3, 9, 1, 5, 7, 4].map((hour) => ({
    id: `run-${hour}`,
    job_name: 'mail',
    phase: hour === 9 ? 'RUNNING' : 'SUCCEEDED',
    created_at: `2026-08-01T0${hour}:00:00Z`,
  }));
  const answers = (list: unknown, ...names: string[]): OwnAnswers => ({
    api: {
      '/apps': (_, response) =>
        json(response, 200, { apps: [{ ...shop(), spec: { name: 'shop', jobs: jobs(...names) } }] }),
      [`/apps/${APP}/job-invocations`]: (_, response) =>
        json(response, list === null ? 500 : 200, list ?? {}),
    },
  });
  const newest =
    'run-9 (RUNNING, 2026-08-01T09:00:00Z), run-7 (SUCCEEDED, 2026-08-01T07:00:00Z), run-5 (SUCCEEDED, 2026-08-01T05:00:00Z), run-4 (SUCCEEDED, 2026-08-01T04:00:00Z), run-3 (SUCCEEDED, 2026-08-01T03:00:00Z)';
  const asking = (id: string) => ({ flags: { 'job-invocation': id } });

  it('that is not known is an error that names the newest ones', async () => {
    const { own, log } = await source(answers({ job_invocations: runs }, 'mail'), asking('run-8'));
    await expect(readHistory(log)).rejects.toMatchObject({
      kind: 'not-found',
      status: 404,
      message: expect.stringContaining('does not know the job logs of run run-8 of job "mail" of app "shop"'),
      hint: `The newest runs of job "mail": ${newest}.`,
    });
    expect(lastAsked(own)).toContain('/job-invocations?page=1&per_page=20&job_names=mail');
  });

  it.each([
    [{ job_invocations: [] }, 'DigitalOcean knows no run of job "mail".'],
    [null, undefined],
    [{ other: 1 }, undefined],
  ])('that is not known stays an error where the list is %j', async (list, hint) => {
    const { log } = await source(answers(list, 'mail'), asking('run-8'));
    await expect(readHistory(log)).rejects.toMatchObject({ kind: 'not-found', status: 404, hint });
  });

  it('is asked for by "list" to learn the ids, of one job or of all', async () => {
    const list = { job_invocations: runs };
    await expect(source(answers(list, 'mail', 'bill'), asking('list'))).rejects.toMatchObject({
      kind: 'usage',
      message: '--job-invocation takes the id of one run of a job of app "shop".',
      hint: `The newest runs of app "shop": ${newest.replaceAll('(', '(mail, ')}.`,
    });
    await expect(
      source(answers(list, 'mail', 'bill'), { ...asking('list'), component: 'mail' }),
    ).rejects.toMatchObject({
      message: '--job-invocation takes the id of one run of job "mail" of app "shop".',
      hint: `The newest runs of job "mail": ${newest}.`,
    });
  });
});

describe('a live URL', () => {
  it('is read until it closes, on a host that gets no token', async () => {
    const { own, log } = await source({ logs: liveAt, upgrade: replaying(line(1, 'a'), line(2, 'b')) });
    const read = await readHistory(log, { lines: 5 });
    expect(read.lines).toEqual([line(1, 'a'), line(2, 'b')]);
    expect(read.end).toMatchObject({ complete: true, begins: { nanos: 1 } });
    expect(own.askedFar).toEqual(['WS /live?token=t']);
    expect(own.farHeaders.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(read.batches.flatMap(({ items }) => items)[0]?.body).toMatchObject({
      component: 'web',
      deployment: 'd-1',
      source: 'app',
    });
  });

  it('that gives as many lines as were asked for may have more', async () => {
    const { log } = await source({ logs: liveAt, upgrade: replaying(line(1, 'a'), line(2, 'b')) });
    expect((await readHistory(log, { lines: 2 })).end).toEqual({ complete: false, begins: null });
  });

  it('that gives more than was asked for is handed on', async () => {
    const lines = Array.from({ length: 50 }, (_, index) => line(index, 'x'));
    const { log } = await source({ logs: liveAt, upgrade: replaying(...lines) });
    expect((await readHistory(log, { lines: 2 })).lines).toEqual(lines);
  });

  it.each(['ws', 'http'])('comes with the scheme %s', async (scheme) => {
    const { log } = await source({
      logs: (_, far) => ({ live_url: far.replace('http', scheme) }),
      upgrade: replaying(line(1, 'a')),
    });
    expect((await readHistory(log)).lines).toEqual([line(1, 'a')]);
  });

  it.each(['ftp://x/', 'javascript:1', 'https://', '/live'])(
    'that is no address is refused: %s',
    async (live) => {
      const { log } = await source({ logs: () => ({ live_url: live }) });
      await expect(readHistory(log)).rejects.toMatchObject({
        kind: 'platform',
        message: `DigitalOcean's answer for the run logs of app "shop" has no usable live_url.`,
      });
    },
  );

  it('that breaks off is asked for anew, and the lines come once', async () => {
    let attempts = 0;
    const { own, log } = await source({
      logs: liveAt,
      upgrade: (socket) => {
        attempts += 1;
        socket.send(frame(`${line(1, 'a')}\n`), () => {
          if (attempts === 1) socket.terminate();
          else socket.close(1000);
        });
      },
    });
    expect((await readHistory(log, { lines: 5 })).lines).toEqual([line(1, 'a')]);
    expect(own.asked.filter((path) => path.includes('/logs?'))).toHaveLength(2);
  });

  it('that goes on breaking off is an error', async () => {
    const { log } = await source(
      { logs: liveAt, upgrade: (socket) => socket.terminate() },
      {},
      { retry: { firstDelay: 1, maxTotal: 250 } },
    );
    await expect(readHistory(log)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('that has gone is renewed once', async () => {
    let given = 0;
    const { own, log } = await source({
      logs: (_, far) => {
        given += 1;
        return { live_url: `${far}/live?token=${given}` };
      },
      refuseUpgrade: ({ query }) => (query.get('token') === '1' ? 403 : null),
      upgrade: replaying(line(1, 'a')),
    });
    expect((await readHistory(log)).lines).toEqual([line(1, 'a')]);
    expect(own.askedFar).toEqual(['WS /live?token=1', 'WS /live?token=2']);
  });

  it('where websockets are refused is read as plain text, and that is said', async () => {
    const { own, log } = await source({
      logs: liveAt,
      refuseUpgrade: () => 400,
      far: { '/live': (_, response) => text(response, 200, `${line(1, 'a')}\r\n${line(2, 'b')}`) },
    });
    const read = await readHistory(log);
    expect(read.lines).toEqual([line(1, 'a'), line(2, 'b')]);
    expect(read.notices).toEqual([
      "DigitalOcean's log server refused a websocket (400); the plain text is read instead",
    ]);
    expect(own.farHeaders.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  it.each([429, 503])('that is refused with %d is not read as plain text', async (status) => {
    const { own, log } = await source(
      { logs: liveAt, refuseUpgrade: () => status },
      {},
      { retry: { firstDelay: 1, maxTotal: 250 } },
    );
    await expect(readHistory(log)).rejects.toMatchObject({ kind: 'unavailable', status });
    expect(own.askedFar.every((path) => path.startsWith('WS '))).toBe(true);
  });

  it('of a websocket scheme is never read as plain text', async () => {
    const { own, log } = await source(
      { logs: (_, far) => ({ live_url: far.replace('http', 'ws') }), refuseUpgrade: () => 400 },
      {},
      { retry: { firstDelay: 1, maxTotal: 250 } },
    );
    await expect(readHistory(log)).rejects.toMatchObject({
      message: `DigitalOcean's log server refuses the run logs of app "shop" (400).`,
    });
    expect(own.askedFar.every((path) => path.startsWith('WS '))).toBe(true);
  });
});

describe('archives', () => {
  const bodies: Record<string, Route> = {
    '/1': (_, response) => text(response, 200, `${line(1, 'a')}\n${line(2, 'b')}\n`),
    '/2': (_, response) => text(response, 200, gzipSync(`${line(3, 'c')}\n`), { 'content-encoding': 'gzip' }),
    '/3': (_, response) => text(response, 200, gzipSync(line(4, 'd'))),
    '/4': (_, response) => text(response, 200, `${line(5, 'e')}\n`, { 'content-encoding': 'gzip' }),
    '/empty': (_, response) => text(response, 200, ''),
    '/denied': (_, response) => text(response, 403, '<Error/>', { 'content-type': 'application/xml' }),
    '/gone': (_, response) => text(response, 404, ''),
  };
  const build: Opening = { flags: { type: 'build' } };

  it('are all read, oldest first, plain or gzip, whatever their headers say, without a token', async () => {
    const { own, log } = await source(
      { logs: archivesAt('/1', '/2', '/empty', '/3', '/4'), far: bodies },
      build,
    );
    const read = await readHistory(log, { lines: 1 });
    expect(read.lines).toEqual([line(1, 'a'), line(2, 'b'), line(3, 'c'), line(4, 'd'), line(5, 'e')]);
    expect(read.missing).toEqual([]);
    expect(read.end).toMatchObject({ complete: true, begins: { nanos: 1 } });
    expect(own.farHeaders.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(read.batches.flatMap(({ items }) => items)[0]?.body.source).toBe('build');
  });

  it.each([
    { value: { live_url: null, historic_logs: ['FAR/1'], url: 'FAR/4' } },
    { historic_logs: ['FAR/1'] },
    { value: { url: 'FAR/1', historic_logs: [] } },
    { live_url: '', historic_urls: null, url: 'FAR/1' },
  ])('are found in every form of the answer: %j', async (form) => {
    const { log } = await source(
      { logs: (_, far) => JSON.parse(JSON.stringify(form).replaceAll('FAR', far)), far: bodies },
      build,
    );
    expect((await readHistory(log)).lines).toEqual([line(1, 'a'), line(2, 'b')]);
  });

  it('that are denied are missing, for certain, and the others follow', async () => {
    const { own, log } = await source({ logs: archivesAt('/1', '/denied', '/4'), far: bodies }, build);
    const read = await readHistory(log);
    expect(read.lines).toEqual([line(1, 'a'), line(2, 'b'), line(5, 'e')]);
    expect(read.missing).toEqual(['archive 2 of 3 of the build logs of app "shop" was refused (403)']);
    expect(read.batches.find(({ missing }) => missing)?.missing?.certain).toBe(true);
    // Where the log begins is known only when all of it was read.
    expect(read.end).toEqual({ complete: true, begins: null });
    expect(own.askedFar.filter((path) => path.includes('/denied'))).toHaveLength(2);
  });

  it('whose URLs have expired are renewed once', async () => {
    let round = 0;
    const signed: Route = ({ path, query }, response) => {
      if (query.get('sig') === '1') text(response, 403, '');
      else bodies[path === '/a' ? '/1' : '/4']?.({} as never, response);
    };
    const { own, log } = await source(
      {
        logs: (_, far) => {
          round += 1;
          return { historic_urls: [`${far}/a?sig=${round}`, `${far}/b?sig=${round}`] };
        },
        far: { '/a': signed, '/b': signed },
      },
      build,
    );
    const read = await readHistory(log);
    expect(read.lines).toEqual([line(1, 'a'), line(2, 'b'), line(5, 'e')]);
    expect(own.askedFar).toEqual(['GET /a?sig=1', 'GET /a?sig=2', 'GET /b?sig=2']);
    expect(round).toBe(2);
  });

  it('that are cut off are tried once more, and no line comes twice', async () => {
    let attempts = 0;
    const cut: Route = (_, response) => {
      attempts += 1;
      response.writeHead(200, { 'content-length': '1000' });
      response.write(`${line(1, 'a')}\n${attempts > 1 ? `${line(2, 'b')}\n` : ''}half`, () =>
        response.destroy(),
      );
    };
    const { log } = await source({ logs: archivesAt('/cut', '/4'), far: { ...bodies, '/cut': cut } }, build);
    const read = await readHistory(log);
    expect(read.lines).toEqual([line(1, 'a'), line(2, 'b'), 'half', line(5, 'e')]);
    const half = read.batches.flatMap(({ items }) => items).find(({ raw }) => raw === 'half');
    expect(half?.truncated).toBe(Number.POSITIVE_INFINITY);
    expect(read.missing).toEqual(['archive 1 of 2 of the build logs of app "shop" is cut off after 2 lines']);
  });

  it.each([
    ['is cut off', (packed: Buffer) => packed.subarray(0, packed.length - 12)],
    [
      'is damaged',
      (packed: Buffer) => Buffer.concat([packed.subarray(0, packed.length - 8), Buffer.alloc(8, 7)]),
    ],
  ])('of broken gzip: %s', async (words, breaking) => {
    const packed = breaking(gzipSync(`${line(1, 'a')}\n${line(2, 'b')}\n`));
    const broken: Route = (_, response) => text(response, 200, packed);
    const { log } = await source(
      { logs: archivesAt('/broken', '/4'), far: { ...bodies, '/broken': broken } },
      build,
    );
    const read = await readHistory(log);
    expect(read.lines).toEqual(expect.arrayContaining([line(1, 'a'), line(5, 'e')]));
    expect(read.missing).toEqual([expect.stringContaining(words)]);
  });

  it.each([
    [
      'has bytes behind its end that are no gzip: they are left out',
      (packed: Buffer) => Buffer.concat([packed, Buffer.from('xyz')]),
    ],
    [
      'may be damaged: its checksum does not match',
      (packed: Buffer) => Buffer.concat([packed.subarray(0, -8), Buffer.alloc(4), packed.subarray(-4)]),
    ],
  ])('of gzip with a flaw are read whole: %s', async (words, marring) => {
    const packed = marring(gzipSync(`${line(1, 'a')}\n${line(2, 'b')}\n`));
    const marred: Route = (_, response) => text(response, 200, packed);
    const { log } = await source(
      { logs: archivesAt('/marred', '/4'), far: { ...bodies, '/marred': marred } },
      build,
    );
    const read = await readHistory(log);
    expect([read.lines, read.missing]).toEqual([[line(1, 'a'), line(2, 'b'), line(5, 'e')], []]);
    expect(read.batches.flatMap(({ notices = [] }) => notices)).toEqual([
      { kind: 'warning', message: `archive 1 of 2 of the build logs of app "shop" ${words}` },
    ]);
  });

  it('that are busy are waited for', async () => {
    let attempts = 0;
    const busy: Route = (_, response) => {
      attempts += 1;
      if (attempts < 3) text(response, 503, '');
      else text(response, 200, line(1, 'a'));
    };
    const { log } = await source({ logs: archivesAt('/busy'), far: { '/busy': busy } }, build);
    expect((await readHistory(log)).lines).toEqual([line(1, 'a')]);
  });

  it('split bytes of a character are put together', async () => {
    const body = Buffer.from(`${line(1, '╭─')}\n`);
    const split: Route = (_, response) => {
      response.write(body.subarray(0, body.length - 3));
      setImmediate(() => response.end(body.subarray(body.length - 3)));
    };
    const { log } = await source({ logs: archivesAt('/split'), far: { '/split': split } }, build);
    expect((await readHistory(log)).lines).toEqual([line(1, '╭─')]);
  });
});

describe('archives and a live URL', () => {
  const both = (_: unknown, far: string) => ({ live_url: `${far}/live`, historic_urls: [`${far}/1`] });
  const archive: Route = (_, response) =>
    text(
      response,
      200,
      `${[line(1, 'a'), line(2, 'b'), line(2, 'b'), line(3, 'c'), 'no header'].join('\n')}\n`,
    );

  it('are read one after the other, each line once', async () => {
    const { log } = await source({
      logs: both,
      far: { '/1': archive },
      upgrade: replaying(line(2, 'b'), line(3, 'c'), 'no header', line(3, 'c'), line(4, 'd'), 'no header'),
    });
    const read = await readHistory(log, { lines: 'all' });
    expect(read.lines).toEqual([
      line(1, 'a'),
      line(2, 'b'),
      line(2, 'b'),
      line(3, 'c'),
      'no header',
      line(3, 'c'),
      line(4, 'd'),
      'no header',
    ]);
  });

  it('lose nothing of an archive that was refused, however much was read behind it', async () => {
    const all = Array.from({ length: 14_000 }, (_, index) => line(index % 60, `message ${index}`)).sort();
    const part = (from: number, to: number): Route => {
      return (_, response) => text(response, 200, `${all.slice(from, to).join('\n')}\n`);
    };
    const { log } = await source({
      logs: (_, far) => ({
        live_url: `${far}/live`,
        historic_urls: ['/1', '/2', '/3'].map((path) => far + path),
      }),
      far: {
        '/1': part(0, 1000),
        '/2': (_, response) => text(response, 403, ''),
        '/3': part(2000, 13_500),
      },
      upgrade: (socket) => {
        socket.send(frame(`${all.join('\n')}\n`));
        socket.close(1000);
      },
    });
    const read = await readHistory(log, { lines: 'all' });
    expect(read.missing).toHaveLength(1);
    expect(read.lines).toHaveLength(all.length);
    expect(new Set(read.lines)).toEqual(new Set(all));
  });

  it('need no archives when the live URL gives enough', async () => {
    const { own, log } = await source({
      logs: both,
      far: { '/1': archive },
      upgrade: replaying(line(4, 'd')),
    });
    expect((await readHistory(log, { lines: 1 })).lines).toEqual([line(4, 'd')]);
    expect(own.askedFar).toEqual(['WS /live']);
    expect((await readHistory(log, { lines: 2 })).lines).toHaveLength(6);
  });
});

describe('no log', () => {
  const answer400 = (message: string): OwnAnswers => ({
    api: {
      [`/apps/${APP}/logs`]: (_, response) => json(response, 400, { id: 'bad_request', message }),
    },
  });

  it('of a skipped phase is an empty history and a sentence', async () => {
    const words = 'cannot get build logs for component web with log task status skipped';
    const { log } = await source(answer400(words), { flags: { type: 'build' } });
    const read = await readHistory(log);
    expect(read.lines).toEqual([]);
    expect(read.batches[0]?.notices).toEqual([
      { kind: 'hint', message: `no build logs for that phase (${words})` },
    ]);
    expect(read.end.complete).toBe(true);
    expect((await readHistory(log)).notices).toEqual([]);
  });

  it.each(['component is pending', '', 'log task status waiting'])('for 400 %j', async (words) => {
    const { log } = await source(answer400(words));
    expect((await readHistory(log)).end.complete).toBe(true);
  });

  it.each(['type is required', 'invalid deployment', 'component api not found'])(
    'is not what 400 %j means',
    async (words) => {
      const { log } = await source(answer400(words));
      await expect(readHistory(log)).rejects.toMatchObject({ kind: 'platform', status: 400 });
    },
  );

  it.each([{}, { historic_urls: [] }, { live_url: '', historic_urls: null }])('for %j', async (body) => {
    const { log } = await source({ logs: () => body });
    expect((await readHistory(log)).notices).toEqual(['no run logs found at DigitalOcean']);
  });

  it.each([[['x']], ['text'], [[null]], [[7]], [['file:///etc/passwd']]])(
    'is not what strange archives mean: %j',
    async (urls) => {
      const { log } = await source({ logs: () => ({ historic_urls: urls }) });
      await expect(readHistory(log)).rejects.toMatchObject({ kind: 'platform' });
    },
  );
});

it('asks for another number of lines where the platform refuses -1', async () => {
  const { own, log } = await source({
    api: {
      [`/apps/${APP}/logs`]: ({ query }, response) => {
        if (Number(query.get('tail_lines')) < 0)
          json(response, 400, { message: 'tail_lines must not be negative' });
        else json(response, 200, {});
      },
    },
  });
  await readHistory(log, { lines: 'all' });
  await readHistory(log, { lines: 'all' });
  expect(
    own.asked.filter((path) => path.includes('/logs?')).map((path) => path.split('tail_lines=')[1]),
  ).toEqual(['-1', '1000000', '1000000']);
});
