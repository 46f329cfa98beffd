// Makes foreign text harmless for a terminal. A state machine over one text; knows nothing of log lines or streams.

/** `keep`: as it is; `colors`: colours stay, all other control sequences go; `strip`: colours go too. */
export type AnsiMode = 'keep' | 'colors' | 'strip';
export const ANSI_MODES: readonly AnsiMode[] = ['keep', 'colors', 'strip'];

/** Everything that a terminal may act on, tab and LF aside: C0, DEL, C1, and the characters that turn writing round. */
const SUSPECT = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
const RESET = '\x1b[0m';
/** Longer parameters are no colour that anyone writes. */
const LONGEST_COLOR = 64;

/**
 * Whole sequences (OSC, DCS, cursor moves and so on) are dropped; one that does not end in this text, and every lone
 * control character, is made visible, so that nothing can hide text. Tab and LF stay. A colour that is still open is
 * closed before each LF and at the end, so the result can be joined with other text. Text without suspects comes back
 * as it is.
 */
export function sanitize(text: string, mode: AnsiMode): string {
  if (mode === 'keep' || !SUSPECT.test(text)) return text;
  return new Cleaner(text, mode === 'colors').run();
}

const LF = 0x0a;
const ESC = 0x1b;
const CSI = 0x9b;
const ST = 0x9c;

class Cleaner {
  #text: string;
  #colors: boolean;
  #at = 0;
  #out = '';
  #open = false;
  /** No control string ends before it: found out once, or a line of openers would take quadratic time. */
  #unendedUntil = 0;

  constructor(text: string, colors: boolean) {
    this.#text = text;
    this.#colors = colors;
  }

  run(): string {
    const text = this.#text;
    let plain = 0;
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (isPlain(code)) {
        this.#at++;
        continue;
      }
      this.#out += text.slice(plain, this.#at);
      this.#control(code);
      plain = this.#at;
    }
    this.#out += text.slice(plain);
    this.#close();
    return this.#out;
  }

  #control(code: number): void {
    if (code === LF) {
      this.#close();
      this.#out += '\n';
      this.#at++;
    } else if (code === ESC) this.#escape();
    else if (code === CSI) this.#controlSequence(1);
    else if (isStringStart(code)) this.#controlString(1);
    else this.#show(code);
  }

  #escape(): void {
    const next = this.#text.charCodeAt(this.#at + 1);
    // ESC k … ESC \ sets the title in screen and tmux.
    if (next === 0x5b) this.#controlSequence(2);
    else if (next === 0x6b || isStringStart(next + 0x40)) this.#controlString(2);
    else this.#shortEscape();
  }

  #shortEscape(): void {
    let end = this.#at + 1;
    while (isBetween(this.#text.charCodeAt(end), 0x20, 0x2f)) end++;
    if (isBetween(this.#text.charCodeAt(end), 0x30, 0x7e)) this.#at = end + 1;
    else this.#show(ESC);
  }

  #controlSequence(introducer: number): void {
    const start = this.#at + introducer;
    let end = start;
    while (isBetween(this.#text.charCodeAt(end), 0x30, 0x3f)) end++;
    const params = end;
    while (isBetween(this.#text.charCodeAt(end), 0x20, 0x2f)) end++;
    const final = this.#text.charCodeAt(end);
    if (!isBetween(final, 0x40, 0x7e)) {
      this.#showIntroducer(introducer);
      return;
    }
    this.#at = end + 1;
    if (final === 0x6d && params === end && this.#colors) this.#color(this.#text.slice(start, params));
  }

  #color(params: string): void {
    if (params.length > LONGEST_COLOR || !/^[\d;:]*$/.test(params)) return;
    const kept = params.includes('8') ? withoutConceal(params) : params;
    if (kept === null) return;
    this.#out += `\x1b[${kept}m`;
    this.#open = !/^0*$/.test(kept);
  }

  #controlString(introducer: number): void {
    let end = Math.max(this.#at + introducer, this.#unendedUntil);
    for (; end < this.#text.length; end++) {
      if (this.#text.charCodeAt(end) === LF) break;
      const after = stringEnd(this.#text, end);
      if (after === null) continue;
      this.#at = after;
      return;
    }
    this.#unendedUntil = end;
    this.#showIntroducer(introducer);
  }

  /** What follows it is shown as plain text. */
  #showIntroducer(introducer: number): void {
    this.#show(this.#text.charCodeAt(this.#at));
    if (introducer === 1) return;
    this.#out += this.#text.charAt(this.#at);
    this.#at++;
  }

  #show(code: number): void {
    this.#out += visible(code);
    this.#at++;
  }

  #close(): void {
    if (this.#open) this.#out += RESET;
    this.#open = false;
  }
}

function isBetween(code: number, low: number, high: number): boolean {
  return code >= low && code <= high;
}

function isPlain(code: number): boolean {
  if (code < 0x7f) return code >= 0x20 || code === 0x09;
  if (code < 0x202a) return code > 0x9f;
  return code > 0x2069 || (code > 0x202e && code < 0x2066);
}

/** DCS, SOS, OSC, PM, APC in their 8-bit form; the 7-bit one is ESC and the same less 0x40. */
function isStringStart(code: number): boolean {
  return code === 0x90 || code === 0x98 || isBetween(code, 0x9d, 0x9f);
}

/** Where the text goes on when a control string ends here; null when it does not. */
function stringEnd(text: string, at: number): number | null {
  const code = text.charCodeAt(at);
  // BEL ends an OSC; CAN and SUB break off any; ST ends all.
  if (code === 0x07 || code === 0x18 || code === 0x1a || code === ST) return at + 1;
  if (code !== ESC) return null;
  // Any other escape breaks the string off and begins something new.
  return text.charCodeAt(at + 1) === 0x5c ? at + 2 : at;
}

/** Drops "conceal" (8), which would hide text, and not the 8 in `38;5;8`. null when nothing is left. */
function withoutConceal(params: string): string | null {
  const parts = params.split(';');
  const kept: string[] = [];
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? '';
    if (Number(part) === 8) continue;
    const length = /^0*[345]8$/.test(part) ? extendedLength(parts[index + 1]) : 0;
    if (length === null) continue;
    kept.push(...parts.slice(index, index + 1 + length));
    index += length;
  }
  return kept.length === 0 ? null : kept.join(';');
}

/** How many parameters behind 38, 48 or 58 belong to it; null for a form that no terminal knows. */
function extendedLength(kind: string | undefined): number | null {
  if (Number(kind) === 5) return 2;
  return Number(kind) === 2 ? 4 : null;
}

function visible(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '␡';
  if (code < 0xa0) return `\\x${code.toString(16)}`;
  return `<U+${code.toString(16).toUpperCase()}>`;
}
