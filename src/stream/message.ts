// What an application wrote into its message: JSON or logfmt, as level, text and fields. Knows no platform and no stream.
import { withoutHalves } from '../json-text.ts';
import type { ByteReader } from '../message-bytes.ts';
import type { Level, LogBody, MessageReader, Reading } from '../model.ts';
import type { Source, TextBytes } from '../text-bytes.ts';
import { levelOfNumber, levelOfWord } from './level-words.ts';
import { type Fields, hasKeyAt, readLogfmt } from './logfmt.ts';
import { addLogfmt, type Range } from './logfmt-bytes.ts';

/** Longer messages are not parsed; UTF-16 units. */
export const LONGEST_PARSED = 65_536;
/** Messages with more keys, or nested deeper, are not parsed. */
export const MOST_KEYS = 200;
export const DEEPEST = 8;

/** Leaves the message as it is: `--no-parse`. */
export const unread: MessageReader = Object.assign((body: LogBody) => body, { isPlain: () => true });

/**
 * The level is the platform's own, else what the message says, else, on a router's line, what its status says. The body
 * itself comes back where the message is neither JSON nor logfmt, or the platform gave fields of its own.
 */
export const readMessage: ByteReader = Object.assign(read, { isPlain, addFields });

function read(body: LogBody): Reading {
  if (body.fields !== null) return body;
  const { message } = body;
  const first = message.charCodeAt(startOf(message));
  // Plain text is told by its first character or word and costs no more than that.
  if (first === BRACE) return jsonReading(body) ?? body;
  if (!isNameStart(first)) return body;
  return logfmtReading(body) ?? body;
}

/** Of UTF-8; false as well where only reading it would tell. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  const most = Math.min(to, from + MOST_INDENT);
  while (at < most && bytes[at] === SPACE) at += 1;
  if (at === to) return true;
  const first = bytes[at] ?? 0;
  if (first === BRACE) return false;
  return !isNameStart(first) || !hasKeyAt(bytes, at, to);
}

/** Where the message is usual logfmt. */
function addFields(source: Source, range: Range, body: LogBody, out: TextBytes): Level | null | undefined {
  const { from, to } = range;
  if (body.fields !== null || to - from > LONGEST_PARSED) return undefined;
  let at = from;
  while (at < Math.min(to, from + MOST_INDENT) && source.bytes[at] === SPACE) at += 1;
  if (!isNameStart(source.bytes[at] ?? 0)) return undefined;
  const telling = addLogfmt(source, { from: at, to }, out, mayTell);
  return telling === null ? undefined : levelOf(body, telling, keyOfLevel(body, telling));
}

/** Whether a key of that first byte and length may say a level. */
function mayTell(first: number, length: number): boolean {
  if (first === 108) return length === 3 || length === 5 || length === 9;
  if (first === 115) return length === 6 || length === 8;
  return first === 97 && length === 2;
}

const BRACE = 123;
const SPACE = 32;
const MOST_INDENT = 8;

function startOf(message: string): number {
  let at = 0;
  while (at < MOST_INDENT && message.charCodeAt(at) === SPACE) at += 1;
  return at;
}

function isNameStart(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || code === 95 || code === 64 || code > 127;
}

function jsonReading(body: LogBody): Reading | null {
  const { message } = body;
  if (message.length > LONGEST_PARSED) return null;
  const whole = parseObject(message);
  if (whole) return readingOf(body, { fields: whole, rest: '', json: onOneLine(message) });
  // A stack trace may have been joined to it.
  const end = message.indexOf('\n');
  if (end === -1) return null;
  const text = message.slice(0, end);
  const fields = parseObject(text);
  return fields && readingOf(body, { fields, rest: message.slice(end), json: onOneLine(text) });
}

function logfmtReading(body: LogBody): Reading | null {
  const { message } = body;
  if (message.length > LONGEST_PARSED) return null;
  const found = readLogfmt(message, {
    start: startOf(message),
    mostKeys: MOST_KEYS,
    isTolerant: body.source === 'router',
  });
  return found && readingOf(body, { fields: found.fields, rest: message.slice(found.end), json: undefined });
}

function parseObject(message: string): Fields | null {
  const text = message.trim();
  // A failure of JSON.parse costs ten times what its success does: hashes of other languages are told before.
  if (!text.endsWith('}') || !/^\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:)/.test(text.slice(0, 512))) return null;
  try {
    const value: unknown = JSON.parse(text);
    const found = { keys: MOST_KEYS, hasLongNumber: false };
    if (!isFields(value) || !isModest(value, DEEPEST, found)) return null;
    return found.hasLongNumber ? (JSON.parse(withLongNumbersQuoted(text)) as Fields) : value;
  } catch {
    return null;
  }
}

/** `text` is valid JSON. Numbers that lose digits, as ids of 64 bits do, become text. */
function withLongNumbersQuoted(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => {
    const isWhole = token.startsWith('"') || !isLong(Number(token)) || String(Number(token)) === token;
    return isWhole ? token : `"${token}"`;
  });
}

function isLong(value: number): boolean {
  return Number.isInteger(value) ? !Number.isSafeInteger(value) : !Number.isFinite(value);
}

/** Half a character would become another one when it is written. */
function onOneLine(text: string): string | undefined {
  return /[\r\n]|\p{Cs}/u.test(text) ? undefined : withoutHalves(text.trim());
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Found {
  /** How many more are allowed. */
  keys: number;
  hasLongNumber: boolean;
}

function isModest(value: unknown, deepest: number, found: Found): boolean {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && isLong(value)) found.hasLongNumber = true;
    return true;
  }
  if (deepest === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isModest(item, deepest - 1, found));
  const object = value as Fields;
  for (const key in object) {
    found.keys -= 1;
    if (found.keys < 0 || !isModest(object[key], deepest - 1, found)) return false;
  }
  return true;
}

interface Parsed {
  readonly fields: Fields;
  /** What stands behind the parsed line, from its LF on. */
  readonly rest: string;
  readonly json: string | undefined;
}

function readingOf(body: LogBody, { fields, rest, json }: Parsed): Reading {
  const levelKey = keyOfLevel(body, fields);
  const messageKey = MESSAGE_KEYS.find(
    (key) => Object.hasOwn(fields, key) && typeof fields[key] === 'string',
  );
  const text = messageKey === undefined ? '' : String(fields[messageKey]);
  return {
    level: levelOf(body, fields, levelKey),
    message: text + rest,
    fields,
    ...(levelKey === undefined ? {} : { levelKey }),
    ...(messageKey === undefined ? {} : { messageKey }),
    ...(json === undefined ? {} : { json }),
  };
}

function keyOfLevel(body: LogBody, fields: Fields): string | undefined {
  return body.level === null ? levelKeyOf(fields) : undefined;
}

function levelOf(body: LogBody, fields: Fields, key: string | undefined): Level | null {
  return body.level ?? levelIn(fields, key) ?? levelOfStatus(body, fields);
}

const MESSAGE_KEYS: readonly string[] = ['msg', 'message'];
const LEVEL_KEYS: readonly string[] = ['level', 'severity', 'lvl', 'log.level'];

/** The first key that says a level; `at` counts as Akkeris writes it (wire: Akkeris 2.3). */
function levelKeyOf(fields: Fields): string | undefined {
  const key = LEVEL_KEYS.find((name) => levelAt(fields, name) !== null);
  if (key !== undefined) return key;
  return Object.hasOwn(fields, 'at') && fields.at === 'error' ? 'at' : undefined;
}

function levelIn(fields: Fields, key: string | undefined): Reading['level'] {
  if (key !== undefined) return key === 'at' ? 'error' : levelAt(fields, key);
  const log = Object.hasOwn(fields, 'log') ? fields.log : null;
  return isFields(log) ? levelAt(log, 'level') : null;
}

function levelAt(fields: Fields, key: string): Reading['level'] {
  if (!Object.hasOwn(fields, key)) return null;
  const value = fields[key];
  if (typeof value === 'string') return levelOfWord(value, key);
  return typeof value === 'number' ? levelOfNumber(value, key) : null;
}

function levelOfStatus({ source }: LogBody, fields: Fields): Reading['level'] {
  if (source !== 'router' || !Object.hasOwn(fields, 'status')) return null;
  const status = Number(fields.status);
  if (!(status >= 100 && status <= 599)) return null;
  if (status >= 500) return 'error';
  return status >= 400 ? 'warn' : 'info';
}
