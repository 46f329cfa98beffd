// Gates as a pipeline's script has them: `builds log -f` and `builds wait` decide what runs after them, whatever happens.
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/main.ts';
import type { FaultName } from '../../src/sandbox/faults.ts';
import { createWorld, type WorldDeploy } from '../../src/sandbox/world.ts';
import { createPlace, linesOf, type Place, type Ran, type Running, shell } from './run-polylog.ts';
import {
  PLATFORMS,
  type PlatformName,
  type Still,
  type StillOptions,
  startBetween,
  startStill,
} from './still-platform.ts';

// They wait for the platforms' own rhythms, side by side.
vi.setConfig({ maxConcurrency: 20, testTimeout: 60_000 });

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place.remove());

/** What stands in a pipeline: DEPLOYED must come only behind a success. */
const gate = (still: Pick<Still, 'env'>, command: string): Running =>
  shell(`set -euo pipefail\n$POLYLOG ${command}\necho DEPLOYED`, { place, env: still.env });

async function withStill(
  name: PlatformName,
  run: (still: Still) => Promise<void>,
  options?: StillOptions,
): Promise<void> {
  const still = await startStill(name, options);
  try {
    await run(still);
  } finally {
    await still.close();
  }
}

/** A build that is being built, and a gate that has printed some of it. */
async function following(still: Still, flags = '', wish: { fail?: boolean } = {}) {
  const deploy = still.world.deploy(wish);
  still.world.advance(deploy.id, 'building');
  const running = gate(still, `builds log -f ${still.target} ${flags}`);
  await running.said(still.firstLine);
  return { deploy, running };
}

/** The steps of a deploy in one go. */
function finish({ world }: Still, { id }: WorldDeploy, end: 'succeeded' | 'failed' | 'cancelled'): void {
  if (end === 'succeeded') world.advance(id, 'deploying');
  world.advance(id, end);
}

const lastLine = ({ stderr }: Pick<Ran, 'stderr'>) => linesOf(stderr).at(-1) ?? '';
const escaped = (words: string) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function expectSuccess(ran: Ran, still: Still, deploy: WorldDeploy): void {
  expect(lastLine(ran)).toMatch(
    new RegExp(`^polylog: ${still.label}: build ${still.idOf(deploy)} succeeded after \\d+s$`),
  );
  expect(ran.code).toBe(0);
  expect(linesOf(ran.stdout).at(-1)).toBe('DEPLOYED');
}

/** Which build, which step, why, how long, and what shows more. */
function expectFailure(ran: Ran, still: Still, deploy: WorldDeploy): void {
  const id = still.idOf(deploy);
  const more = `polylog builds show ${still.address} ${id}`;
  expect(lastLine(ran)).toMatch(
    new RegExp(
      `^polylog: ${still.label}: build ${id} (failed|cancelled)( \\(\\S+\\))?( in step [^:]+)? after \\d+s(: [^\\n]+)?\\. More: ${escaped(more)}$`,
    ),
  );
  expect(ran.code).toBe(1);
  expect(ran.stdout).not.toContain('DEPLOYED');
}

/** Whole, in whichever form the platform writes lines, and nothing twice. */
function expectWholeLog(ran: Ran, still: Still, deploy: WorldDeploy): void {
  const lines = linesOf(ran.stdout).filter((line) => line !== 'DEPLOYED');
  if (still.name === 'container-station') {
    const rows = lines.filter((line) => line.includes('background task ('));
    expect(new Set(rows).size).toBe(2);
    expect(rows).toHaveLength(2);
    return;
  }
  const phases = still.name === 'scalingo' ? ['build', 'deploy'] : ['build'];
  const wanted = deploy.output.filter(({ phase }) => phases.includes(phase)).map((line) => line.text);
  const told = wanted.map((line) => lines.filter((one) => one.endsWith(line)).length);
  expect(told, ran.stdout).toEqual(wanted.map(() => 1));
  // Head and hook of Scalingo's, the line about the source of Akkeris's.
  const own = { scalingo: deploy.status === 'succeeded' ? 6 : 1, akkeris: 1, digitalocean: 0 }[still.name];
  expect(lines, ran.stdout).toHaveLength(wanted.length + own);
}

describe.concurrent.each(PLATFORMS)('%s: builds log -f', (name) => {
  it('follows a build from the queue to its success', () =>
    withStill(name, async (still) => {
      const deploy = still.world.deploy();
      const asked = still.answered(still.look);
      const running = gate(still, `builds log -f ${still.target}`);
      await asked;
      still.world.advance(deploy.id, 'building');
      await running.said(still.firstLine);
      finish(still, deploy, 'succeeded');
      const ran = await running.ended;
      expectSuccess(ran, still, deploy);
      expectWholeLog(ran, still, deploy);
    }));

  it.each(['failed', 'cancelled'] as const)('ends the script when the build is %s', (end) =>
    withStill(name, async (still) => {
      const { deploy, running } = await following(still, '', { fail: end === 'failed' });
      finish(still, deploy, end);
      const ran = await running.ended;
      expectFailure(ran, still, deploy);
      expectWholeLog(ran, still, deploy);
      if (name === 'digitalocean') expect(lastLine(ran)).toContain(' in step build/components/Building ');
      if (name === 'digitalocean' && end === 'failed') expect(lastLine(ran)).toContain('status 2');
    }),
  );

  it('goes on when the stream breaks in mid-build', () =>
    withStill(name, async (still) => {
      const { faults } = still.server;
      if (name === 'scalingo')
        faults.add({ name: 'reset-mid-line', route: 'deployment-stream', afterLines: 4 });
      if (name === 'digitalocean') faults.add({ name: 'reset-mid-line', route: 'live', afterLines: 1 });
      if (name === 'akkeris') faults.add({ name: 'cut-body', route: 'build-result', skip: 1, times: 2 });
      if (name === 'container-station')
        faults.add({ name: 'connection-refused', route: 'background', skip: 2, times: 2 });
      const { deploy, running } = await following(still);
      finish(still, deploy, 'succeeded');
      const ran = await running.ended;
      expectSuccess(ran, still, deploy);
      expectWholeLog(ran, still, deploy);
    }));

  it('keeps judging when its reader goes', () =>
    withStill(name, async (still) => {
      const deploy = still.world.deploy({ fail: true });
      still.world.advance(deploy.id, 'building');
      const running = gate(still, `builds log -f ${still.target} | head -1`);
      await running.said('\n');
      finish(still, deploy, 'failed');
      const ran = await running.ended;
      expectFailure(ran, still, deploy);
      expect(linesOf(ran.stdout)).toHaveLength(1);
    }));

  it('gives up after --timeout', () =>
    withStill(name, async (still) => {
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'building');
      const ran = await gate(still, `builds log -f ${still.target} -o ndjson --timeout 1s`).ended;
      expect(ran.code).toBe(124);
      const end = JSON.parse(linesOf(ran.stdout).at(-1) ?? '');
      expect(end).toMatchObject({ type: 'end', reason: 'timeout', exit: 124 });
      expect(lastLine(ran)).toBe(`polylog: ${still.label}: no verdict within 1s (--timeout).`);
      expect(ran.stdout).not.toContain('DEPLOYED');
    }));

  it('loses a token that is refused for good with 4', () =>
    withStill(name, async (still) => {
      const { running } = await following(still);
      for (const route of new Set([still.look, still.list, 'exchange', 'login']))
        still.server.faults.add({ name: 'unauthorized', route, times: 1000 });
      const ran = await running.ended;
      expect(ran.code, ran.stderr).toBe(4);
      expect(ran.stdout).not.toContain('DEPLOYED');
    }));
});

describe.concurrent.each(PLATFORMS)('%s: builds wait', (name) => {
  it('waits out the queue and prints nothing', () =>
    withStill(name, async (still) => {
      const deploy = still.world.deploy();
      // The second look of Scalingo's rhythm would be long in coming.
      const asked = still.answered(name === 'scalingo' ? still.list : still.look);
      const running = gate(still, `builds wait ${still.target}`);
      await asked;
      finish(still, deploy, 'succeeded');
      const ran = await running.ended;
      expectSuccess(ran, still, deploy);
      expect(ran.stdout).toBe('DEPLOYED\n');
    }));

  it('tells the build at its end as a record', () =>
    withStill(name, async (still) => {
      const deploy = still.world.deploy({ fail: true });
      still.world.advance(deploy.id, 'failed');
      const ran = await gate(still, `builds wait ${still.target} -o ndjson`).ended;
      expectFailure(ran, still, deploy);
      const [build, end, ...more] = linesOf(ran.stdout).map((line) => JSON.parse(line));
      expect(build).toMatchObject({ type: 'build', id: still.idOf(deploy), status: 'failed' });
      expect(end).toMatchObject({ type: 'end', reason: 'failed', exit: 1, records: 1 });
      expect(more).toEqual([]);
    }));

  it('goes through a storm of 429 and 5xx', () =>
    withStill(name, async (still) => {
      const deploy = still.world.deploy({ fail: true });
      still.world.advance(deploy.id, 'building');
      const { faults } = still.server;
      // What is not tried again at once is waited out in the gate's own rhythm; Scalingo's is slow.
      if (name !== 'scalingo') faults.add({ name: 'server-error', route: still.look, status: 500 });
      for (const route of new Set([still.list, still.look])) {
        faults.add({ name: 'rate-limited', route, retryAfter: 1 });
        faults.add({ name: 'html-error', route, status: 503 });
      }
      const asked = still.answered(still.list);
      const running = gate(still, `builds wait ${still.target}`);
      await asked;
      finish(still, deploy, 'failed');
      expectFailure(await running.ended, still, deploy);
    }));

  it('waits for a build that does not exist yet', () =>
    withStill(name, async (still) => {
      // The same seed tells of the same commits.
      const twin = createWorld({ scale: 0, past: 0 });
      const { commit } = twin.deploy();
      twin.close();
      const which =
        name === 'container-station' ? '3 --appear-timeout 50s' : `--commit ${commit.slice(0, 7)}`;
      const asked = still.answered(still.list);
      const running = gate(still, `builds wait ${still.target} ${which}`);
      await asked;
      await running.said('waiting for', 'stderr');
      const deploy = still.world.deploy();
      expect(deploy.commit).toBe(commit);
      finish(still, deploy, 'succeeded');
      expectSuccess(await running.ended, still, deploy);
    }));

  it('says when none has appeared', () =>
    withStill(name, async (still) => {
      const which = name === 'container-station' ? '77' : name === 'digitalocean' ? '--commit 77ab' : '';
      const ran = await gate(still, `builds wait ${still.target} ${which} --appear-timeout 500ms`).ended;
      expect(ran.code).toBe(5);
      expect(lastLine(ran)).toContain('within 1 s');
      expect(ran.stdout).toBe('');
    }));

  it('never takes a word that it does not know for success', () =>
    withStill(name, async (still) => {
      const between = await startBetween(still);
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'building');
      between.change = (_, { status, body }) => ({
        status,
        body: body.replace(
          /(["'](?:status|state|phase)["']:\s*)"(?:success|completed|succeeded|ACTIVE)"/g,
          '$1"finished-sideways"',
        ),
      });
      finish(still, deploy, 'succeeded');
      const ran = await gate(between, `builds wait ${still.target} ${still.idOf(deploy)} --timeout 9s`).ended;
      await between.close();
      // A word that does not even sound like an end is waited for.
      expect([1, 124]).toContain(ran.code);
      expect(ran.stdout).toBe('');
      if (ran.code === 1) {
        expect(lastLine(ran)).toContain('unknown (finished-sideways)');
        expect(lastLine(ran)).toContain('never counts as success');
      }
    }));

  it('says that a build has vanished', () =>
    withStill(name, async (still) => {
      const between = await startBetween(still);
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'building');
      const asked = still.answered(still.list);
      const running = gate(between, `builds wait ${still.target} --timeout 50s`);
      await asked;
      const id = still.idOf(deploy);
      between.change = (path, { status }) => {
        if (path.endsWith('/background/')) return { status, body: '[]' };
        if (!path.endsWith(`/${id}`)) return undefined;
        return {
          status: 404,
          body: JSON.stringify({ id: 'not_found', message: 'gone', error: 'not found' }),
        };
      };
      const ran = await running.ended;
      await between.close();
      expect(ran.code, ran.stderr).toBe(5);
      expect(lastLine(ran)).toContain(`build ${id} is gone before its result was seen`);
      expect(ran.stdout).toBe('');
    }));

  it.each<FaultName>(name === 'scalingo' ? ['wrong-shape', 'not-json'] : ['wrong-shape'])(
    'breaks off with 6 at an answer that is %s',
    (fault) =>
      withStill(name, async (still) => {
        const deploy = still.world.deploy();
        still.world.advance(deploy.id, 'succeeded');
        still.server.faults.add({ name: fault, route: still.list, times: 100 });
        const ran = await gate(still, `builds wait ${still.target}`).ended;
        expect(ran.code, ran.stderr).toBe(6);
        expect(linesOf(ran.stderr)).toHaveLength(1);
        expect(ran.stdout).toBe('');
      }),
  );
});

describe.concurrent('a session that ends in mid-build', () => {
  it('of Scalingo is begun anew', () =>
    withStill('scalingo', async (still) => {
      const { deploy, running } = await following(still);
      const settings = (still.server as unknown as { settings: { now: () => number } }).settings;
      settings.now = () => Date.now() + 2 * 3_600_000;
      finish(still, deploy, 'succeeded');
      expectSuccess(await running.ended, still, deploy);
      expect(still.server.requests.filter(({ route }) => route === 'exchange').length).toBeGreaterThan(1);
    }));

  it('of Container Station is begun anew', () =>
    withStill('container-station', async (still) => {
      const { deploy, running } = await following(still);
      (still.server as unknown as { endSessions(): void }).endSessions();
      finish(still, deploy, 'succeeded');
      expectSuccess(await running.ended, still, deploy);
      expect(still.server.requests.filter(({ route }) => route === 'login').length).toBeGreaterThan(1);
    }));
});

describe.concurrent('a success that nobody has read', () => {
  it('is one', () =>
    withStill('scalingo', async (still) => {
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'succeeded');
      const running = gate(still, `builds log -f ${still.target} | true`);
      expectSuccess(await running.ended, still, deploy);
    }));
});

describe.concurrent('a gate that finds the platform overloaded', () => {
  it('begins all the same, later', () =>
    withStill('akkeris', async (still) => {
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'succeeded');
      // More than the requests of one try in its bounded time.
      still.server.faults.add({ name: 'server-error', route: 'builds', status: 503, times: 12 });
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const argv = ['builds', 'wait', still.target];
      const code = await main(argv, {
        argv,
        env: { ...place.env, ...still.env },
        cwd: place.work,
        home: place.home,
        temporary: place.root,
        stdin: new PassThrough(),
        stdout,
        stderr,
        signal: new AbortController().signal,
        retry: { firstDelay: 1, maxTotal: 20 },
        node: process.execPath,
        root: new URL('../..', import.meta.url),
      });
      stderr.end();
      const said = await text(stderr);
      expect(code, said).toBe(0);
      expect(said).toContain('Still waiting for the verdict.');
      expect(linesOf(said).at(-1)).toContain(`build ${deploy.id} succeeded`);
    }));
});

describe.concurrent('in a runner', () => {
  it.each(['scalingo', 'digitalocean'] as const)(
    '%s: -o github has groups, a fence and an annotation',
    (name) =>
      withStill(name, async (still) => {
        const { deploy, running } = await following(still, '-o github', { fail: true });
        still.world.write({ text: '::error::from the log', kind: 'build', deploy: deploy.id });
        finish(still, deploy, 'failed');
        const ran = await running.ended;
        expect(ran.code).toBe(1);
        expect(obeyed(ran.stdout)).toEqual([
          `::group::${name === 'digitalocean' ? 'web' : 'build'}`,
          '::endgroup::',
        ]);
        const [verdict, annotation] = linesOf(ran.stderr).slice(-2);
        expect(verdict).toMatch(/^polylog: .* failed /);
        expect(annotation).toBe(`::error title=polylog::${verdict?.replace(/^polylog: /, '')}`);
      }),
  );

  it('-o github closes what it opened when the time is up, and says so', () =>
    withStill('akkeris', async (still) => {
      const { running } = await following(still, '-o github --timeout 4s');
      const ran = await running.ended;
      expect(ran.code).toBe(124);
      expect(obeyed(`${ran.stdout}::notice::next step`)).toEqual([
        '::group::build',
        '::endgroup::',
        '::notice::next step',
      ]);
      expect(lastLine(ran)).toMatch(/^::error title=polylog::akkeris:shop-default: no verdict within 4s/);
    }));

  it('-o github leaves the runner obedient behind a reader who left early', () =>
    withStill('akkeris', async (still) => {
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'building');
      const running = gate(still, `builds log -f ${still.target} -o github | head -1`);
      await running.said('::stop-commands::');
      finish(still, deploy, 'succeeded');
      const ran = await running.ended;
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(/^::stop-commands::\w+\nDEPLOYED\n$/);
      // The runner reads both streams.
      const seen = `${ran.stdout.replace('DEPLOYED\n', '')}${ran.stderr}::notice::next step`;
      expect(obeyed(seen).at(-1)).toBe('::notice::next step');
    }));

  it('-o gitlab has sections that are closed', () =>
    withStill('digitalocean', async (still) => {
      const { deploy, running } = await following(still, '-o gitlab', { fail: true });
      finish(still, deploy, 'failed');
      const ran = await running.ended;
      expect(ran.code).toBe(1);
      expect(ran.stdout.match(/\u001b\[0Ksection_start:\d+:polylog_1\r\u001b\[0Kweb\n/g)).toHaveLength(1);
      expect(ran.stdout.match(/\u001b\[0Ksection_end:\d+:polylog_1\r\u001b\[0K\n/g)).toHaveLength(1);
      expect(ran.stderr).not.toContain('::');
    }));

  it.each(['builds wait', 'builds log -f'])('%s --heartbeat breaks a long silence', (command) =>
    withStill('digitalocean', async (still) => {
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'building');
      const running = gate(still, `${command} ${still.target} --heartbeat 100ms`);
      await running.said(`polylog: digitalocean:shop: build ${deploy.id}`, 'stderr');
      await running.said(', waiting for ', 'stderr');
      finish(still, deploy, 'succeeded');
      expectSuccess(await running.ended, still, deploy);
    }),
  );
});

/** What GitHub's runner would obey: it ignores all lines between stop-commands and the token. */
function obeyed(output: string): string[] {
  const commands: string[] = [];
  let token: string | undefined;
  for (const line of output.split('\n')) {
    if (token !== undefined) {
      if (line === `::${token}::`) token = undefined;
      continue;
    }
    const stop = /^::stop-commands::(.+)$/.exec(line);
    if (stop) token = stop[1];
    else if (/^\s*::|##\[/.test(line)) commands.push(line);
  }
  return commands;
}
