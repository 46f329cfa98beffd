// Accounts as processes: two at once share one session and one settings directory, and none leaves a secret behind.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  createPlace,
  type Grounds,
  type Place,
  polylog,
  shell,
  startGrounds,
  startPolylog,
} from './run-polylog.ts';

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

it('leaves no secret in arguments, in files or in reports, whether it is stopped or breaks', async () => {
  const reports = join(place.root, 'reports');
  mkdirSync(reports);
  const token = grounds.env.SCALINGO_API_TOKEN ?? '';
  const env = { ...grounds.env, POLYLOG_KEYRING: 'off', POLYLOG_CONFIG_DIR: join(place.root, 'other') };
  const inspected = `--report-uncaught-exception --report-directory=${reports}`;
  const running = startPolylog(['logs', '-f', 'scalingo:shop', '-s', 'app', '--debug'], {
    place,
    env: { ...env, NODE_OPTIONS: inspected },
  });
  await running.said('hello');
  const system = `/proc/${running.pid}/cmdline`;
  const shown = existsSync(system) ? readFileSync(system, 'utf8') : '';
  running.child.kill('SIGINT');
  const stopped = await running.ended;
  expect(stopped.code).toBe(130);

  // Something that nobody foresaw, in the midst of a request.
  const breaking = 'URL.canParse=()=>{throw%20new%20TypeError(process.env.SCALINGO_API_TOKEN)}';
  const broken = await polylog(['apps', 'list', 'scalingo', '--debug'], {
    place,
    env: { ...env, NODE_OPTIONS: `${inspected} --import=data:text/javascript,${breaking}` },
  });
  expect(broken).toMatchObject({
    code: 70,
    stderr: expect.stringContaining('defect in polylog (TypeError: ***)'),
  });

  // And something outside of anybody's call, as soon as somebody listens for it.
  const late =
    "process.on('newListener',(name)=>{if(name==='uncaughtException')setImmediate(()=>{throw%20new%20Error(process.env.SCALINGO_API_TOKEN)})})";
  const crashed = await polylog(['logs', '-f', 'scalingo:shop', '--debug'], {
    place,
    env: { ...env, NODE_OPTIONS: `--import=data:text/javascript,${late}` },
  });
  expect(crashed).toMatchObject({
    code: 70,
    stderr: expect.stringContaining('defect in polylog (Error: ***)'),
  });

  const secretFiles = ['credentials.json', 'sessions.json'];
  const files = readdirSync(place.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !secretFiles.includes(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  const jwts = grounds.scalingo.requests.flatMap(
    ({ headers }) => /eyJ\S+/.exec(String(headers.authorization)) ?? [],
  );
  expect(jwts.length).toBeGreaterThan(0);
  const texts = [
    shown,
    stopped.stdout,
    stopped.stderr,
    broken.stdout,
    broken.stderr,
    crashed.stderr,
    ...files,
  ];
  for (const secret of [token, grounds.env.POLYLOG_QNAP_PASSWORD ?? token, ...jwts]) {
    expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  }
});
