// Items in order of time, nearly all of which come in that order: kept in runs, so that those cost next to nothing.
// Knows no clock and no network.
import { type Instant, instantToMillis } from '../model.ts';

export interface TimeOf<T> {
  timeOf(item: T): Instant | null;
  /** The same in milliseconds since the epoch, NaN without a time; where that is cheaper. */
  readonly millisOf?: ((item: T) => number) | undefined;
}

/** Milliseconds since the epoch, NaN for an item without a time. */
export function millisReader<T>(source: TimeOf<T>): (item: T) => number {
  if (source.millisOf) return source.millisOf;
  return (item) => {
    const time = source.timeOf(item);
    return time === null ? Number.NaN : instantToMillis(time);
  };
}

/** Some items with their milliseconds. */
export interface Timed<T> {
  readonly items: readonly T[];
  readonly at: readonly number[];
}

/** `at` ascends; those before `head` are gone. */
interface Run<T> {
  items: readonly T[];
  readonly at: number[];
  /** When each may go, on the clock of whoever asks. */
  readonly due: number[];
  head: number;
  /** `items` where it is an array of our own. */
  own: T[] | undefined;
}

/** Small batches are joined to runs of about so many. */
const JOINED = 256;

export class TimedQueue<T> {
  /** Each begins where the one before it ends, or later; those before `#first` are gone. */
  #runs: Run<T>[] = [];
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Milliseconds of the first item; Infinity when there is none. */
  get firstAt(): number {
    const run = this.#runs[this.#first];
    return run?.at[run.head] ?? Number.POSITIVE_INFINITY;
  }

  /** When the first item may go; Infinity when there is none. */
  get firstDue(): number {
    const run = this.#runs[this.#first];
    return run?.due[run.head] ?? Number.POSITIVE_INFINITY;
  }

  /** Of the last item; -Infinity when there is none. */
  get lastAt(): number {
    return this.#runs.at(-1)?.at.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** Puts items where they belong, behind those of the same time. `at` as long as `items`, in any order. */
  push(items: readonly T[], at: number[], due: number): void {
    if (items.length === 0) return;
    let run = runOf({ items, at, due: new Array<number>(items.length).fill(due) });
    if (!isAscending(at)) run = sorted(run);
    this.#size += items.length;
    const begin = run.at[0] ?? 0;
    if (begin < this.lastAt) run = merged(this.#cutBehind(begin), run);
    else if (this.#join(run)) return;
    this.#runs.push(run);
  }

  /** The first items: those of one run that are not later than `until` and that may go at `now`. */
  take(until: number, now: number): Timed<T> | null {
    const run = this.#runs[this.#first];
    if (!run) return null;
    const { at, due, head } = run;
    let end = head;
    while (end < at.length && (at[end] ?? 0) <= until && (due[end] ?? 0) <= now) end += 1;
    if (end === head) return null;
    this.#size -= end - head;
    run.head = end;
    if (end === at.length) this.#dropFirst();
    if (head === 0 && end === at.length) return run;
    return { items: run.items.slice(head, end), at: at.slice(head, end) };
  }

  #dropFirst(): void {
    this.#first += 1;
    if (this.#first < 64 && this.#first < this.#runs.length) return;
    this.#runs = this.#runs.slice(this.#first);
    this.#first = 0;
  }

  /** Whether a small run has become part of the last one. */
  #join(run: Run<T>): boolean {
    const last = this.#runs.at(-1);
    if (!last || last.items.length + run.items.length > JOINED) return false;
    last.own ??= [...last.items];
    last.items = last.own;
    last.own.push(...run.items);
    last.at.push(...run.at);
    last.due.push(...run.due);
    return true;
  }

  /** Takes out what is later than `begin`. */
  #cutBehind(begin: number): Run<T> {
    const later: Run<T>[] = [];
    for (let index = this.#runs.length - 1; index >= this.#first; index -= 1) {
      const run = this.#runs[index];
      if (!run || (run.at.at(-1) ?? 0) <= begin) break;
      let cut = run.at.length;
      while (cut > run.head && (run.at[cut - 1] ?? 0) > begin) cut -= 1;
      later.unshift(part(run, cut, run.at.length));
      if (cut > run.head) {
        this.#runs[index] = part(run, run.head, cut);
        break;
      }
      this.#runs.length = index;
    }
    return joined(later);
  }
}

function isAscending(at: readonly number[]): boolean {
  for (let index = 1; index < at.length; index += 1)
    if ((at[index] ?? 0) < (at[index - 1] ?? 0)) return false;
  return true;
}

function runOf<T>(parts: { items: readonly T[]; at: number[]; due: number[] }): Run<T> {
  return { items: parts.items, at: parts.at, due: parts.due, head: 0, own: undefined };
}

/** All of a run are due at the same time. */
function sorted<T>({ items, at, due }: Run<T>): Run<T> {
  const order = at.map((_, index) => index).sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0));
  return runOf({
    items: order.map((index) => items[index] as T),
    at: order.map((index) => at[index] ?? 0),
    due,
  });
}

function part<T>({ items, at, due }: Run<T>, from: number, to: number): Run<T> {
  return runOf({ items: items.slice(from, to), at: at.slice(from, to), due: due.slice(from, to) });
}

function joined<T>(runs: readonly Run<T>[]): Run<T> {
  const [only, ...more] = runs;
  if (only && more.length === 0) return only;
  return runOf({
    items: runs.flatMap((run) => run.items),
    at: runs.flatMap((run) => run.at),
    due: runs.flatMap((run) => run.due),
  });
}

/** Both ascend; of two of the same time the one of `first` comes first. */
function merged<T>(first: Run<T>, second: Run<T>): Run<T> {
  const items: T[] = [];
  const at: number[] = [];
  const due: number[] = [];
  let one = 0;
  let two = 0;
  while (one < first.at.length || two < second.at.length) {
    const fromFirst =
      (first.at[one] ?? Number.POSITIVE_INFINITY) <= (second.at[two] ?? Number.POSITIVE_INFINITY);
    const run = fromFirst ? first : second;
    const index = fromFirst ? one++ : two++;
    items.push(run.items[index] as T);
    at.push(run.at[index] ?? 0);
    due.push(run.due[index] ?? 0);
  }
  return runOf({ items, at, due });
}
