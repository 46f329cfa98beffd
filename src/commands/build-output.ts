// In which form a build's log is printed, and how its verdict is reported. Knows no stream.
import type { LogRenderer } from '../output/log-item.ts';
import { createLogRenderer, type LogForm, parseLogForm } from '../output/logs.ts';
import { ANSI_MODES, type AnsiMode } from '../output/sanitize.ts';
import { TIMESTAMPS } from '../output/time-text.ts';
import type { BuildFlags, BuildPlace } from './build-target.ts';
import { oneOf, zoneFlag } from './flag-values.ts';

export async function rendererOf(form: string, place: BuildPlace, options: BuildFlags): Promise<LogRenderer> {
  if (form === 'github' || form === 'gitlab') {
    const { createRunnerRenderer } = await import('../output/runner.ts');
    return createRunnerRenderer(form);
  }
  const { terminal } = place.context;
  const parsed: LogForm = parseLogForm(form);
  return createLogRenderer(parsed, {
    targets: [place.shown],
    isTTY: terminal.out.isTTY,
    columns: () => terminal.out.columns,
    color: terminal.out.color,
    ansi: oneOf<AnsiMode>(options.ansi, ANSI_MODES, '--ansi'),
    timestamps: oneOf(options.timestamps, TIMESTAMPS, '--timestamps'),
    zone: zoneFlag(options.timezone, options.utc),
    noPrefix: options.prefix === false,
    csvColumns: options.columns,
  });
}

/** The last words on stderr; a failure is an annotation as well where the runner knows such. */
export function createReport({ context }: BuildPlace, form: string) {
  const { terminal } = context;
  return {
    end: (sentence: string) => terminal.complain(sentence),
    async failure(sentence: string) {
      if (form !== 'github') return terminal.complain(sentence);
      const { defused } = await import('../output/runner.ts');
      terminal.complain(defused(sentence));
      terminal.complain(githubError(defused(sentence).replace(/^polylog: /, '')));
    },
  };
}

function githubError(words: string): string {
  const escaped = words.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return `::error title=polylog::${escaped}`;
}
