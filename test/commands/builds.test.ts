// Lists, details and stored logs of builds on every platform.
import { Ajv } from 'ajv';
import { parse } from 'csv-parse/sync';
import widthOf from 'fast-string-width';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RECORD_KEYS } from '../../src/output/records.ts';
import { recordSchema } from '../../src/output/schema.ts';
import { createPlace, linesOf, type Place, withoutColors } from '../bin/run-polylog.ts';
import {
  PLATFORMS,
  type PlatformName,
  type Still,
  Stills,
  startStill,
  WORDS,
} from '../bin/still-platform.ts';
import { onTerminal, polylog } from './in-process.ts';

vi.setConfig({ maxConcurrency: 8 });

let place: Place;
const stills = new Stills();
const BUILDS = 26;
beforeAll(async () => {
  place = await createPlace();
  for (const name of PLATFORMS) {
    const still = await startStill(name);
    for (let number = 1; number <= BUILDS; number += 1) {
      const deploy = still.world.deploy({ fail: number % 3 === 0 });
      still.world.advance(deploy.id, number % 3 === 0 ? 'failed' : 'succeeded');
    }
    stills.set(name, still);
  }
});
afterAll(async () => {
  await stills.close();
  await place.remove();
});

const of = (name: PlatformName): Still => stills.of(name);
const run = (still: Still, ...args: string[]) => polylog(args, { place, env: still.env });
const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(recordSchema());
/** What there is beside the world's deploys: two older tasks, the deployment that an app was founded with. */
const OLDER: Readonly<Record<PlatformName, number>> = {
  scalingo: 0,
  'container-station': 2,
  akkeris: 0,
  digitalocean: 1,
};

describe.concurrent.each(PLATFORMS)('%s: builds list', (name) => {
  const { target } = WORDS[name];

  it('has the newest twenty first', async () => {
    const still = of(name);
    const ran = await run(still, 'builds', 'list', target);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const [head, ...rows] = linesOf(ran.stdout);
    expect(head?.split(/ {2,}/)).toEqual(['ID', 'STATUS', 'COMMIT OR CAUSE', 'WHO', 'STARTED', 'DURATION']);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(
      still.world.deploys
        .toReversed()
        .slice(0, 20)
        .map((deploy) => still.idOf(deploy)),
    );
  });

  it('has as many as are wanted, or all', async () => {
    const still = of(name);
    const count = async (...flags: string[]) =>
      linesOf((await run(still, 'builds', 'list', target, '-o', 'ndjson', ...flags)).stdout).length;
    if (name === 'scalingo') expect(await count('-n', '3')).toBe(3);
    if (name === 'scalingo') expect(await count('-n', '0')).toBe(0);
    expect(await count('--all')).toBe(BUILDS + OLDER[name]);
  });

  it('keeps those of a status, counting only them', async () => {
    const ran = await run(of(name), 'builds', 'list', target, '--status', 'failed', '-n', '5', '--json');
    const builds: { status: string }[] = JSON.parse(ran.stdout);
    expect(builds.map(({ status }) => status)).toEqual(Array(5).fill('failed'));
  });

  it('gives records in every form, valid and the same', async () => {
    const still = of(name);
    const print = (form: string) => run(still, 'builds', 'list', target, '-n', '6', '-o', form);
    const ndjson = await print('ndjson');
    const records = linesOf(ndjson.stdout).map((line) => JSON.parse(line));
    for (const record of records) expect(isValid(record), JSON.stringify(isValid.errors)).toBe(true);
    expect(records).toHaveLength(6);
    // The forms know no platform: two are enough.
    if (name === 'scalingo' || name === 'akkeris') return;
    const [json, csv] = await Promise.all([print('json'), print('csv')]);
    expect(JSON.parse(json.stdout)).toEqual(records);
    const rows: Record<string, string>[] = parse(csv.stdout, { columns: true });
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'v',
      'type',
      'provider',
      'profile',
      'app',
      ...RECORD_KEYS.build,
    ]);
    expect(rows.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
  });

  it.each(name === 'scalingo' ? [80, 200] : [80])(
    'fits a terminal of %i columns without losing an id, a status or a time',
    async (columns) => {
      const still = of(name);
      const args = ['builds', 'list', target, '-n', '4'];
      const { code, text } = await onTerminal(args, { place, env: still.env, columns }).ended;
      expect(code).toBe(0);
      const lines = withoutColors(text).trimEnd().split('\n');
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      for (const deploy of still.world.deploys.slice(-4)) {
        const id = columns === 80 ? still.idOf(deploy).slice(0, 8) : still.idOf(deploy);
        const row = lines.find((line) => line.startsWith(`${id} `));
        expect(row).toMatch(/ (succeeded|superseded|failed)\b.* \d\d-\d\d \d\d:\d\d:\d\d +\d+s$/);
      }
      // What stands there can be typed.
      const shortest = lines[1]?.split(' ')[0] ?? '';
      const shown = await run(still, 'builds', 'show', target, shortest);
      expect(shown.stdout).toContain(still.idOf(still.world.deploys.at(-1) ?? still.world.deploy()));
    },
  );
});

describe.concurrent.each(PLATFORMS)('%s: builds show', (name) => {
  const { target } = WORDS[name];

  it('shows the latest as text', async () => {
    const still = of(name);
    const newest = still.world.deploys.at(-1);
    const ran = await run(still, 'builds', 'show', target);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const lines = linesOf(ran.stdout);
    expect(lines[0]).toBe(`id        ${newest ? still.idOf(newest) : ''}`);
    expect(lines[1]).toBe('status    succeeded');
    const steps = lines.slice(lines.indexOf('steps') + 1);
    if (name === 'digitalocean') {
      expect(steps.map((line) => line.replace(/ +\d+s {2}/, ' ? '))).toEqual(
        expect.arrayContaining([
          '  succeeded ? build',
          '  succeeded ?   components',
          '  succeeded ?     Building service web',
          '  succeeded ?       Waiting for worker worker',
        ]),
      );
    } else if (name === 'akkeris') {
      expect(steps[0]).toMatch(/^ {2}succeeded +\d+s {2}build$/);
      expect(steps[1]).toMatch(/^ {2}succeeded +release v\d+$/);
    } else expect(lines).not.toContain('steps');
  });

  it('shows a failed one as a record with its reason', async () => {
    const still = of(name);
    const failed = still.world.deploys.find(({ status }) => status === 'failed');
    const id = failed ? still.idOf(failed) : '';
    const ran = await run(still, 'builds', 'show', target, id, '--json');
    const [build] = JSON.parse(ran.stdout);
    expect(isValid(build), JSON.stringify(isValid.errors)).toBe(true);
    expect(build).toMatchObject({ id, status: 'failed' });
    if (name === 'digitalocean') {
      const step = build.steps.find((one: { name: string }) =>
        one.name.startsWith('build/components/Building service web'),
      );
      expect(step).toMatchObject({ status: 'failed', reason: expect.stringContaining('status 2') });
    }
    if (name === 'container-station') expect(build.reason).toContain('status 2');
  });

  it('knows none that is not there', async () => {
    const id = name === 'container-station' ? '999' : '00000000-0000-4000-8000-000000000000';
    for (const command of name === 'scalingo' ? [['show'], ['wait'], ['log', '-f']] : [['log', '-f']]) {
      const ran = await run(of(name), 'builds', ...command, target, id);
      expect(ran.code, ran.stderr).toBe(5);
      expect(ran.stdout).toBe('');
      expect(ran.stderr).toContain(id);
      expect(linesOf(ran.stderr)).toHaveLength(1);
    }
  });

  it('takes the beginning of an id when it is the only one', async () => {
    const still = of(name);
    const ids = still.world.deploys.map((deploy) => still.idOf(deploy));
    if (name === 'container-station') {
      // Whole ids come before beginnings: 1 is meant, not 10.
      const ran = await run(still, 'builds', 'show', target, '1');
      return expect(ran.stdout).toMatch(/^id +1\n/);
    }
    const alone = ids.find((id) => ids.filter((one) => one.startsWith(id.slice(0, 4))).length === 1) ?? '';
    const ran = await run(still, 'builds', 'show', target, alone.slice(0, 4));
    expect(ran.stdout).toContain(alone);
    // More builds than hexadecimal digits: two begin alike.
    const shared = ids.find((id) => ids.filter((one) => one.startsWith(id.slice(0, 1))).length > 1) ?? '';
    const ambiguous = await run(still, 'builds', 'show', target, shared.slice(0, 1));
    expect(ambiguous).toMatchObject({ code: 2, stdout: '' });
    expect(ambiguous.stderr).toContain(shared);
    expect(ambiguous.stderr).toMatch(/is the beginning of \d+ builds/);
    // No gate judges a build by chance.
    const gate = await run(still, 'builds', 'wait', target, shared.slice(0, 1));
    expect(gate).toMatchObject({ code: 2, stdout: '' });
  });

  it('knows the active one, or says that the platform does not tell', async () => {
    const ran = await run(of(name), 'builds', 'show', target, 'active');
    if (name === 'container-station') {
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      return expect(ran.stderr).toContain('does not say which build is active');
    }
    const newest = of(name).world.deploys.at(-1);
    expect(ran.stdout).toContain(newest?.id);
  });

  it('says that there is no active one', async () => {
    if (name === 'container-station') return;
    const empty = await startStill(name, { digitalocean: { deployed: false } });
    for (const command of name === 'scalingo' ? ['show', 'wait'] : ['wait']) {
      const ran = await run(empty, 'builds', command, target, 'active');
      expect(ran.code, ran.stderr).toBe(5);
      expect(linesOf(ran.stderr)).toHaveLength(1);
      expect(ran.stderr).toContain('has no active build');
    }
    await empty.close();
  });
});

describe.concurrent.each(PLATFORMS)('%s: builds log', (name) => {
  const { target } = WORDS[name];

  it('gives what is stored, and the result as exit code', async () => {
    const still = of(name);
    const [good, bad] = ['succeeded', 'failed'].map((status) =>
      still.world.deploys.findLast((deploy) => deploy.status === status),
    );
    if (!good || !bad) throw new Error('no builds');
    const well = await run(still, 'builds', 'log', target, still.idOf(good));
    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout).toContain(name === 'container-station' ? 'Finished background task' : '148 modules');
    const badly = await run(still, 'builds', 'log', target, still.idOf(bad));
    expect(badly.code).toBe(1);
    expect(badly.stdout).toContain(name === 'container-station' ? 'Failed to do background task' : 'TS2322');
    expect(linesOf(badly.stderr)).toEqual([expect.stringMatching(/ failed\b.* More: polylog builds show /)]);
    if (name !== 'digitalocean') return;
    const calm = await run(still, 'builds', 'log', target, still.idOf(bad), '--no-exit-status');
    expect(calm).toMatchObject({ code: 0, stdout: badly.stdout });
  });

  it('ends with 8 while the build runs', async () => {
    const still = await startStill(name);
    const deploy = still.world.deploy();
    still.world.advance(deploy.id, 'building');
    const ran = await run(still, 'builds', 'log', target);
    if (name !== 'digitalocean') expect(ran.stdout).toContain(still.firstLine);
    expect(ran.code).toBe(8);
    expect(linesOf(ran.stderr).at(-1)).toMatch(
      new RegExp(`^polylog: ${still.label}: build ${still.idOf(deploy)} is still running`),
    );
    await still.close();
  });

  it('has lines in other forms', async () => {
    const still = of(name);
    const ndjson = await run(still, 'builds', 'log', target, '-o', 'ndjson');
    const records = linesOf(ndjson.stdout).map((line) => JSON.parse(line));
    expect(records.length).toBeGreaterThan(1);
    for (const record of records) {
      expect(isValid(record), JSON.stringify(isValid.errors)).toBe(true);
      expect(record.source).toBe('build');
    }
    if (name === 'container-station' || name === 'akkeris') return;
    const text = await run(still, 'builds', 'log', target, '-o', 'text', '--ansi', 'strip');
    const lines = linesOf(text.stdout);
    expect(lines).toHaveLength(records.length);
    expect(text.stdout).not.toContain('\u001b');
    for (const line of lines) expect(line).toMatch(/^(-|\d{4}-\S+Z) \S+:\S* ?/);
  });
});

describe('a status', () => {
  it('refuses a status that is none', async () => {
    const ran = await run(of('scalingo'), 'builds', 'list', 'scalingo:shop', '--status', 'sideways');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('queued, running, succeeded, failed, cancelled, superseded, unknown');
  });
});

describe('a deploy phase', () => {
  it.each(PLATFORMS)('%s', async (name) => {
    const ran = await run(of(name), 'builds', 'log', WORDS[name].target, '--deploy');
    if (name === 'akkeris' || name === 'digitalocean') {
      expect(ran.code, ran.stderr).toBe(0);
      expect(linesOf(ran.stdout).length).toBeGreaterThan(0);
    } else {
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).toContain('leave out --deploy');
    }
  });
});

describe('a commit', () => {
  it('cannot be waited for where builds have none', async () => {
    const ran = await run(of('container-station'), 'builds', 'wait', 'qnap:', '--commit', 'abc123');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('knows no commits');
  });
});
