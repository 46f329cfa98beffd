import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lot } from '../../src/model.ts';
import { sortByTime } from '../../src/stream/collect.ts';
import { createRepeats } from '../../src/stream/repeats.ts';
import { createSorter } from '../../src/stream/sorter.ts';
import { type Line, lines, second } from './scripted-source.ts';

const keyed = {
  timeOf: (line: Line) => (line.at === null ? null : second(line.at)),
  keyOf: (line: Line) => `${line.at} ${line.text}`,
};

describe('repeats', () => {
  it('excuses one repeat for each showing', () => {
    const repeats = createRepeats(keyed);
    repeats.remember({ items: [...lines(1), ...lines(2), ...lines(2)] });
    const frozen = repeats.freeze();
    const [two] = lines(2);
    const [three] = lines(3);
    if (!two || !three) throw new Error('no lines');
    expect([two, two, two, three].map((line) => frozen.isRepeat(line))).toEqual([true, true, false, false]);
    expect(frozen.met).toBe(2);
    expect(frozen.watermark).toEqual(second(2));
  });

  it('never takes a line beyond the watermark for a repeat', () => {
    const repeats = createRepeats(keyed);
    repeats.remember({ items: lines(5) });
    const frozen = repeats.freeze();
    expect(lines(6, 7).some((line) => frozen.isRepeat(line))).toBe(false);
  });

  it('forgets what is too old', () => {
    const repeats = createRepeats(keyed, 4);
    for (let at = 0; at < 100; at += 1) repeats.remember({ items: lines(at) });
    expect(repeats.freeze().oldest).toEqual(second(96));
  });

  it('counts what was shown and not met again', () => {
    const repeats = createRepeats(keyed);
    repeats.remember({ items: lines(1, 2, 3, 4) });
    const frozen = repeats.freeze();
    lines(3).map((line) => frozen.isRepeat(line));
    expect(frozen.unmetSince(second(2))).toBe(2);
  });
});

describe('order', () => {
  const itemsOf = (lots: readonly Lot<Line>[]) => lots.flatMap(({ items }) => items);

  it('of a window equals a full sort when nothing lies further off than the window', () => {
    const nearly = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 });
    fc.assert(
      fc.property(nearly, (jitter) => {
        const all = jitter.map((offset, index): Line => ({ at: index + offset, text: `${index}` }));
        const sorter = createSorter(keyed, 40);
        const out: Line[] = [];
        for (let index = 0; index < all.length; index += 7)
          out.push(...itemsOf(sorter.push({ items: all.slice(index, index + 7) })));
        out.push(...itemsOf(sorter.drain()));
        expect(out).toEqual(sortByTime(all, keyed.timeOf));
      }),
    );
  });

  it('loses nothing and doubles nothing, whatever comes', () => {
    const any = fc.array(fc.option(fc.integer({ min: 0, max: 1000 }), { nil: null }), { maxLength: 300 });
    fc.assert(
      fc.property(any, (times) => {
        const all = times.map((at, index): Line => ({ at, text: `${index}` }));
        const sorter = createSorter(keyed, 10);
        const out = itemsOf([...sorter.push({ items: all }), ...sorter.drain()]);
        expect(out.map((line) => line.text).sort()).toEqual(all.map((line) => line.text).sort());
      }),
    );
  });
});
