// A limit of time around a request that the station may hold. Knows no platform.

/** What `run` resolves to, or undefined when it took longer: then its signal was aborted. Rejects as `run` does. */
export async function within<T>(
  millis: number,
  run: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  signal.throwIfAborted();
  const stop = new AbortController();
  let late = false;
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => {
    late = true;
    stop.abort(new Error('too late'));
  }, millis);
  try {
    return await run(stop.signal);
  } catch (error) {
    if (late && !signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
