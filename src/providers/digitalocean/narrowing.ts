// Which filters DigitalOcean is asked to apply, as it is asked for them. Asks nothing.
import {
  type AppRef,
  type HistoryQuery,
  type LogOptions,
  type Narrowing,
  OF_TARGET,
} from '../../provider.ts';
import type { LogPlace } from './place.ts';
import type { LogReading } from './reading.ts';

/** Parts of a log's path, and the flag that chooses each. */
const PARTS: readonly (readonly [part: RegExp, filter: string])[] = [
  [/\/components\/[^/]+/, '--component'],
  [/\/deployments\/[^/]+/, '--deployment'],
  [/\/events\/[^/]+/, '--event-id'],
  [/\/jobs\/[^/]+\/invocations\/[^/]+/, '--job-invocation'],
];

export function narrowingOf(
  { place, all }: Pick<LogReading, 'all'> & { readonly place: Pick<LogPlace, 'path' | 'type'> },
  { ref, options }: { readonly ref: AppRef; readonly options: Pick<LogOptions, 'flags'> },
  { lines }: HistoryQuery,
): readonly Narrowing[] {
  const path = place.path();
  const parts = PARTS.flatMap(([part, filter]): Narrowing[] => {
    const asked = part.exec(path)?.[0];
    if (asked === undefined) return [];
    return [{ filter: filter === '--component' && ref.component !== null ? OF_TARGET : filter, asked }];
  });
  return [
    ...parts,
    ...(options.flags.type === undefined ? [] : [{ filter: '--type', asked: `type=${place.type}` }]),
    { filter: '--lines', asked: `tail_lines=${lines === 'all' ? all : lines}` },
  ];
}
