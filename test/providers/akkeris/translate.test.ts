// Every sample line of the documentation and of both log services, and lines that only look like theirs.
import { describe, expect, it } from 'vitest';
import { formatInstant, type LogBody } from '../../../src/model.ts';
import { parseLine, readTime } from '../../../src/providers/akkeris/translate.ts';

interface Expected {
  ts?: string | null;
  quality?: LogBody['quality'];
  component?: string | null;
  instance?: string | null;
  source?: LogBody['source'];
  stream?: LogBody['stream'];
  level?: LogBody['level'];
  message: string;
}

function shown(raw: string) {
  const { ts, ...body } = parseLine(raw);
  return { ...body, ts: ts === null ? null : formatInstant(ts) };
}

const ROUTER =
  'bytes=448 method=GET request_id=24FB fwd=1.1.1.1 origin= status=200 service=10ms total=12ms source=1.1.1.1 dyno=api-default host=api path=/theme';
const ENVOY =
  'bytes=448 request_size=300 response_size=148 method=GET request_id=24FB fwd=1.1.1.1 authority=api.example.com protocol=http11 status=200 connect=0.40ms service=10.11ms total=12.00ms path=/theme';

const classic: [string, string, Expected][] = [
  [
    'the router',
    `2018-03-24T01:07:18Z api-default akkeris/router: ${ROUTER}`,
    {
      ts: '2018-03-24T01:07:18Z',
      quality: 'second',
      source: 'router',
      component: 'router',
      instance: null,
      message: ROUTER,
    },
  ],
  [
    'a web dyno',
    '2018-03-24T01:07:20Z api-default app[web.1562910588-cg82f]: Entering api.getTheme: user 339910',
    {
      component: 'web',
      instance: 'web.1562910588-cg82f',
      source: 'app',
      message: 'Entering api.getTheme: user 339910',
    },
  ],
  [
    'a worker',
    '2018-03-24T01:07:20Z api-default app[worker.1562910588-ccefa]: job done',
    { component: 'worker', instance: 'worker.1562910588-ccefa', message: 'job done' },
  ],
  [
    'an event, which is about no dyno',
    '2018-03-24T01:07:21Z api-default app[web.akkeris/event]: Slug compilation started',
    { source: 'platform', component: null, instance: null, message: 'Slug compilation started' },
  ],
  [
    'a build',
    '2018-03-24T01:07:22Z api-default akkeris/build: Step 1/5 : FROM node',
    { source: 'build', component: 'build', message: 'Step 1/5 : FROM node' },
  ],
  [
    'a site',
    `2018-03-24T01:07:18Z www.example.com akkeris/router: ${ROUTER}`,
    { source: 'router', component: 'router', instance: null, message: ROUTER },
  ],
  [
    'another part of the platform',
    '2018-03-24T01:07:18Z a-b akkeris/scheduler: x',
    { source: 'platform', message: 'x' },
  ],
  ['leading spaces', '2018-03-24T01:07:18Z a-b app[web.1]:   x ', { instance: 'web.1', message: '  x ' }],
  ['an empty message', '2018-03-24T01:07:18Z a-b app[web.1]: ', { instance: 'web.1', message: '' }],
  ['nothing behind the tag', '2018-03-24T01:07:18Z a-b app[web.1]:', { instance: 'web.1', message: '' }],
  [
    'a dyno without instance',
    '2018-03-24T01:07:18Z a-b app[web]: x',
    { component: 'web', instance: null, message: 'x' },
  ],
  [
    'a fraction and an offset',
    '2018-03-24T03:07:18.250+02:00 a-b app[web.1]: x',
    { ts: '2018-03-24T01:07:18.250Z', quality: 'exact', message: 'x' },
  ],
];

const syslog: [string, string, Expected][] = [
  [
    'the router',
    `<0>1 2021-03-24T01:07:18.123456Z api-default akkeris/router - - - ${ENVOY}`,
    {
      ts: '2021-03-24T01:07:18.123456Z',
      quality: 'exact',
      source: 'router',
      component: 'router',
      level: null,
      message: ENVOY,
    },
  ],
  [
    'a dyno, with the space that was its line end',
    '<0>1 2021-03-24T01:07:20.5Z api-default web.1562910588-cg82f - - - Entering api.getTheme ',
    {
      ts: '2021-03-24T01:07:20.5Z',
      component: 'web',
      instance: 'web.1562910588-cg82f',
      source: 'app',
      stream: null,
      level: null,
      message: 'Entering api.getTheme',
    },
  ],
  ['one space only', '<0>1 2021-03-24T01:07:20.5Z a-b web.1 - - -  x  ', { message: ' x ' }],
  [
    'no fraction',
    '<0>1 2021-03-24T01:07:20Z a-b web.1 - - - x',
    { ts: '2021-03-24T01:07:20Z', quality: 'exact', message: 'x' },
  ],
  [
    'nothing behind the header',
    '<0>1 2021-03-24T01:07:20Z a-b web.1 - - -',
    { instance: 'web.1', message: '' },
  ],
  ['an empty message', '<0>1 2021-03-24T01:07:20Z a-b web.1 - - -  ', { message: '' }],
  [
    'a drain: stdout',
    '<14>1 2021-03-24T01:07:20Z a-b web.1 - - - x',
    { stream: 'stdout', level: null, message: 'x' },
  ],
  [
    'a drain: stderr',
    '<11>1 2021-03-24T01:07:20Z a-b web.1 - - - x',
    { stream: 'stderr', level: null, message: 'x' },
  ],
  [
    'a severity',
    '<12>1 2021-03-24T01:07:20Z a-b web.1 - - - x',
    { stream: null, level: 'warn', message: 'x' },
  ],
  [
    'an event',
    '<0>1 2021-03-24T01:07:20Z a-b web.akkeris/event - - - x',
    { source: 'platform', component: null, message: 'x' },
  ],
  [
    'the older tag',
    '<0>1 2021-03-24T01:07:20Z a-b app[worker.9-x] - - - x',
    { component: 'worker', instance: 'worker.9-x', message: 'x' },
  ],
  [
    'an offset',
    '<0>1 2021-03-23T20:07:20.000001-05:00 a-b web.1 - - - x',
    { ts: '2021-03-24T01:07:20.000001Z', message: 'x' },
  ],
];

describe('the classic form', () => {
  it.each(classic)('%s', (_, raw, expected) => {
    expect(shown(raw)).toMatchObject(expected);
  });
});

describe('the RFC 5424 form', () => {
  it.each(syslog)('%s', (_, raw, expected) => {
    expect(shown(raw)).toMatchObject(expected);
  });
});

describe('a line of neither form is all message', () => {
  const others: [string, string][] = [
    ['nothing', ''],
    ['a stack trace', '    at api.getTheme (/app/index.js:12:3)'],
    ['a time alone', '2018-03-24T01:07:18Z'],
    ['no tag', '2018-03-24T01:07:18Z api-default'],
    ['a tag without a colon', '2018-03-24T01:07:18Z api-default app[web.1] x'],
    ['a tag that is only a colon', '2018-03-24T01:07:18Z api-default : x'],
    ['two spaces', '2018-03-24T01:07:18Z  app[web.1]: x'],
    ['a tag with a sign', '2018-03-24T01:07:18Z api-default a$b: x'],
    ['no such day', '2018-02-30T01:07:18Z api-default app[web.1]: x'],
    ['no such hour', '2018-03-24T25:07:18Z api-default app[web.1]: x'],
    ['no zone', '2018-03-24T01:07:18 api-default app[web.1]: x'],
    ['half a zone', '2018-03-24T01:07:18+0200 api-default app[web.1]: x'],
    ['a tag beyond reason', `2018-03-24T01:07:18Z api-default ${'a'.repeat(300)}: x`],
    ['a priority alone', '<0>'],
    ['another version', '<0>2 2021-03-24T01:07:20Z a-b web.1 - - - x'],
    ['no number', '<x>1 2021-03-24T01:07:20Z a-b web.1 - - - x'],
    ['too large a number', '<192>1 2021-03-24T01:07:20Z a-b web.1 - - - x'],
    ['no time', '<0>1 - a-b web.1 - - - x'],
    ['something between', '<0>1 2021-03-24T01:07:20Z a-b web.1 7 - - x'],
    ['no space behind the header', '<0>1 2021-03-24T01:07:20Z a-b web.1 - - -x'],
    ['markup', '<b>1 2 3'],
  ];
  it.each(others)('%s', (_, raw) => {
    expect(shown(raw)).toMatchObject({
      ts: null,
      quality: 'observed',
      component: null,
      source: 'app',
      message: raw,
    });
  });
});

it('does not carry one day into the next line', () => {
  const day = (raw: string) => shown(`${raw}T00:00:00Z a-b app[web.1]: x`).ts;
  expect(['2018-03-24', '2018-03-25', '2018-03-24', '2018-13-01'].map(day)).toEqual([
    '2018-03-24T00:00:00Z',
    '2018-03-25T00:00:00Z',
    '2018-03-24T00:00:00Z',
    null,
  ]);
});

it('keeps nine digits of a longer fraction', () => {
  const time = readTime('2021-03-24T01:07:20.1234567891Z', 0);
  expect(time && formatInstant(time.ts)).toBe('2021-03-24T01:07:20.123456789Z');
});
