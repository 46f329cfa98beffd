// Logs as a table: columns that stay where the first lines put them.
import { describe, expect, it } from 'vitest';
import type { SpanFinder } from '../../src/output/highlight.ts';
import { createLogRenderer, type LogRenderOptions } from '../../src/output/logs.ts';
import { loadWidth } from '../../src/output/width.ts';
import { item, noon, shop, web } from './sample.ts';

const options: LogRenderOptions = {
  targets: [shop],
  isTTY: false,
  columns: () => 80,
  color: 0,
  zone: 'UTC',
  now: () => noon,
};
const table = (more: Partial<LogRenderOptions> = {}) => createLogRenderer('table', { ...options, ...more });
const terminal = (columns: number, more: Partial<LogRenderOptions> = {}) =>
  table({ isTTY: true, columns: () => columns, ...more });

describe('a table of logs in a pipe', () => {
  it('aligns columns and prints its heading once', async () => {
    const { entries } = await table();
    expect(entries([])).toBe('');
    expect(entries([item({ level: 'warn' }), item({ ts: null, message: 'a\nb' }, { target: web })])).toBe(
      [
        'TIME                      SOURCE                 LEVEL  MESSAGE',
        '2026-08-22T14:05:06.123Z  scalingo:shop          warn   hello',
        '-                         nas-office:docker/web  -      a\\nb',
        '',
      ].join('\n'),
    );
    expect(entries([item()])).toBe('2026-08-22T14:05:06.123Z  scalingo:shop          -      hello\n');
  });

  it('cuts nothing, and moves no other line for one that is too wide', async () => {
    const { entries } = await table();
    entries([item()]);
    expect(entries([item({ instance: 'one-off-594' }), item()])).toBe(
      [
        '2026-08-22T14:05:06.123Z  scalingo:shop/one-off-594  -      hello',
        '2026-08-22T14:05:06.123Z  scalingo:shop  -      hello',
        '',
      ].join('\n'),
    );
  });

  it('has room for the names of all its targets from the start', async () => {
    const { entries } = await table({ targets: [shop, web] });
    const [heading] = String(entries([item()])).split('\n');
    expect(heading?.indexOf('LEVEL')).toBe('2026-08-22T14:05:06.123Z  nas-office:docker/web  '.length);
  });
});

const TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['plain words', 'GET /products/17 answered with 200 after a rather long while, in three parts'],
  ['wide characters', '日本語のログ行は幅が二倍です。折り返しても列は揃います。とても長い行です。'],
  ['emoji', '🚀 deployed 👩‍👩‍👧 and 🇩🇪 and 🫨 and 🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀'],
  ['right-to-left', '\u200fשלום עולם מרחבא \u061cمرحبا بالعالم كيف حالك اليوم يا صديقي العزيز'],
  ['combining', 'e\u0301te\u0301 '.repeat(20)],
  ['one long word', 'x'.repeat(150)],
  ['colours', `\x1b[31m${'red words '.repeat(12)}\x1b[0m`],
];

describe.each([60, 80, 200])('a table of logs on a terminal of %i columns', (columns) => {
  it.each(TEXTS)('fits and aligns %s', async (_, message) => {
    const widthOf = await loadWidth();
    const { entries } = await terminal(columns);
    const batch = [item({ instance: 'web-1', level: 'error' }), item({ message, instance: 'web-1' })];
    const lines = String(entries(batch)).trimEnd().split('\n');
    const margin = lines[0]?.indexOf('MESSAGE') ?? -1;
    for (const line of lines) {
      expect(widthOf(line)).toBeLessThanOrEqual(columns);
      expect(widthOf(line.slice(0, margin))).toBe(margin);
    }
    const shown = lines.slice(2).map((line) => line.slice(margin));
    const bare = (text: string) => text.replace(/\x1b\[[\d;]*m|\s/g, '');
    expect(bare(shown.join(''))).toBe(bare(message));
  });

  it('keeps its columns when a longer source comes later', async () => {
    const { entries } = await terminal(columns, { targets: [shop, web] });
    const first = String(entries([item({ instance: 'web-1' })])).split('\n');
    const later = entries([item({ instance: `worker.${'9'.repeat(60)}` }, { target: web })]);
    const margin = first[0]?.indexOf('MESSAGE');
    expect(first[1]?.indexOf('hello')).toBe(margin);
    expect(String(later).indexOf('hello')).toBe(margin);
  });
});

describe('what is looked for', () => {
  it('is highlighted in a table, over the break of a line as well', async () => {
    const finder: SpanFinder = { spans: () => [[0, 11]] };
    const { entries } = await terminal(45, { color: 1, highlight: [finder] });
    const lines = String(entries([item({ message: 'found words, then others that go on' })])).split('\n');
    expect(lines[1]).toMatch(/\x1b\[7mfound words\x1b\[27m,$/);
    expect(lines[2]).toMatch(/^ +then others that$/);
    const narrow = await terminal(39, { color: 1, highlight: [finder] });
    const broken = String(narrow.entries([item({ message: 'found words' })])).split('\n');
    expect(broken[1]).toMatch(/\x1b\[7mfound\x1b\[0m$/);
    expect(broken[2]).toMatch(/^ +\x1b\[7mwords\x1b\[27m/);
  });
});
