// Pulls from a connection with a limit on the waiting, without losing what comes later. Knows no platform.
import type { Connection, Pull } from './connection.ts';

export interface Pulls<T> {
  /** null when nothing has come within so many milliseconds; what then comes is given by the next call. */
  next(within: number | null): Promise<Pull<T> | null>;
}

export function createPulls<T>(connection: Connection<T>): Pulls<T> {
  let isUnderWay = false;
  let arrived: (() => Pull<T>) | undefined;
  let wake = () => {};
  // Each pull has one listener for good: racing it again and again would pile up listeners.
  const start = async () => {
    isUnderWay = true;
    try {
      const pull = await connection.next();
      arrived = () => pull;
    } catch (error) {
      arrived = () => {
        throw error;
      };
    }
    wake();
  };
  const wait = (within: number | null) =>
    new Promise<void>((resolve) => {
      const timer = within === null ? undefined : setTimeout(resolve, within);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const limited = async (within: number | null): Promise<Pull<T> | null> => {
    if (!isUnderWay) void start();
    if (!arrived) await wait(within);
    const take = arrived;
    if (!take) return null;
    arrived = undefined;
    isUnderWay = false;
    return take();
  };
  return {
    next: (within) => (within === null && !isUnderWay ? connection.next() : limited(within)),
  };
}
