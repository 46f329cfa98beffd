// Declares `metrics show|list`. What they do is in metric-*.ts.
import type { Command } from 'commander';
import type { Lent } from '../program.ts';
import { addListOptions } from './lists.ts';
import { addGlobalOptions, collect } from './options.ts';

export function declareMetrics(program: Command, lent: Lent): void {
  const metrics = program.command('metrics').description('Figures: processor, memory, requests, …');
  const show = metrics
    .command('show')
    .description('Per component and metric: last, min, mean, p90, max, unit and a sparkline')
    .argument('[targets...]', 'whose figures')
    .optionsGroup('What to show:')
    .option('--metric <NAME>', 'only this one (repeat: or); metrics list names them', collect)
    .option('-c, --component <GLOB>', 'only these components or instances', collect)
    .option('-S, --since <TIME>', 'from then on (1h)')
    .option('-U, --until <TIME>', 'up to then')
    .option('--resolution <DURATION>', 'time between two samples, where the platform lets it be chosen')
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect)
    .option('--chart', 'drawn as line charts')
    .option('--watch', 'again and again, until stopped')
    .option('--interval <DURATION>', "of --watch; by default the platform's own rhythm")
    .option('--timezone <ZONE>', 'local, UTC or a name such as Europe/Paris');
  addListOptions(show, 'table, json, ndjson, csv, template=… or prometheus');
  addGlobalOptions(show).action(async (targets: string[], _options: unknown, command: Command) => {
    const { showMetrics } = await import('./metric-show.ts');
    lent.end(await showMetrics({ host: lent.host, targets, options: command.opts() }));
  });
  const list = metrics
    .command('list')
    .description('The metrics that the platform has for an app, with units and resolution')
    .argument('[target]', 'whose metrics')
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect);
  addListOptions(list, 'table or json');
  addGlobalOptions(list).action(async (target: string | undefined, _options: unknown, command: Command) => {
    const { listMetrics } = await import('./metric-list.ts');
    const targets = target === undefined ? [] : [target];
    lent.end(await listMetrics({ host: lent.host, targets, options: command.opts() }));
  });
}
