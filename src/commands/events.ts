// Declares `events list|tail|wait`. What they do is in event-*.ts.
import type { Command } from 'commander';
import type { Lent } from '../program.ts';
import { addListOptions } from './lists.ts';
import { addGlobalOptions, collect } from './options.ts';

export function declareEvents(program: Command, lent: Lent): void {
  const events = program
    .command('events')
    .description('What happened to an app: deploys, scaling, restarts, …');
  const list = events.command('list').description('Newest last').argument('[targets...]', 'whose events');
  addEventOptions(list).option('--all', 'everything that the platform keeps');
  addListOptions(list);
  addGlobalOptions(list).action(async (targets: string[], _options: unknown, command: Command) => {
    const { listEvents } = await import('./event-list.ts');
    lent.end(await listEvents({ host: lent.host, targets, options: command.opts() }));
  });
  const tail = events
    .command('tail')
    .description('The last ones, then live until stopped')
    .argument('[targets...]', 'whose events');
  addEventOptions(tail)
    .option('--timeout <DURATION>', 'end after so long, with exit code 124')
    .optionsGroup('Output:')
    .option('-o, --output <FORM>', 'text, ndjson, json, csv or template=…')
    .option('--json', 'same as -o ndjson')
    .option('--columns <LIST>', 'columns of -o csv');
  addGlobalOptions(tail).action(async (targets: string[], _options: unknown, command: Command) => {
    const { tailEvents } = await import('./event-tail.ts');
    lent.end(await tailEvents({ host: lent.host, targets, options: command.opts() }));
  });
  const wait = events
    .command('wait')
    .description('Until the app, component or container is in a state')
    .argument('[target]', 'what is waited for')
    .argument('[state]', 'running, stopped, deployed, failed, scaled, or the platform’s own word')
    .option('--timeout <DURATION>', 'give up after so long, with exit code 124', '60s')
    .option('--heartbeat <DURATION>', 'a sign of life on stderr in a long silence')
    .option(
      '-o, --output <FORM>',
      'text, json or ndjson; a sentence on a terminal and ndjson elsewhere by default',
    )
    .option('--json', 'same as -o ndjson')
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect);
  addGlobalOptions(wait).action(
    async (target: string | undefined, state: string | undefined, _o: unknown, command: Command) => {
      const { waitForState } = await import('./event-wait.ts');
      lent.end(await waitForState({ host: lent.host, target, state, options: command.opts() }));
    },
  );
}

function addEventOptions(command: Command): Command {
  return command
    .optionsGroup('What to show:')
    .option('-n, --lines <N|all>', 'so many (20)')
    .option('-S, --since <TIME>', 'from then on')
    .option('--type <KIND>', "only these kinds, polylog's or the platform's words", collect)
    .option('--user <NAME>', 'only what these people did', collect)
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect)
    .option('--timezone <ZONE>', 'local, UTC or a name such as Europe/Paris');
}
