// The websocket that tells of all deployments of an app: opening it, and what its frames say of one of them.
// Knows neither the stored output nor lines.
import { CliError } from '../../errors.ts';
import { fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import type { WebSocketConnection } from '../../transport/network.ts';
import type { ScalingoClient } from './client.ts';

export interface DeploymentStream {
  readonly connection: WebSocketConnection;
  /** The session that it was opened with. */
  readonly token: string;
}

/**
 * The first frame carries the session (wire: Scalingo 4.3): it goes only where a credential may go, the network checks
 * that as it does for headers. Throws a CliError where it may not or the upgrade is refused.
 */
export async function openDeploymentStream(
  client: ScalingoClient,
  address: string | null,
  signal: AbortSignal,
): Promise<DeploymentStream> {
  if (address === null) throw new CliError('platform', 'Scalingo names no deployment stream for this app.');
  if (!client.trusts(address)) {
    throw new CliError('platform', 'The deployment stream is on a host that this credential is not for.');
  }
  const token = await client.asker.session.get(signal);
  // An empty credential: nothing in the headers, but the rules for where one may go hold.
  const connection = await client.network.websocket({ url: address, credential: {} }, signal);
  connection.send(`${JSON.stringify({ type: 'auth', data: { token } })}\n`);
  return { connection, token };
}

/** What frames said of one deployment, in order. */
export interface StreamWords {
  /** Pieces of its output; a piece may hold several lines, or a part of one. */
  readonly output: readonly string[];
  /** The platform's own status words. */
  readonly statuses: readonly string[];
}

/** Frames of other deployments, pings and frames that nobody knows say nothing. */
export function wordsOf(frames: readonly Uint8Array[], id: string): StreamWords {
  const output: string[] = [];
  const statuses: string[] = [];
  for (const frame of frames) {
    const text = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('utf8');
    const fields = fieldsOf(parseJson(text));
    if (fields === null || idOf(fields)?.toLowerCase() !== id.toLowerCase()) continue;
    const said = fieldsOf(fields.data);
    if (fields.type === 'log') output.push(textOf(said?.content) ?? '');
    if (fields.type === 'status') statuses.push(textOf(said?.status) ?? '');
    // A `new` frame may hold the whole deployment, which may have gone on since.
    const status = textOf(fieldsOf(said?.deployment)?.status);
    if (fields.type === 'new' && status !== null) statuses.push(status);
  }
  return { output, statuses };
}

/** At the top, or in a `new` frame the deployment's id or the deployment itself (wire: Scalingo 4.3). */
export function idOf(frame: Readonly<Record<string, unknown>>): string | null {
  const { deployment } = fieldsOf(frame.data) ?? {};
  return textOf(frame.id) ?? textOf(deployment) ?? textOf(fieldsOf(deployment)?.id);
}
