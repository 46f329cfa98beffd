import { expect, test } from 'vitest';
import { CliError } from '../../src/errors.ts';
import { type Attempt, delayBeforeRetry, retryAfterMillis } from '../../src/transport/retry.ts';

const NOW = Date.UTC(2026, 7, 22, 14, 0, 0);
const RULES = { firstDelay: 500, maxTotal: 30_000 };

const attempt = (outcome: Attempt['outcome'], more: Partial<Attempt> = {}): Attempt => ({
  outcome,
  number: 1,
  elapsed: 0,
  now: NOW,
  ...more,
});
const answer = (status: number, headers = {}) => ({ status, headers });

test.each([
  ['seconds', 429, { 'retry-after': '2' }, 2000],
  ['zero', 503, { 'retry-after': '0' }, 0],
  ['an HTTP date', 503, { 'retry-after': 'Sat, 22 Aug 2026 14:00:07 GMT' }, 7000],
  ['an HTTP date that has passed', 429, { 'retry-after': 'Sat, 22 Aug 2026 13:00:00 GMT' }, 0],
  ['rubbish', 429, { 'retry-after': 'soon' }, undefined],
  ['ratelimit-reset as a time', 429, { 'ratelimit-reset': String(NOW / 1000 + 5) }, 5000],
  ['ratelimit-reset as seconds', 429, { 'ratelimit-reset': '5' }, 5000],
  ['ratelimit-reset that has passed', 429, { 'ratelimit-reset': '1444931833' }, undefined],
  ['ratelimit-reset means nothing on other answers', 503, { 'ratelimit-reset': '5' }, undefined],
  ['Retry-After wins', 429, { 'retry-after': '1', 'ratelimit-reset': '9' }, 1000],
  ['nothing', 429, {}, undefined],
])('asked to wait: %s', (_name, status, headers, expected) => {
  expect(retryAfterMillis(status, headers, NOW)).toBe(expected);
});

test.each([429, 502, 503, 504])('%i is asked again', (status) => {
  expect(delayBeforeRetry(attempt(answer(status)), RULES)).toBeGreaterThan(0);
});

test.each([200, 204, 302, 400, 401, 403, 404, 408, 422, 500, 501])('%i stands', (status) => {
  expect(delayBeforeRetry(attempt(answer(status)), RULES)).toBeUndefined();
});

test('the delay doubles, jittered by a fifth, up to a bound', () => {
  const delays = [1, 2, 3, 9].map((number) => delayBeforeRetry(attempt(answer(503), { number }), RULES) ?? 0);
  const expected = [500, 1000, 2000, 8000];
  for (const [at, delay] of delays.entries()) {
    expect(delay).toBeGreaterThanOrEqual((expected[at] ?? 0) * 0.8);
    expect(delay).toBeLessThanOrEqual((expected[at] ?? 0) * 1.2);
  }
});

test('what is asked for is never cut short: beyond the bound the answer stands', () => {
  expect(delayBeforeRetry(attempt(answer(429, { 'retry-after': '20' })), RULES)).toBe(20_000);
  expect(delayBeforeRetry(attempt(answer(429, { 'retry-after': '31' })), RULES)).toBeUndefined();
  expect(
    delayBeforeRetry(attempt(answer(429, { 'retry-after': '20' }), { elapsed: 15_000 }), RULES),
  ).toBeUndefined();
});

test.each([
  ['unreachable', new CliError('unavailable', 'x', { cause: { code: 'ECONNREFUSED' } }), true],
  ['an unknown name', new CliError('unavailable', 'x', { cause: { code: 'ENOTFOUND' } }), false],
  ['not worth it', new CliError('unavailable', 'x', { retryable: false }), false],
  ['a certificate', new CliError('usage', 'x'), false],
  ['a defect', new TypeError('x'), false],
])('after an error: %s', (_name, error, expected) => {
  expect(delayBeforeRetry(attempt({ error }), RULES) !== undefined).toBe(expected);
});
