// How lists are printed: table, json, ndjson, csv or a template. Knows no platform.
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Instant } from '../model.ts';
import type { OutputRecord, RecordType } from '../output/records.ts';
import type { Table } from '../output/table.ts';
import { createTimeText } from '../output/time-text.ts';
import { clockOf, type Zone } from '../time.ts';

export function addListOptions(command: Command, forms = 'table, json, ndjson, csv or template=…'): Command {
  return command
    .optionsGroup('Output:')
    .option('-o, --output <FORM>', forms)
    .option('--json', 'same as -o json')
    .option('--columns <LIST>', 'columns of -o csv');
}

export interface ListOutput {
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
  readonly columns?: string | undefined;
}

export interface ListContent {
  readonly type: RecordType;
  readonly records: readonly OutputRecord[];
  /** Only made when a table is asked for. */
  table(): Table;
  /** Follows a list that has been printed: no second heading in csv. */
  readonly isContinued?: boolean;
}

const FORMS = ['table', 'json', 'ndjson', 'csv'];

export async function printList(context: Context, content: ListContent, asked: ListOutput): Promise<void> {
  const { terminal } = context;
  const form = formOf(asked, context.host.env.POLYLOG_OUTPUT);
  if (asked.columns !== undefined && form !== 'csv')
    throw new CliError('usage', '--columns belongs to -o csv.');
  const { isTTY, color, columns } = terminal.out;
  if (form === 'json') {
    const { jsonDocument } = await import('../output/json.ts');
    return terminal.print(jsonDocument(content.records, { isTTY }));
  }
  if (form === 'ndjson') {
    const { escapeForTerminal, jsonLine } = await import('../output/records.ts');
    const text = content.records.map(jsonLine).join('');
    return terminal.print(isTTY ? escapeForTerminal(text) : text);
  }
  const { ansiModeOf } = await import('../output/logs.ts');
  const ansi = ansiModeOf(terminal.out);
  if (form === 'csv') {
    const { createCsv } = await import('../output/csv.ts');
    const csv = createCsv({ type: content.type, columns: asked.columns, ansi });
    const head = content.isContinued ? '' : csv.head;
    return terminal.print(head + content.records.map(csv.row).join(''));
  }
  if (form.startsWith('template=')) {
    const { createTemplate } = await import('../output/template.ts');
    const template = createTemplate({ type: content.type, template: form.slice('template='.length), ansi });
    return terminal.print(content.records.map(template.row).join(''));
  }
  const { renderTable } = await import('../output/table.ts');
  return terminal.print(await renderTable(content.table(), { isTTY, columns, color }));
}

export interface ListTimes {
  readonly isTTY: boolean;
  /** On a terminal; a pipe has UTC. */
  readonly zone: Zone;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Whole seconds: RFC 3339 in a pipe; on a terminal as short as may be, `11-21 10:17:20` of this year, else its date. */
export function createListTime({ isTTY, zone, now }: ListTimes): (instant: Instant | null) => string {
  if (!isTTY) {
    const text = createTimeText({ timestamps: 'iso', zone: 'UTC', now: () => now });
    return (instant) => text(instant && { ...instant, digits: 0 });
  }
  const year = clockOf({ seconds: now / 1000, nanos: 0, digits: 0 }, zone).date.slice(0, 4);
  return (instant) => {
    if (!instant) return '-';
    const { date, time } = clockOf(instant, zone);
    return date.startsWith(year) ? `${date.slice(5)} ${time.slice(0, 8)}` : date;
  };
}

/** Checked before anything is asked of a platform. */
export function formOf(asked: ListOutput, fromEnvironment?: string): string {
  if (asked.json === true && asked.output !== undefined && asked.output !== 'json') {
    throw new CliError('usage', `--json and -o ${asked.output} contradict each other.`);
  }
  const name = asked.json === true ? 'json' : asked.output;
  if (name === undefined)
    return fromEnvironment && FORMS.includes(fromEnvironment) ? fromEnvironment : 'table';
  if (FORMS.includes(name) || name.startsWith('template=')) return name;
  throw new CliError(
    'usage',
    `"${name}" is no output form of lists: it is one of ${FORMS.join(', ')} or template=….`,
  );
}
