// Which lines of a build's output have been given, so that the stored output and the live stream can take turns although
// no line has a time and two lines may be the same. Knows no connection.

export interface Ledger {
  /** How many lines of the stored output have been given. */
  readonly length: number;
  /** To what the engine knows of; 0 begins anew. Lines that were never met here are taken for what the output says. */
  rewind(length: number): void;
  /** For one reading of the stored output from its first line on. */
  reading(): Reading;
  /** For one connection of the live stream, which repeats the output from its first line on before it goes on live. */
  replay(): Replay;
}

export interface Reading {
  /** Whether this next line has not been given; it counts as given from now on. */
  take(raw: string): boolean;
  /** Whether the output contradicts what was given: then only what was never given is news, though late. */
  readonly differs: boolean;
}

export interface Replay {
  /**
   * `news` counts as given from now on. `stray`: this connection does not repeat the output from its beginning, so its
   * lines cannot be placed; that they came is all that can be used of them.
   */
  take(raw: string): 'known' | 'news' | 'stray';
}

/** Lines beyond are counted but not compared. */
const MOST_COMPARED = 1_000_000;

export function createLedger(mostCompared = MOST_COMPARED): Ledger {
  let length = 0;
  let marks: (number | undefined)[] = [];
  /** Lines that were given where the output has others. */
  const elsewhere = new Map<number, number>();

  const give = (mark: number): void => {
    if (length < mostCompared) marks[length] = mark;
    length += 1;
  };
  const doubtFrom = (index: number): void => {
    for (const mark of marks.slice(index)) {
      if (mark !== undefined) elsewhere.set(mark, (elsewhere.get(mark) ?? 0) + 1);
    }
    marks = marks.slice(0, index);
    length = index;
  };
  const givenElsewhere = (mark: number): boolean => {
    const left = elsewhere.get(mark) ?? 0;
    if (left <= 1) elsewhere.delete(mark);
    else elsewhere.set(mark, left - 1);
    return left > 0;
  };

  return {
    get length() {
      return length;
    },
    rewind(to) {
      marks = marks.slice(0, to);
      length = to;
      if (to === 0) elsewhere.clear();
    },
    reading() {
      let at = 0;
      let differs = false;
      return {
        get differs() {
          return differs;
        },
        take(raw) {
          const mark = markOf(raw);
          const index = at;
          at += 1;
          if (index < length) {
            const known = marks[index];
            if (known === mark) return false;
            if (known === undefined) {
              if (index < mostCompared) marks[index] = mark;
              return false;
            }
            differs = true;
            doubtFrom(index);
          }
          give(mark);
          return !givenElsewhere(mark);
        },
      };
    },
    replay() {
      let at = 0;
      let fits = elsewhere.size === 0;
      return {
        take(raw) {
          const mark = markOf(raw);
          const index = at;
          at += 1;
          const known = marks[index];
          if (index > length || (index < length && known !== undefined && known !== mark)) fits = false;
          if (!fits) return 'stray';
          if (index < length) return 'known';
          give(mark);
          return 'news';
        },
      };
    },
  };
}

/** 53 bits of a line (cyrb53): a line costs a number, however long it is. */
function markOf(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
