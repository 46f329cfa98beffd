// 64 bits that stand for the bytes of a line, the same whether it comes as bytes or as text. Knows no log.

export interface LineHash {
  readonly high: number;
  readonly low: number;
}

export interface LineHasher extends LineHash {
  /** Of the line from..to without its end; a CR before that is not the line's. */
  ofBytes(bytes: Uint8Array, from: number, to: number): void;
  ofText(raw: string): void;
}

const CR = 0x0d;
const USUAL_BYTES = 4096;

/** `high` and `low` are those of the line that was read last. `seed`: another one, other hashes. */
export function createLineHash(seed: number): LineHasher {
  let text = Buffer.alloc(USUAL_BYTES);
  let high = 0;
  let low = 0;
  const read = (bytes: Uint8Array, from: number, to: number) => {
    let one = seed ^ (to - from);
    let two = Math.imul(seed, 0x27d4eb2f) ^ 0x165667b1;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      const word =
        (bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24);
      one = Math.imul(one ^ word, 0x85ebca6b);
      one ^= one >>> 15;
      two = (Math.imul((two << 13) | (two >>> 19), 5) + Math.imul(word ^ (word >>> 16), 0x2c1b3c6d)) | 0;
    }
    for (; at < to; at += 1) {
      one = Math.imul(one ^ (bytes[at] ?? 0), 0x85ebca6b);
      one ^= one >>> 15;
      two = (Math.imul((two << 13) | (two >>> 19), 5) + Math.imul((bytes[at] ?? 0) + 1, 0x2c1b3c6d)) | 0;
    }
    high = mixed(one, two);
    low = mixed(two, one ^ 0x5bd1e995);
  };
  return {
    get high() {
      return high;
    },
    get low() {
      return low;
    },
    ofBytes(bytes, from, to) {
      read(bytes, from, to > from && bytes[to - 1] === CR ? to - 1 : to);
    },
    ofText(raw) {
      if (raw.length * 3 > text.length) text = Buffer.alloc(raw.length * 3);
      read(text, 0, text.write(raw, 'utf8'));
    },
  };
}

function mixed(one: number, two: number): number {
  let mix = Math.imul(one ^ (one >>> 16), 0x7feb352d) ^ Math.imul(two, 0x9e3779b1);
  mix = Math.imul(mix ^ (mix >>> 15), 0x846ca68b);
  return mix ^ (mix >>> 16);
}
