import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Build, LogEntry } from '../../../src/model.ts';
import type { Batch, LiveEnd, LiveStart, Source } from '../../../src/provider.ts';
import { builds } from '../../../src/providers/scalingo/builds.ts';
import type { ScalingoClient } from '../../../src/providers/scalingo/client.ts';
import { startScalingo } from '../../../src/sandbox/scalingo.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import { feed } from '../../../src/stream/feed.ts';
import { type Answers, clientFor, json, never, type OwnServer, plain, startOwn } from './setup.ts';

const ref = { app: 'shop', component: null };
const pace = { events: 1, output: 1, bell: 1, status: 60_000, settle: 1 };
const ID = 'cabf82f2-1cb1-46d4-b09e-bfb6fe09bc18';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close();
});

async function own(answers: Answers): Promise<OwnServer> {
  const server = await startOwn(answers);
  cleanUp.push(() => server.close());
  return server;
}

const clientOf = (
  server: { url: string },
  more: Record<string, string> = {},
  times: Partial<typeof pace> = {},
) => clientFor({ 'auth-url': server.url, ...more }, { pace: { ...pace, ...times } });

/** As recorded (wire: Scalingo 8.7). */
function deployment(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: ID,
    app_id: '5ed0fe5d884fef000f5e4fd1',
    created_at: '2026-05-29T12:21:51.275Z',
    finished_at: '2026-05-29T14:23:25.688+02:00',
    status: 'success',
    git_ref: 'a5dca8ec8f48630c07c56fd8370e4f5535fe0fd8',
    previous_git_ref: null,
    type: 'git',
    duration: 92,
    pusher: { username: 'alice', email: 'a@b', id: 'us-1' },
    ...changes,
  };
}

async function pages(client: ScalingoClient): Promise<(readonly Build[])[]> {
  const all: (readonly Build[])[] = [];
  for await (const page of builds.list(client, ref, never)) all.push(page);
  return all;
}

describe('deployments', () => {
  it('are builds', async () => {
    const server = await own({
      routes: {
        [`/v1/apps/shop/deployments/${ID}`]: (_, response) =>
          json(response, 200, { deployment: deployment() }),
      },
    });
    expect(await builds.get(clientOf(server), ref, ID, never)).toEqual({
      id: ID,
      status: 'succeeded',
      nativeStatus: 'success',
      ended: true,
      kind: 'git',
      created: { seconds: 1780057311, nanos: 275_000_000, digits: 3 },
      started: null,
      finished: { seconds: 1780057405, nanos: 688_000_000, digits: 3 },
      duration: 92,
      commit: 'a5dca8ec8f48630c07c56fd8370e4f5535fe0fd8',
      ref: null,
      cause: null,
      user: 'alice',
      message: null,
      steps: [],
      progress: null,
      reason: null,
      url: null,
    });
  });

  it.each([
    ['queued', 'queued', false],
    ['building', 'running', false],
    ['pushing', 'running', false],
    ['starting', 'running', false],
    ['success', 'succeeded', true],
    ['build-error', 'failed', true],
    ['crashed-error', 'failed', true],
    ['timeout-error', 'failed', true],
    ['hook-error', 'failed', true],
    ['aborted', 'cancelled', true],
    ['sleeping', 'unknown', false],
    ['constructor', 'unknown', false],
  ])('of status %s are %s', async (word, status, ended) => {
    const one = deployment({ status: word, finished_at: null, duration: 0, git_ref: 'v1.2' });
    const server = await own({
      routes: { '/v1/apps/shop/deployments': (_, response) => json(response, 200, { deployments: [one] }) },
    });
    const [[build] = []] = await pages(clientOf(server));
    expect(build).toMatchObject({ status, nativeStatus: word, ended, commit: null, ref: 'v1.2' });
    expect(build?.duration).toBe(ended ? 0 : null);
    expect(build?.reason === null).toBe(status !== 'failed' && status !== 'cancelled');
  });

  it('of a word that nobody knows are over when they have an end', async () => {
    const server = await own({
      routes: {
        '/v1/apps/shop/deployments': (_, response) =>
          json(response, 200, { deployments: [deployment({ status: 'vanished-error' })] }),
      },
    });
    expect((await pages(clientOf(server)))[0]?.[0]).toMatchObject({ status: 'unknown', ended: true });
  });

  it.each(['prev_page', 'previous_page'])(
    'come in pages that end without a next one (%s)',
    async (previous) => {
      const ids = [['d5', 'd4'], ['d4', 'd3'], ['d2']];
      const server = await own({
        routes: {
          '/v1/apps/shop/deployments': ({ query }, response) => {
            const page = Number(query.get('page'));
            const pagination = {
              current_page: page,
              [previous]: page > 1 ? page - 1 : null,
              next_page: page < 3 ? page + 1 : null,
              total_pages: 1,
            };
            const deployments = (ids[page - 1] ?? []).map((id) => deployment({ id }));
            json(response, 200, { deployments, meta: { pagination } });
          },
        },
      });
      // One began between the first and the second page.
      expect((await pages(clientOf(server))).map((page) => page.map(({ id }) => id))).toEqual([
        ['d5', 'd4'],
        ['d3'],
        ['d2'],
      ]);
    },
  );

  it('do not go round in circles', async () => {
    const server = await own({
      routes: {
        '/v1/apps/shop/deployments': (_, response) =>
          json(response, 200, { deployments: [deployment()], meta: { pagination: { next_page: 1 } } }),
      },
    });
    expect(await pages(clientOf(server))).toHaveLength(1);
  });

  it.each([
    [{}, 'deployments'],
    [{ deployments: 'none' }, 'deployments'],
    [{ deployments: [{ status: 'success' }] }, 'deployment.id'],
    [{ deployments: [{ id: 'd1' }] }, 'deployment.status'],
  ])('of the wrong shape name what is missing: %j', async (answer, missing) => {
    const server = await own({
      routes: { '/v1/apps/shop/deployments': (_, response) => json(response, 200, answer) },
    });
    await expect(pages(clientOf(server))).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining(missing),
    });
  });

  it('that are not there are not found, and neither is an app', async () => {
    const notFound = (response: ServerResponse, resource: string) =>
      json(response, 404, { resource, error: 'not found' });
    const server = await own({
      routes: {
        '/v1/apps/shop': (_, response) => json(response, 200, { app: { id: '1', name: 'shop' } }),
        '/v1/apps/shop/deployments/nope': (_, response) => notFound(response, 'deployment'),
        '*': (_, response) => notFound(response, 'app'),
      },
    });
    const client = clientOf(server);
    await expect(builds.get(client, ref, 'nope', never)).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('deployment "nope"'),
      hint: expect.stringContaining('builds list scalingo:shop'),
    });
    const before = server.asked.length;
    await expect(builds.get(client, ref, '..', never)).rejects.toMatchObject({ kind: 'not-found' });
    expect(server.asked).toHaveLength(before);
    await expect(builds.get(client, { ...ref, app: 'other' }, 'd1', never)).rejects.toThrow(
      'Scalingo has no app "other"',
    );
    await expect(builds.list(client, { ...ref, app: 'other' }, never).next()).rejects.toThrow(
      'Scalingo has no app "other"',
    );
  });

  it('that failed leave the last successful one active', async () => {
    const statuses = ['building', 'build-error', 'aborted', 'success', 'success'];
    const server = await own({
      routes: {
        '/v1/apps/shop/deployments': ({ query }, response) => {
          const page = Number(query.get('page'));
          const status = statuses[page - 1];
          const deployments = [deployment({ id: `d${page}`, status })];
          json(response, 200, {
            deployments,
            meta: { pagination: { next_page: page < 5 ? page + 1 : null } },
          });
        },
      },
    });
    expect(await builds.active?.(clientOf(server), ref, never)).toMatchObject({ id: 'd4' });
    statuses.fill('build-error');
    expect(await builds.active?.(clientOf(server), ref, never)).toBeNull();
  });
});

interface Stage {
  status: string;
  output: string | null;
  /** Of the app; null for none. */
  stream: string | null;
  link: string | null;
  /** Called with each connection of the stream after its auth frame. */
  onStream: (socket: WebSocket, auth: string, number: number) => void;
  /** Called with the first connection when the client has read what is stored and has seen that the deployment runs. */
  onSteady: (socket: WebSocket) => void;
  /** Called after the deployment was answered; opening the log takes two of them. */
  onLook: (number: number) => void;
  refused: number | null;
  /** Called before the stored output is answered. */
  onOutput: (number: number) => void;
}

/** One deployment whose state the test moves. */
async function stage(changes: Partial<Stage> = {}) {
  const own_: Stage = {
    status: 'building',
    output: '',
    stream: '/apps/shop',
    link: null,
    onStream: () => {},
    onSteady: () => {},
    onLook: () => {},
    refused: null,
    onOutput: () => {},
    ...changes,
  };
  let streams = 0;
  let outputs = 0;
  let looks = 0;
  let first: WebSocket | null = null;
  let isSteady = false;
  const settle = () => {
    if (first === null || looks < 3 || isSteady) return;
    isSteady = true;
    own_.onSteady(first);
  };
  const server = await own({
    routes: {
      '/v1/apps/shop': (_, response) => {
        const address = own_.stream?.startsWith('/')
          ? server.url.replace('http', 'ws') + own_.stream
          : own_.stream;
        json(response, 200, { app: { id: '1', name: 'shop', links: { deployments_stream: address } } });
      },
      [`/v1/apps/shop/deployments/${ID}`]: (_, response) => {
        if (own_.status === 'gone')
          return json(response, 404, { resource: 'deployment', error: 'not found' });
        const running = ['queued', 'building', 'pushing', 'starting', 'odd'].includes(own_.status);
        const link = own_.link?.startsWith('/') ? server.url + own_.link : own_.link;
        json(response, 200, {
          deployment: deployment({
            status: own_.status,
            ...(running && { finished_at: null, duration: 0 }),
            ...(link && { links: { output: link } }),
          }),
        });
        looks += 1;
        settle();
        return own_.onLook(looks);
      },
      [`/v1/apps/shop/deployments/${ID}/output`]: (_, response) => answerOutput(response),
      '/v1/apps/5ed0fe5d884fef000f5e4fd1/output': (_, response) => answerOutput(response),
    },
    upgrade: (socket) => {
      streams += 1;
      const number = streams;
      socket.once('message', (auth: Buffer) => {
        first ??= socket;
        own_.onStream(socket, auth.toString(), number);
        settle();
      });
    },
    refuseUpgrade: () => own_.refused,
  });
  function answerOutput(response: ServerResponse) {
    outputs += 1;
    own_.onOutput(outputs);
    if (own_.output === null) json(response, 404, { error: 'not found' });
    else plain(response, 200, own_.output);
  }
  return { server, at: own_, client: clientOf(server) };
}

async function logOf(client: ScalingoClient): Promise<Source<LogEntry>> {
  const build = await builds.get(client, ref, ID, never);
  return builds.log(client, ref, { build, phase: 'build' }, never);
}

async function past(source: Source<LogEntry>) {
  const batches: Batch<LogEntry>[] = [];
  const history = source.history({ lines: 'all', since: null, until: null }, never);
  let step = await history.next();
  for (; step.done !== true; step = await history.next()) batches.push(step.value);
  return { batches, items: batches.flatMap(({ items }) => items), position: batches.at(-1)?.position };
}

async function live(source: Source<LogEntry>, start: LiveStart, signal = never) {
  const batches: Batch<LogEntry>[] = [];
  const connection = source.live(start, signal);
  let step = await connection.next();
  for (; step.done !== true; step = await connection.next()) batches.push(step.value);
  const notices = batches.flatMap((batch) => batch.notices ?? []).map(({ message }) => message);
  return {
    lines: batches.flatMap(({ items }) => items.map(({ raw }) => raw)),
    end: step.value as LiveEnd,
    notices,
  };
}

/** Through the engine, reconnections included. */
async function followed(source: Source<LogEntry>, lines: number | 'all' = 'all') {
  const shown: string[] = [];
  const notices: string[] = [];
  const timing = { backoffFirst: 1, backoffMost: 1 };
  const options = { keep: () => true, lines, since: null, until: null, follow: true, timing };
  const steps = feed(source, options, never);
  for (;;) {
    const step = await steps.next();
    if (step.done) return { shown, notices, reason: step.value.reason };
    if (step.value.kind === 'items') shown.push(...step.value.items.map(({ raw }) => raw));
    if (step.value.kind === 'notice') notices.push(step.value.notice.message);
  }
}

const say = (socket: WebSocket, frame: unknown) => socket.send(JSON.stringify(frame));
const log = (content: string, id = ID) => ({ type: 'log', id, data: { content } });
const status = (word: string, id = ID) => ({ type: 'status', id, data: { status: word } });

describe('the stored output', () => {
  it('keeps ANSI and reads the lines of a hook as lines of the app', async () => {
    const hook = '2026-09-20 14:15:34.371836275 +0200 CEST [postdeploy-2231] migrated';
    const text = ` \u001b[1m<-- Start deployment of shop -->\u001b[0m\n       Fetching\n\n${hook}\r\n<-- https://shop -->\n`;
    const { client } = await stage({ status: 'success', output: text });
    const { items, batches, position } = await past(await logOf(client));
    expect(items.map(({ raw }) => raw)).toEqual([
      ' \u001b[1m<-- Start deployment of shop -->\u001b[0m',
      '       Fetching',
      '',
      hook,
      '<-- https://shop -->',
    ]);
    expect(items[0]?.body).toMatchObject({ source: 'build', ts: null, deployment: ID });
    expect(items[3]?.body).toMatchObject({
      source: 'build',
      message: 'migrated',
      instance: 'postdeploy-2231',
      ts: { nanos: 371836275 },
    });
    expect(position).toBe(5);
    expect(batches.some(({ cut }) => cut)).toBe(false);
  });

  it.each([
    ['success', 'keeps no output'],
    ['building', 'no output yet'],
  ])('may not be there: %s', async (word, message) => {
    const { client } = await stage({ status: word, output: null });
    const { items, batches } = await past(await logOf(client));
    expect(items).toEqual([]);
    expect(batches[0]?.notices?.[0]?.message).toContain(message);
  });

  it('ends in an unfinished line: of a build that is over it is one, of one that runs it is cut', async () => {
    const over = await past(await logOf((await stage({ status: 'success', output: 'a\nb' })).client));
    expect(over.items.map(({ raw }) => raw)).toEqual(['a', 'b']);
    expect(over.position).toBe(2);
    const running = await past(await logOf((await stage({ output: 'a\nb' })).client));
    expect(running.batches.at(-1)).toMatchObject({ cut: true, position: 1 });
  });

  it('is read by its link where the credential may go, else by its usual address', async () => {
    const linked = await stage({
      status: 'success',
      output: 'a\n',
      link: '/v1/apps/5ed0fe5d884fef000f5e4fd1/output',
    });
    await past(await logOf(linked.client));
    expect(linked.server.asked.at(-1)).toBe('GET /v1/apps/5ed0fe5d884fef000f5e4fd1/output');
    expect(linked.server.authorizations.at(-1)).toMatch(/^Bearer /);
    for (const link of ['http://logs.example.com/steal', 'file:///etc/passwd', 'nonsense']) {
      const { client, server } = await stage({ status: 'success', output: 'a\n', link });
      expect((await past(await logOf(client))).items).toHaveLength(1);
      expect(server.asked.at(-1)).toBe(`GET /v1/apps/shop/deployments/${ID}/output`);
    }
  });

  it('goes on behind the last whole line after a break', async () => {
    let asked = 0;
    const server = await own({
      routes: {
        [`/v1/apps/shop/deployments/${ID}`]: (_, response) =>
          json(response, 200, { deployment: deployment() }),
        [`/v1/apps/shop/deployments/${ID}/output`]: (_, response) => {
          asked += 1;
          response.writeHead(200, { 'content-type': 'text/plain' });
          if (asked > 1) return response.end('same\nsame\nsame\nend\n');
          return response.write('same\nsame\nsa', () => setImmediate(() => response.destroy()));
        },
      },
    });
    const { items } = await past(await logOf(clientOf(server)));
    expect(items.map(({ raw }) => raw)).toEqual(['same', 'same', 'same', 'end']);
    expect(asked).toBe(2);
  });

  it('of a deploy phase does not exist', async () => {
    const { client } = await stage();
    const build = await builds.get(client, ref, ID, never);
    await expect(builds.log(client, ref, { build, phase: 'deploy' }, never)).rejects.toMatchObject({
      kind: 'usage',
    });
  });

  it('asks again with another session when the first has expired', async () => {
    let refused = 0;
    const routes: Answers['routes'] = {
      [`/v1/apps/shop/deployments/${ID}`]: (_, response) => json(response, 200, { deployment: deployment() }),
      [`/v1/apps/shop/deployments/${ID}/output`]: (_, response) => {
        refused += 1;
        if (refused === 1) json(response, 401, { error: 'expired' });
        else plain(response, 200, 'a\n');
      },
    };
    const other = await own({ routes });
    expect((await past(await logOf(clientOf(other)))).items).toHaveLength(1);
    expect(other.asked.filter((line) => line.startsWith('POST'))).toHaveLength(2);
  });
});

describe('the live stream', () => {
  it('gets the session as its first frame and brings each line once, then the stored rest', async () => {
    const auths: string[] = [];
    const { client, at, server } = await stage({
      output: 'one\nsame\n',
      onStream: (socket, auth) => {
        auths.push(auth);
        say(socket, { type: 'ping', data: { ts: 1 } });
        say(socket, { type: 'new', data: { deployment: 'another' } });
        say(socket, { type: 'new', id: ID, data: { deployment: { id: ID, pusher: { username: 'a' } } } });
        say(socket, log('one\nsame\n'));
        say(socket, log('not ours\n', 'another'));
        say(socket, status('success', 'another'));
        say(socket, log('same\r\n'));
        socket.send('no JSON');
        say(socket, log('end\n'));
        at.output = 'one\nsame\nsame\nend\n<-- https://shop -->';
        at.status = 'success';
        say(socket, status('success'));
      },
    });
    const { lines, end } = await live(await logOf(client), { after: 1 });
    expect(lines).toEqual(['same', 'same', 'end', '<-- https://shop -->']);
    expect(end).toMatchObject({ end: 'ended' });
    expect(JSON.parse(auths[0] ?? '')).toMatchObject({
      type: 'auth',
      data: { token: expect.stringMatching(/^eyJ/) },
    });
    const upgrade = server.asked.indexOf('WS /apps/shop');
    expect(server.authorizations[upgrade]).toBeUndefined();
  });

  it('is joined with the past by the engine', async () => {
    const { client, at } = await stage({
      output: 'a\na\nb',
      onStream: (socket) => {
        say(socket, log('a\na\nbe'));
        say(socket, log('gun\nc\n'));
        at.output = 'a\na\nbegun\nc\nd\n';
        at.status = 'build-error';
        say(socket, status('build-error'));
      },
    });
    const { shown, reason } = await followed(await logOf(client));
    expect(shown).toEqual(['a', 'a', 'begun', 'c', 'd']);
    expect(reason).toContain('is over');
  });

  it('that breaks goes on where it was, and a line is neither lost nor doubled', async () => {
    const whole = ['start', 'same', 'same', 'mid', 'same', 'end'];
    const { client, at } = await stage({
      output: 'start\n',
      onStream: (socket, _auth, number) => {
        say(
          socket,
          log(
            whole
              .slice(0, number + 2)
              .map((line) => `${line}\n`)
              .join(''),
          ),
        );
        at.output = `${whole.slice(0, number + 1).join('\n')}\n`;
        if (number < 4) return socket.close(1001);
        at.output = `${whole.join('\n')}\n`;
        at.status = 'success';
        return say(socket, status('success'));
      },
    });
    const { shown, notices } = await followed(await logOf(client));
    expect(shown).toEqual(whole);
    expect(notices.filter((notice) => notice.includes('closed by Scalingo (1001)'))).toHaveLength(3);
  });

  it('that does not repeat the past asks for the stored output instead', async () => {
    const { client, at } = await stage({
      output: 'start\nsame\n',
      onSteady: (socket) => {
        at.output = 'start\nsame\nsame\nmore\n';
        say(socket, log('same\n'));
        at.onOutput = () => {
          at.status = 'success';
          say(socket, status('success'));
        };
      },
    });
    expect((await followed(await logOf(client))).shown).toEqual(['start', 'same', 'same', 'more']);
  });

  it('whose frames have no line ends asks for the stored output too', async () => {
    const { client, at } = await stage({
      output: '',
      onSteady: (socket) => {
        at.output = 'one\ntwo\n';
        say(socket, log('one'));
        say(socket, log('two'));
        at.onOutput = () => {
          at.status = 'success';
          say(socket, status('success'));
        };
      },
    });
    expect((await followed(await logOf(client))).shown).toEqual(['one', 'two']);
  });

  it('serves where there is no output before the end, and where there is none at all', async () => {
    const { client, at } = await stage({
      status: 'queued',
      output: null,
      onSteady: (socket) => {
        say(socket, status('queued'));
        say(socket, log('theirs\n', 'another'));
        say(socket, status('building'));
        say(socket, log('one\ntwo\nrest'));
        at.status = 'aborted';
        say(socket, status('aborted'));
      },
    });
    const { lines, end } = await live(await logOf(client), { after: 0 });
    expect(lines).toEqual(['one', 'two', 'rest']);
    expect(end.end).toBe('ended');
  });

  it('that was wrong is put right at the end, late rather than never', async () => {
    const { client, at } = await stage({
      output: null,
      onSteady: (socket) => {
        say(socket, log('two\nthree\n'));
        at.status = 'success';
        at.output = 'one\ntwo\nthree\nthree\n';
        say(socket, status('success'));
      },
    });
    const { lines, notices } = await live(await logOf(client), { after: 0 });
    expect(lines).toEqual(['two', 'three', 'one', 'three']);
    expect(notices.filter((notice) => notice.includes('not what the live stream brought'))).toHaveLength(1);
  });

  it('that says nothing of the end is not believed to go on', async () => {
    const { at, client } = await stage({
      output: 'a\n',
      onStream: (socket) => {
        at.status = 'success';
        say(socket, { type: 'ping', data: {} });
      },
    });
    const source = await logOf(clientOf({ url: client.addresses.auth }, {}, { status: 0 }));
    expect((await live(source, { after: 1 })).end.end).toBe('ended');
  });

  it('that says a word that nobody knows leads to a look at the deployment', async () => {
    const { client, at } = await stage({
      output: 'a\n',
      onSteady: (socket) => {
        at.status = 'odd';
        say(socket, log('a\nb\n'));
        say(socket, status('odd'));
        at.onLook = (number) => {
          if (number !== 4) return;
          at.status = 'vanished-error';
          at.output = 'a\nb\n';
          say(socket, status('vanished-error'));
        };
      },
    });
    const { lines, end } = await live(await logOf(client), { after: 1 });
    expect(lines).toEqual(['b']);
    expect(end.end).toBe('ended');
  });

  it('begins now with -n 0', async () => {
    const { client, at } = await stage({
      output: 'old\nold\n',
      onSteady: (socket) => {
        say(socket, log('old\nold\nnew\n'));
        at.output = 'old\nold\nnew\n';
        at.status = 'success';
        say(socket, status('success'));
      },
    });
    expect((await followed(await logOf(client), 0)).shown).toEqual(['new']);
  });

  it('waits until the stored output does not grow any more', async () => {
    const { client, at } = await stage({
      output: 'a\n',
      onStream: (socket) => {
        at.status = 'success';
        say(socket, status('success'));
      },
      onOutput: (number) => {
        if (number === 3) at.output = 'a\nb\n';
        if (number === 4) at.output = 'a\nb\nc';
      },
    });
    expect((await live(await logOf(client), { after: 0 })).lines).toEqual(['a', 'b', 'c']);
  });

  it('ends when it is told to', async () => {
    let closed = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { client } = await stage({ output: 'a\n', onStream: (socket) => socket.on('close', closed) });
    const controller = new AbortController();
    const connection = (await logOf(client)).live({ after: 0 }, controller.signal);
    expect((await connection.next()).value).toEqual({ items: [] });
    await connection.next();
    const pending = connection.next();
    controller.abort(new Error('stopped'));
    await expect(pending).rejects.toThrow('stopped');
    await gone;
  });

  it('of a deployment that is gone is an error', async () => {
    const { client, at } = await stage({
      output: 'a\n',
      refused: 404,
      onLook: (number) => {
        if (number === 2) at.status = 'gone';
      },
    });
    await expect(live(await logOf(client), { after: 0 })).rejects.toMatchObject({ kind: 'not-found' });
  });
});

describe('without a live stream', () => {
  it.each([
    ['refused', { refused: 403 }],
    ['not named', { stream: null }],
    ['elsewhere', { stream: 'ws://127.0.0.2.example.com/apps/shop' }],
    ['no address', { stream: 'what?' }],
  ])('the stored output is asked for again and again: %s', async (_name, changes) => {
    const { client, at } = await stage({
      output: 'a\n',
      onOutput: (number) => {
        if (number === 3) at.output = 'a\nb\nhal';
        if (number === 4) at.output = 'a\nb\nhalf\n';
        if (number === 5) at.status = 'success';
      },
      ...changes,
    });
    const { shown, notices } = await followed(await logOf(client));
    expect(shown).toEqual(['a', 'b', 'half']);
    expect(notices.join('\n')).toContain('without the live stream');
  });

  it('the session is not sent to a host that it is not for', async () => {
    const { client, at } = await stage({ output: 'a\n', stream: 'wss://deployments.example.com/apps/shop' });
    at.onOutput = () => {
      at.status = 'success';
    };
    const { end, notices } = await live(await logOf(client), { after: 0 });
    expect(end.end).toBe('ended');
    expect(notices[0]).toContain('a host that this credential is not for');
  });

  it('that closes at once, twice running, the session having been renewed', async () => {
    const tokens: string[] = [];
    const { client, at, server } = await stage({
      output: 'a\n',
      onStream: (socket, auth) => {
        tokens.push(auth);
        socket.close(1008);
      },
      onOutput: (number) => {
        if (number > 4) at.status = 'success';
      },
    });
    const { shown, notices } = await followed(await logOf(client));
    expect(shown).toEqual(['a']);
    expect(tokens).toHaveLength(2);
    expect(server.asked.filter((line) => line.startsWith('POST /v1/tokens'))).toHaveLength(3);
    expect(notices.join('\n')).toContain('Scalingo closes it at once');
  });
});

describe('against the sandbox', () => {
  async function sandbox(knobs: Partial<Parameters<typeof startScalingo>[0]> = {}) {
    const world = createWorld({ scale: 0, past: 50 });
    const server = await startScalingo({ world, ...knobs });
    cleanUp.push(() => server.close().then(() => world.close()));
    const client = clientOf(server, { token: server.tokens[0] ?? '' });
    return { world, server, client, shop: { app: world.app, component: null } };
  }

  it.each(['prev_page', 'previous_page'] as const)('lists and finds (%s)', async (previousPage) => {
    const { world, client, shop } = await sandbox({ previousPage });
    const deploy = world.deploy({ fail: true });
    const found: Build[] = [];
    for await (const page of builds.list(client, shop, never)) found.push(...page);
    expect(found.map(({ id }) => id)).toEqual(world.deploys.map(({ id }) => id).reverse());
    expect(await builds.get(client, shop, deploy.id, never)).toMatchObject({
      status: 'queued',
      ended: false,
    });
    expect((await builds.active?.(client, shop, never))?.status).toBe('succeeded');
    await expect(builds.get(client, shop, 'nope', never)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it.each([
    { newFrame: 'object', fail: false },
    { newFrame: 'string', fail: true },
  ] as const)('follows a deployment to its end (%j)', async ({ newFrame, fail }) => {
    const { world, server, client, shop } = await sandbox({ newFrame });
    const deploy = world.deploy({ fail });
    const other = world.deploy();
    world.advance(deploy.id);
    const build = await builds.get(client, shop, deploy.id, never);
    const source = await builds.log(client, shop, { build, phase: 'build' }, never);
    const following = followed(source);
    await server.watched(1);
    world.advance(other.id);
    while (deploy.finished === null) world.advance(deploy.id);
    const { shown } = await following;
    const stored = await past(source);
    expect(shown).toEqual(stored.items.map(({ raw }) => raw));
    expect(shown.length).toBeGreaterThan(3);
    const ended = await builds.get(client, shop, deploy.id, never);
    expect(ended).toMatchObject({ ended: true, status: fail ? 'failed' : 'succeeded' });
  });

  it('goes on after faults of the stream and of the answers', async () => {
    const { world, server, client, shop } = await sandbox();
    const deploy = world.deploy();
    world.advance(deploy.id);
    server.faults.add({ name: 'close-1011', route: 'deployment-stream', afterLines: 1 });
    server.faults.add({ name: 'rate-limited', route: 'output' });
    const build = await builds.get(client, shop, deploy.id, never);
    const source = await builds.log(client, shop, { build, phase: 'build' }, never);
    const following = followed(source);
    await server.watched(1);
    while (deploy.finished === null) world.advance(deploy.id);
    const { shown } = await following;
    expect(shown).toEqual((await past(source)).items.map(({ raw }) => raw));
  });
});
