// `platforms`: what each platform can do, from the adapters' own declarations.
import type { Command } from 'commander';
import type { GlobalOptions } from '../context.ts';
import type { Lent } from '../program.ts';
import { addGlobalOptions } from './options.ts';

export interface PlatformsOptions extends GlobalOptions {
  readonly json?: boolean | undefined;
  /** The README's table. */
  readonly markdown?: boolean | undefined;
}

export function declarePlatforms(program: Command, lent: Lent): void {
  const platforms = program
    .command('platforms')
    .description('What each platform can do')
    .option('--json', 'one JSON document')
    .option('--markdown', 'a short Markdown table');
  addGlobalOptions(platforms).action(async (options: PlatformsOptions) => {
    const { showPlatforms } = await import('./platform-table.ts');
    lent.end(await showPlatforms(lent.host, options));
  });
}
