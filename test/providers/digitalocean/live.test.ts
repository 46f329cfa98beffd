import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Timing } from '../../../src/providers/digitalocean/client.ts';
import {
  APP,
  clientFor,
  closeAll,
  drain,
  frame,
  json,
  line,
  never,
  type Opening,
  type OwnAnswers,
  open,
  readLive,
  shop,
  startOwn,
  text,
} from './setup.ts';

afterEach(closeAll);

async function source(answers: OwnAnswers, opening: Opening = {}, timing: Partial<Timing> = {}) {
  const own = await startOwn(answers);
  return { own, log: await open(clientFor({ url: own.url }, timing), opening) };
}

const liveAt = (_: unknown, far: string) => ({ live_url: `${far}/live?token=t` });
const logsAsked = (own: { asked: string[] }) => own.asked.filter((path) => path.includes('/logs?'));

/** A line of now, so that it counts as new. */
function fresh(words: string, component = 'web'): string {
  return `${component} ${new Date().toISOString()} ${words}`;
}

describe('a live connection', () => {
  it('stands with an empty batch, asks for nothing of the past and sends no token', async () => {
    const { own, log } = await source({ logs: liveAt, upgrade: (socket) => socket.close(1000) });
    const read = await readLive(log);
    expect(read.batches[0]).toEqual({ items: [] });
    expect(read.end).toEqual({ end: 'dropped', reason: 'closed by DigitalOcean (1000)' });
    expect(logsAsked(own)).toEqual([`GET /v2/apps/${APP}/logs?type=RUN&follow=true&tail_lines=0`]);
    expect(own.farHeaders).toHaveLength(1);
    expect(own.farHeaders[0]?.authorization).toBeUndefined();
  });

  it('brings text and binary frames, several and partial lines, and pings as signs of life', async () => {
    const first = fresh('a');
    const { log } = await source({
      logs: liveAt,
      upgrade: (socket) => {
        socket.ping();
        socket.send(Buffer.from(frame(`${first}\nsecond\nhal`)));
        socket.send(frame('f\n'));
        socket.close(1001, 'going away');
      },
    });
    const read = await readLive(log);
    expect(read.lines).toEqual([first, 'second', 'half']);
    expect(read.end).toEqual({ end: 'dropped', reason: 'closed by DigitalOcean (1001: going away)' });
  });

  it('that breaks inside a line marks it as cut', async () => {
    const { log } = await source({
      logs: liveAt,
      upgrade: (socket) => socket.send(frame('half a li'), () => socket.terminate()),
    });
    const read = await readLive(log);
    expect(read.batches.at(-1)).toMatchObject({ cut: true, items: [{ raw: 'half a li' }] });
    expect(read.end).toEqual({ end: 'dropped', reason: 'the connection broke (1006)' });
  });

  it('that is refused is an error that may be tried again', async () => {
    const { log } = await source({ logs: liveAt, refuseUpgrade: () => 503 });
    await expect(readLive(log)).rejects.toMatchObject({ kind: 'unavailable', status: 503, retryable: true });
  });

  it('ends at once when it is aborted', async () => {
    const { log } = await source({ logs: liveAt, upgrade: () => {} });
    const stop = new AbortController();
    const live = log.live({ lines: 0 }, stop.signal);
    await live.next();
    const pending = live.next();
    stop.abort(new Error('stopped here'));
    await expect(pending).rejects.toThrow('stopped here');
  });

  it('ends its socket when nobody reads on', async () => {
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { log } = await source({ logs: liveAt, upgrade: (socket) => socket.on('close', closed) });
    const live = log.live({ lines: 0 }, never);
    await live.next();
    await live.return({ end: 'dropped', reason: 'enough' });
    await gone;
  });

  it('over plain text, where websockets are refused, goes on across connections but says so once', async () => {
    const { log } = await source({
      logs: liveAt,
      refuseUpgrade: () => 400,
      far: { '/live': (_, response) => text(response, 200, `${line(1, 'a')}\n`) },
    });
    const read = await readLive(log, 5);
    expect(read.notices).toHaveLength(1);
    expect(read.lines).toEqual([line(1, 'a')]);
    expect(read.end).toEqual({ end: 'dropped', reason: 'DigitalOcean ended the stream' });
    expect((await readLive(log, 5)).notices).toEqual([]);
  });

  it('asks for one line where the platform refuses none', async () => {
    const { own, log } = await source({
      api: {
        [`/apps/${APP}/logs`]: ({ query }, response) => {
          if (query.get('tail_lines') === '0')
            json(response, 400, { message: 'tail_lines must be positive' });
          else json(response, 200, { live_url: `${own.far}/live` });
        },
      },
      upgrade: (socket) => socket.close(1000),
    });
    expect((await readLive(log)).end.end).toBe('dropped');
    expect(logsAsked(own).at(-1)).toContain('tail_lines=1');
  });
});

describe('a platform that replays its past although nothing of it was asked for', () => {
  /** Its clock and its lines need not agree with ours: all this lies in another year. */
  const replays = (backlog: readonly string[], newest: readonly string[]): OwnAnswers => ({
    logs: ({ query }, far) => ({ live_url: `${far}/live?follow=${query.get('follow')}` }),
    upgrade: (socket: WebSocket, { query }) => {
      for (const each of query.get('follow') === 'true' ? backlog : newest) socket.send(frame(`${each}\n`));
      socket.close(1000);
    },
  });

  it('is not believed: only what is newer than the asking is shown', async () => {
    const old = [line(1, 'a'), '  at stack', line(2, 'b', 'worker'), line(3, 'c')];
    const young = [line(40, 'd'), '  at stack', line(41, 'e', 'worker')];
    const { log } = await source(replays([...old, ...young], [line(41, 'e', 'worker')]));
    expect((await readLive(log)).lines).toEqual(young);
  });

  it('is believed where its newest line cannot be found out', async () => {
    const old = [line(1, 'a'), line(2, 'b')];
    const { log } = await source(replays(old, []));
    expect((await readLive(log)).lines).toEqual(old);
  });

  it('is not suspected when the first line is of now', async () => {
    const first = fresh('a');
    const { own, log } = await source(replays([first, line(1, 'late')], [fresh('z')]));
    expect((await readLive(log)).lines).toEqual([first, line(1, 'late')]);
    expect(logsAsked(own)).toHaveLength(1);
  });

  it('does as it was told when lines were asked for', async () => {
    const old = [line(1, 'a'), line(2, 'b')];
    const { own, log } = await source(replays(old, [line(40, 'z')]));
    expect((await readLive(log, 2)).lines).toEqual(old);
    expect(logsAsked(own)).toHaveLength(1);
  });
});

describe('a redeploy', () => {
  it('that ends the stream is said by the next connection', async () => {
    let active = 'd-1';
    const { log } = await source(
      {
        api: { [`/apps/${APP}`]: (_, response) => json(response, 200, { app: shop({ active }) }) },
        logs: liveAt,
        upgrade: (socket) => {
          socket.send(frame(`${fresh(active)}\n`));
          socket.close(1000);
        },
      },
      {},
      { now: ticking() },
    );
    const before = await readLive(log);
    active = 'd-2';
    const after = await readLive(log);
    expect(before.notices).toEqual([]);
    expect(after.notices).toEqual(['moved on to deployment d-2']);
    const [entry] = after.batches.flatMap(({ items }) => items);
    expect(entry?.body).toMatchObject({ deployment: 'd-2', message: 'd-2' });
    expect((await readLive(log)).notices).toEqual([]);
  });

  it('that starves the stream is found out while it is quiet', async () => {
    let active = 'd-1';
    let looks = 0;
    const { log } = await source(
      {
        api: {
          [`/apps/${APP}`]: (_, response) => {
            looks += 1;
            if (looks === 3) active = 'd-2';
            if (looks === 2) json(response, 503, {});
            else json(response, 200, { app: shop({ active }) });
          },
        },
        logs: liveAt,
        upgrade: () => {},
      },
      {},
      { watch: 1 },
    );
    expect((await readLive(log)).end).toEqual({ end: 'dropped', reason: 'a new deployment is active' });
    expect(looks).toBe(3);
  });

  it('of a log that is bound to one deployment ends it', async () => {
    let phase = 'ACTIVE';
    const { own, log } = await source(
      {
        api: {
          [`/apps/${APP}/deployments/d-9`]: (_, response) => {
            json(response, 200, { deployment: { id: 'd-9', phase } });
            phase = 'SUPERSEDED';
          },
        },
        logs: liveAt,
        upgrade: () => {},
      },
      { flags: { deployment: 'd-9' } },
      { watch: 1 },
    );
    expect((await readLive(log)).end).toEqual({ end: 'ended', reason: 'deployment d-9 is superseded' });
    expect(logsAsked(own)[0]).toContain('/deployments/d-9/logs?type=RUN&follow=true');
  });

  it('is looked for less often the more streams there are', async () => {
    const client = clientFor({ url: 'http://127.0.0.1:1' }, { watch: 15, watchShare: 2 });
    const leave = Array.from({ length: 10 }, () => client.watching());
    expect(client.watchInterval()).toBe(20);
    for (const each of leave) each();
    leave[0]?.();
    expect(client.watchInterval()).toBe(15);
  });
});

describe('a stream that is silent', () => {
  const growing = (times: readonly number[]): OwnAnswers => {
    const newest = [...times];
    return {
      logs: ({ query }, far) => ({ live_url: `${far}/live?follow=${query.get('follow')}` }),
      upgrade: (socket, { query }) => {
        if (query.get('follow') === 'true') return;
        const second = newest.length > 1 ? newest.shift() : newest[0];
        socket.send(frame(`${line(second ?? 0, 'x')}\n`));
        socket.close(1000);
      },
    };
  };

  it('although the log goes on is dead', async () => {
    const { own, log } = await source(growing([1, 1, 1, 2]), {}, { watch: 1, newestEvery: 2 });
    expect((await readLive(log)).end).toEqual({
      end: 'dropped',
      reason: 'the stream brought nothing although the log went on',
    });
    expect(logsAsked(own).filter((path) => path.includes('follow=false&tail_lines=1'))).toHaveLength(4);
  });

  it('because nothing is logged is not', async () => {
    const { own, log } = await source(growing([1]), {}, { watch: 1, newestEvery: 1 });
    const stop = new AbortController();
    const live = log.live({ lines: 0 }, stop.signal);
    await live.next();
    const pending = live.next();
    pending.catch(() => {});
    await expect.poll(() => logsAsked(own).length).toBeGreaterThan(5);
    stop.abort(new Error('still alive'));
    await expect(pending).rejects.toThrow('still alive');
  });
});

describe('the log of a phase', () => {
  const pinned = (phases: string[], rest: OwnAnswers): OwnAnswers => ({
    ...rest,
    api: {
      [`/apps/${APP}/deployments/d-9`]: (_, response) =>
        json(response, 200, {
          deployment: { id: 'd-9', phase: phases.length > 1 ? phases.shift() : phases[0] },
        }),
      ...rest.api,
    },
  });
  const build: Opening = { flags: { type: 'build', deployment: 'd-9' } };

  it('that is over stands first and then ends', async () => {
    const { log } = await source(
      pinned(['ACTIVE'], { logs: (_, far) => ({ historic_urls: [`${far}/1`] }) }),
      build,
    );
    const read = await readLive(log);
    expect(read.batches).toEqual([{ items: [], notices: [] }]);
    expect(read.end).toEqual({
      end: 'ended',
      reason: 'the build logs of deployment d-9 of app "shop" are complete',
    });
  });

  it('of the active deployment is over by itself', async () => {
    const { log } = await source(
      { logs: (_, far) => ({ historic_urls: [`${far}/1`] }) },
      { flags: { type: 'deploy' } },
    );
    expect((await readLive(log)).end.end).toBe('ended');
  });

  it('that was skipped ends with a sentence', async () => {
    const message = 'cannot get build logs for component web with log task status skipped';
    const { log } = await source(
      pinned(['BUILDING'], {
        api: { [`/apps/${APP}/deployments/d-9/logs`]: (_, response) => json(response, 400, { message }) },
      }),
      build,
    );
    const read = await readLive(log);
    expect(read.notices).toEqual([`no build logs for that phase (${message})`]);
    expect(read.end.end).toBe('ended');
  });

  it('that has not begun is waited for and then comes from its beginning', async () => {
    let asked = 0;
    const { own, log } = await source(
      pinned(['PENDING_BUILD', 'PENDING_BUILD', 'BUILDING'], {
        logs: (_, far) => {
          asked += 1;
          return asked < 3 ? {} : { live_url: `${far}/live` };
        },
        upgrade: (socket) => {
          socket.send(frame(`${line(1, 'first')}\n`));
          socket.close(1000);
        },
      }),
      build,
    );
    const read = await readLive(log);
    expect(read.lines).toEqual([line(1, 'first')]);
    expect(read.notices).toEqual(['no build logs found at DigitalOcean']);
    expect(logsAsked(own).map((path) => path.split('tail_lines=')[1])).toEqual(['0', '-1', '-1']);
  });

  it('whose stream closes ends with its phase, not before', async () => {
    const answers = { logs: liveAt, upgrade: (socket: WebSocket) => socket.close(1000) };
    const going = await source(pinned(['BUILDING'], answers), build);
    expect((await readLive(going.log)).end.end).toBe('dropped');
    const done = await source(pinned(['BUILDING', 'PENDING_DEPLOY'], answers), build);
    expect((await readLive(done.log)).end.end).toBe('ended');
    const deploying = await source(pinned(['BUILDING', 'DEPLOYING'], answers), {
      flags: { type: 'deploy', deployment: 'd-9' },
    });
    expect((await readLive(deploying.log)).end.end).toBe('dropped');
  });

  it('whose stream breaks is asked for again although the phase is over', async () => {
    const answers = { logs: liveAt, upgrade: (socket: WebSocket) => socket.terminate() };
    const { log } = await source(pinned(['BUILDING', 'ACTIVE'], answers), build);
    expect((await readLive(log)).end.end).toBe('dropped');
  });

  it('of a run of a job and of an event ends with its stream', async () => {
    const answers = { logs: liveAt, upgrade: (socket: WebSocket) => socket.close(1000) };
    const event = await source(answers, { flags: { 'event-id': 'e-1' } });
    const read = await readLive(event.log);
    expect(read.end).toEqual({
      end: 'ended',
      reason: 'the autoscaling logs of event e-1 of app "shop" are complete',
    });
    const crashed = await source(answers, { flags: { type: 'run-restarted' } });
    expect((await readLive(crashed.log)).end.end).toBe('ended');
  });
});

it('waits for run logs that are not there yet, and for the deployment that has them', async () => {
  let active = 'd-1';
  const { log } = await source(
    {
      api: { [`/apps/${APP}`]: (_, response) => json(response, 200, { app: shop({ active }) }) },
      logs: (_, far) => {
        if (active === 'd-2') return { live_url: `${far}/live` };
        active = 'd-2';
        return {};
      },
      upgrade: (socket) => {
        socket.send(frame(`${line(1, 'first')}\n`));
        socket.close(1000);
      },
    },
    {},
    { watch: 1, now: ticking() },
  );
  const read = await drain(log.live({ lines: 0 }, never));
  expect(read.notices).toEqual(['no run logs found at DigitalOcean', 'moved on to deployment d-2']);
  expect(read.lines).toEqual([line(1, 'first')]);
});

/** A clock on which every glance takes a minute: nothing that was looked up stays fresh. */
function ticking(): () => number {
  let time = 0;
  return () => {
    time += 60_000;
    return time;
  };
}
