import { expect, it } from 'vitest';
import { LogEntry } from '../../../src/model.ts';
import { createOverlap } from '../../../src/providers/digitalocean/overlap.ts';
import { createLineParser } from '../../../src/providers/digitalocean/translate.ts';
import { line } from './setup.ts';

const parse = createLineParser({ source: 'app', deployment: null, component: null });
const entries = (lines: readonly string[]) => lines.map((raw) => new LogEntry(raw, parse));
const left = (archive: readonly string[], live: readonly string[], kept?: number) => {
  const overlap = createOverlap(kept);
  for (const each of archive) overlap.remember({ items: entries([each]) });
  return overlap.fresh(entries(live)).map(({ raw }) => raw);
};
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index, 'x'));

it.each<[string, string[], string[], string[]]>([
  ['nothing in common', lines(1, 3), lines(4, 5), lines(4, 5)],
  ['all in common', lines(1, 3), lines(1, 3), []],
  ['an end in common', lines(1, 3), lines(2, 5), lines(4, 5)],
  ['a live part that begins before', lines(2, 3), lines(1, 4), [line(1, 'x'), line(4, 'x')]],
  ['a line that came once more', [line(1, 'x')], [line(1, 'x'), line(1, 'x')], [line(1, 'x')]],
  ['another line of the same time', [line(1, 'x')], [line(1, 'y')], [line(1, 'y')]],
  ['no archive', [], lines(1, 2), lines(1, 2)],
  [
    'lines without a time',
    ['a', line(1, 'x'), 'b'],
    [line(1, 'x'), 'b', 'a', line(2, 'x'), 'b'],
    [line(2, 'x'), 'b'],
  ],
])('%s', (_, archive, live, expected) => {
  expect(left(archive, live)).toEqual(expected);
});

it('remembers an archive of any length by its end alone', () => {
  expect(left(lines(10, 50), [line(9, 'x'), ...lines(10, 52)], 3)).toEqual([line(9, 'x'), ...lines(51, 52)]);
});
