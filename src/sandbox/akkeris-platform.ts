// What the Akkeris sandbox calls things: keys, ids, dyno names, times, and which apps exist. Knows no HTTP.
import { createHash } from 'node:crypto';
import type { World, WorldComponent, WorldLine, WorldTime } from './world.ts';

/** One app as the controller knows it. Only the first one of an installation is alive; the others are quiet. */
export interface AkkerisApp {
  /** Alphanumeric, no dash (wire: Akkeris 1.1). */
  readonly name: string;
  readonly space: string;
  /** `<name>-<space>`: the key in paths, and the second field of every log line. */
  readonly key: string;
  readonly id: string;
  readonly dynoTypes: readonly WorldComponent[];
}

export interface AkkerisInstallation {
  readonly world: World;
  readonly apps: readonly AkkerisApp[];
  /** Domains of sites that route to the first app; empty when the installation has none. */
  readonly sites: readonly string[];
  /** Origin of the API, without slash. Read late: the port is known only once the server listens. */
  readonly apiUrl: () => string;
  readonly organization: string;
}

/** What the controller answers instead of a result: a plain sentence, labelled as JSON (wire: Akkeris 1.6). */
export class ControllerRefusal extends Error {
  readonly status: number;
  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

/** `name` lower-cased without what Akkeris forbids in app names, in `space`. */
export function akkerisApp(name: string, space: string, dynoTypes: readonly WorldComponent[]): AkkerisApp {
  const simple = name.toLowerCase().replace(/[^a-z0-9]/g, '') || 'app';
  const key = `${simple}-${space}`;
  return { name: simple, space, key, id: uuidOf(`app/${key}`), dynoTypes };
}

/** By `<app>-<space>` or UUID; otherwise the controller's 404. */
export function findApp(installation: AkkerisInstallation, key: string): AkkerisApp {
  const app = installation.apps.find((candidate) => candidate.key === key || candidate.id === key);
  if (!app) throw new ControllerRefusal(404, `The specified application ${key} does not exist.`);
  return app;
}

/** The wording is not on record; only the status is. */
export function requireSite(installation: AkkerisInstallation, domain: string): void {
  if (installation.sites.includes(domain)) return;
  throw new ControllerRefusal(404, `The specified site ${domain} does not exist.`);
}

/** The app whose dynos, builds and lines are the world's. */
export function isAlive(installation: AkkerisInstallation, app: AkkerisApp): boolean {
  return installation.apps[0] === app;
}

/** Databases are add-ons on Akkeris: neither dynos nor in the app's stream. */
export function isDynoLine(installation: AkkerisInstallation, line: WorldLine): boolean {
  const component = installation.world.components.find((known) => known.name === line.component);
  return component?.kind !== 'database';
}

/** The controller makes ids out of names the same way: the first half of a SHA-256, written as a UUID. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}

/** The pod's name without the app's: `1562910588-cg82f`. The same component and index give the same name. */
export function dynoName(appKey: string, component: string, index: number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const digest = createHash('sha256').update(`${appKey}/${component}/${index}`).digest();
  const replicaSet =
    1_000_000_000 +
    (createHash('sha256').update(`${appKey}/${component}`).digest().readUInt32BE(0) % 3_000_000_000);
  let suffix = '';
  for (const byte of digest.subarray(0, 5)) suffix += alphabet[byte % alphabet.length];
  return `${replicaSet}-${suffix}`;
}

/** `2018-04-25T00:00:00.000Z` */
export function isoMilliseconds(at: WorldTime): string {
  return new Date(at.ms).toISOString();
}

/** `2018-03-24T01:07:20Z` */
export function isoSeconds(at: WorldTime): string {
  return `${new Date(at.ms).toISOString().slice(0, 19)}Z`;
}

/** Up to six fractional digits, trailing zeros trimmed, as Go writes them: `2021-03-24T01:07:20.5Z`. */
export function isoMicroseconds(at: WorldTime): string {
  const fraction = `${new Date(at.ms).toISOString().slice(20, 23)}${String(Math.floor(at.nanos / 1000)).padStart(3, '0')}`;
  return withFraction(at, fraction);
}

/** Go's RFC3339Nano. */
export function isoNanoseconds(at: WorldTime): string {
  const fraction = `${new Date(at.ms).toISOString().slice(20, 23)}${String(at.nanos).padStart(6, '0')}`;
  return withFraction(at, fraction);
}

function withFraction(at: WorldTime, digits: string): string {
  const trimmed = digits.replace(/0+$/, '');
  const whole = new Date(at.ms).toISOString().slice(0, 19);
  return trimmed === '' ? `${whole}Z` : `${whole}.${trimmed}Z`;
}
