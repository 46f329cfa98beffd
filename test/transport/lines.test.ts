import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineSplitter, splitLines } from '../../src/transport/lines.ts';

interface Line {
  text: string;
  bytes: Uint8Array | undefined;
  truncated: number;
}

const make = (text: string, bytes: Uint8Array | undefined, truncated: number): Line => ({
  text,
  bytes,
  truncated,
});

function split(chunks: readonly (string | Uint8Array)[], maxBytes?: number): { lines: Line[]; cut: boolean } {
  const splitter = createLineSplitter<Line>(maxBytes === undefined ? { make } : { make, maxBytes });
  const lines = chunks.flatMap((chunk) =>
    splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
  );
  const { items, cut } = splitter.end();
  return { lines: [...lines, ...items], cut };
}

const texts = (chunks: readonly (string | Uint8Array)[], maxBytes?: number) =>
  split(chunks, maxBytes).lines.map(({ text }) => text);

describe('line ends', () => {
  test.each([
    ['LF', ['a\nb\n'], ['a', 'b']],
    ['CR LF', ['a\r\nb\r\n'], ['a', 'b']],
    ['CR LF split between chunks', ['a\r', '\nb'], ['a', 'b']],
    ['LF at the beginning of a chunk', ['a', '\n', 'b\n'], ['a', 'b']],
    ['only one CR is dropped', ['a\r\r\n'], ['a\r']],
    ['a CR inside a line stays', ['10%\r20%\n'], ['10%\r20%']],
    ['empty lines', ['\n\n\r\na\n'], ['', '', '', 'a']],
    ['leading spaces and NUL stay', ['  \0a\n'], ['  \0a']],
    ['empty chunks', ['', 'a', '', '\n'], ['a']],
    ['no final newline', ['a\nb'], ['a', 'b']],
    ['a final CR without LF', ['a\r'], ['a']],
    ['a byte order mark stays', ['\ufeffa\n'], ['\ufeffa']],
    ['other Unicode line ends are text', ['a\u2028b\u0085c\n'], ['a\u2028b\u0085c']],
  ])('%s', (_name, chunks, expected) => {
    expect(texts(chunks)).toEqual(expected);
  });

  test('the last piece without a line end is cut, and only that', () => {
    expect(split(['a\nb']).cut).toBe(true);
    expect(split(['a\n']).cut).toBe(false);
    expect(split([]).cut).toBe(false);
  });

  test('end() starts anew', () => {
    const splitter = createLineSplitter({ make });
    splitter.push(Buffer.from('half'));
    splitter.end();
    expect(splitter.push(Buffer.from('a\n')).map(({ text }) => text)).toEqual(['a']);
  });
});

describe('encodings', () => {
  test('characters of two, three and four bytes split at every place', () => {
    const whole = Buffer.from('grün €uro 🎉 ende\n日本語\n');
    for (let at = 0; at <= whole.length; at++) {
      expect(texts([whole.subarray(0, at), whole.subarray(at)])).toEqual(['grün €uro 🎉 ende', '日本語']);
    }
  });

  test('only the invalid line carries its bytes, without the line end', () => {
    const { lines } = split([
      Buffer.concat([Buffer.from('gut é\n'), Buffer.from([0x61, 0xff, 0x0d, 0x0a]), Buffer.from('gut\n')]),
    ]);
    expect(lines).toEqual([
      { text: 'gut é', bytes: undefined, truncated: 0 },
      { text: 'a\ufffd', bytes: Uint8Array.of(0x61, 0xff), truncated: 0 },
      { text: 'gut', bytes: undefined, truncated: 0 },
    ]);
  });

  test('a character that the connection cut in half is kept as bytes', () => {
    const { lines, cut } = split([Buffer.from('ab€').subarray(0, 4)]);
    expect(lines).toEqual([{ text: 'ab\ufffd', bytes: Uint8Array.of(0x61, 0x62, 0xe2, 0x82), truncated: 0 }]);
    expect(cut).toBe(true);
  });

  test('the bytes survive a reused chunk', () => {
    const chunk = Buffer.from([0xff, 0x0a]);
    const [line] = split([chunk]).lines;
    chunk.fill(0);
    expect(line?.bytes).toEqual(Uint8Array.of(0xff));
  });

  test('any valid text comes out as it went in, however it is cut into chunks', () => {
    const property = fc.property(
      fc.array(fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n]/g, ' '))),
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      (lines, sizes) => {
        const whole = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < whole.length; ) {
          const size = sizes.next().value ?? 1;
          chunks.push(new Uint8Array(whole.subarray(at, at + size)));
          at += size;
        }
        expect(texts(chunks)).toEqual(lines);
      },
    );
    fc.assert(property);
  });
});

describe('long lines', () => {
  test('a line of exactly the limit is whole, with CR LF too', () => {
    expect(split(['abcde\nabcde\r\n'], 5).lines.map(({ truncated }) => truncated)).toEqual([0, 0]);
    expect(split(['abc', 'de', '\r', '\n'], 5).lines).toEqual([
      { text: 'abcde', bytes: undefined, truncated: 0 },
    ]);
  });

  test('beyond it is cut, counted, and the next line is whole', () => {
    const expected = [
      { text: 'abcde', bytes: undefined, truncated: 3 },
      { text: 'next', bytes: undefined, truncated: 0 },
    ];
    expect(split(['abcdefgh\nnext\n'], 5).lines).toEqual(expected);
    expect(split(['abc', 'defg', 'h', '\r', '\nnext\n'], 5).lines).toEqual(expected);
  });

  test('the cut never halves a character', () => {
    expect(split(['aa€€\n'], 4).lines).toEqual([{ text: 'aa', bytes: undefined, truncated: 6 }]);
    expect(split(['aa', '€€\n'], 4).lines).toEqual([{ text: 'aa', bytes: undefined, truncated: 6 }]);
    expect(split(['aa€€\n'], 5).lines).toEqual([{ text: 'aa€', bytes: undefined, truncated: 3 }]);
  });

  test('one line of a megabyte in one chunk and in many', () => {
    const line = 'é'.repeat(512 * 1024);
    const whole = Buffer.from(`a\n${line}\nb\n`);
    const pieces = Array.from({ length: Math.ceil(whole.length / 1000) }, (_, at) =>
      whole.subarray(at * 1000, at * 1000 + 1000),
    );
    for (const chunks of [[whole], pieces]) {
      const { lines } = split(chunks);
      expect(lines.map(({ text, truncated }) => [text.length, truncated])).toEqual([
        [1, 0],
        [line.length, 0],
        [1, 0],
      ]);
    }
  });

  test('100 MB without an end take the memory of the limit', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const splitter = createLineSplitter({ make });
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < 1600; at++) splitter.push(Buffer.alloc(65_536, 'x'));
    // Buffers are freed by a sweeper of its own thread, at a time of its own; what is held stays whatever one waits for.
    const held = () => process.memoryUsage().arrayBuffers - before;
    for (let round = 0; round < 50 && held() >= 8 * 1024 * 1024; round++) {
      collectGarbage();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(held()).toBeLessThan(8 * 1024 * 1024);
    const { items, cut } = splitter.end();
    expect(items.map(({ text, truncated }) => [text.length, truncated])).toEqual([
      [1_048_576, 1600 * 65_536 - 1_048_576],
    ]);
    expect(cut).toBe(true);
  });
});

describe('splitLines', () => {
  async function* source(chunks: string[], failure?: Error) {
    for (const chunk of chunks) yield Buffer.from(chunk);
    if (failure) throw failure;
  }

  test('a batch per chunk that completes lines, and whether the last was cut', async () => {
    const batches = splitLines(source(['a\nb', 'c', '\nd\ne']), createLineSplitter({ make: (text) => text }));
    const seen: unknown[] = [];
    for (let step = await batches.next(); ; step = await batches.next()) {
      seen.push(step.done ? step.value : step.value.items);
      if (step.done) break;
    }
    expect(seen).toEqual([['a'], ['bc', 'd'], ['e'], true]);
  });

  test('the begun line of a broken source is still to be had', async () => {
    const splitter = createLineSplitter({ make: (text) => text });
    const batches = splitLines(source(['a\nhal'], new Error('reset')), splitter);
    const first = await batches.next();
    expect(first.done === true ? null : first.value.items).toEqual(['a']);
    await expect(batches.next()).rejects.toThrow('reset');
    expect(splitter.end()).toEqual({ items: ['hal'], cut: true });
  });
});
