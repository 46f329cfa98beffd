// What is known before anything is asked: targets, addresses, tokens.
import { describe, expect, it } from 'vitest';
import { isSupported } from '../../../src/provider.ts';
import { akkeris } from '../../../src/providers/akkeris/index.ts';
import { resolveSettings } from '../../../src/settings.ts';
import type { Network } from '../../../src/transport/network.ts';
import { settingsOf, TOKEN } from './setup.ts';

describe('targets', () => {
  const refs: [string, string, string | null][] = [
    ['api-default', 'api-default', null],
    ['api-my-own-space', 'api-my-own-space', null],
    ['62dc0fd3-2cba-4925-8fca-d1129d296d2c', '62dc0fd3-2cba-4925-8fca-d1129d296d2c', null],
    ['api-default/web', 'api-default', 'web'],
    ['api-default/web.1562910588-cg82f', 'api-default', 'web.1562910588-cg82f'],
    ['', '', null],
  ];
  it.each(refs)('%s', (text, app, component) => {
    expect(akkeris.parseRef(text)).toEqual({ app, component });
  });

  it.each([
    'api',
    '-default',
    'api-',
    'api-default/',
    'api-default/a/b',
    '/web',
    'a b-c',
    '../-x',
    'a-b?x',
    'a%2f-b',
  ])('no target: %s', (text) => {
    expect(() => akkeris.parseRef(text)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });
});

describe('the address', () => {
  const origins: [string, string][] = [
    ['apps.example.com', 'https://apps.example.com'],
    ['apps.example.com:8443', 'https://apps.example.com:8443'],
    ['https://apps.example.com/', 'https://apps.example.com'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['HTTP://LOCALHOST:81/prefix/', 'http://localhost:81'],
  ];
  it.each(origins)('%s', (url, origin) => {
    expect(akkeris.origin(settingsOf({ url }))).toBe(origin);
  });

  it.each(['', '  ', 'ftp://apps.example.com', 'a b', 'https://', 'https://me:hush@apps.example.com'])(
    'none: "%s"',
    (url) => {
      expect(() => akkeris.origin(settingsOf({ url }))).toThrow(
        expect.objectContaining({ kind: 'usage', message: expect.not.stringContaining('hush') }),
      );
    },
  );

  it('is the only one that a credential travels to', () => {
    const settings = settingsOf({ url: 'apps.example.com' });
    const may = (url: string) => akkeris.mayCarryCredential(new URL(url), settings);
    expect(may('https://apps.example.com/apps')).toBe(true);
    for (const url of [
      'http://apps.example.com',
      'https://logtail-0.example.com',
      'https://apps.example.com:444',
    ]) {
      expect(may(url)).toBe(false);
    }
  });
});

describe('credentials', () => {
  const resolve = (env: Record<string, string>) => resolveSettings(akkeris, { env, flags: {} });

  it('prefers its own variables', () => {
    const { values } = resolve({
      POLYLOG_AKKERIS_TOKEN: 'a',
      AKKERIS_TOKEN: 'b',
      API_TOKEN: 'c',
      POLYLOG_AKKERIS_URL: 'https://x',
      AKKERIS_API_HOST: 'y',
    });
    expect(values).toEqual({ token: 'a', url: 'https://x' });
  });

  it('takes API_TOKEN only beside AKKERIS_API_HOST', () => {
    expect(resolve({ API_TOKEN: 'c' }).values).toEqual({});
    expect(resolve({ API_TOKEN: 'c', AKKERIS_API_HOST: 'h' }).values).toEqual({ token: 'c', url: 'h' });
  });

  const foreign: [string, string][] = [
    ['dop_v1_0123', 'DigitalOcean'],
    ['tk-us-0123', 'Scalingo'],
  ];
  it.each(foreign)('shows a token of another platform to nobody: %s', (token, platform) => {
    const connect = () => akkeris.connect(settingsOf({ url: 'apps.example.com', token }), {} as Network);
    expect(connect).toThrow(
      expect.objectContaining({ kind: 'auth', message: expect.stringContaining(platform) }),
    );
    expect(connect).toThrow(expect.objectContaining({ message: expect.not.stringContaining(token) }));
  });

  it('connects with any other', () => {
    expect(() =>
      akkeris.connect(settingsOf({ url: 'apps.example.com', token: TOKEN }), {} as Network),
    ).not.toThrow();
  });
});

it('says what a drain is for', () => {
  const { logs } = akkeris;
  expect(isSupported(logs) && logs.traits).toMatchObject({
    history: 'none',
    join: 'replay',
    endless: true,
    maxLines: 250,
    retention: expect.stringContaining('log drain'),
    alive: { silenceMillis: 0 },
  });
});
