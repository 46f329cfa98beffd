// Scalingo as a provider: what it is called, where it is, what it can do.
import { CliError } from '../../errors.ts';
import { type AppRef, defineProvider } from '../../provider.ts';
import { credentialOrigin, mayCarryCredential, settingDeclarations } from './address.ts';
import { apps } from './apps.ts';
import { builds } from './builds.ts';
import { createClient, type ScalingoClient, USUAL_TIMING } from './client.ts';
import { findCredentials } from './credentials.ts';
import { events } from './events.ts';
import { logs } from './log.ts';
import { metrics } from './metrics.ts';

export const scalingo = defineProvider<ScalingoClient>({
  name: 'scalingo',
  aliases: [],
  title: 'Scalingo',
  settings: settingDeclarations,
  credentials: [['token']],
  appForm: 'NAME or ID',
  parseRef,
  origin: credentialOrigin,
  mayCarryCredential,
  connect: (settings, network, sessions) => createClient(settings, network, { ...USUAL_TIMING, sessions }),
  async regions(client, signal) {
    // A configured address is one region already.
    if (client.addresses.api !== null) return [];
    const regions = await client.regions(signal);
    return [...regions]
      .sort((one, other) => Number(other.isDefault) - Number(one.isDefault))
      .map(({ name }) => name);
  },
  findCredentials,
  async whoami(client, signal) {
    const { username, email } = await client.self(signal);
    return { user: username, note: email };
  },
  apps,
  logs,
  builds,
  metrics,
  events,
});

/** `shop`, `shop/web`, `shop/web-1`. */
function parseRef(text: string): AppRef {
  const [app = '', component, ...rest] = text.split('/');
  if (!/^[\w][\w.-]*$/.test(app)) {
    const named =
      app === '' ? 'needs the name of an app' : `has no apps with a name like "${app.slice(0, 80)}"`;
    throw new CliError('usage', `Scalingo ${named}.`, {
      hint: 'Write scalingo:NAME or scalingo:NAME/COMPONENT.',
    });
  }
  if (rest.length > 0 || component === '') {
    throw new CliError('usage', `"${text.slice(0, 80)}" is no target of Scalingo.`, {
      hint: 'Write scalingo:NAME or scalingo:NAME/COMPONENT.',
    });
  }
  return { app, component: component ?? null };
}
