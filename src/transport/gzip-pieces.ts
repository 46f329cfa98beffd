// Bytes of a stream in pieces of a bounded size, some of which can be put back. Knows nothing of what they mean.

export interface Pieces {
  /** How many bytes have been handed out and not put back. */
  readonly offset: number;
  /** At most so many bytes; null at the end. Throws the error of the source. */
  next(most?: number): Promise<Buffer | null>;
  /** So many bytes, fewer only at the end. */
  take(length: number): Promise<Buffer>;
  /** They come again with the next piece. */
  putBack(bytes: Buffer): void;
  /** Lets the source go. */
  close(): Promise<void>;
}

/** A thousandfold of it, which is the most that packed bytes become, must fit into memory. */
export const PIECE = 16 * 1024;

export function createPieces(source: AsyncIterable<Uint8Array>): Pieces {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  const upTo = async (length: number): Promise<Buffer | null> => {
    while (rest.length === 0) {
      const step = await chunks.next();
      if (step.done === true) return null;
      const { buffer, byteOffset, byteLength } = step.value;
      rest = Buffer.from(buffer, byteOffset, byteLength);
    }
    const piece = rest.subarray(0, length);
    rest = rest.subarray(piece.length);
    offset += piece.length;
    return piece;
  };
  return {
    get offset() {
      return offset;
    },
    next: (most = PIECE) => upTo(most),
    async take(length) {
      let taken: Buffer = Buffer.alloc(0);
      while (taken.length < length) {
        const piece = await upTo(length - taken.length);
        if (piece === null) break;
        taken = taken.length === 0 ? piece : Buffer.concat([taken, piece]);
      }
      return taken;
    },
    putBack(bytes) {
      offset -= bytes.length;
      rest = rest.length === 0 ? bytes : Buffer.concat([bytes, rest]);
    },
    async close() {
      await chunks.return?.();
    },
  };
}
