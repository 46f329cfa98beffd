// What a person sees on a terminal: a pseudo-terminal of 80 or 200 columns.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPlace,
  type Env,
  type Grounds,
  moment,
  onTerminal,
  type Place,
  startGrounds,
  withoutColors,
} from './run-polylog.ts';

let place: Place;
let grounds: Grounds;
beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({
    lines: [
      { at: moment('2026-03-01T10:00:00.123456Z'), text: 'from web one' },
      { at: moment('2026-03-01T10:00:01.5Z'), text: 'from web two', index: 2 },
      { at: moment('2026-03-01T10:00:02Z'), text: 'from worker', component: 'worker' },
      { at: moment('2026-03-02T10:00:00Z'), text: 'red \u001b[31mand left open', component: 'worker' },
      {
        at: moment('2026-03-02T10:00:01Z'),
        text: 'attack \u001b]0;title\u0007\u001b[2J\u001b[1;1H\u001b]52;c;ZXZpbA==\u0007\u009b3J\u0008\rover',
        component: 'worker',
      },
    ],
  });
});
afterAll(async () => {
  await grounds.close();
  await place.remove();
});

const see = (args: string[], { columns = 80, env = {} }: { columns?: number; env?: Env } = {}) =>
  onTerminal(args, { place, columns, env: { ...grounds.env, ...env } });
const shown = async (args: string[], more: { columns?: number; env?: Env } = {}) => {
  const screen = await see(args, more).ended;
  expect(screen.code).toBe(0);
  return screen.text;
};

describe.concurrent('a log', () => {
  it('has short local times, a coloured source, and a ruler when the day changes', async () => {
    const text = await shown(['logs', 'scalingo:shop', '-e', 'attack|red']);
    expect(text).toContain('\u001b[');
    const lines = withoutColors(text).split('\n');
    expect(lines[0]).toMatch(/^── 2026-03-01 ─+$/);
    expect(lines[0]).toHaveLength(80);
    expect(lines.slice(1)).toEqual([
      '10:00:00.123 web-1    from web one',
      '10:00:01.500 web-2    from web two',
      '10:00:02.000 worker-1 from worker',
      '',
    ]);
  });

  it('has times of the zone that is meant', async () => {
    const text = await shown(['logs', 'scalingo:shop', '-g', 'worker$', '--timezone', 'Asia/Tokyo']);
    expect(withoutColors(text)).toContain('19:00:02.000 from worker\n');
    const local = await shown(['logs', 'scalingo:shop', '-g', 'worker$'], {
      env: { TZ: 'America/New_York' },
    });
    expect(withoutColors(local)).toContain('05:00:02.000 from worker\n');
  });

  it('closes every colour in its own line', async () => {
    const text = await shown(['logs', 'scalingo:shop']);
    const lines = text.split('\n');
    expect(lines.some((line) => line.includes('\u001b[31m'))).toBe(true);
    for (const line of lines) expect(colourAtEnd(line), JSON.stringify(line)).toBe('closed');
  });

  it.each([
    [[]],
    [['-o', 'raw']],
    [['-o', 'ndjson']],
    [['-o', 'csv']],
    [['-o', 'table']],
    [['-o', 'template={{message}}']],
  ])('neutralises foreign control sequences: %j', async (flags) => {
    const text = await shown(['logs', 'scalingo:shop', '-g', 'attack', ...flags]);
    expect(text).toContain('attack');
    expect(text).toContain('over');
    // Colours and line ends are all that is left.
    expect(withoutColors(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  });

  it('gives the bytes to who asks for them', async () => {
    const text = await shown(['logs', 'scalingo:shop', '-g', 'attack', '--ansi', 'keep']);
    expect(text).toContain('\u001b]0;title\u0007');
  });

  it.each([
    [['--color', 'never'], {}],
    [['--no-color'], {}],
    [[], { NO_COLOR: '1' }],
    [[], { FORCE_COLOR: '0' }],
    [[], { TERM: 'dumb' }],
  ])('has no colour, foreign ones included, with %j %j', async (flags, env) => {
    const text = await shown(['logs', 'scalingo:shop', ...flags], { env });
    expect(text).toContain('red and left open');
    expect(text).not.toContain('\u001b');
  });

  it('has colour against NO_COLOR when the flag says so', async () => {
    const text = await shown(['logs', 'scalingo:shop', '--color', 'always'], { env: { NO_COLOR: '1' } });
    expect(text).toContain('\u001b[');
  });

  it('names the apps when there is more than one', async () => {
    const text = await shown(['logs', 'scalingo:shop', 'qnap:docker/shop-worker', '-g', 'from worker']);
    const lines = withoutColors(text).split('\n');
    expect(lines.filter((line) => line.endsWith('from worker')).sort()).toEqual([
      expect.stringMatching(/^- +docker\/shop-worker +from worker$/),
      expect.stringMatching(/^10:00:02\.000 +shop\/worker-1 +from worker$/),
    ]);
  });
});

/** `open` when a colour is still on at the end of the line. */
function colourAtEnd(line: string): 'open' | 'closed' {
  const on = new Set<string>();
  for (const [, codes = ''] of line.matchAll(/\u001b\[([\d;]*)m/g)) {
    const first = Number(codes.split(';')[0] || '0');
    if (first === 0) on.clear();
    else if (first === 39) on.delete('foreground');
    else if (first === 49) on.delete('background');
    else if (first === 22) for (const name of ['bold', 'dim']) on.delete(name);
    else if (first >= 21 && first <= 29) on.delete(`style ${first - 20}`);
    else if (first === 1) on.add('bold');
    else if (first === 2) on.add('dim');
    else if (first < 10) on.add(`style ${first}`);
    else on.add((first >= 40 && first <= 48) || first >= 100 ? 'background' : 'foreground');
  }
  return on.size === 0 ? 'closed' : 'open';
}

describe('a tail', () => {
  it('says what it is connected to, and Ctrl-C ends it with 130 and a summary', async () => {
    const screen = see(['logs', 'tail', 'scalingo:shop', '-n', '1', '--reorder', '0', '-e', 'attack|red']);
    await screen.said('from worker');
    await screen.said('+ scalingo:shop');
    grounds.world.write({ text: 'typed while it ran' });
    await screen.said('typed while it ran');
    screen.pty.write('\u0003');
    const { code, text } = await screen.ended;
    expect(code).toBe(130);
    expect(withoutColors(text)).toMatch(/polylog: 2 lines in [\d.]+ s\n$/);
  });
});

describe.concurrent('lists', () => {
  it.each([[80], [200]])('fit a terminal of %i columns', async (columns) => {
    for (const args of [['platforms'], ['apps', 'list'], ['auth', 'status']]) {
      const text = await shown(args, { columns });
      for (const line of withoutColors(text).split('\n'))
        expect([...line].length).toBeLessThanOrEqual(columns);
    }
  });

  it('are json for who asks, also there', async () => {
    const text = await shown(['apps', 'list', 'scalingo', '--json']);
    expect(JSON.parse(text)).toHaveLength(2);
  });
});

describe('an error', () => {
  it('stays one sentence, whatever an argument holds', async () => {
    const screen = await see(['logs', 'scalingo:shop', '-l', '\u001b]0;title\u0007\u001b[2Jloud']).ended;
    expect(screen.code).toBe(2);
    expect(screen.text).toMatch(/is no level/);
    expect(screen.text.trimEnd().split('\n')).toHaveLength(1);
    expect(screen.text).not.toMatch(/\u001b\]|\u001b\[2J|\u0007/);
  });
});
