// `builds show`: one build in full.
import { CliError } from '../errors.ts';
import { type Build, type BuildStep, instantFromMillis } from '../model.ts';
import { jsonDocument } from '../output/json.ts';
import { ansiModeOf } from '../output/logs.ts';
import { buildRecord } from '../output/platform-records.ts';
import { escapeForTerminal, jsonLine } from '../output/records.ts';
import { sanitize } from '../output/sanitize.ts';
import { loadWidth } from '../output/width.ts';
import { wrapText } from '../output/wrap.ts';
import { type BuildCommand, type BuildPlace, chooseBuild, withBuilds } from './build-target.ts';
import { durationText, secondsOf, statusText, timeText } from './build-words.ts';

export function showBuild(command: BuildCommand): Promise<number> {
  return withBuilds(command, async (place, text) => {
    const form = detailForm(command.options);
    const { context, builds, connected, target } = place;
    const chosen = await chooseBuild(
      place,
      { build: text, commit: undefined, appear: 0, patient: false },
      context.signal,
    );
    // A list may leave out what one build's own answer holds: its steps above all.
    const build = builds.traits.byId
      ? await builds.get(connected.client, target.ref, chosen.id, context.signal)
      : chosen;
    await printBuild(place, build, form);
    return 0;
  });
}

export type DetailForm = 'text' | 'json' | 'ndjson';

export function detailForm({ output, json }: { output?: string; json?: boolean }): DetailForm {
  if (json && output !== undefined && output !== 'json') {
    throw new CliError('usage', `--json and -o ${output} contradict each other.`);
  }
  const form = json ? 'json' : (output ?? 'text');
  if (form === 'text' || form === 'json' || form === 'ndjson') return form;
  throw new CliError('usage', `"${form}" is no output form of one build: it is one of text, json, ndjson.`);
}

export async function printBuild(
  { context, shown }: BuildPlace,
  build: Build,
  form: DetailForm,
): Promise<void> {
  const { terminal } = context;
  const { isTTY } = terminal.out;
  if (form === 'text') {
    const text = await buildText(build, isTTY ? terminal.out.columns : null);
    return terminal.print(sanitize(text, ansiModeOf(terminal.out)));
  }
  const record = buildRecord(build, shown);
  if (form === 'ndjson')
    return terminal.print(isTTY ? escapeForTerminal(jsonLine(record)) : jsonLine(record));
  return terminal.print(jsonDocument([record], { isTTY }));
}

/** A field a line, then the steps, each nested one further in. `columns`: what is longer goes on below; null = never. */
export async function buildText(build: Build, columns: number | null): Promise<string> {
  const fields: [string, string | null][] = [
    ['id', build.id],
    ['status', statusText(build)],
    ['kind', build.kind],
    ['commit', build.commit],
    ['ref', build.ref],
    ['cause', build.cause],
    ['message', build.message],
    ['who', build.user],
    ['created', build.created ? timeText(build.created) : null],
    ['started', build.started ? timeText(build.started) : null],
    ['finished', build.finished ? timeText(build.finished) : null],
    ['duration', durationOrNull(build)],
    ['progress', build.progress === null ? null : `${build.progress} %`],
    ['reason', build.reason],
    ['url', build.url],
  ];
  const entries: Entry[] = fields.flatMap(([name, value]) =>
    value === null ? [] : [{ start: `${name.padEnd(9)} `, text: oneLine(value) }],
  );
  const steps = stepEntries(build.steps, 0);
  if (steps.length > 0) entries.push({ start: 'steps', text: '' }, ...steps);
  const widthOf = await loadWidth();
  const lines = entries.flatMap(({ start, text }) => {
    const margin = ' '.repeat(start.length);
    const parts =
      columns === null ? [text] : wrapText(text, { width: Math.max(20, columns - start.length), widthOf });
    return parts.map((part, at) => (at === 0 ? start : margin) + part);
  });
  return `${lines.join('\n')}\n`;
}

interface Entry {
  /** Stands before the first line of the text; the others begin below the text. */
  readonly start: string;
  readonly text: string;
}

function durationOrNull(build: Build): string | null {
  const text = durationText(secondsOf(build, instantFromMillis(Date.now())));
  return text === '-' ? null : text;
}

/** Status, time taken and, nested, the name. */
function stepEntries(steps: readonly BuildStep[], depth: number): Entry[] {
  return steps.flatMap((step) => {
    const took =
      step.started && step.finished ? durationText(step.finished.seconds - step.started.seconds) : '';
    const why = step.reason === null ? '' : `: ${oneLine(step.reason)}`;
    const start = `  ${step.status.padEnd(9)}  ${took.padStart(6)}  ${'  '.repeat(depth)}`;
    return [{ start, text: `${oneLine(step.name)}${why}` }, ...stepEntries(step.steps, depth + 1)];
  });
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
