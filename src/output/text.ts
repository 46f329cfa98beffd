// Log entries as lines for people and for awk: one form for terminals, one for pipes. Knows no stream.

import type { Level, LogBody, MessageReader } from '../model.ts';
import { pieceOf, type Words } from '../text-bytes.ts';
import type { Zone } from '../time.ts';
import type { SpanFinder } from './highlight.ts';
import { BADGES } from './levels.ts';
import { createLinesWriter, createTimeWriter } from './line-bytes.ts';
import type { LogItem, LogRenderer, LogTarget } from './log-item.ts';
import { createMessageText, type MessageText } from './message-text.ts';
import { type ColorLevel, loadPalette, type Palette, painted, paintOfSource } from './palette.ts';
import { createRulers, type Rulers } from './rulers.ts';
import type { AnsiMode } from './sanitize.ts';
import { createColumns, createLabels, type Label, nameAmong, widestLabel } from './source-label.ts';
import { createClock, createTimeText, SHORT_WIDTH, type Timestamps } from './time-text.ts';
import { loadWidth } from './width.ts';

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
  /** Gives level and fields; the platform's own unless given. */
  readonly read?: MessageReader | undefined;
  /** Shows what was parsed out of messages in place of them. */
  readonly fields?: boolean | undefined;
  readonly highlight?: readonly SpanFinder[] | undefined;
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
  const { timestamps = 'iso', zone = 'UTC', now = Date.now, read = asWritten } = options;
  const timeText = createTimeText({ timestamps, zone, now });
  const hasTime = timestamps !== 'none';
  const { open: openTime, close: closeTime } = palette.time;
  const endTime = `${closeTime} `;
  const columns = paintedColumns(palette);
  const hasColumn = options.noPrefix !== true;
  const messageText = createMessageText({ ...options, read, palette, isOneLine: true, hasLevel: false });
  const entries = (batch: readonly LogItem[]): string => {
    let text = '';
    for (const { entry, target } of batch) {
      const { body } = entry;
      if (hasTime) text += openTime + timeText(body.ts) + endTime;
      if (hasColumn) text += columns(target, body);
      text += `${messageText(entry)}\n`;
    }
    return text;
  };
  const hasMessage = options.ansi === 'keep' && !options.fields && (options.highlight ?? []).length === 0;
  if (!hasMessage || (hasTime && timestamps !== 'iso')) return { ...silent, entries };
  const clock = createClock(zone);
  const writeTime = createTimeWriter((seconds) => {
    const { date, time, offset } = clock({ seconds, nanos: 0, digits: 0 });
    return { before: `${openTime}${date}T${time}`, after: `${offset}${endTime}` };
  });
  const lines = createLinesWriter<Words>({
    entries,
    placeOf: (body, target) => pieceOf(hasColumn ? columns(target, body) : ''),
    write({ place, parts, source, to }, out) {
      if (hasTime) writeTime(parts, source, out);
      out.addPiece(place);
      out.addRange(source, parts.message, to);
      out.addPiece(LINE_END);
    },
  });
  return { ...silent, entries, lines };
}

const LINE_END = pieceOf('\n');

const asWritten: MessageReader = (body) => body;

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
  const widthOf = await loadWidth();
  const { timestamps = 'short', zone = 'local', now = Date.now, read = asWritten } = options;
  const labelOf = createLabels({
    targets: options.targets,
    palette,
    widthOf,
    widest: widestLabel(options.columns()),
  });
  const rulers = createRulers({
    palette,
    zone,
    now,
    widthOf,
    showsDays: timestamps === 'short',
    columns: options.columns,
    nameOf: (target) => (target.app === '' ? target.profile : nameAmong(options.targets, target)),
  });
  const prefix = createPrefix({
    palette,
    labels: options.noPrefix === true ? null : createLabelColumn(options.targets, labelOf),
    timeText: createTimeText({ timestamps, zone, now }),
    timeWidth: timestamps === 'short' ? SHORT_WIDTH : 0,
  });
  const messageText = createMessageText({ ...options, read, palette, isOneLine: false, hasLevel: true });
  return {
    head: '',
    entries: (batch) => terminalLines({ batch, prefix, rulers, read, messageText }),
    gap: rulers.gap,
    notice: () => '',
  };
}

interface Lines {
  readonly batch: readonly LogItem[];
  readonly prefix: Prefix;
  readonly rulers: Rulers;
  readonly read: MessageReader;
  readonly messageText: MessageText;
}

function terminalLines({ batch, prefix, rulers, read, messageText }: Lines): string {
  for (const item of batch) prefix.meet(item);
  let text = '';
  for (const item of batch) {
    const { entry, target } = item;
    const { start, width } = prefix.of(item, read(entry.body).level);
    let message = messageText(entry);
    if (message.includes('\n')) message = message.replaceAll('\n', `\n${' '.repeat(width)}`);
    text += `${rulers.before(entry, target)}${start}${message}\n`;
  }
  return text;
}

/** In place of the first space of a line that comes after later ones, so that no column moves. */
const LATE = '~';

/** Everything before the message. */
interface Prefix {
  /** Is told every line of a batch first, so that the whole batch is aligned. */
  meet(item: LogItem): void;
  of(item: LogItem, level: Level | null): { readonly start: string; readonly width: number };
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
    return text === '' ? '' : painted(palette.time, text.padEnd(widestTime));
  };
  const badge = (level: Level | null): string =>
    level === null ? '' : painted(palette.levels[level], BADGES[level]);
  const mark = painted(palette.warning, LATE);
  return {
    meet({ entry, target }) {
      labels?.meet(target, entry.body);
    },
    of({ entry: { body }, target, late = false }, level) {
      const label = labels?.isShown ? labels.of(target, body) : null;
      let start = '';
      for (const column of [time(body), label?.text ?? '', badge(level)]) {
        if (column !== '') start += column + (late && start === '' ? mark : ' ');
      }
      const width =
        (timeText(body.ts) === '' ? 0 : widestTime + 1) +
        (label ? label.width + 1 : 0) +
        (level === null ? 0 : BADGES[level].length + 1);
      return { start, width };
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
