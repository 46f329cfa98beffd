// How long a source is tried until it stands: one budget for all that it takes. Knows no source.
import { type CutOff, cutOff } from '../cut-off.ts';

export interface Trial {
  /** Whether a further try may begin after so many milliseconds. */
  allows(pause: number): boolean;
  /** One try. A further one, after `failure`, is cut off when the time is up, unless it stands by then. */
  attempt(signal: AbortSignal, failure: unknown): Attempt;
}

export interface Attempt {
  readonly signal: AbortSignal;
  /** Whether the time was up. */
  readonly isCut: boolean;
  /** Something came: it may take as long as it likes. */
  stands(): void;
  close(): void;
}

/** `startedAt` by `performance.now()`; `within` in milliseconds. */
export function createTrial({
  startedAt,
  within,
}: {
  readonly startedAt: number;
  readonly within: number;
}): Trial {
  const left = () => startedAt + within - performance.now();
  return {
    allows: (pause) => pause <= left(),
    attempt(signal, failure) {
      // The first one has the limits of its requests, of which one may be meant to hold for minutes.
      if (failure === undefined) return { signal, isCut: false, stands() {}, close() {} };
      const limit: CutOff = cutOff(signal, { millis: left(), reason: failure });
      return {
        signal: limit.signal,
        get isCut() {
          return limit.isCut;
        },
        stands: limit.lift,
        close: limit.close,
      };
    },
  };
}
