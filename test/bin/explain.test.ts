// `--explain` says which filters the platform applies and which run here: held against what is sent when it is really read.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAkkeris } from '../../src/sandbox/akkeris.ts';
import { startContainerStation } from '../../src/sandbox/container-station.ts';
import { startDigitalocean } from '../../src/sandbox/digitalocean.ts';
import type { SandboxServer } from '../../src/sandbox/server.ts';
import { inside } from './in-process.ts';
import {
  createPlace,
  type Env,
  type Grounds,
  linesOf,
  moment,
  type Place,
  startGrounds,
} from './run-polylog.ts';

let place: Place;
let grounds: Grounds;
let servers: readonly SandboxServer[];
beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({
    lines: [0, 1, 2].map((n) => ({ at: moment(`2026-03-01T10:00:0${n}Z`), text: `line ${n}` })),
    station: { rows: [{ at: moment('2026-03-01T10:00:01Z'), message: 'a row' }], nasUtcOffset: 0 },
  });
  const { world, scalingo, station } = grounds;
  servers = [
    scalingo,
    station,
    await startAkkeris({ world, snapshotMs: 0 }),
    await startDigitalocean({ world }),
  ];
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  grounds.world.close();
  await place.remove();
});

async function run(...args: string[]) {
  return runAt(Object.assign({}, ...servers.map((server) => server.env)), args);
}

async function runAt(env: Env, args: readonly string[]) {
  const ran = await inside(['logs', 'show', ...args], { place, env }).ended;
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

/** What the platform is sent to read the log, in the words of paths, queries and bodies. */
async function sent(args: readonly string[]): Promise<string> {
  const before = servers.map(({ requests }) => requests.length);
  await run(...args, '--idle', '50ms');
  const requests = servers.flatMap(({ requests }, index) => requests.slice(before[index]));
  const words = requests.map(
    ({ path, body }) => `${decodeURIComponent(path)} ${body.replace(/"(\w+)":(\d+)/g, '$1=$2')}`,
  );
  return words.join('\n');
}

/** Everything with which a platform can be told to leave lines out. */
const FILTERS =
  /\b(?:filter|level|category|user|text|time_start|time_end)=[^&\s]+|\/components\/[^/\s]+|\/deployments\/[^/\s?]+(?=\/\S*logs)|\btype=(?!RUN\b|docker)[A-Z_]+/g;

describe('a filter is said to be the platform’s exactly where the platform is asked for it:', () => {
  const LINES = '--lines';
  const TARGET = 'the component of the target';
  it.each<[args: string, there: string[], here: string]>([
    ['scalingo:shop -n 7', [LINES], 'nothing'],
    ['scalingo:shop -c web -g line -n 7', ['--component', LINES], '--grep; once more --component'],
    ['scalingo:shop -c web-1 -c worker', ['--component', LINES], 'once more --component'],
    ['scalingo:shop -c w* -c router', [LINES], '--component'],
    ['scalingo:shop -s router', ['--source', LINES], 'once more --source'],
    ['scalingo:shop -s app -e x -l warn', [LINES], '--exclude, --level, --source'],
    ['scalingo:shop/web-1 -s router -c web*', [TARGET, LINES], `--component, --source; once more ${TARGET}`],
    ['scalingo:shop/manager -c manager', [LINES], `${TARGET}, --component`],
    ['scalingo:shop -S @1000 -U @4000000000', [LINES], '--since, --until'],
    ['do:shop -n 7', [LINES], 'nothing'],
    ['do:shop -c web -n 3', ['--component', LINES], 'once more --component'],
    ['do:shop/web -s app -n all', [TARGET, LINES], `--source; once more ${TARGET}`],
    ['do:shop -c web -c worker', [LINES], '--component'],
    ['do:shop --deployment active --type build', ['--deployment', '--type', LINES], 'nothing'],
    ['akkeris:shop-default -n 7 -c web -s app', [LINES], '--component, --source'],
    ['akkeris:shop-default -n all -S @1000', [LINES], '--since'],
    ['qnap: -n 7 -l =warn', [LINES, '--level'], 'once more --level'],
    ['qnap: -l warn', [LINES], '--level'],
    [
      'qnap: --category image,container --user admin --text row',
      [LINES, '--category', '--user', '--text'],
      'nothing',
    ],
    ['qnap: -S @1000000 -U @4000000000', [LINES, '--since', '--until'], 'once more --since, --until'],
    ['qnap:docker/shop-web --activity', [LINES], 'the name shop-web'],
    ['qnap:docker/shop-web -n 7 -g line -S @1000', [LINES], '--grep'],
  ])('%s', async (line, there, here) => {
    const args = line.split(' ');
    const text = await run(...args, '--explain');
    const row = (name: string) =>
      linesOf(text)
        .find((candidate) => candidate.startsWith(`  ${name} `))
        ?.slice(18) ?? '';
    const asked = [...row('filtered there').matchAll(/(\S[^(]*?) \(([^)]*)\)(?:, |$)/g)];
    expect(asked.map(([, filter]) => filter)).toEqual(there);
    expect(row('filtered here')).toBe(here);
    const words = await sent(args);
    for (const [, , parameter = ''] of asked) expect(words).toContain(parameter);
    for (const [filter] of words.matchAll(FILTERS)) expect(row('filtered there')).toContain(filter);
  });
});

it('a list that an old station would not understand is chosen from here', async () => {
  const old = await startContainerStation({ world: grounds.world, dialect: 'A' });
  const lists = ['qnap:', '--category', 'image,container'];
  const text = await runAt(old.env, [...lists, '--explain']);
  expect(text).toMatch(/^ {2}filtered there {2}--lines \(limit=\d+\)$/m);
  expect(text).toMatch(/^ {2}filtered here {3}--category$/m);
  await runAt(old.env, lists);
  expect(old.requests.some(({ path }) => path.includes('category='))).toBe(false);
  await old.close();
});
