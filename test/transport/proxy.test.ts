import { expect, test } from 'vitest';
import { proxyOf } from '../../src/connect.ts';
import { proxyFor } from '../../src/transport/proxy.ts';
import { hostOf } from '../host-of-streams.ts';

const settings = (no: string) => ({ http: 'http://proxy.example:3128', https: 'proxy.example:3129', no });

test.each([
  ['http://api.example/', 'proxy.example:3128'],
  ['https://api.example/', 'proxy.example:3129'],
])('%s goes through %s', (url, host) => {
  expect(proxyFor(new URL(url), settings(''))?.host).toBe(host);
});

test.each([
  ['*', 'https://api.example/'],
  ['api.example', 'https://api.example/'],
  ['.example', 'https://api.example/'],
  ['*.example', 'https://api.example/'],
  ['example', 'https://a.b.example/'],
  ['EXAMPLE', 'https://a.example/'],
  ['other, api.example', 'https://api.example/'],
  ['other api.example', 'https://api.example/'],
  ['api.example:443', 'https://api.example/'],
  ['10.0.0.0/8', 'http://10.1.2.3/'],
  ['10.1.2.3', 'http://10.1.2.3:8080/'],
  ['10.1.2.3:8080', 'http://10.1.2.3:8080/'],
  ['fd00::/8', 'http://[fd00::1]/'],
  ['[fd00::1]:81', 'http://[fd00::1]:81/'],
])('NO_PROXY=%s excepts %s', (no, url) => {
  expect(proxyFor(new URL(url), settings(no))).toBeUndefined();
});

test.each([
  ['', 'https://api.example/'],
  ['ample', 'https://api.example/'],
  ['api.example:8443', 'https://api.example/'],
  ['10.0.0.0/8', 'http://11.1.2.3/'],
  ['10.0.0.0/8', 'https://api.example/'],
  ['10.0.0.0/99', 'http://10.1.2.3/'],
  ['.', 'https://api.example/'],
])('NO_PROXY=%s does not except %s', (no, url) => {
  expect(proxyFor(new URL(url), settings(no))).toBeDefined();
});

test('loopback is not sent to a proxy elsewhere, only to one on this machine', () => {
  expect(proxyFor(new URL('http://127.0.0.1:1/'), { http: 'http://proxy.example:3128' })).toBeUndefined();
  expect(proxyFor(new URL('http://127.0.0.1:1/'), { http: 'http://localhost:3128' })?.port).toBe('3128');
});

test.each(['socks5://proxy:1080', 'http://', ':::'])('%s is refused without showing it', (http) => {
  expect(() => proxyFor(new URL('http://api.example/'), { http })).toThrow(
    expect.objectContaining({ kind: 'usage', message: 'HTTP_PROXY does not name an http or https proxy' }),
  );
});

test('counts an empty variable as one that is not set', () => {
  const env = { HTTP_PROXY: '', http_proxy: 'http://a', HTTPS_PROXY: 'http://b', https_proxy: 'http://c' };
  const { host } = hostOf([], { ...env, NO_PROXY: '', no_proxy: 'd' });
  expect(proxyOf(host)).toEqual({ http: 'http://a', https: 'http://b', no: 'd' });
});
