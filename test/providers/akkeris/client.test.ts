// The endpoints: what is asked of them, and what each form of refusal becomes.
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { CliError } from '../../../src/errors.ts';
import { isSupported } from '../../../src/provider.ts';
import { akkeris } from '../../../src/providers/akkeris/index.ts';
import { type AkkerisSandbox, startAkkeris } from '../../../src/sandbox/akkeris.ts';
import { createWorld, type World } from '../../../src/sandbox/world.ts';
import {
  APP,
  clientFor,
  json,
  never,
  type OwnServer,
  open,
  POST_SESSION,
  readLive,
  sentence,
  startOwn,
  TOKEN,
} from './setup.ts';

let own: OwnServer | undefined;

afterEach(async () => {
  await own?.close();
  own = undefined;
});

async function failure(attempt: Promise<unknown>): Promise<CliError> {
  const outcome = await attempt.then(
    () => 'no failure',
    (error: unknown) => error,
  );
  if (outcome instanceof CliError) return outcome;
  throw new Error(`not a CliError: ${String(outcome)}`);
}

const page = (response: ServerResponse, status: number, body: string) =>
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(body);
const plain = (response: ServerResponse, status: number, body: string) =>
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);

describe('an app that cannot be read', () => {
  const cases: [string, (response: ServerResponse) => void, Partial<CliError>][] = [
    [
      'no such app, in a sentence that calls itself JSON',
      (response) => sentence(response, 404, 'The specified application api-default does not exist.'),
      {
        kind: 'not-found',
        message:
          'Akkeris does not know app "api-default" (404): The specified application api-default does not exist.',
      },
    ],
    [
      'an empty 404',
      (response) => response.writeHead(404, { 'content-length': '0' }).end(),
      {
        kind: 'not-found',
        message: 'app "api-default" was not found, or Akkeris does not support this (404).',
      },
    ],
    [
      'a refused token',
      (response) => plain(response, 401, 'Unauthorized'),
      {
        kind: 'auth',
        message: 'Akkeris does not accept the token for app "api-default" (401): Unauthorized.',
      },
    ],
    [
      'an empty 401',
      (response) => response.writeHead(401).end(),
      { kind: 'auth', message: 'Akkeris does not accept the token for app "api-default" (401).' },
    ],
    [
      'a stranger',
      (response) => plain(response, 403, 'Forbidden'),
      { kind: 'auth', message: expect.stringContaining('(403): Forbidden.') },
    ],
    [
      'JSON with a message',
      (response) => json(response, 400, { message: 'Bad word' }),
      { kind: 'platform', message: 'Akkeris refused app "api-default" (400): Bad word.' },
    ],
    [
      'JSON with a description',
      (response) => json(response, 409, { error: 'conflict', error_description: 'Too late.' }),
      { kind: 'platform', message: 'Akkeris refused app "api-default" (409): Too late.' },
    ],
    [
      'a JSON string',
      (response) => json(response, 422, 'The specified uuid was invalid.'),
      {
        kind: 'platform',
        message: 'Akkeris refused app "api-default" (422): The specified uuid was invalid.',
      },
    ],
    [
      'a stack trace in HTML',
      (response) => page(response, 400, '<!DOCTYPE html><pre>SyntaxError<br> at parse (/app/x.js)</pre>'),
      { kind: 'platform', message: 'Akkeris refused app "api-default" (400).' },
    ],
    [
      'a controller that is away, in text that calls itself HTML',
      (response) => page(response, 503, 'Internal Server Error'),
      { kind: 'unavailable', message: 'Akkeris has a fault of its own with app "api-default" (503).' },
    ],
    [
      'a back end that is away',
      (response) => sentence(response, 503, 'Service Unavailable Error'),
      { kind: 'unavailable', message: expect.stringContaining('(503): Service Unavailable Error.') },
    ],
    [
      'a fault',
      (response) => sentence(response, 500, 'Internal Server Error'),
      { kind: 'unavailable', message: expect.stringContaining('app "api-default" (500)') },
    ],
    [
      'resources that are being made',
      (response) => sentence(response, 424, "We're currently waiting on resources to be created"),
      { kind: 'unavailable', message: expect.stringContaining('(424)') },
    ],
    [
      'a limit of something in front',
      (response) => response.writeHead(429, { 'retry-after': '40' }).end(),
      { kind: 'unavailable', retryAfter: 40_000, message: expect.stringContaining('(429)') },
    ],
    [
      'another place',
      (response) => response.writeHead(301, { location: 'https://elsewhere.example.com/' }).end(),
      { kind: 'platform', message: 'Akkeris refused app "api-default" (301).' },
    ],
    [
      'a page of HTML under 200',
      (response) => page(response, 200, '<html></html>'),
      { kind: 'platform', message: 'Akkeris\'s answer for app "api-default" has no JSON.' },
    ],
    [
      'JSON of another shape',
      (response) => json(response, 200, ['x']),
      { kind: 'platform', message: 'Akkeris\'s answer for app "api-default" has no name.' },
    ],
  ];
  it.each(cases)('%s', async (_, answer, expected) => {
    own = await startOwn({ routes: { 'GET /apps/api-default': answer } });
    expect(await failure(open(clientFor(own.url)))).toMatchObject(expected);
  });

  it('an address where nobody listens', async () => {
    const error = await failure(open(clientFor('http://127.0.0.1:1')));
    expect(error).toMatchObject({ kind: 'unavailable', retryable: true });
    expect(error.message).toMatch(
      /^Akkeris .*127\.0\.0\.1:\d+ refused the connection, for app "api-default"\.$/,
    );
  });

  it('shows no token that comes back and no control characters', async () => {
    own = await startOwn({
      routes: {
        'GET /apps/api-default': (response) => sentence(response, 403, `no\u001b[31m ${TOKEN}\nfor you`),
      },
    });
    const { message } = await failure(open(clientFor(own.url)));
    expect(message).not.toContain(TOKEN);
    expect(message).toContain('*** for you');
    expect(message).not.toMatch(/[\u0000-\u001f]/);
  });

  it('cuts what is long', async () => {
    own = await startOwn({
      routes: { 'GET /apps/api-default': (response) => sentence(response, 400, 'x'.repeat(1_000_000)) },
    });
    expect((await failure(open(clientFor(own.url)))).message.length).toBeLessThan(400);
  });
});

describe('a session that is refused', () => {
  const cases: [string, (response: ServerResponse) => void, Partial<CliError>][] = [
    [
      'a parameter',
      (response) => sentence(response, 422, 'The specified lines was either not a number or less than 1.'),
      { kind: 'platform', message: expect.stringContaining('(422): The specified lines was') },
    ],
    [
      'the log back end',
      (response) => sentence(response, 503, 'Service Unavailable Error'),
      { kind: 'unavailable' },
    ],
    [
      'no address',
      (response) => json(response, 201, { id: 'x' }),
      { kind: 'platform', message: 'Akkeris\'s answer for app "api-default" has no logplex_url.' },
    ],
    [
      'an address of another kind',
      (response) => json(response, 201, { id: 'x', logplex_url: 'file:///etc/passwd' }),
      { kind: 'platform', message: 'Akkeris\'s answer for app "api-default" has no logplex_url.' },
    ],
  ];
  it.each(cases)('%s', async (_, answer, expected) => {
    own = await startOwn({ routes: { [POST_SESSION]: answer } });
    const source = await open(clientFor(own.url));
    expect(await failure(readLive(source, 10))).toMatchObject(expected);
    expect(own.streamed).toEqual([]);
  });
});

describe('the account', () => {
  const whoami = (url: string) => akkeris.whoami(clientFor(url), never);

  it('is its name and what is worth knowing', async () => {
    const account = { id: 'a', name: 'Jane', email: 'j@x', elevated_access: true };
    own = await startOwn({ routes: { 'GET /account': (response) => json(response, 200, account) } });
    expect(await whoami(own.url)).toEqual({ user: 'Jane', note: 'j@x, elevated access' });
    expect(own.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('is its address when it has no name', async () => {
    own = await startOwn({ routes: { 'GET /account': (response) => json(response, 200, { email: 'j@x' }) } });
    expect(await whoami(own.url)).toEqual({ user: 'j@x', note: null });
  });

  it('that is not there is no Akkeris', async () => {
    own = await startOwn({ routes: { 'GET /account': (response) => page(response, 404, '<html>') } });
    expect(await failure(whoami(own.url))).toMatchObject({
      kind: 'platform',
      message: 'There is no Akkeris at this address: the account is not found (404).',
    });
  });
});

describe('the list of apps', () => {
  const list = (url: string) => {
    const { apps } = akkeris;
    if (!isSupported(apps)) throw new Error('no apps');
    return apps.list(clientFor(url), never);
  };

  it('has components, region and state', async () => {
    own = await startOwn({
      routes: {
        'GET /apps': (response) =>
          json(response, 200, [
            APP,
            { key: 'old-default', maintenance: true, formation: [{ type: 'web' }, 7, { quantity: 1 }] },
            { name: 'new-default', released_at: null },
            'x',
            { id: 'nameless' },
          ]),
      },
    });
    expect(await list(own.url)).toEqual([
      {
        id: APP.id,
        name: 'api-default',
        region: 'us-seattle',
        status: 'released',
        components: [
          { name: 'web', kind: 'dyno', instances: 2 },
          { name: 'worker', kind: 'dyno', instances: 1 },
        ],
      },
      {
        id: 'old-default',
        name: 'old-default',
        region: null,
        status: 'maintenance',
        components: [{ name: 'web', kind: 'dyno', instances: null }],
      },
      { id: 'new-default', name: 'new-default', region: null, status: null, components: [] },
    ]);
    expect(own.asked.map(({ path }) => path)).toEqual(['/apps']);
  });

  it('is an array', async () => {
    own = await startOwn({ routes: { 'GET /apps': (response) => json(response, 200, { apps: [] }) } });
    expect(await failure(list(own.url))).toMatchObject({
      kind: 'platform',
      message: expect.stringContaining('array'),
    });
  });
});

describe('beside the sandbox', () => {
  let world: World;
  let sandbox: AkkerisSandbox;

  afterEach(async () => {
    await sandbox.close();
    world.close();
  });

  it('lists what it has, knows its account and its refusals', async () => {
    world = createWorld({ scale: 0, past: 0 });
    sandbox = await startAkkeris({ world, token: TOKEN, outsiderToken: 'outsider' });
    const client = clientFor(sandbox.url);
    const { apps } = akkeris;
    if (!isSupported(apps)) throw new Error('no apps');
    const listed = (await apps.list(client, never)).find(({ name }) => name === sandbox.appKey);
    expect(listed?.components.map(({ name }) => name)).toContain('web');
    expect((await akkeris.whoami(client, never)).user).not.toBe('');
    expect((await failure(open(client, { app: 'nope-default' }))).kind).toBe('not-found');
    for (const [token, status] of [
      ['wrong', 401],
      ['outsider', 403],
    ] as const) {
      const refused = await failure(open(clientFor(sandbox.url, {}, token), { app: sandbox.appKey }));
      expect(refused).toMatchObject({ kind: 'auth', status });
    }
  });
});
