import { expect, test } from 'vitest';
import { createMasking, shortText } from '../../src/transport/masking.ts';

const masking = createMasking(['k']);

test.each([
  'https://h/p?token=GEHEIM&n=5',
  'https://h/p?n=5&Signature=GEHEIM',
  'https://h/p?sig=GEHEIM',
  'https://h/p?X-Amz-Credential=GEHEIM&X-Amz-Signature=GEHEIM&x-amz-security-token=GEHEIM',
  'https://h/p?password=GEHEIM;sid=GEHEIM&pwd=GEHEIM',
  'https://h/p?k=GEHEIM',
  'https://h/p?acc%65ss_token=GEHEIM',
  'https://user:GEHEIM@h/p',
])('address %s', (url) => {
  const shown = masking.url(url);
  expect(shown).not.toContain('GEHEIM');
  expect(shown).toContain('***');
  expect(shown).toContain('h/p');
});

test('what is no secret stays readable', () => {
  expect(masking.url('https://h/p:q?n=100&filter=web|worker')).toBe('https://h/p:q?n=100&filter=web|worker');
});

test.each([
  ['token field', '{"token":"GEHEIM","n":1}'],
  ['nested password field', '{"user":{"name":"a","Password" : "GE\\"HEIM"}}'],
  ['number', '{"sid":12345678}'],
  ['an address in a field', '{"live_url":"https://h/?token=GEHEIM&x=1"}'],
  ['an address as Go writes it', '{"url":"https://h/?x=1\\u0026token=GEHEIM"}'],
  ['form', 'username=a&password=GEHEIM'],
  ['a value that the limit cuts', `{"filler":"${'x'.repeat(2020)}","token":"GEHEIM"}`],
])('body: %s', (_name, body) => {
  expect(masking.body(body)).not.toMatch(/GE|HEIM|12345678/);
});

test('headers: known names, named ones, addresses in others', () => {
  const headers = {
    Authorization: 'Bearer GEHEIM',
    cookie: 'a=GEHEIM',
    'set-cookie': ['s=GEHEIM'],
    'x-odd': 'GEHEIM',
    location: '/p?token=GEHEIM',
    accept: '*/*',
  };
  const shown = masking.headers(headers, ['X-Odd']);
  expect(shown.join('\n')).not.toContain('GEHEIM');
  expect(shown).toContain('accept: */*');
});

test('foreign text is brought to one short line without control characters', () => {
  expect(shortText('Retry\r\n later\u001b[2J\u0007')).toBe('Retry later [2J');
  expect(shortText('x'.repeat(5000)).length).toBeLessThanOrEqual(201);
});
