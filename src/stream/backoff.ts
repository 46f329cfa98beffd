// How long to wait before the next try. Knows nothing else.

export interface Backoff {
  /** Milliseconds until the next try, jittered by up to a half; doubles from call to call. */
  next(): number;
  /** Back to the first pause. */
  reset(): void;
}

export function createBackoff(limits: { backoffFirst: number; backoffMost: number }): Backoff {
  let pause = limits.backoffFirst;
  return {
    next() {
      const jittered = pause * (0.5 + Math.random() / 2);
      pause = Math.min(limits.backoffMost, pause * 2);
      return jittered;
    },
    reset() {
      pause = limits.backoffFirst;
    },
  };
}
