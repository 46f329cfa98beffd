// The gate: waits until the platform itself calls a build over. No stream and no text in it decides anything.
import { CliError, Interruption, isRetryable } from '../errors.ts';
import type { Build } from '../model.ts';
import type { Terminal } from '../output/terminal.ts';
import { wait } from '../wait.ts';
import type { BuildPlace } from './build-target.ts';
import { durationText, failedStep, secondsOf, statusText } from './build-words.ts';

export interface Watch {
  readonly build: Build;
  readonly signal: AbortSignal;
  /** Told of every answer. */
  onLook?(build: Build): void;
  /** Resolves when something hints at the end: then the next look is at once. */
  readonly hint?: Promise<void>;
}

/** Looks become rarer while a build runs, up to so many times the platform's own rhythm. */
const SLOWEST = 4;
const SLOWER = 1.15;
const LONGEST_PAUSE = 60_000;

/**
 * Looks until the build has ended and returns it as it ended. An unreachable or overloaded platform delays the verdict
 * and never changes it; only what cannot be mended (no access any more, the build is gone) throws.
 */
export async function awaitEnd(place: BuildPlace, { build, signal, onLook, hint }: Watch): Promise<Build> {
  const { builds, connected, target, context, label } = place;
  const every = Math.max(1, builds.traits.everyMillis);
  let pause = every;
  let troubled = false;
  let failures = 0;
  let last = build;
  const unknown = createUnknownWord(place);
  unknown.look(build);
  let hinted = hint?.then(() => true as const);
  while (!last.ended) {
    if (await pauseOrHint(pause, hinted, signal)) {
      hinted = undefined;
      pause = every;
    }
    try {
      last = await builds.get(connected.client, target.ref, build.id, signal);
      unknown.look(last);
      onLook?.(last);
      pause = Math.min(every * SLOWEST, pause * SLOWER);
      if (troubled) context.terminal.note(`polylog: ${label}: the platform answers again`);
      troubled = false;
      failures = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CliError && error.kind === 'not-found') throw vanished(place, build, error);
      if (!isRetryable(error) || !(error instanceof CliError)) throw error;
      failures += 1;
      pause = Math.max(error.retryAfter ?? 0, Math.min(LONGEST_PAUSE, every * 2 ** Math.min(failures, 6)));
      if (!troubled)
        context.terminal.note(`polylog: ${label}: ${error.message} Still waiting for the verdict.`);
      troubled = true;
    }
  }
  return last;
}

/** Says once of each word that nobody knows that it is no end. */
function createUnknownWord({ context, label }: BuildPlace) {
  const said = new Set<string>();
  return {
    look({ id, status, nativeStatus, ended }: Build) {
      if (status !== 'unknown' || ended || said.has(nativeStatus)) return;
      said.add(nativeStatus);
      context.terminal.complain(
        `polylog: ${label}: build ${id} is ${JSON.stringify(nativeStatus.slice(0, 80))}, a status that polylog does not know: waiting until it has ended.`,
      );
    },
  };
}

/** Whether the hint came before the time was up. */
async function pauseOrHint(
  millis: number,
  hinted: Promise<true> | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (!hinted) {
    await wait(millis, signal);
    return false;
  }
  const clock = new AbortController();
  const time = wait(millis, AbortSignal.any([clock.signal, signal])).then(() => false as const);
  time.catch(() => undefined);
  try {
    return await Promise.race([time, hinted]);
  } finally {
    clock.abort();
  }
}

function vanished({ label, address }: BuildPlace, build: Build, cause: CliError): CliError {
  return new CliError('not-found', `${label}: build ${build.id} is gone before its result was seen.`, {
    hint: `polylog builds list ${address} shows what there is.`,
    cause,
  });
}

/** The build's result as an exit code; 8 while it runs. */
export function exitCodeOfBuild(build: Build): number {
  if (!build.ended) return 8;
  if (build.status === 'succeeded') return 0;
  if (build.status === 'superseded') return build.steps.length > 0 && allSucceeded(build.steps) ? 0 : 1;
  return 1;
}

function allSucceeded(steps: Build['steps']): boolean {
  return steps.every((step) => step.status === 'succeeded' && allSucceeded(step.steps));
}

/** The last line on stderr: which build, which step, why, how long, and what shows more. */
export function verdictSentence({ label, address }: BuildPlace, build: Build): string {
  const took = durationText(secondsOf(build, { seconds: 0, nanos: 0, digits: 0 }));
  const after = took === '-' ? '' : ` after ${took}`;
  const code = exitCodeOfBuild(build);
  if (code === 8) return `polylog: ${label}: build ${build.id} is still ${statusText(build)}`;
  if (code === 0) return `polylog: ${label}: build ${build.id} ${statusText(build)}${after}`;
  const step = failedStep(build);
  const where = step ? ` in step ${step.name}` : '';
  const why = step?.step.reason ?? build.reason;
  const unknown =
    build.status === 'unknown' ? ' (a status that polylog does not know never counts as success)' : '';
  const reason = why ? `: ${why.replace(/\s*\n\s*/g, ' ').trim()}` : '';
  const more = `More: polylog builds show ${address} ${build.id}`;
  return `polylog: ${label}: build ${build.id} ${statusText(build)}${unknown}${where}${after}${reason}. ${more}`;
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** Stops the clock. */
  clear(): void;
}

/** Aborted by the process's signal, or with exit code 124 after `millis`. */
export function startDeadline(outer: AbortSignal, millis: number | undefined): Deadline {
  const stop = new AbortController();
  const onAbort = () => stop.abort(outer.reason);
  if (outer.aborted) onAbort();
  else outer.addEventListener('abort', onAbort, { once: true });
  const timer =
    millis === undefined
      ? undefined
      : setTimeout(() => stop.abort(new Interruption('--timeout', 124)), millis);
  return {
    signal: stop.signal,
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', onAbort);
    },
  };
}

export interface Heartbeat {
  /** Something was heard: the silence begins anew. */
  stir(): void;
  stop(): void;
}

export interface Silence {
  readonly terminal: Terminal;
  readonly label: string;
  /** How long it has to be; undefined = however long. */
  readonly millis: number | undefined;
  /** What is waited for. */
  word(): string;
}

/** Says in a long silence that it still waits, in runners that kill silent jobs. */
export function startHeartbeat({ terminal, label, millis, word }: Silence): Heartbeat {
  if (millis === undefined) return { stir() {}, stop() {} };
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const took = durationText((performance.now() - startedAt) / 1000);
    terminal.complain(`polylog: ${label}: ${word()}, waiting for ${took}`);
  }, millis);
  return { stir: () => timer.refresh(), stop: () => clearInterval(timer) };
}
