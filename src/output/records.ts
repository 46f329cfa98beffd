// Model values as the contract's records. Knows no stream; keys stand in the contract's order.
import { jsonText } from '../json-text.ts';
import {
  type App,
  formatInstant,
  type Gap,
  type Instant,
  instantFromMillis,
  type MessageReader,
  type Notice,
} from '../model.ts';
import { SEVERITIES } from './levels.ts';
import type { LogItem, LogTarget } from './log-item.ts';

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
export function bytesOrNull(truncated: number): number | null {
  return Number.isFinite(truncated) ? truncated : null;
}

/** `millis`: epoch milliseconds. */
export function millisText(millis: number): string {
  return formatInstant(instantFromMillis(millis));
}

/** A record as one line of ndjson. On a terminal its text goes through `escapeForTerminal` as well. */
export function jsonLine(record: OutputRecord): string {
  return `${jsonText(record)}\n`;
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
