import { createHash } from 'node:crypto';
import http from 'node:http';
import { describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { SocketClose, WebSocketConnection } from '../../src/transport/network.ts';
import { closeOfNext, listen, networkWith, never, SECRET, serve, serveRaw, settledCount } from './support.ts';

async function serveSockets(onConnection: (ws: WebSocket, request: http.IncomingMessage) => void) {
  const served = await listen(http.createServer());
  const sockets = new WebSocketServer({ server: served.server as http.Server });
  sockets.on('connection', (ws, request) => {
    ws.on('error', () => {});
    onConnection(ws, request);
  });
  return { ...served, url: served.origin.replace('http', 'ws') };
}

/** The answer to a handshake, and whatever is to follow it in the same packet. */
function accept(request: string): string {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? '';
  const digest = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${digest}\r\n\r\n`;
}

async function readAll({
  frames,
}: WebSocketConnection): Promise<{ texts: string[]; close: SocketClose; batches: number }> {
  const texts: string[] = [];
  for (let batches = 0; ; batches++) {
    const { value, done } = await frames.next();
    if (done) return { texts, close: value, batches };
    texts.push(...value.map((frame) => Buffer.from(frame).toString('utf8')));
  }
}

describe('frames', () => {
  test('a frame in the packet of the handshake is not lost', async () => {
    const { origin } = await serveRaw((socket, request) => {
      socket.write(
        Buffer.concat([
          Buffer.from(accept(request)),
          Buffer.from([0x81, 5]),
          Buffer.from('first'),
          Buffer.from([0x88, 0]),
        ]),
      );
    });
    const connection = await networkWith().websocket({ url: origin }, never);
    expect(await readAll(connection)).toMatchObject({ texts: ['first'], close: { code: 1005 } });
  });

  test('text and binary come as bytes, in order, invalid UTF-8 unharmed', async () => {
    const { url } = await serveSockets((ws) => {
      ws.send('grün');
      ws.send(Buffer.from([1, 2]));
      ws.send(Buffer.from([0xff]), { binary: false });
      ws.send('');
      ws.close(1000, 'bye');
    });
    const { frames } = await networkWith().websocket({ url }, never);
    const all: Uint8Array[] = [];
    let last = await frames.next();
    for (; !last.done; last = await frames.next()) all.push(...last.value);
    expect(all.map((frame) => [...frame])).toEqual([[...Buffer.from('grün')], [1, 2], [0xff], []]);
    expect(last.value).toEqual({ code: 1000, reason: 'bye' });
  });

  test('a ping of the peer is an empty batch, and answered', async () => {
    const { url } = await serveSockets((ws) => {
      ws.on('pong', (text) => ws.close(1000, text));
      ws.ping('alive');
    });
    const { frames } = await networkWith().websocket({ url }, never);
    expect((await frames.next()).value).toEqual([]);
    expect((await frames.next()).value).toEqual({ code: 1000, reason: 'alive' });
  });

  test('what we send arrives', async () => {
    const { url } = await serveSockets((ws) => ws.on('message', (text) => ws.close(1000, String(text))));
    const connection = await networkWith().websocket({ url }, never);
    connection.send('hello');
    expect((await readAll(connection)).close.reason).toBe('hello');
  });

  test('headers, path and query go out as given, without compression or origin', async () => {
    let seen: http.IncomingMessage | undefined;
    const { origin } = await serveSockets((ws, request) => {
      seen = request;
      ws.close();
    });
    const connection = await networkWith().websocket(
      {
        url: `${origin}/a:b?filter=web|worker#x`,
        headers: { 'X-Odd': '1' },
        credential: { authorization: SECRET },
      },
      never,
    );
    await readAll(connection);
    expect(seen?.url).toBe('/a:b?filter=web|worker');
    expect(seen?.headers).toMatchObject({ 'x-odd': '1', authorization: SECRET, 'user-agent': 'polylog/1' });
    expect(seen?.headers).not.toHaveProperty('sec-websocket-extensions');
    expect(seen?.headers).not.toHaveProperty('origin');
  });
});

describe('ends', () => {
  test.each([1000, 1001, 1011])('close %i is reported with its reason, behind the frames', async (code) => {
    const { url } = await serveSockets((ws) => {
      ws.send('a');
      ws.close(code, 'why');
    });
    expect(await readAll(await networkWith().websocket({ url }, never))).toMatchObject({
      texts: ['a'],
      close: { code, reason: 'why' },
    });
  });

  test('a reset is 1006, behind the frames', async () => {
    const { url } = await serveSockets((ws) => ws.send('a', () => ws.terminate()));
    expect(await readAll(await networkWith().websocket({ url }, never))).toMatchObject({
      texts: ['a'],
      close: { code: 1006 },
    });
  });

  test('a message beyond the limit ends it, behind the frames', async () => {
    const { url } = await serveSockets((ws) => {
      ws.send('a');
      ws.send('x'.repeat(101));
    });
    const connection = await networkWith().websocket({ url, maxPayload: 100 }, never);
    expect(await readAll(connection)).toMatchObject({
      texts: ['a'],
      close: { code: 1009, reason: 'a message of more than 100 bytes' },
    });
  });

  test('bytes that are no frame end it', async () => {
    const { origin, server } = await serveRaw((socket, request) =>
      socket.write(Buffer.concat([Buffer.from(accept(request)), Buffer.from([0xff, 0xff])])),
    );
    const closed = closeOfNext(server);
    expect((await readAll(await networkWith().websocket({ url: origin }, never))).close.code).toBe(1006);
    await closed;
  });

  test.each(['terminate', 'return', 'network.close'] as const)(
    '%s ends the connection at once',
    async (how) => {
      const { url, server } = await serveSockets((ws) => ws.send('a'));
      const closed = closeOfNext(server);
      const network = networkWith();
      const connection = await network.websocket({ url }, never);
      await connection.frames.next();
      if (how === 'terminate') connection.terminate();
      if (how === 'return') await connection.frames.return({ code: 1000, reason: '' });
      if (how === 'network.close') await network.close();
      await closed;
      expect((await connection.frames.next()).done).toBe(true);
    },
  );

  test('an abort ends it and a pending pull with the signal’s reason', async () => {
    const { url, server } = await serveSockets(() => {});
    const closed = closeOfNext(server);
    const stop = new AbortController();
    const { frames } = await networkWith().websocket({ url }, stop.signal);
    const pending = frames.next();
    stop.abort(new Error('Ctrl-C'));
    await expect(pending).rejects.toThrow('Ctrl-C');
    await closed;
  });
});

describe('the handshake', () => {
  test.each([
    [403, {}, undefined],
    [429, { 'Retry-After': '7' }, 7000],
    [302, { location: '/elsewhere' }, undefined],
    [200, {}, undefined],
  ])(
    '%i instead of an upgrade is an error with status and waiting time',
    async (status, headers, retryAfter) => {
      let asked = 0;
      const { origin } = await serve((_request, response) => {
        asked += 1;
        response.writeHead(status, headers).end('Retry\u001b[2J\r\nlater');
      });
      await expect(
        networkWith().websocket({ url: `${origin}/?token=${SECRET}` }, never),
      ).rejects.toMatchObject({
        kind: 'unavailable',
        status,
        retryAfter,
        message: `Scalingo (prod): ${origin.slice(7)} refused the websocket (${status}: Retry [2J later)`,
      });
      expect(asked).toBe(1);
    },
  );

  test('a refusal with a body without end is still an error', async () => {
    const { origin } = await serve((_request, response) => {
      const more = () => response.write('x'.repeat(1024), (error) => (error ? undefined : more()));
      response.statusCode = 500;
      more();
    });
    await expect(networkWith().websocket({ url: origin }, never)).rejects.toMatchObject({ status: 500 });
  });

  test.each([
    [
      'a wrong key',
      (request: string) => accept(request).replace(/Accept: \S+/, 'Accept: x'),
      'does not speak the websocket protocol',
    ],
    ['something else', () => 'SSH-2.0-OpenSSH_9.2\r\n', 'something that is not HTTP'],
  ])('answered with %s', async (_name, answer, message) => {
    const { origin } = await serveRaw((socket, request) => socket.write(answer(request)));
    await expect(networkWith().websocket({ url: origin }, never)).rejects.toThrow(message);
  });

  test('a connection that breaks off in it', async () => {
    const { origin } = await serveRaw((socket) => socket.resetAndDestroy());
    await expect(networkWith().websocket({ url: origin }, never)).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: true,
    });
  });

  test('has a limit of time', async () => {
    const { origin, server } = await serveRaw(() => {});
    const closed = closeOfNext(server);
    await expect(networkWith().websocket({ url: origin, handshakeTimeout: 20 }, never)).rejects.toThrow(
      'has not answered within',
    );
    await closed;
  });

  test('can be aborted', async () => {
    const stop = new AbortController();
    const { origin, server } = await serveRaw(() => stop.abort(new Error('Ctrl-C')));
    const closed = closeOfNext(server);
    await expect(networkWith().websocket({ url: origin }, stop.signal)).rejects.toThrow('Ctrl-C');
    await closed;
    await expect(networkWith().websocket({ url: origin }, stop.signal)).rejects.toThrow('Ctrl-C');
  });

  test('nobody listening', async () => {
    const url = 'http://127.0.0.1:1';
    await expect(networkWith().websocket({ url }, never)).rejects.toThrow('refused the connection');
  });
});

test('a slow reader is felt by the server, and nothing is lost', async () => {
  const count = 200_000;
  const padding = 'x'.repeat(1000);
  let sent = 0;
  const { url } = await serveSockets((ws) => {
    const more = () => {
      if (sent === count) ws.close(1000);
      else ws.send(`${sent++} ${padding}`, (error) => (error ? undefined : more()));
    };
    more();
  });
  const connection = await networkWith().websocket({ url }, never);
  expect(await settledCount(() => sent)).toBeLessThan(32_000);
  let next = 0;
  let last = await connection.frames.next();
  for (; !last.done; last = await connection.frames.next()) {
    for (const frame of last.value) if (Buffer.from(frame).toString().startsWith(`${next} `)) next += 1;
  }
  expect([next, last.value.code]).toEqual([count, 1000]);
});

test('many small frames of one packet come in one batch', async () => {
  const { origin } = await serveRaw((socket, request) => {
    const frames = Buffer.concat(Array.from({ length: 500 }, () => Buffer.from([0x81, 1, 0x61])));
    socket.write(Buffer.concat([Buffer.from(accept(request)), frames, Buffer.from([0x88, 0])]));
  });
  const { texts, batches } = await readAll(await networkWith().websocket({ url: origin }, never));
  expect(texts).toHaveLength(500);
  expect(batches).toBeLessThan(20);
});

test('the trace shows the steps and no secret', async () => {
  const { origin } = await serveSockets((ws) => ws.on('message', () => ws.close(1000)));
  const lines: string[] = [];
  const network = networkWith({ trace: (line) => lines.push(line) });
  const connection = await network.websocket(
    { url: `${origin}/live?token=${SECRET}`, credential: { authorization: SECRET } },
    never,
  );
  connection.send(`{"type":"auth","data":{"token":"${SECRET}"}}`);
  await readAll(connection);
  expect(lines.join('\n')).not.toContain(SECRET);
  expect(lines).toContain(`> WEBSOCKET ${origin}/live?token=***`);
  expect(lines.join('\n')).toContain('websocket closed (1000)');
});
