// What `logs` says: records on stdout, everything else on stderr; counts both. Knows no platform and no network.
import { CliError } from '../errors.ts';
import {
  countOf,
  formatInstant,
  type Gap,
  type LogEntry,
  type Lot,
  type MessageReader,
  type Notice,
} from '../model.ts';
import type { LogItem, LogRenderer, LogTarget } from '../output/log-item.ts';
import { createLogRenderer } from '../output/logs.ts';
import { progressText } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Progress } from '../provider.ts';
import { arrivalOf, type Stamps } from '../stream/timed-queue.ts';
import type { LogEnd } from './log-end.ts';
import type { LogOutput } from './log-request.ts';
import type { Tally } from './tally.ts';
import { failureOf, nameOf } from './target-words.ts';

export interface LogPrinter {
  /** Entries printed so far. */
  readonly count: number;
  entries(lot: Lot<LogEntry>, target: LogTarget, about?: Arrival): Promise<void>;
  gap(gap: Gap, target: LogTarget): Promise<void>;
  /** `target` is null for what concerns all of them. */
  notice(notice: Notice, target: LogTarget | null): Promise<void>;
  /** Drawn on a terminal's stderr only. */
  progress(progress: Progress, target: LogTarget): Promise<void>;
  /** A source has come to its end by itself. */
  ended(target: LogTarget, reason: string): void;
  failed(target: LogTarget, error: unknown): void;
  heartbeat(millis: number): void;
  /** Flushes and sums up; returns the exit code. */
  finish(end: LogEnd, options: { readonly summary: boolean }): Promise<number>;
  /** The words of `finish` alone, at once. */
  lastWords(end: LogEnd, options: { readonly summary: boolean }): void;
}

export interface Arrival {
  /** They are earlier than lines that were printed before. */
  readonly late: boolean;
  /** When they came; absent where that is now. */
  readonly stamps?: Stamps | undefined;
}

export interface PrinterOptions {
  readonly terminal: Terminal;
  readonly output: LogOutput;
  readonly read: MessageReader;
  readonly targets: readonly LogTarget[];
  readonly verbose: boolean;
  readonly tally: Tally;
}

/** Lines that are printed at once: the text of many more would outlive the collector's quick rounds. */
const PIECE = 200;
/** Lines of a lot that may wait for the next one of the same turn, and the text that need not. */
const FEW = 20;
const ENOUGH = 16 * 1024;

export async function createLogPrinter(options: PrinterOptions): Promise<LogPrinter> {
  const { terminal, targets, tally } = options;
  const renderer = await createRenderer(options);
  // Renderers tell targets apart by identity.
  const known = (target: LogTarget) =>
    targets.find((other) => other.profile === target.profile && other.app === target.app) ?? target;
  // The last record tells of them.
  const seesTimes = options.verbose && renderer.summary !== undefined;
  const startedAt = performance.now();
  let quietSince = performance.now();
  let headDue = renderer.head !== '';
  const printHead = async () => {
    if (!headDue) return;
    headDue = false;
    await terminal.print(renderer.head);
  };
  const pieces = createPieces(terminal);
  const print = async (text: string | Uint8Array) => {
    await pieces.flush();
    if (text.length > 0) await terminal.print(text);
  };
  const alone = targets.length === 1 ? (targets[0] ?? null) : null;
  const lastWords = (end: LogEnd, { summary }: { readonly summary: boolean }) => {
    if (end.sentence !== undefined) {
      terminal.note(`polylog: ${alone ? `${nameOf(alone)}: ` : ''}${end.sentence}.`);
    }
    if (summary) terminal.note(`polylog: ${summaryOf(tally, performance.now() - startedAt)}`);
    else if (tally.cut > 0) terminal.note(`polylog: ${cutOf(tally)}`);
  };
  return {
    get count() {
      return tally.records;
    },
    async entries(lot, target, { late, stamps } = { late: false }) {
      if (headDue) await printHead();
      const shown = known(target);
      quietSince = performance.now();
      tally.records += countOf(lot);
      if (late) tally.late += countOf(lot);
      const asWritten = renderer.isVerbatim ? lot.bundle?.verbatim : null;
      if (asWritten) return print(asWritten);
      const observedOf = createObserved(stamps);
      const lines = renderer.lines && !late && !seesTimes ? lot.bundle?.lines : null;
      if (lines && renderer.lines) {
        await pieces.flush();
        return terminal.print(renderer.lines(lines, shown, observedOf), 'lent');
      }
      const items = lot.items.map((entry, index): LogItem => {
        if (entry.truncated > 0) tally.cut += 1;
        if (seesTimes) tally.see(entry.body.ts);
        return { entry, target: shown, observed: observedOf(index), late };
      });
      // On a terminal all lines of a lot are aligned with each other.
      if (terminal.out.isTTY) return print(renderer.entries(items));
      if (items.length <= FEW) return pieces.add(renderer.entries(items));
      for (let from = 0; from < items.length; from += PIECE) {
        await print(renderer.entries(items.slice(from, from + PIECE)));
      }
    },
    async gap(gap, target) {
      tally.gaps += 1;
      terminal.complain(`polylog: ${nameOf(target)}: ${gapSentence(gap)}`);
      await print(renderer.gap(gap, known(target)));
    },
    async notice(notice, target) {
      if (notice.kind === 'reconnected') tally.reconnects += 1;
      if (target === null) terminal.note(`polylog: ${notice.message}`);
      else if (notice.kind === 'connected') terminal.note(`+ ${nameOf(target)}`);
      else terminal.note(`polylog: ${nameOf(target)}: ${notice.message}`);
      await print(renderer.notice(notice, target && known(target)));
    },
    progress: (progress, target) => terminal.busy(`${nameOf(target)} ${progressText(progress)}`),
    ended: (target, reason) => terminal.note(`- ${nameOf(target)} (${reason})`),
    failed(target, error) {
      if (!(error instanceof CliError)) throw error;
      terminal.complain(failureOf(error, { target, isAlone: targets.length === 1 }));
      if (error.detail && options.verbose) terminal.complain(error.detail);
    },
    heartbeat: () =>
      terminal.note(
        `polylog: still following, no line for ${Math.round((performance.now() - quietSince) / 1000)} s`,
      ),
    async finish(end, options) {
      await printHead();
      await pieces.flush();
      if (seesTimes) await print(renderer.summary?.(tally.end(end), alone) ?? '');
      await terminal.flush();
      await terminal.busy(null);
      lastWords(end, options);
      return end.exit;
    },
    lastWords,
  };
}

interface Pieces {
  /** Waits for room when there is enough to be written; else it is written when the present turn is over. */
  add(text: string | Uint8Array): Promise<void> | void;
  flush(): Promise<void> | void;
}

/** Lines of many sources come one by one: those of one turn are written together. */
function createPieces(terminal: Terminal): Pieces {
  let held = '';
  let turn: NodeJS.Immediate | undefined;
  const flush = (): Promise<void> | void => {
    if (held === '') return;
    const text = held;
    held = '';
    clearImmediate(turn);
    turn = undefined;
    return terminal.print(text);
  };
  // What fails is told by the next print as well.
  const flushLater = () => flush()?.catch(() => undefined);
  return {
    flush,
    add(text) {
      if (typeof text !== 'string') {
        const before = flush();
        return before ? before.then(() => terminal.print(text)) : terminal.print(text);
      }
      held += text;
      if (held.length >= ENOUGH) return flush();
      turn ??= setImmediate(flushLater);
    },
  };
}

/** Epoch milliseconds of each line of a lot. */
function createObserved(stamps: Stamps | undefined): (index: number) => number {
  const now = Date.now();
  if (stamps === undefined) return () => now;
  const zero = now - performance.now();
  const known = typeof stamps === 'number' ? zero + arrivalOf(stamps) : now;
  return typeof stamps === 'number' ? () => known : (index) => zero + arrivalOf(stamps[index] ?? 0);
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

function summaryOf(tally: Tally, millis: number): string {
  const parts = [`${counted(tally.records, 'line')} in ${(millis / 1000).toFixed(1)} s`];
  if (tally.late > 0) parts.push(`${tally.late} of them late (out of order)`);
  if (tally.reconnects > 0) parts.push(counted(tally.reconnects, 'reconnection'));
  if (tally.gaps > 0) parts.push(counted(tally.gaps, 'gap'));
  if (tally.cut > 0) parts.push(cutOf(tally));
  return parts.join(', ');
}

function cutOf({ cut }: Tally): string {
  return `${counted(cut, 'line')} ${cut === 1 ? 'was' : 'were'} cut`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
