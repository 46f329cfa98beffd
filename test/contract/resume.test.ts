// A live connection that breaks, in every way that one can: it is opened again, and nothing is lost, doubled or halved.
import { expect } from 'vitest';
import type { LogEntry } from '../../src/model.ts';
import type { Source } from '../../src/provider.ts';
import type { Fault, FaultName } from '../../src/sandbox/faults.ts';
import type { Struck } from './entry.ts';
import { HASTY, isPolled, PATIENT, type Rig } from './rig.ts';
import { contract, pastless } from './suite.ts';
import type { Tail } from './tail.ts';

const PAST = 3;
/** Every fault that cuts a character cuts this one. */
const CUT = 'live 3 – größer €';
/** Milliseconds: so long a silence is a dead one, and so often a living stream shows that it lives. */
const SILENCE = 250;
const KEEPALIVE = 25;

contract('resume', ({ platform, variant, rig, onFault, unless }) => {
  const polled = isPolled(platform);
  const frames = variant.framesPerLine ?? 1;
  /** Nothing of the past is shown, and nothing can be shown later. */
  const forgetful = pastless(variant) !== null && variant.lossy !== undefined;
  const replayed = pastless(variant) !== null && !forgetful ? PAST : 0;

  /** Lines before, at and after the moment at which the fault strikes; the tail has shown the last of them. */
  async function through(fault: Struck, options: Through = {}): Promise<Run> {
    const wishes = { keepalive: options.silence === undefined ? 0 : KEEPALIVE };
    const own = await rig({ wishes, retry: polled ? HASTY : PATIENT });
    const past = own.writePast(PAST);
    const silence = variant.ownWatch === undefined ? options.silence : undefined;
    const source = impatient(await own.open(), silence);
    // A stream meets its fault when it is opened, a poll with each look.
    const afterLines = (replayed + 2) * frames + (options.within ?? 0);
    if (!polled) own.strike(fault, { afterLines });
    const tail = own.tail(source);
    await own.live(tail);
    await tail.until(() => tail.texts.length >= (forgetful ? 0 : PAST));
    // A single failure is mended by asking once more, without a word.
    if (polled) own.strike(fault, { times: Number.POSITIVE_INFINITY });
    const live = ['live 1', 'live 2', CUT];
    for (const text of live) {
      own.write(text);
      if (text !== CUT && !polled) await tail.has(text);
    }
    // Who asks whether a log has grown needs one that grows.
    for (let more = 1; options.silence !== undefined && variant.ownWatch && !isDropped(tail); more += 1) {
      live.push(`more ${more}`);
      own.write(`more ${more}`);
      await new Promise((resolve) => setTimeout(resolve, KEEPALIVE));
    }
    await tail.told('disconnected');
    if (polled) own.server.faults.clear();
    await tail.told('reconnected');
    if (!polled) await own.server.watched(1);
    for (const text of ['live 4', 'live 5']) {
      live.push(text);
      own.write(text);
      await tail.has(text);
    }
    return { ...own, shown: tail, wanted: forgetful ? live : [...past, ...live] };
  }

  function expectWhole({ shown, wanted }: Run): void {
    expectInOrder(shown, wanted);
    expect(shown.gaps.filter(({ certainty }) => certainty === 'certain')).toEqual([]);
  }

  const BREAKS: readonly FaultName[] = [
    'reset-mid-line',
    'reset-mid-character',
    'close-1000',
    'close-1001',
    'close-1011',
    'clean-end',
  ];
  for (const name of BREAKS) {
    onFault('live', name, `after ${name}`, async (fault) => expectWhole(await through(fault)));
    if (frames === 1 || name.startsWith('reset')) continue;
    onFault('live', name, `after ${name} between two parts of a line`, async (fault) =>
      expectWhole(await through(fault, { within: 1 })),
    );
  }

  onFault('live', 'half-open', 'after a silence that is too long', async (fault) => {
    const run = await through(fault, { silence: SILENCE });
    expectWhole(run);
    if (variant.ownWatch !== undefined) return;
    expect(run.shown.notices.map(({ message }) => message).join('\n')).toContain('nothing came for 0.25 s');
  });

  const REFUSALS: readonly [FaultName, Partial<Fault>][] = [
    ['refuse-upgrade', { status: 400 }],
    ['connection-refused', {}],
    ['server-error', { status: 500 }],
    ['server-error', { status: 502 }],
    ['server-error', { status: 503 }],
    ['html-error', { status: 502 }],
    ['rate-limited', {}],
    ['rate-limited', { retryAfter: 0 }],
    ['expired-url', {}],
  ];
  for (const [name, more] of REFUSALS) {
    const title = [name, ...Object.entries(more).map((pair) => pair.join(' '))].join(', ');
    onFault('live', name, `in spite of ${title} at the first connection`, async (fault) => {
      const own = await rig();
      const past = own.writePast(PAST);
      const source = await own.open();
      if (!polled) own.strike(fault, more);
      const tail = own.tail(source);
      await own.live(tail);
      if (polled) own.strike(fault, more);
      own.write('live 1');
      await tail.has('live 1');
      own.write('live 2');
      await tail.has('live 2');
      expectInOrder(tail, [...(forgetful ? [] : past), 'live 1', 'live 2']);
    });

    unless(
      polled ? 'a poll is one connection after the other' : null,
      `in spite of ${title} when it is opened again`,
      async () => {
        const again = variant.live[name];
        const drop = variant.live['clean-end'];
        if ('cannot' in again || 'cannot' in drop) return;
        const own = await rig();
        const past = own.writePast(PAST);
        const source = await own.open();
        own.strike(drop, { afterLines: (replayed + 1) * frames });
        own.strike(again, { skip: 0, times: 3, ...more });
        const tail = own.tail(source);
        await own.live(tail);
        own.write('live 1');
        await tail.has('live 1');
        own.write('live 2');
        await tail.told('reconnected');
        await own.server.watched(1);
        own.write('live 3');
        await tail.has('live 3');
        expectInOrder(tail, [...(forgetful ? [] : past), 'live 1', 'live 2', 'live 3']);
      },
    );
  }

  onFault(
    'live',
    'rate-limited',
    'not before the platform said so, and can be stopped meanwhile',
    async (fault) => {
      const own = await rig();
      const source = await own.open();
      if (!polled) own.strike(fault, { retryAfter: 7, times: Number.POSITIVE_INFINITY });
      const tail = own.tail(source, { timing: { startWithin: 60_000 } });
      if (polled) {
        await own.live(tail);
        own.strike(fault, { retryAfter: 7, times: Number.POSITIVE_INFINITY });
      }
      await tail.told('disconnected');
      expect(tail.notices.at(-1)?.message).toMatch(/connecting again in 7 s/);
      const asked = own.server.requests.length;
      await tail.stop();
      await own.quiet();
      expect(own.server.requests).toHaveLength(asked);
    },
  );

  onFault('live', 'repeated-lines', 'is not taken for lines that the app itself repeats', async (fault) => {
    const own = await rig();
    const source = await own.open();
    if (!polled) own.strike(fault);
    else own.strike(fault, { times: Number.POSITIVE_INFINITY });
    const tail = own.tail(source);
    await own.live(tail);
    own.write('one', 'two');
    await tail.until(() => tail.texts.filter((text) => text === 'two').length === 2);
    expect(tail.texts).toEqual(['one', 'one', 'two', 'two']);
  });

  onFault('live', 'slow-body', 'is not needed because of a body that drips', async (fault) => {
    const own = await rig();
    const source = await own.open();
    if (!polled) own.strike(fault, { bytes: 5, delayMs: 1 });
    const tail = own.tail(source);
    await own.live(tail);
    if (polled) own.strike(fault, { bytes: 5, delayMs: 1 });
    own.write('größer als 漢字 🙂', 'zwei');
    await tail.has('zwei');
    expect(tail.texts).toEqual(['größer als 漢字 🙂', 'zwei']);
    expect(tail.notices.filter(({ kind }) => kind === 'disconnected')).toEqual([]);
  });

  unless(
    polled ? 'rows and consoles are read by what is new' : variant.lossy,
    'shows a line that was written thrice thrice, the third time meanwhile',
    async () => {
      const drop = variant.live['clean-end'];
      if ('cannot' in drop) return;
      const own = await rig();
      const source = await own.open();
      own.strike(drop, { afterLines: 2 * frames });
      const tail = own.tail(source);
      await own.live(tail);
      const at = own.world.now();
      for (let time = 1; time <= 3; time += 1) {
        own.stage.write('same', at);
        if (time < 3) await tail.until(() => tail.texts.length === time);
      }
      await tail.told('reconnected');
      await own.server.watched(1);
      own.write('the end');
      await tail.has('the end');
      expect(tail.texts).toEqual(['same', 'same', 'same', 'the end']);
    },
  );

  function expectInOrder(tail: Tail, wanted: readonly string[]): void {
    const mayMiss = forgetful || (polled && variant.lossy !== undefined);
    // Half a line is shown where no connection could bring it whole.
    const known = mayMiss ? tail.texts.filter((text) => wanted.includes(text)) : tail.texts;
    expect(known).toEqual(mayMiss ? wanted.filter((text) => known.includes(text)) : wanted);
    if (known.length < wanted.length) expect(tail.gaps.length).toBeGreaterThan(0);
  }
});

function isDropped({ notices }: Tail): boolean {
  return notices.some(({ kind }) => kind === 'disconnected');
}

interface Through {
  /** Milliseconds after which it counts as death. */
  readonly silence?: number;
  /** Frames of a line that get through before the fault. */
  readonly within?: number;
}

type Run = Rig & { readonly shown: Tail; readonly wanted: readonly string[] };

/** The same log, whose silence is taken for death sooner. */
function impatient(source: Source<LogEntry>, silenceMillis: number | undefined): Source<LogEntry> {
  if (silenceMillis === undefined) return source;
  const traits = { ...source.traits, alive: { ...source.traits.alive, silenceMillis } };
  return { ...source, traits };
}
