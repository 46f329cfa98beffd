// The commander tree as what a completion script needs: places, flags and the words that fit. Knows no shell.
import type { Argument, Command, Option } from 'commander';
import { LEVELS, LOG_SOURCES } from '../model.ts';
import type { LogForm } from '../output/logs.ts';
import { ANSI_MODES } from '../output/sanitize.ts';
import { TIMESTAMPS } from '../output/time-text.ts';
import { PROVIDERS } from '../providers/index.ts';
import { HELP_TOPICS } from './help.ts';
import { collect } from './options.ts';

/** One candidate. One that ends in `:` or `=` is to be continued: no space follows it. */
export interface Word {
  readonly text: string;
  /** '' when there is nothing to say. */
  readonly description: string;
}

/** What fits somewhere: these words, a file's name, another program's command line, or anything (no candidates). */
export type Values = readonly Word[] | 'file' | 'command' | 'anything';

export interface CompletionFlag {
  /** With their dashes, the short one first. */
  readonly names: readonly string[];
  readonly description: string;
  /** Absent for a switch. */
  readonly value?: { readonly label: string; readonly values: Values };
  /** Understood but not offered. */
  readonly isHidden: boolean;
  readonly isRepeatable: boolean;
}

/** One place in the tree. */
export interface Place {
  /** `logs tail`; '' for the program itself. */
  readonly path: string;
  readonly subcommands: readonly Word[];
  readonly flags: readonly CompletionFlag[];
  readonly operands: Values;
  readonly takesManyOperands: boolean;
}

/** All places of the tree, the program itself first. */
export function completionTree(program: Command): Place[] {
  return [...placesUnder(program, []), ...helpPlaces(program)];
}

function placesUnder(command: Command, path: readonly string[]): Place[] {
  const operand = command.registeredArguments[0];
  const place: Place = {
    path: path.join(' '),
    subcommands: command.commands.map(wordOf),
    flags: flagsOf(command, path),
    operands: operand === undefined ? 'anything' : operandsOf(operand),
    takesManyOperands: operand?.variadic ?? false,
  };
  const below = command.commands.flatMap((child) => placesUnder(child, [...path, child.name()]));
  if (path.join(' ') !== 'help') return [place, ...below];
  return [{ ...place, subcommands: helped(command.parent), operands: TOPICS }, ...below];
}

/** `help logs` has the words behind it that `logs` has. */
function helpPlaces(program: Command): Place[] {
  const nouns = program.commands.filter((command) => command.commands.length > 0);
  return nouns.map((noun) => ({
    path: `help ${noun.name()}`,
    subcommands: helped(noun),
    flags: [],
    operands: 'anything',
    takesManyOperands: false,
  }));
}

function helped(command: Command | null): Word[] {
  const topics = new Set<string>(HELP_TOPICS.map((topic) => topic.name));
  return (command?.commands ?? []).filter((child) => !topics.has(child.name())).map(wordOf);
}

const TOPICS: readonly Word[] = HELP_TOPICS.map(({ name, description }) => ({ text: name, description }));

function wordOf(command: Command): Word {
  return { text: command.name(), description: command.description() };
}

function flagsOf(command: Command, path: readonly string[]): CompletionFlag[] {
  const visible = command.createHelp().visibleOptions(command);
  const hidden = command.options.filter((option) => option.hidden);
  return [...visible, ...hidden].map((option) => flagOf(option, path));
}

function flagOf(option: Option, path: readonly string[]): CompletionFlag {
  const names = [option.short, option.long].filter((name) => name !== undefined && name !== null);
  const flag = {
    names,
    description: option.description,
    isHidden: option.hidden,
    isRepeatable: option.parseArg === collect,
  };
  if (!option.required && !option.optional) return flag;
  const label = /[<[](.+)[>\]]/.exec(option.flags)?.[1] ?? 'VALUE';
  return { ...flag, value: { label, values: valuesOf(option, path) } };
}

const PLATFORMS: readonly Word[] = PROVIDERS.flatMap((entry) =>
  [entry.name, ...entry.aliases].map((text) => ({ text, description: entry.title })),
);
/** The first part of a target. */
const TARGETS: readonly Word[] = PLATFORMS.map(({ text, description }) => ({
  text: `${text}:`,
  description,
}));

const LOG_FORMS: readonly Extract<LogForm, string>[] = ['text', 'raw', 'table', 'ndjson', 'json', 'csv'];
const EXPORT_FORMS = ['ndjson', 'csv', 'raw'];
const LIST_FORMS = ['table', 'json', 'ndjson', 'csv'];
const TEMPLATE = 'template=';

function formsAt([noun, verb]: readonly string[]): Values {
  if (noun !== 'logs') return words([...LIST_FORMS, TEMPLATE]);
  return words(verb === 'export' ? EXPORT_FORMS : [...LOG_FORMS, TEMPLATE]);
}

const FLAG_VALUES: Readonly<Record<string, (path: readonly string[]) => Values>> = {
  '--output': formsAt,
  '--timestamps': () => words(TIMESTAMPS),
  '--timezone': () => words(['local', 'UTC']),
  '--ansi': () => words(ANSI_MODES),
  '--level': () => words(LEVELS),
  '--source': () => words(LOG_SOURCES),
  '--lines': () => words(['all']),
  '--app': () => TARGETS,
  '--profile': () => PLATFORMS,
  '--ca': () => 'file',
  '--to': () => 'file',
};

function valuesOf(option: Option, path: readonly string[]): Values {
  if (option.argChoices) return words(option.argChoices);
  return FLAG_VALUES[option.long ?? '']?.(path) ?? 'anything';
}

function operandsOf(operand: Argument): Values {
  if (operand.argChoices) return words(operand.argChoices);
  if (/^targets?$/.test(operand.name())) return TARGETS;
  if (/^profiles?$/.test(operand.name())) return PLATFORMS;
  return operand.name() === 'command' ? 'command' : 'anything';
}

function words(texts: readonly string[]): Word[] {
  return texts.map((text) => ({ text, description: '' }));
}
