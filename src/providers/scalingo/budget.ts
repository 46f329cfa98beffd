// Keeps polylog itself below the platform's 60 requests a minute (wire: Scalingo 1.6). Knows no request.
import { wait } from '../../wait.ts';

export interface Budget {
  /** Resolves when one more request may be sent, in the order of asking. */
  take(signal: AbortSignal): Promise<void>;
}

export interface BudgetLimits {
  /** Requests that may be sent at once after a rest. */
  readonly burst: number;
  /** Milliseconds in which one more becomes free. */
  readonly interval: number;
}

/** At most 25 + 30 in any minute: the rest is left to the user's other tools. */
export const MINUTE_BUDGET: BudgetLimits = { burst: 25, interval: 2000 };

/** `now` in milliseconds of a clock that is never set back. */
export function createBudget(limits: BudgetLimits, now: () => number): Budget {
  let spentUntil = Number.NEGATIVE_INFINITY;
  return {
    async take(signal) {
      const time = now();
      const debt = Math.max(0, spentUntil - time);
      spentUntil = time + debt + limits.interval;
      const delay = debt - (limits.burst - 1) * limits.interval;
      if (delay <= 0) return;
      try {
        await wait(delay, signal);
      } catch (error) {
        spentUntil -= limits.interval;
        throw error;
      }
    },
  };
}
