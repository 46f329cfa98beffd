// Which columns of a table a terminal has room for, and how wide they are. Knows no text.
import type { TableColumn } from './table.ts';

/** Columns between two of a table. */
export const BETWEEN = 2;

/** Of columns that give way to those that stay whole. */
const NARROWEST_BESIDE = 10;
/** Down to which all give way when nothing else is left. */
const NARROWEST = 4;

interface Measured {
  readonly column: TableColumn;
  readonly width: number;
}

/** Widths in the order of `columns`; null for one that is left out. `widths`: what they would take. */
export function fitColumns(
  columns: readonly TableColumn[],
  widths: readonly number[],
  room: number,
): (number | null)[] {
  const all = columns.map((column, index): Measured => ({ column, width: widths[index] ?? 0 }));
  const shown = [...all];
  while (totalOf(shown.map(leastOf)) > room) {
    const first = shown.filter(({ column }) => column.drop !== undefined).sort(byDrop)[0];
    if (!first) break;
    shown.splice(shown.indexOf(first), 1);
  }
  const isEnough = totalOf(shown.map(leastOf)) <= room;
  const least = isEnough ? leastOf : ({ column, width }: Measured) => (column.whole ? width : NARROWEST);
  const fitted = share(shown, least, room);
  return all.map((one) => (shown.includes(one) ? (fitted[shown.indexOf(one)] ?? null) : null));
}

function byDrop(a: Measured, b: Measured): number {
  return (b.column.drop ?? 0) - (a.column.drop ?? 0);
}

function leastOf({ column, width }: Measured): number {
  return column.keep || column.whole ? width : Math.min(width, column.least ?? NARROWEST_BESIDE);
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + BETWEEN, -BETWEEN);
}

/** The widest are made equal, none narrower than its least; what is left over goes to those that could use it. */
function share(shown: readonly Measured[], least: (one: Measured) => number, room: number): number[] {
  const capped = (cap: number) => shown.map((one) => Math.min(one.width, Math.max(least(one), cap)));
  let cap = Math.max(room, 1);
  while (cap > 1 && totalOf(capped(cap)) > room) cap -= 1;
  const fitted = capped(cap);
  let left = room - totalOf(fitted);
  for (const [index, { width }] of shown.entries()) {
    const given = fitted[index] ?? 0;
    if (left <= 0 || given >= width || given !== cap) continue;
    fitted[index] = given + 1;
    left -= 1;
  }
  return fitted;
}
