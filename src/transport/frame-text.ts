// The texts of JSON frames of one known form, unescaped into one piece of bytes without parsing. Knows no platform.
import { isUtf8 } from 'node:buffer';
import { isPlainWord, Room } from '../text-bytes.ts';

/** `{"data":"…"}`: the text between a head and a tail that are always the same. */
export interface FrameForm {
  /** Up to the quote before the text. */
  readonly head: string;
  /** What may come behind the quote after it: up to the quote before a value that nobody reads, which is the last one. */
  readonly ignored?: string;
}

export interface FrameText {
  /** Bytes that are there. */
  readonly length: number;
  /** Adds the text of a frame, CR LF as LF; false, and nothing is added, where it is of another form or its text has rare escapes. */
  add(frame: Uint8Array): boolean;
  /** Ends the last line, unless it has ended. */
  endLine(): void;
  /** Whether the last line has ended, or nothing is there. */
  endsLine(): boolean;
  /** All of it, and starts anew. Valid until something is added. */
  take(): Buffer;
  /** Takes back what was added since there were so many bytes. */
  cutTo(length: number): void;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSE = 0x7d;
const LF = 0x0a;
const CR = 0x0d;
const SMALL_U = 0x75;

/** What stands behind a backslash, without `u`; 0 for all else. */
const ESCAPED = new Uint8Array(256);
for (const [letter, meant] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map(codesOf)) {
  ESCAPED[letter] = meant;
}

export function createFrameText({ head, ignored }: FrameForm): FrameText {
  const before = Buffer.from(head);
  const after = Buffer.from(ignored ?? '');
  const frame = new HeldFrame();
  const text = new Room();
  let length = 0;

  const addText = (): boolean => {
    const { bytes: read, words: readWords } = frame;
    const { bytes: written, words: writtenWords } = text;
    let at = length;
    let index = before.length;
    let all = 0;
    for (;;) {
      const word = readWords.getInt32(index, true);
      if (isPlainWord(word)) {
        writtenWords.setInt32(at, word, true);
        at += 4;
        index += 4;
        continue;
      }
      const byte = read[index++] ?? 0;
      if (byte === QUOTE) break;
      // A control character, or the end of the frame.
      if (byte < 0x20) return false;
      if (byte !== BACKSLASH) {
        all |= byte;
        written[at++] = byte;
        continue;
      }
      const letter = read[index++] ?? 0;
      if (letter === SMALL_U) {
        const code = hexAt(read, index);
        // Others take several bytes, and some are half of a character.
        if (code < 0 || code > 0x7f) return false;
        index += 4;
        if (code === LF && isSingleReturn(written, at, length)) at -= 1;
        written[at++] = code;
      } else {
        const meant = ESCAPED[letter] ?? 0;
        if (meant === 0) return false;
        if (meant === LF && isSingleReturn(written, at, length)) at -= 1;
        written[at++] = meant;
      }
    }
    if ((all > 0x7f && !isUtf8(written.subarray(length, at))) || !frame.endsAt(index, after)) return false;
    length = at;
    return true;
  };

  return {
    get length() {
      return length;
    },
    add(bytes) {
      frame.hold(bytes);
      for (let index = 0; index < before.length; index += 1)
        if (frame.bytes[index] !== before[index]) return false;
      text.reserve(length + bytes.length, length);
      return addText();
    },
    endLine() {
      const { bytes } = text;
      if (length === 0 || bytes[length - 1] === LF) return;
      if (isSingleReturn(bytes, length, 0)) length -= 1;
      bytes[length++] = LF;
    },
    endsLine: () => length === 0 || text.bytes[length - 1] === LF,
    take() {
      const taken = text.bytes.subarray(0, length);
      length = 0;
      frame.shrink();
      text.shrink();
      return taken;
    },
    cutTo(to) {
      length = to;
    },
  };
}

/** The frame that is looked at. */
class HeldFrame extends Room {
  #held = 0;

  /** NUL stands behind them. */
  hold(bytes: Uint8Array): void {
    this.reserve(bytes.length, 0);
    this.bytes.set(bytes);
    this.#held = bytes.length;
    this.bytes[bytes.length] = 0;
  }

  /** Whether the object ends at that index, but for the value that nobody reads. */
  endsAt(at: number, ignored: Uint8Array): boolean {
    const { bytes } = this;
    if (bytes[at] === CLOSE) return this.#isBlank(at + 1);
    if (ignored.length === 0) return false;
    let index = at;
    for (const byte of ignored) if (bytes[index++] !== byte) return false;
    for (let byte = bytes[index] ?? 0; byte !== QUOTE; byte = bytes[index] ?? 0) {
      if (byte < 0x20 || byte === BACKSLASH) return false;
      index += 1;
    }
    return bytes[index + 1] === CLOSE && this.#isBlank(index + 2);
  }

  /** Some servers end a frame with a line feed. */
  #isBlank(from: number): boolean {
    for (let index = from; index < this.#held; index += 1) if (this.bytes[index] !== LF) return false;
    return from <= this.#held;
  }
}

function codesOf([letter = '', meant = '']: string): readonly [letter: number, meant: number] {
  return [letter.charCodeAt(0), meant.charCodeAt(0)];
}

/** Of the four digits at that index; negative where they are none. */
function hexAt(frame: Uint8Array, at: number): number {
  let code = 0;
  for (let index = at; index < at + 4; index += 1) {
    const byte = frame[index] ?? 0;
    const digit = byte < 0x3a ? byte - 0x30 : (byte | 0x20) - 0x57;
    if (digit < 0 || digit > 15 || (byte >= 0x3a && digit < 10)) return -1;
    code = code * 16 + digit;
  }
  return code;
}

/** Whether the last byte is a CR that belongs to the LF behind it; of two of them one is text, and both are left there. */
function isSingleReturn(bytes: Uint8Array, length: number, from: number): boolean {
  return length > from && bytes[length - 1] === CR && !(length - 2 >= from && bytes[length - 2] === CR);
}
