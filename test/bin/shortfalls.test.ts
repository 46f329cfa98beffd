// What is silently less than was asked for, said once on stderr; and sites, which have no app.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startAkkeris } from '../../src/sandbox/akkeris.ts';
import type { SandboxServer } from '../../src/sandbox/server.ts';
import { inside } from './in-process.ts';
import { createPlace, type Grounds, linesOf, moment, type Place, startGrounds } from './run-polylog.ts';

let place: Place;
let grounds: Grounds;
let akkeris: SandboxServer;
beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({
    lines: [0, 1, 2].map((n) => ({ at: moment(`2026-03-01T10:00:0${n}Z`), text: `line ${n}` })),
    station: { rows: [{ at: moment('2026-03-01T10:00:01Z'), message: 'a row' }], nasUtcOffset: 0 },
  });
  akkeris = await startAkkeris({ world: grounds.world, snapshotMs: 0 });
});
afterEach(() => grounds.scalingo.faults.clear());
afterAll(async () => {
  await akkeris.close();
  await grounds.close();
  await place.remove();
});

const run = (...args: string[]) => inside(args, { place, env: { ...grounds.env, ...akkeris.env } }).ended;

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
  ])('nothing is said where nothing is lacking: %j', async (args) => {
    expect((await run(...args)).stderr).toBe('');
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
