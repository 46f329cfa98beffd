// What is addressed: several targets, groups, defaults, and what a checked-out repository may say about it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createPlace,
  type Grounds,
  linesOf,
  moment,
  type Place,
  polylog,
  startGrounds,
} from './run-polylog.ts';

let place: Place;
let grounds: Grounds;
beforeAll(async () => {
  grounds = await startGrounds({
    lines: [
      { at: moment('2026-03-01T10:00:00Z'), text: 'from web' },
      { at: moment('2026-03-01T10:00:02Z'), text: 'from worker', component: 'worker' },
      { at: moment('2026-03-01T10:00:04Z'), text: 'from web two', index: 2 },
    ],
    station: {
      rows: [
        { at: moment('2026-03-01T10:00:01Z'), message: 'row one' },
        { at: moment('2026-03-01T10:00:03Z'), message: 'row two' },
      ],
      nasUtcOffset: 0,
    },
  });
});
afterAll(() => grounds.close());
beforeEach(async () => {
  place = await createPlace();
  return () => place.remove();
});

const run = (args: string[], env: Record<string, string> = {}, cwd?: string) =>
  polylog(args, { place, env: { ...grounds.env, ...env }, ...(cwd ? { cwd } : {}) });

const ONE = '- container-station:docker/shop-worker from worker\n';

describe('several targets', () => {
  it('come as one sequence in order of time, with the same columns', async () => {
    const ran = await run(['logs', 'scalingo:shop', 'qnap:', '--nas-timezone', 'UTC']);
    expect(ran.stderr).toContain('Scalingo has no --nas-timezone');
    const merged = await run(['logs', 'scalingo:shop', 'qnap:'], { POLYLOG_QNAP_TIMEZONE: 'UTC' });
    expect(merged).toMatchObject({ code: 0, stderr: '' });
    expect(merged.stdout).toBe(
      [
        '2026-03-01T10:00:00.000000000Z scalingo:shop/web-1 from web',
        '2026-03-01T10:00:01Z container-station: row one',
        '2026-03-01T10:00:02.000000000Z scalingo:shop/worker-1 from worker',
        '2026-03-01T10:00:03Z container-station: row two',
        '2026-03-01T10:00:04.000000000Z scalingo:shop/web-2 from web two',
        '',
      ].join('\n'),
    );
  });

  it('are read once each, however often they are named', async () => {
    const ran = await run(['logs', 'qnap:docker/shop-worker', 'container-station:docker/shop-worker']);
    expect(ran.stdout).toBe(ONE);
  });

  it('-n counts for each of them', async () => {
    const ran = await run(['logs', 'scalingo:shop', 'qnap:', '-n', '1'], { POLYLOG_QNAP_TIMEZONE: 'UTC' });
    expect(linesOf(ran.stdout).map((line) => line.split(' ').slice(2).join(' '))).toEqual([
      'row two',
      'from web two',
    ]);
  });
});

describe('a target', () => {
  it.each([
    [['-a', 'scalingo:shop/worker']],
    [['--app', 'scalingo:shop/worker']],
    [['scalingo:shop/worker-1']],
    [['shop/worker', '--profile', 'scalingo']],
    [['scalingo:shop', '-c', 'work*']],
    [['scalingo:shop', '-c', 'worker-?']],
  ])('%j', async (words) => {
    const ran = await run(['logs', ...words, '-t', 'none']);
    expect(ran).toMatchObject({ code: 0, stdout: 'scalingo:shop/worker-1 from worker\n', stderr: '' });
  });

  it('needs no profile where only one platform has what it needs', async () => {
    const ran = await polylog(['logs', 'shop/worker', '-t', 'none'], { place, env: grounds.scalingo.env });
    expect(ran).toMatchObject({ code: 0, stdout: 'scalingo:shop/worker-1 from worker\n' });
  });

  it('takes its profile from POLYLOG_PROFILE, below the flag', async () => {
    const ran = await run(['logs', 'docker/shop-worker'], { POLYLOG_PROFILE: 'qnap' });
    expect(ran.stdout).toBe(ONE);
    const flag = await run(['logs', 'docker/shop-worker', '--profile', 'qnap'], {
      POLYLOG_PROFILE: 'scalingo',
    });
    expect(flag.stdout).toBe(ONE);
  });
});

describe('without a target', () => {
  it('POLYLOG_APP is read', async () => {
    const ran = await run(['logs'], { POLYLOG_APP: 'qnap:docker/shop-worker' });
    expect(ran.stdout).toBe(ONE);
  });

  it('"app" of .polylog.json is read, also from above, below POLYLOG_APP', async () => {
    await place.write('.polylog.json', '{"app": "qnap:docker/shop-worker"}');
    await place.write('deep/below/file', '');
    const ran = await run(['logs'], {}, join(place.work, 'deep/below'));
    expect(ran.stdout).toBe(ONE);
    const other = await run(['logs'], { POLYLOG_APP: 'qnap:docker/shop-db' });
    expect(other).toMatchObject({ code: 0, stdout: '' });
  });

  it("a .polylog.json above the repository's root is not looked for", async () => {
    await place.write('.polylog.json', '{"app": "qnap:docker/shop-worker"}');
    await mkdir(join(place.work, 'repository/.git'), { recursive: true });
    await place.write('repository/src/file', '');
    const ran = await run(['logs'], {}, join(place.work, 'repository/src'));
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('No target is given.');
    // The one of the repository itself is.
    await place.write('repository/.polylog.json', '{"app": "qnap:docker/shop-worker"}');
    expect((await run(['logs'], {}, join(place.work, 'repository/src'))).stdout).toBe(ONE);
  });

  it('one above the home directory is not looked for either', async () => {
    await writeFile(join(place.root, '.polylog.json'), '{"app": "qnap:docker/shop-worker"}');
    const ran = await run(['logs'], {}, place.home);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('a group', () => {
  it('stands for its targets', async () => {
    await place.write('.polylog.json', '{"apps": {"all": ["scalingo:shop", "qnap:docker/shop-worker"]}}');
    const ran = await run(['logs', '@all', '-n', '1', '-t', 'none']);
    expect(linesOf(ran.stdout).sort()).toEqual([
      'container-station:docker/shop-worker from worker',
      'scalingo:shop/web-2 from web two',
    ]);
  });

  it('that is unknown is said with those that are known', async () => {
    await place.write('.polylog.json', '{"apps": {"shop": ["scalingo:shop"]}}');
    const ran = await run(['logs', '@shops']);
    expect(ran.stderr).toBe('polylog: There is no group @shops. Known: @shop.\n');
    expect(ran.code).toBe(2);
  });
});

describe('.polylog.json is refused when it', () => {
  it.each([
    ['names an address', '{"app": "scalingo:shop", "url": "http://evil.example"}', '"url"'],
    ['names a credential', '{"SCALINGO_API_TOKEN": "tk"}', 'may name targets only'],
    ['names settings', '{"output": "raw"}', 'may name targets only'],
    ['is no JSON', '{app: shop}', 'is not valid JSON'],
    ['is no object', '["scalingo:shop"]', 'must hold one JSON object'],
    ['names a target that is no text', '{"app": {"url": "x"}}', '"app" in'],
    ['names a group that is no list', '{"apps": {"all": "scalingo:shop"}}', '"apps" in'],
    ['nests groups', '{"apps": {"all": ["@other"]}}', '"apps" in'],
  ])('%s', async (_, text, words) => {
    await place.write('.polylog.json', text);
    const before = grounds.scalingo.requests.length;
    const ran = await run(['logs']);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(linesOf(ran.stderr)).toEqual([expect.stringContaining(words)]);
    expect(ran.stderr).toContain('.polylog.json');
    expect(grounds.scalingo.requests.length).toBe(before);
  });
});

describe('one of two targets fails:', () => {
  it('the other goes on, stderr says it, the exit code is its', async () => {
    const ran = await run(['logs', 'scalingo:none', 'qnap:docker/shop-worker']);
    expect(ran.stdout).toBe(ONE);
    expect(linesOf(ran.stderr)).toEqual([
      expect.stringMatching(/^polylog: scalingo:none: Scalingo has no app "none"/),
    ]);
    expect(ran.code).toBe(5);
  });

  it('the exit code is that of the first in the order given', async () => {
    const env = { POLYLOG_QNAP_PASSWORD: 'wrong' };
    const one = await run(['logs', 'scalingo:none', 'qnap:docker/shop-worker'], env);
    expect(one.code).toBe(5);
    const other = await run(['logs', 'qnap:docker/shop-worker', 'scalingo:none'], env);
    expect(other.code).toBe(4);
    expect(linesOf(other.stderr)).toHaveLength(2);
  });
});
