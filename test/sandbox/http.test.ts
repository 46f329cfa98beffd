import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Fault } from '../../src/sandbox/faults.ts';
import { atPaceOf, follow } from '../../src/sandbox/follow.ts';
import {
  type HttpOptions,
  type HttpSandbox,
  keepAlive,
  type LineStream,
  startHttp,
} from '../../src/sandbox/http.ts';
import { createWorld } from '../../src/sandbox/world.ts';

let http: HttpSandbox;
let stream: LineStream;

async function start(options: Partial<HttpOptions> = {}): Promise<string> {
  http = await startHttp({
    routes: [
      {
        name: 'thing',
        method: 'GET',
        path: '/things/:id',
        answer: (asked) => asked.json(200, { ...asked.params }),
      },
      { name: 'make', method: 'POST', path: '/things', answer: (asked) => asked.text(201, asked.body) },
      {
        name: 'rest',
        method: 'GET',
        path: '/rest/*',
        answer: (asked) => asked.text(200, asked.params['*'] ?? ''),
      },
      {
        name: 'live',
        method: 'GET',
        path: '/live',
        faults: [
          'reset-mid-line',
          'reset-mid-character',
          'half-open',
          'clean-end',
          'slow-body',
          'endless-line',
        ],
        answer: (asked) => {
          stream = asked.live(200, { 'Content-Type': 'text/plain' });
        },
      },
    ],
    sockets: [
      {
        name: 'socket',
        path: '/socket',
        accept: async (opening) => {
          const opened = await opening.accept();
          opened.onMessage((text) => opened.write(`heard ${text}`));
          stream = opened;
        },
      },
    ],
    refuse: (asked, fault) => asked.text(fault.status ?? 401, `refused: ${fault.name}`),
    unknown: (asked) => asked.text(asked.pathKnown ? 405 : 404, 'unknown'),
    ...options,
  });
  return http.origins[0] ?? '';
}

afterEach(() => http.close());

interface Got {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  body: string;
  /** How the body ended. */
  end: 'end' | string;
}

function ask(
  url: string,
  options: { method?: string; body?: string; onPiece?: (piece: string) => void } = {},
) {
  return new Promise<Got>((resolve, reject) => {
    const call = url.startsWith('https') ? httpsRequest : httpRequest;
    const request = call(url, { method: options.method ?? 'GET', rejectUnauthorized: false }, (response) => {
      const pieces: Buffer[] = [];
      const done = (end: string) =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(pieces).toString(),
          end,
        });
      response.on('data', (piece: Buffer) => {
        pieces.push(piece);
        options.onPiece?.(piece.toString());
      });
      response.on('end', () => done('end'));
      response.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'error'));
    });
    request.on('error', reject);
    request.end(options.body);
  });
}

/** Opens the live body and resolves as soon as the server has its stream. */
async function watch(url: string, onPiece?: (piece: string) => void): Promise<{ ended: Promise<Got> }> {
  const ended = ask(url, onPiece ? { onPiece } : {});
  ended.catch(() => undefined);
  await http.watched(1);
  return { ended };
}

describe('routes', () => {
  it('match by method and path, and are recorded', async () => {
    const url = await start();
    expect(JSON.parse((await ask(`${url}/things/caf%C3%A9?x=1`)).body)).toEqual({ id: 'café' });
    expect(await ask(`${url}/things`, { method: 'POST', body: 'ünï' })).toMatchObject({
      status: 201,
      body: 'ünï',
    });
    expect((await ask(`${url}/rest/a/b/c`)).body).toBe('a/b/c');
    expect((await ask(`${url}/things`)).status).toBe(405);
    expect((await ask(`${url}/nothing`)).status).toBe(404);
    expect(http.requests.map(({ method, path, route, body }) => [method, path, route, body])).toEqual([
      ['GET', '/things/caf%C3%A9?x=1', 'thing', ''],
      ['POST', '/things', 'make', 'ünï'],
      ['GET', '/rest/a/b/c', 'rest', ''],
      ['GET', '/things', '', ''],
      ['GET', '/nothing', '', ''],
    ]);
  });

  it('refuse a body beyond the limit', async () => {
    const url = await start({ maxBody: 10 });
    expect((await ask(`${url}/things`, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
  });

  it('are served on every listener, and stopped by `before`', async () => {
    await start({
      listeners: 2,
      before: (asked) => {
        if (asked.listener === 0) return false;
        asked.text(429, asked.origin);
        return true;
      },
    });
    const [first, second] = http.origins;
    expect((await ask(`${first}/things/1`)).status).toBe(200);
    expect(await ask(`${second}/things/1`)).toMatchObject({ status: 429, body: second });
  });

  it('tell that an answer went out, before the client has read it', async () => {
    const url = await start();
    const order: string[] = [];
    const leave = http.onAnswered(({ route }) => order.push(`answered ${route}`));
    await ask(`${url}/things/1`, { onPiece: () => order.push('read') });
    leave();
    await ask(`${url}/things/1`);
    expect(order).toEqual(['answered thing', 'read']);
  });

  it('speak https with a certificate', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'polylog-tls-'));
    const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
    const subject = ['-subj', '/CN=127.0.0.1', '-days', '2', '-keyout', files.key, '-out', files.cert];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject],
      {
        stdio: 'ignore',
      },
    );
    const tls = { key: readFileSync(files.key, 'utf8'), cert: readFileSync(files.cert, 'utf8') };
    rmSync(folder, { recursive: true });
    const url = await start({ tls });
    expect(url).toMatch(/^https:/);
    expect((await ask(`${url}/things/1`)).status).toBe(200);
  });
});

describe('faults of answers', () => {
  it.each<[Fault, Partial<Got>]>([
    [{ name: 'unauthorized' }, { status: 401, body: 'refused: unauthorized' }],
    [
      { name: 'server-error', status: 503 },
      { status: 503, body: 'refused: server-error' },
    ],
    [{ name: 'not-json' }, { status: 200, body: 'this is {no JSON' }],
    [{ name: 'wrong-shape' }, { status: 200, body: '{"unexpected":{"shape":true}}' }],
    [
      { name: 'slow-body', delayMs: 0, bytes: 2 },
      { status: 200, body: '{"id":"1"}', end: 'end' },
    ],
    [{ name: 'cut-body' }, { status: 200, body: '{"id"', end: 'ECONNRESET' }],
  ])('$name', async (fault, expected) => {
    const url = await start();
    http.faults.add(fault);
    expect(await ask(`${url}/things/1`)).toMatchObject(expected);
    expect(await ask(`${url}/things/1`)).toMatchObject({ status: 200, body: '{"id":"1"}', end: 'end' });
  });

  it('connection-refused and half-open', async () => {
    const url = await start();
    http.faults.add({ name: 'connection-refused', route: 'thing' });
    await expect(ask(`${url}/things/1`)).rejects.toMatchObject({ code: 'ECONNRESET' });
    http.faults.add({ name: 'half-open', route: 'thing' });
    const held = ask(`${url}/things/1`);
    expect((await ask(`${url}/things/2`)).status).toBe(200);
    await http.close();
    await expect(held).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('live bodies', () => {
  it('count as watchers until either side ends them', async () => {
    const url = await start();
    const { ended } = await watch(`${url}/live`);
    expect(http.watchers()).toBe(1);
    stream.write('one\n');
    stream.end();
    expect(await ended).toMatchObject({ body: 'one\n', end: 'end' });
    const closed = new Promise<void>((resolve) => stream.onClose(resolve));
    await closed;
    expect(http.watchers()).toBe(0);
  });

  it.each<[Fault, string, string]>([
    [{ name: 'reset-mid-line', afterLines: 2 }, 'a\nb\nline', 'ECONNRESET'],
    [{ name: 'reset-mid-character', afterLines: 1 }, 'a\nb\nline \ufffd', 'ECONNRESET'],
    [{ name: 'clean-end', afterLines: 2 }, 'a\nb\n', 'end'],
    [{ name: 'endless-line', bytes: 300_000, afterLines: 1 }, `a\nb ${'x'.repeat(299_998)}line é\n`, 'end'],
    [{ name: 'slow-body', bytes: 1, delayMs: 0 }, 'a\nb\nline é\n', 'end'],
  ])('play $name', async (fault, body, end) => {
    const url = await start();
    http.faults.add(fault);
    const { ended } = await watch(`${url}/live`);
    stream.write('a\nb\n');
    stream.write('line é\n');
    stream.end();
    const got = await ended;
    expect(got.body === body ? 'as expected' : got.body.slice(0, 100)).toBe('as expected');
    expect(got.end).toBe(end);
  });

  it('fall silent when half-open, keepalives included', async () => {
    const url = await start();
    http.faults.add({ name: 'half-open', afterLines: 1 });
    const pieces: string[] = [];
    const { ended } = await watch(`${url}/live`, (piece) => pieces.push(piece));
    stream.write('a\n');
    stream.write('b\n');
    stream.beat('ping\n');
    stream.end();
    expect((await ask(`${url}/things/1`)).status).toBe(200);
    expect(stream.closed).toBe(false);
    await http.close();
    expect(await ended).toMatchObject({ body: 'a\n', end: 'ECONNRESET' });
  });

  it('send keepalives', async () => {
    const url = await start();
    const { ended } = await watch(`${url}/live`, () => stream.end());
    keepAlive(stream, 1, () => 'ping\n');
    expect((await ended).body).toMatch(/^(ping\n)+$/);
  });

  it('follow the world no faster than the reader reads, and lose nothing', async () => {
    const url = await start();
    const world = createWorld({ scale: 0, past: 0 });
    const request = httpRequest(`${url}/live`);
    const opened = new Promise<IncomingMessage>((resolve) => request.on('response', resolve));
    request.end();
    const response = await opened;
    await http.watched(1);
    let written = 0;
    follow({
      world,
      stream,
      after: 0,
      write: (line) => {
        written += 1;
        stream.write(`${line.text}\n`);
      },
    });
    const text = 'y'.repeat(2000);
    for (let n = 0; n < 20_000; n += 1) world.write({ text });
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(20_000);
    let read = 0;
    await new Promise<void>((resolve) => {
      response.on('data', (piece: Buffer) => {
        read += piece.length;
        if (read === 20_000 * 2001) resolve();
      });
    });
    expect(written).toBe(20_000);
    response.destroy();
  });
});

it('cuts a reader off that falls too far behind', async () => {
  const url = await start();
  const { ended } = await watch(`${url}/live`);
  const say = atPaceOf(stream, 3);
  for (let n = 0; n < 10; n += 1) say(`${n}\n`);
  expect(await ended).toMatchObject({ body: '0\n', end: 'end' });
});

describe('websockets', () => {
  function connect(url: string) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`);
    const messages: string[] = [];
    socket.on('message', (message) => messages.push(String(message)));
    const ended = new Promise<string>((resolve) => {
      socket.on('close', (code) => resolve(`close ${code}`));
      socket.on('unexpected-response', (_request, response) => resolve(`status ${response.statusCode}`));
      socket.on('error', () => undefined);
    });
    return { socket, messages, ended };
  }

  it('carry text both ways', async () => {
    const url = await start();
    const { socket, ended, messages } = connect(url);
    socket.on('open', () => socket.send('hello'));
    socket.on('message', () => stream.end(1001));
    expect(await ended).toBe('close 1001');
    expect(messages).toEqual(['heard hello']);
  });

  it.each<[Fault, string[], string]>([
    [{ name: 'reset-mid-line', afterLines: 1 }, ['a'], 'close 1006'],
    [{ name: 'reset-mid-character' }, ['a'], 'close 1006'],
    [{ name: 'close-1000' }, [], 'close 1000'],
    [{ name: 'close-1001', afterLines: 1 }, ['a'], 'close 1001'],
    [{ name: 'close-1011', afterLines: 1 }, ['a'], 'close 1011'],
    [{ name: 'clean-end', afterLines: 1 }, ['a'], 'close 1000'],
    [{ name: 'not-json', afterLines: 1 }, ['a', 'this is {no JSON', 'line é'], 'close 4000'],
    [{ name: 'wrong-shape' }, ['{"unexpected":{"shape":true}}', 'a', 'line é'], 'close 4000'],
    [{ name: 'refuse-upgrade', status: 502 }, [], 'status 502'],
    [{ name: 'unauthorized' }, [], 'status 401'],
    [{ name: 'connection-refused' }, [], 'close 1006'],
  ])('play $name', async (fault, frames, end) => {
    const url = await start();
    http.faults.add(fault);
    const { ended, messages } = connect(url);
    void http.watched(1).then(() => {
      stream.write('a');
      stream.write('line é');
      stream.end(4000);
    });
    expect(await ended).toBe(end);
    expect(messages).toEqual(frames);
  });

  it('wait for a reader that pauses', async () => {
    const url = await start();
    const world = createWorld({ scale: 0, past: 0 });
    const { socket, messages } = connect(url);
    await http.watched(1);
    socket.pause();
    let written = 0;
    const write = (line: { text: string }) => {
      written += 1;
      stream.write(line.text);
    };
    follow({ world, stream, after: 0, write });
    for (let n = 0; n < 10_000; n += 1) world.write({ text: `${n} ${'y'.repeat(3000)}` });
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(10_000);
    const all = new Promise<void>((resolve) => {
      socket.on('message', () => messages.length === 10_000 && resolve());
    });
    socket.resume();
    await all;
    expect(messages.map((text) => Number(text.split(' ')[0]))).toEqual(
      Array.from({ length: 10_000 }, (_, n) => n),
    );
    socket.terminate();
  });

  it('end at once when the server is closed', async () => {
    const url = await start();
    const { ended } = connect(url);
    await http.watched(1);
    await http.close();
    expect(await ended).toBe('close 1006');
    expect(http.watchers()).toBe(0);
  });
});
