// The words of the domain: what every platform's answers are turned into. Imports nothing, knows no platform.

/**
 * A point in time with every digit that the platform gave. `seconds` is the Unix epoch, `nanos` 0..999_999_999,
 * `digits` how many fraction digits were given (0..9): 0 prints without a fraction.
 */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
  readonly digits: number;
}

export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}

export function instantFromMillis(ms: number, digits = 3): Instant {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6), digits };
}

/** Milliseconds since the epoch, with fraction. */
export function instantToMillis(instant: Instant): number {
  return instant.seconds * 1000 + instant.nanos / 1e6;
}

export function shiftInstant(instant: Instant, byMillis: number): Instant {
  const total = instant.nanos + (byMillis % 1000) * 1e6;
  const carry = Math.floor(total / 1e9);
  return {
    seconds: instant.seconds + Math.trunc(byMillis / 1000) + carry,
    nanos: Math.round(total - carry * 1e9),
    digits: instant.digits,
  };
}

let lastSecond = Number.NaN;
let lastText = '';
let lastDay = Number.NaN;
let dayText = '';

/** RFC 3339 in UTC with exactly the digits that were given. */
export function formatInstant(instant: Instant): string {
  // Lines come in clusters.
  if (instant.seconds !== lastSecond) {
    lastText = formatSecond(instant.seconds);
    lastSecond = instant.seconds;
  }
  return `${lastText}${fractionText(instant)}Z`;
}

/** `2026-09-20T14:15:34`: what stands before the fraction; of seconds since the epoch. */
export function formatSecond(seconds: number): string {
  const day = Math.floor(seconds / 86_400);
  if (day !== lastDay) {
    const date = new Date(day * 86_400_000);
    dayText = Number.isNaN(date.getTime()) ? '0000-00-00T' : date.toISOString().slice(0, -13);
    lastDay = day;
  }
  const rest = seconds - day * 86_400;
  const hours = Math.floor(rest / 3600);
  const minutes = Math.floor(rest / 60) % 60;
  return `${dayText}${twoDigits(hours)}:${twoDigits(minutes)}:${twoDigits(rest % 60)}`;
}

/** `.123`: the digits that were given, `most` of them; '' where there are none. */
export function fractionText({ nanos, digits }: Instant, most = 9): string {
  if (digits === 0) return '';
  const all = nanos < 1e8 ? String(nanos).padStart(9, '0') : String(nanos);
  return `.${digits < 9 || most < 9 ? all.slice(0, Math.min(digits, most)) : all}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export const LEVELS: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Where a line comes from: the app's own output, the router, the platform itself, a build, an add-on. */
export type LogSource = 'app' | 'router' | 'platform' | 'build' | 'addon';
export const LOG_SOURCES: readonly LogSource[] = ['app', 'router', 'platform', 'build', 'addon'];

/** `exact`: finer than a second; `second`; `corrected`: computed from a wall clock; `observed`: none was given. */
export type TimeQuality = 'exact' | 'second' | 'corrected' | 'observed';

/** What was read out of one line. */
export interface LogBody {
  /** null where the platform gave none. */
  readonly ts: Instant | null;
  readonly quality: TimeQuality;
  /** `web`, `worker`, a DigitalOcean component, a container's name; null when unknown. */
  readonly component: string | null;
  /** `web-1`, `web.1562910588-cg82f`; null when unknown. */
  readonly instance: string | null;
  readonly source: LogSource;
  readonly stream: 'stdout' | 'stderr' | null;
  /** The platform's own level field only; what is parsed out of the message comes later. */
  readonly level: Level | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** The platform's own id of the line. */
  readonly id: string | null;
  readonly deployment: string | null;
}

/** A body's level, text and fields, with what was parsed out of its message. A body itself is one where nothing was. */
export interface Reading extends Pick<LogBody, 'level' | 'message' | 'fields'> {
  /** The key of `fields` that `level` was taken from; absent where it came from elsewhere. */
  readonly levelKey?: string;
  /** The key of `fields` that `message` was taken from. */
  readonly messageKey?: string;
  /** `fields` as the application wrote them: JSON on one line, with every digit of its numbers. */
  readonly json?: string;
}

/** Reads a message when someone asks; nothing is remembered, so that nothing is held. */
export interface MessageReader {
  (body: LogBody): Reading;
  /** Whether it gives nothing but the body for a message of these bytes, told without reading it; absent = it has to be asked. */
  readonly isPlain?: (bytes: Uint8Array, from: number, to: number) => boolean;
}

/**
 * One log line. `raw` is the platform's line without CR and LF (for structured rows: their nearest text form).
 * The body is read lazily: raw output without filters never pays for it.
 */
export class LogEntry {
  readonly raw: string;
  /** Set only where `raw` could not be decoded without loss (invalid UTF-8): the platform's bytes, without CR LF. */
  readonly bytes: Uint8Array | undefined;
  /** Bytes that were cut off because the line was longer than the limit; 0 when whole; Infinity when it broke off. */
  readonly truncated: number;
  /** Milliseconds since the epoch by which it is put in order, known without reading the body; NaN when they are not. */
  readonly at: number;
  #parse: (raw: string) => LogBody;
  #body: LogBody | undefined;

  constructor(
    raw: string,
    parse: (raw: string) => LogBody,
    bytes?: Uint8Array,
    truncated = 0,
    at = Number.NaN,
  ) {
    this.raw = raw;
    this.#parse = parse;
    this.#body = undefined;
    this.bytes = bytes;
    this.truncated = truncated;
    this.at = at;
  }

  /** The same as a line of which the end never came: nobody knows how much is missing. */
  brokenOff(): LogEntry {
    return new LogEntry(this.raw, this.#parse, this.bytes, Number.POSITIVE_INFINITY, this.at);
  }

  get body(): LogBody {
    this.#body ??= this.#parse(this.raw);
    return this.#body;
  }
}

/**
 * Items that are made only when someone looks at them: a million lines that are handed on as they are, or that a filter
 * drops, never become objects.
 */
export interface Bundle<T> {
  readonly count: number;
  /** Milliseconds since the epoch of each item, NaN for one without a time. */
  readonly at: readonly number[];
  /** Made anew at every look, so that none is held: look once. */
  readonly items: readonly T[];
  /** The items as the platform wrote them, LF behind each; null where that is not what stands there. */
  readonly verbatim: Uint8Array | null;
  /** The same with the places of what stands in them; null where nobody finds those without making the items. */
  readonly lines: LineBytes<T> | null;
  /** Whether any item may hold this text; false only where none does. */
  mayHold(text: string): boolean;
}

/** Lines as bytes, so that they can be written in another form without becoming text. */
export interface LineBytes<T> {
  /** Valid UTF-8. */
  readonly bytes: Buffer;
  /** Where the LF of each line stands; a CR before it is not the line's. */
  readonly ends: readonly number[];
  /** Finds the parts of the line from..to, without its end; false where it has to be made into an item. */
  find(bytes: Uint8Array, from: number, to: number, parts: LineParts): boolean;
  /** The item of that line. */
  item(from: number, to: number): T;
  /** The same object for lines of which equal origins are the same place. */
  readonly places: object;
}

/**
 * What stands where in one line that has a time; places are indices of bytes. What the origin does not tell of an item's
 * body is its time and its message, and the quality of the time is `exact`, or `second` without digits.
 */
export interface LineParts {
  /** Since the epoch. */
  seconds: number;
  /** Where the digits of the fraction begin, and how many of them count. */
  fraction: number;
  digits: number;
  origin: number;
  originEnd: number;
  /** The message reaches to the end of the line. */
  message: number;
}

/** Some items in order; those of a bundle, where there is one, are made when `items` is looked at. */
export interface Lot<T> {
  readonly items: readonly T[];
  readonly bundle?: Bundle<T> | undefined;
}

/**
 * Gives an object of one's own the items of a bundle. Spread into another object it brings the made items along and
 * not the bundle, which those might no longer be.
 */
export function carrying<T, S extends object>(about: S, bundle: Bundle<T>): S & Lot<T> {
  return Object.defineProperties(about, {
    items: { get: () => bundle.items, enumerable: true },
    bundle: { value: bundle },
  }) as S & Lot<T>;
}

/** How many, without making any. */
export function countOf<T>(lot: Lot<T>): number {
  return lot.bundle ? lot.bundle.count : lot.items.length;
}

export interface AppComponent {
  readonly name: string;
  /** The platform's own word: `service`, `worker`, `container`, … */
  readonly kind: string;
  readonly instances: number | null;
}

export interface App {
  readonly id: string;
  /** As it is addressed: `shop`, `docker/web`, `api-default`. */
  readonly name: string;
  readonly components: readonly AppComponent[];
  readonly region: string | null;
  /** The platform's own word. */
  readonly status: string | null;
}

/** Something may be missing between two shown items. */
export interface Gap {
  readonly from: Instant | null;
  readonly to: Instant | null;
  readonly reason: string;
  readonly certainty: 'possible' | 'certain';
  /** How many, where known. */
  readonly count: number | null;
}

/** A word to the person who watches: a source came or went, a reconnection, a platform's limit. */
export interface Notice {
  readonly kind:
    | 'connected'
    | 'disconnected'
    | 'reconnected'
    | 'ended'
    | 'cleared'
    | 'limit'
    | 'hint'
    | 'warning';
  readonly message: string;
}

export type BuildStatus =
  | 'queued'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'superseded'
  | 'unknown';

export const BUILD_STATUSES: readonly BuildStatus[] = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'superseded',
  'unknown',
];

export interface BuildStep {
  /** As the platform names it, for people. */
  readonly name: string;
  readonly status: BuildStatus;
  readonly started: Instant | null;
  readonly finished: Instant | null;
  /** Why it failed, in the platform's words. */
  readonly reason: string | null;
  /** Nested to any depth. */
  readonly steps: readonly BuildStep[];
}

export interface Build {
  readonly id: string;
  readonly status: BuildStatus;
  /** The platform's own word. */
  readonly nativeStatus: string;
  /** Whether the platform calls it over; an unknown word that is over never counts as success. */
  readonly ended: boolean;
  /** The platform's own kind (`git`, `image_download`), or null. */
  readonly kind: string | null;
  readonly created: Instant | null;
  readonly started: Instant | null;
  readonly finished: Instant | null;
  /** Seconds, where the platform says so or both ends are known. */
  readonly duration: number | null;
  readonly commit: string | null;
  /** Branch, tag or version. */
  readonly ref: string | null;
  readonly cause: string | null;
  readonly user: string | null;
  /** Of the commit, or a description. */
  readonly message: string | null;
  readonly steps: readonly BuildStep[];
  /** Percent, where the platform says so. */
  readonly progress: number | null;
  /** Why it failed, in the platform's words. */
  readonly reason: string | null;
  readonly url: string | null;
}

export interface MetricSample {
  readonly ts: Instant;
  /** null is a gap, never a zero. */
  readonly value: number | null;
}

/** Samples of one metric of one place, oldest first. */
export interface MetricSeries {
  readonly component: string | null;
  readonly instance: string | null;
  /** The platform's own name. */
  readonly metric: string;
  /** `percent`, `bytes`, `bytes/s`, `cores`, `count`, `ms`, `requests`, … */
  readonly unit: string;
  /** The platform's own way of making one value of many. */
  readonly aggregate: 'mean' | 'sum' | 'last';
  /** Seconds between samples; null where there is no rhythm (a present value). */
  readonly resolution: number | null;
  readonly samples: readonly MetricSample[];
}

export interface MetricKind {
  readonly metric: string;
  readonly unit: string;
  readonly aggregate: 'mean' | 'sum' | 'last';
  /** Seconds; null where only the present value is to be had. */
  readonly resolution: number | null;
  readonly description: string;
}

export interface PlatformEvent {
  readonly ts: Instant | null;
  /** null where the platform gives none. */
  readonly id: string | null;
  /** One of polylog's words: deploy, scale, restart, crash, config, release, image, export, import, task, access, other. */
  readonly kind: string;
  /** The platform's own type. */
  readonly nativeKind: string;
  readonly component: string | null;
  readonly user: string | null;
  /** One line for people, no secret in it. */
  readonly message: string;
  /** The payload, secrets masked. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/** What an app, a component or a container is doing now. */
export interface PlatformState {
  readonly ts: Instant | null;
  readonly component: string | null;
  /** `running`, `stopped`, `deployed`, `failed`, `scaled`, or the platform's own word in lower case. */
  readonly state: string;
  readonly nativeState: string;
  /** Every state that holds at the same time (`running` and `deployed`), where several do. */
  readonly also?: readonly string[];
  readonly fields: Readonly<Record<string, unknown>> | null;
}
