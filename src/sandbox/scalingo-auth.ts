// Scalingo's global authentication service: token exchange, the user, the list of regions.
import type { Exchange, Route } from './http.ts';
import {
  answer,
  bearerOf,
  htmlPage,
  type Platform,
  sameText,
  unauthorized,
  user,
  withUser,
} from './scalingo-platform.ts';

/** `origins`: by region, known only when the ports are open. */
export function authRoutes(platform: Platform, origins: () => readonly string[]): Route[] {
  const routes: Route[] = [
    {
      name: 'exchange',
      method: 'POST',
      path: '/v1/tokens/exchange',
      answer: (asked) => exchange(platform, asked),
    },
    {
      name: 'self',
      method: 'GET',
      path: '/v1/users/self',
      answer: withUser(platform, (asked) =>
        answer(asked, 200, { user: { ...user, fullname: 'Alice Example', flags: {} } }),
      ),
    },
    {
      name: 'regions',
      method: 'GET',
      path: '/v1/regions',
      answer: (asked) => listRegions(platform, asked, origins()),
    },
  ];
  // The service is global: only the first port plays it.
  return routes.map((route) => ({
    ...route,
    answer: (asked) => (asked.listener === 0 ? route.answer(asked) : htmlPage(asked, 404)),
  }));
}

// wire: Scalingo 1.3: Basic with an empty user; any body or none.
function exchange(platform: Platform, asked: Exchange) {
  const basic = /^Basic (\S+)$/i.exec(asked.headers.authorization ?? '')?.[1] ?? '';
  const given = Buffer.from(basic, 'base64').toString('utf8');
  if (!sameText(given, `:${platform.settings.token}`)) return unauthorized(asked);
  answer(asked, 200, { token: platform.mintJwt({ kind: 'user' }) });
}

// wire: Scalingo 1.2: without a bearer restricted regions are absent.
function listRegions(platform: Platform, asked: Exchange, origins: readonly string[]) {
  const anonymous = asked.headers.authorization === undefined;
  if (!anonymous && platform.readJwt(bearerOf(asked))?.kind !== 'user') return unauthorized(asked);
  const regions = platform.regions
    .map((region, at) => ({ region, at, origin: origins[at] ?? '' }))
    .filter(({ region }) => !anonymous || region.access === 'public')
    .map(({ region, at, origin }) => ({
      name: region.name,
      display_name: region.title,
      api: origin,
      database_api: origin,
      dashboard: origin,
      ssh: `127.0.0.1:${2222 + at}`,
      default: at === 0,
    }));
  answer(asked, 200, { regions });
}
