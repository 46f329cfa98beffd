// Finds what `help` was asked for. The texts are in help-topics.
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { PROVIDERS } from '../providers/index.ts';
import { HELP_TOPICS, type HelpOptions, type HelpTopic } from './help.ts';

export interface HelpCommand {
  readonly program: Command;
  readonly words: readonly string[];
  readonly options: HelpOptions;
  readonly print: (text: string) => void;
}

/** Throws a usage CliError that lists what there is. */
export async function showHelp({ program, words, options, print }: HelpCommand): Promise<void> {
  if (options.schema) {
    if (words.join(' ') !== 'output') {
      throw new CliError('usage', '--schema belongs to one topic.', {
        hint: 'Write polylog help output --schema.',
      });
    }
    const { recordSchema } = await import('../output/schema.ts');
    return print(`${JSON.stringify(recordSchema(), null, 2)}\n`);
  }
  const topic = words.length === 1 ? HELP_TOPICS.find(({ name }) => name === words[0]) : undefined;
  if (topic) return print(await textOf(topic.name));
  findCommand(program, words).outputHelp();
}

async function textOf(topic: HelpTopic['name']): Promise<string> {
  const texts = await import('./help-topics.ts');
  const providers = () => Promise.all(PROVIDERS.map((entry) => entry.load()));
  switch (topic) {
    case 'exit-codes':
      return texts.exitCodesHelp();
    case 'output':
      return texts.outputHelp();
    case 'targets':
      return texts.targetsHelp(await providers());
    case 'environment':
      return texts.environmentHelp(await providers());
    case 'platforms':
      return texts.platformsHelp(await providers());
  }
}

function findCommand(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (!child) throw unknownSubject(program, words);
    command = child;
  }
  return command;
}

function unknownSubject(program: Command, words: readonly string[]): CliError {
  const asked = words
    .join(' ')
    .slice(0, 80)
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  const topics = HELP_TOPICS.map(({ name }) => name).join(', ');
  const commands = program.commands.map((command) => command.name()).join(', ');
  return new CliError('usage', `There is no help on "${asked}".`, {
    hint: `Topics: ${topics}. Commands: ${commands}.`,
  });
}
