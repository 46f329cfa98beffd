// What goes wrong between us and a platform: one sentence, the exit code of the contract, what was received stays.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/main.ts';
import type { FaultName } from '../../src/sandbox/faults.ts';
import {
  createPlace,
  type Env,
  type Grounds,
  linesOf,
  moment,
  type Place,
  polylog,
  startGrounds,
  startPolylog,
} from './run-polylog.ts';

let place: Place;
let grounds: Grounds;
beforeAll(async () => {
  place = await createPlace();
  grounds = await startGrounds({
    lines: [0, 1, 2, 3, 4, 5].map((n) => ({
      at: moment(`2026-03-01T10:00:0${n}Z`),
      text: `line ${n}`,
    })),
  });
});
afterEach(() => {
  grounds.scalingo.faults.clear();
  grounds.station.faults.clear();
});
afterAll(async () => {
  await grounds.close();
  await place.remove();
});

let runs = 0;
/** Each with a settings directory of its own: no session of an earlier run hides that a login fails. */
const run = (args: string[], env: Env = {}) => {
  runs += 1;
  const own = { POLYLOG_CONFIG_DIR: `${place.root}/settings-${runs}` };
  return polylog(args, { place, env: { ...grounds.env, ...own, ...env } });
};

/** The last word on stderr is one sentence that names all of these. */
function expectOneSentence(stderr: string, words: readonly string[]): void {
  expect(linesOf(stderr)).toHaveLength(1);
  for (const word of ['polylog: ', ...words]) expect(stderr).toContain(word);
  expect(stderr).toMatch(/[.?]\n$/);
  expect(stderr).not.toMatch(/^\s+at |node:internal|\[object/m);
}

describe('an app that is not there (5)', () => {
  it.each([
    ['scalingo:none', ['Scalingo', 'none', 'polylog apps list scalingo']],
    ['qnap:docker/none', ['Container Station', 'docker/none', 'docker/shop-web']],
  ])('%s', async (target, words) => {
    const ran = await run(['logs', target]);
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expectOneSentence(ran.stderr, words);
  });

  it.each([['db'], ['wbe-1']])('a component %s that is not there', async (component) => {
    const ran = await run(['logs', 'tail', `scalingo:shop/${component}`]);
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expectOneSentence(ran.stderr, ['Scalingo', 'shop', `"${component}"`, 'web, worker', '--addon']);
  });

  it.each([['web'], ['worker-7'], ['router'], ['one-off-3']])(
    'a component %s there may be',
    async (component) => {
      const ran = await run(['logs', `scalingo:shop/${component}`]);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('an app of another region is shown the way', async () => {
    const ran = await run(['logs', 'scalingo:shop-secnum', '--region', 'osc-fr1']);
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expectOneSentence(ran.stderr, ['shop-secnum', 'osc-secnum-fr1']);
  });

  it('a region that is not there is a usage error', async () => {
    const ran = await run(['logs', 'scalingo:shop', '--region', 'mars']);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expectOneSentence(ran.stderr, ['Scalingo', 'shop', '"mars"', 'osc-fr1, osc-secnum-fr1']);
  });
});

describe('credentials (4)', () => {
  it.each([
    ['none', { SCALINGO_API_TOKEN: '' }, ['Scalingo', 'shop', 'POLYLOG_SCALINGO_TOKEN']],
    [
      'a wrong one',
      { SCALINGO_API_TOKEN: 'tk-us-wrong' },
      ['Scalingo', 'shop', '(401)', 'SCALINGO_API_TOKEN'],
    ],
  ])('%s at Scalingo', async (_, env, words) => {
    const ran = await run(['logs', 'scalingo:shop'], env);
    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expectOneSentence(ran.stderr, words);
    expect(ran.stderr).not.toContain('tk-us-wrong');
  });

  it.each([
    ['none', { POLYLOG_QNAP_USER: '', POLYLOG_QNAP_PASSWORD: '' }, 'POLYLOG_QNAP_USER'],
    ['a wrong one', { POLYLOG_QNAP_PASSWORD: 'mistyped' }, 'POLYLOG_QNAP_PASSWORD'],
  ])('%s at a station, also when following', async (_, env, word) => {
    const ran = await run(['logs', 'tail', 'qnap:docker/shop-web'], env);
    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expectOneSentence(ran.stderr, ['Container Station', 'docker/shop-web', word]);
    expect(ran.stderr).not.toContain('mistyped');
  });

  it('none of any platform', async () => {
    const ran = await polylog(['apps', 'list'], { place });
    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expectOneSentence(ran.stderr, ['No platform has credentials', 'polylog help environment']);
  });

  it('wrong ones do not hide the platforms that answer', async () => {
    const ran = await run(['apps', 'list'], { SCALINGO_API_TOKEN: 'tk-us-wrong' });
    expect(ran.code).toBe(4);
    expect(ran.stdout).toContain('container-station:docker/shop-web');
    expectOneSentence(ran.stderr, ['Scalingo', '(401)']);
    const status = await run(['auth', 'status'], { SCALINGO_API_TOKEN: 'tk-us-wrong' });
    expect(status.code).toBe(4);
    expect(status.stdout).toMatch(/scalingo +no /);
    expect(status.stdout).toMatch(/container-station +yes /);
  });

  it('are not sent over plain http to another machine', async () => {
    const ran = await run(['logs', 'scalingo:shop'], { SCALINGO_AUTH_URL: 'http://192.0.2.1' });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expectOneSentence(ran.stderr, ['Scalingo', 'shop', 'http']);
  });
});

describe('--debug', () => {
  it('shows requests on stderr and no secret', async () => {
    const ran = await run(['logs', 'scalingo:shop', 'qnap:docker/shop-web', '-n', '1', '--debug']);
    expect(ran.code).toBe(0);
    expect(linesOf(ran.stdout)).toHaveLength(2);
    expect(ran.stderr).toContain(`> GET ${grounds.scalingo.url}/v1/apps/shop/logs`);
    expect(ran.stderr).toContain('/container-station/api/v1/');
    const signature = grounds.scalingo.requests
      .map(({ path }) => /token=([^&]+)/.exec(path)?.[1])
      .filter(Boolean);
    const cookies = grounds.station.requests.flatMap(({ headers }) => headers.cookie ?? []);
    const jwts = grounds.scalingo.requests.flatMap(({ headers }) => headers.authorization ?? []);
    const secrets = [grounds.env.SCALINGO_API_TOKEN, '"secret"', ...signature, ...cookies, ...jwts];
    expect(secrets.length).toBeGreaterThan(5);
    for (const secret of secrets) expect(ran.stderr).not.toContain(String(secret).replace(/^.*?[ =]/, ''));
  });
});

describe('answers of no known form (6)', () => {
  const cases: [string, FaultName, string, string[]][] = [
    ['scalingo:shop', 'not-json', 'exchange', ['Scalingo', 'shop', 'token']],
    ['scalingo:shop', 'not-json', 'logs-url', ['Scalingo', 'shop', 'JSON']],
    ['scalingo:shop', 'wrong-shape', 'logs-url', ['Scalingo', 'shop', 'logs_url']],
    ['scalingo:shop', 'wrong-shape', 'regions', ['Scalingo', 'shop', 'regions']],
    ['qnap:docker/shop-web', 'not-json', 'containers', ['Container Station', 'docker/shop-web', 'no JSON']],
    ['qnap:docker/shop-web', 'wrong-shape', 'console', ['Container Station', 'docker/shop-web', '"logs"']],
    ['qnap:', 'not-json', 'log', ['Container Station', 'activity log', 'no JSON']],
    ['qnap:', 'wrong-shape', 'log', ['Container Station', 'activity log', 'no list']],
  ];
  it.each(cases)('%s: %s of %s', async (target, name, route, words) => {
    const server = target.startsWith('qnap') ? grounds.station : grounds.scalingo;
    server.faults.add({ name, route, times: 99 });
    const ran = await run(['logs', target]);
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    expectOneSentence(ran.stderr, words);
  });

  it('a frame that is no JSON stops nothing', async () => {
    grounds.scalingo.faults.add({ name: 'not-json', route: 'stream' });
    const running = startPolylog(
      ['logs', 'tail', 'scalingo:shop', '-n', '1', '--until-match', 'fine', '--reorder', '0'],
      { place, env: grounds.env },
    );
    await running.said('line 5');
    grounds.world.write({ text: 'all is fine', at: moment('2026-03-01T10:00:04.5Z') });
    const ran = await running.ended;
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('all is fine\n');
    expect(ran.stderr).not.toContain('defect');
  });
});

describe('a connection that breaks in the middle of the past', () => {
  it('is taken up again: every line once', async () => {
    grounds.scalingo.faults.add({ name: 'reset-mid-line', route: 'dump', afterLines: 3 });
    const ran = await run(['logs', 'scalingo:shop', '-t', 'none', '--no-prefix', '-g', '^line']);
    expect(linesOf(ran.stdout)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `line ${n}`));
    expect(ran.code).toBe(0);
  });
});

describe('a line without an end', () => {
  const BYTES = 24 * 1024 * 1024;
  const MIB = 1024 * 1024;

  it('is cut, marked and counted, and the next lines come', async () => {
    grounds.scalingo.faults.add({ name: 'endless-line', route: 'dump', bytes: BYTES, afterLines: 2 });
    const ran = await run(['logs', 'scalingo:shop', '-g', '^line', '-o', 'ndjson']);
    const records = linesOf(ran.stdout).map((line) => JSON.parse(line));
    // The third line swallows the fourth.
    expect(records.map(({ message }) => message.slice(0, 6))).toEqual(
      [0, 1, 2, 4, 5].map((n) => `line ${n}`),
    );
    const cut = records[2];
    expect(cut.message.length).toBeLessThanOrEqual(MIB);
    expect(cut.message.length + cut.truncated).toBeGreaterThan(BYTES - 200);
    expect(ran.code).toBe(0);
  });

  it.runIf(process.platform === 'linux')('takes memory for a line, not for what has no end', async () => {
    // The same command without the long line is the measure.
    const peak = async () => {
      const running = startPolylog(
        ['logs', 'tail', 'scalingo:shop', '-n', '4', '-o', 'raw', '--reorder', '0'],
        { place, env: grounds.env },
      );
      await running.said('line 5');
      const status = readFileSync(`/proc/${running.pid}/status`, 'utf8');
      running.child.kill('SIGINT');
      await running.ended;
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    };
    const usual = await peak();
    grounds.scalingo.faults.add({ name: 'endless-line', route: 'dump', bytes: 100 * MIB, afterLines: 2 });
    const flooded = await peak();
    expect(usual).toBeGreaterThan(10 * MIB);
    expect(flooded - usual).toBeLessThan(70 * MIB);
  });
});

describe('a platform that cannot be reached (6)', () => {
  it.each([
    ['qnap:docker/shop-web', ['Container Station', 'docker/shop-web', 'refused the connection']],
    ['scalingo:shop', ['Scalingo', 'shop', 'refused the connection']],
  ])('%s: is tried again for a bounded time', async (target, words) => {
    const url = 'http://127.0.0.1:1';
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const code = await main(['logs', target], {
      argv: ['logs', target],
      env: { ...grounds.env, SCALINGO_AUTH_URL: url, POLYLOG_QNAP_URL: url },
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
    stdout.end();
    stderr.end();
    const said = linesOf(await text(stderr));
    expect(code).toBe(6);
    expect(await text(stdout)).toBe('');
    expect(said.slice(0, -1).every((line) => line.includes('again in'))).toBe(true);
    expectOneSentence(`${said.at(-1)}\n`, words);
  });
});

describe('a certificate that nobody vouches for', () => {
  let secure: Grounds;
  let certificate: string;
  let fingerprint: string;
  beforeAll(async () => {
    certificate = join(place.root, 'cert.pem');
    const key = join(place.root, 'key.pem');
    const subject = ['-subj', '/CN=nas', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', certificate, '-days', '2', '-nodes'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...files, ...subject],
      {
        stdio: 'ignore',
      },
    );
    fingerprint = String(
      execFileSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256', '-in', certificate]),
    )
      .trim()
      .replace(/^.*=/, '');
    const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(certificate, 'utf8') };
    secure = await startGrounds({
      lines: [{ at: moment('2026-03-01T10:00:00Z'), text: 'over TLS' }],
      station: { tls },
    });
  });
  afterAll(() => secure.close());
  const read = (flags: string[], env: Env = {}) =>
    polylog(['logs', 'qnap:docker/shop-web', ...flags], { place, env: { ...secure.station.env, ...env } });
  const LINE = '- container-station:docker/shop-web over TLS\n';

  it('is refused before anything is sent, and the remedy is named', async () => {
    const ran = await read([]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expectOneSentence(ran.stderr, [
      'Container Station',
      'docker/shop-web',
      'self-signed',
      '--ca FILE',
      fingerprint,
    ]);
    expect(secure.station.requests).toHaveLength(0);
  });

  it('another pin is refused before anything is sent', async () => {
    const ran = await read(['--fingerprint', 'ab'.repeat(32)]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expectOneSentence(ran.stderr, ['is not the pinned one', fingerprint]);
    expect(secure.station.requests).toHaveLength(0);
  });

  it.each([['flag'], ['environment']])('is accepted by its fingerprint: %s', async (how) => {
    const ran = await (how === 'flag'
      ? read(['--fingerprint', fingerprint])
      : read([], { POLYLOG_QNAP_FINGERPRINT: fingerprint.replaceAll(':', '').toLowerCase() }));
    expect(ran).toMatchObject({ code: 0, stdout: LINE, stderr: '' });
  });

  it('is accepted as its own authority', async () => {
    expect(await read(['--ca', certificate])).toMatchObject({ code: 0, stdout: LINE, stderr: '' });
  });

  it.each([
    [['--insecure'], {}],
    [[], { POLYLOG_QNAP_INSECURE: '1' }],
  ])('is accepted, with a warning, by %j %j', async (flags, env) => {
    const ran = await read(flags, env);
    expect(ran).toMatchObject({ code: 0, stdout: LINE });
    expectOneSentence(ran.stderr, ['Container Station', 'not checked']);
  });
});
