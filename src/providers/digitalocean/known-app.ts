// The app that a name means, looked up once per client: gates and tails ask about it again and again. Knows no endpoint.
import { findApp } from './app-search.ts';
import type { DigitaloceanClient } from './client.ts';
import type { AppRecord } from './translate.ts';

/** Its deployments are those of the first look; id, name and components are what it is good for. */
export type KnownApp = Pick<AppRecord, 'id' | 'name' | 'components'>;

const known = new WeakMap<DigitaloceanClient, Map<string, KnownApp>>();

/** Throws `not-found`, or `usage` for a name of several; such an answer is not kept. */
export async function knownApp(
  client: DigitaloceanClient,
  wanted: string,
  signal: AbortSignal,
): Promise<KnownApp> {
  const ofClient = known.get(client) ?? new Map<string, KnownApp>();
  known.set(client, ofClient);
  const app = ofClient.get(wanted) ?? (await findApp(client, wanted, signal));
  ofClient.set(wanted, app);
  return app;
}

/** Below the app; the rest begins with a slash. */
export function appPath({ id }: Pick<KnownApp, 'id'>, rest: string): string {
  return `/v2/apps/${encodeURIComponent(id)}${rest}`;
}
