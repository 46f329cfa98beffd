// Whether anybody still reads our stdout, found out without writing to it. Knows no text and no command.
import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** How often a socket is asked. Milliseconds. */
const LOOK = 200;

export interface WatchedReader {
  /** The file descriptor that it reads from the other end of. */
  readonly fd: number;
  /** `process.platform` */
  readonly platform: string;
  /** Node's own binding for sockets; may throw. */
  readonly sockets: () => unknown;
}

/**
 * Calls back once when the reader of a pipe or a socket has gone; never for anything else. Keeps no process alive. Where
 * it cannot be found out, the next write tells.
 */
export function watchReader({ fd, platform, sockets }: WatchedReader, gone: () => void): void {
  try {
    const kind = fstatSync(fd);
    if (kind.isSocket() || (kind.isFIFO() && platform !== 'linux')) askAgainAndAgain(fd, gone);
    else if (kind.isFIFO()) waitForError(fd, sockets() as SocketBinding, gone).catch(() => undefined);
  } catch {
    // Closed, or of a kind that nobody knows here.
  }
}

/** An empty write moves nothing and fails where nobody reads; on Linux not for a pipe, which takes it without a look. */
function askAgainAndAgain(fd: number, gone: () => void): void {
  const timer = setInterval(() => {
    try {
      writeSync(fd, '');
    } catch (error) {
      if (!['EPIPE', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
      clearInterval(timer);
      gone();
    }
  }, LOOK);
  timer.unref();
}

interface SocketBinding {
  readonly TCP: new (type: number) => { open(fd: number): number };
  readonly constants: { readonly SOCKET: number };
}

/**
 * Linux tells of the lost reader whoever waits at the writing end, but Node waits for reading there only if it takes the
 * end for a socket. So it gets a second descriptor of the same pipe as one: there is never anything to read, and the
 * wait ends with the error (EBADF, as nobody may read there).
 */
async function waitForError(
  fd: number,
  { TCP, constants: { SOCKET } }: SocketBinding,
  gone: () => void,
): Promise<void> {
  // A stdout that is a pipe has loaded it already.
  const { Socket } = await import('node:net');
  const second = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  const handle = new TCP(SOCKET);
  if (handle.open(second) !== 0) return;
  const socket = new Socket({ handle, readable: true, writable: false } as ConstructorParameters<
    typeof Socket
  >[0]);
  socket.once('error', gone);
  socket.resume();
  socket.unref();
}
