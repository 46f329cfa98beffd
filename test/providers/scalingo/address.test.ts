import { describe, expect, it } from 'vitest';
import {
  addressesOf,
  credentialOrigin,
  mayCarryCredential,
} from '../../../src/providers/scalingo/address.ts';
import { createBudget } from '../../../src/providers/scalingo/budget.ts';
import { serverFilter } from '../../../src/providers/scalingo/filter.ts';
import { scalingo } from '../../../src/providers/scalingo/index.ts';
import { never, settingsOf } from './setup.ts';

describe('addresses', () => {
  it('are the public ones unless configured, with or without /v1', () => {
    expect(addressesOf(settingsOf({}))).toEqual({
      auth: 'https://auth.scalingo.com',
      api: null,
      database: null,
    });
    expect(addressesOf(settingsOf({ url: 'https://api.osc-fr1.scalingo.com/v1/' }))).toMatchObject({
      auth: 'https://auth.scalingo.com',
      api: 'https://api.osc-fr1.scalingo.com',
    });
  });

  it('take the API’s origin for the authentication of a private installation that names none', () => {
    expect(addressesOf(settingsOf({ url: 'http://127.0.0.1:81/scalingo' })).auth).toBe('http://127.0.0.1:81');
    expect(
      addressesOf(settingsOf({ url: 'https://paas.example', 'auth-url': 'https://login.example' })).auth,
    ).toBe('https://login.example');
  });

  it('give way to a region that is asked for on the command line', () => {
    const values = { url: 'http://127.0.0.1:81', 'db-url': 'http://127.0.0.1:82', region: 'osc-secnum-fr1' };
    expect(addressesOf(settingsOf(values, { region: 'flag --region' }))).toEqual({
      auth: 'http://127.0.0.1:81',
      api: null,
      database: null,
    });
  });

  it.each(['auth.scalingo.com', 'ftp://auth.scalingo.com', '//x'])('refuse %s', (url) => {
    expect(() => addressesOf(settingsOf({ url }))).toThrow(expect.objectContaining({ kind: 'usage' }));
  });

  it('bind stored credentials to the API when it is foreign to the authentication service', () => {
    expect(credentialOrigin(settingsOf({}))).toBe('https://auth.scalingo.com');
    expect(credentialOrigin(settingsOf({ url: 'https://api.osc-fr1.scalingo.com' }))).toBe(
      'https://auth.scalingo.com',
    );
    const mixed = { 'auth-url': 'https://auth.scalingo.com' };
    expect(credentialOrigin(settingsOf({ ...mixed, url: 'https://api.evil.example' }))).toBe(
      'https://api.evil.example',
    );
    expect(credentialOrigin(settingsOf({ ...mixed, 'db-url': 'https://db.evil.example/x' }))).toBe(
      'https://db.evil.example',
    );
  });
});

describe('where a credential may travel', () => {
  const may = (url: string, values: Record<string, string>) =>
    mayCarryCredential(new URL(url), settingsOf(values));

  it.each([
    ['https://auth.scalingo.com/v1/tokens/exchange', {}, true],
    ['https://api.osc-secnum-fr1.scalingo.com/v1/apps', {}, true],
    ['wss://deployments.scalingo.com/apps/shop', {}, true],
    ['https://scalingo.com.evil.example/', {}, false],
    ['https://evilscalingo.com/', {}, false],
    ['http://127.0.0.1:80/', {}, false],
    ['http://127.0.0.1:82/', { 'auth-url': 'http://127.0.0.1:81' }, true],
    ['http://localhost:82/', { 'auth-url': 'http://127.0.0.1:81' }, true],
    ['https://api.osc-fr1.scalingo.com/', { 'auth-url': 'http://127.0.0.1:81' }, false],
    ['https://api.shop.co.uk/', { 'auth-url': 'https://auth.shop.co.uk' }, true],
    ['https://api.rival.co.uk/', { 'auth-url': 'https://auth.shop.co.uk' }, false],
    ['https://rival.co.uk/', { 'auth-url': 'https://shop.co.uk' }, false],
    ['https://10.0.0.8/', { 'auth-url': 'https://10.0.0.7' }, false],
    ['https://any.com/', { 'auth-url': 'https://auth.scalingo.com.' }, false],
    ['https://other/', { 'auth-url': 'https://intranet' }, false],
    ['https://intranet/v1', { 'auth-url': 'https://intranet' }, true],
  ] as [string, Record<string, string>, boolean][])('%s with %j: %s', (url, values, expected) => {
    expect(may(url, values)).toBe(expected);
  });
});

describe('targets', () => {
  it.each([
    ['shop', { app: 'shop', component: null }],
    ['shop/web-1', { app: 'shop', component: 'web-1' }],
    ['5ed0fe5d884fef000f5e4fd1/web', { app: '5ed0fe5d884fef000f5e4fd1', component: 'web' }],
  ])('%s', (text, ref) => {
    expect(scalingo.parseRef(text)).toEqual(ref);
  });

  it.each(['', '/web', 'shop/', 'shop/a/b', '../regions', 'a b', 'shop?x=1'])('refuses %j', (text) => {
    expect(() => scalingo.parseRef(text)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });
});

describe('the platform’s own filter', () => {
  const filter = (
    components: string[],
    component: string | null = null,
    sources: ('app' | 'router')[] = [],
  ) => serverFilter({ app: 'shop', component }, { components, sources, levels: [], flags: {} });

  it.each([
    [['web'], null, 'web'],
    [['web-1'], null, 'web-1'],
    [['web', 'worker', 'web'], null, 'web|worker'],
    [['one-off-594'], null, 'one-off-594'],
    [['router'], null, 'router'],
    [[], 'web', 'web'],
    [['worker'], 'web', 'web'],
    [['worker'], 'w*', 'worker'],
    [[], null, null],
    [['web*'], null, null],
    [['web', 'w?rker'], null, null],
    [['web.1'], null, null],
    [['Web'], null, null],
    [['web|worker'], null, null],
    [['manager'], null, null],
    [['one-off'], null, null],
    [['web', 'router'], null, null],
  ] as [string[], string | null, string | null][])(
    '%j with component %j: %j',
    (components, component, expected) => {
      expect(filter(components, component)).toBe(expected);
    },
  );

  it('asks for the router alone when only that source is wanted', () => {
    expect(filter([], null, ['router'])).toBe('router');
    expect(filter([], null, ['router', 'app'])).toBeNull();
    expect(filter([], null, ['app'])).toBeNull();
  });
});

describe('the budget of requests', () => {
  it('lets a burst through, then one per interval, and gives back what was not used', async () => {
    let now = 0;
    const budget = createBudget({ burst: 3, interval: 5 }, () => now);
    await budget.take(never);
    await budget.take(never);
    await budget.take(never);
    const controller = new AbortController();
    const fourth = budget.take(controller.signal);
    controller.abort(new Error('stopped'));
    await expect(fourth).rejects.toThrow('stopped');
    now = 5;
    await expect(budget.take(AbortSignal.abort(new Error('must not wait')))).resolves.toBeUndefined();
    await expect(budget.take(AbortSignal.abort(new Error('has to wait')))).rejects.toThrow('has to wait');
  });
});
