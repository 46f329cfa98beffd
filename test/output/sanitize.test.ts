// What a hostile platform could send to a terminal, and what becomes of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitize } from '../../src/output/sanitize.ts';

const RED = '\x1b[31m';
const OFF = '\x1b[0m';

describe('colors', () => {
  it.each([
    ['plain text', 'plain text', 'plain text'],
    ['tab and LF', 'a\tb\nc', 'a\tb\nc'],
    ['closed colour', `${RED}a${OFF}b`, `${RED}a${OFF}b`],
    ['short reset', `${RED}a\x1b[mb`, `${RED}a\x1b[mb`],
    ['open colour', `${RED}a`, `${RED}a${OFF}`],
    ['open colour before LF', `${RED}a\nb`, `${RED}a${OFF}\nb`],
    ['colour number nought is no reset', '\x1b[38;5;0ma', `\x1b[38;5;0ma${OFF}`],
    ['reset and new colour', '\x1b[0;31ma', `\x1b[0;31ma${OFF}`],
    ['true colour with colons', '\x1b[38:2::1:2:3ma\x1b[0m', '\x1b[38:2::1:2:3ma\x1b[0m'],
    ['8-bit CSI colour', '\x9b31ma\x9b0m', `${RED}a${OFF}`],
    ['concealed text', '\x1b[8msecret', 'secret'],
    ['concealed among colours', '\x1b[1;8;31mx', `\x1b[1;31mx${OFF}`],
    ['palette colour 8 stays', '\x1b[38;5;8mx', `\x1b[38;5;8mx${OFF}`],
    ['true colour with 8 stays', '\x1b[48;2;8;8;8;8mx', `\x1b[48;2;8;8;8mx${OFF}`],
    ['conceal behind a broken 38', '\x1b[38;8mx', 'x'],
    ['title, BEL', '\x1b]0;pwned\x07x', 'x'],
    ['title, ST', '\x1b]2;pwned\x1b\\x', 'x'],
    ['title, 8-bit', '\x9d0;pwned\x9cx', 'x'],
    ['title of screen', '\x1bkpwned\x1b\\x', 'x'],
    ['clipboard', '\x1b]52;c;cm0gLXJmIC8=\x07x', 'x'],
    ['hyperlink', '\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\', 'click'],
    ['inline image', '\x1b]1337;File=inline=1:AAAA\x07x', 'x'],
    ['unterminated title', '\x1b]0;pwned', '␛]0;pwned'],
    ['unterminated title before LF', '\x1b]0;pwned\nb\x07', '␛]0;pwned\nb␇'],
    ['unterminated 8-bit title', '\x9d0;pwned', '\\x9d0;pwned'],
    ['second half of a split title', ';pwned\x07x', ';pwned␇x'],
    ['split in the introducer', 'x\x1b', 'x␛'],
    ['split in the parameters', 'x\x1b[3', 'x␛[3'],
    ['DCS', '\x1bP1$r0m\x1b\\x', 'x'],
    ['DCS around an OSC (tmux)', '\x1bPtmux;\x1b\x1b]52;c;AA\x07\x1b\\x', '␛x'],
    ['sixel', '\x1bPq#0;2;0;0;0\x1b\\x', 'x'],
    ['APC', '\x1b_Gf=24\x1b\\x', 'x'],
    ['PM', '\x1b^x\x1b\\y', 'y'],
    ['SOS', '\x1bXx\x1b\\y', 'y'],
    ['string broken off by CAN', '\x1b]0;a\x18x', 'x'],
    ['string broken off by a colour', `\x1b]0;a${RED}x`, `${RED}x${OFF}`],
    ['clear screen', '\x1b[2J\x1b[Hx', 'x'],
    ['cursor up and erase', '\x1b[1A\x1b[2Kx', 'x'],
    ['8-bit cursor move', '\x9b2Jx', 'x'],
    ['alternate screen', '\x1b[?1049hx', 'x'],
    ['bracketed paste off', '\x1b[?2004lx', 'x'],
    ['answer back: device status', '\x1b[6nx', 'x'],
    ['modifyOtherKeys, which ends in m too', '\x1b[>4;2mx', 'x'],
    ['intermediate before m', '\x1b[1 mx', 'x'],
    ['reset terminal', '\x1bcx', 'x'],
    ['line drawing', '\x1b(0x', 'x'],
    ['keypad', '\x1b=x', 'x'],
    ['sequence with a control inside', '\x1b[2\rJ', '␛[2␍J'],
    ['sequence within a sequence', `\x1b[\x1b[31mx`, `␛[${RED}x${OFF}`],
    ['escape twice', `\x1b\x1b[2Jx`, '␛x'],
    ['dropping does not build a new one', '\x1b\x1b]0;\x07[2Jx', '␛[2Jx'],
    ['endless parameters', `\x1b[${'1;'.repeat(100)}mx`, 'x'],
    ['overwriting by CR', 'failed\rok    ', 'failed␍ok    '],
    ['backspaces', 'rm\b\bls', 'rm␈␈ls'],
    ['NUL, BEL, VT, FF, SO, DEL', '\0\x07\v\f\x0e\x7f', '␀␇␋␌␎␡'],
    ['C1 controls', '\x84\x85\x8d\x9c', '\\x84\\x85\\x8d\\x9c'],
    ['turned writing', 'a\u202egpj.exe\u2066b\u2069', 'a<U+202E>gpj.exe<U+2066>b<U+2069>'],
    ['wide characters', '日本語 👩‍👩‍👧 e\u0301', '日本語 👩‍👩‍👧 e\u0301'],
    ['lone surrogate', 'a\ud800b', 'a\ud800b'],
    ['no-break space and marks', '\u00a0\u200f', '\u00a0\u200f'],
  ])('%s', (_, text, expected) => expect(sanitize(text, 'colors')).toBe(expected));
});

describe('the other modes', () => {
  it('strip takes colours too', () => {
    expect(sanitize(`${RED}a${OFF}\x1b]0;x\x07b\r`, 'strip')).toBe('ab␍');
  });

  it('keep keeps all', () => {
    const text = `${RED}a\x1b]0;x\x07\0`;
    expect(sanitize(text, 'keep')).toBe(text);
  });
});

describe('any text', () => {
  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        '\x1b',
        '[',
        ']',
        'm',
        '8',
        ';',
        '\x07',
        '\\',
        '\x9b',
        '\x9c',
        '\x9d',
        'P',
        '\n',
        '3',
        '0',
      ),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
    ),
    maxLength: 60,
  });
  /** The only control sequence that may come out. */
  const SGR = /\x1b\[[\d;:]*m/g;
  const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

  it('leaves colours and nothing else', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(sanitize(text, 'colors').replace(SGR, '')).not.toMatch(CONTROL);
        expect(sanitize(text, 'strip')).not.toMatch(CONTROL);
      }),
      { numRuns: 3000 },
    );
  });

  it('closes what it opens before every LF', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        for (const line of sanitize(text, 'colors').split('\n')) {
          const last = line.match(SGR)?.at(-1);
          if (last !== undefined) expect(last).toMatch(/^\x1b\[0*m$/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const once = sanitize(text, 'colors');
        expect(sanitize(once, 'colors')).toBe(once);
      }),
    );
  });

  it.each(['\x9d', '\x1b]', '\x9b1', '\x1b(', '\x1bP\x9d', `${RED}`])(
    'takes a million of %j in one pass',
    (unit) => {
      // Quadratic time would be minutes here, beyond the time limit of a test.
      const text = unit.repeat(1_000_000);
      expect(sanitize(text, 'strip').replaceAll(/[^\n]/g, '').length).toBe(0);
    },
  );
});
