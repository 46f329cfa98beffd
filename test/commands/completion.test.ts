// Completion: the scripts in completions/ are those of the command tree, offer what the program takes, and run in real
// shells without evaluating what was typed.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SHELLS, type Shell } from '../../src/commands/completion.ts';
import { completionScript } from '../../src/commands/completion-scripts.ts';
import { completionTree } from '../../src/commands/completion-tree.ts';
import { formOf } from '../../src/commands/lists.ts';
import { parseLogRequest } from '../../src/commands/log-request.ts';
import { createProgram } from '../../src/program.ts';
import { PROVIDERS } from '../../src/providers/index.ts';
import { hostOf, run } from '../host-of-streams.ts';
import { askBash, askFish, isInstalled, openShell, type Typist } from './shells.ts';

const FILES: Readonly<Record<Shell, string>> = {
  bash: 'polylog.bash',
  zsh: '_polylog',
  fish: 'polylog.fish',
  powershell: 'polylog.ps1',
};
const program = createProgram({
  host: hostOf([]).host,
  print: () => undefined,
  explain: () => undefined,
  end: () => undefined,
});
const places = completionTree(program);
const targets = PROVIDERS.flatMap(({ name, aliases }) => [name, ...aliases]).map((name) => `${name}:`);

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

describe.each(SHELLS)('the script for %s', (shell) => {
  const script = completionScript(shell, program);

  it('is the one in completions/ (otherwise: npm run completions)', () => {
    const file = new URL(`../../completions/${FILES[shell]}`, import.meta.url);
    expect(readFileSync(file, 'utf8') === script, `completions/${FILES[shell]} is stale`).toBe(true);
  });

  it('is what polylog completion prints', async () => {
    expect(await run(`completion ${shell}`)).toEqual({ code: 0, stdout: script, stderr: '' });
  });

  it('knows every command, every flag and every platform', () => {
    const commands = allCommands(program).flatMap((command) => [
      command.name(),
      ...command.options.flatMap(({ long }) => (long ? [long.slice(2)] : [])),
    ]);
    const platforms = PROVIDERS.flatMap(({ name, aliases }) => [name, ...aliases]);
    const missing = [...commands, ...platforms].filter((word) => !new RegExp(`\\b${word}\\b`).test(script));
    expect(missing).toEqual([]);
  });
});

describe('the script for powershell', () => {
  const script = completionScript('powershell', program);

  // There is no PowerShell to run it in; what breaks its parser is looked for here.
  it('is ASCII, and its quotes and brackets are paired', () => {
    expect(script).toMatch(/^[\x0a\x20-\x7e]*$/);
    const code = script.replace(/^ *#.*$/gm, '').replace(/"'"/g, '');
    const open = code.split('\n').filter((line) => (line.match(/'/g) ?? []).length % 2 === 1);
    expect(open).toEqual([]);
    const bare = code.replace(/'(?:[^']|'')*'/g, "''");
    for (const [left, right] of ['()', '{}', '[]'].map((pair) => [...pair])) {
      expect(bare.split(left ?? '').length).toBe(bare.split(right ?? '').length);
    }
  });
});

describe('the words that flags take', () => {
  const wordsAt = (path: string, flag: string): string[] => {
    const found = places
      .find((place) => place.path === path)
      ?.flags.find(({ names }) => names.includes(flag));
    const values = found?.value?.values;
    if (values === undefined || typeof values === 'string') throw new Error(`${path} ${flag} has no words`);
    return values.map(({ text }) => text);
  };
  const context = { mode: 'tail', now: 0, env: {} } as const;

  it.each([
    ['--output', 'output'],
    ['--timestamps', 'timestamps'],
    ['--timezone', 'timezone'],
    ['--ansi', 'ansi'],
    ['--level', 'level'],
    ['--lines', 'lines'],
  ])('%s of logs are taken by logs', async (flag, property) => {
    const words = wordsAt('logs tail', flag);
    expect(words.length).toBeGreaterThan(0);
    for (const word of words) await parseLogRequest({ [property]: word }, context);
    await expect(parseLogRequest({ [property]: 'nonsense' }, context)).rejects.toThrow();
  });

  it('--source too', async () => {
    await parseLogRequest({ source: wordsAt('logs', '-s') }, context);
  });

  it('--output of lists is taken by lists', () => {
    for (const word of wordsAt('apps list', '-o')) expect(formOf({ output: word })).toBe(word);
    expect(() => formOf({ output: 'nonsense' })).toThrow();
  });

  it('are those that the help of logs --output names', () => {
    const about = places.find(({ path }) => path === 'logs')?.flags.find(({ names }) => names.includes('-o'));
    for (const word of wordsAt('logs', '-o')) expect(about?.description).toContain(word);
  });
});

const FORMS = ['text', 'raw', 'table', 'ndjson', 'json', 'csv', 'template='];

/** A line up to the cursor, and what is offered there. */
const OFFERS: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['polylog l', ['logs']],
  ['polylog logs ta', ['tail']],
  ['polylog logs tail sc', ['scalingo:']],
  ['polylog logs tail scalingo:shop qn', ['qnap:']],
  ['polylog logs tail -n 5 qn', ['qnap:']],
  ['polylog logs tail --tail 5 qn', ['qnap:']],
  ['polylog logs -fo nd', ['ndjson']],
  ['polylog logs -o ', FORMS],
  ['polylog logs -ojson qn', ['qnap:']],
  ['polylog logs tail --timesta', ['--timestamps']],
  ['polylog logs tail --tai', []],
  ['polylog logs tail -l w', ['warn']],
  ['polylog logs tail -s ', ['app', 'router', 'platform', 'build', 'addon']],
  ['polylog logs --color ', ['auto', 'always', 'never']],
  ['polylog logs --ansi s', ['strip']],
  ['polylog logs -a qn', ['qnap:']],
  ['polylog logs --profile qn', ['qnap']],
  ['polylog logs --ca c', ['ca.pem']],
  ['polylog logs export -o ', ['ndjson', 'csv', 'raw']],
  ['polylog apps list qn', ['qnap']],
  ['polylog apps list -o ', ['table', 'json', 'ndjson', 'csv', 'template=']],
  ['polylog auth st', ['status']],
  ['polylog help exit', ['exit-codes']],
  ['polylog help logs ta', ['tail']],
  ['polylog completion ', [...SHELLS]],
  ['polylog completion bash ', []],
  ['polylog sandbox -- polylog logs tail qn', ['qnap:']],
  ['polylog sandbox -- logs ta', ['tail']],
  ['logs ta', ['tail']],
  ['logs qn', ['qnap:']],
  ['logs tail -o nd', ['ndjson']],
  ['/usr/local/bin/logs ta', ['tail']],
];

/** Where bash and its word breaks are different: what is offered stands behind the last `:` or `=`. */
const BASH_OFFERS: typeof OFFERS = [
  ['polylog ', program.commands.map((command) => command.name())],
  ['polylog logs ', ['tail', 'show', 'export', ...targets]],
  ['polylog logs tail scalingo:', []],
  ['polylog logs tail scalingo:sh', []],
  ['polylog logs tail --output=', FORMS],
  ['polylog logs tail --output=nd', ['ndjson']],
  ['polylog logs tail --app=qn', ['qnap:']],
  ['polylog logs --ca=c', ['ca.pem']],
  ['polylog logs tail --follow=', []],
  ['polylog logs tail "qn', ['qnap:']],
  ['polylog logs tail -g --out', []],
  ['polylog logs tail -- -', []],
  ['polylog logs tail *', []],
  ['polylog logs   tail   qn', ['qnap:']],
];

const LURE = 'polylog-was-evaluated';
const EVIL: readonly string[] = [
  `$(touch ${LURE})`,
  `\`touch ${LURE}\``,
  `\${x:=$(touch ${LURE})}`,
  `<(touch ${LURE})`,
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'polylog-completion-'));
  writeFileSync(join(folder, 'ca.pem'), '');
  for (const shell of SHELLS) writeFileSync(join(folder, FILES[shell]), completionScript(shell, program));
});
afterEach(() => {
  const found = readdirSync(folder);
  rmSync(join(folder, LURE), { force: true });
  expect(found).not.toContain(LURE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const asked = (shell: Shell) => ({ script: join(folder, FILES[shell]), cwd: folder });

/** Skipped where the shell is missing, and says so. */
function describeIn(shell: 'bash' | 'zsh' | 'fish', tests: () => void): void {
  const there = isInstalled(shell);
  if (!there) console.warn(`completion: ${shell} is not installed, its script is not tried`);
  describe.skipIf(!there)(there ? `in ${shell}` : `in ${shell} (not installed)`, tests);
}

describeIn('bash', () => {
  it.each([...OFFERS, ...BASH_OFFERS])('%s', (line, offered) => {
    expect(askBash(line, asked('bash'))).toEqual(offered);
  });

  it('trims nothing when ":" and "=" do not break words', () => {
    expect(askBash('polylog logs tail --output=nd', asked('bash'), ' ')).toEqual(['--output=ndjson']);
    expect(askBash('polylog logs tail --app=qn', asked('bash'), ' :')).toEqual(['--app=qnap:']);
  });

  it.each(EVIL)('does not evaluate %s', (evil) => {
    for (const line of [
      `polylog logs ${evil} qn`,
      `polylog logs tail --app=${evil}`,
      `polylog logs --ca ${evil}/`,
    ]) {
      askBash(line, asked('bash'));
    }
  });

  typedIn('bash');
});

describeIn('zsh', () => typedIn('zsh'));

/** What TAB makes of the line, in the words that the command gets. */
function typedIn(shell: 'bash' | 'zsh'): void {
  describe('typed', () => {
    let typist: Typist;
    beforeAll(async () => {
      typist = await openShell(shell, asked(shell));
    });
    afterAll(() => typist.close());

    it.each([
      ['polylog l\tta\tsca\tshop', 'logs tail scalingo:shop'],
      ['polylog logs tail qn\tdocker/web sca\tshop', 'logs tail qnap:docker/web scalingo:shop'],
      ['polylog logs tail qnap:\tx', 'logs tail qnap:x'],
      ['polylog logs -fo nd\tx', 'logs -fo ndjson x'],
      ['polylog logs --output=nd\tx', 'logs --output=ndjson x'],
      ['polylog logs --app=qn\tx', 'logs --app=qnap:x'],
      ['polylog logs -o temp\t{{ts}}', 'logs -o template={{ts}}'],
      ['polylog logs --ca ca.\tx', 'logs --ca ca.pem x'],
      ['polylog logs --ca=ca.\tx', 'logs --ca=ca.pem x'],
      ['polylog apps list qn\tx', 'apps list qnap x'],
      ['polylog comp\tfi\tx', 'completion fish x'],
      ['polylog help env\tx', 'help environment x'],
      ['polylog sandbox -- logs ta\tqn\tx', 'sandbox -- logs tail qnap:x'],
      ['logs sh\tqn\tx', 'show qnap:x'],
    ])('%j', async (keys, words) => {
      expect((await typist.type(keys)).join(' ')).toBe(words);
    });

    // Ctrl-U drops the line before it would be run.
    it.each(EVIL)('does not evaluate %s', async (evil) => {
      for (const line of [
        `logs ${evil} qn`,
        `logs tail ${evil}`,
        `logs --app=${evil}`,
        `logs --ca ${evil}/`,
      ]) {
        expect(await typist.type(`polylog ${line}\t\u0015polylog gone`)).toEqual(['gone']);
      }
    });
  });
}

describeIn('fish', () => {
  it.each(OFFERS)('%s', (line, offered) => {
    // Fish also offers what the letters stand in somewhere, and sorts by itself.
    const last = /\S*$/.exec(line)?.[0] ?? '';
    const begun = askFish(line, asked('fish')).filter((word) => word.startsWith(last));
    expect(begun.sort()).toEqual([...offered].sort());
  });

  it('completes any command in the sandbox', () => {
    expect(askFish('polylog sandbox -- ech', asked('fish'))).toContain('echo');
  });

  it.each(['(touch polylog-was-evaluated)', '$(touch polylog-was-evaluated)'])(
    'does not evaluate %s',
    (evil) => {
      for (const line of [
        `polylog logs ${evil} qn`,
        `polylog logs tail ${evil}`,
        `polylog sandbox -- polylog ${evil} l`,
      ]) {
        askFish(line, asked('fish'));
      }
    },
  );
});
