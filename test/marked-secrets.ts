// Marked secrets, four platforms that know them, and the search for them in everything that is written.
import { expect } from 'vitest';
import { startAkkeris } from '../src/sandbox/akkeris.ts';
import { startContainerStation } from '../src/sandbox/container-station.ts';
import { startDigitalocean } from '../src/sandbox/digitalocean.ts';
import { startScalingo } from '../src/sandbox/scalingo.ts';
import type { SandboxServer } from '../src/sandbox/server.ts';
import { createWorld, type World } from '../src/sandbox/world.ts';

export const MARKED = {
  scalingo: `tk-us-${'Marked'.repeat(8)}`,
  akkeris: 'marked-akkeris-token-0123456789',
  digitalocean: `dop_v1_${'5ec4e7'.repeat(10)}abcd`,
  password: 'marked-password "with\\ signs&x=1',
  login: 'marked-login-password',
  otp: '987123',
  proxy: 'marked-proxy-password',
  wrong: 'tk-us-marked-but-wrong-token',
};

export interface MarkedPlatforms {
  readonly world: World;
  readonly servers: Readonly<Record<'scalingo' | 'akkeris' | 'station' | 'digitalocean', SandboxServer>>;
  /** Addresses and credentials of all four. */
  readonly env: Readonly<Record<string, string>>;
  /** In every form in which they travel, and what the servers handed out: sessions, cookies, signed queries. */
  secrets(): ReadonlySet<string>;
  /** Fails with the secrets that are in one of the texts. */
  expectClean(texts: readonly string[]): void;
  close(): Promise<void>;
}

export async function startMarkedPlatforms(): Promise<MarkedPlatforms> {
  const world = createWorld({ scale: 0, past: 0 });
  world.write({ text: 'hello' });
  const [scalingo, akkeris, station, digitalocean] = await Promise.all([
    startScalingo({ world, ratePerMinute: 0, archives: 1, token: MARKED.scalingo }),
    startAkkeris({ world, token: MARKED.akkeris, password: MARKED.login, otp: MARKED.otp, idleMs: 50 }),
    startContainerStation({ world, routineEvery: 0, users: { admin: MARKED.password } }),
    startDigitalocean({ world, token: MARKED.digitalocean }),
  ]);
  const servers = { scalingo, akkeris, station, digitalocean };
  const secrets = () => secretsOf(Object.values(servers));
  return {
    world,
    servers,
    env: { ...scalingo.env, ...station.env, ...digitalocean.env, ...akkeris.env },
    secrets,
    expectClean(texts) {
      const all = [...secrets()];
      const leaked = texts.flatMap((text) => all.filter((secret) => text.includes(secret)));
      expect([...new Set(leaked)]).toEqual([]);
    },
    async close() {
      world.close();
      await Promise.all(Object.values(servers).map((server) => server.close()));
    },
  };
}

function secretsOf(servers: readonly SandboxServer[]): Set<string> {
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
  for (const { headers, path } of servers.flatMap(({ requests }) => [...requests])) {
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
