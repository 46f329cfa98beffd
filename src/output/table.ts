// Lists in aligned columns: fitted to a terminal, whole and plain in a pipe. Knows no record.
import type { ColorLevel, Paint } from './palette.ts';
import { loadPalette, painted } from './palette.ts';
import { sanitize } from './sanitize.ts';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Stays whole as long as narrowing the others is enough: times, figures. */
  readonly keep?: true;
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

/** Whole lines. A table without rows is its heading alone. */
export async function renderTable(table: Table, options: TableOptions): Promise<string> {
  const { default: widthOf } = await import('fast-string-width');
  const cells = table.rows.map((row) => table.columns.map((_, index) => cellText(row[index] ?? '')));
  const titles = table.columns.map((column) => column.title);
  const widths = titles.map((title, index) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? '')), widthOf(title)),
  );
  if (!options.isTTY)
    return plainTable({ columns: table.columns, rows: [titles, ...cells], widths, widthOf });
  return fittedTable(
    { columns: table.columns, rows: cells, widths: fitTable(table.columns, widths, options.columns) },
    options,
  );
}

/** One cell is one line without anything that a terminal acts on, and never empty, so that awk can count columns. */
function cellText(value: string): string {
  const text = sanitize(value, 'strip').replace(/[\t\n]+/g, ' ');
  return text === '' ? '-' : text;
}

interface MeasuredTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly string[])[];
  readonly widths: readonly number[];
}

function plainTable(table: MeasuredTable & { readonly widthOf: (text: string) => number }): string {
  const last = table.columns.length - 1;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => {
        const space = ' '.repeat(Math.max(0, (table.widths[index] ?? 0) - table.widthOf(cell)));
        if (table.columns[index]?.align === 'right') return space + cell;
        return index === last ? cell : cell + space;
      })
      .join('  ');
  return table.rows.map((row) => `${line(row)}\n`).join('');
}

const BETWEEN = 2;
const NARROWEST = 4;
/** Of the columns that give way to those that stay whole. */
const NARROWEST_BESIDE = 10;

function fitTable(columns: readonly TableColumn[], widths: readonly number[], room: number): number[] {
  const kept = widths.filter((_, index) => columns[index]?.keep);
  const others = widths.filter((_, index) => !columns[index]?.keep);
  const left = room - kept.reduce((sum, width) => sum + width + BETWEEN, 0);
  const least = others.reduce((sum, width) => sum + Math.min(width, NARROWEST_BESIDE) + BETWEEN, -BETWEEN);
  if (kept.length === 0 || others.length === 0 || left < least) return fitWidths(widths, room);
  const fitted = fitWidths(others, left);
  return widths.map((width, index) => (columns[index]?.keep ? width : (fitted.shift() ?? width)));
}

/** Takes from the widest column until all fit, down to a width that still shows something. */
function fitWidths(widths: readonly number[], columns: number): number[] {
  const fitted = [...widths];
  let over = fitted.reduce((sum, width) => sum + width + BETWEEN, -BETWEEN) - columns;
  while (over > 0) {
    const widest = Math.max(...fitted);
    if (widest <= NARROWEST) break;
    const next = Math.max(NARROWEST, ...fitted.filter((width) => width < widest));
    const index = fitted.indexOf(widest);
    const less = Math.max(1, Math.min(over, widest - next));
    fitted[index] = widest - less;
    over -= less;
  }
  return fitted;
}

/** cli-table3 takes quadratic time: so many rows at once. */
const CHUNK = 200;
const NO_RULES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

async function fittedTable(table: MeasuredTable, options: TableOptions): Promise<string> {
  const { default: CliTable } = await import('cli-table3');
  const palette = await loadPalette(options.color);
  const draw = (
    rows: readonly (readonly string[])[],
    paintOf: (value: string, index: number) => Paint | null,
  ) => {
    const drawn = new CliTable({
      chars: NO_RULES,
      colWidths: [...table.widths],
      colAligns: table.columns.map((column) => column.align ?? 'left'),
      wordWrap: true,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    });
    for (const row of rows) {
      drawn.push(
        row.map((cell, index) => {
          const paint = paintOf(cell, index);
          return paint ? painted(paint, cell) : cell;
        }),
      );
    }
    return `${drawn
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')}\n`;
  };
  let text = draw([table.columns.map((column) => column.title)], () => palette.heading);
  for (let start = 0; start < table.rows.length; start += CHUNK) {
    const rows = table.rows.slice(start, start + CHUNK);
    text += draw(rows, (value, index) =>
      options.color > 0 ? (table.columns[index]?.paint?.(value) ?? null) : null,
    );
  }
  return text;
}
