// Named profiles through main(): targets, labels, the default one, and where a stored credential travels.
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ScalingoServer, startScalingo } from '../../src/sandbox/scalingo.ts';
import { createWorld, type World } from '../../src/sandbox/world.ts';
import { serve } from '../transport/support.ts';
import { createPerson, type Person } from './person.ts';

let world: World;
let mine: ScalingoServer;
let other: ScalingoServer;

beforeAll(async () => {
  world = createWorld({ scale: 0, past: 0 });
  world.write({ at: { ms: Date.parse('2026-03-01T10:00:00Z'), nanos: 0 }, text: 'hello' });
  [mine, other] = await Promise.all([
    startScalingo({ world, ratePerMinute: 0, archives: 0 }),
    startScalingo({ world, ratePerMinute: 0, archives: 0, token: `tk-us-${'o'.repeat(48)}` }),
  ]);
});
afterAll(async () => {
  world.close();
  await Promise.all([mine.close(), other.close()]);
});

async function loggedIn(profiles: readonly (readonly [string, ScalingoServer])[]): Promise<Person> {
  const person = createPerson();
  for (const [name, server] of profiles) {
    const line = `auth login scalingo --profile ${name} --auth-url ${server.url} --token-stdin`;
    expect((await person.run(line, { stdin: server.env.SCALINGO_API_TOKEN ?? '' })).code).toBe(0);
  }
  return person;
}

describe('a named profile', () => {
  it('is addressed by its name, which stands in text and records', async () => {
    const person = await loggedIn([['prod.eu', mine]]);
    const text = await person.run('logs prod.eu:shop -s app');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain(' prod.eu:shop/web-1 hello\n');
    const { stdout } = await person.run('logs prod.eu:shop -s app --json');
    expect(JSON.parse(stdout)).toMatchObject({ provider: 'scalingo', profile: 'prod.eu', app: 'shop' });
    const list = await person.run('apps list prod.eu --json');
    expect(JSON.parse(list.stdout)[0]).toMatchObject({ provider: 'scalingo', profile: 'prod.eu' });
  });

  it('keeps two accounts of one platform apart', async () => {
    const person = await loggedIn([
      ['one', mine],
      ['two', other],
    ]);
    const { code, stdout } = await person.run('apps list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/one:shop.*two:shop/s);
    const { stdout: lines } = await person.run('logs one:shop two:shop -s app');
    expect(lines.trimEnd().split('\n')).toHaveLength(2);
  });

  it('is the default one when it is the only one, when it is used, or when POLYLOG_PROFILE says so', async () => {
    const person = await loggedIn([['one', mine]]);
    expect((await person.run('logs shop')).code).toBe(0);
    await person.run(`auth login scalingo --profile two --auth-url ${other.url} --token-stdin`, {
      stdin: other.env.SCALINGO_API_TOKEN ?? '',
    });
    const unclear = await person.run('logs shop');
    expect(unclear).toMatchObject({ code: 2, stderr: expect.stringContaining('one:shop or two:shop') });
    expect((await person.run('profiles use two')).code).toBe(0);
    const column = async (line: string, env = {}) => (await person.run(line, { env })).stdout.split(' ')[1];
    expect(await column('logs shop -s app')).toBe('two:shop/web-1');
    expect(await column('logs shop -s app', { POLYLOG_PROFILE: 'one' })).toBe('one:shop/web-1');
    expect(await column('logs shop -s app --profile one', { POLYLOG_PROFILE: 'two' })).toBe('one:shop/web-1');
    const rows: { profile: string; default: boolean }[] = JSON.parse(
      (await person.run('profiles list --json')).stdout,
    );
    expect(rows.map((row) => [row.profile, row.default])).toEqual([
      ['one', false],
      ['two', true],
    ]);
  });

  it('is gone with everything when it is removed', async () => {
    const person = await loggedIn([['one', mine]]);
    await person.run('profiles use one');
    expect((await person.run('profiles remove one')).code).toBe(0);
    expect((await person.run('logs one:shop')).stderr).toContain('no platform or profile "one"');
    for (const name of ['credentials.json', 'sessions.json']) {
      expect(readFileSync(join(person.directory, name), 'utf8')).toBe('{}\n');
    }
    expect((await person.run('config list')).stdout).not.toContain('one');
    expect((await person.run('profiles remove one')).code).toBe(2);
  });
});

describe('a stored credential', () => {
  async function listening() {
    const seen: string[] = [];
    const evil = await serve((request, response) => {
      seen.push(JSON.stringify(request.headers));
      response.writeHead(401).end();
    });
    return { seen, origin: evil.origin };
  }

  it.each(['SCALINGO_AUTH_URL', 'SCALINGO_API_URL', 'POLYLOG_SCALINGO_URL'])(
    'does not go to the address in %s',
    async (name) => {
      const { seen, origin } = await listening();
      const person = createPerson();
      const line = `auth login scalingo --auth-url ${mine.url} --token-stdin`;
      await person.run(line, { stdin: mine.env.SCALINGO_API_TOKEN ?? '' });
      const { code, stderr } = await person.run('apps list scalingo', { env: { [name]: origin } });
      expect({ code, seen }).toEqual({ code: 4, seen: [] });
      expect(stderr).toContain(`belongs to ${mine.url} and was not used`);
    },
  );

  it('does not follow an address that is changed with config set, or in the file itself', async () => {
    const { seen, origin } = await listening();
    const person = await loggedIn([['prod', mine]]);
    const set = await person.run(`config set prod.auth-url ${origin}`);
    expect(set).toMatchObject({ code: 0, stderr: expect.stringContaining('Log in again') });
    expect((await person.run('apps list prod')).code).toBe(4);
    const file = join(person.directory, 'settings.json');
    // Somebody who can edit the settings but not the secret: both places name the origin.
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(mine.url, origin));
    expect((await person.run('apps list prod')).code).toBe(4);
    expect(seen).toEqual([]);
  });

  it('of a named profile does not listen to the environment', async () => {
    const { seen, origin } = await listening();
    const person = await loggedIn([['prod', mine]]);
    const env = { SCALINGO_AUTH_URL: origin, SCALINGO_API_TOKEN: 'tk-us-evil', SCALINGO_REGION: 'moon' };
    expect((await person.run('apps list prod', { env })).code).toBe(0);
    expect(seen).toEqual([]);
  });
});

describe('the settings directory', () => {
  it('is narrowed, and that is said once', async () => {
    const person = await loggedIn([['prod', mine]]);
    chmodSync(person.directory, 0o777);
    expect((await person.run('profiles list')).stderr).toMatch(/mode 0777\); it is now 0700/);
    expect(statSync(person.directory).mode & 0o777).toBe(0o700);
    expect((await person.run('profiles list')).stderr).toBe('');
  });

  it('that cannot be written stores nothing and says so; the environment works all the same', async () => {
    const person = createPerson();
    writeFileSync(person.directory, 'a file in its place');
    const login = `auth login scalingo --auth-url ${mine.url} --token-stdin`;
    const { code, stderr } = await person.run(login, { stdin: mine.env.SCALINGO_API_TOKEN ?? '' });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('cannot be written') });
    expect(await person.run('apps list scalingo', { env: mine.env })).toMatchObject({ code: 0, stderr: '' });
  });

  it('with damaged settings goes on without them', async () => {
    const person = createPerson();
    mkdirSync(person.directory, { mode: 0o700 });
    writeFileSync(join(person.directory, 'settings.json'), '{', { mode: 0o600 });
    const { code, stderr } = await person.run('apps list scalingo', { env: mine.env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('was damaged') });
    expect((await person.run('apps list scalingo', { env: mine.env })).stderr).toBe('');
  });
});

describe('config', () => {
  it('sets, gets, lists with origins and forgets', async () => {
    const person = createPerson();
    expect((await person.run('config get scalingo.region')).code).toBe(5);
    expect(await person.run('config set scalingo.region osc-fr1')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect((await person.run('config get scalingo.region')).stdout).toBe('osc-fr1\n');
    const env = { SCALINGO_REGION: 'osc-secnum-fr1', SCALINGO_API_TOKEN: 'tk-us-marked' };
    const { stdout } = await person.run('config list --origin --json', { env });
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        { key: 'scalingo.region', value: 'osc-secnum-fr1', origin: 'env SCALINGO_REGION' },
        { key: 'scalingo.token', value: '***', origin: 'env SCALINGO_API_TOKEN' },
        { key: 'scalingo.auth-url', value: 'https://auth.scalingo.com', origin: 'default' },
      ]),
    );
    await person.run('config unset scalingo.region');
    expect((await person.run('config get scalingo.region')).code).toBe(5);
    expect((await person.run('config path')).stdout).toBe(`${join(person.directory, 'settings.json')}\n`);
  });

  it('sets the default target, which POLYLOG_APP beats', async () => {
    const person = await loggedIn([['prod', mine]]);
    await person.run('config set app prod:shop');
    expect((await person.run('logs -s app')).stdout).toContain('prod:shop/web-1 hello');
    expect((await person.run('logs', { env: { POLYLOG_APP: 'prod:nothing' } })).code).toBe(5);
  });

  it.each([
    ['config set nonsense x', 'is no setting'],
    ['config set nowhere.region x', 'no platform or profile "nowhere"'],
    ['config set scalingo.token x', 'a part of the credential'],
    ['config set scalingo.nonsense x', 'has no setting "nonsense"'],
    ['config set scalingo.url nonsense', 'is no URL'],
    ['config set scalingo.fingerprint 12', 'no SHA-256 fingerprint'],
    ['config set qnap.timezone Moon', 'no time zone'],
    ['config set profile nowhere', 'no platform or profile "nowhere"'],
    ['config set app nowhere:shop', 'no platform or profile "nowhere"'],
    ['profiles use nowhere', 'no platform or profile "nowhere"'],
  ])('%s is refused', async (line, sentence) => {
    const { code, stdout, stderr } = await createPerson().run(line);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(sentence),
    });
  });
});
