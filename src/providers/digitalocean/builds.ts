// The builds capability: DigitalOcean's deployments. Knows no endpoint.
import type { Build } from '../../model.ts';
import type { AppRef, BuildsCapability } from '../../provider.ts';
import { openBuildLog } from './build-log.ts';
import type { DigitaloceanClient } from './client.ts';
import { activeDeployment, buildOf, deploymentBuild, deploymentPages, STATUS_WORDS } from './deployments.ts';
import { knownApp } from './known-app.ts';

export const builds: BuildsCapability<DigitaloceanClient> = {
  traits: {
    // As often as the platform's own action for CI looks (wire: DigitalOcean 3).
    everyMillis: 2000,
    statusWords: STATUS_WORDS,
    deployLog: 'jobs before and after the deployment, the start and the health checks of each component',
    byId: true,
  },
  list,
  async get(client, ref, id, signal) {
    const app = await knownApp(client, ref.app, signal);
    return deploymentBuild(client, { app, id }, signal);
  },
  async active(client, ref, signal) {
    const app = await knownApp(client, ref.app, signal);
    const id = await activeDeployment(client, app, signal);
    return id === null ? null : deploymentBuild(client, { app, id }, signal);
  },
  log: openBuildLog,
};

async function* list(
  client: DigitaloceanClient,
  ref: AppRef,
  signal: AbortSignal,
): AsyncGenerator<readonly Build[], void, undefined> {
  const app = await knownApp(client, ref.app, signal);
  const subject = { what: `the deployments of app "${app.name}"` };
  // A deployment that begins meanwhile moves all others towards the next page.
  let seen = new Set<string>();
  for await (const page of deploymentPages(client, { app }, signal)) {
    const found = page.map((fields) => buildOf(fields, subject));
    const before = seen;
    seen = new Set(found.map(({ id }) => id));
    yield found.filter(({ id }) => !before.has(id));
  }
}
