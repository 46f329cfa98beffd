// argv + host -> exit code. Builds the program and prints the one error. Loads nothing heavy by itself.
import { readFileSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { habitHint, meantCommand, misreadHint, pathOfCommand } from './commands/habits.ts';
import { CliError, EXIT_CODES, exitCodeOf, Interruption, sentenceOf } from './errors.ts';
import type { Host } from './host.ts';
import { createTerminal, type Terminal } from './output/terminal.ts';
import { createProgram } from './program.ts';

export async function main(argv: readonly string[], host: Host): Promise<number> {
  const printed: string[] = [];
  const explained: string[] = [];
  const outcome = { code: 0 };
  const program = createProgram({
    host,
    print: (text) => printed.push(text),
    explain: (text) => explained.push(text),
    end: (code) => {
      outcome.code = code;
    },
  });
  program.on('option:version', () => {
    printed.push(`${versionAt(host.root)}\n`);
    throw new CommanderError(0, 'commander.version', 'version');
  });
  const terminal = createTerminal({ stdout: host.stdout, stderr: host.stderr, env: host.env });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    outcome.code = await failure(error, { terminal, host, program });
  }
  if (explained.length > 0) terminal.complain(explained.join('').trimEnd());
  try {
    await terminal.print(printed.join(''));
    await terminal.flush();
  } catch (error) {
    // A command that failed has said why; this says it for help and for what left at the very end.
    if (outcome.code === 0) outcome.code = await failure(error, { terminal, host, program });
  }
  return outcome.code;
}

function versionAt(root: URL): string {
  return JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).version;
}

interface Run {
  readonly terminal: Terminal;
  readonly host: Host;
  readonly program: Command;
}

async function failure(error: unknown, { terminal, host, program }: Run): Promise<number> {
  if (error instanceof Interruption) return error.exitCode;
  if (host.signal.aborted && host.signal.reason instanceof Interruption) return host.signal.reason.exitCode;
  if (error instanceof CommanderError) return commanderFailure(error, { terminal, host, program });
  const debug = host.argv.includes('--debug');
  if (error instanceof CliError) {
    terminal.complain(`polylog: ${sentenceOf(withHabit(error, { host, program }))}`);
    if (debug && error.detail) terminal.complain(error.detail);
    return exitCodeOf(error);
  }
  const { describeDefect } = await import('./defect.ts');
  terminal.complain(describeDefect(error, { debug, env: host.env }));
  return EXIT_CODES.defect;
}

/** A usage error may come from a habit, or from a slip in the name of a command that was taken for a target. */
function withHabit(error: CliError, { host, program }: Omit<Run, 'terminal'>): CliError {
  if (error.kind !== 'usage') return error;
  const { message, hint } = error;
  const [noun] = host.argv;
  const command = program.commands.find((child) => child.name() === noun);
  const target = host.argv.find((word) => message.includes(`"${word}" on?`));
  const meant = target && command && meantCommand(target, command);
  if (meant)
    return new CliError('usage', message, { hint: `Did you mean ${meant}?${hint ? ` ${hint}` : ''}` });
  const habit = hint === undefined ? misreadHint(host.argv) : undefined;
  return habit === undefined ? error : new CliError('usage', message, { hint: habit });
}

async function commanderFailure(error: CommanderError, { terminal, host, program }: Run): Promise<number> {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return 0;
  // Without a command the help itself has gone to stderr.
  if (error.code === 'commander.help') return EXIT_CODES.usage;
  const [said = '', suggestion] = error.message.replace(/^error: /, '').split(/\s*\n\s*/);
  const hint = habitHint(said, program) ?? suggestion?.replace(/^\((.*)\)$/, '$1');
  const help = `See ${pathOfCommand(program, host.argv)} --help.`;
  // What somebody gave a flag that there is none of may be a secret.
  const shown = said.replace(/^(unknown option '[^'=]+)=.*'/, "$1=…'").replace(/\.$/, '');
  terminal.complain(`polylog: ${shown}. ${hint ?? help}`);
  return EXIT_CODES.usage;
}
