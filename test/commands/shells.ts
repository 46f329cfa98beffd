// Real shells for the completion scripts: asked for candidates, or typed at through a pseudo-terminal.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { spawn } from '@lydell/node-pty';

export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export interface Asked {
  /** Path of the script. */
  readonly script: string;
  /** Where the shell runs. */
  readonly cwd: string;
}

/** The words of a line as bash hands them to a completion function: split at blanks, and `:` and `=` stand alone. */
function bashWords(line: string): string[] {
  return line.split(/ +/).flatMap((word) => word.match(/[:=]+|[^:=]+/g) ?? ['']);
}

/** COMPREPLY for the line up to the cursor; `wordBreaks` are bash's own unless given. */
export function askBash(line: string, { script, cwd }: Asked, wordBreaks?: string): string[] {
  const words = wordBreaks === undefined ? bashWords(line) : line.split(/ +/);
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is bash
  const probe = [
    'set -u; source "$1"; line=$2; shift 2',
    ...(wordBreaks === undefined ? [] : [`COMP_WORDBREAKS='${wordBreaks}'`]),
    'COMP_LINE=$line COMP_POINT=${#line} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))',
    '_polylog "$1" "${COMP_WORDS[COMP_CWORD]}" ""',
    'printf "%s\\n" ${COMPREPLY[@]+"${COMPREPLY[@]}"}',
  ].join('\n');
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is bash
  const args = ['--norc', '--noprofile', '-c', probe, 'bash', script, line, ...words];
  return linesOf('bash', args, cwd);
}

/** What fish offers for the line, without descriptions. */
export function askFish(line: string, { script, cwd }: Asked): string[] {
  const args = ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', '--', script, line];
  return linesOf('fish', args, cwd).map((text) => text.split('\t')[0] ?? '');
}

function linesOf(program: string, args: readonly string[], cwd: string): string[] {
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: cwd, LANG: 'C.UTF-8', TERM: 'dumb' };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
  if (status !== 0 || stderr !== '') throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout.split('\n').filter((text) => text !== '');
}

const SHELLS = {
  bash: {
    args: ['--norc', '--noprofile', '-i'],
    prepare: "bind 'set bell-style none'",
  },
  zsh: {
    args: ['-f', '-i'],
    // By itself zsh's TAB expands `$(…)` in the word, whatever the command is: complete-word leaves that out.
    prepare: "autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word; setopt nobeep",
  },
} as const;

export interface Typist {
  /** Types keys (`\t` completes) and Enter; resolves to the words that the command then got. */
  type(keys: string): Promise<string[]>;
  close(): void;
}

/** An interactive shell in which `polylog` and `logs` only print their words. */
export async function openShell(shell: keyof typeof SHELLS, { script, cwd }: Asked): Promise<Typist> {
  const { args, prepare } = SHELLS[shell];
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: cwd, LANG: 'C.UTF-8', TERM: 'dumb' };
  const terminal = spawn(shell, [...args], { cwd, env, cols: 250, rows: 50 });
  let heard = '';
  let wake = (): void => undefined;
  terminal.onData((text) => {
    heard += text;
    wake();
  });
  const hear = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      wake = () => {
        const match = pattern.exec(heard);
        if (match) resolve(match[1] ?? '');
      };
      wake();
    });
  // The quotes keep the echo of the keys from being taken for the output.
  const stub = `polylog() { printf '<%s>' r''an "$@" e''nd; echo; }; logs() { polylog "$@"; }`;
  terminal.write(`${prepare}; source '${script}'; ${stub}; PS1=; echo re''ady\r`);
  await hear(/ready\r?\n/);
  return {
    async type(keys) {
      heard = '';
      terminal.write(`${keys}\r`);
      const words = await hear(/<ran>((?:<[^>]*>)*?)<end>/);
      return [...words.matchAll(/<([^>]*)>/g)].map((match) => match[1] ?? '');
    },
    close: () => terminal.kill(),
  };
}
