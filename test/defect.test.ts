import { expect, test } from 'vitest';
import { describeDefect } from '../src/defect.ts';

const ENV = {
  NAS_PASSWORD: 'a b"c&d!',
  HTTPS_PROXY: 'http://me:hunter22@proxy:1',
  EMPTY_TOKEN: '',
  HOME: '/home/me',
};

test.each([
  ['a variable that sounds secret', 'could not send a b"c&d! there', 'a b"c&d!'],
  ['the same, escaped', 'could not send {"x":"a b\\"c&d!"}', 'a b\\"c&d!'],
  ['the same, in an address', 'GET /x?y=a%20b%22c%26d! failed', 'a%20b'],
  ["a proxy's password", 'CONNECT me hunter22', 'hunter22'],
  ['a field of JSON', 'answer {"password":"marked","name":"x"}', 'marked'],
  ['a header', 'bad header Authorization: Bearer marked.marked', 'marked'],
  ['a query', 'https://x.test/logs?token=marked&n=1', 'marked'],
  ['a login in an address', 'https://me:marked@x.test/', 'marked'],
  ['a token by its form', 'tk-us-marked and dop_v1_marked and eyJmarked.marked', 'marked'],
])('%s is not in what is said of a defect', (_name, message, secret) => {
  const error = new TypeError(message);
  for (const debug of [false, true]) {
    const said = describeDefect(error, { debug, env: ENV });
    expect(said).toContain('this is a defect in polylog (TypeError: ');
    expect(said).not.toContain(secret);
  }
});

test('the stack is told with --debug alone, line by line', () => {
  const error = new Error('plain words');
  expect(describeDefect(error, { debug: false, env: ENV })).toMatch(/^[^\n]*plain words[^\n]*--debug\.$/);
  expect(describeDefect(error, { debug: true, env: ENV })).toMatch(/\n {4}at .*defect\.test/);
});
