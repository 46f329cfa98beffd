// What a sandbox server writes piece by piece: log bodies, event streams, websockets. Plays the faults that strike
// in mid-stream and honours the reader's pace. Knows no platform.
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Fault, FaultName } from './faults.ts';

export interface LineStream {
  /**
   * Hands text over: whole log lines with their ends (bodies), one frame (websockets). Never waits; call `drained`
   * after at most a few hundred lines. Without effect after the end and while a `half-open` fault holds.
   */
  write(text: string): void;
  /** Like `write` for keepalives: they count for no fault. */
  beat(text: string): void;
  /** Resolves as soon as the reader has taken enough for more to be written, or the stream is over. */
  drained(): Promise<void>;
  /** Ends in good order (websockets: with this close code, 1000 when absent). */
  end(code?: number): void;
  /** Closes the connection without an end (no last chunk, no close frame) and without a reset. */
  cut(): void;
  readonly closed: boolean;
  /** The reader lags: what is written now waits in memory. */
  readonly full: boolean;
  /** At once if it is closed already. */
  onClose(listener: () => void): void;
}

export interface SocketStream extends LineStream {
  /** Frames go out with the binary opcode; false at first. */
  binary: boolean;
  /** A websocket ping; nothing after the end and while a `half-open` fault holds. */
  ping(): void;
  onMessage(listener: (text: string) => void): void;
}

/** Faults that `openBody` plays by itself. */
export const bodyFaults: readonly FaultName[] = [
  'reset-mid-line',
  'reset-mid-character',
  'half-open',
  'clean-end',
  'slow-body',
  'endless-line',
];

/** Faults that `openSocket` plays by itself. */
export const socketFaults: readonly FaultName[] = [
  'reset-mid-line',
  'reset-mid-character',
  'half-open',
  'clean-end',
  'close-1000',
  'close-1001',
  'close-1011',
  'not-json',
  'wrong-shape',
];

const pieceBytes = 64 * 1024;
const highWater = 256 * 1024;
const closeCodes: Partial<Record<FaultName, number>> = {
  'clean-end': 1000,
  'close-1000': 1000,
  'close-1001': 1001,
  'close-1011': 1011,
};

/** The head must have been written or set; the body is chunked. */
export function openBody(response: ServerResponse, fault: Fault | undefined): LineStream {
  const closing = listeners();
  let pending = fault;
  let passed = 0;
  let silent = false;
  let over = false;
  // What must go out in its own time (a slow body, an endless line) delays all that follows.
  let queue: Promise<void> = Promise.resolve();
  let queued = fault?.name === 'slow-body';
  response.on('close', () => {
    over = true;
    closing.tell();
  });

  function writeLine(line: string): void {
    if (over || silent) return;
    if (!pending || passed < (pending.afterLines ?? 0) || !canStrike(pending, line)) {
      passed += 1;
      pass(line);
      return;
    }
    const struck = pending;
    pending = undefined;
    strike(struck, line);
  }

  function strike(struck: Fault, line: string): void {
    if (struck.name === 'half-open') silent = true;
    else if (struck.name === 'clean-end') finish();
    else if (struck.name === 'endless-line') {
      queued = true;
      queue = queue.then(() => flood(response, `${line.trimEnd()} `, struck.bytes ?? 8 * 1024 * 1024));
    } else {
      over = true;
      response.write(cutPiece(struck, line), () => resetConnection(response.socket));
    }
  }

  function pass(text: string): void {
    if (queued) queue = queue.then(() => later(text));
    else response.write(text);
  }

  async function later(text: string): Promise<void> {
    if (fault?.name === 'slow-body') await drip(response, Buffer.from(text), fault);
    else response.write(text);
  }

  function finish(): void {
    over = true;
    response.end();
  }

  return {
    write(text) {
      if (over || silent) return;
      if (!pending || queued) pass(text);
      else for (const line of text.split(/(?<=\n)(?=[^\r\n])/)) writeLine(line);
    },
    beat(text) {
      if (!over && !silent) response.write(text);
    },
    async drained() {
      await queue;
      if (over || response.destroyed || !response.writableNeedDrain) return;
      await drainOf(response);
    },
    end() {
      void queue.then(() => {
        if (!over && !silent) finish();
      });
    },
    cut() {
      over = true;
      (response.socket ?? response).destroy();
    },
    get closed() {
      return over;
    },
    get full() {
      return !over && response.writableNeedDrain;
    },
    onClose: closing.add,
  };
}

export function openSocket(socket: WebSocket, wire: Duplex, fault: Fault | undefined): SocketStream {
  const closing = listeners();
  let pending = fault && socketFaults.includes(fault.name) ? fault : undefined;
  let passed = 0;
  let silent = false;
  let over = false;
  // Of the newest frame; also kept when the socket is gone, for then every callback is called with an error.
  let flushed: Promise<void> = Promise.resolve();
  socket.on('error', () => socket.terminate());
  // By hand (the server has `autoPong` off): a half-open connection answers no ping either.
  socket.on('ping', (payload) => {
    if (!silent) socket.pong(payload);
  });
  socket.on('close', () => {
    over = true;
    closing.tell();
  });

  function send(text: string): void {
    flushed = new Promise((resolve) => {
      socket.send(text, { binary: stream.binary }, () => resolve());
    });
  }

  /** True when the frame itself must not follow. */
  function strike(struck: Fault, text: string): boolean {
    const code = closeCodes[struck.name];
    if (struck.name === 'half-open') silent = true;
    else if (struck.name === 'not-json') send('this is {no JSON');
    else if (struck.name === 'wrong-shape') send('{"unexpected":{"shape":true}}');
    else if (code !== undefined) {
      over = true;
      socket.close(code);
    } else {
      over = true;
      wire.write(Buffer.concat([frameHead(text, stream.binary), cutPiece(struck, text)]), () =>
        resetConnection(wire),
      );
    }
    return silent || over;
  }

  const stream: SocketStream = {
    binary: false,
    ping() {
      if (!over && !silent) socket.ping();
    },
    write(text) {
      if (over || silent) return;
      if (pending && passed >= (pending.afterLines ?? 0) && canStrike(pending, text)) {
        const struck = pending;
        pending = undefined;
        if (strike(struck, text)) return;
      }
      passed += 1;
      send(text);
    },
    beat(text) {
      if (!over && !silent) send(text);
    },
    async drained() {
      if (over || socket.bufferedAmount < highWater) return;
      await flushed;
    },
    end(code) {
      if (over || silent) return;
      over = true;
      socket.close(code ?? 1000);
    },
    cut() {
      over = true;
      wire.destroy();
    },
    get closed() {
      return over;
    },
    get full() {
      return !over && socket.bufferedAmount >= highWater;
    },
    onClose: closing.add,
    onMessage(listener) {
      socket.on('message', (message) => listener(String(message)));
    },
  };
  return stream;
}

/** Writes `text()` every `ms` milliseconds until the stream is closed; never when `ms` is 0. Holds no process alive. */
export function keepAlive(stream: LineStream, ms: number, text: () => string): void {
  if (ms <= 0 || stream.closed) return;
  const timer = setInterval(() => stream.beat(text()), ms);
  timer.unref();
  stream.onClose(() => clearInterval(timer));
}

/** Ends a connection with a TCP reset (over TLS: without any farewell). */
export function resetConnection(socket: Duplex | null): void {
  if (!socket) return;
  const plain = 'encrypted' in socket ? undefined : (socket as { resetAndDestroy?: () => void });
  if (plain?.resetAndDestroy) plain.resetAndDestroy();
  else socket.destroy();
}

/** Writes a body a few bytes at a time: `bytes` (3), `delayMs` (10) apart. */
export async function drip(response: ServerResponse, body: Buffer, fault: Fault | undefined): Promise<void> {
  const size = Math.max(1, fault?.bytes ?? 3);
  for (let from = 0; from < body.length && !response.destroyed; from += size) {
    response.write(body.subarray(from, from + size));
    await new Promise<void>((resolve) => {
      setTimeout(resolve, fault?.delayMs ?? 10).unref();
    });
  }
}

async function flood(response: ServerResponse, head: string, bytes: number): Promise<void> {
  response.write(head);
  const piece = Buffer.alloc(pieceBytes, 'x');
  for (let left = bytes - head.length; left > 0 && !response.destroyed; left -= pieceBytes) {
    if (response.write(left < pieceBytes ? piece.subarray(0, left) : piece)) continue;
    await drainOf(response);
  }
}

function drainOf(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    function done(): void {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    }
    response.on('drain', done);
    response.on('close', done);
  });
}

// A cut inside a character needs a text that has one of several bytes: the fault waits for it.
function canStrike(fault: Fault, text: string): boolean {
  return fault.name !== 'reset-mid-character' || /[^\u0000-\u007f]/.test(text);
}

function cutPiece(fault: Fault, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (fault.name === 'reset-mid-character') {
    return bytes.subarray(0, bytes.findIndex((byte) => byte >= 0xc0) + 1);
  }
  let cut = bytes.length >> 1;
  while (cut > 0 && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
  return bytes.subarray(0, cut);
}

function frameHead(text: string, binary: boolean): Buffer {
  const length = Buffer.byteLength(text);
  const first = binary ? 0x82 : 0x81;
  if (length < 126) return Buffer.from([first, length]);
  if (length < 65536) return Buffer.from([first, 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

function listeners(): { add: (listener: () => void) => void; tell: () => void } {
  let waiting: (() => void)[] | undefined = [];
  return {
    add(listener) {
      if (waiting) waiting.push(listener);
      else listener();
    },
    tell() {
      const told = waiting ?? [];
      waiting = undefined;
      for (const listener of told) listener();
    },
  };
}
