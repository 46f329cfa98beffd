// The outer form of every API answer: rate-limit headers, request ids, errors, pages (wire: DigitalOcean 1.3 to 1.5).
// Knows no resource.
import { randomUUID } from 'node:crypto';
import type { DigitaloceanManner } from './digitalocean-options.ts';
import type { Fault } from './faults.ts';
import type { Asked, HeaderFields } from './http.ts';

/** A refusal that a route throws and the server words. */
export class Refusal extends Error {
  readonly status: number;
  readonly id: string;
  constructor(status: number, id: string, message: string) {
    super(message);
    this.status = status;
    this.id = id;
  }
}

export function badRequest(message: string): Refusal {
  return new Refusal(400, 'bad_request', message);
}

export function notFound(): Refusal {
  return new Refusal(404, 'not_found', 'The resource you requested could not be found.');
}

export interface Answers {
  ok(asked: Asked, body: unknown): void;
  /** `fields` go on top of the usual headers. */
  refuse(asked: Asked, refusal: Refusal, fields?: HeaderFields): void;
  /** True when the request was refused: no token or a wrong one (401), or too many requests (429). */
  gate(asked: Asked): boolean;
  /** The faults that are answers. */
  play(asked: Asked, fault: Fault): void;
}

export function createAnswers(manner: DigitaloceanManner): Answers {
  const window = createWindow(manner);
  const usual = (): HeaderFields => ({ ...window.fields(), 'x-request-id': randomUUID() });
  const answers: Answers = {
    ok: (asked, body) => asked.json(200, body, usual()),
    refuse(asked, refusal, fields) {
      const requestId = randomUUID();
      const body = { id: refusal.id, message: refusal.message };
      // Not every error names the request in its body; all do in the header.
      const named = refusal.status === 404 ? { ...body, request_id: requestId } : body;
      asked.json(refusal.status, named, { ...usual(), 'x-request-id': requestId, ...fields });
    },
    gate(asked) {
      if (asked.headers.authorization !== `Bearer ${manner.token}`) {
        answers.refuse(asked, unauthorized());
        return true;
      }
      const limited = window.count();
      if (limited) answers.refuse(asked, tooMany(), limited);
      return limited !== undefined;
    },
    play: (asked, fault) => playFault({ answers, asked, fault, now: manner.clock() }),
  };
  return answers;
}

export interface Page {
  /** From 1. */
  page: number;
  perPage: number;
}

export function pageOf(query: URLSearchParams): Page {
  return {
    page: countOf(query, { name: 'page', absent: 1, most: Number.MAX_SAFE_INTEGER }),
    perPage: countOf(query, { name: 'per_page', absent: 20, most: 200 }),
  };
}

/** One page of a listing with its links, made from the Host that was asked, and `meta`. */
export function listing<Row>(given: {
  asked: Asked;
  scheme: 'http' | 'https';
  key: string;
  rows: readonly Row[];
  show(row: Row): unknown;
  /** What stands for `links` when there is one page only. */
  alone?: object;
}): Record<string, unknown> {
  const { asked, rows } = given;
  const at = pageOf(asked.query);
  const last = Math.max(1, Math.ceil(rows.length / at.perPage));
  const link = (page: number): string => {
    const query = new URLSearchParams(asked.query);
    query.delete('page');
    query.delete('per_page');
    const pages = new URLSearchParams({ page: String(page), per_page: String(at.perPage) });
    const rest = query.size > 0 ? `&${query}` : '';
    return `${given.scheme}://${hostOf(asked)}${asked.url.pathname}?${pages}${rest}`;
  };
  const pages: Record<string, string> = {};
  if (at.page > 1) {
    pages.first = link(1);
    pages.prev = link(Math.min(at.page - 1, last));
  }
  if (at.page < last) {
    pages.next = link(at.page + 1);
    pages.last = link(last);
  }
  const begin = (at.page - 1) * at.perPage;
  return {
    [given.key]: rows.slice(begin, begin + at.perPage).map(given.show),
    links: Object.keys(pages).length > 0 ? { pages } : (given.alone ?? {}),
    meta: { total: rows.length },
  };
}

/** The Host of the request: what it is reached by from there, a proxy in front included. */
export function hostOf(asked: Asked): string {
  return asked.headers.host ?? new URL(asked.origin).host;
}

/** Values of a repeatable key; one that is not `known` (a comma list, say) is refused. */
export function wordsOf(query: URLSearchParams, name: string, known: readonly string[]): string[] {
  const words = query.getAll(name);
  for (const word of words) {
    if (!known.includes(word)) throw badRequest(`invalid ${name}: ${word}`);
  }
  return words;
}

function countOf(query: URLSearchParams, wanted: { name: string; absent: number; most: number }): number {
  const text = query.get(wanted.name);
  if (text === null) return wanted.absent;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > wanted.most) {
    throw badRequest(`invalid ${wanted.name}: ${text}`);
  }
  return count;
}

/** Two sliding windows over the same requests; refused ones do not count. */
function createWindow(manner: DigitaloceanManner) {
  const minute = 60_000;
  const hour = 3_600_000;
  let counted: number[] = [];
  function prune(): number {
    const now = manner.clock();
    counted = counted.filter((at) => at > now - hour);
    return now;
  }
  function limited(now: number): HeaderFields | undefined {
    const burst = counted.filter((at) => at > now - minute);
    const expires = (at: number | undefined, span: number): number => (at ?? now) + span;
    if (counted.length >= manner.ratePerHour) return limitFields(expires(counted[0], hour));
    if (burst.length < manner.ratePerMinute) return undefined;
    const free = expires(burst[0], minute);
    const wait = { 'retry-after': String(Math.max(1, Math.ceil((free - now) / 1000))) };
    return { ...limitFields(free), ...(manner.retryAfter ? wait : {}) };
  }
  return {
    count() {
      const now = prune();
      const refused = limited(now);
      if (!refused) counted.push(now);
      return refused;
    },
    fields(): HeaderFields {
      const now = prune();
      return {
        'ratelimit-limit': String(manner.ratePerHour),
        'ratelimit-remaining': String(Math.max(0, manner.ratePerHour - counted.length)),
        'ratelimit-reset': String(Math.ceil(((counted[0] ?? now) + hour) / 1000)),
      };
    },
  };
}

/** `free`: when the oldest counted request expires, milliseconds since the epoch. */
function limitFields(free: number): HeaderFields {
  return { 'ratelimit-remaining': '0', 'ratelimit-reset': String(Math.ceil(free / 1000)) };
}

function playFault(given: { answers: Answers; asked: Asked; fault: Fault; now: number }): void {
  const { answers, asked, fault, now } = given;
  const status = fault.status ?? 500;
  if (fault.name === 'unauthorized') answers.refuse(asked, unauthorized());
  else if (fault.name === 'rate-limited') {
    const wait = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    const free = now + (fault.delayMs ?? (fault.retryAfter ?? 1) * 1000);
    answers.refuse(asked, tooMany(), { ...limitFields(free), ...wait });
  } else if (fault.name === 'html-error') {
    const page = `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>\n`;
    asked.send(status, page, { 'Content-Type': 'text/html' });
  } else answers.refuse(asked, new Refusal(status, 'server_error', 'Unexpected server-side error'));
}

function unauthorized(): Refusal {
  return new Refusal(401, 'unauthorized', 'Unable to authenticate you.');
}

function tooMany(): Refusal {
  return new Refusal(429, 'too_many_requests', 'API rate limit exceeded.');
}
