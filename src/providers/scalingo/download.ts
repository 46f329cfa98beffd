// Opens downloads without a limit: asks for their URL before each attempt, and again after faults that pass. Signed ones
// get no credential.
import type { CliError } from '../../errors.ts';
import type { HttpStream, Network } from '../../transport/network.ts';
import { delayBeforeRetry, type RetryRules } from '../../transport/retry.ts';
import { wait } from '../../wait.ts';
import { named, refusalOf, type Subject } from './refusal.ts';

export interface Download {
  readonly network: Network;
  readonly rules: RetryRules;
  readonly subject: Subject;
  /** Asked before every attempt. */
  readonly url: (signal: AbortSignal) => Promise<string>;
  /** Of the account, for the platform's own addresses; never with a signed one. */
  readonly credential?: Readonly<Record<string, string>>;
}

/**
 * Any answer but 429 and those of a server in trouble, which are waited out for a bounded time and thrown then. The
 * network does not do so itself for bodies without a limit.
 */
export async function openDownload(download: Download, signal: AbortSignal): Promise<HttpStream> {
  const begun = performance.now();
  for (let number = 1; ; number += 1) {
    const url = asHttp(await download.url(signal));
    const { credential } = download;
    const request = { url, ends: true, ...(credential && { credential }) } as const;
    const outcome = await download.network.stream(request, signal).catch((error: unknown) => ({ error }));
    signal.throwIfAborted();
    if ('status' in outcome && outcome.status !== 429 && outcome.status < 500) return outcome;
    if ('status' in outcome) outcome.cancel();
    const elapsed = performance.now() - begun;
    const delay = delayBeforeRetry({ outcome, number, elapsed, now: Date.now() }, download.rules);
    if (delay === undefined) {
      throw 'error' in outcome ? named(outcome.error, download.subject) : refusal(outcome, download.subject);
    }
    await wait(delay, signal);
  }
}

/** The error for an answer whose body is not read. */
export function refusal({ status, headers }: HttpStream, subject: Subject): CliError {
  return refusalOf({ status, headers, text: '' }, subject);
}

/** Appends to a signed URL without touching what is there (wire: Scalingo 2.1). */
export function withQuery(url: string, parameters: Readonly<Record<string, string | number | null>>): string {
  const added = Object.entries(parameters).flatMap(([name, value]) =>
    value === null ? [] : `${name}=${encodeURIComponent(value)}`,
  );
  return `${url}${url.includes('?') ? '&' : '?'}${added.join('&')}`;
}

/** A signed URL may come with the scheme of a websocket. */
export function asHttp(url: string): string {
  return url.replace(/^ws/, 'http');
}
