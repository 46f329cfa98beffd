import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  align,
  anchorOf,
  digestOf,
  movedAnchor,
  positionOf,
  readAnchor,
} from '../../../src/providers/container-station/overlap.ts';

function window(lines: readonly string[], whole = false) {
  return { digests: lines.map(digestOf), whole };
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}

describe('where a window goes on behind known lines', () => {
  it.each([
    ['nothing is new', numbers(0, 10), numbers(0, 10), 10],
    ['the window begins inside the known lines', numbers(0, 10), numbers(5, 15), 5],
    ['the window begins before the known lines', numbers(5, 10), numbers(0, 12), 10],
    ['the known lines are a lone line', ['a'], ['a', 'b'], 1],
    ['two equal lines are no proof among many', numbers(0, 10), ['line 8', 'line 9', 'x', 'y'], null],
    ['three are', numbers(0, 10), ['line 7', 'line 8', 'line 9', 'x'], 3],
    ['nothing is known', numbers(0, 10), numbers(20, 30), null],
    ['the first line of the window is damaged', numbers(0, 10), ['ne 5', ...numbers(6, 12)], 5],
    ['the first known line was damaged', ['ne 0', ...numbers(1, 10)], numbers(0, 12), 10],
    ['a line in the middle differs', numbers(0, 10), [...numbers(3, 6), 'x', ...numbers(7, 12)], null],
  ])('%s', (_name, known, seen, expected) => {
    expect(align(anchorOf(known, false), window(seen))).toBe(expected);
  });

  it('counts when both sides saw the whole console, though every line is the same', () => {
    const anchor = anchorOf(['tick', 'tick', 'tick', 'tick'], true);
    expect(align(anchor, window(Array(7).fill('tick'), true))).toBe(4);
  });

  it('takes equal lines for known ones when nothing can be counted', () => {
    expect(align(anchorOf(Array(50).fill('tick'), false), window(Array(50).fill('tick')))).toBe(50);
  });

  it('takes all of a console that was empty', () => {
    expect(align(anchorOf([], true), window(['a', 'b'], true))).toBe(0);
    expect(align(anchorOf([], true), window(['a', 'b']))).toBeNull();
  });

  it('does not go by the count when the text is another one', () => {
    expect(align(anchorOf(numbers(0, 5), true), window(numbers(50, 60), true))).toBeNull();
  });

  it('follows any log of distinct lines without a loss and without a repeat', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 20 }),
        fc.integer({ min: 160, max: 400 }),
        (steps, tail) => {
          let end = 300;
          let anchor = anchorOf(numbers(end - tail, end), false);
          const shown: string[] = [];
          for (const step of steps) {
            end += step;
            const lines = numbers(Math.max(0, end - tail), end);
            const seen = window(lines, lines.length < tail);
            const from = align(anchor, seen) ?? Number.NaN;
            shown.push(...lines.slice(from));
            anchor = movedAnchor(anchor, seen, from);
          }
          expect(shown).toEqual(numbers(300, end));
        },
      ),
    );
  });
});

describe('the position of a console', () => {
  it('survives JSON, is small and holds no text', () => {
    const anchor = anchorOf(
      numbers(0, 10_000).map((line) => `${line} ${'secret '.repeat(100)}`),
      false,
    );
    const text = JSON.stringify(positionOf(anchor));
    expect(text.length).toBeLessThan(4000);
    expect(text).not.toContain('secret');
    expect(readAnchor(JSON.parse(text))).toEqual(anchor);
  });

  it.each([
    [null],
    [7],
    ['x'],
    [[]],
    [{}],
    [{ tail: [] }],
    [{ total: -1, tail: [] }],
    [{ total: 1, tail: [7] }],
    [{ total: null, tail: Array(201).fill('') }],
  ])('refuses %j', (position) => {
    expect(readAnchor(position)).toBeNull();
  });
});
