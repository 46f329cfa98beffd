import { describe, expect, it } from 'vitest';
import { type Merged, type MergeSource, merge } from '../../src/stream/merge.ts';
import { arrivalOf } from '../../src/stream/timed-queue.ts';
import { driven, input, live, type Steps } from './driven-feed.ts';
import { type Line, lines } from './scripted-source.ts';

async function* past(...items: Line[][]): Steps {
  for (const batch of items) yield { kind: 'items', items: batch, past: true };
  yield { kind: 'caught-up' };
  return { reason: 'end of history' };
}

async function collect(
  merged: AsyncGenerator<Merged<Line>, void, undefined>,
  count: number,
): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const step = await merged.next();
    if (step.done) break;
    if (step.value.kind === 'items')
      texts.push(...step.value.items.map((line) => `${step.value.from}:${line.text}`));
  }
  return texts;
}

describe('pasts', () => {
  it('come out in one order of time', async () => {
    const merged = merge([input(past(lines(1, 4), lines(7))), input(past(lines(2, 3), lines(8)))]);
    expect(await collect(merged, 99)).toEqual(['0:l1', '1:l2', '1:l3', '0:l4', '0:l7', '1:l8']);
  });

  it('do not wait for a dead one for ever', async () => {
    const dead = driven();
    let now = 0;
    const merged = merge([input(past(lines(1, 2))), input(dead.steps)], {
      patience: 5,
      now: () => (now += 1),
    });
    expect(await collect(merged, 2)).toEqual(['0:l1', '0:l2']);
    dead.stop();
    await merged.return();
  });

  it('keep a line without a time behind the one it followed', async () => {
    const trace: Line[] = [
      { at: 2, text: 'Error' },
      { at: null, text: '  at here' },
      { at: 5, text: 'l5' },
    ];
    const merged = merge([input(past(trace)), input(past(lines(3, 4)))]);
    expect(await collect(merged, 5)).toEqual(['0:Error', '0:  at here', '1:l3', '1:l4', '0:l5']);
  });
});

describe('live lines', () => {
  it('wait for earlier ones of others within the window', async () => {
    const slow = driven();
    const fast = driven();
    let now = 0;
    const merged = merge([input(fast.steps, { window: 50 }), input(slow.steps, { window: 50 })], {
      now: () => now,
    });
    for (const feed of [slow, fast]) feed.send({ kind: 'caught-up' });
    fast.send(live(10, 12));
    slow.send(live(11));
    const three = collect(merged, 3);
    await new Promise((resolve) => setImmediate(resolve));
    now = 60;
    expect(await three).toEqual(['0:l10', '1:l11', '0:l12']);
    slow.stop();
    fast.stop();
    await merged.return();
  });

  it('are marked when they come later than that', async () => {
    const feed = driven();
    const other = driven();
    const merged = merge([input(feed.steps), input(other.steps)], {});
    for (const one of [feed, other]) one.send({ kind: 'caught-up' });
    feed.send(live(10));
    expect(await collect(merged, 1)).toEqual(['0:l10']);
    other.send(live(9));
    const step = await merged.next();
    expect(step.value).toMatchObject({ kind: 'items', from: 1, late: true });
    feed.stop();
    other.stop();
    await merged.return();
  });

  it('are marked only as far as they come too late', async () => {
    const feed = driven();
    const other = driven();
    const merged = merge([input(feed.steps), input(other.steps)], {});
    for (const one of [feed, other]) one.send({ kind: 'caught-up' });
    feed.send(live(10));
    expect(await collect(merged, 1)).toEqual(['0:l10']);
    other.send(live(8, 9, 10, 11));
    const steps = [(await merged.next()).value, (await merged.next()).value];
    expect(steps).toMatchObject([
      { from: 1, late: true, items: lines(8, 9) },
      { from: 1, late: false, items: lines(10, 11) },
    ]);
    feed.stop();
    other.stop();
    await merged.return();
  });

  it('go out at once when all hurry', async () => {
    const feed = driven();
    const other = driven();
    const hurry = new AbortController();
    const window = 1e9;
    const merged = merge([input(feed.steps, { window }), input(other.steps, { window })], {
      hurry: hurry.signal,
    });
    feed.send(live(3));
    other.send(live(2));
    const two = collect(merged, 2);
    await new Promise((resolve) => setImmediate(resolve));
    hurry.abort();
    expect(await two).toEqual(['1:l2', '0:l3']);
    feed.stop();
    other.stop();
    await merged.return();
  });

  it('slow their source down when nobody takes them', async () => {
    const feed = driven();
    const other = driven();
    const merged = merge([input(feed.steps, { window: 1e9 }), input(other.steps)], { bound: 4 });
    other.send({ kind: 'caught-up' });
    for (let at = 0; at < 20; at += 1) feed.send(live(at));
    const first = merged.next();
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect(feed.pulls()).toBeLessThan(12);
    feed.stop();
    other.stop();
    await merged.return();
  });
});

describe('ends', () => {
  it('of one leave the others going', async () => {
    const broken = driven();
    const merged = merge([input(broken.steps), input(past(lines(1)))]);
    broken.send(new Error('gone'));
    const kinds: string[] = [];
    for (;;) {
      const step = await merged.next();
      if (step.done) break;
      kinds.push(`${step.value.from}:${step.value.kind}`);
    }
    expect(kinds.sort()).toEqual(['0:failed', '1:items', '1:over']);
  });

  it('keep a gap at its place among the lines', async () => {
    async function* feed(): Steps {
      yield { kind: 'items', items: lines(1), past: true };
      yield { kind: 'gap', gap: { from: null, to: null, reason: 'x', certainty: 'possible', count: null } };
      yield { kind: 'items', items: lines(2), past: true };
      return { reason: 'over' };
    }
    const merged = merge([input(feed(), { ordered: false, window: 10 })]);
    const kinds: string[] = [];
    for await (const step of merged) kinds.push(step.kind);
    expect(kinds).toEqual(['items', 'gap', 'items', 'over']);
  });
});

describe('inputs that are not open yet', () => {
  it('hold up the others for a moment and no more', async () => {
    let open = (_: MergeSource<Line>) => {};
    const late = new Promise<MergeSource<Line>>((resolve) => {
      open = resolve;
    });
    let now = 0;
    const merged = merge([() => late, async () => input(past(lines(1, 2)))], {
      patience: 1e9,
      openPatience: 5,
      now: () => (now += 1),
    });
    expect(await collect(merged, 2)).toEqual(['1:l1', '1:l2']);
    open(input(past(lines(3))));
    expect(await collect(merged, 9)).toEqual(['0:l3']);
  });

  it('that cannot be opened are reported, and the others go on', async () => {
    const failure = new Error('refused');
    const merged = merge([
      async () => {
        throw failure;
      },
      async () => input(past(lines(1))),
    ]);
    const steps: Merged<Line>[] = [];
    for await (const step of merged) steps.push(step);
    expect(steps).toMatchObject([
      { kind: 'failed', from: 0, error: failure },
      { kind: 'items', from: 1 },
      { kind: 'over', from: 1 },
    ]);
  });

  it('alone: a failure is a step like any other', async () => {
    const failure = new Error('refused');
    const merged = merge([() => Promise.reject(failure)]);
    expect((await merged.next()).value).toEqual({ kind: 'failed', from: 0, error: failure });
  });

  it('are closed when they come to be open after all was stopped', async () => {
    let open = (_: MergeSource<Line>) => {};
    const late = new Promise<MergeSource<Line>>((resolve) => {
      open = resolve;
    });
    const merged = merge([() => late, () => late], { openPatience: 0 });
    const pulled = merged.next();
    let closed = 0;
    const steps = past(lines(1));
    const close = steps.return.bind(steps);
    steps.return = (value) => {
      closed += 1;
      return close(value);
    };
    open(input(steps));
    const stopped = merged.return();
    await Promise.all([pulled, stopped]);
    expect(closed).toBeGreaterThan(0);
  });
});

describe('when a line came', () => {
  it('is handed out with it, however long it waits', async () => {
    const feed = driven();
    const other = driven();
    let now = 1000;
    const merged = merge([input(feed.steps, { window: 50 }), input(other.steps, { window: 50 })], {
      now: () => now,
    });
    for (const one of [feed, other]) one.send({ kind: 'caught-up' });
    feed.send({ kind: 'items', items: lines(1), past: false, arrived: 990 });
    feed.send({ kind: 'items', items: lines(2), past: false, arrived: 995 });
    const pulled = merged.next();
    await new Promise((resolve) => setImmediate(resolve));
    now = 2000;
    const { value } = await pulled;
    const stamps = value && 'stamps' in value ? value.stamps : undefined;
    expect(Array.isArray(stamps) ? stamps.map(arrivalOf) : stamps).toEqual([990, 995]);
    for (const one of [feed, other]) one.stop();
    await merged.return();
  });

  it('a gap of a break comes before the word that it is over', async () => {
    const feed = driven();
    const other = driven();
    const merged = merge([input(feed.steps), input(other.steps)], {});
    for (const one of [feed, other]) one.send({ kind: 'caught-up' });
    feed.send({
      kind: 'gap',
      gap: { from: null, to: null, reason: 'a break', certainty: 'possible', count: null },
    });
    feed.send({ kind: 'notice', notice: { kind: 'reconnected', message: 'connected again' } });
    expect([(await merged.next()).value, (await merged.next()).value]).toMatchObject([
      { kind: 'gap' },
      { kind: 'notice' },
    ]);
    for (const one of [feed, other]) one.stop();
    await merged.return();
  });
});
