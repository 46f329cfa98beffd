// Log entries in aligned columns. Lines come without end, so a column grows when something wider comes. Knows no stream.
import type { LogItem, LogRenderer } from './log-item.ts';
import { createMessageText } from './message-text.ts';
import { loadPalette, type Palette, painted } from './palette.ts';
import { createColumns } from './source-label.ts';
import type { TextOptions } from './text.ts';
import { createTimeText } from './time-text.ts';

const TITLES = ['TIME', 'SOURCE', 'LEVEL', 'MESSAGE'];

/** Time, `PROFILE:APP/INSTANCE`, level (`-` if unknown) and message; the heading comes with the first lines. */
export async function createLogTableRenderer(options: TextOptions): Promise<LogRenderer> {
  const { default: widthOf } = await import('fast-string-width');
  const palette = await loadPalette(options.color);
  const rowOf = createRows(options, palette);
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

function createRows(options: TextOptions, palette: Palette): (item: LogItem) => string[] {
  const { isTTY, now = Date.now, read = (body) => body } = options;
  const timeText = createTimeText({
    timestamps: options.timestamps ?? (isTTY ? 'short' : 'iso'),
    zone: options.zone ?? (isTTY ? 'local' : 'UTC'),
    now,
  });
  const columns = createColumns();
  const messageText = createMessageText({ ...options, read, palette, isOneLine: true, hasLevel: true });
  return ({ entry, target }) => {
    const { body } = entry;
    return [timeText(body.ts) || '-', columns(target, body), read(body).level ?? '-', messageText(entry)];
  };
}
