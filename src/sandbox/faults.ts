// Named misbehaviours that a test or a user switches on in a sandbox server. Knows no platform.

export type FaultName =
  | 'reset-mid-line' // TCP reset after half a line was sent
  | 'reset-mid-character' // TCP reset inside a multi-byte character
  | 'half-open' // the connection stays, nothing comes any more (no keepalive either)
  | 'refuse-upgrade' // the websocket handshake is answered with `status` (default 400)
  | 'close-1000'
  | 'close-1001'
  | 'close-1011'
  | 'clean-end' // the response or socket ends as if all were said
  | 'unauthorized' // 401, as the platform words it
  | 'rate-limited' // 429, `retryAfter` seconds if given, in the platform's form
  | 'server-error' // `status` (500, 502, 503, 504), as the platform words it
  | 'html-error' // `status` with an HTML page
  | 'slow-body' // the body comes in pieces of a few bytes, `delayMs` apart
  | 'expired-url' // a signed URL that is refused
  | 'out-of-order' // lines come in blocks that are out of order
  | 'repeated-lines' // every line is written twice by the app itself
  | 'not-json' // a frame or an answer that is no JSON
  | 'wrong-shape' // JSON of another shape
  | 'endless-line' // one line of `bytes` bytes without an end
  | 'cut-body' // a body that ends before its announced end
  | 'connection-refused'; // the socket is destroyed at once

export interface Fault {
  name: FaultName;
  /** The server's own name of a route or stream (each server file lists them); every one when absent. */
  route?: string;
  /** How many requests or connections it hits; default 1. */
  times?: number;
  /** How many requests or connections of that route pass before the first hit; default 0. */
  skip?: number;
  /** Streams: lines that pass before the fault strikes; default 0. */
  afterLines?: number;
  status?: number;
  /** Seconds. */
  retryAfter?: number;
  delayMs?: number;
  bytes?: number;
}

export interface Faults {
  /** Returns what takes the fault back. */
  add(fault: Fault): () => void;
  /** Counts one request or connection of that route and returns the fault that hits it, if any. */
  take(route: string, only?: readonly FaultName[]): Fault | undefined;
  clear(): void;
}

export function createFaults(): Faults {
  let live: { fault: Fault; skip: number; times: number }[] = [];
  return {
    add(fault) {
      const entry = { fault, skip: fault.skip ?? 0, times: fault.times ?? 1 };
      live.push(entry);
      return () => {
        live = live.filter((other) => other !== entry);
      };
    },
    take(route, only) {
      for (const entry of live) {
        if (entry.fault.route !== undefined && entry.fault.route !== route) continue;
        if (only && !only.includes(entry.fault.name)) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        if (entry.times <= 0) continue;
        entry.times -= 1;
        return entry.fault;
      }
      return undefined;
    },
    clear() {
      live = [];
    },
  };
}
