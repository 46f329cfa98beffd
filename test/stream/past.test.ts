// The past that breaks off: what was received stays.
import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/errors.ts';
import type { Batch, HistoryEnd, HistoryQuery } from '../../src/provider.ts';
import { past } from '../../src/stream/past.ts';
import { channel, type Line, lines, scripted } from './scripted-source.ts';

const never = new AbortController().signal;
const broken = new CliError('unavailable', 'broke off');

type History = AsyncGenerator<Batch<Line>, HistoryEnd, undefined>;

async function read(
  history: (query: HistoryQuery) => History,
  { limit, ordered }: { limit: number | 'all'; ordered: boolean },
): Promise<{ texts: string[]; failure: unknown }> {
  const source = scripted({
    traits: { ordered },
    history,
    live: (_, signal) => channel().run(signal),
  });
  const keep = ({ text }: Line) => text !== 'l2';
  const options = { keep, lines: limit, since: null, until: null, holdCut: false };
  const texts: string[] = [];
  const steps = past(source, options, never);
  const failure = await (async () => {
    for (let step = await steps.next(); !step.done; step = await steps.next()) {
      texts.push(...step.value.items.map(({ text }) => text));
    }
  })().catch((error: unknown) => error);
  return { texts, failure };
}

async function* breakingAfter(all: readonly Line[]): History {
  yield { items: all };
  throw broken;
}

describe('a past that breaks off', () => {
  it.each([
    [10, true],
    [10, false],
    ['all', true],
    ['all', false],
  ] as const)(
    'hands out what passes of what came (lines %s, ordered %s), then fails',
    async (limit, ordered) => {
      const came = ordered ? lines(1, 2, 3, 4) : lines(3, 1, 4, 2);
      const { texts, failure } = await read(() => breakingAfter(came), { limit, ordered });
      expect(texts).toEqual(['l1', 'l3', 'l4']);
      expect(failure).toBe(broken);
    },
  );

  it('hands out no more than was asked for', async () => {
    const { texts } = await read(() => breakingAfter(lines(1, 3, 4, 5)), { limit: 2, ordered: true });
    expect(texts).toEqual(['l4', 'l5']);
  });

  it('falls back on the shorter look before it when that brought more', async () => {
    let looks = 0;
    async function* once(): History {
      looks += 1;
      yield { items: lines(7, 8) };
      if (looks === 1) return { complete: false, begins: null };
      throw broken;
    }
    async function* second(): History {
      looks += 1;
      if (looks > 1) throw broken;
      yield { items: lines(7, 8) };
      return { complete: false, begins: null };
    }
    expect((await read(once, { limit: 5, ordered: true })).texts).toEqual(['l7', 'l8']);
    looks = 0;
    const { texts, failure } = await read(second, { limit: 5, ordered: true });
    expect(texts).toEqual(['l7', 'l8']);
    expect(failure).toBe(broken);
  });
});
