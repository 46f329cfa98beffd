// One host that is asked in all the ways there are: request, websocket, event stream.
import type { RequestListener } from 'node:http';
import type { Server, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Network } from '../../src/transport/network.ts';
import { collect, never, SECRET } from './support.ts';

export const credential = { authorization: `Bearer ${SECRET}` };

/** What the answers begin with. */
export const THREE_WAYS = ['answer', 'frame', 'event'] as const;

/** Each names the host that was asked for and what a proxy should have kept to itself. */
export const answerRequest: RequestListener = (request, response) => {
  const about = `${request.headers.host} ${request.headers['proxy-authorization'] ?? ''}`.trim();
  if (request.headers.accept !== 'text/event-stream') return void response.end(`answer for ${about}`);
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: event for ${about}\n\n`);
};

export function addWebSocket(server: Server): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket: Socket, head) =>
    sockets.handleUpgrade(request, socket, head, (ws) => ws.send(`frame for ${request.headers.host}`)),
  );
}

/** Asks with a credential; every failure is one of the promises'. Nothing is asked twice. */
export function askThreeWays(network: Network, url: string): Promise<string>[] {
  const request = { url, credential };
  const asking = [
    network.request({ ...request, retry: false }, never).then(({ text }) => text),
    network.websocket(request, never).then(async ({ frames }) => {
      const { value } = await frames.next();
      await frames.return({ code: 1000, reason: '' });
      return Array.isArray(value) ? String(value[0]) : '';
    }),
    network.eventStream(request, never).then(async (events) => {
      const { items } = await collect(events);
      return items.flat()[0]?.data ?? '';
    }),
  ];
  // They fail in an order of their own, whichever is looked at first.
  for (const answer of asking) answer.catch(() => {});
  return asking;
}
