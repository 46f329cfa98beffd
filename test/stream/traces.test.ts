import { describe, expect, it } from 'vitest';
import { beginTrace, continueTrace, isBlank, mayHoldBlank, type Trace } from '../../src/stream/traces.ts';
import { ORDINARY, TRACES } from './trace-samples.ts';

/** How many entries the lines make. */
function entriesOf(lines: readonly string[]): number {
  let entries = 0;
  let trace: Trace | null = null;
  for (const line of lines) {
    const next: Trace | null =
      trace === null ? null : isBlank(line) && mayHoldBlank(trace) ? trace : continueTrace(trace, line);
    if (next === null) entries += 1;
    trace = next ?? beginTrace(line);
  }
  return entries;
}

describe('a stack trace is one entry', () => {
  it.each(TRACES)('$name', ({ text }) => {
    expect(entriesOf(text.split('\n'))).toBe(1);
  });

  it.each(TRACES.filter(({ isFlatToo }) => isFlatToo))('$name, without indentation', ({ text }) => {
    expect(entriesOf(text.split('\n').map((line) => line.trim()))).toBe(1);
  });
});

describe('ordinary lines', () => {
  it('stay apart', () => {
    expect(entriesOf(ORDINARY)).toBe(ORDINARY.length);
  });

  it.each(TRACES)('stay apart from the end of $name', ({ text }) => {
    for (const line of ORDINARY.filter((text) => !text.startsWith(' '))) {
      expect([line, entriesOf([...text.split('\n'), line])]).toEqual([line, 2]);
    }
  });
});

describe('whatever is written', () => {
  const hostile = [
    'a'.repeat(1_000_000),
    `goroutine 1 ${'['.repeat(1_000_000)}`,
    `    at ${'('.repeat(1_000_000)}`,
    `at ${'(/a.'.repeat(1_000_000)}`,
    `\t${'/'.repeat(500_000)}:${'1'.repeat(500_000)}x`,
    `${'.('.repeat(500_000)})x`,
    `${'a.'.repeat(500_000)}B`,
    `from ${':1'.repeat(500_000)}`,
    `+${'-'.repeat(1_000_000)}`,
    `${'a.'.repeat(500_000)} (${'1.'.repeat(500_000)})`,
    `File "${'", line '.repeat(100_000)}`,
    '\0\x1b[31m at \u202e',
    '\ud800',
    ' ',
    '',
  ];
  const traces: Trace[] = [
    'plain',
    'failure',
    'frames',
    'object',
    'source',
    'python',
    'python-code',
    'python-group',
    'python-raised',
    'ruby-head',
    'ruby',
    'go',
  ];

  it('costs next to nothing', () => {
    const started = performance.now();
    for (const line of hostile) {
      beginTrace(line);
      for (const trace of traces) continueTrace(trace, line);
    }
    // More than linear patterns would take minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
