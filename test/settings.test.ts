// Who wins: flag, environment, store, default; and where a stored credential may go. Each rule with a case in which it
// would leak if the rule were missing.
import { describe, expect, it } from 'vitest';
import { akkeris } from '../src/providers/akkeris/index.ts';
import { containerStation } from '../src/providers/container-station/index.ts';
import { scalingo } from '../src/providers/scalingo/index.ts';
import { isConfigured, missingCredential, resolveSettings, type SettingSources } from '../src/settings.ts';

const HOME = 'https://auth.mine.test';
const STORED = {
  values: { 'auth-url': HOME, region: 'stored-region', fingerprint: 'AA', insecure: 'true' },
  credential: { origin: HOME, names: ['token'], values: { token: 'stored-token' } },
};

function scalingoWith(sources: Partial<SettingSources>) {
  const { values, origins } = resolveSettings(scalingo, { env: {}, flags: {}, stored: STORED, ...sources });
  return { values, origins };
}

describe('a built-in profile', () => {
  it.each([
    ['flag', { flags: { region: 'f' }, env: { SCALINGO_REGION: 'e' } }, 'f', 'flag --region'],
    ['environment', { env: { SCALINGO_REGION: 'e' } }, 'e', 'env SCALINGO_REGION'],
    ['store', {}, 'stored-region', 'profile'],
  ])('takes the %s', (_name, sources, value, origin) => {
    const { values, origins } = scalingoWith(sources);
    expect([values.region, origins.region]).toEqual([value, origin]);
  });

  it('takes polylog’s variable before the platform’s own, and both before the store', () => {
    const both = { POLYLOG_SCALINGO_TOKEN: 'ours', SCALINGO_API_TOKEN: 'theirs' };
    expect(scalingoWith({ env: both }).values.token).toBe('ours');
    expect(scalingoWith({ env: { SCALINGO_API_TOKEN: 'theirs' } }).values.token).toBe('theirs');
    expect(scalingoWith({}).values.token).toBe('stored-token');
  });

  it('takes the default last', () => {
    expect(scalingoWith({ stored: undefined }).origins['auth-url']).toBe('default');
  });
});

describe('a named profile', () => {
  it('takes nothing from the environment and from .netrc', () => {
    const env = { SCALINGO_API_TOKEN: 'e', SCALINGO_AUTH_URL: 'https://evil.test', SCALINGO_REGION: 'e' };
    const { values } = scalingoWith({ profile: 'prod', env });
    expect(values).toMatchObject({ token: 'stored-token', 'auth-url': HOME, region: 'stored-region' });
    const named = resolveSettings(akkeris, {
      env: {},
      flags: {},
      profile: 'prod',
      netrc: 'machine apps.mine.test password theirs',
      stored: { values: { url: 'apps.mine.test' } },
    });
    expect(named.values.token).toBeUndefined();
  });

  it('takes flags', () => {
    expect(scalingoWith({ profile: 'prod', flags: { region: 'f' } }).values.region).toBe('f');
  });
});

describe('a stored credential', () => {
  it.each([
    ['SCALINGO_AUTH_URL', 'https://evil.test'],
    ['SCALINGO_API_URL', 'https://evil.test'],
    ['POLYLOG_SCALINGO_URL', 'https://evil.test'],
    ['SCALINGO_DB_URL', 'https://evil.test'],
    // The same address: it takes its credential from where it comes from all the same.
    ['SCALINGO_AUTH_URL', HOME],
  ])('stays away from an address out of %s=%s', (name, value) => {
    const sources = { env: { [name]: value }, flags: {}, stored: STORED };
    const settings = resolveSettings(scalingo, sources);
    expect(Object.values(settings.values)).not.toContain('stored-token');
    expect(missingCredential(scalingo, settings, sources)).toMatchObject({
      kind: 'auth',
      message: expect.stringContaining(`belongs to ${HOME} and was not used`),
    });
    expect(isConfigured(scalingo, { env: sources.env, stored: STORED })).toBe(false);
  });

  it('stays away from an address that was changed in the store', () => {
    for (const moved of [
      { 'auth-url': 'https://evil.test' },
      { ...STORED.values, url: 'https://evil.test' },
      {},
    ]) {
      const stored = { ...STORED, values: moved };
      expect(Object.values(scalingoWith({ stored }).values)).not.toContain('stored-token');
    }
  });

  it('takes the trust in its address along to no other', () => {
    const { values } = scalingoWith({ env: { SCALINGO_AUTH_URL: 'https://evil.test' } });
    expect([values.insecure, values.fingerprint]).toEqual([undefined, undefined]);
    expect(scalingoWith({}).values).toMatchObject({ insecure: 'true', fingerprint: 'AA' });
  });

  it('mixes its addresses with no other', () => {
    const stored = { values: { 'auth-url': HOME, url: 'https://api.mine.test' } };
    const { values } = scalingoWith({ env: { SCALINGO_API_URL: 'https://api.other.test' }, stored });
    expect(values['auth-url']).not.toBe(HOME);
  });

  it('is not halved: a user of the environment gets no stored password', () => {
    const stored = {
      values: { url: 'https://nas.test' },
      credential: {
        origin: 'https://nas.test',
        names: ['user', 'password'],
        values: { user: 'a', password: 'p' },
      },
    };
    const { values } = resolveSettings(containerStation, {
      env: { POLYLOG_QNAP_USER: 'b' },
      flags: {},
      stored,
    });
    expect([values.user, values.password]).toEqual(['b', undefined]);
  });

  it('comes before an entry of .netrc, which an address of the environment still finds', () => {
    const netrc = 'machine apps.mine.test password from-netrc';
    const stored = {
      values: { url: 'https://apps.mine.test' },
      credential: { origin: 'https://apps.mine.test', names: ['token'], values: { token: 'stored' } },
    };
    const token = (env: Record<string, string>) =>
      resolveSettings(akkeris, { env, flags: {}, netrc, stored }).values.token;
    expect(token({})).toBe('stored');
    expect(token({ AKKERIS_API_HOST: 'apps.mine.test' })).toBe('from-netrc');
  });
});
