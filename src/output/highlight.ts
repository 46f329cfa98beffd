// Highlights spans of a text that may hold colours already. Knows no pattern.
import type { Paint } from './palette.ts';

/** Finds pairs of start and end, in order, in text without colours. */
export interface SpanFinder {
  spans(text: string): readonly (readonly [start: number, end: number])[];
}

/** Colours are all that is left of control sequences when a text has been cleaned. */
const COLOR = /\x1b\[[\d;:]*m/g;

export function createHighlight(
  finders: readonly SpanFinder[],
  paint: Paint,
): ((text: string) => string) | undefined {
  if (finders.length === 0 || paint.open === '') return undefined;
  return (text) => {
    const pieces = text.includes('\x1b') ? colorsIn(text) : [];
    const plain = pieces.length === 0 ? text : text.replace(COLOR, '');
    const spans = unite(finders.flatMap((finder) => finder.spans(plain))).flatMap((span) =>
      byLine(plain, span),
    );
    return spans.length === 0 ? text : marked(plain, { spans, colors: pieces, paint });
  };
}

interface Color {
  /** Index in the text without colours. */
  readonly at: number;
  readonly sequence: string;
}

function colorsIn(text: string): Color[] {
  const colors: Color[] = [];
  let removed = 0;
  for (const match of text.matchAll(COLOR)) {
    const [sequence] = match;
    colors.push({ at: match.index - removed, sequence });
    removed += sequence.length;
  }
  return colors;
}

type Span = readonly [start: number, end: number];

/** Overlapping and touching ones become one. */
function unite(spans: Span[]): Span[] {
  const united: [number, number][] = [];
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
    const last = united.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else united.push([start, end]);
  }
  return united;
}

/** What stands in front of the next line is not highlighted. */
function byLine(text: string, [start, end]: Span): Span[] {
  const parts: Span[] = [];
  let from = start;
  for (let lf = text.indexOf('\n', from); lf !== -1 && lf < end; lf = text.indexOf('\n', from)) {
    if (lf > from) parts.push([from, lf]);
    from = lf + 1;
  }
  if (end > from) parts.push([from, end]);
  return parts;
}

interface Marking {
  readonly spans: readonly Span[];
  readonly colors: readonly Color[];
  readonly paint: Paint;
}

/** A colour inside a span may end it (`\x1b[0m`), so the span is opened again behind each. */
function marked(plain: string, { spans, colors, paint }: Marking): string {
  let out = '';
  let at = 0;
  let next = 0;
  // A colour at the edge of a span stays outside of it.
  const upTo = (end: number, { again, before }: { again: string; before: number }) => {
    for (let color = colors[next]; color && color.at < before; color = colors[next]) {
      out += plain.slice(at, color.at) + color.sequence + again;
      at = color.at;
      next += 1;
    }
    out += plain.slice(at, end);
    at = end;
  };
  for (const [start, end] of spans) {
    upTo(start, { again: '', before: start + 1 });
    out += paint.open;
    upTo(end, { again: paint.open, before: end });
    out += paint.close;
  }
  upTo(plain.length, { again: '', before: plain.length + 1 });
  return out;
}
