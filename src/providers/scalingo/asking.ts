// How one profile asks Scalingo: with which token, how often, and what becomes of a refusal. Knows no endpoint but the
// exchange of the API token.
import type { SessionStore } from '../../provider.ts';
import { type Fields, fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import type { HttpAnswer, HttpStream, Network } from '../../transport/network.ts';
import { type Budget, createBudget } from './budget.ts';
import type { Timing } from './client.ts';
import { openDownload } from './download.ts';
import { exchangeRefusal, named, refusalOf, type Subject, unreadable } from './refusal.ts';
import { createTokenHolder, type TokenHolder } from './session.ts';

export interface Question {
  /** GET when absent. */
  readonly method?: 'POST';
  readonly url: string;
  readonly subject: Subject;
  /** Whose token; that of the account when absent. */
  readonly holder?: TokenHolder;
}

/** The JSON object of a successful answer; throws for everything else. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Fields>;

/** A refused token is replaced once per question: 401 also means that the account has no rights there. */
export interface Asker {
  readonly object: Ask;
  /** The answer whatever its status, for those whose refusals mean something. */
  answer(question: Question, signal: AbortSignal): Promise<HttpAnswer>;
  /** The same with its body unread and unbounded; waits out 429 and a server in trouble for a while, then throws. GET alone. */
  stream(question: Question, signal: AbortSignal): Promise<HttpStream>;
  /** The account's token, for connections that send it themselves. */
  readonly session: TokenHolder;
}

export interface Asking {
  readonly network: Network;
  readonly timing: Timing;
  /** Base address of the authentication service. */
  readonly auth: string;
  /** The API token. */
  readonly token: string;
  /** What to do with a new one. */
  readonly tokenPlace: string;
  readonly sessions?: SessionStore | undefined;
}

const JSON_HEADERS = { accept: 'application/json', 'content-type': 'application/json' };

export function createAsker(asking: Asking): Asker {
  const { network, timing } = asking;
  const budget = createBudget(timing.budget, () => performance.now());
  const session = createTokenHolder(
    (signal) => exchange(asking, budget, signal),
    timing.now,
    asking.sessions,
  );

  const answer: Asker['answer'] = ({ method, url, subject, holder = session }, signal) =>
    withToken(
      holder,
      {
        async send(authorization) {
          await budget.take(signal);
          const request = {
            url,
            headers: JSON_HEADERS,
            credential: { authorization },
            // The only POST makes a token: asking twice does no harm.
            ...(method === 'POST' && { method, body: '{}', retry: true }),
          };
          return network.request(request, signal).catch((error: unknown) => {
            throw named(error, subject);
          });
        },
      },
      signal,
    );

  return {
    session,
    answer,
    async object(question, signal) {
      const { subject } = question;
      const said = await answer(question, signal);
      if (said.status < 200 || said.status > 299) throw refusalOf(said, subject);
      const fields = fieldsOf(parseJson(said.text));
      if (fields === null) throw unreadable(subject, 'JSON object');
      return fields;
    },
    stream({ url, subject, holder = session }, signal) {
      const paced = async (aborted: AbortSignal) => {
        await budget.take(aborted);
        return url;
      };
      const download = { network, rules: timing.retry, subject, url: paced };
      const send = (authorization: string) =>
        openDownload({ ...download, credential: { authorization } }, signal);
      return withToken(holder, { send, discard: (refused) => refused.cancel() }, signal);
    },
  };
}

interface Sending<T> {
  send(authorization: string): Promise<T>;
  /** Of an answer that is not used. */
  discard?(answer: T): void;
}

async function withToken<T extends { readonly status: number }>(
  holder: TokenHolder,
  { send, discard }: Sending<T>,
  signal: AbortSignal,
): Promise<T> {
  const token = await holder.get(signal);
  const first = await send(`Bearer ${token}`);
  if (first.status !== 401) return first;
  discard?.(first);
  holder.refuse(token);
  return send(`Bearer ${await holder.get(signal)}`);
}

const EXCHANGE: Subject = { what: 'the exchange of the API token', ofApp: false };

/** HTTP Basic with an empty user (wire: Scalingo 1.3). */
async function exchange(
  { network, auth, token, tokenPlace }: Asking,
  budget: Budget,
  signal: AbortSignal,
): Promise<string> {
  await budget.take(signal);
  const request = {
    method: 'POST',
    url: `${auth}/v1/tokens/exchange`,
    headers: JSON_HEADERS,
    credential: { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` },
    body: '{}',
    retry: true,
  } as const;
  const answer = await network.request(request, signal).catch((error: unknown) => {
    throw named(error, EXCHANGE);
  });
  if (answer.status !== 200 && answer.status !== 201) throw exchangeRefusal(answer, tokenPlace);
  const session = textOf(fieldsOf(parseJson(answer.text))?.token);
  if (session === null) throw unreadable(EXCHANGE, 'token');
  return session;
}
