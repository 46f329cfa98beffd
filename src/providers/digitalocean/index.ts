// DigitalOcean's App Platform as a provider: what it is called, where it is, what it can do.
import { CliError } from '../../errors.ts';
import { type AppRef, defineProvider } from '../../provider.ts';
import { credentialOrigin, mayCarryCredential, settingDeclarations } from './address.ts';
import { apps, whoami } from './apps.ts';
import { builds } from './builds.ts';
import { createClient, type DigitaloceanClient } from './client.ts';
import { findCredentials } from './credentials.ts';
import { events } from './events.ts';
import { logs } from './log.ts';
import { metrics } from './metrics.ts';

export const digitalocean = defineProvider<DigitaloceanClient>({
  name: 'digitalocean',
  aliases: ['do'],
  title: 'DigitalOcean App Platform',
  settings: settingDeclarations,
  credentials: [['token']],
  appForm: 'NAME or UUID',
  parseRef,
  origin: credentialOrigin,
  mayCarryCredential,
  connect: (settings, network) => createClient(settings, network),
  findCredentials,
  whoami,
  apps,
  logs,
  builds,
  metrics,
  events,
});

/** `shop`, `shop/web`, `4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf/web`. */
function parseRef(text: string): AppRef {
  const [app = '', component, ...rest] = text.split('/');
  const hint = 'Write digitalocean:NAME, digitalocean:UUID or digitalocean:NAME/COMPONENT.';
  if (!/^[\w][\w.-]*$/.test(app)) {
    const named =
      app === '' ? 'needs the name of an app' : `has no apps with a name like "${app.slice(0, 80)}"`;
    throw new CliError('usage', `DigitalOcean ${named}.`, { hint });
  }
  if (rest.length > 0 || component === '') {
    throw new CliError('usage', `"${text.slice(0, 80)}" is no target of DigitalOcean.`, { hint });
  }
  return { app, component: component ?? null };
}
