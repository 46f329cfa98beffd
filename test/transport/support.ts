// Servers, proxies and certificates for the transport's tests: real sockets on loopback, closed when the test ends.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Network } from '../../src/transport/network.ts';
import { type NetworkOptions, openNetwork } from '../../src/transport/open-network.ts';

export const SECRET = 'tres-geheim';
export const never = new AbortController().signal;

export function optionsWith(changes: Partial<NetworkOptions> = {}): NetworkOptions {
  return {
    tls: { insecure: false },
    proxy: {},
    mayCarryCredential: (url) =>
      url.hostname === '127.0.0.1' || url.hostname === 'localhost' || url.hostname.endsWith('.test'),
    allowPlainHttp: false,
    subject: { platform: 'Scalingo', profile: 'prod' },
    userAgent: 'polylog/1',
    retry: { firstDelay: 1, maxTotal: 30_000 },
    ...changes,
  };
}

export function networkWith(changes: Partial<NetworkOptions> = {}): Network {
  const network = openNetwork(optionsWith(changes));
  onTestFinished(() => network.close());
  return network;
}

export interface Served {
  readonly server: Server;
  readonly port: number;
  /** `http://127.0.0.1:PORT` or https. */
  readonly origin: string;
}

/** Any server, listening on loopback until the test ends. */
export async function listen(server: Server, scheme = 'http'): Promise<Served> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, origin: `${scheme}://127.0.0.1:${port}` };
}

export function serve(listener: RequestListener): Promise<Served> {
  return listen(http.createServer(listener));
}

export function serveTls(certificate: Certificate, listener: RequestListener): Promise<Served> {
  const server = https.createServer({ key: certificate.key, cert: certificate.pem }, listener);
  server.on('tlsClientError', () => {});
  return listen(server, 'https');
}

/** Answers each connection's first bytes with raw ones of the test's choice. */
export function serveRaw(onRequest: (socket: Socket, request: string) => void): Promise<Served> {
  return listen(
    net.createServer((socket) => {
      socket.once('data', (request) => onRequest(socket, request.toString('latin1')));
    }),
  );
}

export interface Proxy {
  readonly url: string;
  /** `host:port` of every CONNECT. */
  readonly asked: string[];
  readonly authorizations: (string | undefined)[];
}

export interface ProxyWays {
  /** Status in place of a tunnel. */
  readonly refuse?: number;
  /** What it asks for with 407. */
  readonly challenge?: string;
  readonly silent?: boolean;
  /** A page after 200, in place of the tunnel: at once with it, or in a packet of its own. */
  readonly page?: 'at once' | 'later';
  /** `user:password` that it wants; anybody passes without. */
  readonly wants?: string;
  /** To be spoken to over TLS. */
  readonly certificate?: Certificate;
}

/** A CONNECT proxy that brings every host name to the port on loopback, or does something else. */
export async function serveProxy(ways: ProxyWays = {}): Promise<Proxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const { certificate } = ways;
  const server = certificate
    ? https.createServer({ key: certificate.key, cert: certificate.pem })
    : http.createServer();
  server.on('request', (_request, response) => response.writeHead(400).end());
  server.on('connect', (request, socket: Socket) => {
    const given = request.headers['proxy-authorization'];
    asked.push(request.url ?? '');
    authorizations.push(given);
    socket.on('error', () => {});
    if (ways.silent) return;
    const isWanted =
      ways.wants === undefined || given === `Basic ${Buffer.from(ways.wants).toString('base64')}`;
    const refusal = isWanted ? (ways.refuse ?? 0) : 407;
    if (refusal > 0) {
      const challenge = ways.challenge ? `proxy-authenticate: ${ways.challenge}\r\n` : '';
      socket.end(`HTTP/1.1 ${refusal} No\r\n${challenge}content-length: 2\r\n\r\nno`);
    } else if (ways.page) answerWithPage(socket, ways.page);
    else connectThrough(socket, Number(request.url?.split(':').pop()));
  });
  const { origin } = await listen(server, certificate ? 'https' : 'http');
  return { url: origin, asked, authorizations };
}

function connectThrough(socket: Socket, port: number): void {
  const target = net.connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(target).pipe(socket);
  });
  target.on('error', () => socket.destroy());
  socket.on('close', () => target.destroy());
}

function answerWithPage(socket: Socket, when: 'at once' | 'later'): void {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n';
  const page = '<html>Please accept the rules of this network.</html>';
  if (when === 'at once') {
    socket.end(head + page);
    return;
  }
  socket.write(head);
  // The first bytes of whoever believes in the tunnel.
  socket.once('data', () => socket.end(page));
}

export interface Certificate {
  readonly pem: string;
  readonly key: string;
  /** `AA:BB:…`. */
  readonly fingerprint: string;
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.warn('openssl is not installed: the tests with TLS certificates are skipped');

/** Self-signed, for `localhost` and 127.0.0.1 unless said otherwise. */
export function makeCertificate(names = 'DNS:localhost,IP:127.0.0.1'): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'polylog-cert-'));
  const files = { key: join(directory, 'key.pem'), cert: join(directory, 'cert.pem') };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=polylog test', '-addext', `subjectAltName=${names}`];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', files.key, '-out', files.cert], {
    stdio: 'pipe',
  });
  const printed = execFileSync('openssl', [
    'x509',
    '-noout',
    '-fingerprint',
    '-sha256',
    '-in',
    files.cert,
  ]).toString();
  const certificate = {
    pem: readFileSync(files.cert, 'utf8'),
    key: readFileSync(files.key, 'utf8'),
    fingerprint: printed.split('=')[1]?.trim() ?? '',
  };
  rmSync(directory, { recursive: true });
  return certificate;
}

/** Resolves when the number has not changed for so many turns of the event loop that whatever can move has moved. */
export async function settledCount(count: () => number): Promise<number> {
  for (let last = -1, quiet = 0; quiet < 300; ) {
    await turn();
    quiet = count() === last ? quiet + 1 : 0;
    last = count();
  }
  return count();
}

/** Resolves when the next connection that the server gets has ended, whichever way. */
export function closeOfNext(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.once('connection', (socket: Socket) => socket.once('close', () => resolve()));
  });
}

/** Everything of an iterator, and the error that ended it, if one did. */
export async function collect<T>(source: AsyncIterable<T>): Promise<{ items: T[]; error: unknown }> {
  const items: T[] = [];
  try {
    for await (const item of source) items.push(item);
  } catch (error) {
    return { items, error };
  }
  return { items, error: undefined };
}

export function textOf(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
