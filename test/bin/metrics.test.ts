// Figures of every platform as tables, records, charts and for Prometheus, and what is said when not all can be had.
import { execFileSync } from 'node:child_process';
import { Ajv } from 'ajv';
import widthOf from 'fast-string-width';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { recordSchema } from '../../src/output/schema.ts';
import {
  createPlace,
  linesOf,
  onTerminal,
  type Place,
  polylog,
  startPolylog,
  withoutColors,
} from './run-polylog.ts';
import {
  PLATFORMS,
  type PlatformName,
  type Still,
  Stills,
  startBetween,
  startStill,
  WORDS,
} from './still-platform.ts';

vi.setConfig({ maxConcurrency: 8 });

let place: Place;
const stills = new Stills();
beforeAll(async () => {
  place = await createPlace();
  for (const name of PLATFORMS) stills.set(name, await startStill(name, { world: { past: 200 } }));
});
afterAll(async () => {
  await stills.close();
  await place.remove();
});

const of = (name: PlatformName): Still => stills.of(name);
const show = (still: Pick<Still, 'env'>, ...args: string[]) =>
  polylog(['metrics', 'show', ...args], { place, env: still.env });
const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(recordSchema());
/** One with a history where there is any. */
const METRIC: Readonly<Record<PlatformName, string>> = {
  scalingo: 'memory',
  'container-station': 'memory',
  akkeris: 'memory_usage_bytes',
  digitalocean: 'cpu_percentage',
};
const hasHistory = (name: PlatformName) => name !== 'container-station';

const PATIENCE = { timeout: 15_000, interval: 20 };

interface Sample {
  readonly ts: string;
  readonly component: string | null;
  readonly instance: string | null;
  readonly metric: string;
  readonly value: number | null;
}
const samplesOf = (stdout: string): Sample[] => linesOf(stdout).map((line) => JSON.parse(line));

/** Every number in it, strings of digits included. */
function numbersIn(json: unknown, found = new Set<number>()): Set<number> {
  if (typeof json === 'number' || (typeof json === 'string' && json !== '')) found.add(Number(json));
  else if (typeof json === 'object' && json !== null)
    for (const value of Object.values(json)) numbersIn(value, found);
  return found;
}

describe.concurrent.each(PLATFORMS)('%s: metrics show', (name) => {
  const { target, label } = WORDS[name];

  it('is a table of which a pipe gets everything', async () => {
    const ran = await show(of(name), target, '--since', '30m');
    expect(ran.code).toBe(0);
    const [head, ...rows] = linesOf(ran.stdout);
    expect(head).toMatch(/^COMPONENT +METRIC +LAST +MIN +MEAN +P90 +MAX +UNIT/);
    expect(head?.endsWith('TREND')).toBe(hasHistory(name));
    expect(rows.length).toBeGreaterThan(5);
    const figures = new RegExp(`^\\S+ +${METRIC[name]}( +[\\d.]+){5} +\\S+`);
    expect(rows.some((row) => figures.test(row))).toBe(true);
    expect(ran.stdout).not.toMatch(/[\u001b…]/);
    if (hasHistory(name)) expect(ran.stdout).toMatch(/[▁-█]{2}/);
  });

  it('fits a terminal of 80 columns, trend included', async () => {
    const args = ['metrics', 'show', target, '--since', '30m'];
    const { code, text } = await onTerminal(args, { place, env: of(name).env }).ended;
    expect(code).toBe(0);
    const lines = withoutColors(text)
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('polylog: '));
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
    const head = lines.find((line) => line.startsWith('COMPONENT'));
    expect(head?.endsWith('TREND')).toBe(hasHistory(name));
    // One row is one line, its figures whole; how wide they are, and so whether one column is left out, is the hour's.
    const rows = lines.slice(lines.indexOf(head ?? '') + 1);
    for (const row of rows) expect(row).toMatch(/^\S+ +\S+( +[\d.-]+){4,5} +[^\d\s]/);
    // A name that is too long is cut so that it can still be told from the others.
    const names = rows.map((row) => row.split(/ +/, 2).join(' '));
    expect(new Set(names).size).toBe(names.length);
  });

  it("gives the platform's values exactly", async () => {
    const between = await startBetween(of(name));
    const numbers = new Set<number>();
    between.change = (_, { body }) => {
      try {
        numbersIn(JSON.parse(body), numbers);
      } catch {}
      return undefined;
    };
    const ran = await show(between, target, '--since', '20m', '-o', 'ndjson');
    await between.close();
    const samples = samplesOf(ran.stdout);
    expect(samples.length).toBeGreaterThan(3);
    for (const sample of samples) expect(isValid(sample), JSON.stringify(isValid.errors)).toBe(true);
    // A station gives fractions and MiB, which are made percent and bytes.
    const compared = samples.filter(
      ({ metric, component }) =>
        name !== 'container-station' || (component !== null && ['memory', 'rx', 'tx'].includes(metric)),
    );
    expect(compared.length).toBeGreaterThan(3);
    for (const { metric, value } of compared)
      if (value !== null) expect(numbers.has(value), `${metric} ${value}`).toBe(true);
  });

  it('refuses an unknown metric and lists those that exist', async () => {
    const [ran, list] = await Promise.all([
      show(of(name), target, '--metric', 'nonsense'),
      polylog(['metrics', 'list', target, '--json'], { place, env: of(name).env }),
    ]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(linesOf(ran.stderr)).toHaveLength(1);
    const known: { metric: string; unit: string }[] = JSON.parse(list.stdout);
    expect(known.map(({ metric }) => metric)).toContain(METRIC[name]);
    for (const { metric } of known) expect(ran.stderr).toContain(metric);
  });

  it('says what it cannot have as asked: resolution, time beyond retention', async () => {
    const ran = await show(
      of(name),
      target,
      '--metric',
      METRIC[name],
      '--since',
      '400d',
      '--resolution',
      '7m',
    );
    expect(ran.code, ran.stderr).toBe(0);
    const said = linesOf(ran.stderr);
    for (const line of said) expect(line).toMatch(new RegExp(`^polylog: ${label}: `));
    expect(said.some((line) => /resolution|samples are/.test(line))).toBe(true);
    if (name === 'scalingo') expect(ran.stderr).toContain('keeps figures for 72 hours');
    if (name === 'akkeris') expect(ran.stderr).toMatch(/the figures begin at \d{4}-\S+Z; kept: /);
    if (name === 'container-station') expect(ran.stderr).toContain('keeps no history of metrics');
  });

  it('passes promtool, where that is installed', async (context) => {
    const ran = await show(of(name), target, '-o', 'prometheus');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^# HELP polylog_\w+ .+\n# TYPE polylog_\w+ gauge\npolylog_\w+\{provider="/);
    try {
      execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    } catch {
      context.skip('promtool is not installed');
    }
    execFileSync('promtool', ['check', 'metrics'], { input: ran.stdout });
  });

  it('draws a chart a metric with axes, unit and legend', async () => {
    const since = hasHistory(name) ? ['--since', '30m'] : [];
    const ran = await show(
      of(name),
      target,
      '--metric',
      METRIC[name],
      '--chart',
      ...since,
      '--timezone',
      'UTC',
    );
    expect(ran.code, ran.stderr).toBe(0);
    const unit = name === 'digitalocean' ? 'percent' : 'MiB';
    const charts = ran.stdout.split('\n\n');
    expect(charts.length).toBeGreaterThan(1);
    for (const chart of charts) {
      const lines = chart.trimEnd().split('\n');
      expect(lines[0]).toMatch(new RegExp(`^${METRIC[name]} \\(${unit}, \\w+\\)$`));
      expect(chart).toMatch(/\n *[\d.]+┤/);
      expect(chart).toMatch(/└┬[─┬]*▶\n *\d\d:\d\d/);
    }
    expect(ran.stdout).toMatch(/\n(docker\/shop-)?web(-0|-1)?\n/);
    expect(ran.stdout).not.toContain('\u001b');
  });
});

describe.concurrent('a component', () => {
  it.each<[PlatformName, string, RegExp]>([
    ['scalingo', 'work*', /^worker(-1)?$/],
    ['digitalocean', 'work*', /^worker(-0)?$/],
    ['akkeris', 'work*', /^worker$/],
    ['container-station', 'docker/*-worker', /^docker\/shop-worker$/],
  ])('of %s is chosen by a glob', async (name, glob, wanted) => {
    const ran = await show(of(name), WORDS[name].target, '-c', glob, '-o', 'ndjson');
    const places = new Set(
      samplesOf(ran.stdout).map(({ component, instance }) => instance ?? component ?? ''),
    );
    expect(places.size).toBeGreaterThan(0);
    for (const one of places) expect(one).toMatch(wanted);
  });
});

describe.concurrent('a range', () => {
  it('that is reversed is a usage error', async () => {
    const ran = await show(of('scalingo'), 'scalingo:shop', '--since', '1h', '--until', '2h');
    expect(ran).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'polylog: --since is not before --until, so nothing can lie between them.\n',
    });
  });
});

describe.concurrent('a chart', () => {
  it('on a terminal tells its lines apart by colour, and marks the deploys', async () => {
    // The clock of this world begins ten minutes ago: its deploy lies in the window.
    let behind = 600_000;
    const still = await startStill('digitalocean', { world: { now: () => Date.now() - behind } });
    const deploy = still.world.deploy();
    still.world.advance(deploy.id, 'succeeded');
    behind = 0;
    const at = new Date(deploy.finished?.ms ?? 0).toISOString().slice(11, 16);
    const args = ['metrics', 'show', 'do:shop', '--metric', 'cpu_percentage', '--chart', '--since', '1h'];
    const { code, text } = await onTerminal([...args, '--timezone', 'UTC'], { place, env: still.env }).ended;
    expect(code).toBe(0);
    expect(text).toMatch(/\u001b\[36m━ web-0\u001b\[39m {2}\u001b\[33m━ web-1\u001b\[39m/);
    // The app was founded a moment before.
    expect(withoutColors(text)).toMatch(new RegExp(`^deploys: .*${at}$`, 'm'));
    for (const line of withoutColors(text).split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(80);
    await still.close();
  });
});

describe.concurrent('--watch', () => {
  it('in a pipe appends what is new, until a signal', async () => {
    const still = of('container-station');
    const args = ['metrics', 'show', 'qnap:', '--metric', 'memory', '--watch', '--interval', '200ms'];
    const running = startPolylog([...args, '-o', 'csv'], { place, env: still.env });
    await running.said('docker/shop-web');
    const rows = () => linesOf(running.stdout()).filter((line) => line.includes('docker/shop-web,')).length;
    await vi.waitUntil(() => rows() > 2, PATIENCE);
    running.child.kill('SIGINT');
    const ran = await running.ended;
    expect(ran.code).toBe(130);
    expect(ran.stdout).not.toContain('\u001b');
    expect(linesOf(ran.stdout).filter((line) => line.startsWith('v,type'))).toHaveLength(1);
    expect(linesOf(ran.stderr).filter((line) => line.includes('keeps no history')).length).toBeLessThan(2);
  });

  it('prints no sample twice', async () => {
    const still = of('digitalocean');
    const asked = { count: 0 };
    const stop = still.server.onAnswered(({ route }) => {
      if (route === 'metrics') asked.count += 1;
    });
    const args = ['metrics', 'show', 'do:shop', '--metric', 'restart_count', '--since', '30m'];
    const running = startPolylog([...args, '--watch', '--interval', '100ms', '-o', 'ndjson'], {
      place,
      env: still.env,
    });
    await running.said('restart_count');
    const before = asked.count;
    await vi.waitUntil(() => asked.count > before + 3, PATIENCE);
    stop();
    running.child.kill('SIGINT');
    const lines = linesOf((await running.ended).stdout).map((line) => JSON.parse(line));
    const keys = lines.map(({ instance, component, ts }) => `${instance ?? component} ${ts}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('goes on when the platform fails for a while', async () => {
    const still = await startStill('container-station', { world: { past: 50 } });
    const args = ['metrics', 'show', 'qnap:', '--metric', 'memory', '--watch', '--interval', '100ms'];
    const running = startPolylog([...args, '-o', 'ndjson'], { place, env: still.env });
    await running.said('shop-web');
    still.server.faults.add({ name: 'wrong-shape', route: 'containers', times: 1 });
    await running.said('polylog: ', 'stderr');
    const length = running.stdout().length;
    await vi.waitUntil(() => running.stdout().length > length, PATIENCE);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    await still.close();
  });

  it('on a terminal repaints', async () => {
    const args = ['metrics', 'show', 'qnap:', '--metric', 'memory', '--watch', '--interval', '100ms'];
    const screen = onTerminal(args, { place, env: of('container-station').env });
    await screen.said('\u001b[2J\u001b[H');
    await vi.waitUntil(() => screen.text().split('\u001b[2J\u001b[H').length > 3, PATIENCE);
    screen.pty.write('\u0003');
    expect((await screen.ended).code).toBe(130);
  });
});

describe.concurrent('several targets', () => {
  const env = () => Object.assign({}, ...[...stills.values()].map((still) => still.env));

  it('stand in one table with their names', async () => {
    const targets = ['scalingo:shop', 'do:shop', 'akkeris:shop-default'];
    const ran = await show({ env: env() }, ...targets);
    expect(ran.code, ran.stderr).toBe(0);
    const [head, ...rows] = linesOf(ran.stdout);
    expect(head).toMatch(/^TARGET +COMPONENT +METRIC /);
    const names = rows.map((row) => row.split(' ')[0]);
    expect([...new Set(names)]).toEqual(['scalingo:shop', 'digitalocean:shop', 'akkeris:shop-default']);
  });

  it('of which one fails: the others are shown, and its exit code is the end', async () => {
    const ran = await show(
      { env: env() },
      'scalingo:shop',
      'do:nowhere',
      'akkeris:shop-default',
      '-o',
      'ndjson',
    );
    expect(ran.code).toBe(5);
    expect(linesOf(ran.stderr)).toEqual([expect.stringContaining('"nowhere"')]);
    expect(new Set(linesOf(ran.stdout).map((line) => JSON.parse(line).profile))).toEqual(
      new Set(['scalingo', 'akkeris']),
    );
  });
});
