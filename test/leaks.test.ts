// Marked secrets over many commands, failing and succeeding: none may be in anything that polylog writes.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPerson, type Person } from './commands/person.ts';
import { MARKED, type MarkedPlatforms, startMarkedPlatforms } from './marked-secrets.ts';

let platforms: MarkedPlatforms;

beforeAll(async () => {
  platforms = await startMarkedPlatforms();
});
afterAll(() => platforms.close());

/** The files that are there for secrets, readable to nobody else. */
const SECRET_FILES = ['credentials.json', 'sessions.json'];

/** What is written but those. */
function writtenBy({ directory }: Person): string[] {
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory);
  for (const name of found.filter((file) => SECRET_FILES.includes(file))) {
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  }
  const names = found.filter((name) => !SECRET_FILES.includes(name));
  return names.map((name) => readFileSync(join(directory, name), 'utf8'));
}

const URLS = ({ servers } = platforms) => ({
  scalingo: `--auth-url ${servers.scalingo.url}`,
  akkeris: `--url ${servers.akkeris.url} --auth-url ${servers.akkeris.url}`,
  qnap: `--url ${servers.station.url}`,
  do: `--url ${servers.digitalocean.url}`,
});

describe('secrets', () => {
  it('would be found if they were there', () => {
    const { secrets, expectClean } = platforms;
    expect(secrets().size).toBeGreaterThan(10);
    expect(() => expectClean([`x ${MARKED.scalingo} y`])).toThrow();
    const basic = Buffer.from(`jane:${MARKED.login}`).toString('base64');
    expect(() => expectClean([`authorization: Basic ${basic}`])).toThrow();
  });

  it('are in nothing that logins and what follows them write', async () => {
    const person = createPerson();
    const urls = URLS();
    const logins: [string, string][] = [
      [`scalingo ${urls.scalingo} --token-stdin`, MARKED.wrong],
      [`scalingo ${urls.scalingo} --token-stdin`, MARKED.scalingo],
      [`do ${urls.scalingo.replace('--auth-url', '--url')} --token-stdin`, MARKED.digitalocean],
      [`do ${urls.do} --token-stdin`, MARKED.scalingo],
      [`do ${urls.do} --token-stdin`, MARKED.digitalocean],
      [`akkeris ${urls.akkeris} --user jane --code 000000 --password-stdin`, MARKED.login],
      [`akkeris ${urls.akkeris} --user jane --password-stdin`, MARKED.password],
      [`akkeris ${urls.akkeris} --user jane --code ${MARKED.otp} --password-stdin`, MARKED.login],
      [`qnap ${urls.qnap} --user admin --password-stdin`, MARKED.login],
      [`qnap ${urls.qnap} --user admin --password-stdin`, MARKED.password],
      [`qnap ${urls.qnap} --profile sid --sid-stdin`, MARKED.wrong],
    ];
    const codes: number[] = [];
    for (const [line, stdin] of logins)
      codes.push((await person.run(`auth login ${line} --debug`, { stdin })).code);
    expect(codes.map((code) => code === 0)).toEqual([
      false,
      true,
      false,
      false,
      true,
      false,
      false,
      true,
      false,
      true,
      false,
    ]);
    const commands = [
      'auth status',
      'auth status --json',
      'profiles list',
      'profiles list --json',
      'config list --origin',
      'config get scalingo.auth-url',
      'config get scalingo.token',
      `config set scalingo.token ${MARKED.wrong.slice(0, 4)}`,
      'apps list',
      'logs scalingo:shop -n all',
      'logs show scalingo:shop --all',
      'logs scalingo:nothing',
      'logs qnap:',
      'logs qnap:docker/shop-web',
      'logs qnap:docker/nothing',
      'logs do:shop',
      'logs do:nothing',
      'logs akkeris:nothing-default',
      'builds list scalingo:shop',
      'builds log scalingo:shop',
      'builds list do:shop',
      'builds log do:shop',
      'builds list akkeris:shop-default',
      'events list scalingo:shop',
      'events list do:shop',
      'metrics show scalingo:shop',
      'auth logout qnap',
      'profiles remove scalingo',
    ];
    for (const command of commands) await person.run(`${command} --debug`);
    expect(person.seen.join('').length).toBeGreaterThan(10_000);
    platforms.expectClean([...person.seen, ...writtenBy(person)]);
  });

  it('are not shown while they are typed', async () => {
    const person = createPerson();
    await person.type(`auth login scalingo ${URLS().scalingo} --debug`, [
      [/Token: /, MARKED.scalingo],
      [/Region .*: /, ''],
    ]);
    await person.type(`auth login akkeris ${URLS().akkeris} --debug`, [
      [/Token .*: /, ''],
      [/User: /, 'jane'],
      [/Password: /, MARKED.login],
      [/One-time code: /, '111111'],
    ]);
    platforms.expectClean([...person.seen, ...writtenBy(person)]);
  });

  it('of the environment and of a proxy are in nothing that is said', async () => {
    const proxy = createServer((_request, response) => response.writeHead(500).end('<html>no</html>'));
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const person = createPerson();
    const { servers, env: own } = platforms;
    const throughProxy = { ...own, HTTP_PROXY: `http://me:${MARKED.proxy}@127.0.0.1:${port}` };
    for (const line of [
      'apps list',
      'auth status',
      'profiles list',
      'config list --origin',
      'logs scalingo:shop',
    ]) {
      for (const env of [own, throughProxy]) await person.run(`${line} --debug`, { env });
    }
    // Secrets in the wrong places.
    await person.run('apps list scalingo --debug', {
      env: { SCALINGO_API_TOKEN: `${MARKED.scalingo}\nx: y`, SCALINGO_AUTH_URL: servers.scalingo.url },
    });
    await person.run('apps list akkeris --debug', {
      env: { AKKERIS_TOKEN: 't', POLYLOG_AKKERIS_URL: `https://me:${MARKED.login}@127.0.0.1:1` },
    });
    await person.run('apps list qnap --debug', {
      env: { POLYLOG_QNAP_URL: `http://me:${MARKED.login}@127.0.0.1:1` },
    });
    proxy.close();
    proxy.closeAllConnections();
    platforms.expectClean([...person.seen, ...writtenBy(person)]);
  });

  it('that are given to the wrong flag, or as an address, are not said back', async () => {
    const person = createPerson();
    for (const line of [
      `auth login scalingo --token=${MARKED.scalingo}`,
      `auth login qnap --password=${MARKED.login}`,
      `auth login scalingo --auth-url http://me:${MARKED.login}@127.0.0.1:1?token=${MARKED.scalingo} --insecure`,
      `config set scalingo.auth-url ftp://me:${MARKED.login}@x.test`,
    ]) {
      const { code } = await person.run(`${line} --debug`, {
        env: { HTTP_PROXY: `socks5://me:${MARKED.proxy}@127.0.0.1:1` },
      });
      expect(code).toBe(2);
    }
    platforms.expectClean([...person.seen, ...writtenBy(person)]);
  });

  it('are in no report of a defect', async () => {
    const { env } = platforms;
    for (const secret of [MARKED.akkeris, MARKED.scalingo, MARKED.digitalocean]) {
      // A package that is not there is nothing that anybody foresaw; its place is in the words of the error.
      const person = createPerson({ root: new URL(`file:///nowhere/${secret}/?token=${secret}`) });
      const ran = await person.run('--version --debug', {
        env: { ...env, HTTPS_PROXY: `http://me:${MARKED.proxy}@127.0.0.1:1` },
      });
      expect(ran).toMatchObject({ code: 70, stderr: expect.stringMatching(/ENOENT.*nowhere.*\n.* at /s) });
      platforms.expectClean(person.seen);
    }
  });

  it('reach the keyring by a pipe, and are in the arguments of no process', async () => {
    const notes = join(tmpdir(), `polylog-keyring-${randomBytes(6).toString('hex')}`);
    const module = `${notes}.mjs`;
    writeFileSync(
      module,
      `import { appendFileSync, existsSync, readFileSync } from 'node:fs';
       const system = existsSync('/proc/self/cmdline') ? readFileSync('/proc/self/cmdline', 'utf8') : '';
       appendFileSync(${JSON.stringify(notes)}, process.argv.join(' ') + process.title + system + '\\n');
       let kept = null;
       export class Entry {
         setPassword(secret) { kept = secret; }
         getPassword() { return kept; }
         deletePassword() {}
       }`,
    );
    onTestFinished(() => {
      for (const file of [notes, module]) rmSync(file, { force: true });
    });
    const person = createPerson({ keyring: { module } });
    const { code } = await person.run(`auth login scalingo ${URLS().scalingo} --token-stdin`, {
      stdin: MARKED.scalingo,
    });
    expect(code).toBe(0);
    const seen = readFileSync(notes, 'utf8');
    // The probe, the credential, the session.
    expect(seen.trimEnd().split('\n').length).toBeGreaterThanOrEqual(3);
    platforms.expectClean([seen, ...person.seen, ...writtenBy(person)]);
  });
});
