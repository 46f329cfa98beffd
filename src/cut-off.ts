// A limit of time on a wait that can be called off, beside the signal that calls it off anyway. Knows nothing else.

export interface CutOff {
  /** Aborted with the outer signal's reason, or with `reason` when the time is up. */
  readonly signal: AbortSignal;
  /** Whether it was the time. */
  readonly isCut: boolean;
  /** It may take as long as it likes from now on; the outer signal still holds. */
  lift(): void;
  /** Lets go of the outer signal as well. */
  close(): void;
}

export function cutOff(
  outer: AbortSignal,
  { millis, reason }: { readonly millis: number; readonly reason: unknown },
): CutOff {
  const stop = new AbortController();
  let isCut = false;
  const onAbort = () => stop.abort(outer.reason);
  const timer = setTimeout(
    () => {
      isCut = true;
      stop.abort(reason);
    },
    Math.max(0, millis),
  );
  const lift = () => clearTimeout(timer);
  if (outer.aborted) onAbort();
  else outer.addEventListener('abort', onAbort, { once: true });
  return {
    signal: stop.signal,
    get isCut() {
      return isCut;
    },
    lift,
    close() {
      lift();
      outer.removeEventListener('abort', onAbort);
    },
  };
}
