// The one error class, its kinds and their exit codes. Imports nothing.

export type ErrorKind =
  | 'usage' // wrong words on the command line, or the platform cannot do this
  | 'auth' // not logged in, or not allowed
  | 'not-found' // no such app, component, build or source
  | 'unavailable' // unreachable, rate-limited or broken
  | 'platform' // an answer of a form that nobody knows
  | 'failed' // the watched thing failed
  | 'empty' // nothing found, with --exit-on-empty
  | 'incomplete' // with --strict
  | 'running' // builds log without -f
  | 'timeout' // --timeout passed
  | 'defect'; // polylog's own fault

export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  failed: 1,
  usage: 2,
  empty: 3,
  auth: 4,
  'not-found': 5,
  unavailable: 6,
  platform: 6,
  incomplete: 7,
  running: 8,
  defect: 70,
  timeout: 124,
};

export interface ErrorContext {
  /** What to do next, one sentence. */
  hint?: string;
  /** Status of the answer behind it. */
  status?: number;
  /** Milliseconds that the platform asked to wait. */
  retryAfter?: number;
  /** Shown with --debug only; must hold no secret. */
  detail?: string;
  /** Overrides what `isRetryable` reads from the kind. */
  retryable?: boolean;
  /** What came before it holds, and asking for the whole again would be of no use: a past that stalled, or is refused. */
  partial?: boolean;
  cause?: unknown;
}

/**
 * Every failure that a user sees. `message` is one sentence that says what happened, with which platform and app;
 * it never holds a secret and never a stack.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly detail: string | undefined;
  readonly retryable: boolean;
  readonly partial: boolean;

  constructor(kind: ErrorKind, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.kind = kind;
    this.hint = context.hint;
    this.status = context.status;
    this.retryAfter = context.retryAfter;
    this.detail = context.detail;
    this.retryable = context.retryable ?? kind === 'unavailable';
    this.partial = context.partial ?? false;
  }
}

export function exitCodeOf(error: unknown): number {
  return error instanceof CliError ? EXIT_CODES[error.kind] : EXIT_CODES.defect;
}

/** One line: what happened and what to do next. */
export function sentenceOf({ message, status, hint = laterHint(status) }: CliError): string {
  const said = /[.!?…]$/.test(message) ? message : `${message}.`;
  return `${said}${hint ? ` ${hint}` : ''}`.replace(/\s*[\r\n]+\s*/g, ' ');
}

/** Whatever the platform: there is nothing to change in the command. */
function laterHint(status = 0): string | undefined {
  if (status === 429) return 'Try again later.';
  return status >= 500 ? 'That is for the platform to mend: try again later.' : undefined;
}

/** Whether a stream that failed so may be opened again. */
export function isRetryable(error: unknown): boolean {
  return error instanceof CliError && error.retryable;
}

/** Whether what came before it holds and asking again is of no use. */
export function isPartial(error: unknown): error is CliError {
  return error instanceof CliError && error.partial;
}

/** Why everything stops although nothing failed: a signal, a time limit, a closed pipe. The reason of an AbortSignal. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}
