// Help: topics derived from the code's own declarations, the help of each command, all within 80 columns.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { HELP_TOPICS } from '../../src/commands/help.ts';
import { definitions, entries, HELP_WIDTH, paragraph } from '../../src/commands/help-layout.ts';
import {
  environmentHelp,
  exitCodesHelp,
  GENERAL_VARIABLES,
  platformsHelp,
  targetsHelp,
} from '../../src/commands/help-topics.ts';
import { EXIT_CODES } from '../../src/errors.ts';
import { createProgram } from '../../src/program.ts';
import { isSupported, type Provider, unsupported } from '../../src/provider.ts';
import { PROVIDERS } from '../../src/providers/index.ts';
import { hostOf, run } from '../host-of-streams.ts';

const providers: readonly Provider[] = await Promise.all(PROVIDERS.map((entry) => entry.load()));
const program = createProgram({
  host: hostOf([]).host,
  print: () => undefined,
  explain: () => undefined,
  end: () => undefined,
});

function pathsUnder(command: Command, path: readonly string[] = []): string[] {
  const below = command.commands.flatMap((child) => pathsUnder(child, [...path, child.name()]));
  return path.length === 0 ? below : [path.join(' '), ...below];
}
const topics = HELP_TOPICS.map(({ name }) => name);
const commands = pathsUnder(program);

/** Commands that do something, but those whose help says more than examples would. */
const leaves = commands.filter(
  (path) =>
    !commands.some((other) => other.startsWith(`${path} `)) && path !== 'help' && path !== 'completion',
);

/** Whether the option stands in the list of the help as well, whose names are followed by a comma or spaces. */
function optionNamed(flag: string): RegExp {
  return new RegExp(`^ +(?:-\\w, )?${flag}(?:,| )`, 'm');
}

function tooLong(text: string): string[] {
  return text.split('\n').filter((line) => [...line].length > HELP_WIDTH);
}

describe('polylog help', () => {
  it('is the help of the program, with examples, topics and where the exit codes stand', async () => {
    const { code, stdout, stderr } = await run('help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const topic of topics) expect(stdout).toContain(topic);
    for (const { title } of PROVIDERS) expect(stdout.replace(/\s+/g, ' ')).toContain(title);
    for (const command of program.commands)
      expect(stdout).toMatch(new RegExp(`^  ${command.name()}\\b`, 'm'));
    const examples = /Examples:\n((?: {2}.*\n)+)/.exec(stdout)?.[1] ?? '';
    expect(examples.trimEnd().split('\n')).toHaveLength(3);
    expect(stdout).toContain('polylog help exit-codes');
  });

  it.each(['', ...topics, ...commands])('%s fits 80 columns', async (words) => {
    const { code, stdout } = await run(`help ${words}`);
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(100);
    expect(tooLong(stdout)).toEqual([]);
    expect(stdout).toMatch(/[^\n]\n$/);
  });

  it.each(leaves)('%s ends with examples that parse, and its exit codes', async (path) => {
    const { stdout } = await run(`${path} --help`);
    const examples = /\nExamples:\n([\s\S]*?)\n\n/.exec(stdout)?.[1] ?? '';
    const shown = [...examples.matchAll(/^ {2}polylog (\S+(?: [a-z]+)?)/gm)].map((match) => match[1] ?? '');
    expect(shown.length).toBeGreaterThan(0);
    for (const words of shown) expect(`${words} `.startsWith(`${path.split(' ')[0]} `)).toBe(true);
    for (const [flag] of examples.replace(/ \| .*/g, '').matchAll(/(?<= )--?[a-z][a-z-]*/g))
      expect(stdout, flag).toMatch(optionNamed(flag));
    expect(stdout).toMatch(/\nExit codes: 0 done[\s\S]*polylog\s+help\s+exit-codes\.\n$/);
  });

  // `platforms` is a topic as well, and that is what is shown.
  it.each(commands.filter((path) => path !== 'platforms'))('%s is what --help shows', async (path) => {
    const { code, stdout } = await run(`${path} --help`);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toContain(`polylog ${path}`);
    expect((await run(`help ${path}`)).stdout).toBe(stdout);
  });

  it.each(['nonsense', 'logs nonsense', 'exit-codes output', 'platforms output'])(
    'lists what there is when asked for %s',
    async (words) => {
      const { code, stdout, stderr } = await run(`help ${words}`);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`There is no help on "${words}".`);
      for (const name of [...topics, 'logs', 'sandbox']) expect(stderr).toContain(name);
    },
  );

  it('shows no control characters of the words', async () => {
    const { code, stderr } = await run(['help', '\u001b]0;title\u0007']);
    expect(code).toBe(2);
    expect(stderr).toContain('"?]0;title?"');
  });
});

describe('help output --schema', () => {
  it('prints a JSON Schema that compiles', async () => {
    const { code, stdout } = await run('help output --schema');
    expect(code).toBe(0);
    const schema = JSON.parse(stdout);
    expect(schema.$schema).toContain('json-schema.org');
    expect(new Ajv({ allowUnionTypes: true }).compile(schema)({ v: 1, type: 'nonsense' })).toBe(false);
  });

  it.each(['help --schema', 'help targets --schema', 'help logs --schema'])('%s is refused', async (line) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('help output --schema');
  });
});

describe('exit codes', () => {
  it('are those of the program, each once', () => {
    const listed = [...exitCodesHelp().matchAll(/^ {2}(\d+) /gm)].map((match) => Number(match[1]));
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(expect.arrayContaining([0, 1, 2, 3, 4, 5, 6, 70, 124, 130]));
    const known = new Set([0, 130, ...Object.values(EXIT_CODES)]);
    expect(listed.filter((code) => !known.has(code))).toEqual([]);
  });
});

describe('environment', () => {
  const text = environmentHelp(providers);
  const words = new Set(text.split(/[\s,()[\];.]+/));

  it('names every variable of every platform', () => {
    const names = providers.flatMap(({ settings }) =>
      settings.flatMap(({ env }) => env.flatMap(({ name, needs }) => [name, ...(needs ? [needs] : [])])),
    );
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !words.has(name))).toEqual([]);
  });

  it('says which are secret, what sets them besides, and what they are without', () => {
    const setting = { description: 'the key', secret: true, flag: 'region', default: 'north' };
    const [first] = providers;
    if (!first) throw new Error('no platform');
    const one = {
      ...first,
      settings: [{ ...setting, name: 'token', env: [{ name: 'A' }, { name: 'B', needs: 'C' }] }],
    };
    const shown = environmentHelp([one]);
    expect(shown).toContain('  A, B (with C)\n      the key [secret; also --region; north when not set]');
    const open = { ...one, settings: one.settings.map((known) => ({ ...known, secret: false })) };
    expect(environmentHelp([open])).not.toContain('[secret');
  });

  it('lists every POLYLOG_ variable that the code reads beside them, and reads all that it lists', () => {
    const read = new Set(sourceText().match(/(?<=\benv\.)[A-Z][A-Z_]+/g));
    const listed = GENERAL_VARIABLES.map(([name]) => name);
    expect(listed.filter((name) => !read.has(name))).toEqual([]);
    const own = [...read].filter((name) => name.startsWith('POLYLOG_'));
    expect(own.filter((name) => !listed.includes(name))).toEqual([]);
  });
});

function sourceText(): string {
  const root = fileURLToPath(new URL('../../src/', import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(root + name, 'utf8'))
    .join('\n');
}

describe('platforms and targets', () => {
  const joined = (text: string) => text.replace(/\s+/g, ' ');

  it.each(providers.map((provider) => [provider.name, provider] as const))(
    '%s is there',
    (_name, provider) => {
      const { title, name, aliases, appForm, logs } = provider;
      const text = joined(platformsHelp(providers));
      for (const part of [title, ...aliases, appForm]) expect(text).toContain(joined(part));
      if (isSupported(logs)) {
        expect(text).toContain(joined(logs.sourceNames));
        for (const flag of logs.flags) expect(text).toContain(`--${flag.name}`);
      }
      const forms = joined(targetsHelp(providers));
      for (const prefix of [name, ...aliases]) expect(forms).toContain(`${prefix}:`);
      expect(forms).toContain(joined(appForm));
    },
  );

  it('says why a platform cannot do something', () => {
    const [first] = providers;
    if (!first) throw new Error('no platform');
    const mute = { ...first, logs: unsupported('it has no logs; ask its drain') };
    const text = platformsHelp([mute]);
    expect(text).toContain('it has no logs; ask its drain');
    expect(text).not.toContain('history');
  });
});

describe('layout', () => {
  it('fills lines up to the last column and no further', () => {
    const words = 'x'.repeat(39);
    expect(paragraph(`${words} ${words}y`)).toBe(`${words} ${words}y`);
    expect(paragraph(`${words}y ${words}yz`)).toBe(`${words}y\n${words}yz`);
  });

  it('keeps a word whole that is longer than a line', () => {
    const long = 'y'.repeat(100);
    expect(paragraph(`a ${long} b`, 2)).toBe(`  a\n  ${long}\n  b`);
  });

  it('aligns explanations', () => {
    expect(
      definitions([
        ['a', 'one'],
        ['long', `${'w '.repeat(40)}end`],
      ]),
    ).toMatch(/^ {2}a {5}one\n {2}long {2}w .*\n {8}w/);
    expect(entries([['TERM', 'said']])).toBe('  TERM\n      said');
  });
});
