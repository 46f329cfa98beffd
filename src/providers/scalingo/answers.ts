// Scalingo's answers with only the fields that are used; a missing essential is an error that names it. Asks nothing.

import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';
import { type Subject, unreadable } from './refusal.ts';

/** One region; addresses without `/v1`. */
export interface Region {
  readonly name: string;
  readonly api: string;
  /** Of the database API, or null where the region names none. */
  readonly database: string | null;
  readonly isDefault: boolean;
}

export interface AppRecord {
  readonly id: string;
  readonly name: string;
  readonly status: string | null;
  readonly region: string | null;
  /** The websocket that tells of all its deployments; foreign, not checked. */
  readonly deploymentsStream: string | null;
}

export interface Formation {
  readonly name: string;
  readonly amount: number | null;
}

/** A container that is there now, one-offs included. */
export interface RunningContainer {
  readonly type: string;
  /** `web-1`. */
  readonly label: string;
  /** The platform's own word in lower case. */
  readonly state: string;
}

export interface Addon {
  readonly id: string;
  /** What else it goes by: the resource's id, the provider's id and name. */
  readonly names: readonly string[];
}

export interface ArchivePage {
  readonly archives: readonly { url: string; from: string | null; to: string | null; size: number | null }[];
  /** null at the end. */
  readonly next: string | null;
}

/** Those that have a name and an address. */
export function regionsOf(answer: Fields, subject: Subject): readonly Region[] {
  const regions = listOf(answer.regions).flatMap((fields): Region[] => {
    const name = textOf(fields.name);
    const api = baseOf(fields.api);
    if (name === null || api === null) return [];
    return [{ name, api, database: baseOf(fields.database_api), isDefault: fields.default === true }];
  });
  if (regions.length === 0) throw unreadable(subject, 'regions with a name and an api');
  return regions;
}

export function appOf(fields: Fields): AppRecord | null {
  const name = textOf(fields.name);
  if (name === null) return null;
  return {
    id: textOf(fields.id) ?? name,
    name,
    status: textOf(fields.status),
    region: textOf(fields.region),
    deploymentsStream: textOf(fieldsOf(fields.links)?.deployments_stream),
  };
}

export function formationOf(answer: Fields): Formation[] {
  return listOf(answer.containers).flatMap(({ name, amount }) => {
    const known = textOf(name);
    return known === null ? [] : [{ name: known, amount: typeof amount === 'number' ? amount : null }];
  });
}

/** The documentation's sample lacks the label (wire: Scalingo 7). */
export function runningOf(answer: Fields): RunningContainer[] {
  return listOf(answer.containers).flatMap((fields) => {
    const type = textOf(fields.type);
    if (type === null) return [];
    const label = textOf(fields.label) ?? `${type}-${String(fields.type_index ?? '')}`;
    return [{ type, label, state: (textOf(fields.state) ?? 'unknown').toLowerCase() }];
  });
}

export function addonOf(fields: Fields): Addon | null {
  const id = textOf(fields.id);
  if (id === null) return null;
  const provider = fieldsOf(fields.addon_provider);
  const names = [fields.resource_id, provider?.id, provider?.name].map(textOf);
  return { id, names: [...new Set(names.filter((name) => name !== null))] };
}

/** Foreign and signed: it may lie anywhere, and so it never gets a credential. */
export function signedUrl(value: unknown, field: string, subject: Subject): string {
  const text = textOf(value);
  if (text === null || !/^(https?|wss?):\/\//.test(text) || !URL.canParse(text))
    throw unreadable(subject, field);
  return text;
}

export function archivePageOf(answer: Fields, subject: Subject): ArchivePage {
  if (!Array.isArray(answer.archives)) throw unreadable(subject, 'archives');
  const archives = listOf(answer.archives).map((fields) => ({
    url: signedUrl(fields.url, 'archives.url', subject),
    from: textOf(fields.from),
    to: textOf(fields.to),
    size: typeof fields.size === 'number' ? fields.size : null,
  }));
  const next =
    typeof answer.next_cursor === 'number' ? String(answer.next_cursor) : textOf(answer.next_cursor);
  return { archives, next: answer.has_more === true ? next : null };
}

function baseOf(value: unknown): string | null {
  const text = textOf(value);
  if (text === null || !/^https?:\/\//.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
}
