// A limit on silence, not on time in all: what should end by itself and stops coming half-way is broken off. Knows neither
// connection nor platform.
import { CliError } from '../errors.ts';
import { seconds } from './failures.ts';

/** Milliseconds, as for a one-shot request. */
export const SILENCE = 30_000;

export interface SilenceLimit<T, R> {
  /** Milliseconds of waiting in which nothing comes; asked anew after everything that came. */
  millis(): number;
  /** Whether it is more than a sign of life; absent: everything is. */
  readonly counts?: (item: T) => boolean;
  /** Makes the source end at once. */
  stop(): void;
  /** What comes of it after such a silence; may throw. */
  silent(millis: number): R;
}

/** Hands on what the source brings. A silence while nobody waits is a slowness of our own and does not count. */
export async function* limitSilence<T, R>(
  source: AsyncGenerator<T, R, undefined>,
  { millis, counts = () => true, stop, silent }: SilenceLimit<T, R>,
): AsyncGenerator<T, R, undefined> {
  const clock = createClock(millis, stop);
  try {
    for (;;) {
      clock.wait();
      const step = await source.next();
      clock.came(step.done !== true && counts(step.value));
      if (step.done !== true) yield step.value;
      else return clock.isSilent ? silent(clock.limit) : step.value;
    }
  } finally {
    clock.stop();
    await source.return(undefined as R);
  }
}

/** Runs while something is waited for, and begins anew when something has come. */
function createClock(millis: () => number, onSilence: () => void) {
  let isWaiting = false;
  let isFresh = true;
  let timer: NodeJS.Timeout | undefined;
  const onTime = () => {
    isFresh ||= !isWaiting;
    if (!isWaiting) return;
    clock.isSilent = true;
    onSilence();
  };
  const clock = {
    isSilent: false,
    /** Milliseconds. */
    limit: 0,
    wait() {
      isWaiting = true;
      if (!isFresh) return;
      isFresh = false;
      const now = millis();
      if (timer && now === clock.limit) timer.refresh();
      else {
        clearTimeout(timer);
        clock.limit = now;
        timer = setTimeout(onTime, now);
        // What is waited for holds the program itself; a reading that was left does not.
        timer.unref();
      }
    },
    came(counts: boolean) {
      isWaiting = false;
      isFresh ||= counts;
    },
    stop: () => clearTimeout(timer),
  };
  return clock;
}

/** What stops coming half-way. `what`: who or what, as the beginning of a sentence. */
export function stalled(what: string, millis: number): CliError {
  return new CliError('unavailable', `${what} stalled: nothing more has come for ${seconds(millis)}`, {
    hint: 'What came is incomplete; try again later.',
    partial: true,
  });
}
