// How a process ends: signals, readers that go, pipes without end. Every one of them ends by itself.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPlace,
  type Grounds,
  linesOf,
  moment,
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
  // More than a pipe holds, so that a reader who takes one line leaves a writer behind.
  const lines = Array.from({ length: 3000 }, (_, n) => ({
    at: { ms: Date.parse('2026-03-01T10:00:00Z') + n, nanos: 0 },
    text: `${n} ${'x'.repeat(100)}`,
  }));
  grounds = await startGrounds({ lines });
});
afterAll(async () => {
  await grounds.close();
  await place.remove();
});

const tail = (...args: string[]) =>
  startPolylog(['logs', 'tail', 'scalingo:shop', '-n', '1', '-t', 'none', '--no-prefix', ...args], {
    place,
    env: grounds.env,
  });

describe('a signal during a tail', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s: what was received is printed, then the summary, then the end with %i',
    async (signal, code) => {
      // The window for putting lines in order is so long that only the signal brings the line out.
      const running = tail('--reorder', '1h', '--debug', '-g', `2999|wanted by ${signal}`);
      await running.said('2999 ');
      const frames = running.stderr().length;
      grounds.world.write({ text: `wanted by ${signal}` });
      await frameAfter(running, frames);
      expect(running.stdout()).not.toContain('wanted');
      running.child.kill(signal);
      const ran = await running.ended;
      expect(linesOf(ran.stdout).at(-1)).toBe(`wanted by ${signal}`);
      expect(ran.stderr).toMatch(/^polylog: 2 lines in [\d.]+ s$/m);
      expect(ran).toMatchObject({ code, signal: null });
    },
  );

  it('leaves no watcher at the platform', async () => {
    const running = tail('-g', '2999');
    await running.said('2999 ');
    expect(grounds.scalingo.watchers()).toBe(1);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    await expect.poll(() => grounds.scalingo.watchers()).toBe(0);
  });

  it('-q leaves the summary out', async () => {
    const running = tail('-q', '-g', '2999');
    await running.said('2999 ');
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, stderr: '' });
  });

  it('before anything has come is no different', async () => {
    const running = startPolylog(['logs', 'tail', 'qnap:docker/shop-web', '-n', '0'], {
      place,
      env: grounds.env,
    });
    await running.said('+ container-station:docker/shop-web', 'stderr');
    running.child.kill('SIGINT');
    const ran = await running.ended;
    expect(ran).toMatchObject({ code: 130, stdout: '' });
    expect(ran.stderr).toContain('polylog: 0 lines');
  });

  it('with a reader that takes nothing ends it as well, and says that not all was taken', async () => {
    const { child, said, stderr } = startPolylog(['logs', 'tail', 'scalingo:shop', '-n', '3000'], {
      place,
      env: grounds.env,
    });
    await said(' scalingo:shop/web-1 ');
    child.stdout?.pause();
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    await expect
      .poll(stderr)
      .toMatch(
        /^polylog: scalingo:shop: interrupted, the output is incomplete\.\npolylog: \d+ lines in [\d.]+ s\n$/m,
      );
  });
});

/** Resolves when the trace has told of one more frame. */
async function frameAfter(running: ReturnType<typeof tail>, length: number): Promise<void> {
  await expect.poll(() => running.stderr().slice(length), { timeout: 10_000 }).toMatch(/frames/);
}

describe('a reader that goes', () => {
  it('ends the past quietly with 0', async () => {
    const script = '$POLYLOG logs scalingo:shop -n 3000 -g "x{100}" | head -1; echo "$PIPESTATUS"';
    const ran = await shell(script, { place, env: grounds.env }).ended;
    const [line, code, ...more] = linesOf(ran.stdout);
    expect(line).toMatch(/ scalingo:shop\/web-1 0 x+$/);
    expect(code).toBe('0');
    expect(more).toEqual([]);
    expect(ran.stderr).toBe('');
  });

  it.each([
    ['a tail', 'logs tail scalingo:shop -n 1 -g ^2999'],
    ['events', 'events tail scalingo:shop'],
    ['figures', 'metrics show scalingo:shop --watch --interval 1h'],
  ])('ends %s with 0 while nothing is written', async (_, command) => {
    const script = `$POLYLOG ${command} | head -1; echo "$PIPESTATUS"`;
    const ran = await shell(script, { place, env: grounds.env }).ended;
    expect(linesOf(ran.stdout)).toHaveLength(2);
    expect(linesOf(ran.stdout).at(-1)).toBe('0');
    // Connected before it went; not a word afterwards.
    expect(ran.stderr).toMatch(/^(\+ scalingo:shop\n)?$/);
  });

  it('ends a busy tail quietly with 0', async () => {
    const script = '$POLYLOG logs tail scalingo:shop -n 3000 --reorder 0 | head -1; echo "$PIPESTATUS"';
    const ran = await shell(script, { place, env: grounds.env }).ended;
    expect(linesOf(ran.stdout).at(-1)).toBe('0');
    expect(ran.stderr).toMatch(/^(\+ scalingo:shop\n)?$/);
  });

  it('of a socket is missed as well', async () => {
    const { child, said } = tail('-g', '^2999');
    await said('2999 ');
    const exited = once(child, 'exit');
    child.stdout?.destroy();
    expect(await exited).toEqual([0, null]);
  });

  it.each([
    ['help', '--help'],
    ['a list', 'apps list'],
    ['json', 'platforms --json'],
  ])('of %s is no failure', async (_, args) => {
    const ran = await shell(`$POLYLOG ${args} | true; echo "$PIPESTATUS"`, { place, env: grounds.env }).ended;
    expect(ran).toMatchObject({ stdout: '0\n', stderr: '' });
  });
});

describe('a full disk', () => {
  it('leaves no half export behind', async () => {
    // A limit on files stands in for a disk: the process gets an error in the midst of a write.
    const script =
      'mkdir out && cd out && ulimit -f 8 && $POLYLOG logs export scalingo:shop --to shop.ndjson; echo $?; ls -A';
    const ran = await shell(script, { place, env: grounds.env }).ended;
    expect(ran).toMatchObject({
      stdout: '6\n',
      stderr: 'polylog: shop.ndjson cannot be written: the file would be too large.\n',
    });
  });

  it.each(['--version', 'help output', 'logs --help'])('is said of %s too', async (args) => {
    const ran = await shell(`$POLYLOG ${args} > /dev/full`, { place }).ended;
    expect(ran).toMatchObject({
      code: 6,
      stderr: 'polylog: Cannot write the output: no space is left on the device.\n',
    });
  });

  it('is an error with a sentence', async () => {
    const ran = await shell('$POLYLOG logs scalingo:shop > /dev/full', { place, env: grounds.env }).ended;
    expect(ran).toMatchObject({
      code: 6,
      stderr: 'polylog: Cannot write the output: no space is left on the device.\n',
    });
  });

  it('ends a tail as well', async () => {
    const ran = await shell('$POLYLOG logs tail scalingo:shop > /dev/full', { place, env: grounds.env })
      .ended;
    expect(ran.code).toBe(6);
    expect(ran.stderr).toContain('polylog: Cannot write the output: no space is left on the device.\n');
  });
});

describe('without', () => {
  it.each([
    ['stdin', '<&-'],
    ['a stdin that says anything', '</dev/null'],
    ['stderr', '2>&-'],
  ])('%s it runs as ever', async (_, redirection) => {
    const ran = await shell(`$POLYLOG logs scalingo:shop -n 1 -t none ${redirection}`, {
      place,
      env: grounds.env,
    }).ended;
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^scalingo:shop\/web-1 /);
  });

  it('stdout it ends', async () => {
    const ran = await shell('$POLYLOG logs scalingo:shop -n 1 >&-', { place, env: grounds.env }).ended;
    expect(ran.signal).toBeNull();
    expect(ran.stderr).not.toContain('defect');
  });

  it('a terminal there is no colour and nothing that moves', async () => {
    const running = startPolylog(['logs', 'tail', 'scalingo:shop', 'qnap:', '-n', '3', '--timeout', '1s'], {
      place,
      env: grounds.env,
    });
    const ran = await running.ended;
    expect(ran.code).toBe(124);
    expect(ran.stdout + ran.stderr).not.toMatch(/[\u001b\r]/);
    expect(linesOf(ran.stdout)).toHaveLength(6);
  });
});

describe('a long log', () => {
  it('arrives whole, to the last byte', async () => {
    const ran = await polylog(
      ['logs', 'scalingo:shop', '-n', '3000', '-t', 'none', '--no-prefix', '-g', 'x{100}$'],
      {
        place,
        env: grounds.env,
      },
    );
    expect(linesOf(ran.stdout)).toHaveLength(3000);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  it('of a time that nobody wrote in is empty', async () => {
    const since = [
      '-S',
      moment('2020-01-01T00:00:00Z').ms / 1000,
      '-U',
      moment('2020-01-02T00:00:00Z').ms / 1000,
    ];
    const args = since.map((word) => (typeof word === 'number' ? `@${word}` : word));
    const ran = await polylog(['logs', 'qnap:', ...args, '--exit-on-empty'], { place, env: grounds.env });
    expect(ran).toMatchObject({ code: 3, stdout: '' });
  });
});
