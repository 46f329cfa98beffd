import { describe, expect, it } from 'vitest';
import { type CsvRow, olderThan, readCsv } from '../../../src/providers/container-station/csv-rows.ts';
import { readRows } from '../../../src/providers/container-station/translate.ts';

const HEAD = 'Date,Level,Category,User,Message\r\n';
const messages = (rows: readonly CsvRow[] | null) => rows?.map(({ message }) => message);

describe('the CSV', () => {
  it.each([
    ['2021-08-11 16:50:18.481793,INFO,image,admin,plain', 'plain'],
    ['2021-08-11 16:50:18.481793,INFO,image,admin,"a, ""b""\r\nc"', 'a, "b"\r\nc'],
    ['2021-08-11 16:50:18.481793,INFO,image,admin,with space ', 'with space '],
    ['2021-08-11 16:50:18.481793,INFO,image,admin,', ''],
  ])('%j', (line, message) => {
    for (const text of [`${HEAD}${line}\r\n`, `\ufeff${HEAD}${line}\n`, `${HEAD}${line}`])
      expect(readCsv(text)).toEqual([
        {
          ts: Date.UTC(2021, 7, 11, 16, 50, 18) / 1000,
          nanos: 481_793_000,
          digits: 6,
          level: 'INFO',
          category: 'image',
          user: 'admin',
          message,
        },
      ]);
  });

  it('has a row without a fraction, or without a time', () => {
    const rows = readCsv(`${HEAD}2021-08-11 16:50:18,INFO,a,b,c\r\nsoon,INFO,a,b,c\r\n`);
    expect(rows.map(({ ts, nanos, digits }) => [ts, nanos, digits])).toEqual([
      [Date.UTC(2021, 7, 11, 16, 50, 18) / 1000, 0, 0],
      [null, 0, 0],
    ]);
  });

  it('leaves out what is no row, and reads on', () => {
    const odd = [
      '',
      'a,b',
      'x,"y" z,1',
      'a\rb,2,3,4,5',
      '1,2,3,4,5,6',
      '2021-08-11 16:50:18,INFO,a,b,c',
      '"open',
    ];
    expect(messages(readCsv(HEAD + odd.join('\r\n')))).toEqual(['c']);
    expect(readCsv('')).toEqual([]);
    expect(readCsv(`${HEAD}a,b,c,d,"${'x""'.repeat(300_000)}"`)).toHaveLength(1);
  });
});

describe('the rows before one of the log', () => {
  const at = (second: number, message: string) =>
    `2021-08-11 16:50:0${second}.5,INFO,container,admin,${message}`;
  const rows = readCsv(HEAD + [at(1, 'a'), at(1, 'b'), at(1, 'b'), at(1, 'b'), at(2, 'b')].join('\r\n'));
  const row = (second: number, message: string, more = {}) => {
    const ts = Date.UTC(2021, 7, 11, 16, 50, second) / 1000;
    const [read] = readRows(
      [{ id: 7, ts, level: 'info', category: 'container', user: 'admin', message, ...more }],
      'it',
    );
    if (!read) throw new Error('no row');
    return read;
  };

  it('end where as many alike begin as were seen', () => {
    expect(messages(olderThan(row(2, 'b'), 1, rows))).toEqual(['a', 'b', 'b', 'b']);
    expect(messages(olderThan(row(1, 'b'), 2, rows))).toEqual(['a', 'b']);
    expect(messages(olderThan(row(1, 'a'), 1, rows))).toEqual([]);
  });

  it.each([
    row(2, 'a'),
    row(1, 'a', { user: 'eve' }),
    row(1, 'a', { level: 'WARN' }),
    row(1, 'a', { category: 'image' }),
    row(1, 'a', { ts: null }),
  ])('are not known where it is not shown: %j', (other) => {
    expect(olderThan(other, 1, rows)).toBeNull();
  });
});
