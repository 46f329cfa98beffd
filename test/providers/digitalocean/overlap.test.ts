import { expect, it } from 'vitest';
import { carrying, LogEntry } from '../../../src/model.ts';
import { createOverlap } from '../../../src/providers/digitalocean/overlap.ts';
import { entryReading } from '../../../src/providers/digitalocean/reading.ts';
import { createLineParser } from '../../../src/providers/digitalocean/translate.ts';
import { bundleOf } from '../../../src/transport/line-bundle.ts';
import { line } from './setup.ts';

const parse = createLineParser({ source: 'app', deployment: null, component: null });
const entries = (lines: readonly string[]) => lines.map((raw) => new LogEntry(raw, parse));
const left = (archive: readonly string[], live: readonly string[]) => {
  const overlap = createOverlap();
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

const zigzag = lines(1, 40).sort((a, b) => Number(a.slice(-3, -1)) - Number(b.slice(-3, -1)));

it.each<[string, string[], string[], string[]]>([
  ['a late line of another instance', lines(10, 50), [line(5, 'late'), ...lines(10, 51)], []],
  ['lines in no order', zigzag, zigzag.slice(7), []],
  ['an archive that was not to be had', [...lines(1, 10), ...lines(21, 30)], lines(1, 32), lines(11, 20)],
])('%s', (_, archive, live, more) => {
  const known = new Set(archive);
  expect(left(archive, live)).toEqual(live.filter((each) => !known.has(each)));
  for (const each of more) expect(left(archive, live)).toContain(each);
});

it('tells lines of one time from each other, however many come', () => {
  const many = Array.from({ length: 30_000 }, (_, index) => line(1, `message ${index}`));
  expect(left(many.slice(0, 28_000), many.slice(13_000))).toEqual(many.slice(28_000));
});

it('knows lines by their bytes, in whatever way they come', () => {
  const written = [line(1, 'häß\u{1f600}'), line(2, 'plain'), '', line(3, 'end')];
  const overlap = createOverlap();
  const bytes = Buffer.from(`${written.join('\r\n')}\n`);
  overlap.remember(carrying({}, bundleOf(bytes, entryReading(parse))));
  expect(overlap.fresh(entries([...written, line(4, 'new')])).map(({ raw }) => raw)).toEqual([
    line(4, 'new'),
  ]);
});

it('hands out what it cannot compare any more, and counts it', () => {
  const overlap = createOverlap(3);
  for (const each of lines(10, 20)) overlap.remember({ items: entries([each]) });
  const fresh = overlap.fresh(entries(lines(9, 22))).map(({ raw }) => raw);
  const kept = fresh.filter((each) => lines(9, 17).includes(each));
  expect([...kept, ...lines(21, 22)]).toEqual(fresh);
  expect(fresh).not.toContain(line(20, 'x'));
  expect(overlap.uncompared).toBe(kept.length);
  expect(kept.length).toBeGreaterThan(1);
});
