// What is addressed: PROFILE:APP/COMPONENT, groups, defaults. Knows no platform's way of naming apps.
import { CliError } from './errors.ts';
import { profileOf } from './profiles.ts';
import type { AppRef } from './provider.ts';
import type { ProviderEntry } from './providers/index.ts';

export interface Target {
  /** Full name, never an alias. */
  readonly profile: string;
  readonly entry: ProviderEntry;
  /** What stands behind the profile, not yet parsed. */
  readonly rest: string;
}

export interface ResolvedTarget extends Target {
  readonly ref: AppRef;
}

export interface TargetRules {
  readonly entries: readonly ProviderEntry[];
  /** From --profile, POLYLOG_PROFILE or the stored default. */
  readonly profile: string | undefined;
  /** Names of profiles that have what they need. */
  readonly configured: readonly string[];
  /** Groups of the project file by name. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** Parses targets and groups; a group's members keep their order. */
export function parseTargets(texts: readonly string[], rules: TargetRules): Target[] {
  const targets = texts.flatMap((text) => expand(text, rules)).map((text) => parseTarget(text, rules));
  return targets.filter(
    (target, index) =>
      targets.findIndex((other) => other.profile === target.profile && other.rest === target.rest) === index,
  );
}

function expand(text: string, rules: TargetRules): readonly string[] {
  if (!text.startsWith('@')) return [text];
  const group = rules.groups[text.slice(1)];
  if (group) return group;
  const known = Object.keys(rules.groups).map((name) => `@${name}`);
  throw new CliError('usage', `There is no group ${text}.`, {
    hint: known.length > 0 ? `Known: ${known.join(', ')}.` : 'Groups are named in "apps" of .polylog.json.',
  });
}

export function parseTarget(text: string, rules: TargetRules): Target {
  if (text.trim() !== text || text === '' || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new CliError('usage', `"${printable(text)}" is no target.`, { hint: FORM });
  }
  const colon = text.indexOf(':');
  if (colon >= 0) {
    const entry = findEntry(text.slice(0, colon), rules.entries);
    if (entry) return { profile: profileOf(entry), entry, rest: text.slice(colon + 1) };
    throw unknownProfile(text.slice(0, colon), rules);
  }
  const entry = defaultEntry(text, rules);
  return { profile: profileOf(entry), entry, rest: text };
}

export function findEntry(name: string, entries: readonly ProviderEntry[]): ProviderEntry | undefined {
  return entries.find((entry) => profileOf(entry) === name || entry.aliases.includes(name));
}

export function unknownProfile(name: string, rules: Pick<TargetRules, 'entries'>): CliError {
  const choices = rules.entries.map((entry) => [profileOf(entry), ...entry.aliases].join(' or ')).join(', ');
  return new CliError('usage', `There is no platform or profile "${printable(name)}".`, {
    hint: `Known: ${choices}.`,
  });
}

function defaultEntry(text: string, rules: TargetRules): ProviderEntry {
  if (rules.profile !== undefined) {
    const entry = findEntry(rules.profile, rules.entries);
    if (entry) return entry;
    throw unknownProfile(rules.profile, rules);
  }
  const only = rules.configured.length === 1 ? rules.configured[0] : undefined;
  const entry = only === undefined ? undefined : findEntry(only, rules.entries);
  if (entry) return entry;
  const names = rules.configured.length > 0 ? rules.configured : rules.entries.map(profileOf);
  const why =
    rules.configured.length > 0
      ? `credentials are set for ${rules.configured.join(' and ')}`
      : 'no platform has credentials';
  throw new CliError('usage', `Which platform is "${text}" on? None is named and ${why}.`, {
    hint: `Write ${names.map((name) => `${name}:${text}`).join(' or ')}, or give --profile.`,
  });
}

const FORM = 'A target is [PROFILE:]APP[/COMPONENT], for example scalingo:shop/web, or @GROUP.';

function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
