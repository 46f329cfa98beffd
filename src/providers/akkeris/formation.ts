// Dyno types and dynos of an app. Knows no state of ours.
import type { Instant } from '../../model.ts';
import { type Fields, listOf, textOf } from '../../transport/json-fields.ts';
import type { AkkerisClient, LogPlace } from './client.ts';
import { type Subject, unreadable } from './refusal.ts';
import { instantOf } from './times.ts';

export interface DynoType {
  readonly type: string;
  /** How many are wanted. */
  readonly quantity: number | null;
  readonly size: string | null;
  readonly updated: Instant | null;
}

export interface Dyno {
  readonly type: string;
  /** Without its type: `1562910588-cg82f`. */
  readonly name: string;
  /** The platform's own word, or the container runtime's. */
  readonly state: string;
  readonly restarts: number | null;
  readonly updated: Instant | null;
}

export async function readFormation(
  client: AkkerisClient,
  { path, subject }: LogPlace,
  signal: AbortSignal,
): Promise<DynoType[]> {
  const about: Subject = { what: `the formation of ${subject.what}`, kind: 'app' };
  const { json } = await client.read({ path: `${path}/formation`, subject: about }, signal);
  if (!Array.isArray(json)) throw unreadable(about, 'array of dyno types');
  return listOf(json).flatMap((fields) => {
    const type = textOf(fields.type);
    if (type === null) return [];
    const { quantity, size } = fields;
    return [
      { type, quantity: numberOf(quantity), size: textOf(size), updated: instantOf(fields.updated_at) },
    ];
  });
}

export async function readDynos(
  client: AkkerisClient,
  { path, subject }: LogPlace,
  signal: AbortSignal,
): Promise<Dyno[]> {
  const about: Subject = { what: `the dynos of ${subject.what}`, kind: 'app' };
  const { json } = await client.read({ path: `${path}/dynos`, subject: about }, signal);
  if (!Array.isArray(json)) throw unreadable(about, 'array of dynos');
  return listOf(json).flatMap((fields) => dynoOf(fields) ?? []);
}

function dynoOf(fields: Fields): Dyno | null {
  const type = textOf(fields.type);
  if (type === null) return null;
  return {
    type,
    name: textOf(fields.name) ?? '',
    state: (textOf(fields.state) ?? 'unknown').toLowerCase(),
    restarts: numberOf(fields.restarts),
    updated: instantOf(fields.updated_at),
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
