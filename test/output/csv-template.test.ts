// CSV and templates over the records: exact lines, reading back, wrong names.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/errors.ts';
import { createCsv } from '../../src/output/csv.ts';
import {
  createLogRenderer,
  type LogForm,
  type LogRenderOptions,
  parseLogForm,
} from '../../src/output/logs.ts';
import { appRecord } from '../../src/output/records.ts';
import { createTemplate } from '../../src/output/template.ts';
import { item, noon, shop, web } from './sample.ts';

const options: LogRenderOptions = {
  targets: [shop, web],
  isTTY: false,
  columns: () => 80,
  color: 0,
  now: () => noon + 1000,
};
const render = async (form: LogForm, extra: Partial<LogRenderOptions> = {}) => {
  const { head, entries } = await createLogRenderer(form, { ...options, ...extra });
  return (...items: Parameters<typeof entries>[0]): string => head + String(entries(items));
};
const usage = (part: string) =>
  expect.objectContaining({ kind: 'usage', message: expect.stringContaining(part) });

const HEAD =
  'v,type,provider,profile,app,ts,ts_quality,observed,component,instance,source,stream,level,severity,message,id,deployment,seq';

describe('csv', () => {
  it('has a header and the record without fields', async () => {
    const csv = await render('csv');
    expect(
      csv(item({ level: 'error', fields: { a: 1 } }), item({ message: 'say "a, b"\nc\rd' }, { target: web })),
    ).toBe(
      `${HEAD}\n` +
        '1,log,scalingo,scalingo,shop,2026-08-22T14:05:06.123Z,exact,2026-08-22T14:05:07.123Z,,,app,,error,17,hello,,,1\n' +
        '1,log,container-station,nas-office,docker/web,2026-08-22T14:05:06.123Z,exact,2026-08-22T14:05:07.123Z,,,app,,,,' +
        '"say ""a, b""\nc\rd",,,1\n',
    );
  });

  it('has the raw line with --include-raw', async () => {
    const csv = await render('csv', { includeRaw: true });
    expect(csv(item({}, { raw: '<11>,x' }))).toMatch(/,seq,raw\n.*,1,"<11>,x"\n$/);
  });

  it('has the columns that were chosen', async () => {
    const csv = await render('csv', { csvColumns: 'message, ts,fields,fields.user.id,fields.nothing.more' });
    expect(csv(item({ fields: { user: { id: 7 } } }))).toBe(
      'message,ts,fields,fields.user.id,fields.nothing.more\n' +
        'hello,2026-08-22T14:05:06.123Z,"{""user"":{""id"":7}}",7,\n',
    );
  });

  it.each([
    ['time', 'Unknown field "time" in --columns'],
    ['ts,app.name', 'Unknown field "app.name"'],
    ['constructor', 'Unknown field "constructor"'],
    ['', 'names no column'],
    [' , ', 'names no column'],
  ])('refuses --columns %j', async (csvColumns, message) => {
    await expect(render('csv', { csvColumns })).rejects.toEqual(usage(message));
  });

  it('reads nothing from prototypes', async () => {
    const csv = await render('csv', { csvColumns: 'fields.constructor' });
    expect(csv(item({ fields: {} }))).toBe('fields.constructor\n\n');
  });

  it('is neutralised on a terminal', async () => {
    const csv = await render('csv', { isTTY: true, csvColumns: 'message' });
    expect(csv(item({ message: 'a\x1b[2J\x9d0;t\x07\r' }))).toBe('message\na␍\n');
  });

  it('shows lists of objects as JSON', () => {
    const { head, row } = createCsv({ type: 'app', ansi: 'keep' });
    const components = [{ name: 'web', kind: 'service', instances: 2 }];
    expect(head).toBe('v,type,provider,profile,app,id,name,components,region,status\n');
    expect(row(appRecord({ id: '1', name: 'shop', components, region: null, status: 'up' }, shop))).toBe(
      '1,app,scalingo,scalingo,shop,1,shop,"[{""name"":""web"",""kind"":""service"",""instances"":2}]",,up\n',
    );
  });

  it('reads back, whatever the message is', async () => {
    const csv = await render('csv', { csvColumns: 'message,id' });
    const text = fc.string({ unit: fc.oneof(fc.constantFrom('"', ',', '\n', '\r', ' ', ''), fc.string()) });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (rows) => {
        const lines = csv(...rows.map(([message, id]) => item({ message, id })));
        const read = parse(lines, { recordDelimiter: '\n', columns: false });
        expect(read.slice(1)).toEqual(rows);
      }),
    );
  });
});

describe('template', () => {
  it.each([
    ['{{ts}} {{app}} {{message}}', '2026-08-22T14:05:06.123Z shop hello'],
    ['{{ level }}|{{severity}}|{{seq}}|{{id}}', 'warn|13|1|'],
    ['{{fields.user}}\\t{{fields.user.name}}:{{fields}}', '{"name":"x"}\tx:{"user":{"name":"x"}}'],
    ['}} {x} {{raw}}\\n', '}} {x} <11> hello\n'],
  ])('%j', async (template, expected) => {
    const print = await render({ template });
    const fields = { user: { name: 'x' } };
    expect(print(item({ level: 'warn', fields }, { raw: '<11> hello' }))).toBe(`${expected}\n`);
  });

  it.each([
    ['', 'names no field'],
    ['message', 'names no field'],
    ['{{message', 'has no }}'],
    ['{{}}', 'names no field'],
    ['{{ }}', 'names no field'],
    ['{{{message}}}', 'Unknown field "{message"'],
    ['{{msg}}', 'Unknown field "msg" in the template'],
    ['{{message.length}}', 'Unknown field "message.length"'],
    ['{{__proto__}}', 'Unknown field "__proto__"'],
    ['{{'.repeat(100_000), 'has no }}'],
  ])('refuses number %#', async (template, message) => {
    await expect(render({ template })).rejects.toEqual(usage(message));
  });

  it('lists the fields when one is wrong', () => {
    const wrong = (): unknown => createTemplate({ type: 'log', template: '{{msg}}', ansi: 'keep' });
    expect(wrong).toThrow(CliError);
    expect(wrong).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/v, type, .*, ts, .*, message, /) }),
    );
  });

  it('cleans values, not the template itself', async () => {
    const print = await render({ template: '\x1b[1m{{message}}\x1b[0m' }, { isTTY: true });
    expect(print(item({ message: 'a\x1b[2J\x1b[31mb' }))).toBe('\x1b[1mab\x1b[0m\n');
  });
});

describe('parseLogForm', () => {
  it.each(['text', 'raw', 'table', 'ndjson', 'json', 'csv'])('knows %s', (form) => {
    expect(parseLogForm(form)).toBe(form);
  });

  it('takes a template', () => {
    expect(parseLogForm('template={{ts}}={{message}}')).toEqual({ template: '{{ts}}={{message}}' });
  });

  it.each(['', 'xml', 'template', 'NDJSON', 'toString'])('refuses %j', (form) => {
    expect(() => parseLogForm(form)).toThrow(usage('Unknown output form'));
  });

  it('json is ndjson on a stream', async () => {
    const [json, ndjson] = await Promise.all([render('json'), render('ndjson')]);
    expect(json(item())).toBe(ndjson(item()));
  });
});
