// Breaks a text into lines of a width: at spaces, else behind a punctuation mark, else anywhere. Knows no table.
import type { WidthOf } from './width.ts';

export interface WrapOptions {
  /** Columns; a single character that is wider stands alone. */
  readonly width: number;
  readonly widthOf: WidthOf;
}

const RESET = '\x1b[0m';
const TOKENS = /\x1b\[[\d;:]*m| +|[^\x1b ]+|\x1b/g;

/** Nothing is lost but the spaces at a break. Colours are closed at the end of each line and opened again in the next. */
export function wrapText(text: string, options: WrapOptions): string[] {
  if (!text.includes('\n') && options.widthOf(text) <= options.width) return [text];
  const lines = new Wrapping(options);
  for (const [index, line] of text.split('\n').entries()) {
    if (index > 0) lines.break();
    for (const [token] of line.matchAll(TOKENS)) lines.add(token);
  }
  return lines.end();
}

class Wrapping {
  #options: WrapOptions;
  #lines: string[] = [];
  #line = '';
  #used = 0;
  /** Spaces that show only if a word follows them in their line. */
  #spaces = '';
  #colors = new Map<string, string>();

  constructor(options: WrapOptions) {
    this.#options = options;
  }

  add(token: string): void {
    if (token.startsWith('\x1b[')) this.#color(token);
    else if (token.startsWith(' ')) this.#spaces += token;
    else this.#word(token);
  }

  break(): void {
    this.#lines.push(this.#colors.size > 0 ? this.#line + RESET : this.#line);
    this.#line = [...this.#colors.values()].join('');
    this.#used = 0;
    this.#spaces = '';
  }

  end(): string[] {
    this.break();
    return this.#lines;
  }

  #word(word: string): void {
    const { width, widthOf } = this.#options;
    const wide = widthOf(word);
    const isLong = wide > width;
    if (!isLong && this.#used + this.#spaces.length + wide > width) this.break();
    if (!isLong) this.#append(word, wide);
    else this.#long(word);
  }

  #long(word: string): void {
    const { width, widthOf } = this.#options;
    const parts = word.split(/(?<=[-_/.:,=&?])/);
    const pieces = parts.every((part) => widthOf(part) <= width) ? parts : lettersOf(word);
    for (const piece of pieces) {
      const more = widthOf(piece);
      if (this.#used + this.#spaces.length + more > width && this.#used > 0) this.break();
      this.#append(piece, more);
    }
  }

  #append(text: string, width: number): void {
    this.#line += this.#spaces + text;
    this.#used += this.#spaces.length + width;
    this.#spaces = '';
  }

  /** One sequence a slot is remembered, so that a text full of them stays cheap. */
  #color(sequence: string): void {
    this.#line += this.#spaces + sequence;
    this.#used += this.#spaces.length;
    this.#spaces = '';
    const params = sequence.slice(2, -1);
    const first = Number.parseInt(params || '0', 10);
    if (first === 0) this.#colors.clear();
    const { slots, isOpen } = slotsOf(first);
    for (const slot of slots) this.#colors.delete(slot);
    if (isOpen || /^0+[;:]+[1-9]/.test(params)) this.#colors.set(slots[0] ?? '', sequence);
  }
}

/** What a sequence that begins so sets or takes back. */
function slotsOf(first: number): { readonly slots: readonly string[]; readonly isOpen: boolean } {
  const tens = first >= 90 ? Math.floor(first / 10) - 6 : Math.floor(first / 10);
  if (tens === 3 || tens === 4) return { slots: [`color ${tens}`], isOpen: first % 10 !== 9 || first >= 90 };
  if (first === 22) return { slots: ['1', '2'], isOpen: false };
  return first > 22 && first < 30
    ? { slots: [String(first - 20)], isOpen: false }
    : { slots: [String(first)], isOpen: first !== 0 };
}

/** What a reader takes for one character, where that may be more than one. */
function lettersOf(word: string): Iterable<string> {
  if (/^[\x21-\x7e]*$/.test(word)) return word;
  return Array.from(new Intl.Segmenter().segment(word), ({ segment }) => segment);
}
