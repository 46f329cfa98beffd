// How long items have waited, and up to which time that lets all others go. Knows no item and no clock.

/** Of items of one queue, by when they came; those that say nothing new beside another are left out. */
export class Waits {
  /** Both ascend: what came later counts only if it lies later as well. */
  #stamps: number[] = [];
  #times: number[] = [];
  /** Those before it are gone. */
  #head = 0;

  /** When the first came of those that are left; Infinity when there is none. */
  get first(): number {
    return this.#stamps[this.#head] ?? Number.POSITIVE_INFINITY;
  }

  /** Items that came at `stamp`, the latest of them of the time `time`. */
  add(stamp: number, time: number): void {
    const later = this.#takeAfter(stamp);
    this.#append(stamp, time);
    for (const one of later) this.#append(one.stamp, one.time);
  }

  /** The latest time of what came not later than `stamp`; -Infinity when nothing did. */
  latestOf(stamp: number): number {
    let from = this.#head;
    let to = this.#stamps.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#stamps[middle] ?? 0) <= stamp) from = middle + 1;
      else to = middle;
    }
    return from > this.#head ? (this.#times[from - 1] ?? 0) : Number.NEGATIVE_INFINITY;
  }

  /** Everything up to that time has left the queue. */
  drop(time: number): void {
    while (this.#head < this.#times.length && (this.#times[this.#head] ?? 0) <= time) this.#head += 1;
    if (this.#head < 64 && this.#head < this.#times.length) return;
    this.#stamps = this.#stamps.slice(this.#head);
    this.#times = this.#times.slice(this.#head);
    this.#head = 0;
  }

  /** Hardly ever anything: they come one after the other. */
  #takeAfter(stamp: number): { readonly stamp: number; readonly time: number }[] {
    const later = [];
    while (this.#stamps.length > this.#head && (this.#stamps.at(-1) ?? 0) > stamp) {
      later.unshift({ stamp: this.#stamps.pop() ?? 0, time: this.#times.pop() ?? 0 });
    }
    return later;
  }

  #append(stamp: number, time: number): void {
    const last = this.#stamps.length - 1;
    if (last < this.#head) {
      this.#stamps.push(stamp);
      this.#times.push(time);
    } else if (time > (this.#times[last] ?? 0)) {
      if (this.#stamps[last] === stamp) this.#times[last] = time;
      else {
        this.#stamps.push(stamp);
        this.#times.push(time);
      }
    }
  }
}
