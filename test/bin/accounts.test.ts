// Stored accounts as processes: two of them at once share one session and one settings directory.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPlace, type Grounds, type Place, polylog, shell, startGrounds } from './run-polylog.ts';

let place: Place;
let grounds: Grounds;

beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({ lines: [{ text: 'hello' }] });
});
afterAll(async () => {
  await grounds.close();
  await place.remove();
});

/** How often somebody has logged in: Scalingo's exchange and Container Station's login. */
function logins(): number {
  const paths = [grounds.scalingo, grounds.station].flatMap(({ requests }) => [...requests]);
  return paths.filter(({ method, path }) => method === 'POST' && /exchange|\/login$/.test(path)).length;
}

it('keeps sessions between processes, renews them when refused, and loses nothing to a neighbour', async () => {
  const env = { POLYLOG_KEYRING: 'off' };
  // Both at once, into settings that are not there yet.
  const both = shell(
    `echo ${grounds.env.SCALINGO_API_TOKEN} | $POLYLOG auth login scalingo --auth-url ${grounds.scalingo.url} --token-stdin & one=$!
     echo ${grounds.env.POLYLOG_QNAP_PASSWORD} | $POLYLOG auth login qnap --url ${grounds.station.url} --user admin --password-stdin && wait $one`,
    { place, env },
  );
  expect(await both.ended).toMatchObject({ code: 0, stderr: '' });
  const file = join(place.env.POLYLOG_CONFIG_DIR ?? '', 'sessions.json');
  const kept = () => JSON.parse(readFileSync(file, 'utf8'));
  expect(Object.keys(kept()).sort()).toEqual(['container-station', 'scalingo']);

  const listBoth = () =>
    Promise.all(
      [0, 1].map(async () => (await polylog(['apps', 'list', 'scalingo', 'qnap'], { place, env })).code),
    );
  const before = logins();
  expect(before).toBe(2);
  expect(await listBoth()).toEqual([0, 0]);
  expect(logins()).toBe(before);

  // Sessions that the platforms have forgotten: both processes are refused, and both renew them.
  const forgotten = readFileSync(file, 'utf8')
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/, 'eyJhbGciOiJIUzUxMiJ9.eyJpYXQiOjF9.x')
    .replace(/(cookies\\":\[\\"\w+=)[^\\"]+/, '$1forgotten');
  writeFileSync(file, forgotten);
  expect(await listBoth()).toEqual([0, 0]);
  const renewed = logins();
  expect(renewed).toBeGreaterThanOrEqual(before + 2);
  expect(await listBoth()).toEqual([0, 0]);
  expect(logins()).toBe(renewed);
  expect(Object.keys(kept()).sort()).toEqual(['container-station', 'scalingo']);
});
