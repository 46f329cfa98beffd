// `apps list`: a target that is printed can be typed.
import { expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import { startBetween, startStill } from '../bin/still-platform.ts';
import { hostOf } from '../host-of-streams.ts';

const TWIN = '11111111-2222-4333-8444-555555555555';

it('two apps of one name are told apart by their ids, which stay whole on a terminal', async () => {
  const still = await startStill('digitalocean');
  const between = await startBetween(still);
  between.change = (path, { status, body }) => {
    if (!/^\/v2\/apps(\?|$)/.test(path)) return undefined;
    const list = JSON.parse(body) as { apps: { id: string }[] };
    return { status, body: JSON.stringify({ ...list, apps: [...list.apps, { ...list.apps[0], id: TWIN }] }) };
  };
  const { host, stdout } = hostOf(['apps', 'list', 'do'], { ...between.env, NO_COLOR: '1' });
  stdout.isTTY = true;
  stdout.columns = 80;
  expect(await main(host.argv, host)).toBe(0);
  await between.close();
  await still.close();
  const [head, ...rows] = stdout.text
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith(' '));
  expect(head?.split(/ +/).slice(0, 2)).toEqual(['TARGET', 'NAME']);
  expect(rows).toEqual([
    expect.stringMatching(/^digitalocean:[\da-f-]{36} +shop /),
    expect.stringMatching(new RegExp(`^digitalocean:${TWIN} +shop `)),
  ]);
  for (const line of stdout.text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
