// The past under faults: what passes is waited out, what stays is one sentence, and no line is lost, doubled or halved.
import { expect } from 'vitest';
import type { Fault, FaultName } from '../../src/sandbox/faults.ts';
import { HASTY, isPolled } from './rig.ts';
import { contract, pastless } from './suite.ts';
import { eventually } from './tail.ts';

const ALWAYS = { times: Number.POSITIVE_INFINITY };
const TEXTS = Array.from({ length: 12 }, (_, index) => `past ${index + 1} größer €`);

const PASSING: readonly [FaultName, Partial<Fault>][] = [
  ['reset-mid-line', { afterLines: 3 }],
  ['reset-mid-character', { afterLines: 3 }],
  ['cut-body', {}],
  ['connection-refused', {}],
  ['server-error', { status: 500 }],
  ['server-error', { status: 502 }],
  ['server-error', { status: 503 }],
  ['html-error', { status: 502 }],
  ['rate-limited', {}],
  ['rate-limited', { retryAfter: 0 }],
  ['expired-url', {}],
  ['slow-body', { bytes: 16, delayMs: 0 }],
];

contract('reading', ({ platform, variant, rig, onFault, unless }) => {
  const none = pastless(variant);
  const polled = isPolled(platform);

  for (const [name, more] of PASSING) {
    const title = [name, ...Object.entries(more).map((pair) => pair.join(' '))].join(', ');

    onFault('past', name, `brings the past in spite of ${title}`, async (fault) => {
      const own = await rig();
      own.write(...TEXTS);
      const source = await own.open();
      own.strike(fault, more);
      expect((await own.read(source)).texts).toEqual(TEXTS);
    });

    onFault('past', name, `joins past and live in spite of ${title}`, async (fault) => {
      const own = await rig();
      own.write(...TEXTS);
      const source = await own.open();
      // Where both come by the same way, the first one is live.
      own.strike(fault, { ...more, skip: !polled && fault.route === variant.routes.live ? 1 : 0 });
      const tail = own.tail(source);
      await own.live(tail);
      own.write('live');
      await tail.has('live');
      expect(tail.texts).toEqual([...TEXTS, 'live']);
      expect(tail.gaps).toEqual([]);
    });
  }

  onFault('past', 'server-error', 'shows the past late where live stands already', async (fault) => {
    const own = await rig({ retry: HASTY });
    own.write(...TEXTS);
    const source = await own.open();
    if (source.traits.join !== 'overlap') return;
    // It lasts longer than a first connection is tried, but this one has been made.
    own.strike(fault, { status: 500, times: 3, skip: fault.route === variant.routes.live ? 1 : 0 });
    const tail = own.tail(source, { timing: { startWithin: 0 } });
    await tail.has(TEXTS.at(-1) ?? '');
    await own.live(tail);
    own.write('live');
    await tail.has('live');
    expect(tail.texts).toEqual([...TEXTS, 'live']);
  });

  onFault('past', 'half-open', 'can be stopped while an answer does not come', async (fault) => {
    const own = await rig();
    own.write(...TEXTS);
    const source = await own.open();
    own.strike(fault, { afterLines: 3 });
    const asked = own.requests(fault.route).length;
    const reading = own.pull(source, { follow: false });
    const end = reading.drained();
    await eventually(() => own.requests(fault.route).length > asked);
    const reason = new Error('enough');
    reading.abort.abort(reason);
    expect(await end).toBe(reason);
    await own.quiet();
    expect((await own.read(source)).texts).toEqual(TEXTS);
  });

  onFault('past', 'out-of-order', 'puts in order what comes in disorder', async (fault) => {
    const own = await rig();
    const written = own.writePast(40);
    const source = await own.open();
    own.strike(fault, ALWAYS);
    expect((await own.read(source)).texts).toEqual(written);
    expect((await own.read(source, { lines: 'all' })).texts.slice(-40)).toEqual(written);
    const tail = own.tail(source);
    await own.live(tail);
    own.write('live');
    await tail.has('live');
    expect(tail.texts).toEqual([...written, 'live']);
  });

  onFault('past', 'repeated-lines', 'keeps what the app itself wrote twice', async (fault) => {
    const own = await rig();
    own.write('one', 'two');
    const source = await own.open();
    own.strike(fault, ALWAYS);
    expect((await own.read(source)).texts).toEqual(['one', 'one', 'two', 'two']);
  });

  onFault('past', 'endless-line', 'cuts a line that does not end, and says so', async (fault) => {
    const own = await rig();
    own.write(...TEXTS);
    const source = await own.open();
    own.strike(fault, { afterLines: 3, bytes: 3 * 1024 * 1024 });
    const { entries } = await own.read(source);
    const cut = entries.filter(({ truncated }) => truncated > 0);
    expect(cut).toHaveLength(1);
    expect(Buffer.byteLength(cut[0]?.raw ?? '')).toBeLessThanOrEqual(1024 * 1024);
    expect(cut[0]?.truncated).toBeGreaterThan(1024 * 1024);
  });

  const LASTING: readonly [FaultName, Partial<Fault>][] = [
    ['connection-refused', {}],
    ['server-error', { status: 500 }],
    ['server-error', { status: 503 }],
    ['html-error', { status: 502 }],
    ['rate-limited', {}],
  ];
  for (const [name, more] of LASTING) {
    const title = [name, ...Object.entries(more).map((pair) => pair.join(' '))].join(', ');
    onFault('past', name, `gives up in one sentence when ${title} lasts`, async (fault) => {
      const own = await rig({ retry: HASTY });
      own.write(...TEXTS);
      const source = await own.open();
      own.strike(fault, { ...more, ...ALWAYS });
      const error = await own
        .read(source, { timing: { startWithin: 20 } })
        .catch((thrown: unknown) => thrown);
      own.expectSentence(error, 'unavailable');
    });
  }

  onFault('past', 'rate-limited', 'tells how long the platform wants to be left alone', async (fault) => {
    const own = await rig();
    const source = await own.open();
    own.strike(fault, { retryAfter: 7, ...ALWAYS });
    const error = await own.read(source).catch((thrown: unknown) => thrown);
    own.expectSentence(error, 'unavailable');
    expect(error).toMatchObject({ retryAfter: 7000 });
  });

  for (const name of ['not-json', 'wrong-shape'] as const) {
    onFault('past', name, `takes an answer that is ${name} for no log`, async (fault) => {
      const own = await rig();
      own.write(...TEXTS);
      const source = await own.open();
      own.strike(fault, ALWAYS);
      const reads = [own.read(source), own.read(source), own.read(source)];
      const failed = (await Promise.allSettled(reads)).filter(({ status }) => status === 'rejected');
      expect(failed.length).toBeGreaterThanOrEqual(2);
      for (const read of failed) if (read.status === 'rejected') own.expectSentence(read.reason, 'platform');
    });
  }

  unless(none, 'leaves nothing open behind it', async () => {
    const own = await rig();
    own.writePast(20);
    await own.read(await own.open());
    await own.quiet();
  });
});
