// Log entries in aligned columns. Lines come without end: the first of them fix how wide the columns are. Knows no stream.
import { BADGES } from './levels.ts';
import type { LogItem, LogRenderer } from './log-item.ts';
import { createMessageText } from './message-text.ts';
import { loadPalette, type Paint, type Palette, painted } from './palette.ts';
import { createColumns, createLabels, nameAmong, shortened, widestLabel } from './source-label.ts';
import { BETWEEN } from './table-fit.ts';
import type { TextOptions } from './text.ts';
import { createTimeText, SHORT_WIDTH } from './time-text.ts';
import { loadWidth, type WidthOf } from './width.ts';
import { wrapText } from './wrap.ts';

const TITLES = ['TIME', 'SOURCE', 'LEVEL', 'MESSAGE'];

/**
 * Time, source, level (`-` if unknown) and message; the heading comes with the first lines. In a pipe the source is
 * `PROFILE:APP/INSTANCE`, and what is wider than its column moves its own line alone. On a terminal sources are named
 * as in text, and messages go on below themselves.
 */
export async function createLogTableRenderer(options: TextOptions): Promise<LogRenderer> {
  const widthOf = await loadWidth();
  const palette = await loadPalette(options.color);
  const cellsOf = createCells(options, { palette, widthOf });
  const lineOf = options.isTTY ? fittedLine(options, widthOf) : plainLine(widthOf);
  let widths: readonly number[] | undefined;
  return {
    head: '',
    gap: () => '',
    notice: () => '',
    entries(batch) {
      if (batch.length === 0) return '';
      const rows = batch.map(cellsOf);
      let text = '';
      if (!widths) {
        widths = firstWidths(rows, { options, widthOf });
        text = lineOf(headingOf(palette.heading), widths);
      }
      for (const row of rows) text += lineOf(row, widths);
      return text;
    },
  };
}

interface Cell {
  readonly text: string;
  readonly paint: Paint;
}

interface Row {
  /** Time, source, level. */
  readonly cells: readonly Cell[];
  readonly message: string;
  /** In place of the first space behind the time. */
  readonly mark: string;
}

function headingOf(paint: Paint): Row {
  const titles = TITLES.map((text): Cell => ({ text, paint }));
  return { cells: titles.slice(0, -1), message: painted(paint, TITLES.at(-1) ?? ''), mark: ' ' };
}

/** Of all columns but the message's. */
function firstWidths(
  rows: readonly Row[],
  { options, widthOf }: { readonly options: TextOptions; readonly widthOf: WidthOf },
): number[] {
  const [time = 0, source = 0] = TITLES.map((title, index) =>
    rows.reduce((most, { cells }) => Math.max(most, widthOf(cells[index]?.text ?? '')), title.length),
  );
  const { isTTY, targets } = options;
  const isShort = (options.timestamps ?? (isTTY ? 'short' : 'iso')) === 'short';
  // The first lines may be those of one target alone.
  const names = targets.map((target) =>
    isTTY ? widthOf(nameAmong(targets, target)) + USUAL_INSTANCE : widthOf(`${target.profile}:${target.app}`),
  );
  const least = targets.length > 1 ? Math.max(...names) : 0;
  return [
    isShort ? Math.max(time, SHORT_WIDTH) : time,
    isTTY ? Math.min(widestLabel(options.columns()), Math.max(source, least)) : Math.max(source, least),
    BADGES.error.length,
  ];
}

/** Room for `/worker-1`, so that little is shortened later. */
const USUAL_INSTANCE = 9;

interface Means {
  readonly palette: Palette;
  readonly widthOf: WidthOf;
}

function createCells(options: TextOptions, { palette, widthOf }: Means): (item: LogItem) => Row {
  const { isTTY, targets, now = Date.now, read = (body) => body } = options;
  const timeText = createTimeText({
    timestamps: options.timestamps ?? (isTTY ? 'short' : 'iso'),
    zone: options.zone ?? (isTTY ? 'local' : 'UTC'),
    now,
  });
  const columns = createColumns();
  const labels = createLabels({ targets, palette, widthOf, widest: widestLabel(options.columns()) });
  const messageText = createMessageText({ ...options, read, palette, isOneLine: true, hasLevel: true });
  const mark = painted(palette.warning, '~');
  return ({ entry, target, late }) => {
    const { body } = entry;
    const { level } = read(body);
    const label = isTTY ? labels(target, body) : null;
    return {
      mark: late && isTTY ? mark : ' ',
      message: messageText(entry),
      cells: [
        { text: timeText(body.ts) || '-', paint: palette.time },
        label ?? { text: columns(target, body), paint: NONE },
        level === null ? { text: '-', paint: NONE } : { text: level, paint: palette.levels[level] },
      ],
    };
  };
}

const NONE: Paint = { open: '', close: '' };

type LineOf = (row: Row, widths: readonly number[]) => string;

/** Everything before the message. */
function startOf({ cells, mark }: Row, widths: readonly number[], fit: Fit): string {
  let text = '';
  for (const [index, width] of widths.entries()) {
    const { text: whole, paint } = cells[index] ?? { text: '', paint: NONE };
    const shown = fit.isShortened ? shortened(whole, { widthOf: fit.widthOf, widest: width }) : whole;
    const space = ' '.repeat(Math.max(0, width - fit.widthOf(shown)));
    text += painted(paint, shown) + space + (index === 0 ? mark : ' ') + ' '.repeat(BETWEEN - 1);
  }
  return text;
}

interface Fit {
  readonly widthOf: WidthOf;
  /** Whether what is too wide loses its middle, as sources do on a terminal. */
  readonly isShortened: boolean;
}

function plainLine(widthOf: WidthOf): LineOf {
  return (row, widths) => `${startOf(row, widths, { widthOf, isShortened: false })}${row.message}\n`;
}

/** Narrower than this a message is left to the terminal to wrap. */
const NARROWEST_MESSAGE = 10;

function fittedLine(options: TextOptions, widthOf: WidthOf): LineOf {
  return (row, widths) => {
    const start = startOf(row, widths, { widthOf, isShortened: true });
    const margin = widths.reduce((sum, width) => sum + width + BETWEEN, 0);
    const width = options.columns() - margin;
    if (width < NARROWEST_MESSAGE) return `${start}${row.message}\n`;
    const lines = wrapText(row.message, { width, widthOf });
    return lines.map((line, at) => `${at === 0 ? start : ' '.repeat(margin)}${line}\n`).join('');
  };
}
