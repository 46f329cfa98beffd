// The flags of reading, through main() against the sandbox: levels, fields, stack traces, highlights.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ScalingoServer, startScalingo } from '../../src/sandbox/scalingo.ts';
import { createWorld, type World, type WorldLine } from '../../src/sandbox/world.ts';
import { run } from '../host-of-streams.ts';

const TRACE = ['Error: boom', '    at f (/a.js:1:2)', '    at g (/a.js:3:4)'];
const LINES: ({ text: string } & Partial<WorldLine>)[] = [
  { text: '{"level":"info","msg":"request done","id":12345678901234567890}' },
  { text: 'level=warn msg="slow query" ms=1200' },
  { text: 'plain text' },
  { text: 'GET / 503', kind: 'router', request: requestOf(503) },
  { text: 'GET / 404', kind: 'router', request: requestOf(404) },
  { text: 'GET / 200', kind: 'router', request: requestOf(200) },
  { text: TRACE[0] ?? '', index: 1 },
  { text: 'of another instance', index: 2 },
  { text: TRACE[1] ?? '', index: 1 },
  { text: TRACE[2] ?? '', index: 1 },
  { text: 'the end', index: 1 },
];

function requestOf(status: number): WorldLine['request'] & object {
  return { method: 'GET', path: '/a b', status, duration: 12, bytes: 3, client: '203.0.113.9', id: 'r1' };
}

let world: World;
let scalingo: ScalingoServer;
let headless: ScalingoServer;

beforeAll(async () => {
  world = createWorld({ scale: 0, past: 0 });
  const start = Date.parse('2026-03-01T10:00:00Z');
  for (const [index, line] of LINES.entries()) world.write({ at: { ms: start + index, nanos: 0 }, ...line });
  scalingo = await startScalingo({ world, ratePerMinute: 0, archives: 0 });
  headless = await startScalingo({ world, ratePerMinute: 0, archives: 0, headless: true });
});
afterAll(async () => {
  world.close();
  await Promise.all([scalingo.close(), headless.close()]);
});

async function shown(args: readonly string[], from = scalingo): Promise<string> {
  const { code, stdout, stderr } = await run(['logs', 'scalingo:shop', '-n', 'all', ...args], from.env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const bare = ['-t', 'none', '--no-prefix'];
const records = async (...args: string[]) =>
  (await shown(['--json', ...args]))
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));

describe('levels', () => {
  it('come out of JSON, logfmt and the router’s status', async () => {
    const levels = (await records()).slice(0, 6).map(({ level, severity }) => [level, severity]);
    expect(levels).toEqual([
      ['info', 9],
      ['warn', 13],
      [null, null],
      ['error', 17],
      ['warn', 13],
      ['info', 9],
    ]);
  });

  it('choose lines', async () => {
    const strict = await shown(['-l', 'warn', '--level-strict', '-s', 'app', ...bare]);
    expect(strict).toBe('level=warn msg="slow query" ms=1200\n');
    expect(await shown(['-l', '=error', '--level-strict', ...bare])).toContain('status=503');
    expect((await shown(['-l', 'warn', '-s', 'router', ...bare])).trimEnd().split('\n')).toHaveLength(2);
  });

  it('are the platform’s own alone with --no-parse', async () => {
    expect(await shown(['-l', 'warn', '--level-strict', '--no-parse', ...bare])).toBe('');
    const plain = await records('--no-parse');
    expect(plain.every(({ level, fields }) => level === null && fields === null)).toBe(true);
  });
});

describe('fields', () => {
  it('are in the records, with every digit, beside the message as it was', async () => {
    expect(await shown(['--json', '-n', 'all'])).toContain(
      '"fields":{"level":"info","msg":"request done","id":12345678901234567890}',
    );
    const [, warn, plain, router] = await records('--include-raw');
    expect(warn).toMatchObject({
      message: LINES[1]?.text,
      fields: { level: 'warn', msg: 'slow query', ms: '1200' },
      raw: expect.stringMatching(/^2026-03-01 .*\[web-1\] level=warn/),
    });
    expect(plain?.fields).toBeNull();
    expect(router?.fields).toMatchObject({ status: '503', method: 'GET', path: '/a b' });
  });

  it('stand in text with --fields', async () => {
    const lines = (await shown(['--fields', '-s', 'app', ...bare])).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'request done level=info id=12345678901234567890',
      'slow query level=warn ms=1200',
      'plain text',
    ]);
  });

  it('cannot be shown and not be parsed', async () => {
    const { code, stderr } = await run('logs scalingo:shop --fields --no-parse', scalingo.env);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('--fields and --no-parse contradict each other'),
    });
  });
});

describe('--multiline', () => {
  const trace = TRACE.join('\\n');

  it('is needed for a trace to be one entry', async () => {
    expect(await shown(['-g', 'boom', ...bare])).toBe('Error: boom\n');
    expect(await shown(['--multiline', '-g', 'boom', ...bare])).toBe(`${trace}\n`);
  });

  it('joins within an instance and counts entries', async () => {
    expect(await shown(['--multiline', '-n', '3', ...bare])).toBe(`${trace}\nof another instance\nthe end\n`);
  });

  it('matches over lines and ends after the entry', async () => {
    const { code, stdout } = await run(
      ['logs', 'scalingo:shop', '-n', 'all', '--multiline', '--until-match', '(?s)boom.*a\\.js:3', ...bare],
      scalingo.env,
    );
    expect(code).toBe(0);
    expect(stdout.endsWith(`${trace}\n`)).toBe(true);
  });

  it('keeps real line ends in records and raw', async () => {
    const [record] = await records('--multiline', '-g', 'boom', '--include-raw');
    expect(record?.message).toBe(TRACE.join('\n'));
    expect(String(record?.raw).split('\n')).toHaveLength(3);
    const raw = await shown(['--multiline', '-g', 'boom', '-o', 'raw']);
    expect(raw.trimEnd().split('\n')).toEqual(
      TRACE.map((text) => expect.stringContaining(`[web-1] ${text}`)),
    );
  });

  it('takes lines without a header as the rest of the line before, whatever is in them', async () => {
    const frames = TRACE.slice(1).join('\\n');
    expect(await shown(['--multiline', '-g', 'another', ...bare], headless)).toBe(
      `of another instance\\n${frames}\n`,
    );
  });
});

describe('--highlight', () => {
  it('changes nothing in a pipe', async () => {
    expect(await shown(['-H', 'plain', ...bare])).toBe(await shown(bare));
  });

  it('marks in any case where colour is asked for, and lets everything pass', async () => {
    const text = await shown(['-H', 'PLAIN', '-H', 'text$', '-i', '--color', 'always', ...bare]);
    expect(text).toContain('\x1b[7mplain\x1b[27m \x1b[7mtext\x1b[27m\n');
    expect(text.split('\n')).toHaveLength(LINES.length + 1);
  });

  it('refuses what is no pattern', async () => {
    const { code, stderr } = await run(['logs', 'scalingo:shop', '-H', '('], scalingo.env);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--highlight') });
  });
});
