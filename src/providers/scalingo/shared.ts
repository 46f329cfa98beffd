// One piece of work for all who ask for it at the same time, kept until it is forgotten. Knows no platform.

export interface Shared<T> {
  /** Joins the work that is under way or done, or starts it; a failure is not kept. */
  get(signal: AbortSignal): Promise<T>;
  /** Forgets this result, unless another one has taken its place. */
  forget(result: T): void;
}

interface Round<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
  result: { readonly value: T } | null;
}

/** The work is called off when nobody waits for it any more: one caller's abort does not end it for the others. */
export function createShared<T>(work: (signal: AbortSignal) => Promise<T>): Shared<T> {
  let current: Round<T> | null = null;
  const begin = (): Round<T> => {
    const controller = new AbortController();
    const round: Round<T> = { promise: work(controller.signal), controller, waiting: 0, result: null };
    round.promise.then(
      (value) => {
        round.result = { value };
      },
      () => {
        if (current === round) current = null;
      },
    );
    return round;
  };
  return {
    async get(signal) {
      current ??= begin();
      const round = current;
      round.waiting += 1;
      try {
        return await unlessAborted(round.promise, signal);
      } finally {
        round.waiting -= 1;
        if (round.result === null && round.waiting === 0) {
          if (current === round) current = null;
          round.controller.abort();
        }
      }
    },
    forget(result) {
      if (current?.result?.value === result) current = null;
    },
  };
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
