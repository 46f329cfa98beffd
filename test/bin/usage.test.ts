// What wrong words on the command line get: one sentence, exit code 2, nothing on stdout, no platform asked.
import { readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, linesOf, type Place, polylog, shell } from './run-polylog.ts';

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place.remove());

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('the version', () => {
  it.each([
    ['polylog', ['--version']],
    ['polylog', ['-V']],
    ['logs', ['--version']],
  ] as const)('%s %j', async (bin, args) => {
    const ran = await polylog(args, { place, bin });
    expect(ran).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('a copy that is not ready', () => {
  it('says what to run', async () => {
    const root = join(place.root, 'copy');
    for (const path of ['bin', 'package.json']) {
      await cp(new URL(`../../${path}`, import.meta.url), join(root, path), { recursive: true });
    }
    const program = [process.execPath, join(root, 'bin/logs.js')].join(' ');
    const unbuilt = await shell(`${program} scalingo:shop`, { place }).ended;
    expect(unbuilt).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'polylog: this copy is not built yet. Run npm run build in its directory.\n',
    });
    await mkdir(join(root, 'dist'));
    await writeFile(join(root, 'dist/process.js'), "import 'commander';\n");
    const bare = await shell(`${program} scalingo:shop`, { place }).ended;
    expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining('Run npm ci in its directory') });
  });
});

describe('the second program', () => {
  it('is polylog logs under a short name', async () => {
    const ran = await polylog(['tail', 'nowhere:shop'], { place, bin: 'logs' });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('There is no platform or profile "nowhere"');
    const help = await polylog(['--help'], { place, bin: 'logs' });
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('polylog logs');
  });
});

describe('help', () => {
  it('that was asked for goes to stdout', async () => {
    const ran = await polylog(['--help'], { place });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('Usage: polylog');
  });

  it.each([[[]], [['apps']], [['auth']]])('stands on stderr where a command is missing: %j', async (args) => {
    const ran = await polylog(args, { place });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^Usage: polylog/);
  });
});

const SECRET = 'tk-us-never-shown';
// Complete settings, so that a wrong word is the only thing that is wrong; nothing listens there.
const env = {
  SCALINGO_AUTH_URL: 'http://127.0.0.1:1',
  SCALINGO_API_TOKEN: SECRET,
  POLYLOG_QNAP_URL: 'http://127.0.0.1:1',
};

describe.concurrent('is refused with one sentence', () => {
  it.each<[string, string, string[]]>([
    ['bogus', 'unknown command', ['bogus']],
    ['log scalingo:shop', 'Did you mean logs?', ['log', 'scalingo:shop']],
    ['an unknown flag', "unknown option '--bogus'", ['logs', 'scalingo:shop', '--bogus']],
    ['a mistyped flag', '--follow', ['logs', 'scalingo:shop', '--folow']],
    ['no target', 'No target is given.', ['logs']],
    [
      '-S -5m',
      '-S needs a value, but -5m follows. A value that begins with a dash is written --since=-5m.',
      ['logs', '-S', '-5m', 'scalingo:shop'],
    ],
    ['-n -1', 'is written --lines=-1', ['logs', '-n', '-1', 'scalingo:shop']],
    ['-n=-1', 'is no number of lines', ['logs', '--lines=-1', 'scalingo:shop']],
    ['--tail -f', 'To follow a log use -f', ['logs', '--tail', '-f', 'scalingo:shop']],
    ['-g -v', '--grep=-v', ['logs', '-g', '-v', 'scalingo:shop']],
    ['-S without a value', "'-S, --since <TIME>' argument missing", ['logs', 'scalingo:shop', '-S']],
    ['-t follow', 'To follow a log use -f', ['logs', 'scalingo:shop', '-t', 'follow']],
    ['a bad time', '"5x" is no time', ['logs', 'scalingo:shop', '-S', '5x']],
    ['a bad duration', '"soon" is no duration', ['logs', 'scalingo:shop', '--timeout', 'soon']],
    ['a zero duration', '"0" is no duration', ['logs', 'scalingo:shop', '--timeout', '0']],
    ['a bad pattern', 'The pattern of --grep, "(", is not understood', ['logs', 'scalingo:shop', '-g', '(']],
    ['look-ahead', 'Patterns are RE2', ['logs', 'scalingo:shop', '-e', '(?=a)']],
    ['a bad gate', 'The pattern of --until-match', ['logs', 'scalingo:shop', '--until-match', '[']],
    ['a pattern of two lines', 'is not understood', ['logs', 'scalingo:shop', '-g', '(\nb']],
    ['a bad zone', '"Mars/Olympus" is no time zone', ['logs', 'scalingo:shop', '--timezone', 'Mars/Olympus']],
    ['a bad level', '"loud" is no level', ['logs', 'scalingo:shop', '-l', 'loud']],
    ['a bad source', '"nowhere" is no source', ['logs', 'scalingo:shop', '-s', 'nowhere']],
    ['a bad count', '"0" is no count', ['logs', 'scalingo:shop', '-m', '0']],
    ['a bad number of lines', '"many" is no number of lines', ['logs', 'scalingo:shop', '-n', 'many']],
    ['a bad form', 'Unknown output form "yaml"', ['logs', 'scalingo:shop', '-o', 'yaml']],
    [
      'a bad field of a template',
      'Unknown field "nope"',
      ['logs', 'scalingo:shop', '-o', 'template={{nope}}'],
    ],
    ['a bad column', 'Unknown field "nope"', ['logs', 'scalingo:shop', '-o', 'csv', '--columns', 'nope']],
    ['a bad --ansi', 'is no mode of --ansi', ['logs', 'scalingo:shop', '--ansi', 'maybe']],
    ['a bad --color', 'auto, always, never', ['logs', 'scalingo:shop', '--color', 'maybe']],
    ['--columns without csv', '--columns belongs to -o csv', ['logs', 'scalingo:shop', '--columns', 'ts']],
    ['--json -o csv', 'contradict each other', ['logs', 'scalingo:shop', '--json', '-o', 'csv']],
    [
      '--utc --timezone',
      'contradict each other',
      ['logs', 'scalingo:shop', '--utc', '--timezone', 'Asia/Tokyo'],
    ],
    ['--all -n 5', '--all and --lines 5 contradict', ['logs', 'scalingo:shop', '--all', '-n', '5']],
    [
      '-n with an alias',
      '--lines and --tail mean the same',
      ['logs', 'scalingo:shop', '-n', '5', '--tail', '6'],
    ],
    ['a reversed range', '--since is not before --until', ['logs', 'scalingo:shop', '-S', '5m', '-U', '10m']],
    [
      'a switch and its opposite',
      '--follow and --no-follow contradict',
      ['logs', '-qf', 'scalingo:shop', '--no-follow'],
    ],
    ['-f until the past', 'nothing can follow', ['logs', 'scalingo:shop', '-f', '-U', '5m']],
    ['an unknown platform', 'There is no platform or profile "nowhere". Known:', ['logs', 'nowhere:shop']],
    [
      'an unknown --profile',
      'There is no platform or profile "nowhere"',
      ['logs', 'shop', '--profile', 'nowhere'],
    ],
    ['a name on several platforms', 'Write container-station:shop or scalingo:shop', ['logs', 'shop']],
    ['no app', 'Scalingo needs the name of an app', ['logs', 'scalingo:']],
    ['a malformed app', 'Scalingo has no apps with a name like', ['logs', 'scalingo:a b']],
    ['too many parts', '"shop/web/1" is no target of Scalingo', ['logs', 'scalingo:shop/web/1']],
    ['a malformed container', 'Containers are written docker/NAME', ['logs', 'qnap:shop']],
    ['an empty target', 'is no target', ['logs', '']],
    [
      'a target with control characters',
      '"scalingo:?[2Jshop" is no target',
      ['logs', 'scalingo:\u001b[2Jshop'],
    ],
    ['an unknown group', 'There is no group @team', ['logs', '@team']],
    [
      "another platform's flag",
      'Scalingo has no --category (asked for scalingo:shop). It is a flag of QNAP Container Station',
      ['logs', 'scalingo:shop', '--category', 'image'],
    ],
    [
      "a flag of one target's platform",
      'QNAP Container Station has no --addon',
      ['logs', 'scalingo:shop', 'qnap:', '--addon', 'x'],
    ],
    ['a CA file that is not there', 'cannot be read (ENOENT)', ['logs', 'scalingo:shop', '--ca', 'none.pem']],
    ['a bad fingerprint', 'no SHA-256 fingerprint', ['logs', 'scalingo:shop', '--fingerprint', 'abc']],
    ['apps list nowhere', 'There is no platform or profile "nowhere"', ['apps', 'list', 'nowhere']],
    ['apps list -o raw', '"raw" is no output form of lists', ['apps', 'list', '-o', 'raw']],
    ['auth status nowhere', 'There is no platform or profile "nowhere"', ['auth', 'status', 'nowhere']],
    ['sandbox --scale', '"never" is no value of --scale', ['sandbox', '--scale', 'never']],
  ])('%s', async (_, words, args) => {
    const ran = await polylog(args, { place, env });
    expect(linesOf(ran.stderr)).toEqual([expect.stringContaining(words)]);
    expect(ran.stderr).toMatch(/^polylog: /);
    expect(ran.stderr).not.toContain(SECRET);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
  });
});
