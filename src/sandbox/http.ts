// Listening, routing, recording and the faults that all sandbox servers share. Knows no platform: how a refusal is
// worded comes from the server that uses it.
//
//   const http = await startHttp({
//     ...options,
//     routes: [{ name: 'apps', method: 'GET', path: '/v2/apps/:id', answer: (asked) => asked.json(200, {}) }],
//     sockets: [{ name: 'live', path: '/live', accept: async (opening) => { const stream = await opening.accept(); } }],
//     refuse: (asked, fault) => asked.text(401, 'no'),
//     unknown: (asked) => asked.text(404, 'no'),
//   });
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createFaults, type Fault, type FaultName, type Faults } from './faults.ts';
import { type HeaderFields, openAnswer, readBody, refuseUpgrade, sendBody } from './http-answer.ts';
import { type Found, findRoute } from './http-routes.ts';
import {
  bodyFaults,
  type LineStream,
  openSocket,
  resetConnection,
  type SocketStream,
  socketFaults,
} from './live.ts';
import type { SeenRequest } from './server.ts';

export type { HeaderFields } from './http-answer.ts';
export { keepAlive, type LineStream, type SocketStream } from './live.ts';

/** One request, whether it is a plain one or wants an upgrade. */
export interface Asked {
  readonly seen: SeenRequest;
  readonly method: string;
  /** Absolute; with the query as parsed. */
  readonly url: URL;
  readonly query: URLSearchParams;
  /** What the path's `:names` stood for, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  /** UTF-8; '' when there was none. */
  readonly body: string;
  /** Which of the listeners was asked, from 0, and its `http://127.0.0.1:PORT`. */
  readonly listener: number;
  readonly origin: string;
  /** For `unknown`: some route has this path with another method. */
  readonly pathKnown: boolean;
  /** The fault that hits this request; those that the route has to play itself are of interest to it. */
  readonly fault: Fault | undefined;
  /** Content-Length is set unless the fields have a Transfer-Encoding (then the body is one chunk). */
  send(status: number, body: string | Buffer, fields?: HeaderFields): void;
  /** `application/json; charset=utf-8` unless the fields say otherwise. */
  json(status: number, value: unknown, fields?: HeaderFields): void;
  /** `text/plain; charset=utf-8` unless the fields say otherwise. */
  text(status: number, text: string, fields?: HeaderFields): void;
  /** Tells the listeners of `onAnswered`; `send` and the end of a `lines` body do it by themselves. */
  answered(): void;
}

export interface Exchange extends Asked {
  /** A chunked body that ends, written piece by piece. */
  lines(status: number, fields?: HeaderFields): LineStream;
  /**
   * The same, held open; counts as a watcher until it is closed. With `late` the head goes out with the first line
   * (and an end before any line is an empty body with Content-Length 0), as Go servers do that never flush.
   */
  live(status: number, fields?: HeaderFields, head?: 'at-once' | 'late'): LineStream;
}

export interface Opening extends Asked {
  /** Upgrades; counts as a watcher until it is closed. Before it, `send` and its like refuse the upgrade. */
  accept(): Promise<SocketStream>;
}

export interface Route {
  /** In `SeenRequest.route`, and what a fault names. */
  readonly name: string;
  readonly method: string;
  /** `/v2/apps/:id`; a last segment `*` stands for all the rest (`params['*']`). The first match wins. */
  readonly path: string;
  /** Narrows the match further. */
  when?(query: URLSearchParams): boolean;
  /** Faults that hit it; `answerFaults` when absent. Those not played here are in `asked.fault` for the route. */
  readonly faults?: readonly FaultName[];
  answer(asked: Exchange): void | Promise<void>;
}

export interface SocketRoute {
  readonly name: string;
  readonly path: string;
  /** `openingFaults` when absent. */
  readonly faults?: readonly FaultName[];
  accept(opening: Opening): void | Promise<void>;
}

export interface HttpOptions {
  /** Port of the first listener; 0 or absent: any free one. */
  port?: number;
  tls?: { key: string; cert: string };
  /** Certificates of the listeners after the first one, where they differ from `tls`; null: plain http. */
  otherTls?: { key: string; cert: string } | null;
  /** How many ports serve the routes; default 1. */
  listeners?: number;
  routes: readonly Route[];
  sockets?: readonly SocketRoute[];
  faults?: Faults;
  /** Bytes; a longer request body is answered with 413. Default 1 MiB. */
  maxBody?: number;
  /** Words `unauthorized`, `rate-limited`, `server-error`, `html-error` and `expired-url` as the platform does. */
  refuse(asked: Asked, fault: Fault): void;
  /** No route matches. */
  unknown(asked: Asked): void;
  /** Before any route and after the faults: true when it has answered by itself (rate limits). */
  before?(asked: Asked): boolean;
}

export interface HttpSandbox {
  /** One per listener: `http://127.0.0.1:PORT`. */
  readonly origins: readonly string[];
  readonly faults: Faults;
  readonly requests: readonly SeenRequest[];
  watchers(): number;
  watched(n: number): Promise<void>;
  onAnswered(listener: (request: SeenRequest) => void): () => void;
  close(): Promise<void>;
}

const refusals: readonly FaultName[] = [
  'unauthorized',
  'rate-limited',
  'server-error',
  'html-error',
  'expired-url',
];
const plainRefusals = refusals.filter((name) => name !== 'expired-url');

/** Faults of a route that answers at once. Add 'expired-url' for signed addresses. */
export const answerFaults: readonly FaultName[] = [
  ...plainRefusals,
  'connection-refused',
  'half-open',
  'slow-body',
  'cut-body',
  'not-json',
  'wrong-shape',
];
/** Faults of a route that uses `lines` or `live`. Add 'expired-url', 'out-of-order', 'repeated-lines' when played. */
export const lineFaults: readonly FaultName[] = [...plainRefusals, 'connection-refused', ...bodyFaults];
/** Faults of a websocket route. */
export const openingFaults: readonly FaultName[] = [
  ...plainRefusals,
  'connection-refused',
  'refuse-upgrade',
  ...socketFaults,
];

const keptRequests = 10_000;

interface Hub {
  readonly options: HttpOptions;
  readonly faults: Faults;
  readonly requests: SeenRequest[];
  readonly origins: string[];
  answered(request: SeenRequest): void;
  watch(stream: LineStream): void;
}

/** Listens on 127.0.0.1 and resolves when every port is open. */
export async function startHttp(options: HttpOptions): Promise<HttpSandbox> {
  const answeredListeners = new Set<(request: SeenRequest) => void>();
  const watching = createWatching();
  const hub: Hub = {
    options,
    faults: options.faults ?? createFaults(),
    requests: [],
    origins: [],
    answered: (request) => {
      for (const listener of [...answeredListeners]) listener(request);
    },
    watch: watching.add,
  };
  const closers: (() => Promise<void>)[] = [];
  for (let listener = 0; listener < (options.listeners ?? 1); listener += 1) {
    closers.push(await listen(hub, listener));
  }
  return {
    origins: hub.origins,
    faults: hub.faults,
    requests: hub.requests,
    watchers: watching.count,
    watched: watching.reached,
    onAnswered(listener) {
      answeredListeners.add(listener);
      return () => {
        answeredListeners.delete(listener);
      };
    },
    async close() {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

async function listen(hub: Hub, listener: number): Promise<() => Promise<void>> {
  const { tls: firstTls, otherTls = firstTls, port } = hub.options;
  const tls = listener === 0 ? firstTls : otherTls;
  const server: Server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }) : createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => {
    void serve({ hub, listener, request, response }).catch(() => response.destroy());
  });
  server.on('upgrade', (request, wire, head) => {
    wire.on('error', () => undefined);
    void upgrade({ hub, listener, request, wire, head }).catch(() => wire.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listener === 0 ? (port ?? 0) : 0, '127.0.0.1', resolve);
  });
  hub.origins[listener] = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
}

interface Incoming {
  hub: Hub;
  listener: number;
  request: IncomingMessage;
}

async function serve(incoming: Incoming & { response: ServerResponse }): Promise<void> {
  const { hub, request, response } = incoming;
  const url = parseUrl(incoming);
  const body = await readBody(request, hub.options.maxBody ?? 1024 * 1024);
  if (!url || body === undefined) {
    response.writeHead(url ? 413 : 400, { connection: 'close' }).end();
    return;
  }
  const found = findRoute(hub.options.routes, url, request.method ?? 'GET');
  const route = found.route;
  const fault = takeFault(hub, route?.name, route?.faults ?? answerFaults);
  const asked = describe({ ...incoming, url, body, found, fault });
  const exchange: Exchange = Object.assign(asked, {
    send(status: number, content: string | Buffer, fields: HeaderFields = {}) {
      response.once('finish', () => hub.answered(asked.seen));
      void sendBody(response, { status, content: Buffer.from(content), fields, fault });
    },
    lines(status: number, fields: HeaderFields = {}) {
      response.once('finish', () => hub.answered(asked.seen));
      return openAnswer(response, { status, fields, fault });
    },
    live(status: number, fields: HeaderFields = {}, head: 'at-once' | 'late' = 'at-once') {
      const stream = openAnswer(response, { status, fields, fault }, head);
      hub.watch(stream);
      return stream;
    },
  });
  if (fault?.name === 'connection-refused') return resetConnection(request.socket);
  if (fault?.name === 'half-open' && !(route?.faults ?? []).includes('reset-mid-line')) return;
  if (fault && refusals.includes(fault.name)) return hub.options.refuse(exchange, fault);
  if (hub.options.before?.(exchange)) return;
  if (!route) return hub.options.unknown(exchange);
  await route.answer(exchange);
}

async function upgrade(incoming: Incoming & { wire: Duplex; head: Buffer }): Promise<void> {
  const { hub, request, wire, head } = incoming;
  const url = parseUrl(incoming);
  if (!url) return void wire.destroy();
  const sockets = (hub.options.sockets ?? []).map((route) => ({ ...route, method: 'GET' }));
  const found = findRoute(sockets, url, request.method ?? 'GET');
  const route = found.route;
  const fault = takeFault(hub, route?.name, route?.faults ?? openingFaults);
  const asked = describe({ ...incoming, url, body: '', found, fault });
  const opening: Opening = Object.assign(asked, {
    send(status: number, content: string | Buffer, fields: HeaderFields = {}) {
      refuseUpgrade(wire, { status, content: Buffer.from(content), fields });
      hub.answered(asked.seen);
    },
    async accept() {
      const { WebSocketServer } = await import('ws');
      const server = new WebSocketServer({
        noServer: true,
        perMessageDeflate: false,
        autoPong: false,
        maxPayload: 1024 * 1024,
      });
      return await new Promise<SocketStream>((resolve) => {
        server.handleUpgrade(request, wire as Socket, head, (socket) => {
          const stream = openSocket(socket, wire, fault);
          hub.watch(stream);
          resolve(stream);
        });
      });
    },
  });
  if (fault?.name === 'connection-refused') return resetConnection(wire);
  if (fault?.name === 'refuse-upgrade') return opening.send(fault.status ?? 400, '');
  if (fault && refusals.includes(fault.name)) return hub.options.refuse(opening, fault);
  if (hub.options.before?.(opening)) return;
  if (!route || request.headers.upgrade?.toLowerCase() !== 'websocket') return hub.options.unknown(opening);
  await route.accept(opening);
}

function takeFault(hub: Hub, route: string | undefined, only: readonly FaultName[]): Fault | undefined {
  return route === undefined ? undefined : hub.faults.take(route, only);
}

interface Description extends Incoming {
  url: URL;
  body: string;
  found: Found<{ name: string }>;
  fault: Fault | undefined;
}

/** `send` is put in by the caller; `json` and `text` go through it. */
function describe(given: Description): Asked {
  const { hub, request, url, found, listener } = given;
  const seen: SeenRequest = {
    method: request.method ?? 'GET',
    path: request.url ?? '',
    headers: request.headers,
    body: given.body,
    route: found.route?.name ?? '',
  };
  hub.requests.push(seen);
  if (hub.requests.length > keptRequests) hub.requests.shift();
  return {
    seen,
    method: seen.method,
    url,
    query: url.searchParams,
    params: found.params,
    headers: request.headers,
    body: given.body,
    listener,
    origin: hub.origins[listener] ?? '',
    pathKnown: found.pathKnown,
    fault: given.fault,
    send: () => undefined,
    json(status, value, fields) {
      this.send(status, JSON.stringify(value), {
        'Content-Type': 'application/json; charset=utf-8',
        ...fields,
      });
    },
    text(status, text, fields) {
      this.send(status, text, { 'Content-Type': 'text/plain; charset=utf-8', ...fields });
    },
    answered: () => hub.answered(seen),
  };
}

function parseUrl({ hub, listener, request }: Incoming): URL | undefined {
  try {
    return new URL(`${hub.origins[listener] ?? ''}${request.url ?? '/'}`);
  } catch {
    return undefined;
  }
}

function createWatching() {
  const streams = new Set<LineStream>();
  let waiting: { n: number; resolve: () => void }[] = [];
  return {
    count: () => streams.size,
    add(stream: LineStream) {
      streams.add(stream);
      stream.onClose(() => streams.delete(stream));
      // The route that opened the stream gets to attach it to the world first.
      for (const { n, resolve } of waiting) if (streams.size >= n) setImmediate(resolve);
      waiting = waiting.filter(({ n }) => streams.size < n);
    },
    reached(n: number) {
      return new Promise<void>((resolve) => {
        if (streams.size >= n) setImmediate(resolve);
        else waiting.push({ n, resolve });
      });
    },
  };
}
