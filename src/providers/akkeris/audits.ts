// Audits: asking for them and turning each record into an event. Knows neither polling nor what replaces them.
import { createHash } from 'node:crypto';
import { type Instant, instantFromMillis, type PlatformEvent } from '../../model.ts';
import { type Fields, fieldsOf, listOf, parseJson, textOf } from '../../transport/json-fields.ts';
import type { AkkerisClient } from './client.ts';
import { harmlessFields, harmlessText } from './event-secrets.ts';
import { tellAction } from './event-words.ts';
import { type Subject, unreadable } from './refusal.ts';
import { instantOf } from './times.ts';

/** The most that can be asked for; there are no pages (wire: Akkeris 5). */
export const MOST_AUDITS = 1000;

/** An app as the audits name it: two words where all others have one. */
export interface AuditedApp {
  readonly app: string;
  readonly space: string;
}

export interface AuditQuery extends AuditedApp {
  /** One that can be asked for, or null for everyone. */
  readonly user: string | null;
  /** 1 to MOST_AUDITS. */
  readonly size: number;
}

/** `api-my-own-space`: the name has no dash, the space may (wire: Akkeris 1.1). null for what is no such name. */
export function auditedApp(name: string): AuditedApp | null {
  const [, app = '', space = ''] = /^([\w.]+)-([\w.-]+)$/.exec(name) ?? [];
  return app === '' ? null : { app, space };
}

/** The route takes no percent sign and no at sign (wire: Akkeris 1.5), so others are picked out of the answer. */
export function canAskForUser(user: string): boolean {
  return /^[\w.:-]+$/.test(user);
}

/** Oldest first. A refusal with status 501 says that this installation keeps none. */
export async function readAudits(
  client: AkkerisClient,
  { app, space, user, size }: AuditQuery,
  signal: AbortSignal,
): Promise<PlatformEvent[]> {
  const subject: Subject = { what: `the audits of app "${app}-${space}"`, kind: 'app' };
  const who = user === null ? '' : `&user=${user}`;
  const path = `/audits?app=${app}&space=${space}${who}&size=${size}`;
  const { json } = await client.read({ path, subject }, signal);
  if (!Array.isArray(json)) throw unreadable(subject, 'array of audits');
  return withIds(listOf(json).reverse());
}

/** Records have no ids; two that are the same to the last letter are two events all the same. */
function withIds(records: readonly Fields[]): PlatformEvent[] {
  const counts = new Map<string, number>();
  return records.map((record) => {
    const digest = createHash('sha256').update(stableText(record)).digest('hex').slice(0, 16);
    const count = (counts.get(digest) ?? 0) + 1;
    counts.set(digest, count);
    return eventOf(record, count === 1 ? digest : `${digest}-${count}`);
  });
}

/** JSON whose keys are in order: the same record has the same text, however it is written. */
function stableText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableText).join(',')}]`;
  const fields = fieldsOf(value);
  if (fields === null) return JSON.stringify(value) ?? 'null';
  const pairs = Object.keys(fields).sort();
  return `{${pairs.map((key) => `${JSON.stringify(key)}:${stableText(fields[key])}`).join(',')}}`;
}

/** Observed: the payload is JSON within JSON. The page: the record is the payload (wire: Akkeris 5). */
function eventOf(record: Fields, id: string): PlatformEvent {
  const { info } = record;
  const parsed = typeof info === 'string' ? fieldsOf(parseJson(info)) : fieldsOf(info);
  const payload = parsed ?? (info === undefined ? record : {});
  const fields = harmlessFields(payload);
  const action = textOf(record.action) ?? textOf(payload.action) ?? '';
  const { kind, component, message } = tellAction(action, fields);
  const isBroken = parsed === null && info !== undefined && info !== null;
  return {
    ts: timeOf(record) ?? timeOf(payload),
    id,
    kind,
    nativeKind: action,
    component,
    user: textOf(record.username) ?? textOf(payload.username),
    message: isBroken ? `${message} (its details cannot be read)` : message,
    fields: isBroken ? { info: brokenInfo(action, info) } : fields,
  };
}

function brokenInfo(action: string, info: unknown): string {
  // Even half a payload of a changed setting may hold what it was set to.
  if (action === 'config_change') return '(not shown: it may hold secrets)';
  return harmlessText(typeof info === 'string' ? info : (JSON.stringify(info) ?? ''));
}

function timeOf({ received_at: received, timestamp }: Fields): Instant | null {
  const time = instantOf(received) ?? instantOf(timestamp);
  if (time !== null) return time;
  return typeof timestamp === 'number' && timestamp > 0 ? instantFromMillis(timestamp) : null;
}
