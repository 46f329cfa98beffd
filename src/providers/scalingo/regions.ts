// Which region an app is looked up in, and where else it may be. Knows no log.
import { CliError } from '../../errors.ts';
import type { Region } from './answers.ts';
import type { ScalingoClient } from './client.ts';

/** The region that commands without a list of regions speak to: the configured address, --region, or the default. */
export async function homeRegion(client: ScalingoClient, signal: AbortSignal): Promise<Region> {
  const { api, database } = client.addresses;
  if (api !== null) {
    return { name: client.wantedRegion ?? new URL(api).host, api, database, isDefault: true };
  }
  const regions = await client.regions(signal);
  const region = pick(client, regions);
  return database === null ? region : { ...region, database };
}

/** Every region that `apps list` asks: all of them, or the one that was chosen. */
export async function listedRegions(client: ScalingoClient, signal: AbortSignal): Promise<readonly Region[]> {
  if (client.addresses.api !== null || client.wantedRegion !== null)
    return [await homeRegion(client, signal)];
  return client.regions(signal);
}

/** The region again, with the address of its database API from the list of regions where it was not configured. */
export async function withDatabase(
  client: ScalingoClient,
  region: Region,
  signal: AbortSignal,
): Promise<Region> {
  if (region.database !== null || client.addresses.api === null) return region;
  const regions = await client.regions(signal);
  const same =
    regions.find(({ api }) => api === region.api) ?? regions.find(({ name }) => name === region.name);
  return { ...region, database: same?.database ?? null };
}

/**
 * Runs the work on an app in its region; when the app is not there the other regions are asked, and the error says
 * where it is (wire: Scalingo 7: an app of another region is a 404 like an unknown one).
 */
export async function inRegion<T>(
  client: ScalingoClient,
  { app, region }: { app: string; region: Region },
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CliError) || error.kind !== 'not-found') throw error;
    throw notFound(app, region, await findElsewhere(client, { app, region }, signal));
  }
}

function pick(client: ScalingoClient, regions: readonly Region[]): Region {
  if (client.wantedRegion === null) {
    const [first] = regions;
    const region = regions.find(({ isDefault }) => isDefault) ?? first;
    if (region !== undefined) return region;
  }
  const region = regions.find(({ name }) => name === client.wantedRegion);
  if (region !== undefined) return region;
  const names = regions.map(({ name }) => name).join(', ');
  throw new CliError('usage', `This Scalingo account has no region "${client.wantedRegion}".`, {
    hint: `Its regions: ${names}.`,
  });
}

interface Elsewhere {
  /** Names of the regions that have it, that have it not, and that could not be asked. */
  readonly there: readonly string[];
  readonly absent: readonly string[];
  readonly unknown: readonly string[];
}

async function findElsewhere(
  client: ScalingoClient,
  { app, region }: { app: string; region: Region },
  signal: AbortSignal,
): Promise<Elsewhere> {
  const all = await client.regions(signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof CliError) return [];
    throw error;
  });
  const others = all.filter(({ api, name }) => api !== region.api && name !== region.name);
  const there: string[] = [];
  const absent: string[] = [];
  const unknown: string[] = [];
  await Promise.all(
    others.map(async (other) => {
      const list = client.trusts(other.api) ? await lookUp(client, other, app, signal) : 'unknown';
      ({ there, absent, unknown })[list].push(other.name);
    }),
  );
  return { there, absent, unknown };
}

async function lookUp(
  client: ScalingoClient,
  region: Region,
  app: string,
  signal: AbortSignal,
): Promise<keyof Elsewhere> {
  try {
    await client.app(region, app, signal);
    return 'there';
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
    return error.kind === 'not-found' ? 'absent' : 'unknown';
  }
}

function notFound(app: string, region: Region, { there, absent, unknown }: Elsewhere): CliError {
  const sentence = `Scalingo has no app "${app}" in ${region.name}`;
  if (there.length > 0) {
    return new CliError('not-found', `${sentence}; it is in ${there.join(', ')}.`, {
      status: 404,
      hint: `Add --region ${there[0]}.`,
    });
  }
  const nor = absent.length > 0 ? `, nor in ${absent.join(', ')}` : '';
  const unasked = unknown.length > 0 ? `; ${unknown.join(', ')} could not be asked` : '';
  return new CliError('not-found', `${sentence}${nor}${unasked}.`, {
    status: 404,
    hint: '`polylog apps list scalingo` shows the apps of this account.',
  });
}
