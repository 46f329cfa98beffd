import { describe, expect, it } from 'vitest';
import {
  baseOf,
  credentialOrigin,
  foreignToken,
  mayCarryCredential,
  tokenOf,
} from '../../../src/providers/digitalocean/address.ts';
import { digitalocean } from '../../../src/providers/digitalocean/index.ts';
import { settingsOf } from './setup.ts';

describe('the address', () => {
  it.each([
    ['https://api.digitalocean.com', 'https://api.digitalocean.com'],
    ['https://api.digitalocean.com/', 'https://api.digitalocean.com'],
    ['https://api.digitalocean.com/v2/', 'https://api.digitalocean.com'],
    ['http://127.0.0.1:8080/mirror/v2', 'http://127.0.0.1:8080/mirror'],
    ['http://127.0.0.1:8080/mirror/', 'http://127.0.0.1:8080/mirror'],
    ['', 'https://api.digitalocean.com'],
  ])('%j', (url, base) => {
    expect(baseOf(settingsOf({ url }))).toBe(base);
  });

  it.each(['api.digitalocean.com', 'ftp://api.digitalocean.com', 'https://'])(
    '%j is a usage error',
    (url) => {
      expect(() => baseOf(settingsOf({ url }))).toThrow(expect.objectContaining({ kind: 'usage' }));
    },
  );

  it('is the only place that the credential may travel to', () => {
    const settings = settingsOf({ url: 'https://api.digitalocean.com/v2' });
    expect(credentialOrigin(settings)).toBe('https://api.digitalocean.com');
    const carries = (url: string) => mayCarryCredential(new URL(url), settings);
    expect(carries('https://api.digitalocean.com/v2/apps')).toBe(true);
    for (const url of [
      'http://api.digitalocean.com/v2/apps',
      'https://api.digitalocean.com:8443/v2/apps',
      'https://proxy-apps-prod-ams3-001.ondigitalocean.app/?token=x',
      'https://api.digitalocean.com.evil.example/',
      'https://digitalocean.com/',
    ]) {
      expect(carries(url)).toBe(false);
    }
  });
});

describe('the token', () => {
  it.each([' dop_v1_ab ', "'dop_v1_ab'", '"dop_v1_ab"\n', " 'dop_v1_ab' "])(
    '%j loses what was pasted along',
    (token) => {
      expect(tokenOf(settingsOf({ token }))).toBe('dop_v1_ab');
    },
  );

  it('of another platform is recognised', () => {
    expect(foreignToken('tk-us-abc')).toContain('Scalingo');
    expect(foreignToken('dor_v1_abc')).toContain('refresh token');
    expect(foreignToken('dop_v1_abc')).toBeNull();
    expect(foreignToken('whatever')).toBeNull();
  });
});

describe('a target', () => {
  it.each([
    ['shop', { app: 'shop', component: null }],
    ['shop/web', { app: 'shop', component: 'web' }],
    [
      '4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf/web',
      { app: '4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf', component: 'web' },
    ],
  ])('%s', (text, ref) => {
    expect(digitalocean.parseRef(text)).toEqual(ref);
  });

  it.each(['', '/web', 'shop/', 'shop/web/1', 'a b', '../x'])('%j is none', (text) => {
    expect(() => digitalocean.parseRef(text)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });
});
