// A server that answers with samples of documentation, word for word, and an adapter connected to it. Knows no platform.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { instantFromMillis, type LogEntry, type MetricSeries, type PlatformEvent } from '../../src/model.ts';
import {
  type Capability,
  isSupported,
  type MetricQuery,
  type Provider,
  type Source,
} from '../../src/provider.ts';
import { resolveSettings } from '../../src/settings.ts';
import { openNetwork } from '../../src/transport/open-network.ts';

export interface Sent {
  readonly status?: number;
  /** An object becomes JSON; a string is sent as it is. `HERE` stands for the server's own `http://127.0.0.1:PORT`. */
  readonly body: unknown;
  readonly type?: string;
}

export interface Script {
  /** By the beginning of method and path with its query; the longest that fits answers, of several answers one after the other. */
  readonly answers: Readonly<Record<string, Sent | readonly Sent[]>>;
  readonly socket?: (socket: WebSocket) => void;
  readonly env: (url: string) => Readonly<Record<string, string>>;
}

export interface Played {
  readonly client: unknown;
  readonly signal: AbortSignal;
  /** Methods and paths, in order. */
  readonly asked: string[];
}

export async function play(provider: Provider, script: Script): Promise<Played> {
  const asked: string[] = [];
  const turns = new Map<string, number>();
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    asked.push(line);
    const fitting = Object.keys(script.answers).filter((key) => line.startsWith(key));
    const key = fitting.toSorted((a, b) => b.length - a.length)[0];
    const turn = turns.get(key ?? '') ?? 0;
    turns.set(key ?? '', turn + 1);
    const told = key === undefined ? undefined : script.answers[key];
    const list = Array.isArray(told) ? (told as readonly Sent[]) : told ? [told as Sent] : [];
    const sent = list[Math.min(turn, list.length - 1)] ?? { status: 404, body: '', type: 'text/plain' };
    const text = typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body);
    response.writeHead(sent.status ?? 200, { 'content-type': sent.type ?? 'application/json' });
    response.end(text.replaceAll('HERE', here()));
  });
  const here = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => script.socket?.(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const settings = resolveSettings(provider, { env: script.env(here()), flags: {} });
  const network = openNetwork({
    tls: { insecure: false, host: '127.0.0.1' },
    proxy: {},
    mayCarryCredential: (url) => provider.mayCarryCredential(url, settings),
    allowPlainHttp: false,
    subject: { platform: provider.title, profile: settings.profile },
    userAgent: 'polylog/samples',
    retry: { firstDelay: 1, maxTotal: 20 },
  });
  const stop = new AbortController();
  onTestFinished(async () => {
    stop.abort(new Error('the test is over'));
    await network.close();
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { client: provider.connect(settings, network), signal: stop.signal, asked };
}

export function of<T extends object>(capability: Capability<T>): T {
  if (!isSupported(capability)) throw new Error(capability.unsupported);
  return capability;
}

export async function everything<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

/** Items of the past, oldest first. */
export async function past<T>(source: Source<T>, signal: AbortSignal): Promise<T[]> {
  const history = source.history({ lines: 'all', since: null, until: null }, signal);
  const items: T[] = [];
  for (let step = await history.next(); step.done !== true; step = await history.next())
    items.push(...step.value.items);
  return items;
}

/** One live connection to its end. */
export async function live<T>(source: Source<T>, signal: AbortSignal): Promise<T[]> {
  const connection = source.live({ lines: 1000 }, signal);
  const items: T[] = [];
  for (let step = await connection.next(); step.done !== true; step = await connection.next())
    items.push(...step.value.items);
  return items;
}

export const linesOf = (entries: readonly LogEntry[]) => entries.map(({ raw }) => raw);
export const wordsOf = (events: readonly PlatformEvent[]) => events.map(({ message }) => message);
export const valuesOf = (series: readonly MetricSeries[]) =>
  series.map(({ component, instance, metric, unit, samples }) => [
    instance ?? component,
    metric,
    unit,
    samples.map(({ value }) => value),
  ]);

export function between(since: string, until: string, metrics: readonly string[] = []): MetricQuery {
  const [from, to] = [since, until].map((text) => instantFromMillis(Date.parse(text)));
  if (!from || !to) throw new Error('no range');
  return { metrics, since: from, until: to, resolution: null, components: [] };
}
