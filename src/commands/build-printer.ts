// Prints a build's lines once, whether they came by the stream or are stored. Knows no platform and no verdict.
import type { Gap, LogEntry, Notice } from '../model.ts';
import type { LogRenderer } from '../output/log-item.ts';
import type { BuildPlace } from './build-target.ts';
import type { Tally } from './tally.ts';

export interface Printer {
  print(entries: readonly LogEntry[]): Promise<void>;
  /** Of a stored log only what was not printed yet. */
  printMissing(entries: readonly LogEntry[]): Promise<void>;
  /** Among the records, in forms that have such; not for people. */
  gap(gap: Gap): Promise<void>;
  notice(notice: Notice): Promise<void>;
  finish(end: BuildEnd): Promise<void>;
  /** In place of `finish` when something went wrong: closes only what was opened. */
  abandon(end: BuildEnd): Promise<void>;
}

export interface BuildEnd {
  readonly reason: string;
  readonly exit: number;
}

export interface PrinterOptions {
  readonly renderer: LogRenderer;
  readonly tally: Tally;
  /** Whether the last record tells how the command ended, in forms that have such. */
  readonly hasEnd: boolean;
  onPrint(): void;
}

/** Counts what was printed, line by line, so that the stored log at the end doubles nothing. */
export function createPrinter({ context, shown }: BuildPlace, options: PrinterOptions): Printer {
  const { renderer, tally, hasEnd } = options;
  const { terminal } = context;
  const printed = new Map<string, number>();
  let headDue = renderer.head !== '';
  let finished = false;
  const print = async (entries: readonly LogEntry[]) => {
    // A gate whose reader has gone goes on judging.
    if (entries.length > 0) options.onPrint();
    if (entries.length === 0 || terminal.isClosed) return;
    if (headDue) await terminal.print(renderer.head);
    headDue = false;
    tally.records += entries.length;
    for (const { body } of hasEnd && renderer.summary ? entries : []) tally.see(body.ts);
    await terminal.print(renderer.entries(entries.map((entry) => ({ entry, target: shown }))));
  };
  const printOther = async (text: string) => {
    if (text !== '' && !terminal.isClosed) await terminal.print(text);
  };
  const close = async (end: BuildEnd) => {
    const text = renderer.end?.() ?? '';
    await terminal.print(text);
    if (hasEnd) await printOther(renderer.summary?.(tally.end(end), shown) ?? '');
    await terminal.flush();
    // What was opened in a runner's log stays open behind a reader who left early (`| head`); the runner reads stderr too.
    if (terminal.isClosed && text !== '') terminal.complain(text.trimEnd());
  };
  return {
    async print(entries) {
      for (const { raw } of entries) printed.set(raw, (printed.get(raw) ?? 0) + 1);
      await print(entries);
    },
    async printMissing(entries) {
      const missing = entries.filter(({ raw }) => {
        const left = printed.get(raw) ?? 0;
        if (left > 0) printed.set(raw, left - 1);
        return left === 0;
      });
      await print(missing);
    },
    gap(gap) {
      tally.gaps += 1;
      return printOther(renderer.gap(gap, shown));
    },
    notice(notice) {
      if (notice.kind === 'reconnected') tally.reconnects += 1;
      return printOther(renderer.notice(notice, shown));
    },
    async finish(end) {
      finished = true;
      if (headDue && terminal.isClosed) return;
      if (headDue) await terminal.print(renderer.head);
      await close(end);
    },
    async abandon(end) {
      if (!finished && !headDue) await close(end);
    },
  };
}
