// Chooses the default profile and forgets profiles. Knows no platform's words.
import type { GlobalOptions } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Host } from '../host.ts';
import { profileOf } from '../profiles.ts';
import { profileNamed } from '../store/settings-schema.ts';
import { removeLogin } from './stored-login.ts';
import { withContext } from './with-context.ts';

export interface ProfileCommand {
  readonly host: Host;
  readonly name: string;
  readonly options: GlobalOptions;
}

export function useProfile({ host, name, options }: ProfileCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const profile = profileOf(await context.profile(name));
    await context.store.settings.change((settings) => ({ ...settings, profile }));
    await context.terminal.print(`The default profile is ${profile}.\n`);
    if (host.env.POLYLOG_PROFILE && host.env.POLYLOG_PROFILE !== profile) {
      context.terminal.complain('polylog: POLYLOG_PROFILE is set and wins over it.');
    }
    return 0;
  });
}

export function removeProfile({ host, name, options }: ProfileCommand): Promise<number> {
  return withContext({ host, options }, async (context) => {
    const profile = profileOf(await context.profile(name));
    if (!profileNamed(await context.stored(), profile)) {
      throw new CliError('usage', `Nothing is stored for ${profile}.`, {
        hint: 'What comes from the environment is removed there.',
      });
    }
    await removeLogin(context, profile, { whole: true });
    await context.terminal.print(`The profile ${profile} is removed, and its credential with it.\n`);
    return 0;
  });
}
