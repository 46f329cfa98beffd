// Lines whose parts are known, written in another form from bytes to bytes: nothing is made of a line but its text.
// Knows no form and no platform.
import type { LineBytes, LineParts, LogBody, LogEntry } from '../model.ts';
import { endOfText, pieceOf, type Source, sourceOf, TextBytes } from '../text-bytes.ts';
import type { LogItem, LogTarget } from './log-item.ts';

export interface LineForm<P> {
  /** What is the same for all lines of one place; `body` is that of any of them. */
  placeOf(body: LogBody, target: LogTarget): P;
  write(line: Line<P>, out: TextBytes): void;
  /** Of a line whose parts are not known. */
  entries(batch: readonly LogItem[]): string | Uint8Array;
}

/** Filled anew for every line. */
export interface Line<P> {
  place: P;
  readonly parts: LineParts;
  readonly source: Source;
  /** Behind the message. */
  to: number;
  /** Epoch milliseconds at which it was read. */
  observed: number;
}

type LinesOf = (
  lines: LineBytes<LogEntry>,
  target: LogTarget,
  observedOf: (index: number) => number,
) => Uint8Array;

export function createLinesWriter<P>(form: LineForm<P>): LinesOf {
  const out = new TextBytes();
  const known = new WeakMap<object, Places<P>>();
  const parts: LineParts = { seconds: 0, fraction: 0, digits: 0, origin: 0, originEnd: 0, message: 0 };

  return (lines, target, observedOf) => {
    const { bytes, ends } = lines;
    const source = sourceOf(bytes);
    let places = known.get(lines.places);
    if (!places) {
      places = new Places();
      known.set(lines.places, places);
    }
    out.clear();
    let from = 0;
    for (let index = 0; index < ends.length; index += 1) {
      const end = ends[index] ?? 0;
      const to = endOfText(bytes, from, end);
      const observed = observedOf(index);
      if (lines.find(bytes, from, to, parts)) {
        let place = places.find(bytes, parts);
        if (place === undefined) {
          place = form.placeOf(lines.item(from, to).body, target);
          places.keep(bytes, parts, place);
        }
        form.write({ place, parts, source, to, observed }, out);
      } else {
        const text = form.entries([{ entry: lines.item(from, to), target, observed }]);
        if (typeof text === 'string') out.addText(text);
        else out.addBytes(text);
      }
      from = end + 1;
    }
    return out.take();
  };
}

/** Beyond so many the memory begins anew. */
const MOST_PLACES = 1024;

/** By the bytes of their origins. */
class Places<P> {
  readonly #known = new Map<number, { readonly origin: Uint8Array; readonly place: P }>();

  find(bytes: Uint8Array, { origin, originEnd }: LineParts): P | undefined {
    const known = this.#known.get(hashOf(bytes, origin, originEnd));
    if (!known || known.origin.length !== originEnd - origin) return undefined;
    for (let index = 0; index < known.origin.length; index += 1)
      if (known.origin[index] !== bytes[origin + index]) return undefined;
    return known.place;
  }

  keep(bytes: Uint8Array, { origin, originEnd }: LineParts, place: P): void {
    if (this.#known.size >= MOST_PLACES) this.#known.clear();
    const own = Uint8Array.from(bytes.subarray(origin, originEnd));
    this.#known.set(hashOf(bytes, origin, originEnd), { origin: own, place });
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0;
  for (let index = from; index < to; index += 1) hash = (Math.imul(hash, 31) + (bytes[index] ?? 0)) | 0;
  return hash;
}

/** What stands before and behind the fraction of a second; its digits are those of the line. */
export interface SecondText {
  readonly before: string;
  readonly after: string;
}

export type TimeWriter = (parts: LineParts, source: Source, out: TextBytes) => void;

const DOT = pieceOf('.');

/** `textOf` is asked once for many lines of one second. */
export function createTimeWriter(textOf: (seconds: number) => SecondText): TimeWriter {
  let last = Number.NaN;
  let before = DOT;
  let after = DOT;
  return ({ seconds, fraction, digits }, source, out) => {
    if (seconds !== last) {
      const text = textOf(seconds);
      before = pieceOf(text.before);
      after = pieceOf(text.after);
      last = seconds;
    }
    out.addPiece(before);
    if (digits > 0) {
      out.addPiece(DOT);
      out.addRange(source, fraction, fraction + digits);
    }
    out.addPiece(after);
  };
}
