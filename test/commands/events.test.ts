// Events of every platform: lists, tails that miss nothing between two looks, and waits whose exit code is the outcome.
import { Ajv } from 'ajv';
import { parse } from 'csv-parse/sync';
import widthOf from 'fast-string-width';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { recordSchema } from '../../src/output/schema.ts';
import type { World } from '../../src/sandbox/world.ts';
import { createPlace, linesOf, type Place, withoutColors } from '../bin/run-polylog.ts';
import {
  PLATFORMS,
  type PlatformName,
  type Still,
  Stills,
  startStill,
  WORDS,
} from '../bin/still-platform.ts';
import { onTerminal, polylog, startPolylog } from './in-process.ts';

// They wait for the platforms' own rhythms, side by side.
vi.setConfig({ maxConcurrency: 24, testTimeout: 60_000 });

let place: Place;
const stills = new Stills();
const SECRET = 'hunter2-never-shown';

/** Something of every kind, in an order that is known. */
function tell(world: World): void {
  const deploy = world.deploy();
  world.advance(deploy.id, 'succeeded');
  const text = `DB_PASSWORD=${SECRET}`;
  const detail = { name: 'DB_PASSWORD', value: SECRET };
  world.record({ kind: 'config', component: 'web', user: 'alice', text, detail });
  world.record({ kind: 'restart', component: 'worker', user: 'alice', text: 'restart', detail: {} });
  world.record({
    kind: 'crash',
    component: 'worker',
    user: 'system',
    text: 'gone',
    detail: { exitCode: 137 },
  });
  world.record({ kind: 'scale', component: 'web', user: 'bob', text: 'scale', detail: { from: 2, to: 3 } });
}

beforeAll(async () => {
  place = await createPlace();
  for (const name of PLATFORMS) {
    // Hours ago, so that what is asked for by its time has a border.
    let now = Date.now() - 5 * 3_600_000;
    const still = await startStill(name, { world: { past: 200, now: () => now } });
    now = Date.now() - 60_000;
    tell(still.world);
    stills.set(name, still);
  }
});
afterAll(async () => {
  await stills.close();
  await place.remove();
});

const of = (name: PlatformName): Still => stills.of(name);
const events = (still: Pick<Still, 'env'>, ...args: string[]) =>
  polylog(['events', ...args], { place, env: still.env });
const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(recordSchema());

interface Told {
  readonly ts: string | null;
  readonly id: string | null;
  readonly kind: string;
  readonly user: string | null;
  readonly component: string | null;
}
const recordsOf = (stdout: string): Told[] => linesOf(stdout).map((line) => JSON.parse(line));

describe.concurrent.each(PLATFORMS)('%s: events tail', (name) => {
  it('has the last ones, then every one that comes, once', async () => {
    const still = await startStill(name);
    tell(still.world);
    const running = startPolylog(['events', 'tail', still.target, '-n', '1', '-o', 'ndjson'], {
      place,
      env: still.env,
    });
    await running.said(`+ ${still.label}`, 'stderr');
    const before = recordsOf(running.stdout()).filter(({ kind }) => kind !== 'connected').length;
    expect(before).toBeGreaterThan(0);
    // Several between two looks, and a deploy that goes on while it is told.
    for (const to of [4, 5, 6]) {
      const detail = { from: to - 1, to };
      still.world.record({ kind: 'scale', component: 'web', user: 'bob', text: 'scale', detail });
    }
    const deploy = still.world.deploy();
    still.world.advance(deploy.id, 'succeeded');
    await running.said(name === 'container-station' ? `"tid":${still.idOf(deploy)}` : deploy.id.slice(0, 8));
    await vi.waitUntil(() => scales(running.stdout(), name).length >= 3, { timeout: 40_000, interval: 50 });
    running.interrupt();
    const ran = await running.ended;
    expect(ran.code).toBe(130);
    const told = scales(ran.stdout, name);
    expect(told).toHaveLength(3);
    for (const line of linesOf(ran.stdout)) expect(isValid(JSON.parse(line))).toBe(true);
    await still.close();
  });
});

/** The events of the three scalings. */
function scales(stdout: string, name: PlatformName): unknown[] {
  const all = linesOf(stdout).map((line) => JSON.parse(line));
  // A station tells of the containers that an enlarged application has made.
  if (name === 'container-station') return all.filter(({ fields }) => fields?.state === 'create');
  return all.filter(
    ({ type, kind, message }) => type === 'event' && kind === 'scale' && /[456]/.test(message),
  );
}

describe.concurrent.each(PLATFORMS)('%s: events wait', (name) => {
  const one = name === 'container-station' ? 'qnap:docker/shop-web' : WORDS[name].target;

  it('ends at once when the state is there: ndjson in a pipe, a sentence on a terminal', async () => {
    const still = await startStill(name);
    still.world.advance(still.world.deploy().id, 'succeeded');
    const ran = await events(still, 'wait', one, 'running');
    expect(ran.code, ran.stderr).toBe(0);
    const state = JSON.parse(ran.stdout);
    expect(isValid(state), JSON.stringify(isValid.errors)).toBe(true);
    expect(state).toMatchObject({ type: 'state', state: 'running' });
    if (name === 'container-station')
      expect(Object.keys(state.fields)).toEqual(expect.arrayContaining(['cpu', 'memory', 'rx', 'tx']));
    const screen = await onTerminal(['events', 'wait', one, 'running'], { place, env: still.env }).ended;
    expect(screen.code).toBe(0);
    expect(screen.text).toMatch(/^\S+ is running.*\.\n$/);
    await still.close();
  });

  it('refuses a state that is none and lists those that are', async () => {
    const ran = await events(of(name), 'wait', one, 'nonsense');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/"nonsense" is no state of .* knows running, /);
    expect(linesOf(ran.stderr)).toHaveLength(1);
  });

  it('gives up after --timeout, with signs of life before', async () => {
    const still = await startStill(name);
    const deploy = still.world.deploy();
    still.world.advance(deploy.id, 'building');
    const state = name === 'container-station' ? 'stopped' : 'deployed';
    const flags = ['--timeout', '2s', '--heartbeat', '300ms'];
    const ran = await events(still, 'wait', one, state, ...flags);
    expect(ran).toMatchObject({ code: 124, stdout: '' });
    expect(ran.stderr).toMatch(new RegExp(`: not ${state} yet, waiting for \\d+s\\n`));
    expect(linesOf(ran.stderr).at(-1)).toMatch(new RegExp(`: not ${state} within 2s \\(--timeout\\)\\.$`));
    await still.close();
  });

  it('is told of the state when it comes', async () => {
    const still = await startStill(name);
    const deploy = still.world.deploy();
    still.world.advance(deploy.id, 'building');
    const { running } = await waiting(still, one, name === 'container-station' ? 'stopped' : 'deployed');
    if (name === 'container-station') stop(still.world);
    else still.world.advance(deploy.id, 'succeeded');
    const ran = await running.ended;
    expect(ran.code, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      state: name === 'container-station' ? 'stopped' : 'deployed',
    });
    await still.close();
  });

  it('catches a state that passed in a flash', async () => {
    const still = await startStill(name);
    const deploy = still.world.deploy();
    still.world.advance(deploy.id, 'building');
    const { running } = await waiting(still, one, name === 'container-station' ? 'stopped' : 'deployed');
    if (name === 'container-station') {
      const detail = { exitCode: 1 };
      still.world.record({ kind: 'crash', component: 'web', user: 'system', text: 'gone', detail });
    } else {
      still.world.advance(deploy.id, 'succeeded');
      const next = still.world.deploy();
      still.world.advance(next.id, 'building');
    }
    const ran = await running.ended;
    expect(ran.code, ran.stderr).toBe(0);
    expect(linesOf(ran.stdout)).toHaveLength(1);
    await still.close();
  });

  it('ends with 1 when what was waited for has failed', async () => {
    // A container that stops may be started at any time: nothing of it is final.
    if (name === 'container-station') return;
    const still = await startStill(name);
    const deploy = still.world.deploy({ fail: true });
    still.world.advance(deploy.id, 'building');
    const { running } = await waiting(still, one, 'deployed');
    still.world.advance(deploy.id, 'failed');
    const ran = await running.ended;
    expect(ran.code, ran.stderr).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ type: 'state', state: 'failed' });
    expect(linesOf(ran.stderr).at(-1)).toMatch(/ is failed, so it will not become deployed\.$/);
    await still.close();
  });
});

describe.concurrent.each(PLATFORMS)('%s: events list', (name) => {
  const { target } = WORDS[name];
  const list = (...flags: string[]) => events(of(name), 'list', target, ...flags);

  it('has the newest last, twenty at most, as many as are wanted, or all', async () => {
    const [usual, two, all] = await Promise.all(
      [[], ['-n', '2'], ['--all']].map((flags) => list('-o', 'ndjson', ...flags)),
    );
    const whole = recordsOf(all?.stdout ?? '');
    const times = whole.flatMap(({ ts }) => ts ?? []);
    expect(times).toEqual(times.toSorted());
    expect(recordsOf(usual?.stdout ?? '')).toEqual(whole.slice(-20));
    expect(recordsOf(two?.stdout ?? '')).toEqual(whole.slice(-2));
    expect(whole.length).toBeGreaterThan(5);
    for (const record of whole) expect(isValid(record), JSON.stringify(isValid.errors)).toBe(true);
    const kinds = new Set(whole.map(({ kind }) => kind));
    const wanted = {
      scalingo: ['deploy', 'scale', 'restart', 'crash', 'config'],
      'container-station': ['restart', 'image', 'task'],
      akkeris: ['deploy', 'release', 'scale', 'crash', 'config'],
      digitalocean: ['deploy', 'scale'],
    }[name];
    expect([...kinds]).toEqual(expect.arrayContaining(wanted));
  });

  it('keeps those since a time, of a kind, of a person', async () => {
    const kind = name === 'container-station' ? 'task' : 'scale';
    const [since, typed] = await Promise.all([
      list('-o', 'ndjson', '--since', '30m'),
      list('-o', 'ndjson', '--type', name === 'digitalocean' ? 'autoscaling' : kind),
    ]);
    const border = new Date(Date.now() - 1_800_000).toISOString();
    const late = recordsOf(since?.stdout ?? '');
    expect(late.length).toBeGreaterThan(0);
    for (const { ts } of late) expect((ts ?? '') > border).toBe(true);
    const kinds = recordsOf(typed?.stdout ?? '');
    expect(new Set(kinds.map((one) => one.kind))).toEqual(new Set([kind]));
    const someone = late.findLast(({ user }) => user)?.user;
    const own = recordsOf((await list('-o', 'ndjson', '--user', someone ?? '')).stdout);
    expect(own.length).toBeGreaterThan(0);
    expect(new Set(own.map(({ user }) => user))).toEqual(new Set([someone]));
  });

  it('shows no secret, whatever is asked', async () => {
    // The other two have no values of settings in their events.
    const isTold = name === 'scalingo' || name === 'akkeris';
    const more = isTold
      ? [['-o', 'csv'], ['--json', '--debug'], [], ['-o', 'template={{message}} {{fields}}']]
      : [['--json', '--debug']];
    const forms = [['-o', 'ndjson'], ...more];
    const rans = await Promise.all(forms.map((flags) => list('--all', ...flags)));
    for (const ran of rans) {
      expect(ran.code).toBe(0);
      expect(`${ran.stdout}${ran.stderr}`).not.toContain(SECRET);
    }
    if (!isTold) return;
    const [ndjson, csv, json] = rans;
    expect(ndjson?.stdout).toContain('DB_PASSWORD');
    const records = recordsOf(ndjson?.stdout ?? '');
    expect(JSON.parse(json?.stdout ?? '')).toEqual(records);
    const rows: Record<string, string>[] = parse(csv?.stdout ?? '', { columns: true });
    expect(rows.map(({ kind }) => kind)).toEqual(records.map(({ kind }) => kind));
  });

  it('is a table that fits a terminal, its times whole', async () => {
    const { code, text } = await onTerminal(['events', 'list', target, '-n', '4'], {
      place,
      env: of(name).env,
    }).ended;
    expect(code).toBe(0);
    const lines = withoutColors(text).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^TIME +KIND +COMPONENT +WHO +WHAT$/);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => /^\d\d-\d\d \d\d:\d\d:\d\d {2}\w/.test(line))).toHaveLength(4);
    if (name === 'akkeris' || name === 'digitalocean') return;
    const piped = linesOf((await list('-n', '4')).stdout);
    expect(piped[0]).toMatch(/^TIME +TARGET +KIND +COMPONENT +WHO +WHAT$/);
    expect(piped).toHaveLength(5);
    for (const row of piped.slice(1)) expect(row).toMatch(/^\d{4}-\d\d-\d\dT\S+Z +\S+:\S* /);
  });

  it('says that there is no such app', async () => {
    const nowhere = { scalingo: 'scalingo:nowhere', akkeris: 'akkeris:nowhere-default' };
    const other = { 'container-station': 'qnap:docker/nowhere', digitalocean: 'do:nowhere' };
    const wrong = { ...nowhere, ...other }[name];
    const ran = await events(of(name), 'list', wrong, target, '-n', '1');
    expect(ran.code).toBe(5);
    expect(linesOf(ran.stderr)).toEqual([expect.stringContaining('nowhere')]);
    expect(linesOf(ran.stdout)).toHaveLength(2);
  });
});

/** The route of events. */
const PAST = {
  scalingo: 'events',
  'container-station': 'event',
  akkeris: 'audits',
  digitalocean: 'events',
} as const;

/** A wait that has had its first look. */
async function waiting(still: Still, target: string, state: string) {
  // A station's events are tried before they are read.
  const looked = still.answered(PAST[still.name], still.name === 'container-station' ? 2 : 1);
  const running = startPolylog(['events', 'wait', target, state, '--timeout', '50s'], {
    place,
    env: still.env,
  });
  await looked;
  return { running };
}

function stop(world: World): void {
  const web = world.components.find(({ name }) => name === 'web');
  if (web) web.state = 'stopped';
  world.record({ kind: 'restart', component: 'worker', user: 'alice', text: 'restart', detail: {} });
}
