import { existsSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openKeyring } from '../../src/store/keyring.ts';
import { openSecrets } from '../../src/store/secrets.ts';
import { openSessions } from '../../src/store/sessions.ts';
import { freshDirectory, listener, memoryKeyring } from './directory.ts';

const SECRET = { origin: 'https://x.test', values: { token: 'marked-token' } };
const LIMITS = { probe: 20_000, use: 20_000 };

/** A module that stands in for the optional one. */
function keyringOf(text: string, limits = LIMITS) {
  const directory = freshDirectory();
  const module = join(directory, 'keyring.mjs');
  writeFileSync(module, text.replaceAll('FILE', JSON.stringify(join(directory, 'entries.json'))));
  return openKeyring({ node: process.execPath, env: { PATH: process.env.PATH }, module, limits });
}

const WORKING = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const all = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {});
export class Entry {
  constructor(service, account, options) {
    if (options.linux.store !== 'secret-service') throw new Error('memory only');
    this.key = service + '/' + account;
  }
  getPassword() { return all()[this.key] ?? null; }
  setPassword(secret) { writeFileSync(FILE, JSON.stringify({ ...all(), [this.key]: secret })); }
  deletePassword() { const { [this.key]: gone, ...rest } = all(); writeFileSync(FILE, JSON.stringify(rest)); }
}`;
const HANGING = `export class Entry { setPassword() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); } getPassword() { this.setPassword(); } }`;
const READABLE_ONLY = `export class Entry { setPassword() { throw new Error('marked-token'); } getPassword() { return null; } }`;

describe('the keyring', () => {
  it('keeps, gives and forgets', async () => {
    const keyring = keyringOf(WORKING);
    expect(await keyring.works()).toBe(true);
    expect(await keyring.read('a')).toBeNull();
    await keyring.write('a', 'ein “Geheimnis”\n');
    expect(await keyring.read('a')).toBe('ein “Geheimnis”\n');
    await keyring.remove('a');
    expect(await keyring.read('a')).toBeNull();
  });

  it.each([
    ['cannot be written', READABLE_ONLY],
    ['cannot be loaded', 'throw new Error("no library");'],
    ['has another form', 'export const Nothing = 1;'],
  ])('does not work when it %s', async (_name, text) => {
    expect(await keyringOf(text).works()).toBe(false);
  });

  it('does not work when it hangs, and its process does not stay', async () => {
    expect(await keyringOf(HANGING, { probe: 300, use: 300 }).works()).toBe(false);
  });

  it('is an error without its words when it hangs later', async () => {
    const hanging = keyringOf(HANGING, { probe: 300, use: 300 });
    await expect(hanging.read('a')).rejects.toMatchObject({
      kind: 'auth',
      message: 'The system keyring does not answer.',
    });
    await expect(keyringOf(READABLE_ONLY).write('a', 'x')).rejects.not.toThrow(/marked/);
  });

  it('that hangs is ended by the signal, and what it was given goes nowhere else', async () => {
    const directory = freshDirectory();
    const started = join(directory, 'started');
    const module = join(directory, 'keyring.mjs');
    writeFileSync(
      module,
      `import { writeFileSync } from 'node:fs';\n${HANGING.replace('setPassword() {', `setPassword() { writeFileSync(${JSON.stringify(started)}, '');`)}`,
    );
    const stop = new AbortController();
    const env = { PATH: process.env.PATH };
    const keyring = openKeyring({ node: process.execPath, env, module, signal: stop.signal, limits: LIMITS });
    const secrets = openSecrets({ directory, keyring, say: () => undefined });
    const writing = secrets.write('prod', SECRET);
    const watcher = watch(directory, () => {
      if (existsSync(started)) stop.abort(new Error('Ctrl-C'));
    });
    await expect(writing).rejects.toThrow('Ctrl-C');
    watcher.close();
    expect(existsSync(join(directory, 'credentials.json'))).toBe(false);
  });

  it('is none when the optional module is missing or it is turned off', async () => {
    const env = { PATH: process.env.PATH };
    const node = process.execPath;
    expect(await openKeyring({ node, env, module: null, limits: LIMITS }).works()).toBe(false);
    const off = { ...env, POLYLOG_KEYRING: 'off' };
    expect(await openKeyring({ node, env: off, module: '/nowhere.mjs', limits: LIMITS }).works()).toBe(false);
  });
});

describe('secrets', () => {
  const secretsIn = (directory: string, keyring = memoryKeyring(false)) =>
    openSecrets({ directory, keyring, say: () => undefined });

  it('are in the keyring where it works, and then in no file', async () => {
    const directory = freshDirectory();
    const keyring = memoryKeyring();
    await secretsIn(directory).write('prod', SECRET);
    expect(await secretsIn(directory, keyring).write('prod', SECRET)).toBe('keyring');
    expect(await secretsIn(directory, keyring).read('prod', 'keyring')).toEqual(SECRET);
    expect(readFileSync(join(directory, 'credentials.json'), 'utf8')).not.toContain('marked');
  });

  it('are in a file of mode 0600 otherwise', async () => {
    const directory = freshDirectory();
    expect(await secretsIn(directory).write('prod', SECRET)).toBe('file');
    expect(statSync(join(directory, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(await secretsIn(directory).read('prod', 'file')).toEqual(SECRET);
    await secretsIn(directory).remove('prod', 'file');
    expect(await secretsIn(directory).read('prod', 'file')).toBeNull();
  });

  it('in a damaged file are kept aside, for their owner alone, before others are written', async () => {
    const directory = freshDirectory();
    const { said, say } = listener();
    const secrets = openSecrets({ directory, keyring: memoryKeyring(false), say });
    const damaged = '{"old":{"origin":"https://x.test","values":{"token":"marked';
    writeFileSync(join(directory, 'credentials.json'), damaged, { mode: 0o600 });
    expect(await secrets.read('old', 'file')).toBeNull();
    await secrets.write('prod', SECRET);
    const aside = readdirSync(directory).find((name) => name.includes('damaged')) ?? '';
    expect(readFileSync(join(directory, aside), 'utf8')).toBe(damaged);
    expect(statSync(join(directory, aside)).mode & 0o777).toBe(0o600);
    expect(await secrets.read('prod', 'file')).toEqual(SECRET);
    expect(said).toEqual([expect.stringMatching(/was damaged\. It is kept as .*has to be given again/)]);
  });

  it('of two directories do not meet in one keyring', async () => {
    const keyring = memoryKeyring();
    await secretsIn('/tmp/one', keyring)
      .write('prod', SECRET)
      .catch(() => undefined);
    expect(await secretsIn('/tmp/other', keyring).read('prod', 'keyring')).toBeNull();
  });
});

describe('sessions', () => {
  const owner = {
    profile: 'prod',
    origin: 'https://x.test',
    kept: 'file',
    credential: 'token one',
    guessable: false,
  } as const;

  async function kept() {
    const directory = freshDirectory();
    const sessions = openSessions({ directory, keyring: memoryKeyring() });
    sessions.for(owner).keep('jwt');
    await sessions.settled();
    return { directory, sessions: openSessions({ directory, keyring: memoryKeyring() }) };
  }

  it('are there for the next run', async () => {
    const { directory, sessions } = await kept();
    expect(await sessions.for(owner).load()).toBe('jwt');
    expect(statSync(join(directory, 'sessions.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory, 'sessions.json'), 'utf8')).not.toContain('token one');
  });

  it.each([
    ['another origin', { ...owner, origin: 'https://evil.test' }],
    ['another profile', { ...owner, profile: 'other' }],
    ['another credential', { ...owner, credential: 'token two' }],
    ['a password of the same letters', { ...owner, guessable: true }],
    ['another place', { ...owner, kept: 'keyring' as const }],
  ])('are not there for %s', async (_name, other) => {
    expect(await (await kept()).sessions.for(other).load()).toBeNull();
  });

  it('are forgotten', async () => {
    const { sessions } = await kept();
    sessions.for(owner).forget();
    expect(await sessions.for(owner).load()).toBeNull();
  });

  it('never fail: a place that cannot be written keeps none', async () => {
    const directory = join(freshDirectory(), 'file');
    writeFileSync(directory, '');
    const sessions = openSessions({ directory, keyring: memoryKeyring() });
    sessions.for(owner).keep('jwt');
    await sessions.settled();
    expect(await sessions.for(owner).load()).toBeNull();
  });
});
