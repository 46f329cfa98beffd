// That work which never waits leaves the rest of the process its turns, on a clock that moves with the work.
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTerminal } from '../src/output/terminal.ts';
import { past } from '../src/stream/past.ts';
import { createInbox } from '../src/transport/inbox.ts';
import { turnForOthers } from '../src/turns.ts';
import { channel, type Line, lines, scripted } from './stream/scripted-source.ts';

let now = performance.now();
beforeEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => void vi.restoreAllMocks());

/** How often others had their turn during so many pieces of work of a millisecond each. */
async function turnsDuring(pieces: number, work: (piece: number) => unknown): Promise<number> {
  let turns = 0;
  let over = false;
  const turn = () => {
    turns += 1;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  for (let piece = 0; piece < pieces; piece += 1) {
    await work(piece);
    now += 1;
  }
  over = true;
  return turns;
}

it('others have their turn every ten milliseconds, not at every piece', async () => {
  const turns = await turnsDuring(100, turnForOthers);
  expect(turns).toBeGreaterThanOrEqual(8);
  expect(turns).toBeLessThanOrEqual(12);
});

it('not while there is nothing to do in between', async () => {
  turnForOthers();
  await new Promise((resolve) => setImmediate(resolve));
  now += 1000;
  expect(turnForOthers()).toBeUndefined();
});

it('what comes faster than it is taken leaves them their turns', async () => {
  const inbox = createInbox<string, undefined>({
    maxBytes: 1000,
    maxItems: 1000,
    pause: () => undefined,
    resume: () => undefined,
  });
  const turns = await turnsDuring(100, () => {
    inbox.push('line', 4);
    return inbox.take();
  });
  expect(turns).toBeGreaterThanOrEqual(8);
});

it('a reader who takes everything at once leaves them their turns', async () => {
  const all = () => new Writable({ write: (_chunk, _encoding, taken) => taken() });
  const terminal = createTerminal({ stdout: all(), stderr: all(), env: {} });
  const turns = await turnsDuring(100, () => terminal.print('line\n'));
  expect(turns).toBeGreaterThanOrEqual(8);
});

it('putting many lines in order leaves them their turns, and an end makes it short', async () => {
  const stop = new AbortController();
  const came = lines(...Array.from({ length: 50_000 }, (_, index) => 50_000 - index));
  const source = scripted({
    traits: { ordered: false },
    async *history() {
      yield { items: came };
      stop.abort(new Error('stopped'));
      throw stop.signal.reason;
    },
    live: (_, signal) => channel().run(signal),
  });
  let read = 0;
  const timeOf = (line: Line) => {
    read += 1;
    now += 0.1;
    return source.timeOf(line);
  };
  const options = { keep: () => true, lines: 100_000, since: null, until: null, holdCut: false };
  const steps = past({ ...source, timeOf }, options, stop.signal);
  let items: readonly Line[] = [];
  const turns = await turnsDuring(1, async () => {
    ({ items } = (await steps.next()).value as { items: Line[] });
  });
  // The newest of what was received, which is what comes last as long as a platform gives the oldest first.
  expect(items.map(({ at }) => at)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
  expect(read).toBeLessThanOrEqual(20_000);
  expect(turns).toBeGreaterThanOrEqual(4);
  await expect(steps.next()).rejects.toThrow('stopped');
});
