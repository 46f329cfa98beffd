// When `logs` ends by what it has read, with which exit code, and how that is said. Knows no target's platform.
import { exitCodeOf, Interruption } from '../errors.ts';
import { countOf, type LogEntry, type Lot } from '../model.ts';
import type { Pattern } from '../stream/filter.ts';
import type { Lane } from './log-lane.ts';
import type { LogEnds, LogRequest } from './log-request.ts';

/** How reading came to its end: what was waited for, or undefined when the sources or a signal ended it. */
export type Verdict = 'max-count' | 'until-match' | 'fail-on' | 'closed' | undefined;

export interface Judged {
  /** What of the lot is to be printed: its first items. */
  readonly shown: Lot<LogEntry>;
  readonly verdict: Verdict;
}

/** `printed`: entries before these, of every target. */
export function judge(lot: Lot<LogEntry>, ends: LogEnds, printed: number): Judged {
  const { maxCount, untilMatch, failOn } = ends;
  const isFarFromMost = maxCount === undefined || printed + countOf(lot) < maxCount;
  if (!untilMatch && !failOn && isFarFromMost) return { shown: lot, verdict: undefined };
  const { items } = lot;
  let shown = items;
  let verdict: Verdict;
  if (untilMatch || failOn) {
    const found = items.findIndex((entry) => matches(untilMatch, entry) || matches(failOn, entry));
    const entry = items[found];
    if (entry) {
      shown = items.slice(0, found + 1);
      verdict = matches(failOn, entry) ? 'fail-on' : 'until-match';
    }
  }
  if (maxCount !== undefined && printed + shown.length >= maxCount) {
    const rest = maxCount - printed;
    if (rest < shown.length) verdict = undefined;
    shown = shown.slice(0, rest);
    verdict ??= 'max-count';
  }
  return { shown: { items: shown }, verdict };
}

function matches(pattern: Pattern | undefined, entry: LogEntry): boolean {
  return pattern?.test(entry.body.message) ?? false;
}

export interface Ending {
  readonly request: LogRequest;
  readonly verdict: Verdict;
  /** Why everything was stopped, if it was. */
  readonly stopped: unknown;
  /** Entries that were printed. */
  readonly count: number;
  /** The file that is being written in place of stdout, there whole or not at all. */
  readonly file?: string | undefined;
}

export interface LogEnd {
  readonly exit: number;
  /** One word, for the last record. */
  readonly reason: string;
  /** For people, where the exit code is none of success and nothing else was said. */
  readonly sentence?: string;
}

/**
 * What was waited for decides, also when another target has failed: a line that matched, a count that was reached, ends
 * the command with its own exit code. Else a signal or --timeout, then the first failed target in the order given, then
 * what was waited for in vain.
 */
export function endOf(lanes: readonly Lane[], ending: Ending): LogEnd {
  const { request, verdict, stopped, count } = ending;
  const { untilMatch, exitOnEmpty } = request.ends;
  if (verdict === 'fail-on') return { exit: 1, reason: verdict, sentence: 'a line matched --fail-on' };
  if (verdict !== undefined) return { exit: 0, reason: verdict };
  const interruption = stopped instanceof Interruption ? stopped : undefined;
  if (interruption && interruption.exitCode !== 0) return interrupted(interruption, ending);
  const failed = lanes.find((lane) => lane.error !== undefined);
  if (failed) return { exit: exitCodeOf(failed.error), reason: 'failed' };
  const isUntil = interruption?.message === '--until';
  if (untilMatch) {
    const when = isUntil ? ' before --until' : ' before the end';
    return { exit: 1, reason: 'no-match', sentence: `no line matched --until-match${when}` };
  }
  if (exitOnEmpty && count === 0) {
    return { exit: 3, reason: 'empty', sentence: 'nothing was found (--exit-on-empty)' };
  }
  return { exit: 0, reason: isUntil ? 'until' : 'ended' };
}

/** By a signal, before all that was asked for, or all that was received, has been printed. */
export function cutShort({ exitCode }: Interruption, file: string | undefined): LogEnd {
  const outcome = file === undefined ? 'the output is incomplete' : `${file} was not written`;
  return { exit: exitCode, reason: 'interrupted', sentence: `interrupted, ${outcome}` };
}

function interrupted(interruption: Interruption, { request, file }: Ending): LogEnd {
  const { exitCode, message } = interruption;
  const { ends, follow } = request;
  if (message !== '--timeout') {
    // Who follows ends it so.
    return follow ? { exit: exitCode, reason: 'interrupted' } : cutShort(interruption, file);
  }
  const time = `${(ends.timeout ?? 0) / 1000} s`;
  return {
    exit: exitCode,
    reason: 'timeout',
    sentence: ends.untilMatch
      ? `no line matched --until-match within ${time} (--timeout)`
      : `stopped after ${time} (--timeout)`,
  };
}
