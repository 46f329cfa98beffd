// Every record has exactly the contract's keys in its order, holds against the schema, and survives any text.
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type App, instantFromMillis, LEVELS, LOG_SOURCES } from '../../src/model.ts';
import { jsonDocument } from '../../src/output/json.ts';
import { createNdjsonRenderer } from '../../src/output/ndjson.ts';
import {
  appRecord,
  COMMON_KEYS,
  createLogRecords,
  type EndSummary,
  endRecord,
  gapRecord,
  jsonLine,
  noticeRecord,
  type OutputRecord,
  RECORD_KEYS,
} from '../../src/output/records.ts';
import { recordSchema } from '../../src/output/schema.ts';
import { item, noon, shop, station, web } from './sample.ts';

const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(recordSchema());
const expectValid = (record: unknown): void => {
  validate(record);
  expect(validate.errors).toBeNull();
};
const now = (): number => noon + 1000;
const parsed = (text: string | Uint8Array): OutputRecord[] =>
  String(text)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as OutputRecord);

const full = item({
  component: 'web',
  instance: 'web-1',
  source: 'router',
  stream: 'stderr',
  level: 'warn',
  message: 'status=404',
  fields: { status: 404, path: '/x' },
  id: '17',
  deployment: 'd1',
});

describe('ndjson of a log', () => {
  it('has the keys of the contract in its order', () => {
    const { entries, head } = createNdjsonRenderer({ isTTY: false, now });
    expect(head).toBe('');
    expect(
      entries([full, item({ ts: null, quality: 'observed' }, { target: station, observed: noon })]),
    ).toBe(
      '{"v":1,"type":"log","provider":"scalingo","profile":"scalingo","app":"shop",' +
        '"ts":"2026-08-22T14:05:06.123Z","ts_quality":"exact","observed":"2026-08-22T14:05:07.123Z",' +
        '"component":"web","instance":"web-1","source":"router","stream":"stderr","level":"warn","severity":13,' +
        '"message":"status=404","fields":{"status":404,"path":"/x"},"id":"17","deployment":"d1","seq":1}\n' +
        '{"v":1,"type":"log","provider":"container-station","profile":"container-station","app":"",' +
        '"ts":null,"ts_quality":"observed","observed":"2026-08-22T14:05:06.123Z",' +
        '"component":null,"instance":null,"source":"app","stream":null,"level":null,"severity":null,' +
        '"message":"hello","fields":null,"id":null,"deployment":null,"seq":1}\n',
    );
  });

  it('counts per target from 1, over batches', () => {
    const { entries } = createNdjsonRenderer({ isTTY: false, now });
    const first = parsed(entries([item(), item({}, { target: web }), item()]));
    const second = parsed(entries([item({}, { target: web }), item()]));
    expect([...first, ...second].map(({ app, seq }) => [app, seq])).toEqual([
      ['shop', 1],
      ['docker/web', 1],
      ['shop', 2],
      ['docker/web', 2],
      ['shop', 3],
    ]);
  });

  it('tells of cut lines, and gives the raw line when asked', () => {
    const { entries } = createNdjsonRenderer({ isTTY: false, includeRaw: true, now });
    const [record] = parsed(entries([item({}, { truncated: 9, raw: '<11> hello' })]));
    expect(Object.keys(record ?? {}).slice(-3)).toEqual(['seq', 'truncated', 'raw']);
    expect(record).toMatchObject({ truncated: 9, raw: '<11> hello', message: 'hello' });
    expectValid(record);
  });

  it.each(LEVELS.map((level, index) => [level, [1, 5, 9, 13, 17, 21][index]] as const))(
    'gives %s the severity %d',
    (level, severity) => {
      const [record] = parsed(createNdjsonRenderer({ isTTY: false }).entries([item({ level })]));
      expect(record).toMatchObject({ level, severity });
      expectValid(record);
    },
  );

  const text = fc.string({
    unit: fc.oneof(fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }), surrogate()),
  });
  const textOrNull = fc.option(text);
  const items = fc.record({
    ts: fc.option(
      fc.record({
        seconds: fc.integer({ min: 0, max: 4e9 }),
        nanos: fc.integer({ min: 0, max: 999_999_999 }),
        digits: fc.integer({ min: 0, max: 9 }),
      }),
    ),
    quality: fc.constantFrom('exact' as const, 'second' as const, 'corrected' as const, 'observed' as const),
    component: textOrNull,
    instance: textOrNull,
    source: fc.constantFrom(...LOG_SOURCES),
    stream: fc.constantFrom('stdout' as const, 'stderr' as const, null),
    level: fc.constantFrom(...LEVELS, null),
    message: text,
    fields: fc.option(fc.dictionary(text, fc.jsonValue())),
    id: textOrNull,
    deployment: textOrNull,
  });

  it('is one valid line that reads back, whatever the platform sends', () => {
    fc.assert(
      fc.property(items, fc.boolean(), fc.nat(2), (body, isTTY, truncated) => {
        const entry = item(body, { truncated });
        const line = String(createNdjsonRenderer({ isTTY, includeRaw: true, now }).entries([entry]));
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const record = JSON.parse(line) as OutputRecord;
        expect(record.message).toBe(wellFormed(body.message));
        expect(hasHalves(record)).toBe(false);
        expectValid(record);
        const object = createLogRecords({ includeRaw: true, now })(entry);
        expect(line).toBe(isTTY ? line : jsonLine(object));
        expect(JSON.stringify(record)).toBe(JSON.stringify(JSON.parse(jsonLine(object))));
        if (isTTY) expect(line).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 500 },
    );
  });

  it('survives NUL and 8-bit controls, and marks lone surrogates', () => {
    const message = '\0\ud800x\udc00\x9b2J\u2028';
    const piped = createNdjsonRenderer({ isTTY: false }).entries([item({ message })]);
    // What really arrives are UTF-8 bytes.
    const [record] = parsed(Buffer.from(String(piped)));
    expect(record?.message).toBe('\0\ufffdx\ufffd\x9b2J\u2028');
    const shown = createNdjsonRenderer({ isTTY: true }).entries([item({ message })]);
    expect(shown).toContain('"message":"\\u0000\\ufffdx\\ufffd\\u009b2J\u2028"');
  });
});

/** What UTF-8 makes of it. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** Whether any text or key in it is one that UTF-8 cannot write. */
function hasHalves(value: unknown): boolean {
  if (typeof value === 'string') return value !== wellFormed(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some((pair) => pair.some(hasHalves));
}

function surrogate(): fc.Arbitrary<string> {
  return fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code));
}

describe('the other records', () => {
  const app: App = {
    id: '1',
    name: 'shop',
    components: [{ name: 'web', kind: 'service', instances: null }],
    region: null,
    status: 'running',
  };
  const gap = {
    from: instantFromMillis(noon, 0),
    to: null,
    reason: 'reconnected',
    certainty: 'possible',
    count: null,
  } as const;
  const notice = { kind: 'reconnected', message: 'scalingo: connected again' } as const;
  const end: EndSummary = {
    reason: 'interrupted',
    exit: 130,
    records: 12,
    gaps: 1,
    duplicatesDropped: 2,
    reconnects: 3,
    oldest: instantFromMillis(noon),
    newest: null,
    cursor: null,
  };

  it.each([
    ['app', appRecord(app, shop), { provider: 'scalingo', app: 'shop', id: '1', region: null }],
    ['gap', gapRecord(gap, shop), { from: '2026-08-22T14:05:06Z', to: null, certainty: 'possible' }],
    ['notice', noticeRecord(notice, shop, noon), { ts: '2026-08-22T14:05:06.123Z', kind: 'reconnected' }],
    ['notice', noticeRecord(notice, null, noon), { provider: null, profile: null, app: null }],
    ['end', endRecord(end, shop), { reason: 'interrupted', duplicates_dropped: 2, newest: null }],
    ['end', endRecord(end, null), { app: null, oldest: '2026-08-22T14:05:06.123Z' }],
  ] as const)('%s %#', (type, record, part) => {
    expect(Object.keys(record)).toEqual([...COMMON_KEYS, ...RECORD_KEYS[type]]);
    expect(record).toMatchObject({ v: 1, type, ...part });
    expectValid(record);
  });

  it('stand among the lines of ndjson', () => {
    const renderer = createNdjsonRenderer({ isTTY: false, now });
    const [gapLine] = parsed(renderer.gap(gap, shop));
    const [noticeLine] = parsed(renderer.notice(notice, null));
    expectValid(gapLine);
    expectValid(noticeLine);
    expect(gapLine).toEqual(gapRecord(gap, shop));
    expect(noticeLine).toEqual(noticeRecord(notice, null, now()));
  });

  it.each([false, true])('mark lone surrogates, on a terminal: %s', (isTTY) => {
    const [row] = JSON.parse(jsonDocument([{ id: 'a\ud800', '\udc00': null }], { isTTY })) as OutputRecord[];
    expect(row).toEqual({ id: 'a\ufffd', '\ufffd': null });
    const notice = jsonLine(noticeRecord({ kind: 'hint', message: 'a\ud800' }, null, noon));
    expect(JSON.parse(notice)).toMatchObject({ message: 'a\ufffd' });
  });

  it('make one JSON document', () => {
    const document = jsonDocument([appRecord({ ...app, name: 'a\x9b' }, shop)], { isTTY: true });
    expect(document).toContain('    "name": "a\\u009b",\n');
    expect(document.endsWith(']\n')).toBe(true);
    expect(JSON.parse(document)).toEqual([appRecord({ ...app, name: 'a\x9b' }, shop)]);
    expect(jsonDocument([], { isTTY: false })).toBe('[]\n');
  });
});

describe('the schema', () => {
  const [record = {}] = parsed(createNdjsonRenderer({ isTTY: false, now }).entries([full]));

  it.each([
    ['an unknown key', { ...record, surprise: 1 }],
    ['a missing key', { ...record, seq: undefined }],
    ['a local time', { ...record, ts: '2026-08-22T14:05:06+02:00' }],
    ['a number as id', { ...record, id: 17 }],
    ['an unknown level', { ...record, level: 'warning' }],
    ['seq from nought', { ...record, seq: 0 }],
    ['a log without an app', { ...record, app: null }],
    ['another version', { ...record, v: 2 }],
    ['an unknown type', { ...record, type: 'line' }],
  ])('refuses %s', (_, wrong) => {
    expect(validate(JSON.parse(JSON.stringify(wrong)))).toBe(false);
  });

  it('names every key of every type', () => {
    const { definitions } = recordSchema() as {
      definitions: Record<string, { properties: object; required: string[] }>;
    };
    expect(Object.keys(definitions)).toEqual(Object.keys(RECORD_KEYS));
    for (const [type, { properties, required }] of Object.entries(definitions)) {
      const keys = Object.keys(properties);
      expect(keys.slice(0, required.length), type).toEqual(required);
    }
  });
});
