// What log renderers take and give. Knows no form.
import type { Gap, LineBytes, LogEntry, Notice } from '../model.ts';
import type { EndSummary } from './records.ts';

/** Where an entry was read. Renderers tell targets apart by identity: the same object for every entry of one target. */
export interface LogTarget {
  /** Full names, never aliases. */
  readonly provider: string;
  readonly profile: string;
  /** As it is addressed; '' for a Container Station itself. */
  readonly app: string;
}

export interface LogItem {
  readonly entry: LogEntry;
  readonly target: LogTarget;
  /** Epoch milliseconds at which it was read; the time of rendering where absent. */
  readonly observed?: number | undefined;
  /** Earlier than a line that was shown before it. */
  readonly late?: boolean | undefined;
}

/** A form of log output. Every text that it gives is whole lines, or ''. Pure, but for what it remembers of former lines. */
export interface LogRenderer {
  /** What stands before everything else: a header line. */
  readonly head: string;
  /** Bytes only where a line was no valid UTF-8 and the form keeps bytes. */
  entries(batch: readonly LogItem[]): string | Uint8Array;
  /** The same text as `entries`, from bytes; valid until something is asked for again. Absent where the form needs the items. */
  lines?(lines: LineBytes<LogEntry>, target: LogTarget, observedOf: (index: number) => number): Uint8Array;
  /** Whether it gives the platform's lines as they are, LF behind each: then whole pieces of them may be printed instead. */
  readonly isVerbatim?: boolean;
  /** '' in forms that leave gaps to stderr. */
  gap(gap: Gap, target: LogTarget): string;
  /** `target` is null for what concerns the whole command. */
  notice(notice: Notice, target: LogTarget | null): string;
  /** What stands behind everything else, in forms that have such a thing. */
  end?(): string;
  /** The record of how the command ended, in forms that have one; `target` is null for a command with several. */
  summary?(end: EndSummary, target: LogTarget | null): string;
}

/** Behind the text of a line that was longer than the limit, or whose end never came. */
export function cutMark(truncated: number): string {
  if (truncated === 0) return '';
  return Number.isFinite(truncated) ? ` …[cut, ${truncated} bytes more]` : ' …[cut, its end did not come]';
}
