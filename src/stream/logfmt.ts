// Reads `key=value key="a b" flag`, the form of logfmt and of every platform's router. Knows no level and no platform.

export type Fields = Record<string, unknown>;

export interface LogfmtOptions {
  /** Where the first key begins. */
  readonly start: number;
  readonly mostKeys: number;
  /** A router writes no prose: a word of no form is passed over there, and elsewhere shows that this is no logfmt. */
  readonly isTolerant: boolean;
}

export interface Logfmt {
  readonly fields: Fields;
  /** Index of the LF behind what was read, or the text's length. */
  readonly end: number;
}

export const LONGEST_KEY = 64;
const TAB = 9;
const LF = 10;
const SPACE = 32;
const QUOTE = 34;
const EQUALS = 61;
const BACKSLASH = 92;

/**
 * Values are text, a flag without value is true, the last of two same keys counts. null where the text does not begin
 * with `key=`, where flags are no fewer than pairs (prose), or where there are too many keys.
 */
export function readLogfmt(text: string, options: LogfmtOptions): Logfmt | null {
  const first = endOfKey(text, options.start, LONGEST_KEY);
  if (first === options.start || text.charCodeAt(first) !== EQUALS) return null;
  const lf = text.indexOf('\n', first);
  const end = lf === -1 ? text.length : lf;
  return new Reader(text, end, options).run();
}

/** Whether UTF-8 begins with a key and `=` there; true as well where only reading it as text would tell. */
export function hasKeyAt(bytes: Uint8Array, from: number, to: number): boolean {
  const most = Math.min(to, from + LONGEST_KEY);
  let at = from;
  for (; at < most; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f) return true;
    if (!isKeyCode(byte)) break;
  }
  return at < to && bytes[at] === EQUALS;
}

class Reader {
  #text: string;
  #end: number;
  #options: LogfmtOptions;
  #at: number;
  #fields: Fields = {};
  #pairs = 0;
  #flags = 0;
  #hasValue = false;

  constructor(text: string, end: number, options: LogfmtOptions) {
    this.#text = text;
    this.#end = end;
    this.#options = options;
    this.#at = options.start;
  }

  run(): Logfmt | null {
    for (this.#skipSpace(); this.#at < this.#end; this.#skipSpace()) {
      if (!this.#word()) {
        if (!this.#options.isTolerant) return null;
        this.#at = this.#endOfWord();
      }
      if (this.#pairs + this.#flags > this.#options.mostKeys) return null;
    }
    if (this.#flags >= this.#pairs && !this.#options.isTolerant) return null;
    // `aGVsbG8=` is no field.
    if (!this.#hasValue && this.#pairs === 1) return null;
    return { fields: this.#fields, end: this.#end };
  }

  /** One pair or flag; false, without having moved on, for what is neither. */
  #word(): boolean {
    const start = this.#at;
    const end = endOfKey(this.#text, start, this.#end - start);
    if (end === start) return false;
    const key = this.#text.slice(start, end);
    if (end >= this.#end || isSpace(this.#text.charCodeAt(end))) {
      this.#at = end;
      this.#flags += 1;
      if (!this.#options.isTolerant) this.#set(key, true);
      return true;
    }
    if (this.#text.charCodeAt(end) !== EQUALS) return false;
    const value = this.#value(end + 1);
    if (value === null) return false;
    this.#pairs += 1;
    if (value !== '') this.#hasValue = true;
    this.#set(key, value);
    return true;
  }

  #value(start: number): string | null {
    const code = this.#text.charCodeAt(start);
    if (start < this.#end && code === QUOTE) return this.#quoted(start + 1);
    if (start < this.#end && code === EQUALS) return null;
    this.#at = start;
    this.#at = this.#endOfWord();
    return this.#text.slice(start, this.#at);
  }

  /** A quote that does not end takes the rest: the platform has cut the line. */
  #quoted(start: number): string | null {
    let hasEscape = false;
    let at = start;
    for (; at < this.#end; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code !== BACKSLASH) continue;
      hasEscape = true;
      at += 1;
    }
    const close = Math.min(at, this.#end);
    const behind = Math.min(close + 1, this.#end);
    if (behind < this.#end && !isSpace(this.#text.charCodeAt(behind))) return null;
    this.#at = behind;
    const value = this.#text.slice(start, close);
    return hasEscape ? unescaped(value) : value;
  }

  #set(key: string, value: string | true): void {
    if (key !== '__proto__') this.#fields[key] = value;
    // Assigned, it would not become a field but the prototype.
    else
      Object.defineProperty(this.#fields, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }

  #skipSpace(): void {
    while (this.#at < this.#end && isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #endOfWord(): number {
    let at = this.#at;
    while (at < this.#end && !isSpace(this.#text.charCodeAt(at))) at += 1;
    return at;
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
]);

/** An escape of no known form stays as it is. */
function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([nrt"\\/]))/g, (_, hex?: string, letter?: string) =>
    hex === undefined ? (ESCAPES.get(letter ?? '') ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === LF;
}

/** Letters of any script, digits and `_ . - @ #`. */
function endOfKey(text: string, start: number, most: number): number {
  let at = start;
  const limit = Math.min(text.length, start + most);
  while (at < limit && isKeyCode(text.charCodeAt(at))) at += 1;
  return at;
}

/** The same of UTF-8; false for all beyond ASCII. */
export function isKeyByte(byte: number): boolean {
  return byte < 0x80 && isKeyCode(byte);
}

function isKeyCode(code: number): boolean {
  const lower = code | 32;
  if ((lower >= 97 && lower <= 122) || (code >= 48 && code <= 57)) return true;
  return code === 95 || code === 46 || code === 45 || code === 64 || code === 35 || code > 159;
}
