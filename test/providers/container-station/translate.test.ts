import { describe, expect, it } from 'vitest';
import { formatInstant } from '../../../src/model.ts';
import { clockOfOffset } from '../../../src/providers/container-station/clock.ts';
import {
  containerNamedIn,
  entryOfLine,
  entryOfRow,
  names,
  readConsole,
  readContainers,
  readRows,
} from '../../../src/providers/container-station/translate.ts';

const EAST_8 = clockOfOffset(8 * 3_600_000);

/** From the documents of the first build and of version 2.4. */
const PUBLISHED = [
  {
    category: 'import',
    id: 52,
    level: 'INFO',
    message: 'Finished import container (lxc, utest_import) from (/test/c.tgz) (return=0)',
    ts: 1426613412,
    user: 'Anonymous',
  },
  {
    category: 'image',
    id: 59,
    level: 'INFO',
    message: 'Registry remove: new_test',
    ts: 1628700802,
    user: 'admin',
  },
];

describe('a row of the activity log', () => {
  it('becomes an entry', () => {
    const [row] = readRows([PUBLISHED[1]], 'test');
    if (!row) throw new Error('no row');
    const entry = entryOfRow(row, EAST_8);
    expect(JSON.parse(entry.raw)).toEqual(PUBLISHED[1]);
    expect(entry.raw).not.toContain('\n');
    expect({ ...entry.body, ts: entry.body.ts && formatInstant(entry.body.ts) }).toEqual({
      ts: '2021-08-11T08:53:22Z',
      quality: 'corrected',
      component: null,
      instance: null,
      source: 'platform',
      stream: null,
      level: 'info',
      message: 'Registry remove: new_test',
      fields: { category: 'image', user: 'admin' },
      id: '59',
      deployment: null,
    });
  });

  it.each([
    ['INFO', 'info'],
    ['WARN', 'warn'],
    ['ERROR', 'error'],
    ['error', 'error'],
    ['NEW', null],
    [7, null],
    [undefined, null],
  ])('level %j is %j', (level, expected) => {
    const [row] = readRows([{ ...PUBLISHED[0], level }], 'test');
    expect(row && entryOfRow(row, EAST_8).body.level).toBe(expected);
  });

  it.each([[undefined], [null], ['1'], [1e300], [Number.NaN]])('with the time %j has none', (ts) => {
    const [row] = readRows([{ ...PUBLISHED[0], ts }], 'test');
    const body = row && entryOfRow(row, EAST_8).body;
    expect([body?.ts, body?.quality]).toEqual([null, 'observed']);
  });

  it('without a message shows itself', () => {
    const [row] = readRows([{ id: 1, text: 'odd\nline' }], 'test');
    expect(row?.message).toBe('{"id":1,"text":"odd\\nline"}');
  });

  it.each([[{}], [[7]], [[{ id: 'x' }]], [[{ message: 'no id' }]], [[null]], ['text'], [null]])(
    '%j is none',
    (json) => {
      expect(() => readRows(json, 'The station')).toThrow(expect.objectContaining({ kind: 'platform' }));
    },
  );
});

describe('the container that a row names', () => {
  it.each([
    ['container', 'Start container (docker, 08fd4fac14b8, DockerTestAPI)', 'DockerTestAPI'],
    ['container', 'Create container (lxc, utest)', 'utest'],
    ['container', 'Finished create container (docker, dtest) (return=0)', 'dtest'],
    ['import', 'Finished import container (lxc, utest_import) from (/test/c.tgz) (return=0)', 'utest_import'],
    [
      'export',
      'Start to export container (docker, 08fd4fac14b8, DockerTestAPI) to (/test/d.tgz)',
      'DockerTestAPI',
    ],
    ['backup', 'User cancel of backup job (lxc, utest)', 'utest'],
    ['backup', "Backup error: [[Errno 2] No such file or directory: '/a'] (lxc, utest)", 'utest'],
    ['container', 'Start to do background task (create, joomla_db_1)', 'joomla_db_1'],
    ['container', 'Background task error for create lxdTest: Failed creating instance record', 'lxdTest'],
    ['container', 'Start application: joomla', null],
    ['image', 'Start to download image from appcenter (lxc, ubuntu-trusty)', null],
    ['image', 'Finished to download image from dockerhub (docker, lgsd/diamond:latest)', null],
    ['image', 'Image removed (docker, busybox:latest)', null],
    ['container', 'commit container (docker, 08fd4fac14b8, aaa)', null],
    ['image', 'Start to do background task (image_download, busybox)', null],
    ['system', 'Start Container Station: v1.3', null],
    ['container', 'Create task logs are cleared', null],
  ])('%s: %s', (category, message, expected) => {
    expect(containerNamedIn({ category, message })).toBe(expected);
  });

  it('is told from its namesake of another type, and known by its id', () => {
    const web = { type: 'docker', name: 'web', id: '08fd4fac14b85af65da4', state: null };
    const said = (message: string, category = 'container') => {
      const [row] = readRows([{ id: 1, ts: 1, category, message }], 'test');
      return row ? names(row, web) : null;
    };
    expect(said('Stop container (docker, 397568fb6bde, web)')).toBe(true);
    expect(said('Stop container (lxc, web)')).toBe(false);
    expect(said('Stop container (docker, 08fd4fac14b8, old-name)')).toBe(true);
    expect(said('Stop container (docker, 397568fb6bde, web2)')).toBe(false);
    expect(said('Export error for 08fd4fac14b8: (127,)', 'export')).toBe(true);
    expect(said('Image removed (docker, web)', 'image')).toBe(false);
  });
});

describe('containers', () => {
  it('need a type and a name', () => {
    const [stopped] = readContainers([{ type: 'lxc', name: 'utest', extra: 1 }], 'test');
    expect(stopped).toEqual({ type: 'lxc', name: 'utest', id: 'utest', state: null });
    expect(() => readContainers([{ type: 'docker' }], 'test')).toThrow(/"name"/);
    expect(() => readContainers({}, 'test')).toThrow(/no list/);
  });
});

describe('console text', () => {
  it.each([
    [
      'docker with a terminal',
      { logs: 'GET / 200\r\nGET /x 404\r\n', tail: 2 },
      ['GET / 200', 'GET /x 404'],
      '',
    ],
    ['docker without one', { logs: 'a\nb\n', tail: 2 }, ['a', 'b'], ''],
    ['lxd with its prompt', 'Welcome\r\n\r\nlxdTest login: ', ['Welcome', ''], 'lxdTest login: '],
    ['a lone CR stays', { logs: '10%\r20%\r\n' }, ['10%\r20%'], ''],
    ['nothing', { logs: '' }, [], ''],
    ['null', { logs: null }, [], ''],
  ])('%s', (_name, json, lines, rest) => {
    expect(readConsole(json)).toEqual({ lines, rest });
  });

  it.each([[{}], [[]], [7], [{ logs: ['a'] }], [null]])('is not %j', (json) => {
    expect(readConsole(json)).toBeNull();
  });

  it('keeps a line up to 1 MiB and counts what is cut', () => {
    const mebibyte = 1024 * 1024;
    expect(entryOfLine('x'.repeat(mebibyte)).truncated).toBe(0);
    const long = entryOfLine(`${'x'.repeat(mebibyte - 1)}ü and more`);
    expect(long.raw).toBe('x'.repeat(mebibyte - 1));
    expect(long.truncated).toBe(11);
  });

  it('has neither times nor levels', () => {
    expect(entryOfLine('ERROR x').body).toMatchObject({
      ts: null,
      quality: 'observed',
      level: null,
      source: 'app',
    });
  });
});
