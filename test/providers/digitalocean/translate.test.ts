import { describe, expect, it } from 'vitest';
import { formatInstant, LogEntry } from '../../../src/model.ts';
import {
  appOf,
  appRecordOf,
  createLineParser,
  deploymentOf,
  millisOf,
  startsLine,
} from '../../../src/providers/digitalocean/translate.ts';

const parse = createLineParser({ source: 'app', deployment: 'd-1', component: null });

describe('a line', () => {
  it.each([
    ['web 2026-08-01T10:00:00.123456789Z hello', 'web', '2026-08-01T10:00:00.123456789Z', 'hello'],
    ['foo-service 2026-08-01T10:00:01Z fake logs', 'foo-service', '2026-08-01T10:00:01Z', 'fake logs'],
    ['web 2025-12-01T03:10:42.006572674Z │', 'web', '2025-12-01T03:10:42.006572674Z', '│'],
    [
      'web 2025-12-01T03:16:29.56Z > NODE_ENV=production',
      'web',
      '2025-12-01T03:16:29.56Z',
      '> NODE_ENV=production',
    ],
    ['web 2026-08-01T12:00:00.5+02:00 zone', 'web', '2026-08-01T10:00:00.5Z', 'zone'],
    ['web 2026-08-01T09:30:00-00:30 zone', 'web', '2026-08-01T10:00:00Z', 'zone'],
    ['web 2026-08-01T10:00:00Z', 'web', '2026-08-01T10:00:00Z', ''],
    ['web 2026-08-01T10:00:00Z ', 'web', '2026-08-01T10:00:00Z', ''],
    ['web 2026-08-01T10:00:00Z   indented', 'web', '2026-08-01T10:00:00Z', '  indented'],
    ['web 2026-08-01T10:00:00.1234567891234Z long', 'web', '2026-08-01T10:00:00.123456789Z', 'long'],
  ])('%s', (raw, component, ts, message) => {
    const body = parse(raw);
    expect(body).toMatchObject({ component, message, source: 'app', deployment: 'd-1', instance: null });
    expect(body.ts && formatInstant(body.ts)).toBe(ts);
  });

  it.each([
    '',
    ' ',
    'hello world',
    ' 2026-08-01T10:00:00Z no component',
    'web 2026-08-01T10:00:00Zx',
    'web 2026-08-01 10:00:00Z x',
    'web 2026-02-30T10:00:00Z x',
    'web 2026-08-01T24:00:00Z x',
    'web 2026-08-01T10:00:00.Z x',
    'web 2026-08-01T10:00:00 x',
    'web 2026-08-01T10:00:00+0200 x',
    'web  2026-08-01T10:00:00Z x',
    '[web] [2025-01-20 13:43:14] text',
    `${'w'.repeat(200)} 2026-08-01T10:00:00Z x`,
  ])('of another form stays as it is: %j', (raw) => {
    expect(parse(raw)).toMatchObject({ ts: null, component: null, message: raw, quality: 'observed' });
    expect(startsLine(raw)).toBe(false);
  });

  it.each([
    ['[web] [2025-01-20 13:43:14] text', '2025-01-20T13:43:14Z', 'text'],
    ['[web] [2025-01-20 13:43:14]', '2025-01-20T13:43:14Z', ''],
    ['[web] [2025-01-20 13:43:14]  [x] y', '2025-01-20T13:43:14Z', ' [x] y'],
    ['[info] [2025-01-20 13:43:14] text', null, null],
    ['[web] [2025-02-30 13:43:14] text', null, null],
    ['[web] [2025-01-20 25:43:14] text', null, null],
    ['[web] [2025-01-20 13:43:14]text', null, null],
    ['[web] [2025-01-20T13:43:14Z] text', null, null],
  ])('as the website shows it is one when it names a component: %s', (raw, ts, message) => {
    const names = new Set(['web']);
    const parser = createLineParser({ source: 'app', deployment: 'd-1', component: null, names });
    const entry = new LogEntry(raw, parser);
    const { body } = entry;
    expect([body.ts && formatInstant(body.ts), body.component, body.message]).toEqual([
      ts,
      ts === null ? null : 'web',
      message ?? raw,
    ]);
    expect(body.quality).toBe(ts === null ? 'observed' : 'second');
    expect(millisOf(entry)).toBe(ts === null ? Number.NaN : Date.parse(ts));
  });

  it('says how fine its time is', () => {
    expect(parse('web 2026-08-01T10:00:00Z x').quality).toBe('second');
    expect(parse('web 2026-08-01T10:00:00.1Z x').quality).toBe('exact');
  });

  it('keeps days apart that follow each other', () => {
    const days = ['2026-08-01', '2026-08-02', '2024-02-29', '2026-08-01'];
    expect(days.map((day) => parse(`web ${day}T00:00:00Z x`).ts?.seconds)).toEqual(
      days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000),
    );
  });

  it('keeps components apart of which one begins like the other', () => {
    const names = ['web', 'web2', 'web', 'we'];
    expect(names.map((name) => parse(`${name} 2026-08-01T10:00:00Z x`).component)).toEqual(names);
  });

  it('without a header belongs to the one component that was asked for', () => {
    const narrowed = createLineParser({ source: 'build', deployment: null, component: 'web' });
    expect(narrowed('no header')).toMatchObject({ component: 'web', source: 'build', ts: null });
  });
});

describe('an app', () => {
  const spec = {
    name: 'shop',
    region: 'ams',
    functions: [{ name: 'fn' }],
    services: [{ name: 'web', instance_count: 2 }, { no: 'name' }],
    workers: [{ name: 'worker' }],
    jobs: [{ name: 'migrate', kind: 'PRE_DEPLOY' }],
    static_sites: [{ name: 'site' }],
    databases: [{ name: 'db' }],
  };

  it('has its components, its region and the phase of what is active', () => {
    const record = appRecordOf({
      id: 'a-1',
      spec,
      region: { slug: 'fra', label: 'Frankfurt' },
      active_deployment: { id: 'd-1', phase: 'ACTIVE' },
    });
    expect(typeof record === 'object' && appOf(record)).toEqual({
      id: 'a-1',
      name: 'shop',
      components: [
        { name: 'web', kind: 'service', instances: 2 },
        { name: 'worker', kind: 'worker', instances: null },
        { name: 'migrate', kind: 'job', instances: null },
        { name: 'site', kind: 'static_site', instances: null },
        { name: 'db', kind: 'database', instances: null },
        { name: 'fn', kind: 'function', instances: null },
      ],
      region: 'fra',
      status: 'ACTIVE',
    });
  });

  it('names the field without which it cannot be used', () => {
    expect(appRecordOf({ spec: { name: 'shop' } })).toBe('id');
    expect(appRecordOf({ id: 'a-1', spec: null })).toBe('spec.name');
  });

  it('shows what is coming while nothing is active', () => {
    const record = appRecordOf({ id: 'a', spec, pending_deployment: { id: 'd-2', phase: 'PENDING_BUILD' } });
    expect(typeof record === 'object' && [appOf(record).region, appOf(record).status]).toEqual([
      'ams',
      'PENDING_BUILD',
    ]);
  });
});

describe('a deployment', () => {
  it('has the components of its own lists, else of its spec', () => {
    expect(deploymentOf({ id: 'd', services: [{ name: 'web' }], spec: { jobs: [{ name: 'j' }] } })).toEqual({
      id: 'd',
      phase: null,
      components: ['web'],
    });
    expect(deploymentOf({ id: 'd', phase: 'ACTIVE', spec: { jobs: [{ name: 'j' }] } })?.components).toEqual([
      'j',
    ]);
  });

  it.each([null, 'text', {}, { id: '' }])('is none: %j', (value) => {
    expect(deploymentOf(value)).toBeNull();
  });
});
