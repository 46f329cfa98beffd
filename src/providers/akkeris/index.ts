// Akkeris as a provider: what it is called, where it is, what it can do.
import { CliError } from '../../errors.ts';
import { type AppRef, defineProvider, type Provider } from '../../provider.ts';
import { mayCarryCredential, originOf, settingDeclarations } from './address.ts';
import { apps } from './apps.ts';
import { buildsAt } from './builds.ts';
import { type AkkerisClient, createClient, type Timing, USUAL_TIMING } from './client.ts';
import { findCredentials } from './credentials.ts';
import { eventsAt } from './events.ts';
import { logs } from './log.ts';
import { metrics } from './metrics.ts';
import { signIn } from './sign-in.ts';

/** The platform, waited for otherwise than usual: for tests. */
export function akkerisAt(unusual: Partial<Timing>): Provider {
  const timing = { ...USUAL_TIMING, ...unusual };
  return defineProvider<AkkerisClient>({
    name: 'akkeris',
    aliases: [],
    title: 'Akkeris',
    settings: settingDeclarations,
    // A token alone reaches nothing: there is no address that everyone shares.
    credentials: [['token', 'url']],
    appForm: 'NAME-SPACE or UUID; nothing with --site',
    parseRef,
    origin: originOf,
    mayCarryCredential,
    connect: (settings, network) => createClient(settings, network, timing),
    async whoami(client, signal) {
      const { name, email, elevated } = await client.account(signal);
      const facts = [email, elevated ? 'elevated access' : null].filter(
        (fact) => fact !== null && fact !== name,
      );
      return { user: name, note: facts.length > 0 ? facts.join(', ') : null };
    },
    signIn,
    findCredentials,
    apps,
    logs,
    builds: buildsAt(timing),
    metrics,
    events: eventsAt(timing),
  });
}

export const akkeris: Provider = akkerisAt({});

/** `api-default`, `api-default/web`, `api-default/web.1562910588-cg82f`; nothing stands before --site. */
function parseRef(text: string): AppRef {
  if (text === '') return { app: '', component: null };
  const [app = '', component, ...rest] = text.split('/');
  const written = text.slice(0, 80);
  if (!/^[\w.]+(?:-[\w.-]+)$/.test(app)) {
    throw new CliError(
      'usage',
      `"${written}" names no app of Akkeris: an app is its name, a dash and its space.`,
      {
        hint: HINT,
      },
    );
  }
  if (rest.length > 0 || component === '') {
    throw new CliError('usage', `"${written}" is no target of Akkeris.`, { hint: HINT });
  }
  return { app, component: component ?? null };
}

const HINT =
  'Write akkeris:NAME-SPACE or akkeris:NAME-SPACE/TYPE, for example akkeris:api-default/web; a site is akkeris: --site DOMAIN.';
