// From the name of a form to the renderer of log entries in it. Knows no stream and no flag.
import { CliError } from '../errors.ts';
import { cutMark, type LogItem, type LogRenderer } from './log-item.ts';
import { createNdjsonRenderer } from './ndjson.ts';
import { createLogRecords, type OutputRecord } from './records.ts';
import type { AnsiMode } from './sanitize.ts';
import type { TextOptions } from './text.ts';

/** What `-o` may say for logs; `json` is `ndjson` there. */
export type LogForm = 'text' | 'raw' | 'table' | 'ndjson' | 'json' | 'csv' | { readonly template: string };

const FORMS = ['text', 'raw', 'table', 'ndjson', 'json', 'csv'] as const;

/** Throws a usage error that lists the forms. */
export function parseLogForm(text: string): LogForm {
  const form = FORMS.find((name) => name === text);
  if (form) return form;
  if (text.startsWith('template=')) return { template: text.slice('template='.length) };
  throw new CliError('usage', `Unknown output form ${JSON.stringify(text)}.`, {
    hint: `Forms: ${FORMS.join(', ')}, template=….`,
  });
}

export interface LogRenderOptions extends Omit<TextOptions, 'ansi'> {
  /** `--ansi`; otherwise as `ansiModeOf` has it. */
  readonly ansi?: AnsiMode | undefined;
  readonly includeRaw?: boolean | undefined;
  /** `--columns LIST` of csv. */
  readonly csvColumns?: string | undefined;
}

/**
 * Foreign control sequences are neutralised on a terminal, and colours with them where there shall be none. A pipe gets
 * the message as it is.
 */
export function ansiModeOf(stdout: { readonly isTTY: boolean; readonly color: number }): AnsiMode {
  if (!stdout.isTTY) return 'keep';
  return stdout.color > 0 ? 'colors' : 'strip';
}

/** Loads the form's modules only. Throws a usage error for a bad template or column. */
export async function createLogRenderer(form: LogForm, options: LogRenderOptions): Promise<LogRenderer> {
  const ansi = options.ansi ?? ansiModeOf(options);
  if (form === 'ndjson' || form === 'json') return createNdjsonRenderer(options);
  if (form === 'raw') return (await import('./raw.ts')).createRawRenderer({ isTTY: options.isTTY, ansi });
  if (form === 'text') return (await import('./text.ts')).createTextRenderer({ ...options, ansi });
  if (form === 'table') return (await import('./log-table.ts')).createLogTableRenderer({ ...options, ansi });
  return createRowRenderer(form, { ...options, ansi });
}

async function createRowRenderer(
  form: 'csv' | { readonly template: string },
  options: LogRenderOptions & { readonly ansi: AnsiMode },
): Promise<LogRenderer> {
  const { ansi, includeRaw = false, now = Date.now } = options;
  const read = namesParsed(form, options.csvColumns) ? options.read : undefined;
  const { head, row } =
    form === 'csv'
      ? (await import('./csv.ts')).createCsv({ type: 'log', columns: options.csvColumns, ansi, includeRaw })
      : (await import('./template.ts')).createTemplate({ type: 'log', template: form.template, ansi });
  // Who names `raw` in a template or in --columns gets it.
  const recordOf = createLogRecords({ includeRaw: true, now, read });
  const shown = namesCut(form, options.csvColumns) ? recordOf : markingCuts(recordOf);
  return {
    head,
    entries: (batch: readonly LogItem[]) => batch.map((item) => row(shown(item))).join(''),
    gap: () => '',
    notice: () => '',
  };
}

/** Who names the column has the number of bytes there. */
function namesCut(form: 'csv' | { readonly template: string }, columns: string | undefined): boolean {
  return /truncated/.test(form === 'csv' ? (columns ?? '') : form.template);
}

/** Without that column the mark stands behind the message, as in text. */
function markingCuts(recordOf: (item: LogItem) => OutputRecord): (item: LogItem) => OutputRecord {
  return (item) => {
    const { truncated } = item.entry;
    const record = recordOf(item);
    return truncated > 0 ? { ...record, message: `${record.message}${cutMark(truncated)}` } : record;
  };
}

/** Messages are parsed only for those who look at what comes of it. */
function namesParsed(form: 'csv' | { readonly template: string }, columns: string | undefined): boolean {
  const names = form === 'csv' ? columns : form.template;
  return names === undefined || /level|severity|fields/.test(names);
}
