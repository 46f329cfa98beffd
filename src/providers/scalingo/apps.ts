// The list of apps over all regions. Knows no log.
import { CliError } from '../../errors.ts';
import type { App, AppComponent } from '../../model.ts';
import type { AppsCapability } from '../../provider.ts';
import type { AppRecord, Region } from './answers.ts';
import type { ScalingoClient } from './client.ts';
import { listedRegions } from './regions.ts';

/** Components cost one request per app, of 60 a minute: they are asked for up to so many apps. */
const FEW = 10;

export const apps: AppsCapability<ScalingoClient> = {
  async list(client, signal) {
    const regions = await listedRegions(client, signal);
    const lists = await Promise.all(regions.map((region) => appsOf(client, region, signal)));
    const failures = lists.filter((list) => list instanceof CliError);
    const [first] = failures;
    if (first !== undefined && failures.length === lists.length) throw first;
    const found = lists.flatMap((list) => (list instanceof CliError ? [] : list));
    const few = found.length <= FEW;
    return Promise.all(
      found.map(async ({ record, region }): Promise<App> => {
        const components = few ? await componentsOf(client, { record, region }, signal) : [];
        const { id, name, status } = record;
        return { id, name, components, region: record.region ?? region.name, status };
      }),
    );
  },
};

interface Found {
  readonly record: AppRecord;
  readonly region: Region;
}

/** A region that is closed to the account must not hide the apps of the others; trouble is another matter. */
async function appsOf(
  client: ScalingoClient,
  region: Region,
  signal: AbortSignal,
): Promise<Found[] | CliError> {
  try {
    return (await client.apps(region, signal)).map((record) => ({ record, region }));
  } catch (error) {
    if (error instanceof CliError && (error.kind === 'auth' || error.kind === 'not-found')) return error;
    throw error;
  }
}

async function componentsOf(
  client: ScalingoClient,
  { record, region }: Found,
  signal: AbortSignal,
): Promise<AppComponent[]> {
  try {
    const formation = await client.formation(region, record.name, signal);
    return formation.map(({ name, amount }) => ({ name, kind: 'container', instances: amount }));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CliError) return [];
    throw error;
  }
}
