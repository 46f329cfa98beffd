// The form in which log lines are printed, from the flags of `logs`. Knows no platform and no line.
import { CliError } from '../errors.ts';
import { type LogForm, parseLogForm } from '../output/logs.ts';
import { ANSI_MODES, type AnsiMode } from '../output/sanitize.ts';
import { TIMESTAMPS, type Timestamps } from '../output/time-text.ts';
import { compileHighlight, type Highlighter } from '../stream/filter.ts';
import { type LogFlags, switchOf, textOf, textsOf } from './log-flags.ts';

export interface LogOutput {
  readonly form: LogForm;
  readonly columns: string | undefined;
  readonly timestamps: Timestamps | undefined;
  readonly zone: string | undefined;
  readonly ansi: AnsiMode | undefined;
  readonly noPrefix: boolean;
  readonly includeRaw: boolean;
  /** Shows what was parsed out of messages in place of them. */
  readonly fields: boolean;
  readonly highlight: readonly Highlighter[];
}

export function parseOutput(
  flags: LogFlags,
  { env, zone }: { env: Readonly<Record<string, string | undefined>>; zone: string | undefined },
): Omit<LogOutput, 'highlight'> {
  const asked = textOf(flags, 'output');
  const json = switchOf(flags, 'json') === true;
  if (json && asked !== undefined && asked !== 'ndjson' && asked !== 'json') {
    throw new CliError('usage', `--json and -o ${asked} contradict each other.`);
  }
  const name = json ? 'ndjson' : (asked ?? (env.POLYLOG_OUTPUT || 'text'));
  const form = parseLogForm(name);
  const columns = textOf(flags, 'columns');
  if (columns !== undefined && form !== 'csv') throw new CliError('usage', '--columns belongs to -o csv.');
  const timestamps = textOf(flags, 'timestamps');
  const known = TIMESTAMPS.find((candidate) => candidate === timestamps);
  if (timestamps !== undefined && !known) {
    throw new CliError(
      'usage',
      `"${timestamps}" is no form of time: it is one of ${TIMESTAMPS.join(', ')}.`,
      {
        hint: 'To follow a log use -f.',
      },
    );
  }
  const ansi = textOf(flags, 'ansi');
  const mode = ANSI_MODES.find((candidate) => candidate === ansi);
  if (ansi !== undefined && !mode) {
    throw new CliError('usage', `"${ansi}" is no mode of --ansi: it is one of ${ANSI_MODES.join(', ')}.`);
  }
  const fields = switchOf(flags, 'fields') === true;
  if (fields && switchOf(flags, 'parse') === false) {
    throw new CliError('usage', '--fields and --no-parse contradict each other.');
  }
  return {
    form,
    columns,
    timestamps: known,
    zone,
    ansi: mode,
    noPrefix: switchOf(flags, 'prefix') === false,
    includeRaw: switchOf(flags, 'includeRaw') === true,
    fields,
  };
}

export function parseHighlight(flags: LogFlags): Promise<Highlighter[]> {
  const ignoreCase = switchOf(flags, 'ignoreCase') === true;
  return Promise.all(
    textsOf(flags, 'highlight').map((pattern) =>
      compileHighlight(pattern, { flag: '--highlight', ignoreCase }),
    ),
  );
}
