// The message of an entry as it is shown in a line of text: as written or parsed, cleaned, highlighted. Knows no column.
import type { LogEntry, MessageReader, Reading } from '../model.ts';
import { fieldsText } from './fields-text.ts';
import { createHighlight, type SpanFinder } from './highlight.ts';
import { cutMark } from './log-item.ts';
import { type Palette, painted } from './palette.ts';
import { type AnsiMode, sanitize } from './sanitize.ts';

export interface MessageTextOptions {
  readonly ansi: AnsiMode;
  readonly palette: Palette;
  /** Whether LF becomes `\n`, so that an entry is one line. */
  readonly isOneLine: boolean;
  /** Whether the level has a place of its own and need not be among the fields. */
  readonly hasLevel: boolean;
  readonly read: MessageReader;
  /** Shows what was parsed out of the message in place of it; otherwise `read` is not asked. */
  readonly fields?: boolean | undefined;
  readonly highlight?: readonly SpanFinder[] | undefined;
}

export type MessageText = (entry: LogEntry) => string;

export function createMessageText(options: MessageTextOptions): MessageText {
  const { ansi, palette, isOneLine, hasLevel, read } = options;
  const highlight = createHighlight(options.highlight ?? [], palette.highlight);
  const clean = (text: string): string => {
    const line = isOneLine && text.includes('\n') ? text.replaceAll('\n', '\\n') : text;
    return ansi === 'keep' ? line : sanitize(line, ansi);
  };
  const parsed = (reading: Reading): string => {
    const pairs = clean(fieldsText(reading, { withLevel: !hasLevel }));
    const message = clean(reading.message);
    if (pairs === '') return message;
    return `${message === '' ? '' : `${message} `}${painted(palette.fields, pairs)}`;
  };
  const shown = options.fields
    ? (entry: LogEntry) => parsed(read(entry.body))
    : (entry: LogEntry) => clean(entry.body.message);
  return (entry) => {
    const text = shown(entry);
    const whole = highlight ? highlight(text) : text;
    return entry.truncated > 0 ? whole + cutMark(entry.truncated) : whole;
  };
}
