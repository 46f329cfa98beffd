import { describe, expect, it } from 'vitest';
import { type Level, LogEntry } from '../../src/model.ts';
import {
  compileGlob,
  compileHighlight,
  compilePattern,
  createLogFilter,
  type LogFilter,
  parseLevel,
} from '../../src/stream/filter.ts';
import { readMessage } from '../../src/stream/message.ts';

const NONE: LogFilter = {
  grep: [],
  exclude: [],
  level: null,
  levelStrict: false,
  components: [],
  sources: [],
};

function entry(message: string, level: Level | null = null, instance: string | null = 'web-1'): LogEntry {
  return new LogEntry(message, () => ({
    ts: null,
    quality: 'observed',
    component: instance?.split('-')[0] ?? null,
    instance,
    source: 'app',
    stream: null,
    level,
    message,
    fields: null,
    id: null,
    deployment: null,
  }));
}

async function pattern(text: string, ignoreCase = false) {
  return compilePattern(text, { flag: '--grep', ignoreCase });
}

describe('filter', () => {
  it('is none when nothing is asked', () => {
    expect(createLogFilter(NONE)).toBeUndefined();
  });

  it('takes repeated patterns as or, and exclusion after them', async () => {
    const passes = createLogFilter({
      ...NONE,
      grep: [await pattern('err'), await pattern('warn')],
      exclude: [await pattern('harmless')],
    });
    expect(['an err', 'a warn', 'fine', 'harmless err'].map((text) => passes?.(entry(text)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    ['warn', ['warn', 'error', 'fatal']],
    ['=warn', ['warn']],
    ['trace', ['trace', 'debug', 'info', 'warn', 'error', 'fatal']],
  ])('lets %s pass %s', (limit, passing) => {
    const passes = createLogFilter({ ...NONE, level: parseLevel(limit) });
    const levels: Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
    expect(levels.filter((level) => passes?.(entry('x', level)))).toEqual(passing);
    expect(passes?.(entry('without a level'))).toBe(true);
  });

  it('takes levels out of messages, and asks for them last', () => {
    const read: string[] = [];
    const passes = createLogFilter(
      { ...NONE, level: parseLevel('warn'), exclude: [{ test: (text) => text.includes('harmless') }] },
      (body) => {
        read.push(body.message);
        return readMessage(body);
      },
    );
    const texts = [
      '{"level":"info","msg":"fine"}',
      'level=error msg=bad',
      'plain',
      'level=error msg=harmless',
    ];
    expect(texts.map((text) => passes?.(entry(text)))).toEqual([false, true, true, false]);
    expect(read).toEqual(texts.slice(0, 3));
  });

  it('asks for no level when none is wanted', () => {
    const passes = createLogFilter({ ...NONE, sources: ['app'] }, () => {
      throw new Error('asked');
    });
    expect(passes?.(entry('level=info'))).toBe(true);
  });

  it('leaves out lines without a level only when told', () => {
    const passes = createLogFilter({ ...NONE, level: parseLevel('warn'), levelStrict: true });
    expect(passes?.(entry('without a level'))).toBe(false);
  });

  it.each([
    ['web', true],
    ['web-1', true],
    ['web-*', true],
    ['we?', true],
    ['worker', false],
    ['web.1', false],
    ['*-2', false],
  ])('matches the component glob %s: %s', async (glob, matching) => {
    const passes = createLogFilter({ ...NONE, components: [await compileGlob(glob)] });
    expect(passes?.(entry('x'))).toBe(matching);
    expect(passes?.(entry('of nobody', null, null))).toBe(false);
  });
});

describe('patterns', () => {
  it.each([
    ['a.c', 'abc', true],
    ['^GET /\\w+ 5\\d\\d$', 'GET /shop 503', true],
    ['\\u00e9', 'café', true],
    ['CAF', 'café', false],
  ])('%s on %s: %s', async (text, subject, matching) => {
    expect((await pattern(text)).test(subject)).toBe(matching);
  });

  it('ignore case when told', async () => {
    expect((await pattern('CAF', true)).test('café')).toBe(true);
  });

  it.each(['(', 'a{2000}', '(?=x)', '(a)\\1'])('refuse %s in one sentence', async (text) => {
    await expect(pattern(text)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('--grep'),
    });
  });

  it.each([
    [
      'o+',
      false,
      'foo boo',
      [
        [1, 3],
        [5, 7],
      ],
    ],
    [
      'FOO|b*',
      true,
      'Foo 🧙b',
      [
        [0, 3],
        [6, 7],
      ],
    ],
    ['x*', false, 'none here', []],
    ['nothing', false, 'none here', []],
  ])('find the spans of %s to highlight', async (text, ignoreCase, subject, spans) => {
    const highlight = await compileHighlight(text, { flag: '--highlight', ignoreCase });
    expect(highlight.spans(subject)).toEqual(spans);
  });

  it('find a bounded number of spans in a bounded part of a line', async () => {
    const highlight = await compileHighlight('a(.*z)?', { flag: '--highlight', ignoreCase: false });
    expect(highlight.spans('ab'.repeat(500_000))).toHaveLength(200);
    expect(highlight.spans(`${'b'.repeat(70_000)}a`)).toEqual([]);
  });

  it('cannot be driven into exponential time', async () => {
    const evil = await pattern('(a+)+$');
    const started = performance.now();
    expect(evil.test(`${'a'.repeat(5000)}!`)).toBe(false);
    // A backtracking engine would need longer than the universe has lasted.
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('names the levels when there is no such one', () => {
    expect(() => parseLevel('loud')).toThrow(/trace, debug, info, warn, error, fatal/);
  });
});
