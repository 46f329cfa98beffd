// What becomes of read lines before they are shown: the range, the joining of traces, the filters. Knows no connection.
import type { Multiline } from './multiline.ts';
import { everything } from './range.ts';

export interface SieveOptions<T> {
  readonly keep: (item: T) => boolean;
  /** Joins lines before `keep` sees them; absent = every line is an entry. */
  readonly multiline?: Multiline<T> | undefined;
}

export interface Sieve<T> {
  /** Takes lines in order and gives what is to be shown; what may still grow waits. */
  pass(items: readonly T[]): readonly T[];
  /** Milliseconds until something has waited long enough; null when nothing waits. */
  dueIn(): number | null;
  passDue(): readonly T[];
  /** All that waits, at an end. */
  rest(): readonly T[];
}

export function createSieve<T>(options: SieveOptions<T>, within: (item: T) => boolean): Sieve<T> {
  const { keep, multiline } = options;
  if (!multiline) {
    return {
      pass: passer(within, keep),
      dueIn: () => null,
      passDue: () => [],
      rest: () => [],
    };
  }
  const joiner = multiline.createJoiner();
  const now = () => performance.now();
  return {
    pass: (items) => joiner.push(items.filter(within), now()).filter(keep),
    dueIn: () => joiner.dueIn(now()),
    passDue: () => joiner.takeDue(now()).filter(keep),
    rest: () => joiner.drain().filter(keep),
  };
}

/** Without anything to ask, the items themselves. */
function passer<T>(
  within: (item: T) => boolean,
  keep: (item: T) => boolean,
): (items: readonly T[]) => readonly T[] {
  if (within === everything) return keep === everything ? (items) => items : (items) => items.filter(keep);
  return (items) => items.filter((item) => within(item) && keep(item));
}
