// Text as bytes: looked through and put together four bytes at a time, several times cheaper than as strings.
// Knows no log line.

const CR = 0x0d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Words are read and written beyond the last byte. */
const SPARE = 8;
const SMALL = 64 * 1024;
/** A larger buffer is let go when it is empty. */
const KEPT = 1024 * 1024;

/** Whether none of four bytes is a quote, a backslash, a control character or beyond ASCII. */
export function isPlainWord(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  // The highest bit of a byte stays when what is taken from it is more than the byte; a borrow may only mark too many.
  const marks =
    ((quotes - 0x01010101) & ~quotes) |
    ((backslashes - 0x01010101) & ~backslashes) |
    ((word - 0x20202020) & ~word) |
    word;
  return (marks & 0x80808080) === 0;
}

/** Where the line ends that begins at `from` and has its LF, or CR LF, at `feed`. */
export function endOfText(bytes: Uint8Array, from: number, feed: number): number {
  return feed > from && bytes[feed - 1] === CR ? feed - 1 : feed;
}

/** Bytes with a view of their words; where they are copied from. */
export interface Words {
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly words: DataView;
}

/** What is read as text here and there. */
export interface Source extends Words {
  readonly bytes: Buffer;
}

export function sourceOf(bytes: Buffer): Source {
  return { length: bytes.length, bytes, words: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** Text that is written again and again. */
export function pieceOf(text: string): Words {
  const padded = Buffer.alloc(Buffer.byteLength(text) + SPARE);
  return { ...sourceOf(padded), length: padded.write(text) };
}

/** Room for so many bytes and some more: words are read and written beyond the last one. */
export class Room {
  bytes: Buffer = Buffer.alloc(0);
  words: DataView = new DataView(new ArrayBuffer(0));

  constructor() {
    this.#renew(SMALL);
  }

  /** Keeps the first `kept` bytes. */
  reserve(size: number, kept: number): void {
    if (size + SPARE <= this.bytes.length) return;
    const { bytes } = this;
    this.#renew(Math.max(bytes.length * 2, size + SPARE));
    bytes.copy(this.bytes, 0, 0, kept);
  }

  /** Lets go of what only a large text needed, and of all that is there. */
  shrink(): void {
    if (this.bytes.length > KEPT) this.#renew(SMALL);
  }

  #renew(size: number): void {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.words = new DataView(this.bytes.buffer, this.bytes.byteOffset, size);
  }
}

/** Grows at its end, and is emptied and filled again. */
export class TextBytes {
  length = 0;
  readonly #room = new Room();

  /** Valid until something is added. */
  take(): Uint8Array {
    const taken = this.#room.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  /** Lets go of what only a large text needed. */
  clear(): void {
    this.length = 0;
    this.#room.shrink();
  }

  addPiece(piece: Words): void {
    this.#reserve(piece.length);
    const { words } = piece;
    const to = this.#room.words;
    const begin = this.length;
    for (let at = 0; at < piece.length; at += 4) to.setInt32(begin + at, words.getInt32(at, true), true);
    this.length = begin + piece.length;
  }

  addRange({ bytes, words }: Words, from: number, to: number): void {
    this.#reserve(to - from);
    const target = this.#room.words;
    const shift = this.length - from;
    let at = from;
    for (; at + 4 <= to; at += 4) target.setInt32(at + shift, words.getInt32(at, true), true);
    for (; at < to; at += 1) this.#room.bytes[at + shift] = bytes[at] ?? 0;
    this.length += to - from;
  }

  /** As it stands in JSON between quotes; `bytes` are valid UTF-8. */
  addEscaped({ bytes, words }: Words, from: number, to: number): void {
    this.#reserve((to - from) * 6);
    const target = this.#room.words;
    const written = this.#room.bytes;
    let length = this.length;
    let at = from;
    while (at < to) {
      if (at + 4 <= to) {
        const word = words.getInt32(at, true);
        if (isPlainWord(word)) {
          target.setInt32(length, word, true);
          length += 4;
          at += 4;
          continue;
        }
      }
      const byte = bytes[at++] ?? 0;
      if (byte < 0x20) {
        length += written.write(ESCAPES[byte] ?? '', length, 'latin1');
        continue;
      }
      if (byte === QUOTE || byte === BACKSLASH) written[length++] = BACKSLASH;
      written[length++] = byte;
    }
    this.length = length;
  }

  addByte(byte: number): void {
    this.#reserve(1);
    this.#room.bytes[this.length++] = byte;
  }

  /** All of another one. */
  addAll(other: TextBytes): void {
    this.addPiece({ length: other.length, bytes: other.#room.bytes, words: other.#room.words });
  }

  addText(text: string): void {
    this.#reserve(text.length * 3);
    this.length += this.#room.bytes.write(text, this.length);
  }

  addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#room.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Whole, not negative. */
  addNumber(value: number): void {
    this.#reserve(20);
    let digits = 1;
    for (let limit = 10; limit <= value; limit *= 10) digits += 1;
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at -= 1) {
      const less = Math.floor(rest / 10);
      this.#room.bytes[at] = 48 + rest - less * 10;
      rest = less;
    }
    this.length += digits;
  }

  #reserve(more: number): void {
    this.#room.reserve(this.length + more, this.length);
  }
}

const ESCAPES = Array.from({ length: 0x20 }, (_, code) =>
  JSON.stringify(String.fromCharCode(code)).slice(1, -1),
);
