// `polylog sandbox`: the platforms on loopback, for a command, for another shell. The demonstration is not run here.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPlace, linesOf, onTerminal, type Place, polylog, shell, startPolylog } from './run-polylog.ts';

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place.remove());

/** What a caller has that the sandbox must not hand on. */
const callers = {
  SCALINGO_API_TOKEN: 'tk-us-real-account',
  POLYLOG_SCALINGO_TOKEN: 'tk-us-real-account',
  SCALINGO_REGION: 'osc-real',
  POLYLOG_QNAP_URL: 'https://nas.example',
  POLYLOG_QNAP_SID: 'real-sid',
  QIP: 'nas.example',
  QPORT: '8080',
  POLYLOG_PROFILE: 'qnap',
  POLYLOG_APP: 'scalingo:real',
  POLYLOG_OUTPUT: 'csv',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  HTTP_PROXY: 'http://127.0.0.1:1',
  POLYLOG_AKKERIS_TOKEN: 'real-akkeris',
  AKKERIS_AUTH_HOST: 'real.example',
  DIGITALOCEAN_TOKEN: 'dop_v1_real',
  NO_PROXY: 'kept.example',
  UNRELATED: 'stays',
};

const inSandbox = (...command: string[]) => polylog(['sandbox', '--', ...command], { place, env: callers });
const leftovers = () => readdir(join(place.root, 'tmp'));

describe('with a command', () => {
  it.each([0, 1, 42])('its exit code %i is ours', async (code) => {
    expect(await inSandbox('sh', '-c', `exit ${code}`)).toMatchObject({ code, stdout: '', stderr: '' });
  });

  it('that a signal has ended is told apart as shells do it', async () => {
    expect(await inSandbox('sh', '-c', 'kill -9 $$')).toMatchObject({ code: 137, stderr: '' });
  });

  it('its arguments are its own, dashes and all', async () => {
    const ran = await inSandbox('printf', '%s|', '--help', '-n', 'a b', '--');
    expect(ran).toMatchObject({ code: 0, stdout: '--help|-n|a b|--|' });
  });

  it("it has the sandbox's addresses and none of the caller's credentials or settings", async () => {
    const ran = await inSandbox('env');
    expect(ran.stdout).not.toMatch(/real|nas\.example/);
    const env = Object.fromEntries(linesOf(ran.stdout).map((line) => line.split(/=(.*)/s)));
    expect(env).toMatchObject({
      UNRELATED: 'stays',
      SCALINGO_AUTH_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      POLYLOG_QNAP_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    for (const name of ['SCALINGO_REGION', 'POLYLOG_PROFILE', 'POLYLOG_APP', 'POLYLOG_OUTPUT', 'QIP']) {
      expect(env[name]).toBeUndefined();
    }
    expect(env.POLYLOG_CONFIG_DIR).not.toBe(place.env.POLYLOG_CONFIG_DIR);
  });

  it('polylog and logs are found there, and reach every platform', async () => {
    const ran = await inSandbox('polylog', 'auth', 'status', '--json');
    expect(ran.code).toBe(0);
    const profiles = (JSON.parse(ran.stdout) as { profile: string; ok: boolean }[]).filter(({ ok }) => ok);
    expect(profiles.map(({ profile }) => profile)).toEqual(
      expect.arrayContaining(['container-station', 'scalingo']),
    );
    const logs = await inSandbox('logs', 'scalingo:shop', '-n', '2');
    expect(linesOf(logs.stdout)).toHaveLength(2);
    expect(logs).toMatchObject({ code: 0, stderr: '' });
  });

  it('the same seed tells the same story', async () => {
    const story = (seed: string) =>
      polylog(
        ['sandbox', '--seed', seed, '--', 'logs', 'scalingo:shop', '-n', '20', '-t', 'none', '-s', 'app'],
        {
          place,
        },
      );
    const [one, again, other] = await Promise.all([story('7'), story('7'), story('8')]);
    expect(linesOf(one.stdout).length).toBeGreaterThan(5);
    // The living world may have gone on by a line or two.
    const common = linesOf(again.stdout).filter((line) => one.stdout.includes(line));
    expect(common.length).toBeGreaterThan(5);
    expect(other.stdout).not.toBe(one.stdout);
  });

  it('that does not exist is said in a sentence', async () => {
    const ran = await inSandbox('no-such-program');
    expect(ran).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'polylog: "no-such-program" cannot be run in the sandbox: there is no such program.\n',
    });
  });

  it('nothing is left behind', async () => {
    expect(await leftovers()).toEqual([]);
  });
});

describe('without a command', () => {
  it('prints what another shell needs, stays until it is stopped, and leaves nothing behind', async () => {
    const running = startPolylog(['sandbox'], { place, env: callers });
    onTestFinished(() => void running.child.kill());
    await running.said('export no_proxy=');
    const lines = running.stdout();
    expect(lines).toMatch(/^(unset \w+\n)+(export \w+='.*'\n)+$/);
    // In a shell that has everything of its own: nothing of that is left, and all is reached.
    const script = '. ./lines && env && $POLYLOG auth status --json >&2 && $POLYLOG logs scalingo:shop -n 1';
    await place.write('lines', lines);
    const ran = await shell(`sh -c '${script}'`, { place, env: callers }).ended;
    expect(ran.code).toBe(0);
    expect(ran.stdout).not.toMatch(/real|nas\.example/);
    expect(ran.stdout).toContain('NO_PROXY=kept.example,127.0.0.1,localhost\n');
    expect(ran.stdout).toContain('POLYLOG_KEYRING=off\n');
    expect(ran.stdout).toContain('UNRELATED=stays\n');
    expect(ran.stdout.split('\n').at(-2)).toContain(' scalingo:shop');
    const reached = (JSON.parse(ran.stderr) as { ok: boolean }[]).map(({ ok }) => ok);
    expect(reached).toEqual([true, true, true, true]);
    expect(await leftovers()).toHaveLength(1);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 143, signal: null });
    expect(await leftovers()).toEqual([]);
  });

  it('on a terminal it opens the shell of the person', async () => {
    const script = await place.write(
      'shell.sh',
      `#!/bin/sh\nprintf '%s' "$SCALINGO_AUTH_URL" > "$HOME/seen"\nexit 5\n`,
    );
    const { chmod } = await import('node:fs/promises');
    await chmod(script, 0o755);
    const screen = await onTerminal(['sandbox'], { place, env: { ...callers, SHELL: script } }).ended;
    expect(screen.code).toBe(5);
    expect(screen.text).toContain('polylog logs tail scalingo:shop');
    expect(await readFile(join(place.home, 'seen'), 'utf8')).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });
});

describe('a signal', () => {
  it('of a terminal is the business of the command, which has it already', async () => {
    const script = 'trap "echo told; trap - INT; exec sleep 0" INT; echo ready; while :; do sleep 0.05; done';
    const screen = onTerminal(['sandbox', '--', 'sh', '-c', script], { place });
    await screen.said('ready');
    screen.pty.write('\u0003');
    const { code, text } = await screen.ended;
    expect(code).toBe(0);
    expect(text.match(/told/g)).toHaveLength(1);
  });

  it('reaches the command, whose end is ours', async () => {
    const running = startPolylog(
      [
        'sandbox',
        '--',
        'sh',
        '-c',
        'trap "echo told; exit 7" TERM; echo ready; while :; do sleep 0.05; done',
      ],
      { place },
    );
    await running.said('ready');
    running.child.kill('SIGTERM');
    const ran = await running.ended;
    expect(ran).toMatchObject({ code: 7, stdout: 'ready\ntold\n' });
    expect(ran.signal).toBeNull();
    expect(await leftovers()).toEqual([]);
  });
});
