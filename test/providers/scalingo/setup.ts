// What the tests of this provider share: a network without waiting times, and servers of their own.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { LogEntry } from '../../../src/model.ts';
import type { Batch, HistoryEnd, HistoryQuery, LogOptions, Settings, Source } from '../../../src/provider.ts';
import { credentialOrigin, mayCarryCredential } from '../../../src/providers/scalingo/address.ts';
import { createClient, type ScalingoClient, type Timing } from '../../../src/providers/scalingo/client.ts';
import { logs } from '../../../src/providers/scalingo/log.ts';
import type { Network } from '../../../src/transport/network.ts';
import { openNetwork } from '../../../src/transport/open-network.ts';

export const TOKEN = 'tk-us-fake';
export const never = new AbortController().signal;

export function settingsOf(values: Record<string, string>, origins: Record<string, string> = {}): Settings {
  const given = Object.fromEntries(Object.keys(values).map((name) => [name, `env ${name}`]));
  const auth = 'auth-url' in values ? {} : { 'auth-url': 'https://auth.scalingo.com' };
  return {
    profile: 'scalingo',
    values: { ...auth, ...values },
    origins: { 'auth-url': 'default', ...given, ...origins },
  };
}

export function networkFor(settings: Settings, silence?: number): Network {
  return openNetwork({
    tls: { insecure: false, host: new URL(credentialOrigin(settings)).hostname },
    proxy: {},
    mayCarryCredential: (url) => mayCarryCredential(url, settings),
    allowPlainHttp: false,
    subject: { platform: 'Scalingo', profile: 'scalingo' },
    userAgent: 'polylog/test',
    retry: { firstDelay: 1, maxTotal: 250 },
    silence,
  });
}

export const hasty: Timing = {
  now: Date.now,
  budget: { burst: 1000, interval: 1 },
  retry: { firstDelay: 1, maxTotal: 250 },
};

export function clientFor(
  values: Record<string, string>,
  { silence, ...timing }: Partial<Timing> & { readonly silence?: number } = {},
): ScalingoClient {
  const settings = settingsOf({ token: TOKEN, ...values });
  return createClient(settings, networkFor(settings, silence), { ...hasty, ...timing });
}

export function open(
  client: ScalingoClient,
  app: string,
  options: Partial<LogOptions> = {},
  component: string | null = null,
): Promise<Source<LogEntry>> {
  const all = { components: [], sources: [], levels: [], flags: {}, ...options };
  return logs.open(client, { app, component }, all, never);
}

export const anyHistory: HistoryQuery = { lines: 100, since: null, until: null };

export interface Read {
  readonly lines: string[];
  readonly batches: Batch<LogEntry>[];
  readonly missing: string[];
  readonly end: HistoryEnd;
}

export async function readAll(source: Source<LogEntry>, query: Partial<HistoryQuery> = {}): Promise<Read> {
  const batches: Batch<LogEntry>[] = [];
  const history = source.history({ ...anyHistory, ...query }, never);
  let step = await history.next();
  for (; step.done !== true; step = await history.next()) batches.push(step.value);
  return {
    batches,
    lines: batches.flatMap(({ items }) => items.map(({ raw }) => raw)),
    missing: batches.flatMap(({ missing }) => missing?.reason ?? []),
    end: step.value,
  };
}

/** A JSON Web Token with these claims. */
export function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ typ: 'JWT', alg: 'HS512' })}.${part(claims)}.c2ln`;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
}

export interface OwnServer {
  readonly url: string;
  /** `METHOD path?query`, websocket upgrades as `WS`. */
  readonly asked: string[];
  readonly authorizations: (string | undefined)[];
  close(): Promise<void>;
}

export interface Answers {
  /** Looked up by path first; `*` for the rest. The exchange, the regions and the URL of the log are there already. */
  readonly routes?: Readonly<Record<string, (asked: Asked, response: ServerResponse) => void>>;
  readonly upgrade?: (socket: WebSocket, asked: Asked) => void;
  /** Called before an upgrade: a status refuses it. */
  readonly refuseUpgrade?: (
    asked: Asked,
  ) => number | { status: number; headers: Record<string, string> } | null;
}

/** One server for everything; its log is at `/logs/shop?token=…&timestamp=…`. */
export async function startOwn(answers: Answers): Promise<OwnServer> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  let signed = 0;
  let url = '';
  const usual: NonNullable<Answers['routes']> = {
    '/v1/tokens/exchange': (_, response) => json(response, 200, { token: jwt({ iat: 0, exp: 3600 }) }),
    '/v1/regions': (_, response) =>
      json(response, 200, { regions: [{ name: 'osc-fr1', api: url, database_api: url, default: true }] }),
    '/v1/apps/shop/logs': (_, response) => {
      signed += 1;
      json(response, 200, {
        app: {},
        logs_url: `${url}/logs/shop?token=secret${signed}&timestamp=17&x=a%7Cb`,
      });
    },
  };
  const seen = (request: IncomingMessage, method: string): Asked => {
    const target = new URL(request.url ?? '/', 'http://own');
    asked.push(`${method} ${request.url}`);
    authorizations.push(request.headers.authorization);
    return { method, path: target.pathname, query: target.searchParams, request };
  };
  const server: Server = createServer((request, response) => {
    const question = seen(request, request.method ?? '');
    const routes = { ...usual, ...answers.routes };
    const route = routes[question.path] ?? routes['*'];
    if (route) route(question, response);
    else json(response, 404, { error: 'not found' });
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) => {
    const question = seen(request, 'WS');
    const refusal = answers.refuseUpgrade?.(question) ?? null;
    if (refusal !== null || !answers.upgrade) {
      const { status, headers } =
        typeof refusal === 'object' && refusal ? refusal : { status: refusal ?? 400, headers: {} };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(
        `HTTP/1.1 ${status} No\r\n${lines.join('')}Content-Length: 2\r\nConnection: close\r\n\r\nno`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => answers.upgrade?.(opened, question));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    authorizations,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

export function plain(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
}
