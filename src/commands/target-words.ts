// How targets are named in sentences and commands, and what is said of one that failed. Knows no platform.
import { type CliError, sentenceOf } from '../errors.ts';
import type { LogTarget } from '../output/log-item.ts';
import type { ResolvedTarget } from '../target.ts';

/** In commands: `scalingo:shop/web`, `container-station:`. */
export function addressOf(target: ResolvedTarget): string {
  const component = target.ref.component === null ? '' : `/${target.ref.component}`;
  return `${target.profile}:${target.ref.app}${component}`;
}

/** In sentences: `scalingo:shop`; the profile alone where nothing stands behind it. */
export function nameOf({ profile, app }: Pick<LogTarget, 'profile' | 'app'>): string {
  return app === '' ? profile : `${profile}:${app}`;
}

/** What happened to which target and what to do next. `isAlone`: nobody needs telling which one. */
export function failureOf(
  error: CliError,
  { target, isAlone }: { readonly target: LogTarget; readonly isAlone: boolean },
): string {
  const isNamed = isAlone && error.message.includes(target.app);
  return `polylog: ${isNamed ? '' : `${nameOf(target)}: `}${sentenceOf(error)}`;
}
