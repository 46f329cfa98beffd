// A log of which nothing more comes, or which has nothing: what its reader is told, and with which exit code.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type OwnServer as Akkeris, startOwn as startAkkeris } from '../providers/akkeris/setup.ts';
import { type Answers, type OwnServer, startOwn } from '../providers/scalingo/setup.ts';
import { type Inside, inside } from './in-process.ts';
import { createPlace, type Env, linesOf, type Place } from './run-polylog.ts';

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
const servers: (OwnServer | Akkeris)[] = [];
const running = new Set<Inside>();
afterEach(async () => {
  for (const one of running) one.interrupt();
  await Promise.all([...running].map(({ ended }) => ended));
  running.clear();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => place.remove());

function start(args: readonly string[], env: Env, maxTotal = 30_000): Inside {
  const one = inside(args, { place, env, retry: { firstDelay: 1, maxTotal }, silence: 100 });
  running.add(one);
  return one;
}

const line = (minute: number, text: string) =>
  `2026-09-20 00:0${minute}:00.000000001 +0000 UTC [web-1] ${text}\n`;

describe('a log that stalls', () => {
  async function scalingo(upgrade?: Answers['upgrade']): Promise<Env> {
    const server = await startOwn({
      routes: {
        '/logs/shop': (_, response) => {
          response.writeHead(200, { 'content-type': 'text/plain' }).write(line(1, 'old'));
        },
      },
      ...(upgrade && { upgrade }),
    });
    servers.push(server);
    return { SCALINGO_AUTH_URL: server.url, SCALINGO_API_TOKEN: 'tk-us-fake' };
  }

  it('is shown as far as it came, and that it is incomplete is an error of the platform', async () => {
    const ran = await start(['logs', 'show', 'scalingo:shop', '--idle', '1s'], await scalingo()).ended;
    expect(ran.code).toBe(6);
    expect(linesOf(ran.stdout)).toEqual([expect.stringMatching(/ scalingo:shop\/web-1 old$/)]);
    expect(linesOf(ran.stderr)).toEqual([
      'polylog: scalingo:shop: --idle has no effect: this log ends by itself, and one that stalls is given up',
      expect.stringMatching(
        /^polylog: Scalingo: 127.* stalled: nothing more has come for 0\.1 s, for app "shop" in osc-fr1\. What came is incomplete; try again later\.$/,
      ),
    ]);
  });

  it('is no end of a tail: a gap, and the live lines', async () => {
    const env = await scalingo((socket) =>
      socket.send(JSON.stringify({ event: 'log', log: line(2, 'new') })),
    );
    const ran = await start(['logs', 'tail', 'scalingo:shop', '--until-match', 'new'], env).ended;
    expect(ran.code).toBe(0);
    expect(linesOf(ran.stdout).map((each) => each.split(' ').at(-1))).toEqual(['old', 'new']);
    expect(ran.stderr).toMatch(/polylog: scalingo:shop: lines may be missing: Scalingo: 127.* stalled: /);
    expect(ran.stderr).toContain('1 gap');
    expect(ran.stderr).not.toContain('reconnection');
  });
});

it('an empty log is said to be empty, but not to who wants no words', async () => {
  const server = await startOwn({ routes: { '/logs/shop': (_, response) => response.writeHead(204).end() } });
  servers.push(server);
  const env = { SCALINGO_AUTH_URL: server.url, SCALINGO_API_TOKEN: 'tk-us-fake' };
  const show = ['logs', 'show', 'scalingo:shop'];
  const empty = { code: 0, stdout: '', stderr: 'polylog: scalingo:shop: no logs found at Scalingo\n' };
  expect(await start(show, env).ended).toEqual(empty);
  expect(await start([...show, '-q'], env).ended).toEqual({ ...empty, stderr: '' });
});

describe('the log server of Akkeris', () => {
  const show = ['logs', 'show', 'akkeris:api-default', '-n', '1'];
  async function akkeris(stream: Parameters<typeof startAkkeris>[0]['stream']) {
    const server = await startAkkeris({ ...(stream && { stream }) });
    servers.push(server);
    return { server, env: { AKKERIS_API_HOST: server.url, AKKERIS_TOKEN: 'akkeris-token-1' } };
  }

  it('is asked again, for another session, when it has forgotten one, is busy or closes the connection', async () => {
    // Side by side: each waits before it asks again.
    const readings = [404, 503, 'reset' as const].map(async (trouble) => {
      const { server, env } = await akkeris((response, number) => {
        if (number > 1) response.writeHead(200).end('2018-03-24T01:07:20Z api-default app[web.a]: ok\n');
        else if (trouble === 'reset') response.socket?.destroy();
        else response.writeHead(trouble).end();
      });
      return { server, ran: await start(show, env).ended };
    });
    for (const { server, ran } of await Promise.all(readings)) {
      expect(ran.code).toBe(0);
      expect(linesOf(ran.stdout)).toEqual(['2018-03-24T01:07:20Z akkeris:api-default/web.a ok']);
      expect(server.streamed.map(({ path }) => path)).toEqual(['/tails/1=', '/tails/2=']);
      expect(ran.stderr).toContain('; asking again in ');
    }
  });

  it('is unavailable when the session stays forgotten', async () => {
    const { env } = await akkeris((response) => response.writeHead(404).end());
    const ran = await start(show, env, 1).ended;
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    expect(linesOf(ran.stderr).at(-1)).toBe(
      "polylog: akkeris:api-default: the stream could not be opened: Akkeris's log session is gone (404).",
    );
  });
});
