// Deploys within the window of a chart, from the same platform's builds. Decoration: without them the chart is drawn all the same.
import { CliError } from '../errors.ts';
import { type Instant, instantToMillis } from '../model.ts';
import { isSupported } from '../provider.ts';
import type { MetricPlace } from './metric-target.ts';

/** How many builds are looked through. */
const LOOKED_THROUGH = 200;

/** Epoch milliseconds at which deploys of these apps succeeded, from `since` on. */
export async function deploysOf(
  places: readonly MetricPlace[],
  since: Instant,
  signal: AbortSignal,
): Promise<number[]> {
  const from = instantToMillis(since);
  const times = await Promise.all(
    places.map((place) =>
      succeededSince(place, from, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof CliError) return [];
        throw error;
      }),
    ),
  );
  return times.flat().sort((a, b) => a - b);
}

async function succeededSince(
  { connected, target, metrics }: MetricPlace,
  from: number,
  signal: AbortSignal,
): Promise<number[]> {
  const { builds } = connected.provider;
  // Where no figure has a past, no tick has a place.
  if (!builds || !isSupported(builds) || metrics.traits.keepsSeconds === null) return [];
  const times: number[] = [];
  let seen = 0;
  for await (const page of builds.list(connected.client, target.ref, signal)) {
    for (const { ended, status, finished, created } of page) {
      if (ended && created !== null && instantToMillis(created) < from) return times;
      const isDeploy = status === 'succeeded' || status === 'superseded';
      if (isDeploy && finished !== null) times.push(instantToMillis(finished));
    }
    seen += page.length;
    if (seen >= LOOKED_THROUGH) break;
  }
  return times;
}
