// A platform that attacks the terminal: in lines, in every name and in its errors, seen through every command.
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { hostOf } from '../host-of-streams.ts';
import { createPlace, type Env, moment, onTerminal, type Place } from './run-polylog.ts';
import { type Answer, type Between, type Still, startBetween, startStill } from './still-platform.ts';

/** Each with what is left of it beside the letters around. */
const ATTACKS: readonly (readonly [name: string, text: string, left: string])[] = [
  ['title', '\x1b]0;pwned\x07', ''],
  ['title of screen', '\x1bkpwned\x1b\\', ''],
  ['clipboard', '\x1b]52;c;cm0gLXJmIC8=\x07', ''],
  ['hyperlink', '\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\', 'here'],
  ['cursor and screen', '\x1b[2J\x1b[1;1H\x1b[1A\x1b[2K', ''],
  ['alternate screen', '\x1b[?1049h\x1b[?25l\x1b[?1000h', ''],
  ['questions that are answered as typing', '\x1b[6n\x1b[c\x1b[21t\x1bZ', ''],
  ['reset and charset', '\x1bc\x1b(0\x1b#8', ''],
  ['8-bit controls', '\x9b2J\x9d0;pwned\x9c', ''],
  ['DCS, APC, PM, SOS', '\x1bP1$r0m\x1b\\\x1b_Gf=24;AA\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\', ''],
  ['overwriting', 'fail\rpass\b\b', 'fail␍pass␈␈'],
  ['bell and shifts', '\x07\x0e\x0f\x05', '␇␎␏␅'],
  ['turned writing', '\u202egpj\u2066exe\u2069', '<U+202E>gpj<U+2066>exe<U+2069>'],
  ['concealed', '\x1b[8mhidden\x1b[0m', 'hidden'],
];
/** Not ended within its own line: the next one must not be swallowed. */
const SPLIT = ['<split>\x1b]0;first half', 'second half\x07<end>'];
const NASTY = ATTACKS.map(([, text]) => text).join('');

let place: Place;
let still: Still;
let between: Between;

beforeAll(async () => {
  place = await createPlace();
  still = await startStill('digitalocean');
  for (const [index, text] of [...ATTACKS.map(([name, text]) => `<${name}>${text}<end>`), ...SPLIT].entries())
    still.world.write({ text, at: moment(`2026-03-01T10:00:${String(10 + index)}Z`) });
  // The name of a component ends at a space.
  still.world.write({
    text: 'from nowhere',
    component: `web${NASTY.replace(/\s/g, '')}`,
    at: moment('2026-03-01T10:01:00Z'),
  });
  const failed = still.world.deploy({ fail: true });
  still.world.advance(failed.id, 'failed');
  between = await startBetween(still);
  between.change = tainted;
});
afterAll(async () => {
  await between.close();
  await still.close();
  await place.remove();
});

/** Names and sentences of the platform, with attacks behind them; ids, words of state and times stay. */
const TEXTS =
  /^(name|slug|email|full_name|message|cause|cause_details|label|reason|commit_message|description|author)$/;

function tainted(path: string, { status, body }: Answer): Answer | undefined {
  if (path.includes('nosuch'))
    return { status: 422, body: JSON.stringify({ id: 'no', message: `no ${NASTY}` }) };
  if (!/^\s*[[{]/.test(body)) return undefined;
  return { status, body: JSON.stringify(JSON.parse(body, taint)) };
}

function taint(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  // Nothing stands in front of the stream of lines: the world's own lines are hostile enough.
  if (key === 'live_url') return value.replace(between.env.DIGITALOCEAN_API_URL ?? '', still.server.url);
  return TEXTS.test(key) && value !== 'shop' ? value + NASTY : value;
}

/** Colours and line ends are all that a terminal may get. */
function expectHarmless(text: string): void {
  expect(text).not.toBe('');
  const rest = text.replaceAll(/\x1b\[[\d;:]*m/g, '');
  expect(rest).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
  expect(text).not.toMatch(/\x1b\[(?:[\d;]*;)?0*8m/);
}

describe('on a real terminal', () => {
  it('every attack in a log is dropped or made visible, and lines stay lines', async () => {
    const args = ['logs', 'do:shop', '--color', 'always'];
    const { code, text } = await onTerminal(args, { place, env: between.env, columns: 400 }).ended;
    expect(code).toBe(0);
    expectHarmless(text);
    expect(text).not.toContain('pwned');
    const plain = text.replaceAll(/\x1b\[[\d;:]*m/g, '');
    for (const [name, , left] of ATTACKS) expect(plain).toContain(`<${name}>${left}<end>`);
    expect(plain).toMatch(/<split>␛\]0;first half\n.*second half␇<end>/);
  });
});

it('a sequence that comes in two chunks is one', async () => {
  const scalingo = await startStill('scalingo');
  const front = await startBetween(scalingo);
  scalingo.world.write({ text: 'before\x1b]0;pwned\x07after', at: moment('2026-03-01T10:00:00Z') });
  let splits = 0;
  front.change = (_, { status, body }) => {
    const at = body.indexOf(';pwned');
    if (at === -1) return undefined;
    splits += 1;
    return { status, body, pieces: [body.slice(0, at), body.slice(at)] };
  };
  const { out } = await seen('logs scalingo:shop', { color: true, env: front.env });
  await front.close();
  await scalingo.close();
  expect(splits).toBe(1);
  expect(out).toContain('beforeafter\n');
  expectHarmless(out);
});

/** In this process, as if both streams were terminals. */
async function seen(line: string, { color, env = between.env }: { color: boolean; env?: Env }) {
  const { host, stdout, stderr } = hostOf(line.split(' '), {
    ...env,
    ...(color ? { FORCE_COLOR: '3' } : {}),
    TERM: 'xterm-256color',
  });
  expect(stdout).toBeInstanceOf(Writable);
  stdout.isTTY = true;
  stderr.isTTY = true;
  const code = await main(host.argv, host);
  return { code, out: stdout.text, err: stderr.text };
}

describe.each([true, false])('through a command, with colour: %s', (color) => {
  it.each([
    'logs do:shop -o table',
    'logs do:shop -o raw',
    'logs do:shop -o ndjson',
    'logs do:shop -o csv',
    'logs do:shop -o template={{component}}|{{message}}',
    'logs do:shop --fields',
    'apps list do',
    'apps list do -o json',
    'apps list do -o csv',
    'builds list do:shop',
    'builds list do:shop -o csv',
    'builds show do:shop',
    'builds show do:shop -o json',
    'builds log do:shop --no-exit-status',
    'builds log do:shop --no-exit-status -o text',
    'auth status',
    'events list do:shop',
    'events list do:shop -o template={{user}}|{{message}}',
    'metrics show do:shop',
    'metrics show do:shop --chart',
    'metrics show do:shop -o prometheus',
    'metrics list do:shop',
  ])('%s is harmless', async (line) => {
    const { out, err } = await seen(line, { color });
    expectHarmless(out);
    if (err !== '') expectHarmless(err);
  });

  it('an error of the platform is harmless, and one line', async () => {
    const { code, err } = await seen('logs 00000000-0000-4000-8000-00nosuch', { color });
    expect(code).not.toBe(0);
    expectHarmless(err);
  });
});
