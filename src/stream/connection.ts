// One live connection under watch: a dead silence ends it, stopping it is prompt. Knows no platform and no retry.
import { CliError } from '../errors.ts';
import type { Batch, LiveEnd, LiveStart, Source } from '../provider.ts';

export type Pull<T> =
  | {
      readonly batch: Batch<T>;
      /** By `performance.now()`. */
      readonly arrived: number;
    }
  | { readonly over: LiveEnd };

export interface Connection<T> {
  /** The next batch, or how the connection ended. Throws CliError as the source does. */
  next(): Promise<Pull<T>>;
  /** Ends it at once and waits until the source has cleaned up. */
  close(): Promise<void>;
}

/** Opens one live connection; `signal` ends it. */
export function openConnection<T>(source: Source<T>, start: LiveStart, signal: AbortSignal): Connection<T> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const generator = source.live(start, stop.signal);
  const silence = source.traits.alive.silenceMillis;
  let dead = false;
  let waiting = false;
  const watchdog =
    silence > 0
      ? setTimeout(() => {
          // A slow reader of ours is not a silence of the platform's.
          if (!waiting) return;
          dead = true;
          stop.abort(new CliError('unavailable', 'silence'));
        }, silence)
      : undefined;
  watchdog?.unref();
  const detach = () => {
    clearTimeout(watchdog);
    signal.removeEventListener('abort', onAbort);
  };
  return {
    async next() {
      waiting = true;
      watchdog?.refresh();
      try {
        const step = await generator.next();
        waiting = false;
        if (!step.done) return { batch: step.value, arrived: performance.now() };
        detach();
        if (dead) return { over: deathOf(source) };
        return { over: step.value };
      } catch (error) {
        detach();
        if (dead) return { over: deathOf(source) };
        throw error;
      }
    },
    async close() {
      detach();
      stop.abort(signal.aborted ? signal.reason : new CliError('unavailable', 'closed'));
      await generator.return({ end: 'dropped', reason: 'closed' }).catch(() => undefined);
    },
  };
}

function deathOf<T>(source: Source<T>): LiveEnd {
  const seconds = source.traits.alive.silenceMillis / 1000;
  return { end: 'dropped', reason: `nothing came for ${seconds} s, not even ${source.traits.alive.proof}` };
}
