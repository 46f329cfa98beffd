// A target that refuses, hangs, fails or has a wrong clock beside one that works: nobody waits for it, and everything about
// it is said.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Inside, inside } from './in-process.ts';
import {
  createPlace,
  type Env,
  type Grounds,
  linesOf,
  moment,
  type Place,
  startGrounds,
  startPolylog,
} from './run-polylog.ts';

let place: Place;
let grounds: Grounds;
/** Takes connections and never says a word. */
let mute: Server;
let muteUrl: string;
/** No program is given that port, as it may be one that was free a moment ago. */
const deadUrl = 'http://127.0.0.1:1';
const sockets = new Set<Socket>();
beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({
    lines: [0, 1, 2].map((n) => ({ at: moment(`2026-03-01T10:00:0${n}Z`), text: `line ${n}` })),
    station: { rows: [{ at: moment('2026-03-01T10:00:01Z'), message: 'a row' }], nasUtcOffset: 0 },
  });
  mute = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  muteUrl = urlOf(mute);
});
const running = new Set<Inside>();
afterEach(async () => {
  for (const one of running) one.interrupt();
  await Promise.all([...running].map(({ ended }) => ended));
  running.clear();
  grounds.scalingo.faults.clear();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  mute.close();
  await grounds.close();
  await place.remove();
});

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

function start(args: string[], env: Env = {}, maxTotal = 30_000): Inside {
  const one = inside(args, { place, env: { ...grounds.env, ...env }, retry: { firstDelay: 1, maxTotal } });
  running.add(one);
  return one;
}

const BOTH = ['scalingo:shop', 'qnap:docker/shop-web'];

describe('one target that hangs', () => {
  it.each([
    ['logs tail', ['logs', 'tail', '-n', '1', ...BOTH], 'container-station:docker/shop-web line 2'],
    ['logs show', ['logs', 'show', '-n', '1', ...BOTH], 'container-station:docker/shop-web line 2'],
    ['events tail', ['events', 'tail', 'scalingo:shop', 'qnap:'], 'container-station:'],
  ])('holds up no line of the others: %s', async (_, args, text) => {
    const tail = start(args, { SCALINGO_AUTH_URL: muteUrl });
    // The limit of the request that hangs is longer than that of a test.
    await tail.said(text);
    tail.interrupt();
    expect((await tail.ended).code).toBe(130);
  });

  it('does not keep a gate from its verdict', async () => {
    const tail = start(['logs', 'tail', ...BOTH, '--until-match', 'line 2'], { SCALINGO_AUTH_URL: muteUrl });
    expect((await tail.ended).code).toBe(0);
  });
});

describe('an instance whose clock is an hour slow', () => {
  it('does not keep a gate from its verdict, however much it writes', async () => {
    const hour = 3_600_000;
    const tail = startPolylog(
      ['logs', 'tail', 'scalingo:shop', '-n', '0', '--fail-on', 'wanted', '--reorder', '200ms'],
      { place, env: grounds.env },
    );
    await tail.said('+ scalingo:shop', 'stderr');
    const early = (text: string) =>
      grounds.world.write({ at: { ms: Date.now() - hour, nanos: 0 }, index: 2, text });
    early('slow');
    grounds.world.write({ at: { ms: Date.now(), nanos: 0 }, text: 'wanted' });
    // Until the gate has fired: always one more that is earlier.
    const writing = setInterval(() => early('slow'), 20);
    onTestFinished(() => {
      clearInterval(writing);
      tail.child.kill('SIGKILL');
    });
    const ran = await tail.ended;
    expect(ran.code).toBe(1);
    expect(linesOf(ran.stdout).at(-1)).toContain('wanted');
    expect(ran.stdout).toContain('/web-2 slow');
  });
});

describe('one target that refuses', () => {
  it('is reported when its time is up, while the others go on, and the exit code tells of it', async () => {
    const tail = start(
      ['logs', 'tail', '-n', '0', ...BOTH, '--until', '@9999999999'],
      { SCALINGO_AUTH_URL: deadUrl },
      // Room for a second try on a slow machine.
      1000,
    );
    await tail.said('. Check whether', 'stderr');
    await tail.said('+ container-station:docker/shop-web', 'stderr');
    grounds.world.write({ text: 'still here' });
    await tail.said('still here');
    const said = linesOf(tail.stderr());
    expect(said.filter((line) => line.includes('asking again')).length).toBeGreaterThan(0);
    for (const line of said.filter((text) => text.includes('refused'))) {
      expect(line).toMatch(/^polylog: scalingo:shop: Scalingo: 127\.0\.0\.1:\d+ refused the connection, /);
    }
    expect(said.find((line) => line.includes('. Check whether'))).toContain('polylog config list --origin');
  });

  it.each([
    ['events list', ['events', 'list', 'scalingo:shop', 'qnap:']],
    ['metrics show', ['metrics', 'show', 'scalingo:shop', 'qnap:docker/shop-web']],
    ['logs show', ['logs', 'show', ...BOTH]],
  ])('%s: the others are printed, the exit code is its', async (_, args) => {
    const ran = await start(args, { SCALINGO_AUTH_URL: deadUrl }, 20).ended;
    expect(ran.code).toBe(6);
    expect(ran.stdout).toContain('container-station:');
    expect(ran.stderr).toMatch(/^polylog: scalingo:shop: .* refused the connection.*\. Check /m);
  });

  it('what was waited for and came decides all the same', async () => {
    const ran = await start(['logs', 'show', ...BOTH, '-m', '1'], { SCALINGO_AUTH_URL: deadUrl }, 20).ended;
    expect(ran.code).toBe(0);
    expect(linesOf(ran.stdout)).toHaveLength(1);
  });
});

describe('a wrong flag', () => {
  it('is found before anything is asked', async () => {
    const before = grounds.scalingo.requests.length;
    const ran = await start(['logs', 'tail', ...BOTH, '--addon', 'db']).ended;
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(grounds.scalingo.requests.length).toBe(before);
  });
});

describe('a platform with a fault of its own', () => {
  it('is named with the app and what to do', async () => {
    grounds.scalingo.faults.add({ name: 'server-error', status: 500, route: 'logs-url', times: 99 });
    const ran = await start(['logs', 'tail', 'scalingo:shop'], {}, 20).ended;
    expect(ran.code).toBe(6);
    const last = linesOf(ran.stderr).at(-1);
    expect(last).toMatch(
      /^polylog: Scalingo has a fault of its own with app "shop".* That is for the platform to mend: try again later\.$/,
    );
  });
});

describe('-v with records', () => {
  const recordsOf = (stdout: string) => linesOf(stdout).map((line) => JSON.parse(line));

  it.each([['ndjson'], ['json']])('%s ends with how it ended', async (form) => {
    const ran = await start(['logs', 'scalingo:shop', '-v', '-o', form]).ended;
    expect(recordsOf(ran.stdout).at(-1)).toEqual({
      v: 1,
      type: 'end',
      provider: 'scalingo',
      profile: 'scalingo',
      app: 'shop',
      reason: 'ended',
      exit: 0,
      records: recordsOf(ran.stdout).length - 1,
      gaps: 0,
      duplicates_dropped: 0,
      reconnects: 0,
      oldest: '2026-03-01T10:00:00.000000000Z',
      newest: expect.stringMatching(/Z$/),
      cursor: null,
    });
  });

  it('an interrupted tail of several tells its signal', async () => {
    const tail = start(['logs', 'tail', ...BOTH, '-v', '--json', '-n', '1']);
    await tail.said('"type":"log"');
    tail.interrupt();
    const last = recordsOf((await tail.ended).stdout).at(-1);
    expect(last).toMatchObject({ type: 'end', app: null, reason: 'interrupted', exit: 130 });
  });

  it('nothing of the kind without it', async () => {
    const ran = await start(['logs', 'scalingo:shop', '-o', 'ndjson']).ended;
    expect(recordsOf(ran.stdout).some(({ type }) => type === 'end')).toBe(false);
  });
});
