import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { isRetryable } from '../../src/errors.ts';
import {
  closeOfNext,
  collect,
  listen,
  networkWith,
  never,
  SECRET,
  serve,
  serveRaw,
  settledCount,
  textOf,
} from './support.ts';

const credential = { authorization: `Bearer ${SECRET}` };

describe('requests', () => {
  test('the path goes out to the letter, with headers, body and credential', async () => {
    const seen: {
      url?: string | undefined;
      headers: IncomingMessage['headers'];
      body: string;
      method?: string | undefined;
    }[] = [];
    const { origin } = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push({ url: request.url, method: request.method, headers: request.headers, body });
      response.writeHead(201, { 'X-Odd': 'yes' }).end('grün');
    });
    const url = `${origin}/a:b/../c%zz?from=2026-08-22T14:05:00Z&filter=web|worker#fragment`;
    const answer = await networkWith().request(
      { method: 'POST', url, headers: { 'Content-Type': 'text/x' }, credential, body: 'é' },
      never,
    );
    expect(answer).toMatchObject({ status: 201, text: 'grün', headers: { 'x-odd': 'yes' } });
    expect(seen).toEqual([
      expect.objectContaining({
        url: '/a:b/../c%zz?from=2026-08-22T14:05:00Z&filter=web|worker',
        method: 'POST',
        body: 'é',
      }),
    ]);
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'text/x',
      'content-length': '2',
      'user-agent': 'polylog/1',
      ...credential,
    });
  });

  test('characters that a request line cannot hold are escaped', async () => {
    const { origin } = await serve((request, response) => response.end(request.url));
    const { text } = await networkWith().request({ url: `${origin}/a b\r\nx: y/é\\` }, never);
    expect(text).toBe('/a%20bx:%20y/%C3%A9/');
  });

  test('an address that is none', async () => {
    for (const url of ['ftp://127.0.0.1/', 'http:/', 'nonsense', 'javascript:1']) {
      await expect(networkWith().request({ url }, never)).rejects.toMatchObject({ kind: 'platform' });
    }
  });

  test('gzip is decoded by its header, never beyond the limit', async () => {
    const { origin } = await serve((request, response) => {
      const body = request.url === '/bomb' ? Buffer.alloc(1_000_000) : Buffer.from('hallo é');
      const zipped = request.url === '/broken' ? gzipSync(body).subarray(0, 12) : gzipSync(body);
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(zipped);
    });
    const network = networkWith();
    expect((await network.request({ url: `${origin}/` }, never)).text).toBe('hallo é');
    await expect(network.request({ url: `${origin}/bomb`, maxBytes: 10_000 }, never)).rejects.toMatchObject({
      kind: 'platform',
    });
    await expect(network.request({ url: `${origin}/broken`, retry: false }, never)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  test('a body beyond its limit ends the connection', async () => {
    const { origin, server } = await serve((_request, response) => {
      const more = () => response.write(Buffer.alloc(65_536), (error) => (error ? undefined : more()));
      more();
    });
    const closed = closeOfNext(server);
    const asking = networkWith().request({ url: origin, maxBytes: 100_000 }, never);
    await expect(asking).rejects.toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('100000'),
    });
    await closed;
  });

  test('a header with a line break is refused without showing it', async () => {
    const { origin } = await serve((_request, response) => response.end());
    const asking = networkWith().request(
      { url: origin, credential: { authorization: `${SECRET}\n` } },
      never,
    );
    await expect(asking).rejects.toSatisfy(
      (error) => !JSON.stringify([error.message, error.hint, error.detail]).includes(SECRET),
    );
    await expect(asking).rejects.toMatchObject({ kind: 'usage' });
  });

  test('time runs out before the headers and in the body', async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === '/body') response.write('a');
    });
    for (const url of [origin, `${origin}/body`]) {
      const asking = networkWith().request({ url, timeout: 20, retry: false }, never);
      await expect(asking).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('has not answered within'),
      });
    }
  });

  test('an abort ends it with the signal’s reason, and the connection', async () => {
    const { origin, server } = await serve(() => stop.abort(new Error('Ctrl-C')));
    const stop = new AbortController();
    const closed = closeOfNext(server);
    await expect(networkWith().request({ url: origin }, stop.signal)).rejects.toThrow('Ctrl-C');
    await closed;
    await expect(networkWith().request({ url: origin }, stop.signal)).rejects.toThrow('Ctrl-C');
  });

  test('what is not HTTP is said, and not asked again', async () => {
    let connections = 0;
    const { origin } = await serveRaw((socket) => {
      connections += 1;
      socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    });
    await expect(networkWith().request({ url: origin }, never)).rejects.toThrow('something that is not HTTP');
    expect(connections).toBe(1);
  });
});

describe('retries', () => {
  async function serveStatuses(...statuses: [number, Record<string, string>?][]) {
    let asked = 0;
    const { origin } = await serve((_request, response) => {
      const [status, headers] = statuses[asked++] ?? [200];
      response.writeHead(status, headers).end(`answer ${asked}`);
    });
    return { origin, asked: () => asked };
  }

  test('a GET is asked again, and whoever waits is told', async () => {
    const { origin } = await serveStatuses([503], [429, { 'retry-after': '0' }]);
    const notices: string[] = [];
    const { text } = await networkWith({ onWait: (notice) => notices.push(notice) }).request(
      { url: `${origin}/?token=${SECRET}` },
      never,
    );
    expect(text).toBe('answer 3');
    expect(notices).toEqual([
      expect.stringMatching(/^Scalingo \(prod\): 127\.0\.0\.1:\d+ answered 503, asking again in 0 s$/),
      expect.stringContaining('answered 429'),
    ]);
  });

  test('a POST is not, unless it says so; a GET may refuse', async () => {
    const posting = await serveStatuses([503]);
    expect((await networkWith().request({ method: 'POST', url: posting.origin }, never)).status).toBe(503);
    const safe = await serveStatuses([503]);
    expect(
      (await networkWith().request({ method: 'POST', url: safe.origin, retry: true }, never)).status,
    ).toBe(200);
    const once = await serveStatuses([503]);
    expect((await networkWith().request({ url: once.origin, retry: false }, never)).status).toBe(503);
  });

  test('a wait beyond the bound is not begun: the 429 comes back whole', async () => {
    const { origin, asked } = await serveStatuses([429, { 'retry-after': '3600' }]);
    const answer = await networkWith().request({ url: origin }, never);
    expect(answer).toMatchObject({ status: 429, text: 'answer 1', headers: { 'retry-after': '3600' } });
    expect(asked()).toBe(1);
  });

  test('an abort during the wait ends it at once', async () => {
    const { origin, asked } = await serveStatuses([429, { 'retry-after': '1' }]);
    const stop = new AbortController();
    const network = networkWith({ onWait: () => stop.abort(new Error('Ctrl-C')) });
    await expect(network.request({ url: origin }, stop.signal)).rejects.toThrow('Ctrl-C');
    expect(asked()).toBe(1);
  });

  test('a connection reset before the answer is tried again', async () => {
    let connections = 0;
    const { origin } = await serveRaw((socket) => {
      if (++connections < 3) socket.resetAndDestroy();
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    expect((await networkWith().request({ url: origin }, never)).text).toBe('ok');
  });

  test('a body that breaks off is asked for again as a whole, without a range', async () => {
    const requests: string[] = [];
    const { origin } = await serveRaw((socket, request) => {
      requests.push(request);
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n${requests.length === 1 ? 'abc' : 'abcdef'}`);
    });
    expect((await networkWith().request({ url: origin }, never)).text).toBe('abcdef');
    expect(requests).toHaveLength(2);
    expect(requests.join()).not.toMatch(/range/i);
  });

  test('a further attempt that hangs is given up with the budget: what was answered before stands', async () => {
    let asked = 0;
    const { origin } = await serve((_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end('overloaded');
    });
    const network = networkWith({ retry: { firstDelay: 1, maxTotal: 30 } });
    expect(await network.request({ url: origin }, never)).toMatchObject({ status: 503, text: 'overloaded' });
    expect(asked).toBe(2);
  });

  test('nobody listening: one sentence', async () => {
    const url = `http://127.0.0.1:1/?token=${SECRET}`;
    await expect(networkWith().request({ url, retry: false }, never)).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'Scalingo (prod): 127.0.0.1:1 refused the connection',
    });
  });

  test('nobody listening yet: tried again', async () => {
    const { origin, port, server } = await serve((_request, response) => response.end('up'));
    await new Promise((resolve) => server.close(resolve));
    const notices: string[] = [];
    const onWait = (notice: string) => {
      if (notices.push(notice) === 1) server.listen(port, '127.0.0.1');
    };
    expect((await networkWith({ onWait }).request({ url: origin }, never)).text).toBe('up');
    expect(notices[0]).toContain('refused the connection, asking again in');
  });
});

describe('redirects', () => {
  test('a GET without credential follows on its own origin', async () => {
    const { origin } = await serve((request, response) =>
      request.url === '/a' ? response.writeHead(302, { location: '/b' }).end() : response.end('arrived'),
    );
    expect((await networkWith().request({ url: `${origin}/a` }, never)).text).toBe('arrived');
  });

  test.each([
    ['elsewhere', { path: '/away' }, ['/away']],
    ['with a credential', { path: '/a', credential }, ['/a']],
    ['after a POST', { path: '/a', method: 'POST' as const }, ['/a']],
    ['for ever', { path: '/loop' }, Array(6).fill('/loop')],
  ])('%s: the redirect is the answer', async (_name, { path, ...more }, expected) => {
    const visited: (string | undefined)[] = [];
    const other = await serve((_request, response) => {
      visited.push('elsewhere');
      response.end();
    });
    const { origin } = await serve((request, response) => {
      visited.push(request.url);
      const location = { '/away': other.origin, '/a': '/b', '/loop': '/loop' }[request.url ?? ''];
      response.writeHead(location ? 302 : 200, location ? { location } : {}).end();
    });
    expect((await networkWith().request({ ...more, url: `${origin}${path}` }, never)).status).toBe(302);
    expect(visited).toEqual(expected);
  });
});

describe('credentials', () => {
  test('are not sent to a host that they do not belong to', async () => {
    let asked = 0;
    const { origin } = await serve((_request, response) => response.end(String(++asked)));
    const network = networkWith({ mayCarryCredential: () => false });
    for (const send of [network.request, network.stream, network.websocket, network.eventStream]) {
      await expect(send({ url: origin, credential }, never)).rejects.toMatchObject({
        kind: 'platform',
        message: expect.stringContaining('does not belong to'),
      });
    }
    expect(asked).toBe(0);
    expect((await network.request({ url: origin }, never)).status).toBe(200);
  });

  test('are not sent over plain http to another machine without --insecure', async () => {
    const network = networkWith();
    for (const send of [network.request, network.stream, network.websocket, network.eventStream]) {
      await expect(send({ url: 'http://nas.test:8080/', credential }, never)).rejects.toMatchObject({
        kind: 'usage',
        hint: expect.stringContaining('--insecure'),
      });
    }
  });
});

describe('streams', () => {
  test('chunks as small as lines come in larger pieces, whole and in order', async () => {
    const texts = Array.from({ length: 5000 }, (_, index) => `line ${index} of a log\n`);
    const { origin } = await serveRaw((socket) => {
      const chunks = texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
      socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    });
    const { items } = await collect((await networkWith().stream({ url: origin }, never)).body);
    expect(textOf(items)).toBe(texts.join(''));
    expect(items.length).toBeLessThan(500);
    expect(Math.max(...items.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
  });

  test('any status is an answer, and nothing is asked twice', async () => {
    let asked = 0;
    const { origin } = await serve((_request, response) => {
      asked += 1;
      response.writeHead(503).end('no');
    });
    const stream = await networkWith().stream({ url: origin }, never);
    expect([stream.status, textOf((await collect(stream.body)).items), asked]).toEqual([503, 'no', 1]);
  });

  test.each([
    ['content-length', 'content-length: 100\r\n\r\nabc'],
    ['chunked', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ['chunked, in the middle of a chunk', 'transfer-encoding: chunked\r\n\r\n64\r\nabc'],
  ])('a cut (%s) throws a retryable error behind what was received', async (_name, rest) => {
    const { origin } = await serveRaw((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    const stream = await networkWith().stream({ url: origin }, never);
    const { items, error } = await collect(stream.body);
    expect(textOf(items)).toBe('abc');
    expect(isRetryable(error)).toBe(true);
    expect(error).toMatchObject({ message: expect.stringContaining('broke off') });
  });

  test('all that came before a reset reaches a reader that was busy meanwhile', async () => {
    const { origin } = await serve((_request, response) => {
      for (let at = 0; at < 50; at++) response.write(`line ${at}\n`);
      response.write('end', () => response.destroy());
    });
    const stream = await networkWith().stream({ url: origin }, never);
    await settledCount(() => 0);
    const { items, error } = await collect(stream.body);
    expect(textOf(items)).toMatch(/^line 0\n(line \d+\n){48}line 49\nend$/);
    expect(isRetryable(error)).toBe(true);
  });

  test('a clean end ends it; no limit of time holds after the headers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let finish = () => {};
    const { origin } = await serve((_request, response) => {
      response.write('a');
      finish = () => response.end('b');
    });
    const stream = await networkWith().stream({ url: origin }, never);
    vi.advanceTimersByTime(3_600_000);
    finish();
    const { items, error } = await collect(stream.body);
    expect([textOf(items), error]).toEqual(['ab', undefined]);
  });

  test('a slow reader is felt by the server', async () => {
    const total = 256 * 1024 * 1024;
    let sent = 0;
    const { origin } = await serve((_request, response) => {
      const chunk = Buffer.alloc(65_536, 'x');
      const more = () => {
        if (sent >= total) response.end();
        else response.write(chunk, (error) => (error ? undefined : more()));
        sent += chunk.length;
      };
      more();
    });
    const stream = await networkWith().stream({ url: origin }, never);
    expect(await settledCount(() => sent)).toBeLessThan(32 * 1024 * 1024);
    let received = 0;
    for await (const chunk of stream.body) received += chunk.length;
    expect(received).toBe(total);
  });

  test.each(['cancel', 'break', 'abort'] as const)('%s ends the connection', async (how) => {
    const { origin, server } = await serve((_request, response) => void response.write('a'));
    const closed = closeOfNext(server);
    const stop = new AbortController();
    const stream = await networkWith().stream({ url: origin }, stop.signal);
    if (how === 'cancel') stream.cancel();
    if (how === 'break') for await (const _chunk of stream.body) break;
    if (how === 'abort') {
      const reading = collect(stream.body);
      stop.abort(new Error('Ctrl-C'));
      expect((await reading).error).toEqual(new Error('Ctrl-C'));
    }
    await closed;
  });

  test('closing the network ends what is under way, and nothing begins afterwards', async () => {
    const { origin, server } = await serve((_request, response) => void response.write('a'));
    const closed = closeOfNext(server);
    const network = networkWith();
    const reading = collect((await network.stream({ url: origin }, never)).body);
    await network.close();
    await closed;
    expect((await reading).error).toMatchObject({ kind: 'unavailable', retryable: false });
    await expect(network.request({ url: origin }, never)).rejects.toMatchObject({
      kind: 'unavailable',
      retryable: false,
    });
  });
});

test('closing the network ends a connection that is still being made', async () => {
  const { origin, server } = await listen(net.createServer(), 'https');
  const network = networkWith();
  const connected = once(server, 'connection');
  const asking = network.request({ url: origin, retry: false }, never);
  const [socket] = await connected;
  const closed = once(socket.resume(), 'close');
  await turn();
  await network.close();
  await expect(asking).rejects.toMatchObject({ kind: 'unavailable' });
  await closed;
});

test('the trace shows every step and no secret', async () => {
  const { origin } = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': `sid=${SECRET}` });
    response.end(JSON.stringify({ token: SECRET, live_url: `https://h/?token=${SECRET}`, name: 'shop' }));
  });
  const lines: string[] = [];
  const network = networkWith({ trace: (line) => lines.push(line) });
  const asking = {
    method: 'POST' as const,
    credential: { 'x-odd': SECRET },
    headers: { cookie: `sid=${SECRET}` },
    body: `{"password":"${SECRET}"}`,
  };
  await network.request(
    { ...asking, url: `${origin}/p?sig=${SECRET}&mine=${SECRET}`, secretQuery: ['mine'] },
    never,
  );
  const stream = await network.stream({ url: `${origin}/s?token=${SECRET}` }, never);
  await collect(stream.body);
  const trace = lines.join('\n');
  expect(trace).not.toContain(SECRET);
  expect(trace).toContain(`> POST ${origin}/p?sig=***&mine=***`);
  expect(trace).toContain('"name":"shop"');
  expect(trace).toMatch(/< 200 from 127\.0\.0\.1:\d+ after \d+ ms/);
  expect(trace).toContain('end of the stream');
});

test('undici’s agent is where it is loaded from', () => {
  const require = createRequire(import.meta.url);
  expect(require('undici/lib/dispatcher/agent.js')).toBe(require('undici').Agent);
});
