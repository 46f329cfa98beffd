// The station's own CSV of its activity log, told from whatever may come in its place. Knows no rows.
import { CliError } from '../../errors.ts';
import type { HttpStream } from '../../transport/network.ts';
import { failureError, failureOf, type Reply, readReply } from './reply.ts';
import type { Ask, StationSession } from './session.ts';

/** Behind it nothing of an answer that is no CSV is read. */
const MOST_ERROR_BYTES = 64 * 1024;
/** `Date,Level,Category,User,Message` (wire: Container Station 2.3), as an editor might have saved it. */
const HEADER = /^\ufeff?(?:Date|"Date"),/i;
const HEADER_BYTES = 16;

const ASK: Ask = { path: '/log/export', what: 'the CSV export of the activity log' };

/**
 * The CSV, its bytes untouched, which must be read or cancelled; null where this version has none. A session that is gone
 * is renewed once. Throws CliError for every other answer, whatever its status.
 */
export async function openExport(session: StationSession, signal: AbortSignal): Promise<HttpStream | null> {
  let answer = await askExport(session, signal);
  if (!('body' in answer) && session.isGone(answer.reply)) {
    await session.renew(signal);
    answer = await askExport(session, signal);
  }
  if ('body' in answer) return answer;
  const { reply, form } = answer;
  const failure = failureOf(reply);
  if (failure?.code === 404) return null;
  const { station } = session;
  if (failure) throw failureError(failure, reply, { station, what: ASK.what });
  throw new CliError(
    'platform',
    `${station} answers the request for ${ASK.what} with ${form} in its place.`,
    {
      ...(reply.isPage ? { hint: 'That may be its login page: polylog auth status checks the login.' } : {}),
    },
  );
}

/** null where it has more than so many bytes. */
export async function textOf({ body, cancel }: HttpStream, mostBytes: number): Promise<string | null> {
  const text = await readUpTo(mostBytes + 1, Buffer.alloc(0), body[Symbol.asyncIterator]());
  cancel();
  return text.length > mostBytes ? null : text.toString();
}

interface Instead {
  readonly reply: Reply;
  /** For people: `JSON`, `a web page`. */
  readonly form: string;
}

async function askExport(session: StationSession, signal: AbortSignal): Promise<HttpStream | Instead> {
  const { status, headers, body, cancel } = await session.stream(ASK, signal);
  const reader = body[Symbol.asyncIterator]();
  const head = await readUpTo(HEADER_BYTES, Buffer.alloc(0), reader);
  if (status < 300 && HEADER.test(head.toString()))
    return { status, headers, cancel, body: rejoined(head, reader) };
  const text = (await readUpTo(MOST_ERROR_BYTES, head, reader)).subarray(0, MOST_ERROR_BYTES).toString();
  cancel();
  const reply = readReply({ status, headers, text });
  return { reply, form: formOf(reply, text) };
}

function formOf({ json, isPage }: Reply, text: string): string {
  if (isPage) return 'a web page';
  if (text.trim() === '') return 'nothing';
  return json === undefined ? 'something else' : 'JSON';
}

/** What was read before comes first; fewer bytes only at the end. */
async function readUpTo(length: number, before: Buffer, reader: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [before];
  for (let size = before.length; size < length; ) {
    const step = await reader.next();
    if (step.done) break;
    chunks.push(step.value);
    size += step.value.length;
  }
  return Buffer.concat(chunks);
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
