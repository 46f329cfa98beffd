// Where a credential came from, in words that say what to do when it is refused. Knows no platform and no command.
import type { Settings } from './provider.ts';

/** `put it into SCALINGO_API_TOKEN`: to be said of a new one. */
export function placeOf(settings: Settings, name: string, platform: string): string {
  const origin = settings.origins[name] ?? '';
  if (origin.startsWith('env ')) return `put it into ${origin.slice('env '.length)}`;
  return origin === '.netrc' ? 'put it into .netrc' : `store it: ${loginOf(settings, platform)}`;
}

/** The command that replaces what is stored. */
function loginOf({ profile }: Settings, platform: string): string {
  return `polylog auth login ${platform}${profile === platform ? '' : ` --profile ${profile}`}`;
}
