import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { damageOf, decompress, NotGzip, type Unpacking } from '../../src/transport/gzip.ts';

const LINES = Array.from({ length: 5000 }, (_, index) => `line ${index} ${Math.sin(index)}\n`);
const TEXT = LINES.join('');
const PACKED = gzipSync(TEXT);

interface Unpacked {
  readonly text: string;
  readonly flaws: readonly string[];
  readonly error: unknown;
}

/** What came before an error counts as well. */
async function unpack(packed: Buffer, { size = 65_536, ...how }: Unpacking & { size?: number } = {}) {
  async function* source() {
    for (let at = 0; at < packed.length; at += size) yield packed.subarray(at, at + size);
  }
  const flaws: string[] = [];
  const parts: Uint8Array[] = [];
  let error: unknown = null;
  try {
    const content = decompress(source(), { onFlaw: (words) => flaws.push(words), ...how });
    for await (const part of content) parts.push(part);
  } catch (thrown) {
    error = thrown;
  }
  return { text: Buffer.concat(parts).toString(), flaws, error } satisfies Unpacked;
}

/** A header with every optional part. */
function withHeader(packed: Buffer): Buffer {
  const parts = [Buffer.from([2, 0, 7, 7]), Buffer.from('a.log\0a comment\0'), Buffer.from([1, 2])];
  const fixed = Buffer.from(packed.subarray(0, 10));
  fixed[3] = 0x04 | 0x08 | 0x10 | 0x02;
  return Buffer.concat([fixed, ...parts, packed.subarray(10)]);
}

describe('a whole archive', () => {
  it.each([1, 1000, 65_536])('in chunks of %i bytes', async (size) => {
    const text = size === 1 ? TEXT.slice(0, 2000) : TEXT;
    expect(await unpack(gzipSync(text), { size })).toEqual({ text, flaws: [], error: null });
  });

  it.each([
    ['of several members', Buffer.concat([gzipSync(TEXT.slice(0, 999)), gzipSync(TEXT.slice(999))])],
    ['padded with zeros', Buffer.concat([PACKED, Buffer.alloc(70_000)])],
    ['with a name, a comment and more in its header', withHeader(PACKED)],
  ])('%s', async (_, packed) => {
    expect(await unpack(packed, { size: 999 })).toEqual({ text: TEXT, flaws: [], error: null });
  });

  it('of nothing is nothing', async () => {
    expect(await unpack(gzipSync(''))).toEqual({ text: '', flaws: [], error: null });
  });
});

describe('flaws, which cost nothing of the content', () => {
  const CHECKSUM = 'may be damaged: its checksum does not match';
  const wrong = Buffer.from(PACKED);
  wrong.writeUInt32LE(1, wrong.length - 8);
  it.each([
    ['a wrong checksum', wrong, CHECKSUM],
    ['no checksum', PACKED.subarray(0, -5), 'may be damaged: it ends before its checksum'],
    [
      'three bytes behind it',
      Buffer.concat([PACKED, Buffer.from('xyz')]),
      'has bytes behind its end that are no gzip: they are left out',
    ],
    [
      'much behind it',
      Buffer.concat([PACKED, Buffer.alloc(10), Buffer.alloc(99_999, 'x')]),
      'has bytes behind its end that are no gzip: they are left out',
    ],
  ])('%s', async (_, packed, flaw) => {
    for (const size of [1000, 65_536])
      expect(await unpack(packed, { size })).toEqual({ text: TEXT, flaws: [flaw], error: null });
  });

  it('a wrong checksum of one of several members leaves the others', async () => {
    const both = Buffer.concat([wrong, gzipSync('more')]);
    expect(await unpack(both)).toEqual({ text: `${TEXT}more`, flaws: [CHECKSUM], error: null });
  });
});

describe('damage', () => {
  it('by a wrong length is told behind all content', async () => {
    const wrong = Buffer.from(PACKED);
    wrong.writeUInt32LE(1, wrong.length - 4);
    const { text, error } = await unpack(Buffer.concat([wrong, gzipSync('more')]));
    expect([text, damageOf(error).isBroken]).toEqual([`${TEXT}more`, true]);
  });

  it('by a cut leaves what could be unpacked', async () => {
    const { text, error } = await unpack(PACKED.subarray(0, -20));
    expect([TEXT.startsWith(text), text.length > TEXT.length - 100]).toEqual([true, true]);
    expect(damageOf(error).isBroken).toBe(false);
  });

  it('within is found, and what stands just before it is had when its place is known', async () => {
    const good = deflateRawSync(TEXT, { finishFlush: constants.Z_SYNC_FLUSH });
    const packed = Buffer.concat([PACKED.subarray(0, 10), good, Buffer.from([0xff]), Buffer.alloc(50_000)]);
    const first = await unpack(packed);
    expect(TEXT.startsWith(first.text) && first.text !== TEXT).toBe(true);
    const { isBroken, at } = damageOf(first.error);
    expect([isBroken, typeof at]).toEqual([true, 'number']);
    const second = await unpack(packed, { damagedAt: at });
    expect(second.text).toBe(TEXT);
    expect(damageOf(second.error).isBroken).toBe(true);
  });
});

describe('what is no gzip', () => {
  it('passes as it is, or only where it looks like what was waited for', async () => {
    const plain = Buffer.from('2026 is a year');
    const passed = { text: '2026 is a year', flaws: [], error: null };
    expect(await unpack(plain, { size: 1 })).toEqual(passed);
    expect(await unpack(plain, { plain: /^\d{4}/ })).toEqual(passed);
    expect((await unpack(plain, { plain: /^</ })).error).toBeInstanceOf(NotGzip);
    expect((await unpack(Buffer.alloc(0), { plain: /^</ })).error).toBeInstanceOf(NotGzip);
  });
});
