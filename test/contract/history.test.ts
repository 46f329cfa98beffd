// The past of a log: that it ends, oldest first, and is what was asked for.
import { expect } from 'vitest';
import type { LogEntry } from '../../src/model.ts';
import type { Batch, HistoryEnd, HistoryQuery, Source } from '../../src/provider.ts';
import { pastTime } from './past-time.ts';
import { contract, pastless } from './suite.ts';

const EVERYTHING: HistoryQuery = { lines: 1000, since: null, until: null };
const ODD = [
  'größer als 🙂 漢字',
  '{"json": true, "level": "warn"}',
  'a\ttab, "quotes", \\ and \\n',
  '<b>no page</b> &amp; no data:',
  'event: ping',
  'x'.repeat(100_000),
  '2026-09-20 14:15:34.371836275 +0200 CEST [web-2] a header within',
];

contract('history', ({ variant, rig, unless }) => {
  const none = pastless(variant);

  unless(none, 'ends and is oldest first', async () => {
    const { open, writePast, read } = await rig();
    const written = writePast(30);
    const past = await read(await open());
    expect(past.texts).toEqual(written);
    expect(past.steps.at(-1)).toEqual({ kind: 'caught-up' });
  });

  unless(none, 'of an empty log is empty, and no error', async () => {
    const { open, read } = await rig();
    expect((await read(await open())).texts).toEqual([]);
  });

  unless(none ?? variant.inexact, 'is the newest n', async () => {
    const { open, writePast, read } = await rig();
    const written = writePast(30);
    const source = await open();
    for (const lines of [0, 1, 7, 30, 31]) {
      const { texts } = await read(source, { lines });
      expect(texts, `${lines} lines`).toEqual(lines === 0 ? [] : written.slice(-lines));
    }
  });

  unless(none, 'counts only what passes the filter', async () => {
    const { open, writePast, read, textOf } = await rig();
    const written = writePast(600).filter((text) => text.endsWith('00'));
    const keep = (entry: LogEntry) => textOf(entry).endsWith('00');
    expect((await read(await open(), { lines: 4, keep })).texts).toEqual(written.slice(-4));
  });

  unless(none, 'with `since` and `until` is what lies between, the first moment included', async () => {
    const { open, writePast, read } = await rig();
    const written = writePast(30);
    const source = await open();
    const { entries } = await read(source);
    const since = entries[9]?.body.ts ?? null;
    const until = entries[19]?.body.ts ?? null;
    for (const lines of ['all', 1000] as const) {
      const between = await read(source, { lines, since, until });
      if (source.traits.times !== 'none') expect(between.texts).toEqual(written.slice(9, 19));
    }
    if (source.traits.times !== 'none') return;
    // A log without times shows all there is and says why.
    const now = { seconds: Math.floor(Date.now() / 1000), nanos: 0, digits: 0 };
    const { texts, steps } = await read(source, { since: now });
    expect(
      texts.length === 0 || steps.some((step) => step.kind === 'notice' && step.notice.kind === 'limit'),
    ).toBe(true);
  });

  unless(none ?? variant.inexact, 'with n and `since` is the newest n since then', async () => {
    const { open, writePast, read } = await rig();
    const written = writePast(30);
    const source = await open();
    const since = (await read(source)).entries[9]?.body.ts ?? null;
    expect((await read(source, { lines: 3, since })).texts).toEqual(written.slice(-3));
  });

  unless(none, 'with `all` is everything that the platform keeps', async () => {
    const { stage, open, writePast, read } = await rig();
    const written = writePast(300);
    const { texts } = await read(await open(), { lines: 'all' });
    expect(texts).toEqual([...(stage.kept?.() ?? []), ...written]);
  });

  unless(none, 'has a line twice that was written twice', async () => {
    const { stage, open, read } = await rig();
    for (const text of ['before', 'same', 'same', 'after']) stage.write(text, pastTime(-10));
    expect((await read(await open())).texts).toEqual(['before', 'same', 'same', 'after']);
  });

  unless(none, 'has every text as it was written', async () => {
    const { open, write, read } = await rig();
    write(...ODD);
    expect((await read(await open())).texts).toEqual(ODD);
  });

  unless(none, 'can be read again, and knows when it is complete', async () => {
    const { open, writePast, textOf } = await rig();
    const written = writePast(30);
    const source = await open();
    for (let round = 0; round < 2; round += 1) {
      const { items, end } = await historyOf(source, EVERYTHING);
      expect(items.map(textOf)).toEqual(expect.arrayContaining(written));
      expect(end.complete).toBe(true);
    }
    const few = await historyOf(source, { ...EVERYTHING, lines: 5 });
    expect(few.items.length).toBeGreaterThan(0);
    if (variant.inexact === undefined) {
      expect(few.end.complete).toBe(false);
      expect(few.items.map(textOf).slice(-5)).toEqual(written.slice(-5));
    }
  });
});

async function historyOf(source: Source<LogEntry>, query: HistoryQuery) {
  const history = source.history(query, new AbortController().signal);
  const batches: Batch<LogEntry>[] = [];
  for (;;) {
    const step = await history.next();
    if (step.done === true) {
      const end: HistoryEnd = step.value;
      return { end, items: batches.flatMap(({ items }) => items) };
    }
    batches.push(step.value);
  }
}
