// What people type who come from other tools, and what it is called here. Knows no platform.
import type { Command } from 'commander';

const COMPONENT = 'A process type, component or instance is chosen with -c GLOB';
const FORM = 'The form of the output is chosen with -o, for example -o ndjson.';
const TOKEN = 'A token comes on stdin with --token-stdin: a command line is no place for secrets.';
const LINES = 'The number of lines is -n N.';
const FOLLOW = 'To follow a log use -f, or polylog logs tail';

/** By flag, for flags that polylog does not have. */
const UNKNOWN_FLAGS: Readonly<Record<string, string>> = {
  // heroku, aka
  '-d': `${COMPONENT} (for example -c web.1).`,
  '--dyno': `${COMPONENT} (for example -c web.1).`,
  '--dyno-name': `${COMPONENT} (for example -c web.1).`,
  '--ps': `${COMPONENT}.`,
  '--process-type': `${COMPONENT}.`,
  // scalingo
  '-F': `${COMPONENT}, the router with -s router; -g RE filters by text.`,
  '--filter': `${COMPONENT}, the router with -s router; -g RE filters by text.`,
  // kubectl, stern
  '-p': 'There is no separate log of a former instance: older lines come with -n N or --since TIME.',
  '--previous': 'There is no separate log of a former instance: older lines come with -n N or --since TIME.',
  '--container': `${COMPONENT}.`,
  '--since-time': '--since takes times too, for example --since 2026-08-22T14:05.',
  '--include': 'Lines are filtered with -g RE.',
  // wrangler, gcloud and others
  '--format': FORM,
  '--search': 'Lines are filtered with -g RE.',
  '--num-lines': LINES,
  '--max-lines': LINES,
  '--tail-lines': LINES,
  '--token': TOKEN,
  '--api-token': TOKEN,
  '--access-token': TOKEN,
  '--password': 'A password comes on stdin with --password-stdin: a command line is no place for secrets.',
  '--live': `${FOLLOW}.`,
  '--watch': `${FOLLOW}.`,
};

/** By flag, for flags that mean something else here and came without what they need. */
const OTHER_MEANINGS: Readonly<Record<string, string>> = {
  '-t': `${FOLLOW}; -t is the form of times here (short, iso, unix, relative, none).`,
  '--tail': `${FOLLOW}; --tail N is the number of lines here.`,
};

/** Of an error that commander found in the words; undefined when no habit is recognised. */
export function habitHint(message: string, program: Command): string | undefined {
  const unknown = /unknown option '([^']+)'/.exec(message)?.[1];
  if (unknown !== undefined) return unknownFlag(unknown, program);
  const lacking = /option '([^']+)' argument missing/.exec(message)?.[1];
  if (lacking !== undefined)
    return Object.entries(OTHER_MEANINGS).find(([flag]) => names(lacking, flag))?.[1];
  const command = /unknown command '([^']+)'/.exec(message)?.[1];
  return command === undefined ? undefined : unknownCommand(command, program);
}

/** `-t, --timestamps <FORM>` names `-t`. */
function names(flags: string, flag: string): boolean {
  return flags.split(/[ ,]+/).includes(flag);
}

function unknownFlag(word: string, program: Command): string | undefined {
  const [flag = word] = word.split('=');
  if (
    flag !== word &&
    allCommands(program).some(({ options }) => options.some((option) => isSwitch(option, flag)))
  ) {
    return `${flag} takes no value${flag === '--follow' ? '; its opposite is --no-follow' : ''}.`;
  }
  return UNKNOWN_FLAGS[flag];
}

function isSwitch(option: Command['options'][number], flag: string): boolean {
  return option.long === flag && !option.required && !option.optional;
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

/** `polylog tail` is `polylog logs tail`, and a target alone wants `logs` before it. */
function unknownCommand(word: string, program: Command): string | undefined {
  if (/^@|:/.test(word)) return `To read its log write polylog logs ${word}.`;
  // `log` is `logs` with a letter missing rather than `builds log`; commander suggests it.
  if (program.commands.some((command) => command.name() === `${word}s`)) return undefined;
  const noun = program.commands.find((command) => command.commands.some((child) => child.name() === word));
  return noun === undefined ? undefined : `Write polylog ${noun.name()} ${word}.`;
}

/** The subcommand that a word was probably meant for, as it is typed: `polylog logs tail` of `tial`. */
export function meantCommand(word: string, command: Command): string | undefined {
  const meant = command.commands.find((child) => isSlip(word, child.name()));
  if (meant === undefined) return undefined;
  const path: string[] = [];
  for (let at: Command | null = meant; at !== null; at = at.parent) path.unshift(at.name());
  return path.join(' ');
}

/** One letter too many, too few or another one, or two that have changed places. */
function isSlip(word: string, name: string): boolean {
  if (word === name || Math.abs(word.length - name.length) > 1) return false;
  let start = 0;
  while (start < name.length && word[start] === name[start]) start += 1;
  const [left, right] = [word.slice(start), name.slice(start)];
  return (
    left.slice(1) === right ||
    left === right.slice(1) ||
    left.slice(1) === right.slice(1) ||
    (left[0] === right[1] && left[1] === right[0] && left.slice(2) === right.slice(2))
  );
}

/** Of a flag behind which its value is missing. */
export function valueHabit(flag: string): string | undefined {
  return Object.hasOwn(OTHER_MEANINGS, flag) ? OTHER_MEANINGS[flag] : undefined;
}

/** The command that the words name, as it is typed: `polylog logs tail`. */
export function pathOfCommand(program: Command, argv: readonly string[]): string {
  let command = program;
  let path = program.name();
  for (const word of argv) {
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (!child) break;
    command = child;
    path += ` ${word}`;
  }
  return path;
}

/** Of a value that a flag did not take: `--tail scalingo:shop`, `-t -a shop`. */
export function misreadHint(argv: readonly string[]): string | undefined {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const index = words.findIndex((word) => Object.hasOwn(OTHER_MEANINGS, word));
  const [flag, value] = words.slice(index, index + 2);
  if (index < 0 || flag === undefined) return undefined;
  const isMeant = flag === '--tail' ? /^(\d+|all)$/ : /^(short|iso|unix|relative|none)$/;
  return value !== undefined && isMeant.test(value) ? undefined : OTHER_MEANINGS[flag];
}
