import { describe, expect, it } from 'vitest';
import { formatInstant, instantToMillis } from '../../../src/model.ts';
import { millisOf, parseAddonLine, parseLine } from '../../../src/providers/scalingo/translate.ts';
import { stampAt } from '../../../src/transport/stamps.ts';

const router =
  '2026-09-20 14:15:35.990000100 +0200 CEST [router] method=GET path="/" host=my-app.osc-fr1.scalingo.io request_id=6a692dd8-dd2d-4316-b67e-c11241a6db60 container=web-1 from="10.127.0.1" protocol=https status=500 duration=0.025s bytes=551 referer="-" user_agent="curl/8"';

describe('a line with a header', () => {
  it.each([
    [
      '2015-02-16 02:02:43.930163178 +0000 UTC [web-1] [martini] Started GET / for [filtered IP]',
      ['2015-02-16T02:02:43.930163178Z', 'app', 'web', 'web-1', '[martini] Started GET / for [filtered IP]'],
    ],
    [
      '2026-09-20 14:15:34.371836275 +0200 CEST [manager] container [web-1] (5ed101f64ffb09636fb1b59e) started',
      [
        '2026-09-20T12:15:34.371836275Z',
        'platform',
        'manager',
        null,
        'container [web-1] (5ed101f64ffb09636fb1b59e) started',
      ],
    ],
    [
      '2026-01-20 00:15:34.100000000 +0100 CET [one-off-594] $ bash',
      ['2026-01-19T23:15:34.100000000Z', 'app', 'one-off', 'one-off-594', '$ bash'],
    ],
    [
      '2026-09-20 14:15:34.371836275 +0200 CEST [postdeploy-2231] x',
      ['2026-09-20T12:15:34.371836275Z', 'app', 'postdeploy', 'postdeploy-2231', 'x'],
    ],
    [
      '2026-09-20 14:15:34.371836275 +0200 CEST [postgresql-1] LOG:  ready',
      ['2026-09-20T12:15:34.371836275Z', 'app', 'postgresql', 'postgresql-1', 'LOG:  ready'],
    ],
    [
      '2026-09-20 14:15:34.371836275 -0330 NST [web-2] ',
      ['2026-09-20T17:45:34.371836275Z', 'app', 'web', 'web-2', ''],
    ],
    [
      '2026-09-20 14:15:34.371836275 +0200 CEST [web-2]',
      ['2026-09-20T12:15:34.371836275Z', 'app', 'web', 'web-2', ''],
    ],
    [
      '2026-09-20 14:15:34.5 +0200 [clock-1]   indented',
      ['2026-09-20T12:15:34.5Z', 'app', 'clock', 'clock-1', '  indented'],
    ],
    [
      '2026-09-20 14:15:34 +0200 CEST [worker] \u001b[31mred\u001b[0m',
      ['2026-09-20T12:15:34Z', 'app', 'worker', null, '\u001b[31mred\u001b[0m'],
    ],
    [
      '2026-09-20 14:15:34.1234567891 +0200 +0200 [web-1] ten digits',
      ['2026-09-20T12:15:34.123456789Z', 'app', 'web', 'web-1', 'ten digits'],
    ],
    [
      '2024-02-29 23:59:60.000000001 +0000 UTC [web-1] leap',
      ['2024-03-01T00:00:00.000000001Z', 'app', 'web', 'web-1', 'leap'],
    ],
  ])('%s', (raw, expected) => {
    const body = parseLine(raw);
    const time = body.ts === null ? null : formatInstant(body.ts);
    expect([time, body.source, body.component, body.instance, body.message]).toEqual(expected);
    const millis = body.ts && instantToMillis(body.ts);
    expect([millisOf(raw), stampAt(Buffer.from(raw), 0)]).toEqual([millis, millis]);
  });

  it('keeps a router line as it is and reads no level out of it yet', () => {
    expect(parseLine(router)).toMatchObject({
      source: 'router',
      component: 'router',
      instance: null,
      level: null,
      quality: 'exact',
      message: expect.stringMatching(/^method=GET .* user_agent="curl\/8"$/),
    });
  });

  it('is of second quality without a fraction, and all the add-on’s own in an add-on’s log', () => {
    expect(parseLine('2026-09-20 14:15:34 +0200 CEST [worker] x').quality).toBe('second');
    expect(parseAddonLine('2026-09-20 14:15:34.1 +0200 CEST [router] x').source).toBe('addon');
    expect(parseAddonLine('continued').source).toBe('addon');
  });
});

describe('a line without a header is an entry without time', () => {
  it.each([
    '',
    '    at Object.<anonymous> (/app/index.js:3:9)',
    '2026-09-20 14:15:34.371836275 +0200 CEST web-1 no brackets',
    '2026-09-20 14:15:34.371836275 +0200 CEST [] empty source',
    '2026-09-20 14:15:34.371836275 +0200 CEST [web 1] space',
    '2026-09-20 14:15:34.371836275 +0200 CEST [web-1 not closed',
    '2026-09-20 14:15:34.371836275 +0200 averylongzone [web-1] x',
    '2026-09-20 14:15:34.371836275 0200 CEST [web-1] no sign of the zone',
    '2026-09-20 14:15:34.371836275 +02:0 CEST [web-1] x',
    '2026-13-20 14:15:34.371836275 +0200 CEST [web-1] month 13',
    '2026-02-30 14:15:34.371836275 +0200 CEST [web-1] no such day',
    '2026-09-20 24:15:34.371836275 +0200 CEST [web-1] hour 24',
    '2026-09-20T14:15:34.371836275 +0200 CEST [web-1] other form',
    '2026-09-20 14:15:34.371836275',
    `2026-09-20 14:15:34.1 +0200 CEST [${'x'.repeat(5000)}] source without bound`,
  ])('%s', (raw) => {
    expect(parseLine(raw)).toMatchObject({
      ts: null,
      quality: 'observed',
      component: null,
      source: 'app',
      message: raw,
    });
  });

  it('survives a line of a megabyte', () => {
    const raw = '['.repeat(1024 * 1024);
    expect(parseLine(raw).message).toBe(raw);
  });
});
