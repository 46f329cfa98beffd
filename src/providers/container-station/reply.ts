// Reads answers of a Container Station: JSON or not, refused or not. Knows no request and no session.
import { CliError, type ErrorKind } from '../../errors.ts';
import type { HttpAnswer } from '../../transport/network.ts';

export interface Reply {
  readonly status: number;
  readonly headers: HttpAnswer['headers'];
  /** undefined when the body is no JSON. */
  readonly json: unknown;
  /** The body is HTML, as a login page is. */
  readonly isPage: boolean;
}

export interface Failure {
  /** The code of the error body (like an HTTP status), else the HTTP status. */
  readonly code: number;
  /** The station's own words, cleaned and cut; '' when it gave none. */
  readonly message: string;
}

const LONGEST_MESSAGE = 200;
/** Version 3's own code for a missing login (wire: Container Station 1.6). */
const UNAUTHORIZED = 1002;

export function readReply(answer: HttpAnswer): Reply {
  const { status, headers, text } = answer;
  const json = parsed(text);
  return { status, headers, json, isPage: json === undefined && /^\s*</.test(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * null when the reply is what was asked for. An `error` body is a failure whatever the status, and a status from 300
 * on whatever the body: versions 1 and 2 answer 200 regardless of what happened (wire: Container Station 1.6).
 */
export function failureOf(reply: Reply): Failure | null {
  const body = isObject(reply.json) ? reply.json : {};
  const told = 'error' in body && body.error !== null && body.error !== false;
  const nested = isObject(body.error) ? body.error : null;
  const flat = !told && typeof body.code === 'number' && typeof body.message === 'string';
  if (reply.status >= 300 || told || (flat && Number(body.code) >= 400)) {
    const code = nested?.code ?? (flat ? body.code : undefined);
    const message = nested?.message ?? (typeof body.error === 'string' ? body.error : body.message);
    return { code: codeOf(code, reply.status), message: cleaned(message) };
  }
  return null;
}

function codeOf(code: unknown, status: number): number {
  if (code === UNAUTHORIZED) return 401;
  if (typeof code === 'number' && code >= 400 && code < 600) return code;
  return status >= 300 ? status : 400;
}

function cleaned(message: unknown): string {
  if (typeof message !== 'string') return '';
  const line = message
    .slice(0, LONGEST_MESSAGE * 4)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}

/** Longer bodies are what was asked for: an error is a sentence or two. Characters. */
const LONGEST_ERROR = 4096;

/** The status, or that of an error in the body, which versions 1 and 2 answer with 200. */
export function statusOf(answer: HttpAnswer): number {
  if (answer.status >= 300 || answer.text.length > LONGEST_ERROR) return answer.status;
  return failureOf(readReply(answer))?.code ?? answer.status;
}

/** Whether the session is not, or no longer, good enough for what was asked. */
export function isRefused(failure: Failure | null): boolean {
  return failure !== null && (failure.code === 401 || failure.code === 403);
}

/**
 * Whether a login page came, or the way to one: then too the session is gone, though nothing says so. Pages of an error
 * are none, nor is a redirect to another address, which is for the user to follow.
 */
export function isLoginPage(reply: Reply, origin: string): boolean {
  const { status, isPage } = reply;
  if (status < 300) return isPage;
  const location = status === 302 || status === 303 || status === 307 ? headerOf(reply, 'location') : null;
  return location !== null && URL.canParse(location, origin) && new URL(location, origin).origin === origin;
}

/** `station` names the platform and its address; `what` is what was asked for ("the activity log"). */
export function failureError(
  failure: Failure,
  reply: Reply,
  of: { station: string; what: string },
): CliError {
  const words = failure.message === '' ? '' : `: ${failure.message}`;
  const message = `${of.station} answers the request for ${of.what} with ${failure.code}${words}`;
  const retryAfter = retryAfterOf(reply);
  return new CliError(kindOf(failure.code), message, {
    status: failure.code,
    ...(retryAfter === null ? {} : { retryAfter }),
    ...redirectHint(reply),
  });
}

function kindOf(code: number): ErrorKind {
  if (code === 401 || code === 403) return 'auth';
  if (code === 404) return 'not-found';
  if (code === 408 || code === 429 || code >= 500) return 'unavailable';
  return 'platform';
}

function redirectHint(reply: Reply): { hint?: string } {
  const location = headerOf(reply, 'location');
  if (reply.status < 300 || reply.status >= 400 || location === null || !URL.canParse(location)) return {};
  return { hint: `It redirects to ${new URL(location).origin}: use that as POLYLOG_QNAP_URL.` };
}

function retryAfterOf(reply: Reply): number | null {
  const text = headerOf(reply, 'retry-after');
  return text !== null && /^\d{1,6}$/.test(text.trim()) ? Number(text) * 1000 : null;
}

export function headerOf(reply: Pick<Reply, 'headers'>, name: string): string | null {
  const value = reply.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
