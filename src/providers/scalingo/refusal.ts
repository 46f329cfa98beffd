// What Scalingo's refusals mean: an answer or a broken connection becomes one sentence. Knows no request.
import { CliError, type ErrorContext, type ErrorKind } from '../../errors.ts';
import type { HttpAnswer } from '../../transport/network.ts';
import { retryAfterMillis } from '../../transport/retry.ts';
import { fieldsOf, parseJson, textOf } from './shape.ts';

/** What was asked, in words that fit into `Scalingo … while reading the list of regions`. */
export interface Subject {
  /** `app "shop" in osc-fr1`, `the list of regions`. */
  readonly what: string;
  /** Whether it belongs to an app, so that missing rights are the likely reason. */
  readonly ofApp: boolean;
}

const TOKENS = 'Make a token at https://dashboard.scalingo.com/account/tokens';

/** An answer's status and words; of one that is not read, only the first. */
export type Refusal = Pick<HttpAnswer, 'status' | 'headers' | 'text'>;

/** The error for an answer that is no success (wire: Scalingo 1.6). */
export function refusalOf(answer: Refusal, subject: Subject): CliError {
  const { kind, sentence, hint } = meaningOf(answer, subject);
  const words = wordsOf(answer);
  const context: ErrorContext = { status: answer.status };
  if (hint !== undefined) context.hint = hint;
  const retryAfter = retryAfterMillis(answer.status, answer.headers, Date.now());
  if (retryAfter !== undefined) context.retryAfter = retryAfter;
  return new CliError(
    kind,
    words === null ? `${sentence}.` : `${sentence}: ${words.replace(/\.$/, '')}.`,
    context,
  );
}

/** The token exchange was refused: nothing but the token can be wrong with it. `place`: what to do with a new one. */
export function exchangeRefusal(answer: Refusal, place: string): CliError {
  if (answer.status === 401 || answer.status === 403) {
    return new CliError('auth', `Scalingo does not accept the API token (${answer.status}).`, {
      status: answer.status,
      hint: `${TOKENS} and ${place}.`,
    });
  }
  const subject = { what: 'the exchange of the API token', ofApp: false };
  if (answer.status !== 404) return refusalOf(answer, subject);
  return new CliError(
    'platform',
    'There is no authentication service of Scalingo at the configured address (404).',
    {
      status: 404,
      hint: 'Set SCALINGO_AUTH_URL, without /v1.',
    },
  );
}

/** An answer of a form that nobody knows; `missing` names the field that is not there. */
export function unreadable(subject: Subject, missing: string): CliError {
  return new CliError('platform', `Scalingo's answer for ${subject.what} has no ${missing}.`, {
    hint: 'Check that the configured addresses are those of Scalingo, without /v1.',
  });
}

/** Adds the subject to what the network says of a connection that could not be made, was refused or broke. */
export function named(error: unknown, { what }: Subject): unknown {
  if (!(error instanceof CliError) || error.kind !== 'unavailable' || error.message.includes(what))
    return error;
  const context: ErrorContext = { retryable: error.retryable, cause: error };
  if (error.hint !== undefined) context.hint = error.hint;
  if (error.status !== undefined) context.status = error.status;
  if (error.retryAfter !== undefined) context.retryAfter = error.retryAfter;
  if (error.detail !== undefined) context.detail = error.detail;
  const said = (harmless(error.message) ?? 'the connection failed').replace(/\.$/, '');
  return new CliError(
    'unavailable',
    `${said.startsWith('Scalingo') ? '' : 'Scalingo: '}${said}, for ${what}.`,
    context,
  );
}

interface Meaning {
  readonly kind: ErrorKind;
  readonly sentence: string;
  readonly hint?: string;
}

function meaningOf(answer: Refusal, { what, ofApp }: Subject): Meaning {
  const { status } = answer;
  switch (status) {
    case 401:
      return {
        kind: 'auth',
        sentence: `Scalingo does not allow this token to read ${what} (401)`,
        hint: ofApp
          ? 'Either the token has been revoked, or this account is no collaborator of the app.'
          : `${TOKENS}.`,
      };
    case 402:
      return {
        kind: 'auth',
        sentence: `Scalingo refuses ${what} until a payment matter is settled (402)`,
        hint: 'See the billing page of the Scalingo dashboard.',
      };
    case 403:
      return forbidden(answer, what);
    case 404:
      return { kind: 'not-found', sentence: `Scalingo does not know ${what} (404)` };
    case 429:
      return {
        kind: 'unavailable',
        sentence: `Scalingo asks to wait before ${what} is read (429)`,
        hint: 'It allows 60 requests a minute; other tools that use the same token count too.',
      };
  }
  if (status >= 500) {
    return { kind: 'unavailable', sentence: `Scalingo has a fault of its own with ${what} (${status})` };
  }
  return { kind: 'platform', sentence: `Scalingo refused ${what} (${status})` };
}

function forbidden(answer: Refusal, what: string): Meaning {
  if (fieldsOf(parseJson(answer.text))?.code === 'region_disabled') {
    return {
      kind: 'auth',
      sentence: `Scalingo has not opened the region of ${what} to this account (403)`,
      hint: 'Ask Scalingo for access to the region, or choose another one with --region.',
    };
  }
  return {
    kind: 'auth',
    sentence: `Scalingo does not allow ${what} (403)`,
    hint: 'The role of this account may be too small.',
  };
}

/** The platform's own words, short and on one line; null for pages of HTML and for nothing. */
function wordsOf(answer: Refusal): string | null {
  const body = fieldsOf(parseJson(answer.text));
  if (body !== null) {
    const errors = fieldsOf(body.errors);
    if (errors !== null) {
      const parts = Object.entries(errors).map(([field, said]) => `${field} ${[said].flat().join(', ')}`);
      return harmless(parts.join('; '));
    }
    return harmless(textOf(body.error) ?? '');
  }
  const type = answer.headers['content-type'];
  if (String(type).includes('html') || answer.text.trimStart().startsWith('<')) return null;
  return harmless(answer.text);
}

/** Foreign words in a sentence of ours: bounded, on one line, without tokens and signed queries. */
function harmless(text: string): string | null {
  const clean = text
    .slice(0, 2000)
    .replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ')
    .replace(/tk-[a-z]{2}-[\w-]+|\beyJ[\w-]+\.[\w.-]+/g, '…')
    .replace(/\?[^\s"']*=[^\s"']*/g, '?…')
    .trim();
  if (clean === '') return null;
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}
