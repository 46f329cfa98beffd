// What is said and left when a signal ends the reading of a past. That the process ends is tested beside other ends.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inside } from './in-process.ts';
import { createPlace, type Grounds, linesOf, moment, type Place, startGrounds } from './run-polylog.ts';

let place: Place;
let grounds: Grounds;
beforeAll(async () => {
  place = await createPlace();
  const at = (n: number) => moment(`2026-03-01T10:00:${10 + n}Z`);
  grounds = await startGrounds({
    lines: Array.from({ length: 30 }, (_, n) => ({ at: at(n), text: `line ${n}` })),
  });
});
afterAll(async () => {
  await grounds.close();
  await place.remove();
});

const LAST_WORDS =
  /^polylog: scalingo:shop: interrupted, the output is incomplete\.\npolylog: \d+ lines in [\d.]+ s\n$/m;

describe('a signal while the past is read', () => {
  /** Ten lines of it have come, and nothing more comes. */
  const stuck = async (...args: string[]) => {
    onTestFinished(grounds.scalingo.faults.add({ name: 'half-open', route: 'dump', afterLines: 10 }));
    const running = inside([...args, '--debug'], { place, env: grounds.env });
    // Behind the archives.
    await running.said('&n=', 'stderr');
    await expect.poll(() => running.stderr().split('&n=')[1]).toContain(' bytes');
    running.interrupt();
    return running.ended;
  };

  it.each([['all'], ['2000']])(
    'what was received is printed, then that it is not all: -n %s',
    async (lines) => {
      const ran = await stuck('logs', 'show', 'scalingo:shop', '-n', lines);
      expect(ran.code).toBe(130);
      const { length } = linesOf(ran.stdout);
      expect(length).toBeGreaterThanOrEqual(10);
      expect(ran.stderr).toMatch(LAST_WORDS);
      expect(ran.stderr).toContain(`polylog: ${length} lines in `);
    },
  );

  it('an export to stdout is no different, one to a file leaves none and says so', async () => {
    expect((await stuck('logs', 'export', 'scalingo:shop')).stderr).toMatch(LAST_WORDS);
    const file = join(place.work, 'shop.ndjson');
    const ran = await stuck('logs', 'export', 'scalingo:shop', '--to', file);
    expect(ran.code).toBe(130);
    expect(ran.stderr).toContain(`polylog: scalingo:shop: interrupted, ${file} was not written.\n`);
    expect(ran.stderr).not.toContain(' lines in ');
    expect(existsSync(file)).toBe(false);
  });

  it("a station's own export is no different", async () => {
    onTestFinished(grounds.station.faults.add({ name: 'half-open', route: 'log-export' }));
    const running = inside(['logs', 'export', 'qnap:', '-o', 'raw', '--debug'], { place, env: grounds.env });
    await running.said('/log/export', 'stderr');
    running.interrupt();
    const ran = await running.ended;
    expect(ran.code).toBe(130);
    expect(ran.stderr).toMatch(/^polylog: container-station: interrupted, the output is incomplete\.$/m);
  });

  it('-q says nothing of it', async () => {
    const ran = await stuck('logs', 'show', 'scalingo:shop', '-q');
    expect(ran.code).toBe(130);
    expect(ran.stderr).not.toContain('polylog: ');
  });
});
