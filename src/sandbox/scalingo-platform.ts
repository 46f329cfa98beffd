// What all parts of the Scalingo sandbox share: regions, apps, credentials, the way errors and pages look.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Fault } from './faults.ts';
import type { Asked, Exchange, HeaderFields } from './http.ts';
import type { ScalingoSettings } from './scalingo-settings.ts';
import type { World } from './world.ts';

export interface ScalingoApp {
  /** 24 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly addonId: string;
  /** The log server's id of the database. */
  readonly databaseId: string;
  routerLogs: boolean;
  drains: { app_id: string; url: string }[];
}

export interface ScalingoRegion {
  readonly name: string;
  readonly title: string;
  readonly access: 'public' | 'restricted';
  readonly app: ScalingoApp;
}

/** Who a JWT speaks for: the user, or one database. */
export type Bearer = { kind: 'user' } | { kind: 'database'; addonId: string };

export interface Platform {
  readonly world: World;
  readonly settings: ScalingoSettings;
  /** By listener. */
  readonly regions: readonly ScalingoRegion[];
  mintJwt(bearer: Bearer): string;
  /** Undefined: forged or expired. */
  readJwt(token: string | undefined): Bearer | undefined;
  /** 64 hexadecimal digits. */
  sign(words: string): string;
  /** True while a request of that region may still be answered; counts it. */
  withinRate(listener: number): boolean;
  /** The app of that region, by name or id. */
  findApp(listener: number, nameOrId: string): ScalingoApp | undefined;
}

export const user = {
  username: 'alice',
  email: 'alice@example.com',
  id: 'us-5f1d2e3c-7a41-4b0e-9c55-2f6a1c0d7b18',
};

/** Hexadecimal digits that hang on the words alone. */
export function objectId(words: string, length = 24): string {
  return createHash('sha256').update(words).digest('hex').slice(0, length);
}

export function uuidOf(words: string): string {
  const hex = objectId(words, 32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

export function createPlatform(world: World, settings: ScalingoSettings): Platform {
  const secret = randomBytes(32);
  const sign = (words: string) => createHmac('sha256', secret).update(words).digest('hex');
  const regions = [
    makeRegion({ name: 'osc-fr1', title: 'Paris - Outscale', access: 'public', app: world.app }),
    makeRegion({
      name: 'osc-secnum-fr1',
      title: 'Paris - SecNumCloud - Outscale',
      access: 'restricted',
      app: `${world.app}-secnum`,
    }),
  ];
  const asked = new Map<number, number[]>();
  return {
    world,
    settings,
    regions,
    sign,
    mintJwt: (bearer) => mintJwt({ bearer, settings, sign }),
    readJwt: (token) => readJwt({ token, settings, sign }),
    withinRate(listener) {
      if (settings.ratePerMinute <= 0) return true;
      const recent = (asked.get(listener) ?? []).filter((at) => at > settings.now() - 60_000);
      asked.set(listener, recent);
      if (recent.length >= settings.ratePerMinute) return false;
      recent.push(settings.now());
      return true;
    },
    findApp(listener, nameOrId) {
      const app = regions[listener]?.app;
      return app && (app.name === nameOrId || app.id === nameOrId) ? app : undefined;
    },
  };
}

function makeRegion(given: Omit<ScalingoRegion, 'app'> & { app: string }): ScalingoRegion {
  const app: ScalingoApp = {
    id: objectId(`app ${given.app}`),
    name: given.app,
    region: given.name,
    addonId: `ad-${uuidOf(`addon ${given.app}`)}`,
    databaseId: objectId(`database ${given.app}`),
    routerLogs: true,
    drains: [],
  };
  return { ...given, app };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

// wire: Scalingo 1.3; HS512 stands in the header of the recorded tokens, and no client checks the signature.
function mintJwt(given: { bearer: Bearer; settings: ScalingoSettings; sign(words: string): string }): string {
  const iat = Math.floor(given.settings.now() / 1000);
  const claims = {
    iss: 'Scalingo',
    iat,
    uuid: user.id,
    rnd: randomBytes(16).toString('hex'),
    exp: iat + given.settings.jwtSeconds,
    ...(given.bearer.kind === 'database' ? { addon: given.bearer.addonId } : {}),
  };
  const signed = `${encode({ typ: 'JWT', alg: 'HS512' })}.${encode(claims)}`;
  return `${signed}.${Buffer.from(given.sign(signed), 'hex').toString('base64url')}`;
}

function readJwt(given: {
  token: string | undefined;
  settings: ScalingoSettings;
  sign(words: string): string;
}): Bearer | undefined {
  const [head, claims, signature] = (given.token ?? '').split('.');
  if (!head || !claims || !signature) return undefined;
  const wanted = Buffer.from(given.sign(`${head}.${claims}`), 'hex').toString('base64url');
  if (!sameText(wanted, signature)) return undefined;
  const { exp, addon } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
    exp: number;
    addon?: string;
  };
  if (exp * 1000 <= given.settings.now()) return undefined;
  return addon === undefined ? { kind: 'user' } : { kind: 'database', addonId: addon };
}

export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** An answer of the API with the fields that recorded answers carry (wire: Scalingo 8.10). */
export function answer(asked: Asked, status: number, value: unknown): void {
  asked.json(status, value, apiFields(asked, status));
}

export function apiFields(asked: Asked, status: number): HeaderFields {
  const given = asked.headers['x-request-id'];
  return {
    'Cache-Control': status < 400 ? 'max-age=0, private, must-revalidate' : 'no-cache',
    'Referrer-Policy': 'strict-origin-when-cross-origin',
    'X-Request-Id': typeof given === 'string' ? given : uuidOf(`${asked.seen.path} ${Math.random()}`),
    'Transfer-Encoding': 'chunked',
  };
}

export function notFound(asked: Asked, resource: string): void {
  answer(asked, 404, { resource, error: 'not found' });
}

export function unauthorized(asked: Asked): void {
  answer(asked, 401, { error: 'Invalid credentials' });
}

export function rateLimited(asked: Asked, settings: ScalingoSettings, retryAfter?: number): void {
  const fields: HeaderFields = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  if (settings.rateBody === 'text')
    asked.text(429, 'Retry later\n', { ...fields, 'Content-Type': 'text/plain' });
  else asked.json(429, { error: 'Rate limit exceeded', code: 'rate_limited' }, fields);
}

/** Rails' own page, which the auth service sends for what it does not know (wire: Scalingo 1.3). */
export function htmlPage(asked: Asked, status: number): void {
  const title =
    status === 404 ? "The page you were looking for doesn't exist (404)" : `We're sorry (${status})`;
  const page = `<!DOCTYPE html>\n<html>\n<head>\n  <title>${title}</title>\n</head>\n<body>\n  <h1>${title}</h1>\n</body>\n</html>\n`;
  asked.send(status, page, { 'Content-Type': 'text/html; charset=utf-8' });
}

export function serverError(asked: Asked, fault: Fault): void {
  const status = fault.status ?? 500;
  if (status === 500) answer(asked, 500, { error: "Internal error occured, we're on it!" });
  else htmlPage(asked, status);
}

export function bearerOf(asked: Asked): string | undefined {
  return /^Bearer (\S+)$/.exec(asked.headers.authorization ?? '')?.[1];
}

type Handler = (asked: Exchange) => void | Promise<void>;

/** Only with a user's JWT. */
export function withUser(platform: Platform, handler: Handler): Handler {
  return (asked) => {
    if (platform.readJwt(bearerOf(asked))?.kind !== 'user') return unauthorized(asked);
    return handler(asked);
  };
}

/** Only with a user's JWT and for `:app` of the region that was asked. */
export function withApp(
  platform: Platform,
  handler: (asked: Exchange, app: ScalingoApp) => void | Promise<void>,
): Handler {
  return withUser(platform, (asked) => {
    const app = platform.findApp(asked.listener, asked.params.app ?? '');
    return app ? handler(asked, app) : notFound(asked, 'app');
  });
}

/** The part of `items` that `page` and `per_page` ask for, with its `meta` (wire: Scalingo 1.7). */
export function paginate<T>(
  items: readonly T[],
  query: URLSearchParams,
  options: { perPage: number; settings: ScalingoSettings },
): { items: T[]; meta: unknown } {
  const page = positive(query.get('page'), 1);
  const perPage = Math.min(100, positive(query.get('per_page'), options.perPage));
  const pages = Math.max(1, Math.ceil(items.length / perPage));
  return {
    items: items.slice((page - 1) * perPage, page * perPage),
    meta: {
      pagination: {
        current_page: page,
        [options.settings.previousPage]: page > 1 ? page - 1 : null,
        next_page: page < pages ? page + 1 : null,
        total_pages: pages,
        total_count: items.length,
      },
    },
  };
}

export function positive(text: string | null, otherwise: number): number {
  const value = Number(text);
  return text !== null && Number.isInteger(value) && value > 0 ? value : otherwise;
}
