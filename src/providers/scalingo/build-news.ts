// What the stored output of a deployment has beyond the lines that were given. Knows no live stream.
import type { LogEntry, Notice } from '../../model.ts';
import type { Batch } from '../../provider.ts';
import type { Ledger } from './build-ledger.ts';
import { type OutputEnd, readOutput, type StoredOutput } from './build-output.ts';
import type { AppPlace } from './deployments.ts';

/** One deployment's output as it is read: what was learnt on one connection holds for the next. */
export interface BuildReading {
  readonly place: AppPlace;
  readonly output: StoredOutput;
  readonly ledger: Ledger;
  /** Whether the deployment was over before the first line was read. */
  readonly over: boolean;
  /** Connections of the live stream running that ended before they said anything. */
  mute: number;
}

export interface NewsEnd extends OutputEnd {
  /** For when the output is over: its unfinished last line counts as given, and is returned unless it was before. */
  takeTail(): LogEntry | null;
}

/** `silent`: the lines count as given, but do not come. */
export async function* readNews(
  { output, ledger }: BuildReading,
  { silent }: { readonly silent: boolean },
  signal: AbortSignal,
): AsyncGenerator<Batch<LogEntry>, NewsEnd, undefined> {
  const lines = readOutput(output, signal);
  const reading = ledger.reading();
  let said = false;
  try {
    for (;;) {
      const step = await lines.next();
      if (step.done === true) {
        const { tail } = step.value;
        return { ...step.value, takeTail: () => (tail !== null && reading.take(tail.raw) ? tail : null) };
      }
      const news = step.value.filter(({ raw }) => reading.take(raw));
      const notices = reading.differs && !said ? [DIFFERENT] : [];
      said ||= reading.differs;
      yield {
        items: silent ? [] : news,
        position: ledger.length,
        ...(notices.length > 0 && { notices }),
      };
    }
  } finally {
    await lines.return({ bytes: 0, absent: true, tail: null });
  }
}

const DIFFERENT: Notice = {
  kind: 'warning',
  message:
    'the stored output is not what the live stream brought: what was missing follows, though not in its place',
};
