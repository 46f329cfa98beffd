// How one DigitalOcean sandbox behaves: the knobs, their defaults, and what its parts share. Knows no routes.
import type { Releases } from './digitalocean-releases.ts';
import type { World } from './world.ts';

export type LogType =
  | 'UNSPECIFIED'
  | 'BUILD'
  | 'DEPLOY'
  | 'RUN'
  | 'RUN_RESTARTED'
  | 'AUTOSCALE_EVENT'
  | 'JOB_INVOCATION';

/** What the platform leaves open or does in several ways (wire: DigitalOcean 2, 7, 11). */
export interface DigitaloceanManner {
  /** The one API token; anything else is 401. */
  token: string;
  /** False: the token may read apps, but not metrics (403). */
  monitoringScope: boolean;
  /** Scheme of `live_url` as handed out; `http`, or `https` when started with a certificate. */
  liveScheme: 'http' | 'https' | 'ws' | 'wss';
  /**
   * Body of a logs answer. `flat` as in the schema; `padded` the same with `""` and `null` for what is missing;
   * `seed` as in the generated documentation (`value`, `historic_logs`, `url`).
   */
  answerForm: 'flat' | 'padded' | 'seed';
  /**
   * Health and single job invocations: `wrapped` as godo reads them, `bare` without the wrapping key, `example` as the
   * specification's examples have them (health bare, the invocation in an array).
   */
  wrapForm: 'wrapped' | 'bare' | 'example';
  /** Opcode of log frames. */
  frames: 'text' | 'binary';
  linesPerFrame: number;
  /** Every frame breaks off in mid-line; the rest opens the next one. */
  splitLines: boolean;
  /** Seconds in the timestamps of lines have a fraction of up to nine digits, or none. */
  linePrecision: 'nano' | 'second';
  /** Lines as the API has them, or as the website shows and saves them (`[web] [2025-01-20 13:43:14] text`). */
  lineForm: 'api' | 'website';
  /** Milliseconds between websocket pings; 0 = none. */
  keepaliveMs: number;
  /** Milliseconds that a live URL may be dialled after it was handed out. */
  liveTokenLifeMs: number;
  /** A GET of the live URL without an upgrade: raw text, or 400. */
  livePlain: 'text' | 'refused';
  /** `tail_lines` absent: nothing but what comes after connecting, or everything. */
  untailed: 'none' | 'all';
  /** The backlog begins with the instances of the deployment, or reaches back over all of them. */
  backlog: 'deployment' | 'app';
  /** What a new active deployment does to streams of the old one: CLOSE 1000, or silence. */
  redeploy: 'ends' | 'starves';
  /** RUN answers with an archive of the older half of the lines too; the live part adjoins it or repeats 5 lines. */
  runArchive: 'none' | 'adjoining' | 'overlapping';
  /** RUN_RESTARTED answers with an archive, or with a stream that replays and closes. */
  restartedForm: 'historic' | 'live';
  /** Archive bodies; `mislabelled` is plain text that claims to be gzip. */
  archiveForm: 'plain' | 'gzip' | 'gzip-unlabelled' | 'cut' | 'denied' | 'mislabelled';
  /** The last archive's last line ends in a line feed. */
  archiveFinalNewline: boolean;
  /** Milliseconds that a signed archive URL holds. */
  archiveLifeMs: number;
  /** Over how many URLs an archive is spread. */
  archiveParts: number;
  /** Log types that are answered 400 "skipped". */
  skipped: readonly LogType[];
  /** Milliseconds that instances take to appear; RUN answers wait for it, up to `pod_connection_timeout`. */
  instanceDelayMs: number;
  /** Small other apps in the account; the first has the sample's name in another case, the sample is listed last. */
  extraApps: number;
  /** False: the app never had a deployment; `world`: it has only those that the world tells of. */
  deployed: boolean | 'world';
  ratePerMinute: number;
  ratePerHour: number;
  /** A burst 429 carries `retry-after`; else only `ratelimit-reset`. */
  retryAfter: boolean;
  /** Clock of limits, tokens and signatures, not of the story. Milliseconds since the epoch. */
  clock: () => number;
}

export type DigitaloceanKnobs = Partial<DigitaloceanManner>;

/** What every part of one sandbox works on. */
export interface Platform {
  readonly world: World;
  readonly manner: DigitaloceanManner;
  readonly releases: Releases;
  /** UUID of the sample app. */
  readonly appId: string;
  /** Unix epoch, milliseconds: the story's time at the start. */
  readonly started: number;
  /** `http` or `https`: how the server itself is reached. */
  readonly scheme: 'http' | 'https';
}

export function mannerOf(knobs: DigitaloceanKnobs & { tls?: unknown }): DigitaloceanManner {
  const { tls, ...own } = knobs;
  return { ...defaults, liveScheme: tls ? 'https' : 'http', ...own };
}

const defaults: Omit<DigitaloceanManner, 'liveScheme'> = {
  token: `dop_v1_${'5e'.repeat(32)}`,
  monitoringScope: true,
  answerForm: 'flat',
  wrapForm: 'wrapped',
  frames: 'text',
  linesPerFrame: 1,
  splitLines: false,
  linePrecision: 'nano',
  lineForm: 'api',
  keepaliveMs: 0,
  liveTokenLifeMs: 60_000,
  livePlain: 'text',
  untailed: 'none',
  backlog: 'deployment',
  redeploy: 'ends',
  runArchive: 'none',
  restartedForm: 'historic',
  archiveForm: 'plain',
  archiveFinalNewline: true,
  archiveLifeMs: 15 * 60_000,
  archiveParts: 2,
  skipped: [],
  instanceDelayMs: 0,
  extraApps: 0,
  deployed: true,
  ratePerMinute: 250,
  ratePerHour: 5000,
  retryAfter: true,
  clock: () => Date.now(),
};
