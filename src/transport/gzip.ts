// Unpacks a stream that should or may be gzip, told by its first bytes and not by headers. Knows no request and no platform.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** The stream is neither gzip nor the plain text that was waited for. */
export class NotGzip extends Error {
  override readonly name = 'NotGzip';
}

/**
 * Plain text, which something on the way has unpacked, passes through: any, or only what matches `plain` in its first 20
 * bytes, and then NotGzip is thrown for anything else. Throws the error of the source, or zlib's after what could be
 * unpacked. Memory is bounded however large the content is.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  plain?: RegExp,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let done = false;
  const enough = plain ? BEGINNING : MAGIC.length;
  while (!done && head.length < enough) {
    const step = await chunks.next();
    done = step.done === true;
    if (step.done !== true) head = Buffer.concat([head, step.value]);
  }
  const whole = withHead(head, chunks);
  if (head[0] === MAGIC[0] && head[1] === MAGIC[1]) return yield* unpack(whole);
  if (plain && !plain.test(head.toString('latin1', 0, BEGINNING))) {
    await chunks.return?.();
    throw new NotGzip('not gzip');
  }
  yield* whole;
}

const MAGIC = [0x1f, 0x8b] as const;
/** Bytes that tell plain text from other things. */
const BEGINNING = 20;

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
