// auth login, logout, status and import through main() against the sandbox.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Interruption } from '../../src/errors.ts';
import { main } from '../../src/main.ts';
import { type AkkerisSandbox, startAkkeris } from '../../src/sandbox/akkeris.ts';
import { type ContainerStationServer, startContainerStation } from '../../src/sandbox/container-station.ts';
import { startDigitalocean } from '../../src/sandbox/digitalocean.ts';
import { type ScalingoServer, startScalingo } from '../../src/sandbox/scalingo.ts';
import type { SandboxServer } from '../../src/sandbox/server.ts';
import { createWorld, type World } from '../../src/sandbox/world.ts';
import { hostOf } from '../host-of-streams.ts';
import { hasOpenssl, makeCertificate } from '../transport/support.ts';
import { createPerson } from './person.ts';

let world: World;
let scalingo: ScalingoServer;
let akkeris: AkkerisSandbox;
let station: ContainerStationServer;
let digitalocean: SandboxServer;

beforeAll(async () => {
  world = createWorld({ scale: 0, past: 0 });
  world.write({ text: 'hello' });
  [scalingo, akkeris, station, digitalocean] = await Promise.all([
    startScalingo({ world, ratePerMinute: 0, archives: 0 }),
    startAkkeris({ world, otp: '123456' }),
    startContainerStation({ world, routineEvery: 0 }),
    startDigitalocean({ world }),
  ]);
});
afterAll(async () => {
  world.close();
  await Promise.all([scalingo, akkeris, station, digitalocean].map((server) => server.close()));
});

const paths = (server: SandboxServer, from = 0) =>
  server.requests.slice(from).map(({ method, path }) => `${method} ${path.split('?')[0]}`);
const env = (server: SandboxServer, name: string) => server.env[name] ?? '';
const scalingoLogin = () => ({
  line: `auth login scalingo --auth-url ${env(scalingo, 'SCALINGO_AUTH_URL')} --token-stdin`,
  stdin: env(scalingo, 'SCALINGO_API_TOKEN'),
});
const stationLogin = () => ({
  line: `auth login qnap --url ${station.url} --user admin --password-stdin`,
  stdin: env(station, 'POLYLOG_QNAP_PASSWORD'),
});

describe('auth login without a terminal', () => {
  it('logs in to all four, and status asks them all', async () => {
    const person = createPerson();
    const tokens = [
      scalingoLogin(),
      stationLogin(),
      { line: `auth login akkeris --url ${akkeris.url} --token-stdin`, stdin: akkeris.token },
      {
        line: `auth login do --url ${digitalocean.url} --token-stdin`,
        stdin: env(digitalocean, 'DIGITALOCEAN_ACCESS_TOKEN'),
      },
    ];
    for (const { line, stdin } of tokens) {
      const { code, stdout, stderr } = await person.run(line, { stdin: `${stdin}\n` });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Logged in to .* as .+\. Profile: .*file of mode 0600/);
    }
    const { code, stdout } = await person.run('auth status --json');
    expect(code).toBe(0);
    const rows: { profile: string; ok: boolean; credential: string }[] = JSON.parse(stdout);
    expect(rows.map(({ profile, ok, credential }) => [profile, ok, credential])).toEqual([
      ['akkeris', true, 'credential file'],
      ['container-station', true, 'credential file'],
      ['scalingo', true, 'credential file'],
      ['digitalocean', true, 'credential file'],
    ]);
  });

  it('ends at a signal while the secret is awaited', async () => {
    const stop = new AbortController();
    const stdin = new PassThrough();
    const { host } = hostOf(['auth', 'login', 'do', '--url', digitalocean.url, '--token-stdin']);
    const running = main(host.argv, { ...host, stdin, signal: stop.signal });
    await expect.poll(() => stdin.listenerCount('readable')).toBe(1);
    stop.abort(new Interruption('SIGINT', 130));
    expect(await running).toBe(130);
  });

  it('stores nothing that the platform does not accept', async () => {
    const person = createPerson();
    const { code, stderr } = await person.run(scalingoLogin().line, { stdin: 'tk-us-wrong' });
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringContaining('does not accept the API token'),
    });
    expect((await person.run('profiles list --json')).stdout).toBe('[]\n');
    expect(() => readFileSync(join(person.directory, 'credentials.json'))).toThrow('ENOENT');
  });

  it.each([
    ['auth login scalingo', 2, /nobody can be asked here\. Give --token-stdin\./],
    ['auth login akkeris', 2, /Give it with --url/],
    ['auth login scalingo --user me --password-stdin', 2, /takes no --user\. It takes --token-stdin/],
    ['auth login qnap --url http://127.0.0.1:1 --password-stdin', 2, /needs --user/],
    ['auth login do --region x --token-stdin', 2, /has no --region/],
    ['auth login nowhere', 2, /no platform or profile "nowhere"/],
    ['auth login scalingo --profile do', 2, /name of another platform/],
    ['auth login scalingo --profile a:b', 2, /cannot be the name/],
    ['auth login scalingo --token-stdin', 2, /stdin holds nothing/],
  ])('%s never asks', async (line, code, sentence) => {
    const ran = await createPerson().run(line);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: '' });
    expect(ran.stderr).toMatch(sentence);
  });

  it.each([
    ['auth login do', 'tk-us-abcdefgh', 'Scalingo'],
    ['auth login scalingo', 'dop_v1_abcdefgh', 'DigitalOcean'],
    ['auth login akkeris --url http://127.0.0.1:1', 'dop_v1_abcdefgh', 'DigitalOcean'],
  ])('%s knows a token of another platform and does not send it', async (line, token, platform) => {
    const { code, stderr } = await createPerson().run(`${line} --token-stdin`, { stdin: token });
    expect(code).toBe(4);
    expect(stderr).toContain(`has the form of one of ${platform}`);
    expect(stderr).not.toContain(token);
  });

  it('refuses a region that the account has not', async () => {
    const { line, stdin } = scalingoLogin();
    const { code, stderr } = await createPerson().run(`${line} --region moon`, { stdin });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Its regions: osc-fr1') });
  });
});

describe('auth login akkeris with a password', () => {
  const line = () =>
    `auth login akkeris --url ${akkeris.url} --auth-url ${akkeris.url} --user jane --password-stdin`;
  const stdin = 'akkeris-sandbox-password';

  it('keeps the token, not the password', async () => {
    const person = createPerson();
    expect((await person.run(`${line()} --code 123456`, { stdin })).code).toBe(0);
    const kept = readFileSync(join(person.directory, 'credentials.json'), 'utf8');
    expect(kept).toContain(akkeris.token);
    expect(kept).not.toContain(stdin);
    expect((await person.run('apps list akkeris')).code).toBe(0);
  });

  it.each([
    ['a missing one-time code', '', stdin, 'asks for a one-time code. Give it with --code'],
    ['a wrong one-time code', ' --code 999999', stdin, 'does not accept the one-time code'],
    ['a wrong password', ' --code 123456', 'wrong', 'does not accept the user and the password'],
  ])('says so for %s', async (_name, more, password, sentence) => {
    const { code, stderr } = await createPerson().run(line() + more, { stdin: password });
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining(sentence) });
  });

  it('asks for the code on a terminal', async () => {
    const person = createPerson();
    const { code, stderr } = await person.type(
      `auth login akkeris --url ${akkeris.url} --auth-url ${akkeris.url}`,
      [
        [/Token .*: /, ''],
        [/User: /, 'jane'],
        [/Password: /, stdin],
        [/One-time code: /, '123456'],
      ],
    );
    expect(code).toBe(0);
    expect(stderr).not.toContain(stdin);
  });
});

describe('auth login on a terminal', () => {
  it('hides the token, lists the regions and keeps the choice', async () => {
    const person = createPerson();
    const { line, stdin } = scalingoLogin();
    const { code, stderr } = await person.type(line.replace(' --token-stdin', ' --profile prod'), [
      [/Token: /, stdin],
      [/Region \[osc-fr1\]: /, 'moon'],
      [/none of them.*Region \[osc-fr1\]: /s, 'osc-secnum-fr1'],
    ]);
    expect(code).toBe(0);
    expect(stderr).not.toContain(stdin);
    expect((await person.run('config get prod.region')).stdout).toBe('osc-secnum-fr1\n');
  });

  it('ends with 130 at Ctrl-C, and stores nothing', async () => {
    const person = createPerson();
    const { code } = await person.type('auth login scalingo', [[/Token: /, '\x03']]);
    expect(code).toBe(130);
    expect((await person.run('profiles list --json')).stdout).toBe('[]\n');
  });
});

describe.skipIf(!hasOpenssl)('a self-signed certificate', () => {
  async function secured() {
    const certificate = makeCertificate();
    const nas = await startContainerStation({
      world,
      routineEvery: 0,
      tls: { key: certificate.key, cert: certificate.pem },
    });
    onTestFinished(() => nas.close());
    const line = `auth login qnap --profile nas --url ${nas.url} --user admin --password-stdin`;
    return { nas, line, stdin: env(nas, 'POLYLOG_QNAP_PASSWORD'), fingerprint: certificate.fingerprint };
  }

  it('is shown and nothing is sent until it is pinned', async () => {
    const { nas, line, stdin, fingerprint } = await secured();
    const person = createPerson();
    const refused = await person.run(line, { stdin });
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(fingerprint),
    });
    expect(nas.requests).toEqual([]);
    expect((await person.run(`${line} --fingerprint ${fingerprint}`, { stdin })).code).toBe(0);
    expect((await person.run('apps list nas')).code).toBe(0);
  });

  it('is pinned by a person, and refused when it has changed, both fingerprints shown', async () => {
    const { nas, line, stdin, fingerprint } = await secured();
    const person = createPerson();
    const login = line.replace(' --user admin --password-stdin', '');
    const answers = (yes: string) =>
      [
        [/pinned\? \[y\/N\] /, yes],
        [/User .*: /, 'admin'],
        [/Password: /, stdin],
      ] as const;
    expect((await person.type(login, answers('n'))).code).toBe(2);
    expect(nas.requests).toEqual([]);
    expect((await person.type(login, answers('y'))).code).toBe(0);
    expect((await person.run('config get nas.fingerprint')).stdout).toBe(`${fingerprint}\n`);

    const other = await secured();
    await person.run(`config set nas.fingerprint ${other.fingerprint}`);
    const { code, stderr } = await person.run('apps list nas');
    expect(code).toBe(2);
    expect(stderr).toContain(`expected ${other.fingerprint}, found ${fingerprint}`);
  });
});

describe('a second start', () => {
  it('of Scalingo needs no exchange, and a refused session is renewed', async () => {
    const person = createPerson();
    const { line, stdin } = scalingoLogin();
    await person.run(line, { stdin });
    const before = scalingo.requests.length;
    expect((await person.run('apps list scalingo')).code).toBe(0);
    expect(paths(scalingo, before)).not.toContain('POST /v1/tokens/exchange');

    const sessions = join(person.directory, 'sessions.json');
    const kept = readFileSync(sessions, 'utf8');
    // A token that the platform has forgotten, kept as the present one is.
    writeFileSync(sessions, kept.replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/, 'eyJhbGciOiJIUzUxMiJ9.eyJpYXQiOjF9.x'));
    expect(readFileSync(sessions, 'utf8')).not.toBe(kept);
    const later = scalingo.requests.length;
    expect((await person.run('apps list scalingo')).code).toBe(0);
    expect(paths(scalingo, later)).toContain('POST /v1/tokens/exchange');
    const last = scalingo.requests.length;
    expect((await person.run('apps list scalingo')).code).toBe(0);
    expect(paths(scalingo, last)).not.toContain('POST /v1/tokens/exchange');
  });

  it('of a Container Station needs no login, and a forgotten session is renewed', async () => {
    const person = createPerson();
    const { line, stdin } = stationLogin();
    await person.run(line, { stdin });
    const before = station.requests.length;
    expect((await person.run('apps list qnap')).code).toBe(0);
    expect(paths(station, before)).not.toContain('POST /container-station/api/v1/login');

    const sessions = join(person.directory, 'sessions.json');
    const kept = readFileSync(sessions, 'utf8');
    writeFileSync(sessions, kept.replace(/(cookies\\":\[\\"\w+=)[^\\"]+/, '$1forgotten'));
    expect(readFileSync(sessions, 'utf8')).not.toBe(kept);
    const later = station.requests.length;
    expect((await person.run('apps list qnap')).code).toBe(0);
    expect(paths(station, later)).toContain('POST /container-station/api/v1/login');
  });

  it('is the same for a credential from the environment, but not for another one', async () => {
    const person = createPerson();
    const given = { ...scalingo.env };
    await person.run('apps list scalingo', { env: given });
    const before = scalingo.requests.length;
    expect((await person.run('apps list scalingo', { env: given })).code).toBe(0);
    expect(paths(scalingo, before)).not.toContain('POST /v1/tokens/exchange');
    const { code } = await person.run('apps list scalingo', {
      env: { ...given, SCALINGO_API_TOKEN: 'tk-us-another' },
    });
    expect(code).toBe(4);
  });
});

describe('a refusal', () => {
  it.each([
    ['scalingo:shop', 'POLYLOG_SCALINGO_TOKEN', () => scalingo.env],
    ['do:shop', 'DIGITALOCEAN_TOKEN', () => ({ DIGITALOCEAN_API_URL: digitalocean.url })],
    ['akkeris:shop-default', 'API_TOKEN', () => ({ AKKERIS_API_HOST: akkeris.url })],
    ['qnap:', 'POLYLOG_QNAP_PASSWORD', () => station.env],
  ])('of %s names the variable that was used: %s', async (target, variable, own) => {
    const ran = await createPerson().run(`logs ${target}`, { env: { ...own(), [variable]: 'not-accepted' } });
    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expect(ran.stderr).toContain(` put it into ${variable}.`);
  });

  it('of what is stored names the login', async () => {
    const person = createPerson();
    const { line, stdin } = stationLogin();
    await person.run(`${line} --profile nas`, { stdin });
    // A session that goes on would ask for no login.
    for (const route of ['login', 'login-refresh']) {
      station.faults.add({ name: 'unauthorized', route, times: 2 });
    }
    station.faults.add({ name: 'unauthorized', route: 'log' });
    const ran = await person.run('logs nas:');
    station.faults.clear();
    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expect(ran.stderr).toContain('store it: polylog auth login container-station --profile nas.');
  });
});

describe('a system keyring', () => {
  function moduleOf(text: string): string {
    const directory = mkdtempSync(join(tmpdir(), 'polylog-keyring-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, 'keyring.mjs');
    writeFileSync(file, text.replaceAll('FILE', JSON.stringify(join(directory, 'entries.json'))));
    return file;
  }
  const working = `
    import { existsSync, readFileSync, writeFileSync } from 'node:fs';
    const all = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {});
    export class Entry {
      constructor(service, account) { this.key = account; }
      getPassword() { return all()[this.key] ?? null; }
      setPassword(secret) { writeFileSync(FILE, JSON.stringify({ ...all(), [this.key]: secret })); }
      deletePassword() { const { [this.key]: gone, ...rest } = all(); writeFileSync(FILE, JSON.stringify(rest)); }
    }`;

  it('that works has the credential and the session, and no file has them', async () => {
    const person = createPerson({ keyring: { module: moduleOf(working) } });
    const { line, stdin } = scalingoLogin();
    expect((await person.run(line, { stdin })).stdout).toContain('in the system keyring');
    const before = scalingo.requests.length;
    expect((await person.run('apps list scalingo')).code).toBe(0);
    expect(paths(scalingo, before)).not.toContain('POST /v1/tokens/exchange');
    expect((await person.run('profiles list')).stdout).toContain('system keyring');
    const files = readdirSync(person.directory).map((name) =>
      readFileSync(join(person.directory, name), 'utf8'),
    );
    for (const text of files) expect(text).not.toMatch(/tk-us|eyJ/);
    expect((await person.run('auth logout scalingo')).code).toBe(0);
    expect((await person.run('apps list scalingo')).code).toBe(4);
  });

  it('that hangs is left alone after a while: the credential is in a file', async () => {
    const hanging =
      'export class Entry { setPassword() { for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); } }';
    const person = createPerson({ keyring: { module: moduleOf(hanging), probe: 400, use: 400 } });
    const { line, stdin } = scalingoLogin();
    expect((await person.run(line, { stdin })).stdout).toContain('file of mode 0600');
    expect((await person.run('apps list scalingo')).code).toBe(0);
  });

  it('that hangs later is said, and names the way out', async () => {
    const module = moduleOf(working);
    const person = createPerson({ keyring: { module, use: 5000 } });
    const { line, stdin } = scalingoLogin();
    await person.run(line, { stdin });
    writeFileSync(module, 'for (;;) {}');
    const later = createPerson({ keyring: { module, use: 400 } });
    const { code, stderr } = await later.run('apps list scalingo', {
      env: { POLYLOG_CONFIG_DIR: person.directory },
    });
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining('keyring does not answer') });
  });
});

describe('auth logout', () => {
  it('ends the session there and removes everything secret', async () => {
    const person = createPerson();
    const { line, stdin } = stationLogin();
    await person.run(`${line} --profile nas`, { stdin });
    const before = station.requests.length;
    expect(await person.run('auth logout nas')).toMatchObject({ code: 0, stderr: '' });
    expect(paths(station, before)).toContain('PUT /container-station/api/v1/logout');
    expect(paths(station, before)).not.toContain('POST /container-station/api/v1/login');
    expect(readFileSync(join(person.directory, 'credentials.json'), 'utf8')).toBe('{}\n');
    expect(readFileSync(join(person.directory, 'sessions.json'), 'utf8')).toBe('{}\n');
    expect((await person.run('config get nas.url')).stdout).toBe(`${station.url}\n`);
  });

  it('says that nothing is stored', async () => {
    const { code, stderr } = await createPerson().run('auth logout scalingo', { env: scalingo.env });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('removed there') });
  });
});

describe('a token of another platform', () => {
  const OTHERS = `dop_v1_${'0'.repeat(64)}`;

  it.each([
    ['SCALINGO_API_TOKEN', 'scalingo', () => scalingo, OTHERS, 'DigitalOcean App Platform, not of Scalingo'],
    ['AKKERIS_TOKEN', 'akkeris', () => akkeris, `tk-us-${'0'.repeat(48)}`, 'Scalingo, not of Akkeris'],
    ['DIGITALOCEAN_TOKEN', 'do', () => digitalocean, 'tk-us-000000', 'Scalingo, not of DigitalOcean'],
  ])('in %s is sent nowhere', async (name, profile, server, token, words) => {
    const before = server().requests.length;
    const given = Object.fromEntries(Object.entries(server().env).filter(([key]) => !/TOKEN/.test(key)));
    const { code, stderr } = await createPerson().run(`apps list ${profile} --debug`, {
      env: { ...given, [name]: token },
    });
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining(`The token in ${name}`) });
    expect(stderr).toContain(words);
    expect(stderr).not.toContain(token);
    expect(server().requests.length).toBe(before);
  });
});

describe('a password on stdin', () => {
  it('keeps its spaces', async () => {
    const nas = await startContainerStation({ world, routineEvery: 0, users: { admin: ' two words ' } });
    onTestFinished(() => nas.close());
    const line = `auth login qnap --url ${nas.url} --user admin --password-stdin`;
    expect((await createPerson().run(line, { stdin: ' two words \r\n' })).code).toBe(0);
  });

  it('is not asked for where --ca names no file', async () => {
    const line = 'auth login qnap --url https://127.0.0.1:1 --ca nowhere.pem --user a --password-stdin';
    const { code, stderr } = await createPerson().run(line, { stdin: 'x' });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('cannot be read (ENOENT)') });
  });
});
