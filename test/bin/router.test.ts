// Router lines: the same component, source and levels whichever platform writes them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AkkerisSandbox, startAkkeris } from '../../src/sandbox/akkeris.ts';
import {
  createPlace,
  type Grounds,
  linesOf,
  moment,
  type Place,
  polylog,
  startGrounds,
} from './run-polylog.ts';

const STATUSES = [200, 302, 404, 503];

let place: Place;
let grounds: Grounds;
let akkeris: AkkerisSandbox;

beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({
    lines: [{ at: moment('2026-03-01T10:00:00Z'), text: 'from the app' }],
  });
  for (const [index, status] of STATUSES.entries()) {
    grounds.world.write({
      at: moment(`2026-03-01T10:00:0${index + 1}Z`),
      kind: 'router',
      text: '',
      request: { method: 'GET', path: '/', status, duration: 1, bytes: 1, client: '192.0.2.1', id: 'x' },
    });
  }
  akkeris = await startAkkeris({ world: grounds.world, documented: true, idleMs: 0, maxLifeMs: 0 });
});
afterAll(async () => {
  await akkeris.close();
  await grounds.close();
  await place.remove();
});

/** Ends with the last line that is expected: Akkeris's streams do not end by themselves. */
const lines = async (args: readonly string[], expected: number) => {
  const ran = await polylog(['logs', ...args, '-m', String(expected)], {
    place,
    env: { ...grounds.env, ...akkeris.env },
  });
  expect(ran.code, ran.stderr).toBe(0);
  return linesOf(ran.stdout).sort();
};

const BOTH = ['scalingo:shop', 'akkeris:shop-default'];

describe.concurrent('router lines of Scalingo and Akkeris', () => {
  it('have one component and a level by their status', async () => {
    const template = 'template={{provider}} {{component}} {{fields.status}} {{level}}';
    const shown = (provider: string) => [
      `${provider} router 200 info`,
      `${provider} router 302 info`,
      `${provider} router 404 warn`,
      `${provider} router 503 error`,
    ];
    expect(await lines([...BOTH, '-s', 'router', '-o', template], 8)).toEqual([
      ...shown('akkeris'),
      ...shown('scalingo'),
    ]);
  });

  it.each([
    [[...BOTH, '-s', 'router', '-l', 'error']],
    [[...BOTH, '-c', 'router', '-l', 'error']],
    [['scalingo:shop/router', 'akkeris:shop-default/router', '-l', 'error']],
  ])('are chosen by %j', async (args) => {
    const found = await lines(args, 2);
    expect(found.map((line) => line.split(' ')[1])).toEqual([
      'scalingo:shop/router',
      'akkeris:shop-default/router',
    ]);
    for (const line of found) expect(line).toContain('status=503');
  });
});
