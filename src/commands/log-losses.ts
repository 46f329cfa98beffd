// Notices what a platform's log lacks while it is read: archives that are gone, pages that could not be had. Prints nothing.
import type { Connected } from '../context.ts';
import type { LogEntry } from '../model.ts';
import { type Batch, isSupported, type Source } from '../provider.ts';

export type Loss = NonNullable<Batch<LogEntry>['missing']>;

/** The same connection, whose logs tell `lose` why, each time that something is missing. */
export function tellingLosses(connected: Connected, lose: (loss: Loss) => void): Connected {
  const { provider } = connected;
  const { logs } = provider;
  if (!isSupported(logs)) return connected;
  const open: typeof logs.open = async (...asked) => telling(await logs.open(...asked), lose);
  return { ...connected, provider: { ...provider, logs: { ...logs, open } } };
}

function telling(source: Source<LogEntry>, lose: (loss: Loss) => void): Source<LogEntry> {
  const { traits, millisOf, components, sources, notices } = source;
  return {
    traits,
    millisOf,
    components,
    sources,
    notices,
    history: (query, signal) =>
      watched(source.history(query, signal), { end: { complete: false, begins: null }, lose }),
    live: (start, signal) =>
      watched(source.live(start, signal), { end: { end: 'dropped', reason: 'left' }, lose }),
    timeOf: (entry) => source.timeOf(entry),
    keyOf: (entry) => source.keyOf(entry),
  };
}

interface Watching<E> {
  /** For whoever leaves before the end. */
  readonly end: E;
  readonly lose: (loss: Loss) => void;
}

async function* watched<E>(
  batches: AsyncGenerator<Batch<LogEntry>, E, undefined>,
  { end, lose }: Watching<E>,
): AsyncGenerator<Batch<LogEntry>, E, undefined> {
  try {
    for (;;) {
      const step = await batches.next();
      if (step.done) return step.value;
      if (step.value.missing) lose(step.value.missing);
      yield step.value;
    }
  } finally {
    await batches.return(end);
  }
}
