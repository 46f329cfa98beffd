// Model values as the contract's records, and log entries as ndjson lines. Knows no stream; keys stand in the contract's order.
import {
  type App,
  formatInstant,
  type Gap,
  type Instant,
  instantFromMillis,
  LEVELS,
  type Level,
  type LogBody,
  type MessageReader,
  type Notice,
  type TimeQuality,
} from '../model.ts';
import { SEVERITIES } from './levels.ts';
import type { LogItem, LogRenderer, LogTarget } from './log-item.ts';

/** Stands in every record. */
export const COMMON_KEYS = ['v', 'type', 'provider', 'profile', 'app'] as const;

/** The keys of each type of record in the contract's order, behind the common ones. */
export const RECORD_KEYS = {
  log: [
    'ts',
    'ts_quality',
    'observed',
    'component',
    'instance',
    'source',
    'stream',
    'level',
    'severity',
    'message',
    'fields',
    'id',
    'deployment',
    'seq',
  ],
  app: ['id', 'name', 'components', 'region', 'status'],
  build: [
    'id',
    'status',
    'native_status',
    'kind',
    'created',
    'started',
    'finished',
    'duration',
    'commit',
    'ref',
    'cause',
    'user',
    'message',
    'steps',
    'progress',
    'reason',
    'url',
  ],
  event: ['ts', 'id', 'kind', 'native_kind', 'component', 'user', 'message', 'fields'],
  metric: ['ts', 'component', 'instance', 'metric', 'unit', 'value', 'aggregate', 'resolution'],
  state: ['ts', 'component', 'state', 'native_state', 'fields'],
  gap: ['from', 'to', 'reason', 'certainty', 'count'],
  notice: ['ts', 'kind', 'message'],
  end: [
    'reason',
    'exit',
    'records',
    'gaps',
    'duplicates_dropped',
    'reconnects',
    'oldest',
    'newest',
    'cursor',
  ],
} as const;

export type RecordType = keyof typeof RECORD_KEYS;

/** One JSON object of the contract; its keys stand in order. */
export type OutputRecord = Readonly<Record<string, unknown>>;

/** How a command came to its end. */
export interface EndSummary {
  /** One word or sentence: `interrupted`, `until-match`, `ended`. */
  readonly reason: string;
  readonly exit: number;
  readonly records: number;
  readonly gaps: number;
  readonly duplicatesDropped: number;
  readonly reconnects: number;
  readonly oldest: Instant | null;
  readonly newest: Instant | null;
  readonly cursor: string | null;
}

export interface LogRecordOptions {
  readonly includeRaw: boolean;
  /** Epoch milliseconds, for entries without a time of reading. */
  readonly now: () => number;
  /** Gives level and fields; the platform's own unless given. */
  readonly read?: MessageReader | undefined;
}

/** Makes the records of log entries, counting `seq` per target from 1. `late`, `truncated` and `raw` stand last, where they apply. */
export function createLogRecords({
  includeRaw,
  now,
  read,
}: LogRecordOptions): (item: LogItem) => OutputRecord {
  const counts = new Map<LogTarget, number>();
  return ({ entry, target, observed, late }) => {
    const seq = (counts.get(target) ?? 0) + 1;
    counts.set(target, seq);
    const { body } = entry;
    const { level, fields } = read ? read(body) : body;
    // No spread of other objects: that makes it several times slower.
    const record: Record<string, unknown> = {
      v: 1,
      type: 'log',
      provider: target.provider,
      profile: target.profile,
      app: target.app,
      ts: timeOrNull(body.ts),
      ts_quality: body.quality,
      observed: millisText(observed ?? now()),
      component: body.component,
      instance: body.instance,
      source: body.source,
      stream: body.stream,
      level,
      severity: level && SEVERITIES[level],
      message: body.message,
      fields,
      id: body.id,
      deployment: body.deployment,
      seq,
    };
    if (late) record.late = true;
    if (entry.truncated > 0) record.truncated = bytesOrNull(entry.truncated);
    if (includeRaw) record.raw = entry.raw;
    return record;
  };
}

export function appRecord(app: App, from: Pick<LogTarget, 'provider' | 'profile'>): OutputRecord {
  return {
    ...common('app', { ...from, app: app.name }),
    id: app.id,
    name: app.name,
    components: app.components.map(({ name, kind, instances }) => ({ name, kind, instances })),
    region: app.region,
    status: app.status,
  };
}

export function gapRecord(gap: Gap, target: LogTarget): OutputRecord {
  return {
    ...common('gap', target),
    from: timeOrNull(gap.from),
    to: timeOrNull(gap.to),
    reason: gap.reason,
    certainty: gap.certainty,
    count: gap.count,
  };
}

/** `target` is null for what concerns the whole command; `now` in epoch milliseconds. */
export function noticeRecord(notice: Notice, target: LogTarget | null, now: number): OutputRecord {
  return { ...common('notice', target), ts: millisText(now), kind: notice.kind, message: notice.message };
}

/** `target` is null for a command with several. */
export function endRecord(end: EndSummary, target: LogTarget | null): OutputRecord {
  return {
    ...common('end', target),
    reason: end.reason,
    exit: end.exit,
    records: end.records,
    gaps: end.gaps,
    duplicates_dropped: end.duplicatesDropped,
    reconnects: end.reconnects,
    oldest: timeOrNull(end.oldest),
    newest: timeOrNull(end.newest),
    cursor: end.cursor,
  };
}

export function common(type: RecordType, target: LogTarget | null): OutputRecord {
  const { provider = null, profile = null, app = null } = target ?? {};
  return { v: 1, type, provider, profile, app };
}

export function timeOrNull(instant: Instant | null): string | null {
  return instant && formatInstant(instant);
}

/** null where nobody knows. */
function bytesOrNull(truncated: number): number | null {
  return Number.isFinite(truncated) ? truncated : null;
}

function millisText(millis: number): string {
  return formatInstant(instantFromMillis(millis));
}

export interface NdjsonOptions {
  readonly isTTY: boolean;
  readonly includeRaw?: boolean | undefined;
  /** Epoch milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Gives level and fields; the platform's own unless given. */
  readonly read?: MessageReader | undefined;
}

/** One JSON object per line; the same as `createLogRecords` gives, built by hand for speed. */
export function createNdjsonRenderer({
  isTTY,
  includeRaw = false,
  now = Date.now,
  read = (body) => body,
}: NdjsonOptions): LogRenderer {
  const finish = isTTY ? escapeForTerminal : (json: string): string => json;
  const lineOf = createLogLines(includeRaw, read);
  return {
    head: '',
    entries(batch) {
      const time = now();
      // Of many lines that came together it is the same.
      let observed = Number.NaN;
      let observedText = '';
      let text = '';
      for (const item of batch) {
        const own = item.observed ?? time;
        if (own !== observed) {
          observed = own;
          observedText = millisText(own);
        }
        text += lineOf(item, observedText);
      }
      return finish(text);
    },
    gap: (gap, target) => finish(jsonLine(gapRecord(gap, target))),
    notice: (notice, target) => finish(jsonLine(noticeRecord(notice, target, now()))),
    summary: (end, target) => finish(jsonLine(endRecord(end, target))),
  };
}

/** A record as one line of ndjson. On a terminal its text goes through `escapeForTerminal` as well. */
export function jsonLine(record: OutputRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Of as few pieces as can be: a line is a tree of them, which somebody has to walk when it is written. */
function createLogLines(
  includeRaw: boolean,
  read: MessageReader,
): (item: LogItem, observed: string) => string {
  const targets = new Map<LogTarget, { start: string; seq: number; origins: Map<string | null, Origin> }>();
  return ({ entry, target, late }, observed) => {
    let known = targets.get(target);
    if (!known) {
      const start = JSON.stringify(common('log', target)).slice(0, -1);
      known = { start: flat(`${start},"ts":`), seq: 0, origins: new Map() };
      targets.set(target, known);
    }
    known.seq++;
    const { body } = entry;
    const { ts } = body;
    const reading = read(body);
    const fields = reading.json ?? (reading.fields ? JSON.stringify(reading.fields) : 'null');
    const line =
      `${ts ? `${known.start}"${formatInstant(ts)}"` : `${known.start}null`}` +
      `${QUALITY_TEXTS[body.quality]}${observed}${originOf(body, known.origins).text}${levelText(reading.level)}` +
      `${JSON.stringify(body.message)},"fields":${fields}${endText(body)}${known.seq}`;
    if (entry.truncated === 0 && !late && !includeRaw) return `${line}}\n`;
    return (
      `${line}${late ? ',"late":true' : ''}` +
      `${entry.truncated > 0 ? `,"truncated":${bytesOrNull(entry.truncated)}` : ''}` +
      `${includeRaw ? `,"raw":${JSON.stringify(entry.raw)}` : ''}}\n`
    );
  };
}

/** Up to the time of reading. */
const QUALITY_TEXTS: Readonly<Record<TimeQuality, string>> = {
  exact: ',"ts_quality":"exact","observed":"',
  second: ',"ts_quality":"second","observed":"',
  corrected: ',"ts_quality":"corrected","observed":"',
  observed: ',"ts_quality":"observed","observed":"',
};

/** What is the same for all lines of one place. */
interface Origin extends Pick<LogBody, 'component' | 'instance' | 'source' | 'stream'> {
  /** Between the time of reading and the level. */
  readonly text: string;
}

const MOST_ORIGINS = 256;

function originOf(body: LogBody, origins: Map<string | null, Origin>): Origin {
  const { component, instance, source, stream } = body;
  const name = instance ?? component;
  const known = origins.get(name);
  if (
    known &&
    known.component === component &&
    known.instance === instance &&
    known.source === source &&
    known.stream === stream
  )
    return known;
  const text = flat(
    `","component":${textOrNull(component)},"instance":${textOrNull(instance)},` +
      `"source":"${source}","stream":${stream ? `"${stream}"` : 'null'},"level":`,
  );
  if (origins.size >= MOST_ORIGINS) origins.clear();
  const origin = { component, instance, source, stream, text };
  origins.set(name, origin);
  return origin;
}

/** Up to the message. */
function levelText(level: Level | null): string {
  return level === null ? NO_LEVEL : LEVEL_TEXTS[level];
}

const NO_LEVEL = 'null,"severity":null,"message":';
const LEVEL_TEXTS = Object.fromEntries(
  LEVELS.map((level) => [level, flat(`"${level}","severity":${SEVERITIES[level]},"message":`)]),
) as Readonly<Record<Level, string>>;

/** Behind the fields, up to the number. */
function endText({ id, deployment }: LogBody): string {
  if (id === null && deployment === null) return ',"id":null,"deployment":null,"seq":';
  return `,"id":${textOrNull(id)},"deployment":${textOrNull(deployment)},"seq":`;
}

/** In one piece. Text of JSON has no half characters. */
function flat(json: string): string {
  return Buffer.from(json, 'utf8').toString('utf8');
}

function textOrNull(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text);
}

const UNSAFE = /[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

/** JSON escapes C0 controls by itself; a terminal acts on some more. The value stays the same. */
export function escapeForTerminal(json: string): string {
  if (!UNSAFE.test(json)) return json;
  return json.replace(
    /[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
