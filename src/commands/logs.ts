// Declares `logs`, `logs tail`, `logs show` and `logs export`. What they do is in log-request, log-run and log-export.
import { type Command, Option } from 'commander';
import { CliError, EXIT_CODES } from '../errors.ts';
import { createTerminal } from '../output/terminal.ts';
import type { Lent } from '../program.ts';
import { PROVIDERS } from '../providers/index.ts';
import { meantCommand } from './habits.ts';
import { addGlobalOptions, collect, typedOptions } from './options.ts';

export function declareLogs(program: Command, lent: Lent): void {
  const logs = program
    .command('logs')
    .description('Show or follow logs')
    .argument('[targets...]', 'what to read: [PROFILE:]APP[/COMPONENT] or @GROUP')
    .enablePositionalOptions();
  addLogOptions(logs).action(runner(lent, 'show'));
  const tail = logs
    .command('tail')
    .description('The last lines, then live until stopped')
    .argument('[targets...]', 'what to follow');
  addLogOptions(tail).action(runner(lent, 'tail'));
  const show = logs
    .command('show')
    .description('The history, then the end')
    .argument('[targets...]', 'what to read');
  addLogOptions(show).action(runner(lent, 'show'));
  declareExport(logs, lent);
}

function declareExport(logs: Command, lent: Lent): void {
  const exporting = logs
    .command('export')
    .description('The whole retained log, into a file or to stdout')
    .argument('[target]', 'what to read')
    .option('--to <FILE>', 'written beside and renamed when whole; an existing file is replaced')
    .option(
      '-o, --output <FORM>',
      'ndjson (default), csv or raw (Container Station: its own CSV export, untouched)',
    )
    .option('--columns <LIST>', 'columns of -o csv')
    .option('--include-raw', "the platform's line besides")
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect);
  addPlatformFlags(exporting);
  addGlobalOptions(exporting).action(
    async (target: string | undefined, _options: unknown, command: Command) => {
      refuseOuterFlags(command);
      const { exportLogs } = await import('./log-export.ts');
      const targets = target === undefined ? [] : [target];
      lent.end(await exportLogs({ host: lent.host, targets, options: typedOptions(command) }));
    },
  );
}

/** What was typed before `export` belongs to `logs`, which has more flags: the whole log knows no filter and no end. */
function refuseOuterFlags(command: Command): void {
  const { parent: outer } = command;
  const own = command.options.map((option) => option.attributeName());
  const foreign = outer?.options.find((option) => {
    const name = option.attributeName();
    return outer.getOptionValueSource(name) === 'cli' && !own.includes(name);
  });
  if (!foreign) return;
  throw new CliError('usage', `logs export takes no ${foreign.long ?? foreign.flags}.`, {
    hint: 'It is the whole log; logs show --all takes filters.',
  });
}

function runner(lent: Lent, mode: 'tail' | 'show') {
  return async (targets: string[], _options: unknown, command: Command): Promise<void> => {
    const { runLogs } = await import('./log-run.ts');
    const code = await runLogs({ host: lent.host, targets, mode, options: typedOptions(command) });
    if (code === EXIT_CODES['not-found']) sayMeantCommand(command, lent.host);
    lent.end(code);
  };
}

/** `logs tial` asks for an app of that name, which is rarely meant. */
function sayMeantCommand(command: Command, { argv, stdout, stderr, env }: Lent['host']): void {
  const meant = argv.map((word) => meantCommand(word, command)).find((path) => path !== undefined);
  if (meant !== undefined)
    createTerminal({ stdout, stderr, env }).complain(`polylog: Did you mean ${meant}?`);
}

function addLogOptions(command: Command): Command {
  command
    .optionsGroup('What to read:')
    .option('-f, --follow', 'go on live')
    .option('--no-follow', 'end after the history')
    .option('-n, --lines <N|all>', 'so many lines of history that pass the filters, per target (100)')
    .addOption(new Option('--tail <N|all>').hideHelp())
    .addOption(new Option('--num <N|all>').hideHelp())
    .addOption(new Option('--limit <N|all>').hideHelp())
    .option('--all', 'everything that the platform keeps, archives included')
    .option('-S, --since <TIME>', 'from then on: 5m, 2h30m, 14:05, yesterday, 2026-08-22T14:05, @epoch')
    .option('-U, --until <TIME>', 'up to then, exclusive')
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect)
    .optionsGroup('Filters:')
    .option('-g, --grep <RE>', 'only lines that match (repeat: or)', collect)
    .option('-e, --exclude <RE>', 'not the lines that match (repeat: or)', collect)
    .option('-i, --ignore-case', 'patterns match in any case')
    .option('-l, --level <LEVEL>', 'this level and worse; =LEVEL for exactly that')
    .option('--level-strict', 'lines without a level do not pass --level')
    .option('-c, --component <GLOB>', 'only these components or instances', collect)
    .option('-s, --source <SOURCE>', 'app, router, platform, build or addon', collect)
    .optionsGroup('When to end:')
    .option('-m, --max-count <N>', 'after N printed lines in all')
    .option('--until-match <RE>', 'after a line that matches (0; 1 if none came)')
    .option('--fail-on <RE>', 'after a line that matches, with exit code 1')
    .option('--timeout <DURATION>', 'after so long, with exit code 124')
    .option(
      '--idle <DURATION>',
      'show: after so long without a line, on platforms whose stream never ends (2s)',
    )
    .option('--exit-on-empty', 'exit code 3 when nothing was found')
    .optionsGroup('Output:')
    .option('-o, --output <FORM>', 'text, raw, table, ndjson, json, csv or template=…')
    .option('--json', 'same as -o ndjson')
    .option('--columns <LIST>', 'columns of -o csv')
    .option('-t, --timestamps <FORM>', 'short, iso, unix, relative or none')
    .option('-H, --highlight <RE>', 'mark what matches, let everything pass (repeatable)', collect)
    .option('--timezone <ZONE>', 'local, UTC or a name such as Europe/Paris')
    .option('--utc', 'same as --timezone UTC')
    .option('--ansi <MODE>', "what becomes of the log's own control sequences: keep, colors or strip")
    .option('--no-prefix', 'text: no column of the source (no time: -t none)')
    .option('--multiline', 'keep the lines of a stack trace together as one entry')
    .option('--fields', 'text: what was parsed out of JSON and logfmt messages in place of them')
    .option('--no-parse', 'parse no messages: levels and fields only from the platform itself')
    .option('--include-raw', "ndjson: the platform's line besides")
    .option(
      '--reorder <DURATION>',
      'window in which sources are put in order of time (1s; one target alone 200ms)',
    )
    .option('--heartbeat <DURATION>', 'a sign of life on stderr in a long silence')
    .option('--explain', 'say what the platform does itself and what is done here, then end');
  addPlatformFlags(command);
  return addGlobalOptions(command);
}

function addPlatformFlags(command: Command): void {
  command.optionsGroup('Of one platform:');
  for (const entry of PROVIDERS) {
    for (const flag of entry.logFlags) {
      const form = flag.value === undefined ? `--${flag.name}` : `--${flag.name} <${flag.value}>`;
      command.option(form, `${flag.description} (${entry.title})`);
    }
  }
}
