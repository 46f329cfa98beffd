// Each trait that a log declares, held against what it does: none is mere text.
import { expect } from 'vitest';
import type { LogEntry } from '../../src/model.ts';
import type { Batch, LiveStart, Position, Source } from '../../src/provider.ts';
import { logsOf, PATIENT } from './rig.ts';
import { contract, pastless } from './suite.ts';
import { eventually } from './tail.ts';

const DIGITS = { nanoseconds: 9, microseconds: 6, milliseconds: 3, seconds: 0, none: 0 };

contract('traits', ({ platform, variant, rig, unless }) => {
  const none = pastless(variant);

  /** Lines of the past and of live, as the log brings them. */
  async function sample() {
    const own = await rig();
    own.writePast(30);
    const source = await own.open();
    const tail = own.tail(source);
    await own.live(tail);
    own.write('live 1', 'live 2', 'live 3');
    await tail.has('live 3');
    return { ...own, source, entries: tail.entries };
  }

  unless(null, 'ids are there exactly where they are promised, and are unique', async () => {
    const { source, entries } = await sample();
    const ids = entries.map(({ body }) => body.id);
    if (source.traits.ids) expect(new Set(ids).size).toBe(entries.length);
    expect(ids.every((id) => (id !== null) === source.traits.ids)).toBe(true);
  });

  unless(null, 'times are as fine as promised', async () => {
    const { source, entries } = await sample();
    const times = entries.map(({ body }) => body.ts);
    if (source.traits.times === 'none') return expect(times.every((time) => time === null)).toBe(true);
    const digits = times.map((time) => time?.digits ?? -1);
    const promised = DIGITS[source.traits.times];
    expect(Math.max(...digits)).toBeGreaterThanOrEqual(promised);
    if (variant.finer === undefined) expect(Math.max(...digits)).toBe(promised);
    expect(Math.min(...digits)).toBeGreaterThanOrEqual(0);
    expect(entries.map(source.timeOf)).toEqual(times);
    const newest = times.at(-1)?.seconds ?? 0;
    expect(Math.abs(newest - Date.now() / 1000)).toBeLessThan(60);
  });

  unless(null, 'lines come from where they are said to come from', async () => {
    const { source, entries } = await sample();
    const logs = logsOf(platform.provider({ retry: PATIENT, keepalive: 0 }));
    const places = source.sources ?? logs.sources;
    expect(logs.sources).toEqual(expect.arrayContaining([...places]));
    for (const { body } of entries) expect(places).toContain(body.source);
  });

  unless(null, 'keys tell lines apart, and know a line again', async () => {
    const { source, entries, open, read } = await sample();
    const keys = entries.map(source.keyOf);
    expect(new Set(keys).size).toBe(entries.length);
    if (none !== null) return;
    const again = await read(await open());
    expect(again.entries.map(source.keyOf)).toEqual(keys);
  });

  unless(none, 'the order is sure where it is promised', async () => {
    const own = await rig();
    const written = own.writePast(90);
    const source = await own.open();
    if (!source.traits.ordered) return;
    const { items } = await pastOf(source, 1000);
    expect(items.map(own.textOf)).toEqual(written);
  });

  unless(none, 'history is of the kind that is promised', async () => {
    const own = await rig();
    const written = own.writePast(300);
    const source = await own.open();
    const asked = own.requests(variant.routes.past ?? '').length;
    const whole = await pastOf(source, 1000);
    const requests = own.requests(variant.routes.past ?? '').length - asked;
    expect(whole.items.map(own.textOf).toSorted()).toEqual(written.toSorted());
    if (source.traits.history === 'paged') expect(requests).toBeGreaterThan(2);
    if (source.traits.history === 'exact') {
      const few = await pastOf(source, 7);
      expect(few.items.map(own.textOf).slice(-7)).toEqual(written.slice(-7));
    }
    if (variant.inexact !== undefined) expect(source.traits.history).toBe('sampled');
  });

  unless(none, 'archives are read where there are any', async () => {
    const own = await rig();
    const source = await own.open();
    const kept = own.stage.kept?.() ?? [];
    if (kept.length > 0) expect(source.traits.archives).not.toBeNull();
    expect((await own.read(source, { lines: 'all' })).texts).toEqual(kept);
  });

  unless(null, 'no request asks for more lines than the most', async () => {
    const own = await rig();
    own.writePast(20);
    const source = await own.open();
    const { maxLines } = source.traits;
    const tail = own.tail(source, { lines: 1_000_000 });
    await own.live(tail);
    await tail.stop();
    if (source.traits.history !== 'none') await own.read(source, { lines: 'all' });
    const asked = own.server.requests.map(({ path, body }) => variant.linesAsked(path, body) ?? 0);
    expect(Math.max(...asked)).toBeGreaterThan(0);
    if (maxLines !== null) expect(Math.max(...asked)).toBeLessThanOrEqual(maxLines);
  });

  unless(null, 'live is what is promised', async () => {
    const own = await rig();
    const source = await own.open();
    const { kind, everyMillis } = source.traits.live;
    const tail = own.tail(source);
    await own.live(tail);
    const upgraded = own.server.requests.some(({ headers }) => headers.upgrade === 'websocket');
    expect(upgraded).toBe(kind === 'socket');
    expect(own.server.watchers()).toBe(kind === 'poll' ? 0 : 1);
    expect(everyMillis === null).toBe(kind !== 'poll');
    if (kind !== 'poll') return;
    const looks = own.requests(variant.routes.live).length;
    await eventually(() => own.requests(variant.routes.live).length > looks + 3, 'it looks again and again');
  });

  unless(null, 'the past is joined with live as promised', async () => {
    const own = await rig();
    const past = own.writePast(5);
    const source = await own.open();
    if (source.traits.join === 'overlap') {
      // The past is not live's.
      expect(await firstLines(own.write, source, { lines: 0 })).toEqual(['live']);
    } else if (source.traits.join === 'position') {
      const { position } = await pastOf(source, 1000);
      const kept = JSON.parse(JSON.stringify(position)) as Position;
      expect(await firstLines(own.write, source, { after: kept })).toEqual(['live']);
    } else {
      const seen = await firstLines(own.write, source, { lines: 3 }, own.server.watched(1));
      expect(seen).toEqual(variant.lossy === undefined ? [...past.slice(-3), 'live'] : ['live']);
    }

    async function firstLines(
      write: (text: string) => void,
      log: Source<LogEntry>,
      start: LiveStart,
      connected: Promise<void> = Promise.resolve(),
    ): Promise<string[]> {
      const stop = new AbortController();
      const live = log.live(start, stop.signal);
      const texts: string[] = [];
      let batch = await live.next();
      await connected;
      write('live');
      for (;;) {
        if (batch.done === true) throw new Error('live ended');
        texts.push(...batch.value.items.map(own.textOf));
        if (texts.includes('live')) break;
        batch = await live.next();
      }
      stop.abort(new Error('enough'));
      await live.return({ end: 'dropped', reason: 'stopped' }).catch(() => undefined);
      return texts;
    }
  });

  const watched = 'cannot' in variant.live['half-open'] ? variant.live['half-open'].cannot : variant.ownWatch;
  unless(watched, 'a quiet log proves that it lives', async () => {
    const own = await rig({ wishes: { keepalive: 2 } });
    const source = await own.open();
    expect(source.traits.alive.silenceMillis).toBeGreaterThan(0);
    expect(source.traits.alive.proof).not.toBe('');
    const stop = new AbortController();
    const live = source.live({ lines: 0 }, stop.signal);
    for (let sign = 0; sign < 4; sign += 1) {
      const step = await live.next();
      expect(step.done === true ? step.value : step.value.items).toEqual([]);
    }
    stop.abort(new Error('enough'));
    await live.return({ end: 'dropped', reason: 'stopped' }).catch(() => undefined);
    await own.quiet();
  });

  unless(
    watched === undefined ? 'signs of life come' : null,
    'where nothing proves that a quiet log lives, silence is not taken for death',
    async () => {
      const own = await rig();
      expect((await own.open()).traits.alive.silenceMillis).toBe(0);
    },
  );

  unless(null, 'a log that never ends by itself says so', async () => {
    const own = await rig();
    const source = await own.open();
    expect(source.traits.endless).toBe(source.traits.history === 'none');
    // Whichever it is: without following it ends.
    await own.read(source);
    await own.quiet();
  });

  unless(
    'cannot' in variant.unreadable ? variant.unreadable.cannot : null,
    'a line that nobody can read is shown as it is',
    async () => {
      const { unreadable } = variant;
      if ('cannot' in unreadable) return;
      const own = await rig();
      unreadable.prepare?.(own.stage);
      const tail = own.tail(await own.open());
      await own.live(tail);
      own.write('before');
      await tail.has('before');
      unreadable.send(own.stage);
      own.write('after');
      await tail.until(() => tail.entries.some(({ raw }) => raw === unreadable.raw));
      await tail.has('after');
      expect(tail.entries.find(({ raw }) => raw === unreadable.raw)?.body).toMatchObject({
        ts: null,
        level: null,
      });
    },
  );
});

async function pastOf(source: Source<LogEntry>, lines: number) {
  const history = source.history({ lines, since: null, until: null }, new AbortController().signal);
  const batches: Batch<LogEntry>[] = [];
  for (let step = await history.next(); step.done !== true; step = await history.next())
    batches.push(step.value);
  return {
    items: batches.flatMap(({ items }) => items),
    position: batches.findLast(({ position }) => position !== undefined)?.position ?? null,
  };
}
