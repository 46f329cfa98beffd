// What comes over a live connection, frames of a websocket or events of an event stream, turned into log entries.
// Knows no connection.
import { isAscii } from 'node:buffer';
import { type LogBody, LogEntry, type Notice } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import { type Fields, fieldsOf, parseJson } from '../../transport/json-fields.ts';
import type { ServerSentEvent } from '../../transport/network.ts';

export interface FrameReader {
  /** One JSON object per frame (wire: Scalingo 2.4). A batch without items is a sign of life. */
  frames(frames: readonly Uint8Array[]): Batch<LogEntry>;
  /** Raw lines or the frames' JSON: no sample of these events is known (wire: Scalingo 2.5). */
  events(events: readonly ServerSentEvent[]): Batch<LogEntry>;
}

const MOST_MENTIONED = 8;
/** Bytes of a line that are kept. */
const LONGEST_LINE = 1024 * 1024;

/** One per connection: a kind of event that nobody knows is mentioned once. */
export function createFrameReader(parse: (raw: string) => LogBody): FrameReader {
  const mentioned = new Set<string>();

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
      for (const text of decode(frames)) readFrame(text, items, notices);
      return notices.length > 0 ? { items, notices } : { items };
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

/** Plain ASCII, the usual case, is decoded in one go for all frames: then places in bytes are places in text. */
function decode(frames: readonly Uint8Array[]): string[] {
  if (frames.length > 1) {
    const joined = Buffer.concat(frames);
    if (isAscii(joined)) {
      const text = joined.toString('latin1');
      let end = 0;
      return frames.map((frame) => {
        const start = end;
        end += frame.length;
        return text.slice(start, end);
      });
    }
  }
  return frames.map((frame) =>
    Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('utf8'),
  );
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
