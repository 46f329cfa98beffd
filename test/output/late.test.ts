// Lines that come after later ones: marked in every form that has room for a mark.
import { describe, expect, it } from 'vitest';
import type { LogItem } from '../../src/output/log-item.ts';
import { createLogRenderer, type LogForm, type LogRenderOptions } from '../../src/output/logs.ts';
import { item, noon, shop, web } from './sample.ts';

const options: LogRenderOptions = {
  targets: [shop],
  isTTY: true,
  columns: () => 40,
  color: 0,
  zone: 'UTC',
  now: () => noon,
};
const pipe: Partial<LogRenderOptions> = { isTTY: false };
const late = (message: string): LogItem => ({ ...item({ message }, { observed: noon }), late: true });
const inTime = (message: string): LogItem => item({ message }, { observed: noon });
const printed = async (form: LogForm, batch: readonly LogItem[], more: Partial<LogRenderOptions> = {}) =>
  String((await createLogRenderer(form, { ...options, ...more })).entries(batch));

describe('a late line', () => {
  const batch = [inTime('a'), late('b\nc'), inTime('d')];

  it('is marked behind its time on a terminal, and no column moves', async () => {
    expect(await printed('text', batch)).toBe(
      '14:05:06.123 a\n14:05:06.123~b\n             c\n14:05:06.123 d\n',
    );
    expect(await printed('text', [late('b')], { color: 1, targets: [shop, web] })).toContain(
      '06.123\x1b[22m\x1b[33m~\x1b[39m',
    );
  });

  it('is marked behind the source where no times are shown, and not at all where nothing is', async () => {
    const source = { targets: [shop, web], timestamps: 'none' } as const;
    expect(await printed('text', batch, source)).toBe('shop a\nshop~b\n     c\nshop d\n');
    expect(await printed('text', [late('b')], { timestamps: 'none' })).toBe('b\n');
  });

  it('is marked in a table on a terminal', async () => {
    expect(await printed('table', batch)).toBe(
      [
        'TIME          SOURCE  LEVEL  MESSAGE',
        '14:05:06.123  shop    -      a',
        '14:05:06.123~ shop    -      b\\nc',
        '14:05:06.123  shop    -      d',
        '',
      ].join('\n'),
    );
  });

  it('leaves the columns of a pipe as they are', async () => {
    for (const form of ['text', 'table', 'csv', 'raw'] as const)
      expect(await printed(form, [late('b')], pipe)).toBe(await printed(form, [inTime('b')], pipe));
  });

  it('has a key of its own in records, which no other line has', async () => {
    const records = (await printed('ndjson', batch, pipe))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map((record) => record.late)).toEqual([undefined, true, undefined]);
    expect(await printed({ template: '{{late}}|{{message}}' }, [late('b'), inTime('d')], pipe)).toBe(
      'true|b\n|d\n',
    );
    const csv = await createLogRenderer('csv', { ...options, ...pipe, csvColumns: 'message,late' });
    expect(csv.head + csv.entries([late('b'), inTime('d')])).toBe('message,late\nb,true\nd,\n');
  });
});
