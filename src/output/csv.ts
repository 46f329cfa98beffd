// Records as CSV: RFC 4180 with a header, but LF. Knows no stream.
import { CliError } from '../errors.ts';
import { type FieldReader, fieldReader } from './record-path.ts';
import { COMMON_KEYS, type OutputRecord, RECORD_KEYS, type RecordType } from './records.ts';
import { type AnsiMode, sanitize } from './sanitize.ts';

export interface CsvOptions {
  readonly type: RecordType;
  /** `--columns LIST`; all but `fields` unless given. */
  readonly columns?: string | undefined;
  /** What becomes of control sequences. */
  readonly ansi: AnsiMode;
  readonly includeRaw?: boolean | undefined;
}

export interface RecordText {
  /** What stands before the first record: a header line, or ''. */
  readonly head: string;
  /** Ends in LF. */
  readonly row: (record: OutputRecord) => string;
}

/** Throws a usage error for a column that no such record has. */
export function createCsv({ type, columns, ansi, includeRaw = false }: CsvOptions): RecordText {
  const names = columns === undefined ? defaultColumns(type, includeRaw) : chosenColumns(columns);
  const readers: FieldReader[] = names.map((name) => fieldReader(name, type, '--columns'));
  return {
    head: `${names.map(quoted).join(',')}\n`,
    row: (record) => `${readers.map((read) => quoted(sanitize(read(record), ansi))).join(',')}\n`,
  };
}

function defaultColumns(type: RecordType, includeRaw: boolean): string[] {
  const names: string[] = [...COMMON_KEYS, ...RECORD_KEYS[type]].filter((key) => key !== 'fields');
  return includeRaw ? [...names, 'raw'] : names;
}

function chosenColumns(list: string): string[] {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) {
    throw new CliError('usage', '--columns names no column.', {
      hint: 'Write for example --columns ts,message.',
    });
  }
  return names;
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
