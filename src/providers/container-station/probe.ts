// Finds where the API of a station begins, by asking, without the password. Knows no session.
import { CliError } from '../../errors.ts';
import type { Network } from '../../transport/network.ts';
import { PREFIXES } from './dialect.ts';
import { failureError, failureOf, type Reply, readReply } from './reply.ts';

export interface ProbedPlace {
  readonly network: Network;
  readonly origin: string;
  /** Names the platform and its address, for errors. */
  readonly station: string;
}

/**
 * Any JSON answer shows the API, a login not being needed for that (wire: Container Station 1.1). One that says 404 may
 * come from a station that answers so to every unknown path: it counts only when no other answers better.
 */
export async function probePrefix(place: ProbedPlace, signal: AbortSignal): Promise<string> {
  let unsure: string | null = null;
  let failed: Reply | null = null;
  for (const prefix of PREFIXES) {
    const url = `${place.origin}${prefix}/api/v1/login_refresh`;
    const reply = readReply(await place.network.request({ url }, signal));
    const failure = failureOf(reply);
    const busy = reply.status === 429 || reply.status >= 500;
    if (typeof reply.json === 'object' && reply.json !== null && !busy) {
      if (failure?.code !== 404) return prefix;
      unsure ??= prefix;
    } else if (busy || (reply.status >= 300 && reply.status < 400)) {
      failed ??= reply;
    }
  }
  if (unsure !== null) return unsure;
  throw notFound(place, failed);
}

function notFound({ station, origin }: ProbedPlace, failed: Reply | null): CliError {
  const failure = failed && failureOf(failed);
  if (failed && failure) return failureError(failure, failed, { station, what: 'its API' });
  return new CliError('platform', `No Container Station answers at ${origin}.`, {
    hint: 'POLYLOG_QNAP_URL is the address of the NAS with its system port (often 8080 or 443); a path in it is taken as the prefix of the API.',
  });
}
