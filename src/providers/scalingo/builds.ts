// The builds capability: Scalingo's deployments. Knows no endpoint.
import { CliError } from '../../errors.ts';
import type { Build } from '../../model.ts';
import type { AppRef, BuildsCapability } from '../../provider.ts';
import { openBuildLog } from './build-log.ts';
import type { ScalingoClient } from './client.ts';
import { type AppPlace, deployment, deploymentPage, STATUS_WORDS } from './deployments.ts';
import { homeRegion } from './regions.ts';

export const builds: BuildsCapability<ScalingoClient> = {
  // Six a minute leave most of the 60 to the output and to the user's other tools.
  traits: { everyMillis: 10_000, statusWords: STATUS_WORDS, deployLog: false, byId: true },
  list,
  async get(client, ref, id, signal) {
    return (await deployment(client, await placeOf(client, ref, signal), id, signal)).build;
  },
  async active(client, ref, signal) {
    // What a failed or aborted deployment would have replaced goes on being served.
    for await (const page of list(client, ref, signal)) {
      const served = page.find(({ status }) => status === 'succeeded');
      if (served !== undefined) return served;
    }
    return null;
  },
  async log(client, ref, { build, phase }, signal) {
    if (phase === 'deploy') {
      throw new CliError('usage', 'Scalingo has no log of the deploy phase.', {
        hint: 'It is the end of the build log: leave --deploy out.',
      });
    }
    const place = await placeOf(client, ref, signal);
    return openBuildLog(client, { place, id: build.id }, signal);
  },
};

async function placeOf(client: ScalingoClient, { app }: AppRef, signal: AbortSignal): Promise<AppPlace> {
  return { app, region: await homeRegion(client, signal) };
}

async function* list(
  client: ScalingoClient,
  ref: AppRef,
  signal: AbortSignal,
): AsyncGenerator<readonly Build[], void, undefined> {
  const place = await placeOf(client, ref, signal);
  // A deployment that begins meanwhile moves all others towards the next page.
  let seen = new Set<string>();
  for (let page: number | null = 1; page !== null; ) {
    const { builds: found, next }: Awaited<ReturnType<typeof deploymentPage>> = await deploymentPage(
      client,
      place,
      page,
      signal,
    );
    const fresh = found.filter(({ id }) => !seen.has(id));
    seen = new Set(found.map(({ id }) => id));
    yield fresh;
    page = next;
  }
}
