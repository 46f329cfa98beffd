// The progress of a deployment: its steps, how far it is, why it failed. Knows no request.
import { type BuildStatus, type BuildStep, compareInstants, type Instant } from '../../model.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';
import { instantOf, numberOf } from './times.ts';

/** Deeper than any deployment; what nests deeper is not read, and its step counts as nothing that is known. */
const DEEPEST = 64;

/** `steps`, or where there are none `summary_steps` (wire: DigitalOcean 3). */
export function stepsOf(progress: Fields | null): BuildStep[] {
  const steps = listOf(progress?.steps);
  return (steps.length > 0 ? steps : listOf(progress?.summary_steps)).map((step) => stepOf(step, 1));
}

function stepOf(fields: Fields, depth: number): BuildStep {
  const nested = listOf(fields.steps);
  const isReadWhole = depth < DEEPEST || nested.length === 0;
  return {
    name: labelOf(fields),
    status: isReadWhole ? statusOf(fields.status) : 'unknown',
    started: instantOf(fields.started_at),
    finished: instantOf(fields.ended_at),
    reason: reasonOf(fieldsOf(fields.reason)),
    steps: isReadWhole ? nested.map((step) => stepOf(step, depth + 1)) : [],
  };
}

/** `Building service web`; the name where the platform has no words for it. */
function labelOf(fields: Fields): string {
  const base = textOf(fields.message_base);
  const component = textOf(fields.component_name);
  if (base !== null) return component === null ? base : `${base} ${component}`;
  return textOf(fields.name) ?? component ?? 'step';
}

const STATUSES: ReadonlyMap<unknown, BuildStatus> = new Map([
  ['PENDING', 'queued'],
  ['RUNNING', 'running'],
  ['SUCCESS', 'succeeded'],
  ['ERROR', 'failed'],
]);

function statusOf(word: unknown): BuildStatus {
  return STATUSES.get(word) ?? 'unknown';
}

/** `Your build failed (BuildJobExitNonZero)`. */
function reasonOf(reason: Fields | null): string | null {
  const code = textOf(reason?.code);
  const message = textOf(reason?.message)?.trim().replace(/\.$/, '') || null;
  if (message === null || code === null) return message ?? code;
  return `${message} (${code})`;
}

/** The reason that the deepest failed step gives, of several as deep the first one's; null where none gives one. */
export function failureOf(steps: readonly BuildStep[]): string | null {
  let deepest = 0;
  let reason: string | null = null;
  const visit = (step: BuildStep, depth: number) => {
    if (step.status === 'failed' && step.reason !== null && depth > deepest) {
      deepest = depth;
      reason = step.reason;
    }
    for (const nested of step.steps) visit(nested, depth + 1);
  };
  for (const step of steps) visit(step, 1);
  return reason;
}

export interface Span {
  readonly started: Instant | null;
  readonly finished: Instant | null;
}

/** From the first beginning to the last end; null where no step has one. */
export function spanOf(steps: readonly BuildStep[]): Span {
  let started: Instant | null = null;
  let finished: Instant | null = null;
  const visit = (step: BuildStep) => {
    if (step.started && (!started || compareInstants(step.started, started) < 0)) started = step.started;
    if (step.finished && (!finished || compareInstants(step.finished, finished) > 0))
      finished = step.finished;
    step.steps.forEach(visit);
  };
  steps.forEach(visit);
  return { started, finished };
}

/** Percent of the steps that succeeded; null where they are not counted. Counts of 0 are left out (wire: DigitalOcean 3). */
export function percentOf(progress: Fields | null): number | null {
  const total = numberOf(progress?.total_steps) ?? 0;
  if (total <= 0) return null;
  const done = numberOf(progress?.success_steps) ?? 0;
  return Math.round(Math.min(1, Math.max(0, done / total)) * 100);
}

/** Whether its steps, by the counts or by themselves, have all come to an end; where none are told it is not known to be over. */
export function isOver(progress: Fields | null): boolean {
  const steps = stepsOf(progress);
  const open = (numberOf(progress?.pending_steps) ?? 0) + (numberOf(progress?.running_steps) ?? 0);
  const closed = (numberOf(progress?.success_steps) ?? 0) + (numberOf(progress?.error_steps) ?? 0);
  return open === 0 && (closed > 0 || steps.length > 0) && !steps.some(isOpen);
}

function isOpen({ status, steps }: BuildStep): boolean {
  return status === 'queued' || status === 'running' || steps.some(isOpen);
}
