// What Scalingo's refusals mean: an answer or a broken connection becomes one sentence. Knows no request.
import { CliError } from '../../errors.ts';
import { fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import {
  harmless,
  isPage,
  type Meaning,
  type Refusal,
  refusalError,
  withSubject,
} from '../../transport/refusals.ts';

/** What was asked, in words that fit into `Scalingo … while reading the list of regions`. */
export interface Subject {
  /** `app "shop" in osc-fr1`, `the list of regions`. */
  readonly what: string;
  /** Whether it belongs to an app, so that missing rights are the likely reason. */
  readonly ofApp: boolean;
}

const TOKENS = 'Make a token at https://dashboard.scalingo.com/account/tokens';

/** The error for an answer that is no success (wire: Scalingo 1.6). */
export function refusalOf(answer: Refusal, subject: Subject): CliError {
  return refusalError(answer, meaningOf(answer, subject), { words: wordsOf(answer) });
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
  return withSubject(error, { platform: 'Scalingo', what, clean: harmless });
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
  return isPage(answer) ? null : harmless(answer.text);
}
