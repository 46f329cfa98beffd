import { afterEach, describe, expect, it } from 'vitest';
import { apps, whoami } from '../../../src/providers/digitalocean/apps.ts';
import {
  APP,
  clientFor,
  closeAll,
  json,
  never,
  type Own,
  open,
  shop,
  startOwn,
  TOKEN,
  text,
} from './setup.ts';

afterEach(closeAll);

const app = (name: string, id = `id-of-${name}`) => ({ id, spec: { name } });

/** Three pages whose links name the platform's own host. */
function pagesOf(names: readonly string[][]) {
  return startOwn({
    api: {
      '/apps': ({ query }, response) => {
        const page = Number(query.get('page'));
        const more = page < names.length;
        json(response, 200, {
          apps: (names[page - 1] ?? []).map((name) => app(name, `id-${page}-${name}`)),
          links: more
            ? { pages: { next: `https://api.digitalocean.com/v2/apps?page=${page + 1}&per_page=200&x=1` } }
            : {},
        });
      },
    },
  });
}

describe('the list of apps', () => {
  it('goes over all pages, by the query of the links and on its own origin', async () => {
    const own = await pagesOf([['a', 'b'], ['c'], ['d']]);
    const found = await apps.list(clientFor({ url: own.url }), never);
    expect(found.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
    expect(own.asked).toEqual([
      'GET /v2/apps?page=1&per_page=200',
      'GET /v2/apps?page=2&per_page=200&x=1',
      'GET /v2/apps?page=3&per_page=200&x=1',
    ]);
  });

  it('ends where a link leads back', async () => {
    const next = 'https://api.digitalocean.com/v2/apps?page=1&per_page=200';
    const own = await startOwn({
      api: {
        '/apps': (_, response) => json(response, 200, { apps: [app('a')], links: { pages: { next } } }),
      },
    });
    await apps.list(clientFor({ url: own.url }), never);
    expect(own.asked).toHaveLength(1);
  });

  it.each([{ apps: [] }, { apps: null, links: { pages: {} } }, { meta: { total: 0 } }])(
    'may be empty: %j',
    async (body) => {
      const own = await startOwn({ api: { '/apps': (_, response) => json(response, 200, body) } });
      expect(await apps.list(clientFor({ url: own.url }), never)).toEqual([]);
    },
  );

  it.each([
    [{ apps: {} }, 'list in apps'],
    [{}, 'list in apps'],
    [{ unexpected: { shape: true } }, 'list in apps'],
    [{ apps: [{ spec: { name: 'a' } }] }, 'app with id'],
    [{ apps: [{ id: 'a' }] }, 'app with spec.name'],
    ['[]', 'JSON object'],
  ])('of a form that nobody knows names what is missing: %j', async (body, field) => {
    const own = await startOwn({ api: { '/apps': (_, response) => json(response, 200, body) } });
    await expect(apps.list(clientFor({ url: own.url }), never)).rejects.toMatchObject({
      kind: 'platform',
      message: `DigitalOcean's answer for the list of apps has no ${field}.`,
    });
  });
});

describe('an app', () => {
  it('is found by its whole name on any page', async () => {
    const own = await pagesOf([['Shop', 'shop-2'], ['shop']]);
    await expect(open(clientFor({ url: own.url }))).rejects.toThrow('has no active deployment');
    expect(own.asked).toHaveLength(2);
  });

  it('whose name there is twice has to be named by its id', async () => {
    const own = await pagesOf([
      ['shop', 'a'],
      ['b', 'shop'],
    ]);
    await expect(open(clientFor({ url: own.url }))).rejects.toMatchObject({
      kind: 'usage',
      message: 'DigitalOcean has 2 apps with the name "shop".',
      hint: 'Name the one you mean by its id: id-1-shop, id-2-shop.',
    });
  });

  it('that two pages show because the list moved is one app', async () => {
    const own = await startOwn({
      api: {
        '/apps': ({ query }, response) =>
          json(response, 200, {
            apps: [shop()],
            links: query.get('page') === '1' ? { pages: { next: '/v2/apps?page=2&per_page=200' } } : {},
          }),
      },
    });
    await expect(open(clientFor({ url: own.url }))).resolves.toBeDefined();
  });

  it('that does not exist is answered with names that are near', async () => {
    const own = await pagesOf([['shop', 'checkout', 'shop-worker', 'blog']]);
    const client = clientFor({ url: own.url });
    await expect(open(client, { app: 'shpo' })).rejects.toMatchObject({
      kind: 'not-found',
      message: 'DigitalOcean has no app "shpo".',
      hint: 'Did you mean shop?',
    });
    await expect(open(client, { app: 'unlike-any' })).rejects.toMatchObject({
      hint: '`polylog apps list digitalocean` shows the apps of this account.',
    });
  });

  it('is asked for by its id alone', async () => {
    const own = await startOwn();
    await open(clientFor({ url: own.url }), { app: APP.toUpperCase() });
    expect(own.asked).toEqual([`GET /v2/apps/${APP}`]);
    await expect(open(clientFor({ url: own.url }), { app: APP.replace('4', '5') })).rejects.toMatchObject({
      kind: 'not-found',
      message: `DigitalOcean has no app with the id ${APP.replace('4', '5')}.`,
    });
  });
});

describe('who the token belongs to', () => {
  it('is the account and its team', async () => {
    const account = { email: 'ada@example.com', uuid: 'u', team: { name: 'Lovelace' } };
    const own = await startOwn({ api: { '/account': (_, response) => json(response, 200, { account }) } });
    expect(await whoami(clientFor({ url: own.url }), never)).toEqual({
      user: 'ada@example.com',
      note: 'Lovelace',
    });
  });

  it('cannot be known with a token for apps alone', async () => {
    const own = await startOwn({
      api: { '/account': (_, response) => json(response, 403, { id: 'forbidden', message: 'no' }) },
    });
    expect(await whoami(clientFor({ url: own.url }), never)).toMatchObject({ user: 'unknown' });
    expect(own.asked.at(-1)).toBe('GET /v2/apps?page=1&per_page=1');
  });

  it('is not guessed from a token that is refused', async () => {
    const own = await startOwn({
      api: { '/account': (_, response) => json(response, 401, { id: 'unauthorized', message: 'no' }) },
    });
    await expect(whoami(clientFor({ url: own.url }), never)).rejects.toMatchObject({
      kind: 'auth',
      status: 401,
    });
    expect(own.asked).toHaveLength(1);
  });
});

describe('a refusal', () => {
  const refusing = (status: number, body: unknown, headers = {}): Promise<Own> =>
    startOwn({ api: { '/apps': (_, response) => json(response, status, body, headers) } });

  it('is a sentence with the words and the request of the platform', async () => {
    const body = { id: 'unauthorized', message: 'Unable to authenticate you.', request_id: 'r-1' };
    const own = await refusing(401, body, { 'x-request-id': 'r-2' });
    await expect(apps.list(clientFor({ url: own.url }), never)).rejects.toMatchObject({
      kind: 'auth',
      message:
        'DigitalOcean does not accept the API token for the list of apps (401): Unable to authenticate you (request r-1).',
      hint: expect.stringMatching(/ and put it into token\.$/),
    });
    expect(own.asked).toHaveLength(1);
  });

  it('takes the request from the header where the body has none', async () => {
    const own = await refusing(403, { id: 'forbidden', message: 'No.' }, { 'x-request-id': 'r-2' });
    await expect(apps.list(clientFor({ url: own.url }), never)).rejects.toMatchObject({
      kind: 'auth',
      message: 'DigitalOcean does not allow this token to read the list of apps (403): No (request r-2).',
    });
  });

  it('of a token of another platform says so', async () => {
    const own = await refusing(401, { id: 'unauthorized', message: 'no' });
    await expect(apps.list(clientFor({ url: own.url, token: 'tk-us-abc' }), never)).rejects.toMatchObject({
      hint: expect.stringContaining('one of Scalingo'),
    });
  });

  it('for too many requests says when to come back', async () => {
    const own = await refusing(
      429,
      { id: 'too_many_requests', message: 'API rate limit exceeded.' },
      { 'retry-after': '90' },
    );
    await expect(apps.list(clientFor({ url: own.url }), never)).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfter: 90_000,
      message:
        'DigitalOcean asks to wait 90 s before the list of apps is read (429): API rate limit exceeded.',
    });
  });

  it('for too many requests knows the sliding window too', async () => {
    const reset = String(Math.floor(Date.now() / 1000) + 600);
    const own = await refusing(429, { message: 'x' }, { 'ratelimit-reset': reset });
    const error: { retryAfter: number } = await apps.list(clientFor({ url: own.url }), never).catch((e) => e);
    expect(error.retryAfter).toBeGreaterThan(590_000);
    expect(error.retryAfter).toBeLessThanOrEqual(600_000);
  });

  it('shows neither pages nor secrets', async () => {
    const own = await startOwn({
      api: {
        '/apps': (_, response) => text(response, 500, '<html>oops</html>', { 'content-type': 'text/html' }),
        '/account': (_, response) =>
          text(response, 400, `bad token ${TOKEN} at https://x/?token=${TOKEN}\n\u001b[31mred`),
      },
    });
    await expect(apps.list(clientFor({ url: own.url }), never)).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'DigitalOcean has a fault of its own with the list of apps (500).',
    });
    await expect(whoami(clientFor({ url: own.url }), never)).rejects.toMatchObject({
      message: 'DigitalOcean refused the account (400): bad token … at https://x/?… [31mred.',
    });
  });

  it('is told from a connection that cannot be made', async () => {
    await expect(apps.list(clientFor({ url: 'http://127.0.0.1:1' }), never)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/^DigitalOcean.*, for the list of apps\.$/),
    });
  });

  it('never comes for a token with stray characters: nothing is sent', async () => {
    const own = await startOwn();
    for (const token of ["''", 'a b', 'a\nb', 'tök']) {
      await expect(apps.list(clientFor({ url: own.url, token }), never)).rejects.toMatchObject({
        kind: 'auth',
      });
    }
    expect(own.asked).toEqual([]);
  });
});

it('keeps a prefix in the path of the API', async () => {
  const own = await startOwn({
    api: { '/mirror/v2/apps': (_, response) => json(response, 200, { apps: [app('a')] }) },
  });
  expect(await apps.list(clientFor({ url: `${own.url}/mirror/v2/` }), never)).toHaveLength(1);
});
