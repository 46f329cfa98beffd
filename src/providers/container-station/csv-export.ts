// The station's own CSV of its activity log, told from an error that comes in its place. Knows no rows.
import type { HttpStream } from '../../transport/network.ts';
import { failureOf, type Reply, readReply } from './reply.ts';
import type { Ask, StationSession } from './session.ts';

const MOST_ERROR_BYTES = 64 * 1024;
const OPENING_BRACE = 0x7b;

/** The CSV, its bytes untouched, which must be read or cancelled; or the reply that came instead, always a failure. */
export async function openExport(
  session: StationSession,
  ask: Ask,
  signal: AbortSignal,
): Promise<HttpStream | Reply> {
  const { status, headers, body, cancel } = await session.stream(ask, signal);
  const reader = body[Symbol.asyncIterator]();
  const first = await reader.next();
  const head = first.done ? new Uint8Array() : first.value;
  // A failure may come under status 200, as JSON in place of the CSV.
  if (status < 300 && head[0] !== OPENING_BRACE)
    return { status, headers, cancel, body: rejoined(head, reader) };
  const reply = readReply({ status, headers, text: await readError(head, reader) });
  cancel();
  return failureOf(reply) ? reply : { ...reply, status: 502 };
}

async function readError(head: Uint8Array, rest: AsyncIterator<Uint8Array>): Promise<string> {
  const chunks = [head];
  for (let size = head.length; size < MOST_ERROR_BYTES; ) {
    const step = await rest.next();
    if (step.done) break;
    chunks.push(step.value);
    size += step.value.length;
  }
  return Buffer.concat(chunks).subarray(0, MOST_ERROR_BYTES).toString();
}

async function* rejoined(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const step = await rest.next();
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await rest.return?.();
  }
}
