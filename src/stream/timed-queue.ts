// Items in order of time, nearly all of which come in that order: kept in runs, so that those cost next to nothing.
// Knows no clock and no network.
import { type Instant, instantToMillis, type Lot } from '../model.ts';

export interface TimeOf<T> {
  timeOf(item: T): Instant | null;
  /** The same in milliseconds since the epoch, NaN without a time; where that is cheaper. */
  readonly millisOf?: ((item: T) => number) | undefined;
}

/** Where in time the items of one source stand, also those without a time: behind the one that they followed. */
export class Places<T> {
  readonly #millisOf: (item: T) => number;
  readonly #unknown: () => number;
  /** Milliseconds of the last item. */
  last = Number.NEGATIVE_INFINITY;
  /** Whether any item had a time. */
  timed = false;

  /** `unknown`: where items stand as long as none has had a time; at the beginning of all when absent. */
  constructor(source: TimeOf<T>, unknown: () => number = () => Number.NEGATIVE_INFINITY) {
    this.#millisOf = millisReader(source);
    this.#unknown = unknown;
  }

  of(lot: Lot<T>): readonly number[] {
    const { bundle } = lot;
    if (bundle && bundle.count > 0 && !hasUnknown(bundle.at)) {
      this.timed = true;
      this.last = bundle.at.at(-1) ?? this.last;
      return bundle.at;
    }
    if (bundle) return bundle.at.map((millis) => this.#next(millis));
    return lot.items.map((item) => this.#next(this.#millisOf(item)));
  }

  #next(millis: number): number {
    if (!Number.isNaN(millis)) {
      this.timed = true;
      this.last = millis;
    } else if (!this.timed) this.last = this.#unknown();
    return this.last;
  }
}

function hasUnknown(at: readonly number[]): boolean {
  for (const millis of at) if (Number.isNaN(millis)) return true;
  return false;
}

function millisReader<T>(source: TimeOf<T>): (item: T) => number {
  if (source.millisOf) return source.millisOf;
  return (item) => {
    const time = source.timeOf(item);
    return time === null ? Number.NaN : instantToMillis(time);
  };
}

/**
 * When items came, all together or each of them, on the clock of whoever asks: so long they have to wait for others.
 * Those that need not wait have it below zero.
 */
export type Stamps = number | readonly number[];

export function unwaiting(stamp: number): number {
  return -1 - stamp;
}

/** When it came, however long it has to wait. */
export function arrivalOf(stamp: number): number {
  return stamp < 0 ? -1 - stamp : stamp;
}

/** Some items with their milliseconds. */
export interface Timed<T> {
  readonly lot: Lot<T>;
  readonly at: readonly number[];
  readonly stamps: Stamps;
}

/** `at` ascends; those before `head` are gone. */
interface Run<T> extends Timed<T> {
  lot: Lot<T>;
  head: number;
}

/** Smaller runs are joined to the one before. */
const SMALL = 64;
const MOST_JOINED = 256;

export class TimedQueue<T> {
  /** Each begins where the one before it ends, or later; those before `#first` are gone. */
  #runs: (Run<T> | undefined)[] = [];
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

  /** The stamp of the first item; Infinity when there is none. */
  get firstStamp(): number {
    const run = this.#runs[this.#first];
    return run ? stampOf(run, run.head) : Number.POSITIVE_INFINITY;
  }

  /** Milliseconds of the last item; -Infinity when there is none. */
  get lastAt(): number {
    return this.#runs.at(-1)?.at.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** How many items are not later than `until`, milliseconds. */
  countUntil(until: number): number {
    let count = 0;
    for (let index = this.#first; index < this.#runs.length; index += 1) {
      const run = this.#runs[index];
      if (!run || (run.at[run.head] ?? 0) > until) break;
      let end = run.at.length;
      while (end > run.head && (run.at[end - 1] ?? 0) > until) end -= 1;
      count += end - run.head;
    }
    return count;
  }

  /** Puts items where they belong, behind those of the same time. `at`: of each, in any order. */
  push(lot: Lot<T>, at: readonly number[], stamp: number): void {
    if (at.length === 0) return;
    this.#size += at.length;
    let run: Run<T> = isAscending(at) ? { lot, at, stamps: stamp, head: 0 } : sorted(lot, at, stamp);
    const begin = run.at[0] ?? 0;
    if (begin < this.lastAt) run = merged(this.#cutBehind(begin), run);
    else if (!lot.bundle && at.length < SMALL && this.#join(run)) return;
    this.#runs.push(run);
  }

  /** The first items: those of one run that are not later than `until` and that came not later than `stamp` or need not wait. */
  take(until: number, stamp: number): Timed<T> | null {
    const run = this.#runs[this.#first];
    if (!run) return null;
    const { at, head } = run;
    let end = head;
    while (end < at.length && (at[end] ?? 0) <= until && mayGo(stampOf(run, end), stamp)) end += 1;
    if (end === head) return null;
    this.#size -= end - head;
    run.head = end;
    if (end === at.length) this.#dropFirst();
    if (head === 0 && end === at.length) return run;
    make(run);
    return part(run, head, end);
  }

  #dropFirst(): void {
    this.#runs[this.#first] = undefined;
    this.#first += 1;
    if (this.#first < 64 && this.#first < this.#runs.length) return;
    this.#runs = this.#runs.slice(this.#first);
    this.#first = 0;
  }

  /** Whether the run has become part of the last one. */
  #join(run: Run<T>): boolean {
    const last = this.#runs.at(-1);
    if (!last || last.lot.bundle || last.at.length + run.at.length > MOST_JOINED) return false;
    const whole = joined([last, run]);
    whole.head = last.head;
    this.#runs[this.#runs.length - 1] = whole;
    return true;
  }

  /** Takes out what is later than `begin`. */
  #cutBehind(begin: number): Run<T> {
    const later: Run<T>[] = [];
    for (let index = this.#runs.length - 1; index >= this.#first; index -= 1) {
      const run = this.#runs[index];
      if (!run || (run.at.at(-1) ?? 0) <= begin) break;
      make(run);
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

/** Once for all that is taken of it. */
function make<T>(run: Run<T>): void {
  if (run.lot.bundle) run.lot = { items: run.lot.items };
}

function stampOf<T>({ stamps }: Run<T>, index: number): number {
  return typeof stamps === 'number' ? stamps : (stamps[index] ?? 0);
}

function mayGo(stamp: number, limit: number): boolean {
  return stamp <= limit || stamp < 0;
}

function isAscending(at: readonly number[]): boolean {
  for (let index = 1; index < at.length; index += 1)
    if ((at[index] ?? 0) < (at[index - 1] ?? 0)) return false;
  return true;
}

function sorted<T>({ items }: Lot<T>, at: readonly number[], stamp: number): Run<T> {
  const order = at.map((_, index) => index).sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0));
  const lot = { items: order.map((index) => items[index] as T) };
  return { lot, at: order.map((index) => at[index] ?? 0), stamps: stamp, head: 0 };
}

function part<T>({ lot, at, stamps }: Run<T>, from: number, to: number): Run<T> {
  return {
    lot: { items: lot.items.slice(from, to) },
    at: at.slice(from, to),
    stamps: typeof stamps === 'number' ? stamps : stamps.slice(from, to),
    head: 0,
  };
}

function joined<T>(runs: readonly Run<T>[]): Run<T> {
  const [only, ...more] = runs;
  if (only && more.length === 0) return only;
  const cameAtOnce = typeof only?.stamps === 'number' && runs.every(({ stamps }) => stamps === only.stamps);
  return {
    lot: { items: runs.flatMap(({ lot }) => lot.items) },
    at: runs.flatMap(({ at }) => at),
    stamps: cameAtOnce ? only.stamps : runs.flatMap((run) => run.at.map((_, index) => stampOf(run, index))),
    head: 0,
  };
}

/** Both ascend; of two of the same time the one of `first` comes first. */
function merged<T>(first: Run<T>, second: Run<T>): Run<T> {
  const items: T[] = [];
  const at: number[] = [];
  const stamps: number[] = [];
  const made = { first: first.lot.items, second: second.lot.items };
  let one = 0;
  let two = 0;
  while (one < first.at.length || two < second.at.length) {
    const isFirst =
      (first.at[one] ?? Number.POSITIVE_INFINITY) <= (second.at[two] ?? Number.POSITIVE_INFINITY);
    const run = isFirst ? first : second;
    const index = isFirst ? one++ : two++;
    items.push((isFirst ? made.first : made.second)[index] as T);
    at.push(run.at[index] ?? 0);
    stamps.push(stampOf(run, index));
  }
  return { lot: { items }, at, stamps, head: 0 };
}
