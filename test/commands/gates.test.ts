// What gates decide and say of builds that come late, vanish or are in a state that nobody knows, on every platform.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FaultName } from '../../src/sandbox/faults.ts';
import { createWorld, type WorldDeploy } from '../../src/sandbox/world.ts';
import { createPlace, linesOf, type Place } from '../bin/run-polylog.ts';
import {
  PLATFORMS,
  type PlatformName,
  type Still,
  type StillOptions,
  startBetween,
  startStill,
} from '../bin/still-platform.ts';
import { closing, failureLine, finish, lastLine, successLine } from '../bin/verdicts.ts';
import { type Ran, type Running, startPolylog } from './in-process.ts';

vi.setConfig({ maxConcurrency: 12, testTimeout: 60_000 });

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place.remove());

const gate = (still: Pick<Still, 'env'>, command: string): Running =>
  startPolylog(command.split(' ').filter(Boolean), { place, env: still.env });

const withStill = (
  name: PlatformName,
  run: (still: Still) => Promise<void>,
  options?: StillOptions,
): Promise<void> => closing(startStill(name, options), run);

/** A build that is being built, and a gate that has printed some of it. */
async function following(still: Still) {
  const deploy = still.world.deploy();
  still.world.advance(deploy.id, 'building');
  const running = gate(still, `builds log -f ${still.target}`);
  await running.said(still.firstLine);
  return { deploy, running };
}

function expectSuccess(ran: Ran, still: Still, deploy: WorldDeploy): void {
  expect(lastLine(ran)).toMatch(successLine(still, deploy));
  expect(ran.code).toBe(0);
}

function expectFailure(ran: Ran, still: Still, deploy: WorldDeploy): void {
  expect(lastLine(ran)).toMatch(failureLine(still, deploy));
  expect(ran.code).toBe(1);
}

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
      expect(ran.stdout).toBe('');
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
      // A word that does not even sound like an end is waited for.
      const isOpen = name === 'akkeris';
      const limit = isOpen ? '2s' : '50s';
      const command = `builds wait ${still.target} ${still.idOf(deploy)} --timeout ${limit}`;
      const ran = await gate(between, command).ended;
      await between.close();
      expect(ran.code, ran.stderr).toBe(isOpen ? 124 : 1);
      expect(ran.stdout).toBe('');
      if (isOpen) {
        const said = linesOf(ran.stderr).filter((line) => line.includes('"finished-sideways"'));
        expect(said).toEqual([expect.stringContaining('a status that polylog does not know')]);
      } else {
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

  it('loses a token that is refused for good with 4', () =>
    withStill(name, async (still) => {
      const { running } = await following(still);
      for (const route of new Set([still.look, still.list, 'exchange', 'login']))
        still.server.faults.add({ name: 'unauthorized', route, times: 1000 });
      const ran = await running.ended;
      expect(ran.code, ran.stderr).toBe(4);
    }));
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

describe.concurrent('a gate that finds the platform overloaded', () => {
  it('begins all the same, later', () =>
    withStill('akkeris', async (still) => {
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'succeeded');
      // More than the requests of one try in its bounded time.
      still.server.faults.add({ name: 'server-error', route: 'builds', status: 503, times: 12 });
      const retry = { firstDelay: 1, maxTotal: 20 };
      const ran = await startPolylog(['builds', 'wait', still.target], { place, env: still.env, retry })
        .ended;
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toContain('Still waiting for the verdict.');
      expect(lastLine(ran)).toContain(`build ${deploy.id} succeeded`);
    }));
});

describe.concurrent('a task list that was cleared', () => {
  it('has forgotten a build whose end the activity log still tells', () =>
    withStill('container-station', async (still) => {
      const between = await startBetween(still);
      const { deploy, running } = await following({ ...still, env: between.env });
      // From now on the list is empty: what has ended is off it before anybody has looked.
      between.change = (path, { status }) =>
        path.includes('/background/') ? { status, body: '[]' } : undefined;
      finish(still, deploy, 'succeeded');
      const ran = await running.ended;
      await between.close();
      expectSuccess(ran, still, deploy);
    }));
});

describe.concurrent('a phase that tells nothing', () => {
  it('is said once and waited out', () =>
    withStill('digitalocean', async (still) => {
      const between = await startBetween(still);
      const deploy = still.world.deploy();
      still.world.advance(deploy.id, 'building');
      let looks = 0;
      between.change = (path, { status, body }) => {
        if (!path.includes('/deployments')) return undefined;
        looks += 1;
        return {
          status,
          body: body
            .replace(/"phase":"\w+"/g, '"phase":"UNKNOWN"')
            .replaceAll('"progress":', '"progress_of_another_day":'),
        };
      };
      const running = gate(between, `builds wait ${still.target} ${deploy.id}`);
      await running.said('"UNKNOWN", a status that polylog does not know', 'stderr');
      await vi.waitUntil(() => looks >= 4, { timeout: 30_000, interval: 5 });
      between.change = () => undefined;
      finish(still, deploy, 'succeeded');
      const ran = await running.ended;
      await between.close();
      expectSuccess(ran, still, deploy);
      expect(linesOf(ran.stderr).filter((line) => line.includes('does not know'))).toHaveLength(1);
    }));
});

describe.concurrent('a long silence', () => {
  it.each(['builds wait', 'builds log -f'])('of %s is broken by --heartbeat', (command) =>
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
