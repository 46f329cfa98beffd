// Lines that go from bytes to bytes are, byte for byte, what their items would have been rendered as.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogBody, LogEntry } from '../../src/model.ts';
import { createLogRenderer, type LogForm, type LogRenderOptions } from '../../src/output/logs.ts';
import { entryReading as digitaloceanReading } from '../../src/providers/digitalocean/reading.ts';
import { createLineParser } from '../../src/providers/digitalocean/translate.ts';
import { entryReading as scalingoReading } from '../../src/providers/scalingo/dump.ts';
import { parseAddonLine, parseLine } from '../../src/providers/scalingo/translate.ts';
import { readMessage, unread } from '../../src/stream/message.ts';
import { pieceOf, sourceOf, TextBytes } from '../../src/text-bytes.ts';
import { bundleOf, type LineReading } from '../../src/transport/line-bundle.ts';
import { shop } from './sample.ts';

const now = Date.parse('2026-11-21T10:00:00.123Z');
const options: LogRenderOptions = {
  targets: [shop],
  isTTY: false,
  columns: () => 80,
  color: 0,
  now: () => now,
};

const parserOf = createLineParser;
const origin = { source: 'app', deployment: 'd-1', component: null } as const;
const readings: Readonly<Record<string, () => LineReading<LogEntry>>> = {
  scalingo: () => scalingoReading(parseLine),
  'an add-on of scalingo': () => scalingoReading(parseAddonLine),
  digitalocean: () => digitaloceanReading(parserOf(origin)),
};

const forms: readonly (readonly [name: string, form: LogForm, more: Partial<LogRenderOptions>])[] = [
  ['text', 'text', {}],
  ['text in colours', 'text', { color: 3 }],
  ['text in another zone', 'text', { zone: 'Asia/Kolkata' }],
  ['text without prefix and time', 'text', { noPrefix: true, timestamps: 'none' }],
  ['ndjson', 'ndjson', { read: readMessage }],
  ['ndjson without parsing', 'ndjson', { read: unread }],
  ['ndjson of the platform alone', 'ndjson', { read: (body: LogBody) => body }],
];

/** What the form gives for each, by both ways; the second one null where it has none. */
async function rendered(
  bytes: Buffer,
  reading: LineReading<LogEntry>,
  [, form, more]: (typeof forms)[number],
) {
  const bundle = bundleOf(bytes, reading);
  const bySlow = await createLogRenderer(form, { ...options, ...more });
  const byBytes = await createLogRenderer(form, { ...options, ...more });
  const slow = bySlow.entries(bundle.items.map((entry) => ({ entry, target: shop, observed: now })));
  const lines = bundle.lines;
  const fast = lines && byBytes.lines ? Buffer.from(byBytes.lines(lines, shop, () => now)) : null;
  return { slow: String(slow), fast: fast?.toString('utf8') };
}

const two = (most: number) =>
  fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, '0'));
const digits = fc.oneof(
  fc.constant(''),
  fc.stringMatching(/^\.\d{0,12}$/),
  fc.constant('.123456789'),
  fc.constant('.5'),
);
const day = fc.oneof(
  fc.constantFrom(
    '2026-09-20',
    '2024-02-29',
    '1970-01-01',
    '1969-12-31',
    '2026-02-30',
    '9999-12-31',
    '2026-9-20',
  ),
  fc.tuple(two(99), two(13), two(32)).map(([year, month, date]) => `20${year}-${month}-${date}`),
);
const clock = fc.tuple(two(25), two(60), two(61)).map((parts) => parts.join(':'));
const zone = fc.constantFrom(
  ' +0000 UTC',
  ' +0200 CEST',
  ' -0330',
  ' +0530 +0530',
  ' +02:00 X',
  'Z',
  '+02:00',
  '+0200',
  ' +0000 TOOLONGZONE',
  ' +00 UTC',
  '',
);
const place = fc.constantFrom(
  'web-1',
  'router',
  'manager',
  'one-off-594',
  'postgresql',
  '',
  'a b',
  'a\tb',
  'a\u00a0b',
  'wéb',
  'x'.repeat(130),
);
const message: fc.Arbitrary<string> = fc.oneof(
  fc.constant(null).chain(() => logfmt),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    'hello',
    '  at=info status=503 path="/a b"',
    'method=GET path="/x" status=404 ',
    'a=',
    `${'k'.repeat(64)}=1 b=2`,
    `${'k'.repeat(65)}=1 b=2`,
    'état=1 b=2',
    '{"level":"warn","msg":"x","n":12345678901234567890}',
    '  {"a":{"b":[1,2,{}]}}  ',
    '{"level":"info","msg":"lone \\ud800"}',
    '{not json}',
    'quotes " and \\ and \t tab \u007f \u001b[31mred\u001b[0m',
    'x\ry',
    '日本語 🎉 \u202e',
  ),
);
const pair = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(
        'level',
        'severity',
        'lvl',
        'log.level',
        'at',
        'status',
        'a',
        'a',
        '__proto__',
        '12',
        'é',
      ),
      fc.stringMatching(/^[\w.@#-]{1,9}$/),
    ),
    fc.constantFrom('=', '=', '=', '=', '', '=='),
    fc.oneof(
      fc.constantFrom(
        'info',
        'error',
        '"warn"',
        '30',
        '3',
        '503',
        '404',
        '',
        '"a b"',
        '"a\\"b"',
        '"open',
        '"x"y',
        'a"b',
      ),
      fc.stringMatching(/^[ -~]{0,6}$/),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
  )
  .map((parts) => parts.join(''));
const logfmt = fc
  .tuple(
    fc.constantFrom('', ' ', '         '),
    fc.array(pair, { maxLength: 30 }),
    fc.constantFrom(' ', '  ', '\t'),
  )
  .map(([indent, pairs, between]) => indent + pairs.join(between));
const scalingoLine = fc
  .tuple(day, fc.constantFrom(' ', 'T'), clock, digits, zone, fc.constantFrom(' [', '[', ' '), place, message)
  .map(
    ([date, between, time, fraction, offset, open, name, text]) =>
      `${date}${between}${time}${fraction}${offset}${open}${name}] ${text}`,
  );
const digitaloceanLine = fc
  .tuple(place, day, fc.constantFrom('T', ' '), clock, digits, zone, fc.constantFrom(' ', ''), message)
  .map(
    ([name, date, between, time, fraction, offset, space, text]) =>
      `${name} ${date}${between}${time}${fraction}${offset}${space}${text}`,
  );
const usual = fc.constantFrom(
  '2026-09-20 14:15:34.371836275 +0200 CEST [web-1] hello',
  '2026-09-20 14:15:34.371836275 +0000 UTC [router] method=GET path="/x" status=500',
  'web 2026-08-01T10:00:00.123456789Z listening',
  'web 2026-08-01T10:00:00Z',
);
const line = fc
  .oneof(usual, scalingoLine, digitaloceanLine, message)
  .map((text) => text.replaceAll('\n', ' '));
const end = fc.constantFrom('\n', '\n', '\r\n');
const log = fc
  .array(fc.tuple(line, end), { minLength: 1, maxLength: 12 })
  .map((lines) => lines.flat().join(''));

describe.each(Object.keys(readings))('lines of %s', (name) => {
  test.each(forms)('as %s', async (...form) => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(log, async (text) => {
        const reading = readings[name]?.();
        if (!reading) throw new Error(name);
        const { slow, fast } = await rendered(Buffer.from(text), reading, form);
        expect(fast).toBe(slow);
        compared += 1;
      }),
      { numRuns: 300 },
    );
    expect(compared).toBe(300);
  });
});

test('the usual line of each platform needs no item', () => {
  const parts = { seconds: 0, fraction: 0, digits: 0, origin: 0, originEnd: 0, message: 0 };
  const found = (reading: LineReading<LogEntry> | undefined, text: string) =>
    reading?.find?.(Buffer.from(text), 0, text.length, parts);
  expect(found(readings.scalingo?.(), '2026-09-20 14:15:34.371836275 +0200 CEST [web-1] hello')).toBe(true);
  expect(found(readings.digitalocean?.(), 'web 2026-08-01T10:00:00.123456789Z hello')).toBe(true);
});

test('bytes that are no UTF-8 are read as items', () => {
  const reading = scalingoReading(parseLine);
  expect(bundleOf(Buffer.from([0x61, 0xff, 0x0a]), reading).lines).toBeNull();
});

test('a form that needs the items offers no lines', async () => {
  for (const more of [
    { isTTY: true },
    { highlight: [{ spans: () => [] }] },
    { fields: true },
    { timestamps: 'unix' },
  ] as const) {
    expect((await createLogRenderer('text', { ...options, ...more })).lines).toBeUndefined();
  }
  expect((await createLogRenderer('ndjson', { ...options, includeRaw: true })).lines).toBeUndefined();
  expect((await createLogRenderer('ndjson', { ...options, isTTY: true })).lines).toBeUndefined();
});

describe('text in bytes', () => {
  test('is escaped as JSON has it, at any place in a larger text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'grapheme' }), fc.string(), (before, text, after) => {
        const bytes = Buffer.from(before + text + after);
        const from = Buffer.byteLength(before);
        const out = new TextBytes();
        out.addText('"');
        out.addEscaped(sourceOf(bytes), from, from + Buffer.byteLength(text));
        out.addPiece(pieceOf('"'));
        expect(Buffer.from(out.take()).toString()).toBe(JSON.stringify(text));
      }),
    );
  });

  test('grows with what is added and begins anew', () => {
    const out = new TextBytes();
    for (const text of ['a'.repeat(70_000), 'é'.repeat(50_000), '']) {
      out.clear();
      const piece = pieceOf(text);
      const source = sourceOf(Buffer.from(text));
      out.addPiece(piece);
      out.addRange(source, 0, source.length);
      out.addBytes(source.bytes);
      out.addNumber(0);
      out.addNumber(1_234_567_890_123);
      expect(Buffer.from(out.take()).toString()).toBe(`${text.repeat(3)}01234567890123`);
    }
  });
});
