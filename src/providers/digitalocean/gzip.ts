// Unpacks a stream that may be gzip, told by its first bytes and not by headers. Knows no request.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/**
 * Plain text passes through, also where a header claims that it is gzip. Throws the error of the source, or zlib's after
 * what could be unpacked. Memory is bounded however large the content is.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let done = false;
  while (!done && head.length < 2) {
    const step = await chunks.next();
    done = step.done === true;
    if (step.done !== true) head = Buffer.concat([head, step.value]);
  }
  const whole = withHead(head, chunks);
  if (head[0] === 0x1f && head[1] === 0x8b) yield* unpack(whole);
  else yield* whole;
}

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
