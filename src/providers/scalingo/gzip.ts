// Unpacks a stream that should be gzip, told by its first bytes and not by headers. Knows no request.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** The stream is neither gzip nor plain lines, or empty. */
export class NotGzip extends Error {
  override readonly name = 'NotGzip';
}

/**
 * Plain lines, which something on the way has unpacked, pass through. Throws NotGzip, the error of the source, or zlib's
 * after what could be unpacked. Memory is bounded however large the content is.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let done = false;
  while (!done && head.length < ENOUGH) {
    const step = await chunks.next();
    done = step.done === true;
    if (step.done !== true) head = Buffer.concat([head, step.value]);
  }
  const whole = withHead(head, chunks);
  if (head[0] === 0x1f && head[1] === 0x8b) return yield* unpack(whole);
  if (!LINE_START.test(head.toString('latin1', 0, ENOUGH))) throw new NotGzip('not gzip');
  yield* whole;
}

/** Bytes that tell what it is. */
const ENOUGH = 20;
const LINE_START = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/;

async function* withHead(head: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    for (let step = await chunks.next(); step.done !== true; step = await chunks.next()) yield step.value;
  } finally {
    await chunks.return?.();
  }
}

async function* unpack(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  // A failure of the source destroys the unpacker with its error, which the loop below then throws.
  pipeline(Readable.from(source), gunzip).catch(() => {});
  try {
    for await (const chunk of gunzip) yield chunk;
  } finally {
    gunzip.destroy();
  }
}
