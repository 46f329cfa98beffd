// Log entries as lines for people and for awk: one form for terminals, one for pipes. Knows no stream.

import type { Level, LogBody } from '../model.ts';
import type { Zone } from '../time.ts';
import { BADGES } from './levels.ts';
import { cutMark, type LogItem, type LogRenderer, type LogTarget } from './log-item.ts';
import { type ColorLevel, loadPalette, type Palette, painted, paintOfSource } from './palette.ts';
import { createRulers, type Rulers } from './rulers.ts';
import { type AnsiMode, sanitize } from './sanitize.ts';
import { createColumns, createLabels, type Label } from './source-label.ts';
import { createTimeText, SHORT_WIDTH, type Timestamps } from './time-text.ts';

export interface TextOptions {
  /** All targets of the command: the source column and its names depend on them. */
  readonly targets: readonly LogTarget[];
  readonly isTTY: boolean;
  /** Of the terminal; asked at each ruler. */
  readonly columns: () => number;
  readonly color: ColorLevel;
  /** What becomes of control sequences in messages. */
  readonly ansi: AnsiMode;
  /** `short` on a terminal and `iso` in a pipe unless given. */
  readonly timestamps?: Timestamps | undefined;
  /** `local` on a terminal and `UTC` in a pipe unless given. */
  readonly zone?: Zone | undefined;
  /** Leaves the source column out. */
  readonly noPrefix?: boolean | undefined;
  /** Epoch milliseconds; for relative times and for whether a day is today. */
  readonly now?: (() => number) | undefined;
}

/** Loads what the form needs and no more. */
export async function createTextRenderer(options: TextOptions): Promise<LogRenderer> {
  const palette = await loadPalette(options.color);
  return options.isTTY ? createTerminalText(options, palette) : createPipeText(options, palette);
}

/** Always the same columns with one space between: time, `PROFILE:APP/INSTANCE`, message. One line per entry. */
function createPipeText(options: TextOptions, palette: Palette): LogRenderer {
  const { ansi, timestamps = 'iso', zone = 'UTC', now = Date.now } = options;
  const timeText = createTimeText({ timestamps, zone, now });
  const hasTime = timestamps !== 'none';
  const { open: openTime, close: closeTime } = palette.time;
  const endTime = `${closeTime} `;
  const columns = paintedColumns(palette);
  const hasColumn = options.noPrefix !== true;
  return {
    ...silent,
    entries(batch) {
      let text = '';
      for (const { entry, target } of batch) {
        const { body } = entry;
        let { message } = body;
        if (message.includes('\n')) message = message.replaceAll('\n', '\\n');
        if (ansi !== 'keep') message = sanitize(message, ansi);
        if (entry.truncated > 0) message += cutMark(entry.truncated);
        if (hasTime) text += openTime + timeText(body.ts) + endTime;
        if (hasColumn) text += columns(target, body);
        text += `${message}\n`;
      }
      return text;
    },
  };
}

/** Gaps and notices are for stderr. */
const silent: Pick<LogRenderer, 'head' | 'gap' | 'notice'> = { head: '', gap: () => '', notice: () => '' };

function paintedColumns(palette: Palette): (target: LogTarget, body: LogBody) => string {
  const columns = createColumns();
  return (target, body) => {
    const column = columns(target, body);
    return palette.sources.length === 1
      ? `${column} `
      : `${painted(paintOfSource(palette, column), column)} `;
  };
}

async function createTerminalText(options: TextOptions, palette: Palette): Promise<LogRenderer> {
  const { default: widthOf } = await import('fast-string-width');
  const { timestamps = 'short', zone = 'local', now = Date.now } = options;
  const labelOf = createLabels({ targets: options.targets, palette, widthOf });
  const rulers = createRulers({
    palette,
    zone,
    now,
    widthOf,
    showsDays: timestamps === 'short',
    columns: options.columns,
    nameOf: (target) => (target.app === '' ? target.profile : target.app),
  });
  const prefix = createPrefix({
    palette,
    labels: options.noPrefix === true ? null : createLabelColumn(options.targets, labelOf),
    timeText: createTimeText({ timestamps, zone, now }),
    timeWidth: timestamps === 'short' ? SHORT_WIDTH : 0,
  });
  return {
    head: '',
    entries: (batch) => terminalLines({ batch, prefix, rulers, ansi: options.ansi }),
    gap: rulers.gap,
    notice: () => '',
  };
}

interface Lines {
  readonly batch: readonly LogItem[];
  readonly prefix: Prefix;
  readonly rulers: Rulers;
  readonly ansi: AnsiMode;
}

function terminalLines({ batch, prefix, rulers, ansi }: Lines): string {
  for (const { entry, target } of batch) prefix.meet(target, entry.body);
  let text = '';
  for (const { entry, target } of batch) {
    const { body } = entry;
    const { start, width } = prefix.of(target, body);
    let message = sanitize(body.message, ansi) + cutMark(entry.truncated);
    if (message.includes('\n')) message = message.replaceAll('\n', `\n${' '.repeat(width)}`);
    text += `${rulers.before(entry, target)}${start}${message}\n`;
  }
  return text;
}

/** Everything before the message. */
interface Prefix {
  /** Is told every line of a batch first, so that the whole batch is aligned. */
  meet(target: LogTarget, body: LogBody): void;
  of(target: LogTarget, body: LogBody): { readonly start: string; readonly width: number };
}

interface PrefixParts {
  readonly palette: Palette;
  readonly labels: LabelColumn | null;
  readonly timeText: (instant: LogBody['ts']) => string;
  readonly timeWidth: number;
}

function createPrefix({ palette, labels, timeText, timeWidth }: PrefixParts): Prefix {
  let widestTime = timeWidth;
  const time = (body: LogBody): string => {
    const text = timeText(body.ts);
    widestTime = Math.max(widestTime, text.length);
    return text === '' ? '' : `${painted(palette.time, text.padEnd(widestTime))} `;
  };
  const badge = (level: Level | null): string =>
    level === null ? '' : `${painted(palette.levels[level], BADGES[level])} `;
  return {
    meet: (target, body) => labels?.meet(target, body),
    of(target, body) {
      const start = time(body);
      const label = labels?.isShown ? labels.of(target, body) : null;
      const width =
        (start === '' ? 0 : widestTime + 1) +
        (label ? label.width + 1 : 0) +
        (body.level === null ? 0 : BADGES[body.level].length + 1);
      return { start: start + (label ? `${label.text} ` : '') + badge(body.level), width };
    },
  };
}

interface LabelColumn {
  /** Once there is more than one source, for good. */
  readonly isShown: boolean;
  meet(target: LogTarget, body: LogBody): void;
  /** Padded and coloured. */
  of(target: LogTarget, body: LogBody): { readonly text: string; readonly width: number };
}

function createLabelColumn(
  targets: readonly LogTarget[],
  labelOf: (target: LogTarget, body: LogBody) => Label,
): LabelColumn {
  let isShown = targets.length > 1;
  let first: Label | null = null;
  let widest = 0;
  return {
    get isShown() {
      return isShown;
    },
    meet(target, body) {
      const label = labelOf(target, body);
      first ??= label;
      if (label.text !== first.text) isShown = true;
      widest = Math.max(widest, label.width);
    },
    of(target, body) {
      const { text, width, paint } = labelOf(target, body);
      return { text: painted(paint, text) + ' '.repeat(Math.max(0, widest - width)), width: widest };
    },
  };
}
