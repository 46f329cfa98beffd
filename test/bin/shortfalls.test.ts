// What is silently less than was asked for, said once on stderr; and sites, which have no app.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startAkkeris } from '../../src/sandbox/akkeris.ts';
import { startDigitalocean } from '../../src/sandbox/digitalocean.ts';
import type { SandboxServer } from '../../src/sandbox/server.ts';
import { inside } from './in-process.ts';
import { createPlace, type Grounds, linesOf, moment, type Place, startGrounds } from './run-polylog.ts';

let place: Place;
let grounds: Grounds;
let akkeris: SandboxServer;
let digitalocean: SandboxServer;
beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({
    lines: [0, 1, 2].map((n) => ({ at: moment(`2026-03-01T10:00:0${n}Z`), text: `line ${n}` })),
    station: { rows: [{ at: moment('2026-03-01T10:00:01Z'), message: 'a row' }], nasUtcOffset: 0 },
  });
  akkeris = await startAkkeris({ world: grounds.world, snapshotMs: 0 });
  digitalocean = await startDigitalocean({ world: grounds.world });
});
afterEach(() => grounds.scalingo.faults.clear());
afterAll(async () => {
  await Promise.all([akkeris.close(), digitalocean.close()]);
  await grounds.close();
  await place.remove();
});

const run = (...args: string[]) =>
  inside(args, { place, env: { ...grounds.env, ...akkeris.env, ...digitalocean.env } }).ended;

describe('one notice says that', () => {
  it.each([
    [
      ['logs', 'scalingo:shop', '-n', '50'],
      /^polylog: scalingo:shop: that is all that is at hand; --all reads the archives /,
    ],
    [['logs', 'scalingo:shop', '-n', '3', '-g', 'line 1'], /--all reads the archives/],
    [
      ['logs', 'scalingo:shop', '-c', 'wbe*'],
      /--component wbe\* matches none of its components \(web, worker, /,
    ],
    [['logs', 'scalingo:shop', '-c', 'nope*'], /--component nope\* matches none/],
    [['logs', 'scalingo:shop', '-c', 'nope', '-c', 'web'], /--component nope matches none/],
    [
      ['logs', 'do:shop', '-s', 'router'],
      /^polylog: digitalocean:shop: --source router matches nothing: DigitalOcean App Platform has no such lines \(this log: app\)$/,
    ],
    [
      ['logs', 'do:shop', '-s', 'build,app'],
      /--source build matches nothing: this log has no such lines \(only app\); polylog help platforms/,
    ],
    [
      ['logs', 'do:shop', '--type', 'build', '-s', 'app'],
      /--source app matches nothing: this log .*\(only build\)/,
    ],
    [
      ['logs', 'scalingo:shop', '-s', 'build'],
      /Scalingo has no such lines \(this log: app, router, platform\)/,
    ],
    [['logs', 'scalingo:shop', '-s', 'addon'], /this log has no such lines/],
    [['logs', 'qnap:', '-s', 'app'], /this log has no such lines \(only platform\)/],
    [
      ['logs', 'qnap:docker/shop-web', '-s', 'router'],
      /QNAP Container Station has no such lines \(this log: app\)/,
    ],
    [['logs', 'show', 'akkeris:shop-default', '-s', 'addon', '--idle', '50ms'], /Akkeris has no such lines/],
    [
      ['logs', 'qnap:', '--category', 'imgae', '-n', '5'],
      /^polylog: container-station: imgae is no category .* image, /,
    ],
    [
      ['logs', 'qnap:', '-S', '@4000000000'],
      /^polylog: --since 2096-10-02T07:06:40Z lies in the future: nothing can/,
    ],
  ])('%j', async (args, words) => {
    const ran = await run(...args);
    const said = linesOf(ran.stderr).filter((line) => words.test(line));
    expect(said, ran.stderr).toHaveLength(1);
    expect(ran.code).toBe(0);
    expect((await run(...args, '-q')).stderr).toBe('');
  });

  it.each([
    [['logs', 'scalingo:shop']],
    [['logs', 'scalingo:shop', '-n', '2']],
    [['logs', 'scalingo:shop', '-c', 'web-?', '-n', '1']],
    [['logs', 'qnap:', '--category', 'container,volume']],
    [['logs', 'scalingo:shop', '-s', 'app', '-s', 'router,platform']],
    [['logs', 'scalingo:shop', '-c', 'router', '-c', 'web-1']],
  ])('nothing is said where nothing is lacking: %j', async (args) => {
    expect((await run(...args)).stderr).toBe('');
  });
});

describe('a component that is not there', () => {
  it.each([
    ['scalingo:shop', 'App "shop" of Scalingo has no component "nope". It has web, worker, '],
    ['do:shop', 'App "shop" of DigitalOcean App Platform has no component "nope". It has '],
    [
      'akkeris:shop-default',
      'App "shop-default" of Akkeris has no component "nope". It has web, worker, router, build.',
    ],
  ])('is no such component behind -c as it is in the target: %s', async (target, sentence) => {
    const ran = await run('logs', target, '-c', 'nope');
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expect(ran.stderr).toContain(`polylog: ${sentence}`);
    expect(await run('logs', `${target}/nope`)).toMatchObject({ code: 5, stdout: '' });
    const several = await run('logs', target, '-c', 'nope', '-c', 'no-1', '--explain');
    expect(several).toMatchObject({ code: 5, stdout: '' });
    expect(several.stderr).toContain('has no component "nope" or "no-1"');
  });

  it('of one target leaves the others', async () => {
    const ran = await run('logs', 'scalingo:shop', 'qnap:docker/shop-web', '-c', 'nope', '-s', 'app');
    expect(ran.code).toBe(5);
    expect(linesOf(ran.stderr)).toEqual([
      expect.stringMatching(/^polylog: scalingo:shop: App "shop" of Scalingo has no component "nope"/),
    ]);
  });

  it('may come while it is waited for', async () => {
    const tail = inside(['logs', 'tail', 'scalingo:shop', '-c', 'nope'], { place, env: grounds.env });
    await tail.said('--component nope matches none of its components', 'stderr');
    await tail.said('+ scalingo:shop', 'stderr');
    tail.interrupt();
    expect((await tail.ended).code).toBe(130);
  });
});

describe('what can match nothing is refused:', () => {
  it.each([
    [['-g', 'boom', '-e', 'boom'], '--grep boom is given to --exclude as well, so that no line can pass.'],
    [['-g', 'a', '-g', 'b', '-e', 'b', '-e', 'a', '-f'], 'every --grep is given to --exclude as well, so'],
  ])('%j', async (flags, sentence) => {
    const ran = await run('logs', 'scalingo:shop', ...flags);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^[^\n]*\n$/);
    expect(ran.stderr).toContain(sentence);
  });

  it.each([['worker-2'], ['worker'], ['we'], ['web-2'], ['web-10']])(
    'scalingo:shop/web-1 -c %s',
    async (name) => {
      const ran = await run('logs', 'scalingo:shop/web-1', '-c', name);
      expect(ran).toMatchObject({
        code: 2,
        stdout: '',
        stderr: `polylog: scalingo:shop: The target names the component web-1, of which --component ${name} leaves nothing. Give the one or the other.\n`,
      });
    },
  );

  it.each([
    [['scalingo:shop', '-g', 'line 1', '-g', 'line', '-e', 'line 1'], 2],
    [['scalingo:shop/web-1', '-c', 'web'], 3],
    [['scalingo:shop/web', '-c', 'web-1'], 3],
    [['scalingo:shop/web-1', '-c', 'worker', '-c', 'web-1'], 3],
    [['scalingo:shop/web-1', '-c', 'worker', '-c', 'w*'], 3],
    [['scalingo:shop/web', '-c', 'x*'], 0],
  ])('not %j', async (args, count) => {
    const ran = await run('logs', ...args);
    expect(ran.code, ran.stderr).toBe(0);
    expect(linesOf(ran.stdout)).toHaveLength(count);
  });
});

describe('half a line', () => {
  it.each([
    ['text', /^\S+ scalingo:shop [^\n]* …\[cut, its end did not come\]$/m],
    ['ndjson', /"truncated":null/],
    ['csv', / …\[cut, its end did not come\]/],
    ['csv --columns message,truncated', /^[^,]+,$/m],
  ])('that nothing brought whole is marked: %s', async (form, mark) => {
    grounds.scalingo.faults.add({ name: 'reset-mid-line', route: 'dump', afterLines: 1, times: 99 });
    const [output = '', ...columns] = form.split(' ');
    const ran = await inside(['logs', 'scalingo:shop', '-o', output, ...columns], {
      place,
      env: grounds.env,
      retry: { firstDelay: 1, maxTotal: 1 },
    }).ended;
    expect(ran.stdout, ran.stderr).toMatch(mark);
    expect(ran.stderr).toContain('1 line was cut');
    expect(ran.code).toBe(6);
  });
});

describe('a site', () => {
  it('stands in place of a target, with its domain for a name', async () => {
    const tail = inside(['logs', 'tail', '--site', 'www.shop.example.com', '-n', '0', '-v', '--json'], {
      place,
      env: { ...grounds.env, ...akkeris.env },
    });
    await tail.said('+ akkeris:www.shop.example.com', 'stderr');
    tail.interrupt();
    const records = linesOf((await tail.ended).stdout).map((line) => JSON.parse(line));
    expect(new Set(records.map(({ app }) => app))).toEqual(new Set(['www.shop.example.com']));
    expect(records.at(-1)).toMatchObject({ type: 'end', provider: 'akkeris' });
  });

  it('and a target are too much', async () => {
    const ran = await run('logs', 'akkeris:shop-default', '--site', 'www.shop.example.com');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
  });
});
