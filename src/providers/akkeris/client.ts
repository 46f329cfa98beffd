// The endpoints of one installation of Akkeris: who asks, with which token; answers with only the fields that are used.
// Knows neither log lines nor connections that stay open.
import { placeOf } from '../../credential-place.ts';
import { type Instant, instantFromMillis } from '../../model.ts';
import type { Settings } from '../../provider.ts';
import { type Fields, fieldsOf, listOf, parseJson, textOf } from '../../transport/json-fields.ts';
import type { HttpRequest, Network } from '../../transport/network.ts';
import { baseOf, tokenOf } from './address.ts';
import { named, refusalOf, type Subject, unreadable } from './refusal.ts';
import { readTime } from './translate.ts';

export interface Account {
  readonly name: string;
  readonly email: string | null;
  readonly elevated: boolean;
}

export interface AppRecord {
  readonly id: string;
  /** `api-default`: name and space. */
  readonly name: string;
  readonly region: string | null;
  readonly status: string | null;
  /** Dyno types; null where the answer says nothing of them. */
  readonly formation: readonly Formation[] | null;
}

export interface Formation {
  readonly type: string;
  readonly quantity: number | null;
}

/** What has logs: an app, or a site in front of several. */
export interface LogPlace {
  /** `/apps/api-default` */
  readonly path: string;
  readonly subject: Subject;
}

export interface SessionWish {
  /** 1 to MOST_LINES. */
  readonly lines: number;
  readonly tail: boolean;
}

export interface LogSession {
  /** On another host, good for one reader and five minutes; whoever has it may read: not to be shown. */
  readonly url: string;
  /** By the platform's clock, rounded down; null where it does not say. */
  readonly created: Instant | null;
}

export interface AkkerisClient {
  readonly network: Network;
  readonly timing: Timing;
  account(signal: AbortSignal): Promise<Account>;
  apps(signal: AbortSignal): Promise<AppRecord[]>;
  /** `app`: NAME-SPACE or its UUID. Throws `not-found`. */
  app(app: string, signal: AbortSignal): Promise<AppRecord>;
  createSession(place: LogPlace, wish: SessionWish, signal: AbortSignal): Promise<LogSession>;
  /** One GET. What the JSON holds is for the caller to check. */
  read(question: Question, signal: AbortSignal): Promise<Answer>;
}

export interface Question {
  /**
   * No query where the route declares none: the router answers it with an empty 404 (wire: Akkeris 1.5). Where it does,
   * the query is written by hand: a percent sign is answered so as well.
   */
  readonly path: string;
  readonly subject: Subject;
  readonly retry?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Bytes of the answer. */
  readonly maxBytes?: number;
}

export interface Answer {
  readonly json: unknown;
  /** By the platform's clock, in whole seconds; null where the answer does not say. */
  readonly date: Instant | null;
}

/** Milliseconds, so that tests need not wait. */
export interface Timing {
  /** How long a stream that has not failed is waited for until it counts as open: it sends no headers before a line. */
  readonly standsAfter: number;
  /** Silence after which the person who waits is told that silence is usual. */
  readonly hintAfter: number;
  /** Between two looks at a build and its output, which is stored anew every two seconds (wire: Akkeris 3.2). */
  readonly buildEvery: number;
  /** Between two looks at the events. */
  readonly eventsEvery: number;
}

export const USUAL_TIMING: Timing = {
  standsAfter: 250,
  hintAfter: 10_000,
  buildEvery: 2000,
  eventsEvery: 10_000,
};

/** The most that a session may be asked for (wire: Akkeris 2.1). */
export const MOST_LINES = 250;

/** Throws a CliError when the address or the token cannot be Akkeris's. */
export function createClient(
  settings: Settings,
  network: Network,
  timing: Timing = USUAL_TIMING,
): AkkerisClient {
  const base = baseOf(settings);
  const token = tokenOf(settings);
  const place = placeOf(settings, 'token', 'akkeris');

  const ask = async (question: Asking, signal: AbortSignal): Promise<Answer> => {
    const { path, subject, body, retry, timeout, maxBytes } = question;
    const request: HttpRequest = {
      url: base + path,
      // Without the JSON type the front door takes the body for a form, and 422 is the answer (wire: Akkeris 1.4).
      headers: { accept: '*/*', ...(body !== undefined && { 'content-type': 'application/json' }) },
      credential: { authorization: `Bearer ${token}` },
      ...(body !== undefined && { method: 'POST' as const, body }),
      ...(retry !== undefined && { retry }),
      ...(timeout !== undefined && { timeout }),
      ...(maxBytes !== undefined && { maxBytes }),
    };
    const answer = await network.request(request, signal).catch((error: unknown) => {
      throw named(error, subject);
    });
    if (answer.status < 200 || answer.status > 299)
      throw refusalOf(answer, subject, { secret: token, place });
    const json = parseJson(answer.text);
    if (json === undefined) throw unreadable(subject, 'JSON');
    return { json, date: dateOf(answer.headers.date) };
  };

  return {
    network,
    timing,
    async account(signal) {
      const subject: Subject = { what: 'the account', kind: 'account' };
      const { json } = await ask({ path: '/account', subject }, signal);
      const fields = fieldsOf(json);
      const name = textOf(fields?.name) ?? textOf(fields?.email) ?? textOf(fields?.id);
      if (name === null) throw unreadable(subject, 'name');
      return { name, email: textOf(fields?.email), elevated: fields?.elevated_access === true };
    },
    async apps(signal) {
      const subject: Subject = { what: 'the list of apps', kind: 'account' };
      const { json } = await ask({ path: '/apps', subject }, signal);
      if (!Array.isArray(json)) throw unreadable(subject, 'array of apps');
      return listOf(json).flatMap((fields) => appOf(fields) ?? []);
    },
    async app(app, signal) {
      const place = appPlace(app);
      const { json } = await ask(place, signal);
      const record = appOf(fieldsOf(json) ?? {});
      if (record === null) throw unreadable(place.subject, 'name');
      return record;
    },
    async createSession({ path, subject }, { lines, tail }, signal) {
      const question = { path: `${path}/log-sessions`, subject, body: JSON.stringify({ lines, tail }) };
      // A stream that goes on is tried again by whoever follows it; a session that is never read leaves nothing behind.
      const { json, date } = await ask({ ...question, retry: !tail }, signal);
      const fields = fieldsOf(json);
      return {
        url: streamUrl(fields?.logplex_url, subject),
        // The older back end leaves the time out (wire: Akkeris 2.1); the answer's own date is of the same clock.
        created: readTime(textOf(fields?.created_at) ?? '', 0)?.ts ?? date,
      };
    },
    read: ask,
  };
}

export function appPlace(app: string): LogPlace {
  return { path: `/apps/${encodeURIComponent(app)}`, subject: { what: `app "${app}"`, kind: 'app' } };
}

export function sitePlace(domain: string): LogPlace {
  return {
    path: `/sites/${encodeURIComponent(domain)}`,
    subject: { what: `site "${domain}"`, kind: 'site' },
  };
}

interface Asking extends Question {
  /** JSON; then it is a POST. */
  readonly body?: string;
}

function appOf(fields: Fields): AppRecord | null {
  const name = textOf(fields.name) ?? textOf(fields.key);
  if (name === null) return null;
  return {
    id: textOf(fields.id) ?? name,
    name,
    region: textOf(fieldsOf(fields.region)?.name),
    status:
      fields.maintenance === true ? 'maintenance' : textOf(fields.released_at) === null ? null : 'released',
    formation: Array.isArray(fields.formation) ? formationOf(fields.formation) : null,
  };
}

function formationOf(list: unknown): Formation[] {
  return listOf(list).flatMap(({ type, quantity }) => {
    const name = textOf(type);
    return name === null ? [] : [{ type: name, quantity: typeof quantity === 'number' ? quantity : null }];
  });
}

function streamUrl(value: unknown, subject: Subject): string {
  const text = textOf(value);
  if (text === null || !/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw unreadable(subject, 'logplex_url');
  return text;
}

function dateOf(header: string | string[] | undefined): Instant | null {
  const date = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? null : instantFromMillis(date, 0);
}
