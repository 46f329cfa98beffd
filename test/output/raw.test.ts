// The platform's own bytes, and what a terminal gets of them.
import { describe, expect, it } from 'vitest';
import { createRawRenderer } from '../../src/output/raw.ts';
import { item } from './sample.ts';

const bytes = new Uint8Array([0x61, 0xff, 0xfe, 0x62]);

describe('raw', () => {
  it('is the line and LF in a pipe', () => {
    const { entries } = createRawRenderer({ isTTY: false, ansi: 'keep' });
    expect(entries([item({}, { raw: '<11> \x1b[2Ja\t' }), item({}, { raw: '' })])).toBe(
      '<11> \x1b[2Ja\t\n\n',
    );
    expect(entries([item({}, { raw: 'x', truncated: 5 })])).toBe('x\n');
    expect(entries([])).toBe('');
  });

  it('keeps bytes that are no UTF-8, in their order', () => {
    const { entries } = createRawRenderer({ isTTY: false, ansi: 'keep' });
    const batch = [
      item({}, { raw: 'é' }),
      item({}, { raw: 'a\ufffd\ufffdb', bytes }),
      item({}, { raw: 'z' }),
    ];
    expect(Buffer.from(entries(batch)).toString('hex')).toBe('c3a90a61fffe620a7a0a');
    expect(Buffer.from(entries([...batch, ...batch])).toString('hex')).toBe('c3a90a61fffe620a7a0a'.repeat(2));
  });

  it('is neutralised on a terminal, and marked where it was cut', () => {
    const { entries } = createRawRenderer({ isTTY: true, ansi: 'colors' });
    expect(
      entries([
        item({}, { raw: '\x1b[31ma\x1b[2J\x9d0;t\x07', truncated: 5 }),
        item({}, { raw: 'a\ufffd\ufffdb', bytes }),
      ]),
    ).toBe('\x1b[31ma\x1b[0m …[cut, 5 bytes more]\na\ufffd\ufffdb\n');
  });

  it('is the bytes on a terminal for someone who asks for them', () => {
    const { entries } = createRawRenderer({ isTTY: true, ansi: 'keep' });
    expect(Buffer.from(entries([item({}, { raw: 'x', bytes })]))).toEqual(Buffer.from([...bytes, 0x0a]));
  });

  it('is cleaned in a pipe for someone who asks for that', () => {
    const { entries } = createRawRenderer({ isTTY: false, ansi: 'strip' });
    expect(entries([item({}, { raw: '\x1b[31ma', truncated: 5 })])).toBe('a\n');
  });
});
