// `auth login` as a person does it: on a pseudo-terminal, one session a platform.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlace, type Env, type Place, shellOnTerminal } from './run-polylog.ts';
import { startStill } from './still-platform.ts';

let place: Place;
beforeAll(async () => {
  place = await createPlace();
});
afterAll(() => place.remove());

/** One way through the prompts: what is awaited, and what is typed then. */
type Typed = readonly (readonly [prompt: string | Promise<unknown>, answer: string])[];

const CTRL_C = '\u0003';

/** Then the shell says how it ended and whether the terminal echoes again. */
async function person(command: string, typed: Typed, env: Env = {}) {
  const script = `${command}; echo "code=$?"; stty -a | grep -ow -e -echo -e echo -e -icanon -e icanon; echo over; read -r _`;
  const screen = shellOnTerminal(script, { place, env: { POLYLOG_KEYRING: 'off', ...env } });
  for (const [prompt, answer] of typed) {
    await (typeof prompt === 'string' ? screen.said(prompt) : prompt);
    screen.pty.write(answer === CTRL_C ? answer : `${answer}\r`);
  }
  // What has not been read soon after the end is lost.
  await screen.said('\nover\n');
  const text = screen.text();
  screen.pty.write('\r');
  await screen.ended;
  expect(text, text).toMatch(/\nicanon\necho\nover\n$/);
  return { text, code: /code=(\d+)/.exec(text)?.[1] };
}

describe.concurrent('auth login on a terminal', () => {
  it('of Scalingo hides the token; the region can be chosen', async () => {
    const still = await startStill('scalingo');
    try {
      const token = still.env.SCALINGO_API_TOKEN ?? '';
      const { text, code } = await person(
        `$POLYLOG auth login scalingo --profile shop --auth-url ${still.env.SCALINGO_AUTH_URL}`,
        [
          ['Token: ', token],
          ['Region [', ''],
        ],
      );
      expect(code, text).toBe('0');
      expect(text).toContain('Logged in to Scalingo as ');
      expect(text).not.toContain(token.slice(6, 20));
    } finally {
      await still.close();
    }
  });

  it('of Akkeris hides the password and says that a one-time code is wrong', async () => {
    const still = await startStill('akkeris', { akkeris: { otp: '123456' } });
    try {
      const { text, code } = await person(
        `$POLYLOG auth login akkeris --profile old --url ${still.server.url} --auth-url ${still.server.url}`,
        [
          ['user and password): ', ''],
          ['User: ', 'jane'],
          ['Password: ', 'akkeris-sandbox-password'],
          ['One-time code: ', '000000'],
        ],
      );
      expect(code, text).toBe('4');
      expect(text).toContain('polylog: Akkeris does not accept the one-time code.');
      expect(text).not.toContain('sandbox-password');
    } finally {
      await still.close();
    }
  });

  it('of a Container Station ends with 130 at Ctrl-C in the midst of the password', async () => {
    const still = await startStill('container-station');
    try {
      const { text, code } = await person(
        `$POLYLOG auth login qnap --profile nas --url ${still.server.url}`,
        [
          ['User ', 'admin'],
          ['Password: ', CTRL_C],
        ],
      );
      expect(code, text).toBe('130');
      expect(text).not.toContain('Logged in');
    } finally {
      await still.close();
    }
  });

  it('of DigitalOcean hides the token and ends with 130 at Ctrl-C while nothing is answered', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const asked = once(silent, 'connection');
    const { port } = silent.address() as AddressInfo;
    const { text, code } = await person(
      `$POLYLOG auth login do --profile team --url http://127.0.0.1:${port}`,
      [
        ['Token: ', 'dop_v1_0123456789abcdef'],
        [asked, CTRL_C],
      ],
    );
    silent.close();
    expect(code, text).toBe('130');
    expect(text).not.toContain('dop_v1_');
  });
});
