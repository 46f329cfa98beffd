// Flags that several commands share, and the checks that commander does not do. Knows no platform.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../errors.ts';
import { valueHabit } from './habits.ts';

/** Collects a repeatable flag; a variadic one would swallow the targets behind it. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

export function addGlobalOptions(command: Command): Command {
  return command
    .optionsGroup('Connection:')
    .option('--profile <NAME>', 'platform or profile of targets that name none')
    .option('--region <NAME>', 'region (Scalingo)')
    .option('--insecure', 'do not check certificates, allow credentials over plain http')
    .option('--ca <FILE>', 'trust the certificate authorities in this PEM file')
    .option('--fingerprint <SHA256>', 'trust exactly the certificate with this fingerprint')
    .optionsGroup('General:')
    .addOption(
      new Option('--color <WHEN>', 'auto, always or never')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .option('--no-color', 'same as --color never')
    .option('-q, --quiet', 'no notices and no summary on stderr')
    .option('-v, --verbose', 'say more on stderr')
    .option('--debug', 'trace requests and streams on stderr, secrets masked')
    .helpOption('-h, --help', 'show this help');
}

/**
 * What was typed, before and behind the name of a subcommand; the inner value wins, repeatable flags add up. (Commander's
 * own `optsWithGlobals` lets a default of the outer command win over what was typed behind the inner one.)
 */
export function typedOptions(command: Command): Readonly<Record<string, unknown>> {
  const options: Record<string, unknown> = command.parent ? { ...typedOptions(command.parent) } : {};
  for (const [name, value] of Object.entries(command.opts())) {
    const before = options[name];
    const isTyped = command.getOptionValueSource(name) !== 'default';
    if (isTyped && Array.isArray(before) && Array.isArray(value)) options[name] = [...before, ...value];
    else if (isTyped || before === undefined) options[name] = value;
  }
  return options;
}

export function choice(values: readonly string[]): (value: string) => string {
  return (value) => {
    if (values.includes(value)) return value;
    throw new InvalidArgumentError(`It is one of ${values.join(', ')}.`);
  };
}

/**
 * Commander takes `-S -5m` as a value. A value that begins with a dash is nearly always a forgotten one, so it has to be
 * written as `--since=-5m`.
 */
export function refuseDashValues(command: Command, argv: readonly string[]): void {
  for (const [index, word] of argv.entries()) {
    if (word === '--') return;
    const option = optionOf(command, word);
    const value = argv[index + 1];
    if (!option?.required || value === undefined || !value.startsWith('-') || value === '-') continue;
    const long = option.long ?? word;
    throw new CliError('usage', `${word} needs a value, but ${value} follows.`, {
      hint: valueHabit(word) ?? `A value that begins with a dash is written ${long}=${value}.`,
    });
  }
}

/** A switch and its opposite, `-f --no-follow`: commander would take the last one. */
export function refuseContradictions(command: Command, argv: readonly string[]): void {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  for (const { long, negate } of command.options) {
    if (!negate || long === undefined || !words.includes(long)) continue;
    const plain = command.options.find((option) => !option.negate && `--no-${option.name()}` === long);
    if (!plain || plain.required || plain.optional) continue;
    if (words.some((word) => word === plain.long || lettersOf(command, word).includes(plain.short ?? ''))) {
      throw new CliError('usage', `${plain.long} and ${long} contradict each other.`);
    }
  }
}

/** The short options in a cluster such as `-fn5`, up to the one that takes the rest as its value. */
function lettersOf(command: Command, word: string): readonly string[] {
  if (!/^-[A-Za-z]/.test(word)) return [];
  const letters = [...word.slice(1)].map((letter) => `-${letter}`);
  const last = letters.findIndex((letter) =>
    command.options.some(({ short, required, optional }) => short === letter && (required || optional)),
  );
  return last < 0 ? letters : letters.slice(0, last + 1);
}

function optionOf(command: Command, word: string): Option | undefined {
  if (word.startsWith('--')) return command.options.find((option) => option.long === word);
  // In a cluster such as -fn only the last letter can take the next word.
  if (/^-[A-Za-z]+$/.test(word)) return command.options.find((option) => option.short === `-${word.at(-1)}`);
  return undefined;
}
