// A log of Scalingo's, of an app or of one of its add-ons: where its signed URLs and archives come from.
// Knows neither dump nor stream.
import { CliError } from '../../errors.ts';
import type { LogBody } from '../../model.ts';
import type { AppRef } from '../../provider.ts';
import type { Addon, ArchivePage, Region } from './answers.ts';
import { appSubject, type ScalingoClient } from './client.ts';
import type { Subject } from './refusal.ts';
import { homeRegion, inRegion, withDatabase } from './regions.ts';
import { parseAddonLine, parseLine } from './translate.ts';

export interface LogPlace {
  readonly subject: Subject;
  readonly parse: (raw: string) => LogBody;
  /** A URL of its own for each connection: it is signed with a time, and nobody says how long it holds. */
  logsUrl(signal: AbortSignal): Promise<string>;
  /** Newest first. */
  archives(cursor: string | null, signal: AbortSignal): Promise<ArchivePage>;
  /** Whose lines there may be; undefined where the list cannot be had. */
  components(signal: AbortSignal): Promise<readonly string[] | undefined>;
}

/** Milliseconds for which the URL that proved the app's existence may serve the first connection. */
const FRESH = 5000;

/** Throws `not-found` with the region where the app is, or with the components that it has. */
export async function appPlace(
  client: ScalingoClient,
  { app, component }: AppRef,
  signal: AbortSignal,
): Promise<LogPlace> {
  const region = await homeRegion(client, signal);
  const url = await inRegion(client, { app, region }, () => client.logsUrl(region, app, signal), signal);
  if (component !== null) await refuseUnknown(client, { app, region, component }, signal);
  const usableUntil = client.timing.now() + FRESH;
  let unused: string | null = url;
  return {
    subject: appSubject(app, region),
    parse: parseLine,
    async logsUrl(aborted) {
      const first = unused;
      unused = null;
      if (first !== null && client.timing.now() < usableUntil) return first;
      return client.logsUrl(region, app, aborted);
    },
    archives: (cursor, aborted) => client.archives(region, app, cursor, aborted),
    async components(aborted) {
      const types = await typesOf(client, { app, region }, aborted);
      return types.length === 0 ? undefined : [...types, 'router', 'manager', 'one-off', 'postdeploy'];
    },
  };
}

/** Sources of lines that are no container types (wire: Scalingo 4.1). */
const OWN_SOURCES = /^(router|manager|one-off(-\d+)?|postdeploy(-\d+)?)$/;

/** A container type or an instance of one; a list that cannot be had proves nothing. */
async function refuseUnknown(
  client: ScalingoClient,
  { app, region, component }: { app: string; region: Region; component: string },
  signal: AbortSignal,
): Promise<void> {
  if (OWN_SOURCES.test(component)) return;
  const types = await typesOf(client, { app, region }, signal);
  const known = types.some((type) => component === type || component.replace(/-\d+$/, '') === type);
  if (known || types.length === 0) return;
  throw new CliError(
    'not-found',
    `App "${app}" of Scalingo in ${region.name} has no component "${component}".`,
    {
      hint: `It has ${types.join(', ')}; the log of an add-on is read with --addon.`,
    },
  );
}

/** Container types; none where the list cannot be had. */
function typesOf(
  client: ScalingoClient,
  { app, region }: { app: string; region: Region },
  signal: AbortSignal,
): Promise<readonly string[]> {
  return client.formation(region, app, signal).then(
    (formation) => formation.map(({ name }) => name),
    (error: unknown) => {
      if (signal.aborted || !(error instanceof CliError)) throw error;
      return [];
    },
  );
}

/** `wanted` is an id or the name of the add-on's provider, such as `postgresql`. */
export async function addonPlace(
  client: ScalingoClient,
  { app, wanted }: { app: string; wanted: string },
  signal: AbortSignal,
): Promise<LogPlace> {
  const home = await homeRegion(client, signal);
  const addons = await inRegion(
    client,
    { app, region: home },
    () => client.addons(home, app, signal),
    signal,
  );
  const addon = pick(addons, { app, region: home, wanted });
  const region = await withDatabase(client, home, signal);
  const database = client.database(region, app, addon.id);
  return {
    subject: { what: `add-on "${wanted}" of ${appSubject(app, home).what}`, ofApp: true },
    parse: parseAddonLine,
    logsUrl: (aborted) => database.logsUrl(aborted),
    archives: (cursor, aborted) => database.archives(cursor, aborted),
    components: async () => undefined,
  };
}

function pick(addons: readonly Addon[], asked: { app: string; region: Region; wanted: string }): Addon {
  const { app, region, wanted } = asked;
  const byId = addons.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const named = addons.filter(({ names }) =>
    names.some((name) => name.toLowerCase() === wanted.toLowerCase()),
  );
  const [only, ...more] = named;
  if (only !== undefined && more.length === 0) return only;
  const where = `app "${app}" of Scalingo in ${region.name}`;
  if (only !== undefined) {
    throw new CliError('usage', `The ${where} has several add-ons that go by "${wanted}".`, {
      hint: `Choose one by its id: ${named.map(({ id }) => id).join(', ')}.`,
    });
  }
  const known = addons.map(({ id, names }) => (names.length > 0 ? `${id} (${names.at(-1)})` : id));
  throw new CliError('not-found', `The ${where} has no add-on "${wanted}".`, {
    hint: known.length > 0 ? `It has ${known.join(', ')}.` : 'It has no add-ons at all.',
  });
}
