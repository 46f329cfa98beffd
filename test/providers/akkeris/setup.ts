// What the tests of this provider share: a network without waiting times, and servers of their own.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LogEntry } from '../../../src/model.ts';
import type { Batch, LiveEnd, LogOptions, Settings, Source } from '../../../src/provider.ts';
import { mayCarryCredential, originOf } from '../../../src/providers/akkeris/address.ts';
import { type AkkerisClient, createClient, type Timing } from '../../../src/providers/akkeris/client.ts';
import { logs } from '../../../src/providers/akkeris/log.ts';
import { openNetwork } from '../../../src/transport/open-network.ts';

export const TOKEN = 'akkeris-token-1';
export const never = new AbortController().signal;

export function settingsOf(values: Record<string, string>): Settings {
  const origins = Object.fromEntries(Object.keys(values).map((name) => [name, `env ${name.toUpperCase()}`]));
  return { profile: 'akkeris', values, origins };
}

/** A stream counts as open at once, nobody is told that it is silent, and the next look follows the last. */
const hasty: Timing = { standsAfter: 1, hintAfter: 3_600_000, buildEvery: 1, eventsEvery: 1 };

export function clientFor(url: string, timing: Partial<Timing> = {}, token = TOKEN): AkkerisClient {
  const settings = settingsOf({ url, token });
  const network = openNetwork({
    tls: { insecure: false, host: new URL(originOf(settings)).hostname },
    proxy: {},
    mayCarryCredential: (address) => mayCarryCredential(address, settings),
    allowPlainHttp: false,
    subject: { platform: 'Akkeris', profile: 'akkeris' },
    userAgent: 'polylog/test',
    retry: { firstDelay: 1, maxTotal: 250 },
  });
  return createClient(settings, network, { ...hasty, ...timing });
}

export interface Opening extends Partial<LogOptions> {
  readonly app?: string;
  readonly component?: string;
}

export function open(client: AkkerisClient, { app = 'api-default', component, ...options }: Opening = {}) {
  const all = { components: [], sources: [], levels: [], flags: {}, ...options };
  return logs.open(client, { app, component: component ?? null }, all, never);
}

export interface Read {
  readonly batches: Batch<LogEntry>[];
  readonly lines: string[];
  readonly end: LiveEnd;
}

/** One connection from beginning to end. `onBatch` is called with each batch, in order. */
export async function readLive(
  source: Source<LogEntry>,
  lines: number,
  onBatch: (batch: Batch<LogEntry>) => void = () => undefined,
): Promise<Read> {
  const live = source.live({ lines }, never);
  const batches: Batch<LogEntry>[] = [];
  for (;;) {
    const step = await live.next();
    if (step.done === true) return { batches, lines: rawsOf(batches), end: step.value };
    batches.push(step.value);
    onBatch(step.value);
  }
}

export function rawsOf(batches: readonly Batch<LogEntry>[]): string[] {
  return batches.flatMap(({ items }) => items.map(({ raw }) => raw));
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

export interface OwnServer {
  readonly url: string;
  readonly logplexUrl: string;
  /** What the API was asked, and what the log server was. */
  readonly asked: Asked[];
  readonly streamed: Asked[];
  close(): Promise<void>;
}

type Answer = (response: ServerResponse, number: number, asked: Asked) => void;

export interface Answers {
  /** By `METHOD path`; `*` for the rest. The app and the session are there already. */
  readonly routes?: Readonly<Record<string, Answer>>;
  /** `number` counts the requests from 1. */
  readonly stream?: Answer;
}

export const POST_SESSION = 'POST /apps/api-default/log-sessions';

/** An API and, on another port, a log server. */
export async function startOwn({ routes = {}, stream }: Answers): Promise<OwnServer> {
  const asked: Asked[] = [];
  const streamed: Asked[] = [];
  const counts = new Map<string, number>();
  let logplexUrl = '';
  const usual: Readonly<Record<string, Answer>> = {
    'GET /apps/api-default': (response) => json(response, 200, APP),
    [POST_SESSION]: (response, number) =>
      json(response, 201, { id: 'x', logplex_url: `${logplexUrl}/tails/${number}=` }),
  };
  const api = await listen(async (request, response) => {
    const question = await questionOf(request);
    asked.push(question);
    const name = `${question.method} ${question.path}`;
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    const answer = routes[name] ?? usual[name] ?? routes['*'];
    if (answer) answer(response, number, question);
    else response.writeHead(404, { 'content-type': 'application/octet-stream', 'content-length': '0' }).end();
  });
  const logplex = await listen(async (request, response) => {
    const question = await questionOf(request);
    streamed.push(question);
    if (stream) stream(response, streamed.length, question);
    else response.writeHead(404).end();
  });
  logplexUrl = logplex.url;
  return {
    url: api.url,
    logplexUrl,
    asked,
    streamed,
    close: async () => {
      await api.close();
      await logplex.close();
    },
  };
}

export const APP = {
  id: '62dc0fd3-2cba-4925-8fca-d1129d296d2c',
  name: 'api-default',
  simple_name: 'api',
  region: { name: 'us-seattle' },
  maintenance: false,
  released_at: '2018-03-24T01:07:18.000Z',
  formation: [
    { type: 'web', quantity: 2 },
    { type: 'worker', quantity: 1 },
  ],
};

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

/** As the controller words its errors: a bare sentence that calls itself JSON. */
export function sentence(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(text);
}

async function listen(
  meet: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => void meet(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function questionOf(request: IncomingMessage): Promise<Asked> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method = '', url: path = '', headers } = request;
  return { method, path, body, headers };
}
