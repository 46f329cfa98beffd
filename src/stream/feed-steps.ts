// What a feed hands out, and the words in it. Knows no connection.
import { carrying, type Gap, type Lot, type Notice } from '../model.ts';
import type { Progress, Source } from '../provider.ts';

export type FeedStep<T> =
  | ({
      readonly kind: 'items';
      readonly past: boolean;
      /** When they came, by `performance.now()`; absent where that is now. */
      readonly arrived?: number | undefined;
    } & Lot<T>)
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'progress'; readonly progress: Progress }
  /** Everything that the past holds has been handed out. */
  | { readonly kind: 'caught-up' };

export interface FeedEnd {
  readonly reason: string;
}

export function itemsStep<T>(
  lot: Lot<T>,
  about: { readonly past: boolean; readonly arrived?: number | undefined },
): FeedStep<T> {
  const step = { kind: 'items', past: about.past, arrived: about.arrived } as const;
  return lot.bundle ? carrying(step, lot.bundle) : { ...step, items: lot.items };
}

export function say(kind: Notice['kind'], message: string): { kind: 'notice'; notice: Notice } {
  return { kind: 'notice', notice: { kind, message } };
}

export function gapOf(missing: { count: number | null; reason: string; certain: boolean }): Gap {
  return {
    from: null,
    to: null,
    reason: missing.reason,
    certainty: missing.certain ? 'certain' : 'possible',
    count: missing.count,
  };
}

/** Said once where more is asked for than the platform gives at once. */
export function clampNotice<T>(source: Source<T>, lines: number | 'all'): FeedStep<T> | undefined {
  const most = source.traits.maxLines;
  if (most === null || lines === 'all' || lines <= most) return undefined;
  return say('limit', `${lines} lines were asked for, but the platform gives ${most} at most`);
}

/** How many lines a replaying connection is asked for. */
export function askOf<T>(source: Source<T>, lines: number | 'all'): number {
  const most = source.traits.maxLines ?? Number.MAX_SAFE_INTEGER;
  return lines === 'all' ? most : Math.min(lines, most);
}

/** A sentence as the beginning of a longer one. */
export function clause(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

export function inSeconds(millis: number): string {
  return millis < 950 ? 'less than a second' : `${Math.round(millis / 1000)} s`;
}

export function liveItems<T>(items: readonly T[]): readonly FeedStep<T>[] {
  return items.length > 0 ? [{ kind: 'items', items, past: false }] : [];
}
