// Finds an app by its name or id. Knows no log.
import { CliError } from '../../errors.ts';
import type { DigitaloceanClient } from './client.ts';
import type { AppRecord } from './translate.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** By name over all pages of the list: the whole name, in its case. Throws `not-found`, or `usage` for a name of several. */
export async function findApp(
  client: DigitaloceanClient,
  wanted: string,
  signal: AbortSignal,
): Promise<AppRecord> {
  if (UUID.test(wanted)) return byId(client, wanted.toLowerCase(), signal);
  const apps = await client.apps(signal);
  // A page that moved while the next one was asked for shows an app twice.
  const found = new Map(apps.filter(({ name }) => name === wanted).map((app) => [app.id, app]));
  const [only, ...more] = found.values();
  if (only === undefined) throw unknown(wanted, apps);
  if (more.length === 0) return only;
  throw new CliError('usage', `DigitalOcean has ${found.size} apps with the name "${wanted}".`, {
    hint: `Name the one you mean by its id: ${[...found.keys()].slice(0, 10).join(', ')}.`,
  });
}

async function byId(client: DigitaloceanClient, id: string, signal: AbortSignal): Promise<AppRecord> {
  try {
    return await client.app(id, { quick: false }, signal);
  } catch (error) {
    if (!(error instanceof CliError) || error.kind !== 'not-found') throw error;
    throw new CliError('not-found', `DigitalOcean has no app with the id ${id}.`, {
      status: 404,
      hint: LIST_HINT,
      cause: error,
    });
  }
}

const LIST_HINT = '`polylog apps list digitalocean` shows the apps of this account.';
const MOST_NEAR = 5;

function unknown(wanted: string, apps: readonly AppRecord[]): CliError {
  const near = [...new Set(apps.map(({ name }) => name))].filter((name) => isNear(name, wanted));
  const hint =
    near.length > 0
      ? `Did you mean ${near.slice(0, MOST_NEAR).join(', ')}?`
      : apps.length === 0
        ? 'This account has no apps, or its token may not see them.'
        : LIST_HINT;
  return new CliError('not-found', `DigitalOcean has no app "${wanted}".`, { hint });
}

function isNear(name: string, wanted: string): boolean {
  const a = name.toLowerCase();
  const b = wanted.toLowerCase();
  if (b.length >= 3 && (a.startsWith(b) || (a.length >= 3 && b.startsWith(a)))) return true;
  return Math.abs(a.length - b.length) <= 2 && b.length <= 64 && distance(a, b) <= (b.length >= 4 ? 2 : 1);
}

/** Letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
