// Prints a build's lines once, whether they came by the stream or are stored. Knows no platform and no verdict.
import type { LogEntry } from '../model.ts';
import type { LogRenderer } from '../output/log-item.ts';
import type { BuildPlace } from './build-target.ts';

export interface Printer {
  print(entries: readonly LogEntry[]): Promise<void>;
  /** Of a stored log only what was not printed yet. */
  printMissing(entries: readonly LogEntry[]): Promise<void>;
  finish(): Promise<void>;
  /** In place of `finish` when something went wrong: closes only what was opened. */
  abandon(): Promise<void>;
}

/** Counts what was printed, line by line, so that the stored log at the end doubles nothing. */
export function createPrinter(
  { context, shown }: BuildPlace,
  renderer: LogRenderer,
  onPrint: () => void,
): Printer {
  const { terminal } = context;
  const printed = new Map<string, number>();
  let headDue = renderer.head !== '';
  let finished = false;
  const print = async (entries: readonly LogEntry[]) => {
    // A gate whose reader has gone goes on judging.
    if (entries.length > 0) onPrint();
    if (entries.length === 0 || terminal.isClosed) return;
    if (headDue) await terminal.print(renderer.head);
    headDue = false;
    await terminal.print(renderer.entries(entries.map((entry) => ({ entry, target: shown }))));
  };
  const end = async () => {
    const text = renderer.end?.() ?? '';
    await terminal.print(text);
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
    async finish() {
      finished = true;
      if (headDue && terminal.isClosed) return;
      if (headDue) await terminal.print(renderer.head);
      await end();
    },
    async abandon() {
      if (!finished && !headDue) await end();
    },
  };
}
