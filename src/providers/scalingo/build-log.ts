// The output of one deployment as a source. The stored output is the truth, the live stream is quick; no line has a time
// and lines may repeat, so the position is the number of lines given.
import { CliError } from '../../errors.ts';
import type { LogEntry, Notice } from '../../model.ts';
import type { Batch, HistoryEnd, Source, Traits } from '../../provider.ts';
import { delayBeforeRetry } from '../../transport/retry.ts';
import { wait } from '../../wait.ts';
import { createLedger } from './build-ledger.ts';
import { readLiveBuild } from './build-live.ts';
import { type BuildReading, type NewsEnd, readNews } from './build-news.ts';
import { outputAddress } from './build-output.ts';
import type { ScalingoClient } from './client.ts';
import { type AppPlace, deployment, deploymentSubject } from './deployments.ts';

const traits: Traits = {
  history: 'exact',
  archives: null,
  retention: 'as long as the deployment is listed',
  join: 'position',
  live: { kind: 'socket', everyMillis: null },
  ids: false,
  times: 'none',
  ordered: true,
  filters: [],
  alive: { proof: 'a ping frame of the deployment stream', silenceMillis: 60_000 },
  endless: false,
  maxLines: null,
};

/** Throws `not-found` for a deployment that is not there. */
export async function openBuildLog(
  client: ScalingoClient,
  { place, id }: { readonly place: AppPlace; readonly id: string },
  signal: AbortSignal,
): Promise<Source<LogEntry>> {
  const { build, output: link } = await deployment(client, place, id, signal);
  const url = outputAddress(client, place, { id: build.id, link });
  const log: BuildReading = {
    place,
    output: { client, subject: deploymentSubject(place, build.id), url, id: build.id },
    ledger: createLedger(),
    over: build.ended,
    mute: 0,
  };
  return {
    traits,
    history: (_query, aborted) => readStored(log, aborted),
    live: (start, aborted) => readLiveBuild(log, start, aborted),
    // A hook's lines have times, but they say nothing about the lines around them.
    timeOf: () => null,
    keyOf: (entry) => entry.raw,
  };
}

/** All of it, whatever is asked: it comes in one piece anyway, and the engine takes of its end what is wanted. */
async function* readStored(
  log: BuildReading,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, HistoryEnd, undefined> {
  log.ledger.rewind(0);
  const end = yield* readWhole(log, signal);
  if (end.absent) yield { items: [], position: 0, notices: [absence(log)] };
  else if (log.over) {
    const tail = end.takeTail();
    yield { items: tail === null ? [] : [tail], position: log.ledger.length };
  } else {
    const begun = { items: end.tail === null ? [] : [end.tail], position: log.ledger.length };
    // The rest of that line comes live.
    yield end.tail === null ? begun : { ...begun, cut: true };
  }
  return { complete: true, begins: null };
}

/** Goes on behind the last whole line where the connection breaks: the engine would begin anew. */
async function* readWhole(
  log: BuildReading,
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, NewsEnd, undefined> {
  const begun = performance.now();
  for (let number = 1; ; number += 1) {
    try {
      return yield* readNews(log, { silent: false }, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Refusals have been waited out already.
      if (!(error instanceof CliError) || error.status !== undefined) throw error;
      const attempt = { outcome: { error }, number, elapsed: performance.now() - begun, now: Date.now() };
      const delay = delayBeforeRetry(attempt, log.output.client.timing.retry);
      if (delay === undefined) throw error;
      await wait(delay, signal);
    }
  }
}

function absence({ over, output }: BuildReading): Notice {
  return over
    ? { kind: 'limit', message: `Scalingo keeps no output of ${output.subject.what}` }
    : { kind: 'hint', message: `there is no output yet of ${output.subject.what}` };
}
