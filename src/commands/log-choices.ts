// What --component and --source choose, held against the target and against what its log says of itself. Knows no platform.
import { CliError } from '../errors.ts';
import type { LogEntry, LogSource, Notice } from '../model.ts';
import type { Source } from '../provider.ts';
import type { ResolvedTarget } from '../target.ts';
import type { LogRequest } from './log-request.ts';

/** Throws a usage CliError where no line can be of the target's component and of one that --component names as well. */
export function refuseContradiction(
  { ref: { component } }: ResolvedTarget,
  { componentGlobs }: LogRequest,
): void {
  if (component === null || componentGlobs.length === 0) return;
  if (componentGlobs.some((glob) => !isPlain(glob) || isOneOf(glob, component) || isOneOf(component, glob)))
    return;
  const names = componentGlobs.map((name) => `--component ${name}`).join(' and ');
  throw new CliError(
    'usage',
    `The target names the component ${component}, of which ${names} leaves nothing.`,
    { hint: 'Give the one or the other.' },
  );
}

export interface Opened {
  readonly source: Source<LogEntry>;
  readonly target: ResolvedTarget;
  /** The platform's. */
  readonly title: string;
  /** All that any log of the platform has. */
  readonly platformSources: readonly LogSource[];
}

/** Throws `not-found` where nothing but names are given, and the log has no such component, as a target's own would. */
export function refuseUnknown({ source, target, title }: Opened, request: LogRequest): void {
  const { componentGlobs, follow } = request;
  // A component may come while one waits for it.
  if (follow || componentGlobs.length === 0 || !componentGlobs.every(isPlain)) return;
  const { components } = source;
  if (!components || unmatched(components, componentGlobs).length < componentGlobs.length) return;
  const names = componentGlobs.map((name) => `"${name}"`).join(' or ');
  throw new CliError('not-found', `App "${target.ref.app}" of ${title} has no component ${names}.`, {
    hint: `It has ${listOf(components)}.`,
  });
}

/** What of the choice can match nothing, in words. */
export function choiceNotices(opened: Opened, { componentGlobs, filter }: LogRequest): Notice[] {
  const { components } = opened.source;
  const globs = components === undefined ? [] : unmatched(components, componentGlobs);
  return [
    ...globs.map((glob): Notice => {
      const there = listOf(components ?? []);
      return { kind: 'hint', message: `--component ${glob} matches none of its components (${there})` };
    }),
    ...[...new Set(filter.sources)].flatMap((source) => sourceNotices(opened, source)),
  ];
}

function sourceNotices({ source: log, title, platformSources }: Opened, source: LogSource): Notice[] {
  const there = log.sources ?? platformSources;
  if (there.includes(source)) return [];
  const message = platformSources.includes(source)
    ? `--source ${source} matches nothing: this log has no such lines (only ${there.join(', ')}); polylog help platforms says which has`
    : `--source ${source} matches nothing: ${title} has no such lines (this log: ${there.join(', ')})`;
  return [{ kind: 'hint', message }];
}

/** Globs whose plain beginning is that of no component, nor begins with the name of one, as that of an instance does. */
function unmatched(components: readonly string[], globs: readonly string[]): readonly string[] {
  return globs.filter((glob) => {
    const plain = /^[^*?[\\]*/.exec(glob)?.[0].toLowerCase() ?? '';
    return !components.some((component) => {
      const name = component.toLowerCase();
      return isOneOf(plain, name) || (plain.length < glob.length && name.startsWith(plain));
    });
  });
}

/** Whether that is the name of the component or of an instance of it. */
function isOneOf(name: string, component: string): boolean {
  return name === component || name.startsWith(`${component}-`) || name.startsWith(`${component}.`);
}

function isPlain(glob: string): boolean {
  return !/[*?]/.test(glob);
}

function listOf(components: readonly string[]): string {
  return `${components.slice(0, 10).join(', ')}${components.length > 10 ? ', …' : ''}`;
}
