// Log entries as lines of ndjson, the same as their records give, built by hand for speed. Knows no stream.
import { jsonText } from '../json-text.ts';
import type { ByteReader } from '../message-bytes.ts';
import { formatInstant, formatSecond, LEVELS, type Level, type LogBody, type TimeQuality } from '../model.ts';
import { pieceOf, type Source, TextBytes, type Words } from '../text-bytes.ts';
import { SEVERITIES } from './levels.ts';
import { createLinesWriter, createTimeWriter } from './line-bytes.ts';
import type { LogItem, LogRenderer, LogTarget } from './log-item.ts';
import {
  bytesOrNull,
  common,
  endRecord,
  escapeForTerminal,
  gapRecord,
  jsonLine,
  millisText,
  noticeRecord,
} from './records.ts';

export interface NdjsonOptions {
  readonly isTTY: boolean;
  readonly includeRaw?: boolean | undefined;
  /** Epoch milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Gives level and fields; the platform's own unless given. */
  readonly read?: ByteReader | undefined;
}

/** One JSON object per line; the same as `createLogRecords` gives, built by hand for speed. */
export function createNdjsonRenderer({
  isTTY,
  includeRaw = false,
  now = Date.now,
  read = (body) => body,
}: NdjsonOptions): LogRenderer {
  const finish = isTTY ? escapeForTerminal : (json: string): string => json;
  const targets = createTargets();
  const lineOf = createLogLines(targets, { includeRaw, read });
  const entries = (batch: readonly LogItem[]): string => {
    const time = now();
    let text = '';
    for (const item of batch) text += lineOf(item, observedText(item.observed ?? time));
    return finish(text);
  };
  return {
    head: '',
    entries,
    ...(isTTY || includeRaw ? {} : { lines: createByteLines(targets, { read, entries }) }),
    gap: (gap, target) => finish(jsonLine(gapRecord(gap, target))),
    notice: (notice, target) => finish(jsonLine(noticeRecord(notice, target, now()))),
    summary: (end, target) => finish(jsonLine(endRecord(end, target))),
  };
}

/** Of as few pieces as can be: a line is a tree of them, which somebody has to walk when it is written. */
function createLogLines(
  targets: (target: LogTarget) => KnownTarget,
  { includeRaw, read }: { includeRaw: boolean; read: ByteReader },
): (item: LogItem, observed: string) => string {
  return ({ entry, target, late }, observed) => {
    const known = targets(target);
    known.seq++;
    const { body } = entry;
    const { ts } = body;
    const reading = read(body);
    const fields = reading.json ?? (reading.fields ? jsonText(reading.fields) : 'null');
    const line =
      `${ts ? `${known.start}"${formatInstant(ts)}"` : `${known.start}null`}` +
      `${QUALITY_TEXTS[body.quality]}${observed}${originOf(body, known.origins).text}${levelText(reading.level)}` +
      `${jsonText(body.message)},"fields":${fields}${endText(body)}${known.seq}`;
    if (entry.truncated === 0 && !late && !includeRaw) return `${line}}\n`;
    return (
      `${line}${late ? ',"late":true' : ''}` +
      `${entry.truncated > 0 ? `,"truncated":${bytesOrNull(entry.truncated)}` : ''}` +
      `${includeRaw ? `,"raw":${jsonText(entry.raw)}` : ''}}\n`
    );
  };
}

interface KnownTarget {
  /** Up to the time. */
  readonly start: string;
  /** The same and the quote of the time. */
  readonly startPiece: Words;
  /** Of the last line. */
  seq: number;
  readonly origins: Map<string | null, Origin>;
}

function createTargets(): (target: LogTarget) => KnownTarget {
  const targets = new Map<LogTarget, KnownTarget>();
  return (target) => {
    let known = targets.get(target);
    if (!known) {
      const start = flat(`${jsonText(common('log', target)).slice(0, -1)},"ts":`);
      known = { start, startPiece: pieceOf(`${start}"`), seq: 0, origins: new Map() };
      targets.set(target, known);
    }
    return known;
  };
}

interface ByteLines {
  readonly read: ByteReader;
  readonly entries: LogRenderer['entries'];
}

/** What is the same for all lines of one place, in pieces. */
interface PlacePieces {
  readonly known: KnownTarget;
  readonly body: LogBody;
  /** Between the time of reading and the level. */
  readonly origin: Words;
  /** Behind the fields, up to the number. */
  readonly end: Words;
}

/** The same from bytes to bytes. */
function createByteLines(
  targets: (target: LogTarget) => KnownTarget,
  { read, entries }: ByteLines,
): NonNullable<LogRenderer['lines']> {
  const writeTime = createTimeWriter((seconds) => ({ before: formatSecond(seconds), after: 'Z"' }));
  const writeMessage = createMessageWriter(read);
  let observed = Number.NaN;
  let observedPiece = pieceOf('');
  return createLinesWriter<PlacePieces>({
    entries,
    placeOf(body, target) {
      const known = targets(target);
      return {
        known,
        body,
        origin: pieceOf(originOf(body, known.origins).text),
        end: pieceOf(endText(body)),
      };
    },
    write({ place, parts, source, to, observed: own }, out) {
      const { known, body } = place;
      known.seq++;
      if (own !== observed) {
        observed = own;
        observedPiece = pieceOf(observedText(own));
      }
      const quality = parts.digits === 0 ? 'second' : 'exact';
      out.addPiece(known.startPiece);
      writeTime(parts, source, out);
      out.addPiece(QUALITY_PIECES[quality]);
      out.addPiece(observedPiece);
      out.addPiece(place.origin);
      writeMessage({ source, from: parts.message, to, quality, body }, out);
      out.addPiece(place.end);
      out.addNumber(known.seq);
      out.addPiece(END);
    },
  });
}

interface Message {
  readonly source: Source;
  readonly from: number;
  readonly to: number;
  readonly quality: TimeQuality;
  /** Of a line of the same place. */
  readonly body: LogBody;
}

/** From the level to the fields. */
function createMessageWriter(read: ByteReader): (message: Message, out: TextBytes) => void {
  const scratch = new TextBytes();
  return (message, out) => {
    const { source, from, to, quality, body } = message;
    const write = (level: Level | null, end: Words) => {
      out.addPiece(level === null ? NO_LEVEL_PIECE : LEVEL_PIECES[level]);
      out.addEscaped(source, from, to);
      out.addPiece(end);
    };
    if (body.fields === null && read.isPlain?.(source.bytes, from, to)) return write(body.level, NO_FIELDS);
    scratch.clear();
    const told = read.addFields?.(source, message, body, scratch);
    if (told !== undefined) {
      write(told, FIELDS);
      return out.addAll(scratch);
    }
    const { level, fields, json } = read({
      ...body,
      quality,
      message: source.bytes.toString('utf8', from, to),
    });
    write(level, FIELDS);
    out.addText(json ?? (fields ? jsonText(fields) : 'null'));
  };
}

const FIELDS = pieceOf('","fields":');
const NO_FIELDS = pieceOf('","fields":null');
const END = pieceOf('}\n');

let lastObserved = Number.NaN;
let lastObservedText = '';

/** Of many lines that came together it is the same. */
function observedText(millis: number): string {
  if (millis !== lastObserved) {
    lastObserved = millis;
    lastObservedText = millisText(millis);
  }
  return lastObservedText;
}

/** Up to the time of reading. */
const QUALITY_TEXTS: Readonly<Record<TimeQuality, string>> = {
  exact: ',"ts_quality":"exact","observed":"',
  second: ',"ts_quality":"second","observed":"',
  corrected: ',"ts_quality":"corrected","observed":"',
  observed: ',"ts_quality":"observed","observed":"',
};

const QUALITY_PIECES = { exact: pieceOf(QUALITY_TEXTS.exact), second: pieceOf(QUALITY_TEXTS.second) };

/** What is the same for all lines of one place. */
interface Origin extends Pick<LogBody, 'component' | 'instance' | 'source' | 'stream'> {
  /** Between the time of reading and the level. */
  readonly text: string;
}

const MOST_ORIGINS = 256;

function originOf(body: LogBody, origins: Map<string | null, Origin>): Origin {
  const { component, instance, source, stream } = body;
  const name = instance ?? component;
  const known = origins.get(name);
  if (
    known &&
    known.component === component &&
    known.instance === instance &&
    known.source === source &&
    known.stream === stream
  )
    return known;
  const text = flat(
    `","component":${textOrNull(component)},"instance":${textOrNull(instance)},` +
      `"source":"${source}","stream":${stream ? `"${stream}"` : 'null'},"level":`,
  );
  if (origins.size >= MOST_ORIGINS) origins.clear();
  const origin = { component, instance, source, stream, text };
  origins.set(name, origin);
  return origin;
}

/** Up to the message. */
function levelText(level: Level | null): string {
  return level === null ? NO_LEVEL : LEVEL_TEXTS[level];
}

const NO_LEVEL = 'null,"severity":null,"message":';
const LEVEL_TEXTS = Object.fromEntries(
  LEVELS.map((level) => [level, flat(`"${level}","severity":${SEVERITIES[level]},"message":`)]),
) as Readonly<Record<Level, string>>;

/** The same and the quote of the message. */
const NO_LEVEL_PIECE = pieceOf(`${NO_LEVEL}"`);
const LEVEL_PIECES = Object.fromEntries(
  LEVELS.map((level) => [level, pieceOf(`${LEVEL_TEXTS[level]}"`)]),
) as Readonly<Record<Level, Words>>;

/** Behind the fields, up to the number. */
function endText({ id, deployment }: LogBody): string {
  if (id === null && deployment === null) return ',"id":null,"deployment":null,"seq":';
  return `,"id":${textOrNull(id)},"deployment":${textOrNull(deployment)},"seq":`;
}

/** In one piece. Text of JSON has no half characters. */
function flat(json: string): string {
  return Buffer.from(json, 'utf8').toString('utf8');
}

function textOrNull(text: string | null): string {
  return text === null ? 'null' : jsonText(text);
}
