// The time range that is shown. Knows no platform.
import { compareInstants, type Instant } from '../model.ts';

/** Lets every item pass; whoever is handed this very function need not call it. */
export const everything = (): boolean => true;

/**
 * `since` inclusive, `until` exclusive; a line without a time belongs to the one it follows. Where no line has a time
 * none can be chosen by it: all are in.
 */
export function createRange<T>(
  source: { timeOf(item: T): Instant | null; readonly traits: { readonly times: string } },
  limits: { since: Instant | null; until: Instant | null },
): (item: T) => boolean {
  const { since, until } = limits;
  if ((!since && !until) || source.traits.times === 'none') return everything;
  let lastIn = since === null;
  return (item) => {
    const time = source.timeOf(item);
    if (!time) return lastIn;
    lastIn = (!since || compareInstants(time, since) >= 0) && (!until || compareInstants(time, until) < 0);
    return lastIn;
  };
}
