import { describe, expect, it } from 'vitest';
import { createLedger, type Ledger } from '../../../src/providers/scalingo/build-ledger.ts';

/** The news of one reading of the stored output. */
function read(ledger: Ledger, lines: readonly string[]): string[] {
  const reading = ledger.reading();
  return lines.filter((line) => reading.take(line));
}

function listen(ledger: Ledger, lines: readonly string[]): string[] {
  const replay = ledger.replay();
  return lines.map((line) => replay.take(line));
}

describe('the ledger of a build’s output', () => {
  it('tells news from what was given, the same line twice included', () => {
    const ledger = createLedger();
    expect(read(ledger, ['a', 'a'])).toEqual(['a', 'a']);
    expect(read(ledger, ['a', 'a', 'a', 'b'])).toEqual(['a', 'b']);
    expect(read(ledger, ['a', 'a'])).toEqual([]);
    expect(ledger.length).toBe(4);
  });

  it('places a stream that repeats the output from its beginning', () => {
    const ledger = createLedger();
    read(ledger, ['a', 'a']);
    expect(listen(ledger, ['a', 'a', 'a', 'b'])).toEqual(['known', 'known', 'news', 'news']);
    expect(listen(ledger, ['a', 'a', 'a', 'b', 'c'])).toEqual(['known', 'known', 'known', 'known', 'news']);
    expect(read(ledger, ['a', 'a', 'a', 'b', 'c', 'd'])).toEqual(['d']);
  });

  it('takes nothing of a stream that does not', () => {
    const ledger = createLedger();
    read(ledger, ['a', 'b']);
    expect(listen(ledger, ['b', 'c'])).toEqual(['stray', 'stray']);
    expect(listen(ledger, ['a', 'x', 'b'])).toEqual(['known', 'stray', 'stray']);
    expect(ledger.length).toBe(2);
  });

  it('takes turns within one connection', () => {
    const ledger = createLedger();
    const replay = ledger.replay();
    expect([replay.take('a'), replay.take('b')]).toEqual(['news', 'news']);
    expect(read(ledger, ['a', 'b', 'c'])).toEqual(['c']);
    expect([replay.take('c'), replay.take('d')]).toEqual(['known', 'news']);
  });

  it('prints late what a stream had left out, and nothing twice', () => {
    const ledger = createLedger();
    expect(listen(ledger, ['b', 'c', 'c'])).toEqual(['news', 'news', 'news']);
    const reading = ledger.reading();
    expect(['a', 'b', 'c', 'c', 'c'].filter((line) => reading.take(line))).toEqual(['a', 'c']);
    expect(reading.differs).toBe(true);
    expect(read(ledger, ['a', 'b', 'c', 'c', 'c', 'd'])).toEqual(['d']);
  });

  it('does not double lines that the stored output has only later', () => {
    const ledger = createLedger();
    listen(ledger, ['b', 'c']);
    expect(read(ledger, ['a', 'b'])).toEqual(['a']);
    expect(listen(ledger, ['a', 'b', 'c'])).toEqual(['stray', 'stray', 'stray']);
    expect(read(ledger, ['a', 'b', 'c', 'd'])).toEqual(['d']);
  });

  it('goes back to what the engine knows of, and believes a place that it has not met', () => {
    const ledger = createLedger();
    read(ledger, ['a', 'b', 'c']);
    ledger.rewind(1);
    expect(read(ledger, ['a', 'b', 'c'])).toEqual(['b', 'c']);
    const other = createLedger();
    other.rewind(2);
    expect(listen(other, ['x', 'y', 'z'])).toEqual(['known', 'known', 'news']);
    expect(read(other, ['x', 'y', 'z', 'end'])).toEqual(['end']);
  });

  it('counts beyond what it compares', () => {
    const ledger = createLedger(2);
    read(ledger, ['a', 'b', 'c', 'd']);
    expect(read(ledger, ['a', 'b', 'c', 'd', 'e'])).toEqual(['e']);
    expect(ledger.length).toBe(5);
  });
});
