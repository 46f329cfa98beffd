// DigitalOcean's words to ours: one log line and its header, one app, one deployment. Knows no request.
import {
  type App,
  type AppComponent,
  type Instant,
  instantToMillis,
  type LogBody,
  type LogEntry,
  type LogSource,
} from '../../model.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';
import { stampAt } from '../../transport/stamps.ts';
import { readBracketed } from './bracketed-line.ts';

/** What is known of every line of one log without reading it. */
export interface LineOrigin {
  readonly source: LogSource;
  /** null when unknown. */
  readonly deployment: string | null;
  /** The one component that was asked for; null when the log is of several. */
  readonly component: string | null;
  /** Of the app's components; absent when they are unknown. */
  readonly names?: ReadonlySet<string>;
}

/**
 * `web 2026-08-01T10:00:00.123456789Z message` (wire: DigitalOcean 2.6). A line of another form has no time, and no
 * component either unless only one was asked for. There is no instance, stream or level in these lines.
 */
export function createLineParser(origin: LineOrigin): (raw: string) => LogBody {
  const { source, deployment, names = new Set() } = origin;
  return (raw) => {
    const space = raw.indexOf(' ');
    const time = readInstant(raw, space + 1);
    const name = time === null ? null : nameOf(raw, space);
    const bracketed = name === null ? readBracketed(raw, names) : null;
    const ts = name === null ? (bracketed?.ts ?? null) : time;
    return {
      ts,
      quality: ts === null ? 'observed' : ts.digits === 0 ? 'second' : 'exact',
      component: name ?? bracketed?.component ?? origin.component,
      instance: null,
      source,
      stream: null,
      level: null,
      message: bracketed?.message ?? (ts === null ? raw : raw.slice(endOfInstant + 1)),
      fields: null,
      id: null,
      deployment,
    };
  };
}

/** Milliseconds since the epoch, NaN for a line without a time; agrees with the parser. */
export function millisOf(entry: LogEntry): number {
  const { raw } = entry;
  const space = raw.indexOf(' ');
  const usual = space > 0 && space <= LONGEST_NAME ? readInstant(raw, space + 1) : null;
  const ts = usual ?? (raw.startsWith('[') ? entry.body.ts : null);
  return ts === null ? Number.NaN : instantToMillis(ts);
}

/** The same from the line's bytes. */
export function stampOf(bytes: Uint8Array, from: number, to: number): number {
  const most = Math.min(to, from + LONGEST_NAME + 1);
  for (let index = from; index < most; index += 1)
    if (bytes[index] === SPACE) return stampAt(bytes, index + 1);
  return Number.NaN;
}

/** Whether the text begins like a line of its own; says nothing of a line without the platform's header. */
export function startsLine(text: string): boolean {
  const space = text.indexOf(' ');
  return readInstant(text, space + 1) !== null && nameOf(text, space) !== null;
}

/** Names are shorter (32 characters); longer words are no names. */
export const LONGEST_NAME = 128;
const SPACE = 32;
const PLUS = 43;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const CAPITAL_T = 84;
const CAPITAL_Z = 90;

/** Index behind the instant that was read last. */
let endOfInstant = 0;

/** RFC 3339 at that index, with a space or the end behind it; sets `endOfInstant`. */
function readInstant(raw: string, at: number): Instant | null {
  if (raw.charCodeAt(at + 10) !== CAPITAL_T) return null;
  const day = dayAt(raw, at);
  if (raw.charCodeAt(at + 13) !== COLON || raw.charCodeAt(at + 16) !== COLON) return null;
  const hours = twoDigits(raw, at + 11);
  const minutes = twoDigits(raw, at + 14);
  const seconds = twoDigits(raw, at + 17);
  if (!(hours < 24 && minutes < 60 && seconds <= 60)) return null;
  let index = at + 19;
  let nanos = 0;
  let digits = 0;
  if (raw.charCodeAt(index) === DOT) {
    index += 1;
    for (let code = raw.charCodeAt(index); isDigit(code); code = raw.charCodeAt(index)) {
      if (digits < 9) {
        nanos = nanos * 10 + code - 48;
        digits += 1;
      }
      index += 1;
    }
    if (digits === 0) return null;
    for (let missing = digits; missing < 9; missing += 1) nanos *= 10;
  }
  const offset = offsetAt(raw, index);
  const total = day + hours * 3600 + minutes * 60 + seconds - offset;
  if (Number.isNaN(total)) return null;
  const end = raw.charCodeAt(index) === CAPITAL_Z ? index + 1 : index + 6;
  if (end !== raw.length && raw.charCodeAt(end) !== SPACE) return null;
  endOfInstant = end;
  return { seconds: total, nanos, digits };
}

let dayText = '----------';
let dayStart = Number.NaN;

/** Seconds since the epoch of the day's first moment; the day, the dear part, is remembered from line to line. */
function dayAt(raw: string, at: number): number {
  if (raw.startsWith(dayText, at)) return dayStart;
  if (raw.charCodeAt(at + 4) !== DASH || raw.charCodeAt(at + 7) !== DASH) return Number.NaN;
  const year = twoDigits(raw, at) * 100 + twoDigits(raw, at + 2);
  const month = twoDigits(raw, at + 5);
  const day = twoDigits(raw, at + 8);
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCDate() !== day) return Number.NaN;
  dayText = raw.slice(at, at + 10);
  dayStart = date.getTime() / 1000;
  return dayStart;
}

/** Seconds of `Z` or `+02:00`; NaN for all else. */
function offsetAt(raw: string, at: number): number {
  const sign = raw.charCodeAt(at);
  if (sign === CAPITAL_Z) return 0;
  if ((sign !== PLUS && sign !== DASH) || raw.charCodeAt(at + 3) !== COLON) return Number.NaN;
  const offset = twoDigits(raw, at + 1) * 3600 + twoDigits(raw, at + 4) * 60;
  return sign === DASH ? -offset : offset;
}

function twoDigits(raw: string, at: number): number {
  const tens = raw.charCodeAt(at);
  const ones = raw.charCodeAt(at + 1);
  return isDigit(tens) && isDigit(ones) ? (tens - 48) * 10 + ones - 48 : Number.NaN;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

let lastName = '';
const names = new Map<string, string>();
const MOST_NAMES = 1024;

/** One string per name, which does not keep the line alive; null for what is no name. */
function nameOf(raw: string, length: number): string | null {
  if (length < 1 || length > LONGEST_NAME) return null;
  if (lastName.length === length && raw.startsWith(lastName)) return lastName;
  const name = raw.slice(0, length);
  let known = names.get(name);
  if (known === undefined) {
    if (/\s/.test(name)) return null;
    if (names.size >= MOST_NAMES) names.clear();
    known = Buffer.from(name, 'utf8').toString('utf8');
    names.set(known, known);
  }
  lastName = known;
  return known;
}

export interface Deployment {
  readonly id: string;
  /** The platform's word (`ACTIVE`); null when it gives none. */
  readonly phase: string | null;
  /** Names; empty when it tells none. */
  readonly components: readonly string[];
}

export interface AppRecord {
  readonly id: string;
  readonly name: string;
  readonly components: readonly AppComponent[];
  readonly region: string | null;
  readonly active: Deployment | null;
  /** In progress, or waiting to be. */
  readonly coming: Deployment | null;
}

/** Keys of a spec and of a deployment, in the order in which the platform's own client goes through them. */
const COMPONENT_KINDS: Readonly<Record<string, string>> = {
  services: 'service',
  workers: 'worker',
  jobs: 'job',
  static_sites: 'static_site',
  databases: 'database',
  functions: 'function',
};

/** null without an id. */
export function deploymentOf(value: unknown): Deployment | null {
  const fields = fieldsOf(value);
  const id = textOf(fields?.id);
  if (fields === null || id === null) return null;
  const own = componentsOf(fields);
  const components = own.length > 0 ? own : componentsOf(fieldsOf(fields.spec) ?? {});
  return { id, phase: textOf(fields.phase), components: components.map(({ name }) => name) };
}

/** The missing field's name when an essential one is not there. */
export function appRecordOf(fields: Fields): AppRecord | string {
  const spec = fieldsOf(fields.spec) ?? {};
  const id = textOf(fields.id);
  const name = textOf(spec.name);
  if (id === null) return 'id';
  if (name === null) return 'spec.name';
  return {
    id,
    name,
    components: componentsOf(spec),
    region: textOf(fieldsOf(fields.region)?.slug) ?? textOf(spec.region),
    active: deploymentOf(fields.active_deployment),
    coming: deploymentOf(fields.in_progress_deployment) ?? deploymentOf(fields.pending_deployment),
  };
}

export function appOf({ id, name, components, region, active, coming }: AppRecord): App {
  return { id, name, components, region, status: active?.phase ?? coming?.phase ?? null };
}

function componentsOf(fields: Fields): AppComponent[] {
  return Object.entries(COMPONENT_KINDS).flatMap(([key, kind]) =>
    listOf(fields[key]).flatMap((component) => {
      const name = textOf(component.name);
      const count = component.instance_count;
      return name === null ? [] : [{ name, kind, instances: typeof count === 'number' ? count : null }];
    }),
  );
}
