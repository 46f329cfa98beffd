// Where a console that is read again and again goes on behind what is already known. Pure; knows no request.
import { createHash } from 'node:crypto';
import type { Position } from '../../provider.ts';

/** What is known of a console's end; survives JSON and holds no text of the log. */
export interface Anchor {
  /** Complete lines from the console's beginning, where all of it was seen; else null. */
  readonly total: number | null;
  /** Digests of the last complete lines, oldest first. */
  readonly tail: readonly string[];
}

export interface Window {
  /** Digests of complete lines, oldest first. */
  readonly digests: readonly string[];
  /** Whether it begins where the console begins. */
  readonly whole: boolean;
}

const ANCHOR_LINES = 200;
/** Fewer equal lines than these are no proof: a log may repeat a line. */
const ENOUGH = 3;

export function digestOf(line: string): string {
  return createHash('sha256').update(line).digest('base64').slice(0, 12);
}

/** `lines` reach to the console's end. */
export function anchorOf(lines: readonly string[], whole: boolean): Anchor {
  return { total: whole ? lines.length : null, tail: lines.slice(-ANCHOR_LINES).map(digestOf) };
}

/** As `anchorOf`, where lines before the window, whose own begin at `from`, are known too. */
export function movedAnchor(anchor: Anchor, window: Window, from: number): Anchor {
  const tail = [...anchor.tail, ...window.digests.slice(from)].slice(-ANCHOR_LINES);
  return { total: window.whole ? window.digests.length : null, tail };
}

/** Also an Anchor that came back from a file; null when it is none. */
export function readAnchor(position: Position): Anchor | null {
  if (typeof position !== 'object' || position === null || !('tail' in position) || !('total' in position))
    return null;
  const { total, tail } = position as { readonly total: unknown; readonly tail: unknown };
  if (total !== null && !(Number.isSafeInteger(total) && Number(total) >= 0)) return null;
  if (!Array.isArray(tail) || tail.length > ANCHOR_LINES) return null;
  if (!tail.every((digest): digest is string => typeof digest === 'string')) return null;
  return { total: total === null ? null : Number(total), tail };
}

export function positionOf({ total, tail }: Anchor): Position {
  return { total, tail };
}

/**
 * The index in the window from which on lines are new; null when nothing of the window is known. Where several
 * places fit, as in a log that says the same again and again, the count decides if both sides saw the whole
 * console, else the last place: rather a repeated line missed than a known one shown at every look.
 */
export function align(anchor: Anchor, window: Window): number | null {
  const { total } = anchor;
  if (window.whole && total !== null && total <= window.digests.length) {
    if (total === 0 || fits(anchor.tail, window.digests, total)) return total;
  }
  for (let end = window.digests.length; end > 0; end -= 1) {
    if (fits(anchor.tail, window.digests, end)) return end;
  }
  return null;
}

/** Whether the window's lines before `end` are the last of the known ones, as far as both reach back. */
function fits(tail: readonly string[], digests: readonly string[], end: number): boolean {
  let equal = 0;
  const most = Math.min(end, tail.length);
  while (equal < most && digests[end - 1 - equal] === tail[tail.length - 1 - equal]) equal += 1;
  if (equal < Math.min(ENOUGH, tail.length) || equal === 0) return false;
  // The first line of a window may be damaged: cut in its middle, or its first bytes eaten (wire: 4.3).
  return equal >= most - 1;
}
