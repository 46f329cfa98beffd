// What every sandbox server offers to its user and to tests. Knows no platform.
import type { Faults } from './faults.ts';
import type { World } from './world.ts';

export interface SeenRequest {
  readonly method: string;
  /** With query, as sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The server's own name of the route, '' when unknown. */
  readonly route: string;
}

export interface SandboxServer {
  /** `akkeris`, `container-station`, `scalingo`, `digitalocean`. */
  readonly platform: string;
  /** `http://127.0.0.1:PORT` (https when started with a certificate). */
  readonly url: string;
  readonly world: World;
  readonly faults: Faults;
  /** What a client needs to reach it: platform variables as the platform's own tools and polylog read them. */
  readonly env: Readonly<Record<string, string>>;
  /** Targets that exist, as polylog's user types them (`scalingo:shop`). */
  readonly targets: readonly string[];
  /** Requests so far, oldest first; the oldest are dropped beyond 10_000. */
  readonly requests: readonly SeenRequest[];
  /** Open live streams (websockets, event streams, held responses). */
  watchers(): number;
  /** Resolves when at least `n` live streams are open. */
  watched(n: number): Promise<void>;
  /**
   * Called after an answer was fully handed to the socket, before the client can have acted on it: the place to
   * "write a line right after the past has been answered".
   */
  onAnswered(listener: (request: SeenRequest) => void): () => void;
  /** Ends every connection at once and frees the port. */
  close(): Promise<void>;
}

export interface SandboxOptions {
  world: World;
  /** 0 = any free port (default). Always on 127.0.0.1. */
  port?: number;
  /** PEM; then the server speaks https (and wss). */
  tls?: { key: string; cert: string };
}
