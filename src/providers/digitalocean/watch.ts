// Notices that a quiet stream is dead, or is one of a deployment that has been succeeded. Knows no socket.
import { CliError } from '../../errors.ts';
import { compareInstants, type Instant } from '../../model.ts';
import { wait } from '../../wait.ts';
import type { LogReading } from './reading.ts';
import { newestTime } from './replay.ts';

export interface Watch {
  /** Something came: no need to ask. */
  touch(): void;
  /** Why the stream was ended from here; null when it was not. */
  outdated(): string | null;
  stop(): void;
}

/**
 * Asks now and then while nothing comes; calls `end` once when nothing can come any more: another deployment has become
 * active, which leaves the old stream open at times (wire: DigitalOcean 2.4, 10), or the log has grown and no line came.
 */
export function watchStream(log: LogReading, end: () => void): Watch {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { client, place } = log;
  const silence = createSilence();
  let touched = false;
  let reason: string | null = null;

  /** Why the stream is of no use any more; the stream itself says what else is wrong, if anything is. */
  const judge = async (quietFor: number): Promise<string | null> => {
    if (silence.proven()) return 'the stream brought nothing although the log went on';
    try {
      const outdated = await place.outdated(signal);
      if (outdated === null && quietFor % client.timing.newestEvery === 0)
        silence.compare(await newestTime(log, signal));
      return outdated;
    } catch (error) {
      if (error instanceof CliError && !signal.aborted) return null;
      throw error;
    }
  };
  const look = async (): Promise<void> => {
    for (let quietFor = 1; ; quietFor += 1) {
      await wait(client.watchInterval(), signal);
      const found = touched ? null : await judge(quietFor);
      if (touched) {
        touched = false;
        quietFor = 0;
        silence.broken();
      } else if (found !== null) {
        reason = found;
        end();
        return;
      }
    }
  };
  const leave = place.watched ? client.watching() : () => {};
  if (place.watched) look().catch(() => {});
  return {
    touch() {
      touched = true;
    },
    outdated: () => reason,
    stop() {
      leave();
      stopping.abort();
    },
  };
}

/**
 * The log's newest line from one asking to the next, by the log's own clock: once it has become newer and an interval
 * later nothing has come still, the connection is dead although it stands.
 */
function createSilence() {
  let newest: Instant | null = null;
  let grown = false;
  return {
    compare(now: Instant | null): void {
      if (now === null) return;
      if (newest === null) newest = now;
      else grown = compareInstants(now, newest) > 0;
    },
    proven: () => grown,
    broken(): void {
      newest = null;
      grown = false;
    },
  };
}
