// Scalingo's endpoints for one profile. Knows neither log lines nor connections that stay open.
import { placeOf } from '../../credential-place.ts';
import { CliError } from '../../errors.ts';
import type { SessionStore, Settings } from '../../provider.ts';
import { fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';
import type { Network } from '../../transport/network.ts';
import type { RetryRules } from '../../transport/retry.ts';
import { type Addresses, addressesOf, mayCarryCredential } from './address.ts';
import {
  type Addon,
  type AppRecord,
  type ArchivePage,
  addonOf,
  appOf,
  archivePageOf,
  type Formation,
  formationOf,
  type Region,
  regionsOf,
  signedUrl,
} from './answers.ts';
import { type Ask, type Asker, createAsker, type Question } from './asking.ts';
import { type BudgetLimits, MINUTE_BUDGET } from './budget.ts';
import { type Subject, unreadable } from './refusal.ts';
import { createTokenHolder } from './session.ts';
import { createShared } from './shared.ts';

export interface ScalingoClient {
  readonly network: Network;
  readonly timing: Timing;
  readonly pace: Pace;
  /** For endpoints that have a file of their own. */
  readonly asker: Asker;
  readonly addresses: Addresses;
  /** The region that was asked for by name, or null. */
  readonly wantedRegion: string | null;
  /** Whether the credential may travel there. */
  trusts(address: string): boolean;
  self(signal: AbortSignal): Promise<{ username: string; email: string | null }>;
  regions(signal: AbortSignal): Promise<readonly Region[]>;
  apps(region: Region, signal: AbortSignal): Promise<AppRecord[]>;
  /** Throws `not-found` when the app is not in that region. */
  app(region: Region, app: string, signal: AbortSignal): Promise<AppRecord>;
  formation(region: Region, app: string, signal: AbortSignal): Promise<Formation[]>;
  addons(region: Region, app: string, signal: AbortSignal): Promise<Addon[]>;
  /** A freshly signed URL; it is read without any credential. Throws `not-found` when the app is not in that region. */
  logsUrl(region: Region, app: string, signal: AbortSignal): Promise<string>;
  archives(region: Region, app: string, cursor: string | null, signal: AbortSignal): Promise<ArchivePage>;
  /** The database API of one add-on, with a token of its own. */
  database(region: Region, app: string, addon: string): DatabaseClient;
}

export interface DatabaseClient {
  logsUrl(signal: AbortSignal): Promise<string>;
  archives(cursor: string | null, signal: AbortSignal): Promise<ArchivePage>;
}

/** Clocks and waiting times, so that tests need not wait. */
export interface Timing {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly budget: BudgetLimits;
  /** For downloads, which the network does not repeat by itself. */
  readonly retry: RetryRules;
  /** What differs from USUAL_PACE. */
  readonly pace?: Partial<Pace>;
}

/** Where the account's token is kept between runs. */
export interface Keeping {
  readonly sessions?: SessionStore | undefined;
}

/** Milliseconds. Every request counts against the 60 a minute. */
export interface Pace {
  /** Between two looks at the newest events. */
  readonly events: number;
  /** Between two looks at a deployment and its stored output where there is no live stream. */
  readonly output: number;
  /** Between two looks at the stored output that the live stream's frames ask for. */
  readonly bell: number;
  /** Between two looks at a deployment whose stream says nothing of its end. */
  readonly status: number;
  /** Between the readings of an output that has just ended, until two are the same. */
  readonly settle: number;
}

export const USUAL_PACE: Pace = {
  events: 15_000,
  output: 8_000,
  bell: 4_000,
  status: 30_000,
  settle: 2_000,
};

export const USUAL_TIMING: Timing = {
  now: Date.now,
  budget: MINUTE_BUDGET,
  retry: { firstDelay: 500, maxTotal: 30_000 },
};

export function createClient(
  settings: Settings,
  network: Network,
  { sessions, ...timing }: Timing & Keeping = USUAL_TIMING,
): ScalingoClient {
  const addresses = addressesOf(settings);
  const token = settings.values.token ?? '';
  const asker = createAsker({
    network,
    timing,
    auth: addresses.auth,
    token,
    tokenPlace: placeOf(settings, 'token', 'scalingo'),
    sessions,
  });
  const ask = asker.object;
  const regions = createShared(async (signal) => {
    const subject = { what: 'the list of regions', ofApp: false };
    return regionsOf(await ask({ url: `${addresses.auth}/v1/regions`, subject }, signal), subject);
  });
  return {
    network,
    timing,
    pace: { ...USUAL_PACE, ...timing.pace },
    asker,
    addresses,
    wantedRegion: textOf(settings.values.region),
    trusts: (address) => URL.canParse(address) && mayCarryCredential(new URL(address), settings),
    regions: (signal) => regions.get(signal),
    self: (signal) => askSelf(ask, addresses.auth, signal),
    async apps(region, signal) {
      const subject = { what: `the list of apps in ${region.name}`, ofApp: false };
      const { apps } = await ask({ url: `${region.api}/v1/apps`, subject }, signal);
      if (!Array.isArray(apps)) throw unreadable(subject, 'apps');
      return listOf(apps).flatMap((fields) => appOf(fields) ?? []);
    },
    async app(region, app, signal) {
      const answer = await ask(aboutApp(region, app, ''), signal);
      const record = appOf(fieldsOf(answer.app) ?? {});
      if (record === null) throw unreadable(appSubject(app, region), 'app.name');
      return record;
    },
    async formation(region, app, signal) {
      return formationOf(await ask(aboutApp(region, app, '/containers'), signal));
    },
    async addons(region, app, signal) {
      const { addons } = await ask(aboutApp(region, app, '/addons'), signal);
      if (!Array.isArray(addons)) throw unreadable(appSubject(app, region), 'addons');
      return listOf(addons).flatMap((fields) => addonOf(fields) ?? []);
    },
    async logsUrl(region, app, signal) {
      const answer = await ask(aboutApp(region, app, '/logs'), signal);
      return signedUrl(answer.logs_url, 'logs_url', appSubject(app, region));
    },
    async archives(region, app, cursor, signal) {
      const answer = await ask(aboutApp(region, app, `/logs_archives${cursorQuery(cursor)}`), signal);
      return archivePageOf(answer, appSubject(app, region));
    },
    database: (region, app, addon) => databaseClient({ ask, timing }, { region, app, addon }),
  };
}

export function appSubject(app: string, region: Region): Subject {
  return { what: `app "${app}" in ${region.name}`, ofApp: true };
}

/** `rest` is what follows the app in the path. */
export function aboutApp(region: Region, app: string, rest: string): Question {
  return { url: `${region.api}/v1/apps/${encodeURIComponent(app)}${rest}`, subject: appSubject(app, region) };
}

async function askSelf(ask: Ask, auth: string, signal: AbortSignal) {
  const subject = { what: 'the account', ofApp: false };
  const { user } = await ask({ url: `${auth}/v1/users/self`, subject }, signal);
  const email = textOf(fieldsOf(user)?.email);
  const username = textOf(fieldsOf(user)?.username) ?? email;
  if (username === null) throw unreadable(subject, 'user.username');
  return { username, email };
}

/** wire: Scalingo 2.8. */
function databaseClient(
  { ask, timing }: { ask: Ask; timing: Timing },
  { region, app, addon }: { region: Region; app: string; addon: string },
): DatabaseClient {
  const subject = { what: `add-on ${addon} of ${appSubject(app, region).what}`, ofApp: true };
  const base = `${databaseAddress(region)}/api/databases/${encodeURIComponent(addon)}`;
  const holder = createTokenHolder(async (signal) => {
    const { url } = aboutApp(region, app, `/addons/${encodeURIComponent(addon)}/token`);
    const answer = await ask({ url, method: 'POST', subject }, signal);
    const token = textOf(fieldsOf(answer.addon)?.token);
    if (token === null) throw unreadable(subject, 'addon.token');
    return token;
  }, timing.now);
  return {
    async logsUrl(signal) {
      const answer = await ask({ url: `${base}/logs`, subject, holder }, signal);
      return signedUrl(answer.url ?? answer.logs_url, 'url', subject);
    },
    async archives(cursor, signal) {
      const url = `${base}/logs_archives${cursorQuery(cursor)}`;
      return archivePageOf(await ask({ url, subject, holder }, signal), subject);
    },
  };
}

function cursorQuery(cursor: string | null): string {
  return cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
}

function databaseAddress(region: Region): string {
  if (region.database !== null) return region.database;
  throw new CliError('usage', `The address of Scalingo's database API is not known for ${region.name}.`, {
    hint: 'Set SCALINGO_DB_URL.',
  });
}
