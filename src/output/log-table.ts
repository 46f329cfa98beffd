// Log entries in aligned columns. Lines come without end, so a column grows when something wider comes. Knows no stream.
import { cutMark, type LogItem, type LogRenderer } from './log-item.ts';
import { loadPalette, painted } from './palette.ts';
import { sanitize } from './sanitize.ts';
import { createColumns } from './source-label.ts';
import type { TextOptions } from './text.ts';
import { createTimeText } from './time-text.ts';

const TITLES = ['TIME', 'SOURCE', 'LEVEL', 'MESSAGE'];

/** Time, `PROFILE:APP/INSTANCE`, level (`-` if unknown) and message; the heading comes with the first lines. */
export async function createLogTableRenderer(options: TextOptions): Promise<LogRenderer> {
  const { default: widthOf } = await import('fast-string-width');
  const palette = await loadPalette(options.color);
  const rowOf = createRows(options);
  const widths = TITLES.map((title) => title.length);
  let hasHeading = false;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) =>
        index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)),
      )
      .join('  ');
  return {
    head: '',
    gap: () => '',
    notice: () => '',
    entries(batch) {
      const rows = batch.map(rowOf);
      for (const row of rows) {
        for (const [index, cell] of row.slice(0, -1).entries()) {
          widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
        }
      }
      const lines = rows.map((row) => `${line(row)}\n`).join('');
      if (hasHeading || rows.length === 0) return lines;
      const first = `${painted(palette.heading, line(TITLES))}\n`;
      hasHeading = true;
      return first + lines;
    },
  };
}

function createRows(options: TextOptions): (item: LogItem) => string[] {
  const { isTTY, ansi, now = Date.now } = options;
  const timeText = createTimeText({
    timestamps: options.timestamps ?? (isTTY ? 'short' : 'iso'),
    zone: options.zone ?? (isTTY ? 'local' : 'UTC'),
    now,
  });
  const columns = createColumns();
  return ({ entry, target }) => {
    const { body } = entry;
    const message = sanitize(body.message.replaceAll('\n', '\\n'), ansi) + cutMark(entry.truncated);
    return [timeText(body.ts) || '-', columns(target, body), body.level ?? '-', message];
  };
}
