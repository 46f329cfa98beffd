// Reading any source of this adapter to its end, or until enough has come.
import { onTestFinished } from 'vitest';
import type { Build } from '../../../src/model.ts';
import type {
  Batch,
  BuildsCapability,
  EventsCapability,
  HistoryEnd,
  HistoryQuery,
  LiveEnd,
  MetricsCapability,
  Source,
  Unsupported,
} from '../../../src/provider.ts';
import type { StationClient } from '../../../src/providers/container-station/client.ts';
import { containerStationAt } from '../../../src/providers/container-station/index.ts';
import { ownSignal } from './station.ts';

export const STATION = { app: '', component: null };

export function refOf(app: string) {
  return { app, component: null };
}

function supported<T extends object>(capability: T | Unsupported | undefined): T {
  if (!capability || 'unsupported' in capability) throw new Error('not supported');
  return capability;
}

export function buildsOf(client: StationClient): BuildsCapability<unknown> {
  return supported(containerStationAt(client.pace).builds);
}

export function metricsOf(client: StationClient): MetricsCapability<unknown> {
  return supported(containerStationAt(client.pace).metrics);
}

export function eventsOf(client: StationClient): EventsCapability<unknown> {
  return supported(containerStationAt(client.pace).events);
}

export async function listBuilds(client: StationClient, app = ''): Promise<Build[]> {
  const builds: Build[] = [];
  for await (const page of buildsOf(client).list(client, refOf(app), ownSignal())) builds.push(...page);
  return builds;
}

export async function past<T>(
  source: Source<T>,
  query: Partial<HistoryQuery> = {},
): Promise<{ batches: Batch<T>[]; items: T[]; end: HistoryEnd }> {
  const batches: Batch<T>[] = [];
  const history = source.history({ lines: 'all', since: null, until: null, ...query }, ownSignal());
  for (;;) {
    const step = await history.next();
    if (step.done) return { batches, items: batches.flatMap(({ items }) => items), end: step.value };
    batches.push(step.value);
  }
}

export interface Live<T> {
  next(): Promise<Batch<T>>;
  /** Batches until one has items, a gap or a notice. */
  nextNews(): Promise<Batch<T>>;
  /** Reads on until it ends. */
  end(): Promise<{ batches: Batch<T>[]; end: LiveEnd }>;
}

/** Its generator is stopped at the end of the test. */
export function liveOf<T>(source: Source<T>, start: Parameters<Source<T>['live']>[0]): Live<T> {
  const stop = new AbortController();
  const generator = source.live(start, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await generator.return({ end: 'dropped', reason: 'test' }).catch(() => undefined);
  });
  const next = async () => {
    const step = await generator.next();
    if (step.done) throw new Error(`ended: ${step.value.reason}`);
    return step.value;
  };
  return {
    next,
    async nextNews() {
      for (;;) {
        const batch = await next();
        if (batch.items.length > 0 || batch.missing || batch.notices) return batch;
      }
    },
    async end() {
      const batches: Batch<T>[] = [];
      for (;;) {
        const step = await generator.next();
        if (step.done) return { batches, end: step.value };
        batches.push(step.value);
      }
    },
  };
}
