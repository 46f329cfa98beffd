// What `logs` says: records on stdout, everything else on stderr; counts both. Knows no platform and no network.
import { CliError, sentenceOf } from '../errors.ts';
import {
  countOf,
  formatInstant,
  type Gap,
  type LogEntry,
  type Lot,
  type MessageReader,
  type Notice,
} from '../model.ts';
import type { LogRenderer, LogTarget } from '../output/log-item.ts';
import { createLogRenderer } from '../output/logs.ts';
import { progressText } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Progress } from '../provider.ts';
import type { LogOutput } from './log-request.ts';

export interface LogPrinter {
  /** Entries printed so far. */
  readonly count: number;
  /** `late`: they are earlier than lines that were printed before. */
  entries(lot: Lot<LogEntry>, target: LogTarget, late?: LateMark): Promise<void>;
  gap(gap: Gap, target: LogTarget): Promise<void>;
  notice(notice: Notice, target: LogTarget): Promise<void>;
  /** Drawn on a terminal's stderr only. */
  progress(progress: Progress, target: LogTarget): Promise<void>;
  /** A source has come to its end by itself. */
  ended(target: LogTarget, reason: string): void;
  failed(target: LogTarget, error: unknown): void;
  heartbeat(millis: number): void;
  /** Flushes and sums up; returns the exit code. */
  finish(exit: number, summary: boolean): Promise<number>;
}

export interface LateMark {
  readonly late: boolean;
}

export interface PrinterOptions {
  readonly terminal: Terminal;
  readonly output: LogOutput;
  readonly read: MessageReader;
  readonly targets: readonly LogTarget[];
  readonly verbose: boolean;
}

export async function createLogPrinter(options: PrinterOptions): Promise<LogPrinter> {
  const { terminal, targets } = options;
  const renderer = await createRenderer(options);
  // Renderers tell targets apart by identity.
  const known = (target: LogTarget) =>
    targets.find((other) => other.profile === target.profile && other.app === target.app) ?? target;
  const counts = { entries: 0, late: 0, gaps: 0, reconnects: 0 };
  const startedAt = performance.now();
  let quietSince = performance.now();
  let headDue = renderer.head !== '';
  const say = (target: LogTarget, message: string) => terminal.note(`polylog: ${nameOf(target)}: ${message}`);
  const printHead = async () => {
    if (!headDue) return;
    headDue = false;
    await terminal.print(renderer.head);
  };
  return {
    get count() {
      return counts.entries;
    },
    async entries(lot, target, { late } = { late: false }) {
      if (headDue) await printHead();
      const shown = known(target);
      const observed = Date.now();
      quietSince = performance.now();
      counts.entries += countOf(lot);
      if (late) counts.late += countOf(lot);
      const asWritten = renderer.isVerbatim ? lot.bundle?.verbatim : null;
      if (typeof asWritten === 'string') return terminal.print(asWritten, 'ascii');
      return terminal.print(
        asWritten ?? renderer.entries(lot.items.map((entry) => ({ entry, target: shown, observed, late }))),
      );
    },
    async gap(gap, target) {
      counts.gaps += 1;
      terminal.complain(`polylog: ${nameOf(target)}: ${gapSentence(gap)}`);
      const text = renderer.gap(gap, known(target));
      if (text !== '') await terminal.print(text);
    },
    async notice(notice, target) {
      if (notice.kind === 'reconnected') counts.reconnects += 1;
      if (notice.kind === 'connected') terminal.note(`+ ${nameOf(target)}`);
      else say(target, notice.message);
      const text = renderer.notice(notice, known(target));
      if (text !== '') await terminal.print(text);
    },
    progress: (progress, target) => terminal.busy(`${nameOf(target)} ${progressText(progress)}`),
    ended: (target, reason) => terminal.note(`- ${nameOf(target)} (${reason})`),
    failed(target, error) {
      if (!(error instanceof CliError)) throw error;
      const isNamed = targets.length === 1 && error.message.includes(target.app);
      terminal.complain(`polylog: ${isNamed ? '' : `${nameOf(target)}: `}${sentenceOf(error)}`);
      if (error.detail && options.verbose) terminal.complain(error.detail);
    },
    heartbeat: () =>
      terminal.note(
        `polylog: still following, no line for ${Math.round((performance.now() - quietSince) / 1000)} s`,
      ),
    async finish(exit, summary) {
      await printHead();
      await terminal.flush();
      await terminal.busy(null);
      if (summary) terminal.note(`polylog: ${summaryOf(counts, performance.now() - startedAt)}`);
      return exit;
    },
  };
}

function createRenderer({ terminal, output, targets, read }: PrinterOptions): Promise<LogRenderer> {
  const { isTTY, color } = terminal.out;
  return createLogRenderer(output.form, {
    targets,
    isTTY,
    columns: () => terminal.out.columns,
    color,
    ansi: output.ansi,
    timestamps: output.timestamps,
    zone: output.zone,
    noPrefix: output.noPrefix,
    includeRaw: output.includeRaw,
    read,
    fields: output.fields,
    highlight: output.highlight,
    csvColumns: output.columns,
  });
}

export function nameOf(target: LogTarget): string {
  return `${target.profile}:${target.app}`;
}

function gapSentence(gap: Gap): string {
  const between =
    gap.from && gap.to
      ? ` between ${formatInstant(gap.from)} and ${formatInstant(gap.to)}`
      : gap.from
        ? ` after ${formatInstant(gap.from)}`
        : '';
  const what = gap.count === null ? 'lines' : gap.count === 1 ? 'one line' : `${gap.count} lines`;
  const verb = gap.certainty === 'certain' ? (gap.count === 1 ? 'is' : 'are') : 'may be';
  return `${what} ${verb} missing${between}: ${gap.reason}`;
}

interface Counts {
  readonly entries: number;
  readonly late: number;
  readonly gaps: number;
  readonly reconnects: number;
}

function summaryOf(counts: Counts, millis: number): string {
  const parts = [`${counted(counts.entries, 'line')} in ${(millis / 1000).toFixed(1)} s`];
  if (counts.late > 0) parts.push(`${counts.late} of them late (out of order)`);
  if (counts.reconnects > 0) parts.push(counted(counts.reconnects, 'reconnection'));
  if (counts.gaps > 0) parts.push(counted(counts.gaps, 'gap'));
  return parts.join(', ');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
