// Which targets a `logs` command reads, and the flags of single platforms. Knows no network.
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { LogTarget } from '../output/log-item.ts';
import { PROVIDERS, type ProviderEntry } from '../providers/index.ts';
import { findEntry, type ResolvedTarget } from '../target.ts';
import type { LogFlags } from './log-request.ts';
import { addressOf } from './target-words.ts';

export type PlatformFlags = Readonly<Record<string, string | boolean>>;

/** Positional targets, those of --app, else what a platform's own flag stands for. */
export async function logTargets(
  context: Context,
  targets: readonly string[],
  options: LogFlags,
): Promise<ResolvedTarget[]> {
  const named = [...targets, ...(Array.isArray(options.app) ? (options.app as string[]) : [])];
  if (named.length > 0) return context.targets(named);
  const standIn = PROVIDERS.find((entry) => standingIn(entry, options) !== undefined);
  return context.targets(standIn ? [`${await profileFor(standIn, context)}:`] : []);
}

/** What a flag that is given in place of an app says. */
function standingIn({ logFlags }: ProviderEntry, options: LogFlags): string | undefined {
  const flag = logFlags.find(
    ({ isTarget, name }) => isTarget && typeof options[camelCase(name)] === 'string',
  );
  return flag && (options[camelCase(flag.name)] as string);
}

/** The profile that is usual here, if it is one of that platform. */
async function profileFor({ name }: ProviderEntry, context: Context): Promise<string> {
  const usual = await context.defaultProfile();
  if (usual === undefined) return name;
  const entry = findEntry(usual, await context.profiles());
  return entry?.name === name ? usual : name;
}

/** The flags of single platforms that were given; refused where a target's platform has no such flag. */
export function platformFlags(options: LogFlags, targets: readonly ResolvedTarget[]): PlatformFlags {
  const given: Record<string, string | boolean> = {};
  for (const entry of PROVIDERS) {
    for (const { name } of entry.logFlags) {
      const value = options[camelCase(name)];
      if (typeof value === 'string' || value === true) given[name] = value;
    }
  }
  for (const target of targets) {
    const known = target.entry.logFlags.map((flag) => flag.name);
    const foreign = Object.keys(given).find((name) => !known.includes(name));
    if (foreign) throw foreignFlag(foreign, target);
  }
  return given;
}

function foreignFlag(name: string, target: ResolvedTarget): CliError {
  const owners = PROVIDERS.filter(({ logFlags }) => logFlags.some((flag) => flag.name === name));
  const titles = owners.map(({ title }) => title).join(' and ');
  return new CliError('usage', `${target.entry.title} has no --${name} (asked for ${addressOf(target)}).`, {
    hint: `It is a flag of ${titles}: ask its targets in a command of their own.`,
  });
}

/** As records and sentences name it; by the flag that stands in place of an app, where one does. */
export function shownTarget({ entry, profile, ref }: ResolvedTarget, flags: PlatformFlags = {}): LogTarget {
  const flag = ref.app === '' ? entry.logFlags.find(({ isTarget }) => isTarget) : undefined;
  const value = flag === undefined ? undefined : flags[flag.name];
  return { provider: entry.name, profile, app: typeof value === 'string' ? value : ref.app };
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
