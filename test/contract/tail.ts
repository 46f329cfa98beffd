// Reads a feed as fast as it comes and keeps what it said; waits for events, never for time. Knows no platform.
import type { Gap, LogEntry, Notice } from '../../src/model.ts';
import type { FeedEnd, FeedStep } from '../../src/stream/feed.ts';

export interface Tail {
  readonly entries: readonly LogEntry[];
  /** What was written, as far as it has come. */
  readonly texts: readonly string[];
  readonly notices: readonly Notice[];
  readonly gaps: readonly Gap[];
  readonly caughtUp: boolean;
  /** How it ended, or what it threw; never rejects. */
  readonly end: Promise<FeedEnd | { readonly thrown: unknown }>;
  /** Resolves as soon as the condition holds after a step; rejects when the feed ends before. */
  until(condition: (tail: Tail) => boolean): Promise<void>;
  /** Until that text has come. */
  has(text: string): Promise<void>;
  /** Until a notice of that kind has come, `times` of them in all. */
  told(kind: Notice['kind'], times?: number): Promise<void>;
  /** Aborts it and resolves when all of it is cleaned up. */
  stop(): Promise<void>;
}

/** A guard against hanging only: nothing that passes takes so long. */
const PATIENCE = 10_000;

export function tailOf(
  feed: AsyncGenerator<FeedStep<LogEntry>, FeedEnd, undefined>,
  abort: (reason: unknown) => void,
  textOf: (entry: LogEntry) => string,
): Tail {
  const entries: LogEntry[] = [];
  const texts: string[] = [];
  const notices: Notice[] = [];
  const gaps: Gap[] = [];
  const waiting = new Set<() => void>();
  let caughtUp = false;
  let over: string | null = null;
  const take = (step: FeedStep<LogEntry>) => {
    if (step.kind === 'items') {
      entries.push(...step.items);
      texts.push(...step.items.map(textOf));
    } else if (step.kind === 'notice') notices.push(step.notice);
    else if (step.kind === 'gap') gaps.push(step.gap);
    else caughtUp = true;
  };
  const run = async () => {
    try {
      for (;;) {
        const step = await feed.next();
        if (step.done === true) return step.value;
        take(step.value);
        for (const look of [...waiting]) look();
      }
    } catch (thrown) {
      return { thrown };
    }
  };
  const end = run();
  void end.then((how) => {
    over = 'thrown' in how ? String(how.thrown) : how.reason;
    for (const look of [...waiting]) look();
  });
  const tail: Tail = {
    entries,
    texts,
    notices,
    gaps,
    get caughtUp() {
      return caughtUp;
    },
    end,
    until(condition) {
      return new Promise((resolve, reject) => {
        const settle = (error?: Error) => {
          clearTimeout(guard);
          waiting.delete(look);
          if (error) reject(error);
          else resolve();
        };
        const fail = (why: string) =>
          settle(new Error(`${why}; so far: ${JSON.stringify({ texts, notices, gaps })}`));
        const look = () => {
          if (condition(tail)) settle();
          else if (over !== null) fail(`the feed ended: ${over}`);
        };
        const guard = setTimeout(() => fail(`still not: ${condition}`), PATIENCE);
        waiting.add(look);
        look();
      });
    },
    has: (text) => tail.until(() => texts.includes(text)),
    told: (kind, times = 1) => tail.until(() => notices.filter((said) => said.kind === kind).length >= times),
    async stop() {
      abort(new Error('the test is over'));
      await end;
    },
  };
  return tail;
}

/** Resolves when the condition holds; for what no event tells. */
export async function eventually(condition: () => boolean, what = String(condition)): Promise<void> {
  const began = performance.now();
  while (!condition()) {
    if (performance.now() - began > PATIENCE) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
