// Halves of characters in JSON: marked wherever they stand, pairs and look-alikes left alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, withoutHalves } from '../src/json-text.ts';

describe('JSON that is written', () => {
  it.each<[unknown, string]>([
    ['lone \udbff', '"lone \\ufffd"'],
    ['\udc00\ud800', '"\\ufffd\\ufffd"'],
    ['🧙 \ud83e', '"🧙 \\ufffd"'],
    ['\\ud800', '"\\\\ud800"'],
    ['\\\ud800', '"\\\\\\ufffd"'],
    [{ '\ud800': ['\udfff', null, 1] }, '{"\\ufffd":["\\ufffd",null,1]}'],
    [null, 'null'],
  ])('%j', (value, json) => {
    expect(jsonText(value)).toBe(json);
  });

  it('is indented on demand', () => {
    expect(jsonText(['\ud800'], 2)).toBe('[\n  "\\ufffd"\n]');
  });
});

describe('JSON that others wrote', () => {
  it.each([
    [String.raw`{"a":"lone \uDBFF"}`, String.raw`{"a":"lone \ufffd"}`],
    [String.raw`{"\ud800":"\uDE00"}`, String.raw`{"\ufffd":"\ufffd"}`],
    [String.raw`{"a":"\ud83e\uDDD9 🧙 \u00e9"}`, String.raw`{"a":"\ud83e\uDDD9 🧙 \u00e9"}`],
    [String.raw`{"a":"\ud83e\ud83e\udDd9\udDd9"}`, String.raw`{"a":"\ufffd\ud83e\udDd9\ufffd"}`],
    [String.raw`{"a":"\\ud800 \\\ud800 \"\ud800"}`, String.raw`{"a":"\\ud800 \\\ufffd \"\ufffd"}`],
    [String.raw`{"a":"\ud83e\\udDd9"}`, String.raw`{"a":"\ufffd\\udDd9"}`],
  ])('%s', (json, marked) => {
    expect(withoutHalves(json)).toBe(marked);
  });

  it('means the same but for its halves, however it is written', () => {
    const unit = fc.oneof(
      fc.constantFrom('\\', '"', 'u', 'd800', '🧙', 'é', '\n'),
      fc.integer({ min: 0xd7ff, max: 0xe000 }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(fc.array(unit), fc.boolean(), (units, isUpper) => {
        const text = units.join('');
        const escaped = JSON.stringify(text).replace(/[\ud800-\udfff]/g, (half) => {
          const digits = half.charCodeAt(0).toString(16);
          return `\\u${isUpper ? digits.toUpperCase() : digits}`;
        });
        expect(JSON.parse(withoutHalves(escaped))).toBe(Buffer.from(text).toString());
        expect(JSON.parse(jsonText(text))).toBe(Buffer.from(text).toString());
      }),
    );
  });
});
