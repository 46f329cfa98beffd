// Inputs of a merge as tests write them: steps that the test sends, lines that stand at seconds.
import type { FeedEnd, FeedStep } from '../../src/stream/feed.ts';
import type { MergeSource } from '../../src/stream/merge.ts';
import { type Line, lines, second } from './scripted-source.ts';

export type Steps = AsyncGenerator<FeedStep<Line>, FeedEnd, undefined>;

export function input(steps: Steps, more: Partial<MergeSource<Line>> = {}): MergeSource<Line> {
  return {
    steps,
    timeOf: (line) => (line.at === null ? null : second(line.at)),
    window: 0,
    ordered: true,
    ...more,
  };
}

/** A feed that the test drives. */
export function driven() {
  const queue: (FeedStep<Line> | FeedEnd | Error)[] = [];
  let wake = () => {};
  const pulled: (() => void)[] = [];
  let pulls = 0;
  let over = () => {};
  const stopped = new Promise<void>((resolve) => {
    over = resolve;
  });
  async function* run(): Steps {
    try {
      for (;;) {
        pulls += 1;
        for (const tell of pulled.splice(0)) tell();
        while (queue.length === 0) {
          await Promise.race([
            stopped,
            new Promise<void>((resolve) => {
              wake = resolve;
            }),
          ]);
          if (queue.length === 0) return { reason: 'stopped' };
        }
        const step = queue.shift();
        if (step instanceof Error) throw step;
        if (step && 'kind' in step) yield step;
        else if (step) return step;
      }
    } finally {
      over();
    }
  }
  return {
    steps: run(),
    send(step: FeedStep<Line> | FeedEnd | Error) {
      queue.push(step);
      wake();
    },
    stop: () => over(),
    pulls: () => pulls,
  };
}

export function live(...at: number[]): FeedStep<Line> {
  return { kind: 'items', items: lines(...at), past: false };
}
