// What DigitalOcean's refusals mean: an answer or a broken connection becomes one sentence. Knows no request.
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
import { retryAfterMillis } from '../../transport/retry.ts';

/** What was asked, in words that fit into `DigitalOcean does not know …`. */
export interface Subject {
  /** `app "shop"`, `the list of apps`. */
  readonly what: string;
}

const TOKENS = 'Make a token with the scope app:read at https://cloud.digitalocean.com/account/api/tokens';

/** The token that was used. */
export interface UsedToken {
  /** What is wrong with its form, or null. */
  readonly fault: string | null;
  /** What to do with a new one. */
  readonly place: string;
}

/** The error for an answer that is no success (wire: DigitalOcean 1.3). */
export function refusalOf(answer: Refusal, subject: Subject, token?: UsedToken): CliError {
  const retryAfter = retryAfterMillis(answer.status, answer.headers, Date.now());
  const meaning = meaningOf(answer.status, subject, { token, retryAfter });
  const request = requestIdOf(answer);
  const note = request === null ? '' : ` (request ${request})`;
  return refusalError(answer, meaning, { words: wordsOf(answer), note });
}

/** An answer of a form that nobody knows; `missing` names the field that is not there. */
export function unreadable(subject: Subject, missing: string): CliError {
  return new CliError('platform', `DigitalOcean's answer for ${subject.what} has no ${missing}.`, {
    hint: 'Check that the configured address is that of the DigitalOcean API.',
  });
}

/** Adds the subject to what the network says of a connection that could not be made, was refused or broke. */
export function named(error: unknown, { what }: Subject): unknown {
  return withSubject(error, { platform: 'DigitalOcean', what, clean: harmless });
}

/** The platform's own words, short and on one line; null for pages of HTML or XML and for nothing. */
export function wordsOf(answer: Refusal): string | null {
  const body = fieldsOf(parseJson(answer.text));
  if (body !== null) return harmless(textOf(body.message) ?? textOf(body.id) ?? '');
  return isPage(answer) ? null : harmless(answer.text);
}

interface Circumstances {
  readonly token: UsedToken | undefined;
  /** Milliseconds. */
  readonly retryAfter: number | undefined;
}

function meaningOf(status: number, { what }: Subject, { token, retryAfter }: Circumstances): Meaning {
  switch (status) {
    case 401:
      return {
        kind: 'auth',
        sentence: `DigitalOcean does not accept the API token for ${what} (401)`,
        hint: `${token?.fault ? `${token.fault} ` : ''}${TOKENS}${token ? ` and ${token.place}` : ''}.`,
      };
    case 403:
      return {
        kind: 'auth',
        sentence: `DigitalOcean does not allow this token to read ${what} (403)`,
        hint: 'Logs and apps need the scope app:read.',
      };
    case 404:
      return { kind: 'not-found', sentence: `DigitalOcean does not know ${what} (404)` };
    case 429:
      return {
        kind: 'unavailable',
        sentence: `DigitalOcean asks to wait${inWords(retryAfter)} before ${what} is read (429)`,
        hint: 'It allows 250 requests a minute and 5000 an hour; other tools that use the same token count too.',
      };
  }
  if (status >= 500) {
    return { kind: 'unavailable', sentence: `DigitalOcean has a fault of its own with ${what} (${status})` };
  }
  return { kind: 'platform', sentence: `DigitalOcean refused ${what} (${status})` };
}

function inWords(millis: number | undefined): string {
  if (millis === undefined) return '';
  const seconds = Math.max(1, Math.ceil(millis / 1000));
  return seconds < 120 ? ` ${seconds} s` : ` ${Math.ceil(seconds / 60)} min`;
}

/** Of the body, else of the header (wire: DigitalOcean 1.3). */
function requestIdOf(answer: Refusal): string | null {
  const header = answer.headers['x-request-id'];
  const id = textOf(fieldsOf(parseJson(answer.text))?.request_id) ?? textOf(header);
  return id !== null && /^[\w-]{1,64}$/.test(id) ? id : null;
}
