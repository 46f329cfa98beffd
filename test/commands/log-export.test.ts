// `logs export` through main(): what is refused, and that a file stands there whole or not at all.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ContainerStationServer, startContainerStation } from '../../src/sandbox/container-station.ts';
import { type ScalingoServer, startScalingo } from '../../src/sandbox/scalingo.ts';
import { createWorld, type World } from '../../src/sandbox/world.ts';
import { run } from '../host-of-streams.ts';

let world: World;
let scalingo: ScalingoServer;
let station: ContainerStationServer;
let folder: string;

beforeAll(async () => {
  world = createWorld({ scale: 0, past: 0 });
  world.write({ text: 'kept' });
  [scalingo, station] = await Promise.all([
    startScalingo({ world, ratePerMinute: 0, archives: 2 }),
    startContainerStation({ world, routineEvery: 0 }),
  ]);
  folder = await mkdtemp(join(tmpdir(), 'polylog-export-'));
});
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});
afterAll(async () => {
  world.close();
  await Promise.all([scalingo.close(), station.close()]);
  rmSync(folder, { recursive: true });
});

const exported = (line: string) => run(`logs export ${line}`, { ...scalingo.env, ...station.env });

describe('a part that cannot be had', () => {
  const lose = () => scalingo.faults.add({ name: 'expired-url', route: 'archive-file', times: 2 });

  it('leaves the file as it was, names the part and the way to the rest', async () => {
    const file = join(folder, 'shop.csv');
    writeFileSync(file, 'of yesterday');
    lose();
    const ran = await exported(`scalingo:shop -o csv --to ${file}`);
    expect(ran.code).toBe(6);
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^polylog: The export of scalingo:shop is not whole: the archive from .* was refused \(\d+\); .*shop\.csv was not written\. What can be read: polylog logs show scalingo:shop --all -o csv\.$/,
    );
    expect(readFileSync(file, 'utf8')).toBe('of yesterday');
    expect(readdirSync(folder)).toEqual(['shop.csv']);
    expect(await exported(`scalingo:shop -o csv --to ${file}`)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toContain('kept');
  });

  it('is said behind what went to stdout too', async () => {
    lose();
    const ran = await exported('scalingo:shop');
    expect(ran.code).toBe(6);
    expect(ran.stdout).toContain('"message":"kept"');
    expect(ran.stderr).toContain('is not whole: the archive from ');
  });
});

describe('a station that hands out less than it has', () => {
  it('fails an export that may lack lines, and says it once', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => ({ message: `row ${index + 1}` }));
    const blind = { logOffset: 'ignored', logTimes: 'ignored', maxLogLimit: 25 } as const;
    const nas = await startContainerStation({
      world,
      routineEvery: 0,
      rows,
      ...blind,
      missing: ['log-export'],
    });
    const file = join(folder, 'nas.ndjson');
    writeFileSync(file, 'of yesterday');
    const ran = await run(`logs export qnap: --to ${file}`, nas.env);
    const shown = await run('logs show qnap: --all -o raw', nas.env);
    await nas.close();
    expect(ran.code).toBe(6);
    const why = 'the station hands out nothing older than its row 36, and its log may reach further back';
    expect(ran.stderr.trimEnd().split('\n')).toEqual([
      `polylog: container-station: lines may be missing: ${why}`,
      `polylog: The export of container-station: may not be whole: ${why}; ${file} was not written. What can be read: polylog logs show container-station: --all -o ndjson.`,
    ]);
    expect(readFileSync(file, 'utf8')).toBe('of yesterday');
    expect(shown).toMatchObject({ code: 0, stderr: `${ran.stderr.split('\n')[0]}\n` });
    expect(shown.stdout.trimEnd().split('\n')).toHaveLength(25);
  });
});

describe('the own export of a station', () => {
  it('leaves the file as it was where a web page comes in its place', async () => {
    const file = join(folder, 'nas.csv');
    writeFileSync(file, 'of yesterday');
    const page = station.faults.add({ name: 'html-error', route: 'log-export', status: 200, times: 2 });
    const ran = await exported(`qnap: -o raw --to ${file}`);
    page();
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    expect(ran.stderr).toContain('the CSV export of the activity log with a web page in its place.');
    expect(readFileSync(file, 'utf8')).toBe('of yesterday');
    expect(await exported(`qnap: -o raw --to ${file}`)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toMatch(/^Date,/);
  });

  it('is refused where a filter is asked for, before anything is sent', async () => {
    const before = station.requests.length;
    for (const flag of ['--user ada', '--category image', '--text x', '--nas-timezone UTC', '--activity']) {
      const ran = await exported(`qnap: -o raw ${flag} --to ${join(folder, 'nas.csv')}`);
      expect(ran, flag).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).toContain(
        `takes no ${flag.split(' ')[0]} (container-station:). It is applied with -o csv`,
      );
    }
    expect(station.requests.length).toBe(before);
    expect(readdirSync(folder)).toEqual([]);
    const filtered = await exported('qnap: -o csv --user nobody');
    expect(filtered).toMatchObject({ code: 0, stderr: '' });
    expect(filtered.stdout.split('\n')).toHaveLength(2);
  });
});

it.each([
  ["another platform's flag", 'scalingo:shop -o raw --user x', 'Scalingo has no --user'],
  [
    "another platform's flag for a station",
    'qnap: -o raw --addon x',
    'QNAP Container Station has no --addon',
  ],
])('%s is refused', async (_, line, words) => {
  const ran = await exported(line);
  expect(ran).toMatchObject({ code: 2, stdout: '' });
  expect(ran.stderr).toContain(words);
});

it.each(['-f', '-n 5', '-g kept'])('what belongs to `logs` is refused before `export`: %s', async (flag) => {
  const ran = await run(`logs ${flag} export scalingo:shop`, scalingo.env);
  expect(ran).toMatchObject({ code: 2, stdout: '' });
  expect(ran.stderr).toMatch(/^polylog: logs export takes no --\w+\. .*logs show --all/);
});
