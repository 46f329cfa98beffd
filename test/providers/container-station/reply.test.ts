import { describe, expect, it } from 'vitest';
import {
  failureError,
  failureOf,
  isRefused,
  readReply,
} from '../../../src/providers/container-station/reply.ts';

function reply(status: number, body: unknown, headers: Record<string, string> = {}) {
  return readReply({ status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) });
}

describe('what is a failure', () => {
  it.each([
    ['an error body under 200', 200, { error: { code: 404, message: 'Application not found: test' } }, 404],
    ['the misspelt 503', 200, { error: { code: 503, message: 'Service Unabailable' } }, 503],
    ['a refused session under 200', 200, { error: { code: 401, message: 'x' } }, 401],
    ['version 3, not logged in', 401, { code: 1002, message: 'unauthorized' }, 401],
    ['the same under 200', 200, { code: 1002, message: 'unauthorized' }, 401],
    ['version 3, no container', 404, { code: 1009, message: 'x: No such container: y' }, 404],
    ['an error that is a word', 200, { error: 'nope' }, 400],
    ['an error without a code', 500, { error: {} }, 500],
    ['a page', 404, '<html>', 404],
    ['a redirect', 302, '', 302],
    ['another code in the body than in the status', 400, { error: { code: 409, message: '' } }, 409],
  ])('%s', (_name, status, body, code) => {
    expect(failureOf(reply(status, body))?.code).toBe(code);
  });

  it.each([
    ['a list', []],
    ['a bare string', '"text of a console"'],
    ['an account', { username: 'admin', isAdmin: true }],
    ['no error', { error: null, id: 1 }],
    ['a code that is no failure', { code: 0, message: 'ok' }],
  ])('%s is none', (_name, body) => {
    expect(failureOf(reply(200, body))).toBeNull();
  });

  it('knows which failures a new login may mend', () => {
    expect([401, 403, 404, 400].map((code) => isRefused({ code, message: '' }))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isRefused(null)).toBe(false);
  });
});

describe('its sentence', () => {
  const of = { station: 'Container Station at http://nas', what: 'the activity log' };

  it('is one line, cut and without control characters', () => {
    const answer = reply(500, { error: { code: 500, message: `\u001b[31mTraceback\n${'x'.repeat(1000)}` } });
    const failure = failureOf(answer);
    const { message } = failureError(failure ?? { code: 0, message: '' }, answer, of);
    expect(message).toMatch(
      /^Container Station at http:\/\/nas answers .* the activity log with 500: \[31mTraceback x+…$/,
    );
    expect(message.length).toBeLessThan(330);
  });

  it.each([
    [429, 'unavailable', true],
    [503, 'unavailable', true],
    [404, 'not-found', false],
    [403, 'auth', false],
    [400, 'platform', false],
  ])('%i is %s', (code, kind, retryable) => {
    const error = failureError({ code, message: '' }, reply(code, ''), of);
    expect([error.kind, error.retryable, error.status]).toEqual([kind, retryable, code]);
  });

  it('passes on how long to wait and where to go', () => {
    const busy = reply(429, '', { 'retry-after': '7' });
    expect(failureError({ code: 429, message: '' }, busy, of).retryAfter).toBe(7000);
    const moved = reply(302, '', { location: 'https://nas:443/container-station/?sid=geheim' });
    const { hint } = failureError({ code: 302, message: '' }, moved, of);
    expect(hint).toContain('https://nas:443'.replace(':443', ''));
    expect(hint).not.toContain('geheim');
  });
});
