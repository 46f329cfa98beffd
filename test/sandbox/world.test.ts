import { afterEach, describe, expect, it, vi } from 'vitest';
import { readLifecycle } from '../../src/sandbox/lifecycle.ts';
import { createWorld, type World, type WorldLine, type WorldOptions } from '../../src/sandbox/world.ts';

const noon = Date.UTC(2026, 8, 20, 12, 0, 0);
const open: World[] = [];

function makeWorld(options: WorldOptions = {}): World {
  const world = createWorld({ scale: 0, now: () => noon, ...options });
  open.push(world);
  return world;
}

afterEach(() => {
  for (const world of open.splice(0)) world.close();
  vi.useRealTimers();
});

describe('the past', () => {
  it('has as many lines as asked for, without holes, oldest first, all before now', () => {
    const world = makeWorld({ past: 321 });
    expect(world.lines).toHaveLength(321);
    expect(world.lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 321 }, (_, at) => at + 1));
    const times = world.lines.map(({ at }) => BigInt(at.ms) * 1_000_000n + BigInt(at.nanos));
    expect(times.every((time, at) => at === 0 || time > (times[at - 1] ?? 0n))).toBe(true);
    expect(world.lines.at(-1)?.at.ms).toBeLessThanOrEqual(noon);
    expect(world.lines[0]?.at.ms).toBeLessThan(noon - 15 * 60_000);
  });

  it('is the same for the same seed and another for another', () => {
    const texts = (seed: number) =>
      makeWorld({ seed }).lines.map(({ text, at }) => `${at.ms}.${at.nanos} ${text}`);
    expect(texts(7)).toEqual(texts(7));
    expect(texts(7)).not.toEqual(texts(8));
  });

  it('begins empty with past 0', () => {
    const world = makeWorld({ past: 0 });
    expect([world.lines.length, world.deploys.length, world.events.length]).toEqual([0, 0, 0]);
  });

  it.each([1, 2, 3, 4, 5])('leaves no deploy running (seed %i)', (seed) => {
    const world = makeWorld({ seed, past: 2000 });
    expect(world.deploys.length).toBeGreaterThan(3);
    for (const deploy of world.deploys) expect(deploy.finished).not.toBeNull();
  });

  it('has a deploy that succeeded and one that failed, long before the oldest line', () => {
    const world = makeWorld({ past: 1 });
    expect(world.lines).toHaveLength(1);
    expect(world.deploys.map(({ status }) => status)).toEqual(['succeeded', 'failed', 'succeeded']);
    expect(world.deploys[2]?.finished?.ms).toBeLessThan(noon - 3_600_000);
    expect(world.deploys[0]?.created.ms).toBeLessThan((world.deploys[1]?.created.ms ?? 0) - 3_600_000);
  });

  it('tells a varied story', () => {
    const { lines, events } = makeWorld({ past: 4000 });
    const some = (test: (line: WorldLine) => boolean) => lines.some(test);
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['app', 'router', 'platform', 'build']));
    expect(new Set(lines.map(({ component }) => component))).toEqual(new Set(['web', 'worker', 'db']));
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(['debug', 'info', 'warn', 'error']));
    expect(new Set(events.map(({ kind }) => kind))).toEqual(
      new Set(['deploy', 'scale', 'restart', 'crash', 'config']),
    );
    expect(some(({ text }) => text.startsWith('{') && JSON.parse(text).msg === 'request done')).toBe(true);
    expect(some(({ text }) => /^level=\w+ msg="/.test(text))).toBe(true);
    expect(some(({ text }) => text.startsWith('    at '))).toBe(true);
    expect(some(({ text }) => /\p{Script=Han}/u.test(text))).toBe(true);
    expect(some(({ text }) => /\p{Extended_Pictographic}/u.test(text))).toBe(true);
    expect(some(({ text }) => /[\r\n]/.test(text))).toBe(false);
    for (const line of lines) expect(line.request !== undefined).toBe(line.kind === 'router');
  });
});

describe('writing', () => {
  it('adds lines with ever later times although the clock stands still', () => {
    const world = makeWorld({ past: 0 });
    const heard: WorldLine[] = [];
    const leave = world.onLine((line) => heard.push(line));
    for (let n = 0; n < 500; n += 1) world.write({ text: `line ${n}` });
    leave();
    world.write({ text: 'unheard' });
    expect(heard.map(({ text }) => text)).toEqual(Array.from({ length: 500 }, (_, n) => `line ${n}`));
    const keys = heard.map(({ at }) => at.ms * 1e6 + at.nanos - noon * 1e6);
    expect(heard.every(({ at }) => at.nanos >= 0 && at.nanos < 1e6)).toBe(true);
    expect(heard[0]).toMatchObject({ seq: 1, component: 'web', index: 1, kind: 'app', level: 'info' });
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
  });

  it('keeps at least the newest 100,000 lines and no more than half again', () => {
    const world = makeWorld({ past: 0 });
    for (let n = 0; n < 260_000; n += 1) world.write({ text: 'x' });
    expect(world.lines.length).toBeGreaterThanOrEqual(100_000);
    expect(world.lines.length).toBeLessThanOrEqual(150_000);
    expect(world.lines.at(-1)?.seq).toBe(260_000);
    expect(world.lines[0]?.seq).toBe(260_001 - world.lines.length);
  });
});

describe('deploys', () => {
  it('move on only when told to, with output, restarts and events', () => {
    const world = makeWorld({ past: 0 });
    const statuses: string[] = [];
    world.onDeploy(({ status }) => statuses.push(status));
    const deploy = world.deploy({ message: 'try' });
    expect(deploy).toMatchObject({
      number: 1,
      status: 'queued',
      message: 'try',
      started: null,
      finished: null,
    });
    world.advance(deploy.id);
    expect(deploy.status).toBe('building');
    expect(deploy.output.length).toBeGreaterThan(0);
    world.advance(deploy.id, 'succeeded');
    world.advance(deploy.id);
    expect(statuses).toEqual(['queued', 'building', 'deploying', 'succeeded']);
    expect(deploy.finished).not.toBeNull();
    expect(world.lines.filter(({ kind }) => kind === 'build').map(({ text }) => text)).toEqual(
      deploy.output.map(({ text }) => text),
    );
    const changes = world.lines.map((line) => readLifecycle(line)?.change).filter(Boolean);
    expect(changes).toEqual(['exited', 'started', 'exited', 'started', 'exited', 'started']);
    expect(world.lines.every((line) => line.deploy === deploy.id)).toBe(true);
    expect(world.events.map(({ detail }) => detail.status)).toEqual(['building', 'succeeded']);
  });

  it('fail with a reason, and can be broken off', () => {
    const world = makeWorld({ past: 0 });
    const failing = world.deploy({ fail: true });
    world.advance(failing.id, 'succeeded');
    expect(failing).toMatchObject({ status: 'failed', reason: expect.stringContaining('status 2') });
    expect(failing.output.some(({ text }) => text.includes('error TS2322'))).toBe(true);
    const old = world.deploy();
    world.advance(old.id, 'building');
    world.advance(old.id, 'superseded');
    expect(old).toMatchObject({ status: 'superseded', reason: expect.stringContaining('newer') });
    const broken = world.deploy();
    world.advance(broken.id, 'deploying');
    world.advance(broken.id, 'failed');
    expect(broken).toMatchObject({
      status: 'failed',
      output: expect.arrayContaining([expect.objectContaining({ phase: 'deploy' })]),
    });
  });
});

describe('the story', () => {
  it('does not move with scale 0', () => {
    vi.useFakeTimers();
    const world = makeWorld({ past: 0, now: Date.now });
    vi.advanceTimersByTime(600_000);
    expect(world.lines).toHaveLength(0);
  });

  it('writes about four lines a story second, deploys, and ends with close', () => {
    vi.useFakeTimers({ now: noon });
    const world = makeWorld({ past: 0, scale: 2, now: Date.now });
    vi.advanceTimersByTime(300_000);
    expect(world.lines.length).toBeGreaterThan(600 * 3);
    expect(world.lines.length).toBeLessThan(600 * 5);
    expect(world.deploys.length).toBeGreaterThan(9);
    expect(world.deploys.length).toBeLessThan(21);
    world.close();
    const count = world.lines.length;
    vi.advanceTimersByTime(60_000);
    expect(world.lines).toHaveLength(count);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('has figures that hang on component, instance and time alone', () => {
  const [one, other] = [makeWorld({ seed: 1 }), makeWorld({ seed: 2 })];
  const at = { ms: noon, nanos: 0 };
  expect(one.metrics('web', 1, at)).toEqual(other.metrics('web', 1, at));
  expect(one.metrics('web', 1, at)).not.toEqual(one.metrics('web', 2, at));
  expect(one.metrics('web', 1, at)).not.toEqual(one.metrics('web', 1, { ms: noon + 3_600_000, nanos: 0 }));
  const { memory, memoryLimit, cpu } = one.metrics('db', 1, at);
  expect(memory).toBeLessThan(memoryLimit);
  expect(cpu).toBeGreaterThan(0);
});
