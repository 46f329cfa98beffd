// DigitalOcean's endpoints for one profile: requests with the token, pages, answers with only the fields that are used.
// Knows neither log lines nor connections that stay open.
import { placeOf } from '../../credential-place.ts';
import { CliError } from '../../errors.ts';
import type { Settings } from '../../provider.ts';
import { type Fields, fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import type { HttpAnswer, Network } from '../../transport/network.ts';
import type { RetryRules } from '../../transport/retry.ts';
import { baseOf, foreignToken, tokenOf } from './address.ts';
import { type LogAnswer, logAnswerOf, noLogs } from './log-answer.ts';
import { named, refusalOf, type Subject, unreadable } from './refusal.ts';
import { type AppRecord, appRecordOf, type Deployment, deploymentOf } from './translate.ts';

/** Clocks and waiting times in milliseconds, so that tests need not wait. */
export interface Timing {
  /** Of a clock that is never set back. */
  readonly now: () => number;
  /** How often a quiet stream asks whether another deployment has become active. */
  readonly watch: number;
  /** The same for every further stream of this client at the same time: it keeps below 5000 requests an hour. */
  readonly watchShare: number;
  /** At every so many of these times, a count, the newest line is asked for as well. */
  readonly newestEvery: number;
  /** How often a log that does not exist yet is asked for. */
  readonly phase: number;
  /** How long the platform waits for an instance when it is not told otherwise (wire: DigitalOcean 2.2). */
  readonly podConnection: number;
  /** What a logs request may take beyond that. */
  readonly slack: number;
  /** How long finding the newest line may take, see backlog.ts and watch.ts, and what a former deployment has. */
  readonly newest: number;
  /** How long what a live URL replays may be silent behind a whole line until it counts as complete, see live-url.ts. */
  readonly quiet: number;
  /** For downloads and one-shot streams, which the network does not repeat by itself. */
  readonly retry: RetryRules;
}

export const USUAL_TIMING: Timing = {
  now: () => performance.now(),
  watch: 15_000,
  watchShare: 1500,
  newestEvery: 4,
  phase: 5000,
  podConnection: 180_000,
  slack: 30_000,
  newest: 10_000,
  quiet: 5000,
  retry: { firstDelay: 500, maxTotal: 30_000 },
};

export interface LogQuestion {
  /** Below `/v2/apps/ID`, with a slash in front. */
  readonly path: string;
  /** `RUN` and its like, always sent. */
  readonly type: string;
  readonly follow: boolean;
  /** -1 = all. */
  readonly tail: number;
  /** Milliseconds that the platform shall wait for an instance; null = its own default. */
  readonly podConnection: number | null;
  /** `deployment_id` of a job's invocation. */
  readonly deployment: string | null;
  readonly subject: Subject;
}

export interface DigitaloceanClient {
  readonly network: Network;
  readonly timing: Timing;
  account(signal: AbortSignal): Promise<{ user: string; team: string | null }>;
  /** Of all pages. */
  apps(signal: AbortSignal): Promise<AppRecord[]>;
  /** One row of the list; only to see whether the token is accepted. */
  probe(signal: AbortSignal): Promise<void>;
  /** `quick`: asked once, for those who ask again by themselves. */
  app(id: string, asking: Asking, signal: AbortSignal): Promise<AppRecord>;
  deployment(app: AppName, id: string, asking: Asking, signal: AbortSignal): Promise<Deployment>;
  /** Any other answer that is one JSON object. */
  read(question: Question, signal: AbortSignal): Promise<Fields>;
  /** Page by page along the links; each is the whole answer. */
  pages(list: PagedQuestion, signal: AbortSignal): AsyncGenerator<Fields, void, undefined>;
  /** The URLs in its answer are signed and foreign: they are read without any credential. */
  logs(app: AppName, question: LogQuestion, signal: AbortSignal): Promise<LogAnswer>;
  /** Counts one more stream that asks every now and then, until the returned function is called. */
  watching(): () => void;
  /** Milliseconds until such a stream may ask again. */
  watchInterval(): number;
}

export interface AppName {
  readonly id: string;
  readonly name: string;
}

export interface Asking {
  readonly quick: boolean;
}

export interface Question {
  /** With `/v2` and the query. */
  readonly path: string;
  readonly subject: Subject;
  readonly timeout?: number;
  readonly retry?: boolean;
}

export interface PagedQuestion {
  /** With `/v2`, without a query. */
  readonly path: string;
  readonly subject: Subject;
  /** The platform gives 200 at most. */
  readonly perPage: number;
  /** Of the query, besides the page; a name may come several times. */
  readonly parameters?: readonly [name: string, value: string][];
}

const PER_PAGE = 200;
/** A bound against links that never end. */
const MOST_PAGES = 500;

export function createClient(
  settings: Settings,
  network: Network,
  timing: Timing = USUAL_TIMING,
): DigitaloceanClient {
  const base = baseOf(settings);
  const token = tokenOf(settings);
  const place = placeOf(settings, 'token', 'digitalocean');
  let watchers = 0;

  const send = async ({ path, subject, ...limits }: Question, signal: AbortSignal): Promise<HttpAnswer> => {
    if (!/^[\x21-\x7e]+$/.test(token)) throw unusableToken(place);
    const request = {
      url: base + path,
      headers: { accept: 'application/json' },
      credential: { authorization: `Bearer ${token}` },
      ...limits,
    };
    try {
      return await network.request(request, signal);
    } catch (error) {
      throw named(error, subject);
    }
  };
  const refused = (answer: HttpAnswer, subject: Subject) =>
    refusalOf(answer, subject, { fault: foreignToken(token), place });
  const ask = async (question: Question, signal: AbortSignal): Promise<Fields> => {
    const answer = await send(question, signal);
    if (answer.status < 200 || answer.status > 299) throw refused(answer, question.subject);
    const fields = fieldsOf(parseJson(answer.text));
    if (fields === null) throw unreadable(question.subject, 'JSON object');
    return fields;
  };

  return {
    network,
    timing,
    async account(signal) {
      const subject = { what: 'the account' };
      const account = fieldsOf((await ask({ path: '/v2/account', subject }, signal)).account);
      const user = textOf(account?.email) ?? textOf(account?.uuid);
      if (user === null) throw unreadable(subject, 'account.email');
      return { user, team: textOf(fieldsOf(account?.team)?.name) };
    },
    async probe(signal) {
      await ask({ path: '/v2/apps?page=1&per_page=1', subject: { what: 'the list of apps' } }, signal);
    },
    async apps(signal) {
      const subject = { what: 'the list of apps' };
      const found: AppRecord[] = [];
      for await (const page of pages(ask, { path: '/v2/apps', subject, perPage: PER_PAGE }, signal))
        for (const app of rowsOf(page, 'apps', subject)) found.push(recordOf(app, subject));
      return found;
    },
    async app(id, { quick }, signal) {
      const subject = { what: `app "${id}"` };
      const path = `/v2/apps/${encodeURIComponent(id)}`;
      const answer = await ask({ path, subject, ...(quick && { retry: false }) }, signal);
      return recordOf(answer.app, subject);
    },
    async deployment(app, id, { quick }, signal) {
      const subject = { what: `deployment ${id} of app "${app.name}"` };
      const path = `/v2/apps/${encodeURIComponent(app.id)}/deployments/${encodeURIComponent(id)}`;
      const answer = await ask({ path, subject, ...(quick && { retry: false }) }, signal);
      const deployment = deploymentOf(answer.deployment);
      if (deployment === null) throw unreadable(subject, 'deployment.id');
      return deployment;
    },
    read: ask,
    pages: (list, signal) => pages(ask, list, signal),
    async logs(app, question, signal) {
      const { subject, podConnection } = question;
      const path = `/v2/apps/${encodeURIComponent(app.id)}${question.path}?${queryOf(question)}`;
      const timeout = Math.max(timing.podConnection, podConnection ?? 0) + timing.slack;
      const answer = await send({ path, subject, timeout }, signal);
      if (answer.status === 400) {
        const reason = noLogs(answer);
        if (reason !== null) return { live: null, archives: [], nothing: reason, at: null };
      }
      if (answer.status < 200 || answer.status > 299) throw refused(answer, subject);
      return logAnswerOf(answer, subject);
    },
    watching() {
      watchers += 1;
      let counted = true;
      return () => {
        if (counted) watchers -= 1;
        counted = false;
      };
    },
    watchInterval: () => Math.max(timing.watch, timing.watchShare * watchers),
  };
}

type Ask = (question: Question, signal: AbortSignal) => Promise<Fields>;

/** `tail_lines` too is always sent: without it the socket may bring nothing of the past (wire: DigitalOcean 2.2). */
function queryOf({ type, follow, tail, podConnection, deployment }: LogQuestion): string {
  const query = new URLSearchParams({ type, follow: String(follow), tail_lines: String(tail) });
  // Go's durations know neither days nor a bare number.
  if (podConnection !== null) query.set('pod_connection_timeout', `${podConnection / 1000}s`);
  if (deployment !== null) query.set('deployment_id', deployment);
  return query.toString();
}

/** Of a `next` link only the query is taken: the API writes its own host into it (wire: DigitalOcean 1.5). */
async function* pages(
  ask: Ask,
  { path, subject, perPage, parameters = [] }: PagedQuestion,
  signal: AbortSignal,
): AsyncGenerator<Fields, void, undefined> {
  const seen = new Set<string>();
  const rest = new URLSearchParams([...parameters]).toString();
  let query = `?page=1&per_page=${perPage}${rest === '' ? '' : `&${rest}`}`;
  while (seen.size < MOST_PAGES) {
    seen.add(query);
    const page = await ask({ path: path + query, subject }, signal);
    yield page;
    const next = textOf(fieldsOf(fieldsOf(page.links)?.pages)?.next);
    if (next === null) return;
    if (!URL.canParse(next, 'https://any')) throw unreadable(subject, 'usable links.pages.next');
    query = new URL(next, 'https://any').search;
    if (seen.has(query)) return;
  }
}

/**
 * The list of a page. Go writes an empty one as null or leaves it out, but never what stands around it: an answer
 * without any of them is none of this list. Throws a `platform` error.
 */
export function rowsOf(page: Fields, name: string, subject: Subject): readonly unknown[] {
  const rows = page[name];
  const isBare = rows === undefined && page.links === undefined && page.meta === undefined;
  if (isBare || (rows !== undefined && rows !== null && !Array.isArray(rows)))
    throw unreadable(subject, `list in ${name}`);
  return rows ?? [];
}

function recordOf(value: unknown, subject: Subject): AppRecord {
  const record = appRecordOf(fieldsOf(value) ?? {});
  if (typeof record === 'string') throw unreadable(subject, `app with ${record}`);
  return record;
}

function unusableToken(place: string): CliError {
  return new CliError(
    'auth',
    'The API token for DigitalOcean is empty or has characters that no token has.',
    {
      hint: `Copy it anew and ${place}.`,
    },
  );
}
