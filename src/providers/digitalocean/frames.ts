// What comes over a log's websocket, `{"data":"…"}` frame by frame, turned into lines. Knows no connection.
import { carrying, type LogBody, LogEntry, type Notice } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import { createFrameText } from '../../transport/frame-text.ts';
import { type Fields, fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import { addItems, bundleOf } from '../../transport/line-bundle.ts';
import { harmless } from '../../transport/refusals.ts';
import { entryReading, LONGEST_LINE } from './reading.ts';
import { startsLine } from './translate.ts';

export interface FrameReader {
  /** The lines that these frames complete. A batch without items is a sign of life. */
  read(frames: readonly Uint8Array[]): Batch<LogEntry>;
  /** Whether something stands behind the last line end. */
  readonly isOpen: boolean;
  /** What stands behind the last line end; `broken`: it may have an end that did not come. null when there is nothing. */
  end(how: { broken: boolean }): Batch<LogEntry> | null;
}

const MOST_MENTIONED = 8;

/** The usual frame, which is not parsed; all others are. */
const USUAL = { head: '{"data":"' };

/**
 * The frames are one stream of text: they hold several lines or parts of one (wire: DigitalOcean 2.4). Some servers leave
 * out the line feed at the end of a frame instead: a frame that begins with a header of its own ends the line before, and
 * once that has been seen, and as long as no frame goes on with a line, lines are handed over with their frame.
 */
export function createFrameReader(parse: (raw: string) => LogBody): FrameReader {
  const mentioned = new Set<string>();
  let rest = '';
  /** Bytes of the open line that are not kept. */
  let skipped = 0;
  let lineFrames: 'unknown' | 'yes' | 'no' = 'unknown';

  const texts = createFrameText(USUAL);
  const reading = entryReading(parse);

  /** Whole lines with nothing open before them. */
  const addWhole = (frame: Uint8Array): boolean => {
    const { length } = texts;
    if (!texts.add(frame)) return false;
    if (texts.endsLine()) return true;
    texts.cutTo(length);
    return false;
  };
  const finish = (line: string, items: LogEntry[]) => {
    const whole = rest === '' ? line : rest + line;
    const text = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    items.push(entryOf(text, parse, skipped));
    rest = '';
    skipped = 0;
  };
  const hold = (piece: string) => {
    const room = LONGEST_LINE - rest.length;
    if (piece.length <= room) rest += piece;
    else {
      rest += piece.slice(0, room);
      skipped += Buffer.byteLength(piece, 'utf8') - Buffer.byteLength(piece.slice(0, room), 'utf8');
    }
  };
  /** Not where the open line broke off inside its header: `w`, `eb 2026-…`. */
  const endsBefore = (text: string) => startsLine(text) && (startsLine(rest) || !startsLine(rest + text));
  const addText = (text: string, items: LogEntry[]) => {
    if (lineFrames !== 'no' && text !== '') {
      if (rest !== '' && endsBefore(text)) {
        lineFrames = 'yes';
        finish('', items);
      } else if (rest !== '' || (lineFrames === 'yes' && !startsLine(text))) lineFrames = 'no';
    }
    let start = 0;
    for (let feed = text.indexOf('\n'); feed !== -1; feed = text.indexOf('\n', start)) {
      finish(text.slice(start, feed), items);
      start = feed + 1;
    }
    if (start < text.length) hold(text.slice(start));
    if (lineFrames === 'yes' && rest !== '') finish('', items);
  };
  const addFrame = (text: string, items: LogEntry[], notices: Notice[]) => {
    const frame = text.startsWith('{') ? fieldsOf(parseJson(text)) : null;
    if (frame === null) {
      // No JSON object: a server that sends its lines as they are.
      if (rest !== '') finish('', items);
      if (text !== '') addText(text.endsWith('\n') ? text : `${text}\n`, items);
    } else if (typeof frame.data === 'string') addText(frame.data, items);
    else mention(frame, notices);
  };
  const mention = (frame: Fields, notices: Notice[]) => {
    const words = harmless(textOf(frame.error) ?? textOf(frame.message) ?? '');
    if (words === null || mentioned.has(words) || mentioned.size >= MOST_MENTIONED) return;
    mentioned.add(words);
    notices.push({ kind: 'warning', message: `DigitalOcean says: ${words}` });
  };

  return {
    get isOpen() {
      return rest !== '';
    },
    read(frames) {
      const items: LogEntry[] = [];
      const notices: Notice[] = [];
      for (const frame of frames) {
        if (rest === '' && lineFrames !== 'yes' && addWhole(frame)) continue;
        // In the order in which they came.
        if (texts.length > 0) addItems(texts.take(), reading, items);
        addFrame(decoded(frame), items, notices);
      }
      const about = notices.length > 0 ? { notices } : {};
      if (texts.length === 0) return { items, ...about };
      if (items.length === 0) return carrying(about, bundleOf(Buffer.from(texts.take()), reading));
      addItems(texts.take(), reading, items);
      return { items, ...about };
    },
    end({ broken }) {
      if (rest === '') return null;
      const items: LogEntry[] = [];
      finish('', items);
      return broken ? { items, cut: true } : { items };
    },
  };
}

function decoded(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('utf8');
}

function entryOf(line: string, parse: (raw: string) => LogBody, skipped: number): LogEntry {
  // A UTF-16 unit takes three bytes at most.
  if (skipped === 0 && line.length * 3 <= LONGEST_LINE) return new LogEntry(line, parse);
  const bytes = Buffer.from(line, 'utf8');
  if (bytes.length <= LONGEST_LINE) return new LogEntry(line, parse, undefined, skipped);
  let end = LONGEST_LINE;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new LogEntry(bytes.toString('utf8', 0, end), parse, undefined, bytes.length - end + skipped);
}
