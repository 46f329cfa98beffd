// How commander's help is spelled: usage, terms, defaults. Knows no command.
import type { Argument, Command, Help, Option } from 'commander';

/** `[TARGET…]` for commander's `[targets...]`, no choices that the description names, no "help" below each noun. */
export const HELP_STYLE: Partial<Help> = {
  commandUsage: (command) => `${pathOf(command)} ${usageOf(command)}`,
  visibleCommands: (command) => [...command.commands],
  subcommandTerm: (command) => [command.name(), ...wordsOf(command)].join(' '),
  argumentTerm: (argument) => term(argument),
  argumentDescription: ({ description }) => description,
  optionDescription: ({ description, defaultValue }: Option) =>
    typeof defaultValue === 'string' ? `${description} (${defaultValue})` : description,
};

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function usageOf(command: Command): string {
  const usage = command.usage();
  // What commander writes by itself begins so; a usage of our own does not.
  return usage.startsWith('[options]') ? [...wordsOf(command), '[OPTIONS]'].join(' ') : usage;
}

/** `[tail|show] [TARGET…]`: the verb in brackets where the noun does something by itself. */
function wordsOf(command: Command): string[] {
  const verbs = command.commands.map((child) => child.name()).join('|');
  const operands = command.registeredArguments.map(term);
  if (verbs === '') return operands;
  return [operands.length > 0 ? `[${verbs}]` : verbs, ...operands];
}

function term(argument: Argument): string {
  const { required, variadic } = argument;
  const name = variadic ? `${argument.name().replace(/s$/, '')}…` : argument.name();
  return required ? name.toUpperCase() : `[${name.toUpperCase()}]`;
}
