// From the past into live: nothing between them is lost, nothing comes twice, and nobody is pushed.
import { expect } from 'vitest';
import { isPolled, type Rig, type RigOptions } from './rig.ts';
import { contract, pastless } from './suite.ts';
import type { Tail } from './tail.ts';

/** Written step by step until the sender has to wait: how much two sockets hold is the machine's matter. */
const FLOOD = { step: 1500, text: 'x'.repeat(4000), mostLines: 60_000 };

contract('live', ({ platform, variant, rig, unless }) => {
  const none = pastless(variant);

  async function following(options?: RigOptions): Promise<Omit<Rig, 'tail'> & { readonly tail: Tail }> {
    const own = await rig(options);
    const tail = own.tail(await own.open());
    await own.live(tail);
    return { ...own, tail };
  }

  unless(null, 'brings what is written, in the order of writing', async () => {
    const { tail, write } = await following();
    const texts = Array.from({ length: 50 }, (_, index) => `live ${index}`);
    for (const text of texts) write(text);
    await tail.has('live 49');
    expect(tail.texts).toEqual(texts);
  });

  unless(none, 'goes on after the past without a hole and without a repeat', async () => {
    const { server, stage, open, writePast, tail: follow } = await rig();
    const past = writePast(20);
    const source = await open();
    // The line that is written right after the past has been answered is the one that careless joins lose.
    const off = server.onAnswered(({ route }) => {
      if (route !== variant.routes.past) return;
      off();
      stage.write('between');
    });
    const tail = follow(source);
    await tail.has('between');
    stage.write('the end');
    await tail.has('the end');
    expect(tail.texts).toEqual([...past, 'between', 'the end']);
    expect(tail.gaps).toEqual([]);
  });

  unless(none, 'loses nothing that is written at any moment of the join', async () => {
    const { server, stage, open, live, writePast, tail: follow } = await rig();
    const past = writePast(100);
    const during = Array.from({ length: 40 }, (_, index) => `during ${index}`);
    const source = await open();
    let written = 0;
    server.onAnswered(() => {
      const next = during[written];
      written += 1;
      if (next !== undefined) stage.write(next);
    });
    const tail = follow(source);
    await live(tail);
    while (written < during.length) stage.write(during[written++] ?? '');
    await tail.has('during 39');
    expect(tail.texts).toEqual([...past, ...during]);
    expect(tail.gaps).toEqual([]);
  });

  unless(none, 'with no lines of the past brings none', async () => {
    const { open, live, writePast, write, tail: follow } = await rig();
    writePast(5);
    const tail = follow(await open(), { lines: 0 });
    await live(tail);
    write('live');
    await tail.has('live');
    expect(tail.texts).toEqual(['live']);
  });

  unless(null, 'brings a line twice that is written twice', async () => {
    const { tail, stage, world, write } = await following();
    const at = world.now();
    for (const text of ['same', 'same']) stage.write(text, at);
    write('other', 'the end');
    await tail.has('the end');
    expect(tail.texts).toEqual(['same', 'same', 'other', 'the end']);
  });

  unless(null, 'keeps the pace of its reader', async () => {
    const { open, server, pull, stage, traffic, textOf } = await rig();
    stage.write('past');
    const { steps } = pull(await open());
    const seen: string[] = [];
    const until = async (enough: () => boolean) => {
      while (!enough()) {
        const step = await steps.next();
        if (step.done === true) throw new Error('the feed ended');
        if (step.value.kind === 'items') seen.push(...step.value.items.map(textOf));
        else if (step.value.kind === 'notice') seen.push(step.value.notice.kind);
        else seen.push(step.value.kind);
      }
    };
    await until(() => seen.includes('caught-up') && seen.includes('connected'));
    if (!isPolled(platform)) await server.watched(1);
    stage.write('first');
    await until(() => seen.includes('first'));
    const before = traffic.sent();
    let written = 0;
    for (
      let pushed = 0;
      pushed >= 0.8 * written * FLOOD.text.length;
      pushed = (await traffic.stalled()) - before
    ) {
      expect(written, 'lines that were pushed at a reader that takes none').toBeLessThan(FLOOD.mostLines);
      for (let index = 0; index < FLOOD.step; index += 1) stage.write(`${written++} ${FLOOD.text}`);
    }
    if (variant.drops !== undefined) return;
    stage.write('last');
    await until(() => seen.includes('last'));
    const shown = seen.filter((text) => text.endsWith(FLOOD.text)).map((text) => Number.parseInt(text, 10));
    // What the platform does not keep for slow readers is said to be missing.
    if (variant.lossy !== undefined && shown.length < written) expect(seen).toContain('gap');
    else expect(shown).toHaveLength(written);
    expect(shown.findIndex((number, index) => number < (shown[index - 1] ?? 0))).toBe(-1);
  });
});
