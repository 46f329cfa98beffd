// Rows of the station's CSV, and which of them are older than a row of `/log`. Knows no request.
import { LogEntry } from '../../model.ts';
import type { StationClock } from './clock.ts';
import { containerNamedIn, type LogRow, levelOfWord } from './translate.ts';

/** One row (wire: Container Station 2.3): what `/log` gives, with microseconds and without an id. */
export interface CsvRow extends Pick<LogRow, 'ts' | 'level' | 'category' | 'user' | 'message'> {
  readonly nanos: number;
  /** Digits of the fraction. */
  readonly digits: number;
}

/** Oldest first; rows with other than five columns are none. */
export function readCsv(text: string): CsvRow[] {
  return [...records(text)].slice(1).flatMap((fields) => {
    const [date = '', level = '', category = '', user = '', message = ''] = fields;
    return fields.length === 5
      ? [{ ...readDate(date), level: level.toUpperCase(), category, user, message }]
      : [];
  });
}

/**
 * Those before a row of `/log`, of which `alike` rows with the same words and second have been seen, itself included.
 * null where the CSV does not show it: then nothing says where they end.
 */
export function olderThan(row: LogRow, alike: number, rows: readonly CsvRow[]): readonly CsvRow[] | null {
  const places = rows.flatMap((other, index) => (isAlike(row, other) ? [index] : []));
  const place = places.at(-alike);
  return place === undefined ? null : rows.slice(0, place);
}

export function isAlike(row: LogRow, other: Omit<CsvRow, 'nanos' | 'digits'>): boolean {
  return (
    row.ts !== null &&
    row.ts === other.ts &&
    row.level === other.level &&
    row.category === other.category &&
    row.user === other.user &&
    row.message === other.message
  );
}

/** `raw` is the row as one line of JSON, in the words of `/log`. */
export function entryOfCsvRow(row: CsvRow, clock: StationClock): LogEntry {
  const { ts, level, category, user, message } = row;
  const raw = JSON.stringify({ category, level, message, ts, user });
  return new LogEntry(raw, () => {
    const time = ts === null ? null : clock(ts);
    return {
      ts: time && { ...time.ts, nanos: row.nanos, digits: row.digits },
      quality:
        time === null ? 'observed' : row.digits > 0 && time.quality === 'second' ? 'exact' : time.quality,
      component: containerNamedIn(row),
      instance: null,
      source: 'platform',
      stream: null,
      level: levelOfWord(level),
      message,
      fields: { category, user },
      id: null,
      deployment: null,
    };
  });
}

/** The wall clock read as UTC, as `/log` has it. */
function readDate(text: string): Pick<CsvRow, 'ts' | 'nanos' | 'digits'> {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?$/.exec(text);
  const millis = match ? Date.parse(`${match[1]}T${match[2]}Z`) : Number.NaN;
  if (!match || Number.isNaN(millis)) return { ts: null, nanos: 0, digits: 0 };
  const fraction = match[3] ?? '';
  return { ts: millis / 1000, nanos: Number(fraction.padEnd(9, '0')), digits: fraction.length };
}

/** A field, and what ends it; quoted ones hold doubled quotes. */
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^,\r\n]*))(,|\r?\n|$)/y;

function* records(text: string): Generator<string[], void, undefined> {
  FIELD.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  let fields: string[] = [];
  while (FIELD.lastIndex < text.length) {
    const at = FIELD.lastIndex;
    const match = FIELD.exec(text);
    if (!match) {
      // A CR in the middle of a line: that is none.
      FIELD.lastIndex = lineEnd(text, at);
      fields = [];
      continue;
    }
    const [, quoted, bare = '', ending] = match;
    fields.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (ending === ',') continue;
    yield fields;
    fields = [];
  }
  // Its last field is empty, and no line end follows.
  if (fields.length > 0) yield [...fields, ''];
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at + 1;
}
