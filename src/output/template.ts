// Records by a template of the user's: `{{ts}} {{app}} {{message}}`. Knows no stream.
import { CliError } from '../errors.ts';
import type { RecordText } from './csv.ts';
import { type FieldReader, fieldReader } from './record-path.ts';
import type { OutputRecord, RecordType } from './records.ts';
import { type AnsiMode, sanitize } from './sanitize.ts';

export interface TemplateOptions {
  readonly type: RecordType;
  readonly template: string;
  /** What becomes of control sequences in the values. */
  readonly ansi: AnsiMode;
}

/** Each record becomes the template and LF; `\t` and `\n` are read as in JSON. Throws a usage error for a bad one. */
export function createTemplate({ type, template, ansi }: TemplateOptions): RecordText {
  const parts = parse(template).map((part) => {
    if (!part.isField) return literal(part.text);
    const read = fieldReader(part.text, type, 'the template');
    return (record: OutputRecord) => sanitize(read(record), ansi);
  });
  return {
    head: '',
    row: (record) => {
      let text = '';
      for (const read of parts) text += read(record);
      return `${text}\n`;
    },
  };
}

function literal(text: string): FieldReader {
  const value = text.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
  return () => value;
}

interface Part {
  readonly isField: boolean;
  readonly text: string;
}

function parse(template: string): Part[] {
  const [first = '', ...rest] = template.split('{{');
  const parts: Part[] = [{ isField: false, text: first }];
  for (const piece of rest) {
    const end = piece.indexOf('}}');
    if (end === -1) throw badTemplate('a {{ has no }}');
    const name = piece.slice(0, end).trim();
    if (name === '') throw badTemplate('{{ }} names no field');
    parts.push({ isField: true, text: name }, { isField: false, text: piece.slice(end + 2) });
  }
  if (rest.length === 0) throw badTemplate('it names no field');
  return parts;
}

function badTemplate(reason: string): CliError {
  return new CliError('usage', `Bad template: ${reason}.`, {
    hint: "Write for example -o 'template={{ts}} {{app}} {{message}}'.",
  });
}
