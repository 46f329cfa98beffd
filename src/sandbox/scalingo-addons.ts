// The shop's database as Scalingo shows it: the addon, its token, and the logs of the database API.
import type { Exchange, Route } from './http.ts';
import type { Archives } from './scalingo-archives.ts';
import { signedUrl } from './scalingo-logs.ts';
import {
  answer,
  bearerOf,
  notFound,
  type Platform,
  type ScalingoApp,
  unauthorized,
  withApp,
} from './scalingo-platform.ts';
import { isoTime } from './scalingo-time.ts';

// wire: Scalingo 2.8
export function addonRoutes(platform: Platform, archives: Archives): Route[] {
  return [
    {
      name: 'addons',
      method: 'GET',
      path: '/v1/apps/:app/addons',
      answer: withApp(platform, (asked, app) =>
        answer(asked, 200, { addons: [describeAddon(platform, app)] }),
      ),
    },
    {
      name: 'addon-token',
      method: 'POST',
      path: '/v1/apps/:app/addons/:addon/token',
      answer: withApp(platform, (asked, app) => {
        if (asked.params.addon !== app.addonId) return notFound(asked, 'addon');
        const token = platform.mintJwt({ kind: 'database', addonId: app.addonId });
        answer(asked, 200, { addon: { ...describeAddon(platform, app), token } });
      }),
    },
    {
      name: 'addon-logs',
      method: 'GET',
      path: '/api/databases/:addon/logs',
      answer: withDatabase(platform, (asked, app) =>
        answer(asked, 200, { url: signedUrl(platform, asked.origin, app.databaseId) }),
      ),
    },
    {
      name: 'addon-archives',
      method: 'GET',
      path: '/api/databases/:addon/logs_archives',
      answer: withDatabase(platform, (asked, app) => archives.list(asked, { app, part: 'database' })),
    },
  ];
}

/** Only with the token of that very addon. */
function withDatabase(platform: Platform, handler: (asked: Exchange, app: ScalingoApp) => void) {
  return (asked: Exchange) => {
    const bearer = platform.readJwt(bearerOf(asked));
    if (bearer?.kind !== 'database' || bearer.addonId !== asked.params.addon) return unauthorized(asked);
    const app = platform.regions[asked.listener]?.app;
    return app && app.addonId === bearer.addonId ? handler(asked, app) : notFound(asked, 'database');
  };
}

function describeAddon(platform: Platform, app: ScalingoApp) {
  return {
    id: app.addonId,
    app_id: app.id,
    resource_id: app.databaseId,
    status: 'running',
    provisioned_at: isoTime(platform.world.lines[0]?.at ?? platform.world.now()),
    deprovisioned_at: null,
    plan: {
      id: 'postgresql-starter-512',
      name: 'postgresql-starter-512',
      display_name: 'Starter 512',
      price: 7.2,
    },
    addon_provider: { id: 'postgresql', name: 'PostgreSQL', logo_url: '//cdn.example.com/postgresql.svg' },
  };
}
