// What a station measures of itself and its containers, in either generation of its API. Knows no series and no event.
import { CliError } from '../../errors.ts';
import { type StationClient, V3_CONTAINERS } from './client.ts';
import { isObject } from './reply.ts';
import { type Container, readContainers } from './translate.ts';

/** A container with what the station says it uses. null: no such value; NaN: what came is no number. */
export interface Reading extends Container {
  /** Fraction of the whole host, all cores. */
  readonly cpu: number | null;
  /** Version 1: bytes; version 3: fraction of the host's memory. */
  readonly memory: number | null;
  /** Rates, not counters; version 1: bytes per second, version 3: of an unknown unit. */
  readonly rx: number | null;
  readonly tx: number | null;
  /** Version 3 only, of an unknown unit. */
  readonly read: number | null;
  readonly write: number | null;
  readonly image: string | null;
  /** Version 3 only, as the station writes it. */
  readonly started: string | null;
}

export interface ContainerReadings {
  readonly v3: boolean;
  readonly containers: readonly Reading[];
}

/** Of the host. null: not told; NaN: what came is no number. */
export interface StationReading {
  /** Percent. */
  readonly cpu: number | null;
  /** MiB. */
  readonly total: number | null;
  readonly used: number | null;
  readonly buffers: number | null;
  readonly cached: number | null;
  /** Of `used` in `total`, rounded down by the station. */
  readonly percent: number | null;
}

export async function readContainerReadings(
  client: StationClient,
  signal: AbortSignal,
): Promise<ContainerReadings> {
  const v3 = await client.speaksV3(signal);
  const ask = v3 ? V3_CONTAINERS : { path: '/container', what: 'its containers' };
  const json = await client.jsonIfOffered(ask, signal);
  if (json === undefined) throw await client.notOffered('list of containers', signal);
  const list = v3 ? readItems(json, client.station, 'its containers') : json;
  return { v3, containers: readContainerList(list, client.station) };
}

/** One object as the list and the wait for a state have it (wire: Container Station 4.1, 3.5). */
export function readContainer(json: unknown, station: string): Reading {
  const [reading] = readContainerList([json], station);
  if (reading) return reading;
  throw new CliError('platform', `${station} answers with no container.`);
}

/** What stands in `data.items`, with keys in lower case: their exact case is not sure (wire: Container Station 6.10). */
export function readItems(json: unknown, station: string, what: string): Record<string, unknown>[] {
  const envelope = isObject(json) ? lowerKeys(json).data : undefined;
  const items = isObject(envelope) ? lowerKeys(envelope).items : envelope;
  if (items === null) return [];
  if (!Array.isArray(items) || !items.every(isObject)) {
    throw new CliError('platform', `${station} answers the request for ${what} without "data.items".`);
  }
  return items.map(lowerKeys);
}

/** null when this version tells nothing of the host. */
export async function readStation(
  client: StationClient,
  signal: AbortSignal,
): Promise<StationReading | null> {
  const what = 'its use of resources';
  const json = await client.jsonIfOffered({ path: '/system/resource', what }, signal);
  if (json === undefined) return null;
  if (!isObject(json) || !isObject(json.memory_usage)) {
    throw new CliError('platform', `${client.station} answers ${what} without "memory_usage".`);
  }
  const { total, used, buffers, cached, percent } = json.memory_usage;
  return {
    cpu: numberOf(json.cpu_usage),
    total: numberOf(total),
    used: numberOf(used),
    buffers: numberOf(buffers),
    cached: numberOf(cached),
    percent: numberOf(percent),
  };
}

function readContainerList(json: unknown, station: string): Reading[] {
  const containers = readContainers(json, station);
  const raw: readonly unknown[] = Array.isArray(json) ? json : [];
  return containers.map((container, index) => {
    const found = raw[index];
    const told = isObject(found) ? found : {};
    return {
      ...container,
      // Version 3 says status.
      state: container.state ?? textOrNull(told.status),
      cpu: numberOf(told.cpu),
      memory: numberOf(told.memory),
      rx: numberOf(told.rx),
      tx: numberOf(told.tx),
      read: numberOf(told.read),
      write: numberOf(told.write),
      image: textOrNull(told.image),
      started: textOrNull(told.startedat),
    };
  });
}

/** `cpu_usage` comes as a string (wire: Container Station 4.5). */
function numberOf(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
  return typeof value === 'string' && /^-?\d{1,15}(\.\d{1,20})?(e-?\d{1,3})?$/i.test(value.trim())
    ? Number(value)
    : Number.NaN;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function lowerKeys(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value]));
}
