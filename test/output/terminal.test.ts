// The writer: back-pressure, a reader that goes, a disk that is full, colour by flags and environment.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { colorLevel } from '../../src/output/color.ts';
import { loadPalette, painted, paintOfSource } from '../../src/output/palette.ts';
import { createTerminal, type OutputStream } from '../../src/output/terminal.ts';

type Taken = (error?: Error | null) => void;

/** A stream whose reader takes a chunk when it is told to. */
class SlowOutput extends Writable {
  isTTY = false;
  columns = 0;
  written = '';
  taken: Taken[] = [];

  constructor() {
    super({ highWaterMark: 10 });
  }

  override _write(chunk: Buffer, _encoding: string, taken: Taken): void {
    this.written += chunk;
    this.taken.push(taken);
  }

  take(error?: Error): void {
    this.taken.shift()?.(error);
  }
}

function setUp(color?: 'auto' | 'always' | 'never', quiet = false) {
  const stdout = new SlowOutput();
  const stderr = new SlowOutput();
  return { stdout, stderr, terminal: createTerminal({ stdout, stderr, env: {}, color, quiet }) };
}

const failure = (code: string): Error => Object.assign(new Error(code), { code });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether it is settled by the next turn of the event loop. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  await turn();
  return settled;
}

describe('print', () => {
  it('waits for room and for no more', async () => {
    const { stdout, terminal } = setUp();
    await terminal.print('short');
    const long = terminal.print('longer than ten');
    expect(await isSettled(long)).toBe(false);
    stdout.take();
    expect(await isSettled(long)).toBe(false);
    stdout.take();
    await long;
    expect(stdout.written).toBe('shortlonger than ten');
  });

  it('takes bytes', async () => {
    const { stdout, terminal } = setUp();
    await terminal.print(new Uint8Array([0x61, 0x0a]));
    expect(stdout.written).toBe('a\n');
  });

  it('releases everyone who waits when the reader goes, and says so', async () => {
    const { stdout, terminal } = setUp();
    const first = terminal.print('longer than ten');
    const second = terminal.print('another one');
    expect(terminal.isClosed).toBe(false);
    stdout.take(failure('EPIPE'));
    await Promise.all([first, second, terminal.closed]);
    expect(terminal.isClosed).toBe(true);
    await terminal.print('nobody hears this');
    await terminal.flush();
    expect(stdout.written).toBe('longer than ten');
  });

  it.each(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])(
    'takes %s for a reader that has gone',
    async (code) => {
      const { stdout, terminal } = setUp();
      stdout.destroy(failure(code));
      await terminal.closed;
      await expect(terminal.print('x')).resolves.toBeUndefined();
    },
  );

  it('notices a stream that closes without an error', async () => {
    const { stdout, terminal } = setUp();
    const waiting = terminal.print('longer than ten');
    stdout.destroy();
    await Promise.all([waiting, terminal.closed]);
  });

  it.each([
    ['ENOSPC', 'no space is left'],
    ['EIO', 'input/output error'],
    ['EWHATEVER', 'EWHATEVER'],
  ])('throws one sentence for %s', async (code, part) => {
    const { stdout, terminal } = setUp();
    const waiting = terminal.print('longer than ten');
    stdout.take(failure(code));
    const expected = expect.objectContaining({
      kind: 'unavailable',
      retryable: false,
      message: expect.stringContaining(part),
    });
    await expect(waiting).rejects.toEqual(expected);
    await expect(terminal.print('x')).rejects.toEqual(expected);
    await expect(terminal.flush()).rejects.toEqual(expected);
    expect(terminal.isClosed).toBe(false);
  });

  it.skipIf(!existsSync('/dev/full'))('throws for a full disk', async () => {
    const terminal = createTerminal({
      stdout: createWriteStream('/dev/full'),
      stderr: new SlowOutput(),
      env: {},
    });
    await terminal.print('x');
    await expect(terminal.flush()).rejects.toThrow(
      'Cannot write the output: no space is left on the device.',
    );
  });

  it('takes a stream that throws for one that fails', async () => {
    const { stdout, terminal } = setUp();
    stdout._write = () => {
      throw failure('ENOSPC');
    };
    await expect(terminal.print('x')).rejects.toThrow('no space is left');
  });
});

describe('flush', () => {
  it('waits until all has left', async () => {
    const { stdout, stderr, terminal } = setUp();
    await terminal.print('a');
    await terminal.print('b');
    terminal.note('c');
    const flushed = terminal.flush();
    expect(await isSettled(flushed)).toBe(false);
    while (stdout.taken.length > 0) {
      stdout.take();
      await turn();
    }
    expect(await isSettled(flushed)).toBe(false);
    while (stderr.taken.length > 0) {
      stderr.take();
      await turn();
    }
    await flushed;
    expect(stdout.written).toBe('ab');
  });

  it('resolves at once when nothing was printed', async () => {
    await setUp().terminal.flush();
  });
});

describe('a real pipe', () => {
  it('closes when its reader has gone', async () => {
    const reader = spawn(process.execPath, ['-e', 'process.stdin.once("data", () => process.exit())']);
    const stderr = new SlowOutput();
    const terminal = createTerminal({ stdout: reader.stdin, stderr, env: {} });
    const line = `${'x'.repeat(99)}\n`.repeat(1000);
    while (!terminal.isClosed) await terminal.print(line);
    await terminal.closed;
    await expect(terminal.print(line)).resolves.toBeUndefined();
  });
});

describe('stderr', () => {
  it('gets notes, and complaints even when quiet', () => {
    const loud = setUp();
    loud.terminal.note('+ shop');
    expect(loud.stderr.written).toBe('+ shop\n');
    const quiet = setUp('auto', true);
    quiet.terminal.note('+ shop');
    quiet.terminal.complain('no such app');
    expect(quiet.stderr.written).toBe('no such app\n');
    expect(quiet.stdout.written).toBe('');
  });

  it('is neutralised on a terminal', () => {
    const { stderr, terminal } = setUp();
    stderr.isTTY = true;
    terminal.note('\x1b[31mred\x1b[39m \x1b]0;title\x07gone');
    expect(stderr.written).toBe('\x1b[31mred\x1b[39m gone\x1b[0m\n');
  });

  it('may close without harm', async () => {
    const { stderr, terminal } = setUp();
    stderr.destroy(failure('EPIPE'));
    await turn();
    terminal.complain('nobody hears this');
    await terminal.flush();
    expect(terminal.isClosed).toBe(false);
  });
});

describe('facts', () => {
  it('tells the streams apart', () => {
    const stdout: OutputStream = new SlowOutput();
    const stderr: OutputStream = new SlowOutput();
    stderr.isTTY = true;
    stderr.columns = 132;
    const { out, err } = createTerminal({ stdout, stderr, env: { TERM: 'xterm' } });
    expect({ ...out }).toEqual({ isTTY: false, columns: 80, color: 0 });
    expect({ ...err }).toEqual({ isTTY: true, columns: 132, color: 1 });
    stderr.columns = 60;
    expect(err.columns).toBe(60);
  });

  it('takes COLUMNS where the stream does not know', () => {
    const stream = new SlowOutput();
    expect(createTerminal({ stdout: stream, stderr: stream, env: { COLUMNS: '40' } }).out.columns).toBe(40);
    expect(createTerminal({ stdout: stream, stderr: stream, env: { COLUMNS: 'x' } }).out.columns).toBe(80);
  });

  it.each([
    ['a terminal', {}, 'auto', true, 1],
    ['a pipe', {}, 'auto', false, 0],
    ['256 colours', { TERM: 'xterm-256color' }, 'auto', true, 2],
    ['all colours', { COLORTERM: 'truecolor' }, 'auto', true, 3],
    ['a dumb terminal', { TERM: 'dumb' }, 'auto', true, 0],
    ['NO_COLOR', { NO_COLOR: '1' }, 'auto', true, 0],
    ['an empty NO_COLOR', { NO_COLOR: '' }, 'auto', true, 1],
    ['FORCE_COLOR', { FORCE_COLOR: '1' }, 'auto', false, 1],
    ['an empty FORCE_COLOR', { FORCE_COLOR: '' }, 'auto', false, 0],
    ['an empty FORCE_COLOR before NO_COLOR', { FORCE_COLOR: '', NO_COLOR: '1' }, 'auto', true, 0],
    ['FORCE_COLOR=3', { FORCE_COLOR: '3' }, 'auto', false, 3],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, 'auto', true, 0],
    ['FORCE_COLOR before NO_COLOR', { FORCE_COLOR: '2', NO_COLOR: '1' }, 'auto', false, 2],
    ['--color always before NO_COLOR', { NO_COLOR: '1' }, 'always', false, 1],
    ['--color always on a dumb one', { TERM: 'dumb' }, 'always', true, 1],
    ['--no-color before FORCE_COLOR', { FORCE_COLOR: '3' }, 'never', true, 0],
  ] as const)('%s', (_, env, when, isTTY, level) => {
    expect(colorLevel({ isTTY, env, when })).toBe(level);
  });
});

describe('palette', () => {
  it('is empty without colour', async () => {
    const palette = await loadPalette(0);
    expect(painted(palette.levels.error, 'x') + painted(paintOfSource(palette, 'shop'), 'y')).toBe('xy');
  });

  it('gives a source the same colour in every run', async () => {
    const palette = await loadPalette(1);
    expect(painted(paintOfSource(palette, 'scalingo:shop/web-1'), 'x')).toBe('\x1b[36mx\x1b[39m');
    const used = new Set(
      Array.from({ length: 200 }, (_, index) => paintOfSource(palette, `web-${index}`).open),
    );
    expect(used.size).toBe(palette.sources.length);
  });
});
