// What the tests of this provider share: a network without waiting times, and servers of their own.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { LogEntry } from '../../../src/model.ts';
import type {
  Batch,
  HistoryEnd,
  HistoryQuery,
  LiveEnd,
  LogOptions,
  Settings,
  Source,
} from '../../../src/provider.ts';
import { credentialOrigin, mayCarryCredential } from '../../../src/providers/digitalocean/address.ts';
import {
  createClient,
  type DigitaloceanClient,
  type Timing,
} from '../../../src/providers/digitalocean/client.ts';
import { logs } from '../../../src/providers/digitalocean/log.ts';
import { openNetwork } from '../../../src/transport/open-network.ts';

export const TOKEN = `dop_v1_${'ab'.repeat(32)}`;
export const APP = '4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf';
export const never = new AbortController().signal;

export function settingsOf(values: Record<string, string>): Settings {
  const origins = Object.fromEntries(Object.keys(values).map((name) => [name, `env ${name}`]));
  return { profile: 'digitalocean', values, origins };
}

export const hasty: Timing = {
  now: () => performance.now(),
  watch: 2_000_000,
  watchShare: 1,
  newestEvery: 1_000_000,
  phase: 1,
  podConnection: 180_000,
  slack: 30_000,
  newest: 30_000,
  quiet: 30_000,
  retry: { firstDelay: 1, maxTotal: 5000 },
};

const opened: { close(): Promise<void> }[] = [];

/** Closes every network and server of the test. */
export async function closeAll(): Promise<void> {
  for (const each of opened.splice(0).reverse()) await each.close();
}

export function clientFor(
  values: Record<string, string>,
  { silence, ...timing }: Partial<Timing> & { readonly silence?: number } = {},
): DigitaloceanClient {
  const settings = settingsOf({ token: TOKEN, ...values });
  const network = openNetwork({
    tls: { insecure: false, host: new URL(credentialOrigin(settings)).hostname },
    proxy: {},
    mayCarryCredential: (url) => mayCarryCredential(url, settings),
    allowPlainHttp: false,
    subject: { platform: 'DigitalOcean App Platform', profile: 'digitalocean' },
    userAgent: 'polylog/test',
    retry: { firstDelay: 1, maxTotal: 250 },
    silence,
  });
  opened.push(network);
  return createClient(settings, network, { ...hasty, ...timing });
}

export interface Opening {
  readonly app?: string;
  readonly component?: string;
  readonly components?: readonly string[];
  readonly flags?: LogOptions['flags'];
}

export function open(client: DigitaloceanClient, opening: Opening = {}): Promise<Source<LogEntry>> {
  const { app = 'shop', component = null, components = [], flags = {} } = opening;
  return logs.open(client, { app, component }, { components, sources: [], levels: [], flags }, never);
}

export interface Read<E> {
  readonly batches: Batch<LogEntry>[];
  readonly lines: string[];
  readonly missing: string[];
  readonly notices: string[];
  readonly end: E;
}

export function readHistory(
  source: Source<LogEntry>,
  query: Partial<HistoryQuery> = {},
): Promise<Read<HistoryEnd>> {
  return drain(source.history({ lines: 100, since: null, until: null, ...query }, never));
}

export function readLive(source: Source<LogEntry>, lines = 0): Promise<Read<LiveEnd>> {
  return drain(source.live({ lines }, never));
}

export async function drain<E>(steps: AsyncGenerator<Batch<LogEntry>, E, undefined>): Promise<Read<E>> {
  const batches: Batch<LogEntry>[] = [];
  let step = await steps.next();
  for (; step.done !== true; step = await steps.next()) batches.push(step.value);
  return {
    batches,
    lines: batches.flatMap(({ items }) => items.map(({ raw }) => raw)),
    missing: batches.flatMap(({ missing }) => missing?.reason ?? []),
    notices: batches.flatMap(({ notices }) => (notices ?? []).map(({ message }) => message)),
    end: step.value,
  };
}

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
}

export type Route = (asked: Asked, response: ServerResponse) => void;

export interface Own {
  /** Of the API. */
  readonly url: string;
  /** Of the host of logs, another origin. */
  readonly far: string;
  /** `METHOD path?query` of requests to the API; websocket upgrades as `WS`. */
  readonly asked: string[];
  readonly askedFar: string[];
  /** Headers of all that came to the host of logs. */
  readonly farHeaders: IncomingMessage['headers'][];
}

export interface OwnAnswers {
  /** Of the API, by path below `/v2`; the list of apps and app `shop` are there already. */
  readonly api?: Readonly<Record<string, Route>>;
  /** The answer of every logs endpoint; `far` is the host of logs. */
  readonly logs?: (asked: Asked, far: string) => unknown;
  /** GETs at the host of logs, by path. */
  readonly far?: Readonly<Record<string, Route>>;
  readonly upgrade?: (socket: WebSocket, asked: Asked) => void;
  /** A status refuses the upgrade. */
  readonly refuseUpgrade?: (asked: Asked) => number | null;
}

/** A fresh copy of app `shop`; `active` and `coming` are ids of deployments. */
export function shop(fields: { active?: string | null; coming?: string } = {}): Record<string, unknown> {
  const { active = 'd-1', coming } = fields;
  return {
    id: APP,
    spec: {
      name: 'shop',
      region: 'ams',
      services: [{ name: 'web', instance_count: 2 }],
      workers: [{ name: 'worker' }],
    },
    ...(active !== null && { active_deployment: { id: active, phase: 'ACTIVE' } }),
    ...(coming !== undefined && { in_progress_deployment: { id: coming, phase: 'BUILDING' } }),
  };
}

/** Two servers: the API, and beside it the host that live URLs and archives point to. */
export async function startOwn(answers: OwnAnswers = {}): Promise<Own> {
  const asked: string[] = [];
  const askedFar: string[] = [];
  const farHeaders: IncomingMessage['headers'][] = [];
  let farUrl = '';
  const usual: Record<string, Route> = {
    '/apps': (_, response) => json(response, 200, { apps: [shop()] }),
    [`/apps/${APP}`]: (_, response) => json(response, 200, { app: shop() }),
  };
  const api = await listen((request, response) => {
    const question = questionOf(request);
    asked.push(`${request.method} ${request.url}`);
    const path = question.path.replace(/^\/v2/, '');
    const route = answers.api?.[path] ?? usual[path];
    if (route) route(question, response);
    else if (path.endsWith('/logs') && answers.logs) json(response, 200, answers.logs(question, farUrl));
    else json(response, 404, { id: 'not_found', message: 'The resource you requested could not be found.' });
  });
  const far = await listen((request, response) => {
    const question = questionOf(request);
    askedFar.push(`${request.method} ${request.url}`);
    farHeaders.push(request.headers);
    const route = answers.far?.[question.path];
    if (route) route(question, response);
    else response.writeHead(404).end();
  });
  farUrl = far.url;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  far.server.on('upgrade', (request, socket, head) => {
    const question = questionOf(request);
    askedFar.push(`WS ${request.url}`);
    farHeaders.push(request.headers);
    const status = answers.refuseUpgrade?.(question) ?? (answers.upgrade ? null : 404);
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => answers.upgrade?.(accepted, question));
  });
  opened.push({
    async close() {
      for (const client of sockets.clients) client.terminate();
    },
  });
  return { url: api.url, far: farUrl, asked, askedFar, farHeaders };
}

function questionOf(request: IncomingMessage): Asked {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://own');
  return { path: pathname, query: searchParams, request };
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function text(response: ServerResponse, status: number, body: string | Buffer, headers = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body);
}

/** A frame as the platform sends it. */
export function frame(words: string): string {
  return JSON.stringify({ data: words });
}

/** `web 2026-08-01T10:00:NN.000000001Z TEXT` */
export function line(second: number, words: string, component = 'web'): string {
  return `${component} 2026-08-01T10:00:${String(second).padStart(2, '0')}.000000001Z ${words}`;
}
