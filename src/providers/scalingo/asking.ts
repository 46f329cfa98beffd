// How one profile asks Scalingo: with which token, how often, and what becomes of a refusal. Knows no endpoint but the
// exchange of the API token.
import type { Network } from '../../transport/network.ts';
import { type Budget, createBudget } from './budget.ts';
import type { Timing } from './client.ts';
import { exchangeRefusal, named, refusalOf, type Subject, unreadable } from './refusal.ts';
import { createTokenHolder, type TokenHolder } from './session.ts';
import { type Fields, fieldsOf, parseJson, textOf } from './shape.ts';

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

export interface Asking {
  readonly network: Network;
  readonly timing: Timing;
  /** Base address of the authentication service. */
  readonly auth: string;
  /** The API token. */
  readonly token: string;
}

const JSON_HEADERS = { accept: 'application/json', 'content-type': 'application/json' };

/** A refused token is replaced once per request: 401 also means that the account has no rights there. */
export function createAsk(asking: Asking): Ask {
  const budget = createBudget(asking.timing.budget, () => performance.now());
  const account = createTokenHolder((signal) => exchange(asking, budget, signal), asking.timing.now);
  return async ({ method, url, subject, holder = account }, signal) => {
    for (let attempt = 1; ; attempt += 1) {
      const token = await holder.get(signal);
      await budget.take(signal);
      const request = {
        url,
        headers: JSON_HEADERS,
        credential: { authorization: `Bearer ${token}` },
        // The only POST makes a token: asking twice does no harm.
        ...(method === 'POST' && { method, body: '{}', retry: true }),
      };
      const answer = await asking.network.request(request, signal).catch((error: unknown) => {
        throw named(error, subject);
      });
      if (answer.status === 401 && attempt === 1) {
        holder.refuse(token);
        continue;
      }
      if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, subject);
      const fields = fieldsOf(parseJson(answer.text));
      if (fields === null) throw unreadable(subject, 'JSON object');
      return fields;
    }
  };
}

const EXCHANGE: Subject = { what: 'the exchange of the API token', ofApp: false };

/** HTTP Basic with an empty user (wire: Scalingo 1.3). */
async function exchange(
  { network, auth, token }: Asking,
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
  if (answer.status !== 200 && answer.status !== 201) throw exchangeRefusal(answer);
  const session = textOf(fieldsOf(parseJson(answer.text))?.token);
  if (session === null) throw unreadable(EXCHANGE, 'token');
  return session;
}
