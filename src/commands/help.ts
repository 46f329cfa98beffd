// Declares `help`: topics, and the help of any command. The texts are in help-topics.
import type { Command } from 'commander';
import type { Lent } from '../program.ts';

export interface HelpTopic {
  readonly name: 'exit-codes' | 'output' | 'targets' | 'environment' | 'platforms';
  readonly description: string;
}

export const HELP_TOPICS: readonly HelpTopic[] = [
  { name: 'exit-codes', description: 'what each exit code means' },
  { name: 'output', description: 'what is written where, in which form; --schema for the JSON Schema' },
  { name: 'targets', description: 'how apps, components and groups are named' },
  { name: 'environment', description: 'the variables that are read, platform by platform' },
  { name: 'platforms', description: "what each platform's log is like, and its source names" },
];

export interface HelpOptions {
  readonly schema?: boolean;
}

export function declareHelp(program: Command, lent: Lent): void {
  program
    .command('help')
    .description('Help on a topic or a command')
    .argument('[topic|command...]', `${HELP_TOPICS.map(({ name }) => name).join(', ')}, or a command`)
    .option('--schema', 'output: the JSON Schema of all records')
    .action(async (words: string[], options: HelpOptions) => {
      const { showHelp } = await import('./help-show.ts');
      await showHelp({ program, words, options, print: lent.print });
    });
}
