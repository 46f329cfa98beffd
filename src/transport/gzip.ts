// Unpacks a stream that should or may be gzip, told by its first bytes and not by headers. Knows no request and no platform.
import { crc32 } from 'node:zlib';
import { createPieces, type Pieces } from './gzip-pieces.ts';
import { inflated } from './inflate.ts';

/** The stream is neither gzip nor the plain text that was waited for. */
export class NotGzip extends Error {
  override readonly name = 'NotGzip';
}

export interface Unpacking {
  /** What the first 20 bytes of plain text look like; NotGzip is thrown for anything else. Absent: any text passes. */
  readonly plain?: RegExp;
  /** Told what is wrong with content that was unpacked all the same: `may be damaged: …`, what is left of a sentence. */
  readonly onFlaw?: (words: string) => void;
  /** Where an earlier reading found it damaged (`damageOf`): what stands just before is lost without. */
  readonly damagedAt?: number | undefined;
}

/**
 * Plain text, which something on the way has unpacked, passes through. Throws the error of the source, or zlib's after
 * what could be unpacked; a wrong checksum and what stands behind a whole archive are flaws and no errors. Memory is
 * bounded however large the content is.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  { plain, onFlaw = () => {}, damagedAt }: Unpacking = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = createPieces(source);
  try {
    const head = await pieces.take(plain ? BEGINNING : MAGIC.length);
    pieces.putBack(head);
    if (isMagic(head)) return yield* members(pieces, { onFlaw, damagedAt });
    if (plain && !plain.test(head.toString('latin1'))) throw new NotGzip('not gzip');
    for (let piece = await pieces.next(WHOLE); piece !== null; piece = await pieces.next(WHOLE)) yield piece;
  } finally {
    await pieces.close();
  }
}

export interface Damage {
  /** The content is broken, not only cut off. */
  readonly isBroken: boolean;
  /** In the packed bytes; undefined where that is of no use. */
  readonly at: number | undefined;
}

/** What an error of `decompress` says. */
export function damageOf(error: unknown): Damage {
  const { code, at } = error as { code?: unknown; at?: unknown };
  return { isBroken: code === 'Z_DATA_ERROR', at: typeof at === 'number' ? at : undefined };
}

/** As it comes: nothing grows out of plain text. */
const WHOLE = Number.POSITIVE_INFINITY;
const MAGIC = [0x1f, 0x8b] as const;
/** Bytes that tell plain text from other things. */
const BEGINNING = 20;
/** CRC-32 and length of what was packed. */
const TRAILER = 8;
/** One archive may be several, one behind the other. */
async function* members(
  pieces: Pieces,
  { onFlaw, damagedAt }: { onFlaw: (words: string) => void; damagedAt: number | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  let isLacking = false;
  do {
    await skipHeader(pieces);
    let sum = 0;
    let size = 0;
    for await (const chunk of inflated(pieces, damagedAt)) {
      sum = crc32(chunk, sum);
      size += chunk.length;
      yield chunk;
    }
    const trailer = await pieces.take(TRAILER);
    if (trailer.length < TRAILER) onFlaw('may be damaged: it ends before its checksum');
    else if (trailer.readUInt32LE(4) !== size % 2 ** 32) isLacking = true;
    else if (trailer.readUInt32LE(0) !== sum) onFlaw('may be damaged: its checksum does not match');
  } while (await isFollowed(pieces, onFlaw));
  if (isLacking) throw zlibError('Z_DATA_ERROR', 'incorrect length check');
}

const EXTRA = 0x04;
const NAME = 0x08;
const COMMENT = 0x10;
const HEADER_SUM = 0x02;

/** RFC 1952. */
async function skipHeader(pieces: Pieces): Promise<void> {
  const fixed = await taken(pieces, 10);
  if (fixed[2] !== 8) throw zlibError('Z_DATA_ERROR', 'unknown compression method');
  const flags = fixed[3] ?? 0;
  if (flags & EXTRA) await taken(pieces, (await taken(pieces, 2)).readUInt16LE(0));
  for (const text of [NAME, COMMENT]) {
    while (flags & text && (await taken(pieces, 1))[0] !== 0);
  }
  if (flags & HEADER_SUM) await taken(pieces, 2);
}

async function taken(pieces: Pieces, length: number): Promise<Buffer> {
  const bytes = await pieces.take(length);
  if (bytes.length < length) throw zlibError('Z_BUF_ERROR', 'unexpected end of file');
  return bytes;
}

/** Whether another member comes; zeros are padding. */
async function isFollowed(pieces: Pieces, onFlaw: (words: string) => void): Promise<boolean> {
  for (let piece = await pieces.next(); piece !== null; piece = await pieces.next()) {
    const at = piece.findIndex((byte) => byte !== 0);
    if (at === -1) continue;
    pieces.putBack(piece.subarray(at));
    const head = await pieces.take(MAGIC.length);
    pieces.putBack(head);
    if (isMagic(head)) return true;
    onFlaw('has bytes behind its end that are no gzip: they are left out');
    return false;
  }
  return false;
}

function isMagic(head: Buffer): boolean {
  return head[0] === MAGIC[0] && head[1] === MAGIC[1];
}

function zlibError(code: 'Z_DATA_ERROR' | 'Z_BUF_ERROR', message: string): Error {
  return Object.assign(new Error(message), { code });
}
