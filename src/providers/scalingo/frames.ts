// What comes over a live connection, frames of a websocket or events of an event stream, turned into log entries.
// Knows no connection.
import { carrying, type LogBody, LogEntry, type Notice } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import { createFrameText } from '../../transport/frame-text.ts';
import { type Fields, fieldsOf, parseJson } from '../../transport/json-fields.ts';
import { addItems, bundleOf } from '../../transport/line-bundle.ts';
import type { ServerSentEvent } from '../../transport/network.ts';
import { entryReading, LONGEST_LINE } from './dump.ts';

export interface FrameReader {
  /** One JSON object per frame (wire: Scalingo 2.4). A batch without items is a sign of life. */
  frames(frames: readonly Uint8Array[]): Batch<LogEntry>;
  /** Raw lines or the frames' JSON: no sample of these events is known (wire: Scalingo 2.5). */
  events(events: readonly ServerSentEvent[]): Batch<LogEntry>;
}

const MOST_MENTIONED = 8;

/** The usual frame, which is not parsed; all others are. */
const USUAL = { head: '{"event":"log","log":"', ignored: ',"timestamp":"' };

/** One per connection: a kind of event that nobody knows is mentioned once. */
export function createFrameReader(parse: (raw: string) => LogBody): FrameReader {
  const mentioned = new Set<string>();
  const texts = createFrameText(USUAL);
  const reading = entryReading(parse);

  const readFrame = (text: string, items: LogEntry[], notices: Notice[]): void => {
    const frame = fieldsOf(parseJson(text));
    const kind = frame === null ? undefined : kindOf(frame);
    if (kind === 'ping') return;
    if (typeof frame?.log === 'string') addLines(frame.log, items, parse);
    else if (kind === undefined || kind === 'log') addLines(text, items, parse);
    else if (!mentioned.has(kind) && mentioned.size < MOST_MENTIONED) {
      mentioned.add(kind);
      notices.push({
        kind: 'warning',
        message: `Scalingo sent an event of a kind that polylog does not know: ${kind}`,
      });
    }
  };

  return {
    frames(frames) {
      const items: LogEntry[] = [];
      const notices: Notice[] = [];
      for (const frame of frames) {
        if (texts.add(frame)) {
          texts.endLine();
          continue;
        }
        const parsed: LogEntry[] = [];
        readFrame(textOf(frame), parsed, notices);
        if (parsed.length === 0) continue;
        // In the order in which they came.
        if (texts.length > 0) addItems(texts.take(), reading, items);
        for (const entry of parsed) items.push(entry);
      }
      const about = notices.length > 0 ? { notices } : {};
      if (texts.length === 0) return { items, ...about };
      if (items.length === 0) return carrying(about, bundleOf(Buffer.from(texts.take()), reading));
      addItems(texts.take(), reading, items);
      return { items, ...about };
    },
    events(events) {
      const items: LogEntry[] = [];
      for (const { event, data } of events) {
        if (data === '' || event === 'ping' || data.trim() === 'ping') continue;
        addLines(frameWithin(data) ?? data, items, parse);
      }
      return { items };
    },
  };
}

function textOf(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('utf8');
}

/** The documentation says `name`, every official client reads `event`. */
function kindOf(frame: Fields): string | undefined {
  const kind = frame.event ?? frame.name;
  return typeof kind === 'string' ? kind.slice(0, 40) : undefined;
}

/** The lines of a frame that came as an event's data; undefined when the data are lines themselves, JSON or not. */
function frameWithin(data: string): string | undefined {
  if (!data.startsWith('{')) return undefined;
  const frame = fieldsOf(parseJson(data));
  if (frame === null) return undefined;
  const kind = kindOf(frame);
  if (kind === 'ping') return '';
  return kind === 'log' && typeof frame.log === 'string' ? frame.log : undefined;
}

/** A frame may hold several lines, each with LF or CR LF behind it or, the last one, without. */
function addLines(text: string, items: LogEntry[], parse: (raw: string) => LogBody): void {
  let start = 0;
  while (start < text.length) {
    const feed = text.indexOf('\n', start);
    const next = feed === -1 ? text.length : feed;
    const end = next > start && text.charCodeAt(next - 1) === 13 ? next - 1 : next;
    items.push(entryOf(text.slice(start, end), parse));
    start = next + 1;
  }
}

function entryOf(line: string, parse: (raw: string) => LogBody): LogEntry {
  // A UTF-16 unit takes three bytes at most.
  if (line.length * 3 <= LONGEST_LINE) return new LogEntry(line, parse);
  const bytes = Buffer.from(line, 'utf8');
  if (bytes.length <= LONGEST_LINE) return new LogEntry(line, parse);
  let end = LONGEST_LINE;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new LogEntry(bytes.toString('utf8', 0, end), parse, undefined, bytes.length - end);
}
