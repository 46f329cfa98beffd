// What Akkeris's refusals mean: an answer or a broken connection becomes one sentence. Knows no request.
import { CliError } from '../../errors.ts';
import { fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import { shortText } from '../../transport/masking.ts';
import {
  harmless,
  isPage,
  type Meaning,
  type Refusal,
  refusalError,
  withSubject,
} from '../../transport/refusals.ts';
import { tokenHint } from './address.ts';

/** What was asked, in words that fit into `Akkeris does not know …`. */
export interface Subject {
  /** `app "api-default"`, `the list of apps`. */
  readonly what: string;
  readonly kind: 'app' | 'site' | 'account' | 'build';
}

/** What was shown to the platform. */
export interface Shown {
  /** Struck out of the platform's words. */
  readonly secret: string;
  /** What to do with a new one; absent for a password that was typed. */
  readonly place?: string;
}

/** The error for an answer that is no success (wire: Akkeris 1.6). */
export function refusalOf(answer: Refusal, subject: Subject, { secret, place }: Shown): CliError {
  return refusalError(answer, meaningOf(answer, subject, place), { words: wordsOf(answer, secret) });
}

/** An answer of a form that nobody knows; `missing` names what is not there. */
export function unreadable({ what }: Subject, missing: string): CliError {
  return new CliError('platform', `Akkeris's answer for ${what} has no ${missing}.`, { hint: ADDRESS_HINT });
}

/** Adds the subject to what the network says of a connection that could not be made, was refused or broke. */
export function named(error: unknown, { what }: Subject): unknown {
  return withSubject(error, { platform: 'Akkeris', what, clean: harmless });
}

const ADDRESS_HINT =
  'Check that POLYLOG_AKKERIS_URL (or AKKERIS_API_HOST) is the API of Akkeris, not its pages or its login.';

function meaningOf(answer: Refusal, subject: Subject, place: string | undefined): Meaning {
  const { status } = answer;
  const { what } = subject;
  switch (status) {
    case 401:
      return {
        kind: 'auth',
        sentence: `Akkeris does not accept the token for ${what} (401)`,
        ...(place === undefined ? {} : { hint: tokenHint(place) }),
      };
    case 403:
      return {
        kind: 'auth',
        sentence: `Akkeris does not allow this account to read ${what} (403)`,
        hint: 'It may be in none of the groups that this installation admits.',
      };
    case 404:
      return unknown(answer, subject);
    case 424:
      return { kind: 'unavailable', sentence: `Akkeris is still preparing what ${what} needs (424)` };
    case 429:
      return { kind: 'unavailable', sentence: `Akkeris asks to wait before ${what} is read (429)` };
    case 501:
      return { kind: 'usage', sentence: `This installation of Akkeris does not offer ${what} (501)` };
  }
  if (status >= 500) {
    return { kind: 'unavailable', sentence: `Akkeris has a fault of its own with ${what} (${status})` };
  }
  const sentence = `Akkeris refused ${what} (${status})`;
  return status < 400 ? { kind: 'platform', sentence, hint: ADDRESS_HINT } : { kind: 'platform', sentence };
}

/** A route or a query that the router does not know is answered with nothing at all (wire: Akkeris 1.5). */
function unknown({ text }: Refusal, { what, kind }: Subject): Meaning {
  if (kind === 'account') {
    return {
      kind: 'platform',
      sentence: `There is no Akkeris at this address: ${what} is not found (404)`,
      hint: ADDRESS_HINT,
    };
  }
  const hint = NOT_FOUND_HINTS[kind];
  if (text.trim() === '') {
    return {
      kind: 'not-found',
      sentence: `${what} was not found, or Akkeris does not support this (404)`,
      hint,
    };
  }
  return { kind: 'not-found', sentence: `Akkeris does not know ${what} (404)`, hint };
}

/** The newer back end takes a site for an app and never finds it (wire: Akkeris 2.1). */
const SITE_HINT =
  'Many installations have no logs by site: read the app behind it (akkeris:NAME-SPACE --source router) then.';

const NOT_FOUND_HINTS: Readonly<Record<Exclude<Subject['kind'], 'account'>, string>> = {
  app: 'polylog apps list akkeris shows what there is.',
  site: SITE_HINT,
  build: 'polylog builds list akkeris:NAME-SPACE shows what there is.',
};

/** Plain sentences that call themselves JSON, JSON of two forms, pages of HTML; null for the last and for nothing. */
function wordsOf(answer: Refusal, secret: string): string | null {
  const body = parseJson(answer.text);
  const fields = fieldsOf(body);
  const said =
    fields === null
      ? textOf(body)
      : (textOf(fields.message) ?? textOf(fields.error_description) ?? textOf(fields.error) ?? '');
  if (said !== null) return withoutSecret(said, secret);
  return isPage(answer) ? null : withoutSecret(answer.text, secret);
}

function withoutSecret(text: string, secret: string): string | null {
  const words = text.slice(0, 2000);
  const clean = shortText(secret === '' ? words : words.replaceAll(secret, '***'));
  return clean === '' ? null : clean;
}
