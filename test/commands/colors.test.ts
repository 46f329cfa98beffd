// Which words and variables give colour, on a terminal and in a pipe, for logs and for lists.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { main } from '../../src/main.ts';
import { type Grounds, moment, startGrounds } from '../bin/run-polylog.ts';
import { hostOf } from '../host-of-streams.ts';

let grounds: Grounds;
beforeAll(async () => {
  grounds = await startGrounds({
    lines: [
      { at: moment('2026-03-01T10:00:00Z'), text: 'one' },
      { at: moment('2026-03-01T10:00:01Z'), text: 'two', index: 2 },
    ],
  });
});
afterAll(() => grounds.close());

const LOGS = 'logs scalingo:shop';
const LIST = 'apps list scalingo';

async function shown(line: string, { env, isTTY }: { env: Host['env']; isTTY: boolean }): Promise<string> {
  const { host, stdout } = hostOf(line.split(' '), { ...grounds.env, TERM: 'xterm', ...env });
  stdout.isTTY = isTTY;
  expect(await main(host.argv, host)).toBe(0);
  return stdout.text;
}

describe('colour', () => {
  it.each<[flags: string, env: Record<string, string>, terminal: boolean, pipe: boolean]>([
    ['', {}, true, false],
    ['', { NO_COLOR: '1' }, false, false],
    ['', { NO_COLOR: '' }, true, false],
    ['', { FORCE_COLOR: '1' }, true, true],
    ['', { FORCE_COLOR: '' }, true, false],
    ['', { FORCE_COLOR: '', NO_COLOR: '1' }, false, false],
    ['', { FORCE_COLOR: '0' }, false, false],
    ['', { FORCE_COLOR: '1', NO_COLOR: '1' }, true, true],
    ['', { TERM: 'dumb' }, false, false],
    [' --color auto', { NO_COLOR: '1' }, false, false],
    [' --color always', {}, true, true],
    [' --color always', { NO_COLOR: '1', TERM: 'dumb' }, true, true],
    [' --color never', { FORCE_COLOR: '3' }, false, false],
    [' --no-color', { FORCE_COLOR: '3' }, false, false],
    [' --color always --no-color', {}, false, false],
    [' --no-color --color always', {}, true, true],
  ])('%s with %j: terminal %s, pipe %s', async (flags, env, terminal, pipe) => {
    expect((await shown(LIST + flags, { env, isTTY: true })).includes('\x1b[')).toBe(terminal);
    expect((await shown(LIST + flags, { env, isTTY: false })).includes('\x1b[')).toBe(pipe);
  });

  it.each([LOGS, `${LOGS} -o table`])('of %s goes by the same rules', async (command) => {
    expect(await shown(command, { env: {}, isTTY: false })).not.toContain('\x1b[');
    expect(await shown(command, { env: { NO_COLOR: '1' }, isTTY: true })).not.toContain('\x1b[');
    expect(await shown(`${command} --color always`, { env: {}, isTTY: false })).toContain('\x1b[');
  });
});

it('a source has the same colour in every run, on a terminal and in a pipe', async () => {
  const env = { FORCE_COLOR: '1' };
  const colorOf = (text: string, name: string) =>
    new RegExp(`(\\x1b\\[\\d+m)(?:scalingo:shop/)?${name}`).exec(text)?.[1];
  const texts = [
    await shown(LOGS, { env, isTTY: true }),
    await shown(LOGS, { env, isTTY: true }),
    await shown(LOGS, { env, isTTY: false }),
    await shown(`${LOGS} -o table`, { env, isTTY: true }),
  ];
  for (const name of ['web-1', 'web-2']) {
    const colors = new Set(texts.map((text) => colorOf(text, name)));
    expect([...colors]).toEqual([expect.stringContaining('\x1b[')]);
  }
});
