// Exact lines of the text form, in a pipe and on a terminal.
import { describe, expect, it } from 'vitest';
import { instantFromMillis } from '../../src/model.ts';
import type { LogRenderer } from '../../src/output/log-item.ts';
import { createLogRenderer, type LogRenderOptions } from '../../src/output/logs.ts';
import { item, noon, shop, station, web } from './sample.ts';

const DAY = 86_400_000;
const options: LogRenderOptions = {
  targets: [shop],
  isTTY: false,
  columns: () => 40,
  color: 0,
  now: () => noon + 5000,
};
const pipe = (extra: Partial<LogRenderOptions> = {}): Promise<LogRenderer> =>
  createLogRenderer('text', { ...options, ...extra });
const terminal = (extra: Partial<LogRenderOptions> = {}): Promise<LogRenderer> =>
  createLogRenderer('text', { ...options, isTTY: true, zone: 'UTC', ...extra });
const at = (ms: number, digits = 3) => instantFromMillis(ms, digits);

describe('in a pipe', () => {
  it('prints time, source and message', async () => {
    const { entries, head } = await pipe();
    const batch = [
      item({ instance: 'web-1', component: 'web' }),
      item({ component: 'web', message: '  two  spaces\tand a tab ' }),
      item({ ts: null, message: '' }),
      item({ level: 'error', message: 'a level is not shown', deployment: 'd1' }),
      item({ deployment: 'd2', ts: at(noon + DAY, 0) }, { target: web }),
      item({ ts: { seconds: noon / 1000 - 0.123, nanos: 123_456_789, digits: 9 } }, { target: station }),
    ];
    expect(head).toBe('');
    expect(entries(batch)).toBe(
      [
        '2026-08-22T14:05:06.123Z scalingo:shop/web-1 hello',
        '2026-08-22T14:05:06.123Z scalingo:shop/web   two  spaces\tand a tab ',
        '- scalingo:shop ',
        '2026-08-22T14:05:06.123Z scalingo:shop a level is not shown',
        '2026-08-23T14:05:06Z nas-office:docker/web hello',
        '2026-08-22T14:05:06.123456789Z container-station: hello',
        '',
      ].join('\n'),
    );
  });

  it('keeps one line per entry and one word per column', async () => {
    const { entries } = await pipe();
    expect(entries([item({ message: 'a\nb\n', instance: 'we b\n\x1b\u202e1' })])).toBe(
      '2026-08-22T14:05:06.123Z scalingo:shop/we_b___1 a\\nb\\n\n',
    );
  });

  it('leaves the message as it is, unless --ansi asks otherwise', async () => {
    const message = '\x1b[31mred\x1b]0;t\x07';
    expect((await pipe({ timestamps: 'none', noPrefix: true })).entries([item({ message })])).toBe(
      `${message}\n`,
    );
    const cleaned = await pipe({ timestamps: 'none', noPrefix: true, ansi: 'colors' });
    expect(cleaned.entries([item({ message })])).toBe('\x1b[31mred\x1b[0m\n');
    const stripped = await pipe({ timestamps: 'none', noPrefix: true, ansi: 'strip' });
    expect(stripped.entries([item({ message })])).toBe('red\n');
  });

  it.each([
    ['short', undefined, '14:05:06.123 scalingo:shop hello'],
    ['iso', 'Europe/Berlin', '2026-08-22T16:05:06.123+02:00 scalingo:shop hello'],
    ['short', 'Asia/Kathmandu', '19:50:06.123 scalingo:shop hello'],
    ['unix', undefined, '1787407506.123 scalingo:shop hello'],
    ['relative', undefined, '5s scalingo:shop hello'],
    ['none', undefined, 'scalingo:shop hello'],
  ] as const)('-t %s in %s', async (timestamps, zone, expected) => {
    expect((await pipe({ timestamps, zone })).entries([item()])).toBe(`${expected}\n`);
  });

  it('marks a line that was cut', async () => {
    expect((await pipe()).entries([item({}, { truncated: 17 })])).toBe(
      '2026-08-22T14:05:06.123Z scalingo:shop hello …[cut, 17 bytes more]\n',
    );
  });

  it('has no rulers', async () => {
    const { gap, notice } = await pipe();
    expect(gap({ from: null, to: null, reason: 'x', certainty: 'certain', count: 1 }, shop)).toBe('');
    expect(notice({ kind: 'hint', message: 'x' }, shop)).toBe('');
  });

  it('forgets instances that are long gone without losing its columns', async () => {
    const { entries } = await pipe({ timestamps: 'none' });
    for (let index = 0; index < 3000; index++) {
      expect(entries([item({ instance: `web-${index}` })])).toBe(`scalingo:shop/web-${index} hello\n`);
    }
  });
});

describe('on a terminal', () => {
  it('shows time and message of a single source', async () => {
    const { entries } = await terminal();
    expect(
      entries([
        item({ instance: 'web-1' }),
        item({ instance: 'web-1', ts: at(noon, 0), level: 'warn', message: 'careful' }),
        item({ instance: 'web-1', ts: null, message: 'no time' }),
        item({ instance: 'web-1', ts: { seconds: noon / 1000 - 0.123, nanos: 123_456_789, digits: 9 } }),
      ]),
    ).toBe(
      [
        '14:05:06.123 hello',
        '14:05:06     WARN  careful',
        '-            no time',
        '14:05:06.123 hello',
        '',
      ].join('\n'),
    );
  });

  it('shows instances as soon as there are two, and goes on', async () => {
    const { entries } = await terminal();
    expect(
      entries([item({ instance: 'web-1' }), item({ source: 'router' }), item({ instance: 'worker-12' })]),
    ).toBe(
      [
        '14:05:06.123 web-1     hello',
        '14:05:06.123 router    hello',
        '14:05:06.123 worker-12 hello',
        '',
      ].join('\n'),
    );
    expect(entries([item({ instance: 'web-1' })])).toBe('14:05:06.123 web-1     hello\n');
  });

  it('names apps with several targets, and profiles where apps have the same name', async () => {
    const other = { ...shop, profile: 'prod' };
    const { entries } = await terminal({ targets: [shop, other, web, station], columns: () => 80 });
    expect(
      entries([
        item({ instance: 'web-1' }),
        item({}, { target: other }),
        item({}, { target: web }),
        item({}, { target: station }),
      ]),
    ).toBe(
      [
        '14:05:06.123 scalingo:shop/web-1 hello',
        '14:05:06.123 prod:shop           hello',
        '14:05:06.123 docker/web          hello',
        '14:05:06.123 container-station:  hello',
        '',
      ].join('\n'),
    );
  });

  it('aligns wide, combining and joined characters and shortens the middle of what is too long', async () => {
    const { entries } = await terminal({ columns: () => 120 });
    const lines = String(
      entries([
        item({ instance: '日本' }),
        item({ instance: 'e\u0301e' }),
        item({ instance: '👩‍👩‍👧' }),
        item({ instance: `${'x'.repeat(5000)}-web-1` }),
        item({ instance: '日'.repeat(30) }),
      ]),
    ).split('\n');
    expect(lines).toEqual([
      `14:05:06.123 日本${' '.repeat(32)} hello`,
      `14:05:06.123 e\u0301e${' '.repeat(34)} hello`,
      `14:05:06.123 👩‍👩‍👧${' '.repeat(34)} hello`,
      `14:05:06.123 ${'x'.repeat(21)}…${'x'.repeat(8)}-web-1 hello`,
      `14:05:06.123 ${'日'.repeat(10)}…${'日'.repeat(7)}  hello`,
      '',
    ]);
  });

  it('leaves two thirds of a narrow terminal to the message', async () => {
    const { entries } = await terminal({ targets: [shop, web], columns: () => 80 });
    const label = { instance: 'web.3816370630-kxmwb' };
    expect(entries([item(label, { target: { ...shop, app: 'shop-default' } })])).toBe(
      '14:05:06.123 shop-default/we…0630-kxmwb hello\n',
    );
  });

  it('indents the further lines of a message', async () => {
    const { entries } = await terminal();
    expect(entries([item({ level: 'error', message: 'Error: x\n    at y' })])).toBe(
      `14:05:06.123 ERROR Error: x\n${' '.repeat(19)}    at y\n`,
    );
  });

  it('neutralises foreign text, and takes colours away where there shall be none', async () => {
    const batch = [item({ message: '\x1b[31mred\x1b[2J\x1b]0;t\x07\rx', instance: 'a\x1b[2J' })];
    expect((await terminal()).entries(batch)).toBe('14:05:06.123 red␍x\n');
    expect((await terminal({ color: 1, timestamps: 'none' })).entries(batch)).toBe('\x1b[31mred␍x\x1b[0m\n');
    expect((await terminal({ timestamps: 'none', ansi: 'keep' })).entries(batch)).toBe(
      '\x1b[31mred\x1b[2J\x1b]0;t\x07\rx\n',
    );
    const two = await terminal({ targets: [shop, web], timestamps: 'none' });
    expect(two.entries(batch)).toBe('shop/a_[2J red␍x\n');
  });

  it('draws a ruler where the day changes, also from today', async () => {
    const { entries } = await terminal();
    const yesterday = item({ ts: at(noon - DAY) });
    expect(entries([yesterday, yesterday, item(), item({ ts: null })])).toBe(
      [
        `── 2026-08-21 ${'─'.repeat(26)}`,
        '14:05:06.123 hello',
        '14:05:06.123 hello',
        `── 2026-08-22 ${'─'.repeat(26)}`,
        '14:05:06.123 hello',
        '-            hello',
        '',
      ].join('\n'),
    );
    expect((await terminal({ timestamps: 'iso' })).entries([yesterday])).toBe(
      '2026-08-21T14:05:06.123Z hello\n',
    );
  });

  it('takes the day of the zone', async () => {
    const { entries } = await terminal({ zone: 'Asia/Tokyo' });
    // 23:59 and 00:00 in Tokyo; it is 23:05 there.
    expect(entries([item({ ts: at(noon + 3_293_000) }), item({ ts: at(noon + 3_294_000) })])).toBe(
      ['23:59:59.123 hello', `── 2026-08-23 ${'─'.repeat(26)}`, '00:00:00.123 hello', ''].join('\n'),
    );
  });

  it('draws a ruler at a deploy, once, though old instances go on', async () => {
    const { entries } = await terminal();
    const ids = ['d1', 'd1', 'd2', 'd1', 'd2', null, 'd3\x1b[2J'];
    expect(entries(ids.map((deployment) => item({ deployment })))).toBe(
      [
        '14:05:06.123 hello',
        '14:05:06.123 hello',
        `── shop: deployment d2 ${'─'.repeat(17)}`,
        '14:05:06.123 hello',
        '14:05:06.123 hello',
        '14:05:06.123 hello',
        '14:05:06.123 hello',
        `── shop: deployment d3 ${'─'.repeat(17)}`,
        '14:05:06.123 hello',
        '',
      ].join('\n'),
    );
  });

  it('names in a ruler the one of two apps that is meant', async () => {
    const other = { ...shop, profile: 'prod' };
    const { entries } = await terminal({ targets: [shop, other] });
    entries([item({ deployment: 'd1' }, { target: other })]);
    expect(entries([item({ deployment: 'd2' }, { target: other })])).toContain(
      '── prod:shop: deployment d2 ─',
    );
  });

  it('draws a ruler at a gap', async () => {
    const { gap } = await terminal({ columns: () => 20 });
    const from = at(noon);
    expect(
      gap({ from, to: at(noon + 60_000), reason: 'reconnected', certainty: 'possible', count: null }, shop),
    ).toBe('── shop: lines may be missing from 14:05:06.123 to 14:06:06.123: reconnected ──\n');
    expect(gap({ from: null, to: null, reason: 'a\nb', certainty: 'certain', count: 1 }, station)).toBe(
      '── container-station: 1 line is missing: a b ──\n',
    );
  });

  it('paints time, source and level', async () => {
    const { entries } = await terminal({ color: 1, targets: [shop, web] });
    const painted = entries([item({ level: 'error', instance: 'web-1' })]);
    expect(painted).toMatch(
      /^\x1b\[2m14:05:06\.123\x1b\[22m \x1b\[\d+mshop\/web-1\x1b\[39m \x1b\[31mERROR\x1b\[39m hello\n$/,
    );
    expect(
      (await terminal({ color: 1, targets: [web, shop] })).entries([
        item({ level: 'error', instance: 'web-1' }),
      ]),
    ).toBe(painted);
  });

  it('prints nothing for an empty batch', async () => {
    expect((await terminal()).entries([])).toBe('');
  });
});
