// Servers that write as fast as a client takes it, in a process of their own: just enough of Scalingo's and
// DigitalOcean's API, logs in prebuilt blocks. The name of an app says what its log is like; prints its port and what it sent.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createBlocks, firstLines } from './lines.mjs';

const blocks = new Map();
let sent = null;

const server = createServer((request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const path = url.pathname;
  const origin = url.origin;
  if (path.endsWith('/tokens/exchange')) return json(response, { token: 'a.b.c' });
  if (path === '/v1/regions')
    return json(response, { regions: [{ name: 'bench', api: origin, default: true }] });
  const archives = /^\/v1\/apps\/[^/]+\/logs_archives$/.exec(path);
  if (archives) return json(response, { archives: [], has_more: false });
  const asked = /^\/v1\/apps\/([^/]+)\/logs$/.exec(path);
  if (asked)
    return json(response, { app: { name: asked[1] }, logs_url: `${origin}/scalingo/${asked[1]}?token=x` });
  const logs = /^\/v2\/apps\/([^/]+)\/logs$/.exec(path);
  if (logs) {
    const address = `${origin}/digitalocean/${logs[1]}`;
    const follows = url.searchParams.get('follow') === 'true';
    return json(response, follows ? { live_url: address, historic_urls: [] } : { historic_urls: [address] });
  }
  const app = /^\/v2\/apps\/([^/]+)$/.exec(path);
  if (app) return json(response, { app: digitalOceanApp(app[1]) });
  const dump = /^\/(scalingo|digitalocean)\/([^/]+)$/.exec(path);
  if (dump) return sendDump(response, { form: dump[1], ...logOf(dump[2]), most: url.searchParams.get('n') });
  response.writeHead(404).end();
});

server.on('upgrade', (request, socket) => {
  const url = new URL(request.url, 'http://any');
  const [, form, name] = url.pathname.split('/');
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  sendFrames(socket, { form, ...logOf(name) });
});

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => process.send({ sent: sent === null ? 0 : sent() }));
process.on('disconnect', () => process.exit());

/**
 * `…-PERFRAME-LINES`, the way `nameOf` in clients.mjs makes names: decimal, hexadecimal in a UUID. A first part that ends
 * in `d` has neighbouring lines out of order.
 */
function logOf(name) {
  const parts = name.split('-');
  const base = name.length === 36 ? 16 : 10;
  const [perFrame, count] = parts.slice(-2).map((part) => Number.parseInt(part, base));
  return { count, perFrame, shuffled: parts[0].endsWith('d') };
}

function digitalOceanApp(id) {
  const deployment = { id: 'd1', phase: 'ACTIVE', spec: { services: [{ name: 'web' }] } };
  return { id, spec: { name: 'bench', services: [{ name: 'web' }] }, active_deployment: deployment };
}

function blocksOf(shape) {
  const key = JSON.stringify(shape);
  if (!blocks.has(key)) blocks.set(key, createBlocks(shape));
  return blocks.get(key);
}

async function sendDump(response, { form, count, shuffled, most }) {
  const made = blocksOf({ form, wrap: 'text', shuffled });
  response.writeHead(200, { 'content-type': 'text/plain' });
  const { socket } = response;
  sent = () => socket.bytesWritten - socket.writableLength;
  // A million means the whole log.
  let left = Number(most ?? 1e6) < 1e6 ? Math.min(count, Number(most)) : count;
  for (let number = 0; left > 0 && !response.destroyed; number += 1) {
    const block = made.block(number);
    const lines = Math.min(left, made.lines);
    left -= lines;
    await write(response, lines === made.lines ? block : firstLines(block, lines));
  }
  response.end();
}

/** Without an end: the client leaves when it has enough. */
async function sendFrames(socket, { form, perFrame, shuffled }) {
  const made = blocksOf({ form, wrap: 'frames', perFrame, shuffled });
  socket.on('error', () => {});
  socket.resume();
  sent = () => socket.bytesWritten - socket.writableLength;
  for (let number = 0; !socket.destroyed; number += 1) await write(socket, made.block(number));
}

function write(stream, chunk) {
  if (stream.write(chunk)) return undefined;
  return new Promise((resolve) => {
    const go = () => {
      stream.off('drain', go);
      stream.off('close', go);
      resolve();
    };
    stream.on('drain', go);
    stream.on('close', go);
  });
}

function json(response, body) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
