// Marked secrets over many commands, failing and succeeding: none may be in anything that polylog writes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAkkeris } from '../src/sandbox/akkeris.ts';
import { startContainerStation } from '../src/sandbox/container-station.ts';
import { startDigitalocean } from '../src/sandbox/digitalocean.ts';
import { startScalingo } from '../src/sandbox/scalingo.ts';
import type { SandboxServer } from '../src/sandbox/server.ts';
import { createWorld, type World } from '../src/sandbox/world.ts';
import { createPerson, type Person } from './commands/person.ts';

const MARKED = {
  scalingo: `tk-us-${'Marked'.repeat(8)}`,
  akkeris: 'marked-akkeris-token-0123456789',
  digitalocean: `dop_v1_${'5ec4e7'.repeat(10)}abcd`,
  password: 'marked-password "with\\ signs&x=1',
  login: 'marked-login-password',
  otp: '987123',
  proxy: 'marked-proxy-password',
  wrong: 'tk-us-marked-but-wrong-token',
};

let world: World;
let servers: Record<'scalingo' | 'akkeris' | 'station' | 'digitalocean', SandboxServer>;

beforeAll(async () => {
  world = createWorld({ scale: 0, past: 0 });
  world.write({ text: 'hello' });
  const [scalingo, akkeris, station, digitalocean] = await Promise.all([
    startScalingo({ world, ratePerMinute: 0, archives: 1, token: MARKED.scalingo }),
    startAkkeris({ world, token: MARKED.akkeris, password: MARKED.login, otp: MARKED.otp, idleMs: 50 }),
    startContainerStation({ world, routineEvery: 0, users: { admin: MARKED.password } }),
    startDigitalocean({ world, token: MARKED.digitalocean }),
  ]);
  servers = { scalingo, akkeris, station, digitalocean };
});
afterAll(async () => {
  world.close();
  await Promise.all(Object.values(servers).map((server) => server.close()));
});

/** In every form in which they travel, and what the servers handed out: sessions, cookies, signed queries. */
function secrets(): Set<string> {
  const plain = Object.values(MARKED);
  const found = new Set<string>();
  const add = (secret: string) => {
    for (const form of [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      new URLSearchParams({ a: secret }).toString().slice(2),
      ...['', ':', 'jane:', 'admin:', 'user:'].map((user) =>
        Buffer.from(user + secret)
          .toString('base64')
          .replace(/=+$/, ''),
      ),
    ])
      found.add(form);
  };
  for (const secret of plain) add(secret);
  for (const { headers, path } of Object.values(servers).flatMap(({ requests }) => [...requests])) {
    for (const name of ['authorization', 'cookie'] as const) {
      for (const part of String(headers[name] ?? '').split(/[ ;=,]+/)) if (part.length > 12) add(part);
    }
    const query = new URL(path, 'http://sandbox').searchParams;
    for (const name of ['token', 'sig', 'signature', 'sid', 'password', 'X-Amz-Signature']) {
      for (const value of query.getAll(name)) if (value.length > 8) add(value);
    }
  }
  return found;
}

function expectClean(texts: readonly string[]): void {
  const all = [...secrets()];
  const leaked = texts.flatMap((text) => all.filter((secret) => text.includes(secret)));
  expect([...new Set(leaked)]).toEqual([]);
}

/** What is written but the two files that are there for secrets. */
function writtenBy({ directory }: Person): string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter(
    (name) => !['credentials.json', 'sessions.json'].includes(name),
  );
  return names.map((name) => readFileSync(join(directory, name), 'utf8'));
}

const URLS = () => ({
  scalingo: `--auth-url ${servers.scalingo.url}`,
  akkeris: `--url ${servers.akkeris.url} --auth-url ${servers.akkeris.url}`,
  qnap: `--url ${servers.station.url}`,
  do: `--url ${servers.digitalocean.url}`,
});

describe('secrets', () => {
  it('would be found if they were there', () => {
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
    expectClean([...person.seen, ...writtenBy(person)]);
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
    expectClean([...person.seen, ...writtenBy(person)]);
  });

  it('of the environment and of a proxy are in nothing that is said', async () => {
    const proxy = createServer((_request, response) => response.writeHead(500).end('<html>no</html>'));
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const person = createPerson();
    const own = {
      ...servers.scalingo.env,
      ...servers.station.env,
      ...servers.digitalocean.env,
      ...servers.akkeris.env,
    };
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
    expectClean([...person.seen, ...writtenBy(person)]);
  });
});
