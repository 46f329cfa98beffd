// The event loop's turns. Work on what is there already never waits for anything: signals, timers and other sockets would
// wait for its end. Knows nothing else.
import { setImmediate } from 'node:timers';

/** How long such work may go on. Milliseconds. */
const LONGEST = 10;

/** Since when there has been work in this turn of the loop; null before that. */
let since: number | null = null;

function begin(): void {
  since = null;
}

/** To be asked between pieces of work: a promise when it is time that everything else has its turn. */
export function turnForOthers(): Promise<void> | undefined {
  const now = performance.now();
  if (since === null) {
    since = now;
    setImmediate(begin);
    return undefined;
  }
  if (now - since < LONGEST) return undefined;
  return new Promise((resolve) => {
    setImmediate(() => {
      begin();
      resolve();
    });
  });
}
