// Which filters a station is asked to apply, as it is asked for them. Asks nothing itself.
import type { HistoryQuery, Narrowing } from '../../provider.ts';
import type { ActivityOptions } from './activity-log.ts';
import { widened } from './activity-walk.ts';
import type { StationClient } from './client.ts';
import type { LogFilters } from './log-query.ts';

/** Both names of a time limit are sent (wire: Container Station 2.1). */
const PARAMETERS: readonly (readonly [filter: string, names: readonly string[]])[] = [
  ['--lines', ['limit']],
  ['--since', ['time_start', 'start']],
  ['--until', ['time_end', 'end']],
  ['--category', ['category']],
  ['--level', ['level']],
  ['--user', ['user']],
  ['--text', ['text']],
];

export async function narrowingOfActivity(
  client: StationClient,
  { asked: { filters, container }, query }: { asked: ActivityOptions; query: HistoryQuery },
  signal: AbortSignal,
): Promise<readonly Narrowing[]> {
  const { pageRows } = client.pace;
  const limit = query.lines === 'all' ? pageRows : Math.min(pageRows, query.lines);
  const sent = await client.logParameters({ ...filters, ...widened(query), limit, offset: 0 }, signal);
  const there = PARAMETERS.flatMap(([filter, names]): Narrowing[] => {
    const pairs = sent.filter(([name]) => names.includes(name)).map(([name, value]) => `${name}=${value}`);
    if (pairs.length > 0) return [{ filter, asked: pairs.join('&') }];
    return isChosenHere(filter, filters) ? [{ filter, asked: null }] : [];
  });
  return container === null ? there : [...there, { filter: `the name ${container.name}`, asked: null }];
}

/** Several words, to a build that takes one. */
function isChosenHere(filter: string, { categories, levels }: LogFilters): boolean {
  return (filter === '--category' && categories.length > 0) || (filter === '--level' && levels.length > 0);
}

/** A console is read by its end, and in no other way. */
export function narrowingOfConsole({ pace }: StationClient, { lines }: HistoryQuery): readonly Narrowing[] {
  const wanted = lines === 'all' ? pace.mostTail : Math.min(lines, pace.mostTail);
  return [{ filter: '--lines', asked: `tail=${Math.max(wanted, pace.pollTail)}` }];
}
