// What refusals of all platforms have in common: one sentence with the platform's own words, the subject, what to do. Knows no endpoint.
import { CliError, type ErrorContext, type ErrorKind } from '../errors.ts';
import type { HttpAnswer } from './network.ts';
import { retryAfterMillis } from './retry.ts';

/** An answer's status and words; of one that is not read, only the first. */
export type Refusal = Pick<HttpAnswer, 'status' | 'headers' | 'text'>;

/** What a status means to a platform. */
export interface Meaning {
  readonly kind: ErrorKind;
  /** Without a full stop. */
  readonly sentence: string;
  readonly hint?: string;
}

export interface Words {
  /** The platform's own, clean and short; null: none. */
  readonly words: string | null;
  /** Behind them: ` (request 123)`. */
  readonly note?: string;
}

/** The error for an answer that is no success. */
export function refusalError(
  answer: Refusal,
  { kind, sentence, hint }: Meaning,
  { words, note = '' }: Words,
): CliError {
  const context: ErrorContext = { status: answer.status };
  if (hint !== undefined) context.hint = hint;
  const retryAfter = retryAfterMillis(answer.status, answer.headers, Date.now());
  if (retryAfter !== undefined) context.retryAfter = retryAfter;
  const said = words === null ? '' : `: ${words.replace(/\.$/, '')}`;
  return new CliError(kind, `${sentence}${said}${note}.`, context);
}

export interface Asked {
  /** As sentences of the network begin: `Scalingo`. */
  readonly platform: string;
  /** What was asked: `app "shop"`. */
  readonly what: string;
  /** Strikes out of the words what a platform knows to be secret. */
  clean(text: string): string | null;
}

/** Adds the subject to what the network says of a connection that could not be made, was refused or broke. */
export function withSubject(error: unknown, { platform, what, clean }: Asked): unknown {
  if (!(error instanceof CliError) || error.kind !== 'unavailable' || error.message.includes(what))
    return error;
  const context: ErrorContext = {
    retryable: error.retryable,
    partial: error.partial,
    cause: error.cause ?? error,
  };
  if (error.hint !== undefined) context.hint = error.hint;
  if (error.status !== undefined) context.status = error.status;
  if (error.retryAfter !== undefined) context.retryAfter = error.retryAfter;
  if (error.detail !== undefined) context.detail = error.detail;
  const said = (clean(error.message) ?? 'the connection failed').replace(/\.$/, '');
  const subject = said.startsWith(platform) ? '' : `${platform}: `;
  return new CliError('unavailable', `${subject}${said}, for ${what}.`, context);
}

/** A page is not worth a sentence. */
export function isPage({ headers, text }: Refusal): boolean {
  return /html|xml/.test(String(headers['content-type'])) || text.trimStart().startsWith('<');
}

/** Foreign words in a sentence of ours: bounded, on one line, without signed queries and what looks like a token; null for none. */
export function harmless(text: string): string | null {
  const clean = text
    .slice(0, 2000)
    .replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ')
    .replace(/\bdo[a-z]_v1_\w+|tk-[a-z]{2}-[\w-]+|\beyJ[\w-]+\.[\w.-]+/g, '…')
    .replace(/\?[^\s"']*=[^\s"']*/g, '?…')
    .trim();
  if (clean === '') return null;
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}
