// A source whose every step stands in the test: the engine's other side, as small as it can be.
import type { Instant } from '../../src/model.ts';
import type {
  Batch,
  HistoryEnd,
  HistoryQuery,
  LiveEnd,
  LiveStart,
  Position,
  Source,
  Traits,
} from '../../src/provider.ts';

export interface Line {
  readonly at: number | null;
  readonly text: string;
}

export const TRAITS: Traits = {
  history: 'exact',
  archives: null,
  retention: 'for ever',
  join: 'overlap',
  live: { kind: 'socket', everyMillis: null },
  ids: false,
  times: 'milliseconds',
  ordered: true,
  filters: [],
  alive: { proof: 'a ping', silenceMillis: 0 },
  endless: false,
  maxLines: null,
};

export interface Script {
  readonly traits?: Partial<Traits>;
  history?(query: HistoryQuery, signal: AbortSignal): AsyncGenerator<Batch<Line>, HistoryEnd, undefined>;
  live(start: LiveStart, signal: AbortSignal): AsyncGenerator<Batch<Line>, LiveEnd, undefined>;
}

export function scripted(script: Script): Source<Line> {
  return {
    traits: { ...TRAITS, ...script.traits },
    history: script.history ?? (() => batches([])),
    live: script.live,
    timeOf: (line) => (line.at === null ? null : second(line.at)),
    keyOf: (line) => `${line.at} ${line.text}`,
  };
}

export function second(at: number): Instant {
  return { seconds: Math.floor(at), nanos: Math.round((at % 1) * 1e9), digits: 3 };
}

/** A line per number: `at` seconds, text `l<at>`. */
export function lines(...at: number[]): Line[] {
  return at.map((time) => ({ at: time, text: `l${time}` }));
}

export async function* batches(
  all: readonly (readonly Line[])[],
  end: Partial<HistoryEnd> = {},
): AsyncGenerator<Batch<Line>, HistoryEnd, undefined> {
  for (const items of all) yield { items };
  return { complete: true, begins: null, ...end };
}

/** A live connection driven by the test: what is pushed comes out, until `end` or an abort. */
export function channel(): {
  push(items: readonly Line[], more?: Partial<Batch<Line>>): void;
  end(end: LiveEnd['end'], reason?: string): void;
  fail(error: unknown): void;
  run(signal: AbortSignal): AsyncGenerator<Batch<Line>, LiveEnd, undefined>;
  /** Resolves when the connection is open. */
  readonly opened: Promise<void>;
  /** Whether its clean-up has run. */
  readonly closed: () => boolean;
} {
  const queue: (() => Batch<Line> | LiveEnd)[] = [];
  let wake = () => {};
  let open = () => {};
  let closed = false;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const add = (step: () => Batch<Line> | LiveEnd) => {
    queue.push(step);
    wake();
  };
  return {
    opened,
    closed: () => closed,
    push: (items, more = {}) => add(() => ({ items, ...more })),
    end: (end, reason = 'closed') => add(() => ({ end, reason })),
    fail: (error) =>
      add(() => {
        throw error;
      }),
    async *run(signal) {
      try {
        yield { items: [] };
        open();
        for (;;) {
          const next = queue.shift();
          if (!next) {
            await new Promise<void>((resolve, reject) => {
              wake = resolve;
              if (signal.aborted) reject(signal.reason);
              signal.addEventListener('abort', () => reject(signal.reason), { once: true });
            });
            continue;
          }
          const step = next();
          if ('end' in step) return step;
          yield step;
        }
      } finally {
        closed = true;
      }
    },
  };
}

export type { Position };
