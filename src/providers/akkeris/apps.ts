// The list of apps of an installation. Knows no log.
import type { AppsCapability } from '../../provider.ts';
import type { AkkerisClient } from './client.ts';

export const apps: AppsCapability<AkkerisClient> = {
  async list(client, signal) {
    const records = await client.apps(signal);
    return records.map(({ id, name, region, status, formation }) => ({
      id,
      name,
      components: (formation ?? []).map(({ type, quantity }) => ({
        name: type,
        kind: 'dyno',
        instances: quantity,
      })),
      region,
      status,
    }));
  },
};
