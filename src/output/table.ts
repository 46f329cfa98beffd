// Lists in aligned columns: fitted to a terminal, whole and plain in a pipe. Knows no record.
import type { ColorLevel, Paint } from './palette.ts';
import { loadPalette, painted } from './palette.ts';
import { sanitize } from './sanitize.ts';
import { BETWEEN, fitColumns } from './table-fit.ts';
import { loadWidth, type WidthOf } from './width.ts';
import { wrapText } from './wrap.ts';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Stays on one line while narrowing or leaving out the others is enough: times, figures. */
  readonly keep?: true;
  /** Never broken, as it is there to be copied: a window that is too narrow wraps the whole line instead. */
  readonly whole?: true;
  /** Columns below which others are left out rather than this one be narrowed; 10 unless given. */
  readonly least?: number;
  /** May be left out on a narrow terminal, the highest first. */
  readonly drop?: number;
  /** Colour of a value, given as it is in the row. */
  readonly paint?: (value: string) => Paint | null;
}

export interface TableOptions {
  readonly isTTY: boolean;
  /** Of the terminal. */
  readonly columns: number;
  readonly color: ColorLevel;
}

export interface Table {
  readonly columns: readonly TableColumn[];
  /** As wide as `columns`; '' is shown as `-`. */
  readonly rows: readonly (readonly string[])[];
}

/** Columns whose first names what the row is about, and so is copied. */
export function columnsNamed(titles: readonly string[]): TableColumn[] {
  return titles.map((title, at) => ({ title, ...(at === 0 && { whole: true as const }) }));
}

/** Whole lines. A table without rows is its heading alone. On a terminal what is too wide goes on below; nothing is cut. */
export async function renderTable(table: Table, options: TableOptions): Promise<string> {
  const widthOf = await loadWidth();
  const { heading } = await loadPalette(options.color);
  const cells = table.rows.map((row) => table.columns.map((_, index) => cellText(row[index] ?? '')));
  const widths = table.columns.map(({ title }, index) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? '')), widthOf(title)),
  );
  const fitted = options.isTTY ? fitColumns(table.columns, widths, options.columns) : widths;
  const columns = table.columns.flatMap((column, index): ShownColumn[] => {
    const width = fitted[index] ?? null;
    return width === null ? [] : [{ ...column, index, width }];
  });
  const draw = (row: readonly string[], paintOf: PaintOf): string =>
    drawRow({ columns, row, paintOf, widthOf, isWrapped: options.isTTY });
  const titles = table.columns.map((column) => column.title);
  const valuePaint: PaintOf = (column, value) => (options.color > 0 ? (column.paint?.(value) ?? null) : null);
  return draw(titles, () => heading) + cells.map((row) => draw(row, valuePaint)).join('');
}

/** One cell is one line without anything that a terminal acts on, and never empty, so that awk can count columns. */
function cellText(value: string): string {
  const text = sanitize(value, 'strip').replace(/[\t\n]+/g, ' ');
  return text === '' ? '-' : text;
}

interface ShownColumn extends TableColumn {
  /** In the row. */
  readonly index: number;
  readonly width: number;
}

type PaintOf = (column: ShownColumn, value: string) => Paint | null;

interface Row {
  readonly columns: readonly ShownColumn[];
  readonly row: readonly string[];
  readonly paintOf: PaintOf;
  readonly widthOf: WidthOf;
  readonly isWrapped: boolean;
}

/** As many lines as its highest cell has. */
function drawRow({ columns, row, paintOf, widthOf, isWrapped }: Row): string {
  const cells = columns.map(({ index, width }) => {
    const value = row[index] ?? '';
    return isWrapped ? wrapText(value, { width, widthOf }) : [value];
  });
  const height = cells.reduce((most, lines) => Math.max(most, lines.length), 1);
  let text = '';
  for (let at = 0; at < height; at += 1) {
    const line = columns.map((column, place) => {
      const part = cells[place]?.[at] ?? '';
      const paint = part === '' ? null : paintOf(column, row[column.index] ?? '');
      const space = ' '.repeat(Math.max(0, column.width - widthOf(part)));
      const shown = paint ? painted(paint, part) : part;
      return column.align === 'right' ? space + shown : shown + space;
    });
    text += `${line.join(' '.repeat(BETWEEN)).trimEnd()}\n`;
  }
  return text;
}
