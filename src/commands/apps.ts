// `apps list`: what can be addressed, of every platform that has what it needs. Knows no platform's words.
import type { Command } from 'commander';
import type { GlobalOptions } from '../context.ts';
import type { Lent } from '../program.ts';
import { addListOptions, type ListOutput } from './lists.ts';
import { addGlobalOptions } from './options.ts';

export function declareApps(program: Command, lent: Lent): void {
  const apps = program.command('apps').description('What can be addressed');
  const list = apps
    .command('list')
    .description('Apps and their components')
    .argument('[profiles...]', 'platforms or profiles to ask; all that have credentials when none is named');
  addListOptions(list);
  addGlobalOptions(list).action(async (profiles: string[], options: GlobalOptions & ListOutput) => {
    const { listApps } = await import('./app-list.ts');
    lent.end(await listApps({ host: lent.host, profiles, options }));
  });
}
