// The list of apps, and who the token belongs to. Knows no log.
import { CliError } from '../../errors.ts';
import type { AppsCapability, Identity } from '../../provider.ts';
import type { DigitaloceanClient } from './client.ts';
import { appOf } from './translate.ts';

export const apps: AppsCapability<DigitaloceanClient> = {
  async list(client, signal) {
    return (await client.apps(signal)).map(appOf);
  },
};

/** A token that may read apps alone cannot tell whose it is (wire: DigitalOcean 1.1: scopes). */
export async function whoami(client: DigitaloceanClient, signal: AbortSignal): Promise<Identity> {
  try {
    const { user, team } = await client.account(signal);
    return { user, note: team };
  } catch (error) {
    if (!(error instanceof CliError) || (error.status !== 403 && error.status !== 404)) throw error;
    await client.probe(signal);
    return { user: 'unknown', note: 'the scopes of the token do not include the account' };
  }
}
