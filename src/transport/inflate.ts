// One deflated stream out of a longer one, up to its own end. Knows neither what stands before it nor behind it.
import { createInflateRaw } from 'node:zlib';
import { PIECE, type Pieces } from './gzip-pieces.ts';

/** Bytes that are made at a time. */
const CHUNK = 64 * 1024;

/**
 * Leaves what stands behind it in `pieces`. Throws zlib's error, with the place of the broken piece as `at`, behind all
 * that was made of the pieces before it: a stream that is iterated would throw away what nobody has read yet. Of a
 * broken piece zlib gives nothing; one that is known to be broken is fed byte by byte, which is slow.
 */
export async function* inflated(
  pieces: Pieces,
  knownBroken: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inflate = createInflateRaw({ chunkSize: CHUNK });
  let made: Buffer[] = [];
  let ended = false;
  let failure: Error | null = null;
  let settle = () => {};
  inflate.on('data', (chunk: Buffer) => made.push(chunk));
  inflate.on('end', () => {
    ended = true;
    settle();
  });
  inflate.on('error', (error) => {
    failure = error;
    settle();
  });
  const begin = pieces.offset;
  try {
    for (;;) {
      const at = pieces.offset;
      const isBroken = knownBroken !== undefined && at >= knownBroken && at < knownBroken + PIECE;
      const piece = await pieces.next(isBroken ? 1 : PIECE);
      await new Promise<void>((resolve) => {
        settle = resolve;
        // Behind the end of what it understands zlib takes nothing, and ends without answering the write.
        if (piece) inflate.write(piece, (error) => error ?? resolve());
        else inflate.end();
      });
      const chunks = made;
      made = [];
      yield* chunks;
      if (failure) throw Object.assign(failure, { at });
      if (ended) {
        if (piece) pieces.putBack(piece.subarray(inflate.bytesWritten - (at - begin)));
        return;
      }
    }
  } finally {
    inflate.destroy();
  }
}
