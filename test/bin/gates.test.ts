// Gates as a pipeline's script has them: what runs after them is decided by their exit code, whatever happens. What they
// say of a bad word or a build that is gone is tested in test/commands.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WorldDeploy } from '../../src/sandbox/world.ts';
import { createPlace, linesOf, type Place, type Ran, type Running, shell } from './run-polylog.ts';
import { PLATFORMS, type PlatformName, type Still, type StillOptions, startStill } from './still-platform.ts';
import { closing, failureLine, finish, lastLine, successLine } from './verdicts.ts';

// They wait for the platforms' own rhythms, side by side.
vi.setConfig({ maxConcurrency: 12, testTimeout: 60_000 });

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place.remove());

/** What stands in a pipeline: DEPLOYED must come only behind a success. */
const gate = (still: Pick<Still, 'env'>, command: string): Running =>
  shell(`set -euo pipefail\n$POLYLOG ${command}\necho DEPLOYED`, { place, env: still.env });

const withStill = (
  name: PlatformName,
  run: (still: Still) => Promise<void>,
  options?: StillOptions,
): Promise<void> => closing(startStill(name, options), run);

/** A build that is being built, and a gate that has printed some of it. */
async function following(still: Still, flags = '', wish: { fail?: boolean } = {}) {
  const deploy = still.world.deploy(wish);
  still.world.advance(deploy.id, 'building');
  const running = gate(still, `builds log -f ${still.target} ${flags}`);
  await running.said(still.firstLine);
  return { deploy, running };
}

function expectSuccess(ran: Ran, still: Still, deploy: WorldDeploy): void {
  expect(lastLine(ran)).toMatch(successLine(still, deploy));
  expect(ran.code).toBe(0);
  expect(linesOf(ran.stdout).at(-1)).toBe('DEPLOYED');
}

function expectFailure(ran: Ran, still: Still, deploy: WorldDeploy): void {
  expect(lastLine(ran)).toMatch(failureLine(still, deploy));
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
});

describe.concurrent.each(PLATFORMS)('%s: builds wait', (name) => {
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

  it('-o github obeys again what comes behind a gate whose reader has gone', () =>
    withStill('akkeris', async (still) => {
      const deploy = still.world.deploy({ fail: true });
      still.world.advance(deploy.id, 'building');
      // The runner hears stderr as well; of stdout only the line that has it obey no more.
      const running = gate(still, `builds log -f ${still.target} -o github | head -1`);
      await running.said('::stop-commands::');
      finish(still, deploy, 'failed');
      const ran = await running.ended;
      expect(ran.code).toBe(1);
      expect(linesOf(ran.stdout)).toHaveLength(1);
      expect(obeyed(`${ran.stdout}${ran.stderr}::notice::next step`)).toEqual([
        '::endgroup::',
        expect.stringMatching(/^::error title=polylog::akkeris:shop-default: build /),
        '::notice::next step',
      ]);
    }));
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
