// What can be chosen about the Scalingo sandbox, and what is chosen when nobody says anything.
import type { SandboxOptions } from './server.ts';

export interface ScalingoSettings {
  /** The API token that is accepted. */
  token: string;
  /** Life of a JWT, seconds. */
  jwtSeconds: number;
  /** Life of a signed log address, seconds. */
  urlSeconds: number;
  /** Life of a signed archive address, seconds. */
  archiveSeconds: number;
  /** API requests per minute and region, 0: no limit. Neither authentication nor the log server counts. */
  ratePerMinute: number;
  /** The body of a 429: as the documentation has it, or as the Go client expects it. */
  rateBody: 'text' | 'json';
  /** Milliseconds between the keepalives of every stream, 0: none. */
  keepaliveMs: number;
  lineEnding: '\r\n' | '\n';
  /** Whether the last line of a dump has its end. */
  finalEnding: 'there' | 'missing';
  zone: 'paris' | 'utc';
  /** Stack trace lines come without a header of their own. */
  headless: boolean;
  /** The discriminator of a frame: as clients read it, as the documentation writes it, or both. */
  frameKey: 'event' | 'name' | 'both';
  /** At most so many lines in one frame. */
  linesPerFrame: number;
  /** `exact`: the last n lines. `sampled`: about n, from the tails of several back ends, other ones each time. */
  dump: 'exact' | 'sampled';
  /** What a dump answers when there is no line. */
  empty: 204 | 404;
  eventStream: 'raw' | 'json';
  /** A status: log websockets are refused with it. */
  upgrade: 'accepted' | number;
  /** How the log server words a forged or expired address. */
  denied: 'text-401' | 'json-403';
  archives: number;
  linesPerArchive: number;
  /** Whether an archive says `Content-Encoding: gzip` or is just a gzip file. */
  archiveEncoding: 'file' | 'declared';
  previousPage: 'prev_page' | 'previous_page';
  /** The `new` frame of the deployment stream. */
  newFrame: 'object' | 'string';
  /** What `scale` events hold for a container type. */
  scaleAmounts: 'string' | 'integer';
  /** Milliseconds since the epoch, for the lives of credentials and the rate limit. */
  now: () => number;
}

export type ScalingoOptions = SandboxOptions & Partial<ScalingoSettings>;

const defaults: ScalingoSettings = {
  token: `tk-us-${'SandboxOnly_'.repeat(4)}`,
  jwtSeconds: 3600,
  urlSeconds: 600,
  archiveSeconds: 3600,
  ratePerMinute: 60,
  rateBody: 'text',
  keepaliveMs: 10_000,
  lineEnding: '\r\n',
  finalEnding: 'there',
  zone: 'paris',
  headless: false,
  frameKey: 'event',
  linesPerFrame: 1,
  dump: 'exact',
  empty: 204,
  eventStream: 'raw',
  upgrade: 'accepted',
  denied: 'text-401',
  archives: 23,
  linesPerArchive: 400,
  archiveEncoding: 'file',
  previousPage: 'prev_page',
  newFrame: 'object',
  scaleAmounts: 'string',
  now: Date.now,
};

export function chooseSettings(options: ScalingoOptions): ScalingoSettings {
  const { world: _world, port: _port, tls: _tls, ...chosen } = options;
  return { ...defaults, ...chosen };
}
