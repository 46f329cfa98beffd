// `config list|get|set|unset|path`: settings that are no secrets. Knows no platform's words.
import type { Command } from 'commander';
import type { GlobalOptions } from '../context.ts';
import type { Lent } from '../program.ts';
import { addGlobalOptions } from './options.ts';

export interface ConfigOptions extends GlobalOptions {
  readonly origin?: boolean | undefined;
  readonly json?: boolean | undefined;
}

const KEY = 'app, profile, or PROFILE.SETTING such as scalingo.region';

export function declareConfig(program: Command, lent: Lent): void {
  const config = program.command('config').description('Settings');
  const list = config
    .command('list')
    .description('Settings as they are in force')
    .option('--origin', 'where each value comes from')
    .option('--json', 'one JSON document');
  addGlobalOptions(list).action(async (options: ConfigOptions) => {
    const { listSettings } = await import('./config-show.ts');
    lent.end(await listSettings(lent.host, options));
  });
  const get = config.command('get').description('One setting as it is in force').argument('<key>', KEY);
  addGlobalOptions(get).action(async (key: string, options: GlobalOptions) => {
    const { getSetting } = await import('./config-show.ts');
    lent.end(await getSetting(lent.host, { key, options }));
  });
  const set = config
    .command('set')
    .description('Store a setting')
    .argument('<key>', KEY)
    .argument('<value>', 'its value');
  addGlobalOptions(set).action(async (key: string, value: string, options: GlobalOptions) => {
    const { setSetting } = await import('./config-change.ts');
    lent.end(await setSetting(lent.host, { key, value, options }));
  });
  const unset = config.command('unset').description('Forget a stored setting').argument('<key>', KEY);
  addGlobalOptions(unset).action(async (key: string, options: GlobalOptions) => {
    const { unsetSetting } = await import('./config-change.ts');
    lent.end(await unsetSetting(lent.host, { key, options }));
  });
  const path = config.command('path').description('Where the settings are');
  addGlobalOptions(path).action(async (options: GlobalOptions) => {
    const { showPath } = await import('./config-show.ts');
    lent.end(await showPath(lent.host, options));
  });
}
