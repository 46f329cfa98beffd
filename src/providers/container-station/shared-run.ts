// One run of something slow for all who need it at the same time. Knows no platform.

/** Whoever joins while it runs waits for the same run; it is called off only when nobody waits any more. */
export class SharedRun<T> {
  #current: { readonly promise: Promise<T>; readonly stop: AbortController; waiting: number } | null = null;

  /** Rejects with the signal's reason when that is aborted, or as the run does. */
  async join(run: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const current = this.#current ?? this.#begin(run);
    current.waiting += 1;
    let onAbort = () => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([current.promise, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      current.waiting -= 1;
      if (current.waiting === 0) this.#leave(current, signal);
    }
  }

  #begin(run: (signal: AbortSignal) => Promise<T>) {
    const stop = new AbortController();
    const current = { promise: run(stop.signal), stop, waiting: 0 };
    this.#current = current;
    const settled = () => {
      if (this.#current === current) this.#current = null;
    };
    current.promise.then(settled, settled);
    return current;
  }

  #leave(current: { readonly stop: AbortController }, signal: AbortSignal): void {
    current.stop.abort(signal.reason);
    if (this.#current === current) this.#current = null;
  }
}
