// The command tree. Declares; every action is imported when it is run.
import { Command } from 'commander';
import { declareApps } from './commands/apps.ts';
import { declareAuth } from './commands/auth.ts';
import { declareBuilds } from './commands/builds.ts';
import { declareCompletion } from './commands/completion.ts';
import { declareConfig } from './commands/config.ts';
import { declareEvents } from './commands/events.ts';
import { declareHelp, HELP_TOPICS } from './commands/help.ts';
import { addExamples } from './commands/help-examples.ts';
import { HELP_WIDTH } from './commands/help-layout.ts';
import { HELP_STYLE } from './commands/help-style.ts';
import { declareLogs } from './commands/logs.ts';
import { declareMetrics } from './commands/metrics.ts';
import { refuseContradictions, refuseDashValues } from './commands/options.ts';
import { declarePlatforms } from './commands/platforms.ts';
import { declareProfiles } from './commands/profiles.ts';
import { declareSandbox } from './commands/sandbox.ts';
import type { Host } from './host.ts';
import { PROVIDERS } from './providers/index.ts';

/** What a command's action gets from main. */
export interface Lent {
  readonly host: Host;
  /** Collects text for stdout that was made while parsing (help). */
  print(text: string): void;
  /** Collects text for stderr: help that nobody asked for, where a command is missing. */
  explain(text: string): void;
  /** The exit code when nothing fails. */
  end(code: number): void;
}

export function createProgram(lent: Lent): Command {
  const program = new Command('polylog');
  program
    .description(`The logs of an application, wherever it is hosted: ${platforms()}.`)
    .usage('COMMAND [TARGET…] [OPTIONS]')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: lent.print,
      writeErr: lent.explain,
      outputError: () => undefined,
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    })
    .configureHelp(HELP_STYLE)
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .option('-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', EXAMPLES)
    .hook('preAction', (_program, action) => {
      refuseDashValues(action, lent.host.argv);
      refuseContradictions(action, lent.host.argv);
    });
  program.commandsGroup('Logs:');
  declareLogs(program, lent);
  program.commandsGroup('Beside logs:');
  declareBuilds(program, lent);
  declareMetrics(program, lent);
  declareEvents(program, lent);
  program.commandsGroup('Platforms:');
  declareApps(program, lent);
  declareAuth(program, lent);
  declareProfiles(program, lent);
  declareConfig(program, lent);
  declarePlatforms(program, lent);
  program.commandsGroup('To begin with:');
  declareSandbox(program, lent);
  declareCompletion(program, lent);
  declareHelp(program, lent);
  addExamples(program);
  return program;
}

function platforms(): string {
  const titles = PROVIDERS.map((entry) => entry.title);
  return `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`;
}

const EXAMPLES = `
Examples:
  polylog logs tail scalingo:shop qnap:docker/web       two apps, one live log
  polylog logs show scalingo:shop --since 1h -g ERROR   what went wrong
  polylog sandbox -- polylog logs tail scalingo:shop    needs no account

Topics of polylog help: ${HELP_TOPICS.map((topic) => topic.name).join(', ')}.
Every failure has its exit code: polylog help exit-codes.`;
