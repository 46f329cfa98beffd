// Which lines become one entry, when it goes out, and that nothing is lost or reordered.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Instant, LogEntry } from '../../src/model.ts';
import { createMultiline } from '../../src/stream/multiline.ts';
import { ORDINARY, TRACES } from './trace-samples.ts';

interface Place {
  readonly instance?: string | null;
  readonly ts?: Instant | null;
  readonly truncated?: number;
  readonly bytes?: Uint8Array;
}

const AT: Instant = { seconds: 1000, nanos: 0, digits: 0 };

function line(message: string, { instance = 'web-1', ts = AT, truncated = 0, bytes }: Place = {}): LogEntry {
  const parse = () => ({
    ts,
    quality: 'exact' as const,
    component: null,
    instance,
    source: 'app' as const,
    stream: null,
    level: null,
    message,
    fields: null,
    id: null,
    deployment: null,
  });
  return new LogEntry(`<${instance}> ${message}`, parse, bytes, truncated);
}

function lines(text: string, place: Place = {}): LogEntry[] {
  return text.split('\n').map((message) => line(message, place));
}

const TRACE = 'Error: boom\n    at f (/a.js:1:2)\n    at g (/a.js:3:4)';
const multiline = createMultiline({ wait: 200 });
const messages = (entries: readonly LogEntry[]) => entries.map((entry) => entry.body.message);

function joined(entries: readonly LogEntry[]): string[] {
  const joiner = multiline.createJoiner();
  return messages([...joiner.push(entries, 0), ...joiner.drain()]);
}

describe('an entry', () => {
  it.each(TRACES)('is $name', ({ text }) => {
    expect(joined([line('before'), ...lines(text), line('after')])).toEqual(['before', text, 'after']);
  });

  it('has its first line’s place and time, and all lines', () => {
    const first = line('Error: boom', { truncated: 3 });
    const joiner = multiline.createJoiner();
    const rest = lines('    at f (/a.js:1:2)\n    at g (/a.js:3:4)', { ts: { ...AT, seconds: 1001 } });
    joiner.push([first, ...rest], 0);
    const [entry] = joiner.drain();
    expect(entry?.body).toEqual({ ...first.body, message: TRACE });
    expect(entry?.raw).toBe(
      '<web-1> Error: boom\n<web-1>     at f (/a.js:1:2)\n<web-1>     at g (/a.js:3:4)',
    );
    expect(entry?.truncated).toBe(3);
    expect(entry?.bytes).toBeUndefined();
    expect(entry && multiline.partsOf(entry)).toEqual([first, ...rest]);
  });

  it('keeps the bytes of lines that are no text', () => {
    const joiner = multiline.createJoiner();
    joiner.push([line('Error: boom'), line('    at \ufffd (x)', { bytes: Buffer.from([0x20, 0xff]) })], 0);
    const [entry] = joiner.drain();
    expect(Buffer.from(entry?.bytes ?? [])).toEqual(
      Buffer.concat([Buffer.from('<web-1> Error: boom\n'), Buffer.from([0x20, 0xff])]),
    );
  });

  it('of one line is that line', () => {
    const only = line('alone');
    const joiner = multiline.createJoiner();
    joiner.push([only], 0);
    expect(joiner.drain()[0]).toBe(only);
    expect(multiline.partsOf(only)).toEqual([only]);
  });

  it('is joined within its instance, whatever others write in between', () => {
    const others = lines(TRACE.replaceAll('.js', '.mjs'), { instance: 'web-2' });
    const mixed = lines(TRACE).flatMap((entry, index) => [entry, others[index] ?? entry]);
    expect(joined([...mixed, line('after', { instance: 'web-3' })])).toEqual([
      TRACE,
      TRACE.replaceAll('.js', '.mjs'),
      'after',
    ]);
  });

  it('takes lines without the platform’s header as the rest of the text before them', () => {
    const rest = line('  anything', { instance: null, ts: null });
    const blank = line('', { instance: null, ts: null });
    expect(joined([line('SELECT'), rest, blank, rest, line('next')])).toEqual([
      'SELECT\n  anything\n\n  anything',
      'next',
    ]);
  });

  it('needs more than that where no line has a header', () => {
    const bare = { ts: null, instance: null };
    expect(joined([line('one', bare), line('two', bare), ...lines(TRACE, bare)])).toEqual([
      'one',
      'two',
      TRACE,
    ]);
  });

  it('does not swallow a blank line that nothing of it follows', () => {
    const panic = 'panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1';
    expect(joined([...lines(panic), line(''), line('next'), line(''), line('')])).toEqual([
      panic,
      '',
      'next',
      '',
      '',
    ]);
  });
});

describe('bounds', () => {
  const frame = '    at f (/a.js:1:2)';

  it('begin a new entry after a thousand lines', () => {
    const out = joined(Array.from({ length: 2500 }, () => line(frame)));
    expect(out.map((message) => message.split('\n').length)).toEqual([1000, 1000, 500]);
  });

  it('begin a new entry beyond a mebibyte', () => {
    const long = `    at ${'x'.repeat(400_000)}`;
    expect(joined([line('Error: x'), line(long), line(long), line(long)]).map((text) => text.length)).toEqual(
      ['Error: x'.length + 1 + 2 * long.length + 1, long.length],
    );
  });

  it('end the waiting of an entry when five hundred lines of others have come', () => {
    const joiner = multiline.createJoiner();
    joiner.push([line('Error: x', { instance: 'quiet' })], 0);
    const out: LogEntry[] = [];
    for (let count = 0; count < 502; count += 1) out.push(...joiner.push([line(`l${count}`)], 0));
    expect(messages(out)[0]).toBe('Error: x');
    expect(messages(joiner.drain())).toEqual(['l501']);
  });

  it('hold no more than four mebibytes', () => {
    const joiner = multiline.createJoiner();
    const out: LogEntry[] = [];
    const text = 'x'.repeat(900_000);
    for (let count = 0; count < 10; count += 1) {
      out.push(...joiner.push([line(text, { instance: `web-${count}` })], 0));
    }
    expect(out.length).toBeGreaterThanOrEqual(5);
    expect(out.length + joiner.drain().length).toBe(10);
  });
});

describe('waiting', () => {
  it('ends after a quiet while', () => {
    const joiner = multiline.createJoiner();
    expect(joiner.dueIn(0)).toBeNull();
    expect(joiner.push([line('Error: boom')], 0)).toEqual([]);
    expect(joiner.dueIn(50)).toBe(150);
    joiner.push([line('    at f (/a.js:1:2)')], 150);
    expect(joiner.dueIn(200)).toBe(150);
    expect(joiner.takeDue(349)).toEqual([]);
    expect(messages(joiner.takeDue(350))).toEqual(['Error: boom\n    at f (/a.js:1:2)']);
    expect(joiner.dueIn(350)).toBeNull();
  });

  it('ends however slowly the lines trickle in', () => {
    const joiner = multiline.createJoiner();
    const out: LogEntry[] = [];
    for (let now = 0; now <= 1500; now += 150) {
      out.push(...joiner.push([line('    at f (/a.js:1:2)')], now), ...joiner.takeDue(now));
    }
    expect(out).toHaveLength(1);
  });

  it('keeps the order of the first lines', () => {
    const joiner = multiline.createJoiner();
    joiner.push([line('Error: one')], 0);
    const two = [line('two', { instance: 'web-2' }), line('three', { instance: 'web-2' })];
    expect(joiner.push(two, 100)).toEqual([]);
    expect(messages(joiner.takeDue(200))).toEqual(['Error: one', 'two']);
    expect(messages(joiner.takeDue(300))).toEqual(['three']);
  });

  it('is over with a line that begins anew', () => {
    const joiner = multiline.createJoiner();
    expect(messages(joiner.push([...lines(TRACE), line('next')], 0))).toEqual([TRACE]);
  });
});

describe('whatever comes in whatever pieces', () => {
  const texts = [...TRACES.flatMap(({ text }) => text.split('\n')), ...ORDINARY, '', ''];
  const anyLine = fc.record({
    message: fc.oneof(fc.constantFrom(...texts), fc.string()),
    instance: fc.constantFrom('web-1', 'web-2', 'worker-1', null),
    hasTime: fc.boolean(),
  });
  const step = fc.record({
    items: fc.array(anyLine, { maxLength: 12 }),
    pause: fc.nat(300),
    isTaken: fc.boolean(),
  });

  it('every line comes out once, in the order of its instance, and entries in the order of their first lines', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const joiner = multiline.createJoiner();
        const given: LogEntry[] = [];
        const out: LogEntry[] = [];
        let now = 0;
        for (const { items, pause, isTaken } of steps) {
          const entries = items.map(({ message, instance, hasTime }) =>
            line(message, { instance, ts: hasTime ? AT : null }),
          );
          given.push(...entries);
          out.push(...joiner.push(entries, now));
          now += pause;
          if (isTaken) out.push(...joiner.takeDue(now));
        }
        out.push(...joiner.drain());
        const order = new Map(given.map((entry, index) => [entry, index]));
        const parts = out.map((entry) => multiline.partsOf(entry).map((part) => order.get(part) ?? -1));
        expect(parts.flat().sort((a, b) => a - b)).toEqual(given.map((_, index) => index));
        const heads = parts.map(([head = -1]) => head);
        expect(heads).toEqual([...heads].sort((a, b) => a - b));
        for (const entry of parts) expect(entry).toEqual([...entry].sort((a, b) => a - b));
        const ofInstance = (instance: string | null) =>
          parts
            .flat()
            .filter((index) => given[index]?.body.instance === instance && given[index]?.body.ts !== null);
        for (const instance of ['web-1', 'web-2', 'worker-1', null]) {
          const found = ofInstance(instance);
          expect(found).toEqual([...found].sort((a, b) => a - b));
        }
      }),
      { numRuns: 300 },
    );
  });
});
