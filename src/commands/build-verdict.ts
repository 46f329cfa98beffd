// The gate: waits until the platform itself calls a build over. No stream and no text in it decides anything.
import { CliError, Interruption, isRetryable } from '../errors.ts';
import type { Build } from '../model.ts';
import { wait } from '../wait.ts';
import type { BuildPlace } from './build-target.ts';
import { durationText, failedStep, secondsOf, statusText } from './build-words.ts';

export interface Watch {
  readonly build: Build;
  readonly signal: AbortSignal;
  /** Told of every answer. */
  onLook?(build: Build): void;
}

/** Looks become rarer while a build runs, up to so many times the platform's own rhythm. */
const SLOWEST = 4;
const SLOWER = 1.15;
const LONGEST_PAUSE = 60_000;

/**
 * Looks until the build has ended and returns it as it ended. An unreachable or overloaded platform delays the verdict
 * and never changes it; only what cannot be mended (no access any more, the build is gone) throws.
 */
export async function awaitEnd(place: BuildPlace, { build, signal, onLook }: Watch): Promise<Build> {
  const { builds, connected, target, context, label } = place;
  const every = Math.max(1, builds.traits.everyMillis);
  let pause = every;
  let troubled = false;
  let failures = 0;
  let last = build;
  while (!last.ended) {
    await wait(pause, signal);
    try {
      last = await builds.get(connected.client, target.ref, build.id, signal);
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

function vanished({ label }: BuildPlace, build: Build, cause: CliError): CliError {
  return new CliError('not-found', `${label}: build ${build.id} is gone before its result was seen.`, {
    hint: `polylog builds list ${label} shows what there is.`,
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
export function verdictSentence({ label, shown }: BuildPlace, build: Build): string {
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
  const more = `More: polylog builds show ${shown.profile}:${shown.app} ${build.id}`;
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

/** Says that it still waits, in runners that kill silent jobs. Returns what stops it. */
export function startHeartbeat(
  place: BuildPlace,
  millis: number | undefined,
  word: () => string,
): () => void {
  if (millis === undefined) return () => undefined;
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const took = durationText((performance.now() - startedAt) / 1000);
    place.context.terminal.complain(`polylog: ${place.label}: ${word()}, waiting for ${took}`);
  }, millis);
  return () => clearInterval(timer);
}
