// What is read out of messages: JSON, logfmt, router lines, levels; hostile input by name.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Level, LogBody, LogSource, Reading } from '../../src/model.ts';
import { DEEPEST, LONGEST_PARSED, MOST_KEYS, readMessage, unread } from '../../src/stream/message.ts';

const BODY: LogBody = {
  ts: null,
  quality: 'observed',
  component: null,
  instance: null,
  source: 'app',
  stream: null,
  level: null,
  message: '',
  fields: null,
  id: null,
  deployment: null,
};

function read(message: string, more: Partial<LogBody> = {}): Reading {
  return readMessage({ ...BODY, ...more, message });
}

function isUnread(message: string, more: Partial<LogBody> = {}): boolean {
  const body = { ...BODY, ...more, message };
  return readMessage(body) === body;
}

describe('JSON', () => {
  it.each<[string, Level | null, string]>([
    ['{"level":"info","msg":"request done","status":200}', 'info', 'request done'],
    ['{"level":30,"time":1700000000000,"pid":1,"hostname":"h","msg":"pino"}', 'info', 'pino'],
    ['{"name":"app","level":50,"msg":"bunyan","v":0}', 'error', 'bunyan'],
    ['{"severity":"WARNING","message":"as Google writes it"}', 'warn', 'as Google writes it'],
    ['{"severity":3,"message":"syslog\'s own number"}', 'error', "syslog's own number"],
    ['{"lvl":"eror","msg":"log15"}', 'error', 'log15'],
    ['{"@timestamp":"2026-01-01","log.level":"ERROR","message":"ecs"}', 'error', 'ecs'],
    ['{"log":{"level":"debug"},"message":"ecs, nested"}', 'debug', 'ecs, nested'],
    ['{"level":"emerg","msg":"by name"}', 'fatal', 'by name'],
    ['{"level":"loud","severity":"warn","msg":"the next key"}', 'warn', 'the next key'],
    ['{"level":3,"msg":"may mean anything"}', null, 'may mean anything'],
    ['{"level":{"a":1},"msg":["no text"],"message":"this"}', null, 'this'],
    ['  {"level":"warn"}  ', 'warn', ''],
    ['{}', null, ''],
    ['{"msg":"支払い 🧙‍♂️ caf\\u00e9","level":"trace"}', 'trace', '支払い 🧙‍♂️ café'],
  ])('%s: %s', (message, level, text) => {
    expect(read(message)).toMatchObject({ level, message: text, fields: JSON.parse(message) });
  });

  it('keeps what was parsed whole, and says which keys level and message were', () => {
    expect(read('{"severity":"error","message":"m","a":{"b":[1]}}')).toMatchObject({
      fields: { severity: 'error', message: 'm', a: { b: [1] } },
      levelKey: 'severity',
      messageKey: 'message',
    });
  });

  it('keeps every digit of a number for those who print JSON', () => {
    const message = '{"user_id":12345678901234567890,"ratio":1.0}';
    expect(read(message).json).toBe(message);
    expect(read(' {"a":"🧙"} ').json).toBe('{"a":"🧙"}');
    expect(read('{"a":"\ud83e"}').json).toBeUndefined();
    expect(read('{"a":\n1}').json).toBeUndefined();
  });

  it('gives numbers that would lose digits as text', () => {
    const message =
      '{"id":12345678901234567890,"n":[-9007199254740993,1e400,1.5,9007199254740991],"t":"x \\"12345678901234567890"}';
    expect(read(message).fields).toEqual({
      id: '12345678901234567890',
      n: ['-9007199254740993', '1e400', 1.5, 9007199254740991],
      t: 'x "12345678901234567890',
    });
  });

  it.each([
    ['cut off', '{"level":"error","msg":"the pla'],
    ['broken', '{"level":"error",}'],
    ['a list', '[{"level":"error"}]'],
    ['an inspected object', "{ level: 'error' }"],
    ['a Ruby hash', '{"level"=>"error"}'],
    ['two objects', '{"level":"error"} {"level":"error"}'],
    ['text behind it', '{"level":"error"} and more'],
    ['only a brace', '{'],
    ['in braces', '{not json}'],
    ['huge', `{"level":"error","msg":"${'x'.repeat(LONGEST_PARSED)}"}`],
    ['too many keys', `{${Array.from({ length: MOST_KEYS + 1 }, (_, index) => `"k${index}":1`).join()}}`],
    ['too deep', `${'{"a":'.repeat(DEEPEST + 1)}1${'}'.repeat(DEEPEST + 1)}`],
    ['endlessly deep', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['many keys below', `{"a":[${Array.from({ length: 150 }, () => '{"a":1,"b":2}').join()}]}`],
  ])('leaves alone what is %s', (_, message) => {
    expect(isUnread(message)).toBe(true);
  });

  it('reads up to its bounds', () => {
    const deep = `${'{"a":'.repeat(DEEPEST)}1${'}'.repeat(DEEPEST)}`;
    expect(read(deep).fields).toEqual(JSON.parse(deep));
    const wide = JSON.stringify(
      Object.fromEntries(Array.from({ length: MOST_KEYS }, (_, i) => [`k${i}`, i])),
    );
    expect(Object.keys(read(wide).fields ?? {})).toHaveLength(MOST_KEYS);
  });

  it.each([
    '{"__proto__":{"level":"error","polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    '__proto__=polluted constructor=x level=info',
    '__proto__="{}" prototype=1',
  ])('is not led by the nose by %s', (message) => {
    const { fields, level } = read(message);
    expect(level).toBe(message.includes('level=info') ? 'info' : null);
    expect(Object.hasOwn(fields ?? {}, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(JSON.stringify(fields)).toContain('__proto__');
  });

  it('takes no inherited word for a level', () => {
    expect(read('{"level":"constructor","msg":"m"}').level).toBeNull();
    expect(read('{"level":"__proto__","msg":"m"}').level).toBeNull();
  });
});

describe('logfmt', () => {
  it.each<[string, Level | null, string, Record<string, unknown>]>([
    [
      'level=info msg="request done" path=/ status=200',
      'info',
      'request done',
      { level: 'info', msg: 'request done', path: '/', status: '200' },
    ],
    [
      'time="2026-01-01T00:00:00Z" level=warning msg="logrus" id=1',
      'warn',
      'logrus',
      { time: '2026-01-01T00:00:00Z', level: 'warning', msg: 'logrus', id: '1' },
    ],
    ['lvl=eror t=1 cached', 'error', '', { lvl: 'eror', t: '1', cached: true }],
    ['level=30 msg=pino', 'info', 'pino', { level: '30', msg: 'pino' }],
    ['at=error code=H10 desc="App crashed"', 'error', '', { at: 'error', code: 'H10', desc: 'App crashed' }],
    ['at=info method=GET', null, '', { at: 'info', method: 'GET' }],
    ['a="q \\"q\\" \\\\ \\n \\u00e9 \\x" b=', null, '', { a: 'q "q" \\ \n é \\x', b: '' }],
    ['a= b=2', null, '', { a: '', b: '2' }],
    ['path=/?a=b&c=d x=1', null, '', { path: '/?a=b&c=d', x: '1' }],
    ['größe=12 名前="茶碗 🧙"', null, '', { größe: '12', 名前: '茶碗 🧙' }],
    [
      'level=error msg="cut off by the pla',
      'error',
      'cut off by the pla',
      { level: 'error', msg: 'cut off by the pla' },
    ],
    [
      'level=error msg="ends in a backslash\\',
      'error',
      'ends in a backslash\\',
      { level: 'error', msg: 'ends in a backslash\\' },
    ],
    ['a=1 a=2', null, '', { a: '2' }],
  ])('%s', (message, level, text, fields) => {
    expect(read(message)).toMatchObject({ level, message: text });
    expect(read(message).fields).toEqual(fields);
  });

  it.each([
    ['prose', 'x=5 is the answer'],
    ['a plain level', 'ERROR something failed with code=5'],
    ['a level in brackets', '[WARN] code=5'],
    ['an error', 'Error: connect ECONNREFUSED'],
    ['base64', 'aGVsbG8gd29ybGQ='],
    ['padded base64', 'aGVsbG8gd29ybGQ=='],
    ['a comparison', 'a==b c==d'],
    ['flags of a program', '--port=3000 --host=x'],
    ['a program with variables', 'NODE_ENV=production node server.js'],
    ['a URL', 'https://example.com/?a=b'],
    ['a key in quotes', '"a"=b'],
    ['quotes with something behind', 'a="b"c d=e'],
    ['a line of signs', '========================'],
    ['a long word', `${'k'.repeat(65)}=1`],
    ['a huge line', `level=error ${'a=1 '.repeat(LONGEST_PARSED / 4)}`],
    ['too many keys', Array.from({ length: MOST_KEYS + 1 }, (_, index) => `k${index}=1`).join(' ')],
    ['nothing', ''],
    ['spaces', '    '],
  ])('leaves %s alone', (_, message) => {
    expect(isUnread(message)).toBe(true);
  });
});

describe('router lines', () => {
  const scalingo = (status: number) =>
    `method=POST path="/api/answers" host=x.scalingo.io request_id=6a69 container=web-7 from="10.127.0.1" protocol=https status=${status} duration=0.025s bytes=551 referer="-" user_agent="Mozilla/5.0 (X11; \\"Linux\\")"`;
  const istio = (status: number) =>
    `bytes=448 method=GET request_id=24FB fwd=1.1.1.1 origin= status=${status} service=10ms total=12ms source=1.1.1.1 dyno=api-default host=api path=/theme`;
  const envoy = (status: number) =>
    `bytes=448 request_size=300 response_size=148 method=GET request_id=24FB fwd=1.1.1.1 authority=api.example.com protocol=http11 status=${status} connect=0.40ms service=10.11ms total=12.00ms path=/theme?a=b`;
  const f5 = (status: number) =>
    `bytes=448 method=GET request_id=24FB fwd="1.1.1.1" status=${status} service=10 connect=0 total=11 dyno=api-default host=api path=/a b (c) "d`;

  it.each([
    ['Scalingo', scalingo],
    ['Istio', istio],
    ['Envoy', envoy],
    ['f5', f5],
  ])("%s's: the status is the level", (_, line) => {
    const levels = [0, 101, 200, 304, 400, 404, 499, 500, 503, 599, 600].map(
      (status) => read(line(status), { source: 'router' }).level,
    );
    expect(levels).toEqual([
      ...[null, 'info', 'info', 'info'],
      ...['warn', 'warn', 'warn', 'error', 'error', 'error', null],
    ]);
  });

  it('become fields', () => {
    expect(read(scalingo(201), { source: 'router' }).fields).toEqual({
      method: 'POST',
      path: '/api/answers',
      host: 'x.scalingo.io',
      request_id: '6a69',
      container: 'web-7',
      from: '10.127.0.1',
      protocol: 'https',
      status: '201',
      duration: '0.025s',
      bytes: '551',
      referer: '-',
      user_agent: 'Mozilla/5.0 (X11; "Linux")',
    });
    expect(read(istio(200), { source: 'router' }).fields).toMatchObject({
      origin: '',
      status: '200',
      path: '/theme',
    });
    expect(read(envoy(200), { source: 'router' }).fields).toMatchObject({
      connect: '0.40ms',
      path: '/theme?a=b',
    });
    expect(read(f5(200), { source: 'router' }).fields).toMatchObject({
      fwd: '1.1.1.1',
      connect: '0',
      path: '/a',
    });
  });

  it('are judged by their status only when they are a router’s', () => {
    const sources: LogSource[] = ['app', 'router'];
    expect(sources.map((source) => read('path=/ status=503', { source }).level)).toEqual([null, 'error']);
  });
});

describe('what the platform says', () => {
  it('comes before what the message says', () => {
    const reading = read('{"level":"debug","msg":"m"}', { level: 'fatal' });
    expect(reading.level).toBe('fatal');
    expect(reading.levelKey).toBeUndefined();
  });

  it('keeps its own fields', () => {
    expect(isUnread('{"level":"debug"}', { fields: { user: 'admin' } })).toBe(true);
  });

  it('is all that counts without parsing', () => {
    const body = { ...BODY, message: '{"level":"error"}' };
    expect(unread(body)).toBe(body);
  });
});

describe('a joined entry', () => {
  it('is read by its first line and keeps the rest', () => {
    const trace = '\nTypeError: x\n    at f (/a.js:1:2)';
    expect(read(`level=error msg="it failed" id=7${trace}`)).toMatchObject({
      level: 'error',
      message: `it failed${trace}`,
      fields: { id: '7' },
    });
    expect(read(`{"level":"error","msg":"it failed"}${trace}`)).toMatchObject({
      level: 'error',
      message: `it failed${trace}`,
      json: '{"level":"error","msg":"it failed"}',
    });
  });
});

describe('any text', () => {
  it('is read without a throw, and what is given as JSON is the fields', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '"',
      '\\',
      '=',
      ' ',
      'level',
      'error',
      '__proto__',
      ':',
      ',',
      '\n',
      '1',
      'é',
    );
    const messages = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(messages, fc.constantFrom<LogSource>('app', 'router'), (message, source) => {
        const { json, fields } = read(message, { source });
        if (json !== undefined) expect(JSON.parse(json)).toEqual(fields);
      }),
    );
  });

  it('that is JSON of an object comes back whole', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 10 }), (fields) => {
        const message = JSON.stringify(fields);
        fc.pre(message.split('":').length <= MOST_KEYS && message.length < LONGEST_PARSED);
        expect(JSON.stringify(read(message).fields)).toBe(JSON.stringify(JSON.parse(message)));
      }),
    );
  });
});
