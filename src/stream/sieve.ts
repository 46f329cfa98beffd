// What becomes of read lines before they are shown: the range, the joining of traces, the filters. Knows no connection.
import type { Bundle, Lot } from '../model.ts';
import type { Multiline } from './multiline.ts';
import { everything } from './range.ts';

export interface SieveOptions<T> {
  readonly keep: (item: T) => boolean;
  /** Whether `keep` might let any item of it pass, told without making them; absent = it might. */
  readonly mayKeep?: ((bundle: Bundle<T>) => boolean) | undefined;
  /** Joins lines before `keep` sees them; absent = every line is an entry. */
  readonly multiline?: Multiline<T> | undefined;
}

export interface Sieve<T> {
  /** Takes lines in order and gives what is to be shown; what may still grow waits. */
  pass(items: readonly T[]): readonly T[];
  /** The same; makes no items where it need not look at any. */
  passLot(lot: Lot<T>): Lot<T>;
  /** Milliseconds until something has waited long enough; null when nothing waits. */
  dueIn(): number | null;
  passDue(): readonly T[];
  /** All that waits, at an end. */
  rest(): readonly T[];
}

export function createSieve<T>(options: SieveOptions<T>, within: (item: T) => boolean): Sieve<T> {
  const { keep, multiline } = options;
  if (!multiline) {
    const pass = passer(within, keep);
    return {
      pass,
      passLot: lotPasser(options, within, pass),
      dueIn: () => null,
      passDue: () => [],
      rest: () => [],
    };
  }
  const joiner = multiline.createJoiner();
  const now = () => performance.now();
  const pass = (items: readonly T[]) => joiner.push(items.filter(within), now()).filter(keep);
  return {
    pass,
    passLot: ({ items }) => ({ items: pass(items) }),
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

const NOTHING = { items: [] };

function lotPasser<T>(
  { keep, mayKeep }: SieveOptions<T>,
  within: (item: T) => boolean,
  pass: (items: readonly T[]) => readonly T[],
): (lot: Lot<T>) => Lot<T> {
  if (within === everything && keep === everything) return (lot) => lot;
  // A range has to see every line: one without a time goes with the one before it.
  if (within !== everything || !mayKeep) return ({ items }) => ({ items: pass(items) });
  return (lot) => (lot.bundle && !mayKeep(lot.bundle) ? NOTHING : { items: pass(lot.items) });
}
