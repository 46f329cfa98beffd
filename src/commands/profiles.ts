// `profiles list|use|remove`: the named connections. Knows no platform's words.
import type { Command } from 'commander';
import type { GlobalOptions } from '../context.ts';
import type { Lent } from '../program.ts';
import { addGlobalOptions } from './options.ts';

export interface ProfilesOptions extends GlobalOptions {
  readonly json?: boolean | undefined;
}

export function declareProfiles(program: Command, lent: Lent): void {
  const profiles = program.command('profiles').description('Named connections');
  const list = profiles
    .command('list')
    .description('Profiles, and where the secret of each is')
    .option('--json', 'one JSON document');
  addGlobalOptions(list).action(async (options: ProfilesOptions) => {
    const { listProfiles } = await import('./profile-list.ts');
    lent.end(await listProfiles(lent.host, options));
  });
  const use = profiles
    .command('use')
    .description('Make a profile the default one')
    .argument('<name>', 'platform or profile');
  addGlobalOptions(use).action(async (name: string, options: GlobalOptions) => {
    const { useProfile } = await import('./profile-change.ts');
    lent.end(await useProfile({ host: lent.host, name, options }));
  });
  const remove = profiles
    .command('remove')
    .description('Forget a profile, its settings and its credential')
    .argument('<name>', 'platform or profile');
  addGlobalOptions(remove).action(async (name: string, options: GlobalOptions) => {
    const { removeProfile } = await import('./profile-change.ts');
    lent.end(await removeProfile({ host: lent.host, name, options }));
  });
}
