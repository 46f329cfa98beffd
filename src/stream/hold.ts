// Collects what a connection brings while something else is fetched, and hands it out afterwards. Knows no platform.
import { countOf } from '../model.ts';
import type { Connection, Pull } from './connection.ts';

export interface Hold<T> {
  /** Collects until released; never rejects. */
  collect(): Promise<void>;
  release(): void;
  overflowed(): boolean;
  /** First what was held, then the connection itself. */
  next(): Promise<Pull<T>>;
}

/** `first` was pulled before; `limit`: items beyond which nothing more is collected. */
export function createHold<T>(
  connection: Connection<T>,
  first: Extract<Pull<T>, { batch: unknown }>,
  limit: number,
): Hold<T> {
  const held: (() => Promise<Pull<T>>)[] = [async () => first];
  let count = countOf(first.batch);
  let released = false;
  let collecting = Promise.resolve();
  const collectOne = async (): Promise<boolean> => {
    try {
      const pull = await connection.next();
      held.push(async () => pull);
      if ('over' in pull) return false;
      count += countOf(pull.batch);
      return count <= limit;
    } catch (error) {
      held.push(async () => {
        throw error;
      });
      return false;
    }
  };
  return {
    collect() {
      collecting = (async () => {
        while (!released && (await collectOne()));
      })();
      return collecting;
    },
    release() {
      released = true;
    },
    overflowed: () => count > limit,
    async next() {
      const early = held.shift();
      if (early) return early();
      // The collector's last pull may still be under way; what it brings comes first.
      await collecting;
      const late = held.shift();
      return late ? late() : connection.next();
    },
  };
}
