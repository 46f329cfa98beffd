import { expect, it } from 'vitest';
import { createCookieJar } from '../../../src/providers/container-station/cookies.ts';

it('keeps every cookie by its name, without its attributes', () => {
  const jar = createCookieJar();
  jar.take(['CS_SESS_ID=abc; Path=/; HttpOnly', 'other=a=b']);
  jar.take('CS_SESS_ID=def');
  expect(jar.header()).toBe('CS_SESS_ID=def; other=a=b');
});

it.each([['a=; Path=/'], ['a=1; Max-Age=0'], ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT']])(
  'forgets by "%s"',
  (line) => {
    const jar = createCookieJar();
    jar.take('a=0');
    jar.take(line);
    expect(jar.header()).toBeNull();
  },
);

it.each([['no pair'], ['=x'], ['a\u0000=1'], ['a=b\u00e9'], [`a=${'x'.repeat(5000)}`], ['']])(
  'takes no "%s"',
  (line) => {
    const jar = createCookieJar();
    jar.take(line);
    expect(jar.header()).toBeNull();
  },
);

it('holds a bounded number', () => {
  const jar = createCookieJar();
  jar.take(Array.from({ length: 1000 }, (_, index) => `c${index}=1`));
  expect(jar.header()?.split('; ')).toHaveLength(20);
});

it('is empty after clearing', () => {
  const jar = createCookieJar();
  jar.take('a=1');
  jar.clear();
  jar.take(undefined);
  expect(jar.header()).toBeNull();
});
