// What the tests of this adapter share: a client over the real network, and a server of one's own words.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { LogEntry } from '../../../src/model.ts';
import {
  type Batch,
  type HistoryEnd,
  type HistoryQuery,
  isSupported,
  type LogOptions,
  type Settings,
  type Source,
} from '../../../src/provider.ts';
import { StationClient } from '../../../src/providers/container-station/client.ts';
import { containerStationAt } from '../../../src/providers/container-station/index.ts';
import type { Pace } from '../../../src/providers/container-station/pace.ts';
import { STATION_PACE } from '../../../src/providers/container-station/pace.ts';
import {
  type ContainerStationOptions,
  startContainerStation,
} from '../../../src/sandbox/container-station.ts';
import { createWorld } from '../../../src/sandbox/world.ts';
import { openNetwork } from '../../../src/transport/open-network.ts';

export const FAST: Pace = { ...STATION_PACE, pollMillis: 1 };
export const ALL: HistoryQuery = { lines: 'all', since: null, until: null };
export const ADMIN = { user: 'admin', password: 'secret' };

/** A signal of this test's, aborted at its end. */
export function ownSignal(): AbortSignal {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return stop.signal;
}

/** A sandbox station whose world stands still. */
export async function sandbox(options: Partial<ContainerStationOptions> = {}) {
  const world = options.world ?? createWorld({ scale: 0, past: 0 });
  const station = await startContainerStation({ routineEvery: 0, rows: [], ...options, world });
  onTestFinished(() => station.close());
  return station;
}

export function settingsOf(values: Record<string, string>): Settings {
  return { profile: 'nas', values, origins: {} };
}

/** A client over real sockets; retries wait for milliseconds and end soon. */
export function clientOf(
  values: Record<string, string>,
  { silence, ...pace }: Partial<Pace> & { readonly silence?: number } = {},
): StationClient {
  const settings = settingsOf(values);
  const provider = containerStationAt({});
  const network = openNetwork({
    tls: { insecure: false },
    proxy: {},
    mayCarryCredential: (url) => provider.mayCarryCredential(url, settings),
    allowPlainHttp: false,
    subject: { platform: 'container-station', profile: 'nas' },
    userAgent: 'polylog-test',
    retry: { firstDelay: 1, maxTotal: 100 },
    silence,
  });
  onTestFinished(() => network.close());
  return new StationClient(settings, network, { pace: { ...FAST, ...pace } });
}

/** Opens logs as the program does. */
export async function openLogs(
  client: StationClient,
  app: string,
  options: Partial<LogOptions> = {},
  signal: AbortSignal = ownSignal(),
): Promise<Source<LogEntry>> {
  const { logs } = containerStationAt(client.pace);
  if (!isSupported(logs)) throw new Error('logs are not supported');
  const all: LogOptions = { components: [], sources: [], levels: [], flags: {}, ...options };
  return logs.open(client, { app, component: null }, all, signal);
}

export interface Read {
  readonly batches: readonly Batch<LogEntry>[];
  readonly entries: readonly LogEntry[];
  readonly end: HistoryEnd;
}

export async function readPast(
  source: Source<LogEntry>,
  query: HistoryQuery,
  signal = ownSignal(),
): Promise<Read> {
  const batches: Batch<LogEntry>[] = [];
  const history = source.history(query, signal);
  for (;;) {
    const step = await history.next();
    if (step.done) return { batches, entries: batches.flatMap(({ items }) => items), end: step.value };
    batches.push(step.value);
  }
}

/** Reads batches until `enough` says so; the generator is left open until the test ends. */
export async function readUntil(
  live: AsyncGenerator<Batch<LogEntry>, unknown, undefined>,
  enough: (batches: readonly Batch<LogEntry>[]) => boolean,
): Promise<Batch<LogEntry>[]> {
  onTestFinished(async () => {
    await live.return(undefined);
  });
  const batches: Batch<LogEntry>[] = [];
  while (!enough(batches)) {
    const step = await live.next();
    if (step.done) throw new Error(`ended: ${JSON.stringify(step.value)}`);
    batches.push(step.value);
  }
  return batches;
}

export function messagesOf(batches: readonly Batch<LogEntry>[]): string[] {
  return batches.flatMap(({ items }) => items).map(({ body }) => body.message);
}

export interface Asked {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Told {
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, as HTML unless the headers say otherwise. */
  readonly text?: string | Buffer;
}

/** A server that answers as the test says; undefined = an HTML 404. */
export async function serve(answer: (asked: Asked) => Told | undefined | Promise<Told | undefined>) {
  const seen: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked: Asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      query: new URL(request.url ?? '/', 'http://nas').searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    seen.push(asked);
    const told = (await answer(asked)) ?? { status: 404, text: '<html>404</html>' };
    const type = told.json === undefined ? 'text/html' : 'application/json';
    response.writeHead(told.status ?? 200, { 'content-type': type, ...told.headers });
    response.end(told.json === undefined ? told.text : JSON.stringify(told.json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

export function paths(seen: readonly { readonly method: string; readonly path: string }[]): string[] {
  return seen.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);
}
