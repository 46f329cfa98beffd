// Names of fields that a user chooses from a record: `ts`, `message`, `fields.user.name`. Knows no form.
import { CliError } from '../errors.ts';
import { jsonText } from '../json-text.ts';
import { COMMON_KEYS, type OutputRecord, RECORD_KEYS, type RecordType } from './records.ts';

/** Keys that stand in a log record only where they apply. */
const OPTIONAL_KEYS: Partial<Record<RecordType, readonly string[]>> = { log: ['late', 'truncated', 'raw'] };

/** What can be named in a record of this type, in the contract's order. */
export function keysOf(type: RecordType): string[] {
  return [...COMMON_KEYS, ...RECORD_KEYS[type], ...(OPTIONAL_KEYS[type] ?? [])];
}

/** Reads one value as text: null and absent are '', objects JSON. */
export type FieldReader = (record: OutputRecord) => string;

/** Throws a usage error that lists the fields. `where` says what named it: `the template`, `--columns`. */
export function fieldReader(name: string, type: RecordType, where: string): FieldReader {
  const path = name.split('.');
  const [key = ''] = path;
  const keys = keysOf(type);
  if (!keys.includes(key) || (path.length > 1 && key !== 'fields')) {
    throw new CliError('usage', `Unknown field ${JSON.stringify(name)} in ${where}.`, {
      hint: `Fields: ${keys.join(', ')}.`,
    });
  }
  return (record) => valueText(valueAt(record, path));
}

function valueAt(record: OutputRecord, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? jsonText(value) : String(value);
}
