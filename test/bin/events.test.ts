// Events as processes: a tail that is interrupted, a wait as the condition of a shell script. What they find on each
// platform is tested in test/commands.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, linesOf, onTerminal, type Place, shell, startPolylog } from './run-polylog.ts';
import { type Still, startStill } from './still-platform.ts';

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place.remove());

async function withStill(name: 'akkeris' | 'digitalocean', run: (still: Still) => Promise<void>) {
  const still = await startStill(name);
  try {
    await run(still);
  } finally {
    await still.close();
  }
}

/** What stands behind it runs only when the state was reached. */
const wait = (still: Still, words: string) =>
  shell(`set -euo pipefail\n$POLYLOG events wait ${still.target} ${words}\necho REACHED`, {
    place,
    env: still.env,
  });

describe.concurrent('events', () => {
  it('tail ends with 130 when it is interrupted, having told what happened', () =>
    withStill('akkeris', async (still) => {
      const running = startPolylog(['events', 'tail', still.target, '-n', '0'], { place, env: still.env });
      await running.said(`+ ${still.label}`, 'stderr');
      const detail = { from: 2, to: 5 };
      still.world.record({ kind: 'scale', component: 'web', user: 'bob', text: 'scale', detail });
      await running.said(' scale ');
      running.child.kill('SIGINT');
      expect(await running.ended).toMatchObject({ code: 130, signal: null });
    }));

  it.each([
    ['succeeded', 0],
    ['failed', 1],
  ] as const)('wait lets a script go on only when the deploy has %s', (end, code) =>
    withStill('digitalocean', async (still) => {
      const deploy = still.world.deploy({ fail: end === 'failed' });
      still.world.advance(deploy.id, 'building');
      const looked = still.answered('events');
      const running = wait(still, 'deployed');
      await looked;
      still.world.advance(deploy.id, end);
      const ran = await running.ended;
      expect(ran.code, ran.stderr).toBe(code);
      expect(linesOf(ran.stdout).includes('REACHED')).toBe(code === 0);
    }),
  );

  it('wait keeps a script waiting no longer than --timeout', () =>
    withStill('akkeris', async (still) => {
      still.world.advance(still.world.deploy().id, 'building');
      const ran = await wait(still, 'deployed --timeout 1s').ended;
      expect(ran).toMatchObject({ code: 124, stdout: '' });
      expect(linesOf(ran.stderr).at(-1)).toMatch(/: not deployed within 1s \(--timeout\)\.$/);
    }));

  it('wait says a sentence on a terminal', () =>
    withStill('akkeris', async (still) => {
      still.world.advance(still.world.deploy().id, 'succeeded');
      const args = ['events', 'wait', still.target, 'running'];
      const screen = await onTerminal(args, { place, env: still.env }).ended;
      expect(screen.code).toBe(0);
      expect(screen.text).toMatch(/^\S+ is running.*\.\n$/);
    }));
});
