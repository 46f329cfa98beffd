// A list as one JSON document. Knows no stream.
import { jsonText } from '../json-text.ts';
import { escapeForTerminal, type OutputRecord } from './records.ts';

/** An array of records, indented by two, with a final LF. */
export function jsonDocument(records: readonly OutputRecord[], { isTTY }: { isTTY: boolean }): string {
  const json = `${jsonText(records, 2)}\n`;
  return isTTY ? escapeForTerminal(json) : json;
}
