// The trace of --debug: one line per step, secrets masked. Writes nothing itself.
import type { Destination } from './destination.ts';
import { createMasking } from './masking.ts';
import type { NetworkOptions } from './open-network.ts';

export interface Outgoing {
  readonly method: string;
  readonly destination: Destination;
  readonly headers: Readonly<Record<string, string>>;
  /** Names of the headers that carry the credential. */
  readonly credential: readonly string[];
  readonly body?: string | undefined;
  readonly secretQuery: readonly string[] | undefined;
}

/** All of them do nothing when nobody listens. */
export interface Exchanged {
  /** Status and headers. */
  answer(status: number, headers: Readonly<Record<string, unknown>>): void;
  /** JSON bodies and the short ones of errors; log text is not shown. */
  body(text: string, headers: Readonly<Record<string, unknown>>, status: number): void;
  note(text: string): void;
}

const SILENT: Exchanged = { answer() {}, body() {}, note() {} };

/** Traces a request and returns what traces its answer. */
export function traceOutgoing({ trace }: Pick<NetworkOptions, 'trace'>, outgoing: Outgoing): Exchanged {
  if (!trace) return SILENT;
  const masking = createMasking(outgoing.secretQuery);
  const { destination, method } = outgoing;
  const began = performance.now();
  const since = () => `${Math.round(performance.now() - began)} ms`;
  trace(`> ${method} ${masking.url(destination.url.origin + destination.path)}`);
  for (const line of masking.headers(outgoing.headers, outgoing.credential)) trace(`>   ${line}`);
  if (outgoing.body) trace(`>   ${masking.body(outgoing.body)}`);
  return {
    answer(status, headers) {
      trace(`< ${status} from ${destination.place} after ${since()}`);
      for (const line of masking.headers(headers)) trace(`<   ${line}`);
    },
    body(text, headers, status) {
      const shown = status >= 400 || /json/i.test(String(headers['content-type']));
      trace(shown ? `<   ${masking.body(text)}` : `<   ${text.length} characters`);
    },
    note(text) {
      trace(`< ${destination.place}: ${text} after ${since()}`);
    },
  };
}
