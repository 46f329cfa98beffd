// Waits until a socket is connected. Knows no address.
import type { Socket } from 'node:net';
import { connectFailure, type Peer } from './failures.ts';

export interface Waiting<S extends Socket> {
  readonly socket: S;
  readonly event: 'connect' | 'secureConnect';
  readonly peer: Peer;
  readonly signal: AbortSignal;
}

export function whenReady<S extends Socket>({ socket, event, peer, signal }: Waiting<S>): Promise<S> {
  return new Promise((resolve, reject) => {
    const done = () => {
      signal.removeEventListener('abort', onAbort);
      socket.off(event, onReady);
      socket.off('close', onClose);
      socket.off('error', onError);
    };
    const fail = (reason: unknown) => {
      done();
      socket.destroy();
      reject(reason);
    };
    const onReady = () => {
      done();
      resolve(socket);
    };
    const onError = (error: Error) => fail(connectFailure(peer, error));
    const onClose = () =>
      fail(connectFailure(peer, Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    const onAbort = () => fail(signal.reason);
    // For good: an error may follow the one that is reported, or come before the socket's taker listens.
    socket.on('error', () => {});
    socket.once(event, onReady);
    socket.once('error', onError);
    socket.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
