// The forms of output in a pipe, to the letter, of both platforms.
import { Ajv } from 'ajv';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordSchema } from '../../src/output/schema.ts';
import { type OwnServer, plain, startOwn, TOKEN } from '../providers/scalingo/setup.ts';
import {
  createPlace,
  type Grounds,
  linesOf,
  moment,
  type Place,
  polylog,
  shell,
  startGrounds,
} from './run-polylog.ts';

let place: Place;
let grounds: Grounds;

const request = {
  method: 'GET',
  path: '/cart',
  status: 502,
  duration: 41,
  bytes: 128,
  client: '192.0.2.7',
  id: 'b7e35a10-58e9-4b5b-a50a-6e8e6f8a2c01',
};

beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({
    lines: [
      { at: moment('2026-03-01T10:00:00.000123456Z'), text: '  two spaces before' },
      { at: moment('2026-03-01T10:00:01Z'), text: '' },
      { at: moment('2026-03-01T10:00:02.5Z'), text: 'tick, "tock"', component: 'worker' },
      { at: moment('2026-03-01T10:00:03Z'), text: 'colour \u001b[31mred', index: 2 },
      { at: moment('2026-03-01T10:00:04Z'), text: 'routed', kind: 'router', request },
      { at: moment('2026-03-01T10:00:05Z'), text: 'größer 🚀' },
    ],
    station: {
      rows: [
        { at: moment('2026-03-01T09:00:00Z'), message: 'Start Container Station: v1.3' },
        { at: moment('2026-03-01T09:00:07Z'), message: 'Image removed (docker, busybox)', level: 'WARN' },
      ],
      nasUtcOffset: 0,
    },
  });
});
afterAll(async () => {
  await grounds.close();
  await place.remove();
});

const show = (...args: string[]) => polylog(['logs', 'show', ...args], { place, env: grounds.env });
const ROUTER =
  'method=GET path="/cart" host=shop.osc-fr1.scalingo.io request_id=b7e35a10-58e9-4b5b-a50a-6e8e6f8a2c01 container=web-1 from="192.0.2.7" protocol=https status=502 duration=0.041s bytes=128 referer="-" user_agent="Mozilla/5.0 (X11; Linux x86_64) \\"sandbox\\""';

describe.concurrent('text', () => {
  it('has time, source and message with one space between; nothing else is touched', async () => {
    const ran = await show('scalingo:shop');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toBe(
      [
        '2026-03-01T10:00:00.000123456Z scalingo:shop/web-1   two spaces before',
        '2026-03-01T10:00:01.000000000Z scalingo:shop/web-1 ',
        '2026-03-01T10:00:02.500000000Z scalingo:shop/worker-1 tick, "tock"',
        '2026-03-01T10:00:03.000000000Z scalingo:shop/web-2 colour \u001b[31mred',
        `2026-03-01T10:00:04.000000000Z scalingo:shop/router ${ROUTER}`,
        '2026-03-01T10:00:05.000000000Z scalingo:shop/web-1 größer 🚀',
        '',
      ].join('\n'),
    );
  });

  it('has a dash for a time that nobody knows', async () => {
    const ran = await show('qnap:docker/shop-worker');
    expect(ran).toMatchObject({
      code: 0,
      stdout: '- container-station:docker/shop-worker tick, "tock"\n',
      stderr: '',
    });
  });

  it('shows the activity log of a station', async () => {
    const ran = await show('qnap:', '--nas-timezone', 'UTC');
    expect(ran.stdout).toBe(
      '2026-03-01T09:00:00Z container-station: Start Container Station: v1.3\n' +
        '2026-03-01T09:00:07Z container-station: Image removed (docker, busybox)\n',
    );
  });

  it.each<[string[], string]>([
    [['-t', 'short'], '10:00:02.500 scalingo:shop/worker-1 tick, "tock"'],
    [['-t', 'unix'], '1772359202.500000000 scalingo:shop/worker-1 tick, "tock"'],
    [['-t', 'none'], 'scalingo:shop/worker-1 tick, "tock"'],
    [['--timezone', 'Asia/Tokyo'], '2026-03-01T19:00:02.500000000+09:00 scalingo:shop/worker-1 tick, "tock"'],
    [['--utc', '--no-prefix'], '2026-03-01T10:00:02.500000000Z tick, "tock"'],
    [['-t', 'none', '--no-prefix'], 'tick, "tock"'],
    [['--color', 'never'], '2026-03-01T10:00:02.500000000Z scalingo:shop/worker-1 tick, "tock"'],
  ])('with %j', async (flags, line) => {
    const ran = await show('scalingo:shop', '-g', 'tock', ...flags);
    expect(ran).toMatchObject({ code: 0, stdout: `${line}\n`, stderr: '' });
  });

  it('gives foreign colours away on demand', async () => {
    const ran = await show('scalingo:shop', '-g', 'colour', '-t', 'none', '--no-prefix', '--ansi', 'strip');
    expect(ran.stdout).toBe('colour red\n');
  });

  it('has colour in a pipe only when that is forced', async () => {
    const forced = await polylog(['logs', 'scalingo:shop', '-g', 'tock'], {
      place,
      env: { ...grounds.env, FORCE_COLOR: '1' },
    });
    expect(forced.stdout).toContain('\u001b[');
    const always = await show('scalingo:shop', '-g', 'tock', '--color', 'always');
    expect(always.stdout).toContain('\u001b[');
    const usual = await show('scalingo:shop', '-g', 'tock');
    expect(usual.stdout).not.toContain('\u001b[');
  });
});

describe.concurrent('raw', () => {
  it("is the platform's line without its end, then LF", async () => {
    const ran = await show('scalingo:shop', '-o', 'raw', '-n', '3');
    expect(ran.stdout).toBe(
      [
        '2026-03-01 11:00:03.000000000 +0100 CET [web-2] colour \u001b[31mred',
        `2026-03-01 11:00:04.000000000 +0100 CET [router] ${ROUTER}`,
        '2026-03-01 11:00:05.000000000 +0100 CET [web-1] größer 🚀',
        '',
      ].join('\n'),
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  describe('of lines that are no UTF-8', () => {
    const line = Buffer.concat([
      Buffer.from('2026-03-01 10:00:00.000000000 +0000 UTC [web-1] caf'),
      Buffer.from([0xe9, 0x00, 0xff, 0xc3]),
      Buffer.from(' end'),
    ]);
    const halves = [
      String.raw`{"level":"info","msg":"half \uDBFF"}`,
      String.raw`{"\ud800":"\udfff \ud83e\uDDD9 \\ud800","msg":"pair"}`,
      String.raw`level=warn a="half \ud800"`,
    ]
      .map((message, n) => `2026-03-01 10:00:0${n}.000000000 +0000 UTC [web-1] ${message}\r\n`)
      .join('');
    let own: OwnServer;
    beforeAll(async () => {
      own = await startOwn({
        routes: {
          '/logs/shop': ({ query }, response) =>
            plain(
              response,
              200,
              query.get('n') === '3' ? halves : Buffer.concat([line, Buffer.from('\r\n')]),
            ),
        },
      });
    });
    afterAll(() => own.close());
    const read = (form: string, lines = '1', ...flags: string[]) =>
      polylog(['logs', 'scalingo:shop', '-n', lines, '-o', form, ...flags], {
        place,
        env: { SCALINGO_AUTH_URL: own.url, SCALINGO_API_TOKEN: TOKEN },
      });

    it('is byte for byte', async () => {
      const ran = await read('raw');
      expect(ran.bytes).toEqual(Buffer.concat([line, Buffer.from('\n')]));
      expect(ran).toMatchObject({ code: 0, stderr: '' });
    });

    it('marks them in other forms', async () => {
      const ran = await read('ndjson');
      expect(JSON.parse(ran.stdout)).toMatchObject({ message: 'caf\ufffd\u0000\ufffd\ufffd end' });
    });

    it.each([[[]], [['--include-raw']]])(
      'marks half characters that an app escaped, so that strict readers read on: %j',
      async (flags) => {
        const ran = await read('ndjson', '3', ...flags);
        const records = linesOf(ran.stdout).map((record) => JSON.parse(record));
        expect(records.map(({ fields }) => fields)).toEqual([
          { level: 'info', msg: 'half \ufffd' },
          { '\ufffd': '\ufffd 🧙 \\ud800', msg: 'pair' },
          { level: 'warn', a: 'half \ufffd' },
        ]);
        expect(records.map(({ message }) => message)[0]).toContain('"half \\uDBFF"');
      },
    );
  });
});

describe.concurrent('ndjson', () => {
  const validate = new Ajv().compile(recordSchema());

  it.each([['scalingo:shop'], ['qnap:'], ['qnap:docker/shop-web']])(
    'of %s is valid by the published schema',
    async (target) => {
      const ran = await show(target, '-o', 'ndjson', '--include-raw');
      const records = linesOf(ran.stdout).map((line) => JSON.parse(line) as unknown);
      expect(records.length).toBeGreaterThan(1);
      for (const record of records) expect(validate(record), JSON.stringify(validate.errors)).toBe(true);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('holds what is known of a line', async () => {
    const ran = await show('scalingo:shop', '--json', '-n', '2');
    const [routed, last] = linesOf(ran.stdout).map((line) => JSON.parse(line));
    expect(last).toEqual({
      v: 1,
      type: 'log',
      provider: 'scalingo',
      profile: 'scalingo',
      app: 'shop',
      ts: '2026-03-01T10:00:05.000000000Z',
      ts_quality: 'exact',
      observed: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      component: 'web',
      instance: 'web-1',
      source: 'app',
      stream: null,
      level: null,
      severity: null,
      message: 'größer 🚀',
      fields: null,
      id: null,
      deployment: null,
      seq: 2,
    });
    expect(routed).toMatchObject({ source: 'router', message: ROUTER, seq: 1 });
  });

  it('is what json means for logs', async () => {
    const ran = await show('scalingo:shop', '-o', 'json', '-n', '2');
    expect(linesOf(ran.stdout)).toHaveLength(2);
  });

  it('is what POLYLOG_OUTPUT may ask for; the flag wins', async () => {
    const env = { ...grounds.env, POLYLOG_OUTPUT: 'ndjson' };
    const ran = await polylog(['logs', 'scalingo:shop', '-n', '1'], { place, env });
    expect(JSON.parse(ran.stdout)).toMatchObject({ type: 'log' });
    const text = await polylog(['logs', 'scalingo:shop', '-n', '1', '-o', 'text'], { place, env });
    expect(text.stdout).toBe('2026-03-01T10:00:05.000000000Z scalingo:shop/web-1 größer 🚀\n');
  });
});

describe.concurrent('csv', () => {
  it('can be read back', async () => {
    const ran = await show('scalingo:shop', '-o', 'csv');
    expect(ran.stdout).not.toContain('\r');
    const rows = parse(ran.stdout, { columns: true }) as Record<string, string>[];
    expect(rows.map((row) => row.message)).toEqual([
      '  two spaces before',
      '',
      'tick, "tock"',
      'colour \u001b[31mred',
      ROUTER,
      'größer 🚀',
    ]);
    expect(Object.keys(rows[0] ?? {})).toEqual(
      'v type provider profile app ts ts_quality observed component instance source stream level severity message id deployment seq'.split(
        ' ',
      ),
    );
  });

  it('has the chosen columns, and its head when there is no line', async () => {
    const some = await show('scalingo:shop', '-o', 'csv', '--columns', 'ts,message', '-g', 'tock');
    expect(some.stdout).toBe('ts,message\n2026-03-01T10:00:02.500000000Z,"tick, ""tock"""\n');
    const none = await show('scalingo:shop', '-o', 'csv', '--columns', 'ts,message', '-g', 'nothing');
    expect(none).toMatchObject({ code: 0, stdout: 'ts,message\n' });
  });
});

describe('a template', () => {
  it('fills in the fields of the record', async () => {
    const form = 'template={{ts}} {{app}} {{level}} {{message}}';
    const ran = await show('scalingo:shop', '-o', form, '-g', 'tock');
    expect(ran.stdout).toBe('2026-03-01T10:00:02.500000000Z shop  tick, "tock"\n');
  });
});

describe('a table in a pipe', () => {
  it('is aligned and never cut', async () => {
    const ran = await show('scalingo:shop', '-o', 'table', '-g', 'tock|größer');
    expect(linesOf(ran.stdout)).toEqual([
      'TIME                            SOURCE                  LEVEL  MESSAGE',
      '2026-03-01T10:00:02.500000000Z  scalingo:shop/worker-1  -      tick, "tock"',
      '2026-03-01T10:00:05.000000000Z  scalingo:shop/web-1     -      größer 🚀',
    ]);
  });
});

describe.concurrent('lists', () => {
  const run = (...args: string[]) => polylog(args, { place, env: grounds.env });

  it('apps list is a table whose first column can be typed as a target', async () => {
    const ran = await run('apps', 'list');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^TARGET +COMPONENTS +REGION +STATUS\n/);
    expect(ran.stdout).not.toMatch(/[│─\u001b]/);
    const targets = linesOf(ran.stdout).map((line) => line.split(/\s+/)[0]);
    expect(targets).toContain('scalingo:shop');
    expect(targets).toContain('container-station:docker/shop-web');
  });

  it('apps list as json is one document of valid records, as ndjson one a line', async () => {
    const validate = new Ajv().compile(recordSchema());
    const json = await run('apps', 'list', '--json');
    const records = JSON.parse(json.stdout) as unknown[];
    expect(records.length).toBeGreaterThan(5);
    for (const record of records) expect(validate(record), JSON.stringify(validate.errors)).toBe(true);
    const lines = await run('apps', 'list', '-o', 'ndjson', 'scalingo');
    for (const line of linesOf(lines.stdout)) expect(validate(JSON.parse(line))).toBe(true);
    expect(linesOf(lines.stdout)).toHaveLength(2);
  });

  it('auth status names who we are and where the credential came from, not the credential', async () => {
    const ran = await run('auth', 'status');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/scalingo +yes +alice \(alice@example\.com\) .*env SCALINGO_API_TOKEN/);
    expect(ran.stdout).toMatch(/container-station +yes +admin .*env POLYLOG_QNAP_USER/);
    expect(ran.stdout).not.toContain(grounds.env.SCALINGO_API_TOKEN);
    const json = await run('auth', 'status', '--json', 'scalingo');
    expect(JSON.parse(json.stdout)).toEqual([
      {
        profile: 'scalingo',
        provider: 'scalingo',
        url: grounds.scalingo.url,
        user: 'alice',
        note: 'alice@example.com',
        credential: 'env SCALINGO_API_TOKEN',
        ok: true,
        error: null,
      },
    ]);
  });

  it('platforms needs no credential and asks nobody', async () => {
    const table = await polylog(['platforms'], { place });
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(/Container Station.*Scalingo/);
    const json = await polylog(['platforms', '--json'], { place });
    const names = (JSON.parse(json.stdout) as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['container-station', 'scalingo']));
  });

  it('whose stdout is full fails with a sentence', async () => {
    const ran = await shell('$POLYLOG apps list scalingo > /dev/full', { place, env: grounds.env }).ended;
    expect(ran.stderr).toBe('polylog: Cannot write the output: no space is left on the device.\n');
    expect(ran.code).toBe(6);
  });
});
