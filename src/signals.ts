// What signals do to a process: the first one asks for an end, the second one makes it. Knows no command.
import { Interruption } from './errors.ts';
import type { SignalName, Signals } from './host.ts';

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const CODES: Readonly<Record<SignalName, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/**
 * How long a signal may take, milliseconds: while a reader takes nothing, or of work of our own (a busy machine gives less
 * of it in the same time); in any case; and between two looks at that.
 */
const DRAIN = 150;
const LIMIT = 1000;
const LOOK = 25;

/** The part of a process that this is about. */
export interface Signalled {
  readonly pid: number;
  on(name: SignalName, listener: () => void): unknown;
  removeAllListeners(name: SignalName): unknown;
  kill(pid: number, name: SignalName): unknown;
  exit(code: number): void;
  getActiveResourcesInfo(): string[];
  /** Microseconds. */
  cpuUsage(): { readonly user: number; readonly system: number };
  readonly stdout: { readonly writableLength: number };
  readonly stderr: { readonly writableLength: number };
}

export interface Ending {
  /** Aborted with an Interruption by the first signal. */
  readonly stop: AbortSignal;
  readonly signals: Signals;
  /** Ends the process now. */
  readonly end: (code: number) => void;
}

export function takeSignals(signalled: Signalled): Ending {
  const stop = new AbortController();
  const cleanUps = new Set<() => void>();
  let taker: ((name: SignalName) => void) | null = null;
  const end = (code: number) => {
    for (const cleanUp of cleanUps) cleanUp();
    endNow(signalled, code);
  };
  const onSignal = (name: SignalName) => {
    if (taker) return taker(name);
    const code = CODES[name];
    if (stop.signal.aborted) return end(code);
    stop.abort(new Interruption(name, code));
    endAtLast(signalled, () => end(code));
  };
  for (const name of NAMES) signalled.on(name, () => onSignal(name));
  return {
    stop: stop.signal,
    end,
    signals: {
      raise: onSignal,
      take(listener) {
        taker = listener;
        return () => {
          taker = null;
        };
      },
      beforeForcedEnd(cleanUp) {
        cleanUps.add(cleanUp);
        return () => cleanUps.delete(cleanUp);
      },
    },
  };
}

/**
 * An exit waits for names that are being looked up, for many seconds where no name server answers. Who dies of the signal
 * itself waits for nothing, and shells give that the same code.
 */
function endNow(signalled: Signalled, code: number): void {
  const name = NAMES.find((known) => CODES[known] === code);
  if (name && signalled.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) {
    signalled.removeAllListeners(name);
    signalled.kill(signalled.pid, name);
  }
  signalled.exit(code);
}

/** What was received still leaves, as long as somebody takes it and it is not too much. */
function endAtLast(signalled: Signalled, end: () => void): void {
  const { stdout, stderr } = signalled;
  const asked = performance.now();
  const worked = workOf(signalled);
  const looks = setInterval(() => {
    const since = performance.now() - asked;
    const isStalled = stdout.writableLength + stderr.writableLength > 0;
    const isTooMuch = workOf(signalled) - worked >= DRAIN;
    if (since < LIMIT && (since < DRAIN || !(isStalled || isTooMuch))) return;
    clearInterval(looks);
    end();
  }, LOOK);
  looks.unref();
}

/** Milliseconds so far. */
function workOf(signalled: Signalled): number {
  const { user, system } = signalled.cpuUsage();
  return (user + system) / 1000;
}
