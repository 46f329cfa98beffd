// Which lines are shown and when it ends: filters, ranges, gates, following.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPlace,
  type Grounds,
  linesOf,
  moment,
  type Place,
  polylog,
  type SampleLine,
  startGrounds,
  startPolylog,
} from './run-polylog.ts';

const START = Date.parse('2026-03-01T10:00:00Z');

/** Line `n` is written at 10:00:00 plus n seconds; every hundredth holds a needle. */
function manyLines(count: number): SampleLine[] {
  return Array.from({ length: count }, (_, n) => ({
    at: { ms: START + n * 1000, nanos: 0 },
    text: n % 100 === 0 ? `Needle ${n}` : `hay ${n}`,
  }));
}

let place: Place;
let many: Grounds;
let few: Grounds;

beforeAll(async () => {
  place = await createPlace();
  many = await startGrounds({ lines: manyLines(701) });
  few = await startGrounds({
    lines: [
      { at: moment('2026-03-01T10:00:00Z'), text: 'one from web' },
      { at: moment('2026-03-01T10:00:01Z'), text: 'two from worker', component: 'worker' },
      { at: moment('2026-03-01T10:00:02Z'), text: 'three from web', index: 2 },
      { at: moment('2026-03-01T10:00:03Z'), text: 'State changed from starting to up', kind: 'platform' },
    ],
    station: {
      nasUtcOffset: 0,
      rows: [
        { at: moment('2026-03-01T10:00:00Z'), message: 'all is well', level: 'INFO' },
        { at: moment('2026-03-01T10:00:01Z'), message: 'disk is filling', level: 'WARN' },
        { at: moment('2026-03-01T10:00:02Z'), message: 'disk is full', level: 'ERROR' },
      ],
    },
  });
});
afterAll(async () => {
  await Promise.all([many.close(), few.close()]);
  await place.remove();
});

/** Messages alone. */
const bare = ['-t', 'none', '--no-prefix'];
const show = (grounds: Grounds, ...args: string[]) =>
  polylog(['logs', ...args, ...bare], { place, env: { ...grounds.env, POLYLOG_QNAP_TIMEZONE: 'UTC' } });
const messages = async (grounds: Grounds, ...args: string[]) => {
  const ran = await show(grounds, ...args);
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  return linesOf(ran.stdout);
};

describe.concurrent('-n', () => {
  it('counts the lines that pass the filters', async () => {
    expect(await messages(many, 'scalingo:shop', '-n', '3', '-g', 'Needle')).toEqual([
      'Needle 500',
      'Needle 600',
      'Needle 700',
    ]);
  });

  it('is 100 unless given', async () => {
    const lines = await messages(many, 'scalingo:shop');
    expect(lines).toHaveLength(100);
    expect(lines.at(-1)).toBe('Needle 700');
  });

  it.each([['--lines'], ['--tail'], ['--num'], ['--limit'], ['-n']])('may be written %s', async (flag) => {
    expect(await messages(many, 'scalingo:shop', flag, '2')).toEqual(['hay 699', 'Needle 700']);
  });

  it('all is all', async () => {
    expect(await messages(many, 'scalingo:shop', '-n', 'all', '-g', 'Needle')).toHaveLength(8);
  });

  it('0 shows nothing of the past', async () => {
    expect(await messages(many, 'scalingo:shop', '-n', '0')).toEqual([]);
  });

  it('may stand before the name of the subcommand', async () => {
    const ran = await polylog(['logs', '-n', '1', ...bare, 'show', 'scalingo:shop'], {
      place,
      env: many.env,
    });
    expect(ran).toMatchObject({ code: 0, stdout: 'Needle 700\n' });
  });
});

describe.concurrent('a range', () => {
  it('begins with --since and ends before --until', async () => {
    const lines = await messages(
      many,
      'scalingo:shop',
      '--since',
      '2026-03-01T10:05:00',
      '--until',
      '2026-03-01T10:05:03',
    );
    expect(lines).toEqual(['Needle 300', 'hay 301', 'hay 302']);
  });

  it('since a time is everything since then, however many lines that are', async () => {
    const lines = await messages(many, 'scalingo:shop', '-S', `@${START / 1000 + 100}`);
    expect(lines).toHaveLength(601);
    expect(lines[0]).toBe('Needle 100');
  });

  it('is read in the zone asked for', async () => {
    const since = ['-S', '2026-03-01T19:11:39', '--timezone', 'Asia/Tokyo'];
    expect(await messages(many, 'scalingo:shop', ...since)).toEqual(['hay 699', 'Needle 700']);
  });

  it('that begins before the platform does is shown from there, and stderr says so', async () => {
    const ran = await show(few, 'qnap:', '-S', '2026-02-01');
    expect(ran.code).toBe(0);
    expect(linesOf(ran.stdout)).toHaveLength(3);
    expect(ran.stderr).toContain('history begins at 2026-03-01T10:00:00Z');
  });

  it('holds for a station as well', async () => {
    const lines = await messages(few, 'qnap:', '-S', '2026-03-01T10:00:01', '-U', '2026-03-01T10:00:02');
    expect(lines).toEqual(['disk is filling']);
  });
});

describe.concurrent('filters', () => {
  it.each<[string[], string[]]>([
    [
      ['-g', 'one', '-g', 'three'],
      ['one from web', 'three from web'],
    ],
    [['-g', '^two .*r$'], ['two from worker']],
    [['-e', 'web', '-e', 'State'], ['two from worker']],
    [['-g', 'web', '-e', 'one'], ['three from web']],
    [['-i', '-g', 'ONE'], ['one from web']],
    [['-g', 'ONE'], []],
    [['-c', 'web-2'], ['three from web']],
    [['-c', 'web', '-e', 'one', '-s', 'app'], ['three from web']],
    [['-s', 'platform'], ['State changed from starting to up']],
    [['-s', 'router,platform', '-e', 'starting'], []],
    [['-g', 'web-1'], []],
  ])('%j', async (flags, expected) => {
    expect(await messages(few, 'scalingo:shop', ...flags)).toEqual(expected);
  });

  it.each<[string[], string[]]>([
    [
      ['-l', 'warn'],
      ['disk is filling', 'disk is full'],
    ],
    [
      ['-l', 'warning'],
      ['disk is filling', 'disk is full'],
    ],
    [['--level', '=warn'], ['disk is filling']],
    [['-l', 'info', '-g', 'well'], ['all is well']],
    [['-l', 'fatal'], []],
  ])('%j', async (flags, expected) => {
    expect(await messages(few, 'qnap:', ...flags)).toEqual(expected);
  });

  it('a line without a level passes --level, unless --level-strict', async () => {
    expect(await messages(few, 'scalingo:shop', '-l', 'error', '-g', 'one')).toEqual(['one from web']);
    expect(await messages(few, 'scalingo:shop', '-l', 'error', '-g', 'one', '--level-strict')).toEqual([]);
  });
});

describe.concurrent('ends:', () => {
  it.each<[string[], number, number, string?]>([
    [['-m', '2'], 0, 2],
    [['--until-match', 'two'], 0, 2],
    [['--until-match', 'nothing'], 1, 4, 'no line matched --until-match before the end'],
    [['--fail-on', 'two'], 1, 2, 'a line matched --fail-on'],
    [['--fail-on', 'two', '-q'], 1, 2],
    [['--fail-on', 'nothing'], 0, 4],
    [['--until-match', 'three', '--fail-on', 'two'], 1, 2, 'a line matched --fail-on'],
    [['--until-match', 'two', '--fail-on', 'three'], 0, 2],
    [['--until-match', 'TWO', '-i'], 0, 2],
    [['--until-match', 'two', '-m', '1'], 0, 1],
    [['--until-match', 'one', '-m', '1'], 0, 1],
    [['-g', 'nothing', '--exit-on-empty'], 3, 0, 'nothing was found (--exit-on-empty)'],
    [['-g', 'one', '--exit-on-empty'], 0, 1],
  ])('%j ends with %i after %i lines', async (flags, code, count, sentence) => {
    const ran = await show(few, 'scalingo:shop', ...flags);
    expect(linesOf(ran.stdout)).toHaveLength(count);
    const stderr = sentence === undefined ? '' : `polylog: scalingo:shop: ${sentence}.\n`;
    expect(ran).toMatchObject({ code, stderr });
  });

  it('-m counts the lines of every target', async () => {
    const ran = await show(few, 'scalingo:shop', 'qnap:', '-m', '5');
    expect(linesOf(ran.stdout)).toHaveLength(5);
    expect(ran.code).toBe(0);
  });
});

describe('following', () => {
  const tail = (...args: string[]) =>
    startPolylog(['logs', ...args, ...bare, '--reorder', '0'], { place, env: few.env });

  it.each([
    [['tail', 'scalingo:shop']],
    [['-f', 'scalingo:shop']],
    [['show', '-f', 'scalingo:shop']],
    [['scalingo:shop', '--follow']],
  ])('%j shows the past, then what comes', async (words) => {
    const text = `for ${words.join(' ')}`;
    const running = tail(...words, '-g', `one|${text}$`, '--until-match', text);
    await running.said('one from web');
    few.world.write({ text });
    expect(await running.ended).toMatchObject({ code: 0, stdout: `one from web\n${text}\n` });
  });

  it('--no-follow ends after the past, tail or not', async () => {
    const ran = await tail('tail', 'scalingo:shop', '--no-follow', '-g', 'one').ended;
    expect(ran).toMatchObject({ code: 0, stdout: 'one from web\n', stderr: '' });
  });

  it('-m holds for past and present together', async () => {
    const running = tail('tail', 'scalingo:shop', '-g', 'one|fresh', '-m', '2');
    await running.said('one from web');
    await running.said('+ scalingo:shop', 'stderr');
    few.world.write({ text: 'fresh' });
    const ran = await running.ended;
    expect(ran).toMatchObject({ code: 0, stdout: 'one from web\nfresh\n' });
  });

  it('filters what comes', async () => {
    const running = tail('tail', 'scalingo:shop', '-n', '0', '-g', 'keep', '-e', 'drop', '-m', '1');
    await running.said('+ scalingo:shop', 'stderr');
    few.world.write({ text: 'hay' });
    few.world.write({ text: 'keep and drop' });
    few.world.write({ text: 'keep' });
    expect(await running.ended).toMatchObject({ code: 0, stdout: 'keep\n' });
  });

  it('--timeout ends it with 124', async () => {
    const ran = await tail('tail', 'scalingo:shop', '-n', '0', '--timeout', '400ms').ended;
    expect(ran).toMatchObject({ code: 124, stdout: '' });
  });

  it('--timeout before the pattern came is 124 too', async () => {
    const ran = await tail('tail', 'scalingo:shop', '-n', '0', '--until-match', 'x', '--timeout', '400ms')
      .ended;
    expect(ran.code).toBe(124);
  });

  it.each([
    [['--until-match', 'never'], 1],
    [[], 0],
  ])('--until in the future ends it, %j with %i', async (flags, code) => {
    const until = `@${(Date.now() + 900) / 1000}`;
    const ran = await tail('tail', 'scalingo:shop', '-n', '0', '--until', until, ...flags).ended;
    expect(ran).toMatchObject({ code, stdout: '' });
  });

  it('merges what comes from two platforms', async () => {
    const running = tail('tail', 'scalingo:shop', 'qnap:', '-n', '0', '-m', '2');
    await running.said('+ scalingo:shop', 'stderr');
    await running.said('+ container-station\n', 'stderr');
    few.world.write({ text: 'a line' });
    few.station.addRow({ message: 'a row' });
    const ran = await running.ended;
    expect(linesOf(ran.stdout).sort()).toEqual(['a line', 'a row']);
    expect(ran.code).toBe(0);
  });

  it('goes on after a drop, says so, and doubles nothing', async () => {
    few.scalingo.faults.add({ name: 'close-1011', route: 'stream', afterLines: 1 });
    const running = tail('tail', 'scalingo:shop', '-g', 'one|before|hit|after', '--until-match', 'after');
    await running.said('one from web');
    few.world.write({ text: 'before' });
    // The stream closes in place of this line.
    few.world.write({ text: 'hit' });
    await running.said('connecting again', 'stderr');
    few.world.write({ text: 'after' });
    const ran = await running.ended;
    expect(ran.stdout).toBe('one from web\nbefore\nhit\nafter\n');
    // The break, what it may have cost, and that it is over.
    expect(ran.stderr).toMatch(
      /connecting again.*\n.* may be missing .*\n.*scalingo:shop: connected again\n/,
    );
    expect(ran.code).toBe(0);
  });
});
