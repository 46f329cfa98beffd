// What the sandbox's side of the sockets sees: requests that nobody has answered, bytes that were handed over. Listens
// to Node's own diagnostics, so that no server has to tell. Knows no platform.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface Traffic {
  /** Plain requests whose answer is not over and whose connection still stands. */
  openRequests(): number;
  /** Bytes that the servers have handed to their sockets. */
  sent(): number;
  /** Resolves with the bytes sent when no more are for a while. */
  stalled(): Promise<number>;
  close(): void;
}

const STARTED = 'http.server.request.start';
const CONNECTED = 'net.server.socket';
/** Looks, 5 ms apart, that see no progress: a slow machine makes the stall seem earlier, never later. */
const STILL_LOOKS = 20;

/** From now on, for every server of this process. */
export function watchTraffic(): Traffic {
  const open = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  const onStart = (message: unknown) => {
    const { response } = message as { response: ServerResponse };
    open.add(response);
    response.once('close', () => open.delete(response));
  };
  const onSocket = (message: unknown) => sockets.add((message as { socket: Socket }).socket);
  subscribe(STARTED, onStart);
  subscribe(CONNECTED, onSocket);
  const sent = () => [...sockets].reduce((bytes, socket) => bytes + socket.bytesWritten, 0);
  return {
    openRequests: () => open.size,
    sent,
    async stalled() {
      let before = -1;
      for (let still = 0; still < STILL_LOOKS; ) {
        await pause(5);
        const now = sent();
        still = now === before ? still + 1 : 0;
        before = now;
      }
      return before;
    },
    close() {
      unsubscribe(STARTED, onStart);
      unsubscribe(CONNECTED, onSocket);
    },
  };
}
