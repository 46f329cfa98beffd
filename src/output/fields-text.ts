// Parsed fields as `key=value` pairs behind a message. Knows no colour.
import { jsonText } from '../json-text.ts';
import type { Reading } from '../model.ts';

/**
 * In the order in which they were written, what is shown elsewhere left out. Values with spaces and the like are quoted
 * as in JSON, so that a pair never breaks the line; nested ones are JSON. '' when nothing is left.
 */
export function fieldsText(reading: Reading, { withLevel }: { readonly withLevel: boolean }): string {
  const { fields, messageKey, levelKey } = reading;
  if (fields === null) return '';
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (key === messageKey || (key === levelKey && !withLevel)) continue;
    pairs.push(`${bare(key)}=${valueText(value)}`);
  }
  return pairs.join(' ');
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value === '' ? '' : bare(value);
  return typeof value === 'object' && value !== null ? jsonText(value) : String(value);
}

function bare(text: string): string {
  return /[\s"=\0-\x1f\x7f]/.test(text) ? jsonText(text) : text;
}
