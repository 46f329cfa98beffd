// What the logs endpoints answer: a URL to follow, archives, or that there is nothing. Knows no connection.

import { type Fields, fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import type { HttpAnswer } from '../../transport/network.ts';
import type { Refusal } from '../../transport/refusals.ts';
import { type Subject, unreadable, wordsOf } from './refusal.ts';

export interface LogAnswer {
  /** To be read by websocket; its scheme may be http(s) all the same. */
  readonly live: string | null;
  /** To be read by GET; oldest first. */
  readonly archives: readonly string[];
  /** Why there is no log, in the platform's words; '' without words; null where there is one. */
  readonly nothing: string | null;
  /** The platform's clock when it answered, milliseconds since the epoch; null when it did not say. */
  readonly at: number | null;
}

/**
 * The schema's flat form, and the one of the generated documentation: in `value`, with `historic_logs` and `url`
 * (wire: DigitalOcean 0, 2.3).
 */
export function logAnswerOf(answer: HttpAnswer, subject: Subject): LogAnswer {
  const body = fieldsOf(parseJson(answer.text));
  if (body === null) throw unreadable(subject, 'JSON object');
  const fields = fieldsOf(body.value) ?? body;
  const live = textOf(fields.live_url);
  if (live !== null && !isAddress(live, /^(https?|wss?):\/\//i)) throw unreadable(subject, 'usable live_url');
  const archives = archivesOf(fields, subject);
  const only = live === null && archives.length === 0 ? textOf(fields.url) : null;
  if (only !== null && !isAddress(only, /^https?:\/\//i)) throw unreadable(subject, 'usable url');
  const urls = only === null ? archives : [only];
  const date = Date.parse(String(answer.headers.date));
  return {
    live,
    archives: urls,
    nothing: live === null && urls.length === 0 ? '' : null,
    at: Number.isNaN(date) ? null : date,
  };
}

/**
 * The platform's words when an answer 400 says that a phase has no log: skipped, or not reached (wire: DigitalOcean 0,
 * 1.3). The wording is known of one case only, so every 400 counts that does not blame the request; null for those.
 */
export function noLogs(answer: Refusal): string | null {
  const words = wordsOf(answer) ?? '';
  if (
    /\b(skipped|log task|cannot get \w+ logs|no logs|not (yet )?(reached|started|available))\b/i.test(words)
  )
    return words;
  return /\b(invalid|required|requires|unknown|must|malformed|unsupported|missing|tail_lines)\b|not found|does not exist/i.test(
    words,
  )
    ? null
    : words;
}

/** Whether it is over with a log that does not exist: a skipped phase never comes. */
export function isSkipped(words: string): boolean {
  return /\bskipped\b/i.test(words);
}

function archivesOf(fields: Fields, subject: Subject): string[] {
  const urls = fields.historic_urls ?? fields.historic_logs ?? [];
  if (!Array.isArray(urls)) throw unreadable(subject, 'list in historic_urls');
  return urls.map((url: unknown) => {
    const text = textOf(url);
    if (text === null || !isAddress(text, /^https?:\/\//i)) throw unreadable(subject, 'usable historic_urls');
    return text;
  });
}

function isAddress(text: string, scheme: RegExp): boolean {
  return scheme.test(text) && URL.canParse(text);
}
