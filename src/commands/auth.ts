// `auth status`: asks each platform who we are. Knows no platform's words.
import type { Command } from 'commander';
import type { GlobalOptions } from '../context.ts';
import type { Lent } from '../program.ts';
import { addGlobalOptions } from './options.ts';

export interface AuthOptions extends GlobalOptions {
  readonly json?: boolean | undefined;
}

export function declareAuth(program: Command, lent: Lent): void {
  const auth = program.command('auth').description('Credentials');
  const status = auth
    .command('status')
    .description('Ask each platform who we are')
    .argument('[profiles...]', 'platforms or profiles to ask; all that have credentials when none is named')
    .option('--json', 'one JSON document');
  addGlobalOptions(status).action(async (profiles: string[], options: AuthOptions) => {
    const { showStatus } = await import('./auth-status.ts');
    lent.end(await showStatus({ host: lent.host, profiles, options }));
  });
}
